"""From area and scenario to figures: by hand on four zones, and against itself along slider walks."""

from __future__ import annotations

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely import box

from patrol_core import planning as analysis
from patrol_core.areas import CRIME_COLUMNS, AreaData, DataKind, Finding
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import CoverageParity, Floor, ResidualParity
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.planning import (
    Planner,
    game_of,
    prepare,
    solve_hours_plan,
)
from patrol_core.planning.planner import MODELS_KEPT, constraints_of
from patrol_core.planning.preparation import months_between
from patrol_core.risk.harm import WEIGHTS
from patrol_core.scenario import Scenario, make_scenario
from patrol_core.sources.sample.embedded import load_area

WEST, SOUTH, SIDE = 528_000.0, 180_000.0, 1000.0
IDS = ("E01000001", "E01000002", "E01000003", "E01000004")
A, B, C, D = IDS
#: (month, type, published code, x, y): nine rows, seven of them in the risk and in a zone.
ROWS = (
    ("2024-01", "Burglary", A, 500.0, 500.0),
    ("2024-01", "Burglary", A, 500.0, 500.0),
    ("2024-02", "Burglary", A, np.nan, np.nan),  # the code alone places it
    ("2024-02", "Burglary", "", 1500.0, 200.0),  # the point alone places it, in B
    ("2024-01", "Robbery", C, 2500.0, 500.0),
    ("2024-03", "Robbery", C, 1500.0, 500.0),  # the code goes before the point
    ("2024-03", "Burglary", C, 2500.0, 500.0),
    ("2024-02", "Drugs", D, 3500.0, 500.0),  # recorded where patrols are: not in the risk
    ("2024-02", "Burglary", "", np.nan, np.nan),  # no place
    ("2024-03", "Burglary", "", 9500.0, 500.0),  # outside all zones
)


def crimes(rows=ROWS) -> pd.DataFrame:
    count = len(rows)
    month, kind, code, x, y = (list(column) for column in zip(*rows, strict=True))
    frame = pd.DataFrame(
        {
            "crime_id": [f"{number:064x}" for number in range(count)],
            "month": pd.Categorical(month, ordered=True),
            "crime_type": pd.Categorical(kind),
            "lon": np.full(count, np.nan),
            "lat": np.full(count, np.nan),
            "x": np.array(x) + WEST,
            "y": np.array(y) + SOUTH,
            "lsoa_code": code,
            "lsoa_name": [""] * count,
            "location": [""] * count,
            "force": ["A force"] * count,
            "outcome": [""] * count,
            "source": pd.Categorical(["a.csv"] * count),
        }
    )
    return frame[list(CRIME_COLUMNS)]


def zones(**columns) -> gpd.GeoDataFrame:
    given_columns = {
        "name": ["Zone A", "Zone B", "Zone C", "Zone D"],
        "ward": ["North", "North", "South", "South"],
        "population": [1000.0, 2000.0, 3000.0, 4000.0],
        "tenure": ["rent", "own", "rent", "own"],
        **columns,
    }
    shapes = [box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE) for i in range(4)]
    frame = gpd.GeoDataFrame(
        given_columns, geometry=shapes, crs="EPSG:27700", index=pd.Index(IDS, dtype="str")
    )
    return frame.rename_axis("zone_id")


def area(*, polygons=None, groups=None, rows=ROWS, findings=()) -> AreaData:
    return AreaData(
        key="tiny",
        name="Tiny",
        kind=DataKind.UPLOADED,
        crs="EPSG:27700",
        crimes=crimes(rows),
        polygons=zones() if polygons is None else polygons,
        totals=None,
        zone_systems=("lsoa", "ward", "grid", "hex"),
        groups={"tenure": "Most homes are"} if groups is None else groups,
        months=tuple(sorted({row[0] for row in rows})),
        attribution="none",
        findings=tuple(findings),
        content_hash="0" * 64,
    )


@pytest.fixture(scope="module")
def sample() -> AreaData:
    return load_area("sample")


# -- by hand --------------------------------------------------------------------------------------


def test_surface_by_hand():
    prepared = prepare(area(), Scenario())
    assert prepared.zone_ids == IDS
    assert prepared.months == ("2024-01", "2024-02", "2024-03")
    assert prepared.crime_types == ("Burglary", "Robbery")
    assert prepared.surface.mean == pytest.approx([1.0, 1 / 3, 1.0, 0.0])
    assert prepared.surface.unit == "crimes per month"
    placement = prepared.placement
    assert (placement.rows, placement.placed, placement.no_coordinates, placement.outside) == (10, 8, 1, 1)
    assert prepared.counts["count"].sum() == 8


def test_counts_hold_every_type_by_zone_and_month():
    counts = prepare(area(), Scenario()).counts
    found = {
        (str(row.zone_id), str(row.month), str(row.crime_type)): row.count_
        for row in counts.rename(columns={"count": "count_"}).itertuples()
    }
    assert found == {
        (A, "2024-01", "Burglary"): 2,
        (A, "2024-02", "Burglary"): 1,
        (B, "2024-02", "Burglary"): 1,
        (C, "2024-01", "Robbery"): 1,
        (C, "2024-03", "Robbery"): 1,
        (C, "2024-03", "Burglary"): 1,
        (D, "2024-02", "Drugs"): 1,
    }


def test_period_types_and_the_patrol_switch_by_hand():
    one = prepare(area(), make_scenario({"from_month": "2024-02", "to_month": "2024-02"}))
    assert one.months == ("2024-02",)
    assert one.surface.mean == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert one.placement.rows == 4
    robbery = prepare(area(), make_scenario({"crime_types": ("Robbery",)}))
    assert robbery.surface.mean == pytest.approx([0.0, 0.0, 2 / 3, 0.0])
    switched = prepare(area(), make_scenario({"patrol_generated": True}))
    assert switched.surface.mean == pytest.approx([1.0, 1 / 3, 1.0, 1 / 3])
    assert prepare(area(), make_scenario({"crime_types": ("Drugs",)})).surface.mean[3] == pytest.approx(1 / 3)


@pytest.mark.parametrize("weighting", ["count", "cchi", "ons-css"])
def test_harm_by_hand(weighting):
    prepared = prepare(area(), make_scenario({"weighting": weighting}))
    burglary, robbery = WEIGHTS[weighting].weights_of(["Burglary", "Robbery"])
    expected = [burglary, burglary / 3, (2 * robbery + burglary) / 3, 0.0]
    assert prepared.surface.mean == pytest.approx(expected, rel=1e-12)
    assert prepared.surface.unit.endswith(" per month")


def test_wards_by_hand():
    prepared = prepare(area(), make_scenario({"zones": "ward"}))
    names = dict(zip(prepared.zone_ids, prepared.surface.mean, strict=True))
    assert sorted(names.values()) == pytest.approx([1.0, 4 / 3])
    assert prepared.population.tolist() == [3000.0, 7000.0]


def test_grid_cells_take_rows_by_point_and_residents_by_ground():
    prepared = prepare(area(), make_scenario({"zones": "grid", "cell_m": 1000}))
    # The code no longer places a row; 528000 / 180000 are multiples of the cell, so cells are the squares.
    assert prepared.placement.placed == 8
    assert prepared.placement.no_coordinates == 2
    inside = np.isfinite(prepared.population)
    assert prepared.population[inside].sum() == pytest.approx(10_000)
    by_cell = dict(zip(prepared.zones["name"], prepared.surface.mean, strict=True))
    assert by_cell["Square 529 / 180"] == pytest.approx(2 / 3)


def test_groups_by_hand():
    prepared = prepare(area(), Scenario())
    assert prepared.group_by == "tenure"
    assert prepared.groups == {"own": (B, D), "rent": (A, C)}
    assert prepared.head == "residents"
    by_ward = prepare(area(), make_scenario({"group_by": "ward"}))
    assert by_ward.groups == {"North": (A, B), "South": (C, D)}
    assert analysis.group_columns(area()) == {"tenure": "Most homes are", "ward": "Ward"}


def test_groups_without_members_or_residents_are_left_out_and_said():
    polygons = zones(tenure=["rent", None, "", "own"], population=[10.0, 20.0, 30.0, 0.0])
    prepared = prepare(area(polygons=polygons), Scenario())
    texts = [finding.text for finding in prepared.findings]
    assert prepared.groups.keys() <= {"rent", "Unknown"}
    assert prepared.groups["rent"] == (A,)
    assert any("No residents are counted in own" in text for text in texts)


def test_no_groups_at_all():
    polygons = zones(ward=[""] * 4).drop(columns="tenure")
    prepared = prepare(area(polygons=polygons, groups={}), Scenario())
    assert prepared.group_by == ""
    assert prepared.groups == {}
    assert any("carry no groups" in finding.text for finding in prepared.findings)
    with pytest.raises(InputError, match="no groups to be fair between; switch the fairness rule off"):
        constraints_of(prepared, make_scenario({"fairness": 0.2}))
    assert prepare(area(polygons=polygons, groups={}), make_scenario({"fairness": 0.2})).groups == {}


def test_unknown_population_counts_zones_and_says_so():
    prepared = prepare(area(polygons=zones(population=[np.nan] * 4)), Scenario())
    assert prepared.population.tolist() == [1.0] * 4
    assert prepared.head == "zones"
    assert any("no population" in finding.text for finding in prepared.findings)


def test_partly_unknown_population_counts_as_nobody_and_names_the_zones():
    prepared = prepare(area(polygons=zones(population=[1000.0, np.nan, 3000.0, np.nan])), Scenario())
    assert prepared.population.tolist() == [1000.0, 0.0, 3000.0, 0.0]
    assert prepared.head == "residents"
    said = [f for f in prepared.findings if "have no population" in f.text]
    assert len(said) == 1
    assert said[0].severity == "warning"
    assert said[0].rows == 2
    assert f"{B}, {D}" in said[0].text
    # "own" is B and D, where nobody is known to live: it cannot be compared per head.
    assert prepared.groups == {"rent": (A, C)}


def test_findings_are_sorted_by_weight_and_said_once():
    own = (Finding("info", "An aside."), Finding("error", "A fault."), Finding("info", "An aside."))
    prepared = prepare(area(findings=own), Scenario())
    order = [{"error": 0, "warning": 1, "info": 2}[finding.severity] for finding in prepared.findings]
    assert order == sorted(order)
    texts = [finding.text for finding in prepared.findings]
    assert len(set(texts)) == len(texts)
    assert texts[0] == "A fault."


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"zones": "own"}, ["'own'", "lsoa, ward, grid, hex"]),
        ({"group_by": "nobody"}, ["'nobody'", "tenure, ward"]),
        ({"crime_types": ("Arson",)}, ["'Arson'", "Burglary"]),
        ({"from_month": "2025-01"}, ["2025-01", "2024-01 to 2024-03"]),
        ({"to_month": "2023-12"}, ["2023-12", "2024-01 to 2024-03"]),
    ],
)
def test_what_the_data_do_not_have_is_named_with_what_they_have(values, words):
    with pytest.raises(InputError) as caught:
        prepare(area(), make_scenario(values))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_months_between_by_hand():
    months = ("2024-01", "2024-02", "2024-04")
    assert months_between(months, "", "") == months
    assert months_between(months, "2024-02", "") == ("2024-02", "2024-04")
    assert months_between(months, "", "2024-03") == ("2024-01", "2024-02")
    with pytest.raises(InputError, match="from 2024-03 to 2024-03"):
        months_between(months, "2024-03", "2024-03")
    with pytest.raises(InputError, match="no month at all"):
        months_between((), "", "")


def test_key_follows_data_and_data_choices_only():
    base = prepare(area(), Scenario()).key
    assert prepare(area(), make_scenario({"budget": 3, "horizon": 2})).key == base
    assert prepare(area(), make_scenario({"weighting": "cchi"})).key != base
    assert prepare(replace(area(), content_hash="1" * 64), Scenario()).key != base


# -- plans ----------------------------------------------------------------------------------------


def test_plan_by_hand():
    """Values 1, 1/3, 1, 0 and one unit: x = 1 - v on A and C, so v = 1/2 and B (1/3) stays open."""
    prepared = prepare(area(), Scenario())
    scenario = make_scenario({"budget": 1, "effectiveness": 1, "response": "linear"})
    plan = Planner(prepared).solve(scenario)
    assert plan.coverage == pytest.approx([0.5, 0.0, 0.5, 0.0])
    assert plan.worst_case == pytest.approx(0.5)
    table = analysis.coverage_table(plan, prepared.surface.mean)
    assert table["residual"].tolist() == pytest.approx([0.5, 1 / 3, 0.5, 0.0])
    assert table["zone_id"].tolist() == list(IDS)
    compared = analysis.plans_compared(game_of(prepared, scenario), plan).set_index("plan")
    assert compared["worst_case"]["Uniform"] == pytest.approx(0.75)
    assert compared["worst_vs_uniform"][analysis.THE_PLAN] == pytest.approx(-100 / 3)


def test_rules_of_a_scenario():
    prepared = prepare(area(), Scenario())
    assert constraints_of(prepared, Scenario()) == ()
    both = make_scenario({"floor": 0.1, "fairness": 0.0, "fairness_rule": "residual-parity"})
    assert constraints_of(prepared, both) == (Floor(0.1), ResidualParity(0.0))
    assert constraints_of(prepared, make_scenario({"fairness": 0.3})) == (CoverageParity(0.3),)


WALK = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 1.0, 1.7, 2.5, 3.9, 4.0, 9.0]),
        st.sampled_from([None, None, 0.0, 0.05, 0.3, 1.0, 4.0]),
        st.sampled_from(["coverage-parity", "residual-parity"]),
        st.sampled_from([0.0, 0.0, 0.1, 0.4, 1.0]),
        st.sampled_from([("linear", 1.0), ("linear", 0.5), ("several", 0.5), ("several", 0.8)]),
    ),
    min_size=3,
    max_size=9,
)


def outcome(solve, scenario) -> tuple[float, float] | None:
    try:
        plan = solve(scenario)
    except InfeasibleError:
        return None
    return plan.worst_case, plan.expected_residual


def check_walk(planner: Planner, walk) -> None:
    """Every step of a kept planner has the figures of a model built for it alone."""
    for budget, fairness, rule, floor, (response, effect) in walk:
        scenario = make_scenario(
            {
                "budget": budget,
                "fairness": fairness,
                "fairness_rule": rule if response == "linear" else "coverage-parity",
                "floor": floor,
                "effectiveness": effect,
                "response": response,
            }
        )
        kept = outcome(planner.solve, scenario)
        fresh = outcome(lambda chosen: solve_zone_game(game_of(planner.prepared, chosen)), scenario)
        assert (kept is None) == (fresh is None), scenario
        if kept is not None:
            assert kept == pytest.approx(fresh, rel=1e-7, abs=1e-9), scenario


KEPT: dict[str, Planner] = {}


@settings(
    derandomize=True, deadline=None, max_examples=25, phases=[Phase.generate]
)  # shrinking takes minutes
@given(WALK)
def test_a_kept_planner_equals_fresh_solves_along_any_walk(walk):
    """One planner for all walks, so that its models are worn by everything before."""
    planner = KEPT.setdefault("tiny", Planner(prepare(area(), Scenario())))
    check_walk(planner, walk)


def test_a_kept_planner_equals_fresh_solves_on_the_sample(sample):
    rng = np.random.default_rng(5)
    walk = [
        (
            float(rng.choice([0, 3, 12, 12.5, 40, 127])),
            [None, 0.0, 0.1, 0.4][rng.integers(4)],
            ["coverage-parity", "residual-parity"][rng.integers(2)],
            float(rng.choice([0, 0.02, 0.2])),
            [("linear", 1.0), ("linear", 0.6), ("several", 0.5)][rng.integers(3)],
        )
        for _ in range(16)
    ]
    check_walk(Planner(prepare(sample, Scenario())), walk)


def test_a_planner_keeps_only_so_many_models():
    planner = Planner(prepare(area(), Scenario()))
    for step in range(1, 12):
        planner.solve(make_scenario({"fairness": 0.5, "effectiveness": step / 12}))
    assert len(planner._models) == MODELS_KEPT


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.sampled_from([0.5, 1.0, 2.0, 3.0]), st.sampled_from([0.3, 0.8, 2.0]), st.booleans())
def test_parity_holds_when_counted_again(budget, within, of_residual):
    """Per-head rates of each group within (1 +- d) of the overall rate, from the tables alone."""
    prepared = prepare(area(), Scenario())
    rule = "residual-parity" if of_residual else "coverage-parity"
    response = "linear" if of_residual else "several"
    scenario = make_scenario(
        {"budget": budget, "fairness": within, "fairness_rule": rule, "response": response}
    )
    try:
        plan = Planner(prepared).solve(scenario)
    except InfeasibleError:
        return
    table = analysis.coverage_table(plan, prepared.surface.mean).set_index("zone_id")
    amount = table["residual" if of_residual else "coverage"]
    people = prepared.zones["population"]
    overall = amount.sum() / people.sum()
    for label in ("rent", "own"):
        inside = prepared.zones["tenure"] == label
        rate = amount[inside].sum() / people[inside].sum()
        assert (1 - within) * overall - 1e-9 <= rate <= (1 + within) * overall + 1e-9


def test_fairness_table_by_hand():
    prepared = prepare(area(), Scenario())
    plan = Planner(prepared).solve(make_scenario({"budget": 1, "effectiveness": 1, "response": "linear"}))
    views = analysis.fairness_views(prepared, plan)
    assert views["group"].tolist() == ["own", "rent", "own", "rent"]
    protection, burden = views.iloc[:2], views.iloc[2:]
    assert protection["amount"].tolist() == pytest.approx([1 / 3, 1.0])
    assert protection["per_1000"].tolist() == pytest.approx([1 / 18, 1 / 4])
    assert burden["per_1000"].tolist() == pytest.approx([0.0, 0.25])
    assert set(protection["unit"]) == {"crimes per month"}
    assert set(burden["unit"]) == {"units on patrol at once"}


def test_nothing_is_per_head_where_nobody_knows_who_lives_there():
    prepared = prepare(area(polygons=zones(population=[np.nan] * 4)), Scenario())
    plan = Planner(prepared).solve(make_scenario({"budget": 1, "effectiveness": 1, "response": "linear"}))
    views = analysis.fairness_views(prepared, plan)
    assert not {"population", "per_1000"} & set(views.columns)
    assert views["view"].unique().tolist() == ["protection: residual per zone", "burden: patrol per zone"]
    assert views["per_zone"].tolist() == pytest.approx([1 / 6, 0.5, 0.0, 0.5])
    assert analysis.fairness_units(prepared)["per_zone"] == "row unit per zone"


def test_deployments_have_exactly_the_plan(sample):
    plan = Planner(prepare(sample, Scenario())).solve(make_scenario({"budget": 7.5, "fairness": 0.3}))
    found = analysis.deployments_of(plan)
    assert found.marginals(plan.zone_ids) == pytest.approx(plan.coverage, abs=1e-12)
    assert {sum(units) for units in found.units} <= {7, 8}


# -- hours ----------------------------------------------------------------------------------------


def test_hours_demand_by_hand():
    """Three months are no season: every month ahead is the mean month."""
    prepared = prepare(area(), Scenario())
    demand = analysis.hours_demand(prepared, make_scenario({"horizon": 2}))
    assert demand["month"].tolist() == ["2024-04"] * 4 + ["2024-05"] * 4
    assert demand["zone_id"].tolist() == list(IDS) * 2
    assert demand["ward"].tolist() == ["North", "North", "South", "South"] * 2
    assert demand["risk"].tolist() == pytest.approx([1.0, 1 / 3, 1.0, 0.0] * 2)
    assert demand["area_km2"].tolist() == pytest.approx([1.0] * 8)


def test_hours_sum_and_bounds(sample):
    prepared = prepare(sample, Scenario())
    scenario = make_scenario({"horizon": 3, "ward_hours": 3200})
    plan = analysis.solve_hours_plan(prepared, scenario)
    frame, city = plan.frame, plan.rules.city_budget
    assert city == 8760.0
    assert len(frame) == 3 * 128
    by_month = frame.groupby("month", observed=True)["hours"].sum()
    assert by_month.tolist() == [city] * 3
    assert (frame["hours"] >= frame["lower"] - 1e-9).all()
    assert (frame["hours"] <= frame["upper"] + 1e-9).all()
    assert (frame["hours"] * 4 == (frame["hours"] * 4).round()).all()
    by_ward = frame.groupby(["month", "ward"], observed=True)["hours"].sum()
    assert (by_ward <= 3200).all()
    table = analysis.allocation_table(plan)
    assert list(table.columns) == ["Month", "Ward", "Zone", "Risk", "Hours", "name", "units"]
    assert table["Hours"].tolist() == frame["hours"].tolist()
    assert table["units"].to_numpy() * 730 == pytest.approx(table["Hours"].to_numpy())


def test_least_hours_above_the_resource_are_said_with_what_would_work():
    scenario = make_scenario({"month_hours": 100.0, "min_per_day": 1.0})
    prepared = prepare(area(), Scenario())
    for solve in (Planner(prepared).solve, lambda chosen: analysis.solve_hours_plan(prepared, chosen)):
        with pytest.raises(InfeasibleError, match="budget"):
            solve(scenario)
    # Four zones, one hour a day in each: 4 x 365 / 12 h a month.
    enough = scenario.changed(month_hours=4 * 365 / 12, rounding="none")
    assert analysis.solve_hours_plan(prepared, enough).frame["hours"].tolist() == pytest.approx(
        [365 / 12] * 24
    )
    corner = scenario.changed(response="log", offender="none")
    with pytest.raises(InfeasibleError, match=r"12[04]"):  # of the month's own days
        analysis.solve_hours_plan(prepared, corner)


def test_a_ward_budget_is_for_wards():
    """An upload without wards is not one big ward."""
    prepared = prepare(area(polygons=zones(ward=[""] * 4)), Scenario())
    scenario = make_scenario({"ward_hours": 50.0, "horizon": 1})
    demand = analysis.hours_demand(prepared, scenario)
    assert set(demand["ward"]) == {analysis.NO_WARD}
    assert "no ward budget" in demand.attrs["method"]
    assert analysis.solve_hours_plan(prepared, scenario).frame["hours"].sum() > 4 * 30
    least = scenario.changed(min_per_day=1.0)
    # Two zones share 50 h a month of 365/12 days: 0.8219 h a day in each.
    for solve in (
        Planner(prepare(area(), Scenario())).solve,
        lambda chosen: analysis.solve_hours_plan(prepare(area(), Scenario()), chosen),
    ):
        with pytest.raises(InfeasibleError, match=r"floor of 1 h a day on every zone to 0\.8219"):
            solve(least)
    with pytest.raises(InfeasibleError, match="raise the budget of ward 'North'"):
        Planner(prepare(area(), Scenario())).solve(least.changed(ward_hours=None, ward_table=("North=50",)))
    with pytest.raises(InputError, match=r"names the ward 'Nowhere'; .* North, South"):
        constraints_of(prepare(area(), Scenario()), make_scenario({"ward_table": ("Nowhere=5",)}))


def test_hours_per_head_are_fair_when_counted_again():
    prepared = prepare(area(polygons=zones(population=[1000.0] * 4)), Scenario())
    plan = analysis.solve_hours_plan(
        prepared, make_scenario({"fairness": 0.1, "rounding": "none", "horizon": 1})
    )
    hours = plan.frame.set_index("zone_id")["hours"]
    overall = hours.sum() / 4000
    for members in prepared.groups.values():
        rate = hours[list(members)].sum() / (1000 * len(members))
        assert math.isclose(rate, overall, rel_tol=0.1 + 1e-6)


# -- embedded data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("sample", "crimes per month"),
        ("columbus", "crimes per 1,000 households"),
        ("geodanet", "crimes"),
    ],
)
def test_every_embedded_area_gives_a_plan(key, unit):
    data = load_area(key)
    prepared = prepare(data, Scenario())
    assert prepared.surface.unit == unit
    assert np.isfinite(prepared.population).all()
    plan = Planner(prepared).solve(Scenario())
    assert plan.budget_used == pytest.approx(12.0)
    assert plan.certificate.gap < 1e-9
    assert analysis.solve_hours_plan(prepared, Scenario()).frame["hours"].gt(0).any()


def test_columbus_surface_is_the_published_rate():
    prepared = prepare(load_area("columbus"), Scenario())
    libpysal = pytest.importorskip("libpysal")
    table = gpd.read_file(libpysal.examples.get_path("columbus.shp"))
    assert sorted(prepared.surface.mean) == pytest.approx(sorted(table["CRIME"]), rel=1e-9)


def test_months_keep_the_rule_of_the_plan():
    """Harm left per head within 40 % of all, in every month: no other rule stands in its place."""
    prepared = prepare(load_area("sample"), make_scenario({}))
    scenario = make_scenario(
        {
            "fairness": 0.4,
            "fairness_rule": "residual-parity",
            "response": "linear",
            "horizon": 1,
            "rounding": "none",
        }
    )
    plan = solve_hours_plan(prepared, scenario)
    left = pd.Series(plan.left(plan.frame["hours"].to_numpy()), index=plan.frame["zone_id"])
    heads = pd.Series(prepared.population, index=prepared.zone_ids)
    overall = left.sum() / heads.sum()
    rates = [
        left[list(zones)].sum() / heads[list(zones)].sum() / overall for zones in prepared.groups.values()
    ]
    assert max(abs(rate - 1) for rate in rates) == pytest.approx(0.4, abs=1e-6)
