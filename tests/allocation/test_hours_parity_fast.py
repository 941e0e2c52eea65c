"""Parity of groups that do not overlap: exact water-filling against tangent cuts, and whole units by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.hours.check import monthly_objective
from patrol_core.allocation.hours.group_rules.constraints import apply_constraints
from patrol_core.allocation.hours.group_rules.disjoint_groups import find_family, total_range
from patrol_core.allocation.hours.group_rules.feasible import explain_rules
from patrol_core.allocation.hours.paths import by_groups, in_whole_units
from patrol_core.allocation.hours.problem import build_problem
from patrol_core.allocation.hours.solve import HoursCap, HoursFloor, HoursRules, solve_hours
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError
from patrol_core.games.rules import CoverageParity

DAYS = 31


def demand(risk, wards=None, months=("2025-01",)):
    n = len(risk)
    one = pd.DataFrame(
        {
            "ward": wards if wards is not None else "A",
            "zone_id": [f"z{i:02d}" for i in range(n)],
            "area_km2": 1.0,
            "risk": np.asarray(risk, dtype=float),
        }
    )
    return pd.concat([one.assign(month=month) for month in months], ignore_index=True)


def random_case(seed):
    """Small city with groups, a zone outside them now and then, idle zones, floors and caps."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    idle = rng.random(n) < rng.choice([0.0, 0.0, 0.3, 0.7])
    table = demand(np.where(idle, 0.0, rng.gamma(1.0, 3.0, n)), [f"W{i % 3}" for i in range(n)])
    table["area_km2"] = rng.uniform(0.3, 3.0, n)
    zones = table["zone_id"].to_numpy()
    people = pd.Series(rng.uniform(100, 2500, n) ** rng.choice([1.0, 0.2]), index=zones)
    count = int(rng.integers(1, 4))
    label = rng.integers(0, count + int(rng.integers(0, 2)), n)
    groups = {f"g{k}": tuple(zones[label == k]) for k in range(count) if (label == k).any()} or {
        "g0": (zones[0],)
    }
    rules = [CoverageParity(float(rng.choice([0.0, 0.01, 0.05, 0.2, 0.5, 1.0])))]
    for name, members in groups.items():
        if rng.random() < 0.15:
            rules.append(HoursFloor(len(members) * float(rng.uniform(28, 60)), group=name))
        if rng.random() < 0.15:
            rules.append(HoursCap(len(members) * float(rng.uniform(40, 100)), group=name))
    budget = None if rng.random() < 0.15 else float(n * rng.uniform(31, 130))
    return table, budget, {"constraints": rules, "groups": groups, "population": people}


def plan_or_refusal(table, limits, rules, method="auto"):
    try:
        return solve_hours(table, limits, method=method, **rules)
    except InfeasibleError as error:
        return error


def worst_parity(hours, groups, people):
    overall = hours.sum() / people.sum()
    return max(abs(hours[list(m)].sum() / people[list(m)].sum() / overall - 1.0) for m in groups.values())


# ---------------------------------------------------------------- by hand


def test_one_group_at_its_lower_end_by_hand():
    # Demand 3:1, residents 1:1, 20 %: of 160 h the poor group must get 0.8 x 80 = 64, the other 96.
    table = demand([3.0, 3.0, 1.0, 1.0])
    people = dict.fromkeys(table["zone_id"], 100.0)
    groups = {"a": ("z00", "z01"), "b": ("z02", "z03")}
    plan = solve_hours(
        table,
        HoursRules(city_budget=160.0, rounding="none"),
        constraints=[CoverageParity(0.2)],
        groups=groups,
        population=people,
    )
    assert plan.frame["hours"].tolist() == pytest.approx([48.0, 48.0, 32.0, 32.0], rel=1e-12)
    assert plan.certificate.solver == "water-filling (KKT)"
    assert plan.certificate.gap <= 1e-12
    # One more hour: 0.6 of it to a, 0.4 to b (the ends move with the total).
    worth = (0.6 * 3.0 / 49.0 + 0.4 * 1.0 / 33.0) / np.log1p(2.6 * DAYS)
    assert plan.slack.loc[plan.slack["kind"] == "city", "value_of_hour"].tolist() == pytest.approx([worth])


@pytest.mark.parametrize(
    ("rest", "total"),
    [
        # Zone 4 outside both groups: a takes 80.6 h at most, which must be 0.9 x 3/4 of all hours or more.
        (("z01", "z02"), 80.6 / (0.9 * 0.75)),
        # Zone 4 in b: b may take 1.1 x 1/4 of all hours, a the other 72.5 %.
        (("z01", "z02", "z03"), 80.6 / (1.0 - 1.1 * 0.25)),
    ],
)
def test_the_rules_not_the_budget_limit_the_total_by_hand(rest, total):
    table = demand([5.0, 1.0, 1.0, 1.0])
    people = pd.Series([300.0, 40.0, 30.0, 30.0], index=table["zone_id"])
    plan = solve_hours(
        table,
        HoursRules(city_budget=1000.0, min_per_day=0.1, rounding="none"),
        constraints=[CoverageParity(0.1)],
        groups={"a": ("z00",), "b": rest},
        population=people,
    )
    assert plan.frame["hours"].sum() == pytest.approx(total, rel=1e-12)
    assert plan.certificate.gap <= 1e-12
    assert plan.binding == ()


def test_zones_without_demand_get_what_parity_asks_and_no_more():
    table = demand([4.0, 4.0, 0.0, 0.0])
    people = pd.Series(100.0, index=table["zone_id"])
    groups = {"a": ("z00", "z01"), "b": ("z02", "z03")}
    rules = HoursRules(rounding="none")
    plan = solve_hours(
        table, rules, constraints=[CoverageParity(0.1)], groups=groups, population=people
    ).frame["hours"]
    # a has its most, 161.2 h = 1.1 x half the total; the idle zones share the rest equally.
    assert plan.tolist() == pytest.approx([80.6, 80.6, 80.6 * 0.9 / 1.1, 80.6 * 0.9 / 1.1], rel=1e-9)


@pytest.mark.parametrize("within", [0.03, 0.07, 0.11, 0.3])
def test_a_cap_and_parity_at_the_same_hours(within):
    # All demand in a, whose cap of 40 h is also the parity end of the least total that serves it: the cap is
    # what holds the plan back, and one more hour of city budget is worth nothing.
    table = demand([6.0, 0.0, 0.0])
    people = pd.Series([100.0, 150.0, 190.0], index=table["zone_id"])
    rules = [CoverageParity(within), HoursCap(40.0, group="a")]
    groups = {"a": ("z00",), "b": ("z01", "z02")}
    limits = HoursRules(city_budget=500.0, min_per_day=0.0, rounding="none")
    plan = solve_hours(table, limits, constraints=rules, groups=groups, population=people)
    assert plan.frame["hours"].iloc[0] == pytest.approx(40.0, rel=1e-12)
    assert plan.frame["hours"].sum() == pytest.approx(40.0 / (1.0 + within) * 440.0 / 100.0, rel=1e-12)
    assert plan.certificate.gap <= 1e-12
    assert plan.binding == ()


# ---------------------------------------------------------------- continuous hours against tangent cuts


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_agrees_with_the_lp(seed):
    table, budget, rules = random_case(seed)
    limits = HoursRules(city_budget=budget, ward_budget=None, rounding="none")
    exact, cuts = plan_or_refusal(table, limits, rules), plan_or_refusal(table, limits, rules, method="lp")
    assert isinstance(exact, InfeasibleError) == isinstance(cuts, InfeasibleError)
    if isinstance(exact, InfeasibleError):
        assert exact.rule == cuts.rule
        assert exact.remedy == pytest.approx(cuts.remedy, abs=2e-4)
        return
    assert exact.certificate.gap <= 1e-9
    assert exact.certificate.violation <= 1e-9
    assert exact.certificate.objective == pytest.approx(cuts.certificate.objective, rel=1e-6, abs=1e-6)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(0, 10_000))
def test_bounds_never_lie_below_the_plan_they_prove(seed):
    # The certificate hides a bound a hair below its plan; here it may not be lower at all, nor higher.
    table, budget, rules = random_case(seed)
    limits = HoursRules(city_budget=budget, ward_budget=None)
    problem, own = apply_constraints(
        build_problem(table, limits),
        rules["constraints"],
        groups=rules["groups"],
        population=rules["population"],
    )
    try:
        exact = by_groups(problem, own)
        rounded = in_whole_units(problem, own, exact, limits)
    except InfeasibleError:
        return
    for solution in (exact, rounded):
        worth = monthly_objective(problem, solution.hours)
        assert solution.bound == pytest.approx(worth, rel=1e-9, abs=1e-9)
        assert np.all(solution.bound >= worth * (1 - 1e-12) - 1e-12)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_possible_totals_are_an_interval(seed, where):
    rng = np.random.default_rng(seed)
    table, _, rules = random_case(seed)
    problem, own = apply_constraints(
        build_problem(table, HoursRules()),
        rules["constraints"],
        groups=rules["groups"],
        population=rules["population"],
    )
    family = find_family(problem, own, 0)
    assert family is not None
    least = rng.uniform(0.0, 50.0, family.size)
    most = least + rng.uniform(0.0, 100.0, family.size)
    found = total_range(family, least, most, np.inf)

    def possible(total, slack):
        low = np.maximum(least, family.lower_ends(total))
        high = np.minimum(most, family.upper_ends(total))
        return np.all(low <= high + slack) and low.sum() <= total + slack and high.sum() >= total - slack

    if found is None:
        totals = np.linspace(least.sum(), most.sum(), 400)
        assert not any(possible(total, -1e-6) for total in totals)
        return
    low, high = found
    assert possible(low + where * (high - low), 1e-9)
    assert not possible(low - 1e-3, -1e-9)
    assert not possible(high + 1e-3, -1e-9)


def test_overlapping_groups_and_binding_wards_take_the_general_way():
    table = demand([5.0, 4.0, 3.0, 2.0], ["A", "A", "B", "B"])
    people = pd.Series([100.0, 120.0, 90.0, 110.0], index=table["zone_id"])
    overlapping = {"a": ("z00", "z01"), "b": ("z01", "z02")}
    rules = {"constraints": [CoverageParity(0.1)], "population": people}
    limits = HoursRules(city_budget=200.0, rounding="none")
    assert "HiGHS" in solve_hours(table, limits, groups=overlapping, **rules).certificate.solver
    apart = {"a": ("z00", "z01"), "b": ("z02", "z03")}
    free = solve_hours(table, limits, groups=apart, **rules)
    assert free.certificate.solver == "water-filling (KKT)"
    held = HoursRules(city_budget=200.0, ward_budget=104.0, rounding="none")
    bound = solve_hours(table, held, groups=apart, **rules)
    assert "HiGHS" in bound.certificate.solver
    assert bound.certificate.violation <= 1e-9
    assert bound.certificate.objective < free.certificate.objective


def test_each_month_goes_its_own_way():
    # In the second month all demand lies in ward A, whose budget then binds.
    table = demand([5.0, 4.0, 5.0, 4.0], ["A", "A", "B", "B"], months=("2025-01", "2025-03"))
    table.loc[(table["month"] == "2025-03") & (table["ward"] == "B"), "risk"] = 0.1
    people = pd.Series(100.0, index=table["zone_id"].unique())
    groups = {"a": ("z00", "z02"), "b": ("z01", "z03")}
    plan = solve_hours(
        table,
        HoursRules(city_budget=200.0, ward_budget=120.0),
        constraints=[CoverageParity(0.1)],
        groups=groups,
        population=people,
    )
    assert plan.certificate.solver.startswith("water-filling (KKT), HiGHS")
    assert plan.certificate.violation == 0.0
    assert plan.frame.groupby(["month", "ward"])["hours"].sum().max() == 120.0


# ---------------------------------------------------------------- whole units


def best_by_enumeration(table, steps, unit, start, budget, within, groups, people):
    """Best objective over all whole-unit plans, one by one; None if none keeps the rules."""
    weight = table["risk"].to_numpy() / np.log1p(start + steps * unit)
    grid = start + unit * np.array(list(itertools.product(range(steps + 1), repeat=len(table))))
    total = grid.sum(axis=1)
    good = total <= budget + 1e-9
    for members in groups.values():
        inside = table["zone_id"].isin(members).to_numpy()
        share = people[list(members)].sum() / people.sum()
        good &= np.abs(grid[:, inside].sum(axis=1) - share * total) <= within * share * total + 1e-9
    return float((np.log1p(grid[good]) @ weight).max()) if good.any() else None


@pytest.mark.parametrize("seed", range(60))
def test_quarters_are_the_best_of_all_quarter_plans(seed):
    rng = np.random.default_rng(seed)
    table = demand(np.where(rng.random(5) < 0.15, 0.0, rng.gamma(1.0, 3.0, 5)))
    table["month"] = "2025-04"
    zones = table["zone_id"].to_numpy()
    people = pd.Series(rng.uniform(95.0, 105.0, 5), index=zones)
    groups = {"a": tuple(zones[:2]), "b": tuple(zones[2 : 4 + seed % 2])}
    within = float(rng.choice([0.002, 0.005, 0.01, 0.02]))
    # 30 to 31.25 h: 6 choices a zone, 7,776 plans.
    budget = float(150 + rng.uniform(0.3, 6.0))
    rules = HoursRules(max_per_day=31.25 / 30, area_clip=(1.0, 1.0), city_budget=budget)
    best = best_by_enumeration(table, 5, 0.25, 30.0, budget, within, groups, people)
    ask = {"constraints": [CoverageParity(within)], "groups": groups, "population": people}
    if best is None:
        with pytest.raises(InfeasibleError):
            solve_hours(table, rules, **ask)
        return
    plan = solve_hours(table, rules, **ask)
    assert plan.certificate.objective == pytest.approx(best, rel=1e-12)
    assert plan.certificate.gap <= 1e-12
    assert plan.certificate.status is Status.OPTIMAL
    assert plan.certificate.violation <= 1e-12
    assert worst_parity(plan.frame.set_index("zone_id")["hours"], groups, people) <= within + 1e-12


@pytest.mark.parametrize("seed", range(12))
def test_shifts_are_the_best_of_all_shift_plans(seed):
    rng = np.random.default_rng(seed)
    table = demand(rng.gamma(0.6, 3.0, 5))
    table["month"] = "2025-04"
    zones = table["zone_id"].to_numpy()
    people = pd.Series(rng.uniform(60.0, 140.0, 5), index=zones)
    groups = {"a": tuple(zones[:2]), "b": tuple(zones[2:])}
    budget = float(rng.uniform(130.0, 250.0))
    rules = HoursRules(
        rounding="shift",
        min_per_day=0.8,
        max_per_day=64 / 30,
        area_clip=(1.0, 1.0),
        city_budget=budget,
        ward_budget=None,
    )
    best = best_by_enumeration(table, 5, 8.0, 24.0, budget, 0.15, groups, people)
    ask = {"constraints": [CoverageParity(0.15)], "groups": groups, "population": people}
    if best is None:
        with pytest.raises(InfeasibleError):
            solve_hours(table, rules, **ask)
        return
    assert solve_hours(table, rules, **ask).certificate.objective == pytest.approx(best, rel=1e-12)


@settings(derandomize=True, deadline=None, max_examples=18)
@given(st.integers(0, 10_000))
def test_whole_units_are_never_worse_than_the_integer_programme(seed):
    table, budget, rules = random_case(seed)
    limits = HoursRules(city_budget=budget, ward_budget=None)
    exact, general = plan_or_refusal(table, limits, rules), plan_or_refusal(table, limits, rules, "lp")
    if isinstance(exact, InfeasibleError):
        assert isinstance(general, InfeasibleError)
        return
    hours = exact.frame["hours"]
    assert np.all(hours * 4 == np.rint(hours * 4))
    assert exact.certificate.violation <= 1e-10
    assert exact.objective_after_rounding <= exact.continuous.bound * (1 + 1e-12)
    # The programme's windows can miss the few plans a narrow tolerance leaves.
    if not isinstance(general, InfeasibleError):
        assert exact.certificate.objective >= general.certificate.objective - 1e-9


# ---------------------------------------------------------------- what cannot be met


def test_the_month_that_needs_most_tolerance_is_named_and_its_tolerance_works():
    table = demand([3.0, 2.0, 1.0, 4.0], months=("2025-01", "2025-02", "2025-03"))
    table.loc[table["month"] == "2025-02", "area_km2"] = [1.0, 1.0, 3.0, 3.0]
    people = pd.Series([400.0, 400.0, 100.0, 100.0], index=table["zone_id"].unique())
    groups = {"many": ("z00", "z01"), "few": ("z02", "z03")}
    limits = HoursRules(rounding="none", min_per_day=1.5)

    def solve(within):
        return solve_hours(
            table, limits, constraints=[CoverageParity(within)], groups=groups, population=people
        )

    with pytest.raises(InfeasibleError, match=r"cannot be met in 2025-0\d: .*\(group few must get") as caught:
        solve(0.05)
    least = caught.value.remedy
    assert least is not None
    assert "works for all 3 months" in str(caught.value)
    assert caught.value.shortfall == pytest.approx(least - 0.05, abs=1e-4)
    solve(least)
    with pytest.raises(InfeasibleError):
        solve(least - 2e-4)


@pytest.mark.parametrize("seed", range(8))
def test_least_tolerance_equals_the_lp(seed):
    rng = np.random.default_rng(seed)
    table = demand(rng.gamma(1.0, 3.0, 8))
    zones = table["zone_id"].to_numpy()
    people = pd.Series(rng.uniform(100.0, 3000.0, 8), index=zones)
    groups = {"a": tuple(zones[:3]), "b": tuple(zones[3:6])}
    rules = HoursRules(city_budget=8 * 33.0, rounding="none")
    ask = {"constraints": [CoverageParity(0.0)], "groups": groups, "population": people}
    problem, own = apply_constraints(
        build_problem(table, rules), ask["constraints"], groups=groups, population=people
    )
    general = explain_rules(problem, own, 0)
    with pytest.raises(InfeasibleError) as caught:
        solve_hours(table, rules, **ask)
    assert caught.value.shortfall == pytest.approx(general.shortfall, abs=1e-7)


def test_a_tolerance_for_whole_units_is_named_and_works():
    table = demand([3.0, 2.0, 1.0, 4.0])
    people = pd.Series([101.0, 99.3, 100.7, 98.1], index=table["zone_id"])
    ask = {"groups": {"a": ("z00", "z01"), "b": ("z02", "z03")}, "population": people}
    rules = HoursRules(city_budget=180.0)
    with pytest.raises(InfeasibleError, match=r"not in whole steps of 0\.25 h") as caught:
        solve_hours(table, rules, constraints=[CoverageParity(0.0)], **ask)
    assert caught.value.remedy is not None
    solve_hours(table, rules, constraints=[CoverageParity(caught.value.remedy)], **ask)


# ---------------------------------------------------------------- size


def test_a_city_of_five_thousand_zones_takes_the_exact_way():
    rng = np.random.default_rng(0)
    n = 4994
    table = demand(rng.gamma(1.0, 1.2, n), months=("2025-01", "2025-02", "2025-03"))
    table["zone_id"] = [f"E{i:05d}" for i in range(n)] * 3
    zones = table["zone_id"].unique()
    people = pd.Series(rng.uniform(900.0, 2500.0, n), index=zones)
    label = rng.integers(0, 5, n)
    groups = {f"q{k}": tuple(zones[label == k]) for k in range(5)}
    plan = solve_hours(
        table,
        HoursRules(city_budget=n * 50.0, ward_budget=None),
        constraints=[CoverageParity(0.01)],
        groups=groups,
        population=people,
    )
    assert "HiGHS" not in plan.certificate.solver
    assert plan.certificate.gap <= 1e-9
    assert plan.certificate.violation <= 1e-9
