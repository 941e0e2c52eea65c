"""What the buttons hand out: the command line's bytes, and figures that can be recomputed from them."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from patrol_core.words import figure
from tests.e2e.conftest import ROOT
from tests.e2e.driving import metric, opened, settled, watch

FILES = (
    *("coverage.csv", "deployments.csv", "fairness.csv", "fairness_hours.csv", "allocation.csv"),
    "zones.geojson",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Files of the same scenario from the command line."""
    folder = tmp_path_factory.mktemp("plan") / "out"
    command = [
        sys.executable,
        "-m",
        "patrol_core",
        "plan",
        "--area",
        "sample",
        "--units",
        "15",
        "--fairness",
        "0.3",
    ]
    done = subprocess.run(
        [*command, "--out", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def downloads(page, dashboard):
    opened(page, f"{dashboard}/plan?budget=15&fair=0.3", "Plan")
    page.get_by_role("tab", name="Downloads").click()
    settled(page)
    return page


def fetch(page, name: str, folder: Path) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("button", name=f"Download {name}").click()
    assert coming.value.suggested_filename == name
    coming.value.save_as(folder / name)
    return (folder / name).read_bytes()


def test_files_are_the_command_lines_byte_for_byte(downloads, written, tmp_path):
    faults = watch(downloads)
    for name in FILES:
        assert fetch(downloads, name, tmp_path) == (written / name).read_bytes(), name
    assert faults == []


def share_left(units: float) -> float:
    """Half of the harm is left after one unit, a quarter after two, and straight lines lie between."""
    whole = math.floor(units + 1e-9)
    return 0.5**whole * (1 - 0.5 * (units - whole))


def test_figures_on_the_page_follow_from_the_csv_alone(downloads, tmp_path):
    text = fetch(downloads, "coverage.csv", tmp_path).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    left = [float(row["value"]) * share_left(float(row["coverage"])) for row in rows]
    assert left == pytest.approx([float(row["residual"]) for row in rows], rel=1e-9, abs=1e-12)
    assert sum(float(row["coverage"]) for row in rows) <= 15 + 1e-9
    expect(metric(downloads, "Worst zone")).to_have_text(figure(max(left)))
    expect(metric(downloads, "All zones")).to_have_text(figure(sum(left)))
    covered = sum(float(row["coverage"]) > 1e-9 for row in rows)
    expect(downloads.get_by_text(f"{covered} of {len(rows)} zones get patrols")).to_be_visible()
    again = fetch(downloads, "deployments.csv", tmp_path).decode("utf-8-sig")
    share: dict[str, float] = {}
    for row in csv.DictReader(again.splitlines()):
        sent = float(row["probability"]) * int(row["units"])
        share[row["zone_id"]] = share.get(row["zone_id"], 0.0) + sent
    assert {zone: round(value, 9) for zone, value in share.items()} == {
        row["zone_id"]: round(float(row["coverage"]), 9) for row in rows if float(row["coverage"]) > 1e-9
    }


def test_summary_carries_the_scenario(downloads, written, tmp_path):
    mine = json.loads(fetch(downloads, "summary.json", tmp_path))
    theirs = json.loads((written / "summary.json").read_text(encoding="utf-8"))
    assert mine["scenario"] == theirs["scenario"]
    assert mine["worst_case"] == theirs["worst_case"]
    assert mine["data"] == theirs["data"]


def test_report_opens_alone(downloads, browser, tmp_path):
    fetch(downloads, "report.html", tmp_path)
    context = browser.new_context(offline=True)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    alone = context.new_page()
    faults = watch(alone)
    own = (tmp_path / "report.html").as_uri()
    alone.goto(own)
    assert alone.locator("img, svg").count() > 0
    pictures = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    assert alone.evaluate(pictures)
    assert "15" in alone.locator("body").inner_text()
    context.close()
    assert [address for address in asked if address != own and not address.startswith("data:")] == []
    assert faults == []


def test_tables_download(page, dashboard, tmp_path):
    opened(page, f"{dashboard}/risk_maps", "Risk maps")
    rows = list(csv.DictReader(fetch(page, "risk.csv", tmp_path).decode("utf-8-sig").splitlines()))
    assert len(rows) == 128
    assert any("crimes per month" in header for header in rows[0])
