"""Charts of a forecast: what comes, how well past months were predicted, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import bars, chart, line, points, props
from patrol_core.figures.palette import MARK, PALE, PLAN, REFERENCE, RISK
from patrol_core.words import figure as number

BAND = "rgba(33, 113, 181, 0.16)"
"""The plan's blue, see-through: where the forecast lies with the asked probability."""


def zone_outlook(
    history: pd.Series, ahead: pd.DataFrame, *, name: str, unit: str, tested: pd.DataFrame | None = None
) -> go.Figure:
    """History, forecast and interval of one zone or of all together.

    Args:
        history: Recorded; indexed by month "YYYY-MM".
        ahead: Columns ``month``, ``predicted`` and, where there is an interval, ``low`` and ``high``.
        name, unit: Title, and unit of the values.
        tested: Columns ``month``, ``predicted``: what was predicted for past months from earlier ones.
    """
    figure = chart(name, "", unit, height=300, category="x", zero="y")
    coming = list(ahead["month"])
    if {"low", "high"} <= set(ahead.columns):
        high, low = (ahead[column].to_numpy(dtype=float) for column in ("high", "low"))
        line(figure, coming, high, PLAN, "%{x}: up to %{y:,.1f}", width=0)
        filled = props(fill="tonexty", fillcolor=BAND)
        line(figure, coming, low, PLAN, "%{x}: from %{y:,.1f}", width=0, name="interval", **filled)
    recorded = history.to_numpy(dtype=float)
    line(figure, list(history.index), recorded, RISK[3], "%{x}: %{y:,.1f} recorded", name="recorded")
    past = [] if tested is None else list(tested["month"])
    if tested is not None and past:
        then, said = (
            tested["predicted"].to_numpy(dtype=float),
            "%{x}: %{y:,.1f} predicted from earlier months",
        )
        line(figure, past, then, PLAN, said, name="predicted then", width=1.5, dash="dot")
    predicted = ahead["predicted"].to_numpy(dtype=float)
    line(figure, coming, predicted, PLAN, "%{x}: %{y:,.1f} forecast", name="forecast", width=2.5, size=5)
    months = sorted({*history.index, *coming, *past})
    figure.update_xaxes(categoryorder="array", categoryarray=months)
    return figure


def model_bars(
    models: Sequence[str], values: Sequence[float], *, winner: str, title: str, unit: str
) -> go.Figure:
    """One score of every model, the winner in colour.

    Args:
        models, values: Names and scores in the same order, first on top.
        winner: One of the models.
        title, unit: Of the chart, and of the score.
    """
    figure = chart(title, unit, "", height=90 + 30 * len(models))
    names = [str(model) for model in models][::-1]
    numbers = [float(value) for value in values][::-1]
    colours = [PLAN if name == winner else PALE for name in names]
    text = [f"{number(value)}" for value in numbers]
    bars(figure, names, numbers, colours, "%{y}: %{x:,.4~r}", sideways=True, text=text)
    return figure


def interval_coverage(steps: Sequence[int], measured: Sequence[float], *, asked: float) -> go.Figure:
    """Share of actual figures inside the interval, by how far ahead it was made.

    Args:
        steps, measured: Months ahead, and the share found inside at each.
        asked: Share that should lie inside.
    """
    title = "Inside the interval, by months ahead"
    figure = chart(title, "months ahead", "share of zones", height=300, share="y")
    shares = [float(share) for share in measured]
    bars(figure, [int(step) for step in steps], shares, PLAN, "%{x} ahead: %{y:.1%} inside")
    figure.add_hline(y=asked, line={"color": MARK, "dash": "dash"}, annotation_text=f"asked: {asked:.0%}")
    figure.update_yaxes(range=[0, 1.08])
    figure.update_xaxes(dtick=1)
    return figure


def predicted_totals(table: pd.DataFrame, *, unit: str, chosen: str = "") -> go.Figure:
    """Totals of past months beside what was predicted for them.

    Args:
        table: Columns ``month``, ``actual``, ``predicted``.
        unit: Of the totals.
        chosen: The month shown elsewhere on the page; drawn stronger.
    """
    title = "All zones: recorded beside predicted"
    figure = chart(title, "", unit, height=280, category="x", zero="y")
    months = list(table["month"])
    actual, predicted = (table[column].to_numpy(dtype=float) for column in ("actual", "predicted"))
    colours = [RISK[3] if month == chosen else RISK[1] for month in months]
    bars(figure, months, actual, colours, "%{x}: %{y:,.0f} recorded", name="recorded")
    sizes: list[float] = [11 if month == chosen else 5 for month in months]
    marker = props(marker={"size": sizes}, mode="lines+markers")
    line(figure, months, predicted, PLAN, "%{x}: %{y:,.0f} predicted", name="predicted", width=2.5, **marker)
    return figure


def tuning_path(trials: pd.DataFrame, *, label: str) -> go.Figure:
    """Score of every setting tried, and the best so far; lower is better.

    Args:
        trials: Columns ``number``, ``value``.
        label: Name of the score.
    """
    figure = chart("Settings tried", "setting", label, height=280)
    number, value = trials["number"].to_numpy(dtype=float), trials["value"].to_numpy(dtype=float)
    points(figure, number, value, REFERENCE, "no. %{x:.0f}: %{y:,.4~r}", size=7, name="tried")
    best, said = np.fmin.accumulate(value), "best up to no. %{x:.0f}: %{y:,.4~r}"
    line(figure, number, best, PLAN, said, name="best so far", line={"shape": "hv"})
    return figure
