"""Every page in both themes by axe-core: no finding of any level but those named here; themes, keyboard, and names of maps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from patrol_core.ui.shell.navigation import PAGES
from tests.e2e.driving import map_frame, opened, prepared, settled

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("presentation-role-conflict", 'data-testid="stFileUploaderDropzone"'): (
        "Streamlit's uploader names its drop zone and calls it presentation; its button beside it has the same name"
    ),
}
"""(rule, part of the element's HTML) -> why it cannot be mended from here. As few as can be."""


def address_of(key: str) -> str:
    """Path of a page: that of its file, and the root for the first."""
    return "" if key == next(iter(PAGES)) else Path(PAGES[key][0]).stem


@pytest.fixture(scope="module")
def reader(browser: Browser, dashboard: str) -> Iterator[Page]:
    """A page with axe-core in it and in the frames of its maps."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-GB")
    context.add_init_script(path=str(AXE))
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def drawn(page: Page) -> None:
    """Wait until everything of a page is there, maps too."""
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    for frame in page.frames[1:]:
        frame.wait_for_function("document.querySelector('.leaflet-container')")
    settled(page)
    page.wait_for_function("!document.getAnimations().some(one => one instanceof CSSTransition)")


def findings(page: Page) -> list[str]:
    """What axe-core finds, a line an element, without the exceptions."""
    found: dict[str, Any] = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
        if not any(one["id"] == rule and part in node["html"] for rule, part in EXCEPTIONS)
    ]


@pytest.mark.parametrize("key", PAGES)
def test_axe_finds_nothing_in_either_theme(reader, dashboard, key):
    reader.emulate_media(color_scheme="light")
    opened(reader, f"{dashboard}/{address_of(key)}", PAGES[key][1])
    drawn(reader)
    light = findings(reader)
    reader.emulate_media(color_scheme="dark")
    expect(reader.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")
    drawn(reader)
    assert (light, findings(reader)) == ([], [])


def test_the_switch_of_themes_is_kept_and_reaches_the_maps(page, dashboard):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    frame = map_frame(page)
    assert frame.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.get_by_test_id("stMainMenu").click()
    page.get_by_test_id("stMainMenuItem-theme-Dark").click()
    app = page.get_by_test_id("stApp")
    expect(app).to_have_css("color-scheme", "dark")
    frame.wait_for_function("getComputedStyle(document.documentElement).colorScheme === 'dark'")
    page.reload()
    expect(app).to_have_css("color-scheme", "dark")


def test_a_zone_is_chosen_from_the_keyboard_and_the_map_has_a_name(page, dashboard):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    frame = map_frame(page)
    expect(page.locator("iframe").first).to_have_attribute("title", re.compile("^Map of zones: "))
    zones = frame.get_by_label(re.compile("^Zones on the map"))
    zones.focus()
    highest = zones.locator("option").first.inner_text()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    settled(page)
    name = highest.split(":")[0]
    assert name in set(prepared().zones["name"])
    expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_text("Its", exact=False).filter(has_text="neighbours").first).to_be_visible()


def test_missing_street_tiles_are_said_once_and_switched_off(page, dashboard):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    switch = page.get_by_role("switch", name="Street map below the zones")
    switch.click(force=True)  # not check(): it may be off again before its state is looked at
    expect(page.get_by_text("Street tiles cannot be had", exact=False).first).to_be_visible()
    expect(switch).not_to_be_checked()


def test_a_map_follows_the_size_of_its_place(page, dashboard):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    frame = map_frame(page)
    inside = "map.getBounds().contains(L.latLngBounds(Object.values(map._layers).filter(l => l.getBounds && l.feature).map(l => l.getBounds().getCenter())))"
    page.set_viewport_size({"width": 1024, "height": 768})
    frame.wait_for_function(f"document.body.clientWidth < 520 && {inside}")
