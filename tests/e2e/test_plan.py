"""The page Plan by hand: sliders, clicks, rules, tabs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from patrol_core.planning import worth
from patrol_core.scenario import make_scenario
from patrol_core.words import figure
from patrol_core.zones import neighbours
from tests.e2e.driving import (
    BUDGET,
    FAIRNESS,
    click_zone,
    core,
    fault,
    go_to,
    map_element,
    map_frame,
    metric,
    no_fault,
    opened,
    painted,
    planner,
    prepared,
    settled,
    slide,
    slider,
    stamp,
    watch,
    worst,
)

SOMETHING = "[data-testid=stPlotlyChart], [data-testid=stDataFrame], [data-testid=stDownloadButton]"


@pytest.fixture
def plan_page(page, dashboard):
    opened(page, f"{dashboard}/plan", "Plan")
    painted(page, stamp(core()))
    return page


def test_budget_step_repaints_the_same_map(plan_page, outside):
    faults = watch(plan_page)
    map_frame(plan_page).evaluate("window.map.kept = true")
    map_element(plan_page).evaluate("frame => { frame.kept = true; }")
    for step in (1, 2, 3):
        slide(plan_page, BUDGET)
        plan = core(budget=12 + step / 2)
        expect(metric(plan_page, "Worst zone")).to_have_text(worst(plan))
        more = worth(planner(), make_scenario({"budget": 12 + step / 2}))
        expect(metric(plan_page, "One more unit prevents")).to_have_text(figure(more.unit))
        painted(plan_page, stamp(plan))
    assert map_frame(plan_page).evaluate("window.map.kept") is True
    assert map_element(plan_page).evaluate("frame => frame.kept") is True
    assert plan_page.url.endswith("?budget=13.5")
    assert outside == []
    assert faults == []


def test_slider_stays_in_hand(page, dashboard):
    opened(page, f"{dashboard}/plan?budget=58", "Plan")
    slider(page, BUDGET).evaluate("handle => { handle.kept = true; }")
    slider(page, BUDGET).focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=60)))
    assert slider(page, BUDGET).evaluate("handle => handle.kept && handle === document.activeElement")


def test_mouse_on_the_slider(plan_page):
    handle = slider(plan_page, BUDGET)
    track = handle.locator("xpath=ancestor::*[@data-testid='stSlider']")
    around, thumb = track.bounding_box(), handle.bounding_box()
    plan_page.mouse.click(around["x"] + around["width"] * 0.6, thumb["y"] + thumb["height"] / 2)
    settled(plan_page)
    budget = float(handle.get_attribute("value") or handle.input_value())
    assert budget > 20
    expect(metric(plan_page, "Worst zone")).to_have_text(worst(core(budget=budget)))


def test_fairness_slider(plan_page):
    slide(plan_page, FAIRNESS, steps=4)
    level = float(re.search(r"fair=([\d.]+)", plan_page.url)[1])
    plan = core(fairness=level)
    assert plan.worst_case > core().worst_case
    expect(metric(plan_page, "Worst zone")).to_have_text(worst(plan))
    painted(plan_page, stamp(plan))
    slide(plan_page, FAIRNESS, "Home")
    expect(metric(plan_page, "Worst zone")).to_have_text(worst(core()))
    assert "fair" not in plan_page.url


def test_click_on_a_zone_shows_it_and_its_neighbours(plan_page):
    surface, zones = prepared().surface, prepared().zones
    zone = surface.zone_ids[int(surface.mean.argmax())]
    near = neighbours(zones)[zone]
    click_zone(plan_page, zone)
    plan = core()
    place = plan.zone_ids.index(zone)
    panel = plan_page.get_by_test_id("stMarkdown").filter(has_text="rank 1 of 128")
    expect(panel).to_contain_text(f"Risk {surface.mean[place]:,.1f}")
    expect(panel).to_contain_text(f"{figure(plan.coverage[place])} units on average")
    expect(
        plan_page.get_by_test_id("stMarkdown").filter(has_text=str(zones["name"][zone])).first
    ).to_be_visible()
    expect(plan_page.get_by_text(f"Its {len(near)} neighbours")).to_be_visible()
    painted(plan_page, stamp(plan, chosen=zone, near=near))
    click_zone(plan_page, near[0])
    expect(plan_page.get_by_text(f"Its {len(neighbours(zones)[near[0]])} neighbours")).to_be_visible()
    go_to(plan_page, "Risk maps")
    expect(plan_page.get_by_role("heading", name="Risk maps", exact=True)).to_be_visible()
    expect(plan_page.get_by_text(re.compile("rank .* of 128"))).to_be_visible()


def test_infeasible_rules_are_a_sentence_and_a_way_out(page, dashboard):
    opened(page, f"{dashboard}/plan", "Plan")
    page.get_by_role("button", name="More rules").click()
    field = page.get_by_role("spinbutton", name="Least patrol of every zone (units)")
    field.fill("0.12")
    field.press("Enter")
    settled(page)
    expect(fault(page)).to_contain_text("No plan keeps all rules: the budget is off by 3.36")
    assert "Traceback" not in fault(page).inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile(": use ")).click()
    settled(page)
    no_fault(page)
    budget = float(re.search(r"budget=([\d.]+)", page.url)[1])
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=budget, floor=0.12)))


def test_every_tab_opens(plan_page):
    faults = watch(plan_page)
    for tab in plan_page.get_by_role("tab").all():
        tab.click()
        settled(plan_page)
        no_fault(plan_page)
        panel = plan_page.get_by_role("tabpanel").filter(visible=True)
        expect(panel.locator(SOMETHING).first).to_be_visible()
    assert faults == []


def test_bad_link_is_said_and_the_plan_stands(page, dashboard):
    page.goto(f"{dashboard}/plan?budget=lots")
    expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text("budget='lots' was not taken")
    expect(metric(page, "Worst zone")).to_have_text(worst(core()))
