"""The events page in a real browser: units move the plan, the film runs without the server, orders are handed out."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import log

import pytest
from playwright.sync_api import expect

from patrol_core.events.examples import SCENES
from patrol_core.events.solve import solve_event
from tests.e2e.driving import metric, opened, settled, slide, watch


@pytest.fixture(scope="module")
def scene():
    return SCENES["marathon"]()


def planned(scene, units):
    return solve_event(replace(scene.event, resources=units, decay=log(2)))


def test_units_film_and_orders(page, dashboard, scene, outside, tmp_path):
    opened(page, f"{dashboard}/events", "Events")
    faults = watch(page)
    expect(metric(page, "Worst attack")).to_have_text(f"{planned(scene, 10).value:,.0f}")
    slide(page, "Units")
    settled(page)
    plan = planned(scene, 11)
    expect(metric(page, "Worst attack")).to_have_text(f"{plan.value:,.0f}")

    expect(page.get_by_text("Time 09:00")).to_be_visible()
    page.locator("g.updatemenu-button", has_text="Play").click()
    expect(page.get_by_text("Time 09:00")).to_have_count(0)  # the film has moved on, in the page alone

    page.get_by_role("tab", name="Orders").click()
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download transfer_orders.csv").click()
    coming.value.save_as(tmp_path / "orders.csv")
    text = (tmp_path / "orders.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == plan.moves
    assert {row["from"] for row in rows} <= set(plan.event.ids)
    assert outside == []
    assert faults == []
