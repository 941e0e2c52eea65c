"""How the browser tests read and move the dashboard."""

from __future__ import annotations

import json
import re
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import ElementHandle, Frame, Locator, Page, expect

from patrol_core.figures.maps.zones import build_asset, paint
from patrol_core.games.zone.game import Strategy
from patrol_core.planning import Planner, Prepared, prepare
from patrol_core.scenario import from_query, make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.ui.plan.view import coverage_layer
from patrol_core.ui.shell.navigation import PAGES
from patrol_core.words import figure

expect.set_options(timeout=20_000)  # a first visit imports the solvers; two cores may be busy

BUDGET = "Units on patrol at once"
FAIRNESS = "Fairness: how far groups may differ"


@cache
def planner(area: str = "sample") -> Planner:
    return Planner(prepare(load_area(area), make_scenario({"area": area})))


def prepared(area: str = "sample") -> Prepared:
    return planner(area).prepared


def core(area: str = "sample", **choices) -> Strategy:
    """The plan of some choices, straight from the core."""
    return planner(area).solve(make_scenario({"area": area, **choices}))


def core_of(address: str) -> Strategy:
    """The plan that an address of the dashboard stands for."""
    scenario, refused = from_query(dict(parse_qsl(urlsplit(address).query)))
    assert not refused
    return Planner(prepare(load_area(scenario.area), scenario)).solve(scenario)


def stamp(strategy: Strategy, *, area: str = "sample", chosen: str | None = None, near=()) -> str:
    """What a map that shows the plan's coverage writes on itself."""
    layer = coverage_layer(strategy)
    painted = paint(
        build_asset(prepared(area).zones),
        layer.values,
        scale=layer.scale,
        label=layer.label,
        unit=layer.unit,
        low=layer.low,
        high=layer.high,
        digits=layer.digits,
        chosen=chosen,
        near=near,
    )
    return str(json.loads(painted.payload)["stamp"])


def worst(strategy: Strategy) -> str:
    return figure(strategy.worst_case)


def watch(page: Page) -> list[str]:
    """Faults that the page writes to its console or throws, from now on."""
    faults: list[str] = []

    def heard(message) -> None:
        if message.type == "error":
            faults.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def settled(page: Page) -> None:
    """Wait until the page rests."""
    rests = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(200)
    rests.wait_for()
    page.wait_for_timeout(150)
    rests.wait_for()


def opened(page: Page, address: str, title: str) -> Page:
    page.goto(address)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    settled(page)
    no_fault(page)
    return page


def no_fault(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(
        page.get_by_test_id("stAlert").filter(has=page.get_by_test_id("stAlertContentError"))
    ).to_have_count(0)


def fault(page: Page) -> Locator:
    """The text of the one fault shown."""
    found = page.get_by_test_id("stAlertContentError")
    expect(found).to_have_count(1)
    return found


def metric(page: Page, start: str) -> Locator:
    """Value of the metric whose label starts so."""
    label = page.get_by_test_id("stMetricLabel").filter(has_text=re.compile(f"^{re.escape(start)}"))
    return page.get_by_test_id("stMetric").filter(has=label).get_by_test_id("stMetricValue")


def slider(page: Page, label: str) -> Locator:
    return page.locator(f'input[type=range][aria-label="{label}"]')


def chip(page: Page) -> Locator:
    """Files that stand in the uploaders."""
    return page.get_by_test_id("stFileChip")


def slide(page: Page, label: str, key: str = "ArrowRight", *, steps: int = 1) -> None:
    """Move a slider by keys."""
    slider(page, label).focus()
    for _ in range(steps):
        page.keyboard.press(key)
    settled(page)


def map_element(page: Page, index: int = 0) -> ElementHandle:
    return page.locator("iframe").nth(index).element_handle()


def map_frame(page: Page, index: int = 0) -> Frame:
    """Inside of a map, once it is painted."""
    page.frame_locator("iframe").nth(index).locator("body[data-painted]").wait_for()
    frame = map_element(page, index).content_frame()
    assert frame is not None
    return frame


def painted(page: Page, expected: str, index: int = 0) -> None:
    """Wait until a map shows what is expected."""
    body = page.frame_locator("iframe").nth(index).locator("body")
    expect(body).to_have_attribute("data-painted", expected)


def drawn_pixels(page: Page, index: int = 0) -> int:
    """Colours on the map's canvas: a map without zones has one."""
    count = """() => { const c = document.querySelector('canvas'); const d = c.getContext('2d')
      .getImageData(0, 0, c.width, c.height).data; const seen = new Set();
      for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200) seen.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]);
      return seen.size; }"""
    return int(map_frame(page, index).evaluate(count))


def click_zone(page: Page, zone: str, *, area: str = "sample", index: int = 0) -> None:
    """Click in the middle of a zone on the map."""
    point = prepared(area).zones.geometry[[zone]].representative_point().to_crs(4326).iloc[0]
    frame = map_frame(page, index)
    place = frame.evaluate(
        "([y, x]) => { const p = map.latLngToContainerPoint([y, x]); return [p.x, p.y]; }", [point.y, point.x]
    )
    page.locator("iframe").nth(index).scroll_into_view_if_needed()
    box = page.locator("iframe").nth(index).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + place[0] - 2, box["y"] + place[1])
    page.mouse.move(box["x"] + place[0], box["y"] + place[1])
    page.mouse.click(box["x"] + place[0], box["y"] + place[1])
    settled(page)


def go_to(page: Page, title: str) -> None:
    """Open a page by the bar at the top: by its link, or by that in the menu of its section."""
    section = next(one.section for one in PAGES.values() if one.title == title)
    if section:
        page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    test_id = "stTopNavDropdownLink" if section else "stTopNavLink"
    page.get_by_test_id(test_id).filter(has_text=re.compile(f"^{re.escape(title)}$")).click()
