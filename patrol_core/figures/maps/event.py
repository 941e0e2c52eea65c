"""A public event as a film on its map: crowd, units, and what an attack would take, moment by moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely
from plotly.subplots import make_subplots

from patrol_core.arrays import Floats, Ints
from patrol_core.events import EventPlan, Exposure, Scene, clock, itineraries
from patrol_core.figures.charts.base import AXIS, GROUND, LEGEND_RIGHT, line
from patrol_core.figures.charts.events import clock_marks
from patrol_core.figures.maps.plane import WHITE, draw_lines, film_controls, with_gaps
from patrol_core.figures.palette import EDGE, GRID, MARK, PATROL, PLAN, REFERENCE, RISK, STREET, colour_scale

if TYPE_CHECKING:
    import geopandas as gpd


STEPS_H = (1 / 60, 1 / 30, 1 / 12, 1 / 6, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Times between pictures of a film to choose from, hours; round on the clock."""
MOST_PICTURES = 90


def film(scene: Scene, plan: EventPlan, fixed: Exposure, *, unit: str) -> go.Figure:
    """The event on its map, with a slider that moves crowd, units and the curve of the worst attack together.

    Everything is in the figure, so that the slider needs no server. Circles grow with the value of a target and warm
    with what an attack there would take; the number is the units that stand there; blue dots are units on their way.

    Args:
        scene: Streets and places of the event.
        plan, fixed: The plan, and exposure under the best fixed places.
        unit: Of a value.
    """
    moments = _moments(plan)
    spots = spots_of(scene.places)
    levels = np.array([curve.at(moments) for curve in plan.event.curves])
    units = plan.exposure.units[np.searchsorted(plan.exposure.starts, moments, side="right") - 1]
    losses = levels * np.exp(-plan.event.decay * units.T)
    top, most = max(float(levels.max()), 1e-12), max(float(losses.max()), 1e-12)
    moving = itineraries(plan)
    moving = moving[moving["state"] == "travels"]
    figure = make_subplots(rows=2, cols=1, row_heights=[0.72, 0.28], vertical_spacing=0.1)
    for lines, colour, width in ((scene.streets, STREET, 1.0), (scene.places, "#f2a65a", 3.0)):
        shapes = lines.geometry.to_numpy()
        shapes = shapes[shapely.get_type_id(shapes) == 1] if len(shapes) else shapes
        draw_lines(figure, with_gaps([shapely.get_coordinates(shape) for shape in shapes]), colour, width)
    base = len(figure.data)

    def moved(k: int) -> list[go.Scatter]:
        """What changes from picture to picture."""
        when = float(moments[k])
        return [
            _circles(scene, spots, levels[:, k], losses[:, k], units[k], top, most, unit),
            _on_the_way(plan, spots, moving, when),
            _hand(when, fixed, plan),
        ]

    circles, walkers, hand = moved(0)
    figure.add_trace(circles, 1, 1)
    figure.add_trace(walkers, 1, 1)
    for name, found, colour, dash in (
        ("Best fixed places", fixed, REFERENCE, "dash"),
        ("The plan", plan.exposure, PLAN, "solid"),
    ):
        time, worst = found.frame["time"], found.frame["worst"]
        line(figure, time, worst, colour, None, name=name, dash=dash, row=2, col=1)
    figure.add_trace(hand, 2, 1)
    figure.frames = [
        go.Frame(name=f"{k}", traces=[base, base + 1, base + 4], data=moved(k)) for k in range(len(moments))
    ]
    _film_layout(figure, scene, moments)
    return figure


def _moments(plan: EventPlan) -> Floats:
    length = plan.event.duration - plan.start
    step = next((size for size in STEPS_H if length / size <= MOST_PICTURES), length / MOST_PICTURES)
    count = int(np.ceil(length / step - 1e-9))
    return np.asarray(np.minimum(plan.start + step * np.arange(count + 1), plan.event.duration))


def spots_of(places: gpd.GeoDataFrame) -> Floats:
    """A point of every target, (n, 2), in the CRS of the places; the middle of a line."""
    middles = [
        shape.interpolate(0.5, normalized=True) if shape.geom_type == "LineString" else shape.centroid
        for shape in places.geometry
    ]
    return np.asarray(shapely.get_coordinates(middles))


def _circles(
    scene: Scene,
    spots: Floats,
    level: Floats,
    loss: Floats,
    units: Ints,
    top: float,
    most: float,
    unit: str,
) -> go.Scatter:
    size = 16 + 34 * np.sqrt(level / top)
    return go.Scatter(
        x=spots[:, 0],
        y=spots[:, 1],
        mode="markers+text",
        text=[str(count) if count else "" for count in units],
        textfont={"color": PATROL[4], "size": 15, "weight": "bold"},
        marker={
            "size": size,
            "color": loss,
            "colorscale": colour_scale(RISK),
            "cmin": 0,
            "cmax": most,
            "opacity": 0.85,
            "line": {"color": EDGE, "width": 1},
            "colorbar": {"title": "attack would<br>take", "thickness": 12, "len": 0.6, "y": 0.72},
        },
        customdata=np.column_stack([list(scene.event.ids), level, units, loss]),
        hovertemplate="<b>%{customdata[0]}</b><br>value %{customdata[1]:,.0f} "
        + unit
        + "<br>units %{customdata[2]}<br>an attack would take %{customdata[3]:,.1f}<extra></extra>",
        showlegend=False,
    )


def _on_the_way(plan: EventPlan, spots: Floats, moving: pd.DataFrame, when: float) -> go.Scatter:
    """Units on their way, drawn on the straight line between their targets."""
    now = moving[(moving["begins"] <= when) & (moving["ends"] > when)]
    place = {name: k for k, name in enumerate(plan.event.ids)}
    origin = {(move.target, move.departs, move.arrives): move.origin for move in plan.transfers}
    x, y, names = [], [], []
    for unit, target, begins, ends in zip(
        now["unit"].tolist(),
        now["target"].tolist(),
        now["begins"].tolist(),
        now["ends"].tolist(),
        strict=True,
    ):
        start = origin.get((target, begins, ends))
        if start is None:
            continue
        share = (when - begins) / (ends - begins)
        point = spots[place[start]] + share * (spots[place[target]] - spots[place[start]])
        x.append(float(point[0]))
        y.append(float(point[1]))
        names.append(f"{unit}: {start} to {target}")
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        text=names,
        hovertemplate="%{text}<extra></extra>",
        marker={"color": PATROL[3], "size": 11, "line": WHITE},
        showlegend=False,
    )


def _hand(when: float, fixed: Exposure, plan: EventPlan) -> go.Scatter:
    top = max(float(fixed.frame["worst"].max()), float(plan.exposure.frame["worst"].max()))
    return go.Scatter(
        x=[when, when],
        y=[0, top],
        mode="lines",
        line={"color": MARK, "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )


def _film_layout(figure: go.Figure, scene: Scene, moments: Floats) -> None:
    legend = {"y": 0.27, **LEGEND_RIGHT}
    figure.update_layout(height=720, margin={"l": 10, "r": 10, "t": 30, "b": 10}, legend=legend, **GROUND)
    labels = [clock(float(when), scene.clock) for when in moments]
    frames = [f"{k}" for k in range(len(moments))]
    film_controls(figure, labels, frames, "Time ", milliseconds=220, x=0.14, y=-0.04, gap=30)
    figure.update_xaxes(visible=False, row=1, col=1)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1, row=1, col=1)
    ends, ticks = [float(moments[0]), float(moments[-1])], clock_marks(scene.event.duration, scene.clock)
    figure.update_xaxes(range=ends, gridcolor=GRID, **ticks, row=2, col=1)
    figure.update_yaxes(title="worst attack", rangemode="tozero", **AXIS, row=2, col=1)
