"""Words that people read: how numbers and lists are written, and what columns are called."""

from patrol_core.words.headings import HEADINGS, heading
from patrol_core.words.writing import (
    clock,
    counted,
    decimals,
    figure,
    first_few,
    listed,
    of_heads,
    percent,
    plural,
    signed,
    tiny,
)

__all__ = [
    "HEADINGS",
    "clock",
    "counted",
    "decimals",
    "figure",
    "first_few",
    "heading",
    "listed",
    "of_heads",
    "percent",
    "plural",
    "signed",
    "tiny",
]
