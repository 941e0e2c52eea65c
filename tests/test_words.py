"""Numbers and lists in words: the examples of every function hold, and no number is ever written in powers of ten."""

from __future__ import annotations

import doctest

import pytest

from patrol_core import words


def test_the_examples():
    found = doctest.testmod(words)
    assert found.attempted >= 4
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
