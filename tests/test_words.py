"""Numbers, lists and headings in words: the examples of every function hold, and no number is ever written in powers of ten."""

from __future__ import annotations

import doctest

import pytest

from patrol_core import words
from patrol_core.words import headings, writing


@pytest.mark.parametrize("module", [writing, headings])
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
