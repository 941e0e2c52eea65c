"""Charts of shifts, rosters and patrol areas: data in, figure out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from shapely.geometry.base import BaseGeometry

from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import GROUPS, PATROL, PLAN, REFERENCE, RISK

OFF_COLOUR = "#f4f5f7"


def week_heatmap(shares: np.ndarray, weekdays: Sequence[str], shifts: Sequence[str]) -> go.Figure:
    """Share of the week's demand by weekday and shift, in per cent; (7, shifts)."""
    figure = chart("Demand over the week", "", "", height=300)
    percent = 100.0 * shares / max(float(shares.sum()), 1e-300)
    figure.add_heatmap(
        z=percent.T,
        x=list(weekdays),
        y=list(shifts),
        colorscale=[[i / (len(RISK) - 1), colour] for i, colour in enumerate(RISK)],
        zmin=0.0,
        text=[[f"{value:.1f}" for value in row] for row in percent.T],
        texttemplate="%{text}",
        hovertemplate="%{y} of %{x}: %{z:.2f} % of the week<extra></extra>",
        colorbar={"title": {"text": "%"}, "thickness": 12},
    )
    figure.update_yaxes(autorange="reversed")
    return figure


def shift_bars(totals: pd.DataFrame, shifts: Sequence[str]) -> go.Figure:
    """Unit-hours of visits by date, shifts stacked.

    Parameters
    ----------
    totals
        Columns date, shift, unit_hours.
    """
    figure = chart("Patrol by date and shift", "", "unit-hours of visits", height=300)
    for number, shift in enumerate(shifts):
        own = totals[totals["shift"] == shift]
        figure.add_bar(
            x=own["date"],
            y=own["unit_hours"],
            name=shift,
            marker_color=GROUPS[number % len(GROUPS)],
            hovertemplate=f"%{{x}}, {shift}: %{{y:,.2f}} h<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    return figure


def roster_calendar(table: pd.DataFrame, shifts: Sequence[str]) -> go.Figure:
    """Units by dates, coloured by shift; off is pale.

    Parameters
    ----------
    table
        From :func:`patrol_core.allocation.roster.tables.calendar_table`: units by ISO dates, names of shifts.
    """
    figure = chart("Who works when", "", "", height=max(240, 90 + 17 * len(table)))
    codes = table.map(lambda name: shifts.index(name) + 1 if name else 0).to_numpy()
    colours = [OFF_COLOUR, *(GROUPS[number % len(GROUPS)] for number in range(len(shifts)))]
    steps = len(colours)
    scale = [[edge, colour] for i, colour in enumerate(colours) for edge in (i / steps, (i + 1) / steps)]
    figure.add_heatmap(
        z=codes,
        x=list(table.columns),
        y=list(table.index),
        zmin=-0.5,
        zmax=steps - 0.5,
        colorscale=scale,
        xgap=1,
        ygap=1,
        customdata=np.where(table.to_numpy() == "", "off", table.to_numpy()),
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        colorbar={
            "thickness": 12,
            "tickvals": list(range(steps)),
            "ticktext": ["off", *shifts],
        },
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    return figure


def memory_bars(table: pd.DataFrame) -> go.Figure:
    """Autocorrelation of the roster against independent draws, by lag.

    Parameters
    ----------
    table
        From :func:`patrol_core.allocation.roster.tables.foreseeable`.
    """
    own = table[table["measure"].str.startswith("autocorrelation")]
    figure = chart("What an observer could foresee", "", "autocorrelation of visits", height=300)
    labels = [
        f"{slot}, {measure.split(', ')[1]}" for slot, measure in zip(own["slot"], own["measure"], strict=True)
    ]
    figure.add_bar(
        x=labels,
        y=own["roster"],
        name="this roster",
        marker_color=PLAN,
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=labels,
        y=own["chance"],
        mode="markers",
        name="independent draws (5 to 95 %)",
        marker={
            "color": REFERENCE,
            "symbol": "line-ew",
            "size": 16,
            "line": {"width": 2, "color": REFERENCE},
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": own["chance_high"] - own["chance"],
            "arrayminus": own["chance"] - own["chance_low"],
            "color": REFERENCE,
        },
        hovertemplate="%{x}: %{y:.3f} by chance<extra></extra>",
    )
    return figure


def ways_bars(table: pd.DataFrame) -> go.Figure:
    """Demand met by ways to divide hours; ways that overspend are hatched.

    Parameters
    ----------
    table
        From :func:`patrol_core.allocation.hours.compare.compare_hours`.
    """
    figure = chart("Demand met", "% of all demand", "", height=60 + 46 * len(table))
    over = table["overspent"] > 0.0
    figure.add_bar(
        y=table["way"],
        x=100.0 * table["share_of_demand"],
        orientation="h",
        marker={
            "color": [PLAN if i == 0 else REFERENCE for i in range(len(table))],
            "pattern": {"shape": ["/" if mark else "" for mark in over]},
        },
        text=[
            f"{100 * share:.2f} %{f', {hours:,.0f} h too many' if mark else ''}"
            for share, hours, mark in zip(table["share_of_demand"], table["overspent"], over, strict=True)
        ],
        textposition="inside",
        insidetextanchor="end",
        hovertemplate="%{y}: %{x:.3f} % of demand<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed")
    return figure


def area_bars(table: pd.DataFrame, *, unit: str, tolerance: float) -> go.Figure:
    """Work of every patrol area with the band it must lie in.

    Parameters
    ----------
    table
        From :meth:`patrol_core.allocation.areas.design.PatrolAreas.figures`.
    """
    figure = chart("Work of each area", "", unit, height=300)
    mean = float(table["work"].mean())
    figure.add_hrect(
        y0=mean * (1 - tolerance),
        y1=mean * (1 + tolerance),
        fillcolor=PATROL[1],
        opacity=0.5,
        line_width=0,
        layer="below",
    )
    figure.add_bar(
        x=table["beat"],
        y=table["work"],
        marker_color=PLAN,
        customdata=table["zones"],
        hovertemplate="%{x}: %{y:,.1f}, %{customdata} zones<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero")
    return figure


def area_map(
    shapes: Mapping[str, BaseGeometry],
    near: Mapping[str, Sequence[str]],
    zones: Sequence[BaseGeometry],
    *,
    title: str,
    hover: Mapping[str, str],
) -> go.Figure:
    """Areas as coloured shapes on a plane without map tiles; areas that touch get different colours where eight suffice.

    Parameters
    ----------
    shapes
        Area to its geometry, in the plane's own units.
    near
        Area to the areas it touches.
    zones
        Outlines drawn thinly below.
    hover
        Area to the text shown on it; plain text, escaped here.
    """
    figure = chart(title, "", "", height=460)
    colour = _colouring(near)
    for name, shape in shapes.items():
        x, y = _rings(shape)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            fillcolor=GROUPS[colour[name] % len(GROUPS)],
            opacity=0.75,
            line={"color": "#1f2933", "width": 1.5},
            name=html.escape(name),
            text=html.escape(hover.get(name, name)),
            hoverinfo="text",
            hoveron="fills",
            showlegend=False,
        )
    x, y = [], []
    for shape in zones:
        ring_x, ring_y = _rings(shape)
        x += [*ring_x, None]
        y += [*ring_y, None]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": "rgba(31,41,51,0.35)", "width": 0.6},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    return figure


def _rings(shape: BaseGeometry) -> tuple[list[float | None], list[float | None]]:
    """Outer rings of a shape as one line with gaps."""
    parts = getattr(shape, "geoms", [shape])
    x: list[float | None] = []
    y: list[float | None] = []
    for part in parts:
        ring = getattr(part, "exterior", None)
        if ring is None or ring.is_empty:
            continue
        places = np.asarray(ring.coords)[:, :2]
        x += [*places[:, 0].tolist(), None]
        y += [*places[:, 1].tolist(), None]
    return x[:-1], y[:-1]


def _colouring(near: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """A colour number for every area, different from its neighbours': most neighbours first, least used colour."""
    colour: dict[str, int] = {}
    for name in sorted(near, key=lambda area: (-len(near[area]), area)):
        taken = {colour[other] for other in near[name] if other in colour}
        free = [number for number in range(len(GROUPS)) if number not in taken] or list(range(len(GROUPS)))
        used = list(colour.values())
        colour[name] = min(free, key=lambda number: (used.count(number), number))
    return colour
