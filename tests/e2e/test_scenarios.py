"""Scenarios by hand: save two, see them side by side, undo, Back and Forward, file out and in."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.driving import (
    BUDGET,
    core,
    go_to,
    metric,
    no_fault,
    opened,
    settled,
    slide,
    slider,
    watch,
    worst,
)

EFFECT = "Effect of a patrol"


def scenarios(page):
    """Open the box of scenarios."""
    box = page.get_by_label("Save the present choices as")
    if not box.is_visible():
        page.get_by_role("button", name="Scenarios", exact=True).click()
    expect(box).to_be_visible()
    settled(page)


def save(page):
    scenarios(page)
    page.get_by_role("button", name="Save", exact=True).click()
    settled(page)
    page.keyboard.press("Escape")
    settled(page)


@pytest.fixture
def plan_page(page, dashboard):
    return opened(page, f"{dashboard}/plan", "Plan")


def test_save_two_compare_and_take_one_up(plan_page, tmp_path):
    page = plan_page
    faults = watch(page)
    save(page)
    slide(page, BUDGET, steps=6)
    save(page)
    page.goto(
        page.url.replace("/plan", "/compare")
    )  # by its address: a session of its own, that knows them all the same
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    settled(page)
    no_fault(page)
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    frames = page.frame_locator("iframe")
    expect(page.locator("iframe")).to_have_count(3)
    for index in range(3):
        frames.nth(index).locator("body[data-painted]").wait_for()
    maps = [frame for frame in page.frames if "streamlit_folium" in frame.url]
    maps[0].evaluate("() => { map.zoomIn(1); }")
    for other in maps[1:]:
        other.wait_for_function("zoom => map.getZoom() === zoom", arg=maps[0].evaluate("map.getZoom()"))
    page.get_by_text("Change in harm left", exact=True).click()
    settled(page)
    expect(page.locator("iframe")).to_have_count(2)
    expect(page.get_by_text("B minus A")).to_be_visible()
    expect(page.get_by_text("zones have less harm left than under A").first).to_be_visible()

    # file out
    scenarios(page)
    with page.expect_download() as arrived:
        page.get_by_role("button", name="All in a file").click()
    file = tmp_path / "scenarios.json"
    arrived.value.save_as(file)
    held = json.loads(file.read_text(encoding="utf-8"))["scenarios"]
    assert [(one["name"], one["scenario"]["budget"]) for one in held] == [("A", 12.0), ("B", 15.0)]

    # and in, changed by hand
    held[0] |= {"name": "Night", "scenario": held[0]["scenario"] | {"budget": 20.0}}
    file.write_text(json.dumps(held[0]), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))
    settled(page)
    assert "budget=20" in page.url
    assert faults == []


def rest(page):
    """So long that the next change is a step of its own."""
    page.wait_for_timeout(2100)


def test_undo_back_and_forward_step_through_choices(plan_page):
    page = plan_page
    slide(page, BUDGET)
    rest(page)
    slide(page, EFFECT)
    both = {"budget": 12.5, "effectiveness": 0.55}
    expect(metric(page, "Worst zone")).to_have_text(worst(core(**both)))
    rest(page)
    page.keyboard.press("Alt+z")
    settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=12.5)))
    expect(slider(page, EFFECT)).to_have_value("0.5")
    settled(page)
    rest(page)
    page.keyboard.press("Alt+y")
    settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(**both)))
    settled(page)

    go_to(page, "Fairness")
    expect(page.get_by_role("heading", name="Fairness", exact=True)).to_be_visible()
    settled(page)
    assert page.url.endswith("/fairness?budget=12.5&effect=0.55")
    page.go_back()
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
    settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(**both)))
    settled(page)
    for choices in ({"budget": 12.5}, both, {"budget": 12.5}, {}):
        page.go_back()
        settled(page)
        expect(metric(page, "Worst zone")).to_have_text(worst(core(**choices)))
    expect(slider(page, BUDGET)).to_have_value("12")
    page.go_forward()
    settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=12.5)))
    expect(slider(page, BUDGET)).to_have_value("12.5")


def test_a_drag_is_one_entry_and_a_page_takes_the_choices_along(plan_page):
    """What Streamlit tells the history, told by hand: how fast a busy server answers says nothing here."""
    page = plan_page
    page.wait_for_function("window.patrolSteps")
    before = page.evaluate("history.length")
    push = "(where) => history.pushState({}, '', where)"
    page.evaluate(
        "() => { for (let units = 13; units < 63; units += 1) history.pushState({}, '', `/plan?budget=${units}`); }"
    )
    assert page.evaluate("history.length") == before + 1
    page.evaluate(push, "/plan?budget=62&effect=0.6")
    assert page.evaluate("history.length") == before + 2
    page.evaluate(push, "/fairness")
    assert page.url.endswith("/fairness?budget=62&effect=0.6")
    assert page.evaluate("history.length") == before + 3
