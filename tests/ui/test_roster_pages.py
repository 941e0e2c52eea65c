"""Shifts, roster, budgets, comparison, patrol areas and lists without a browser."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.planning import Planner, prepare, solve_hours_plan, work_of
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.rosters.listings import matches, ward_table, zone_table

ROOT = Path(__file__).resolve().parents[2]
AREAS = "Patrol areas"
EVERYWHERE = {"offender": "none", "response": "log"}
"""Nobody reacts and each hour is worth less than the one before: hours go to nearly every zone."""


def page(name: str, **state: object) -> AppTest:
    opened = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in state.items():
        opened.session_state[key] = value
    opened.run()
    assert not opened.exception, opened.exception
    return opened


def texts(opened: AppTest) -> str:
    kinds = (opened.markdown, opened.caption, opened.info, opened.warning, opened.success)
    return "\n".join(str(item.value) for kind in kinds for item in kind)


def metric(opened: AppTest, label: str) -> str:
    return next(str(found.value) for found in opened.metric if found.label == label)


def hours_of(ward: str) -> float:
    scenario = make_scenario(EVERYWHERE)
    plan = solve_hours_plan(prepare(load_area("sample"), scenario), scenario).frame
    month = plan["month"].astype(str).min()
    return float(plan.loc[(plan["month"].astype(str) == month) & (plan["ward"] == ward), "hours"].sum())


def small(tab: str) -> AppTest:
    """Shifts or roster of one ward, in a city whose every zone gets a little."""
    return page(
        "rosters", scenario=make_scenario(EVERYWHERE), _roster_tabs=tab, _game_roster_places=["Inkwell"]
    )


def plan_page(tab: str, *, choices: dict[str, object] | None = None, **state: object) -> AppTest:
    scenario = make_scenario({**EVERYWHERE, **(choices or {})})
    return page("plan", _plan_tabs=tab, scenario=scenario, **state)


def test_shifts_keep_the_wards_hours():
    opened = small("Shifts")
    assert not opened.error
    wanted = hours_of("Inkwell")
    assert f"{wanted:,.2f} h of" in texts(opened)
    assert "ASSUMPTION" in texts(opened)
    table = next(found.value for found in opened.dataframe if "all" in found.value.columns)
    assert table["unit_hours"].sum() == pytest.approx(wanted)


def test_a_roster_is_planned_and_replanned():
    opened = small("Roster of units")
    assert "Nothing is planned yet" in texts(opened)
    next(button for button in opened.button if button.label == "Plan the roster").click().run()
    assert not opened.exception
    assert not opened.error, [found.value for found in opened.error]
    assert metric(opened, "Open duties") == "0"
    assert "rules broken, counted outside the model: 0" in texts(opened)
    held = opened.session_state["roster_now"][2]
    assert metric(opened, "Duties") == f"{int(held.works.sum()):,}"
    date = held.spread.dates[int(held.works[1].any(axis=1).argmax())]
    # What the editor would have returned, had somebody typed it in.
    opened.session_state["_roster_commitments"] = pd.DataFrame(
        [{"unit": held.rules.units[1], "date": date, "kind": "unavailable", "shift": None}]
    )
    del opened.session_state["_roster_commitments_editor"]
    opened.run()
    assert "commitments have changed" in texts(opened)
    next(b for b in opened.button if b.label == "Re-plan with the fewest changes").click().run()
    assert not opened.exception
    changed = opened.session_state["roster_now"][2]
    assert not changed.works[1, held.spread.dates.index(date)].any()
    assert f"Re-planned: {len(changed.changes)} changes, the fewest possible" in texts(opened)


def test_too_few_units_are_one_sentence():
    opened = small("Roster of units")
    next(found for found in opened.number_input if found.label.startswith("Units")).set_value(2).run()
    next(button for button in opened.button if button.label == "Plan the roster").click().run()
    assert not opened.exception
    assert len(opened.error) == 1
    assert "units" in opened.error[0].value


def test_budgets_of_single_wards_are_used():
    opened = plan_page("Budgets")
    table = next(found.value for found in opened.dataframe if "value_of_hour" in found.value.columns)
    assert set(table["kind"]) == {"city", "ward"}
    held = plan_page("Budgets", choices={"ward_table": ("Inkwell=400",)})
    used = next(found.value for found in held.dataframe if "value_of_hour" in found.value.columns)
    row = used[(used["name"] == "Inkwell")].iloc[0]
    assert row["limit"] == 400
    assert row["used"] <= 400
    refused = plan_page("Budgets", choices={"ward_table": ("Inkwell=1",), "min_per_day": 1.0})
    assert "raise the budget of ward 'Inkwell' from 1 to " in refused.error[0].value
    assert " h a month" in refused.error[0].value


def test_the_usual_ways_stand_beside_the_plan():
    opened = plan_page("Simple plans")
    table = next(found.value for found in opened.dataframe if "overspent" in found.value.columns)
    assert table["way"].iloc[0] == "This plan"
    assert table["overspent"].iloc[-1] > 0
    assert "h that are not there" in texts(opened)


@pytest.mark.parametrize("area", ["sample", "columbus"])
def test_patrol_areas_are_balanced(area):
    opened = page(
        "rosters",
        _roster_tabs=AREAS,
        scenario=make_scenario({"area": area}),
        _game_beats_count=4,
        _game_beats_tolerance=15,
    )
    assert not opened.error, [found.value for found in opened.error]
    table = next(found.value for found in opened.dataframe if "share_of_mean" in found.value.columns)
    assert len(table) == 4
    assert table["share_of_mean"].between(0.85 - 1e-9, 1.15 + 1e-9).all()
    assert (table["pieces"] == 1).all()
    proof = "proved bound" if area == "columbus" else "no proof"
    assert proof in texts(opened)


@pytest.mark.parametrize(
    ("count", "tolerance", "why"), [(60, 1, "alone has"), (9, 1, "no proof that there is none")]
)
def test_areas_out_of_balance_are_drawn_with_a_way_to_accept_them(count, tolerance, why):
    opened = page("rosters", _roster_tabs=AREAS, _game_beats_count=count, _game_beats_tolerance=tolerance)
    assert not opened.error
    assert why in opened.warning[0].value
    worst = metric(opened, "Work differs by at most")
    (button,) = [one for one in opened.button if one.label.startswith("Accept")]
    accepted = float(button.label.split()[1].replace(",", ""))
    assert float(worst.rstrip("%")) <= accepted + 0.05
    assert float(worst.rstrip("%")) > tolerance
    assert len(opened.get("plotly_chart")) >= 2
    button.click().run()
    assert not opened.error
    assert not opened.warning
    assert not [one for one in opened.button if one.label.startswith("Accept")]
    assert float(metric(opened, "Work differs by at most").rstrip("%")) <= accepted + 0.05


def test_work_in_hours_is_the_plans():
    scenario = make_scenario({"area": "sample"})
    prepared = prepare(load_area("sample"), scenario)
    work, unit = work_of(prepared, scenario, "hours")
    assert unit == "h per month"
    assert sum(work.values()) == pytest.approx(12 * 730.0)  # all units, round the clock
    plan = Planner(prepared).solve(scenario)
    assert work == pytest.approx(dict(zip(plan.zone_ids, plan.coverage * 730.0, strict=True)))
    opened = page("rosters", _roster_tabs=AREAS, _game_beats_work="hours", _game_beats_count=2)
    assert not opened.error
    assert "hours of the plan in the mean month" in texts(opened)


def test_lists_are_searched():
    opened = page("rosters", _roster_tabs="Zones")
    next(found for found in opened.text_input if found.label == "Search").set_value("inkwell").run()
    table = next(found.value for found in opened.dataframe if "zone_id" in found.value.columns)
    assert 0 < len(table) < 128
    assert (table["ward"] == "Inkwell").any()
    assert f"{len(table)} of 128 rows" in texts(opened)


@pytest.mark.parametrize("tab", ["Wards", "Months", "Units and duties"])
def test_every_list_opens(tab):
    opened = page("rosters", _roster_tabs=tab)
    assert not opened.error
    if tab == "Units and duties":
        assert "No roster is planned yet" in texts(opened)


def test_ward_sums_are_the_zones():
    scenario = make_scenario({})
    prepared = prepare(load_area("sample"), scenario)
    zones, _ = zone_table(prepared, scenario)
    wards, _ = ward_table(prepared, scenario)
    assert wards["zones"].sum() == len(zones)
    assert wards["expected"].sum() == pytest.approx(zones["expected"].sum())
    assert wards["units"].sum() == pytest.approx(12)
    assert wards["hours"].sum() == pytest.approx(12 * 730.0)
    assert wards["left"].sum() == pytest.approx(zones["left"].sum())
    assert wards.set_index("ward").loc["Inkwell", "zones"] == (zones["ward"] == "Inkwell").sum()


def test_what_is_known_of_no_zone_is_no_column():
    scenario = make_scenario({"area": "columbus"})
    zones, _ = zone_table(prepare(load_area("columbus"), scenario), scenario)
    assert "population" not in zones
    assert {"units", "hours", "left"} <= set(zones)


def test_search_takes_every_word_in_any_column():
    frame = pd.DataFrame({"a": ["Alpha Road", "Beta", None], "b": ["x", "Road", "alpha"], "n": [1, 2, 3]})
    assert matches(frame, "ROAD x").tolist() == [True, False, False]
    assert matches(frame, "alpha").tolist() == [True, False, True]
    assert matches(frame, " ").all()


def test_units_at_once_hold_in_every_shift():
    opened = page(
        "rosters",
        scenario=make_scenario(EVERYWHERE),
        _roster_tabs="Roster of units",
        _game_roster_places=["Inkwell"],
        _game_roster_most_night=0,
        _game_roster_most_duties=25,
    )
    next(button for button in opened.button if button.label == "Plan the roster").click().run()
    assert not opened.exception
    assert not opened.error, [found.value for found in opened.error]
    held = opened.session_state["roster_now"][2]
    assert held.rules.available is not None
    assert held.rules.most_duties == 25
    works = held.works  # units x dates x kinds of shift
    assert works[:, :, 2].sum() == 0
    assert works.sum(axis=(1, 2)).max() <= 25
    free = small("Roster of units")
    next(button for button in free.button if button.label == "Plan the roster").click().run()
    assert free.session_state["roster_now"][2].works[:, :, 2].sum() > 0
