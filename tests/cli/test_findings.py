"""What was noticed in the data is told by every command that reads data: on stderr, and in the result."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
from shapely.geometry import box

from patrol_core.cli import main
from patrol_core.sources.archive.table import STREET_COLUMNS

CODES = [f"E0100000{k}" for k in range(1, 7)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Six zones in a row, three years of crimes in them, two rows in ten outside, and counts of these and of one other zone."""
    folder = tmp_path_factory.mktemp("told")
    shapes = [box(530_000 + 500 * k, 180_000, 530_500 + 500 * k, 180_500) for k in range(6)]
    zones = gpd.GeoDataFrame({"LSOA21CD": CODES, "ward": "W", "population": 1500}, geometry=shapes, crs=27700)
    zones.to_file(folder / "zones.geojson", driver="GeoJSON")
    centres = [
        *zones.geometry.centroid.to_crs(4326),
        *zones.geometry.centroid.translate(yoff=5000).to_crs(4326)[:2],
    ]
    months = [f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13)]
    lines = [",".join(STREET_COLUMNS)]
    lines += [
        f"{month}{k}{n},{month},Police,Police,{p.x:.6f},{p.y:.6f},On,{([*CODES, '', ''])[k]},,Burglary,,"
        for month in months
        for k, p in enumerate(centres)
        for n in range(1 + k % 3)
    ]
    (folder / "crimes.csv").write_text("\n".join(lines) + "\n")
    rows = [
        "zone_id,month,count",
        *(f"{code},{month},2" for code in [*CODES, "E01999999"] for month in months),
    ]
    (folder / "counts.csv").write_text("\n".join(rows) + "\n")
    return folder


FROM_ROWS = {
    "plan": ("--budget", "1"),
    "risk": (),
    "forecast": ("--models", "mean,naive", "--horizon", "3"),
    "feedback": ("--rounds", "2", "--runs", "2"),
    "roster": ("--city-budget", "40", "--min-per-day", "0", "--leave-gaps", "--time-limit", "5"),
    "areas": ("--count", "2"),
}


def told(arguments, capsys):
    assert main([str(a) for a in arguments]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    return err, result.get("findings") or result["data"]["findings"]


@pytest.mark.parametrize("command", FROM_ROWS)
def test_rows_in_no_zone_are_told_by_every_command(command, place, capsys):
    flags = FROM_ROWS[command]
    err, found = told(
        [command, "--crimes", place / "crimes.csv", "--boundaries", place / "zones.geojson", *flags], capsys
    )
    warnings = [f for f in found if f["severity"] == "warning"]
    assert any("outside" in f["text"] or "in no zone" in f["text"] for f in warnings), found
    for f in warnings:
        assert f"warning: {f['text']}" in err


def test_counts_of_zones_without_polygon_are_told(place, capsys):
    err, found = told(
        ["forecast", "--counts", place / "counts.csv", "--boundaries", place / "zones.geojson", "--models", "mean,naive", "--horizon", "3"],
        capsys,
    )  # fmt: skip
    assert any(
        "1 codes of the counts have no polygon (first E01999999); their 72 crimes" in f["text"] for f in found
    )
    assert "E01999999" in err


def test_near_repeat_and_hours_have_findings_too(tmp_path, capsys):
    events = tmp_path / "own.csv"
    events.write_text(
        "date,lon,lat\n"
        + "".join(f"2024-05-{k},-118.2{k},34.0\n" for k in range(10, 30))
        + "2024-05-30,0,0\n"
    )
    err, found = told(["near-repeat", events, "--permutations", "19"], capsys)
    assert "1 row of 21" in found[0]["text"]
    assert found[0]["text"] in err
    demand = tmp_path / "demand.csv"
    demand.write_text(
        "Month,Ward,LSOA_Code,area_km2,Predicted_Burglaries\nJan-25,A,z1,1,10\nJan-25,A,z2,1,5\n"
    )
    err, found = told(["hours", demand], capsys)
    assert "months in another form than YYYY-MM in 2 rows" in found[0]["text"]
    assert found[0]["severity"] == "info"
    assert err == ""  # what changes nothing stands in the result alone, whatever the command


def test_an_import_into_the_store_has_findings_and_rows_left_out(place, tmp_path, capsys):
    lines = (place / "crimes.csv").read_text().splitlines()
    (tmp_path / "own.csv").write_text("\n".join([*lines, lines[-1].replace("2024-12", "2024-13")]) + "\n")
    assert main(["import", str(tmp_path / "own.csv"), "--store", str(tmp_path / "store")]) == 0
    out, err = capsys.readouterr()
    taken = json.loads(out)["imported"][0]
    assert (taken["rows_read"] - taken["rows"], taken["rows_left_out"]) == (1, 1)
    assert any("'2024-13'" in f["text"] for f in taken["findings"])
    assert "'2024-13'" in err
    assert "info:" not in err
