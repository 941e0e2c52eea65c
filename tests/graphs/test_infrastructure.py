"""Infrastructure scenes: hand-made scores, the published Chinatown targets, and faults in words."""

from __future__ import annotations

import json
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.graphs.places.features import WEIGHTS, in_metres, people_around, read_facilities
from patrol_core.graphs.places.infrastructure import infrastructure_scene
from patrol_core.graphs.places.infrastructure_scores import (
    crossing_scores,
    facility_scores,
    published_weights,
)
from patrol_core.graphs.places.scenes.files import read_street_files
from patrol_core.roads.network import grid_city, make_network
from patrol_core.roads.parts import Roads

UK = "EPSG:27700"
ORIGIN = np.array([530_000.0, 180_000.0])


def town(crs=UK):
    """Four by four crossings, 100 m apart."""
    network = grid_city(4, 4)
    moved = make_network(
        [network.names(k) for k in range(network.size)], nodes=network.nodes, xy=network.xy + ORIGIN
    )
    return Roads(moved, "Town", crs)


def facilities(*rows, crs=UK, **columns):
    """Facilities at metres east and north of the south-west crossing: (type, x, y)."""
    table = {"id": [str(k) for k in range(len(rows))], "name": [f"F{k}" for k in range(len(rows))]}
    places = gpd.points_from_xy(*(np.array([row[1:] for row in rows]) + ORIGIN).T)
    return gpd.GeoDataFrame({**table, "type": [row[0] for row in rows], **columns}, geometry=places, crs=crs)


def lonlat(*points):
    """Longitude and latitude of metres east and north of the south-west crossing."""
    moved = gpd.GeoSeries(gpd.points_from_xy(*(np.array(points) + ORIGIN).T), crs=UK).to_crs(4326)
    return list(zip(moved.x.tolist(), moved.y.tolist(), strict=True))


def block(x0, y0, x1, y1):
    (a, b), (c, d) = np.add(ORIGIN, [[x0, y0], [x1, y1]])
    return shapely.box(a, b, c, d)


# -- scores -----------------------------------------------------------------------------------------


def test_scores_by_hand():
    people = np.array([0.0, math.e - 1, math.e**2 - 1])
    assert facility_scores(np.array([2.0, 2.0, 3.0]), people).tolist() == pytest.approx([2, 4, 9])
    assert facility_scores(np.array([2.0, 2.0, 3.0]), people, 2).tolist() == pytest.approx([2, 8, 27])
    assert facility_scores(np.array([2.0, 2.0, 3.0]), people, 0).tolist() == pytest.approx([2, 2, 3])
    assert crossing_scores(np.array([7, 2, 7, 7]), np.array([1.0, 5.0, 4.0, 4.0])) == {2: 5.0, 7: 4.0 + 3.0}


def test_facilities_go_to_the_nearest_crossing():
    given = facilities(("hospital", 96, 4), ("clinic", 110, -10), ("school", 260, 310), ("police", 0, 0))
    scene = infrastructure_scene(town(), given)
    h, c, s, p = (WEIGHTS[kind] for kind in ("hospital", "clinic", "school", "police"))
    assert scene.values == pytest.approx({"0,1": max(h, c) + (h + c) / 2, "3,3": s, "0,0": p})
    assert scene.names["0,1"] == "F0, F1"
    assert scene.bases == {"F3": "0,0"}
    assert any("police stations" in note for note in scene.notes)
    assert any("No population" in note for note in scene.notes)


def test_given_populations_count():
    scene = infrastructure_scene(
        town(), facilities(("school", 0, 0), ("school", 10, 0), population=[0.0, math.e - 1])
    )
    w = WEIGHTS["school"]
    assert scene.values == pytest.approx({"0,0": 2 * w + (w + 2 * w) / 2})


def test_attacker_values_by_hand():
    # Three targets 300, 200 and 0 metres from the way out at the south-east corner.
    given = facilities(("school", 0, 0), ("school", 100, 0), ("school", 300, 0))
    (out,) = lonlat((300, 0))
    scene = infrastructure_scene(
        town(),
        given,
        escape_points={"Bridge": out},
        alpha=0.9,
        attacker_value_factor=2,
        defender_value_factor=0.5,
    )
    w = WEIGHTS["school"]
    assert scene.values == pytest.approx(dict.fromkeys(["0,0", "0,1", "0,3"], 0.5 * w))
    assert scene.attacker_values == pytest.approx(
        {"0,0": 2 * w, "0,1": 2 * w * 1.3, "0,3": 2 * w * 1.9}, rel=1e-4
    )


def test_degrees_squeeze_the_way_out_and_are_only_for_places_on_earth():
    given = facilities(("school", 0, 0), ("school", 300, 0), ("school", 0, 300), ("school", 300, 300))
    (out,) = lonlat((0, 0))
    values = {
        mode: infrastructure_scene(town(), given, escape_points={"Out": out}, mode=mode).attacker_values
        for mode in ("corrected", "compatible")
    }
    assert values["corrected"]["0,3"] == pytest.approx(values["corrected"]["3,0"], rel=1e-3)
    # 300 m east are more degrees than 300 m north, so that the east seems farther off.
    assert values["compatible"]["0,3"] < 0.9 * values["compatible"]["3,0"]
    with pytest.raises(InputError, match="Degrees need streets with a place on Earth"):
        infrastructure_scene(
            town(None),
            facilities(("school", 0, 0), crs=None),
            escape_points={"Out": (0, 0)},
            mode="compatible",
        )


def test_bases_by_name_and_suggested_ones():
    given = facilities(("school", 0, 0), ("school", 300, 300))
    (near,) = lonlat((190, 20))
    assert infrastructure_scene(town(), given, bases={"Depot": near}).bases == {"Depot": "0,2"}
    scene = infrastructure_scene(town(), given, suggested=2)
    assert set(scene.bases.values()) == {"0,0", "3,3"}


def test_types_without_weight_are_counted_or_weighed():
    given = facilities(("school", 0, 0), ("bench", 100, 0), ("", 200, 0))
    scene = infrastructure_scene(town(), given)
    assert set(scene.values) == {"0,0"}
    assert any("2 facilities of a type without weight ((none), bench)" in note for note in scene.notes)
    scene = infrastructure_scene(town(), given, other_weight=0.5)
    assert scene.values["0,1"] == scene.values["0,2"] == 0.5
    scene = infrastructure_scene(town(), given, weights={"bench": 7})
    assert scene.values == {"0,1": 7.0}


def test_facilities_far_off_are_said_and_can_be_left_out():
    given = facilities(("school", 0, 0), ("clinic", 1000, 0))
    scene = infrastructure_scene(town(), given)
    assert any(
        "1 facility is more than 250 m from the nearest crossing (at most 700 m)" in n for n in scene.notes
    )
    scene = infrastructure_scene(town(), given, snap_limit_m=300)
    assert set(scene.values) == {"0,0"}
    assert any("1 facility farther than 300 m" in note for note in scene.notes)


def test_swapped_places_are_refused_not_snapped():
    given = facilities(("school", 0, 0)).to_crs(4326)
    turned = gpd.GeoDataFrame(
        given.drop(columns="geometry"),
        geometry=gpd.points_from_xy(given.geometry.y, given.geometry.x),
        crs=4326,
    )
    with pytest.raises(InputError, match="km from the streets"):
        infrastructure_scene(town(), turned)
    scene = infrastructure_scene(town(), given, bases={"Far": lonlat((1300, 0))[0]})
    assert "Base Far is 1,000 m from its crossing; check its place." in scene.notes


def test_oneway_streets_and_parts():
    xy = np.array([[0.0, 0], [100, 0], [200, 0], [900, 900], [1000, 900]]) + ORIGIN
    network = make_network(
        [("a", "b"), ("b", "c"), ("b", "c"), ("c", "c"), ("x", "y")],
        oneway=[True, False, False, False, False], nodes=list("abcxy"), xy=xy,
    )  # fmt: skip
    scene = infrastructure_scene(Roads(network, "R", UK), facilities(("school", 0, 0)))
    assert scene.directed
    assert set(scene.edges) == {("a", "b"), ("b", "c"), ("c", "b")}
    assert scene.node_ids == ("a", "b", "c")
    assert any("2 crossings are not connected" in note for note in scene.notes)
    assert any("2 streets are loops or parallel" in note for note in scene.notes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features": facilities(("bench", 0, 0))}, "No facility has a type with a weight"),
        ({"features": facilities(("school", 0, 0), crs=None)}, "facilities have no coordinate system"),
        ({"features": facilities(("school", 0, 0)).drop(columns="type")}, "no column type"),
        ({"features": facilities(("school", 0, 0), population=[-1.0])}, "has the population -1"),
        ({"weights": {"school": -1}}, "weight of school is -1"),
        ({"exponent": -1}, "exponent is -1"),
        ({"snap_limit_m": 1}, "No facility lies within 1 m"),
        ({"suggested": 0}, "suggested is 0"),
        ({"mode": "x"}, "mode is 'x'"),
        ({"bases": {"A": (200.0, 0.0)}}, "not on Earth"),
    ],
)
def test_ill_formed_requests(change, words):
    arguments = {"features": facilities(("school", 40, 0)), **change}
    with pytest.raises(InputError, match=words):
        infrastructure_scene(town(), **arguments)


# -- people -----------------------------------------------------------------------------------------


def test_people_of_the_containing_block_and_within_a_radius():
    blocks = gpd.GeoDataFrame(
        {"population": [10, 200, 3000]},
        geometry=[block(0, 0, 100, 100), block(100, 0, 200, 100), block(250, 0, 300, 100)],
        crs=UK,
    )
    points = np.array([[50.0, 50], [100, 50], [225, 50], [900, 900]]) + ORIGIN
    assert people_around(points, blocks, UK).tolist() == [10, 10, 0, 0]  # a common border: the first
    assert people_around(points, blocks, UK, 30).tolist() == [10, 210, 3200, 0]
    assert people_around(points, blocks, UK, 150.5).tolist() == [210, 3210, 3210, 0]
    assert people_around(points, blocks.to_crs(4326), UK, 30).tolist() == [10, 210, 3200, 0]


@pytest.mark.parametrize(
    ("values", "radius", "words"),
    [([-1], None, "population -1"), ([None], None, "population"), ([1], 0, "radius is 0")],
)
def test_ill_formed_blocks(values, radius, words):
    blocks = gpd.GeoDataFrame({"population": values}, geometry=[block(0, 0, 1, 1)], crs=UK)
    with pytest.raises(InputError, match=words):
        people_around(ORIGIN[None, :], blocks, UK, radius)


def test_a_radius_is_in_metres_not_web_mercator():
    blocks = gpd.GeoDataFrame({"population": [7]}, geometry=[block(100, 0, 200, 100)], crs=UK)
    roads = town()
    near = infrastructure_scene(roads, facilities(("school", 0, 50)), blocks=blocks, radius_m=101)
    far = infrastructure_scene(roads, facilities(("school", 0, 50)), blocks=blocks, radius_m=99)
    assert near.values["0,0"] == pytest.approx(WEIGHTS["school"] * (1 + math.log(8)))
    assert far.values["0,0"] == WEIGHTS["school"]
    assert any("1 facility has population 0 around" in note for note in far.notes)


# -- files ------------------------------------------------------------------------------------------


def test_facilities_of_tables_and_of_geojson():
    csv = b"osm_id,name,type,lon,lat\nn/1,A,school,-74,40.7\n,B,clinic,-74.1,40.8\n"
    frame = read_facilities(("f.csv", csv))
    assert frame["id"].tolist() == ["n/1", "2"]
    assert frame.crs.to_epsg() == 4326
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [0, 0.002], [0.001, 0.002], [0.001, 0], [0, 0]]]}
    features = [
        {
            "type": "Feature",
            "properties": {"@id": "way/1", "amenity": "school", "name": "S"},
            "geometry": shape,
        },
        {
            "type": "Feature",
            "properties": {"type": "multipolygon", "building": "yes", "power": "substation"},
            "geometry": shape,
        },
        {
            "type": "Feature",
            "properties": {"type": "hospital"},
            "geometry": {"type": "Point", "coordinates": [0, 0]},
        },
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    frame = read_facilities(("f.geojson", text))
    assert frame["type"].tolist() == ["school", "substation", "hospital"]
    assert frame["id"].tolist() == ["way/1", "2", "3"]
    assert frame.attrs["notes"] == ("1 feature of f.geojson without a place; left out.",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,lon,lat\nA,1,1\n", "lacks a column"),
        ("type,lon,lat\n", "has a header and no rows"),
        ("type,lon,lat\nschool,west,1\n", "row 1: lon is 'west'"),
        ("type,x,y\nschool,-0.13,51.5\n", "look like degrees"),
    ],
)
def test_ill_formed_tables(text, words):
    with pytest.raises(InputError, match=words):
        read_facilities(("f.csv", text.encode()))


# -- the published instance -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chinatown(shared_guard):
    raw = shared_guard / "raw"
    names = ("chinatown_street_edges.csv", "chinatown_street_nodes.csv")
    roads = read_street_files([(name, (raw / name).read_bytes()) for name in names])
    instance = (shared_guard / "instances" / "isg_chinatown.json").read_bytes()
    features = read_facilities(
        ("chinatown_infra_points.csv", (raw / "chinatown_infra_points.csv").read_bytes())
    )
    return roads, features, instance


def test_published_streets_and_bases_are_reproduced(chinatown):
    roads, features, data = chinatown
    published = json.loads(data)
    bases = {base["name"]: (base["lon"], base["lat"]) for base in published["home_bases"]}
    scene = infrastructure_scene(
        roads, features, bases=bases, weights=published_weights(data), mode="compatible"
    )
    assert len(scene.node_ids) == 243
    assert {frozenset(edge) for edge in scene.edges} == {
        frozenset(map(str, edge)) for edge in published["edges"]
    }
    wanted = {name: str(node) for name, node in zip(bases, published["home_base_nodes"], strict=True)}
    assert scene.bases == wanted
    # In metres another crossing is 10 m nearer to one base, node 9 (74 m) before node 10 (84 m).
    ours = infrastructure_scene(roads, features, bases=bases, weights=published_weights(data))
    assert ours.bases == {**wanted, "Booking Station": "9"}
    # Every published target bears a facility.
    assert {str(target["node"]) for target in published["targets"]} <= set(scene.values)


def test_published_scores_give_whole_numbers_of_people_and_come_back_from_them(chinatown):
    roads, features, data = chinatown
    published = {str(target["node"]): target["score"] for target in json.loads(data)["targets"]}
    weights = published_weights(data)
    alone = infrastructure_scene(roads, features, weights=weights)
    node_of = _nearest_crossing(roads, features)
    kinds: dict[str, list[str]] = {}
    for node, kind in zip(node_of, features["type"], strict=True):
        kinds.setdefault(node, []).append(kind)
    single = {
        node: weights[found[0]] for node, found in kinds.items() if len(found) == 1 and node in published
    }
    assert len(single) == 19
    people = {node: math.expm1(published[node] / weight - 1) for node, weight in single.items()}
    assert all(abs(count - round(count)) < 1e-6 for count in people.values())
    keep = [node in single for node in node_of]
    given = features[keep].assign(
        population=[float(round(people[n])) for n, k in zip(node_of, keep, strict=True) if k]
    )
    scene = infrastructure_scene(roads, given, weights=weights)
    assert set(scene.values) == set(single) <= set(alone.values)
    assert max(abs(scene.values[node] - published[node]) for node in single) < 1e-9


def _nearest_crossing(roads, features):
    placed = in_metres(features, roads.crs, "facilities")
    away = np.hypot(
        placed.geometry.x.to_numpy()[:, None] - roads.network.xy[:, 0],
        placed.geometry.y.to_numpy()[:, None] - roads.network.xy[:, 1],
    )
    return [roads.network.nodes[k] for k in away.argmin(axis=1)]


def test_two_facilities_of_whole_people_explain_a_published_score(chinatown):
    # Crossing 12: two clinics (1.35). max + mean of their scores is the published 14.428 for some whole numbers of people.
    published = {t["node"]: t["score"] for t in json.loads(chinatown[2])["targets"]}
    counts = np.arange(0.0, 3000.0)
    score = facility_scores(np.full(3000, 1.35), counts)
    both = np.maximum(score[:, None], score) + (score[:, None] + score) / 2
    assert np.abs(both - published[12]).min() < 1e-9


def test_points_of_ways_are_centroids_in_metres(shared_guard):
    raw = shared_guard / "raw"
    table = pd.read_csv(raw / "chinatown_infra_points.csv")
    frame = read_facilities(("i.geojson", (raw / "chinatown_infra.geojson").read_bytes()))
    frame = frame[~frame["id"].str.startswith("relation")]
    placed = in_metres(frame, "EPSG:32618", "facilities").to_crs(4326)
    ours = pd.DataFrame(
        {"lon": placed.geometry.x.to_numpy(), "lat": placed.geometry.y.to_numpy()}, index=frame["id"]
    )
    wanted = table.set_index("osm_id")[["lon", "lat"]]
    assert set(ours.index) == set(wanted.index)
    assert np.allclose(ours.loc[wanted.index], wanted, atol=2e-7)
    types = dict(zip(frame["id"], frame["type"], strict=True))
    assert [types[key] for key in table["osm_id"]] == table["type"].tolist()
