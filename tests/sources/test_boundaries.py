"""Boundary files: kinds, CRS, geometry, ids, populations, and files that mean harm."""

from __future__ import annotations

import io
import json
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.zone_tables.boundaries import read_polygons

SQUARES = [shapely.box(530_000 + i * 100, 180_000, 530_100 + i * 100, 180_100) for i in range(3)]


def frame(crs="EPSG:27700", **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"zone_id": ["a", "b", "c"], **columns}, geometry=list(SQUARES), crs=crs)


def geojson(features=None, **members) -> tuple[str, bytes]:
    if features is None:
        features = json.loads(frame().to_crs(4326).to_json(drop_id=True))["features"]
    return "zones.geojson", json.dumps(
        {"type": "FeatureCollection", "features": features, **members}
    ).encode()


def feature(shape, **properties) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}


def zipped(files: dict[str, bytes]) -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return "zones.zip", out.getvalue()


def shapefile(tmp_path, zones: gpd.GeoDataFrame) -> dict[str, bytes]:
    zones.to_file(tmp_path / "z.shp")
    return {f"in/{p.name}": p.read_bytes() for p in tmp_path.glob("z.*")}


def refused(file, *words: str, kind=InputError, **kwargs) -> None:
    with pytest.raises(kind) as caught:
        read_polygons(file, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


# ---------------------------------------------------------------- by hand


def test_geojson_without_crs_is_degrees_and_comes_in_metres():
    zones = read_polygons(geojson())
    assert zones.crs == "EPSG:27700"
    assert zones.index.tolist() == ["a", "b", "c"]
    assert zones.index.name == "zone_id"
    assert zones.area.to_numpy() == pytest.approx([10_000] * 3, rel=1e-5)
    assert zones["name"].tolist() == ["a", "b", "c"]
    assert zones["ward"].tolist() == ["", "", ""]
    assert zones["population"].isna().all()


def test_all_kinds_agree(tmp_path):
    zones = frame(WD24NM=["x", "x", "y"], population=[1, 2, 3])
    zones.to_file(tmp_path / "z.gpkg")
    (tmp_path / "s").mkdir()
    files = [
        tmp_path / "z.gpkg",
        ("upload", (tmp_path / "z.gpkg").read_bytes()),
        zipped(shapefile(tmp_path / "s", zones)),
        zipped({"z.geojson": zones.to_json(drop_id=True).encode()}),
        ("z.json", zones.to_json(drop_id=True).encode()),
    ]
    for file in files:
        got = read_polygons(file)
        assert got.index.tolist() == ["a", "b", "c"]
        assert got["ward"].tolist() == ["x", "x", "y"]
        assert got["population"].tolist() == [1.0, 2.0, 3.0]
        assert shapely.equals_exact(got.geometry.to_numpy(), SQUARES, 1e-6, normalize=True).all()


def test_numeric_ids_and_no_ids():
    numbered = [feature(s, OBJECTID=float(i)) for i, s in enumerate(frame().to_crs(4326).geometry)]
    assert read_polygons(geojson(numbered)).index.tolist() == ["0", "1", "2"]
    bare = read_polygons(geojson([feature(s) for s in frame().to_crs(4326).geometry]))
    assert bare.index.tolist() == ["1", "2", "3"]
    assert "numbered from 1" in bare.attrs["findings"][0].text


def test_chosen_columns():
    zones = frame(other=["p", "q", "r"], words=["P", "Q", "R"]).to_crs(4326)
    got = read_polygons(("z.geojson", zones.to_json().encode()), id_column="other", name_column="words")
    assert got.index.tolist() == ["p", "q", "r"]
    assert got["name"].tolist() == ["P", "Q", "R"]
    refused(geojson(), "no column 'nope'", id_column="nope")
    refused(geojson(), "no column 'nope'", name_column="nope")


def test_place_outside_the_uk_gets_its_utm_zone():
    shapes = [feature(shapely.box(2.3 + i, 48.8, 2.4 + i, 48.9), id=i) for i in range(2)]
    zones = read_polygons(geojson(shapes))
    assert zones.crs.is_projected
    assert zones.crs.axis_info[0].unit_name == "metre"


def test_slightly_invalid_polygon_is_mended_and_told():
    ring = [
        (0, 50),
        (0.01, 50),
        (0.01, 50.01),
        (0, 50.01),
        (0, 50.005),
        (-1e-7, 50.005),
        (0, 50.005),
        (0, 50),
    ]
    zones = read_polygons(geojson([feature(shapely.Polygon(ring), id="m")]))
    assert zones.geometry.is_valid.all()
    assert "mended" in zones.attrs["findings"][0].text


def test_missing_population_is_told():
    zones = read_polygons(("z.geojson", frame(population=[1, None, 3]).to_crs(4326).to_json().encode()))
    assert zones["population"].isna().tolist() == [False, True, False]
    (finding,) = zones.attrs["findings"]
    assert (finding.severity, finding.rows) == ("warning", 1)
    assert "first b" in finding.text


# ---------------------------------------------------------------- ill-formed


def test_negative_and_worded_population():
    refused(("z.geojson", frame(population=[1, -5, 3]).to_crs(4326).to_json().encode()), "zone b", "-5")
    refused(
        ("z.geojson", frame(population=["1", "many", "3"]).to_crs(4326).to_json().encode()),
        "zone b",
        "'many'",
    )


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_no_crs(tmp_path):
    files = shapefile(tmp_path, frame())
    refused(zipped({n: d for n, d in files.items() if not n.endswith(".prj")}), "no .prj")
    refused(geojson(crs=None), "crs is null")
    (tmp_path / "g").mkdir()
    frame(crs=None).to_file(tmp_path / "g" / "z.gpkg")
    refused(tmp_path / "g" / "z.gpkg", "no coordinate reference system", "EPSG:27700")


def test_geojson_in_metres_without_saying_so():
    features = json.loads(frame().to_json(drop_id=True))["features"]
    refused(geojson(features), "no degrees", "EPSG:27700")


def test_swapped_axes():
    shapes = [
        feature(shapely.transform(s, lambda c: c[:, ::-1]), id=1) for s in frame().to_crs(4326).geometry[:1]
    ]
    refused(geojson(shapes), "swapped", "longitude first")


def test_self_crossing_polygon_is_named():
    bow = shapely.Polygon([(-0.1, 51.5), (-0.09, 51.51), (-0.09, 51.5), (-0.1, 51.51)])
    good = shapely.box(-0.2, 51.5, -0.19, 51.51)
    refused(
        geojson([feature(good, id="ok"), feature(bow, id="bow")]), "zone bow (feature 2)", "crosses itself"
    )


def test_repeated_and_empty_ids():
    shapes = list(frame().to_crs(4326).geometry)
    refused(geojson([feature(s, LSOA21CD="E01000001") for s in shapes]), "'E01000001'", "3 times", "LSOA21CD")
    refused(
        geojson([feature(s, zone_id=v) for s, v in zip(shapes, ["a", "", "c"], strict=True)]),
        "feature 2",
        "empty",
    )


def test_empty_missing_and_other_geometries():
    good = feature(shapely.box(-0.2, 51.5, -0.19, 51.51), id="ok")
    refused(
        geojson([good, {"type": "Feature", "properties": {"id": "none"}, "geometry": None}]),
        "zone none",
        "empty",
    )
    refused(geojson([good, feature(shapely.Polygon(), id="void")]), "zone void", "empty")
    refused(geojson([good, feature(shapely.Point(-0.1, 51.5), id="dot")]), "zone dot", "Point")
    bad = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[["x", 1]]]}}
    refused(geojson([good, bad]), "feature 2", "malformed")
    refused(geojson([good, {"type": "Feature"}]), "feature 2")
    odd = json.dumps(feature(shapely.box(0, 51, 1, 52), id="far")).replace("52.0", "1e999")
    refused(geojson([good, json.loads(odd)]), "Infinity")
    refused(("z.geojson", f'{{"features": [{odd}]}}'.encode()), "line 1", "finite")
    refused(geojson([]), "0 features")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b'{"type": "FeatureCollection", "features": [{"type"', "cut off or damaged"),
        (b'{"type": "Point"}', "no list of features"),
        (b'{"a": "\xff\xfe"}', "not UTF-8"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"<kml></kml>", "not GeoJSON"),
        (b"<OGRVRTDataset><OGRVRTLayer/></OGRVRTDataset>", "not GeoJSON"),
        (b"SQLite format 3\x00" + bytes(200), "not a GeoPackage"),
        (b"PK\x03\x04 cut", "not a complete zip"),
    ],
)
def test_damaged_and_disguised_files(data, word):
    refused(("zones.gpkg", data), word)


def test_truncated_geopackage(tmp_path):
    frame().to_file(tmp_path / "z.gpkg")
    data = (tmp_path / "z.gpkg").read_bytes()
    refused(("z.gpkg", data[: len(data) // 3]), "z.gpkg")


def test_shapefile_parts(tmp_path):
    files = shapefile(tmp_path, frame())
    refused(zipped({n: d for n, d in files.items() if not n.endswith(".dbf")}), "lacks the .dbf")
    refused(zipped({**files, "in/other.shp": b""}), "2 Shapefiles")
    refused(zipped({"readme.txt": b"x"}), "holds no Shapefile")
    refused(zipped({**files, "../up.shp": b""}), "points outside")
    refused(("z.shp", files["in/z.shp"]), "one part of a Shapefile")


def test_paths(tmp_path):
    refused(tmp_path / "none.geojson", "none.geojson", kind=SourceError)
    refused(tmp_path, "folder")


# ---------------------------------------------------------------- real files


@pytest.mark.parametrize(
    ("file", "zones", "vintage"),
    [
        ("westminster_lsoa_2011.geojson", 128, "2011"),
        ("westminster_lsoa_2021.geojson", 123, "2021"),
        ("london_lsoa_2021.gpkg", 4_994, "2021"),
        ("westminster_wards_2024.geojson", 18, ""),
    ],
)
def test_real_boundaries_against_geopandas(shared_uk, file, zones, vintage):
    got = read_polygons(shared_uk / file)
    plain = gpd.read_file(shared_uk / file).to_crs(27700)
    assert len(got) == len(plain) == zones
    assert got.attrs["vintage"] == vintage
    assert got.attrs["findings"] == ()
    np.testing.assert_allclose(got.area.to_numpy(), plain.area.to_numpy(), rtol=1e-9)
    assert got.index.tolist() == plain.iloc[:, 0].tolist()
