"""Numbers and lists as people read them: each way to write one has its only home here.

Where a fixed number of decimals is wanted (``1,234``, ``12.5%``), Python's own format says it shortest; these functions are for
what a format cannot say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def figure(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: whole numbers whole, thousands apart, never an exponent.

    >>> figure(12345.678), figure(12.345), figure(0.000123456), figure(12), figure(1e-9), figure(math.nan)
    ('12,346', '12.3', '0.000123', '12', '<0.000001', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0:
        return "0"
    if abs(value) < 1e-6:
        return "<0.000001" if value > 0 else ">-0.000001"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: float, digits: int = 3) -> str:
    """A change, written as :func:`figure` writes it, with its sign.

    >>> signed(34.137), signed(-1234.6), signed(0.0)
    ('+34.1', '-1,235', '0')
    """
    text = figure(value, digits)
    return f"+{text}" if value >= 1e-6 else text


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 as ``12.5 %``, for sentences and labels of charts."""
    return f"{100 * share:.{digits}f} %"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun, thousands apart.

    Args:
        count: How many.
        one, many: The noun for 1 and for any other number; ``many`` is ``one`` with an s where it is not given.

    >>> plural(1, "zone"), plural(1200, "zone"), plural(2, "way has", "ways have")
    ('1 zone', '1,200 zones', '2 ways have')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def counted(number: int) -> str:
    """A small count as a word: up to twelve spelled out, thousands apart above.

    >>> counted(6), counted(1200)
    ('six', '1,200')
    """
    words = [
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    return words[number] if 0 <= number < len(words) else f"{number:,}"


def first_few(names: Sequence[str], most: int = 3, *, rest: str = " and {} more") -> str:
    """The first names of a list that may be long.

    Args:
        names: All of them.
        most: How many are written out.
        rest: Stands for the others; ``{}`` in it is their number.

    >>> first_few(["a", "b"]), first_few(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    return ", ".join(names[:most]) + (rest.format(len(names) - most) if len(names) > most else "")


def listed(names: Sequence[str]) -> str:
    """All names, the last after "and".

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_OF_ZONES = (
    ("per 1,000 residents", "per zone"),
    ("per head", "per zone"),
    ("per-head", "per-zone"),
    ("residents", "zones"),
    ("resident", "zone"),
    ("everybody", "every zone"),
    ("someone", "a zone"),
)
"""Longer words first."""


def of_heads(text: str, head: str) -> str:
    """Words about residents, as they read where nobody knows who lives where and each zone counts once.

    Args:
        text: Says "per head", "residents" or "per 1,000 residents".
        head: What is counted: ``residents`` leaves the text as it is, ``zones`` puts zones in their place.

    >>> of_heads("Patrol per head", "zones"), of_heads("crimes per 1,000 residents", "zones")
    ('Patrol per zone', 'crimes per zone')
    """
    if head != "zones":
        return text
    for said, instead in _OF_ZONES:
        text = text.replace(said, instead)
    return text
