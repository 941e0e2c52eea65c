"""Every page without a browser: it opens, its figures are the core's, choices are kept, faults are sentences."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.errors import InfeasibleError
from patrol_core.fairness import measures
from patrol_core.planning import Planner, hours_bounds, hours_demand, prepare, solve_hours_plan
from patrol_core.scenario import Scenario, make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.shell.frame import PAGES

ROOT = Path(__file__).resolve().parents[2]
PATHS = {key: str(ROOT / path) for key, (path, _, _) in PAGES.items()}
ENTRY: dict[str, str] = {}
WITH_PLAN = ("overview", "game", "fairness")


@pytest.fixture(autouse=True)
def entry(tmp_path_factory, monkeypatch):
    """``app.py`` in a folder without ``pages/``.

    Beside such a folder AppTest runs a page's file without ``app.py``, anew in every run; a server does so once at most.
    """
    for key, (_, title, question) in PAGES.items():
        monkeypatch.setitem(PAGES, key, (PATHS[key], title, question))
    copy = tmp_path_factory.getbasetemp() / "app.py"
    copy.write_bytes((ROOT / "app.py").read_bytes())
    monkeypatch.setitem(ENTRY, "app", str(copy))


@cache
def planner(scenario: Scenario) -> Planner:
    return Planner(prepare(load_area(scenario.area), scenario))


def core(**choices):
    """The plan of some choices, straight from the core."""
    scenario = make_scenario(choices)
    return planner(make_scenario({"area": scenario.area})).solve(scenario)


def app(page: str = "overview", *, alone: bool = False, **query: str) -> AppTest:
    """A page, opened through ``app.py`` or run alone, with URL parameters."""
    opened = AppTest.from_file(PATHS[page] if alone else ENTRY["app"], default_timeout=60)
    for key, value in query.items():
        opened.query_params[key] = value
    opened.run()
    return opened if alone or page == "overview" else opened.switch_page(PATHS[page]).run()


def figure(page: AppTest, start: str) -> str:
    """Value of the metric whose label starts so."""
    found = [metric.value for metric in page.metric if metric.label.startswith(start)]
    assert len(found) == 1, f"{len(found)} metrics start with {start!r}"
    return str(found[0])


def labelled(widgets, label):
    found = [widget for widget in widgets if widget.label == label]
    assert len(found) == 1, f"{len(found)} widgets are labelled {label!r}"
    return found[0]


def no_fault(page: AppTest) -> None:
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]


@pytest.mark.parametrize("alone", [False, True], ids=["in the app", "alone"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_at_first_visit(page, alone):
    opened = app(page, alone=alone)
    no_fault(opened)
    assert [title.value for title in opened.title] == [PAGES[page][1]]
    assert not opened.warning
    assert labelled(opened.sidebar.selectbox, "Place").value == "sample"


@pytest.mark.parametrize("page", WITH_PLAN)
@pytest.mark.parametrize("area", EMBEDDED)
def test_worst_case_is_the_cores(page, area):
    opened = app(page, area=area, budget="7.5")
    no_fault(opened)
    if page == "fairness" and not planner(make_scenario({"area": area})).prepared.groups:
        assert "no groups to compare" in opened.info[0].value
        return
    plan = core(area=area, budget=7.5)
    assert figure(opened, "Worst zone") == f"{plan.worst_case:,.1f}"
    assert figure(opened, "All zones") == f"{plan.expected_residual:,.0f}"


@pytest.mark.parametrize("area", EMBEDDED)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_every_place(page, area):
    opened = app(page, area=area)
    no_fault(opened)


def test_figures_of_the_game_page_follow_every_slider():
    page = app("game")
    labelled(page.slider, "Units on patrol at once").set_value(20.0).run()
    labelled(page.slider, "Effect of a patrol").set_value(0.5).run()
    labelled(page.slider, "Least coverage of every zone").set_value(0.05).run()
    labelled(page.select_slider, "Fairness: how far groups may differ").set_value(0.4).run()
    no_fault(page)
    plan = core(budget=20, effectiveness=0.5, floor=0.05, fairness=0.4)
    covered = int((plan.coverage > 1e-9).sum())
    assert figure(page, "Worst zone") == f"{plan.worst_case:,.1f}"
    assert figure(page, "All zones") == f"{plan.expected_residual:,.0f}"
    assert figure(page, "Zones that get patrols") == f"{covered} of 128"
    assert dict(page.query_params) == {"budget": "20", "effect": "0.5", "floor": "0.05", "fair": "0.4"}


def test_hours_are_the_cores():
    page = app("hours", cityh="6000")
    no_fault(page)
    scenario = make_scenario({"city_hours": 6000})
    prepared = planner(make_scenario({})).prepared
    plan = solve_hours_plan(prepared, scenario)
    hours = plan.frame["hours"].sum() / plan.frame["month"].nunique()
    met = plan.objective_after_rounding / plan.frame["risk"].sum()
    assert figure(page, "Hours a month") == f"{hours:,.0f} h"
    assert figure(page, "Demand met") == f"{met:.1%}"
    slider = next(one for one in page.slider if one.label.startswith("City budget"))
    low, high = hours_bounds(hours_demand(prepared, scenario), scenario)
    assert (slider.min, slider.max, slider.value) == (low, high, 6000.0)


def test_fairness_figures_are_the_cores():
    page = app("fairness", fair="0.2", rule="residual-parity")
    no_fault(page)
    plan, free = core(fairness=0.2, fairness_rule="residual-parity"), core()
    prepared = planner(make_scenario({})).prepared
    assert figure(page, "Worst zone") == f"{plan.worst_case:,.1f}"
    delta = next(metric.delta for metric in page.metric if metric.label.startswith("Worst zone"))
    assert delta.startswith(f"{plan.worst_case - free.worst_case:+,.2f}")
    table = measures.group_table(prepared.zone_ids, prepared.population, prepared.groups, plan.residual)
    ratio = table["per_1000"].min() / table["per_1000"].max()
    assert figure(page, "Least over most harm left") == f"{ratio:.2f}"


def test_risk_page_shows_the_surface_in_its_order():
    page = app("risk")
    no_fault(page)
    surface = planner(make_scenario({})).prepared.surface
    table = next(frame.value for frame in page.dataframe if "per_km2" in frame.value)
    assert table["mean"].tolist() == sorted(surface.mean.tolist(), reverse=True)
    top = surface.zone_ids[int(surface.mean.argmax())]
    assert table["zone_id"].iloc[0] == top


def test_data_page_counts_every_row_once():
    page = app("data")
    placement = planner(make_scenario({})).prepared.placement
    assert figure(page, "Rows in the period") == f"{placement.rows:,}"
    assert figure(page, "Placed in a zone") == f"{placement.placed:,}"
    assert placement.placed + placement.no_coordinates + placement.outside == placement.rows


def test_choices_stay_over_pages():
    page = app("game")
    labelled(page.slider, "Units on patrol at once").set_value(17.5).run()
    labelled(page.sidebar.radio, "Weighting").set_value("cchi").run()
    expected = planner(make_scenario({"weighting": "cchi"})).solve(
        make_scenario({"weighting": "cchi", "budget": 17.5})
    )
    shown = [figure(page, "Worst zone")]
    for key in ("hours", "data", "overview", "method", "game"):
        page.switch_page(PATHS[key]).run()
        no_fault(page)
        assert dict(page.query_params) == {"budget": "17.5", "weight": "cchi"}
        if key in WITH_PLAN:
            shown.append(figure(page, "Worst zone"))
    assert shown == [f"{expected.worst_case:,.1f}"] * 3
    assert labelled(page.slider, "Units on patrol at once").value == 17.5


def test_chosen_zone_stays_over_pages():
    page = app("game")
    zone = planner(make_scenario({})).prepared.zone_ids[5]
    labelled(page.selectbox, "Zone").set_value(zone).run()
    page.switch_page(PATHS["risk"]).run()
    assert labelled(page.selectbox, "Zone").value == zone
    assert any("rank" in text.value for text in page.markdown)


@pytest.mark.parametrize(
    "query",
    [
        {"budget": "8", "fair": "0.5", "rule": "residual-parity"},
        {"zones": "ward", "weight": "ons-css", "from": "2024-01", "to": "2024-12"},
        {"types": "Burglary|Robbery", "effect": "0.6", "seed": "9"},
        {"zones": "grid", "cell": "800", "budget": "5", "cityh": "4000", "wardh": "off"},
        {"area": "columbus", "budget": "6"},
    ],
)
def test_link_opens_the_same_choices(query):
    page = app("game", alone=True, **query)
    no_fault(page)
    assert not page.warning
    assert dict(page.query_params) == query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"budget": "many"}, ("budget", "'many'", "number from 0")),
        ({"budget": "-3"}, ("budget", "'-3'")),
        ({"fair": "nan"}, ("Fairness", "'nan'")),
        ({"effect": "2"}, ("Effect of a patrol", "'2'")),
        ({"from": "2024-13"}, ("From", "YYYY-MM")),
        ({"zones": "county"}, ("Zones", "'county'")),
    ],
)
def test_bad_link_is_reported_and_the_default_kept(query, words):
    page = app("game", alone=True, budget="9") if "budget" not in query else app("game", alone=True)
    assert not page.warning
    page = app("game", alone=True, **({"seed": "5"} | query))
    no_fault(page)
    assert len(page.warning) == 1
    for word in words:
        assert word in page.warning[0].value
    assert dict(page.query_params) == {"seed": "5"}
    assert figure(page, "Worst zone") == f"{core().worst_case:,.1f}"


@pytest.mark.parametrize("query", [{"types": "Piracy"}, {"from": "2031-01"}, {"groups": "star_sign"}])
def test_link_that_the_data_cannot_serve_is_one_sentence_with_a_way_back(query):
    page = app("game", alone=True, **query)
    assert not page.exception
    assert len(page.error) == 1
    labelled(page.main.button, "Back to the defaults").click().run()
    no_fault(page)
    assert figure(page, "Worst zone") == f"{core().worst_case:,.1f}"


@pytest.mark.parametrize(
    "query",
    [
        {"floor": "0.3"},
        {"floor": "0.2", "budget": "20"},
        {"fair": "0.05", "rule": "residual-parity", "budget": "4"},
    ],
)
@pytest.mark.parametrize("page", ["game", "overview"])
def test_infeasible_rules_are_one_sentence_and_the_button_mends_them(page, query):
    opened = app(page, **query)
    assert not opened.exception
    scenario = {"floor": float(query.get("floor", 0)), "budget": float(query.get("budget", 12))}
    if "fair" in query:
        scenario |= {"fairness": float(query["fair"]), "fairness_rule": query["rule"]}
    with pytest.raises(InfeasibleError) as fault:
        core(**scenario)
    assert [error.value for error in opened.error] == [str(fault.value)]
    relax = [button for button in opened.main.button if ": use " in button.label]
    assert len(relax) == 1
    relax[0].click().run()
    no_fault(opened)
    assert float(figure(opened, "Worst zone").replace(",", "")) > 0


def test_infeasible_hours_are_one_sentence_and_the_button_mends_them():
    page = app("hours", wardh="100")
    assert not page.exception
    assert len(page.error) == 1
    relax = [button for button in page.main.button if ": use " in button.label]
    assert len(relax) == 1
    relax[0].click().run()
    no_fault(page)


@pytest.mark.parametrize("budget", ["0", "128", "500"])
def test_extreme_budgets(budget):
    page = app("game", budget=budget)
    no_fault(page)
    assert figure(page, "Worst zone") == f"{core(budget=float(budget)).worst_case:,.1f}"


@pytest.mark.parametrize(
    ("budget", "top"), [("0", 60), ("31", 60), ("59.5", 60), ("60", 120), ("120", 128), ("500", 500)]
)
def test_budget_slider_changes_its_range_only_at_its_end(budget, top):
    assert labelled(app("game", budget=budget).slider, "Units on patrol at once").max == top


def test_tabs_of_the_game_open_one_by_one():
    page = app("game")
    for tab in page.tabs:
        page.session_state["_game_tabs"] = tab.label
        page.run()
        no_fault(page)


def test_reset_returns_to_the_defaults():
    page = app("game", budget="30", fair="0.5", weight="cchi")
    labelled(page.sidebar.button, "Reset all choices").click().run()
    no_fault(page)
    assert dict(page.query_params) == {}
    assert labelled(page.slider, "Units on patrol at once").value == 12.0


def test_change_of_place_drops_choices_of_the_old_one():
    page = app("game", **{"zones": "ward", "from": "2024-01", "budget": "9"})
    labelled(page.sidebar.selectbox, "Place").set_value("columbus").run()
    no_fault(page)
    assert dict(page.query_params) == {"area": "columbus", "budget": "9"}
    assert figure(page, "Worst zone") == f"{core(area='columbus', budget=9).worst_case:,.1f}"
