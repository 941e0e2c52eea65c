"""Charts of what uncertainty and erring offenders do to the plan: data in, figure out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from patrol_core.figures.charts.base import add_coverage, chart
from patrol_core.figures.palette import MARK, PLAN, REFERENCE, RISK

_TICKS = (0, 1, 3, 10, 30, 100, 300, 1000)
_BELOW = {"y": -0.28, "x": 0, "xanchor": "left", "yanchor": "top"}


def robustness_curves(frame: pd.DataFrame, *, size: str, unit: str, gain: str, share: bool) -> go.Figure:
    """What robustness costs at the stated values, and gains in the bad case, over the size of the uncertainty.

    Parameters
    ----------
    frame
        Columns ``size``, ``nominal_loss``, ``worst_case_gain``.
    size
        What the size is, for people.
    gain
        What the gain is measured by, for people.
    share
        Whether sizes are shares from 0 to 1, shown in %.
    """
    figure = chart("Price of robustness", size, unit, height=380)
    for column, name, colour in (
        ("worst_case_gain", f"gained: {gain}", PLAN),
        ("nominal_loss", "given up if all is as stated", RISK[3]),
    ):
        figure.add_scatter(
            x=frame["size"],
            y=frame[column],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2.5},
            marker={"size": 6},
            hovertemplate=("%{x:.0%}" if share else "%{x:.4g}") + ": %{y:,.2f}<extra>" + name + "</extra>",
        )
    if share:
        figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(legend=_BELOW)
    return figure


def rationality_axis(rationality: ArrayLike) -> NDArray[np.float64]:
    """Where a rationality stands on the axis: even steps for doublings, and 0 has a place."""
    return np.asarray(np.log10(1.0 + np.asarray(rationality, dtype=float)))


def rationality_distance(frame: pd.DataFrame, *, now: float | None) -> go.Figure:
    """How far the plan is from the one for offenders who choose perfectly, over how well they choose.

    Parameters
    ----------
    frame
        Columns ``rationality`` (lambda times the highest value), ``distance`` (units of patrol that stand elsewhere).
    now
        Rationality in force, marked; None where the plan in hand is for other offenders.
    """
    figure = _path_frame("How far from the plan for perfect offenders", "units of patrol elsewhere", frame)
    figure.add_scatter(
        x=rationality_axis(frame["rationality"]),
        y=frame["distance"],
        customdata=frame["rationality"],
        mode="lines+markers",
        line={"color": PLAN, "width": 2.5},
        marker={"size": 6},
        showlegend=False,
        hovertemplate="%{customdata:.4g}: %{y:,.2f} units elsewhere<extra></extra>",
    )
    _mark(figure, now)
    figure.update_yaxes(rangemode="tozero")
    return figure


def rationality_losses(frame: pd.DataFrame, *, rational: float, now: float | None, unit: str) -> go.Figure:
    """What one try takes on average, with its proved bracket, and what a perfect offender would take from the same plan.

    Parameters
    ----------
    frame
        Columns ``rationality``, ``lower``, ``value``, ``worst_case``.
    rational
        What a perfect offender takes from the plan made for him.
    """
    figure = _path_frame("What offenders can expect from each plan", unit, frame)
    place = rationality_axis(frame["rationality"])
    figure.add_scatter(
        x=np.concatenate([place, place[::-1]]),
        y=np.concatenate([frame["value"], frame["lower"].to_numpy()[::-1]]),
        fill="toself",
        fillcolor="rgba(33,113,181,0.25)",
        line={"width": 0},
        name="proved bracket",
        hoverinfo="skip",
    )
    for column, name, colour, dash in (
        ("value", "those it is made for", PLAN, "solid"),
        ("worst_case", "one who chooses perfectly", RISK[3], "dash"),
    ):
        figure.add_scatter(
            x=place,
            y=frame[column],
            customdata=np.column_stack([frame["rationality"], frame["lower"]]),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": 6},
            hovertemplate="%{customdata[0]:.4g}: %{y:,.2f}"
            + (" (proved: at least %{customdata[1]:,.2f})" if column == "value" else "")
            + "<extra></extra>",
        )
    figure.add_hline(y=rational, line={"color": REFERENCE, "dash": "dot"})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=rational, yanchor="bottom", text="planned for perfect", showarrow=False
    )  # fmt: skip
    _mark(figure, now)
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(legend=_BELOW)
    return figure


def rationality_zones(coverage: pd.DataFrame) -> go.Figure:
    """Coverage of zones plan by plan, from offenders who do not look to those who choose perfectly.

    Parameters
    ----------
    coverage
        Share of time in %; index zones, columns labels of the plans in order.
    """
    figure = chart(
        "Coverage of the zones that change most", "how well offenders choose", "",
        height=120 + 19 * len(coverage),
    )  # fmt: skip
    add_coverage(figure, coverage, across=[str(label) for label in coverage.columns], hover="%{x}")
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def _path_frame(title: str, y: str, frame: pd.DataFrame) -> go.Figure:
    figure = chart(title, "how well offenders choose (λ × highest value)", y, height=380)
    top = float(frame["rationality"].max())
    ticks = [tick for tick in _TICKS if tick <= top]
    figure.update_xaxes(tickvals=rationality_axis(ticks), ticktext=[f"{tick:,}" for tick in ticks])
    return figure


def _mark(figure: go.Figure, now: float | None) -> None:
    if now is not None:
        figure.add_vline(
            x=float(rationality_axis(now)), line={"color": MARK, "width": 2}, annotation_text="now"
        )
