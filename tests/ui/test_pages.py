"""Every page without a browser: it opens, its figures are the core's, choices are kept, faults are sentences."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.errors import InfeasibleError
from patrol_core.evaluation import BASELINES
from patrol_core.fairness import measures, slider_levels
from patrol_core.planning import Planner, game_of, headline, prepare, solve_hours_plan, worth
from patrol_core.scenario import Scenario, from_query, make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.plan.view import FREE
from patrol_core.ui.shell.navigation import MOVED, PAGES
from patrol_core.words import figure as number
from patrol_core.words import signed

ROOT = Path(__file__).resolve().parents[2]
PATHS = {key: str(ROOT / page.path) for key, page in PAGES.items()}
ENTRY: dict[str, str] = {}
WITH_PLAN = ("start", "plan")


@pytest.fixture(autouse=True)
def entry(tmp_path_factory, monkeypatch):
    """``app.py`` in a folder without ``pages/``.

    Beside such a folder AppTest runs a page's file without ``app.py``, anew in every run; a server does so once at most.
    """
    for key, page in PAGES.items():
        monkeypatch.setitem(PAGES, key, page._replace(path=PATHS[key]))
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


def app(page: str = "start", *, alone: bool = False, **query: str) -> AppTest:
    """A page, opened through ``app.py`` or run alone, with URL parameters."""
    opened = AppTest.from_file(PATHS[page] if alone else ENTRY["app"], default_timeout=60)
    for key, value in query.items():
        opened.query_params[key] = value
    opened.run()
    return opened if alone or page == "start" else opened.switch_page(PATHS[page]).run()


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
    assert [title.value for title in opened.title] == [PAGES[page].title]
    assert not opened.warning
    if page == "start":  # who comes first is shown the ways in
        assert [one for one in opened.button if one.label == "Start the tour"]
        opened.query_params["budget"] = "9"
        opened.session_state["scenario"] = make_scenario({"budget": 9})
        opened.run()
    if PAGES[page].acts:
        assert labelled(opened.sidebar.selectbox, "Place").value == "sample"
    else:
        assert not opened.sidebar.children


@pytest.mark.parametrize("page", WITH_PLAN)
@pytest.mark.parametrize("area", EMBEDDED)
def test_worst_case_is_the_cores(page, area):
    opened = app(page, area=area, budget="7.5")
    no_fault(opened)
    plan = core(area=area, budget=7.5)
    assert figure(opened, "Worst zone") == number(plan.worst_case)
    assert figure(opened, "All zones") == number(plan.expected_residual)


@pytest.mark.parametrize("area", EMBEDDED)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_every_place(page, area):
    opened = app(page, area=area)
    no_fault(opened)


def test_figures_follow_every_slider():
    page = app("plan")
    labelled(page.slider, "Units on patrol at once").set_value(20.0).run()
    labelled(page.slider, "Effect of a patrol").set_value(0.6).run()
    labelled(page.number_input, "Least patrol of every zone (units)").set_value(0.05).run()
    levels = labelled(page.select_slider, "Fairness: how far groups may differ")
    assert levels.options[0] == "no rule"
    level = results_levels(budget=20, effectiveness=0.6, floor=0.05)[3]
    levels.set_value(level).run()
    no_fault(page)
    plan = core(budget=20, effectiveness=0.6, floor=0.05, fairness=level)
    assert figure(page, "Worst zone") == number(plan.worst_case)
    assert figure(page, "All zones") == number(plan.expected_residual)
    assert dict(page.query_params) == {
        "budget": "20",
        "effect": "0.6",
        "floor": "0.05",
        "fair": f"{level:g}",
    }


def results_levels(**choices) -> tuple[float, ...]:
    """Levels of the fairness slider, straight from the core."""
    scenario = make_scenario(choices)
    game = game_of(planner(make_scenario({})).prepared, scenario)
    return slider_levels(game, core(**choices).coverage, scenario.fairness_rule)


def test_fairness_slider_begins_where_the_rule_does():
    """Its loosest level leaves the plan as it is, the next does not."""
    loosest, second = results_levels()[:2]
    free = core()
    assert core(fairness=loosest).worst_case == pytest.approx(free.worst_case, rel=1e-9)
    moved = core(fairness=second)
    assert (moved.worst_case, moved.expected_residual) != pytest.approx(
        (free.worst_case, free.expected_residual), rel=1e-6
    )
    shown = labelled(app("plan").select_slider, "Fairness: how far groups may differ")
    assert len(shown.options) == 1 + len(results_levels())


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"budget": "0"},
        {"offender": "none"},
        {"response": "log", "offender": "none"},
        {"effect": "0.9"},
        {"hours": "6000"},
        {"officers": "60", "abstract": "0.25", "crew": "2"},
        {"size": "area"},
    ],
    ids=str,
)
def test_the_answer_is_the_cores(query):
    """Headline, both currencies and the worth of more, whatever is chosen."""
    page = app("plan", alone=True, **query)
    no_fault(page)
    scenario, refused = from_query(query)
    assert not refused
    found = planner(make_scenario({}))
    plan = found.solve(scenario)
    assert headline(found.prepared, scenario, plan) in [text.value for text in page.markdown]
    assert figure(page, "Worst zone") == number(plan.worst_case)
    assert figure(page, "All zones") == number(plan.expected_residual)
    more = worth(found, scenario)
    assert figure(page, "One more unit prevents") == number(more.unit)
    assert figure(page, "One more hour prevents") == number(more.hour)


@pytest.mark.parametrize("offender", ["rational", "none"])
def test_worth_of_the_first_unit_is_the_tables(offender):
    page = AppTest.from_file(PATHS["plan"], default_timeout=60)
    page.query_params["budget"] = "0"
    page.query_params["offender"] = offender
    page.session_state["_plan_tabs"] = "Next unit"
    no_fault(page.run())
    table = next(frame.value for frame in page.dataframe if "next_unit" in frame.value)
    row = table.iloc[0]
    assert row["budget"] == 0.0
    assert figure(page, "One more unit prevents") == number(row["next_unit"])
    column = "worst_case" if offender == "rational" else "expected_residual"
    first, second = core(budget=0, offender=offender), core(budget=1, offender=offender)
    assert row["next_unit"] == pytest.approx(getattr(first, column) - getattr(second, column), rel=1e-9)


def test_units_hours_and_officers_are_one_number():
    page = app("plan", alone=True)
    before = figure(page, "Worst zone")
    for face, label, value, query in (
        ("hours", "Patrol hours a month (h per month)", 8760.0, "hours"),
        ("officers", "Officers", 50.4, "officers"),
        ("units", "Units on patrol at once", 12.0, None),
    ):
        switch = next(one for one in page.get("button_group") if one.label == "Say it in")
        switch.set_value(face).run()
        no_fault(page)
        shown = [*page.slider, *page.number_input]
        assert labelled(shown, label).value == pytest.approx(value)
        assert figure(page, "Worst zone") == before
        assert set(page.query_params) == ({query} if query else set())
    said = next(text.value for text in page.caption if text.value.startswith("= "))
    assert said == "= 8,760 h a month = 50.4 officers (officers on 40 h a week)"


def test_officers_are_planned_for():
    """60 officers at 40 h, a quarter of it elsewhere, in twos: 60 x 40 x 0.75 / 2 / 168 h = 5.357 units."""
    page = app("plan", alone=True, officers="60", abstract="0.25", crew="2")
    no_fault(page)
    plan = core(budget=60 * 40 * 0.75 / 2 / 168)
    assert figure(page, "Worst zone") == number(plan.worst_case)
    assert not [one for one in page.slider if one.label == "Units on patrol at once"]


def test_several_units_take_the_place_of_an_effect_of_one():
    page = app("plan", alone=True, response="linear", effect="1")
    labelled(page.selectbox, "What further units do").set_value("several").run()
    no_fault(page)
    assert labelled(page.slider, "Effect of a patrol").value == 0.95
    assert figure(page, "Worst zone") == number(core(effectiveness=0.95).worst_case)


def test_each_month_is_the_cores():
    page = app("plan", alone=True)
    scenario = make_scenario({})
    prepared = planner(scenario).prepared
    frame = solve_hours_plan(prepared, scenario).frame
    month = frame["month"].astype(str).max()
    labelled(page.select_slider, "Month").set_value(month).run()
    no_fault(page)
    mine = frame[frame["month"].astype(str) == month].set_index("zone_id")
    units = mine["hours"].reindex(list(prepared.zone_ids)).to_numpy(float) / scenario.hours_per_unit
    risk = mine["risk"].reindex(list(prepared.zone_ids)).to_numpy(float)
    left = risk * game_of(prepared, scenario).left(units)
    worst = prepared.zone_ids[int(left.argmax())]
    button = next(one for one in page.button if one.key == f"_worst_{worst}")
    assert f"{number(left.max())} left" in button.label
    assert any(month in text.value for text in page.caption)


def test_worst_zones_are_a_click():
    page = app("plan", alone=True)
    worst = [one for one in page.button if one.key and one.key.startswith("_worst_")]
    assert len(worst) == 5
    zone = worst[0].key.removeprefix("_worst_")
    worst[0].click().run()
    no_fault(page)
    assert labelled(page.selectbox, "Zone").value == zone
    assert any("units on average" in text.value or "of the time" in text.value for text in page.markdown)
    assert not [one for one in page.button if one.key and one.key.startswith("_worst_")]


@pytest.mark.parametrize("other", ["Uniform", "Proportional to risk", "Hot spots first", FREE])
def test_change_is_against_a_plan_with_the_same_units(other):
    scenario = make_scenario({"fairness": 0.5})
    prepared = planner(make_scenario({})).prepared
    plan, free = core(fairness=0.5), core()
    game = game_of(prepared, scenario)
    units = free.coverage if other == FREE else BASELINES[other](game)
    page = AppTest.from_file(PATHS["plan"], default_timeout=60)
    page.query_params["fair"] = "0.5"
    page.session_state["page_choices"] = {"shown": "change", "change_against": other}
    no_fault(page.run())
    assert labelled(page.selectbox, "Change against").value == other
    reach = float(abs(plan.coverage - units).max())
    assert any(number(reach) in html.value for html in page.get("html"))


@pytest.mark.parametrize("old", ["overview", "patrol_game", "hours", "beats", "resources"])
def test_addresses_of_before_are_kept(old):
    assert old in MOVED
    assert not any(Path(page.path).stem == old for page in PAGES.values())


def test_fairness_figures_are_the_cores():
    page = app("fairness", fair="0.2", rule="residual-parity", response="linear", effect="1")
    no_fault(page)
    linear = {"response": "linear", "effectiveness": 1.0}
    plan, free = core(fairness=0.2, fairness_rule="residual-parity", **linear), core(**linear)
    prepared = planner(make_scenario({})).prepared
    assert figure(page, "Worst zone") == number(plan.worst_case)
    delta = next(metric.delta for metric in page.metric if metric.label.startswith("Worst zone"))
    assert delta == f"{signed(plan.worst_case - free.worst_case)} by the rule"
    table = measures.group_table(prepared.zone_ids, prepared.population, prepared.groups, plan.residual)
    ratio = table["per_1000"].min() / table["per_1000"].max()
    assert figure(page, "Lowest group's harm left") == f"{ratio:.0%}"


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
    page = app("plan")
    labelled(page.slider, "Units on patrol at once").set_value(17.5).run()
    labelled(page.sidebar.radio, "Weighting").set_value("cchi").run()
    expected = planner(make_scenario({"weighting": "cchi"})).solve(
        make_scenario({"weighting": "cchi", "budget": 17.5})
    )
    shown = [figure(page, "Worst zone")]
    for key in ("data", "start", "method", "plan"):
        page.switch_page(PATHS[key]).run()
        no_fault(page)
        assert dict(page.query_params) == {"budget": "17.5", "weight": "cchi"}
        if key in WITH_PLAN:
            shown.append(figure(page, "Worst zone"))
    assert shown == [number(expected.worst_case)] * 3
    assert labelled(page.slider, "Units on patrol at once").value == 17.5


def test_chosen_zone_stays_over_pages():
    page = app("plan")
    zone = planner(make_scenario({})).prepared.zone_ids[5]
    labelled(page.selectbox, "Zone").set_value(zone).run()
    page.switch_page(PATHS["risk"]).run()
    assert labelled(page.selectbox, "Zone").value == zone
    assert any("rank" in text.value for text in page.markdown)


@pytest.mark.parametrize(
    "query",
    [
        {"budget": "8", "fair": "0.5", "rule": "residual-parity", "response": "linear"},
        {"zones": "ward", "weight": "ons-css", "from": "2024-01", "to": "2024-12"},
        {"types": "Burglary|Robbery", "effect": "0.6", "seed": "9"},
        {"zones": "grid", "cell": "800", "budget": "5", "mind": "0.1", "wardh": "600"},
        {"area": "columbus", "budget": "6"},
    ],
)
def test_link_opens_the_same_choices(query):
    page = app("plan", alone=True, **query)
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
    page = app("plan", alone=True, budget="9") if "budget" not in query else app("plan", alone=True)
    assert not page.warning
    page = app("plan", alone=True, **({"seed": "5"} | query))
    no_fault(page)
    assert len(page.warning) == 1
    for word in words:
        assert word in page.warning[0].value
    assert dict(page.query_params) == {"seed": "5"}
    assert figure(page, "Worst zone") == number(core().worst_case)


@pytest.mark.parametrize("query", [{"types": "Piracy"}, {"from": "2031-01"}, {"groups": "star_sign"}])
def test_link_that_the_data_cannot_serve_is_one_sentence_with_a_way_back(query):
    page = app("plan", alone=True, **query)
    assert not page.exception
    assert len(page.error) == 1
    labelled(page.main.button, "Back to the defaults").click().run()
    no_fault(page)
    assert figure(page, "Worst zone") == number(core().worst_case)


@pytest.mark.parametrize(
    "query",
    [
        {"floor": "0.3"},
        {"floor": "0.2", "budget": "20"},
        {"fair": "0.05", "rule": "residual-parity", "budget": "4", "response": "linear"},
    ],
)
@pytest.mark.parametrize("page", ["plan", "start"])
def test_infeasible_rules_are_one_sentence_and_the_button_mends_them(page, query):
    opened = app(page, **query)
    assert not opened.exception
    scenario = {"floor": float(query.get("floor", 0)), "budget": float(query.get("budget", 12))}
    if "fair" in query:
        scenario |= {"fairness": float(query["fair"]), "fairness_rule": query["rule"], "response": "linear"}
    with pytest.raises(InfeasibleError) as fault:
        core(**scenario)
    assert [error.value for error in opened.error] == [str(fault.value)]
    words = (": use ", "plan of least violation")
    relax = [button for button in opened.main.button if any(word in button.label for word in words)]
    assert len(relax) == 1
    relax[0].click().run()
    no_fault(opened)
    assert float(figure(opened, "Worst zone").replace(",", "")) > 0


def test_rules_of_months_that_cannot_be_kept_are_one_sentence_and_the_button_mends_them():
    page = app("plan", alone=True, wardh="100", mind="1")
    assert not page.exception
    assert len(page.error) == 1
    relax = [button for button in page.main.button if ": use " in button.label]
    assert len(relax) == 1
    relax[0].click().run()
    no_fault(page)


@pytest.mark.parametrize("budget", ["0", "128", "500"])
def test_extreme_budgets(budget):
    page = app("plan", budget=budget)
    no_fault(page)
    assert figure(page, "Worst zone") == number(core(budget=float(budget)).worst_case)


@pytest.mark.parametrize(("budget", "top"), [("0", 60), ("59.5", 60), ("60", 60), ("500", 960)])
def test_budget_slider_never_changes_its_range(budget, top):
    page = app("plan", budget=budget)
    for value in (float(budget), top, 1.0):
        slider = labelled(page.slider, "Units on patrol at once")
        assert slider.max == top
        slider.set_value(value).run()
    no_fault(page)


def test_tabs_of_the_plan_open_one_by_one():
    page = app("plan")
    for tab in page.tabs:
        page.session_state["_plan_tabs"] = tab.label
        page.run()
        no_fault(page)


def test_reset_returns_to_the_defaults():
    page = app("plan", budget="30", fair="0.5", weight="cchi")
    labelled(page.sidebar.button, "Reset all choices").click().run()
    no_fault(page)
    assert dict(page.query_params) == {}
    assert labelled(page.slider, "Units on patrol at once").value == 12.0


def test_change_of_place_drops_choices_of_the_old_one():
    page = app("plan", **{"zones": "ward", "from": "2024-01", "budget": "9"})
    labelled(page.sidebar.selectbox, "Place").set_value("columbus").run()
    no_fault(page)
    assert dict(page.query_params) == {"area": "columbus", "budget": "9"}
    assert figure(page, "Worst zone") == number(core(area="columbus", budget=9).worst_case)
