"""Sensitivity and rank stability: by hand, brute force, relations, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.evaluation.sensitivity import (
    HINDSIGHT,
    bootstrap_values,
    monthly_values,
    plan_spread,
    rank_stability,
)
from patrol_core.games.rules import CoverageParity
from patrol_core.games.zone.game import ZoneGame, solve_zone_game
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.surface import build_surface

ZONES = ("a", "b", "c")


def game(values, budget, **changes):
    return ZoneGame(
        tuple(f"z{i}" for i in range(len(values))), np.array(values, dtype=float), budget, **changes
    )


def counts():
    rows = [("a", "2024-01", "Burglary", 3), ("a", "2024-02", "Robbery", 1), ("c", "2024-02", "Burglary", 2)]
    return pd.DataFrame(rows, columns=["zone_id", "month", "crime_type", "count"])


def test_monthly_values_by_hand_and_their_mean_is_the_surface():
    months, kinds = ("2024-01", "2024-02"), ("Burglary", "Robbery")
    table = monthly_values(counts(), ZONES, months, weights=WEIGHTS["count"], crime_types=kinds)
    assert table.tolist() == [[3, 1], [0, 0], [0, 2]]
    for key in WEIGHTS:
        given = {"weights": WEIGHTS[key], "crime_types": kinds}
        surface = build_surface(counts(), ZONES, months, **given)
        assert monthly_values(counts(), ZONES, months, **given).mean(axis=1) == pytest.approx(surface.mean)


def test_bootstrap_draws_are_means_of_resampled_months():
    monthly = np.array([[1.0, 10.0], [5.0, 7.0]])
    drawn = bootstrap_values(monthly, seed=4, size=400)
    possible = {(1.0, 5.0), (5.5, 6.0), (10.0, 7.0)}  # both January, one each, both February
    assert {tuple(row) for row in drawn.tolist()} == possible
    assert np.mean((drawn == [5.5, 6.0]).all(axis=1)) == pytest.approx(0.5, abs=0.08)
    assert (drawn == bootstrap_values(monthly, seed=4, size=400)).all()
    assert (drawn != bootstrap_values(monthly, seed=5, size=400)).any()


def test_bootstrap_of_equal_months_is_the_mean_and_its_spread_is_that_of_a_mean():
    same = np.tile([[3.0], [1.0]], (1, 12))
    assert bootstrap_values(same, seed=1, size=20) == pytest.approx(np.tile([3.0, 1.0], (20, 1)))
    rng = np.random.default_rng(2)
    monthly = rng.poisson(20, (1, 24)).astype(float)
    drawn = bootstrap_values(monthly, seed=1, size=20_000)
    assert drawn.std() == pytest.approx(monthly.std() / np.sqrt(24), rel=0.03)


def test_spread_by_hand():
    case = game([4, 2], 1.0)
    draws = np.array([[4.0, 2.0], [2.0, 4.0]])
    found = plan_spread(case, {"even": [0.5, 0.5], "first": [1.0, 0.0]}, draws)
    frame = found.frame.set_index(["plan", "draw"])
    assert frame.loc["even", "worst_case"].tolist() == [2.0, 2.0]
    assert frame.loc["first", "worst_case"].tolist() == [2.0, 4.0]
    assert frame.loc["first", "expected_residual"].tolist() == [2.0, 4.0]
    assert frame.loc[HINDSIGHT, "worst_case"].tolist() == pytest.approx([4 / 3, 4 / 3])
    rows = found.summary.set_index(["figure", "plan"])
    assert rows.loc[("worst_case", "first"), "mean"] == 3.0
    assert rows.loc[("worst_case", "first"), "stated"] == 2.0
    assert rows.loc[("worst_case", "first"), "first_better"] == 75.0  # one tie, one win
    assert np.isnan(rows.loc[("worst_case", "even"), "first_better"])
    assert ("expected_residual", HINDSIGHT) not in rows.index


def test_hindsight_is_the_optimum_of_each_draw_and_nobody_beats_it():
    rng = np.random.default_rng(1)
    case = game(rng.gamma(1, 4, 12), 3.0, effectiveness=0.8)
    draws = rng.gamma(1, 4, (30, 12))
    frame = plan_spread(case, {"mine": solve_zone_game(case).coverage}, draws).frame
    best = frame[frame["plan"] == HINDSIGHT]["worst_case"].to_numpy()
    single = [solve_zone_game(case.replace(values=row)).worst_case for row in draws]
    assert best == pytest.approx(single)
    assert (frame[frame["plan"] == "mine"]["worst_case"].to_numpy() >= best - 1e-9).all()


@pytest.mark.parametrize("response", ["several", "log"])
def test_several_units_are_judged_by_what_they_leave(response):
    rng = np.random.default_rng(2)
    case = game(rng.gamma(1, 4, 8), 12.0, effectiveness=0.5, response=response, upper=np.full(8, 4.0))
    draws = rng.gamma(1, 4, (20, 8))
    plan = solve_zone_game(case).coverage
    frame = plan_spread(case, {"mine": plan}, draws).frame
    mine, best = (frame[frame["plan"] == name].reset_index() for name in ("mine", HINDSIGHT))
    if response == "several":
        whole = np.floor(plan)
        left = 0.5**whole * (1 - 0.5 * (plan - whole))
    else:
        left = 1 - 0.5 * np.log1p(730 * plan) / np.log1p(730 * 4.0)
    assert mine["worst_case"].to_numpy() == pytest.approx((draws * left).max(axis=1))
    assert mine["expected_residual"].to_numpy() == pytest.approx(draws @ left)
    single = [solve_zone_game(case.replace(values=row)).worst_case for row in draws]
    assert best["worst_case"].to_numpy() == pytest.approx(single)
    assert (mine["worst_case"] >= best["worst_case"] - 1e-9).all()


def test_draws_without_chance_give_the_stated_figures():
    case = game([5, 3, 2], 1.0)
    plan = solve_zone_game(case)
    rows = plan_spread(case, {"mine": plan.coverage}, np.tile(case.values, (7, 1))).summary.set_index(
        ["figure", "plan"]
    )
    for column in ("stated", "mean", "low", "median", "high"):
        assert rows.loc[("worst_case", "mine"), column] == pytest.approx(plan.worst_case)
        assert rows.loc[("expected_residual", "mine"), column] == pytest.approx(plan.expected_residual)


def test_no_hindsight_where_rules_couple_zones():
    case = game(
        [5, 3], 1.0, population=np.ones(2), groups={"g": ("z0",), "h": ("z1",)},
        constraints=(CoverageParity(0.1),),
    )  # fmt: skip
    found = plan_spread(case, {"mine": [0.5, 0.5]}, np.ones((3, 2)))
    assert set(found.frame["plan"]) == {"mine"}


def test_top_by_hand_with_a_tie_at_the_edge():
    draws = np.array([[5.0, 4.0, 4.0, 1.0], [5.0, 6.0, 1.0, 1.0]])
    found = rank_stability(("a", "b", "c", "d"), [5, 4, 3, 3], draws, 2).set_index("zone_id")
    assert found["in_top"].to_dict() == {"a": 100.0, "b": 75.0, "c": 25.0, "d": 0.0}
    assert found["rank"].tolist() == [1.0, 2.0, 3.5, 3.5]
    assert found.loc["d", "rank_high"] == pytest.approx(3.975)  # ranks 4 and 3.5
    assert found.loc["a", ["rank_low", "rank_high"]].tolist() == pytest.approx([1.05, 1.95])


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 100))
def test_top_sums_to_the_places_and_agrees_with_sorting(n, size, seed):
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 5, (size, n)).astype(float)
    top = int(rng.integers(1, n + 1))
    ids = [f"z{i}" for i in range(n)]
    found = rank_stability(ids, draws[0], draws, top).set_index("zone_id")["in_top"]
    assert found.sum() == pytest.approx(100.0 * top)
    for zone in range(n):
        share = 0.0
        for row in draws:
            places = top - (row > row[zone]).sum()
            share += min(max(places / (row == row[zone]).sum(), 0), 1)
        assert found[ids[zone]] == pytest.approx(100.0 * share / size)


def test_bad_input():
    case = game([1, 2], 1.0)
    with pytest.raises(InputError, match="at least 2 months"):
        bootstrap_values([[1.0], [2.0]], seed=1, size=5)
    with pytest.raises(InputError, match="at least 1"):
        bootstrap_values([[1.0, 2.0]], seed=1, size=0)
    with pytest.raises(InputError, match="finite"):
        bootstrap_values([[1.0, float("nan")]], seed=1, size=5)
    with pytest.raises(InputError, match="shape"):
        bootstrap_values([1.0, 2.0], seed=1, size=5)
    with pytest.raises(InputError, match="no plan"):
        plan_spread(case, {}, [[1.0, 2.0]])
    with pytest.raises(InputError, match="rename"):
        plan_spread(case, {HINDSIGHT: [0, 0]}, [[1.0, 2.0]])
    with pytest.raises(InputError, match="draws"):
        plan_spread(case, {"mine": [0, 0]}, [[1.0, 2.0, 3.0]])
    with pytest.raises(InputError):
        plan_spread(case, {"mine": [0, 0]}, [[1.0, -2.0]])
    with pytest.raises(InputError, match="top 3"):
        rank_stability(["a", "b"], [1, 2], [[1, 2]], 3)
    with pytest.raises(InputError, match="top 0"):
        rank_stability(["a", "b"], [1, 2], [[1, 2]], 0)
    with pytest.raises(InputError, match="2 zones"):
        rank_stability(["a", "b"], [1, 2], [[1, 2, 3]], 1)
    with pytest.raises(InputError, match="finite"):
        rank_stability(["a", "b"], [1, 2], [[1, float("inf")]], 1)
