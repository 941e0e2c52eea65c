"""Charts of what uncertainty and erring offenders do to the plan: data in, figure out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import add_coverage, band, chart, line, mark_now, props
from patrol_core.figures.palette import PLAN, REFERENCE, RISK

_TICKS = (0, 1, 3, 10, 30, 100, 300, 1000)
_BELOW = 0.28


def robustness_curves(frame: pd.DataFrame, *, size: str, unit: str, gain: str, share: bool) -> go.Figure:
    """What robustness costs at the stated values, and gains in the bad case, over the size of the uncertainty.

    Args:
        frame: Columns ``size``, ``nominal_loss``, ``worst_case_gain``.
        size: What the size is, for people.
        unit: Of loss and gain.
        gain: What the gain is measured by, for people.
        share: Whether sizes are shares from 0 to 1, shown in %.
    """
    across = "x" if share else ""
    figure = chart("Price of robustness", size, unit, height=380, zero="y", share=across, below=_BELOW)
    said = ("%{x:.0%}" if share else "%{x:.4~r}") + ": %{y:,.2f}"
    for column, name, colour in (
        ("worst_case_gain", f"gained: {gain}", PLAN),
        ("nominal_loss", "given up if all is as stated", RISK[3]),
    ):
        line(figure, frame["size"], frame[column], colour, said, name=name, width=2.5, size=6, boxed=True)
    return figure


def rationality_axis(rationality: ArrayLike) -> Floats:
    """Where a rationality stands on the axis: even steps for doublings, and 0 has a place."""
    return np.asarray(np.log10(1.0 + np.asarray(rationality, dtype=float)))


def rationality_distance(frame: pd.DataFrame, *, now: float | None) -> go.Figure:
    """How far the plan is from the one for offenders who choose perfectly, over how well they choose.

    Args:
        frame: Columns ``rationality`` (lambda times the highest value), ``distance`` (units of patrol that
            stand elsewhere).
        now: Rationality in force, marked; None where the plan in hand is for other offenders.
    """
    title = "How far from the plan for perfect offenders"
    figure = _over_rationality(title, "units of patrol elsewhere", frame, now)
    place, said = rationality_axis(frame["rationality"]), "%{customdata:.4~r}: %{y:,.2f} units elsewhere"
    line(figure, place, frame["distance"], PLAN, said, width=2.5, size=6, customdata=frame["rationality"])
    return figure


def rationality_losses(frame: pd.DataFrame, *, rational: float, now: float | None, unit: str) -> go.Figure:
    """What one try takes on average, with its proved bracket, and what a perfect offender would take from the same plan.

    Args:
        frame: Columns ``rationality``, ``lower``, ``value``, ``worst_case``.
        rational: What a perfect offender takes from the plan made for him.
        now: Rationality in force, marked.
        unit: Of what is taken.
    """
    figure = _over_rationality("What offenders can expect from each plan", unit, frame, now, below=_BELOW)
    place = rationality_axis(frame["rationality"])
    lower, value = frame["lower"].to_numpy(), frame["value"].to_numpy()
    band(figure, place, lower, value, "rgba(33,113,181,0.25)", name="proved bracket")
    data = np.column_stack([frame["rationality"], frame["lower"]])
    for column, name, colour, dash, proof in (
        ("value", "those it is made for", PLAN, "solid", " (proved: at least %{customdata[1]:,.2f})"),
        ("worst_case", "one who chooses perfectly", RISK[3], "dash", ""),
    ):
        said, style = f"%{{customdata[0]:.4~r}}: %{{y:,.2f}}{proof}", props(width=2.5, dash=dash, size=6)
        line(figure, place, frame[column], colour, said, name=name, customdata=data, **style)
    figure.add_hline(y=rational, line={"color": REFERENCE, "dash": "dot"})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=rational, yanchor="bottom", text="planned for perfect", showarrow=False
    )  # fmt: skip
    return figure


def rationality_zones(coverage: pd.DataFrame) -> go.Figure:
    """Patrol of zones plan by plan, from offenders who do not look to those who choose perfectly.

    Args:
        coverage: Units on average; index zones, columns labels of the plans in order.
    """
    title, height = "Patrol of the zones that change most", 120 + 19 * len(coverage)
    figure = chart(title, "how well offenders choose", "", height=height, category="xy", downward=True)
    add_coverage(figure, coverage, across=[str(label) for label in coverage.columns], hover="%{x}")
    return figure


def _over_rationality(
    title: str, y: str, frame: pd.DataFrame, now: float | None, *, below: float | None = None
) -> go.Figure:
    """A chart over how well offenders choose, with the rationality in force marked."""
    across = "how well offenders choose (λ × highest value)"
    figure = chart(title, across, y, height=380, zero="y", below=below)
    top = float(frame["rationality"].max())
    ticks = [tick for tick in _TICKS if tick <= top]
    figure.update_xaxes(tickvals=rationality_axis(ticks), ticktext=[f"{tick:,}" for tick in ticks])
    mark_now(figure, None if now is None else float(rationality_axis(now)))
    return figure
