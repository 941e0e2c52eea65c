"""Graphs whose nodes have places: streets in one piece, nearest crossings, metres from degrees, what is too far off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files.projection import project_points
from patrol_core.graphs.patrol import NodeId
from patrol_core.roads import Roads, count_note

DEGREES = "EPSG:4326"
FAR_M = 250.0
"""What is farther than this from its crossing is counted in the notes."""
NOWHERE_M = 1000.0
Pair = tuple[float, float]


@dataclass(frozen=True, eq=False)
class SceneGraph:
    """A graph in one piece, its nodes at places: crossings, zones or cells.

    Attributes:
        ids: Names of the nodes.
        edges: Pairs of names, each once; both ways where ``directed`` is False.
        xy: Places in metres of ``crs``, or longitude and latitude for EPSG:4326, shape (nodes, 2).
        crs: Coordinate system, or None for a plane without a place on Earth.
        directed: True where a one-way street was kept; two-way streets then stand twice.
        notes: What was left out.
    """

    ids: tuple[NodeId, ...]
    edges: tuple[tuple[NodeId, NodeId], ...]
    xy: Floats
    crs: str | None
    directed: bool = False
    notes: tuple[str, ...] = ()


def streets_of(roads: Roads) -> SceneGraph:
    """The largest part of a road network as plain pairs; loops and parallel streets add no move and are left out.

    Raises InputError when the network has no places.
    """
    network = roads.network
    if network.xy is None:
        raise InputError(
            f"{roads.name} has no places of its crossings; give a table of nodes with lon, lat or x, y."
        )
    count = len(network.nodes)
    links = coo_array((np.ones(network.size), (network.tail, network.head)), shape=(count, count))
    _, member = connected_components(links, directed=False)
    stay = np.flatnonzero(member == int(np.bincount(member).argmax()))
    kept = set(stay.tolist())
    directed = not network.two_way
    found: dict[tuple[int, int], None] = {}
    extra = 0
    for a, b, single in zip(
        network.tail.tolist(), network.head.tolist(), network.oneway.tolist(), strict=True
    ):
        if a not in kept:
            continue
        ways = [(a, b)] if directed and single else [(a, b), (b, a)] if directed else [(min(a, b), max(a, b))]
        fresh = [way for way in ways if a != b and way not in found]
        extra += not fresh
        found.update(dict.fromkeys(fresh))
    apart = f"not connected with the other {len(stay):,}; left out."
    notes = [*roads.notes, *count_note(count - len(stay), "crossing is", "crossings are", apart)]
    loops = "street is a loop or parallel", "streets are loops or parallel"
    notes += count_note(extra, *loops, "to another; left out.")
    names = network.nodes
    return SceneGraph(
        tuple(names[k] for k in stay.tolist()),
        tuple((names[a], names[b]) for a, b in found),
        network.xy[stay],
        short_crs(roads.crs),
        directed,
        tuple(notes),
    )


def short_crs(crs: str | None) -> str | None:
    """The authority's code of a coordinate system (``EPSG:27700``) where it has one, else as given."""
    from pyproj import CRS

    if crs is None:
        return None
    code = CRS.from_user_input(crs).to_authority(min_confidence=90)
    return crs if code is None else ":".join(code)


def nearest(xy: Floats, points: Floats) -> tuple[Ints, Floats]:
    """Position of the nearest place of every point, and its distance in the unit of both.

    Raises InputError when a point has no place in the plane.
    """
    table = np.asarray(points, dtype=float).reshape(-1, 2)
    if not np.isfinite(table).all():
        raise InputError(
            "A place cannot be expressed in metres of the streets' plane; check that it is longitude, latitude and near them."
        )
    away, hit = cKDTree(xy).query(table)
    return np.asarray(hit, dtype=np.int64), np.asarray(away, dtype=float)


def snapped(
    streets: SceneGraph, places: Mapping[str, Pair], word: str, *, degrees: bool = False
) -> tuple[dict[str, NodeId], list[str]]:
    """The crossing of ``streets`` nearest to every named place, and sentences on those farther off than :data:`FAR_M`.

    ``places`` are (longitude, latitude), or x and y in a plane without a place on Earth; ``word`` is ``Base`` or ``Station``. With ``degrees``
    nearness is measured in them, as in the published instances.
    """
    names, points = list(places), list(places.values())
    hit, away = nearest(streets.xy, on_plane(points, streets.crs, f"{word.lower()}s"))
    notes = [
        f"{word} {name} is {far:,.0f} m from its crossing; check its place."
        for name, far in zip(names, away.tolist(), strict=True)
        if far > FAR_M
    ]
    if degrees and streets.crs is not None:
        hit, _ = nearest(in_degrees(streets.xy, streets.crs), on_plane(points, DEGREES, f"{word.lower()}s"))
    return {name: streets.ids[k] for name, k in zip(names, hit.tolist(), strict=True)}, notes


def near_crossings(streets: SceneGraph, points: Floats, what: str) -> tuple[Ints, Floats]:
    """Position of the crossing of ``streets`` nearest to every one of ``points`` (in their plane, shape (n, 2)), and its distance in metres.

    Raises InputError when all are farther than :data:`NOWHERE_M`; ``what`` is ``facility`` or ``crime``.
    """
    node, away = nearest(streets.xy, points)
    if away.min() > NOWHERE_M:
        raise InputError(
            f"The nearest {what} is {away.min() / 1000:,.1f} km from the streets; check that both are of the same place, and "
            "which column is longitude."
        )
    return node, away


def far_notes(away: Floats, one: str, many: str, remedy: str = "") -> list[str]:
    """A sentence on places whose crossing is farther ``away`` than :data:`FAR_M`; ``one``, ``many`` begin it, ``remedy`` ends it."""
    most = f"{away.max(initial=0.0):,.0f} m"
    rest = f"more than {FAR_M:g} m from the nearest crossing (at most {most}){remedy}."
    return count_note((away > FAR_M).sum(), one, many, rest)


def on_plane(points: Sequence[Pair] | Floats, crs: str | None, what: str) -> Floats:
    """Longitude and latitude as metres of ``crs``, shape (n, 2); where there is no ``crs``, x and y of the plane as they are.

    Raises InputError when a point is not on Earth; ``what`` names the points.
    """
    table = np.asarray(points, dtype=float).reshape(-1, 2)
    if not np.isfinite(table).all():
        raise InputError(f"A place of the {what} is no pair of numbers; give longitude and latitude.")
    if crs is None:
        return table
    wrong = (np.abs(table[:, 0]) > 180) | (np.abs(table[:, 1]) > 90)
    if wrong.any():
        lon, lat = table[int(np.argmax(wrong))]
        raise InputError(
            f"A place of the {what} is longitude {lon:g}, latitude {lat:g}, which is not on Earth; give (longitude, latitude)."
        )
    if crs == DEGREES:
        return table
    return np.column_stack(project_points(table[:, 0], table[:, 1], DEGREES, crs))


def in_degrees(xy: Floats, crs: str) -> Floats:
    """Metres of ``crs`` as longitude and latitude, shape (n, 2)."""
    return xy if crs == DEGREES else np.column_stack(project_points(xy[:, 0], xy[:, 1], crs, DEGREES))
