"""The door for JSON documents: what is routed where, and which combinations are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.games.documents.variants import solve_zone_variants_json
from patrol_core.games.robust import solve_regret
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.games.zone.solve import ZoneGame

GAME = ZoneGame(("a", "b"), np.array([10.0, 6.0]), 1.0)
INTERVALS = {"a": [8, 12], "b": [5, 9]}


def test_plain_worst_case():
    result = solve_zone_variants_json(GAME, {})
    assert result["worst_case"] == pytest.approx(solve_zone_game(GAME).worst_case)


def test_regret():
    result = solve_zone_variants_json(GAME, {"intervals": INTERVALS, "objective": "regret"})
    assert result["objective"] == pytest.approx(solve_regret(GAME, [8, 5], [12, 9]).value)
    assert result["worst_zone"] in ("a", "b")
    json.dumps(result, allow_nan=False)


def test_worst_case_and_total_at_the_upper_ends():
    top = GAME.replace(values=np.array([12.0, 9.0]))
    worst = solve_zone_variants_json(GAME, {"intervals": INTERVALS})
    assert worst["defender_utility"] == pytest.approx(-solve_zone_game(top).worst_case)
    total = solve_zone_variants_json(GAME, {"intervals": INTERVALS, "objective": "total"})
    assert total["objective"] == pytest.approx(solve_zone_game(top, objective="total").expected_residual)


@pytest.mark.parametrize(
    "attacker", [{"model": "quantal", "lambda": 0.6}, {"model": "suqr", "weights": [-9, 0.3, 0]}]
)
def test_offenders_who_err(attacker):
    result = solve_zone_variants_json(GAME, {"attacker": attacker})
    assert sum(result["attack_probability"].values()) == pytest.approx(1.0)
    assert result["bound"] <= result["objective"] == -result["defender_utility"]
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"objective": "regret"}, "needs intervals"),
        ({"objective": "best"}, "accepted are"),
        ({"objective": ["regret"]}, "accepted are"),
        ({"intervals": {"a": [12, 8]}}, "crossed"),
        ({"attacker": {"model": "quantal", "lambda": 1}, "intervals": INTERVALS}, "combined"),
        ({"attacker": {"model": "quantal", "lambda": 1}, "objective": "total"}, "combined"),
    ],
)
def test_what_is_refused(spec, words):
    with pytest.raises(InputError, match=words):
        solve_zone_variants_json(GAME, spec)
