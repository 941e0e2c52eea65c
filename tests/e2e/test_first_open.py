"""What a new user sees first, page by page, without internet."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from patrol_core.sources.sample.embedded import EMBEDDED
from patrol_core.ui.session import tour
from patrol_core.ui.shell.navigation import PAGES, SECTIONS
from patrol_core.words import figure
from tests.e2e.conftest import served
from tests.e2e.driving import (
    core,
    core_of,
    drawn_pixels,
    go_to,
    map_frame,
    metric,
    opened,
    painted,
    settled,
    stamp,
    watch,
    worst,
)

MAPS = {"start": 2, "risk": 1, "forecast": 1, "plan": 1, "fairness": 1}


def address(page: str) -> str:
    stem = PAGES[page].path.removeprefix("pages/").removesuffix(".py")
    return "" if page == "start" else stem


def test_first_open_shows_a_map_and_a_plan(page, dashboard, outside):
    faults = watch(page)
    opened(page, dashboard, "Start")
    plan = core()
    expect(metric(page, "Worst zone")).to_have_text(worst(plan))
    expect(metric(page, "All zones")).to_have_text(figure(plan.expected_residual))
    painted(page, stamp(plan), index=1)
    assert drawn_pixels(page, 0) > 20
    assert drawn_pixels(page, 1) > 20
    for index in (0, 1):
        box = page.locator("iframe").nth(index).bounding_box()
        assert box["y"] < 700, "the maps are on the first screen"
    assert outside == []
    assert faults == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_a_first_page(name, page, dashboard, outside):
    faults = watch(page)
    opened(page, f"{dashboard}/{address(name)}?budget=9", PAGES[name].title)
    for index in range(MAPS.get(name, 0)):
        map_frame(page, index)
        assert drawn_pixels(page, index) > 5
    if name in {"start", "plan"}:
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=9)))
    for section in SECTIONS[1:]:
        marked = "600" if section == PAGES[name].section else "400"
        bar = page.get_by_test_id("stTopNavSection").filter(has_text=section)
        expect(bar).to_have_css("font-weight", marked)
    assert page.url.endswith("?budget=9")
    assert outside == []
    assert faults == []


def test_deep_link_as_the_very_first_request_gets_the_whole_app(browser, tmp_path):
    with served(tmp_path / "log.txt") as fresh, browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        opened(page, f"{fresh}/plan?budget=20", "Plan")
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))
        expect(page.get_by_test_id("stTopNavSection")).to_have_count(len(SECTIONS) - 1)
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        go_to(page, "Start")
        expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
        settled(page)
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("patrol_game?budget=20", "plan?budget=20"),
        ("hours?cityh=14600&budget=3", "plan?hours=14600"),
        ("overview?budget=20", "?budget=20"),
    ],
)
def test_address_of_before_leads_on_with_its_choices(old, now, page, dashboard):
    opened(page, f"{dashboard}/{old}", "Plan" if now.startswith("plan") else "Start")
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))
    assert page.url == f"{dashboard}/{now}"


@pytest.mark.parametrize(("old", "tab"), [("beats", "Patrol areas"), ("resources", "Zones")])
def test_address_of_before_opens_the_tab_that_the_page_became(old, tab, page, dashboard):
    opened(page, f"{dashboard}/{old}?budget=20", "Rosters and areas")
    expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
    assert page.url == f"{dashboard}/rosters?budget=20"


@pytest.mark.parametrize("width", [1280, 1024])
def test_the_bar_holds_all_sections_beside_the_products_name(width, page, dashboard):
    page.set_viewport_size({"width": width, "height": 720})
    opened(page, f"{dashboard}/fairness", "Fairness")
    bar = page.get_by_test_id("stTopNav")
    expect(bar.get_by_text("more")).to_have_count(0)
    expect(page.get_by_test_id("stTopNavSection")).to_have_text(list(SECTIONS[1:]))
    box = page.get_by_test_id("stTopNavSection").last.bounding_box()
    assert box["x"] + box["width"] <= width
    expect(page.locator('[data-testid$="Logo"]').first).to_be_visible()
    expect(page.get_by_text("Plan \u203a Fairness")).to_be_visible()


def test_the_tour_leads_a_newcomer_through_the_pages(page, dashboard):
    faults = watch(page)
    opened(page, dashboard, "Start")
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    page.get_by_role("button", name="Start the tour").click()
    steps = tour.steps(PAGES)
    for step in steps:
        expect(page.get_by_role("heading", name=PAGES[step.page].title, exact=True)).to_be_visible()
        expect(page.get_by_text(step.says[:40])).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Finish" if step is steps[-1] else "Next", exact=True).click()
    expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    expect(page.get_by_text("Tour,")).to_have_count(0)
    assert faults == []


ALONE = {"events", "checkpoints", "routes", "lab", "glossary"}
"""Pages that stand beside the working day."""


def test_next_step_leads_through_the_day(page, dashboard):
    faults = watch(page)
    opened(page, f"{dashboard}/data?budget=10", "Data")
    for name in [*(name for name in list(PAGES)[2:] if name not in ALONE), "start"]:
        page.get_by_test_id("stPageLink").last.get_by_role("link").click()
        expect(page.get_by_role("heading", name=PAGES[name].title, exact=True)).to_be_visible()
        settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=10)))
    assert faults == []


@pytest.mark.parametrize("area", [area for area in EMBEDDED if area != "sample"])
def test_every_page_works_for_the_published_places(area, page, dashboard, outside):
    faults = watch(page)
    opened(page, f"{dashboard}/data", "Data")
    page.get_by_role("combobox", name="Place").click()
    names = {"columbus": "Columbus", "geodanet": "GeoDaNet"}
    page.get_by_role("option").filter(has_text=names[area]).click()
    page.wait_for_url(f"**area={area}*")
    for name, (_, title, *_) in PAGES.items():
        go_to(page, title)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
        without = {"forecast", "fairness"} if area == "geodanet" else {"forecast"}  # no dates; no groups
        maps = 0 if name in without else MAPS.get(name, 0)
        for index in range(maps):
            assert drawn_pixels(page, index) > 5
        if name in {"start", "plan"}:
            expect(metric(page, "Worst zone")).to_have_text(worst(core_of(page.url)))
    assert outside == []
    assert faults == []
