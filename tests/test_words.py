"""Numbers, lists and headings in words: the examples of every function hold, and no number is ever written in powers of ten."""

from __future__ import annotations

import doctest
import re
import runpy
from pathlib import Path

import pytest

from patrol_core import words
from patrol_core.words import glossary, headings, writing


@pytest.mark.parametrize("module", [writing, headings, glossary])
def test_the_examples(module):
    found = doctest.testmod(module)
    assert found.attempted >= 1
    assert not found.failed


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (99.96, 3, "100"),
        (999.6, 3, "1,000"),
        (-1234.5, 4, "-1,234"),
        (1e-5, 3, "0.00001"),
        (1e15, 3, "1,000,000,000,000,000"),
        (2.5e-7, 2, "<0.000001"),
        (float("inf"), 3, "∞"),
    ],
)
def test_a_figure_keeps_its_significant_digits(value, digits, text):
    assert words.figure(value, digits) == text


def test_shares_and_lists():
    assert words.percent(0.1234) == "12.3 %"
    assert words.percent(1.0, 0) == "100 %"
    assert words.first_few(["a", "b", "c", "d"], 2, rest=", …") == "a, b, …"
    assert words.first_few([]) == ""


def test_a_column_has_one_number_of_decimals():
    assert words.decimals([]) == 0
    assert words.decimals([float("nan"), float("inf"), 0.0]) == 0
    assert words.decimals([3.0, 64.000000000001]) == 0
    assert words.decimals([1e-12, 1e-12]) == 6
    assert words.decimals([102.567, 102.633], 5) == 2


def test_headings_say_a_unit_once():
    assert words.heading("area_km2", "km²") == "Area (km²)"
    assert words.heading("area_km2", "km²", {"area_km2": "Ground (km²)"}) == "Ground (km²)"
    assert words.heading("moved", "h") == "In other zones (h)"  # "other" has an h in it
    assert words.heading("population", "zones") == "Zones"


def test_no_heading_is_a_raw_name():
    for column, text in words.HEADINGS.items():
        assert text[:1].isupper() or text[:1] in "σλ", column
        assert "_" not in text, column


def test_the_glossary_has_sixty_terms_in_order_each_in_one_sentence():
    names = [term.name.lower() for term in words.TERMS]
    assert len(names) >= 60
    assert names == sorted(names)
    assert len(words.BY_KEY) == len(names)
    for term in words.TERMS:
        assert term.meaning[:1].isupper(), term.name
        assert re.fullmatch(r"[^.!?]+\.", term.meaning.replace("police.uk", "")), term.meaning
        assert len(term.meaning) <= 170, term.name
        assert not term.example or term.example.endswith("."), term.name
        assert term.where, term.name


def test_terms_of_the_field_say_where_they_come_from():
    for key in (
        "stackelberg-game",
        "quantal-response",
        "minimax-regret",
        "max-min",
        "hot-spot",
        "near-repeat",
        "pai",
        "kernel-density",
    ):
        assert words.BY_KEY[key].source, key


def test_every_column_that_asks_for_a_term_finds_it():
    for column, term in words.TERMS_OF.items():
        assert column in words.HEADINGS
        assert words.meaning(term)


def test_an_unknown_term_is_no_empty_hover():
    with pytest.raises(KeyError):
        words.meaning("no such thing")


def test_terms_are_explained_once_and_nothing_else_is_html():
    said = words.explained("<b>Two units</b> make a crew; every crew & unit.")
    assert said.startswith("&lt;b&gt;Two <abbr title=")
    assert said.count("<abbr") == 2
    assert "&amp;" in said
    assert words.explained("No one here.") == "No one here."
    assert (
        words.explained("The worst zone has a floor.").count("<abbr") == 2
    )  # not "zone" inside "worst zone"


def test_the_documentation_has_the_same_glossary():
    """Written anew by ``python scripts/glossary_page.py``."""
    root = Path(__file__).resolve().parents[1]
    script = runpy.run_path(str(root / "scripts" / "glossary_page.py"))
    assert (root / "docs" / "glossary.md").read_text(encoding="utf-8") == script["as_markdown"]()


def test_search_finds_all_words_anywhere():
    found = [term.name for term in words.search("offenders mistakes")]
    assert found == ["offenders who make mistakes"]
    assert words.search("") == words.TERMS
    assert words.search("xyzzy") == ()
