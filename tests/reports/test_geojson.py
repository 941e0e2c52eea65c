"""GeoJSON: read back by a second library, joined by label, plain properties."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from patrol_core.errors import InputError
from patrol_core.reports.geojson import zones_geojson
from patrol_core.zones import to_degrees

LOCAL = 'LOCAL_CS["a plane",UNIT["unit",1]]'


def results_of(zones):
    return pd.DataFrame(
        {"value": np.arange(9) / 7, "coverage": np.float32(0.5), "group": pd.Categorical(["a"] * 9)},
        index=zones.index,
    )


def test_geopandas_reads_it_back(zones):
    results = results_of(zones)
    content = zones_geojson(
        zones, results.sample(frac=1, random_state=3), units={"value": "crimes"}, about={"attribution": "me"}
    )
    again = gpd.read_file(io.BytesIO(content)).set_index("zone_id")
    assert again.crs.to_epsg() == 4326
    assert list(again.index) == list(zones.index)
    assert again["value"].tolist() == results["value"].tolist()
    assert again["group"].tolist() == ["a"] * 9
    assert again.geometry.is_valid.all()
    metric = again.to_crs(27700)
    assert np.allclose(metric.area, zones.area, rtol=1e-3)
    assert metric.geometry.hausdorff_distance(zones.geometry, align=True).max() < 0.05


def test_by_hand(zones):
    data = json.loads(zones_geojson(zones, results_of(zones), units={"value": "crimes"}))
    first = data["features"][0]
    assert first["id"] == "Z0"
    assert first["properties"] == {
        "zone_id": "Z0",
        "name": "Zone 0",
        "population": 1000.0,
        "value": 0.0,
        "coverage": 0.5,
        "group": "a",
    }
    assert data["features"][8]["properties"]["population"] is None
    lon, lat = Transformer.from_crs(27700, 4326, always_xy=True).transform(528_000, 180_000)
    corners = np.array(first["geometry"]["coordinates"][0])
    assert np.abs(corners - (lon, lat)).sum(axis=1).min() < 2e-7
    assert data["coordinates"] == "EPSG:4326"
    assert {"name": "value", "unit": "crimes", "meaning": ""} in data["columns"]


def test_seven_decimals_and_rings_anticlockwise(zones):
    data = json.loads(zones_geojson(zones))
    for feature in data["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        points = shapely.get_coordinates(shape)
        assert np.array_equal(points, np.round(points, 7))
        parts = getattr(shape, "geoms", [shape])
        assert all(part.exterior.is_ccw and not any(ring.is_ccw for ring in part.interiors) for part in parts)


def test_a_plane_without_a_place_keeps_its_coordinates(zones):
    for crs in (None, LOCAL):
        flat = zones.set_crs(crs, allow_override=True)
        data = json.loads(zones_geojson(flat))
        assert data["coordinates"].startswith("plane")
        assert np.array(data["features"][0]["geometry"]["coordinates"]).min() == 180_000


def test_hostile_names_stay_text(zones):
    zones.loc["Z0", "name"] = '</script><script>alert("x")'
    data = json.loads(zones_geojson(zones))
    assert data["features"][0]["properties"]["name"] == '</script><script>alert("x")'


def test_labels_must_meet(zones):
    results = results_of(zones)
    with pytest.raises(InputError, match="Zone Z8 is only in the zones"):
        zones_geojson(zones, results.drop(index="Z8"))
    with pytest.raises(InputError, match="Zone Z8 is only in the results"):
        zones_geojson(zones.drop(index="Z8"), results)
    with pytest.raises(InputError, match="Zone Z0 has more than one row"):
        zones_geojson(zones, pd.concat([results, results.iloc[:1]]))
    with pytest.raises(InputError, match="Column value is in the zones and"):
        zones_geojson(zones.assign(value=1), results)
    zones.loc["Z3", "geometry"] = None
    with pytest.raises(InputError, match="Zone Z3 has no geometry"):
        zones_geojson(zones)


def test_simplified_zones_still_share_their_borders():
    """A wavy border between two zones loses vertices, but opens neither gap nor overlap."""
    y = np.linspace(0, 1000, 201)
    border = list(zip(500 + 4 * np.sin(y / 20), y, strict=True))
    left = shapely.Polygon([(0, 0), *border, (0, 1000)])
    right = shapely.Polygon([(1000, 1000), *reversed(border), (1000, 0)])
    pair = gpd.GeoSeries([left, right], index=["l", "r"], crs="EPSG:27700").translate(530_000, 180_000)
    shapes, _ = to_degrees(gpd.GeoDataFrame(geometry=pair), tolerance_m=20, digits=6)
    assert sum(shapely.get_num_coordinates(shapes)) < 60
    assert shapely.coverage_is_valid(shapes)


def test_overlapping_zones_can_be_simplified_too():
    shapes = [shapely.box(west, 180_000, west + 1_000, 181_000) for west in (530_000, 530_500)]
    frame = gpd.GeoDataFrame(geometry=shapes, index=["a", "b"], crs="EPSG:27700")
    assert len(to_degrees(frame, tolerance_m=20, digits=6)[0]) == 2
