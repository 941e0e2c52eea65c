"""Scenarios side by side: a city of three zones by hand, relations that hold for any plans, and what is not compared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.evaluation import (
    Standing,
    cautions,
    figures_beside,
    gain_words,
    part_changes,
    same_zones,
    zone_changes,
)
from patrol_core.planning import Planner, prepare, standing_of
from patrol_core.scenario import differing_choices, make_scenario
from patrol_core.sources.sample import load_area

ZONES = ("a", "b", "c")
PARTS = {"Ward": {"north": ["a", "b"], "south": ["c"]}, "Age": {"old": {"a": 0.5, "b": 0.25, "c": 1.0}}}


def standing(units, left, before=(8.0, 4.0, 4.0), **more) -> Standing:
    known = {
        "data": ("0", "Town"),
        "unit": "crimes per month",
        "zone_ids": ZONES,
        "zone_names": ("A", "B", "C"),
        "parts": PARTS,
        "assumption": "half",
        "hours_per_unit": 730.0,
    }
    return Standing(
        units=np.array(units, dtype=float),
        before=np.array(before, dtype=float),
        left=np.array(left, dtype=float),
        **(known | more),
    )


# One unit in a halves it; with two units, one in a and one in b.
ONE = standing([1, 0, 0], [4, 4, 4])
TWO = standing([1, 1, 0], [4, 2, 4])
MOVED = standing([0, 1, 1], [8, 2, 2])


def test_figures_by_hand():
    table = figures_beside({"A": ONE, "B": TWO, "C": MOVED}, "A").set_index("scenario")
    assert table["units"].tolist() == [1.0, 2.0, 2.0]
    assert table["hours"].tolist() == [730.0, 1460.0, 1460.0]
    assert table["zones_patrolled"].tolist() == [1, 2, 2]
    assert table["before"].tolist() == [16.0] * 3
    assert table["worst_case"].tolist() == [4.0, 4.0, 8.0]
    assert table["worst_change"].tolist() == [0.0, 0.0, 4.0]
    assert table["total"].tolist() == [12.0, 10.0, 12.0]
    assert table["total_change"].tolist() == [0.0, -2.0, 0.0]
    assert table["prevented"].tolist() == [25.0, 37.5, 25.0]
    assert table["prevented_change"].tolist() == [0.0, 12.5, 0.0]


def test_zones_and_parts_by_hand():
    zones = zone_changes(ONE, MOVED)
    assert zones["left_change"].tolist() == [4.0, -2.0, -2.0]
    assert zones["units_change"].tolist() == [-1.0, 1.0, 1.0]
    parts = part_changes(ONE, MOVED).set_index(["kind", "part"])
    assert parts.loc[("Ward", "north"), "left_change"] == 2.0
    assert parts.loc[("Ward", "south"), "left_change"] == -2.0
    assert parts.loc[("Ward", "south"), "units_change"] == 1.0
    # half of a's residents, a quarter of b's, all of c's: 0.5 x 4 - 0.25 x 2 - 2
    assert parts.loc[("Age", "old"), "left_change"] == pytest.approx(-0.5)
    assert parts.loc["Ward"].index.tolist() == ["south", "north"], "the most relieved first"


def test_words_by_hand():
    said = gain_words(("A", "C"), zone_changes(ONE, MOVED), "crimes per month")
    assert "2 of 3 zones have less harm left than under A (4 crimes per month in all)" in said
    assert "1 have more (4)" in said
    assert "leaves every zone what A leaves it" in gain_words(("A", "B"), zone_changes(ONE, ONE), "crimes")


amounts = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=3, max_size=3)


@settings(max_examples=100, deadline=None)
@given(amounts, amounts, amounts, amounts)
def test_relations(units, left, other_units, other_left):
    one, other = standing(units, left), standing(other_units, other_left)
    there, back, same = zone_changes(one, other), zone_changes(other, one), zone_changes(one, one)
    for column in ("units_change", "left_change"):
        assert (same[column] == 0).all()
        np.testing.assert_array_equal(there[column], -back[column])
    table = figures_beside({"A": one, "B": other}, "A").set_index("scenario")
    swapped = figures_beside({"A": one, "B": other}, "B").set_index("scenario")
    scale = max(*left, *other_left, 1.0)
    assert there["left_change"].sum() == pytest.approx(table.loc["B", "total_change"], abs=1e-6 * scale)
    assert table.loc["B", "total_change"] == -swapped.loc["A", "total_change"]
    assert table.loc["B", "worst_change"] == -swapped.loc["A", "worst_change"]
    assert table.loc["A", ["total_change", "worst_change", "prevented_change"]].tolist() == [0.0] * 3
    wards = part_changes(one, other).query("kind == 'Ward'")
    assert wards["left_change"].sum() == pytest.approx(there["left_change"].sum(), abs=1e-6 * scale)


# -- what is not compared --------------------------------------------------------------------------


def test_other_units_have_no_difference():
    other = dataclasses.replace(TWO, unit="days per month")
    table = figures_beside({"A": ONE, "B": other}, "A").set_index("scenario")
    assert table.loc["B", ["worst_change", "total_change"]].isna().all()
    assert table.loc["B", "prevented_change"] == 12.5
    assert zone_changes(ONE, other).empty
    assert "no difference of harm" in cautions(("A", "B"), ONE, other)[-1]


def test_other_zones_have_sums_only():
    other = dataclasses.replace(TWO, zone_ids=("x", "y", "z"))
    assert not same_zones(ONE, other)
    assert zone_changes(ONE, other).empty
    assert part_changes(ONE, other).empty
    assert list(part_changes(ONE, other).columns) == list(part_changes(ONE, TWO).columns)
    assert "only sums compare" in " ".join(cautions(("A", "B"), ONE, other))


def test_other_data_effects_and_expectations_are_said():
    assert cautions(("A", "B"), ONE, TWO) == ()
    assert (
        "other data (Village)"
        in cautions(("A", "B"), ONE, dataclasses.replace(TWO, data=("1", "Village")))[0]
    )
    assert (
        "assumes another effect (all)"
        in cautions(("A", "B"), ONE, dataclasses.replace(TWO, assumption="all"))[0]
    )
    later = dataclasses.replace(TWO, before=np.array([9.0, 4.0, 4.0]))
    assert "expects 17 crimes per month, A 16" in cautions(("A", "B"), ONE, later)[0]


# -- from real plans -------------------------------------------------------------------------------


def test_a_plan_stands_as_its_strategy_says():
    sample = load_area("sample")
    chosen = make_scenario({"budget": 6})
    planner = Planner(prepare(sample, chosen))
    plan = planner.solve(chosen)
    found = standing_of(planner.prepared, chosen, plan, "half")
    assert found.worst_case == plan.worst_case
    assert found.total == pytest.approx(plan.expected_residual)
    assert found.units.sum() == pytest.approx(plan.budget_used)
    assert len(found.parts) == 2
    for parts in found.parts.values():
        assert sum(len(members) for members in parts.values()) == len(found.zone_ids)


def test_only_choices_that_differ_are_said():
    same = make_scenario({})
    assert differing_choices({"A": same, "B": same}) == []
    rows = differing_choices({"A": same, "B": same.changed(offender="none", fairness=0.2, month_hours=7300)})
    assert [row["choice"] for row in rows] == [
        "Units on patrol at once",
        "Offenders",
        "Fairness: how far groups may differ",
    ]
    assert rows[0] == {"choice": rows[0]["choice"], "A": "12 units", "B": "10 units"}
    assert rows[1]["B"] == "do not react"
    assert rows[2]["A"] == "none"
    hours = differing_choices({"A": same.changed(month_hours=730), "B": same.changed(month_hours=7300)})
    assert [row["choice"] for row in hours] == ["Patrol hours a month"]
    assert hours[0]["B"] == "7,300 h per month"
