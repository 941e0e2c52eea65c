"""The door for JSON documents: what is routed where, and which combinations are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.games.documents.security_games import solve_game
from patrol_core.games.robust import solve_regret
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.games.zone.solve import ZoneGame

GAME = ZoneGame(("a", "b"), np.array([10.0, 6.0]), 1.0)
DOCUMENT = {"kind": "zone", "values": {"a": 10, "b": 6}, "budget": 1}
INTERVALS = {"a": [8, 12], "b": [5, 9]}


def test_plain_worst_case():
    result = solve_game(DOCUMENT)
    assert result["worst_case"] == pytest.approx(solve_zone_game(GAME).worst_case)


def test_regret():
    result = solve_game(DOCUMENT | {"intervals": INTERVALS, "objective": "regret"})
    assert result["objective"] == pytest.approx(solve_regret(GAME, [8, 5], [12, 9]).value)
    assert result["worst_zone"] in ("a", "b")
    json.dumps(result, allow_nan=False)


def test_worst_case_and_total_at_the_upper_ends():
    top = GAME.replace(values=np.array([12.0, 9.0]))
    worst = solve_game(DOCUMENT | {"intervals": INTERVALS})
    assert worst["defender_utility"] == pytest.approx(-solve_zone_game(top).worst_case)
    total = solve_game(DOCUMENT | {"intervals": INTERVALS, "objective": "total"})
    assert total["objective"] == pytest.approx(solve_zone_game(top, objective="total").expected_residual)


@pytest.mark.parametrize(
    "attacker", [{"model": "quantal", "lambda": 0.6}, {"model": "suqr", "weights": [-9, 0.3, 0]}]
)
def test_offenders_who_err(attacker):
    result = solve_game(DOCUMENT | {"attacker": attacker})
    assert sum(result["attack_probability"].values()) == pytest.approx(1.0)
    assert result["bound"] <= result["objective"] == -result["defender_utility"]
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"objective": "regret"}, "needs intervals"),
        ({"objective": "best"}, "accepted is"),
        ({"objective": ["regret"]}, "accepted is"),
        ({"intervals": {"a": [12, 8]}}, "low <= value <= high"),
        ({"attacker": {"model": "quantal", "lambda": 1}, "intervals": INTERVALS}, "combined"),
        ({"attacker": {"model": "quantal", "lambda": 1}, "objective": "total"}, "combined"),
    ],
)
def test_what_is_refused(spec, words):
    with pytest.raises(InputError, match=words):
        solve_game(DOCUMENT | spec)


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ({"a": [8, 3]}, "low <= value <= high"),
        ({"a": []}, 'intervals, "a" is \\[\\]; accepted is a list of 2 entries'),
        ({"a": [1]}, "a list of 2 entries"),
        ({"a": [-1, 10]}, 'intervals, "a", entry 1 is -1; accepted is a finite number >= 0'),
        ({"a": [1, float("nan")]}, "entry 2 is NaN"),
        ({"x": [1, 2]}, "'x'"),
        ([1, 2], "accepted is an object"),
        ({"a": [True, 12]}, "entry 1 is true"),
    ],
)
def test_intervals_that_cannot_be_used(intervals, words):
    with pytest.raises(InputError, match=words):
        solve_game(DOCUMENT | {"intervals": intervals})


@pytest.mark.parametrize(
    ("attacker", "words"),
    [
        ({"model": "quantal", "lambda": -1}, "attacker, lambda is -1"),
        ({"model": "quantal", "lambda": float("inf")}, "lambda"),
        ({"model": "quantal", "lambda": 10**400}, "lambda"),
        ({"model": "quantal", "lambda": "big"}, "lambda"),
        ({"model": "quantal"}, "attacker lacks 'lambda'; needed are model, lambda"),
        ({"model": "suqr", "weights": [1, 2]}, "accepted is a list of 3 entries, each a finite number"),
        ({"model": "suqr", "weights": [1, 2, None]}, "weights, entry 3 is null"),
        ({"model": "suqr", "weights": "abc"}, "list of 3"),
        ({"model": "clever"}, 'model is "clever"; accepted is "rational", "quantal" or "suqr"'),
        ({"model": "rational", "lambda": 1}, "attacker has the unknown key 'lambda'; accepted are model"),
        ({}, "attacker lacks 'model'"),
        (None, "attacker is null"),
    ],
)
def test_attackers_that_cannot_be_used(attacker, words):
    with pytest.raises(InputError, match=words):
        solve_game(DOCUMENT | {"attacker": attacker})
