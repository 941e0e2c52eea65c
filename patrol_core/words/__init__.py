"""Words that people read: how numbers and lists are written, and what columns are called."""

from patrol_core.words.glossary import BY_KEY, explained, meaning, search
from patrol_core.words.headings import HEADINGS, TERMS_OF, heading
from patrol_core.words.terms import TERMS, Term
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
    "BY_KEY",
    "HEADINGS",
    "TERMS",
    "TERMS_OF",
    "Term",
    "clock",
    "counted",
    "decimals",
    "explained",
    "figure",
    "first_few",
    "heading",
    "listed",
    "meaning",
    "of_heads",
    "percent",
    "plural",
    "search",
    "signed",
    "tiny",
]
