"""Charts of an event plan show the plan's own figures."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.events.compare import STATIC, alternatives, worth_of_units
from patrol_core.events.examples import SCENES
from patrol_core.events.plan import itineraries
from patrol_core.events.scene import clock, scene_of_event
from patrol_core.events.solve import solve_event
from patrol_core.figures.charts.events import gantt, values_map, worst_over_time, worth_curve
from patrol_core.figures.maps.event import film, spots_of
from patrol_core.reports.event_orders import orders_html


@pytest.fixture(scope="module", params=sorted(SCENES))
def staged(request):
    scene = SCENES[request.param]()
    return scene, solve_event(scene.event)


def test_the_film_shows_units_and_losses_of_each_moment(staged):
    scene, plan = staged
    fixed = alternatives(plan.event)[STATIC]
    drawn = film(scene, plan, fixed, unit=scene.unit)
    assert len(drawn.layout.sliders[0].steps) == len(drawn.frames)
    assert drawn.layout.sliders[0].steps[0].label == clock(0, scene.clock)
    for picture in drawn.frames[:: len(drawn.frames) // 5]:
        circles, _, hand = picture.data
        when = hand.x[0]
        units = plan.exposure.units[np.searchsorted(plan.exposure.starts, when, side="right") - 1]
        assert [int(text or 0) for text in circles.text] == units.tolist()
        assert max(circles.marker.color) <= plan.value * (1 + 1e-9)


def test_units_on_their_way_are_between_their_targets(staged):
    scene, plan = staged
    spots = spots_of(scene.places)
    low, high = spots.min(axis=0) - 1e-6, spots.max(axis=0) + 1e-6
    seen = 0
    for picture in film(scene, plan, alternatives(plan.event)[STATIC], unit="people").frames:
        dots = picture.data[1]
        for x, y in zip(dots.x, dots.y, strict=True):
            seen += 1
            assert low[0] <= x <= high[0]
            assert low[1] <= y <= high[1]
    assert seen > 0


def test_the_bars_cover_every_unit_all_the_time(staged):
    scene, plan = staged
    drawn = gantt(plan, begins=scene.clock)
    total = sum(float(np.sum(trace.x)) for trace in drawn.data)
    assert total == pytest.approx(plan.event.duration * plan.event.resources)
    assert len(set(itineraries(plan)["unit"])) == plan.event.resources


def test_curves_hold_the_tables(staged):
    scene, plan = staged
    others = alternatives(plan.event)
    lines = worst_over_time(plan, others, unit=scene.unit).data
    assert max(lines[-1].y) == plan.value
    assert [line.name for line in lines] == [*others, "The plan"]
    table = worth_of_units(plan.event, range(1, 4))
    assert list(worth_curve(table, units=2, unit=scene.unit).data[2].y) == table["worst_case"].tolist()
    assert np.asarray(values_map(plan.event, unit="people").data[0].z).max() == pytest.approx(
        plan.event.peaks.max(), rel=0.05
    )


def test_orders_to_print_name_everybody_and_escape():
    scene = SCENES["festival"]()
    plan = solve_event(scene.event)
    page = orders_html(scene, plan).decode()
    assert all(f"Unit {k}" in page for k in range(1, plan.event.resources + 1))
    assert "Children&#39;s park" in page
    assert "generated" in page.lower()
    evil = scene_of_event(plan.event, title="<script>alert(1)</script>")
    assert "<script>" not in orders_html(evil, plan).decode()


def test_the_clock_by_hand():
    assert clock(1.75, 9) == "10:45"
    assert clock(15.5, 9) == "00:30"
    assert clock(0.9999, 0) == "01:00"
