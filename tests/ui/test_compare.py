"""The Compare page without a browser: every tab opens everywhere, its figures are the core's, refusals are sentences."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.evaluation.cross_play import faced_matrix
from patrol_core.games.documents import OFFENDERS
from patrol_core.planning import Planner, game_of, prepare, uncertainty_of
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.compare import TABS
from patrol_core.ui.shell.navigation import PAGES, root

SIDE = "Scenarios side by side"
BACKTEST = "Months it has not seen"


def compare(tab: str, **query: str) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    page.session_state["_compare_tabs"] = tab
    page.session_state["saved_scenarios"] = [
        {"name": "<A>", "scenario": {"area": query.get("area", "sample"), "budget": 6}},
        {"name": "Fair", "scenario": {"area": "sample", "fairness": 0.6}},
    ]
    page.run()
    assert not page.exception, page.exception
    assert not page.error, [error.value for error in page.error]
    return page


@pytest.mark.parametrize("area", EMBEDDED)
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_for_every_place(tab, area):
    page = compare(tab, area=area)
    if tab == BACKTEST and area != "sample":
        assert "no dates" in page.info[0].value
        assert not page.dataframe
    else:
        assert len(page.dataframe) >= 1


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("offender", ["quantal", "types"])
def test_every_tab_opens_for_other_offenders_and_a_rule(tab, offender):
    compare(tab, offender=offender, fair="0.6")


def test_scenarios_stand_side_by_side_with_the_cores_figures():
    page = compare(SIDE, budget="9")
    sample = load_area("sample")
    chosen = [{"budget": 6}, {"fairness": 0.6}, {"budget": 9}]
    planner = Planner(prepare(sample, make_scenario({})))
    plans = [planner.solve(make_scenario(one)) for one in chosen]
    shown = page.dataframe[0].value
    assert shown["scenario"].tolist() == ["<A>", "Fair", "Present choices"]
    assert shown["worst_case"].tolist() == pytest.approx([plan.worst_case for plan in plans])
    assert shown["total"].tolist() == pytest.approx([plan.expected_residual for plan in plans])
    assert shown["total_change"].tolist() == pytest.approx(
        [plan.expected_residual - plans[0].expected_residual for plan in plans]
    )
    words = " ".join(one.value for one in page.markdown)
    assert "of 128 zones have less harm left than under \\<A\\>" in words
    assert page.dataframe[-1].value["choice"].tolist()[:2] == [
        "Units on patrol at once",
        "Fairness: how far groups may differ",
    ]


def test_scenarios_of_other_data_are_compared_with_a_sentence():
    page = compare(SIDE, area="columbus")
    said = " ".join(one.value for one in page.caption)
    assert "is planned on other data (Sampleford" in said
    assert "there is no difference of harm between them" in said


def test_without_a_saved_scenario_the_page_says_how_to_save_one():
    page = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=60)
    page.run()
    assert not page.exception
    assert "No scenario is saved yet" in page.info[0].value


def test_a_scenario_that_cannot_be_planned_is_left_out_with_its_reason():
    page = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=60)
    page.session_state["saved_scenarios"] = [
        {"name": "A", "scenario": {}},
        {"name": "Gone", "scenario": {"area": "upload-00000000"}},
        {"name": "Floor", "scenario": {"floor": 0.3}},
    ]
    page.run()
    assert not page.exception
    said = [one.value for one in page.warning]
    assert any(text.startswith("Gone is left out") for text in said)
    assert any(text.startswith("Floor is left out") for text in said)
    assert page.dataframe[0].value["scenario"].tolist() == ["A", "Present choices"]


def test_matrix_is_the_cores():
    page = compare("Other offenders", budget="9", effect="0.8")
    scenario = make_scenario({"budget": 9, "effectiveness": 0.8})
    prepared = prepare(load_area("sample"), scenario)
    planner = Planner(prepared)
    plans = {kind: planner.solve(scenario.changed(offender=kind)).coverage for kind in OFFENDERS}
    expected = faced_matrix(game_of(prepared, scenario), plans, uncertainty_of(prepared, scenario)).frame
    shown = page.dataframe[0].value
    assert shown.iloc[:, 1:].to_numpy(dtype=float) == pytest.approx(
        expected.iloc[:, 1:].to_numpy(dtype=float)
    )
    assert shown["plan"].iloc[0].endswith("(this plan)")


def test_other_months_are_refused_in_a_sentence_where_there_is_one():
    page = compare("Other data", area="sample", **{"from": "2024-05", "to": "2024-05"})
    chance = next(radio for radio in page.main.radio if radio.label == "Other data by")
    chance.set_value("months").run()
    assert not page.exception
    assert "only the month 2024-05" in page.info[0].value
    assert "choose a longer period" in page.info[0].value


def test_rules_that_cannot_be_met_are_one_sentence_with_the_way_out():
    page = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=60)
    page.query_params["floor"] = "0.3"
    page.run()
    assert not page.exception
    assert len(page.error) == 1
    assert any(": use " in button.label for button in page.main.button)


def test_settings_of_a_tab_outlive_a_visit_to_another():
    page = compare("Other data")
    size = next(box for box in page.main.selectbox if box.label == "Sets of data")
    size.set_value(100).run()
    for tab in ("Other offenders", "Which zones stay on top"):
        page.session_state["_compare_tabs"] = tab
        page.run()
    assert next(box for box in page.main.selectbox if box.label == "Sets of data").value == 100
