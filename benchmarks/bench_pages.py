"""How soon a step of a slider is seen: the page Plan against a bare page, in a real browser.

``python -m benchmarks.bench_pages [--steps 15] [--only first|westminster|london]``. The two pages are stepped in turn
within one run, so that whatever else the machine does falls on both. ``benchmarks/README.md`` says what is measured.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.shared import london_upload
from benchmarks.stand import ROOT, Watched, median, served, table
from patrol_core.areas import AreaData
from patrol_core.figures.maps.zones import build_asset
from patrol_core.planning import prepare
from patrol_core.scenario import make_scenario
from patrol_core.sources.archive import read_crimes
from patrol_core.sources.area import area_from_crimes
from patrol_core.sources.sample import load_area
from patrol_core.sources.zone_tables import read_polygons
from tests.e2e.chromium import HOW, find_chromium, launch_options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BUDGET = "Units on patrol at once"
FAIRNESS = "Fairness: how far groups may differ"
FAIR_START = 4
"""Steps from no rule into the levels that change the plan."""
FIGURE, OTHERS, SMALL = 1.3, 1.0, 1000
"""Largest ratio to the bare page: of the figure up to so many zones, and of everything else."""
FIRST_TARGET = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=15, help="slider steps per page and slider")
    parser.add_argument("--only", choices=("first", "westminster", "london"))
    arguments = parser.parse_args()
    run(steps=arguments.steps, only=arguments.only)


def run(*, steps: int = 15, only: str | None = None) -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("Skipped: the browser tools are not installed; `make bench` installs them.")
        return
    program = find_chromium()
    if program is None:
        print(f"Skipped: no Chromium found; {HOW}.")
        return
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(**launch_options(program))
        stack.callback(browser.close)
        if only in (None, "first"):
            first_page(browser)
        if only in (None, "westminster"):
            westminster(browser, steps)
        if only in (None, "london"):
            london(browser, steps)


def first_page(browser: Browser, repeats: int = 3) -> None:
    """From the command to a map with a plan on the first page."""
    rows = []
    for path, title in (("", "Start"), ("plan", "Plan")):
        times = [_first(browser, path) for _ in range(repeats)]
        up, figure, map_ = (median(column) for column in zip(*times, strict=True))
        verdict = "met" if map_ <= FIRST_TARGET else "MISSED"
        rows.append((title, f"{up:.2f}", f"{figure:.2f}", f"{map_:.2f}", f"≤ {FIRST_TARGET:g} {verdict}"))
    header = ("first page", "server up, s", "figures, s", "map painted, s", "target")
    table(f"First page after `streamlit run` (medians of {repeats}, fresh server each)", header, rows)


def _first(browser: Browser, path: str) -> tuple[float, float, float]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    started = time.perf_counter()
    try:
        with served(ROOT) as address:
            up = time.perf_counter() - started
            page.goto(f"{address}/{path}")
            page.locator("[data-testid=stMetricValue]").first.wait_for(timeout=60_000)
            figure = time.perf_counter() - started
            painted(page)
            return up, figure, time.perf_counter() - started
    finally:
        page.close()


def painted(page: Page) -> None:
    """Wait until every map of the page is painted."""
    page.locator("iframe").first.wait_for(timeout=90_000)
    for index in range(page.locator("iframe").count()):
        page.frame_locator("iframe").nth(index).locator("body[data-painted]").wait_for(timeout=90_000)


def westminster(browser: Browser, steps: int) -> None:
    """The embedded city, which has Westminster's size."""
    _compare(browser, steps, "Westminster size", load_area("sample"), lambda page, address: page.goto(
        f"{address}/plan"
    ))  # fmt: skip


def london(browser: Browser, steps: int) -> None:
    """All London's small areas with three years of burglaries, brought in through the uploader."""
    with tempfile.TemporaryDirectory() as folder:
        files = london_upload(Path(folder))
        if isinstance(files, str):
            print(f"\nLondon skipped: {files}")
            return
        crimes, zones = files
        rows, report = read_crimes([crimes])
        data = area_from_crimes(rows, polygons=read_polygons(zones), findings=report.findings)

        def open_page(page: Page, address: str) -> None:
            page.goto(f"{address}/data")
            page.get_by_role("tab", name="Upload files").click()
            for label, file in (("Crime", crimes), ("Zones", zones)):
                uploader = page.get_by_test_id("stFileUploader").filter(has_text=re.compile(f"^{label}"))
                uploader.locator("input[type=file]").set_input_files(file)
            page.locator("[data-testid=stFileChip]").nth(1).wait_for(timeout=90_000)
            page.get_by_role("button", name="Read files").click()
            page.get_by_text("in 4,994 zones").first.wait_for(timeout=120_000)
            from tests.e2e.driving import go_to  # brings the browser tools with it

            go_to(page, "Plan")

        _compare(browser, steps, "London", data, open_page)


def _compare(
    browser: Browser, steps: int, title: str, data: AreaData, open_page: Callable[[Page, str], object]
) -> None:
    with ExitStack() as stack:
        ours = stack.enter_context(served(ROOT))
        bare = stack.enter_context(_bare(data))
        page = _fresh(browser, stack)
        open_page(page, ours)
        page.get_by_role("heading", name="Plan", exact=True).wait_for(timeout=90_000)
        painted(page)
        plain = _fresh(browser, stack)
        plain.goto(bare)
        count = len(prepare(data, make_scenario({})).zone_ids)
        plain.locator("iframe").wait_for(timeout=90_000)
        plain.evaluate(f"window.zoneCount = {count}")
        enough = f"document.getElementsByTagName('path').length >= {count}"
        plain.locator("iframe").element_handle().content_frame().wait_for_function(enough, timeout=90_000)
        budget, fairness = (Watched(page, slider, "painted") for slider in (BUDGET, FAIRNESS))
        other = Watched(plain, "Budget", "mounted")
        rows = []
        for name, pairs in (
            ("budget", _budget(budget, other, steps)),
            ("fairness", _fair(budget, fairness, other, steps)),
        ):
            for place, what in enumerate(("figure", "map")):
                here = median([pair[0][place] for pair in pairs])
                there = median([pair[1][place] for pair in pairs])
                most = FIGURE if what == "figure" and count <= SMALL else OTHERS
                verdict = "met" if here <= most * there else "MISSED"
                rows.append(
                    (
                        f"{count:,} zones, {name}: {what}",
                        f"{here:,.0f} ms",
                        f"{there:,.0f} ms",
                        f"{here / there:.2f}",
                        f"{most:g} {verdict}",
                    )
                )
    header = ("one slider step", "Plan", "bare page", "ratio", "target")
    table(f"{title}: medians of {steps} steps, as in benchmarks/README.md", header, rows)


Pair = tuple[tuple[float, float], tuple[float, float]]


def _budget(mine: Watched, other: Watched, steps: int) -> list[Pair]:
    mine.step()
    other.step()  # the first steps warm what is kept, on both sides
    return [(mine.step(), other.step()) for _ in range(steps)]


def _fair(budget: Watched, mine: Watched, other: Watched, steps: int) -> list[Pair]:
    """Steps between two levels that change the plan; the budget moves before each, so that no plan is met a second time."""
    mine.move(steps=FAIR_START)
    pairs = []
    for number in range(steps + 1):
        budget.move("ArrowLeft")
        pairs.append((mine.step("ArrowLeft" if number % 2 else "ArrowRight"), other.step("ArrowLeft")))
    return pairs[1:]


def _fresh(browser: Browser, stack: ExitStack) -> Page:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    stack.callback(context.close)
    return context.new_page()


@contextmanager
def _bare(data: AreaData) -> Iterator[str]:
    """Serve the bare page with the same zones, simplified the same way, and Leaflet from the same files."""
    prepared = prepare(data, make_scenario({}))
    asset = json.loads(build_asset(prepared.zones).content)
    for feature, value in zip(asset["features"], prepared.surface.mean, strict=True):
        feature["properties"] = {"value": float(value)}
    west, south, east, north = prepared.zones.to_crs(4326).total_bounds
    collection = {"type": "FeatureCollection", "features": asset["features"]}
    collection["bbox"] = [float(edge) for edge in (west, south, east, north)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "zones.geojson").write_text(json.dumps(collection), encoding="utf-8")
        shutil.copy(ROOT / "benchmarks" / "bare_page.py", folder / "app.py")
        shutil.copytree(ROOT / "static" / "leaflet", folder / "static" / "leaflet")
        quiet = ("--server.enableStaticServing", "true", "--browser.gatherUsageStats", "false")
        with served(folder, "app.py", *quiet) as address:
            yield address


if __name__ == "__main__":
    main()
