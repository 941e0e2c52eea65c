"""The pull door of the Data page, in a browser, against services on loopback that behave like the real ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import Point

from tests.e2e.conftest import served
from tests.e2e.driving import go_to
from tests.sources.fake_open import FakeOpen, degrees, square
from tests.sources.fake_police import FakePolice, crime


@pytest.fixture(scope="module")
def services():
    """A town of 6 by 4 small areas, with one crime a month in the middle of each and one far away."""
    spots = degrees([square(column, row).centroid for row in range(4) for column in range(6)])
    spots = [*spots, Point(-0.05, 51.6)]
    crimes = [
        crime(1000 * number + place, spot.x, spot.y, month)
        for number, month in enumerate(("2025-05", "2025-06"))
        for place, spot in enumerate(spots)
    ]
    with FakePolice(crimes) as police, FakeOpen() as opened:
        yield police, opened


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1400, "height": 1000})
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


def _pull(page: Page, first: str, last: str) -> None:
    page.get_by_role("tab", name="Pull from police.uk").click()
    page.get_by_label("First month").fill(first)
    page.get_by_label("Last month").fill(last)
    page.get_by_role("button", name="Pull", exact=True).click()


def test_a_place_is_pulled_and_planned_for(page, services, tmp_path):
    police, opened = services
    addresses = {
        "PATROL_POLICE_API_URL": police.url,
        "PATROL_ONS_GEOGRAPHY_URL": opened.url,
        "PATROL_NOMIS_URL": opened.url,
        "PATROL_CACHE_DIR": str(tmp_path / "cache"),
    }
    with served(tmp_path / "log.txt", **addresses) as dashboard:
        page.goto(f"{dashboard}/data")
        _pull(page, "2025-06", "2025-05")
        expect(page.get_by_text("swap them")).to_be_visible()
        _pull(page, "2025-05", "2025-06")
        expect(page.get_by_text("Westminster", exact=True).first).to_be_visible(timeout=60_000)
        expect(page.get_by_text("Published data").first).to_be_visible(timeout=60_000)
        expect(page.get_by_text("2025-05 to 2025-06 (2 months)").first).to_be_visible()
        go_to(page, "Start")
        expect(page.get_by_test_id("stMetric").first).to_be_visible()


def test_a_service_that_cannot_be_reached_leaves_the_data_in_use(page, tmp_path):
    nowhere = "http://127.0.0.1:9"
    addresses = {
        "PATROL_POLICE_API_URL": nowhere,
        "PATROL_ONS_GEOGRAPHY_URL": nowhere,
        "PATROL_NOMIS_URL": nowhere,
        "PATROL_CACHE_DIR": str(tmp_path / "cache"),
    }
    with served(tmp_path / "log.txt", **addresses) as dashboard:
        page.goto(f"{dashboard}/data")
        _pull(page, "2025-05", "2025-06")
        expect(page.get_by_text("The data in use stay.")).to_be_visible(timeout=90_000)
        expect(page.get_by_text("Generated data").first).to_be_visible()
        expect(page.get_by_role("button", name="Pull", exact=True)).to_be_visible()
