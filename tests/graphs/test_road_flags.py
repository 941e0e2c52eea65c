"""Roads of other makers: their words for one-way and bridges, two arcs of one street, layers of OSMnx, answers cut short."""

from __future__ import annotations

import itertools
import json

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.double_oracle import solve_exact
from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.graphs.places.scenes.files import read_scene
from patrol_core.roads import arcs as road_arcs
from patrol_core.roads import lines as road_lines
from patrol_core.roads.arcs import Arc, partners
from patrol_core.roads.flags import CLOSED, directions, is_set, levels, listed
from patrol_core.roads.lines import network_from_lines
from patrol_core.roads.read import read_roads

LON, LAT = -2.98, 53.4
SETS = ("[1, 2]", "{2, 1}", "1;2", "(1,2)", "{'2', '1'}", "frozenset({1, 2})", "[2 1]", "1.0;2.0")


def lines(*shapes, crs="EPSG:27700", **columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(shape) for shape in shapes], crs=crs)


def graphml(graph) -> bytes:
    return "\n".join(nx.generate_graphml(graph)).encode()


def value_behind_one_checkpoint(network) -> float:
    """Of the game from the first node to the last of ``network``, loss 5."""
    return solve_exact(make_game(network, [network.nodes[0]], {network.nodes[-1]: -5.0}, checkpoints=1)).value


# ---------------------------------------------------------------- words


def where(k):
    return f"row {k}: oneway"


@pytest.mark.parametrize(
    ("column", "right"),
    [
        (["yes", "no", "-1", "", None, "reverse"], [1, 0, -1, 0, 0, -1]),
        ([True, False, 1, 0, -1.0, float("nan")], [1, 0, 1, 0, -1, 0]),
        (["F", "T", "B", "F"], [1, -1, 0, 1]),
        (["F", "T"], [1, -1]),
        (["f", "t"], [0, 1]),
        (["f", "t", "b"], [1, -1, 0]),
        (["b", "F", ""], [0, 1, 0]),
        (["b", "n"], [0, CLOSED]),
        (["f", "yes", "b"], [0, 1, 0]),
        (["T", "true", "F", "no"], [1, 1, 0, 0]),
        (["FT", "TF", "N", "", "B"], [1, -1, CLOSED, 0, 0]),
        (["Y", "N"], [1, 0]),
        (["inDirection", "in opposite direction", "bothDirections"], [1, -1, 0]),
        (["reversible", "alternating", "yes"], [0, 0, 1]),
        (["[True, True]", "['no', 'no']"], [1, 0]),
    ],
)
def test_every_makers_word_for_one_way(column, right):
    assert directions(column, where).way.tolist() == right


def test_what_is_understood_in_a_special_way_is_said_and_what_is_not_known_is_refused():
    assert "Geofabrik" in directions(["F", "T"], where).notes[0]
    assert directions(["f", "yes"], where).notes == ()
    assert "Geofabrik" in directions(["f", "t", "b"], where).notes[0]
    assert "read as false and true" in directions(["f", "t"], where).notes[0]
    assert "read as false and true" in directions(["F", "yes", "T"], where).notes[0]
    assert "1 street is closed" in directions(["FT", "N"], where).notes[0]
    assert "changes its direction" in directions(["reversible"], where).notes[0]
    for strange in ("X", "perhaps", "[True, False]", "2"):
        with pytest.raises(InputError, match="row 1: oneway is"):
            directions(["yes", strange], where)


@pytest.mark.parametrize("text", SETS)
def test_lists_of_ids_in_any_spelling_are_one_set(text):
    assert set(listed(text)) == {"1", "2"}


def test_a_value_alone_is_no_list():
    assert listed("Main Street, north") == ("Main Street, north",)
    assert listed(float("nan")) == listed(None) == listed("[]") == ()
    assert listed(np.array([1, 2])) == ("1", "2")
    assert listed("[" * 20_000 + "]" * 20_000 + "x") is not None


def test_bridges_and_layers_of_every_maker():
    assert [is_set(v) for v in ("F", "no", "", None, False, "0", "['no']")] == [False] * 7
    assert [is_set(v) for v in ("T", "yes", "viaduct", True, 1, "['yes', 'viaduct']")] == [True] * 6
    table = {"bridge": ["F", "T", "F", "T"], "tunnel": ["F", "F", "T", "F"], "layer": [0, 0, 0, 2]}
    assert levels(4, table)[0].tolist() == [0, 1, -1, 2]
    assert levels(2, {"structure": ["Road In Tunnel", ""]})[0].tolist() == [-1, 0]
    level, notes = levels(2, {"bridge": ["yes", ""], "layer": ["high", None]})
    assert level.tolist() == [1, 0]
    assert "1 layer is no number" in notes[0]


# ---------------------------------------------------------------- two arcs, one street


def two_way_graph(here, back, **more):
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node("1", x=LON, y=LAT)
    graph.add_node("2", x=LON + 0.01, y=LAT)
    graph.add_edge("1", "2", osmid=here, **more)
    graph.add_edge("2", "1", osmid=back, **more)
    return graph


@pytest.mark.parametrize(("here", "back"), [*itertools.pairwise(SETS), ("5", "5.0")])
def test_both_directions_of_osmnx_are_one_street_whatever_the_order_of_ids(here, back):
    network = read_roads([("g.graphml", graphml(two_way_graph(here, back, oneway="False")))]).network
    assert network.size == 1
    assert value_behind_one_checkpoint(network) == 0.0


def test_both_directions_drawn_on_one_line_are_one_street_under_any_id():
    graph = two_way_graph("7", "8")
    bend = shapely.LineString([(LON, LAT), (LON + 0.004, LAT + 0.003), (LON + 0.01, LAT)])
    for at, line in ((("1", "2"), bend), (("2", "1"), shapely.reverse(bend))):
        graph.edges[(*at, 0)]["geometry"] = line.wkt
    roads = read_roads([("g.graphml", graphml(graph))], respect_oneway=True)
    assert roads.network.size == 1
    assert roads.network.two_way
    assert [len(shape) for shape in roads.network.shapes] == [3]


def test_parallel_streets_that_are_two_stay_two():
    graph = two_way_graph("[1, 2]", "[2, 1]", oneway="False")
    graph.add_edge("1", "2", osmid="3", oneway="False")
    graph.add_edge("2", "1", osmid="3", oneway="False")
    network = read_roads([("g.graphml", graphml(graph))]).network
    assert network.size == 2
    assert value_behind_one_checkpoint(network) == pytest.approx(-2.5)
    # A ring of one way: out along the north, back along the south; one id, two lines.
    ring = two_way_graph("5", "5", oneway="True")
    north = shapely.LineString([(LON, LAT), (LON + 0.005, LAT + 0.004), (LON + 0.01, LAT)])
    south = shapely.LineString([(LON + 0.01, LAT), (LON + 0.005, LAT - 0.004), (LON, LAT)])
    ring.edges["1", "2", 0]["geometry"], ring.edges["2", "1", 0]["geometry"] = north.wkt, south.wkt
    roads = read_roads([("g.graphml", graphml(ring))], respect_oneway=True)
    assert roads.network.size == 2
    assert roads.network.oneway.all()
    assert any("they stay two" in note for note in roads.notes)


def test_pairs_are_found_by_line_first():
    """Two two-way streets of one id: each arc goes with the arc on its own line."""
    north = np.array([(0.0, 0.0), (50.0, 40.0), (100.0, 0.0)])
    south = np.array([(0.0, 0.0), (50.0, -40.0), (100.0, 0.0)])
    ids = frozenset({"5"})
    arcs = [
        Arc("a", "b", ids, north, two_way=True),
        Arc("b", "a", ids, south[::-1], two_way=True),
        Arc("b", "a", ids, north[::-1], two_way=True),
        Arc("a", "b", ids, south, two_way=True),
    ]
    assert partners(arcs) == {2: 0, 3: 1}


def test_an_arc_drawn_on_one_side_only_pairs_where_both_say_two_way():
    bend = np.array([(0.0, 0.0), (50.0, 40.0), (100.0, 0.0)])
    ids = frozenset({"5"})
    said = [Arc("a", "b", ids, bend, two_way=True), Arc("b", "a", ids, None, two_way=True)]
    assert partners(said) == {1: 0}
    assert partners([Arc("a", "b", ids, bend), Arc("b", "a", ids, None)]) == {}


def test_too_many_streets_between_two_nodes_are_refused(monkeypatch):
    monkeypatch.setattr(road_arcs, "MOST_BETWEEN", 3)
    with pytest.raises(InputError, match="4 streets run between nodes 'a' and 'b'"):
        partners([Arc("a", "b")] * 4)


def test_undirected_graphs_keep_the_direction_of_one_way_streets():
    text = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="o" for="edge" attr.name="oneway" attr.type="string"/><key id="f" for="edge" attr.name="from" attr.type="string"/>'
        '<key id="t" for="edge" attr.name="to" attr.type="string"/><graph edgedefault="undirected"><node id="a"/><node id="b"/>'
        '<edge source="b" target="a" id="0"><data key="o">yes</data></edge>'
        '<edge source="a" target="b" id="0"><data key="o">-1</data></edge>'
        '<edge source="a" target="b" id="1"><data key="o">True</data><data key="f">b</data><data key="t">a</data></edge>'
        '<edge source="a" target="b" id="2"><data key="o">no</data></edge></graph></graphml>'
    )
    network = read_roads([("g.graphml", text.encode())], respect_oneway=True).network
    ways = [(network.names(k), bool(network.oneway[k])) for k in range(network.size)]
    assert sorted(ways) == [(("a", "b"), False)] + [(("b", "a"), True)] * 3


@pytest.mark.parametrize(
    ("rows", "streets"),
    [
        ("u,v\n1,2\n2,1\n", 1),
        ('u,v,osmid\n1,2,"[1, 2]"\n2,1,"[2, 1]"\n', 1),
        ("from,to,id\n1,2,a\n2,1,b\n", 2),
        ("from,to\n1,2\n1,2\n", 2),
        ("from,to\n1,2\n2,1\n1,2\n2,1\n", 2),
    ],
)
def test_rows_to_and_fro_of_a_table_are_one_street(rows, streets):
    assert read_roads([("e.csv", rows.encode())]).network.size == streets


def test_one_way_words_in_a_table():
    rows = b"from,to,oneway\na,b,F\nb,c,T\nc,d,B\n"
    network = read_roads([("e.csv", rows)], respect_oneway=True).network
    assert [network.names(k) for k in range(3)] == [("a", "b"), ("c", "b"), ("c", "d")]
    assert network.oneway.tolist() == [True, True, False]
    both = read_roads([("e.csv", b"from,to,oneway\na,b,yes\nb,a,yes\n")], respect_oneway=True).network
    assert (both.size, both.two_way) == (1, True)


# ---------------------------------------------------------------- lines


def test_lines_against_which_a_street_runs_are_turned_round():
    square = [(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]
    frame = lines(*square, osm_id=["1", "2", "3", "4"], oneway=["F", "B", "T", "B"])
    roads = network_from_lines(frame, name="t", respect_oneway=True)
    network = roads.network
    assert network.oneway.tolist() == [True, False, True, False]
    third = network.edge_ids.index("3")
    assert network.xy[network.tail[third]].tolist() == [0, 100]
    assert network.shapes[third].tolist() == [[0, 100], [100, 100]]
    assert any("Geofabrik" in note for note in roads.notes)
    assert network_from_lines(frame, name="t").network.two_way


def test_streets_that_nobody_may_pass_are_left_out():
    frame = lines([(0, 0), (100, 0)], [(100, 0), (200, 0)], oneway=["FT", "N"])
    roads = network_from_lines(frame, name="t", respect_oneway=True)
    assert roads.network.size == 1
    assert any("closed both ways" in note for note in roads.notes)
    alone = lines([(0, 0), (100, 0)], oneway=["N"])  # without FT or TF beside it N is no
    assert network_from_lines(alone, name="t", respect_oneway=True).network.two_way


def test_a_street_drawn_both_ways_is_passed_both_ways_and_not_cut_at_its_bends():
    bend = [(0, 0), (50, 40), (100, 0)]
    once = network_from_lines(lines(bend, bend[::-1], oneway=["yes", "yes"]), name="t", respect_oneway=True)
    assert (once.network.size, once.network.two_way) == (1, True)
    assert any("drawn twice" in note for note in once.notes)
    # Partly in common: cut where the common stretch ends, not at its bends; the stretch is passed both ways.
    longer = network_from_lines(
        lines([*bend, (200, 0)], bend[::-1], oneway=["yes", "yes"]), name="t", respect_oneway=True
    ).network
    assert sorted(longer.oneway.tolist()) == [False, True]
    guarded = lines(bend, bend[::-1], checkpoint=["yes", "no"])
    assert not network_from_lines(guarded, name="t").network.guardable.any()


def test_lines_that_cross_too_often_are_refused_before_they_are_cut(monkeypatch):
    monkeypatch.setattr(road_lines, "MOST_CROSSINGS", 50)
    comb = [(k * 2.0, (k % 2) * 50.0) for k in range(20)] + [((k % 2) * 60.0, k * 2.0) for k in range(20)]
    with pytest.raises(InputError, match="meet in more than 50 places"):
        network_from_lines(lines(comb), name="t")


def test_a_collection_of_lines_and_a_mercator_of_the_world():
    mixed = shapely.GeometryCollection(
        [
            shapely.Point(0, 0),
            shapely.LineString([(0, 0), (100, 0)]),
            shapely.LineString([(100, 0), (100, 50)]),
        ]
    )
    frame = gpd.GeoDataFrame(geometry=[mixed], crs="EPSG:27700")
    assert network_from_lines(frame, name="t").network.size == 2
    degrees = lines([(LON, LAT), (LON + 0.01, LAT)], crs=4326)
    length = [
        float(np.hypot(*(n.xy[1] - n.xy[0])))
        for n in (network_from_lines(f, name="t").network for f in (degrees, degrees.to_crs(3857)))
    ]
    assert length[1] == pytest.approx(length[0], rel=1e-6)


def geopackage(tmp_path, **layers) -> bytes:
    path = tmp_path / "roads.gpkg"
    for layer, frame in layers.items():
        frame.to_file(path, layer=layer, driver="GPKG")
    return path.read_bytes()


def test_of_several_layers_the_only_one_with_lines_is_read(tmp_path):
    nodes = gpd.GeoDataFrame(
        {"osmid": [1, 2, 3]}, geometry=gpd.points_from_xy([0, 100, 100], [0, 0, 90]), crs=27700
    )
    bend = [(0, 0), (50, 40), (100, 0)]
    edges = lines(
        bend, bend[::-1], [(100, 0), (100, 90)],
        u=[1, 2, 2], v=[2, 1, 3], key=[0, 0, 0], osmid=["[5, 6]", "[6, 5]", "7"], oneway=[False, False, True],
    )  # fmt: skip
    data = geopackage(tmp_path, nodes=nodes, edges=edges)
    network = read_roads([("roads.gpkg", data)], respect_oneway=True).network
    assert network.size == 2
    assert network.oneway.tolist() == [False, True]
    assert network.edge_ids == ("5", "7")
    assert len(read_scene([("roads.gpkg", data)]).edges) == 2


def test_two_layers_of_lines_are_refused_by_name(tmp_path):
    some = lines([(0, 0), (100, 0)])
    with pytest.raises(InputError, match="lines in north, south; export the one layer"):
        read_roads([("roads.gpkg", geopackage(tmp_path, north=some, south=some))])


# ---------------------------------------------------------------- coordinate systems of old OSMnx


@pytest.mark.parametrize(
    "crs",
    [
        "{'init': 'epsg:4326'}",
        "{'init': 'epsg:4326', 'no_defs': True}",
        '{"init": "EPSG:4326"}',
        "+init=epsg:4326 +type=crs",
        "epsg:4326",
        "+proj=longlat +datum=WGS84 +no_defs",
        'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]',
        "urn:ogc:def:crs:OGC:1.3:CRS84",
    ],
)  # fmt: skip
def test_the_coordinate_system_in_old_spellings(crs):
    graph = two_way_graph("1", "1", oneway="False")
    graph.graph["crs"] = crs
    network = read_roads([("g.graphml", graphml(graph))]).network
    assert network.size == 1
    assert np.hypot(*(network.xy[1] - network.xy[0])) == pytest.approx(664, rel=0.005)


def test_a_projected_graph_of_old_osmnx_is_in_metres():
    graph = two_way_graph("1", "1", oneway="False")
    graph.graph["crs"] = "{'datum': 'WGS84', 'ellps': 'WGS84', 'proj': 'utm', 'zone': 30, 'units': 'm'}"
    for node, x in (("1", 500_000.0), ("2", 500_100.0)):
        graph.nodes[node].update(x=x, y=5_900_000.0)
    network = read_roads([("g.graphml", graphml(graph))]).network
    assert np.hypot(*(network.xy[1] - network.xy[0])) == pytest.approx(100)


@pytest.mark.parametrize("crs", ["{'init': 'epsg:0'}", "{broken", "nowhere", "{'init': []}", "{}"])
def test_a_coordinate_system_that_is_none_is_one_sentence(crs):
    graph = two_way_graph("1", "1")
    graph.graph["crs"] = crs
    with pytest.raises(InputError, match="names no known coordinate reference system"):
        read_roads([("g.graphml", graphml(graph))])


# ---------------------------------------------------------------- OpenStreetMap as it comes

NODES = [{"type": "node", "id": k, "lon": LON + 0.01 * k, "lat": LAT} for k in (1, 2, 3)]


def overpass(*ways, **more) -> bytes:
    return json.dumps({"elements": [*NODES, *ways], **more}).encode()


def way(number, *nodes, **more):
    return {"type": "way", "id": number, "nodes": list(nodes), "tags": {"highway": "residential"}} | more


@pytest.mark.parametrize(
    "remark", ['runtime error: Query timed out in "query" at line 3', "runtime error: out of memory"]
)
def test_an_answer_that_was_cut_off_is_refused(remark):
    with pytest.raises(InputError, match="did not finish this answer"):
        read_roads([("r.json", overpass(way(9, 1, 2), remark=remark))])
    text = f'<osm><remark>{remark.replace(chr(34), "")}</remark><node id="1" lon="0" lat="0"/></osm>'
    with pytest.raises(InputError, match="did not finish this answer"):
        read_roads([("r.osm", text.encode())])
    assert read_roads([("r.json", overpass(way(9, 1, 2), remark=None))]).network.size == 1


def test_what_an_editor_deleted_is_not_there():
    ways = "".join(
        f'<way id="{k}" {mark}><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="residential"/></way>'
        for k, a, b, mark in (
            (10, 1, 2, 'action="modify"'),
            (11, 2, 3, "action='delete'"),
            (12, 1, 3, 'visible="false"'),
        )
    )
    nodes = "".join(f'<node id="{n["id"]}" lon="{n["lon"]}" lat="{n["lat"]}"/>' for n in NODES)
    roads = read_roads([("r.osm", f"<osm>{nodes}{ways}</osm>".encode())])
    assert roads.network.edge_ids == ("10",)
    assert any("2 ways that are marked as deleted" in note for note in roads.notes)
    roads = read_roads([("r.json", overpass(way(1, 1, 2, visible=True), way(2, 2, 3, visible=False)))])
    assert roads.network.edge_ids == ("1",)


@pytest.mark.parametrize("tags", ["x", [1, 2, 3], 7, {"highway": ["residential"]}, {"name": {"en": "a"}}])
def test_odd_tags_are_one_sentence(tags):
    with pytest.raises(InputError, match=r"r\.json, element 4: its tags are no table of words"):
        read_roads([("r.json", overpass(way(9, 1, 2, tags=tags)))])


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"type": "way", "id": 9, "nodes": "12", "tags": {"highway": "a"}}, "element 4 lacks"),
        ({"type": "way", "id": [9], "nodes": [1, 2], "tags": {"highway": "a"}}, "element 4 lacks"),
        ({"type": "node", "id": 9, "lon": "east", "lat": 1}, "element 4: lon is 'east'"),
        ({"type": "node", "id": 9, "lon": 10**400, "lat": 1}, r"r\.json"),
        (5, "element 4 lacks"),
    ],
)
def test_odd_elements_are_one_sentence(element, words):
    with pytest.raises(InputError, match=words):
        read_roads([("r.json", overpass(element))])


def test_tags_without_a_value_say_nothing_and_strange_directions_are_told():
    tags = {"highway": "residential", "oneway": None, "lanes": 2}
    assert read_roads([("r.json", overpass(way(9, 1, 2, tags=tags)))], respect_oneway=True).network.two_way
    odd = overpass(
        way(1, 1, 2, tags={"highway": "primary", "oneway": "perhaps"}),
        way(2, 2, 3, tags={"highway": "primary", "oneway": "reversible"}),
    )
    roads = read_roads([("r.json", odd)], respect_oneway=True)
    assert roads.network.two_way
    assert any("not known (perhaps)" in note for note in roads.notes)
    assert any("changes its direction" in note for note in roads.notes)
