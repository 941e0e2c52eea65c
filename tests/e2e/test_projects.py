"""Projects in a browser: uploads survive reload, another tab and a restart, are nobody else's, and go for good."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from patrol_core.sources.sample.city import write_archive
from tests.e2e.conftest import served
from tests.e2e.driving import metric, opened, settled, watch
from tests.e2e.test_upload import upload

ROWS = "Rows in the period"


@pytest.fixture
def contexts(browser):
    """Makes browsers that know nothing of each other."""
    made: list[BrowserContext] = []

    def make() -> BrowserContext:
        made.append(browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB"))
        return made[-1]

    yield make
    for context in made:
        context.close()


def fresh(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def area_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("area", [""])[0]


def test_uploads_survive_and_are_nobody_elses(tmp_path, contexts):
    (file,) = write_archive(tmp_path, months=("2025-12",))
    rows = file.read_bytes()
    cache = {"PATROL_CACHE_DIR": str(tmp_path / "cache")}
    one = contexts()
    with served(tmp_path / "log.txt", **cache) as address:
        page = opened(fresh(one), f"{address}/data", "Data")
        faults = watch(page)
        upload(page, [("first-MARKER.csv", rows)])
        expect(page.get_by_text("Kept as your project first-MARKER")).to_be_visible()
        count = metric(page, ROWS).inner_text()
        link = page.url
        assert area_of(page).startswith("upload-")
        page.reload()
        settled(page)
        expect(metric(page, ROWS)).to_have_text(count)
        expect(page.get_by_text("first-MARKER", exact=True).first).to_be_visible()
        assert page.url == link
        tab = opened(fresh(one), link, "Data")
        expect(metric(tab, ROWS)).to_have_text(count)
        assert faults == []

        two = contexts()
        stranger = fresh(two)
        stranger.goto(link)
        expect(stranger.get_by_text("nothing is shown in their place")).to_be_visible()
        expect(stranger.get_by_test_id("stMetric")).to_have_count(0)
        settled(stranger)
        upload(stranger, [("second.csv", rows)])
        expect(metric(stranger, ROWS)).to_have_text(count)
        expect(stranger.get_by_text("second", exact=True).first).to_be_visible()
        assert "MARKER" not in stranger.content()
        page.reload()
        settled(page)
        assert "second" not in page.inner_text("body")

    with served(tmp_path / "log.txt", **cache) as address:  # another port, the same browser
        page = fresh(one)
        page.goto(f"{address}/data?{urlsplit(link).query}")
        expect(metric(page, ROWS)).to_have_text(count)
        settled(page)
        page.get_by_role("tab", name="Your projects").click()
        settled(page)
        page.get_by_role("button", name="More").click()
        page.get_by_text("Yes, delete it for good").click()
        settled(page)
        page.get_by_role("button", name="Delete", exact=True).click()
        settled(page)
        expect(page.get_by_text("is deleted for good")).to_be_visible()
        assert area_of(page) == ""  # at the embedded city
        page.goto(f"{address}/data?{urlsplit(link).query}")
        expect(page.get_by_text("nothing is shown in their place")).to_be_visible()
        kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert not [path for path in kept if b"MARKER" in path.read_bytes() or "MARKER" in path.name]
        assert [path for path in kept if b"second" in path.read_bytes()]  # the other's is untouched
