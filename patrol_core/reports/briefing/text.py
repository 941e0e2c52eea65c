"""Text from data, links and people, made fit for every format: no control characters, nothing that turns the direction of what follows."""

from __future__ import annotations

import re
import unicodedata

MOST = 300
"""Characters of a foreign text that are shown."""
MOST_NAME = 70
LONG_WORD = 28
"""Characters after which a word without a break is given places where it may break."""
_TURNS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAK = "\u200b"


def fit(text: object, most: int = MOST) -> str:
    r"""One line of text that every format can hold and that stands for itself.

    Control characters, marks of direction, halves of characters and code points that are no characters go; white space becomes a
    blank; what is longer than ``most`` ends with "…".

    Args:
        text: From data, a link or a person.
        most: Characters kept.

    >>> fit("a\\x00b\\u202ec \\n d"), fit("abcdef", 4)
    ('abc d', 'abc…')
    """
    kept = "".join(one for one in _TURNS.sub("", str(text)) if one.isspace() or _is_character(one))
    line = re.sub(r"\s+", " ", kept).strip()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def fit_paragraphs(text: str, most: int) -> tuple[str, ...]:
    """The paragraphs of what a person typed, each fit; together not longer than ``most``.

    Args:
        text: As typed; a line is a paragraph.
        most: Characters kept in all.
    """
    lines, left = [], most
    for line in text.splitlines():
        kept = fit(line, left) if left > 0 else ""
        if kept:
            lines.append(kept)
            left -= len(kept)
    return tuple(lines)


def breakable(text: str) -> str:
    """The text with places where a very long word may break, for formats that break none by themselves."""
    return re.sub(rf"\S{{{LONG_WORD},}}", lambda word: _BREAK.join(_pieces(word.group(), 12)), text)


def _pieces(word: str, size: int) -> list[str]:
    return [word[at : at + size] for at in range(0, len(word), size)]


def _is_character(one: str) -> bool:
    """Not a control, a half of a pair, an unassigned or private code point."""
    return unicodedata.category(one) not in {"Cc", "Cs", "Cn", "Co"}
