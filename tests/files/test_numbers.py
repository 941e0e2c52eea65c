"""Numbers from files: digits and exponents are bounded before any arithmetic; sizes are checked at one door."""

from __future__ import annotations

import time

import numpy as np
import pytest

from patrol_core.errors import InputError, SolverError
from patrol_core.files.numbers import (
    LARGEST,
    check_array,
    check_sizes,
    number_of,
    whole_of,
    within_reach,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        (" -2.50 ", -2.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1/3", 1 / 3),
        ("-1.5e2/4", -37.5),
        ("1e400/" + "1" + "0" * 200, 1e200),
        ("0e12", 0.0),
        ("0.1000000000000000055511151231257827021181583404541015625", 0.1),
    ],
)
def test_numbers_are_the_nearest_double(text, value):
    assert number_of(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/1e3", "is no number"),
        ("1e-99999999/3", "exponent"),
        ("1e99999999999999", "exponent"),
        ("1e400", "1.8e308"),
        ("1/0", "divides by zero"),
        ("1e-350", "too small"),
        ("9" * 2000, "characters"),
        ("9" * 900, "1.8e308"),
        ("nan", "is no number"),
        ("0x10", "is no number"),
        ("1_0", "is no number"),
        ("²", "is no number"),
        ("", "is no number"),
    ],
)
def test_what_is_no_number_is_refused_at_once(text, words):
    begin = time.perf_counter()
    with pytest.raises(ValueError, match=words):
        number_of(text)
    assert time.perf_counter() - begin < 1


def test_whole_numbers():
    assert [whole_of(text) for text in ("0", " 7 ", "0012")] == [0, 7, 12]
    for text, words in (
        ("²", "whole"),
        ("-1", "whole"),
        ("", "whole"),
        ("1.0", "whole"),
        ("9" * 5000, "above"),
        ("11", "above"),
    ):
        with pytest.raises(ValueError, match=words):
            whole_of(text, 10)


def test_sizes_of_a_document_are_named_with_their_place():
    check_sizes({"a": [0, -0.0, 1e100, -1e-320, True, None, "1e300"]}, "The game")
    for value in (1e101, -1e101, 1e308, 10**200):
        with pytest.raises(InputError, match=r"^The game: targets, entry 2, value is "):
            check_sizes({"targets": [{"value": 1}, {"value": value}]}, "The game")


def test_ordinary_numbers_pass_at_every_unit():
    for factor in (1e-9, 1e-6, 1.0, 1e6, 1e9):
        check_sizes({"values": {"a": 12.5 * factor, "b": 1e-4 * factor}, "budget": 2}, "The game")
        check_array(np.array([[12.5, -1e-4], [0.0, 3e3]]) * factor, "row")


def test_sizes_of_an_array_are_named_with_their_place():
    with pytest.raises(InputError, match=r"row holds 1e[+]200 at 2, 1;"):
        check_array(np.array([[1.0, 2.0], [1e200, 0.0]]), "row")
    check_array(np.array([LARGEST, -LARGEST, 5e-324, 0.0]), "row")


def test_a_solver_that_gives_up_on_far_numbers_is_no_fault_of_the_program():
    far = {"targets": {"t": -5.0}, "capture_payoff": 1e30}
    with (
        pytest.raises(InputError, match=r"targets, t is 5 .* capture_payoff is 1e[+]30"),
        within_reach(far, "The game"),
    ):
        raise SolverError("no optimum")
    with pytest.raises(SolverError), within_reach({"a": 1, "b": [2, 3]}, "The game"):
        raise SolverError("no optimum")
    with (
        pytest.raises(InputError, match="too far apart"),
        within_reach({"row": np.array([[0.0, 1.0], [1e20, 2.0]])}, "The game"),
    ):
        raise SolverError("no optimum")
    with pytest.raises(SolverError), within_reach({"row": np.zeros((2, 2)), "none": None}, "The game"):
        raise SolverError("no optimum")
