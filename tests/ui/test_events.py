"""The events page without a browser: every event and tab opens, its figures are the core's, faults are sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from math import log

import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.events.examples import SCENES
from patrol_core.events.formats import event_document
from patrol_core.events.replanning import replan, state_at
from patrol_core.events.solve import solve_event
from patrol_core.ui.events.inputs import SOURCES
from patrol_core.ui.events.view import TABS
from patrol_core.ui.shell.navigation import PAGES, root


def events(*, source: str = "marathon", tab: str = TABS[0], **state) -> AppTest:
    page = AppTest.from_file(str(root() / PAGES["events"][0]), default_timeout=60)
    page.session_state["_event_source"] = source
    page.session_state["_event_tabs"] = tab
    for key, value in state.items():
        page.session_state[key] = value
    page.run()
    assert not page.exception, page.exception
    return page


def figure(page: AppTest, label: str) -> str:
    return next(metric.value for metric in page.metric if metric.label.startswith(label))


@pytest.mark.parametrize("source", ["marathon", "festival", "hand"])
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_for_every_event(source, tab):
    page = events(source=source, tab=tab)
    assert not page.error, [error.value for error in page.error]
    assert figure(page, "Worst attack") != ""


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_opens(source):
    page = events(source=source)
    assert not page.error, [error.value for error in page.error]
    assert page.metric or page.info


def test_figures_are_the_cores():
    page = events(source="festival", _event_units_festival=9)
    event = SCENES["festival"]().event.with_resources(9)
    plan = solve_event(replace(event, decay=log(2)))
    assert figure(page, "Worst attack") == f"{plan.value:,.0f}"
    assert figure(page, "Moves") == str(plan.moves)


def test_generated_events_say_so():
    text = " ".join(element.value for element in events(source="marathon", tab=TABS[-1]).caption)
    assert "generated" in text


def test_a_unit_that_drops_out_is_replanned():
    page = events(source="marathon", tab="What if", _event_when=1.75, _event_lost=["Unit 1"])
    plan = solve_event(replace(SCENES["marathon"]().event, decay=log(2)))
    again = replan(plan.event, state_at(plan, 1.75).without("Unit 1"))
    assert figure(page, "Worst attack from") == f"{again.value:,.0f}"
    assert figure(page, "Units left") == "9"


def test_an_event_file_is_planned_and_a_broken_one_is_a_sentence():
    scene = SCENES["festival"]()
    text = json.dumps(event_document(scene.event)).encode()
    page = events(source="file", event_drawn_file=(("event.json", text),))
    assert figure(page, "Worst attack") == f"{solve_event(scene.event).value:,.0f}"
    broken = events(source="file", event_drawn_file=(("event.json", text.replace(b'"lambda"', b'"lamda"')),))
    assert "'lamda'" in broken.error[0].value
    for odd, words in (
        (b"NaN", "NaN is no number"),
        (b"1e400", "1.8e308"),
        (b"9" * 5000, "digits"),
        (b"[" * 9999, "nested"),
    ):
        broken = events(
            source="file",
            event_drawn_file=(
                ("event.json", text.replace(b'"duration": ', b'"duration": ' + odd + b', "x": ')),
            ),
        )
        assert words in broken.error[0].value
        assert not broken.exception


def test_a_route_is_run_and_two_lines_are_refused():
    line = {"type": "LineString", "coordinates": [[-0.1, 51.5], [-0.05, 51.5], [-0.05, 51.53]]}
    page = events(source="route", event_drawn=(("route.geojson", json.dumps(line).encode()),))
    assert not page.error, [error.value for error in page.error]
    assert float(figure(page, "Worst attack").replace(",", "")) > 0
    apart = {"type": "MultiLineString", "coordinates": [[[0, 51], [0.1, 51]], [[1, 52], [1.1, 52]]]}
    page = events(source="route", event_drawn=(("route.geojson", json.dumps(apart).encode()),))
    assert "do not join" in page.error[0].value


def test_targets_drawn_on_a_map_become_an_event():
    marks = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": spot}}
            for spot in ([-0.10, 51.50], [-0.09, 51.50], [-0.10, 51.51])
        ],
    }
    drawn = (("drawn.geojson", json.dumps(marks).encode()),)
    page = events(source="hand", _event_template="drawn", event_drawn_marker=drawn)
    assert not page.error, [error.value for error in page.error]
    assert figure(page, "Worst attack") == "50"  # four units for three targets of 100, one unit halves
    nothing = events(source="hand", _event_template="drawn")
    assert "Draw at least one target" in nothing.info[0].value
