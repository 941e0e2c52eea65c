"""Charts of an event plan: who is where, and what an attacker could gain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.events import EventPlan, Exposure, PublicEvent, clock, itineraries
from patrol_core.figures.charts.base import bars, chart, heat, line, points, props
from patrol_core.figures.palette import MARK, PLAN, REFERENCE, RISK, group_colour

DASHES = ("dash", "dot", "dashdot", "longdash")


def clock_marks(duration: float, begins: float) -> dict[str, list[str] | list[float]]:
    """Marks of an axis of time, as the clock shows them; both in hours."""
    step = next((size for size in (0.25, 0.5, 1.0, 2.0, 4.0) if duration / size <= 12), 6.0)
    marks = [float(mark) for mark in np.arange(0.0, duration + 1e-9, step)]
    return {"tickvals": marks, "ticktext": [clock(mark, begins) for mark in marks]}


def worst_over_time(
    plan: EventPlan, others: Mapping[str, Exposure], *, unit: str, begins: float = 0.0
) -> go.Figure:
    """Most that an attack at each moment would take, under the plan and under simpler plans.

    Args:
        plan: The plan.
        others: Name -> exposure under a simpler plan.
        unit: Of what is taken.
        begins: Hour of the day at which the event begins.
    """
    figure = chart("Worst attack at each moment", "", unit, height=360, zero="y", below=0.12)
    for (name, found), dash in zip(others.items(), DASHES, strict=False):
        time, worst = found.frame["time"], found.frame["worst"]
        line(figure, time, worst, REFERENCE, "%{y:,.1f}", name=name, dash=dash, width=1.5, boxed=True)
    mine = plan.exposure.frame
    data = np.column_stack([mine["target"], [clock(t, begins) for t in mine["time"]]])
    style = props(name="The plan", width=2.5, boxed=True, customdata=data)
    line(figure, mine["time"], mine["worst"], PLAN, "%{customdata[1]}, %{customdata[0]}: %{y:,.1f}", **style)
    figure.add_hline(y=plan.value, line={"color": MARK, "width": 1, "dash": "dot"})
    figure.update_xaxes(**clock_marks(plan.event.duration, begins))
    return figure


def gantt(plan: EventPlan, *, begins: float = 0.0) -> go.Figure:
    """Who stands where and when, one row a unit; grey is on the way."""
    who = itineraries(plan)
    units = list(dict.fromkeys(who["unit"]))
    figure = chart("Who is where", "", "", height=90 + 26 * len(units), category="y")
    colours = {name: group_colour(k) for k, name in enumerate(plan.event.ids)}
    for name, mine in who[who["state"] == "stands"].groupby("target", sort=False):
        _bars(figure, mine, colours[str(name)], str(name), begins, label=True)
    moving = who[who["state"] == "travels"]
    if len(moving):
        _bars(figure, moving, "#e0e3e8", "on the way", begins, label=False)
    figure.update_layout(barmode="overlay", showlegend=False, bargap=0.25)
    figure.update_xaxes(range=[plan.start, plan.event.duration], **clock_marks(plan.event.duration, begins))
    figure.update_yaxes(categoryorder="array", categoryarray=units[::-1])
    return figure


def _bars(
    figure: go.Figure, rows: pd.DataFrame, colour: str, name: str, begins: float, *, label: bool
) -> None:
    times = [
        f"{clock(a, begins)} to {clock(b, begins)}" for a, b in zip(rows["begins"], rows["ends"], strict=True)
    ]
    words = rows["target"] if label else "to " + rows["target"]
    bars(
        figure,
        rows["unit"],
        rows["ends"] - rows["begins"],
        colour,
        "%{y}: %{customdata[0]}, %{customdata[1]}",
        name=name,
        sideways=True,
        base=rows["begins"],
        marker={"color": colour, "line": {"color": "white", "width": 1}},
        text=rows["target"] if label else None,
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "white", "size": 11},
        customdata=np.column_stack([words, times]),
    )


def worth_curve(table: pd.DataFrame, *, units: int, unit: str) -> go.Figure:
    """Worst case over the number of units, with the bound and the best fixed places.

    Args:
        table: Columns units, worst_case, no_travel, fixed_places.
        units: In the plan, marked.
        unit: Of the worst case.
    """
    figure = chart("What one more unit would buy", "units", unit, height=360, zero="y", below=0.2)
    for column, name, colour, dash in (
        ("fixed_places", "Best fixed places", REFERENCE, "dash"),
        ("no_travel", "If moving took no time", REFERENCE, "dot"),
        ("worst_case", "The plan", PLAN, "solid"),
    ):
        said, style = "%{x} units: %{y:,.1f}", props(dash=dash, size=5, boxed=True)
        line(figure, table["units"], table[column], colour, said, name=name, **style)
    now = table[table["units"] == units]
    if len(now):
        points(figure, now["units"], now["worst_case"], MARK, None, size=12, name="Now")
    return figure


def values_map(event: PublicEvent, *, unit: str, begins: float = 0.0) -> go.Figure:
    """The value of every target over time as a heat map.

    Args:
        event: Targets and their curves.
        unit: Of a value.
        begins: Hour of the day at which the event begins.
    """
    moments = np.linspace(0.0, event.duration, 121)
    levels = np.array([curve.at(moments) for curve in event.curves])
    height = 100 + 24 * len(event.ids)
    figure = chart("Value of each target over time", "", "", height=height, category="y", downward=True)
    times = np.broadcast_to([clock(t, begins) for t in moments], levels.shape)
    said, look = "%{y}, %{customdata}: %{z:,.0f}", props(legend=unit, gap=0, customdata=times)
    heat(figure, moments, list(event.ids), levels, RISK, said, ends=(0, None), **look)
    figure.update_xaxes(**clock_marks(event.duration, begins))
    return figure
