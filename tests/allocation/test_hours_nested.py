"""Ward, borough and city budgets together, a least useful dose, and the ways hours are divided without optimisation."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from patrol_core.allocation.hours.compare import CEILING, CRIME, EQUAL, LAST_YEAR, PLAN, compare_hours
from patrol_core.allocation.hours.solve import HoursCap, HoursRules, solve_hours
from patrol_core.errors import InfeasibleError, InputError

WARDS = ["A", "A", "B", "B", "C", "C"]
BOROUGHS = ["X", "X", "X", "X", "Y", "Y"]


def demand(risk, *, wards=None, boroughs=None, months=("2025-02",)):
    n = len(risk)
    frames = [
        pd.DataFrame(
            {
                "month": month,
                "ward": wards or WARDS[:n],
                "borough": boroughs or BOROUGHS[:n],
                "zone_id": [f"z{i}" for i in range(n)],
                "area_km2": 1.0,
                "risk": [float(r) for r in risk],
            }
        )
        for month in months
    ]
    return pd.concat(frames, ignore_index=True)


def test_three_levels_by_hand():
    # Equal zones: A is held to 60 h (30 each), X to 150 h (45 each in B), Y gets what is left of 260 h.
    rules = HoursRules(
        ward_budget=None,
        ward_budgets=(("A", 60.0),),
        borough_budget=150.0,
        city_budget=260.0,
        rounding="none",
    )
    plan = solve_hours(demand([5] * 6), rules)
    assert plan.frame["hours"].tolist() == pytest.approx([30, 30, 45, 45, 55, 55])
    assert plan.binding == ("2025-02 borough X", "2025-02 city", "2025-02 ward A")
    worth = plan.slack.set_index(["kind", "name"])["value_of_hour"]
    weight = 5 / np.log1p(2.6 * 28)
    # A zone's own value is the sum of its budgets' values.
    assert worth["city", "all zones"] == pytest.approx(weight / 56)
    assert worth["borough", "X"] == pytest.approx(weight / 46 - weight / 56)
    assert worth["ward", "A"] == pytest.approx(weight / 31 - weight / 46)
    assert plan.certificate.gap < 1e-12
    assert "borough" in plan.frame


@settings(derandomize=True, deadline=None, max_examples=8)
@given(
    st.lists(st.floats(0.5, 40), min_size=6, max_size=6),
    st.tuples(st.floats(58, 140), st.floats(115, 260), st.floats(172, 400)),
)
def test_water_filling_tangents_and_scipy_agree(risk, budgets):
    ward, borough, city = budgets
    table = demand(risk)
    rules = HoursRules(ward_budget=ward, borough_budget=borough, city_budget=city, rounding="none")
    exact = solve_hours(table, rules, method="kkt")
    cuts = solve_hours(table, rules, method="lp")
    assert exact.certificate.objective == pytest.approx(cuts.certificate.objective, rel=1e-6)
    assert exact.certificate.objective <= cuts.certificate.bound * (1 + 1e-12)
    assert exact.certificate.violation <= 1e-9
    assert exact.certificate.gap <= 1e-12
    weight, most = np.array(risk) / np.log1p(2.6 * 28), 2.6 * 28
    sums = [lambda x, s=s, b=b: b - x[s].sum() for s, b in _sets(ward, borough, city)]
    second = minimize(
        lambda x: -(weight * np.log1p(x)).sum(),
        np.full(6, 28.0),
        jac=lambda x: -weight / (1 + x),
        bounds=[(28.0, most)] * 6,
        constraints=[{"type": "ineq", "fun": rule} for rule in sums],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert exact.certificate.objective == pytest.approx(-second.fun, rel=1e-6)
    assert exact.certificate.objective >= -second.fun * (1 - 1e-9)


def _sets(ward, borough, city):
    return [
        (slice(0, 2), ward),
        (slice(2, 4), ward),
        (slice(4, 6), ward),
        (slice(0, 4), borough),
        (slice(4, 6), borough),
        (slice(0, 6), city),
    ]


def test_tangents_to_1e_8():
    """At the LP's tightest gap the two ways agree to eight digits."""
    from patrol_core.allocation.hours.linear_program import solve_month
    from patrol_core.allocation.hours.paths import by_water_filling
    from patrol_core.allocation.hours.problem import build_problem

    rng = np.random.default_rng(8)
    table = demand(rng.uniform(1, 30, 6))
    rules = HoursRules(ward_budget=120.0, borough_budget=200.0, city_budget=260.0, rounding="none")
    problem = build_problem(table, rules)
    exact = by_water_filling(problem)
    cuts = solve_month(problem, (), 0, exact.hours * 0.9 + 3.0, gap=1e-9)
    value = float((problem.weight * np.log1p(exact.hours)).sum())
    assert float((problem.weight * np.log1p(cuts.hours)).sum()) == pytest.approx(value, rel=1e-8)
    assert cuts.bound == pytest.approx(exact.bound[0], rel=1e-8)


@settings(derandomize=True, deadline=None, max_examples=15)
@given(
    st.lists(st.integers(1, 30), min_size=4, max_size=4),
    st.tuples(st.integers(5, 12), st.integers(8, 20), st.integers(10, 24)),
    st.booleans(),
)
def test_whole_units_under_three_levels_are_the_best(risk, budgets, one_borough):
    table = demand(risk, boroughs=["X"] * 4 if one_borough else ["X", "X", "Y", "Y"])
    rules = _shift_rules(budgets)
    plan = solve_hours(table, rules)
    best = _best(table, plan, rules, least=0)
    assert plan.objective_after_rounding == pytest.approx(best, abs=1e-9)
    assert plan.certificate.bound >= best - 1e-9
    assert plan.certificate.violation <= 1e-9


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 30), min_size=4, max_size=4),
    st.tuples(st.integers(5, 12), st.integers(8, 20), st.integers(10, 24)),
    st.booleans(),
    st.integers(2, 4),
)
def test_the_dose_is_kept_and_its_bound_holds(risk, budgets, one_borough, least):
    table = demand(risk, boroughs=["X"] * 4 if one_borough else ["X", "X", "Y", "Y"])
    plan = solve_hours(table, _shift_rules(budgets, least_visits=least))
    best = _best(table, plan, plan.rules, least=least)
    units = np.rint(plan.frame["hours"].to_numpy(float) / 1.5)
    assert not ((units > 0) & (units < least)).any()
    assert plan.certificate.violation <= 1e-9
    assert plan.objective_after_rounding <= best + 1e-9
    assert plan.certificate.bound >= best - 1e-9
    if plan.certificate.status == "optimal":
        assert plan.objective_after_rounding == pytest.approx(best)


def _shift_rules(budgets, **more):
    ward, borough, city = (float(b) for b in budgets)
    return HoursRules(
        min_per_day=0.0,
        max_per_day=0.4,
        rounding="shift",
        shift_hours=1.5,
        ward_budget=ward,
        borough_budget=borough,
        city_budget=city,
        **more,
    )


def _best(table, plan, rules, *, least):
    most = plan.frame["upper"].to_numpy(float)
    choices = [[n for n in range(int(m / 1.5) + 1) if n == 0 or n >= least] for m in most]
    pools = [table[name].to_numpy() for name in ("ward", "borough")] + [np.array(["city"] * len(table))]
    limits = (rules.ward_budget, rules.borough_budget, rules.city_budget)
    best = -np.inf
    for units in itertools.product(*choices):
        hours = np.array(units) * 1.5
        if all(
            hours[pool == name].sum() <= limit
            for pool, limit in zip(pools, limits, strict=True)
            for name in set(pool)
        ):
            best = max(best, float((table["risk"] * np.log1p(hours) / np.log1p(most)).sum()))
    return best


def test_a_dose_that_fits_nothing_leaves_zones_out():
    # 2 h in all and a dose of 1 h: two zones of three get one, the least useful none.
    rules = HoursRules(
        min_per_day=0.0, rounding="visit", visit_minutes=15, least_visits=4, ward_budget=None, city_budget=2.0
    )
    plan = solve_hours(demand([9, 1, 8]), rules)
    assert plan.frame["hours"].tolist() == [1.0, 0.0, 1.0]


def test_dose_faults_are_named():
    with pytest.raises(InputError, match=r"must have 28 h at least, and the least useful dose is 50 h"):
        solve_hours(demand([5, 5]), HoursRules(least_visits=200))
    with pytest.raises(InputError, match="whole visits, and rounding is none"):
        HoursRules(least_visits=4, rounding="none")
    with pytest.raises(InputError, match="cannot be asked for together"):
        solve_hours(
            demand([5, 5]),
            HoursRules(min_per_day=0, least_visits=4, city_budget=50),
            constraints=(HoursCap(30.0, group="g"),),
            groups={"g": ("z0", "z1")},
        )


def test_visits_of_another_length():
    plan = solve_hours(demand([5, 9, 3]), HoursRules(rounding="visit", visit_minutes=20, city_budget=150.0))
    assert np.allclose(plan.frame["hours"] * 3, np.rint(plan.frame["hours"] * 3))


def test_wards_of_one_name_in_two_boroughs_are_two_wards():
    table = demand([5] * 4, wards=["Abbey", "Abbey", "Abbey", "Abbey"], boroughs=["X", "X", "Y", "Y"])
    plan = solve_hours(
        table, HoursRules(ward_budget=None, ward_budgets=(("Abbey (Y)", 60.0),), rounding="none")
    )
    assert plan.frame["hours"].tolist() == pytest.approx([72.8, 72.8, 30, 30])
    with pytest.raises(
        InputError, match=r"'Abbey', which several boroughs have; write Abbey \(X\) or Abbey \(Y\)"
    ):
        solve_hours(table, HoursRules(ward_budgets=(("Abbey", 60.0),)))


def test_a_borough_shortfall_is_named_and_its_remedy_works():
    table = demand([1] * 6, months=("2025-01", "2025-02"))
    with pytest.raises(
        InfeasibleError, match="Borough X in 2025-01: the least hours of its 4 zones add to 124 h, 24 h more"
    ) as caught:
        solve_hours(table, HoursRules(borough_budget=100.0))
    assert caught.value.rule == "borough-budget"
    assert caught.value.shortfall == pytest.approx(24)
    assert solve_hours(table, HoursRules(borough_budget=caught.value.remedy)).binding


@pytest.mark.parametrize(
    ("table", "rules", "word"),
    [
        (demand([1, 2]).drop(columns="borough"), {"borough_budget": 90.0}, "no column 'borough'"),
        (demand([1, 2]), {"borough_budgets": (("Q", 90.0),)}, "borough 'Q', which is not in the demand"),
        (demand([1, 2]).assign(borough=["X", ""]), {}, "row 2 of the demand: the borough is empty"),
    ],
)
def test_borough_faults_are_one_sentence(table, rules, word):
    with pytest.raises(InputError, match=word):
        solve_hours(table, HoursRules(**rules))


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"visit_minutes": 0}, "visit_minutes is 0"),
        ({"least_visits": 1.5}, "whole number"),
        ({"ward_budgets": (("A", 1.0), ("A", 2.0))}, "names 'A' twice"),
        ({"rounding": "visits"}, "choose quarter, visit, none or shift"),
    ],
)
def test_rules_that_mean_nothing_are_refused(values, word):
    with pytest.raises(InputError, match=word):
        HoursRules(**values)


# -- the usual ways -------------------------------------------------------------------------------


def test_the_usual_ways_cost_the_same_and_never_meet_more():
    rng = np.random.default_rng(2)
    table = demand(rng.gamma(1.0, 8.0, 6), months=("2025-01", "2025-02"))
    for rounding in ("quarter", "none"):
        rules = HoursRules(ward_budget=110.0, borough_budget=190.0, city_budget=260.0, rounding=rounding)
        plan = solve_hours(table, rules)
        last = rng.gamma(1.0, 8.0, 12)
        found, hours = compare_hours(plan, last_year=last)
        found = found.set_index("way")
        assert list(found.index) == [PLAN, EQUAL, CRIME, LAST_YEAR, CEILING]
        for way in (EQUAL, CRIME, LAST_YEAR):
            assert found.loc[way, "demand_met"] <= found.loc[PLAN, "demand_met"] + 1e-9
            assert found.loc[way, "overspent"] == 0
            assert found.loc[way, "hours"] <= found.loc[PLAN, "hours"] + 1e-6
            assert (hours[way] >= plan.frame["lower"] - 1e-9).all()
            assert (hours[way] <= plan.frame["upper"] + 1e-9).all()
        # Rounding up spends more than there is, by the sum it shows.
        assert found.loc[CEILING, "overspent"] > 0
        assert found.loc[CEILING, "hours"] == pytest.approx(float(hours[CEILING].sum()))


def test_equal_hours_by_hand():
    plan = solve_hours(demand([9, 1, 4]), HoursRules(ward_budget=None, city_budget=120.0))
    _, hours = compare_hours(plan)
    assert hours[EQUAL].tolist() == [40.0, 40.0, 40.0]
    assert hours[CRIME].sum() == 120.0


def test_last_year_must_fit_the_rows():
    plan = solve_hours(demand([9, 1, 4]), HoursRules(city_budget=120.0))
    with pytest.raises(InputError, match="needs 3 numbers"):
        compare_hours(plan, last_year=[1.0, 2.0])
