"""Charts of the static score: coefficients, diagnostics, correlations. Data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import CHANGE, MARK, PLAN, REFERENCE, RISK

LONGEST = 46
"""Letters of a label that are drawn."""
MOST_POINTS = 5_000


def short(label: str) -> str:
    """A label that fits beside a chart."""
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def coefficient_plot(table: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """Coefficients with their 95 % intervals, in % of the rate for one standard deviation more; largest on top.

    Parameters
    ----------
    table
        ``coefficients`` of :class:`patrol_core.risk.static.score.StaticScore`.
    """
    shown = table.iloc[1:].sort_values("coefficient", kind="stable")
    middle, low, high = (
        100.0 * np.expm1(shown[c].to_numpy(dtype=float)) for c in ("coefficient", "low", "high")
    )
    clear = shown["p"].to_numpy(dtype=float) < 0.05
    figure = chart(
        "Change of the crime rate for one standard deviation more",
        "% of the rate",
        "",
        height=110 + 34 * len(shown),
    )
    figure.add_scatter(
        x=middle,
        y=[short(labels.get(str(t), str(t))) for t in shown["term"]],
        mode="markers",
        marker={"size": 10, "color": np.where(clear, PLAN, "#b8c0cb").tolist()},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - middle,
            "arrayminus": middle - low,
            "color": REFERENCE,
            "thickness": 2,
        },
        customdata=np.column_stack([low, high]),
        hovertemplate="%{y}: %{x:+.1f} % (%{customdata[0]:+.1f} to %{customdata[1]:+.1f} %)<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": MARK, "width": 1})
    figure.update_layout(showlegend=False)
    return figure


def residuals_plot(fitted: Floats, residual: Floats, names: list[str]) -> go.Figure:
    """Residuals against fitted log rates: a funnel says that the spread changes, a bend that something is missing."""
    figure = chart("Residuals against fitted values", "fitted log rate", "residual (log rate)", height=320)
    figure.add_scattergl(
        x=fitted,
        y=residual,
        mode="markers",
        text=names,
        marker={"size": 5, "color": PLAN, "opacity": 0.5},
        hovertemplate="%{text}: fitted %{x:.2f}, residual %{y:+.2f}<extra></extra>",
    )
    figure.add_hline(y=0, line={"color": REFERENCE})
    figure.update_layout(showlegend=False)
    return figure


def qq_plot(residual: Floats, names: list[str]) -> go.Figure:
    """Standardised residuals against the quantiles of a normal distribution."""
    from scipy.stats import norm

    order = np.argsort(residual, kind="stable")
    spread = residual.std()
    ranked = residual[order] / (spread if spread > 0 else 1.0)
    expected = norm.ppf((np.arange(1, len(ranked) + 1) - 0.375) / (len(ranked) + 0.25))
    figure = chart(
        "Residuals against a normal distribution (Q-Q)",
        "normal quantile",
        "standardised residual",
        height=320,
    )
    figure.add_scattergl(
        x=expected,
        y=ranked,
        mode="markers",
        text=[names[i] for i in order],
        marker={"size": 5, "color": PLAN, "opacity": 0.5},
        hovertemplate="%{text}: %{y:+.2f}<extra></extra>",
    )
    ends = np.array([expected.min(), expected.max()]) if len(expected) else np.zeros(2)
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": MARK, "width": 1}, hoverinfo="skip")
    figure.update_layout(showlegend=False)
    return figure


def correlation_map(table: pd.DataFrame, labels: Mapping[str, str], *, kind: str) -> go.Figure:
    """Heat map of a correlation matrix, diverging around 0."""
    names = [short(labels.get(str(c), str(c))) for c in table.columns]
    values = table.to_numpy(dtype=float)
    figure = chart(f"{kind} correlation over the zones", "", "", height=150 + 34 * len(names))
    figure.add_heatmap(
        x=names,
        y=names,
        z=values,
        zmin=-1,
        zmax=1,
        colorscale=[[i / 4, colour] for i, colour in enumerate(CHANGE)],
        text=[[f"{v:.2f}" if np.isfinite(v) else "" for v in row] for row in values],
        texttemplate="%{text}" if len(names) <= 14 else None,
        xgap=1,
        ygap=1,
        colorbar={"title": "", "thickness": 12},
        hovertemplate="%{y} with %{x}: %{z:.2f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category", tickangle=-35)
    return figure


def scatter_against(x: Floats, y: Floats, names: list[str], *, label: str, unit: str, said: str) -> go.Figure:
    """Crime rate of every zone against one covariate."""
    figure = chart(f"{short(label)}: {said}", label, unit, height=380)
    figure.add_scattergl(
        x=x,
        y=y,
        mode="markers",
        text=names,
        marker={"size": 6, "color": RISK[3], "opacity": 0.55},
        hovertemplate="%{text}: %{x:,.3g}, %{y:,.3g}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(rangemode="tozero")
    return figure
