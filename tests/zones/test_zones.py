"""Zones and placement: by hand, against geopandas.sjoin and libpysal, and relations that must hold."""

from __future__ import annotations

import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core import zones as z
from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.area.assemble import area_from_crimes
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.zones import grid

X0, Y0 = 530_000.0, 180_000.0


def area(points, codes=None, polygons=None, months=None, **columns) -> AreaData:
    x, y = (np.array([p[k] for p in points], dtype=float) for k in (0, 1))
    frame = pd.DataFrame(
        {
            "month": months or ["2023-05"] * len(x),
            "crime_type": "Burglary",
            "lon": -0.1,
            "lat": 51.5,
            "x": x,
            "y": y,
        }
    )
    frame["lsoa_code"] = codes or [""] * len(x)
    return area_from_crimes(frame.assign(**columns), polygons=polygons)


def quads(ids=("E01000001", "E01000002", "E01000003", "E01000004"), **columns) -> gpd.GeoDataFrame:
    """Four 500 m squares around (X0 + 500, Y0 + 500), south-west first, row by row."""
    shapes = [
        shapely.box(X0 + i * 500, Y0 + j * 500, X0 + i * 500 + 500, Y0 + j * 500 + 500)
        for j in (0, 1)
        for i in (0, 1)
    ]
    columns = {"name": list(ids), "ward": "", "population": [100.0, 200.0, 300.0, 400.0], **columns}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=pd.Index(ids, name="zone_id"), crs="EPSG:27700")


INSIDE = [(X0 + 10, Y0 + 10), (X0 + 600, Y0 + 10), (X0 + 10, Y0 + 700), (X0 + 900, Y0 + 900)]


# ---------------------------------------------------------------- by hand


def test_square_ids_come_from_the_absolute_grid():
    data = area([(X0 + 1, Y0 + 1), (X0 + 499, Y0 + 499), (X0 + 500, Y0)])
    zones = z.make_zones(data, "grid", cell_m=500)
    assert zones.index.tolist() == ["g_1060_360", "g_1061_360"]
    assert zones["area_km2"].tolist() == [0.25, 0.25]
    assert zones.geometry.iloc[0].bounds == (X0, Y0, X0 + 500, Y0 + 500)
    counts, placed = z.count_crimes(data, zones)
    assert counts["count"].tolist() == [2, 1]
    assert placed.by_point == 3
    more = z.make_zones(area([(X0 + 1, Y0 + 1), (X0 - 3000, Y0)]), "grid", cell_m=500)
    assert "g_1060_360" in more.index


def test_hexagon_by_hand():
    data = area([(X0, Y0)])
    zones = z.make_zones(data, "hex", cell_m=400)
    (shape,) = zones.geometry
    assert shape.area == pytest.approx(400**2 * np.sqrt(3) / 2)
    assert shape.bounds[2] - shape.bounds[0] == pytest.approx(400)
    assert shape.covers(shapely.Point(X0, Y0))


def test_grid_covers_polygons_and_apportions_population():
    polygons = quads(deprivation_quintile=["1", "1", "2", "3"])
    data = area(INSIDE, polygons=polygons)
    zones = z.make_zones(data, "grid", cell_m=500)
    assert len(zones) == 4  # cells that only touch an edge are left out
    assert zones["population"].tolist() == [100.0, 200.0, 300.0, 400.0]
    assert zones["deprivation_quintile"].tolist() == ["1", "1", "2", "3"]
    big = z.make_zones(data, "grid", cell_m=1000)
    assert len(big) == 1
    assert big["population"].tolist() == [1000.0]
    assert big["deprivation_quintile"].tolist() == ["3"]  # 300 residents, 300 and 400: most live in "3"


def test_cell_without_polygon_has_unknown_population():
    data = area([*INSIDE, (X0 + 5000, Y0)], polygons=quads(deprivation_quintile=["1", "1", "2", "3"]))
    zones = z.make_zones(data, "grid", cell_m=500)
    assert np.isnan(zones.loc["g_1070_360", "population"])
    assert zones.loc["g_1070_360", "deprivation_quintile"] == "Unknown"
    assert zones["population"].sum() == 1000.0


def test_wards_by_hand():
    polygons = quads(ward=["North", "North", "South", ""], deprivation_quintile=["1", "2", "3", "3"])
    data = area(INSIDE, polygons=polygons)
    wards = z.make_zones(data, "ward")
    assert wards.index.tolist() == ["North", "South", "no-ward"]
    assert wards["population"].tolist() == [300.0, 300.0, 400.0]
    assert wards["area_km2"].tolist() == [0.5, 0.25, 0.25]
    assert wards["deprivation_quintile"].tolist() == ["2", "3", "3"]  # 200 of 300 live in "2"
    assert "1 polygons have no ward" in wards.attrs["notes"][0]
    counts, _ = z.count_crimes(data, wards)
    assert counts.groupby("zone_id", observed=False)["count"].sum().tolist() == [2, 1, 1]


def test_ward_codes_keep_namesakes_apart():
    polygons = quads(ward=["Abbey"] * 4, ward_code=["E05000001", "E05000002", "E05000002", "E05000001"])
    wards = z.make_zones(area(INSIDE, polygons=polygons), "ward")
    assert wards.index.tolist() == ["E05000001", "E05000002"]
    assert wards["name"].tolist() == ["Abbey (E05000001)", "Abbey (E05000002)"]


def test_code_goes_before_point_and_lost_rows_are_told():
    points = [INSIDE[0], INSIDE[1], (X0 + 9000, Y0), (np.nan, np.nan), (np.nan, np.nan)]
    codes = ["E01000004", "E01999999", "", "E01000002", ""]
    data = area(points, codes, quads())
    zones = z.make_zones(data, "lsoa")
    counts, placed = z.count_crimes(data, zones)
    assert dict(zip(counts["zone_id"], counts["count"], strict=True)) == {"E01000002": 2, "E01000004": 1}
    assert (placed.rows, placed.placed, placed.by_code, placed.by_point) == (5, 3, 2, 1)
    assert (placed.no_coordinates, placed.outside) == (1, 1)
    assert len(placed.findings) == 3


def test_counts_are_long_sorted_and_cover_all_zones():
    data = area(INSIDE, months=["2023-06", "2023-05", "2023-05", "2023-05"], polygons=quads())
    zones = z.make_zones(data, "lsoa")
    counts, _ = z.count_crimes(data, zones)
    assert list(counts.columns) == ["zone_id", "month", "crime_type", "count"]
    assert counts["zone_id"].cat.categories.tolist() == zones.index.tolist()
    may, placed = z.count_crimes(data, zones, months=["2023-05"], crime_types=["Burglary"])
    assert may["count"].sum() == placed.placed == placed.rows == 3
    none, _ = z.count_crimes(data, zones, crime_types=[])
    assert len(none) == 0
    with pytest.raises(InputError, match="no month '2024-01'"):
        z.count_crimes(data, zones, months=["2024-01"])
    with pytest.raises(InputError, match="no crime type 'Arson'"):
        z.count_crimes(data, zones, crime_types=["Arson"])


def test_point_on_a_border_goes_to_the_first_zone():
    data = area([(X0 + 500, Y0 + 500)], polygons=quads())
    counts, placed = z.count_crimes(data, z.make_zones(data, "lsoa"))
    assert counts["zone_id"].tolist() == ["E01000001"]
    assert placed.placed == 1


def test_neighbours_by_hand():
    data = area(INSIDE, polygons=quads())
    near = z.neighbours(z.make_zones(data, "lsoa"))
    assert near["E01000001"] == ["E01000002", "E01000003", "E01000004"]  # a corner counts
    alone = z.neighbours(z.make_zones(area([(X0, Y0), (X0 + 9000, Y0)]), "grid"))
    assert list(alone.values()) == [[], []]


def test_inner_hexagon_has_six_neighbours():
    points = [(X0 + 97.0 * i, Y0 + 83.0 * j) for i in range(30) for j in range(30)]
    zones = z.make_zones(area(points), "hex", cell_m=333.3)
    near = z.neighbours(zones)
    assert max(map(len, near.values())) == 6
    ring = zones.geometry.touches(zones.union_all().boundary) | zones.geometry.intersects(
        zones.union_all().boundary
    )
    assert all(len(near[i]) == 6 for i in zones.index[~ring])


def test_snap_warning():
    small = area([(X0 + 100 * i, Y0) for i in range(40)])
    warned = z.snap_point_warning(small, z.make_zones(small, "grid", cell_m=100))
    assert warned is not None
    assert "40 of 40 zones" in warned.text
    assert z.snap_point_warning(small, z.make_zones(small, "grid", cell_m=2000)) is None


# ---------------------------------------------------------------- ill-formed


def test_ill_formed():
    data = area(INSIDE, polygons=quads())
    with pytest.raises(InputError, match="'county' is unknown and is not offered"):
        z.make_zones(data, "county")
    with pytest.raises(InputError, match="'ward' is not offered"):
        z.make_zones(data, "ward")
    for size in (0, -5, float("nan"), float("inf"), "wide", None):
        with pytest.raises(InputError, match="cell size"):
            z.make_zones(data, "grid", cell_m=size)
    with pytest.raises(InputError, match="group column"):
        z.make_zones(AreaData(**{**vars(data), "groups": {"x": "X"}}), "lsoa")


def test_too_many_cells_names_a_size_that_works():
    wide = gpd.GeoDataFrame(
        {"name": ["w"], "ward": "", "population": 1.0}, geometry=[shapely.box(X0, Y0, X0 + 40_000, Y0 + 40_000)],
        index=pd.Index(["w"], name="zone_id"), crs="EPSG:27700",
    )  # fmt: skip
    data = area([(X0 + 5, Y0 + 5)], polygons=wide)
    for system, size in (("grid", 100), ("hex", 200), ("grid", 10)):
        with pytest.raises(InputError, match="at most 20,000") as caught:
            z.make_zones(data, system, cell_m=size)
        better = float(str(caught.value).split("choose ")[1].split(" m")[0].replace(",", ""))
        assert better > size
        assert len(z.make_zones(data, system, cell_m=better)) <= grid.MAX_CELLS


# ---------------------------------------------------------------- relations


@given(
    st.lists(st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000)), min_size=1, max_size=60),
    st.sampled_from(["grid", "hex"]),
    st.floats(37, 900),
)
@settings(derandomize=True, deadline=None, max_examples=40)
def test_every_point_lies_in_the_cell_it_is_given(offsets, system, cell_m):
    data = area([(X0 + dx, Y0 + dy) for dx, dy in offsets])
    zones = z.make_zones(data, system, cell_m=cell_m)
    counts, placed = z.count_crimes(data, zones)
    assert counts["count"].sum() == placed.placed == len(offsets)
    at = z.locate(zones, data.crimes["x"].to_numpy(), data.crimes["y"].to_numpy())
    points = shapely.points(data.crimes["x"], data.crimes["y"])
    assert (shapely.distance(zones.geometry.to_numpy()[at], points) < 1e-4).all()
    expected = cell_m**2 * (1 if system == "grid" else np.sqrt(3) / 2) / 1e6
    np.testing.assert_allclose(zones["area_km2"], expected, rtol=1e-4)
    overlap = zones.area.sum() - zones.union_all().area
    assert abs(overlap) < 1e-3 * zones.area.sum()


@given(st.integers(0, 10_000))
@settings(derandomize=True, deadline=None, max_examples=15)
def test_rows_are_placed_or_accounted_for(seed):
    rng = np.random.default_rng(seed)
    points = np.array([X0, Y0]) + rng.uniform(-200, 1200, (50, 2))
    points[rng.random(50) < 0.2] = np.nan
    codes = rng.choice(["", "E01000001", "E01000004", "E01999999"], 50).tolist()
    data = area([*points.tolist(), INSIDE[0]], [*codes, ""], quads())
    for system in data.zone_systems:
        zones = z.make_zones(data, system, cell_m=300)
        counts, p = z.count_crimes(data, zones)
        assert counts["count"].sum() == p.placed == p.by_code + p.by_point
        assert p.rows == p.placed + p.no_coordinates + p.outside == 51


# ---------------------------------------------------------------- oracles


def test_locate_against_sjoin(shared_uk):
    polygons = read_polygons(shared_uk / "london_lsoa_2021.gpkg")
    rng = np.random.default_rng(7)
    west, south, east, north = polygons.total_bounds
    x, y = rng.uniform(west, east, 20_000), rng.uniform(south, north, 20_000)
    x[:3], y[:3] = np.nan, np.nan
    at = z.locate(polygons, x, y)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=polygons.crs)
    joined = points.sjoin(polygons[["geometry"]], predicate="intersects", how="left")
    joined = joined[~joined.index.duplicated()]["zone_id"]
    ours = pd.Series(np.append(polygons.index.to_numpy(dtype=object), None)[at])
    assert (at[:3] == -1).all()
    assert (ours.isna() == joined.isna()).all()
    assert (ours.dropna() == joined.dropna()).all()


def test_neighbours_against_libpysal(shared_uk):
    polygons = read_polygons(shared_uk / "westminster_lsoa_2021.geojson")
    graph = libpysal.graph.Graph.build_contiguity(polygons, rook=False, strict=True)
    near = z.neighbours(polygons)
    for zone in polygons.index:
        expected = set(graph[zone].index[graph[zone] > 0])
        assert set(near[zone]) == expected


def test_westminster_all_systems(shared_uk):
    rows, report = read_crimes(shared_uk / "westminster_street.parquet")
    data = area_from_crimes(
        rows,
        polygons=read_polygons(shared_uk / "westminster_lsoa_2011.geojson"),
        lookup=[
            read_attributes(shared_uk / "lookup_lsoa11_ward17_london.csv"),
            read_attributes(shared_uk / "imd2019_london.csv"),
        ],
        findings=report.findings,
    )
    residents = data.polygons["population"].sum()
    by_hand = rows.groupby("lsoa_code").size()
    for system, size in (("lsoa", 500), ("ward", 500), ("grid", 500), ("grid", 100), ("hex", 400)):
        zones = z.make_zones(data, system, cell_m=size)
        counts, placed = z.count_crimes(data, zones)
        assert counts["count"].sum() == placed.placed == 159_378
        assert zones["population"].sum() == pytest.approx(residents)
        warned = z.snap_point_warning(data, zones) is not None
        assert warned == (size == 100)
        if system == "lsoa":
            assert counts.groupby("zone_id", observed=True)["count"].sum().to_dict() == by_hand.to_dict()
            assert by_hand["E01033595"] == 17_167  # the busiest, as the data's README says
        if system == "ward":
            assert len(zones) == 20
