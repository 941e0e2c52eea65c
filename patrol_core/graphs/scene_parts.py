"""What the families of patrol scenes share: keys, nearest nodes, streets in one piece, bridges between parts, bases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from patrol_core.errors import InputError
from patrol_core.graphs.network import Floats, Ints
from patrol_core.graphs.road_parts import Roads, counted
from patrol_core.sources.projection import project_points

DEGREES = "EPSG:4326"
Pair = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Streets:
    """A street graph in one piece.

    Attributes
    ----------
    ids
        Names of the crossings.
    edges
        Pairs of names, each once; both ways where ``directed`` is False.
    directed
        True where a one-way street was kept; two-way streets then stand twice.
    xy
        Places in metres of ``crs``, shape (crossings, 2).
    crs
        Coordinate system, or None for a plane without a place on Earth.
    notes
        What was left out.
    """

    ids: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    directed: bool
    xy: Floats
    crs: str | None
    notes: tuple[str, ...]


def key_of(*parts: Any) -> str:
    """Twelve hexadecimal digits of the content, the same in every run."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
        digest.update(b"\x00")
    return digest.hexdigest()[:12]


def streets_of(roads: Roads) -> Streets:
    """The largest part of a road network as plain pairs; loops and parallel streets add no move and are left out.

    Raises
    ------
    InputError
        When the network has no places.
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
    notes = list(roads.notes)
    if len(stay) < count:
        notes.append(
            f"{counted(count - len(stay), 'crossing is', 'crossings are')} not connected with the other {len(stay):,}; left out."
        )
    if extra:
        notes.append(
            f"{counted(extra, 'street is a loop or parallel', 'streets are loops or parallel')} to another; left out."
        )
    names = network.nodes
    return Streets(
        tuple(names[k] for k in stay.tolist()),
        tuple((names[a], names[b]) for a, b in found),
        directed,
        network.xy[stay],
        short_crs(roads.crs),
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
    """Position of the nearest place of every point, and its distance in the unit of both."""
    away, hit = cKDTree(xy).query(np.asarray(points, dtype=float).reshape(-1, 2))
    return np.asarray(hit, dtype=np.int64), np.asarray(away, dtype=float)


def on_plane(points: Sequence[Pair] | Floats, crs: str | None, what: str) -> Floats:
    """Longitude and latitude as metres of ``crs``, shape (n, 2); where there is no ``crs``, x and y of the plane as they are.

    Raises
    ------
    InputError
        When a point is not on Earth; ``what`` names the points.
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


def proximity(distance: Floats) -> Floats:
    """1 for the nearest target, 0 for the farthest, linear between; 1 for all where all are equally far.

    Parameters
    ----------
    distance
        Of every target to the way out, shape (n,).
    """
    least, most = float(distance.min()), float(distance.max())
    if most == least:
        return np.ones(len(distance))
    return np.asarray(1.0 - (distance - least) / (most - least), dtype=float)


def factor(value: float, word: str) -> float:
    """A finite number >= 0.

    Raises
    ------
    InputError
        For anything else; ``word`` names it.
    """
    if isinstance(value, bool) or not 0 <= value < float("inf"):
        raise InputError(f"{word} is {value!r}; give a number >= 0.")
    return float(value)


def whole(value: Any, word: str, least: int = 1) -> int:
    """A whole number of at least ``least``.

    Raises
    ------
    InputError
        For anything else; ``word`` names it.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{word} is {value!r}; give a whole number of at least {least}.")
    return int(value)


def joined(pairs: Sequence[tuple[int, int]], xy: Floats) -> tuple[tuple[int, int], ...]:
    """Pairs to add so that all nodes hang together: the smallest part to its nearest other node, until one part is left."""
    added: list[tuple[int, int]] = []
    count = len(xy)
    while True:
        every = np.array([*pairs, *added], dtype=np.int64).reshape(-1, 2)
        links = coo_array((np.ones(len(every)), (every[:, 0], every[:, 1])), shape=(count, count))
        parts, member = connected_components(links, directed=False)
        if parts == 1:
            return tuple(added)
        own = member == int(np.bincount(member).argmin())
        inside, outside = np.flatnonzero(own), np.flatnonzero(~own)
        hit, away = nearest(xy[outside], xy[inside])
        best = int(np.argmin(away))
        added.append((int(inside[best]), int(outside[hit[best]])))


def suggested_bases(xy: Floats, demand: Ints, weight: Floats, count: int) -> list[int]:
    """Nodes for ``count`` bases where none are given.

    One after the other, the node that most lowers the sum over targets of value x straight distance to the nearest base
    (the greedy way to the p-median problem); of equal nodes the first.

    Parameters
    ----------
    xy
        Places of all nodes, shape (nodes, 2).
    demand, weight
        Positions of the targets and their values, shape (targets,).
    """
    away = np.sqrt(((xy[:, None, :] - xy[demand][None, :, :]) ** 2).sum(axis=2))
    pull = weight if weight.sum() > 0 else np.ones(len(demand))
    best = np.full(len(demand), np.inf)
    chosen: list[int] = []
    for _ in range(min(count, len(xy))):
        cost = np.minimum(away, best) @ pull
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost)))
        best = np.minimum(best, away[chosen[-1]])
    return chosen


def highest(
    values: Mapping[Any, float], most: int | None, unit: str, what: str
) -> tuple[dict[Any, float], str]:
    """The highest values above 0, and a sentence on what is left out ("" where nothing is).

    Parameters
    ----------
    most
        How many; None for all. Of equal values the first stands.
    unit, what
        Words for the sentence: ``crimes``, ``crossings``.

    Raises
    ------
    InputError
        When ``most`` is below 1 or no value is above 0.
    """
    if most is not None:
        whole(most, "most_targets")
    some = {name: value for name, value in values.items() if value > 0}
    if not some:
        raise InputError(
            f"None of the {len(values):,} {what} has a value above 0, so there is no target; check the data."
        )
    order = sorted(some, key=lambda name: -some[name])
    chosen = set(order[:most])
    kept = {name: value for name, value in some.items() if name in chosen}
    left = len(some) - len(kept)
    if not left:
        return kept, ""
    share = 1.0 - sum(kept.values()) / sum(some.values())
    return kept, (
        f"The {len(kept)} {what} of highest value are targets; {left:,} more with {share:.0%} of all {unit} are left out."
    )
