"""Numbers and lists as people read them: each way to write one has its only home here.

Where a fixed number of decimals is wanted (``1,234``, ``12.5%``), Python's own format says it shortest; these functions are for
what a format cannot say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


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


def clock(hours: float) -> str:
    """Hours as a clock writes them, h:mm; the sign is kept, and what is not a number is a dash.

    >>> clock(0.698), clock(13.5), clock(-0.25), clock(math.nan)
    ('0:42', '13:30', '-0:15', '–')
    """
    if not math.isfinite(hours):
        return "–"
    minutes = round(60 * abs(hours))
    return f"{'-' if hours < 0 and minutes else ''}{minutes // 60:,}:{minutes % 60:02d}"


def decimals(values: Iterable[float], digits: int = 3) -> int:
    """Decimals that all numbers of a column share: the middle one of them shows so many significant digits.

    Whole numbers get none. Numbers below one another compare only where all have the same decimals.

    Args:
        values: Not finite ones and zeros say nothing.
        digits: Significant digits of the middle one; no number gets more than six decimals.

    >>> decimals([549.08, 18.25, 0.31]), decimals([12.0, 1932.0]), decimals([0.0123, 0.5, 0.02])
    (1, 0, 4)
    """
    sizes = sorted(abs(value) for value in values if math.isfinite(value) and value != 0)
    if not sizes or all(abs(size - round(size)) <= 1e-9 * size for size in sizes):
        return 0
    middle = sizes[len(sizes) // 2]
    return min(max(digits - 1 - math.floor(math.log10(middle)), 0), 6)


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 as ``12.5 %``, for sentences and labels of charts."""
    return f"{100 * share:.{digits}f} %"


def tiny(share: float) -> str:
    """A share that is hoped to be nothing, such as a proof's gap, in %.

    >>> tiny(0.0), tiny(0.0123), tiny(4e-16)
    ('0 %', '1.2 %', 'less than 0.0001 %')
    """
    return "less than 0.0001 %" if 0 < abs(share) < 1e-6 else f"{figure(100 * share, 2)} %"


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
