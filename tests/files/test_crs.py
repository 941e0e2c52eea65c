"""Coordinate reference systems that files state: what is taken, and that all readers refuse the same."""

from __future__ import annotations

import io
import json
import zipfile

import networkx as nx
import pytest

from patrol_core.errors import InputError
from patrol_core.events.route import load_route
from patrol_core.files.crs import crs_of
from patrol_core.roads.graphml import roads_from_graphml
from patrol_core.roads.read import read_roads
from patrol_core.sources.zone_tables.boundaries import read_polygons

MOON = "urn:ogc:def:crs:IAU:2015:30100"
HUGE = 'GEOGCS["x",DATUM["d",SPHEROID["a",1e308,1e308]],PRIMEM["g",0],UNIT["d",0]]'


def _shapes(crs, geometry):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": crs}},
            "features": [{"type": "Feature", "properties": {"code": "A1"}, "geometry": geometry}],
        }
    ).encode()


def _square(x, y, side):
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


LINE = {"type": "LineString", "coordinates": [[-2.98, 53.4], [-2.97, 53.4]]}


@pytest.mark.parametrize(
    "text", ["EPSG:27700", "EPSG:3031", "EPSG:7405", "EPSG:4047", "+proj=longlat +ellps=WGS84"]
)
def test_a_system_of_the_earth_is_taken(text):
    assert crs_of("f", text) is not None


@pytest.mark.parametrize(
    "text",
    [
        MOON,
        HUGE,
        "+proj=longlat +a=1737400 +b=1737400",
        "EPSG:5701",
        "EPSG:4978",
        'LOCAL_CS["plan",UNIT["metre",1]]',
    ],
)
def test_another_body_and_systems_without_a_place_are_refused(text):
    with pytest.raises(InputError, match="no coordinate reference system of a place on Earth"):
        crs_of("f", text)


@pytest.mark.parametrize("crs", [MOON, "EPSG:5701"])
def test_zones_roads_and_routes_refuse_the_same_system(crs):
    for read, shape in (
        (read_polygons, _square(-2.98, 53.4, 0.01)),
        (lambda file: read_roads([file]), LINE),
        (lambda file: load_route(*file).line, LINE),
    ):
        with pytest.raises(InputError, match="on Earth"):
            read(("f.geojson", _shapes(crs, shape)))


def _graphml(crs):
    graph = nx.MultiDiGraph(crs=crs)
    graph.add_node("1", x=-2.98, y=53.4)
    graph.add_node("2", x=-2.97, y=53.4)
    graph.add_edge("1", "2")
    return "\n".join(nx.generate_graphml(graph)).encode()


@pytest.mark.parametrize(
    "crs",
    [
        "+proj=longlat +nadgrids=/etc/passwd +type=crs",
        MOON,
        "{'proj': 'longlat', 'nadgrids': '/etc/passwd'}",
        "{{{{",
    ],
)
def test_graphml_states_its_system_as_files_of_shapes_do(crs):
    with pytest.raises(InputError, match="its crs"):
        roads_from_graphml("g.graphml", _graphml(crs))


@pytest.mark.parametrize(
    "crs",
    [
        "4326",
        "epsg:4326",
        "{'init': 'epsg:4326'}",
        "+init=epsg:4326 +type=crs",
        "{'proj': 'longlat', 'datum': 'WGS84', 'no_defs': True}",
        crs_of("f", "EPSG:4326").to_json(),
    ],
)
def test_spellings_of_osmnx_are_read(crs):
    assert roads_from_graphml("g.graphml", _graphml(crs)).crs == "EPSG:32630"


def test_zones_round_a_pole_stay_in_a_metric_system_of_their_own():
    zones = read_polygons(("z.geojson", _shapes("EPSG:3031", _square(1000.0, 1000.0, 500.0))))
    assert zones.crs.to_epsg() == 3031
    assert zones.geometry.area.iloc[0] == pytest.approx(250_000)
    with pytest.raises(InputError, match="near a pole"):
        read_polygons(("z.geojson", _shapes("EPSG:4326", _square(10.0, -89.0, 0.5))))


def test_a_shapefile_of_another_body_is_refused(tmp_path):
    import geopandas as gpd
    import shapely

    gpd.GeoDataFrame({"code": ["A1"]}, geometry=[shapely.box(0, 51, 0.1, 51.1)], crs=4326).to_file(
        tmp_path / "z.shp"
    )
    (tmp_path / "z.prj").write_text(HUGE)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for end in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"z.{end}", f"z.{end}")
    with pytest.raises(InputError, match="on Earth"):
        read_polygons(("z.zip", packed.getvalue()))
