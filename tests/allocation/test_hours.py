"""The hours front door: a case by hand, what binds, what cannot be met, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.hours.solve import (
    HoursCap,
    HoursFloor,
    HoursRules,
    binding_city_budget,
    solve_hours,
)
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import Cap, CoverageParity, Floor, ResidualParity


def demand(risk, *, months=("2025-01",), wards=None, area=None):
    n = len(risk)
    parts = [
        pd.DataFrame(
            {
                "month": month,
                "ward": wards or ["A"] * n,
                "zone_id": [f"z{i}" for i in range(n)],
                "area_km2": area or [1.0] * n,
                "risk": [float(r) for r in risk],
            }
        )
        for month in months
    ]
    return pd.concat(parts, ignore_index=True)


def by_zone(plan, column="hours"):
    return dict(zip(plan.frame["zone_id"], plan.frame[column], strict=True))


def test_two_zones_by_hand():
    # 31 days: bounds 31 and 80.6. Equal areas, so a_i is the same and hours + 1 go as demand: 2:1 of 102.
    plan = solve_hours(demand([10, 5]), HoursRules(city_budget=100.0, rounding="none"))
    assert by_zone(plan) == pytest.approx({"z0": 67.0, "z1": 33.0}, rel=1e-12)
    a = 1.0 / math.log1p(80.6)
    assert plan.certificate.objective == pytest.approx(a * (10 * math.log(68) + 5 * math.log(34)), rel=1e-12)
    assert plan.certificate.bound == pytest.approx(plan.certificate.objective, rel=1e-12)
    assert plan.binding == ("2025-01 city",)
    city = plan.slack[plan.slack["kind"] == "city"].iloc[0]
    assert city["value_of_hour"] == pytest.approx(a * 10 / 68, rel=1e-12)
    assert plan.frame["value_of_hour"].tolist() == pytest.approx([a * 10 / 68] * 2, rel=1e-12)


def test_most_hours_follow_days_and_area():
    # February: 28 days. Mean area 2: shares 0.5 -> clipped to 1, 1 -> 1, 1.5 -> 1.5; and 2.5 would clip to 2.
    plan = solve_hours(
        demand([1, 1, 1], months=("2025-02",), area=[1.0, 2.0, 3.0]), HoursRules(rounding="none")
    )
    assert plan.frame["lower"].tolist() == [28.0] * 3
    assert plan.frame["upper"].tolist() == pytest.approx([72.8, 72.8, 109.2])
    wide = solve_hours(
        demand([1] * 4, months=("2024-02",), area=[0.1, 0.1, 0.1, 7.7]), HoursRules(rounding="none")
    )
    assert wide.frame["upper"].tolist() == pytest.approx([2.6 * 29] * 3 + [5.2 * 29])


def test_mean_area_is_of_each_month():
    table = demand([1, 1], months=("2025-01", "2025-03"), area=[1.0, 3.0]).iloc[[0, 1, 3]]
    upper = solve_hours(table, HoursRules(rounding="none")).frame["upper"].tolist()
    assert upper == pytest.approx([80.6, 1.5 * 80.6, 80.6])  # alone in March, the zone is the mean


def test_nothing_binds_is_said():
    plan = solve_hours(demand([3, 2, 1]))
    assert plan.binding == ()
    assert "no decision" in plan.notes[0]
    assert "241.8 h a month" in plan.notes[0]
    assert by_zone(plan) == {"z0": 80.5, "z1": 80.5, "z2": 80.5}  # quarters inside 80.6
    assert plan.slack["slack"].max() == math.inf  # no city budget


def test_start_budget_binds_in_every_month():
    table = demand([3, 2, 1], months=("2025-01", "2025-02"))
    budget = binding_city_budget(table)
    plan = solve_hours(table, HoursRules(city_budget=budget))
    assert plan.binding == ("2025-01 city", "2025-02 city")


def test_ward_and_city_budgets_together():
    table = demand([9, 9, 1, 1], wards=["A", "A", "B", "B"])
    plan = solve_hours(table, HoursRules(ward_budget=120.0, city_budget=200.0, rounding="none"))
    assert by_zone(plan) == pytest.approx({"z0": 60.0, "z1": 60.0, "z2": 40.0, "z3": 40.0})
    assert plan.binding == ("2025-01 city", "2025-01 ward A")
    slack = plan.slack.set_index("name")["value_of_hour"]
    a = 1.0 / math.log1p(80.6)
    assert slack["all zones"] == pytest.approx(a / 41.0)
    assert slack["A"] == pytest.approx(a * (9 / 61.0 - 1 / 41.0))
    assert slack["B"] == 0.0


def test_named_ward_budget():
    table = demand([5, 5, 5, 5], wards=["A", "A", "B", "B"])
    plan = solve_hours(table, HoursRules(ward_budget=None, ward_budgets=(("B", 100.0),)))
    assert plan.binding == ("2025-01 ward B",)
    assert by_zone(plan)["z3"] == 50.0


def test_rows_keep_order_index_and_labels():
    table = demand([4, 3, 2, 1], months=("2025-02", "2025-01")).sample(frac=1, random_state=1)
    plan = solve_hours(table, HoursRules(city_budget=200.0))
    assert plan.frame.index.tolist() == table.index.tolist()
    assert plan.frame["zone_id"].tolist() == table["zone_id"].tolist()
    straight = solve_hours(table.sort_index(), HoursRules(city_budget=200.0))
    pd.testing.assert_frame_equal(plan.frame.sort_index(), straight.frame)


def test_zero_demand_gets_the_minimum_and_a_note():
    plan = solve_hours(demand([0, 5]), HoursRules(city_budget=100.0))
    assert by_zone(plan) == {"z0": 31.0, "z1": 69.0}
    assert any("no crime to expect" in note for note in plan.notes)
    nothing = solve_hours(demand([0, 0]), HoursRules(city_budget=100.0))
    assert by_zone(nothing) == {"z0": 31.0, "z1": 31.0}
    assert nothing.certificate.gap == 0.0


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.floats(0.0, 50.0), min_size=2, max_size=8), st.floats(0.05, 0.95))
def test_objective_rises_with_the_budget_by_its_dual(risk, share):
    table = demand(risk)
    low, high = 31.0 * len(risk), 80.6 * len(risk)
    budget = low + share * (high - low)
    rules = HoursRules(city_budget=budget, rounding="none")
    plan = solve_hours(table, rules)
    more = solve_hours(table, HoursRules(city_budget=budget + 1e-3, rounding="none"))
    worth = float(plan.slack.loc[plan.slack["kind"] == "city", "value_of_hour"].iloc[0])
    rise = more.certificate.objective - plan.certificate.objective
    assert -1e-12 <= rise <= worth * 1e-3 + 1e-12  # concave: never more than the dual promises


def test_certificates_by_month_add_up():
    plan = solve_hours(demand([4, 3, 2], months=("2025-01", "2025-02")), HoursRules(city_budget=150.0))
    assert sum(c.objective for c in plan.monthly.values()) == pytest.approx(plan.certificate.objective)
    assert all(c.status is Status.OPTIMAL for c in plan.monthly.values())
    fields = plan.as_dict()
    assert {"status", "objective", "bound", "gap", "solver", "seconds", "binding"} <= set(fields)
    assert fields["objective_before_rounding"] >= fields["objective_after_rounding"]


# -- rules that cannot be met ------------------------------------------------------------------------


def test_ward_shortfall_is_named_and_its_remedy_works():
    table = demand([1, 1, 1], wards=["A", "B", "B"])
    with pytest.raises(InfeasibleError, match=r"Ward B in 2025-01.*62 h, 12 h more than.*50 h") as caught:
        solve_hours(table, HoursRules(ward_budget=50.0))
    assert caught.value.shortfall == pytest.approx(12.0)
    assert caught.value.remedy == pytest.approx(62.0)
    assert solve_hours(table, HoursRules(ward_budget=caught.value.remedy)).binding


def test_city_shortfall_names_the_month_and_what_works_for_all():
    table = demand([1, 1], months=("2025-01", "2025-02"))
    with pytest.raises(InfeasibleError, match=r"2025-01.*62 h.*2 h more") as caught:
        solve_hours(table, HoursRules(city_budget=60.0))
    assert caught.value.remedy == 62.0
    solve_hours(table, HoursRules(city_budget=62.0))
    with pytest.raises(InfeasibleError):
        solve_hours(table, HoursRules(city_budget=61.99))


def test_rounding_can_make_the_least_hours_too_many():
    rules = HoursRules(min_per_day=1.01, city_budget=62.7, rounding="none")
    solve_hours(demand([1, 1]), rules)  # 31.31 each fits
    with pytest.raises(InfeasibleError, match=r"counted in steps of 0.25 h") as caught:
        solve_hours(demand([1, 1]), HoursRules(min_per_day=1.01, city_budget=62.7))
    assert caught.value.remedy == 63.0


def test_zone_floors_and_caps_are_bounds():
    rules = HoursRules(city_budget=150.0, rounding="none")
    limits = [HoursFloor(50.0, zone="z2"), HoursCap(60.0, zone="z0")]
    plan = solve_hours(demand([9, 3, 0]), rules, constraints=limits)
    assert by_zone(plan) == pytest.approx({"z0": 60.0, "z1": 40.0, "z2": 50.0})
    out = solve_hours(demand([9, 3, 1]), rules, constraints=[HoursCap(0.0, zone="z2")])
    assert by_zone(out)["z2"] == 0.0
    assert any("may get no hours at all" in note for note in out.notes)
    with pytest.raises(InfeasibleError, match=r"zone z0.*90.*80.6"):
        solve_hours(demand([9, 3]), rules, constraints=[HoursFloor(90.0, zone="z0")])


# -- input that is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"month": "2025-13"}, "row 2.*2025-13.*YYYY-MM"),
        ({"month": 202501}, "row 2.*YYYY-MM"),
        ({"ward": ""}, "row 2.*ward is empty"),
        ({"zone_id": None}, "row 2.*zone is empty"),
        ({"area_km2": 0.0}, "row 2.*area_km2 is.*above 0"),
        ({"area_km2": math.nan}, "row 2.*area"),
        ({"risk": -1.0}, "row 2.*risk is -1; it must be 0 or more"),
        ({"risk": math.nan}, "row 2.*risk is nan"),
        ({"risk": math.inf}, "row 2.*risk is inf"),
        ({"zone_id": "z0"}, "row 2.*z0 already has a row for 2025-01.*row 1"),
    ],
)
def test_bad_rows_are_named(change, message):
    table = demand([1, 2, 3]).astype(object)
    for column, value in change.items():
        table.iloc[1, table.columns.get_loc(column)] = value
    with pytest.raises(InputError, match=message):
        solve_hours(table)


def test_missing_column_and_no_rows():
    with pytest.raises(InputError, match="no column 'ward'"):
        solve_hours(demand([1]).drop(columns="ward"))
    with pytest.raises(InputError, match="no rows"):
        solve_hours(demand([1]).iloc[:0])


@pytest.mark.parametrize(
    "change",
    [
        {"city_budget": -1.0},
        {"city_budget": math.nan},
        {"city_budget": "many"},
        {"ward_budget": math.inf},
        {"ward_budget": True},
        {"max_per_day": 0.0},
        {"max_per_day": math.inf},
        {"min_per_day": 3.0},
        {"rounding": "hour"},
        {"rounding_method": "up"},
        {"shift_hours": 0.0},
        {"area_clip": (2.0, 1.0)},
    ],
)
def test_rules_are_checked(change):
    with pytest.raises(InputError):
        HoursRules(**change)


def test_budget_of_zero_is_answered():
    with pytest.raises(InfeasibleError, match="budget of 0 h"):
        solve_hours(demand([1, 2]), HoursRules(city_budget=0.0))
    idle = solve_hours(demand([1, 2]), HoursRules(city_budget=0.0, min_per_day=0.0))
    assert idle.frame["hours"].sum() == 0.0
    assert idle.binding == ("2025-01 city",)


def test_rules_that_have_no_meaning_for_hours():
    people = {"z0": 10.0, "z1": 10.0}
    groups = {"g": ("z0",)}
    table = demand([1, 2])
    with pytest.raises(InputError, match=r"no convex"):
        solve_hours(table, constraints=[ResidualParity(0.2)], groups=groups, population=people)
    with pytest.raises(InputError, match="HoursFloor"):
        solve_hours(table, constraints=[Floor(0.5, zone="z0")])
    assert by_zone(solve_hours(table, constraints=[Cap(0.0, zone="z0")]))["z0"] == 0.0
    with pytest.raises(InputError, match="zone 'zz'"):
        solve_hours(table, constraints=[HoursFloor(40.0, zone="zz")])
    with pytest.raises(InputError, match="group 'h'"):
        solve_hours(table, constraints=[HoursFloor(40.0, group="h")], groups=groups)
    with pytest.raises(InputError, match="population"):
        solve_hours(table, constraints=[CoverageParity(0.1)], groups=groups)
    with pytest.raises(InputError, match=r"z1.*population"):
        solve_hours(table, constraints=[CoverageParity(0.1)], groups=groups, population={"z0": 1.0})
    with pytest.raises(InputError, match="'g' has no residents"):
        solve_hours(
            table, constraints=[CoverageParity(0.1)], groups=groups, population={"z0": 0.0, "z1": 5.0}
        )
    with pytest.raises(InputError, match="Water-filling"):
        solve_hours(table, constraints=[CoverageParity(0.1)], groups=groups, population=people, method="kkt")


def test_single_zone_and_long_ward_names():
    plan = solve_hours(demand([1], wards=["Ward, with comma"]), HoursRules(city_budget=50.1))
    assert by_zone(plan) == {"z0": 50.0}
    assert np.isfinite(plan.certificate.bound)
