"""Whole quarters and shifts: inside every bound and budget, and the best of all."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.hours.problem import build_problem
from patrol_core.allocation.hours.rounding.whole_units import round_best
from patrol_core.allocation.hours.solve import HoursRules, solve_hours
from patrol_core.errors import InputError


def table(risk, wards):
    return pd.DataFrame(
        {
            "month": "2025-04",
            "ward": wards,
            "zone_id": [f"z{i}" for i in range(len(risk))],
            "area_km2": 1.0,
            "risk": np.asarray(risk, dtype=float),
        }
    )


def best_by_enumeration(demand, lower, upper, unit, ward_budget, city_budget):
    """All whole-unit plans, one by one."""
    most = 2.6 * 30
    grids = [
        np.arange(np.ceil(lo / unit), np.floor(hi / unit) + 1) * unit
        for lo, hi in zip(lower, upper, strict=True)
    ]
    wards = demand["ward"].to_numpy()
    best = -np.inf
    for hours in itertools.product(*grids):
        x = np.array(hours)
        if x.sum() > city_budget + 1e-9 or any(x[wards == w].sum() > ward_budget + 1e-9 for w in set(wards)):
            continue
        best = max(best, float((demand["risk"] * np.log1p(x)).sum() / np.log1p(most)))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_quarters_are_the_best_of_all_quarter_plans(seed):
    rng = np.random.default_rng(seed)
    demand = table(rng.gamma(1, 3, 4).round(1), ["A", "A", "B", "B"])
    # A narrow band, 1.0 to 1.05 h a day: 30 to 31.5 h, 7 quarters a zone, 2,401 plans.
    rules = HoursRules(
        max_per_day=1.05,
        area_clip=(1.0, 1.0),
        ward_budget=float(60 + rng.uniform(0.3, 2.5)),
        city_budget=float(120 + rng.uniform(0.5, 4.5)),
    )
    plan = solve_hours(demand, rules)
    lower, upper = np.full(4, 30.0), np.full(4, 31.5)
    best = best_by_enumeration(demand, lower, upper, 0.25, rules.ward_budget, rules.city_budget)
    assert plan.certificate.objective == pytest.approx(best * np.log1p(78.0) / np.log1p(31.5), rel=1e-12)
    assert plan.certificate.gap <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_shifts_are_the_best_of_all_shift_plans(seed):
    rng = np.random.default_rng(seed)
    demand = table(rng.gamma(0.6, 3, 4), ["A", "A", "B", "B"])
    rules = HoursRules(rounding="shift", min_per_day=0.2, city_budget=165.0, ward_budget=100.0)
    plan = solve_hours(demand, rules)
    assert np.all(plan.frame["hours"] % 8 == 0)
    best = best_by_enumeration(demand, np.full(4, 6.0), np.full(4, 78.0), 8.0, 100.0, 165.0)
    assert plan.certificate.objective == pytest.approx(best, rel=1e-12)


demands = st.lists(
    st.tuples(st.floats(0.0, 30.0, allow_subnormal=False), st.sampled_from("ABC"), st.floats(0.2, 4.0)),
    min_size=1,
    max_size=15,
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(demands, st.floats(0.0, 1.0), st.floats(1.0, 1.3), st.sampled_from(["best", "largest-remainder"]))
def test_no_bound_and_no_budget_is_broken(rows, share, daily, method):
    risk, wards, area = zip(*rows, strict=True)
    demand = table(risk, list(wards)).assign(area_km2=area)
    least = np.ceil(30 * daily * 4) / 4
    city = float(least * len(rows) + share * 20.0 * len(rows)) + 0.1
    ward = float(least * max(wards.count(w) for w in "ABC") + share * 60.0) + 0.05
    rules = HoursRules(min_per_day=daily, city_budget=city, ward_budget=ward, rounding_method=method)
    plan = solve_hours(demand, rules)
    frame = plan.frame
    hours = frame["hours"].to_numpy()
    assert np.all(hours * 4 == np.rint(hours * 4))
    assert np.all(hours >= frame["lower"] - 1e-9)
    assert np.all(hours <= frame["upper"] + 1e-9)
    assert hours.sum() <= city
    assert frame.groupby("ward")["hours"].sum().max() <= ward
    assert plan.certificate.violation <= 1e-12  # a least of 30 daily hours is itself rounded
    assert plan.objective_after_rounding <= plan.continuous.bound * (1 + 1e-12) + 1e-12
    # No unit left that would fit anywhere and help: a budget left unused is a defect.
    can_help = (frame["risk"] > 0) & (hours + 0.25 <= frame["upper"] + 1e-9)
    room = ward - frame.groupby("ward")["hours"].transform("sum")
    if method == "best":
        assert not (can_help & (room >= 0.25) & (city - hours.sum() >= 0.25)).any()


@settings(derandomize=True, deadline=None, max_examples=40)
@given(demands, st.floats(0.1, 0.9))
def test_best_is_never_worse_than_largest_remainder(rows, share):
    risk, wards, area = zip(*rows, strict=True)
    demand = table(risk, list(wards)).assign(area_km2=area)
    budget = float(30 * len(rows) + share * 48 * len(rows))
    best = solve_hours(demand, HoursRules(city_budget=budget))
    rounded = solve_hours(demand, HoursRules(city_budget=budget, rounding_method="largest-remainder"))
    assert best.objective_after_rounding >= rounded.objective_after_rounding - 1e-12
    # The bound of the best plan covers every whole-unit plan.
    assert best.certificate.bound >= rounded.objective_after_rounding - 1e-12
    assert best.certificate.gap <= 1e-12


def test_window_grows_when_the_first_one_is_too_small():
    # Whole 8-hour shifts over 200 zones of equal demand: ties everywhere, and 1 shift of budget over.
    demand = table(np.ones(200), ["A"] * 200)
    plan = solve_hours(demand, HoursRules(rounding="shift", city_budget=200 * 40.0 + 8.0, ward_budget=None))
    assert sorted(set(plan.frame["hours"])) == [40.0, 48.0]
    assert plan.frame["hours"].iloc[0] == 48.0  # ties go to the earlier row
    assert plan.certificate.gap <= 1e-12


def test_no_multiple_inside_the_bounds():
    rules = HoursRules(
        rounding="shift", shift_hours=12.0, min_per_day=1.0, max_per_day=1.1, area_clip=(1.0, 1.0)
    )
    with pytest.raises(InputError, match=r"zone z0 in 2025-04: no multiple of 12 h lies between 30 and 33 h"):
        solve_hours(table([1.0], ["A"]), rules)


def test_whole_units_agree_with_a_one_by_one_greedy():
    rng = np.random.default_rng(3)
    demand = table(rng.gamma(0.7, 2, 30), rng.choice(list("ABCD"), 30).tolist())
    rules = HoursRules(city_budget=1234.6, ward_budget=420.0)
    grid = build_problem(demand, rules).on_grid(0.25)
    got = round_best(grid, 0.25).hours
    hours = grid.lower.copy()
    while True:
        gain = np.where(hours + 0.25 <= grid.upper + 1e-9, grid.weight * np.log1p(0.25 / (1 + hours)), -1.0)
        used = np.bincount(grid.ward, weights=hours, minlength=4)
        gain[(used + 0.25 > grid.ward_budget + 1e-9)[grid.ward]] = -1.0
        if hours.sum() + 0.25 > grid.city_budget[0] + 1e-9 or gain.max() <= 0:
            break
        hours[int(gain.argmax())] += 0.25
    assert got.tolist() == hours.tolist()
