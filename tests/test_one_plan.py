"""The one plan: its corners to the last digit, month by month, budgets of places, whole steps, and its words."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patrol_core.allocation.hours import HoursRules, compare_hours, in_whole_steps, solve_hours
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import CoverageParity
from patrol_core.games.zone import ZoneGame, solve_zone_game
from patrol_core.planning import (
    Planner,
    assumption_words,
    binds,
    drawn_findings,
    game_of,
    headline,
    hours_demand,
    prepare,
    resource_words,
    sensitivity_to_effect,
    solve_hours_plan,
    worth,
)
from patrol_core.planning.months import binding_words
from patrol_core.planning.planner import zone_sizes
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample import load_area

HOURS = {"response": "log", "offender": "none", "month_hours": 8760.0, "min_per_day": 1.0, "max_per_day": 2.6}


@pytest.fixture(scope="module")
def sample():
    return prepare(load_area("sample"), make_scenario({}))


@pytest.fixture(scope="module")
def columbus():
    return prepare(load_area("columbus"), make_scenario({"area": "columbus"}))


def of_values(prepared, values):
    """The same zones with these values in the mean month."""
    mean = np.zeros(len(prepared.zone_ids))
    mean[: len(values)] = values
    return replace(prepared, surface=replace(prepared.surface, mean=mean))


def one_zone(prepared, value):
    """The first zone alone."""
    surface = prepared.surface
    first = replace(surface, zone_ids=surface.zone_ids[:1], mean=np.array([value]))
    return replace(
        prepared, zones=prepared.zones.iloc[:1], surface=first, groups={}, population=prepared.population[:1]
    )


# -- corners ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ward", [None, 900.0])
@pytest.mark.parametrize("fairness", [None, 0.3])
@pytest.mark.parametrize("rounding", ["quarter", "none"])
def test_nobody_reacts_and_hours_diminish_is_the_hours_model(sample, ward, fairness, rounding):
    scenario = make_scenario(
        {**HOURS, "ward_hours": ward, "fairness": fairness, "rounding": rounding, "horizon": 2}
    )
    demand = hours_demand(sample, scenario)
    direct = solve_hours(
        demand,
        HoursRules(city_budget=8760.0, ward_budget=ward, rounding=rounding),
        constraints=() if fairness is None else (CoverageParity(fairness),),
        groups=sample.groups,
        population=dict(zip(sample.zone_ids, sample.population, strict=True)),
    )
    plan = solve_hours_plan(sample, scenario)
    pd.testing.assert_frame_equal(plan.frame.drop(columns="name"), direct.frame, check_exact=True)
    assert plan.certificate.objective == direct.certificate.objective
    pd.testing.assert_frame_equal(plan.slack, direct.slack, check_exact=True)
    # harm left is the same measure: the share of a zone's full effect that its hours reach, times the effect
    left = plan.left(plan.frame["hours"].to_numpy())
    assert left.sum() == pytest.approx(
        plan.frame["risk"].sum() - scenario.effectiveness * plan.objective_after_rounding, rel=1e-12
    )


@pytest.mark.parametrize("effect", [1.0, 0.4])
@pytest.mark.parametrize("floor", [0.0, 0.03])
def test_watched_perfectly_and_one_unit_a_zone_is_the_security_game(sample, effect, floor):
    scenario = make_scenario(
        {"response": "linear", "effectiveness": effect, "floor": floor, "rounding": "none"}
    )
    values = sample.surface.mean
    plain = game_of(sample, scenario)
    direct = solve_zone_game(ZoneGame(sample.zone_ids, values, 12.0, effect, constraints=plain.constraints))
    plan = Planner(sample).solve(scenario)
    assert plan.coverage.tolist() == direct.coverage.tolist()
    assert plan.certificate.objective == direct.certificate.objective
    months = solve_hours_plan(sample, scenario)
    for month, rows in months.frame.groupby("month", observed=True):
        alone = solve_zone_game(
            ZoneGame(sample.zone_ids, rows["risk"].to_numpy(), 12.0, effect, constraints=plain.constraints)
        )
        assert rows["hours"].tolist() == (alone.coverage * 730.0).tolist()
        assert months.monthly[str(month)].objective == alone.worst_case


@pytest.mark.parametrize("offender", ["rational", "none", "quantal", "types", "regret"])
@pytest.mark.parametrize("response", ["linear", "several", "log"])
def test_every_month_is_the_model_with_its_own_demand(columbus, offender, response):
    scenario = make_scenario(
        {"budget": 5, "offender": offender, "response": response, "rounding": "none", "horizon": 2}
    )
    months = solve_hours_plan(columbus, scenario)
    if response == "log" and offender == "none":
        return  # the hours model, which counts the days of each month
    x = Planner(columbus).solve(scenario).coverage
    for _, rows in months.frame.groupby("month", observed=True):  # undated: every month is the mean month
        assert rows["hours"].to_numpy() == pytest.approx(x * 730, rel=1e-6, abs=1e-6)


def test_seasons_scale_the_harm_and_leave_the_patrol(sample):
    """Demand ahead is a season times the zones' own level: the same units, other harm."""
    plan = solve_hours_plan(sample, make_scenario({"rounding": "none"}))
    hours = plan.frame.pivot_table(index="zone_id", columns="month", values="hours", observed=True)
    assert (hours.max(axis=1) - hours.min(axis=1)).max() < 1e-6
    harm = plan.frame.groupby("month", observed=True)["risk"].sum()
    worst = {month: proof.objective for month, proof in plan.monthly.items()}
    ratio = [worst[month] / harm[month] for month in worst]
    assert max(ratio) == pytest.approx(min(ratio))


# -- budgets of places --------------------------------------------------------------------------------


def test_a_ward_gets_no_more_than_its_budget(sample):
    free = Planner(sample).solve(make_scenario({}))
    wide = Planner(sample).solve(make_scenario({"ward_hours": 8760}))
    assert wide.coverage.tolist() == free.coverage.tolist()
    scenario = make_scenario({"ward_hours": 1500, "ward_table": ("Old Exchange=700",), "rounding": "none"})
    plan = Planner(sample).solve(scenario)
    by_ward = pd.Series(plan.coverage * 730.0).groupby(sample.zones["ward"].to_numpy()).sum()
    assert by_ward["Old Exchange"] == pytest.approx(700)
    assert by_ward.drop("Old Exchange").max() <= 1500 + 1e-6
    assert plan.worst_case > free.worst_case
    assert any("Old Exchange" in text for text in binds(sample, scenario, plan))
    months = solve_hours_plan(sample, scenario.changed(rounding="quarter"))
    spent = months.frame.groupby(["month", "ward"], observed=True)["hours"].sum()
    assert spent.xs("Old Exchange", level="ward").max() <= 700 + 1e-9
    assert spent.max() <= 1500 + 1e-9


def test_least_and_most_of_both_faces_hold_together(sample):
    scenario = make_scenario(
        {
            "floor": 0.02,
            "min_per_day": 0.6,
            "cap": 1.5,
            "max_per_day": 30,
            "budget": 20,
            "response": "several",
        }
    )
    low, high = game_of(sample, scenario).bounds()
    area = sample.zones["area_km2"].to_numpy(dtype=float)
    assert low.tolist() == [0.6 / 24] * 128
    assert high == pytest.approx(np.minimum(1.5, 30 / 24 * np.clip(area / area.mean(), 1, 2)))
    plan = solve_hours_plan(sample, scenario)
    assert (plan.frame["hours"] >= plan.frame["lower"] - 1e-9).all()
    assert (plan.frame["hours"] <= plan.frame["upper"] + 1e-9).all()


def test_larger_zones_need_more_where_sizes_count(sample):
    area = sample.zones["area_km2"].to_numpy(dtype=float)
    game = game_of(sample, make_scenario({"zone_sizes": "area"}))
    assert game.sizes == pytest.approx(area / area.mean())
    unknown = replace(sample, zones=sample.zones.assign(area_km2=np.where(np.arange(128) < 3, np.nan, area)))
    sizes = game_of(unknown, make_scenario({"zone_sizes": "area"})).sizes
    assert sizes is not None
    assert sizes[:3].tolist() == [1.0] * 3
    assert sizes[3:] == pytest.approx(area[3:] / area[3:].mean())


# -- whole steps --------------------------------------------------------------------------------------


def demand_of(risk, ward):
    return pd.DataFrame(
        {
            "month": "2026-01",
            "ward": ward,
            "zone_id": [f"z{i}" for i in range(len(risk))],
            "area_km2": 1.0,
            "risk": risk,
        }
    )


def test_whole_steps_are_the_nearest_that_bounds_and_budgets_allow():
    """Against every plan in whole hours: the least sum of squared differences, and as many hours as are given."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        wards = ["a", "a", "b", "b"]
        exact = rng.uniform(0, 5, 4)
        low = np.floor(np.minimum(exact, rng.uniform(0, 3, 4)) * 2) / 2
        high = np.ceil(exact + rng.uniform(0, 2, 4))
        budget = {"a": float(np.ceil(exact[:2].sum())), "b": float(np.ceil(exact[2:].sum()))}
        rules = HoursRules(
            min_per_day=0.0,
            max_per_day=24.0,
            ward_budget=None,
            ward_budgets=tuple(budget.items()),
            city_budget=float(exact.sum()),
            rounding="visit",
            visit_minutes=60.0,
        )
        demand = demand_of(rng.uniform(1, 9, 4), wards)
        least = np.ceil(low)
        total = np.floor(exact.sum() + 1e-6)
        if least.sum() > total or least[:2].sum() > budget["a"] or least[2:].sum() > budget["b"]:
            with pytest.raises(InfeasibleError):
                in_whole_steps(demand, rules, exact, (low, high), np.array([1.0]))
            continue
        found, slack = in_whole_steps(demand, rules, exact, (low, high), np.array([1.0]))
        ends = [range(int(a), int(b) + 1) for a, b in zip(least, np.floor(high), strict=True)]
        allowed = [
            np.array(one)
            for one in itertools.product(*ends)
            if sum(one) <= total and sum(one[:2]) <= budget["a"] and sum(one[2:]) <= budget["b"]
        ]
        most = max(one.sum() for one in allowed if (one <= np.ceil(exact)).all() or one.sum() == total)
        best = min(((one - exact) ** 2).sum() for one in allowed if one.sum() == most)
        assert found.sum() == most
        assert ((found - exact) ** 2).sum() == pytest.approx(best)
        assert (slack["used"] <= slack["limit"] + 1e-6).all()


@pytest.mark.parametrize("least", [40, 400, 2000])
def test_nothing_or_a_useful_dose(sample, least):
    scenario = make_scenario({"offender": "quantal", "least_visits": least, "ward_hours": 2500, "horizon": 1})
    plan = solve_hours_plan(sample, scenario.changed(offender="rational", budget=11.7))
    hours = plan.frame["hours"].to_numpy()
    assert ((hours == 0) | (hours >= least * 0.25)).all()
    assert (hours * 4 == (hours * 4).round()).all()
    assert hours.sum() <= 11.7 * 730 + 1e-9
    assert plan.frame.groupby("ward", observed=True)["hours"].sum().max() <= 2500
    assert hours.sum() >= 11.7 * 730 - least * 0.25


def test_a_dose_and_a_fairness_rule_are_not_asked_together(sample):
    with pytest.raises(InputError, match="set one of them aside"):
        solve_hours_plan(sample, make_scenario({"least_visits": 8, "fairness": 0.3}))


def test_usual_ways_are_judged_by_the_plans_own_response(sample):
    plan = solve_hours_plan(sample, make_scenario({"horizon": 1}))
    table, hours = compare_hours(plan)
    risk = plan.frame["risk"].to_numpy()
    for way, row in table.set_index("way").iterrows():
        left = plan.left(hours[way])
        assert row["demand_met"] == pytest.approx((risk - left).sum())
        assert row["worst_left"] == left.max()
    same = table.set_index("way").loc[["Equal hours", "Proportional to crime"]]
    assert (same["hours"] <= 8760).all()
    assert table["worst_left"][0] < same["worst_left"].min()


# -- words --------------------------------------------------------------------------------------------


def said(prepared, **choices) -> str:
    scenario = make_scenario(choices)
    return headline(prepared, scenario, Planner(prepared).solve(scenario))


def test_the_headline_of_the_sample(sample):
    assert said(sample) == (
        "12 units, assuming each prevents half of the harm where it stands: worst zone 549 to 103 crimes a month; "
        "31 % less in all; 9 of 128 zones get patrols."
    )
    assert said(sample, month_hours=8760).startswith("8,760 hours a month (12 units at once), assuming each ")
    assert said(sample, officers=180, abstraction=0.25).startswith("180 officers (32.1 units at once), ")
    still = said(sample, offender="none")
    assert still.startswith("12 units against offenders who do not react, assuming each prevents half")
    assert "31 % less in all (5,048 to 3,482 crimes a month); worst zone 549 to 137" in still
    assert "make mistakes" in said(sample, offender="quantal")
    assert "assuming the most patrol a zone can take (one unit) prevents half of its harm" in said(
        sample, response="log"
    )
    assert "prevents 30 % of the harm" in said(sample, effectiveness=0.3)
    assert "prevents all of the harm" in said(sample, effectiveness=1, response="linear")


def test_the_headline_reads_well_at_the_edges(sample):
    assert said(sample, budget=0) == (
        "No zone gets patrols (0 units): the worst zone keeps 549 crimes a month and nothing is prevented."
    )
    assert said(sample, budget=1).startswith("1 unit, assuming each prevents half")
    beyond = said(sample, budget=500, response="linear")
    assert beyond.startswith("500 units, of which 127 can be used, assuming each")
    assert said(of_values(sample, [0.0] * 128)) == (
        "12 units: no crime is expected in any zone, so there is nothing that a patrol could prevent."
    )
    alike = said(of_values(sample, [10.0] * 128))
    assert "worst zone 10 to 9.53 crimes a month; 4.7 % less in all; all 128 zones get patrols." in alike
    assert said(one_zone(sample, 8.0), budget=2) == (
        "2 units, assuming each prevents half of the harm where it stands: the only zone 8 to 2 crimes a month."
    )


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "each unit prevents half of the harm where it stands (assumed); a second unit half of the rest"),
        (
            {"response": "linear", "effectiveness": 1},
            "prevents all of the harm where it stands (assumed); no zone",
        ),
        (
            {"response": "log", "effectiveness": 0.25},
            "prevents a quarter of its harm (assumed); each further hour",
        ),
        ({"zone_sizes": "area"}, "half of the rest; larger zones need more units for the same"),
    ],
)
def test_the_assumption_in_words(choices, words):
    assert words in assumption_words(make_scenario(choices))


def test_resource_in_words():
    assert resource_words(make_scenario({"budget": 1})) == "1 unit"
    assert resource_words(make_scenario({"budget": 8.5})) == "8.5 units"


def test_more_is_worth_what_solving_again_gives(sample):
    planner = Planner(sample)
    for budget in (0.0, 0.25, 12.0):
        scenario = make_scenario({"budget": budget})
        now, more = (planner.solve(scenario.changed(budget=b)).worst_case for b in (budget, budget + 1))
        found = worth(planner, scenario)
        assert found.unit == pytest.approx(now - more)
        hour = planner.solve(scenario.changed(budget=budget + 1 / 730)).worst_case
        assert found.hour == pytest.approx(now - hour)
    still = make_scenario({"offender": "none"})
    totals = [planner.solve(still.changed(budget=b)).expected_residual for b in (12, 13)]
    assert worth(planner, still).unit == pytest.approx(totals[0] - totals[1])
    assert worth(planner, make_scenario({"response": "linear"})).unit == 0.0


def test_what_decides_in_words(sample):
    def words(**choices):
        scenario = make_scenario(choices)
        return "; ".join(binds(sample, scenario, Planner(sample).solve(scenario)))

    assert words() == "the budget: all units are used"
    assert words(budget=0) == "the budget: there are no units"
    assert words(response="linear").startswith("not the budget: more units would lower the total")
    assert "zones get no more than the least patrol" in words(floor=0.02)
    assert "fairness (patrol per head, ± 20%, reached in groups 2, 5" in words(fairness=0.2)
    assert "the least patrol of 1" in words(group_floor=("1=9",))


def test_binding_budgets_in_words():
    def table(*rows):
        return pd.DataFrame(rows, columns=["month", "kind", "name", "binding"])

    both = table(("2026-01", "city", "all zones", True), ("2026-02", "city", "all zones", True))
    assert binding_words(both) == ("the budget is reached in both months",)
    assert binding_words(both.iloc[:1]) == ("the budget is reached",)
    some = table(
        *((f"2026-0{m}", "city", "all zones", True) for m in range(1, 7)),
        *((f"2026-0{m}", "ward", "North", m in (2, 5)) for m in range(1, 7)),
        *((f"2026-0{m}", "ward", ward, m == 3) for m in range(1, 7) for ward in ("East", "West")),
    )
    assert set(binding_words(some)) == {
        "the budget is reached in all six months",
        "the budget of ward North is reached in two of six months (2026-02, 2026-05)",
        "the budgets of the wards East, West are reached in one of six months (2026-03)",
    }
    assert binding_words(table(("2026-01", "city", "all zones", False))) == ()


def test_sensitivity_to_the_effect(sample):
    planner, scenario = Planner(sample), make_scenario({})
    found = sensitivity_to_effect(planner, scenario)
    frame = found.frame.set_index("effect")
    assert frame.index.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    for effect, row in frame.iterrows():
        other = scenario.changed(effectiveness=effect)
        plan = planner.solve(other)
        assert row["worst_case"] == pytest.approx(plan.worst_case)
        assert row["zones_covered"] == (plan.coverage > 1e-9).sum()
    assert frame["units_moved"][0.5] == pytest.approx(0.0, abs=1e-9)
    assert (np.diff(frame["worst_case"]) < 0).all()
    kept = set.intersection(
        *(
            {
                zone
                for zone, x in zip(
                    sample.zone_ids, planner.solve(scenario.changed(effectiveness=e)).coverage, strict=True
                )
                if x > 1e-9
            }
            for e in frame.index
        )
    )
    assert set(found.always) == kept
    assert kept


def test_whole_units_where_less_is_of_use_are_said(sample):
    small = make_scenario({"response": "linear", "zone_sizes": "area"})
    found = drawn_findings(sample, small, Planner(sample).solve(small))
    sizes = zone_sizes(sample, small)
    patrolled = Planner(sample).solve(small).coverage > 0
    assert found[0].rows == int((patrolled & (sizes < 1)).sum()) > 0
    assert "less than one unit is all that is of use" in found[0].text
    several = make_scenario({"zone_sizes": "area"})
    assert drawn_findings(sample, several, Planner(sample).solve(several)) == ()
