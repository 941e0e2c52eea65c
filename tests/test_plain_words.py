"""Texts that people read: no word that a sergeant would read twice, and help that begins with what is meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    [
        *(ROOT / "pages").glob("*.py"),
        *(
            path
            for room in ("ui", "planning", "reports", "workshop", "words")
            for path in (ROOT / "patrol_core" / room).rglob("*.py")
        ),
    ]
)
INSTEAD = {
    r"\berrs?\b": "make mistakes",
    r"\bexpect right\b": "Did it turn out as forecast?",
    r"\bvalues uncertain\b": "values known only within their intervals",
    r"\b(least|smallest) over (most|largest)\b": "lowest group as a share of the highest",
    r"\bwhat decides\b": "What holds the plan back",
    r"\bno demand\b": "no crime to expect",
    r"\blabels looked at\b": "what was worked through",
    r"\bfrom the begin\b": "from the start",
    r"(?<!can )(?<!must )(?<!not )\bbeats? (?=[a-z])": "patrol area",
    r"\b1 (wards|zones|rows|months|units|files) (are|have|lie|touch)\b": "words.plural",
}
"""What is not said, and what is said instead."""
SYMBOL = re.compile(r"^(\w|[^\w\s]\w?|\w\^\S+)[,:] ")
"""A help that begins with a letter of a formula."""


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Texts of more than one word in a module, without its docstrings."""
    tree = ast.parse(source)
    silent = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
            and " " in node.value
        ):
            yield node.lineno, node.value


def helps(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            yield node.value.lineno, str(node.value.value)


def said(source: str) -> list[str]:
    return [
        f"line {line}: {text[:80]!r}: say {better!r}"
        for line, text in texts(source)
        for word, better in INSTEAD.items()
        if re.search(word, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_word_is_read_twice(path):
    source = path.read_text(encoding="utf-8")
    assert said(source) == []
    assert [f"line {line}: {text[:60]!r}" for line, text in helps(source) if SYMBOL.match(text)] == []


def test_choices_are_explained_by_what_they_mean():
    from patrol_core.scenario import choices

    assert [name for name, row in choices().items() if SYMBOL.match(row.help)] == []


def test_the_rule_sees_what_it_forbids():
    assert said('st.write("What decides: 2026-01 city")') == [
        "line 1: 'What decides: 2026-01 city': say 'What holds the plan back'"
    ]
    assert said('"""What decides is said in a docstring."""') == []
    assert said('x = "no plan can beat this"') == []
    assert SYMBOL.match("d, 0 the strictest")
    assert SYMBOL.match("e^-λ: each further unit")
    assert SYMBOL.match("τ: visits of all units")
    assert not SYMBOL.match("How many stand at once (r).")
