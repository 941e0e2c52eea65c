"""The glossary for hover texts, the page Glossary and the documentation: what a term means, and where it stands in a text."""

from __future__ import annotations

import html
import re

from patrol_core.words.terms import TERMS, Term

BY_KEY = {term.key: term for term in TERMS}
_BY_NAME = {name: term for term in TERMS for name in (term.name.lower(), term.key)}


def meaning(name: str) -> str:
    """What a term means, for a hover text: its sentence, and the example where there is one.

    Raises:
        KeyError: If the glossary does not know it; a misspelt term must not become an empty hover.

    >>> meaning("crew")
    'The officers who make one unit. Two for double crews.'
    """
    term = _BY_NAME[name.lower()]
    return f"{term.meaning} {term.example}".strip()


def search(text: str) -> tuple[Term, ...]:
    """Terms in which every word of a text stands, in order; all for an empty text."""
    words = text.lower().split()
    return tuple(
        term
        for term in TERMS
        if all(word in f"{term.name} {term.meaning} {term.example}".lower() for word in words)
    )


def explained(text: str) -> str:
    """A text as HTML in which each term that the glossary knows says what it means when it is pointed at.

    Args:
        text: Plain text; whatever in it means something to HTML is written out. Only the first of each term is marked.

    >>> explained("Two to a crew.")
    'Two to a <abbr title="The officers who make one unit. Two for double crews." tabindex="0">crew</abbr>.'
    """
    parts: list[str] = []
    seen: set[str] = set()
    place = 0
    for found in _TERM.finditer(text):
        term = _BY_NAME[_singular(found.group())]
        parts.append(html.escape(text[place : found.start()]))
        place = found.end()
        word = html.escape(found.group())
        if term.key not in seen:
            word = f'<abbr title="{html.escape(meaning(term.name))}" tabindex="0">{word}</abbr>'
        seen.add(term.key)
        parts.append(word)
    return "".join(parts) + html.escape(text[place:])


def _singular(word: str) -> str:
    small = word.lower()
    return small if small in _BY_NAME else small.removesuffix("s")


_TERM = re.compile(
    r"\b(?:" + "|".join(sorted((re.escape(term.name) for term in TERMS), key=len, reverse=True)) + r")s?\b",
    re.IGNORECASE,
)
