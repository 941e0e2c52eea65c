"""The Fairness page without a browser: every group, rule and response, prices, least violation, tabs, data without residents."""

from __future__ import annotations

from functools import cache

import pytest

from patrol_core import words
from patrol_core.evaluation import UNIFORM
from patrol_core.fairness import measures
from patrol_core.figures.charts.fairness import change_bars, frontiers_over, reporting_lines, view_curves
from patrol_core.planning import Planner, assumption_words, fairness_views, prepare
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.fairness.tabs import TABS
from patrol_core.ui.fairness.text import DEFINITIONS
from patrol_core.ui.memo.fairness_results import FREE
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS
from tests.ui.test_pages import app, entry, figure, labelled, no_fault  # noqa: F401

RULE = "What is shared evenly"
LEVEL = "Fairness: how far groups may differ"
SHOWN_BY = {
    "Price of fairness": "Make this the plan",
    "Who changes most": "Download groups",
    "Measures": "Aversion to inequality",
    "Does it hold?": "Share of its harm recorded",
    "Table": "Download fairness.csv",
    "Impact record": "Download impact",
}
"""Start of something that only the open tab shows; data text is escaped in labels."""


@cache
def planner(group_by: str = "") -> Planner:
    return Planner(prepare(load_area("sample"), make_scenario({"group_by": group_by})))


def ratio(views, view: str) -> str:
    return f"{float(views.loc[views['view'] == view, 'min_max_ratio'].iloc[0]):.0%}"


def check_figures(page, scenario, groups: str = "") -> None:
    """Every figure of the page is that of the plan solved anew."""
    plan = planner(groups).solve(scenario)
    views = fairness_views(planner(groups).prepared, plan)
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)
    assert figure(page, "All zones") == words.figure(plan.expected_residual)
    assert figure(page, "Lowest group's patrol") == ratio(views, measures.BURDEN)
    assert figure(page, "Lowest group's harm left") == ratio(views, measures.PROTECTION)


def said(page) -> str:
    """All text of the page that somebody reads."""
    parts = [one.value for one in (*page.caption, *page.markdown, *page.info, *page.warning)]
    parts += [one.label for one in (*page.metric, *page.slider, *page.select_slider, *page.selectbox)]
    parts += [option for box in page.selectbox for option in box.options]
    parts += [str(column) for table in page.dataframe for column in table.value.columns]
    return " | ".join([*parts, *(str(chart.proto.spec) for chart in page.get("plotly_chart"))])


@pytest.mark.parametrize("groups", ["", "ethnic_group", "ward"])
def test_figures_of_every_grouping_are_the_cores(groups):
    page = app("fairness", fair="0.4", **({"groups": groups} if groups else {}))
    no_fault(page)
    check_figures(page, make_scenario({"fairness": 0.4, "group_by": groups}), groups)
    divided = any("divide the residents" in caption.value for caption in page.caption)
    assert divided == (groups == "ethnic_group")


def test_the_price_is_shown_in_harm_and_per_year():
    page = app("fairness", fair="0.2")
    plan = planner().solve(make_scenario({"fairness": 0.2}))
    free = planner().solve(make_scenario({}))
    extra = plan.worst_case - free.worst_case
    (metric,) = [one for one in page.metric if one.label.startswith("Worst zone")]
    assert metric.delta == f"{words.signed(extra)} by the rule"
    assert f"{words.signed(12 * extra)} a year" in said(page)
    assert "Price of the rule" not in said(app("fairness"))


CORNERS = [
    {"response": "linear", "effectiveness": 1.0},
    {"response": "linear", "effectiveness": 0.5, "offender": "none"},
    {"response": "log"},
    {"zone_sizes": "area"},
]


@pytest.mark.parametrize("choices", CORNERS, ids=str)
def test_figures_follow_the_response_and_the_offender(choices):
    scenario = make_scenario(choices)
    page = app("fairness", **scenario.to_query())
    no_fault(page)
    check_figures(page, scenario)
    sentence = next(one.value for one in page.caption if "(assumed)" in one.value)
    assert sentence.endswith(f"{OFFENDER_TEXTS[scenario.offender].label}: {assumption_words(scenario)}.")


def test_hours_stand_beside_units():
    """One number with two faces: 12 units round the clock are 8,760 h a month, by hand."""
    page = app("fairness")
    page.session_state["_fair_tabs"] = "Who changes most"
    page.run()
    no_fault(page)
    assert any("12 units at once, 8,760 h a month" in caption.value for caption in page.caption)
    table = next(one.value for one in page.dataframe if "added_hours" in one.value.columns)
    moved = table["patrol"] - table["patrol_of_baseline"]
    assert table["added_hours"].to_numpy() == pytest.approx(moved.to_numpy() * 730.0, abs=1e-3)
    plan = planner().solve(make_scenario({}))
    assert table["patrol"].sum() == pytest.approx(plan.coverage.sum())
    less = app("fairness", perday="8")  # a shift a day: the same units at once, a third of the hours
    assert any("12 units at once, 2,920 h a month" in caption.value for caption in less.caption)


def test_the_map_shows_something_before_a_rule_is_set():
    page = app("fairness")
    no_fault(page)
    assert labelled(page.selectbox, "Against").value == UNIFORM
    assert FREE not in labelled(page.selectbox, "Against").options
    ruled = app("fairness", fair="0.4")
    assert labelled(ruled.selectbox, "Against").value == FREE


def test_a_rule_that_a_curved_response_cannot_keep_is_a_sentence_with_what_helps():
    for label, left, taken in (
        ("Take response linear", "response", "linear"),
        ("Rule: worst harmed group first", "rule", "residual-max-min"),
    ):
        page = app("fairness", fair="0.4", rule="residual-parity")
        assert not page.exception
        assert len(page.error) == 1
        next(button for button in page.button if button.label == label).click().run()
        no_fault(page)
        assert page.query_params[left] in (taken, [taken])


COUNTED = ("per head", "resident", "population", "1,000 zones")
"""Words that data without population have no use for."""


@pytest.mark.parametrize("tab", TABS)
def test_data_without_residents_speak_of_zones(tab):
    """Columbus carries no population: each zone counts once, in words, tables and charts alike."""
    page = app("fairness", area="columbus")
    page.session_state["_fair_tabs"] = tab
    page.run()
    no_fault(page)
    text = said(page).lower()
    about_data = [one.value.lower() for one in page.markdown if ":material/" in one.value]
    for sentence in about_data:  # what the data lack is said there
        text = text.replace(sentence, "")
    assert [one for one in COUNTED if one in text] == []
    assert "Patrol per zone" in labelled(page.selectbox, RULE).options
    assert "per zone" in text


def test_an_infeasible_parity_offers_the_plan_of_least_violation():
    linear = {"response": "linear", "effectiveness": 1.0}
    page = app("fairness", fair="0", rule="residual-parity", response="linear", effect="1")
    assert not page.exception
    assert "residual-parity" in page.error[0].value
    (button,) = [one for one in page.button if one.label.startswith("Show the plan of least violation")]
    button.click().run()
    no_fault(page)
    level = float(
        page.query_params["fair"][0]
        if isinstance(page.query_params["fair"], list)
        else page.query_params["fair"]
    )
    plan = planner().solve(make_scenario({"fairness": level, "fairness_rule": "residual-parity", **linear}))
    assert 0 < level < 0.2
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens(tab):
    page = app("fairness", fair="0.4")
    page.session_state["_fair_tabs"] = tab
    page.run()
    no_fault(page)
    shown = [one.label for one in (*page.slider, *page.button)]
    shown += [str(one.proto.label) for one in page.get("download_button")]
    assert any(label.startswith(SHOWN_BY[tab]) for label in shown), shown


@pytest.mark.parametrize(
    ("rule", "response"),
    [
        ("residual-parity", "linear"),
        ("mean-difference", "several"),
        ("max-min", "several"),
        ("residual-max-min", "several"),
    ],
)
def test_every_rule_has_a_frontier_and_a_point_that_opens(rule, response):
    page = app("fairness", rule=rule, response=response)
    no_fault(page)
    (button,) = [one for one in page.button if one.label.startswith("Make this the plan")]
    button.click().run()
    no_fault(page)
    text = page.query_params["fair"]
    level = float(text[0] if isinstance(text, list) else text)
    plan = planner().solve(make_scenario({"fairness": level, "fairness_rule": rule, "response": response}))
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)


def test_levels_of_a_group_move_the_plan_and_go_with_the_groups():
    page = app("fairness", gfloor="3=4")
    no_fault(page)
    plan = planner().solve(make_scenario({"group_floor": "3=4"}))
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)
    labelled(page.slider, "3").set_value((2.5, 9.0)).run()
    no_fault(page)
    plan = planner().solve(make_scenario({"group_floor": "3=2.5", "group_cap": "3=9"}))
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)
    labelled(page.selectbox, "Groups").set_value("ward").run()
    no_fault(page)
    assert "gfloor" not in page.query_params


def test_a_level_for_an_unknown_group_is_one_sentence():
    page = app("fairness", gfloor="nowhere=4")
    assert not page.exception
    assert "names the group 'nowhere'" in page.error[0].value


def test_a_level_of_a_group_that_cannot_be_met_has_a_way_out():
    page = app("fairness", gfloor="3=20")  # twelve units in all
    assert not page.exception
    assert "floor of 20 on group '3'" in page.error[0].value or "budget" in page.error[0].value
    (button,) = [one for one in page.button if ": use " in one.label]
    button.click().run()
    no_fault(page)


def test_the_plan_shown_before_can_be_held_against():
    page = app("fairness", fair="0.4")
    labelled(page.select_slider, LEVEL).set_value(0.2).run()
    no_fault(page)
    against = labelled(page.selectbox, "Against")
    assert "The plan shown before" in against.options
    against.set_value("The plan shown before").run()
    no_fault(page)
    assert any("The plan shown before" in caption.value for caption in page.caption)


def test_every_measure_is_defined():
    from patrol_core.fairness.uncertainty import MEASURES

    assert set(DEFINITIONS) == set(MEASURES)
    assert all(row.source and row.formula and row.words.endswith(".") for row in DEFINITIONS.values())


def test_charts_of_fairness_hold_what_they_are_given():
    import numpy as np
    import pandas as pd

    line = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert len(view_curves(line, None, what="patrol", view="burden", head="residents").data) == 2
    assert len(view_curves(line, line, what="patrol", view="burden", head="residents").data) == 3
    frame = pd.DataFrame({"within": [0.5, 0.1], "worst_case": [1.0, np.nan], "ratio": [0.3, np.nan]})
    drawn = frontiers_over({"a": frame}, x="ratio", x_words="x", unit="u", knees={"a": 0.5})
    assert [len(trace.x) for trace in drawn.data] == [1, 1]  # the infeasible level is no point
    bars = change_bars(["x", "y"], np.array([2.0, -1.0]), title="t", unit="u").data[0]
    assert list(bars.x) == [-1.0, 2.0]
    path = pd.DataFrame({"recorded": [1.0, 0.5], "ratio": [0.4, 0.8]})
    mark = reporting_lines({"g": path}, now=("g", 0.75)).data[-1]
    assert mark.y[0] == pytest.approx(0.6)


def test_patrol_in_proportion_to_harm_has_its_formula_and_both_ends():
    page = app("fairness", fair="0.4", rule="proportionality")
    no_fault(page)
    assert any("share of the patrols" in caption.value for caption in page.caption)
    assert {"Least of its share of the harm (a)", "Most of its share of the harm (b)"} <= {
        box.label for box in page.number_input
    }
    ends = {"share_least": 0.7, "share_most": 1.2, "fairness_rule": "proportionality"}
    page = app("fairness", rule="proportionality", sharemin="0.7", sharemax="1.2")
    no_fault(page)
    assert any(
        "between 0.7 and 1.2" in caption.value for caption in page.caption
    )  # the slider knows one number only
    plan = planner().solve(make_scenario(ends))
    assert figure(page, "Worst zone") == words.figure(plan.worst_case)
    need = fairness_views(planner().prepared, plan)["need_ratio"].dropna()
    assert need.min() >= 0.7 - 1e-6
    assert need.max() <= 1.2 + 1e-6
