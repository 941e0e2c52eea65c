"""Road files: every kind becomes the network it draws, and every fault is one sentence that says where."""

from __future__ import annotations

import json
import sys
import types

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from patrol_core.errors import InputError, SourceError
from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.examples import city_game, geodanet_game
from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.roads.lines import network_from_lines
from patrol_core.roads.osm import roads_from_osmnx
from patrol_core.roads.parts import unlike
from patrol_core.roads.read import outermost, read_roads
from tests.graphs.pbf import write_pbf

HERE = (-0.13, 51.5)
"""Longitude and latitude of the small towns below."""
STEP = (0.001, 0.0007)


def lines(*shapes, crs="EPSG:27700", **columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(shape) for shape in shapes], crs=crs)


def pairs(network):
    """Edges as pairs of places, rounded to metres."""
    spots = [tuple(np.round(spot).astype(int).tolist()) for spot in network.xy]
    return {frozenset((spots[a], spots[b])) for a, b in zip(network.tail, network.head, strict=True)}


def geojson(*features, **more) -> bytes:
    rows = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for geometry, properties in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": rows, **more}).encode()


def line(*points):
    return {"type": "LineString", "coordinates": points}


# ---------------------------------------------------------------- lines


def test_streets_are_cut_where_they_cross():
    roads = network_from_lines(lines([(0, 50), (100, 50)], [(50, 0), (50, 100)]), name="cross")
    assert pairs(roads.network) == {
        frozenset({(0, 50), (50, 50)}),
        frozenset({(50, 50), (100, 50)}),
        frozenset({(50, 0), (50, 50)}),
        frozenset({(50, 50), (50, 100)}),
    }
    assert "2 streets were cut into 4 pieces" in roads.notes[0]


@pytest.mark.parametrize("short", [0.0, 0.4, 0.9])
def test_ends_that_nearly_meet_are_one_crossing(short):
    roads = network_from_lines(
        lines([(0, 0), (50, 0)], [(50 + short, 0), (100, 0)], [(70, 100), (70, short)]), name="t"
    )
    assert len(roads.network.nodes) == 5
    assert roads.network.size == 4
    assert roads.network.reached([0]).all()


def test_ends_further_apart_stay_apart():
    roads = network_from_lines(lines([(0, 0), (50, 0)], [(53, 0), (100, 0)]), name="t")
    assert len(roads.network.nodes) == 4
    assert (
        len(
            network_from_lines(
                lines([(0, 0), (50, 0)], [(53, 0), (100, 0)]), name="t", snap_m=4
            ).network.nodes
        )
        == 3
    )


def test_bridges_and_tunnels_meet_streets_at_their_ends_only():
    shapes = [(0, 50), (100, 50)], [(50, 0), (50, 100)], [(50, 100), (100, 50)]
    roads = network_from_lines(lines(*shapes, bridge=["", "yes", ""]), name="bridge")
    assert roads.network.size == 3
    assert roads.network.reached([0]).all()
    assert network_from_lines(lines(*shapes, layer=[None, 1, None]), name="layer").network.size == 3
    assert network_from_lines(lines(*shapes), name="plain").network.size == 5


def test_attributes_go_with_every_piece():
    frame = lines(
        [(0, 50), (100, 50)],
        [(50, 0), (50, 100)],
        street_id=[7, 8],
        checkpoint=["no", "yes"],
        oneway=["", "yes"],
    )
    network = network_from_lines(frame, name="t", respect_oneway=True).network
    free = dict(zip(network.edge_ids, network.guardable.tolist(), strict=True))
    single = dict(zip(network.edge_ids, network.oneway.tolist(), strict=True))
    assert free == {"7/1": False, "7/2": False, "8/1": True, "8/2": True}
    assert single == {"7/1": False, "7/2": False, "8/1": True, "8/2": True}
    assert not network_from_lines(frame, name="t").network.oneway.any()


def test_shapes_end_on_their_crossings_and_keep_their_length():
    rng = np.random.default_rng(1)
    frame = lines(*(rng.uniform(0, 500, (5, 2)) for _ in range(12)))
    network = network_from_lines(frame, name="t", snap_m=0.01).network
    assert network.shapes is not None
    assert network.xy is not None
    for shape, a, b in zip(network.shapes, network.tail, network.head, strict=True):
        assert np.allclose(shape[0], network.xy[a])
        assert np.allclose(shape[-1], network.xy[b])
    length = sum(float(np.hypot(*np.diff(shape, axis=0).T).sum()) for shape in network.shapes)
    assert length == pytest.approx(frame.length.sum(), rel=1e-3)
    # Nothing crosses any more: shapely's own noding leaves as many pieces.
    nodes = shapely.get_parts(shapely.union_all(frame.geometry.to_numpy()))
    assert abs(network.size - len(nodes)) <= 1


def test_streets_drawn_twice_stand_once():
    roads = network_from_lines(lines([(0, 0), (100, 0)], [(100, 0), (0, 0)], [(0, 0), (50, 0)]), name="t")
    assert roads.network.size == 2
    assert any("stand once" in note for note in roads.notes)


def test_degrees_are_projected_to_metres():
    lon, lat = HERE
    roads = read_roads([("r.geojson", geojson((line((lon, lat), (lon, lat + 0.01)), {"id": "A"})))])
    network = roads.network
    assert network.edge_ids == ("A",)
    assert np.hypot(*(network.xy[1] - network.xy[0])) == pytest.approx(1112, rel=0.005)
    assert "UTM zone 30N" in roads.crs


def test_geodanet_stays_as_it_is():
    roads, game = geodanet_game()
    assert roads.network.size == 293
    assert len(roads.network.nodes) == 220
    assert len(game.targets) == 8
    assert roads.network.reached([0]).all()
    assert not set(game.sources.tolist()) & set(game.targets.tolist())
    assert set(outermost(roads)) >= {roads.network.nodes[k] for k in game.sources}


def test_the_generated_city_fits_any_size():
    for rows, columns in ((6, 6), (6, 40), (25, 9)):
        _, game = city_game(rows, columns)
        assert len(game.targets) == 4
        assert len(game.sources) == 4


# ---------------------------------------------------------------- tables

EDGES = b"from,to,id,checkpoint,oneway\ns,a,one,yes,no\na,t,two,no,yes\ns,t,,,\n"


def test_tables_of_edges_and_nodes():
    nodes = b"id,x,y\ns,0,0\na,100,0\nt,100,100\nlonely,5,5\n"
    roads = read_roads([("nodes.csv", nodes), ("edges.csv", EDGES)], respect_oneway=True)
    network = roads.network
    assert network.edge_ids == ("one", "two", "3")
    assert network.guardable.tolist() == [True, False, True]
    assert network.oneway.tolist() == [False, True, False]
    assert network.xy.tolist() == [[0, 0], [100, 0], [100, 100], [5, 5]]
    assert not read_roads([("edges.csv", EDGES)]).network.oneway.any()


def test_edges_alone_are_a_scheme():
    roads = read_roads([("edges.csv", EDGES)])
    assert roads.schematic
    assert roads.drawn_xy.shape == (3, 2)
    assert np.isfinite(roads.drawn_xy).all()


def test_tables_in_degrees():
    nodes = b"node,lon,lat\ns,-0.13,51.5\na,-0.13,51.51\nt,-0.12,51.5\n"
    roads = read_roads([("edges.csv", EDGES), ("nodes.csv", nodes)])
    assert np.hypot(*(roads.network.xy[1] - roads.network.xy[0])) == pytest.approx(1112, rel=0.005)


NODES = "id,x,y\ns,0,0\na,100,0\nt,100,100\n"


@pytest.mark.parametrize(
    ("edges", "nodes", "words"),
    [
        ("from,to\ns,q\n", NODES, "edges.csv line 2: node 'q' has no place"),
        ("from,to\ns,\n", NODES, "edges.csv line 2 has no node at one end"),
        ("from,to,colour\ns,a,red\n", NODES, "edges.csv has an unknown column 'colour'"),
        ("from,to,checkpoint\ns,a,yes\na,t,perhaps\n", NODES, "edges.csv line 3: checkpoint is 'perhaps'"),
        ("from,to\n", NODES, "edges.csv has a header and no rows"),
        ("from,u,to\ns,s,a\n", NODES, "two columns for from"),
        ("from,to\ns,a\n", "id,x,y\ns,0,0\na,,0\n", "nodes.csv line 3: node 'a' has no place"),
        ("from,to\ns,a\n", "id,x,y\ns,0,0\na,east,0\n", "nodes.csv line 3: x is 'east'"),
        ("from,to\ns,a\n", "id,x,y\ns,0,0\ns,1,0\n", "nodes.csv line 3: node 's' stands twice"),
        ("from,to\ns,a\n", "id,x\ns,0\na,1\n", "nodes.csv lacks a column"),
        ("from,to\ns,a\n", "id,x,y,z\ns,0,0,0\n", "unknown column 'z'"),
        ("from,to\ns,a\n", "id,x,y\ns,-0.13,51.5\na,-0.12,51.5\n", "x and y look like degrees"),
        ("from,to\ns,a\n", "id,lon,lat\ns,-0.13,51.5\na,530000,51.5\n", "not on Earth"),
        ("from,to\ns,a\n", "from,to\ns,a\n", "nodes.csv is a second table of edges"),
        ("a,b\ns,a\n", NODES, "unknown column 'a'"),
        ("from,to\ns\n", NODES, "edges.csv is cut off"),
    ],
)
def test_a_faulty_table_is_one_sentence(edges, nodes, words):
    with pytest.raises(InputError, match=words):
        read_roads([("edges.csv", edges.encode()), ("nodes.csv", nodes.encode())])


def test_nodes_alone_are_no_network():
    with pytest.raises(InputError, match=r"nodes\.csv is no table of edges"):
        read_roads([("nodes.csv", NODES.encode())])


# ---------------------------------------------------------------- GraphML


def graphml(graph) -> bytes:
    return "\n".join(nx.generate_graphml(graph)).encode()


def test_graphml_without_places_or_with():
    graph = nx.Graph()
    graph.add_edge("s", "a", id="one", checkpoint="no")
    graph.add_edge("a", "t")
    roads = read_roads([("g.graphml", graphml(graph))])
    assert roads.schematic
    assert roads.network.guardable.tolist() == [False, True]
    assert roads.network.edge_ids[0] == "one"
    for node, spot in {"s": (0, 0), "a": (100, 0), "t": (100, 100)}.items():
        graph.nodes[node].update(x=float(spot[0]), y=float(spot[1]))
    assert read_roads([("g.graphml", graphml(graph))]).network.xy.tolist() == [[0, 0], [100, 0], [100, 100]]
    del graph.nodes["t"]["y"]
    with pytest.raises(InputError, match="node 't' has no y"):
        read_roads([("g.graphml", graphml(graph))])


def test_both_directions_are_one_street():
    graph = nx.MultiDiGraph()
    graph.add_edges_from([("s", "a"), ("a", "s"), ("a", "t")])
    network = read_roads([("g.graphml", graphml(graph))], respect_oneway=True).network
    assert network.size == 2
    assert network.oneway.tolist() == [False, True]
    assert not read_roads([("g.graphml", graphml(graph))]).network.oneway.any()


def osmnx_graph():
    """As OSMnx writes it: degrees, a crs, two arcs for a street, a curve as WKT."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    lon, lat = HERE
    graph.add_node(11, x=lon, y=lat)
    graph.add_node(12, x=lon + 0.001, y=lat)
    graph.add_node(13, x=lon + 0.001, y=lat + 0.001)
    bend = shapely.LineString([(lon, lat), (lon + 0.0005, lat + 0.0005), (lon + 0.001, lat)])
    graph.add_edge(11, 12, osmid=5, oneway=False, geometry=bend.wkt)
    graph.add_edge(12, 11, osmid=5, oneway=False, geometry=shapely.reverse(bend).wkt)
    graph.add_edge(12, 13, osmid=6, oneway=True)
    return graph


def test_graphml_of_osmnx():
    roads = read_roads([("g.graphml", graphml(osmnx_graph()))], respect_oneway=True)
    network = roads.network
    assert network.size == 2
    assert network.oneway.tolist() == [False, True]
    assert network.edge_ids == ("5", "6")
    assert [len(shape) for shape in network.shapes] == [3, 2]
    assert np.hypot(*np.diff(network.shapes[0], axis=0).T).sum() == pytest.approx(131, abs=2)


def test_degrees_without_a_name_are_refused():
    graph = osmnx_graph()
    del graph.graph["crs"]
    with pytest.raises(InputError, match="look like degrees"):
        read_roads([("g.graphml", graphml(graph))])


def test_osmnx_is_asked_where_it_is_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "osmnx", None)
    with pytest.raises(InputError, match="OSMnx is not installed here"):
        roads_from_osmnx("Westminster")

    def nothing(place, network_type):
        raise ValueError("no results")

    there = types.SimpleNamespace(graph_from_place=lambda place, network_type: osmnx_graph())
    monkeypatch.setitem(sys.modules, "osmnx", there)
    assert roads_from_osmnx("Westminster").network.size == 2
    monkeypatch.setitem(sys.modules, "osmnx", types.SimpleNamespace(graph_from_place=nothing))
    with pytest.raises(SourceError, match="no streets for 'Nowhere'"):
        roads_from_osmnx("Nowhere")


# ---------------------------------------------------------------- OpenStreetMap

SPOTS = {k: (HERE[0] + STEP[0] * x, HERE[1] + STEP[1] * y) for k, (x, y) in enumerate(
    [(0, 0), (1, 0), (2, 0), (1, 1), (1, -1), (2, 1)], start=1)}  # fmt: skip
WAYS = [
    (100, [1, 2, 3], {"highway": "residential", "name": 'Cross, "old" street'}),
    (101, [4, 2, 5], {"highway": "tertiary", "oneway": "yes"}),
    (102, [3, 6], {"highway": "footway"}),
    (103, [1, 6], {"highway": "primary", "bridge": "yes"}),
    (104, [4, 6], {"railway": "rail"}),
    (105, [6, 4], {"highway": "service", "oneway": "-1"}),
]


def overpass(ways=WAYS, spots=SPOTS) -> bytes:
    nodes = [{"type": "node", "id": k, "lon": lon, "lat": lat} for k, (lon, lat) in spots.items()]
    rows = [{"type": "way", "id": k, "nodes": refs, "tags": tags} for k, refs, tags in ways]
    return json.dumps({"version": 0.6, "elements": [*rows, *nodes]}).encode()


def osm_xml(ways=WAYS, spots=SPOTS) -> bytes:
    import xml.sax.saxutils as sax

    rows = [f'<node id="{k}" lon="{lon!r}" lat="{lat!r}"/>' for k, (lon, lat) in spots.items()]
    for k, refs, tags in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += "".join(f"<tag k={sax.quoteattr(a)} v={sax.quoteattr(b)}/>" for a, b in tags.items())
        rows.append(f'<way id="{k}">{inner}</way>')
    return f'<?xml version="1.0"?>\n<osm version="0.6">{"".join(rows)}</osm>'.encode()


OSM_FILES = {
    "t.json": overpass(),
    "t.osm": osm_xml(),
    "t.osm.pbf": write_pbf(SPOTS, WAYS),
}


@pytest.mark.parametrize("name", OSM_FILES)
def test_openstreetmap_is_cut_where_ways_share_a_node(name):
    roads = read_roads([(name, OSM_FILES[name])], respect_oneway=True)
    network = roads.network
    # Two pieces of each crossing street, the bridge whole, the service way turned round; no footway, no railway.
    assert sorted(network.edge_ids) == ["100/1", "100/2", "101/1", "101/2", "103", "105"]
    single = dict(zip(network.edge_ids, network.oneway.tolist(), strict=True))
    assert {edge for edge, way in single.items() if way} == {"101/1", "101/2", "105"}
    turned = network.edge_ids.index("105")
    north = network.xy[:, 1]
    east = network.xy[:, 0]
    assert (
        east[network.tail[turned]] < east[network.head[turned]]
    )  # from node 4 to node 6, against the way as drawn
    assert north[network.tail[turned]] == pytest.approx(north[network.head[turned]], abs=3)
    assert "OpenStreetMap" in roads.notes[0]
    assert len(read_roads([(name, OSM_FILES[name])], on_foot=True).network.edge_ids) == 7


def test_the_same_streets_from_every_kind_of_extract():
    found = [pairs(read_roads([(name, data)]).network) for name, data in OSM_FILES.items()]
    assert found[0] == found[1] == found[2]


def test_ways_end_where_the_extract_ends():
    spots = {k: spot for k, spot in SPOTS.items() if k != 5}
    roads = read_roads([("t.json", overpass(spots=spots))])
    assert any("1 node of ways beyond the extract" in note for note in roads.notes)
    assert "101" in roads.network.edge_ids


@pytest.mark.parametrize("make", [overpass, osm_xml])
def test_a_way_that_stands_twice_is_one_street(make):
    name = {overpass: "t.json", osm_xml: "t.osm"}[make]
    once = read_roads([(name, make())])
    twice = read_roads([(name, make(ways=[*WAYS, *WAYS[:2], (103, [1, 6], {})]))])
    assert sorted(twice.network.edge_ids) == sorted(once.network.edge_ids)
    assert "2 ways that stand twice in the file taken once." in twice.notes
    assert not any("twice" in note for note in once.notes)
    with pytest.raises(InputError, match="way 103 twice with different nodes"):
        read_roads([(name, make(ways=[*WAYS, (103, [1, 2, 6], {"highway": "primary"})]))])


def test_the_node_that_is_missing_is_named():
    ways = [(100, [1, 2, 3], {"highway": "residential"})]
    spots = {k: spot for k, spot in SPOTS.items() if k != 2}
    with pytest.raises(
        InputError, match="node 2 of way 100 has no place, and no way has places for two nodes"
    ):
        read_roads([("t.json", overpass(ways, spots))])
    with pytest.raises(InputError, match="no way has two different nodes"):
        read_roads([("t.json", overpass([(100, [1, 1], {"highway": "residential"})]))])


def test_an_overpass_answer_with_geometry_needs_no_nodes():
    rows = [
        {"type": "way", "id": k, "nodes": refs, "tags": tags,
         "geometry": [{"lon": SPOTS[ref][0], "lat": SPOTS[ref][1]} for ref in refs]}
        for k, refs, tags in WAYS
    ]  # fmt: skip
    data = json.dumps({"elements": rows}).encode()
    assert pairs(read_roads([("t.json", data)]).network) == pairs(
        read_roads([("t.json", overpass())]).network
    )


# ---------------------------------------------------------------- ill-formed

LON, LAT = HERE
NULL = geojson((line((LON, LAT), (LON, LAT + 0.01)), {}), (None, {}))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("r.geojson", NULL, "feature 2 has no geometry"),
        ("r.geojson", geojson(), "empty layer"),
        ("r.geojson", geojson(({"type": "Point", "coordinates": [0, 0]}, {})), "holds no line, but Points"),
        ("r.geojson", geojson((line((0, 0), (0, 0)), {})), "only lines without length"),
        ("r.geojson", geojson((line((530000, 180000), (530100, 180000)), {})), "in degrees, but has coordinates up to 530,100"),
        ("r.geojson", geojson((line((LON, LAT), (LON, 51.6)), {"oneway": "maybe"})), "feature 1: oneway is 'maybe'"),
        ("r.geojson", geojson((line((LON, LAT), (LON, 51.6)), {"checkpoint": 3})), "feature 1: checkpoint is 3"),
        ("r.geojson", b'{"type": "FeatureCollection", "features": [', "cut off or damaged"),
        ("r.json", b'{"elements": [{"type": "way"}]}', "element 1 lacks"),
        ("r.json", b'{"elements": [', "cut off or damaged"),
        ("r.json", b'{"elements": []}', "no way with a highway tag"),
        ("r.json", overpass(spots={}), "node 1 of way 100 has no place"),
        ("r.osm", b"<osm><node id='1'", "r.osm line 1: the XML is cut off"),
        ("r.osm", b"<!DOCTYPE osm [<!ENTITY a 'b'>]><osm/>", "DOCTYPE"),
        ("r.osm", b"<?xml version='1.0'?><kml/>", "XML of the kind 'kml'"),
        ("r.graphml", b"<graphml><graph>", "not GraphML that can be read"),
        ("r.graphml", b"<!DOCTYPE g [<!ENTITY a 'b'>]>\n<graphml/>", "DOCTYPE"),
        ("r.osm.pbf", OSM_FILES["t.osm.pbf"][:60], "r.osm.pbf"),
        ("r.xlsx", b"\x00\x01\x02 nothing", "none of the kinds"),
        ("r.csv", b"", "r.csv is empty"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_one_sentence(name, data, words):
    with pytest.raises(InputError, match=words) as caught:
        read_roads([(name, data)], respect_oneway=True)
    assert "Traceback" not in str(caught.value)


def test_the_number_of_files_and_the_snapping_are_checked():
    good = geojson((line((LON, LAT), (LON, LAT + 0.01)), {}))
    with pytest.raises(InputError, match="No file"):
        read_roads([])
    with pytest.raises(InputError, match="2 files were given"):
        read_roads([("a.geojson", good), ("b.geojson", good)])
    with pytest.raises(InputError, match="3 tables"):
        read_roads([("a.csv", EDGES), ("b.csv", EDGES), ("c.csv", EDGES)])
    for snap in (0.0, -1.0, 1000.0):
        with pytest.raises(InputError, match="snapping distance"):
            read_roads([("a.geojson", good)], snap_m=snap)


def test_names_stay_apart():
    assert unlike(["a", "b", "a", "a/1"]) == ["a/2", "b", "a/3", "a/1"]


def test_one_way_streets_are_played():
    # Two ways in; the one-way street leads out, so one checkpoint is enough.
    frame = lines([(0, 0), (100, 0)], [(100, 0), (50, 80), (0, 0)], oneway=["no", "yes"])
    game_of = lambda network: make_game(network, ["1"], {"2": -4.0}, checkpoints=1)  # noqa: E731 - used twice below
    assert solve_exact(game_of(network_from_lines(frame, name="t").network)).value == pytest.approx(-2.0)
    one_way = network_from_lines(frame, name="t", respect_oneway=True).network
    assert solve_exact(game_of(one_way)).value == pytest.approx(0.0)
