"""What drawings on a plane share: layout, safe text, lines and nodes, classes of chance, and the buttons of a film."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import GROUND
from patrol_core.figures.palette import CHANCES

CLASSES = (0.05, 0.15, 0.3, 0.6, 1.000001)
"""Upper ends of the classes of chance, each with a width of its own."""
SEEN = 1e-6
"""A chance up to this is none."""
MOST_CLICKABLE = 3000
"""Nodes up to which every one can be clicked."""
CROSSING = {"size": 7, "color": "#9aa5b1", "opacity": 0.55}
WHITE = {"color": "white", "width": 1}


def safe(text: str) -> str:
    """Text from data inside a plotly label, which reads some HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def flat(figure: go.Figure, height: int) -> None:
    """Layout of a drawing on a plane."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        hovermode="closest",
        dragmode="pan",
        clickmode="event+select",
        **GROUND,
        legend={
            "orientation": "h",
            "y": -0.01,
            "yanchor": "top",
            "x": 0,
            "xanchor": "left",
            "itemsizing": "constant",
        },
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)


def with_gaps(lines: Sequence[Floats]) -> Floats:
    """Lines one after the other, each (points, 2), with a gap after each."""
    gap = np.full((1, 2), np.nan)
    return np.vstack([part for one in lines for part in (one, gap)]) if len(lines) else np.zeros((0, 2))


def draw_lines(
    figure: go.Figure, points: Floats, colour: str, width: float, *, name: str = "", dash: str = "solid"
) -> None:
    """Add lines as one trace.

    Args:
        figure: Where to.
        points: (points, 2) places; a row of NaN is a gap.
        colour, width, dash: Of the lines.
        name: In the legend; without one they are not there.
    """
    if not len(points):
        return
    figure.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        hoverinfo="skip",
        name=name,
        showlegend=bool(name),
    )


def chance_classes(chances: Floats) -> Iterator[tuple[list[int], float, str, str]]:
    """Edges by class of chance, rarest first: their positions, how wide to draw them (0 to 1), colour, and words."""
    low = SEEN
    for number, high in enumerate(CLASSES):
        share = (number + 1) / len(CLASSES)
        words = f"{100 * low if number else 0:.0f} to {100 * min(high, 1.0):.0f} %"
        yield (
            np.flatnonzero((chances > low) & (chances <= high)).tolist(),
            share,
            CHANCES[number],
            words,
        )
        low = high


def draw_spots(
    figure: go.Figure,
    xy: Floats,
    marker: Mapping[str, Any],
    hover: str,
    *,
    ids: Sequence[str],
    words: Sequence[str],
    name: str,
    listed: bool = True,
) -> None:
    """Add nodes as markers that a click can tell apart.

    Args:
        figure: Where to.
        xy: (nodes, 2) places.
        marker: How they look.
        hover: Plotly's template of the hover text.
        ids, words: What a click hands back (``customdata``), and the ``text`` of each for the hover text.
        name, listed: Name of all of them, and whether it stands in the legend.
    """
    figure.add_scatter(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        marker=dict(marker),
        customdata=list(ids),
        text=list(words),
        hovertemplate=f"{hover}<extra></extra>",
        name=name,
        showlegend=listed,
    )


def film_controls(
    figure: go.Figure,
    labels: Sequence[str],
    frames: Sequence[str],
    prefix: str,
    *,
    milliseconds: int,
    x: float,
    y: float,
    gap: int,
) -> None:
    """A slider over the frames of a film, and buttons to play and pause it.

    Args:
        figure: The film.
        labels, frames: What the slider says of each frame, and its name.
        prefix: Before the label of the frame that is shown.
        milliseconds: Between frames.
        x, y: Left end of the slider and height of both, in parts of the drawing.
        gap: Pixels above the slider.
    """
    still = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate", "transition": {"duration": 0}}
    run = {
        "frame": {"duration": milliseconds, "redraw": False},
        "fromcurrent": True,
        "transition": {"duration": 0},
    }
    steps = [
        {"label": label, "method": "animate", "args": [[frame], still]}
        for label, frame in zip(labels, frames, strict=True)
    ]
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, run]},
        {"label": "Pause", "method": "animate", "args": [[None], still]},
    ]
    figure.update_layout(
        sliders=[
            {
                "steps": steps,
                "currentvalue": {"prefix": prefix},
                "x": x,
                "len": 1 - x,
                "y": y,
                "pad": {"t": gap, "b": 5},
            }
        ],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "buttons": buttons,
                "x": 0.0,
                "xanchor": "left",
                "y": y,
                "yanchor": "top",
                "pad": {"t": gap + 12},
                "showactive": False,
            }
        ],
    )
