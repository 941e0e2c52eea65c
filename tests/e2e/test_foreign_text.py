"""Links and files that carry Markdown and HTML reach for nothing; an upload ends with its session."""

from __future__ import annotations

import http.server
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.driving import go_to, map_frame, settled
from tests.e2e.test_upload import upload
from tests.ui import hostile

LOOK = """host => [...document.querySelectorAll('a, img, iframe')].map(e => (e.getAttribute('src') || '') +
  (e.getAttribute('href') || '') + (e.getAttribute('xlink:href') || '')).filter(s => s.includes(host) || s.includes('example.com'))"""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Address of a server that nobody should ask, and what it was asked for."""
    asked: list[str] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def free_page(browser) -> Iterator:
    """A page that may ask any address."""
    context = browser.new_context(viewport={"width": 1400, "height": 1200}, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def test_links_and_files_reach_for_nothing(free_page, dashboard, elsewhere):
    page, (host, asked) = free_page, elsewhere
    page.goto(f"{dashboard}/?budget={hostile.words('budget', host)}&fair={hostile.words('fair', host)}")
    settled(page)
    expect(page.get_by_test_id("stAlertContentWarning").first).to_contain_text("![budget](http")
    assert page.evaluate(LOOK, host) == []
    page.goto(f"{dashboard}/data")
    settled(page)
    upload(page, [("rows.csv", hostile.crimes(host))], ("zones.geojson", hostile.zones(host)))
    expect(page.get_by_text("Uploaded data").first).to_be_visible()
    for title in ("Risk maps", "Fairness", "Plan"):
        go_to(page, title)
        settled(page)
        map_frame(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        for frame in page.frames:
            assert frame.evaluate(LOOK, host) == [], title
    assert asked == []


def test_shapes_are_read_by_no_other_origin_and_end_with_the_page(free_page, dashboard):
    page = free_page
    shapes: list[str] = []
    page.on(
        "request",
        lambda sent: "/media/" in sent.url and sent.url.endswith(".json") and shapes.append(sent.url),
    )
    page.goto(f"{dashboard}/plan")
    settled(page)
    map_frame(page)
    assert len(set(shapes)) == 1
    asked = urllib.request.Request(shapes[0], headers={"Origin": "http://elsewhere.example"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] is None


def test_a_page_loaded_anew_shows_nothing_in_place_of_its_upload(free_page, dashboard):
    page = free_page
    page.goto(f"{dashboard}/data?budget=5")
    settled(page)
    upload(page, [("rows.csv", hostile.crimes())], ("zones.geojson", hostile.zones()))
    expect(page.get_by_text("Uploaded data").first).to_be_visible()
    go_to(page, "Plan")
    settled(page)
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    address = page.url
    page.context.clear_cookies()  # another owner: the browser keeps its own uploads as a project
    page.reload()
    settled(page)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(1)
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("not loaded")
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    expect(page.locator("iframe")).to_have_count(0)
    assert page.url == address
    go_to(page, "Data")
    settled(page)
    upload(page, [("rows.csv", hostile.crimes())], ("zones.geojson", hostile.zones()))
    expect(page.get_by_text("Uploaded data").first).to_be_visible()
    assert "budget=5" in page.url
