"""Roads from two tables: nodes with places (optional), and edges between them.

Edges: ``from, to`` and optionally ``id``, ``checkpoint`` (yes or no: can it take one), ``oneway`` (in the words of
:mod:`patrol_core.roads.flags`). Nodes: ``id`` and ``x, y`` in metres or ``lon, lat`` in degrees. A row and a row back between the same
nodes are the two directions of one street where they bear the same ids, or none; parallel streets need ids of their own.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.roads.arcs import Arc, notes_on, partners
from patrol_core.roads.flags import CLOSED, ONEWAY, directions, listed
from patrol_core.roads.parts import Roads, build, count_note, flag, number, refuse_degrees, to_metres

if TYPE_CHECKING:
    import pandas as pd

File = tuple[str, bytes]
EDGE_WORDS = {
    "from": ("from", "source", "u", "tail"),
    "to": ("to", "target", "v", "head"),
    "id": ("id", "edge", "edge_id", "osmid"),
    "checkpoint": ("checkpoint", "guardable"),
    "oneway": ONEWAY,
}
NODE_WORDS = {
    "id": ("id", "node", "node_id", "name"),
    "x": ("x", "x_m", "easting", "east"),
    "y": ("y", "y_m", "northing", "north"),
    "lon": ("lon", "long", "lng", "longitude"),
    "lat": ("lat", "latitude"),
}


def roads_from_tables(files: list[File], *, respect_oneway: bool = False) -> Roads:
    """Roads from a CSV of edges, with or without a CSV of nodes.

    Raises InputError when a column is missing or unknown, a cell is no number or no yes or no, a node stands twice or has no
    place.
    """
    edge_file, node_file = _which_is_which(files)
    name, data, table = edge_file
    edges: list[tuple[str, str]] = []
    ids, free = [], []
    lines = _line_numbers(data)
    for row, values in enumerate(table.to_dict("records")):
        where = f"{name} line {lines[row]}"
        ends = (values["from"].strip(), values["to"].strip())
        if not all(ends):
            raise InputError(f"{where} has no node at one end; fill from and to.")
        edges.append(ends)
        ids.append(str(values.get("id") or "").strip())
        free.append(values.get("checkpoint", "") == "" or flag(values["checkpoint"], f"{where}: checkpoint"))
    way = [0] * len(edges)
    notes: list[str] = []
    if respect_oneway and "oneway" in table:
        found = directions(table["oneway"].tolist(), lambda k: f"{name} line {lines[k]}: oneway")
        way, notes = found.way.tolist(), list(found.notes)
    kept, single, more = _streets(edges, ids, way)
    notes += more
    ids = [ids[k] or str(k + 1) for k in kept]
    edges = [edges[k][::-1] if way[k] < 0 else edges[k] for k in kept]
    free, lines = [free[k] for k in kept], [lines[k] for k in kept]
    nodes: list[str] = []
    xy = crs = None
    if node_file is None:
        notes.append("No places were given.")
    else:
        nodes, xy, crs = _places(*node_file)
        known = set(nodes)
        for row, ends in enumerate(edges):
            lost = next((end for end in ends if end not in known), None)
            if lost is not None:
                raise InputError(
                    f"{name} line {lines[row]}: node {lost!r} has no place; add it to {node_file[0]}."
                )
    return build(
        name, edges, edge_ids=ids, oneway=single, guardable=free, nodes=nodes, xy=xy, crs=crs, notes=notes
    )


def _streets(
    edges: list[tuple[str, str]], ids: list[str], way: list[int]
) -> tuple[list[int], list[bool], list[str]]:
    """Rows that are streets of their own, whether each is one-way, and what was found about directions."""
    rows = [k for k, passed in enumerate(way) if passed != CLOSED]
    arcs = [Arc(*edges[k], frozenset(listed(ids[k]))) for k in rows]
    found = partners(arcs)
    notes = notes_on(arcs, found)
    notes += count_note(len(found), "street stands", "streets stand", "in both directions; each is one.")
    # Of two rows of a street passed one way each, the second runs against the first unless it says so twice.
    passed = {k: {w} if (w := way[k]) else {1, -1} for k in rows}
    for back, first in found.items():
        passed[rows[first]] |= {-w for w in passed[rows[back]]}
    kept = [k for at, k in enumerate(rows) if at not in found]
    return kept, [len(passed[k]) == 1 for k in kept], notes


Table = tuple[str, bytes, "pd.DataFrame"]


def _which_is_which(files: list[File]) -> tuple[Table, Table | None]:
    """The table of edges and, if given, that of nodes, each with the columns' own names."""
    if len(files) > 2:
        raise InputError(f"{len(files)} tables were given; give one of edges and at most one of nodes.")
    edges: list[Table] = []
    nodes: list[Table] = []
    for name, raw in files:
        data = text_table.decode(name, raw).data
        header = text_table.header_of(name, data)
        lower = {column.lower() for column in header}
        is_edges = bool(lower & set(EDGE_WORDS["from"])) and bool(lower & set(EDGE_WORDS["to"]))
        words = EDGE_WORDS if is_edges else NODE_WORDS
        frame = text_table.read_strings(name, data).to_pandas().astype("str")
        frame.columns = _renamed(name, header, words, "edges" if is_edges else "nodes")
        if not len(frame):
            raise InputError(f"{name} has a header and no rows; fill it.")
        (edges if is_edges else nodes).append((name, data, frame))
    if len(edges) != 1:
        wrong = nodes[0][0] if not edges else edges[1][0]
        raise InputError(
            f"{wrong} is {'no table of edges: columns from and to are missing' if not edges else 'a second table of edges'}; "
            "give one table of edges (from, to) and at most one of nodes (id, x, y or lon, lat)."
        )
    return edges[0], nodes[0] if nodes else None


def _line_numbers(data: bytes) -> list[int]:
    """Line on which every row ends, blank lines not counted as rows."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    return [reader.line_num for cells in reader if cells][1:]


def _renamed(name: str, header: list[str], words: dict[str, tuple[str, ...]], kind: str) -> list[str]:
    out: list[str] = []
    for column in header:
        found = next((own for own, others in words.items() if column.lower() in others), None)
        if found is None:
            raise InputError(
                f"{name} has an unknown column {column!r}; a table of {kind} has {', '.join(words)}: rename it or take it out."
            )
        if found in out:
            raise InputError(f"{name} has two columns for {found}; keep one.")
        out.append(found)
    return out


def _places(name: str, data: bytes, table: pd.DataFrame) -> tuple[list[str], Floats, str | None]:
    degrees = {"lon", "lat"} <= set(table)
    if "id" not in table or not (degrees or {"x", "y"} <= set(table)):
        raise InputError(
            f"{name} lacks a column; a table of nodes has id and x, y (metres) or lon, lat (degrees)."
        )
    across, up = ("lon", "lat") if degrees else ("x", "y")
    nodes: list[str] = []
    seen: set[str] = set()
    xy = np.zeros((len(table), 2))
    lines = _line_numbers(data)
    for row, values in enumerate(table.to_dict("records")):
        where = f"{name} line {lines[row]}"
        node = values["id"].strip()
        if not node or node in seen:
            raise InputError(
                f"{where}: {f'node {node!r} stands twice' if node else 'a node has no id'}; give each one row."
            )
        if not values[across].strip() or not values[up].strip():
            raise InputError(f"{where}: node {node!r} has no place; fill {across} and {up}.")
        seen.add(node)
        nodes.append(node)
        xy[row] = number(values[across], f"{where}: {across}"), number(values[up], f"{where}: {up}")
    if degrees:
        return nodes, *to_metres(xy, name)
    refuse_degrees(xy, name, "name the columns lon and lat, or give metres")
    return nodes, xy, None
