"""Roads on a map with the chance of a checkpoint, where intruders start, and what they are after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.maps.plane import (
    CROSSING,
    MOST_CLICKABLE,
    SEEN,
    WHITE,
    chance_classes,
    draw_lines,
    draw_spots,
    flat,
    with_gaps,
)
from patrol_core.figures.palette import CLEAR, INK, PATROL, PLAN, RISK, STREET
from patrol_core.graphs.checkpoints import CheckpointGame
from patrol_core.roads import RoadNetwork, Roads, edge_lines, path_nodes

BARRED = "#e3b7b7"


@dataclass(frozen=True)
class Places:
    """What is drawn on the roads.

    Attributes:
        network: With marks of what can take a checkpoint; its places are those of the roads.
        sources: Node positions.
        losses: Loss by node position of every target.
    """

    network: RoadNetwork
    sources: tuple[int, ...]
    losses: Mapping[int, float]


def places_of(game: CheckpointGame) -> Places:
    """Sources and targets of a game."""
    losses = dict(zip(game.targets.tolist(), game.losses.tolist(), strict=True))
    return Places(game.network, tuple(game.sources.tolist()), losses)


def road_map(
    roads: Roads,
    places: Places,
    marginals: Floats | None = None,
    *,
    path: Sequence[int] = (),
    target: int | None = None,
    tonight: Sequence[int] = (),
    height: int = 640,
) -> go.Figure:
    """Roads with the chance of a checkpoint as width and colour.

    Args:
        roads, places: What there is, and what stands on it.
        marginals: Chance of every road, shape (edges,).
        path, target: Edges of the intruder's best path and the node where it ends.
        tonight: Edges with a checkpoint tonight.
        height: Pixels.
    """
    network = places.network
    lines = edge_lines(roads)
    figure = go.Figure()

    def draw(which: Sequence[int], colour: str, width: float, name: str = "", dash: str = "solid") -> None:
        draw_lines(figure, with_gaps([lines[k] for k in which]), colour, width, name=name, dash=dash)

    free = network.guardable
    draw(np.flatnonzero(free).tolist(), STREET, 1.2)
    draw(np.flatnonzero(~free).tolist(), BARRED, 1.2, "takes no checkpoint", "dot")
    draw(path, RISK[1], 9.0, "intruder's best path")
    if marginals is not None:
        for inside, share, colour, words in chance_classes(marginals):
            draw(inside, colour, 2.0 + 7.0 * share, words)
        _mark_roads(figure, network, lines, marginals)
    _mark_nodes(figure, roads, places)
    if len(path) and target is not None:
        _ring_ends(figure, roads, path_nodes(network, path, target))
    if len(tonight):
        _mark_tonight(figure, network, lines, tonight)
    flat(figure, height)
    return figure


def _middles(lines: Sequence[Floats], which: Sequence[int]) -> Floats:
    """A point half-way along some roads, shape (which, 2)."""
    out = np.zeros((len(which), 2))
    for row, edge in enumerate(which):
        line = lines[edge]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        out[row] = [np.interp(along[-1] / 2, along, line[:, axis]) for axis in (0, 1)]
    return out


def _mark_roads(figure: go.Figure, network: RoadNetwork, lines: Sequence[Floats], marginals: Floats) -> None:
    """Hover text half-way along the roads that are ever watched."""
    used = np.flatnonzero(marginals > SEEN).tolist()
    if not used:
        return
    spots = _middles(lines, used)
    words = [f"Road {network.edge_ids[k]}, {' to '.join(network.names(k))}" for k in used]
    figure.add_scatter(
        x=spots[:, 0],
        y=spots[:, 1],
        mode="markers",
        marker={"size": 12, "color": PLAN, "opacity": 0.0},
        customdata=np.column_stack([words, [f"{100 * marginals[k]:.1f}" for k in used]]),
        hovertemplate="%{customdata[0]}: checkpoint in %{customdata[1]} % of nights<extra></extra>",
        showlegend=False,
    )


def _mark_nodes(figure: go.Figure, roads: Roads, places: Places) -> None:
    """Crossings to click, where an intruder starts, and targets; customdata holds the node's name."""
    nodes, losses = places.network.nodes, np.array(list(places.losses.values()))
    size = 11 + 11 * np.sqrt(losses / max(float(losses.max(initial=0.0)), 1e-12))
    square = {"size": size, "symbol": "square", "color": RISK[3], "opacity": 0.85, "line": WHITE}
    triangle = {"size": 13, "symbol": "triangle-up", "color": INK, "line": WHITE}
    plain = [k for k in range(len(nodes)) if k not in {*places.sources, *places.losses}]
    words = [f", loss {loss:g}" for loss in losses]
    for kind, which, marker, name in (
        ("crossing", plain, CROSSING, "crossing"),
        ("source", list(places.sources), triangle, "source"),
        ("target", list(places.losses), square, "target, by loss"),
    ):
        if kind == "crossing" and len(nodes) > MOST_CLICKABLE:
            continue
        draw_spots(
            figure,
            roads.drawn_xy[which],
            marker,
            f"{kind} %{{customdata}}%{{text}}",
            ids=[nodes[k] for k in which],
            words=words if kind == "target" else [""] * len(which),
            name=name,
            listed=kind != "crossing",
        )


def _ring_ends(figure: go.Figure, roads: Roads, nodes: Sequence[int]) -> None:
    """Where the best path starts and ends."""
    xy = roads.drawn_xy[[nodes[0], nodes[-1]]]
    figure.add_scatter(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        marker={"size": 26, "color": CLEAR, "line": {"color": RISK[2], "width": 3}},
        hoverinfo="skip",
        showlegend=False,
    )


def _mark_tonight(
    figure: go.Figure, network: RoadNetwork, lines: Sequence[Floats], tonight: Sequence[int]
) -> None:
    spots = _middles(lines, tonight)
    figure.add_scatter(
        x=spots[:, 0],
        y=spots[:, 1],
        mode="markers+text",
        marker={"size": 19, "color": PATROL[4], "symbol": "octagon", "line": {"color": "white", "width": 2}},
        text=[str(k) for k in range(1, len(tonight) + 1)],
        textfont={"color": "white", "size": 12},
        customdata=[f"{network.edge_ids[k]}, {' to '.join(network.names(k))}" for k in tonight],
        hovertemplate="Tonight: checkpoint %{text} on road %{customdata}<extra></extra>",
        name="tonight",
    )
