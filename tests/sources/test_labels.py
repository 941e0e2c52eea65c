"""Names for maps: what an extract gives, what the store keeps, what a map draws."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
from shapely.geometry import box

from patrol_core.errors import InputError
from patrol_core.figures.maps.labels import packed, ward_labels
from patrol_core.figures.maps.zones import build_asset
from patrol_core.roads import labels_of
from patrol_core.sources.store import Label, keep_labels, kept_labels, labels_state
from tests.graphs.pbf import write_pbf

XML = """<osm version="0.6">
 <node id="1" lon="-0.10" lat="51.50"><tag k="name" v="Old  Town"/><tag k="place" v="suburb"/></node>
 <node id="2" lon="-0.11" lat="51.51"><tag k="name" v="Central"/><tag k="railway" v="station"/></node>
 <node id="3" lon="-0.12" lat="51.52"><tag k="name" v="A bench"/><tag k="amenity" v="bench"/></node>
 <node id="4" lon="-0.13" lat="51.53"/><node id="5" lon="-0.14" lat="51.54"/>
 <way id="9"><nd ref="3"/><nd ref="4"/><nd ref="5"/><tag k="highway" v="primary"/><tag k="name" v="High Street"/></way>
 <way id="10"><nd ref="4"/><nd ref="5"/><tag k="highway" v="primary"/><tag k="name" v="High Street"/></way>
 <way id="11"><nd ref="4"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="name" v="Side Lane"/></way>
</osm>"""


def test_an_extract_gives_places_stations_and_each_main_road_once():
    assert labels_of("x.osm", XML.encode()) == [
        Label("High Street", "road", -0.13, 51.53),
        Label("Central", "station", -0.11, 51.51),
        Label("Old Town", "suburb", -0.10, 51.50),
    ]


def test_a_pbf_gives_main_roads():
    nodes = {1: (-0.1, 51.5), 2: (-0.11, 51.51), 3: (-0.12, 51.52)}
    ways = [
        (7, [1, 2, 3], {"highway": "trunk", "name": "Great Road"}),
        (8, [1, 3], {"highway": "service", "name": "Yard"}),
    ]
    (label,) = labels_of("x.osm.pbf", write_pbf(nodes, ways))
    assert (label.text, label.kind) == ("Great Road", "road")
    assert (label.lon, label.lat) == pytest.approx((-0.11, 51.51), abs=1e-6)


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01", b"<!DOCTYPE osm [<!ENTITY a 'b'>]><osm/>", b"<osm><node id='1'"]
)
def test_what_is_no_extract_is_one_sentence(data):
    with pytest.raises(InputError):
        labels_of("x.osm", data)


def test_the_store_keeps_names_once_and_passes_over_what_is_damaged(tmp_path):
    assert (labels_state(tmp_path), kept_labels(tmp_path)) == ("", [])
    labels = labels_of("x.osm", XML.encode())
    path = keep_labels(labels, tmp_path)
    assert keep_labels(labels, tmp_path) == path
    state = labels_state(tmp_path)
    (path.parent / "zz.json").write_text('[[1, 2], ["x", "king", 0, 0], ["y", "road", "a", 0], 7')
    (path.parent / "zy.json").write_text(
        json.dumps([["ok", "road", 1, 2], ["x", "king", 0, 0], ["y", "road", "a", 0], 7])
    )
    assert kept_labels(tmp_path) == [*labels, Label("ok", "road", 1.0, 2.0)]
    assert labels_state(tmp_path) != state
    with pytest.raises(InputError, match="names no place"):
        keep_labels([], tmp_path)


def zones() -> gpd.GeoDataFrame:
    cells = [box(500 * i, 500 * j, 500 * i + 500, 500 * j + 500) for j in range(2) for i in range(2)]
    frame = gpd.GeoDataFrame(geometry=cells, index=["A", "B", "C", "D"], crs="EPSG:27700")
    return frame.set_geometry(frame.translate(530_000, 180_000)).assign(
        name=list(frame.index), ward=["North", "North", "South", "Unknown"]
    )


def test_wards_are_named_in_one_of_their_zones():
    found = ward_labels(zones())
    assert [label.text for label in found] == ["North", "South"]
    shapes = zones().geometry
    spot = gpd.points_from_xy([found[1].lon], [found[1].lat])[0]
    assert shapes["C"].contains(spot)
    assert ward_labels(zones().assign(ward="All one")) == []


def test_a_map_has_names_inside_it_only_and_the_important_first():
    west, south, east, north = zones().to_crs(4326).total_bounds
    middle = (west + east) / 2, (south + north) / 2
    given = [Label("M1", "road", *middle), Label("Leeds", "city", -1.5, 53.8), Label("Town", "town", *middle)]
    body = json.loads(build_asset(zones(), labels=given).content)
    assert [row[0] for row in body["labels"]] == ["Town", "North", "South", "M1"]
    assert packed([Label("x" * 99, "road", 0, 0)])[0][0] == "x" * 40
