"""Hours in proportion to demand: by hand, against scipy, in whole units, relations and conflicts."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from patrol_core.allocation.hours import HoursRules, solve_hours
from patrol_core.allocation.hours.solve import HoursFloor
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import CoverageParity, Proportionality, fairness_rule

FREE = HoursRules(min_per_day=0.0, ward_budget=None, city_budget=100.0, rounding="none")


def table(risk, months=("2025-01",)):
    rows = [(month, "A", f"z{i}", 1.0, float(r)) for month in months for i, r in enumerate(risk)]
    return pd.DataFrame(rows, columns=["month", "ward", "zone_id", "area_km2", "risk"])


def groups_of(count, parts=2):
    return {f"g{p}": tuple(f"z{i}" for i in range(count) if i % parts == p) for p in range(parts)}


def shares(plan, groups, month="2025-01"):
    frame = plan.frame[plan.frame["month"] == month].set_index("zone_id")
    hours, demand = frame["hours"] / frame["hours"].sum(), frame["risk"] / frame["risk"].sum()
    return np.array([hours[list(g)].sum() / demand[list(g)].sum() for g in groups.values()])


def test_by_hand():
    # Nine tenths of the demand must get 0.81 of the hours, and can take 2.6 x 31 = 80.6: 80.6 / 0.81 in all.
    demand, groups = table([9.0, 1.0]), {"first": ("z0",), "second": ("z1",)}
    plan = solve_hours(demand, FREE, constraints=[Proportionality(0.9, 2.0)], groups=groups)
    assert plan.frame["hours"].tolist() == pytest.approx([80.6, 80.6 / 0.81 - 80.6])
    exact = solve_hours(demand, FREE, constraints=[Proportionality(1, 1)], groups=groups)
    assert exact.frame["hours"].tolist() == pytest.approx([80.6, 80.6 / 9])
    assert exact.certificate.gap <= 1e-6


def by_slsqp(demand, groups, low, high, budget):
    """The objective by another solver, rows written out zone by zone."""
    risk = demand["risk"].to_numpy()
    most = 2.6 * 31
    weight = risk / np.log1p(most)
    limits = [{"type": "ineq", "fun": lambda x: budget - x.sum()}]
    for group in groups.values():
        inside = demand["zone_id"].isin(group).to_numpy(dtype=float)
        share = inside @ risk / risk.sum()
        limits.append({"type": "ineq", "fun": lambda x, i=inside, s=share: high * s * x.sum() - i @ x})
        limits.append({"type": "ineq", "fun": lambda x, i=inside, s=share: i @ x - low * s * x.sum()})
    start = np.full(len(risk), budget / len(risk))
    found = minimize(
        lambda x: -(weight * np.log1p(x)).sum(),
        start,
        bounds=[(0, most)] * len(risk),
        constraints=limits,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return -found.fun if found.success else None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("overlap", [False, True])
def test_the_objective_is_that_of_scipy(seed, overlap):
    rng = np.random.default_rng(seed)
    demand = table(rng.exponential(5.0, 6) + 0.5)
    groups = groups_of(6)
    if overlap:
        groups["both"] = ("z0", "z1", "z2")
    low, high = float(rng.uniform(0.6, 0.95)), float(rng.uniform(1.05, 1.5))
    plan = solve_hours(demand, FREE, constraints=[Proportionality(low, high)], groups=groups)
    wanted = by_slsqp(demand, groups, low, high, 100.0)
    assert wanted is not None
    assert plan.certificate.objective == pytest.approx(wanted, rel=1e-5)
    assert plan.certificate.bound >= wanted * (1 - 1e-6)
    found = shares(plan, groups)
    assert low - 1e-7 <= found.min()
    assert found.max() <= high + 1e-7


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", ["auto", "lp"])
def test_whole_units_keep_it_too(seed, method):
    rng = np.random.default_rng(seed)
    demand, groups = table(rng.exponential(5.0, 8) + 0.5, ("2025-01", "2025-02")), groups_of(8, 3)
    rules = HoursRules(min_per_day=0.1, ward_budget=None, city_budget=200.0)
    plan = solve_hours(demand, rules, constraints=[Proportionality(0.8, 1.3)], groups=groups, method=method)
    for month in ("2025-01", "2025-02"):
        found = shares(plan, groups, month)
        assert found.min() >= 0.8 - 1e-9
        assert found.max() <= 1.3 + 1e-9
    assert plan.certificate.violation < 1e-6


def test_relations():
    rng = np.random.default_rng(5)
    risk, groups = rng.exponential(5.0, 8) + 0.5, groups_of(8)
    rule = [Proportionality(0.9, 1.1)]
    plan = solve_hours(table(risk), FREE, constraints=rule, groups=groups)
    scaled = solve_hours(table(1000.0 * risk), FREE, constraints=rule, groups=groups)
    assert scaled.frame["hours"].to_numpy() == pytest.approx(plan.frame["hours"].to_numpy(), rel=1e-6)
    turned = solve_hours(table(risk), FREE, constraints=rule, groups=dict(reversed(groups.items())))
    assert turned.certificate.objective == pytest.approx(plan.certificate.objective, rel=1e-9)
    richer = solve_hours(
        table(risk), HoursRules(0.0, 2.6, None, 150.0, "none"), constraints=rule, groups=groups
    )
    assert richer.certificate.objective >= plan.certificate.objective
    free = solve_hours(table(risk), FREE)
    none = solve_hours(table(risk), FREE, constraints=[Proportionality(0, 1e6)], groups=groups)
    assert none.frame["hours"].to_numpy() == pytest.approx(free.frame["hours"].to_numpy(), abs=1e-6)


def test_beside_parity_both_hold():
    rng = np.random.default_rng(2)
    demand, groups = table(rng.uniform(4.0, 6.0, 8)), groups_of(8)
    people = {f"z{i}": float(p) for i, p in enumerate(rng.uniform(90, 110, 8))}
    rules = [Proportionality(0.98, 1.02), CoverageParity(0.03)]
    plan = solve_hours(demand, FREE, constraints=rules, groups=groups, population=people)
    hours = plan.frame.set_index("zone_id")["hours"]
    heads = np.array([sum(people[z] for z in g) for g in groups.values()])
    rate = np.array([hours[list(g)].sum() for g in groups.values()]) / heads * heads.sum() / hours.sum()
    assert np.abs(rate - 1).max() <= 0.03 + 1e-7
    assert np.abs(shares(plan, groups) - 1).max() <= 0.02 + 1e-7


@pytest.mark.parametrize("overlap", [False, True])
def test_a_conflict_says_where_and_what_works(overlap):
    demand, groups = table([9.0, 1.0, 5.0]), {"first": ("z0",), "second": ("z1",)}
    if overlap:
        groups["most"] = ("z0", "z1")
    rules = HoursRules(min_per_day=1.0, ward_budget=None, city_budget=120.0, rounding="none")
    with pytest.raises(InfeasibleError, match=r"between 0\.9 and 1\.1 times.*times work") as caught:
        solve_hours(demand, rules, constraints=[Proportionality(0.9, 1.1)], groups=groups)
    assert caught.value.rule == "proportionality"
    if not overlap:
        assert "group second must get 31 h or more" in str(caught.value)
    wider = fairness_rule("proportionality", caught.value.remedy)
    solve_hours(demand, rules, constraints=[wider], groups=groups)
    tighter = fairness_rule("proportionality", 0.99 * caught.value.remedy)
    with pytest.raises(InfeasibleError):
        solve_hours(demand, rules, constraints=[tighter], groups=groups)


def test_a_month_without_demand_asks_for_nothing():
    demand = table([9.0, 1.0, 5.0])
    demand = pd.concat([demand, demand.assign(month="2025-02", risk=0.0)], ignore_index=True)
    plan = solve_hours(demand, FREE, constraints=[Proportionality(1, 1)], groups={"a": ("z0",), "b": ("z1",)})
    assert shares(plan, {"a": ("z0",), "b": ("z1",)}) == pytest.approx([1, 1])


def test_it_needs_groups():
    with pytest.raises(InputError, match="need groups"):
        solve_hours(table([1.0, 2.0]), FREE, constraints=[Proportionality(0.5, 2)])


def test_a_floor_of_a_group_beside_it():
    demand, groups = table([9.0, 1.0, 5.0]), {"first": ("z0",), "second": ("z1",)}
    plan = solve_hours(
        demand, FREE, constraints=[Proportionality(0.5, 4.0), HoursFloor(20.0, group="second")], groups=groups
    )
    assert plan.frame["hours"].iloc[1] >= 20.0 - 1e-6
