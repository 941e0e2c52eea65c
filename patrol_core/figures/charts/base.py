"""What all plotly charts share: one layout, and the kinds of marks they are made of. Data in, figure out; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.figures.palette import CLEAR, GRID, INK, MARK, PATROL, PLAN, REFERENCE, colour_scale

CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}
"""Configuration every chart is drawn with."""

HEIGHT = 340
AXIS = {"gridcolor": GRID, "zeroline": False, "automargin": True, "title_font_size": 13}
FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
"""That of the pages."""
GROUND = {"paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "font": {"size": 13, "color": INK, "family": FONT}}
LEGEND_RIGHT = {"orientation": "h", "x": 1, "xanchor": "right", "yanchor": "bottom"}


def chart(
    title: str,
    x: str,
    y: str,
    *,
    height: int = HEIGHT,
    category: str = "",
    zero: str = "",
    share: str = "",
    downward: bool = False,
    below: float | None = None,
) -> go.Figure:
    """An empty chart in the style of all.

    Args:
        title, x, y: Titles of the chart and of its axes (with units).
        height: Pixels.
        category, zero, share: Axes (``x``, ``y``, ``xy``) that hold names, that begin at 0, that show shares as
            per cent.
        downward: Draw the first row on top.
        below: Put the legend under the chart, by this part of its height; above it when not given.
    """
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0, "xanchor": "left"},
        xaxis_title=x,
        yaxis_title=y,
        height=height,
        margin={"l": 10, "r": 10, "t": 48, "b": 10},
        hovermode="closest",
        legend={"y": 1.02, **LEGEND_RIGHT},
        **GROUND,
    )
    if below is not None:
        figure.update_layout(legend={"y": -below, "x": 0, "xanchor": "left", "yanchor": "top"})
    for letter, update in (("x", figure.update_xaxes), ("y", figure.update_yaxes)):
        update(**AXIS)
        if letter in category:
            update(type="category")
        if letter in zero:
            update(rangemode="tozero")
        if letter in share:
            update(tickformat=".0%")
    if downward:
        figure.update_yaxes(autorange="reversed")
    return figure


def line(
    figure: go.Figure,
    x: ArrayLike,
    y: ArrayLike,
    colour: str,
    hover: str | None,
    *,
    name: str = "",
    width: float = 2,
    dash: str = "solid",
    size: float = 0,
    boxed: bool = False,
    **more: Any,
) -> None:
    """Add a line.

    Args:
        figure: Where to.
        x, y: Its points.
        colour, width, dash: Of the line.
        hover: Plotly's template of the hover text; None for a line without one.
        name: In the legend; a line without a name is not there.
        size: Of the marker at every point; 0 for none.
        boxed: Show the name beside the hover text.
        **more: Further properties of the trace; ``line`` adds to those of the line.
    """
    shape = {"color": colour, "width": width, "dash": dash, **more.pop("line", {})}
    marked = {"mode": "lines+markers", "marker": {"size": size}} if size else {"mode": "lines"}
    figure.add_scatter(x=x, y=y, line=shape, **{**marked, **_said(hover, name, boxed=boxed), **more})


def points(
    figure: go.Figure,
    x: ArrayLike,
    y: ArrayLike,
    colour: Any,
    hover: str | None,
    *,
    size: Any,
    name: str = "",
    many: bool = False,
    boxed: bool = False,
    marker: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """Add points.

    Args:
        figure: Where to.
        x, y: Their places.
        colour, size: One for all, or one a point.
        hover, name, boxed: As of :func:`line`.
        many: Draw them with WebGL, which is quick for thousands.
        marker, **more: Further properties of the markers and of the trace.
    """
    add = figure.add_scattergl if many else figure.add_scatter
    style = {"color": colour, "size": size, **(marker or {})}
    add(x=x, y=y, marker=style, **{"mode": "markers", **_said(hover, name, boxed=boxed), **more})


def bars(
    figure: go.Figure,
    names: Any,
    values: ArrayLike,
    colour: Any,
    hover: str,
    *,
    name: str = "",
    sideways: bool = False,
    **more: Any,
) -> None:
    """Add bars.

    Args:
        figure: Where to.
        names, values: What each bar stands for, and its length.
        colour: One for all, or one a bar.
        hover, name: As of :func:`line`.
        sideways: Draw them from left to right.
        **more: Further properties of the trace.
    """
    place = {"y": names, "x": values, "orientation": "h"} if sideways else {"x": names, "y": values}
    figure.add_bar(**{**place, "marker": {"color": colour}, **_said(hover, name), **more})


def heat(
    figure: go.Figure,
    x: Any,
    y: Any,
    z: ArrayLike,
    stops: Sequence[str],
    hover: str,
    *,
    ends: tuple[float | None, float | None] = (None, None),
    legend: str | dict[str, Any] = "",
    gap: int = 1,
    **more: Any,
) -> None:
    """Add a heat map.

    Args:
        figure: Where to.
        x, y, z: Names of columns and rows, and the table of values.
        stops, ends: Colours at even distances, and the values of the first and the last.
        hover: As of :func:`line`.
        legend: Title of the legend of colours, or several of its properties.
        gap: Pixels between cells.
        **more: Further properties of the trace.
    """
    shown = {"title": legend} if isinstance(legend, str) else legend
    figure.add_heatmap(
        x=x,
        y=y,
        z=z,
        colorscale=colour_scale(stops),
        zmin=ends[0],
        zmax=ends[1],
        colorbar={"thickness": 12, **shown},
        xgap=gap,
        ygap=gap,
        hovertemplate=f"{hover}<extra></extra>",
        **more,
    )


def props(**more: Any) -> dict[str, Any]:
    """Properties that several traces share, or that would make a call long."""
    return more


def whiskers(middle: Any, low: Any, high: Any, **more: object) -> dict[str, object]:
    """An interval around points or bars, for their ``error_x`` or ``error_y``.

    Args:
        middle, low, high: (n,) what is drawn, and the ends of its interval.
        **more: Further properties.
    """
    ends = {"array": high - middle, "arrayminus": middle - low}
    return {"type": "data", "symmetric": False, **ends, "color": REFERENCE, **more}


def band(figure: go.Figure, x: Any, low: Floats, high: Floats, colour: str, **more: Any) -> None:
    """Add the ground between two lines, without hover text; ``more`` are further properties of the trace.

    Args:
        figure: Where to.
        x, low, high: (n,) places and both ends.
        colour, **more: Of the ground, and further properties of the trace.
    """
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        hoverinfo="skip",
        **more,
    )


def add_coverage(figure: go.Figure, coverage: Any, *, across: Sequence[object], hover: str) -> None:
    """Units in zones (rows) under several plans (columns) as a heat map from none to the most, at least one.

    Args:
        figure: Where to.
        coverage: Units on average; index zones.
        across: The columns as the x axis shows them.
        hover: How the hover text shows a column, e.g. ``%{x:.1f} units``.
    """
    zones = [str(zone) for zone in coverage.index]
    units, said = coverage.to_numpy(dtype=float), f"%{{y}}, {hover}: %{{z:.2f}} units on average"
    top = max(1.0, float(units.max(initial=0.0)))
    heat(figure, across, zones, units, PATROL, said, ends=(0, top), legend="units")


def search_bounds(
    history: Sequence[tuple[float, float, float]],
    *,
    unit: str,
    names: tuple[str, str],
    number: str,
    sign: float = 1.0,
) -> go.Figure:
    """How the bounds of a search closed in over its seconds.

    Args:
        history: (seconds, lower bound, upper bound).
        unit: Of the bounds.
        names: Of the lower and of the upper bound.
        number: Format of a bound in the hover text.
        sign: 1, or -1 to show losses for payoffs.
    """
    figure = chart("How the search closed in", "seconds", unit)
    last = max((row[0] for row in history), default=0.0)
    for place, colour, dash in ((1, PLAN, "solid"), (2, REFERENCE, "dash")):
        known = np.array([(row[0], sign * row[place]) for row in history if np.isfinite(row[place])])
        seconds, bound = known.reshape(-1, 2).T
        style = props(dash=dash, size=5, line={"shape": "hv"}, name=names[place - 1])
        line(figure, seconds, bound, colour, f"%{{x:.2f}} s: %{{y:{number}}}", boxed=True, **style)
    if len({row[0] for row in history}) == 1:  # one dot shows no course: say what happened
        figure.add_annotation(
            text=f"closed at the first step, after {last:.2f} s", x=0.5, y=0.9, xref="paper", yref="paper",
            showarrow=False,
        )  # fmt: skip
        figure.update_layout(height=220)
    return figure


def mark_now(figure: go.Figure, x: float | None, **more: Any) -> None:
    """A line at the value in force, where there is one."""
    if x is not None:
        figure.add_vline(x=x, line={"color": MARK, "width": 2}, annotation_text="now", **more)


def _said(hover: str | None, name: str, *, boxed: bool = False) -> dict[str, object]:
    """Hover text and legend of a trace."""
    shown: dict[str, object] = {"name": name} if name else {"showlegend": False}
    if hover is None:
        return shown | {"hoverinfo": "skip"}
    return shown | {"hovertemplate": f"{hover}<extra>{name if boxed else ''}</extra>"}
