"""Charts of a checkpoint plan: the roads on a map, how the bounds meet, plans side by side, simulated intruders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import chart
from patrol_core.figures.maps.plane import flat
from patrol_core.figures.palette import MARK, PATROL, PLAN, REFERENCE, RISK, colour_at
from patrol_core.graphs.checkpoints import CheckpointGame
from patrol_core.roads import RoadNetwork, Roads, edge_lines, path_nodes

STREET = "#c7ccd4"
BARRED = "#e3b7b7"
CLASSES = (0.05, 0.15, 0.3, 0.6, 1.000001)
"""Upper ends of the classes of chance, each with a width of its own."""
SEEN = 1e-6
MOST_CLICKABLE = 3000
"""Nodes up to which every one can be clicked."""


@dataclass(frozen=True)
class Places:
    """What is drawn on the roads.

    Attributes
    ----------
    network
        With marks of what can take a checkpoint; its places are those of the roads.
    sources
        Node positions.
    losses
        Loss by node position of every target.
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

    Parameters
    ----------
    marginals
        Chance of every road, shape (edges,).
    path, target
        Edges of the intruder's best path and the node where it ends.
    tonight
        Edges with a checkpoint tonight.
    """
    network = places.network
    lines = edge_lines(roads)
    figure = go.Figure()
    free = network.guardable
    _draw(figure, [lines[k] for k in np.flatnonzero(free)], STREET, 1.2)
    barred = [lines[k] for k in np.flatnonzero(~free)]
    _draw(figure, barred, BARRED, 1.2, name="takes no checkpoint", dash="dot")
    if len(path):
        _draw(figure, [lines[k] for k in path], RISK[1], 9.0, name="intruder's best path")
    if marginals is not None:
        _draw_chances(figure, lines, marginals)
        _mark_roads(figure, network, lines, marginals)
    _mark_nodes(figure, roads, places)
    if len(path) and target is not None:
        _ring_ends(figure, roads, path_nodes(network, path, target))
    if len(tonight):
        _mark_tonight(figure, network, lines, tonight)
    flat(figure, height)
    return figure


def _draw(
    figure: go.Figure,
    lines: Sequence[Floats],
    colour: str,
    width: float,
    *,
    name: str = "",
    dash: str = "solid",
) -> None:
    """Lines as one trace."""
    if not lines:
        return
    gap = np.full((1, 2), np.nan)
    points = np.vstack([part for line in lines for part in (line, gap)])
    figure.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        hoverinfo="skip",
        name=name,
        showlegend=bool(name),
    )


def _draw_chances(figure: go.Figure, lines: Sequence[Floats], marginals: Floats) -> None:
    low = SEEN
    for number, high in enumerate(CLASSES):
        inside = np.flatnonzero((marginals > low) & (marginals <= high)).tolist()
        share = (number + 1) / len(CLASSES)
        colour = colour_at(PATROL[1:], share)
        words = f"{100 * low if number else 0:.0f} to {100 * min(high, 1.0):.0f} %"
        _draw(figure, [lines[k] for k in inside], colour, 2.0 + 7.0 * share, name=words)
        low = high


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
    xy = roads.drawn_xy
    nodes = places.network.nodes
    if len(nodes) <= MOST_CLICKABLE:
        special = {*places.sources, *places.losses}
        plain = [k for k in range(len(nodes)) if k not in special]
        _spots(
            figure,
            xy,
            plain,
            [nodes[k] for k in plain],
            "crossing",
            {"size": 7, "color": "#9aa5b1", "opacity": 0.55},
        )
    white = {"color": "white", "width": 1}
    sources = list(places.sources)
    triangle = {"size": 13, "symbol": "triangle-up", "color": "#1f2933", "line": white}
    _spots(figure, xy, sources, [nodes[k] for k in sources], "source", triangle)
    targets = list(places.losses)
    losses = np.array(list(places.losses.values()))
    size = 11 + 11 * np.sqrt(losses / max(float(losses.max(initial=0.0)), 1e-12))
    square = {"size": size, "symbol": "square", "color": RISK[3], "opacity": 0.85, "line": white}
    words = [f", loss {loss:g}" for loss in losses]
    _spots(figure, xy, targets, [nodes[k] for k in targets], "target", square, words)


def _spots(
    figure: go.Figure,
    xy: Floats,
    which: Sequence[int],
    names: Sequence[str],
    kind: str,
    marker: Mapping[str, Any],
    words: Sequence[str] = (),
) -> None:
    figure.add_scatter(
        x=xy[list(which), 0],
        y=xy[list(which), 1],
        mode="markers",
        marker=dict(marker),
        customdata=list(names),
        text=list(words) or [""] * len(names),
        hovertemplate=f"{kind} %{{customdata}}%{{text}}<extra></extra>",
        name="target, by loss" if kind == "target" else kind,
        showlegend=kind != "crossing",
    )


def _ring_ends(figure: go.Figure, roads: Roads, nodes: Sequence[int]) -> None:
    """Where the best path starts and ends."""
    xy = roads.drawn_xy[[nodes[0], nodes[-1]]]
    figure.add_scatter(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        marker={"size": 26, "color": "rgba(0,0,0,0)", "line": {"color": RISK[2], "width": 3}},
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


def convergence(history: Sequence[tuple[float, float, float]], *, scheme: str = "loss") -> go.Figure:
    """Loss of the best plan so far and the least that is possible, over the seconds of the search.

    Parameters
    ----------
    history
        (seconds, lower bound, upper bound) of the defender's payoff.
    """
    figure = chart("How the search closed in", "seconds", scheme, height=340)
    seconds = [row[0] for row in history]
    for place, name, colour, dash in (
        (1, "The plan so far", PLAN, "solid"),
        (2, "Least possible, proved", REFERENCE, "dash"),
    ):
        figure.add_scatter(
            x=seconds,
            y=[-row[place] for row in history],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "shape": "hv"},
            marker={"size": 5},
            name=name,
            hovertemplate="%{x:.2f} s: %{y:.4f}<extra>" + name + "</extra>",
        )
    return figure


def plans_bars(table: pd.DataFrame, *, bound: float) -> go.Figure:
    """Expected loss of every plan against an intruder who answers best.

    Parameters
    ----------
    table
        ``plan, expected_loss``; the first row is the plan.
    bound
        The least possible loss, proved.
    """
    shown = table.iloc[::-1]
    figure = chart(
        "Expected loss a night, if the intruder answers best", "loss", "", height=110 + 34 * len(table)
    )
    first = table["plan"].iloc[0]
    figure.add_bar(
        y=shown["plan"],
        x=shown["expected_loss"],
        orientation="h",
        marker_color=[PLAN if name == first else "#b8c0cb" for name in shown["plan"]],
        text=[f"{value:,.2f}" for value in shown["expected_loss"]],
        hovertemplate="%{y}: %{x:,.4f}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=bound, line={"color": MARK, "dash": "dot"}, annotation_text="nobody can do better")
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(type="category")
    return figure


def intruder_bars(table: pd.DataFrame) -> go.Figure:
    """Mean loss that every kind of intruder brings about, with 95 % interval and the exact expectation.

    Parameters
    ----------
    table
        As :func:`patrol_core.graphs.checkpoints.simulation.simulate` gives it.
    """
    figure = chart("Mean loss a night by kind of intruder", "", "loss", height=360)
    mean = -table["payoff"]
    figure.add_bar(
        x=table["intruder"],
        y=mean,
        marker_color=PATROL[2],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (-table["low"]) - mean,
            "arrayminus": mean - (-table["high"]),
            "color": REFERENCE,
        },
        name="simulated, 95 % interval",
        hovertemplate="%{x}: %{y:,.3f}<extra></extra>",
    )
    known = table[table["expected"].notna()]
    figure.add_scatter(
        x=known["intruder"],
        y=-known["expected"],
        mode="markers",
        marker={"color": MARK, "symbol": "diamond", "size": 11},
        name="exact expectation",
        hovertemplate="%{x}: %{y:,.3f} exactly<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    return figure
