"""A running dashboard and a real browser, cut off from the internet."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.e2e.chromium import HOW, find_chromium, launch_options

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
START_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a browser test."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)


def pytest_report_header() -> str:
    """Say before the run whether there is a browser."""
    program = find_chromium()
    return (
        f"browser: {program}" if program else f"browser: NO CHROMIUM FOUND, BROWSER TESTS ARE SKIPPED; {HOW}"
    )


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program; skips without one, fails where one is required."""
    program = find_chromium()
    if program is None:
        reason = f"no Chromium found: {HOW}"
        if os.environ.get("PATROL_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory) -> Iterator[str]:
    """Address of the dashboard, started as a user would start it, on a free port."""
    folder = tmp_path_factory.mktemp("dashboard")
    with served(folder / "log.txt", PATROL_CACHE_DIR=str(folder / "cache")) as address:
        yield address


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(log: Path, *, port: int | None = None, **environment: str) -> Iterator[str]:
    """Address of a dashboard of its own that nobody has asked for anything yet."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--server.headless", "true"],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server; one that waits for a page still open is killed."""
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the dashboard did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**launch_options(chromium))
        yield running
        running.close()


@pytest.fixture
def outside() -> list[str]:
    """Addresses beyond this computer that the page asked for; they get no answer."""
    return []


@pytest.fixture
def page(browser: Browser, dashboard: str, outside: list[str]) -> Iterator[Page]:
    """A fresh page without internet; go to ``dashboard`` with it."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 1000}, locale="en-GB", accept_downloads=True
    )

    def note(request: Request) -> None:
        if not request.url.startswith((dashboard, "data:", "blob:")):
            outside.append(request.url)

    # Only noted here; that no name beyond this computer can be found is the browser's own rule (launch_options), since
    # handing every request through this program takes longer than the page.
    context.on("request", note)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
