"""What all readers of roads share: the result, metres from degrees, yes and no, unlike names, sentences with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.roads.network import RoadNetwork, make_network

MOST_EDGES = 400_000
MOST_DRAWN = 3000
"""Nodes up to which a network without places is laid out for drawing."""
LAYOUT_M = 1000.0
YES = frozenset({"yes", "y", "true", "1", "1.0", "t"})
NO = frozenset({"no", "n", "false", "0", "0.0", "f", "", "none", "nan", "null"})


@dataclass(frozen=True, eq=False)
class Roads:
    """A network that was read, and what was noticed.

    Attributes:
        network: Places and shapes in metres; without places where the file had none.
        name: Of the file or example, for people.
        crs: Coordinate system of the places (WKT or authority code), or None for a plane without a place on
            Earth.
        notes: What was done with the file, a sentence each.
    """

    network: RoadNetwork
    name: str
    crs: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def schematic(self) -> bool:
        """Whether places are not known, so that a drawing is a scheme."""
        return self.network.xy is None

    @cached_property
    def drawn_xy(self) -> Floats:
        """A place of every node to draw, shape (nodes, 2): its own, or one by a spring layout.

        Raises InputError when there are no places and too many nodes to lay out.
        """
        return _laid_out(self.network) if self.network.xy is None else self.network.xy


def _laid_out(network: RoadNetwork) -> Floats:
    import networkx as nx

    size = len(network.nodes)
    if size > MOST_DRAWN:
        raise InputError(
            f"The network has {size:,} nodes without places; at most {MOST_DRAWN:,} can be laid out for drawing: give x and y."
        )
    graph = nx.Graph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(zip(network.tail.tolist(), network.head.tolist(), strict=True))
    spots = nx.spring_layout(graph, seed=1, iterations=80)
    return np.array([spots[k] for k in range(size)]) * LAYOUT_M


def flag(value: object, where: str) -> bool:
    """A yes or no.

    Raises InputError for anything else; ``where`` says which cell.
    """
    text = "" if value is None else str(value).strip().lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise InputError(f"{where} is {_shown(value)}; write yes or no.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def number(value: object, where: str) -> float:
    """A finite number.

    Raises:
        InputError: For anything else; ``where`` says which cell.
    """
    try:
        found = float(str(value).strip())
    except ValueError:
        raise InputError(f"{where} is {_shown(value)}; give a number.") from None
    if not np.isfinite(found):
        raise InputError(f"{where} is {_shown(value)}; give a finite number.")
    return found


def to_metres(lonlat: Floats, name: str) -> tuple[Floats, str]:
    """Longitude and latitude (n, 2) to metres in the UTM zone around them, and its code.

    Raises:
        InputError: When a place is not on Earth.
    """
    import geopandas as gpd

    wrong = (np.abs(lonlat[:, 0]) > 180) | (np.abs(lonlat[:, 1]) > 90)
    if wrong.any():
        lon, lat = lonlat[int(np.argmax(wrong))]
        raise InputError(
            f"{name} has a place at longitude {lon:g}, latitude {lat:g}, which is not on Earth; give degrees, or x and y in metres."
        )
    points = gpd.GeoSeries(gpd.points_from_xy(lonlat[:, 0], lonlat[:, 1]), crs=4326)
    try:
        crs = points.estimate_utm_crs()
    except RuntimeError:
        raise InputError(f"{name} lies where no UTM zone is (near a pole); give x and y in metres.") from None
    metric = points.to_crs(crs)
    return np.column_stack([metric.x, metric.y]), f"EPSG:{crs.to_epsg()}"


def refuse_degrees(xy: Floats, name: str, remedy: str) -> None:
    """Stop where places that should be metres look like longitude and latitude.

    Args:
        xy: Places, shape (n, 2).
        name, remedy: Of the file, and what to do, for the message.

    Raises:
        InputError: When all lie within 180 and 90 and are no whole numbers.
    """
    inside = (np.abs(xy[:, 0]) <= 180).all() and (np.abs(xy[:, 1]) <= 90).all()
    if inside and (xy != np.round(xy)).any():
        raise InputError(
            f"{name}: x and y look like degrees ({xy[0, 0]:g}, {xy[0, 1]:g}), but metres are needed; {remedy}."
        )


def unlike(names: Iterable[str]) -> list[str]:
    """Names made unlike: a name used twice gets a number."""
    rows = list(names)
    often = Counter(rows)
    taken = {name for name, count in often.items() if count == 1}
    seen: Counter[str] = Counter()
    out = []
    for name in rows:
        chosen = name
        while often[name] > 1 and (chosen == name or chosen in taken):
            seen[name] += 1
            chosen = f"{name}/{seen[name]}"
        taken.add(chosen)
        out.append(chosen)
    return out


def build(
    name: str,
    edges: Sequence[tuple[str, str]],
    *,
    edge_ids: Sequence[str],
    oneway: Sequence[bool],
    guardable: Sequence[bool],
    nodes: Sequence[str] = (),
    xy: Floats | None = None,
    shapes: Sequence[Floats] | None = None,
    crs: str | None = None,
    notes: Sequence[str] = (),
) -> Roads:
    """Roads from lists, checked for size.

    ``edges`` (pairs of names), ``edge_ids`` (made unlike), ``oneway``, ``guardable``, ``nodes``, ``xy`` and ``shapes`` are those of
    :func:`make_network`; ``name``, ``crs`` and ``notes`` those of :class:`Roads`.

    Raises InputError when there is no edge or too many.
    """
    if not len(edges):
        raise InputError(f"{name} holds no road; give at least one.")
    if len(edges) > MOST_EDGES:
        raise InputError(f"{name} holds {len(edges):,} roads; at most {MOST_EDGES:,}: cut out your area.")
    network = make_network(
        edges,
        oneway=oneway,
        guardable=guardable,
        edge_ids=unlike(edge_ids),
        nodes=nodes,
        xy=xy,
        shapes=shapes,
    )
    return Roads(network, name, crs, tuple(notes))


def counted(count: int, one: str, many: str) -> str:
    """``count`` with its noun, ``one`` or ``many``: ``1 street``, ``3 streets``."""
    return f"{count:,} {one if count == 1 else many}"


def count_note(count: Any, one: str, many: str, rest: str) -> list[str]:
    """A sentence on ``count`` things, its subject ``one`` or ``many``, that goes on with ``rest``; none where there are none."""
    return [f"{counted(int(count), one, many)} {rest}"] if count else []


def edge_lines(roads: Roads) -> list[Floats]:
    """Points of every road for drawing: its own shape, or the straight line between its ends."""
    network = roads.network
    if network.shapes is not None:
        return list(network.shapes)
    xy = roads.drawn_xy
    return [xy[[a, b]] for a, b in zip(network.tail, network.head, strict=True)]
