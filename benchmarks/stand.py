"""What the browser benchmarks share: a server on a free port, a browser, and a stopwatch inside the page."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the browser tools are for the benchmark of pages alone
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]

# Runs in the page. The clock starts when the key goes down on the slider; every animation frame then looks whether the
# figures and the map have changed. Two more frames are waited for, so that what changed has been drawn as well.
STOPWATCH = """
(mapState) => {
  const figures = () => [...document.querySelectorAll('[data-testid=stMetricValue]')].map(e => e.textContent).join('|');
  const inside = () => document.querySelector('iframe').contentWindow;
  const marks = { painted: () => inside().document.body.dataset.painted,
                  mounted: () => { const map = inside().map, paths = inside().document.getElementsByTagName('path');
                                   if (!map || map.seen || paths.length < window.zoneCount) return 'seen';
                                   return 'new'; } };
  const frame = () => new Promise(requestAnimationFrame);
  const figuresBefore = figures();
  if (mapState === 'mounted') inside().map.seen = true;
  const mapBefore = marks[mapState]();
  window.stopwatch = new Promise(resolve => {
    window.addEventListener('keydown', async () => {
      const start = performance.now();
      const seen = {};
      while (!(seen.figure && seen.map) && performance.now() - start < 60000) {
        await frame();
        if (!seen.figure && figures() !== figuresBefore) seen.figure = performance.now() - start;
        let now = mapBefore;
        try { now = marks[mapState](); } catch (e) { /* the frame is being replaced */ }
        if (!seen.map && now !== mapBefore) { await frame(); await frame(); seen.map = performance.now() - start; }
      }
      resolve(seen);
    }, { once: true, capture: true });
  });
}
"""


def environment() -> dict[str, str]:
    """The environment for a server: this checkout can be imported from anywhere."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(folder: Path, script: str = "app.py", *options: str) -> Iterator[str]:
    """Address of a Streamlit server for a script; ended on leaving."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    server = subprocess.Popen(
        [*command, "--server.headless", "true", *options],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server did not start; run it by hand to see why")


@dataclass(frozen=True)
class Watched:
    """A page whose slider is moved: where the slider is, and how a new map is known."""

    page: Page
    slider: str
    map_state: str

    def move(self, key: str = "ArrowRight", *, steps: int = 1) -> None:
        """Move the slider without measuring."""
        self.page.bring_to_front()
        self.page.locator(f'input[type=range][aria-label="{self.slider}"]').focus()
        for _ in range(steps):
            self.page.keyboard.press(key)
        self.settle()

    def step(self, key: str = "ArrowRight") -> tuple[float, float]:
        """Milliseconds from one step of the slider to the new figure and to the map drawn with it."""
        self.page.bring_to_front()
        self.page.locator(f'input[type=range][aria-label="{self.slider}"]').focus()
        self.page.evaluate(STOPWATCH, self.map_state)
        self.page.keyboard.press(key)
        seen = self.page.evaluate("window.stopwatch")
        if "figure" not in seen or "map" not in seen:
            raise RuntimeError(f"after a step of {self.slider!r} nothing new was drawn within 60 s: {seen}")
        self.settle()
        return seen["figure"], seen["map"]

    def settle(self) -> None:
        """Wait until the page rests."""
        self.page.wait_for_timeout(500)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        self.page.wait_for_timeout(300)


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(header)} |")
    print(f"| {' | '.join('---' for _ in header)} |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()
