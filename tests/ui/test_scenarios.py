"""Scenarios in a session: undo and redo, Back of the browser, saving by name, taking up, files."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from patrol_core.errors import InputError
from patrol_core.projects import Library, keep_apart, scenarios_apart
from patrol_core.scenario import (
    DataNamed,
    ScenarioDocument,
    make_scenario,
    named,
    read_scenarios,
    scenarios_bytes,
)
from patrol_core.sources.sample import load_area
from patrol_core.ui.session import projects, saved, state
from patrol_core.ui.session.steps import MOST_STEPS, TOGETHER_S, Steps
from patrol_core.ui.shell import scenario_bar

ROOT = Path(__file__).resolve().parents[2]
UNITS = [make_scenario({"budget": units}) for units in range(200)]


@pytest.fixture
def session(monkeypatch) -> dict:
    """A session without a page."""
    held: dict = {state.SCENARIO: UNITS[12]}
    monkeypatch.setattr(state, "held", lambda key: load_area(key) if key == "columbus" else None)
    context = SimpleNamespace(is_history_navigation=False)
    stub = SimpleNamespace(session_state=held, query_params=_Query())
    for module in (state, saved, scenario_bar):
        monkeypatch.setattr(module, "st", stub)
    monkeypatch.setattr(state, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(scenario_bar.results, "area_data", load_area)
    held["context"] = context
    return held


class _Query(dict):
    def to_dict(self):
        return dict(self)


# -- steps -----------------------------------------------------------------------------------------


def test_each_change_is_a_step_and_a_drag_is_one():
    steps = Steps()
    steps.note(UNITS[1], UNITS[2], 0.0)
    for value in range(2, 50):
        steps.note(UNITS[value], UNITS[value + 1], 0.1 * value)
    assert steps.past == [UNITS[1]]
    steps.note(UNITS[50], UNITS[51], 5.0 + TOGETHER_S)
    assert steps.past == [UNITS[1], UNITS[50]]
    fair = make_scenario({"budget": 51, "fairness": 0.2})
    steps.note(UNITS[51], fair, 5.1 + TOGETHER_S)
    assert steps.past == [UNITS[1], UNITS[50], UNITS[51]]
    steps.note(fair, fair, 100.0)
    assert len(steps.past) == 3


def test_there_and_back_again_is_no_step():
    steps = Steps()
    steps.note(UNITS[1], UNITS[2], 0.0)
    steps.note(UNITS[2], UNITS[1], 0.1)
    assert steps.past == []


def test_at_least_fifty_steps_are_kept():
    steps = Steps()
    for value in range(150):
        steps.note(UNITS[value], UNITS[value + 1], 10.0 * value)
    assert len(steps.past) == MOST_STEPS >= 50
    now = UNITS[150]
    for value in range(149, 99, -1):
        found = steps.undo(now)
        assert found == UNITS[value]
        now = found


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 30))
def test_redo_leads_back_to_where_undo_began(values, back):
    steps, now = Steps(), UNITS[100]
    for at, value in enumerate(values):
        steps.note(now, UNITS[value], 10.0 * at)
        now = UNITS[value]
    end, gone = now, 0
    while gone < back and (found := steps.undo(now)) is not None:
        now, gone = found, gone + 1
    for _ in range(gone):
        now = steps.redo(now)
    assert now == end
    assert steps.redo(now) is None


def test_a_new_step_ends_what_could_be_redone(session):
    state.change(budget=13)
    state.undo()
    assert state.scenario() == UNITS[12]
    state.change(fairness=0.2)
    state.redo()
    assert state.scenario().fairness == 0.2
    state.undo()
    state.undo()
    assert state.scenario() == UNITS[12]


def test_undo_seeds_the_widgets_again(session):
    state.change(budget=13)
    before = state.widget_key("budget")
    state.undo()
    assert state.widget_key("budget") != before


# -- Back and Forward of the browser ---------------------------------------------------------------


def test_back_takes_the_choices_of_the_address(session):
    state.change(budget=13)
    state.st.query_params.update(UNITS[12].to_query())
    state.follow_browser()
    assert state.scenario().budget == 13, "only where the browser says so"
    session["context"].is_history_navigation = True
    state.follow_browser()
    assert state.scenario() == UNITS[12]
    assert state.steps().future, "it is an undo"
    state.st.query_params.update(make_scenario({"budget": 13}).to_query())
    state.follow_browser()
    assert state.scenario().budget == 13
    assert not state.steps().future, "and Forward a redo"
    state.st.query_params.update({"budget": "77"})
    state.follow_browser()
    assert state.scenario().budget == 77
    state.undo()
    assert state.scenario().budget == 13


# -- saving ----------------------------------------------------------------------------------------


def test_saved_scenarios_are_plain_data_that_a_project_can_keep(session):
    sample = load_area("sample")
    saved.add(named(UNITS[3], sample, "A"))
    saved.add(named(UNITS[4], sample, "B"))
    saved.add(named(UNITS[5], sample, "A"))
    assert [(one.name, one.scenario.budget) for one in saved.saved()] == [("A", 5.0), ("B", 4.0)]
    plain = session[projects.SAVED]
    assert json.loads(json.dumps(plain)) == plain
    session[projects.SAVED] = [*plain, {"name": "C", "scenario": {"budgett": 1}}]
    assert [one.name for one in saved.saved()] == ["A", "B"]
    (fault,) = saved.faults()
    assert fault.startswith("The saved scenario C: scenario has the unknown key 'budgett'")


def test_scenarios_of_cities_that_ship_survive_the_session_and_are_seen_by_another_page(
    session, monkeypatch, tmp_path
):
    shelf = Library("0" * 32, tmp_path)
    monkeypatch.setattr(saved, "library", lambda: shelf)
    sample = load_area("sample")
    saved.restore()
    assert saved.saved() == ()
    saved.add(named(UNITS[3], sample, "A"))
    upload = make_scenario({"area": "upload-00000000"})
    saved.add(ScenarioDocument(name="Mine", scenario=upload))
    saved.keep_for_next_time()
    assert [one["name"] for one in scenarios_apart(shelf)] == ["A"]
    (found,), _ = read_scenarios(json.dumps({"scenarios": scenarios_apart(shelf)}))
    assert found.scenario == UNITS[3]

    keep_apart(shelf, [*scenarios_apart(shelf), named(UNITS[4], sample, "B").plain()], scenarios_apart(shelf))
    saved.rename("A", "Night")
    saved.keep_for_next_time()
    assert {one.name for one in saved.saved()} == {"Night", "B", "Mine"}, "another page added B"

    for key in (projects.SAVED, saved.APART):
        session.pop(key)
    saved.restore()
    assert {one.name for one in saved.saved()} == {"Night", "B"}
    for name in ("Night", "B"):
        saved.delete(name)
    saved.keep_for_next_time()
    assert not (shelf.folder / "scenarios.json").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"scenarios": 3}', b'{"scenarios": [3]}', b"\xff"])
def test_a_damaged_file_of_scenarios_is_as_none(session, monkeypatch, tmp_path, content):
    shelf = Library("0" * 32, tmp_path)
    monkeypatch.setattr(saved, "library", lambda: shelf)
    shelf.folder.mkdir(parents=True)
    (shelf.folder / "scenarios.json").write_bytes(content)
    saved.restore()
    assert saved.saved() == ()


def test_names_are_given_and_kept_apart(session):
    sample = load_area("sample")
    assert saved.free_name([]) == "A"
    assert saved.free_name(["A", "C"]) == "B"
    for name in ("A", "B"):
        saved.add(named(UNITS[1], sample, name))
    saved.rename("A", " Night ")
    assert [one.name for one in saved.saved()] == ["Night", "B"]
    for taken in ("B", " ", "x" * 61, "a\nb"):
        with pytest.raises(InputError):
            saved.rename("Night", taken)
    saved.delete("Night")
    assert [one.name for one in saved.saved()] == ["B"]


def test_more_than_can_be_kept_is_refused(session):
    many = [ScenarioDocument(name=str(n), scenario=UNITS[n]) for n in range(51)]
    with pytest.raises(InputError, match="50 scenarios can be kept"):
        saved.keep(many)
    assert saved.saved() == ()


# -- taking up -------------------------------------------------------------------------------------


def test_taking_up_goes_to_the_data_it_was_made_for(session):
    scenario_bar.take_up(named(make_scenario({"area": "columbus", "budget": 3}), load_area("columbus"), "A"))
    assert (state.scenario().area, state.scenario().budget) == ("columbus", 3.0)
    assert state.take_messages() == []
    state.undo()
    assert state.scenario() == UNITS[12]


def test_taking_up_where_its_data_are_not_says_so_and_leaves_out_what_is_not_there(session):
    chosen = make_scenario({"area": "upload-00000000", "from_month": "2019-01", "budget": 3})
    made = ScenarioDocument(name="A", data=DataNamed(name="Elsewhere", hash="ab"), scenario=chosen)
    scenario_bar.take_up(made)
    assert (state.scenario().area, state.scenario().from_month, state.scenario().budget) == (
        "sample",
        "",
        3.0,
    )
    said = state.take_messages()
    assert "made for Elsewhere" in said[0]
    assert "From 2019-01" in said[1]


# -- files -----------------------------------------------------------------------------------------


def given_file(session, content: bytes, name: str = "night.json") -> None:
    session["file"] = SimpleNamespace(name=name, getvalue=lambda: content)
    scenario_bar._take_file("file")


def test_a_file_of_one_is_saved_and_taken_up(session):
    given_file(session, b'{"scenario": {"budget": 9}}')
    assert [one.name for one in saved.saved()] == ["night"]
    assert state.scenario().budget == 9.0


def test_a_file_of_several_is_saved_under_names_that_are_free(session):
    sample = load_area("sample")
    saved.add(named(UNITS[1], sample, "A"))
    saved.add(named(UNITS[2], sample, "B"))
    two = [named(UNITS[7], sample, "A"), named(UNITS[2], sample, "B")]
    given_file(session, scenarios_bytes(two))
    assert {one.name: one.scenario.budget for one in saved.saved()} == {"A": 1.0, "B": 2.0, "C": 7.0}
    assert state.scenario() == UNITS[12]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{}", b'{"scenario": {"budget": "9"}}', b"[" * 100])
def test_a_file_that_is_none_is_one_sentence_and_changes_nothing(session, content):
    given_file(session, content, "x.json")
    assert saved.saved() == ()
    assert state.scenario() == UNITS[12]
    (said,) = state.take_messages()
    assert said.startswith("x.json")


# -- on the page -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / "plan.py"), default_timeout=120)
    at.session_state["_scenarios"] = True
    at.run()
    assert not at.exception
    return at


def test_save_change_undo_redo_and_take_up_on_the_page(page):
    assert page.text_input(key="_scenario_name").value == "A"
    page.button(key="_scenario_save").click().run()
    assert page.text_input(key="_scenario_name").value == "B"
    assert any("worst zone" in one.value and "**A**" in one.value for one in page.markdown)
    slider = next(one for one in page.slider if one.label == "Units on patrol at once")
    slider.set_value(20.0).run()
    assert page.session_state[state.SCENARIO].budget == 20.0
    page.button(key="_undo").click().run()
    assert page.session_state[state.SCENARIO].budget == 12.0
    assert next(one for one in page.slider if one.label == "Units on patrol at once").value == 12.0
    page.button(key="_redo").click().run()
    assert page.session_state[state.SCENARIO].budget == 20.0
    page.button(key="_scenario_take").click().run()
    assert page.session_state[state.SCENARIO].budget == 12.0
    assert not page.exception
