"""Counts by zone and month: read by hand, and refused with the line."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from patrol_core.errors import InputError
from patrol_core.planning import prepare
from patrol_core.scenario import Scenario
from patrol_core.sources.area.assemble import area_from_counts
from patrol_core.sources.zone_tables.counts import read_counts


def read(text):
    return read_counts("counts.csv", text.encode())


def test_columns_in_other_dress_and_months_as_a_spreadsheet_writes_them():
    counts, found = read(
        "LSOA Code,MONTH,Count,Crime Type\nz1,Jan-23,2,burglary\nz1,Jan-23,1.5,DRUGS\nz1,Feb-23,0,drugs\n"
    )
    assert counts.to_dict("list") == {
        "zone_id": ["z1"] * 3,
        "month": ["2023-01", "2023-01", "2023-02"],
        "count": [2.0, 1.5, 0.0],
        "crime_type": ["Burglary", "Drugs", "Drugs"],
    }
    assert "counts.csv line 2, column MONTH: months in another form than YYYY-MM in 3 rows" in found[0].text


HEAD = "lsoa_code,month,count\nz1,2023-01,2\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "z1,2023-02,\n", "line 3, column count: the cell is empty; write 0"),
        (HEAD + "z1,2023-02,NA\n", "line 3, column count: the cell is empty; write 0"),
        (HEAD + "\nz1,2023-02,-1\n", "line 4, column count: '-1' is not a number of at least 0"),
        (HEAD + "z1,2023-02,inf\n", "line 3, column count: 'inf'"),
        (HEAD + "z1,2023-02,many\n", "line 3, column count: 'many'"),
        (HEAD + ",2023-02,1\n", "line 3, column lsoa_code: the cell is empty"),
        (HEAD + "z1,2023-13,1\n", "line 3, column month: '2023-13' is not a month"),
        (HEAD + "z1,01/02/2023,1\n", "line 3, column month: '01/02/2023' is a day that could be"),
        (
            HEAD + "z2,2023-01,1\nz1,2023-01,2\n",
            r"line 4: zone z1 stands twice in 2023-01 \(first: counts.csv line 2; 1 such row\)",
        ),
        (HEAD + "z1,Jan-23,2\n", "line 3: zone z1 stands twice in 2023-01"),
        (
            "zone_id,month,count,crime_type\nz,2023-01,1,drugs\nz,2023-01,1,Drugs\n",
            "give one row a zone, month and crime type",
        ),
        ("zone_id,count\na,1\n", "no column 'month'"),
        ("zone_id,month,Count,COUNT\na,2023-01,1,1\n", "names the column Count twice"),
        ("zone_id,month,count\n", "0 rows"),
        ("zone_id;month;count\na;2023-01;1\n", "semicolons"),
        (HEAD + "z1,2023-02," + "9" * 200_000 + "\n", "line 3, column count"),
        (HEAD + "z1,2023-02," + "9" * 400 + "\n", "line 3, column count: '?9.* is too large"),
        (HEAD + "z1,2023-02,1e308\n", "line 3, column count: '1e308' is too large"),
        (HEAD + "z1,2023-02,1e-99999999\n", "line 3, column count: '1e-99999999' is too near 0"),
        (HEAD + "z1,2023-02,1e-300\n", "line 3, column count: '1e-300' is too near 0"),
    ],
)
def test_odd_counts_are_refused_with_their_line(text, words):
    with pytest.raises(InputError, match=words) as caught:
        read(text)
    assert len(str(caught.value)) < 400


def test_a_table_without_a_file_is_checked_alike():
    import geopandas as gpd

    zones = gpd.GeoDataFrame(index=["z1"], geometry=[box(530_000, 180_000, 530_100, 180_100)], crs=27700)
    rows = pd.DataFrame({"zone_id": ["z1", "z1"], "month": ["2023-01"] * 2, "count": [1, 2]})
    with pytest.raises(InputError, match="row 2: zone z1 stands twice in 2023-01"):
        area_from_counts(rows, zones)
    with pytest.raises(InputError, match="row 2, zone 'z1': the count is empty"):
        area_from_counts(rows.assign(month=["2023-01", "2023-02"], count=[1, None]), zones)


def test_a_repeated_heading_is_passed_over_and_lines_stay_those_of_the_file():
    counts, found = read(HEAD + HEAD.replace("2023-01", "2023-02"))
    assert counts["month"].tolist() == ["2023-01", "2023-02"]
    assert "counts.csv line 3 repeats the heading" in found[0].text
    with pytest.raises(InputError, match="line 4: zone z1 stands twice"):
        read(HEAD + HEAD)


@pytest.mark.parametrize(
    "heading", ["geography code", "geography", "place", "GEOGRAPHY_CODE", "AreaCode", "ZoneID"]
)
def test_zones_are_found_by_their_cells_as_in_tables_about_zones(heading):
    counts, _ = read(
        f"{heading},month,count\nE01000001,2023-01,2\n E01000002 ,2023-01,3\nE01000001 : A,2023-02,0\n"
    )
    assert counts["zone_id"].tolist() == ["E01000001", "E01000002", "E01000001"]
    assert counts["count"].tolist() == [2.0, 3.0, 0.0]


def test_codes_in_the_cells_go_before_a_heading_that_could_be_one():
    counts, _ = read("code,geography,Date,value\n1,E01000001,2023-01,2\n2,E01000002,2023-01,3\n")
    assert counts["zone_id"].tolist() == ["E01000001", "E01000002"]


def test_codes_without_a_polygon_are_said_once():
    zones = gpd.GeoDataFrame(
        {"name": ["z"]}, geometry=[box(0, 0, 1, 1)], index=pd.Index(["z"], name="zone_id"), crs="EPSG:27700"
    )
    counts, _ = read("zone_id,month,count\nz,2023-01,2\nq,2023-01,5\nz,2023-02,1\n")
    prepared = prepare(area_from_counts(counts, zones), Scenario())
    about = [f.text for f in prepared.findings if "no zone" in f.text or "no polygon" in f.text]
    assert about == [
        "1 codes of the counts have no polygon (first q); their 5 crimes (of 8) are in no zone and are not counted."
    ]
