"""Which column names the zones."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.sources.area.assemble import area_from_counts
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons

SQUARES = [shapely.box(530_000 + i * 100, 180_000, 530_100 + i * 100, 180_100) for i in range(3)]
CODES = ["E01000001", "E01000002", "E01000003"]


def zones(**columns) -> tuple[str, bytes]:
    frame = gpd.GeoDataFrame(columns, geometry=list(SQUARES), crs="EPSG:27700")
    return "z.geojson", frame.to_json(drop_id=True).encode()


HEADINGS = [
    "zonecode",
    "LSOA21",
    "lsoa_cd",
    "GEOID",
    "area_id",
    "geo_code",
    "ONS_CODE",
    "Zone_Code",
    "oa_code",
    "feature_id",
    "gss",
    "WD24CD",
    "beat",
    "beat_id",
    "sector",
    "LSOA21CD",
    "lsoa11cd",
    "LSOACODE",
    "LSOA01CD",
    "MSOA21CD",
    "OA21CD",
    "DZCODE",
    "ward_code",
    "LAD24CD",
    "geography_code",
    "zone_id",
    "id",
    "code",
    "district_no",
    "precinct",
    "neighbourhood_code",
    "CELL_ID",
    "patrol_area_ref",
]


@pytest.mark.parametrize("heading", [*HEADINGS, "Zone Code", "feature id", "Anything"])
def test_headings_with_national_codes(heading):
    got = read_polygons(zones(**{heading: CODES, "name": ["x", "y", "z"], "population": [5, 6, 7]}))
    assert got.index.tolist() == CODES


@pytest.mark.parametrize("heading", [*HEADINGS, "Zone Code", "feature id"])
def test_headings_with_codes_of_ones_own(heading):
    got = read_polygons(zones(name=["x", "y", "z"], **{heading: ["A1", "B2", "C3"]}, size=[1.5, 2.5, 3.5]))
    assert got.index.tolist() == ["A1", "B2", "C3"]


def test_national_codes_go_before_counters_and_repeated_codes_are_of_a_larger_area():
    got = read_polygons(
        zones(id=[1, 2, 3], WD24CD=["E05000001"] * 3, fid=[7, 8, 9], zonecode=CODES, population=[10, 11, 12])
    )
    assert got.index.tolist() == CODES
    assert any("'zonecode'" in f.text for f in got.attrs["findings"])


def test_measures_and_names_are_no_ids():
    got = read_polygons(zones(population=[10, 11, 12], name=["x", "y", "z"], area=[1.5, 2.5, 3.5]))
    assert got.index.tolist() == ["1", "2", "3"]


def test_the_option_names_the_column_in_any_case():
    file = zones(LSOA21CD=CODES, **{"Beat No": [4, 5, 6]})
    assert read_polygons(file, id_column="Beat No").index.tolist() == ["4", "5", "6"]
    assert read_polygons(file, id_column="beat_no").index.tolist() == ["4", "5", "6"]
    with pytest.raises(InputError, match="no column 'beats'"):
        read_polygons(file, id_column="beats")
    with pytest.raises(InputError, match="occurs 2 times"):
        read_polygons(zones(LSOA21CD=CODES, beat=["a", "a", "b"]), id_column="beat")


def test_a_fault_in_the_column_that_was_meant_is_named_and_not_gone_round():
    shapes = [shapely.box(530_000 + i * 100, 180_000, 530_100 + i * 100, 180_100) for i in range(20)]
    codes = [f"E010000{i:02d}" for i in range(20)]
    frame = gpd.GeoDataFrame(
        {"LSOA21CD": [codes[1], *codes[1:]], "other": codes}, geometry=shapes, crs="EPSG:27700"
    )
    with pytest.raises(InputError, match=r"'E01000001' \(column LSOA21CD\) occurs 2 times"):
        read_polygons(("z.geojson", frame.to_json(drop_id=True).encode()))


def test_a_table_by_another_column_of_the_file_rules_the_ids():
    polygons = read_polygons(zones(LSOA21CD=CODES, local=["A 1", "B 2", "C 3"]))
    table = read_attributes(("t.csv", b"zone_id,population\nA 1,10\nB 2,20\nC 3,30\n"))
    counts = pd.DataFrame({"zone_id": ["A 1", "B 2"], "month": ["2024-01"] * 2, "count": [3, 4]})
    data = area_from_counts(counts, polygons, lookup=table)
    assert data.polygons.index.tolist() == ["A 1", "B 2", "C 3"]
    assert data.polygons["population"].tolist() == [10.0, 20.0, 30.0]
    assert any("'local'" in f.text for f in data.findings)


def test_a_table_of_another_place_is_refused_as_before():
    polygons = read_polygons(zones(LSOA21CD=CODES))
    table = read_attributes(("t.csv", b"zone_id,population\nQ,10\n"))
    counts = pd.DataFrame({"zone_id": CODES[:1], "month": ["2024-01"], "count": [3]})
    with pytest.raises(InputError, match="none of its zone codes"):
        area_from_counts(counts, polygons, lookup=table)


def test_findings_do_not_depend_on_the_order_of_keys():
    name, data = zones(zonecode=CODES, x=["p", "q", "r"])
    turned = json.loads(data)
    for feature in turned["features"]:
        feature["properties"] = dict(reversed(feature["properties"].items()))
    assert read_polygons((name, json.dumps(turned).encode())).index.tolist() == CODES


def test_the_flag_goes_with_boundaries(tmp_path, capsys):
    from patrol_core.cli import main

    crimes = tmp_path / "c.csv"
    crimes.write_text(
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
        "Last outcome category,Context\n,2024-01,F,F,-0.1,51.5,On or near A,,,Burglary,,\n"
    )
    assert main(["risk", "--crimes", str(crimes), "--zone-id", "beat"]) == 2
    assert "--zone-id names a column of --boundaries" in capsys.readouterr().err
    (tmp_path / "z.geojson").write_bytes(zones(LSOA21CD=CODES)[1])
    place = ["--crimes", str(crimes), "--boundaries", str(tmp_path / "z.geojson")]
    assert main(["risk", *place, "--zone-id", "beat"]) == 2
    assert "has no column 'beat' (found LSOA21CD)" in capsys.readouterr().err
