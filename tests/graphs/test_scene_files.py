"""Every kind of file becomes the place it describes, and every fault is one sentence that says where."""

from __future__ import annotations

import copy
import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.files.strict_json import load_json
from patrol_core.graphs.patrol.formats import game_document
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.places.guard_files import guard_scene
from patrol_core.graphs.places.library import LIBRARY, library_scene
from patrol_core.graphs.places.scenes.documents import scene_document, scene_from
from patrol_core.graphs.places.scenes.files import kind_of, read_scene, read_street_files

NEW_YORK = [[-74.0, 40.70], [-74.0, 40.701], [-73.999, 40.701]]


def as_file(document, name="scene.json"):
    return name, json.dumps(document).encode()


def feature(shape, **properties):
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}


def collection(*features, name="f.geojson"):
    return as_file({"type": "FeatureCollection", "features": list(features)}, name)


STREETS = collection(feature(shapely.LineString(NEW_YORK), highway="residential"), name="streets.geojson")
FACILITIES = ("facilities.csv", b"name,type,lon,lat\nA,school,-74,40.7\nB,hospital,-73.999,40.7012\n")
BLOCKS = collection(
    feature(shapely.box(-74.0005, 40.6995, -73.9995, 40.7005), population=100), name="blocks.geojson"
)
OBSERVATIONS = ("seen.csv", b"animal_id,lat,lon\na,1.05,1.05\nb,1.15,1.15\nb,,1.15\n")


def small():
    return {
        "format": "patrol-scene", "version": 1,
        "graph": {"nodes": [1, "b", 3], "edges": [[1, "b"], ["b", 3]]},
        "targets": [{"node": 3, "value": 2, "name": "Mill"}], "bases": [{"name": "Post", "node": 1}],
    }  # fmt: skip


# -- our own files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(LIBRARY))
def test_scenes_survive_their_file_to_the_last_digit(key):
    scene = library_scene(key)
    back = read_scene([as_file(scene_document(scene))])
    for field in ("key", "title", "about", "family", "generated", "node_ids", "edges", "directed", "crs", "values",
                  "attacker_values", "bases", "unit", "defaults", "attribution", "notes"):  # fmt: skip
        assert getattr(back, field) == getattr(scene, field), field
    assert np.array_equal(back.xy, scene.xy)
    assert {k: v for k, v in scene.names.items() if k in scene.values} == back.names


def test_a_small_scene_needs_little():
    scene = scene_from(small())
    assert scene.node_ids == (1, "b", 3)
    assert scene.values == {3: 2.0}
    assert scene.names == {3: "Mill"}
    assert (scene.family, scene.generated, scene.xy, scene.crs) == ("own", False, None, None)
    assert scene.game(moves=4).target_ids == (3,)


FAULTS = [
    (("format",), "other", 'format is "other"; accepted is "patrol-scene"'),
    (("version",), 2, "version is 2; accepted is 1"),
    (("colour",), "red", "scene.json has the unknown key 'colour'; accepted are format"),
    (("graph", "weight"), 1, "graph has the unknown key 'weight'"),
    (("graph", "nodes"), [1, "b", 3, 1], "names a node twice"),
    (("graph", "nodes"), [1, "b", 3, 2.5], "nodes, entry 4 is 2.5; accepted is a whole number or a text"),
    (("graph", "nodes"), 7, "nodes is 7; accepted is a list"),
    (("graph", "edges"), [[1, "b", 3]], "edges, entry 1 is .*; accepted is a list of 2"),
    (("graph", "edges"), [[1, 9]], "edge 1 names 9"),
    (("graph", "directed"), "no", 'directed is "no"; accepted is true or false'),
    (("graph", "xy"), [[0, 0]], "xy has 1 pairs for 3 nodes"),
    (("graph", "xy"), [[0, 0], [1, "x"], [2, 2]], 'xy, entry 2, entry 2 is "x"; accepted is a finite number'),
    (("graph", "crs"), "EPSG:1", "crs: 'EPSG:1' is not known; give for example EPSG:4326"),
    (("targets",), [{"node": 9, "value": 1}], "target 1 names 9"),
    (
        ("targets",),
        [{"node": 3, "value": -1}],
        "targets, entry 1, value is -1; accepted is a finite number >= 0",
    ),
    (("targets",), [{"node": 3}], "targets, entry 1 lacks 'value'; needed are node, value"),
    (("targets",), [{"node": 3, "value": 1}] * 2, "target already"),
    (
        ("targets",),
        [{"node": 3, "value": 1, "attacker_value": 1}, {"node": 1, "value": 1}],
        "1 has no attacker_value",
    ),
    (("bases",), [], r"bases is \[\]; accepted is a list of at least 1"),
    (("bases",), [{"name": "P", "node": 1}, {"name": "P", "node": 3}], "two bases 'P'"),
    (("family",), "blue", 'family is "blue"; accepted is "green", '),
    (("generated",), 1, "generated is 1"),
    (("title",), 4, "title is 4"),
    (("defaults",), {"speed": 3}, "defaults has the unknown key 'speed'; accepted are .moves"),
    (("defaults",), {"moves": [3]}, "moves. is \\[3\\]; accepted is true or false"),
]


@pytest.mark.parametrize(("where", "value", "words"), FAULTS)
def test_faults_of_a_scene_file(where, value, words):
    document = copy.deepcopy(small())
    place = document
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    with pytest.raises(InputError, match=words):
        scene_from(document, "scene.json")


@pytest.mark.parametrize("key", ["graph", "targets", "bases"])
def test_what_a_scene_needs(key):
    document = small()
    del document[key]
    with pytest.raises(InputError, match=f"lacks '{key}'; needed are"):
        scene_from(document)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": 1,\n "b": }', "x.json is not JSON \\(line 2"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "b": 2, "b": 3}', "'b' twice"),
        (b"\xff\xfe{", "not JSON"),
    ],
)
def test_broken_json(text, words):
    with pytest.raises(InputError, match=words):
        load_json(text, "x.json")


# -- telling files apart ----------------------------------------------------------------------------


def test_kinds():
    assert kind_of(as_file(small())) == "scene"
    assert kind_of(as_file({"graph": {}, "timesteps": 3})) == "game"
    assert kind_of(as_file({"kind": "gsg", "home_base_nodes": []})) == "guard"
    assert kind_of(OBSERVATIONS) == "observations"
    assert kind_of(STREETS) == "roads"
    assert kind_of(FACILITIES) == "features"
    assert kind_of(BLOCKS) == "blocks"
    assert kind_of(as_file({"elements": []})) == "roads"
    assert kind_of(("roads.graphml", b"<graphml/>")) == "roads"
    assert kind_of(("edges.csv", b"from,to\na,b\n")) == "roads"
    assert kind_of(("nodes.csv", b"id,lon,lat\na,1,2\n")) == "roads"
    points = collection(feature(shapely.Point(0, 0), amenity="school"))
    assert kind_of(points) == "features"
    power_line = collection(feature(shapely.LineString(NEW_YORK), power="line"))
    assert kind_of(power_line) == "features"


def test_observations_become_a_park():
    scene = read_scene([OBSERVATIONS], bbox=(1.0, 1.0, 1.2, 1.2), rows=2, columns=2, scoring="density")
    assert scene.values == {0: 1.0, 3: 1.0}
    assert scene.title == "seen.csv"
    assert any("1 row of seen.csv" in note for note in scene.notes)


def test_streets_with_facilities_and_people():
    alone = read_scene([STREETS])
    assert alone.values == {}
    assert len(alone.node_ids) == 2
    scene = read_scene([STREETS, FACILITIES])
    assert sorted(scene.values.values()) == [1.5, 3.0]
    peopled = read_scene([BLOCKS, FACILITIES, STREETS])
    assert sorted(peopled.values.values()) == pytest.approx([3.0, 1.5 * (1 + np.log(101))])
    near = read_scene([BLOCKS, FACILITIES, STREETS], radius_m=200.0)
    assert sorted(near.values.values()) == pytest.approx([1.5 * (1 + np.log(101)), 3 * (1 + np.log(101))])


def test_a_geopackage_of_streets(tmp_path):
    path = tmp_path / "streets.gpkg"
    gpd.GeoDataFrame({"highway": ["x"]}, geometry=[shapely.LineString(NEW_YORK)], crs=4326).to_file(
        path, driver="GPKG"
    )
    assert len(read_scene([("streets.gpkg", path.read_bytes())]).node_ids) == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "No file was given"),
        ([as_file(small()), STREETS], "is a scene, which stands alone"),
        ([OBSERVATIONS, OBSERVATIONS], "table of observations, which stands alone"),
        ([FACILITIES], "facilities.csv was given without roads"),
        ([STREETS, BLOCKS], "areas without facilities"),
        ([STREETS, FACILITIES, FACILITIES], "second file of its kind"),
        ([as_file({"a": 1}, "a.json")], "a.json is JSON of no known kind"),
        ([("a.bin", b"\x00\x01")], "none of the kinds"),
        ([("empty.csv", b"")], "empty"),
    ],
)
def test_files_that_do_not_fit(files, words):
    with pytest.raises(InputError, match=words):
        read_scene(files)


def test_columns_of_street_tables_that_say_nothing_are_named():
    edges = ("e.csv", b'u,v,length_m,note\na,b,3,"x, y"\nb,c,4,z\n')
    nodes = ("n.csv", b"node,lon,lat,osm_id\na,-74,40.7\nb,-74,40.701,2\nc,-74,40.702,3\n")
    with pytest.raises(InputError, match=r"n\.csv line 2"):
        read_street_files([edges, nodes])
    whole = ("n.csv", b"node,lon,lat,osm_id\na,-74,40.7,1\nb,-74,40.701,2\nc,-74,40.702,3\n")
    roads = read_street_files([edges, whole])
    assert roads.network.size == 2
    assert "e.csv: 2 columns are not used (length_m, note)." in roads.notes
    assert "n.csv: 1 column is not used (osm_id)." in roads.notes


# -- published instances ----------------------------------------------------------------------------


def test_published_instances_load_through_the_same_door(shared_guard):
    files = sorted((shared_guard / "instances").glob("*.json"))
    assert len(files) == 25
    for path in files:
        scene = read_scene([(path.name, path.read_bytes())])
        given = json.loads(path.read_text())
        assert scene.values == {t["node"]: t["score"] for t in given["targets"]}
        assert list(scene.bases.values()) == given["home_base_nodes"]
        assert len(scene.edges) == len(given["edges"])
        assert scene.crs == "EPSG:4326"
        assert scene.xy[:, 0].min() >= given["bbox"]["lon_min"] - 0.001
        assert scene.xy[:, 1].max() <= given["bbox"]["lat_max"] + 0.001


def test_a_published_park_gives_the_attacker_more_near_the_line(shared_guard):
    given = json.loads((shared_guard / "instances" / "gsg_lobeke_c10_g8.json").read_text())
    scene = guard_scene(given, general_sum=True, alpha=2.0, attacker_value_factor=3.0, mode="compatible")
    factor = {node: scene.attacker_values[node] / scene.values[node] for node in scene.values}
    assert min(factor.values()) == pytest.approx(3.0)
    assert max(factor.values()) == pytest.approx(9.0)
    lon = dict(zip(scene.node_ids, scene.xy[:, 0], strict=True))
    assert lon[max(factor, key=factor.get)] > lon[min(factor, key=factor.get)]  # the line is in the east


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "xyz"}, "kind 'xyz'"),
        ({"bbox": None, "extra": 1}, "unknown field 'extra'"),
        ({"nodes": [{"id": 0}]}, "malformed"),
        ({"edges": [[0, 9]]}, "an edge is at node 9"),
        ({"targets": [{"node": 9, "score": 1}]}, "a target is at node 9"),
        ({"targets": [{"node": 0, "score": -1}]}, "score -1"),
        ({"targets": [{"node": 0, "score": 1}] * 2}, "names a target twice"),
        ({"home_base_nodes": [0, 1]}, "2 base nodes and 1 different names"),
    ],
)
def test_faults_of_published_instances(change, words):
    document = {
        "kind": "gsg", "bbox": {}, "nodes": [{"id": 0, "lat": 1, "lon": 1}, {"id": 1, "lat": 1, "lon": 2}],
        "edges": [[0, 1]], "targets": [{"node": 0, "score": 1.5}], "home_base_nodes": [1],
        "home_bases": [{"name": "A", "lat": 1, "lon": 1}],
    }  # fmt: skip
    assert guard_scene(document).values == {0: 1.5}
    with pytest.raises(InputError, match=words):
        guard_scene({**document, **change}, "g.json")


# -- games ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(LIBRARY))
def test_games_come_back_through_the_door(key):
    scene = library_scene(key)
    for general in (False, True):
        game = scene.game(units=2, general_sum=general)
        back = read_scene([as_file(game_document(game, crs=scene.crs))])
        assert isinstance(back, GraphGame)
        assert back.node_ids == game.node_ids
        assert back.target_ids == game.target_ids == tuple(scene.values)
        assert np.array_equal(back.values, game.values)
        assert back.units == game.units
        assert (back.moves, back.tau, back.general_sum) == (game.moves, game.tau, general)
        if general:
            own = scene.attacker_values or scene.values
            assert back.attacker_values.tolist() == [own[name] for name in back.target_ids]


def test_targets_out_of_reach_are_kept_dropped_or_refused():
    scene = library_scene("columbus-zones")
    far = scene.game(moves=2).unreachable
    assert far
    assert scene.game(moves=2).size == 12
    assert scene.game(moves=2, unreachable="drop").size == 12 - len(far)
    with pytest.raises(InputError, match="cannot be covered"):
        scene.game(moves=2, unreachable="refuse")
