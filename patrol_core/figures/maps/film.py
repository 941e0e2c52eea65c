"""One drawn night as a film: units walk from state to state, leave a trail, and the targets they have covered change colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from patrol_core.arrays import Floats, Ints
from patrol_core.figures.maps.patrol import BASE, Ground, Marks, draw_edges, look_at, target_sizes
from patrol_core.figures.maps.plane import WHITE, film_controls, flat
from patrol_core.figures.palette import EDGE, MARK, PATROL, RISK, STREET, group_colour
from patrol_core.graphs.patrol import NORMAL, GraphGame, JointPatrol, Walk, covered_by

BETWEEN = 5
"""Pictures a move."""
MOST_PICTURES = 240
OPEN, HELD = RISK[2], PATROL[3]


def film(
    ground: Ground,
    marks: Marks,
    game: GraphGame,
    patrol: JointPatrol,
    *,
    raiders: Sequence[Walk] = (),
    height: int = 640,
) -> go.Figure:
    """A night of a plan with Play, Pause and a slider over its states; everything is in the figure, no server is asked.

    Args:
        ground, marks, game: The graph, what stands on it, and the game that the plan is for.
        patrol: The route of the night.
        raiders: Walks of attackers who move, where there are any.
        height: Pixels.
    """
    walks = patrol.walks
    states = max(len(walk) for walk in walks)
    figure = go.Figure()
    draw_edges(figure, ground, range(len(ground.tail)), STREET, 1.2)
    _base_marks(figure, ground, marks)
    first = len(figure.data)
    done = held_by(game, patrol)
    moments = moments_of(states)
    for trace in _picture(ground, marks, walks, raiders, done, 0.0, named=True):
        figure.add_trace(trace)
    last = len(figure.data)
    figure.frames = [
        go.Frame(
            name=f"{moment:g}",
            traces=list(range(first, last)),
            data=_picture(ground, marks, walks, raiders, done, float(moment)),
        )
        for moment in moments
    ]
    flat(figure, height)
    walked = {node for walk in walks for node in walk}
    look_at(figure, ground, [*marks.bases, *marks.values, *walked])
    _controls(figure, states)
    return figure


def moments_of(states: int) -> Floats:
    """Times of the pictures: every state, and as many between as a film can carry."""
    moves = max(states - 1, 1)
    between = max(1, min(BETWEEN, MOST_PICTURES // moves))
    return np.asarray(np.round(np.arange(moves * between + 1) / between, 6))


def held_by(game: GraphGame, patrol: JointPatrol) -> Ints:
    """The state from which each target counts as covered, shape (n,); a large number where it never does."""
    never = np.iinfo(np.int64).max
    out = np.full(game.size, never)
    flags = covered_by(game, patrol.walks, patrol.schedules)
    counts = np.zeros(game.size, dtype=np.int64)
    states = max(len(walk) for walk in patrol.walks)
    need = game.tau
    for state in range(states):
        for unit, walk in enumerate(patrol.walks):
            if state < len(walk):
                mine = patrol.schedules[unit] if patrol.schedules else range(game.size)
                for k in mine:
                    counts[k] += int(game.targets[k]) == walk[state]
        fresh = (counts >= need) & (flags > 0) & (out == never)
        out[fresh] = state
    if game.form != NORMAL:  # a stay that the walk does not show still counts at the end
        out[(flags > 0) & (out == never)] = states - 1
    return out


def spot(ground: Ground, walk: Walk, moment: float) -> Floats:
    """Where a unit is on its ``walk`` over the ``ground`` at a ``moment`` (in moves), (2,); at its end after that."""
    low = min(int(moment), len(walk) - 1)
    high = min(low + 1, len(walk) - 1)
    share = min(moment - low, 1.0) if high > low else 0.0
    return np.asarray(ground.xy[walk[low]] + share * (ground.xy[walk[high]] - ground.xy[walk[low]]))


def _base_marks(figure: go.Figure, ground: Ground, marks: Marks) -> None:
    bases = list(marks.bases)
    figure.add_scatter(
        x=ground.xy[bases, 0],
        y=ground.xy[bases, 1],
        mode="markers",
        marker=dict(BASE),
        text=[ground.labels[k] for k in bases],
        hovertemplate="base %{text}<extra></extra>",
        name="base",
    )


def _picture(
    ground: Ground,
    marks: Marks,
    walks: Sequence[Walk],
    raiders: Sequence[Walk],
    done: Ints,
    moment: float,
    *,
    named: bool = False,
) -> list[go.Scatter]:
    """Everything that moves, in one order: targets, a trail a unit, the units, the attackers."""
    parts = [_targets(ground, marks, done, moment)]
    shifts = _apart(ground, len(walks))
    parts += [_trail(ground, walk, k, moment, shifts[k]) for k, walk in enumerate(walks)]
    parts.append(_markers(ground, walks, moment, shifts, named=named))
    if raiders:
        parts.append(_raiders(ground, raiders, moment, named=named))
    return parts


def _targets(ground: Ground, marks: Marks, done: Ints, moment: float) -> go.Scatter:
    nodes = list(marks.values)
    values = np.array([marks.values[k] for k in nodes], dtype=float)
    colours = [HELD if moment + 1e-9 >= float(when) else OPEN for when in done]
    words = ["covered" if colour == HELD else "not covered so far" for colour in colours]
    return go.Scatter(
        x=ground.xy[nodes, 0],
        y=ground.xy[nodes, 1],
        mode="markers",
        marker={
            "size": target_sizes(values),
            "color": colours,
            "opacity": 0.9,
            "line": {"color": EDGE, "width": 1},
        },
        text=[f"{ground.labels[k]}<br>{word}" for k, word in zip(nodes, words, strict=True)],
        hovertemplate="target %{text}<extra></extra>",
        name="target (blue once covered)",
    )


def _apart(ground: Ground, units: int) -> Floats:
    """A small shift a unit, so that units on one node can be told apart, shape (units, 2)."""
    if units == 1:
        return np.zeros((1, 2))
    edges = ground.xy[np.asarray(ground.tail)] - ground.xy[np.asarray(ground.head)]
    length = float(np.median(np.hypot(edges[:, 0], edges[:, 1])))
    turn = 2 * np.pi * np.arange(units) / units
    return np.asarray(0.06 * length * np.column_stack([np.cos(turn), np.sin(turn)]))


def _trail(ground: Ground, walk: Walk, number: int, moment: float, shift: Floats) -> go.Scatter:
    passed = [ground.xy[node] for node in walk[: int(moment) + 1]]
    points = np.vstack([*passed, spot(ground, walk, moment)]) + shift
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="lines",
        line={"color": group_colour(number), "width": 4},
        opacity=0.65,
        hoverinfo="skip",
        showlegend=False,
    )


def _markers(
    ground: Ground, walks: Sequence[Walk], moment: float, shifts: Floats, *, named: bool
) -> go.Scatter:
    points = np.vstack([spot(ground, walk, moment) for walk in walks]) + shifts
    at = [walk[min(int(moment), len(walk) - 1)] for walk in walks]
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers+text",
        text=[str(k) for k in range(1, len(walks) + 1)],
        textfont={"color": "white", "size": 12},
        marker={
            "size": 22,
            "color": [group_colour(k) for k in range(len(walks))],
            "line": {"color": "white", "width": 2},
        },
        customdata=[ground.labels[k] for k in at],
        hovertemplate="unit %{text} at %{customdata}<extra></extra>",
        name="unit" if named else None,
        showlegend=False,
    )


def _raiders(ground: Ground, raiders: Sequence[Walk], moment: float, *, named: bool) -> go.Scatter:
    points = np.vstack([spot(ground, walk, moment) for walk in raiders])
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        marker={"size": 18, "symbol": "x", "color": MARK, "line": WHITE},
        hovertemplate="attacker<extra></extra>",
        name="attacker" if named else None,
    )


def _controls(figure: go.Figure, states: int) -> None:
    figure.update_layout(
        margin={"l": 10, "r": 10, "t": 10, "b": 90}, legend={"y": 1.0, "yanchor": "bottom", "x": 0}
    )
    labels, frames = [str(state) for state in range(states)], [f"{state:g}" for state in range(states)]
    film_controls(figure, labels, frames, "After move ", milliseconds=140, x=0.2, y=0.0, gap=25)
