"""Whole units under group rules that are not nested: the best of all plans, by trying all, and an honest word where not."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from patrol_core.allocation.hours.rounding import rules as rounding_rules
from patrol_core.allocation.hours.solve import HoursCap, HoursFloor, HoursRules, solve_hours
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError
from patrol_core.games.rules import CoverageParity, MaxMinShare

DAYS = 31


def demand(risk, area=1.0, wards=None, boroughs=None):
    count = len(risk)
    return pd.DataFrame(
        {
            "month": "2025-01",
            "ward": wards or ["w"] * count,
            "zone_id": [f"z{i}" for i in range(count)],
            "area_km2": area,
            "risk": np.asarray(risk, dtype=float),
            "borough": boroughs or ["b"] * count,
        }
    )


def test_a_budget_that_cuts_across_parity_by_hand():
    # Most hours 1.55 x 2 = 3.1 for the two large zones, 1.55 for the others; a borough budget of 4 whole hours. Without
    # parity the best four hours are one more each in z0 (6/ln 4.1), z1 (5/ln 2.55) and z2, and the fourth goes to z0.
    table = demand([6, 5, 1], area=[4.0, 0.1, 0.1])
    rules = HoursRules(
        min_per_day=0.0,
        max_per_day=0.05,
        ward_budget=None,
        borough_budget=3.9,
        rounding="visit",
        visit_minutes=60,
    )
    ask = {"groups": {"g": ("z0", "z1"), "h": ("z1", "z2")}, "population": {"z0": 100, "z1": 100, "z2": 100}}
    free = solve_hours(table, rules, constraints=[HoursCap(9.0, group="g")], groups=ask["groups"])
    assert free.frame["hours"].tolist() == [2.0, 1.0, 0.0]
    # h must have two of three hours: the second of z0 goes to z2.
    plan = solve_hours(table, rules, constraints=[HoursFloor(2.0, group="h")], groups=ask["groups"])
    assert plan.frame["hours"].tolist() == [1.0, 1.0, 1.0]
    assert plan.certificate.status is Status.OPTIMAL
    large, small = np.log1p(0.05 * DAYS * 2.0), np.log1p(0.05 * DAYS)
    assert plan.certificate.objective == pytest.approx(np.log(2.0) * (6 / large + 6 / small), rel=1e-12)


def instance(seed):
    """A small problem of any kind: three ways to round, nested budgets, parity, shares, floors and caps, groups that overlap or not."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 6))
    ward = rng.integers(0, 3, count)
    risk = rng.choice([0, 1, 2, 3, 5, 8], count) if rng.random() < 0.5 else rng.gamma(1.0, 3.0, count)
    table = demand(
        risk, rng.choice([0.1, 1.0, 5.0], count), [f"w{w}" for w in ward], [f"b{w % 2}" for w in ward]
    )
    kind = str(rng.choice(["quarter", "visit", "shift"]))
    unit = {"quarter": 0.25, "visit": 1.0, "shift": 2.5}[kind]
    most = float(rng.integers(1, 4)) * unit / DAYS * rng.uniform(1.0, 1.2)
    whole = most * DAYS * count

    def budget(share):
        return None if rng.random() < 0.5 else float(rng.uniform(0.35, 1.2) * whole / share)

    rules = HoursRules(
        min_per_day=0.0,
        max_per_day=most,
        ward_budget=budget(2),
        borough_budget=budget(1.5),
        city_budget=budget(1),
        rounding=kind,
        visit_minutes=60.0,
        shift_hours=2.5,
    )
    inside = rng.random((2, count)) < 0.6
    if rng.random() < 0.5:
        inside[1] = ~inside[0]
    groups = {f"g{g}": tuple(f"z{i}" for i in np.flatnonzero(inside[g])) for g in range(2) if inside[g].any()}
    groups = groups or {"g0": ("z0",)}
    people = {f"z{i}": float(heads) for i, heads in enumerate(rng.choice([100, 900, 2500], count))}
    first = next(iter(groups))
    asked = [
        CoverageParity(float(rng.choice([0.0, 0.3, 0.6, 1.2]))),
        MaxMinShare(float(rng.choice([0.3, 0.7]))),
        HoursFloor(float(rng.uniform(0.0, 0.5) * len(groups[first]) * most * DAYS), group=first),
        HoursCap(float(rng.uniform(0.4, 1.0) * len(groups[first]) * most * DAYS), group=first),
    ]
    chosen = [rule for rule in asked if rng.random() < 0.5] or asked[:1]
    return table, rules, chosen, groups, people


def rows_of(rule, inside, heads, at_most):
    """Parity, floors and caps as rows; a share needs the others first."""
    if isinstance(rule, CoverageParity):
        for own in inside.values():
            share = own @ heads / heads.sum()
            at_most(own - (1 + rule.within) * share, 0.0)
            at_most((1 - rule.within) * share - own, 0.0)
    elif isinstance(rule, HoursFloor):
        at_most(-inside[rule.group], -rule.at_least)
    elif isinstance(rule, HoursCap):
        at_most(inside[rule.group], rule.at_most)


def best_least_rate(lines, limits, inside, heads, most):
    """The best least hours per head of any group, None where the rows cannot be kept."""
    rates = np.array([np.append(-own, own @ heads) for own in inside.values()])
    others = np.array([np.append(line, 0.0) for line in lines]).reshape(-1, len(most) + 1)
    cost, bounds = np.append(np.zeros(len(most)), -1.0), [*((0.0, high) for high in most), (0, None)]
    best = linprog(cost, np.vstack([others, rates]), [*limits, *[0.0] * len(rates)], bounds=bounds)
    return None if best.status == 2 else best.x[-1]


def best_of_all(table, rules, chosen, groups, people):
    """The largest objective over every whole-unit plan, None where none keeps the rules; nothing of the library but its nouns."""
    count, unit = len(table), rules.unit
    area, risk = table["area_km2"].to_numpy(), table["risk"].to_numpy()
    most = rules.max_per_day * DAYS * np.clip(area / area.mean(), 1.0, 2.0)
    heads = np.array([people[zone] for zone in table["zone_id"]])
    inside = {name: table["zone_id"].isin(zones).to_numpy(float) for name, zones in groups.items()}
    lines, limits = [], []

    def at_most(line, limit):
        lines.append(line)
        limits.append(limit)

    for column, budget in (("ward", rules.ward_budget), ("borough", rules.borough_budget)):
        for place in set(table[column]) if budget is not None else ():
            at_most((table[column] == place).to_numpy(float), budget)
    if rules.city_budget is not None:
        at_most(np.ones(count), rules.city_budget)
    for rule in chosen:
        rows_of(rule, inside, heads, at_most)
    for rule in chosen:
        if isinstance(rule, MaxMinShare):
            level = best_least_rate(lines, limits, inside, heads, most)
            if level is None:
                return None
            for own in inside.values():
                at_most(-own, -rule.share * level * (own @ heads) * (1 - 1e-9))
    grids = [np.arange(np.floor(high / unit + 1e-7) + 1) * unit for high in most]
    plans = np.array(list(itertools.product(*grids)))
    kept = np.all(plans @ np.array(lines).reshape(-1, count).T <= np.array(limits) + 1e-6, axis=1)
    return float((np.log1p(plans[kept]) @ (risk / np.log1p(most))).max()) if kept.any() else None


@pytest.mark.parametrize("block", range(5))
def test_the_best_of_all_whole_unit_plans(block):
    solved = 0
    for seed in range(10 * block, 10 * block + 10):
        table, rules, chosen, groups, people = instance(seed)
        best = best_of_all(table, rules, chosen, groups, people)
        ask = {
            "constraints": chosen,
            "groups": groups,
            "population": people,
            "method": "lp" if seed % 3 == 0 else "auto",
        }
        if best is None:
            with pytest.raises(InfeasibleError):
                solve_hours(table, rules, **ask)
            continue
        plan = solve_hours(table, rules, **ask)
        solved += 1
        assert plan.certificate.objective == pytest.approx(best, rel=1e-9, abs=1e-12), seed
        assert plan.certificate.status is Status.OPTIMAL
        assert plan.certificate.gap <= 1e-6
        assert plan.certificate.bound >= best * (1 - 1e-12)
        assert plan.certificate.violation <= 1e-6
    assert solved >= 2


def city(zones=60, seed=3):
    rng = np.random.default_rng(seed)
    wards = [f"w{i % 9}" for i in range(zones)]
    table = demand(rng.gamma(1.0, 2.0, zones), rng.lognormal(-1, 1, zones), wards, ["b"] * zones)
    people = {f"z{i}": float(heads) for i, heads in enumerate(rng.uniform(900, 2500, zones))}
    quintile = rng.integers(0, 3, zones)
    groups = {f"q{k}": tuple(f"z{i}" for i in np.flatnonzero(quintile == k)) for k in range(3)}
    return table, {"groups": groups, "population": people}


def test_a_place_of_moderate_size_is_proved():
    table, ask = city()
    rules = HoursRules(city_budget=1.7 * DAYS * 60, ward_budget=1.6 * DAYS * 7)
    plan = solve_hours(table, rules, constraints=[CoverageParity(0.05)], **ask)
    assert "integer programme" in plan.certificate.phases[-1]
    assert plan.certificate.status is Status.OPTIMAL
    # The bound is on whole units: nearer than that of the plan before rounding, and never below any plan.
    assert plan.certificate.objective <= plan.certificate.bound <= plan.continuous.bound * (1 + 1e-12)
    assert plan.certificate.gap <= 1e-6


def test_a_proof_that_is_cut_short_says_how_far_off_the_plan_can_be(monkeypatch):
    table, ask = city(18, 4)
    rules = HoursRules(city_budget=1.7 * DAYS * 18, ward_budget=1.6 * DAYS * 2, rounding="shift")
    proved = solve_hours(table, rules, constraints=[CoverageParity(0.05)], **ask).certificate
    monkeypatch.setattr(
        rounding_rules, "_MOST_UNITS", 18
    )  # room for the first window, not for the one that proves
    plan = solve_hours(table, rules, constraints=[CoverageParity(0.05)], **ask)
    cut = plan.certificate
    assert proved.status is Status.OPTIMAL
    assert cut.status is Status.STOPPED_WITH_PLAN
    assert cut.objective < proved.objective <= cut.bound * (1 + 1e-12)
    assert cut.gap == pytest.approx((cut.bound - cut.objective) / cut.objective)
    assert any("not proved best" in note for note in plan.notes)


def test_no_plan_found_in_time_is_not_called_impossible(monkeypatch):
    table, ask = city()
    monkeypatch.setattr(rounding_rules, "_MOST_UNITS", 0)
    with pytest.raises(InfeasibleError, match="no proof that there is none"):
        solve_hours(
            table,
            HoursRules(city_budget=1.7 * DAYS * 60, ward_budget=1.6 * DAYS * 7),
            constraints=[CoverageParity(0.05)],
            **ask,
        )


def test_simple_rounding_is_not_called_optimal():
    table, _ = city(20, 0)
    common = {"city_budget": 0.5 * DAYS * 20, "min_per_day": 0.0, "ward_budget": None, "rounding": "shift"}
    best = solve_hours(table, HoursRules(**common)).certificate
    simple = solve_hours(table, HoursRules(**common, rounding_method="largest-remainder")).certificate
    assert best.status is Status.OPTIMAL
    assert simple.status is Status.STOPPED_WITH_PLAN
    assert simple.objective < best.objective <= simple.bound * (1 + 1e-12)
    assert simple.gap == pytest.approx((simple.bound - simple.objective) / simple.objective)


def test_a_plan_worth_nothing_has_no_gap():
    # Parity of nought leaves no whole unit anywhere; the bound is then the last bits of a sum, not a promise.
    table = demand([1.0, 0.5, 3.0, 0.0, 0.0, 6.0], area=[0.1, 1, 2, 5, 0.1, 2])
    rules = HoursRules(
        min_per_day=0.0,
        max_per_day=0.34,
        ward_budget=None,
        city_budget=29.14,
        rounding="shift",
        shift_hours=2.5,
    )
    people = {f"z{i}": heads for i, heads in enumerate([900.0, 900, 900, 100, 900, 2500])}
    groups = {"g": ("z0", "z1", "z4", "z5"), "h": ("z2",)}
    plan = solve_hours(table, rules, constraints=[CoverageParity(0.0)], groups=groups, population=people)
    proof = plan.certificate
    assert plan.frame["hours"].sum() == 0.0
    assert (proof.status, proof.objective, proof.bound, proof.gap) == (Status.OPTIMAL, 0.0, 0.0, 0.0)
