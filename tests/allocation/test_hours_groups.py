"""Group floors, caps and parity: tangent cuts against water-filling and scipy, and what cannot be met."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import LinearConstraint, minimize

from patrol_core.allocation.hours.solve import HoursCap, HoursFloor, HoursRules, solve_hours
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import CoverageParity, Floor, MaxMin, MaxMinShare, MeanDifference

DAYS = 31
MOST = 2.6 * DAYS


def city(seed, n=9, months=("2025-01",), wards=3):
    rng = np.random.default_rng(seed)
    zones = [f"z{i:02d}" for i in range(n)]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "month": month,
                    "ward": [f"W{i % wards}" for i in range(n)],
                    "zone_id": zones,
                    "area_km2": 1.0,
                    "risk": rng.gamma(1.0, 3.0, n) + 0.05,
                }
            )
            for month in months
        ],
        ignore_index=True,
    )
    people = pd.Series(rng.uniform(800, 2500, n), index=zones)
    groups = {"north": tuple(zones[: n // 2]), "south": tuple(zones[n // 2 :])}
    return table, people, groups


def test_cap_on_a_group_by_hand():
    # Four equal zones, 200 h: 50 each; a cap of 80 on two of them leaves 60 each for the others.
    table, _, _ = city(0, n=4, wards=1)
    plan = solve_hours(
        table.assign(risk=2.0),
        HoursRules(city_budget=200.0),
        constraints=[HoursCap(80.0, group="g")],
        groups={"g": ("z00", "z01")},
    )
    assert plan.frame["hours"].tolist() == [40.0, 40.0, 60.0, 60.0]
    assert plan.certificate.violation == 0.0


def test_parity_by_hand():
    # Equal demand but a third of the people in g: parity of 0 gives g a third of the hours.
    table, _, _ = city(0, n=4, wards=1)
    people = {"z00": 500.0, "z01": 500.0, "z02": 1000.0, "z03": 1000.0}
    plan = solve_hours(
        table.assign(risk=2.0),
        HoursRules(city_budget=210.0, rounding="none"),
        constraints=[CoverageParity(0.0)],
        groups={"g": ("z00", "z01")},
        population=people,
    )
    assert plan.frame["hours"].tolist() == pytest.approx([35.0, 35.0, 70.0, 70.0], rel=5e-3)
    assert plan.frame["hours"].iloc[:2].sum() == pytest.approx(70.0, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ward_budget", [None, 150.0])
def test_cuts_equal_water_filling_without_group_rules(seed, ward_budget):
    table, _, _ = city(seed, n=12, months=("2025-01", "2025-02"), wards=4)
    rules = HoursRules(city_budget=520.0, ward_budget=ward_budget, rounding="none")
    exact = solve_hours(table, rules, method="kkt")
    cuts = solve_hours(table, rules, method="lp")
    assert cuts.certificate.gap <= 1e-6
    assert cuts.certificate.status is Status.OPTIMAL
    assert cuts.certificate.objective == pytest.approx(exact.certificate.objective, rel=1e-6)
    assert cuts.certificate.bound >= exact.certificate.objective * (1 - 1e-9)
    assert cuts.binding == exact.binding
    worth = exact.slack["value_of_hour"].to_numpy()
    assert cuts.slack["value_of_hour"].to_numpy() == pytest.approx(worth, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_parity_against_slsqp(seed):
    table, people, groups = city(seed)
    within, budget = 0.05, 480.0
    plan = solve_hours(
        table,
        HoursRules(city_budget=budget, ward_budget=190.0, rounding="none"),
        constraints=[CoverageParity(within)],
        groups=groups,
        population=people,
    )
    weight = table["risk"].to_numpy() / np.log1p(MOST)
    zones, wards = table["zone_id"].to_numpy(), table["ward"].to_numpy()
    rows, low, high = [np.ones(9)], [-np.inf], [budget]
    for ward in sorted(set(wards)):
        rows.append((wards == ward).astype(float))
        low.append(-np.inf)
        high.append(190.0)
    for members in groups.values():
        share = people[list(members)].sum() / people.sum()
        inside = np.isin(zones, members).astype(float)
        rows += [inside - (1 - within) * share, inside - (1 + within) * share]
        low += [0.0, -np.inf]
        high += [np.inf, 0.0]
    found = minimize(
        lambda x: -(weight * np.log1p(x)).sum(),
        np.full(9, 45.0),
        jac=lambda x: -weight / (1 + x),
        bounds=[(DAYS, MOST)] * 9,
        constraints=[LinearConstraint(np.array(rows), low, high)],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert found.success
    assert plan.certificate.objective == pytest.approx(-found.fun, rel=2e-6)
    assert plan.certificate.bound >= -found.fun - 1e-8
    rate = {
        g: plan.frame.set_index("zone_id").loc[list(m), "hours"].sum() / people[list(m)].sum()
        for g, m in groups.items()
    }
    overall = plan.frame["hours"].sum() / people.sum()
    assert all(abs(r / overall - 1) <= within + 1e-9 for r in rate.values())


def test_tighter_parity_never_pays():
    table, people, groups = city(2, n=14)
    rules = HoursRules(city_budget=700.0)
    free = solve_hours(table, rules).certificate.objective
    worth = [
        solve_hours(
            table, rules, constraints=[CoverageParity(d)], groups=groups, population=people
        ).certificate.objective
        for d in (0.5, 0.1, 0.02)
    ]
    assert free + 1e-5 >= worth[0] >= worth[1] - 1e-5 >= worth[2] - 2e-5


def test_quarters_keep_parity_bounds_and_budgets():
    table, people, groups = city(4, n=20, months=("2025-01", "2025-02"), wards=5)
    rules = HoursRules(city_budget=1000.3, ward_budget=230.1)
    plan = solve_hours(
        table,
        rules,
        constraints=[CoverageParity(0.08), Floor(480.0, group="north")],
        groups=groups,
        population=people,
    )
    hours = plan.frame["hours"]
    assert np.all(hours * 4 == np.rint(hours * 4))
    assert plan.certificate.violation <= 1e-9
    assert plan.objective_before_rounding - plan.objective_after_rounding < 0.03
    for _, month in plan.frame.groupby("month"):
        amount = month.set_index("zone_id")["hours"]
        assert amount.sum() <= 1000.3
        assert month.groupby("ward")["hours"].sum().max() <= 230.1
        assert amount[list(groups["north"])].sum() >= 480.0
        overall = amount.sum() / people.sum()
        for members in groups.values():
            rate = amount[list(members)].sum() / people[list(members)].sum()
            assert abs(rate / overall - 1) <= 0.08 + 1e-9


def test_floor_beyond_the_bounds_names_the_shortfall_and_a_floor_that_works():
    table, _, groups = city(1, n=6)
    asked = HoursFloor(400.0, group="north")
    with pytest.raises(InfeasibleError, match="floor of 400 h for group north in 2025-01") as caught:
        solve_hours(table, HoursRules(rounding="none"), constraints=[asked], groups=groups)
    assert caught.value.remedy == pytest.approx(3 * MOST)
    assert caught.value.shortfall == pytest.approx(400 - 3 * MOST)
    works = HoursFloor(caught.value.remedy - 1e-6, group="north")
    solve_hours(table, HoursRules(rounding="none"), constraints=[works], groups=groups)


def test_impossible_parity_names_the_smallest_tolerance_that_works():
    table, _, groups = city(1, n=6)
    people = pd.Series([100.0] * 3 + [2000.0] * 3, index=[f"z{i:02d}" for i in range(6)])
    rules = HoursRules(city_budget=300.0, rounding="none")

    def solve(d):
        return solve_hours(table, rules, constraints=[CoverageParity(d)], groups=groups, population=people)

    with pytest.raises(InfeasibleError, match=r"within 0.1 cannot be met in 2025-01") as caught:
        solve(0.1)
    least = caught.value.remedy
    assert least is not None
    solve(least)
    with pytest.raises(InfeasibleError):
        solve(least - 2e-4)


def test_parity_that_whole_shifts_cannot_keep():
    table, _, _ = city(1, n=2, wards=1)
    people = {"z00": 1000.0, "z01": 1500.0}
    with pytest.raises(InfeasibleError, match="not in whole steps of 24 h"):
        solve_hours(
            table,
            HoursRules(rounding="shift", shift_hours=24.0, city_budget=110.0),
            constraints=[CoverageParity(0.0)],
            groups={"g": ("z00",), "h": ("z01",)},
            population=people,
        )


def test_two_sessions_at_once_get_the_same_plan():
    table, people, groups = city(5, n=16, months=("2025-01", "2025-02"))
    rules = HoursRules(city_budget=800.0)

    def solve(_):
        plan = solve_hours(table, rules, constraints=[CoverageParity(0.05)], groups=groups, population=people)
        return plan.frame["hours"].tolist()

    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(solve, range(12)))
    assert all(plan == plans[0] for plan in plans)


@pytest.mark.parametrize("rounding", ["none", "quarter"])
def test_max_min_share_keeps_every_group_at_its_part_of_the_best_least_rate(rounding):
    # 2 zones of the same size, 100 and 300 people, from 30 to 78 h: of 108 h the best least rate leaves 30 + 78
    table = pd.DataFrame(
        {"month": "2025-06", "ward": "w", "zone_id": ["a", "b"], "area_km2": 1.0, "risk": [9.0, 1.0]}
    )
    rules = HoursRules(ward_budget=None, city_budget=108.0, rounding=rounding)
    ask = {"groups": {"p": ["a"], "q": ["b"]}, "population": {"a": 100, "b": 300}}
    free = solve_hours(table, rules).frame["hours"].to_numpy()
    assert free[0] > free[1]
    best = solve_hours(table, rules, constraints=[MaxMinShare(1.0)], **ask).frame["hours"].to_numpy()
    # m = 78 / 300 = 0.26 h a head, so the first group needs 26 h, less than its 30
    assert best == pytest.approx([30.0, 78.0], abs=1e-5)
    half = solve_hours(table, rules, constraints=[MaxMinShare(0.75)], **ask).frame["hours"].to_numpy()
    assert half == pytest.approx([49.5, 58.5], abs=1e-5)
    none = solve_hours(table, rules, constraints=[MaxMinShare(0.0)], **ask).frame["hours"].to_numpy()
    assert none == pytest.approx(free)


@pytest.mark.parametrize("seed", range(4))
def test_a_higher_share_never_prevents_more(seed):
    rng = np.random.default_rng(seed)
    n = 12
    ids = [f"z{i}" for i in range(n)]
    table = pd.DataFrame(
        {
            "month": np.repeat(["2025-01", "2025-02"], n), "ward": "w", "zone_id": ids * 2,
            "area_km2": 1.0, "risk": rng.gamma(1.0, 4.0, 2 * n),
        }
    )  # fmt: skip
    groups = {"a": ids[:4], "b": ids[4:8], "c": ids[8 - seed % 2 :]}  # odd seeds: groups that overlap
    people = dict(zip(ids, rng.integers(200, 3000, n).astype(float), strict=True))
    rules = HoursRules(ward_budget=700.0, city_budget=600.0, rounding="none")
    values = [
        solve_hours(
            table, rules, constraints=[MaxMinShare(share)], groups=groups, population=people
        ).certificate
        for share in (0.0, 0.6, 0.9, 1.0)
    ]
    objective = [proof.objective for proof in values]
    assert all(a >= b - 1e-5 * abs(a) for a, b in itertools.pairwise(objective))
    assert max(proof.violation for proof in values) <= 1e-6
    assert objective[0] > objective[-1]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (MeanDifference(0.2), "parity of hours per head within d"),
        (MeanDifference(0.2, "residual"), "curved in the hours"),
        (MaxMin(), "ask for a max-min share"),
        (MaxMinShare(0.5, "residual"), "curved in the hours"),
    ],
)
def test_rules_that_hours_cannot_hold_are_refused_with_the_reason(rule, message):
    table = pd.DataFrame(
        {"month": "2025-06", "ward": "w", "zone_id": ["a", "b"], "area_km2": 1.0, "risk": [9.0, 1.0]}
    )
    with pytest.raises(InputError, match=message):
        solve_hours(
            table, constraints=[rule], groups={"p": ["a"], "q": ["b"]}, population={"a": 100.0, "b": 300.0}
        )
