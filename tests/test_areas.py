"""Areas from uploads: what they offer, what they notice, what identifies them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core import zones as z
from patrol_core.areas import CRIME_COLUMNS, Finding
from patrol_core.errors import InputError
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_counts, area_from_crimes
from patrol_core.sources.area.quality import completeness, completeness_findings
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons

ROOT = Path(__file__).resolve().parents[1]


def crimes(rows: int = 6, **columns) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"month": "2023-05", "crime_type": "Burglary", "lon": -0.13, "lat": 51.5, "lsoa_code": ""},
        index=range(rows),
    )
    return frame.assign(**columns)


def squares(*ids: str, **columns) -> gpd.GeoDataFrame:
    shapes = [shapely.box(529_000 + 1000 * i, 179_000, 530_000 + 1000 * i, 180_000) for i in range(len(ids))]
    columns = {"name": list(ids), "ward": "", "population": 100.0, **columns}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="zone_id"), crs="EPSG:27700")


def texts(area) -> str:
    return " | ".join(f.text for f in area.findings)


# ---------------------------------------------------------------- what is offered


def test_without_polygons_grid_and_hexagons():
    area = area_from_crimes(crimes())
    assert area.zone_systems == ("grid", "hex")
    assert tuple(area.crimes.columns) == CRIME_COLUMNS
    assert area.crimes["x"].notna().all()
    assert "LSOAs and wards are not" in texts(area)
    assert area.key == f"upload-{area.content_hash[:8]}"
    assert "Open Government Licence" in area.attribution


def test_with_polygons():
    assert area_from_crimes(crimes(), polygons=squares("beat 1")).zone_systems == ("own", "grid", "hex")
    lsoas = squares("E01000001", "E01000002", ward=["North", ""])
    area = area_from_crimes(crimes(), polygons=lsoas)
    assert area.zone_systems == ("lsoa", "ward", "grid", "hex")
    nowhere = crimes(lon=np.nan, lat=np.nan, lsoa_code="E01000001")
    assert area_from_crimes(nowhere, polygons=lsoas).zone_systems == ("lsoa", "ward")
    with pytest.raises(InputError, match="no polygons"):
        area_from_crimes(nowhere)


def test_lookup_gives_wards_and_groups():
    lookup = read_attributes(
        ("w.csv", b"LSOA21CD,WD24NM,Income_rank,population\nE01000001,North,1,5\nE01000002,South,9,6\n")
    )
    area = area_from_crimes(
        crimes(), polygons=squares("E01000001", "E01000002", population=np.nan), lookup=lookup
    )
    assert "ward" in area.zone_systems
    assert area.groups == {"deprivation_quintile": "Deprivation quintile (1 = most deprived)"}
    assert area.polygons["population"].tolist() == [5.0, 6.0]
    assert "unused" in texts(area_from_crimes(crimes(), lookup=lookup))


def test_polygons_in_degrees_come_in_metres():
    area = area_from_crimes(crimes(), polygons=squares("a").to_crs(4326))
    assert area.crs == "EPSG:27700"
    assert area.polygons.area.iloc[0] == pytest.approx(1e6, rel=1e-6)


# ---------------------------------------------------------------- what is noticed


def test_findings_of_the_import_are_kept_and_not_repeated():
    note = Finding("info", "told before")
    area = area_from_crimes(crimes(), findings=[note])
    assert area.findings[0] == note
    assert len(set(area.findings)) == len(area.findings)


def test_incomplete_and_missing_months_by_hand():
    rows = [
        ("A", "2023-01", 10),
        ("A", "2023-02", 10),
        ("A", "2023-03", 4),
        ("A", "2023-05", 10),
        ("B", "2023-01", 1),
    ]
    frame = pd.concat([crimes(n, force=f, month=m) for f, m, n in rows], ignore_index=True)
    area = area_from_crimes(frame)
    table = completeness(area.crimes).set_index(["force", "month"])["status"]
    assert table["A", "2023-03"] == "incomplete"
    assert table["A", "2023-04"] == "missing"
    assert table["A", "2023-01"] == "complete"
    assert (table["B"] == "complete").all()  # one month has no median to hold against
    assert "2023-04 (0%), 2023-03 (40%)" in texts(area)
    assert "no row for 2023-04" in texts(area)
    assert [f.rows for f in completeness_findings(area.crimes)] == [4]


def test_vintage_mismatch_is_told():
    area = area_from_crimes(crimes(lsoa_code="E01999999"), polygons=squares("E01000001"))
    assert "6 of 6 rows with an LSOA code have one that is not among the polygons" in texts(area)


def test_missing_population_is_told_once():
    area = area_from_crimes(crimes(), polygons=squares("a", "b", population=[1.0, np.nan]))
    assert sum("no population" in f.text for f in area.findings) == 1


# ---------------------------------------------------------------- what identifies it


def test_hash_depends_on_data_and_zones_only():
    base = area_from_crimes(crimes(), polygons=squares("a"))
    assert area_from_crimes(crimes(), polygons=squares("a"), name="other").content_hash == base.content_hash
    others = [
        area_from_crimes(crimes(5), polygons=squares("a")),
        area_from_crimes(crimes(month="2023-06"), polygons=squares("a")),
        area_from_crimes(crimes(lat=51.501), polygons=squares("a")),
        area_from_crimes(crimes(), polygons=squares("b")),
        area_from_crimes(crimes(), polygons=squares("a", population=7.0)),
        area_from_crimes(crimes()),
    ]
    assert len({a.content_hash for a in others} | {base.content_hash}) == 7


def test_hash_is_the_same_in_another_process():
    """A hash is part of saved scenarios: it may not depend on the run (Python's own string hash does)."""
    code = (
        "import pandas as pd; from patrol_core.sources.area import area_from_crimes as a;"
        "print(a(pd.DataFrame({'month': ['2023-05'], 'crime_type': 'Burglary', 'lon': -0.13, 'lat': 51.5})).content_hash)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert told.strip() == area_from_crimes(crimes(1)).content_hash


# ---------------------------------------------------------------- counts only


def test_counts_by_hand():
    counts = pd.DataFrame(
        {"lsoa_code": ["a", "b", "z"], "month": ["2023-05", "2023-05", "2023-06"], "count": [2, 3, 4]}
    )
    area = area_from_counts(counts, squares("a", "b"), crime_type="Burglary")
    assert area.crimes is None
    assert area.zone_systems == ("own",)
    assert area.crime_types == ("Burglary",)
    assert "1 codes of the counts have no polygon (first z); their 4 crimes" in texts(area)
    zones = z.make_zones(area, "own")
    table, placed = z.count_crimes(area, zones)
    assert (placed.rows, placed.placed, placed.outside) == (9, 5, 4)
    assert table["count"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"count": [-1, 2]}, "row 1, zone 'a'"),
        ({"count": [1, None]}, "row 2, zone 'b'"),
        ({"count": ["x", 2]}, "row 1"),
        ({"month": ["2023-05", "May"]}, "row 2, column month: 'May'"),
        ({"lsoa_code": ["y", "z"]}, "None of the codes"),
    ],
)
def test_counts_ill_formed(change, word):
    frame = pd.DataFrame({"lsoa_code": ["a", "b"], "month": "2023-05", "count": [1, 2]}).assign(**change)
    with pytest.raises(InputError, match=word):
        area_from_counts(frame, squares("a", "b"))
    with pytest.raises(InputError, match="lack the column"):
        area_from_counts(frame.drop(columns=next(iter(change))), squares("a", "b"))


def test_crimes_ill_formed():
    with pytest.raises(InputError, match="lacks the column crime_type"):
        area_from_crimes(crimes().drop(columns="crime_type"))
    with pytest.raises(InputError, match="0 rows"):
        area_from_crimes(crimes(0))
    with pytest.raises(InputError, match="column month"):
        area_from_crimes(crimes(month="May 2023"))
    with pytest.raises(InputError, match="coordinate reference system"):
        area_from_crimes(crimes(), polygons=squares("a").set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="None of the 6 rows lies in the zone polygons"):
        area_from_crimes(crimes(lat=55.0), polygons=squares("a"))
    with pytest.raises(InputError, match="occurs twice"):
        area_from_crimes(crimes(), polygons=squares("a", "a"))


# ---------------------------------------------------------------- real files


def test_london_burglary_counts(shared_uk):
    counts = pd.read_parquet(shared_uk / "london_burglary_monthly_lsoa21.parquet")
    polygons = read_polygons(shared_uk / "london_lsoa_2021.gpkg")
    area = area_from_counts(counts, polygons, crime_type="Burglary", name="London")
    assert area.zone_systems == ("lsoa",)
    assert len(area.months) == 171
    table, placed = z.count_crimes(area, z.make_zones(area, "lsoa"))
    assert table["count"].sum() == placed.placed == counts["count"].sum()
    raw = counts.groupby("lsoa_code")["count"].sum()
    ours = table.groupby("zone_id", observed=True)["count"].sum()
    assert ours.to_dict() == raw[raw > 0].to_dict()


def test_westminster_both_vintages(shared_uk):
    rows, _ = read_crimes(shared_uk / "westminster_street.parquet")
    old = area_from_crimes(rows, polygons=read_polygons(shared_uk / "westminster_lsoa_2011.geojson"))
    new = area_from_crimes(rows, polygons=read_polygons(shared_uk / "westminster_lsoa_2021.geojson"))
    _, by_old = z.count_crimes(old, z.make_zones(old, "lsoa"))
    counts, by_new = z.count_crimes(new, z.make_zones(new, "lsoa"))
    assert (by_old.by_code, by_old.placed) == (159_378, 159_378)
    moved = int((~rows["lsoa_code"].isin(new.polygons.index)).sum())
    assert by_new.by_code == 159_378 - moved
    assert by_new.by_point + by_new.outside == moved
    assert by_new.outside < 0.02 * moved + 3000
    assert counts["count"].sum() == by_new.placed
    assert "2011 codes against 2021 boundaries" in texts(new)
