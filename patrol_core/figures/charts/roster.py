"""Charts of hours, shifts, rosters and patrol areas: data in, figure out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from shapely.geometry.base import BaseGeometry

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import bars, chart, heat, line, points, props, whiskers
from patrol_core.figures.palette import GROUPS, INK, PATROL, PLAN, REFERENCE, RISK, group_colour

OFF_COLOUR = "#f4f5f7"
MOST_NAMED = 24
"""Areas up to which a map's legend names them; beyond, the hover text does."""
LEGEND_BESIDE = {"orientation": "v", "x": 1.0, "xanchor": "left", "y": 1.0, "yanchor": "top"}


def hours_heatmap(table: pd.DataFrame) -> go.Figure:
    """Hours by zone (rows) and month (columns)."""
    height = 90 + 20 * len(table)
    figure = chart("Hours by zone and month", "", "", height=height, category="xy", downward=True)
    months, zones = [str(month) for month in table.columns], [str(zone) for zone in table.index]
    hours, said = table.to_numpy(dtype=float), "%{y}, %{x}: %{z:,.2f} h"
    heat(figure, months, zones, hours, PATROL, said, ends=(0, None), legend="h per<br>month")
    return figure


def week_heatmap(shares: Floats, weekdays: Sequence[str], shifts: Sequence[str]) -> go.Figure:
    """Share of the week's demand by weekday and shift, in per cent.

    Args:
        shares: (7, shifts) demand.
        weekdays, shifts: Names of rows and columns.
    """
    figure = chart("Demand over the week", "", "", height=300, downward=True)
    percent = 100.0 * shares.T / max(float(shares.sum()), 1e-300)
    text = [[f"{value:.1f}" for value in row] for row in percent]
    heat(
        figure, list(weekdays), list(shifts), percent, RISK, "%{y} of %{x}: %{z:.2f} % of the week",
        ends=(0.0, None), legend="%", gap=0, text=text, texttemplate="%{text}",
    )  # fmt: skip
    return figure


def shift_bars(totals: pd.DataFrame, shifts: Sequence[str]) -> go.Figure:
    """Unit-hours of visits by date, shifts stacked.

    Args:
        totals: Columns date, shift, unit_hours.
        shifts: Their names, lowest in the stack first.
    """
    figure = chart("Patrol by date and shift", "", "unit-hours of visits", height=300)
    for number, shift in enumerate(shifts):
        own, said = totals[totals["shift"] == shift], f"%{{x}}, {shift}: %{{y:,.2f}} h"
        bars(figure, own["date"], own["unit_hours"], group_colour(number), said, name=shift)
    figure.update_layout(barmode="stack")
    return figure


def roster_calendar(table: pd.DataFrame, shifts: Sequence[str]) -> go.Figure:
    """Units by dates, coloured by shift; off is pale.

    Args:
        table: From :func:`patrol_core.allocation.roster.tables.calendar_table`: units by ISO dates, names of
            shifts.
        shifts: Names of all shifts.
    """
    height = max(240, 90 + 17 * len(table))
    figure = chart("Who works when", "", "", height=height, category="xy", downward=True)
    codes = table.map(lambda name: shifts.index(name) + 1 if name else 0).to_numpy()
    colours = [OFF_COLOUR, *(group_colour(number) for number in range(len(shifts)))]
    steps = len(colours)
    legend = {"tickvals": list(range(steps)), "ticktext": ["off", *shifts]}
    words = np.where(table.to_numpy() == "", "off", table.to_numpy())
    heat(
        figure, list(table.columns), list(table.index), codes, colours, "%{y}, %{x}: %{customdata}",
        ends=(-0.5, steps - 0.5), legend=legend, customdata=words,
    )  # fmt: skip
    edges = [[edge, colour] for i, colour in enumerate(colours) for edge in (i / steps, (i + 1) / steps)]
    figure.update_traces(colorscale=edges)
    return figure


def memory_bars(table: pd.DataFrame) -> go.Figure:
    """Autocorrelation of the roster against independent draws, by lag.

    Args:
        table: From :func:`patrol_core.allocation.roster.tables.foreseeable`.
    """
    own = table[table["measure"].str.startswith("autocorrelation")]
    figure = chart("What an observer could foresee", "", "autocorrelation of visits", height=300)
    labels = [
        f"{slot}, {measure.split(', ')[1]}" for slot, measure in zip(own["slot"], own["measure"], strict=True)
    ]
    bars(figure, labels, own["roster"], PLAN, "%{x}: %{y:.3f}", name="this roster")
    interval = whiskers(own["chance"], own["chance_low"], own["chance_high"])
    dash = {"symbol": "line-ew", "line": {"width": 2, "color": REFERENCE}}
    name, said = "independent draws (5 to 95 %)", "%{x}: %{y:.3f} by chance"
    points(figure, labels, own["chance"], REFERENCE, said, size=16, name=name, marker=dash, error_y=interval)
    return figure


def ways_bars(table: pd.DataFrame) -> go.Figure:
    """Demand met by ways to divide hours; ways that overspend are hatched.

    Args:
        table: From :func:`patrol_core.allocation.hours.compare.compare_hours`.
    """
    height = 60 + 46 * len(table)
    figure = chart("Demand met", "% of all demand", "", height=height, downward=True)
    over = table["overspent"] > 0.0
    text = [
        f"{100 * share:.2f} %{f', {hours:,.0f} h too many' if mark else ''}"
        for share, hours, mark in zip(table["share_of_demand"], table["overspent"], over, strict=True)
    ]
    colours = [PLAN if i == 0 else REFERENCE for i in range(len(table))]
    hatched = {"pattern": {"shape": ["/" if mark else "" for mark in over]}, "color": colours}
    inside = props(text=text, textposition="inside", insidetextanchor="end", marker=hatched)
    met, said = 100.0 * table["share_of_demand"], "%{y}: %{x:.3f} % of demand"
    bars(figure, table["way"], met, None, said, sideways=True, **inside)
    return figure


def area_bars(table: pd.DataFrame, *, unit: str, tolerance: float) -> go.Figure:
    """Work of every patrol area with the band it must lie in.

    Args:
        table: From :meth:`patrol_core.allocation.areas.design.PatrolAreas.figures`.
        unit: Of the work.
        tolerance: How far an area's work may be from the mean, as a share of it.
    """
    figure = chart("Work of each area", "", unit, height=300, category="x", zero="y")
    mean = float(table["work"].mean())
    ends = {"y0": mean * (1 - tolerance), "y1": mean * (1 + tolerance)}
    figure.add_hrect(**ends, fillcolor=PATROL[1], opacity=0.5, line_width=0, layer="below")
    said = "%{x}: %{y:,.1f}, %{customdata} zones"
    bars(figure, table["beat"], table["work"], PLAN, said, customdata=table["zones"])
    return figure


def area_map(
    shapes: Mapping[str, BaseGeometry],
    near: Mapping[str, Sequence[str]],
    zones: Sequence[BaseGeometry],
    *,
    title: str,
    hover: Mapping[str, str],
) -> go.Figure:
    """Areas as coloured, numbered shapes on a plane without map tiles; the legend says which number is which.

    Areas that touch get different colours where eight suffice.

    Args:
        shapes: Area to its geometry, in the plane's own units.
        near: Area to the areas it touches.
        zones: Outlines drawn thinly below.
        title: Of the chart.
        hover: Area to the text shown on it; plain text, escaped here.
    """
    figure = chart(title, "", "", height=460)
    colour, named = _colouring(near), len(shapes) <= MOST_NAMED
    for number, (name, shape) in enumerate(shapes.items(), start=1):
        figure.add_scatter(
            **_rings([shape]),
            mode="lines",
            fill="toself",
            fillcolor=group_colour(colour[name]),
            opacity=0.75,
            line={"color": INK, "width": 1.5},
            name=f"{number}  {html.escape(name)}",
            text=html.escape(hover.get(name, name)),
            hoverinfo="text",
            hoveron="fills",
            showlegend=named,
        )
    middles = [shape.representative_point() for shape in shapes.values()]
    figure.add_scatter(
        x=[one.x for one in middles],
        y=[one.y for one in middles],
        mode="text",
        text=[f"<b>{number}</b>" for number in range(1, len(middles) + 1)],
        textfont={"color": INK, "size": 14},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(legend=LEGEND_BESIDE)
    line(figure, **_rings(zones), colour="rgba(31,41,51,0.35)", hover=None, width=0.6)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    return figure


def _rings(shapes: Sequence[BaseGeometry]) -> dict[str, Any]:
    """Outer rings of shapes as one line with gaps, the members ``x`` and ``y`` of a trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for part in (part for shape in shapes for part in getattr(shape, "geoms", [shape])):
        ring = getattr(part, "exterior", None)
        if ring is not None and not ring.is_empty:
            places = np.asarray(ring.coords)
            x += [*places[:, 0].tolist(), None]
            y += [*places[:, 1].tolist(), None]
    return {"x": x[:-1], "y": y[:-1]}


def _colouring(near: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """A colour number for every area, different from its neighbours': most neighbours first, least used colour."""
    colour: dict[str, int] = {}
    for name in sorted(near, key=lambda area: (-len(near[area]), area)):
        taken = {colour[other] for other in near[name] if other in colour}
        free = [number for number in range(len(GROUPS)) if number not in taken] or list(range(len(GROUPS)))
        used = list(colour.values())
        colour[name] = min(free, key=lambda number: (used.count(number), number))
    return colour
