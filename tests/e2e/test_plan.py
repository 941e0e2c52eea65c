"""The patrol game by hand: sliders, clicks, rules, tabs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

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
def game(page, dashboard):
    opened(page, f"{dashboard}/patrol_game", "Patrol game")
    painted(page, stamp(core()))
    return page


def test_budget_step_repaints_the_same_map(game, outside):
    faults = watch(game)
    map_frame(game).evaluate("window.map.kept = true")
    map_element(game).evaluate("frame => { frame.kept = true; }")
    for step in (1, 2, 3):
        slide(game, BUDGET)
        plan = core(budget=12 + step / 2)
        expect(metric(game, "Worst zone")).to_have_text(worst(plan))
        expect(metric(game, "Worth of one more unit")).to_have_text(f"{plan.budget_dual:,.2f}")
        painted(game, stamp(plan))
    assert map_frame(game).evaluate("window.map.kept") is True
    assert map_element(game).evaluate("frame => frame.kept") is True
    assert game.url.endswith("?budget=13.5")
    assert outside == []
    assert faults == []


def test_slider_stays_in_hand(page, dashboard):
    opened(page, f"{dashboard}/patrol_game?budget=29", "Patrol game")
    slider(page, BUDGET).evaluate("handle => { handle.kept = true; }")
    slider(page, BUDGET).focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=32)))
    assert slider(page, BUDGET).evaluate("handle => handle.kept && handle === document.activeElement")


def test_mouse_on_the_slider(game):
    handle = slider(game, BUDGET)
    track = handle.locator("xpath=ancestor::*[@data-testid='stSlider']")
    around, thumb = track.bounding_box(), handle.bounding_box()
    game.mouse.click(around["x"] + around["width"] * 0.6, thumb["y"] + thumb["height"] / 2)
    settled(game)
    budget = float(handle.get_attribute("value") or handle.input_value())
    assert budget > 20
    expect(metric(game, "Worst zone")).to_have_text(worst(core(budget=budget)))


def test_fairness_slider(game):
    slide(game, FAIRNESS, steps=9)
    level = float(re.search(r"fair=([\d.]+)", game.url)[1])
    plan = core(fairness=level)
    assert plan.worst_case > core().worst_case
    expect(metric(game, "Worst zone")).to_have_text(worst(plan))
    painted(game, stamp(plan))
    slide(game, FAIRNESS, "Home")
    expect(metric(game, "Worst zone")).to_have_text(worst(core()))
    assert "fair" not in game.url


def test_click_on_a_zone_shows_it_and_its_neighbours(game, dashboard):
    surface, zones = prepared().surface, prepared().zones
    zone = surface.zone_ids[int(surface.mean.argmax())]
    near = neighbours(zones)[zone]
    click_zone(game, zone)
    plan = core()
    place = plan.zone_ids.index(zone)
    panel = game.get_by_test_id("stMarkdown").filter(has_text="rank 1 of 128")
    expect(panel).to_contain_text(f"Risk {surface.mean[place]:,.1f}")
    expect(panel).to_contain_text(f"Covered {plan.coverage[place]:.1%} of the time")
    expect(game.get_by_test_id("stMarkdown").filter(has_text=str(zones["name"][zone])).first).to_be_visible()
    expect(game.get_by_text(f"Its {len(near)} neighbours")).to_be_visible()
    painted(game, stamp(plan, chosen=zone, near=near))
    click_zone(game, near[0])
    expect(game.get_by_text(f"Its {len(neighbours(zones)[near[0]])} neighbours")).to_be_visible()
    go_to(game, "Risk maps")
    expect(game.get_by_role("heading", name="Risk maps", exact=True)).to_be_visible()
    expect(game.get_by_text(re.compile("rank .* of 128"))).to_be_visible()


def test_infeasible_rules_are_a_sentence_and_a_way_out(page, dashboard):
    opened(page, f"{dashboard}/patrol_game", "Patrol game")
    page.get_by_role("button", name="More rules").click()
    slide(page, "Least coverage of every zone", steps=12)
    expect(fault(page)).to_contain_text("No plan keeps all rules: the budget is off by 3.36")
    assert "Traceback" not in fault(page).inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile(": use ")).click()
    settled(page)
    no_fault(page)
    budget = float(re.search(r"budget=([\d.]+)", page.url)[1])
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=budget, floor=0.12)))


def test_every_tab_opens(game):
    faults = watch(game)
    for tab in game.get_by_role("tab").all():
        tab.click()
        settled(game)
        no_fault(game)
        panel = game.get_by_role("tabpanel").filter(visible=True)
        expect(panel.locator(SOMETHING).first).to_be_visible()
    assert faults == []


def test_bad_link_is_said_and_the_plan_stands(page, dashboard):
    page.goto(f"{dashboard}/patrol_game?budget=lots")
    expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text("budget='lots' was not taken")
    expect(metric(page, "Worst zone")).to_have_text(worst(core()))
