"""JSON that somebody gave, read strictly and under limits: one loader for every document this program reads.

Python's own reader takes NaN and Infinity, lets the last of two equal keys win, makes infinity of 1e400 without a word, returns
halves of characters that cannot be written again, and runs out of stack where brackets are nested. Here each of these is one sentence.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.files.numbers import MOST_CHARACTERS, number_of

#: Largest document, bytes.
MOST_BYTES = 256_000_000
#: Most brackets inside one another; a GeoJSON collection of multi-polygons has 9.
DEEPEST = 40

_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = b"[]{}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
#: Numbers that may not fit a double or are long; without one, the quick reader is safe.
_ODD_NUMBER = re.compile(rb"\d{200}|[eE][+-]?\d{3}")
_KEY = re.compile(r'"([^"\\]*)"\s*:\s*$')
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def load_json(data: str | bytes, what: str, *, most_bytes: int = MOST_BYTES) -> Any:
    """Plain data from JSON text: finite numbers, no key twice in an object, whole characters, brackets to a bounded depth.

    Args:
        data: The text; bytes are UTF-8 with or without a byte-order mark (UTF-16 and UTF-32 are recognised by
            theirs).
        what: What the text is, for messages: "The game", or the name of a file.
        most_bytes: Largest size, bytes.

    Raises:
        InputError: One sentence: what is wrong, with line and column where there is one.
    """
    if len(data) > most_bytes:
        raise InputError(
            f"{what} has {len(data) / 1e6:,.0f} MB; accepted are up to {most_bytes / 1e6:,.0f} MB: give a smaller file."
        )
    text = _decoded(data, what)
    raw = text.encode("utf-8", "replace")
    bare = _TEXTS.sub(b'""', raw)
    _check_depth(bare, what)
    odd = _ODD_NUMBER.search(bare) is not None

    def real(digits: str) -> float:
        try:
            return number_of(digits)
        except ValueError as error:
            at = text.find(digits)
            place = f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
            key = _KEY.search(text, max(0, at - 200), at)
            place += f" ({quoted(key[1])})" if key else ""
            raise InputError(
                f"{what} holds a number at {place} that {error} ({digits[:20]}): give finite numbers."
            ) from None

    def whole(digits: str) -> int:
        if len(digits) > MOST_CHARACTERS:
            raise InputError(
                f"{what} holds a number with too many digits ({len(digits):,}): give at most {MOST_CHARACTERS}."
            )
        real(digits)
        return int(digits)

    def constant(name: str) -> float:
        raise InputError(f"{what} holds {name}, and {name} is no number in JSON: give finite numbers.")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise InputError(
                f"{what} gives the key {quoted(twice)} twice in one object: each may appear once."
            )
        return result

    try:
        loaded = json.loads(
            text,
            parse_constant=constant,
            object_pairs_hook=once,
            parse_float=real if odd else None,
            parse_int=whole if odd else None,
        )
    except json.JSONDecodeError as error:
        raise InputError(
            f"{what} is not JSON (line {error.lineno}, column {error.colno}): it is cut off or damaged there ({error.msg}); "
            "correct it, or export it again."
        ) from None
    if _HALF.search(raw):
        _check_characters(loaded, what)
    return loaded


def shown(value: object) -> str:
    """A value as it stands in a document, cut to a readable length; what no terminal should be sent is escaped."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        if not text.isprintable():
            text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    except (TypeError, ValueError, RecursionError):
        text = f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def quoted(value: object) -> str:
    """A value as Python writes it, cut to a readable length; for sentences that put texts in single quotes."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits
        text = f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def _decoded(data: str | bytes, what: str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise InputError(f"{what} is not JSON, for it is not UTF-8 text: save it as UTF-8.") from None


def _check_depth(bare: bytes, what: str) -> None:
    """Refuse deep nesting by counting brackets outside texts, before anything recurses."""
    brackets = np.frombuffer(bare.translate(None, _OTHERS), dtype=np.uint8)
    if not brackets.size:
        return
    # [ and { are 5B and 7B, ] and } are 5D and 7D: the third bit closes.
    depth = np.where(brackets & 4, np.int8(-1), np.int8(1)).cumsum(dtype=np.int32)
    if int(depth.max()) > DEEPEST:
        raise InputError(
            f"{what} is nested too deeply: accepted are brackets up to {DEEPEST} inside one another."
        )


def _check_characters(loaded: Any, what: str) -> None:
    stack = [loaded]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str) and not value.isprintable():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                half = f"\\u{ord(value[error.start]):04x}"
                raise InputError(
                    f"{what} holds {half}, half of a character, in a text: write the character whole."
                ) from None
