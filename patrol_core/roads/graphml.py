"""Roads from GraphML, as networkx and OSMnx write it.

Nodes may have ``x, y`` (metres, or in the coordinate system that the graph's ``crs`` names) or ``lon, lat``; edges ``id``,
``checkpoint``, ``oneway`` and ``geometry`` (WKT). In a directed graph both directions of a street are one two-way street.
"""

from __future__ import annotations

import ast
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.crs import crs_of, is_true_metric
from patrol_core.files.projection import project_points
from patrol_core.files.xml_files import local, read_xml
from patrol_core.roads.arcs import Arc, notes_on, partners
from patrol_core.roads.flags import CLOSED, ONEWAY, directions, first_listed, listed, plain, word_direction
from patrol_core.roads.parts import NO, Roads, build, flag, number, refuse_degrees, to_metres

if TYPE_CHECKING:
    import networkx as nx

PLACES = (("lon", "lat"), ("x", "y"))
_INIT = re.compile(r"^\+init=([^\s]+).*", re.DOTALL)
Row = tuple[str, str, Mapping[str, Any]]
GONE = 3
"""Mark of an edge that is no street of its own, beside 1 (passed from its first end to its second), -1 and 0 (both ways)."""


def roads_from_graphml(name: str, data: bytes, *, respect_oneway: bool = False) -> Roads:
    """Roads of a GraphML file; ``name``, ``data`` and ``respect_oneway`` as in :func:`~patrol_core.roads.read.read_roads`.

    Raises InputError when it is damaged, a node has no place where others have one, or degrees stand where metres should.
    """
    import networkx as nx

    try:
        tree = read_xml(name, data)
        # Networkx forgets from where to where an undirected edge was written, and loses one of two that share a key.
        plain = [graph for graph in tree if local(graph.tag) == "graph" and _undirected(graph)]
        for graph in plain:
            graph.set("edgedefault", "directed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # keys without a type are text
            found = nx.parse_graphml(ET.tostring(tree, "unicode"), node_type=str, force_multigraph=True)
    except InputError as error:
        raise InputError(f"{name} is not GraphML that can be read: {error}") from None
    except (nx.NetworkXError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{name} is not GraphML that can be read ({error}); export it again.") from None
    return roads_from_graph(name, found, respect_oneway=respect_oneway, directed=not plain)


def _undirected(graph: ET.Element) -> bool:
    """Whether all edges of a graph are plain pairs."""
    directed = {edge.get("directed") for edge in graph if local(edge.tag) == "edge"}
    return graph.get("edgedefault") != "directed" and directed <= {None}


def roads_from_graph(
    name: str, graph: nx.MultiDiGraph, *, respect_oneway: bool = False, directed: bool | None = None
) -> Roads:
    """Roads of a networkx graph with the attributes of this module; the direction of its edges is that of their lines.

    ``name``, ``respect_oneway`` and errors are those of :func:`roads_from_graphml`. ``directed`` says whether an edge is one direction of a
    street; the ``graph``'s own word where None.
    """
    nodes = [str(node) for node in graph.nodes]
    stated = _stated_crs(name, graph.graph.get("crs"))
    xy, crs = _places(name, nodes, [data for _, data in graph.nodes(data=True)], stated)
    rows = [(str(a), str(b), data) for a, b, data in graph.edges(data=True)]
    lines = [None] * len(rows) if xy is None else _lines(name, rows, crs, stated)
    notes = [] if xy is not None else ["No places were given."]
    if graph.is_directed() if directed is None else directed:
        ways = _both_ways_once(rows, lines, notes, respect_oneway=respect_oneway)
    else:
        ways = _as_said(name, rows, notes, respect_oneway=respect_oneway)
    streets = [
        (b, a, k) if way < 0 else (a, b, k)
        for k, ((a, b, _), way) in enumerate(zip(rows, ways, strict=True))
        if way != GONE
    ]
    shapes = None
    if xy is not None and any(line is not None for line in lines):
        place = {node: k for k, node in enumerate(nodes)}
        shapes = [_between(lines[k], xy[[place[a], place[b]]]) for a, b, k in streets]
    kept = [rows[k][2] for *_, k in streets]
    return build(
        name,
        [(a, b) for a, b, _ in streets],
        edge_ids=[
            first_listed(row.get("id", row.get("osmid")), str(k)) for k, row in enumerate(kept, start=1)
        ],
        oneway=[ways[k] != 0 for *_, k in streets],
        guardable=[
            "checkpoint" not in data or flag(data["checkpoint"], f"{name}, edge {a} to {b}: checkpoint")
            for (a, b, _), data in zip(streets, kept, strict=True)
        ],
        nodes=nodes,
        xy=xy,
        shapes=shapes,
        crs=crs,
        notes=notes,
    )


def _stated_crs(name: str, given: Any) -> str | None:
    """The coordinate system of a graph as WKT: what a file of shapes may state, and what OSMnx wrote (numbers, tables of PROJ's words)."""
    text = "" if given is None else str(given).strip()
    if text.casefold() in NO:
        return None
    spelt = _INIT.sub(r"\1", _of_table(text) if text.startswith("{") else text)
    return str(crs_of(f"{name}: its crs", f"EPSG:{spelt}" if spelt.isdigit() else spelt).to_wkt())


def _of_table(text: str) -> str:
    """A table of PROJ's words as one text, PROJ's own JSON as WKT; as it stands where it is neither."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        words = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        words = None
    if isinstance(words, Mapping) and ({"init", "proj"} & set(words)):
        found = (f"+{key}" if value in (True, "") else f"+{key}={value}" for key, value in words.items())
        return str(words.get("init", " ".join(found)))
    try:
        return str(CRS.from_json(text).to_wkt())
    except (CRSError, ValueError, TypeError, RecursionError):
        return text


def _places(
    name: str, nodes: list[str], rows: list[Mapping[str, Any]], stated: str | None
) -> tuple[Floats | None, str | None]:
    pair = next((pair for pair in PLACES if any(pair[0] in row or pair[1] in row for row in rows)), None)
    if pair is None:
        return None, None
    xy = np.zeros((len(nodes), 2))
    for k, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        for axis, key in enumerate(pair):
            if row.get(key) is None:
                raise InputError(f"{name}: node {node!r} has no {key}; give every node a place, or none.")
            xy[k, axis] = number(row[key], f"{name}, node {node!r}: {key}")
    if pair == ("lon", "lat"):
        return to_metres(xy, name)
    if stated is None:
        refuse_degrees(xy, name, "name them lon and lat, state the graph's crs, or give metres")
        return xy, None
    return _from_crs(xy, stated, name)


def _from_crs(xy: Floats, stated: str, name: str) -> tuple[Floats, str]:
    from pyproj import CRS

    if is_true_metric(stated):
        return xy, stated
    if CRS.from_wkt(stated).to_epsg() == 4326:
        return to_metres(xy, name)
    degrees = np.column_stack(project_points(xy[:, 0], xy[:, 1], stated, "EPSG:4326"))
    if not np.isfinite(degrees).all():
        raise InputError(
            f"{name} has a place that its coordinate system cannot express; check the graph's crs and its x and y."
        )
    return to_metres(degrees, name)


def _both_ways_once(
    rows: Sequence[Row], lines: Sequence[Floats | None], notes: list[str], *, respect_oneway: bool
) -> list[int]:
    """How each arc is passed: an arc and its way back are one street, passed both ways, the later one :data:`GONE`."""
    arcs = [
        Arc(
            a,
            b,
            frozenset(listed(data.get("osmid", data.get("id")))),
            line,
            "oneway" in data and word_direction(plain(data["oneway"])) == 0,
        )
        for (a, b, data), line in zip(rows, lines, strict=True)
    ]
    found = partners(arcs)
    notes += notes_on(arcs, found)
    both = set(found.values())
    alone = int(respect_oneway)
    return [GONE if k in found else 0 if k in both else alone for k in range(len(rows))]


def _as_said(name: str, rows: Sequence[Row], notes: list[str], *, respect_oneway: bool) -> list[int]:
    """How each plain pair is passed; of a one-way one ``from`` and ``to`` (OSMnx) say where it runs, else the order of the file."""
    if not respect_oneway:
        return [0] * len(rows)
    column = [next((data[key] for key in ONEWAY if key in data), None) for *_, data in rows]
    found = directions(column, lambda k: f"{name}, edge {rows[k][0]} to {rows[k][1]}: oneway")
    notes += found.notes
    turned = [a != b and (str(data.get("from")), str(data.get("to"))) == (b, a) for a, b, data in rows]
    return [
        GONE if way == CLOSED else -way if back else way
        for way, back in zip(found.way.tolist(), turned, strict=True)
    ]


def _lines(name: str, rows: Sequence[Row], crs: str | None, stated: str | None) -> list[Floats | None]:
    """Lines of the edges that have one, in the CRS of the places."""
    source = stated if stated is not None else ("EPSG:4326" if crs is not None else None)
    out: list[Floats | None] = []
    for a, b, data in rows:
        given = data.get("geometry")
        if given is None or (isinstance(given, str) and given.strip().casefold() in NO):
            out.append(None)
            continue
        points = _line(given, f"{name}, edge {a} to {b}")
        if source is not None and crs is not None and source != crs:
            points = np.column_stack(project_points(points[:, 0], points[:, 1], source, crs))
        if not np.isfinite(points).all():
            raise InputError(
                f"{name}, edge {a} to {b}: the geometry leaves its coordinate system; check the graph's crs."
            )
        out.append(points)
    return out


def _between(line: Floats | None, ends: Floats) -> Floats:
    """A line from the first end to the second, pinned on both."""
    if line is None:
        return ends
    if np.hypot(*(line[0] - ends[0])) > np.hypot(*(line[-1] - ends[0])):
        line = line[::-1]
    return np.vstack([ends[:1], line[1:-1], ends[1:]])


def _line(given: Any, where: str) -> Floats:
    try:
        line = given if isinstance(given, shapely.LineString) else shapely.from_wkt(str(given))
    except shapely.errors.ShapelyError:
        line = None
    if not isinstance(line, shapely.LineString) or line.is_empty:
        raise InputError(f"{where}: the geometry is no line (WKT); export the file again.")
    points = np.asarray(shapely.get_coordinates(line))
    if not np.isfinite(points).all():
        raise InputError(f"{where}: the geometry has coordinates that are no numbers; export the file again.")
    return points
