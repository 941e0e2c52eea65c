"""Files through the Data page: good ones are used, bad ones change nothing."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import expect

from patrol_core.planning import Planner, prepare
from patrol_core.scenario import make_scenario
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.sample.city import load_sample, write_archive
from patrol_core.sources.zone_tables.boundaries import read_polygons
from tests.e2e.driving import chip, core, fault, go_to, map_frame, metric, opened, settled, watch, worst

MONTHS = ("2025-10", "2025-11", "2025-12")
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
ROW = ",2025-10,Kent Police,Kent Police,{lon},{lat},On or near High Street,,,Burglary,,"


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> tuple[list[Path], Path]:
    """Three months as a police.uk download, and the zones as GeoJSON."""
    folder = tmp_path_factory.mktemp("archive")
    files = list(write_archive(folder, months=MONTHS))
    zones = folder / "zones.geojson"
    zones.write_text(load_sample().polygons.to_crs(4326).to_json(), encoding="utf-8")
    return files, zones


def upload(page, crimes, zones=None) -> None:
    """Give files to the uploader and press the button; each is a path or (name, bytes)."""
    arrived: list[str] = []
    page.on("requestfinished", lambda asked: asked.method == "PUT" and arrived.append(asked.url))
    page.get_by_role("tab", name="Upload files").click()
    door(page, "Crime").set_input_files([given(file) for file in crimes])
    if zones is not None:
        door(page, "Zones").set_input_files(given(zones))
    count = len(crimes) + (zones is not None)
    expect(chip(page)).to_have_count(count)
    for _ in range(200):
        if len(arrived) >= count:
            break
        page.wait_for_timeout(100)
    settled(page)
    page.get_by_role("button", name="Read files").click()
    settled(page)


def door(page, label: str):
    """The uploader of that label; each is drawn when it is loaded, so their order says nothing at first."""
    return (
        page.get_by_test_id("stFileUploader")
        .filter(has_text=re.compile(f"^{label}"))
        .locator("input[type=file]")
    )


def given(file):
    if isinstance(file, Path):
        return str(file)
    name, content = file
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_published_files_become_the_plan(page, dashboard, outside, archive):
    faults = watch(page)
    files, zones = archive
    opened(page, f"{dashboard}/data", "Data")
    upload(page, files, zones)
    expect(page.get_by_text("Uploaded data").first).to_be_visible()
    table, report = read_crimes(files)
    data = area_from_crimes(table, polygons=read_polygons(zones), findings=report.findings)
    planner = Planner(prepare(data, make_scenario({})))
    placement = planner.prepared.placement
    expect(metric(page, "Rows in the period")).to_have_text(f"{len(table):,}")
    expect(metric(page, "Placed in a zone")).to_have_text(f"{placement.placed:,}")
    for title in ("Risk maps", "Fairness", "Method and responsible use", "Start", "Plan"):
        go_to(page, title)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(metric(page, "Worst zone")).to_have_text(worst(planner.solve(make_scenario({}))))
    map_frame(page)
    assert outside == []
    assert faults == []


def cut_off(archive) -> bytes:
    return archive[0][0].read_bytes()[:-40]


def square(*corners) -> bytes:
    shape = shapely.Polygon(corners)
    feature = {"type": "Feature", "properties": {"zone_id": "Z1"}, "geometry": shape.__geo_interface__}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def without_crs(folder: Path) -> Path:
    """A zipped Shapefile without its .prj."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        load_sample().polygons[["geometry"]].reset_index().set_crs(None, allow_override=True).to_file(
            folder / "zones.shp"
        )
    packed = folder / "zones.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in sorted(folder.glob("zones.*")):
            if part.suffix not in {".zip", ".prj"}:
                archive.write(part, part.name)
    return packed


def lines(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


GOOD = ROW.format(lon="0.52", lat="51.27")
BAD_CRIMES = {
    "not police.uk": (b"date,kind\n2025-01-01,theft\n", ("wrong.csv", "Month")),
    "UTF-16": (lines(GOOD).decode().encode("utf-16"), ("wrong.csv", "UTF-16")),
    "0 rows": (lines(), ("wrong.csv", "0 rows")),
    "outside the UK": (lines(GOOD, ROW.format(lon="2.35", lat="48.85")), ("wrong.csv line 3", "outside")),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), ("wrong.csv", "picture")),
}


def stays(page, words) -> None:
    """One sentence with these words, and the data in use are the ones before."""
    text = fault(page).inner_text()
    for word in (*words, "Nothing was changed"):
        assert word in text
    assert "Traceback" not in text
    expect(metric(page, "Rows in the period")).to_have_text("191,268")
    go_to(page, "Plan")
    expect(metric(page, "Worst zone")).to_have_text(worst(core()))


@pytest.mark.parametrize("name", BAD_CRIMES)
def test_bad_rows_change_nothing(name, page, dashboard):
    content, words = BAD_CRIMES[name]
    opened(page, f"{dashboard}/data", "Data")
    upload(page, [("wrong.csv", content)])
    stays(page, words)


def test_truncated_rows_change_nothing(page, dashboard, archive):
    opened(page, f"{dashboard}/data", "Data")
    upload(page, [("half.csv", cut_off(archive))])
    stays(page, ("half.csv is cut off", "line"))


def test_self_crossing_zone_changes_nothing(page, dashboard, archive):
    bow = square((-0.1, 51.5), (-0.09, 51.51), (-0.09, 51.5), (-0.1, 51.51))
    opened(page, f"{dashboard}/data", "Data")
    upload(page, archive[0][:1], ("bow.geojson", bow))
    stays(page, ("bow.geojson", "Z1", "crosses itself"))


def test_zones_without_crs_change_nothing(page, dashboard, archive, tmp_path):
    opened(page, f"{dashboard}/data", "Data")
    upload(page, archive[0][:1], without_crs(tmp_path))
    stays(page, ("zones.zip", ".prj"))
