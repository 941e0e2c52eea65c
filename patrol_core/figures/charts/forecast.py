"""Charts of a forecast: what comes, how well it was foretold, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import MARK, PLAN, REFERENCE, RISK

BAND = "rgba(33, 113, 181, 0.16)"
"""The plan's blue, see-through: where the forecast lies with the asked probability."""
PLAIN = "#b6bdc8"


def zone_outlook(
    history: pd.Series, ahead: pd.DataFrame, *, name: str, unit: str, tested: pd.DataFrame | None = None
) -> go.Figure:
    """History, forecast and interval of one zone or of all together.

    Parameters
    ----------
    history
        Recorded; indexed by month "YYYY-MM".
    ahead
        Columns ``month``, ``predicted`` and, where there is an interval, ``low`` and ``high``.
    tested
        Columns ``month``, ``predicted``: what was foretold for past months from earlier ones.
    """
    figure = chart(name, "", unit, height=300)
    if {"low", "high"} <= set(ahead.columns):
        _band(figure, ahead)
    figure.add_scatter(
        x=list(history.index),
        y=history.to_numpy(dtype=float),
        mode="lines",
        line={"color": RISK[3], "width": 2},
        name="recorded",
        hovertemplate="%{x}: %{y:,.1f} recorded<extra></extra>",
    )
    if tested is not None and len(tested):
        figure.add_scatter(
            x=list(tested["month"]),
            y=tested["predicted"].to_numpy(dtype=float),
            mode="lines",
            line={"color": PLAN, "width": 1.5, "dash": "dot"},
            name="foretold then",
            hovertemplate="%{x}: %{y:,.1f} foretold from earlier months<extra></extra>",
        )
    figure.add_scatter(
        x=list(ahead["month"]),
        y=ahead["predicted"].to_numpy(dtype=float),
        mode="lines+markers",
        line={"color": PLAN, "width": 2.5},
        marker={"size": 5},
        name="forecast",
        hovertemplate="%{x}: %{y:,.1f} forecast<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    months = sorted({*history.index, *ahead["month"], *(tested["month"] if tested is not None else ())})
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=months, nticks=7, tickangle=0)
    figure.update_layout(margin_t=74)  # title and legend, one above the other, where the chart is narrow
    return figure


def _band(figure: go.Figure, ahead: pd.DataFrame) -> None:
    months = list(ahead["month"])
    figure.add_scatter(
        x=months,
        y=ahead["high"].to_numpy(dtype=float),
        mode="lines",
        line={"width": 0},
        showlegend=False,
        hovertemplate="%{x}: up to %{y:,.1f}<extra></extra>",
    )
    figure.add_scatter(
        x=months,
        y=ahead["low"].to_numpy(dtype=float),
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor=BAND,
        name="interval",
        hovertemplate="%{x}: from %{y:,.1f}<extra></extra>",
    )


def model_bars(
    models: Sequence[str], values: Sequence[float], *, winner: str, title: str, unit: str
) -> go.Figure:
    """One score of every model, the winner in colour; models in the order given, first on top."""
    figure = chart(title, unit, "", height=90 + 30 * len(models))
    names = [str(model) for model in models][::-1]
    numbers = [float(value) for value in values][::-1]
    figure.add_bar(
        y=names,
        x=numbers,
        orientation="h",
        marker_color=[PLAN if name == winner else PLAIN for name in names],
        text=[f"{value:,.3g}" for value in numbers],
        hovertemplate="%{y}: %{x:,.4g}<extra></extra>",
    )
    return figure


def interval_coverage(steps: Sequence[int], measured: Sequence[float], *, asked: float) -> go.Figure:
    """Share of actual figures inside the interval, by how many months ahead it was made, against the share asked."""
    figure = chart("Inside the interval, by months ahead", "months ahead", "share of zones", height=300)
    figure.add_bar(
        x=[int(step) for step in steps],
        y=[float(share) for share in measured],
        marker_color=PLAN,
        hovertemplate="%{x} ahead: %{y:.1%} inside<extra></extra>",
    )
    figure.add_hline(y=asked, line={"color": MARK, "dash": "dash"}, annotation_text=f"asked: {asked:.0%}")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.08])
    figure.update_xaxes(dtick=1)
    return figure


def foretold_totals(table: pd.DataFrame, *, unit: str, chosen: str = "") -> go.Figure:
    """Totals of past months beside what was foretold for them.

    Parameters
    ----------
    table
        Columns ``month``, ``actual``, ``predicted``.
    chosen
        The month shown elsewhere on the page; drawn stronger.
    """
    figure = chart("All zones: recorded beside foretold", "", unit, height=280)
    months = list(table["month"])
    figure.add_bar(
        x=months,
        y=table["actual"].to_numpy(dtype=float),
        marker_color=[RISK[3] if month == chosen else RISK[1] for month in months],
        name="recorded",
        hovertemplate="%{x}: %{y:,.0f} recorded<extra></extra>",
    )
    figure.add_scatter(
        x=months,
        y=table["predicted"].to_numpy(dtype=float),
        mode="lines+markers",
        line={"color": PLAN, "width": 2.5},
        marker={"size": [11 if month == chosen else 5 for month in months]},
        name="foretold",
        hovertemplate="%{x}: %{y:,.0f} foretold<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    return figure


def tuning_path(trials: pd.DataFrame, *, label: str) -> go.Figure:
    """Score of every setting tried, and the best so far; lower is better.

    Parameters
    ----------
    trials
        Columns ``number``, ``value``.
    """
    figure = chart("Settings tried", "setting", label, height=280)
    number, value = trials["number"].to_numpy(dtype=float), trials["value"].to_numpy(dtype=float)
    figure.add_scatter(
        x=number,
        y=value,
        mode="markers",
        marker={"color": REFERENCE, "size": 7},
        name="tried",
        hovertemplate="no. %{x:.0f}: %{y:,.4g}<extra></extra>",
    )
    figure.add_scatter(
        x=number,
        y=np.fmin.accumulate(value),
        mode="lines",
        line={"color": PLAN, "width": 2, "shape": "hv"},
        name="best so far",
        hovertemplate="best up to no. %{x:.0f}: %{y:,.4g}<extra></extra>",
    )
    return figure
