"""Roads from GraphML, as networkx and OSMnx write it.

Nodes may have ``x, y`` (metres, or in the coordinate system that the graph's ``crs`` names) or ``lon, lat``; edges ``id``,
``checkpoint``, ``oneway`` and ``geometry`` (WKT). In a directed graph both directions of a street are one two-way street.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from patrol_core.errors import InputError
from patrol_core.graphs.network import Floats
from patrol_core.graphs.road_parts import Roads, build, flag, number, refuse_degrees, to_metres

if TYPE_CHECKING:
    import networkx as nx

PLACES = (("lon", "lat"), ("x", "y"))
_PROLOG = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
Street = tuple[str, str, Mapping[str, Any]]


def refuse_doctype(name: str, data: bytes) -> None:
    """Stop at XML that defines entities.

    Raises
    ------
    InputError
        When there is a DOCTYPE.
    """
    if _PROLOG.search(data):
        raise InputError(f"{name} has a DOCTYPE, which such files do not need; export it again without.")


def roads_from_graphml(name: str, data: bytes, *, respect_oneway: bool = False) -> Roads:
    """Roads of a GraphML file.

    Raises
    ------
    InputError
        When it is damaged, a node has no place where others have one, or degrees stand where metres should.
    """
    import networkx as nx

    refuse_doctype(name, data)
    try:
        graph = nx.read_graphml(io.BytesIO(data), node_type=str, force_multigraph=True)
    except (nx.NetworkXError, ET.ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is not GraphML that can be read ({error}); export it again.") from None
    return roads_from_graph(name, graph, respect_oneway=respect_oneway)


def roads_from_graph(name: str, graph: nx.MultiDiGraph, *, respect_oneway: bool = False) -> Roads:
    """Roads of a networkx graph with the attributes of :mod:`patrol_core.graphs.road_graphml`."""
    nodes = [str(node) for node in graph.nodes]
    xy, crs = _places(name, nodes, [data for _, data in graph.nodes(data=True)], graph.graph.get("crs"))
    rows: Iterable[Street] = ((str(a), str(b), data) for a, b, data in graph.edges(data=True))
    streets = _both_ways_once(name, rows, directed=graph.is_directed(), respect_oneway=respect_oneway)
    where = [f"{name}, edge {a} to {b}" for a, b, _, _ in streets]
    return build(
        name,
        [(a, b) for a, b, _, _ in streets],
        edge_ids=[_id(data, k) for k, (_, _, data, _) in enumerate(streets, start=1)],
        oneway=[single for *_, single in streets],
        guardable=[
            "checkpoint" not in data or flag(data["checkpoint"], f"{place}: checkpoint")
            for place, (_, _, data, _) in zip(where, streets, strict=True)
        ],
        nodes=nodes,
        xy=xy,
        shapes=_shapes(name, nodes, xy, crs, graph.graph.get("crs"), streets),
        crs=crs,
        notes=() if xy is not None else ("No places were given.",),
    )


def _id(data: Mapping[str, Any], position: int) -> str:
    found = data.get("id", data.get("osmid", position))
    return str(found[0] if isinstance(found, list) and found else found)


def _places(
    name: str, nodes: list[str], rows: list[Mapping[str, Any]], stated: Any
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


def _from_crs(xy: Floats, stated: Any, name: str) -> tuple[Floats, str]:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from patrol_core.sources.projection import project_points
    from patrol_core.zones.plane import is_metric

    try:
        crs = CRS.from_user_input(str(stated))
    except CRSError:
        raise InputError(
            f"{name} states the coordinate system {str(stated)[:60]!r}, which is not known."
        ) from None
    if crs.is_geographic:
        return to_metres(xy, name)
    if is_metric(crs.to_wkt()):
        return xy, crs.to_wkt()
    lon, lat = project_points(xy[:, 0], xy[:, 1], crs.to_wkt(), "EPSG:4326")
    return to_metres(np.column_stack([lon, lat]), name)


def _both_ways_once(
    name: str, rows: Iterable[Street], *, directed: bool, respect_oneway: bool
) -> list[tuple[str, str, Mapping[str, Any], bool]]:
    """Streets and whether each is one-way; in a directed graph an arc and its way back are one street."""
    if not directed:
        return [
            (a, b, data, respect_oneway and flag(data.get("oneway"), f"{name}, edge {a} to {b}: oneway"))
            for a, b, data in rows
        ]
    waiting: dict[tuple[str, str, str], list[int]] = {}
    out: list[tuple[str, str, Mapping[str, Any], bool]] = []
    for a, b, data in rows:
        mark = str(data.get("id", data.get("osmid", "")))
        back = waiting.get((b, a, mark))
        if back:
            at = back.pop()
            out[at] = (*out[at][:3], False)
            continue
        waiting.setdefault((a, b, mark), []).append(len(out))
        out.append((a, b, data, respect_oneway))
    return out


def _shapes(
    name: str,
    nodes: list[str],
    xy: Floats | None,
    crs: str | None,
    stated: Any,
    streets: list[tuple[str, str, Mapping[str, Any], bool]],
) -> list[Floats] | None:
    """Lines of the streets where any has one, in the CRS of the places."""
    if xy is None or not any("geometry" in data for *_, data, _ in streets):
        return None
    from patrol_core.sources.projection import project_points

    source = str(stated) if stated is not None else ("EPSG:4326" if crs is not None else None)
    place = {node: k for k, node in enumerate(nodes)}
    out: list[Floats] = []
    for a, b, data, _ in streets:
        ends = xy[[place[a], place[b]]]
        if "geometry" not in data:
            out.append(ends)
            continue
        points = _line(data["geometry"], f"{name}, edge {a} to {b}")
        if source is not None and crs is not None:
            points = np.column_stack(project_points(points[:, 0], points[:, 1], source, crs))
        if np.hypot(*(points[0] - ends[0])) > np.hypot(*(points[-1] - ends[0])):
            points = points[::-1]
        out.append(np.vstack([ends[:1], points[1:-1], ends[1:]]))
    return out


def _line(given: Any, where: str) -> Floats:
    try:
        line = given if isinstance(given, shapely.LineString) else shapely.from_wkt(str(given))
    except shapely.errors.ShapelyError:
        line = None
    if not isinstance(line, shapely.LineString) or line.is_empty:
        raise InputError(f"{where}: the geometry is no line (WKT); export the file again.")
    return np.asarray(shapely.get_coordinates(line))
