"""The budget curve: by hand, against single solves, and what it must always be."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.evaluation.stability import budget_curve, coverage_distance
from patrol_core.games.rules import CoverageParity, Floor
from patrol_core.games.zone.game import ZoneGame, ZoneGameModel, solve_zone_game


def game(n=12, budget=2.0, **changes):
    rng = np.random.default_rng(4)
    zones = tuple(f"z{i}" for i in range(n))
    return ZoneGame(
        zones,
        rng.gamma(1, 5, n),
        budget,
        population=rng.uniform(500, 900, n),
        groups={"g": zones[:6], "h": zones[6:]},
        **changes,
    )


def test_two_zones_by_hand():
    case = ZoneGame(("a", "b"), np.array([4.0, 4.0]), 1.0)
    curve = budget_curve(case, [2.0, 0.0, 1.0])
    assert curve["budget"].tolist() == [0.0, 1.0, 2.0]
    assert curve["worst_case"].tolist() == pytest.approx([4.0, 2.0, 0.0])
    assert curve["used"].tolist() == pytest.approx([0.0, 1.0, 2.0])
    assert curve["distance"].tolist()[1:] == pytest.approx([1.0, 1.0])
    assert curve["moved"].tolist()[1:] == pytest.approx([0.0, 0.0])
    assert np.isnan(curve["distance"].iloc[0])


def test_curve_equals_single_solves_and_falls_convexly():
    case, budgets = game(), np.linspace(0, 12, 13)
    curve = budget_curve(case, budgets)
    for row in curve.itertuples():
        assert row.worst_case == pytest.approx(solve_zone_game(case.replace(budget=row.budget)).worst_case)
    assert np.all(np.diff(curve["worst_case"]) <= 1e-9)
    assert np.all(np.diff(curve["worst_case"], 2) >= -1e-9)  # each further unit is worth less


def test_kept_model_and_game_agree_with_and_without_rules():
    budgets = [1.0, 2.0, 4.0]
    free = game()
    assert budget_curve(ZoneGameModel(free), budgets)["worst_case"].to_numpy() == pytest.approx(
        budget_curve(free, budgets)["worst_case"].to_numpy(), rel=1e-7
    )
    ruled = game(constraints=(CoverageParity(0.1),))
    both = budget_curve(ruled, budgets), budget_curve(ZoneGameModel(ruled), budgets)
    assert both[0]["worst_case"].to_numpy() == pytest.approx(both[1]["worst_case"].to_numpy())
    assert np.all(both[0]["worst_case"] >= budget_curve(free, budgets)["worst_case"] - 1e-9)


def test_infeasible_budgets_stay_with_their_reason():
    curve = budget_curve(game(constraints=(Floor(0.5),)), [3.0, 6.0, 8.0])
    assert curve["status"].tolist() == ["infeasible", "optimal", "optimal"]
    assert curve["reason"].iloc[0]
    assert np.isnan(curve["distance"].iloc[1])
    assert curve["distance"].iloc[2] == pytest.approx(2.0)


def test_moved_patrol_is_what_the_step_does_not_explain():
    case = ZoneGame(("a", "b", "c"), np.array([4.0, 4.0, 1.0]), 1.0)
    first = solve_zone_game(case)
    swapped = solve_zone_game(ZoneGame(("a", "b", "c"), np.array([1.0, 4.0, 4.0]), 1.0))
    distance, moved = coverage_distance(first, swapped)
    assert (distance, moved) == pytest.approx((1.0, 0.5))
    with pytest.raises(InputError, match="same zones"):
        coverage_distance(first, solve_zone_game(game()))


def test_bad_budgets():
    with pytest.raises(InputError, match="at least one"):
        budget_curve(game(), [])
    with pytest.raises(InputError):
        budget_curve(game(), [1.0, -1.0])
    with pytest.raises(InputError):
        budget_curve(game(), [float("nan")])
