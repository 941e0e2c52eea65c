"""Find a Chromium and start it; used by the browser tests and by the benchmark."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
HOW = (
    "install one (Debian: sudo apt-get install chromium; else: make install-chromium) or set PATROL_CHROMIUM"
)


def find_chromium() -> Path | None:
    """Program of a Chromium: ``PATROL_CHROMIUM``, then Playwright's own, then the system's; None if none."""
    named = os.environ.get("PATROL_CHROMIUM")
    if named:
        return Path(named)
    for candidate in (_playwrights_own(), *map(shutil.which, NAMES), *PLACES):
        if candidate and Path(candidate).is_file() and not _is_snap_stub(Path(candidate)):
            return Path(candidate)
    return None


def launch_options(program: Path) -> dict[str, object]:
    """Arguments of Playwright's ``chromium.launch``: off screen, without internet; without sandbox where root forbids one."""
    root = sys.platform != "win32" and os.geteuid() == 0
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    arguments = ["--disable-dev-shm-usage", alone, *(["--no-sandbox"] if root else [])]
    return {"executable_path": str(program), "args": arguments, "headless": True}


def _playwrights_own() -> str | None:
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            return playwright.chromium.executable_path
    except Error:
        return None


def _is_snap_stub(path: Path) -> bool:
    """Ubuntu's package is a script that asks for a snap, which containers cannot run."""
    with path.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"snap" in start and not Path("/snap/bin/chromium").exists()
