"""Patrols on a graph, drawn on its map: how often edges are walked, how well targets are covered, what is attacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.maps.plane import (
    CROSSING,
    MOST_CLICKABLE,
    SEEN,
    chance_classes,
    draw_lines,
    draw_spots,
    flat,
    safe,
)
from patrol_core.figures.palette import CLEAR, EDGE, INK, MARK, PATROL, RISK, STREET, colour_scale
from patrol_core.roads import RoadNetwork, Roads
from patrol_core.words import figure as number
from patrol_core.words import percent

BASE = {
    "size": 31,
    "symbol": "square-open",
    "color": INK,
    "line": {"color": INK, "width": 2.5},
}
"""A frame around whatever else stands on the node."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A graph as it is drawn.

    Attributes:
        xy: A place of every node on a plane with equal units both ways, shape (nodes, 2).
        tail, head: Ends of the edges.
        labels: Id (and name) of every node, for the hover text.
        ids: Ids as text: what a click hands back.
        schematic: Whether places are not known.
    """

    xy: Floats
    tail: Sequence[int]
    head: Sequence[int]
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    schematic: bool = False


@dataclass(frozen=True, eq=False)
class Marks:
    """What stands on the ground.

    Attributes:
        bases: Node positions.
        values: Value by node position of every target.
        unit: What a value counts.
        coverage, attack: Chances by node position of a target, where there is a plan.
    """

    bases: Sequence[int]
    values: Mapping[int, float]
    unit: str = ""
    coverage: Mapping[int, float] | None = None
    attack: Mapping[int, float] | None = None


def ground_of(
    network: RoadNetwork, *, crs: str | None = None, names: Mapping[str, str] | None = None
) -> Ground:
    """How a graph is drawn: its own places (longitudes shrunk by latitude), or a scheme.

    Args:
        network: The graph.
        crs: Of its places; drawn as they are when not given.
        names: Names by node id as text.
    """
    xy = np.array(Roads(network, "").drawn_xy, dtype=float)
    if crs is not None and network.xy is not None and _in_degrees(crs):
        xy[:, 0] *= np.cos(np.radians(float(xy[:, 1].mean())))
    known = names or {}
    labels = tuple(
        f"{name}, {known[name]}" if known.get(name, name) != name else name for name in network.nodes
    )
    return Ground(
        xy, network.tail.tolist(), network.head.tolist(), labels, network.nodes, schematic=network.xy is None
    )


def _in_degrees(crs: str) -> bool:
    if crs.upper() in ("EPSG:4326", "OGC:CRS84"):
        return True
    from pyproj import CRS

    return bool(CRS.from_user_input(crs).is_geographic)


def patrol_map(ground: Ground, marks: Marks, use: Floats | None = None, *, height: int = 600) -> go.Figure:
    """The graph with bases, targets by value and, where there is a plan, how often edges are walked and targets covered.

    Args:
        ground, marks: The graph, and what stands on it.
        use: Chance that an edge is walked in a night, shape (edges,).
        height: Pixels.
    """
    figure = go.Figure()
    draw_edges(figure, ground, range(len(ground.tail)), STREET, 1.2)
    if use is not None:
        for inside, share, colour, words in chance_classes(use):
            draw_edges(figure, ground, inside, colour, 1.5 + 6.0 * share, name=f"{words} of nights")
    _crossings(figure, ground, marks)
    _bases(figure, ground, marks)
    _attacked(figure, ground, marks)
    _targets(figure, ground, marks)
    flat(figure, height)
    look_at(figure, ground, [*marks.bases, *marks.values])
    return figure


def look_at(figure: go.Figure, ground: Ground, nodes: Sequence[int]) -> None:
    """Let a drawing open on the part of the graph where something is; the rest is a drag or a scroll away.

    Args:
        figure, ground: The drawing, and the graph on it.
        nodes: Positions of what must be seen.
    """
    if not len(nodes):
        return
    spots = ground.xy[list(nodes)]
    low, high = spots.min(axis=0), spots.max(axis=0)
    whole = np.ptp(ground.xy, axis=0)
    wide = 0.22 * max(float((high - low).max()), 0.08 * float(whole.max()), 1e-9)
    figure.update_xaxes(range=[float(low[0]) - wide, float(high[0]) + wide])
    figure.update_yaxes(range=[float(low[1]) - wide, float(high[1]) + wide])


def draw_edges(
    figure: go.Figure, ground: Ground, which: Sequence[int], colour: str, width: float, *, name: str = ""
) -> None:
    """Add edges as one trace.

    Args:
        figure, ground: Where to, and the graph.
        which: Positions of the edges.
        colour, width, name: As of :func:`patrol_core.figures.maps.plane.draw_lines`.
    """
    if not len(which):
        return
    tails, heads = np.asarray(ground.tail)[list(which)], np.asarray(ground.head)[list(which)]
    points = np.full((3 * len(which), 2), np.nan)
    points[0::3], points[1::3] = ground.xy[tails], ground.xy[heads]
    draw_lines(figure, points, colour, width, name=name)


def _crossings(figure: go.Figure, ground: Ground, marks: Marks) -> None:
    if len(ground.ids) > MOST_CLICKABLE:
        return
    special = {*marks.bases, *marks.values}
    plain = [k for k in range(len(ground.ids)) if k not in special]
    _spots(figure, ground, plain, CROSSING, "node %{text}", "node")


def _bases(figure: go.Figure, ground: Ground, marks: Marks) -> None:
    _spots(figure, ground, list(marks.bases), BASE, "base %{text}", "base")


def target_sizes(values: Floats) -> Floats:
    """Diameter of a target's circle by its value."""
    return np.asarray(10 + 16 * np.sqrt(values / max(float(values.max(initial=0.0)), 1e-12)))


def _targets(figure: go.Figure, ground: Ground, marks: Marks) -> None:
    nodes = list(marks.values)
    values = np.array([marks.values[k] for k in nodes], dtype=float)
    marker: dict[str, Any] = {
        "size": target_sizes(values),
        "color": RISK[2],
        "opacity": 0.95,
        "line": {"color": EDGE, "width": 1},
    }
    words = [f", value {number(value, 4)} {marks.unit}".rstrip() for value in values]
    if marks.coverage is not None:
        shares = [marks.coverage.get(k, 0.0) for k in nodes]
        marker |= {
            "color": [100 * share for share in shares],
            "colorscale": colour_scale(PATROL),
            "cmin": 0,
            "cmax": 100,
        }
        marker["colorbar"] = {
            "title": {"text": "covered %", "font": {"size": 12}},
            "thickness": 10,
            "len": 0.5,
        }
        words = [f"{w}<br>covered in {percent(c)} of nights" for w, c in zip(words, shares, strict=True)]
        attack = marks.attack or {}
        words = [
            f"{w}<br>attacked in {percent(attack[k])}" if attack.get(k, 0.0) > SEEN else w
            for w, k in zip(words, nodes, strict=True)
        ]
    _spots(figure, ground, nodes, marker, "target %{text}", "target, by value", words)


def _attacked(figure: go.Figure, ground: Ground, marks: Marks) -> None:
    """A ring around every target that an attacker would choose."""
    chosen = [k for k, chance in (marks.attack or {}).items() if chance > SEEN]
    if not chosen:
        return
    nodes = list(marks.values)
    sizes = dict(
        zip(nodes, target_sizes(np.array([marks.values[k] for k in nodes], dtype=float)), strict=True)
    )
    figure.add_scatter(
        x=ground.xy[chosen, 0],
        y=ground.xy[chosen, 1],
        mode="markers",
        marker={
            "size": [float(sizes[k]) + 9 for k in chosen],
            "color": CLEAR,
            "line": {"color": MARK, "width": [1.5 + 2.5 * float((marks.attack or {})[k]) for k in chosen]},
        },
        hoverinfo="skip",
        name="an attacker would choose",
    )


def _spots(
    figure: go.Figure,
    ground: Ground,
    which: list[int],
    marker: Mapping[str, Any],
    hover: str,
    name: str,
    words: Sequence[str] = (),
) -> None:
    """Nodes as markers, with their labels as hover text."""
    after = list(words) or [""] * len(which)
    labels = [f"{safe(ground.labels[k])}{more}" for k, more in zip(which, after, strict=True)]
    ids, listed = [ground.ids[k] for k in which], name != "node"
    draw_spots(figure, ground.xy[which], marker, hover, ids=ids, words=labels, name=name, listed=listed)
