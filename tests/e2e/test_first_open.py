"""What a new user sees first, page by page, without internet."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from patrol_core.sources.sample.embedded import EMBEDDED
from patrol_core.ui.shell.navigation import PAGES
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
    stem = PAGES[page][0].removeprefix("pages/").removesuffix(".py")
    return "" if page == "overview" else stem


def test_first_open_shows_a_map_and_a_plan(page, dashboard, outside):
    faults = watch(page)
    opened(page, dashboard, "Overview")
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
    opened(page, f"{dashboard}/{address(name)}?budget=9", PAGES[name][1])
    for index in range(MAPS.get(name, 0)):
        map_frame(page, index)
        assert drawn_pixels(page, index) > 5
    if name in {"overview", "plan"}:
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=9)))
    for _, title, _ in PAGES.values():
        expect(page.get_by_test_id("stTopNavLink").filter(has_text=title)).to_have_count(1)
    assert page.url.endswith("?budget=9")
    assert outside == []
    assert faults == []


def test_deep_link_as_the_very_first_request_gets_the_whole_app(browser, tmp_path):
    with served(tmp_path / "log.txt") as fresh, browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        opened(page, f"{fresh}/plan?budget=20", "Plan")
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))
        expect(page.get_by_test_id("stTopNavLink")).to_have_count(len(PAGES))
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        go_to(page, "Overview")
        expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
        settled(page)
        expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))


@pytest.mark.parametrize(
    ("old", "now"),
    [("patrol_game?budget=20", "plan?budget=20"), ("hours?cityh=14600&budget=3", "plan?hours=14600")],
)
def test_address_of_before_leads_on_with_its_choices(old, now, page, dashboard):
    opened(page, f"{dashboard}/{old}", "Plan")
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=20)))
    assert page.url == f"{dashboard}/{now}"


ALONE = {"events", "checkpoints", "lab"}
"""Pages with data of their own; they stand beside the working day and lead to its end."""


def test_next_step_leads_through_the_day(page, dashboard):
    faults = watch(page)
    opened(page, f"{dashboard}/data?budget=10", "Data")
    for name in [*(name for name in list(PAGES)[2:] if name not in ALONE), "overview"]:
        page.get_by_test_id("stPageLink").last.get_by_role("link").click()
        expect(page.get_by_role("heading", name=PAGES[name][1], exact=True)).to_be_visible()
        settled(page)
    expect(metric(page, "Worst zone")).to_have_text(worst(core(budget=10)))
    for name in sorted(ALONE):
        opened(page, f"{dashboard}/{address(name)}?budget=10", PAGES[name][1])
        page.get_by_test_id("stPageLink").last.get_by_role("link").click()
        expect(page.get_by_role("heading", name=PAGES["method"][1], exact=True)).to_be_visible()
    assert faults == []


@pytest.mark.parametrize("area", [area for area in EMBEDDED if area != "sample"])
def test_every_page_works_for_the_published_places(area, page, dashboard, outside):
    faults = watch(page)
    opened(page, dashboard, "Overview")
    page.get_by_role("combobox", name="Place").click()
    names = {"columbus": "Columbus", "geodanet": "GeoDaNet"}
    page.get_by_role("option").filter(has_text=names[area]).click()
    page.wait_for_url(f"**area={area}*")
    for name, (_, title, _) in PAGES.items():
        go_to(page, title)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
        without = {"forecast", "fairness"} if area == "geodanet" else {"forecast"}  # no dates; no groups
        maps = 0 if name in without else MAPS.get(name, 0)
        for index in range(maps):
            assert drawn_pixels(page, index) > 5
        if name in {"overview", "plan"}:
            expect(metric(page, "Worst zone")).to_have_text(worst(core_of(page.url)))
    assert outside == []
    assert faults == []
