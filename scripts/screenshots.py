"""Pictures of every page, light and dark, in three sizes, and each page as it prints.

From the project's folder: ``python scripts/screenshots.py FOLDER [--pages plan,fairness] [--sizes 1280x720] [--whole]``.
Needs a Chromium, as the browser tests do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402 - the project is found by the line above

from benchmarks.stand import served  # noqa: E402
from patrol_core.ui.shell.navigation import PAGES  # noqa: E402
from tests.e2e.chromium import HOW, find_chromium, launch_options  # noqa: E402

SIZES = ("1400x900", "1280x720", "1024x768")
THEMES = ("light", "dark")
WAIT = 120_000
FIRST = Path(next(iter(PAGES.values()))[0]).stem
"""The page at the server's root."""


def main() -> None:
    """Read what is wanted, and take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--pages", default=",".join(Path(page[0]).stem for page in PAGES.values()))
    asked.add_argument("--sizes", default=",".join(SIZES))
    asked.add_argument("--themes", default=",".join(THEMES))
    asked.add_argument(
        "--whole", action="store_true", help="to the end of the page, not the first screen only"
    )
    asked.add_argument("--print", action="store_true", dest="printed", help="a PDF of each page besides")
    given = asked.parse_args()
    program = find_chromium()
    if program is None:
        raise SystemExit(f"There is no Chromium: {HOW}.")
    given.folder.mkdir(parents=True, exist_ok=True)
    with served(ROOT) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(program))
        page = browser.new_context(locale="en-GB").new_page()
        for name in given.pages.split(","):
            path = "" if name == FIRST else name
            _shoot(page, f"{address}/{path}", name.partition("?")[0], given)
        browser.close()


def _shoot(page: Page, address: str, name: str, given: argparse.Namespace) -> None:
    """All pictures of one page; it is loaded once."""
    page.emulate_media(color_scheme="light")
    page.goto(address)
    _rest(page)
    for size in given.sizes.split(","):
        wide, high = (int(part) for part in size.split("x"))
        page.set_viewport_size({"width": wide, "height": high})
        for theme in given.themes.split(","):
            page.emulate_media(color_scheme=theme)
            _rest(page)
            if given.whole:
                reach = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
                page.set_viewport_size({"width": wide, "height": max(high, min(int(reach) + 20, 6000))})
                _rest(page)
            page.screenshot(path=str(given.folder / f"{name}-{theme}-{wide}.png"))
            page.set_viewport_size({"width": wide, "height": high})
    if given.printed:
        page.emulate_media(color_scheme="light")
        _rest(page)
        page.pdf(path=str(given.folder / f"{name}.pdf"), prefer_css_page_size=True, print_background=True)


def _rest(page: Page) -> None:
    """Wait until the program rests and everything is drawn."""
    still = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    for _ in range(2):
        page.wait_for_timeout(500)
        still.wait_for(timeout=WAIT)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=WAIT)
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
