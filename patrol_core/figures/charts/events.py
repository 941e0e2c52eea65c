"""Charts of an event plan: who is where, what an attacker could gain, and the event as a film on its map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from patrol_core.arrays import Floats
from patrol_core.events import EventPlan, Exposure, PublicEvent, Scene, clock, itineraries
from patrol_core.figures.charts.base import chart
from patrol_core.figures.maps.plane import film_controls
from patrol_core.figures.palette import GROUPS, MARK, PATROL, PLAN, REFERENCE, RISK

if TYPE_CHECKING:
    import geopandas as gpd


STEPS_H = (1 / 60, 1 / 30, 1 / 12, 1 / 6, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Times between pictures of a film to choose from, hours; round on the clock."""
MOST_PICTURES = 90
WARM = [[k / 4, colour] for k, colour in enumerate(RISK)]
STREET = "#c7ccd4"
DASHES = ("dash", "dot", "dashdot", "longdash")


def _ticks(duration: float, begins: float) -> dict[str, list[str] | list[float]]:
    step = next((size for size in (0.25, 0.5, 1.0, 2.0, 4.0) if duration / size <= 12), 6.0)
    marks = [float(mark) for mark in np.arange(0.0, duration + 1e-9, step)]
    return {"tickvals": marks, "ticktext": [clock(mark, begins) for mark in marks]}


def worst_over_time(
    plan: EventPlan, others: Mapping[str, Exposure], *, unit: str, begins: float = 0.0
) -> go.Figure:
    """Most that an attack at each moment would take, under the plan and under simpler plans."""
    figure = chart("Worst attack at each moment", "", unit, height=360)
    for (name, found), dash in zip(others.items(), DASHES, strict=False):
        figure.add_scatter(
            x=found.frame["time"],
            y=found.frame["worst"],
            mode="lines",
            name=name,
            line={"color": REFERENCE, "dash": dash, "width": 1.5},
            hovertemplate="%{y:,.1f}<extra>" + name + "</extra>",
        )
    mine = plan.exposure.frame
    figure.add_scatter(
        x=mine["time"],
        y=mine["worst"],
        mode="lines",
        name="The plan",
        line={"color": PLAN, "width": 2.5},
        customdata=np.column_stack([mine["target"], [clock(t, begins) for t in mine["time"]]]),
        hovertemplate="%{customdata[1]}, %{customdata[0]}: %{y:,.1f}<extra>The plan</extra>",
    )
    figure.add_hline(y=plan.value, line={"color": MARK, "width": 1, "dash": "dot"})
    figure.update_xaxes(**_ticks(plan.event.duration, begins))
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(legend={"y": -0.12, "yanchor": "top", "x": 0, "xanchor": "left"})
    return figure


def gantt(plan: EventPlan, *, begins: float = 0.0) -> go.Figure:
    """Who stands where and when, one row a unit; grey is on the way."""
    who = itineraries(plan)
    units = list(dict.fromkeys(who["unit"]))
    figure = chart("Who is where", "", "", height=90 + 26 * len(units))
    colours = {name: GROUPS[k % len(GROUPS)] for k, name in enumerate(plan.event.ids)}
    for name, mine in who[who["state"] == "stands"].groupby("target", sort=False):
        _bars(figure, mine, colours[str(name)], str(name), begins, label=True)
    moving = who[who["state"] == "travels"]
    if len(moving):
        _bars(figure, moving, "#e0e3e8", "on the way", begins, label=False)
    figure.update_layout(barmode="overlay", showlegend=False, bargap=0.25)
    figure.update_xaxes(range=[plan.start, plan.event.duration], **_ticks(plan.event.duration, begins))
    figure.update_yaxes(categoryorder="array", categoryarray=units[::-1], type="category")
    return figure


def _bars(
    figure: go.Figure, rows: pd.DataFrame, colour: str, name: str, begins: float, *, label: bool
) -> None:
    length = rows["ends"] - rows["begins"]
    times = [
        f"{clock(a, begins)} to {clock(b, begins)}" for a, b in zip(rows["begins"], rows["ends"], strict=True)
    ]
    words = rows["target"] if label else "to " + rows["target"]
    figure.add_bar(
        y=rows["unit"],
        x=length,
        base=rows["begins"],
        orientation="h",
        marker={"color": colour, "line": {"color": "white", "width": 1}},
        name=name,
        text=rows["target"] if label else None,
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "white", "size": 11},
        customdata=np.column_stack([words, times]),
        hovertemplate="%{y}: %{customdata[0]}, %{customdata[1]}<extra></extra>",
    )


def worth_curve(table: pd.DataFrame, *, units: int, unit: str) -> go.Figure:
    """Worst case over the number of units, with the bound and the best fixed places."""
    figure = chart("What one more unit would buy", "units", unit, height=360)
    lines = (
        ("fixed_places", "Best fixed places", REFERENCE, "dash"),
        ("no_travel", "If moving took no time", REFERENCE, "dot"),
        ("worst_case", "The plan", PLAN, "solid"),
    )
    for column, name, colour, dash in lines:
        figure.add_scatter(
            x=table["units"],
            y=table[column],
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash},
            marker={"size": 5},
            hovertemplate="%{x} units: %{y:,.1f}<extra>" + name + "</extra>",
        )
    now = table[table["units"] == units]
    if len(now):
        figure.add_scatter(
            x=now["units"],
            y=now["worst_case"],
            mode="markers",
            marker={"color": MARK, "size": 12},
            name="Now",
            hoverinfo="skip",
        )
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(legend={"y": -0.2, "yanchor": "top", "x": 0, "xanchor": "left"})
    return figure


def values_map(event: PublicEvent, *, unit: str, begins: float = 0.0) -> go.Figure:
    """The value of every target over time as a heat map."""
    moments = np.linspace(0.0, event.duration, 121)
    levels = np.array([curve.at(moments) for curve in event.curves])
    figure = chart("Value of each target over time", "", "", height=100 + 24 * len(event.ids))
    figure.add_heatmap(
        x=moments,
        y=list(event.ids),
        z=levels,
        colorscale=WARM,
        zmin=0,
        customdata=np.broadcast_to([clock(t, begins) for t in moments], levels.shape),
        hovertemplate="%{y}, %{customdata}: %{z:,.0f}<extra></extra>",
        colorbar={"title": unit, "thickness": 12},
    )
    figure.update_xaxes(**_ticks(event.duration, begins))
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def film(scene: Scene, plan: EventPlan, fixed: Exposure, *, unit: str) -> go.Figure:
    """The event on its map, with a slider that moves crowd, units and the curve of the worst attack together.

    Everything is in the figure, so that the slider needs no server. Circles grow with the value of a target and warm
    with what an attack there would take; the number is the units that stand there; blue dots are units on their way.
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
    _streets(figure, scene)
    base = len(figure.data)
    figure.add_trace(_circles(scene, spots, levels[:, 0], losses[:, 0], units[0], top, most, unit), 1, 1)
    figure.add_trace(_on_the_way(plan, spots, moving, float(moments[0])), 1, 1)
    for name, found, colour, dash in (
        ("Best fixed places", fixed, REFERENCE, "dash"),
        ("The plan", plan.exposure, PLAN, "solid"),
    ):
        line = go.Scatter(
            x=found.frame["time"],
            y=found.frame["worst"],
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash},
            hoverinfo="skip",
        )
        figure.add_trace(line, 2, 1)
    figure.add_trace(_hand(float(moments[0]), fixed, plan), 2, 1)
    pictures = [
        go.Frame(
            name=f"{k}",
            traces=[base, base + 1, base + 4],
            data=[
                _circles(scene, spots, levels[:, k], losses[:, k], units[k], top, most, unit),
                _on_the_way(plan, spots, moving, float(when)),
                _hand(float(when), fixed, plan),
            ],
        )
        for k, when in enumerate(moments)
    ]
    figure.frames = pictures
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


def _streets(figure: go.Figure, scene: Scene) -> None:
    for lines, colour, width in ((scene.streets, STREET, 1.0), (scene.places, "#f2a65a", 3.0)):
        shapes = lines.geometry.to_numpy()
        shapes = shapes[shapely.get_type_id(shapes) == 1] if len(shapes) else shapes
        x: list[float | None] = []
        y: list[float | None] = []
        for shape in shapes:
            points = shapely.get_coordinates(shape)
            x += [*points[:, 0].tolist(), None]
            y += [*points[:, 1].tolist(), None]
        trace = go.Scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", showlegend=False
        )
        figure.add_trace(trace, 1, 1)


def _circles(
    scene: Scene,
    spots: Floats,
    level: Floats,
    loss: Floats,
    units: NDArray[np.int64],
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
        textfont={"color": "#08306b", "size": 15, "weight": "bold"},
        marker={
            "size": size,
            "color": loss,
            "colorscale": WARM,
            "cmin": 0,
            "cmax": most,
            "opacity": 0.85,
            "line": {"color": "#52606d", "width": 1},
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
        marker={"color": PATROL[3], "size": 11, "line": {"color": "white", "width": 1}},
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
    figure.update_layout(
        height=720,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13, "color": "#1f2933"},
        legend={"orientation": "h", "y": 0.27, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    labels = [clock(float(when), scene.clock) for when in moments]
    frames = [f"{k}" for k in range(len(moments))]
    film_controls(figure, labels, frames, "Time ", milliseconds=220, x=0.14, y=-0.04, gap=30)
    figure.update_xaxes(visible=False, row=1, col=1)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1, row=1, col=1)
    figure.update_xaxes(
        range=[float(moments[0]), float(moments[-1])],
        gridcolor="#e6e8ec",
        **_ticks(scene.event.duration, scene.clock),
        row=2,
        col=1,
    )
    figure.update_yaxes(
        title="worst attack",
        automargin=True,
        rangemode="tozero",
        gridcolor="#e6e8ec",
        row=2,
        col=1,
        zeroline=False,
    )
