"""Reading and writing the JSON of the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from patrol_core.errors import InputError, SourceError
from patrol_core.reports.files import write_atomic
from patrol_core.reports.plain import to_json_bytes


def read_json(name: str) -> Any:
    """The JSON of a file, or of stdin for ``-``.

    Raises
    ------
    SourceError
        When the file cannot be read.
    InputError
        When it is not JSON, with line and column; or holds a key twice, or NaN.
    """
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8 JSON.") from error
    try:
        return json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error


def write_json(result: dict[str, Any], out: Path | None) -> dict[str, Any] | None:
    """Write a result to a file, or hand it back for stdout."""
    if out is None:
        return result
    try:
        write_atomic(out, to_json_bytes(result))
    except OSError as error:
        raise SourceError(
            f"{out} cannot be written: {error.strerror or error}. Choose another place."
        ) from error
    return None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise InputError(f"The key {key!r} stands twice in the JSON; keep one of them.")
        seen[key] = value
    return seen


def _no_constants(name: str) -> Any:
    raise InputError(f"{name} is not a number that can be planned with; give a finite number.")
