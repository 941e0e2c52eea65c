"""Charts of the static score: coefficients, diagnostics, correlations. Data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import chart, heat, line, points, props, whiskers
from patrol_core.figures.palette import CHANGE, MARK, PALE, PLAN, REFERENCE, RISK

LONGEST = 46
"""Letters of a label that are drawn."""


def short(label: str) -> str:
    """A label that fits beside a chart."""
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def coefficient_plot(table: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """Coefficients with their 95 % intervals, in % of the rate for one standard deviation more; largest on top.

    Args:
        table: ``coefficients`` of :class:`patrol_core.risk.static.score.StaticScore`.
        labels: Name of a term in words; the term itself where it has none.
    """
    shown = table.iloc[1:].sort_values("coefficient", kind="stable")
    middle, low, high = (
        100.0 * np.expm1(shown[c].to_numpy(dtype=float)) for c in ("coefficient", "low", "high")
    )
    clear = shown["p"].to_numpy(dtype=float) < 0.05
    title = "Change of the crime rate for one standard deviation more"
    figure = chart(title, "% of the rate", "", height=110 + 34 * len(shown))
    points(
        figure,
        middle,
        [short(labels.get(str(t), str(t))) for t in shown["term"]],
        np.where(clear, PLAN, PALE).tolist(),
        "%{y}: %{x:+.1f} % (%{customdata[0]:+.1f} to %{customdata[1]:+.1f} %)",
        size=10,
        error_x=whiskers(middle, low, high, thickness=2),
        customdata=np.column_stack([low, high]),
    )
    figure.add_vline(x=0, line={"color": MARK, "width": 1})
    return figure


def residuals_plot(fitted: Floats, residual: Floats, names: list[str]) -> go.Figure:
    """Residuals against fitted log rates: a funnel says that the spread changes, a bend that something is missing.

    Args:
        fitted, residual, names: Fitted log rate, observed less fitted, and name of each zone, in one order.
    """
    figure = chart("Residuals against fitted values", "fitted log rate", "residual (log rate)", height=320)
    said = "%{text}: fitted %{x:.2f}, residual %{y:+.2f}"
    points(figure, fitted, residual, PLAN, said, size=5, many=True, text=names, marker={"opacity": 0.5})
    figure.add_hline(y=0, line={"color": REFERENCE})
    return figure


def qq_plot(residual: Floats, names: list[str]) -> go.Figure:
    """Standardised residuals against the quantiles of a normal distribution."""
    from scipy.stats import norm

    order = np.argsort(residual, kind="stable")
    spread = residual.std()
    ranked = residual[order] / (spread if spread > 0 else 1.0)
    expected = norm.ppf((np.arange(1, len(ranked) + 1) - 0.375) / (len(ranked) + 0.25))
    title = "Residuals against a normal distribution (Q-Q)"
    figure = chart(title, "normal quantile", "standardised residual", height=320)
    text, see_through = [names[i] for i in order], {"opacity": 0.5}
    points(
        figure, expected, ranked, PLAN, "%{text}: %{y:+.2f}", size=5, many=True, text=text, marker=see_through
    )
    ends = np.array([expected.min(), expected.max()]) if len(expected) else np.zeros(2)
    line(figure, ends, ends, MARK, None, width=1)
    return figure


def correlation_map(table: pd.DataFrame, labels: Mapping[str, str], *, kind: str) -> go.Figure:
    """Heat map of a correlation matrix, diverging around 0.

    Args:
        table: The matrix.
        labels: Name of a column in words.
        kind: Of the correlation, for the title.
    """
    names = [short(labels.get(str(c), str(c))) for c in table.columns]
    values = table.to_numpy(dtype=float)
    title = f"{kind} correlation over the zones"
    figure = chart(title, "", "", height=150 + 34 * len(names), category="xy", downward=True)
    text = [[f"{v:.2f}" if np.isfinite(v) else "" for v in row] for row in values]
    shown = props(text=text, texttemplate="%{text}" if len(names) <= 14 else None)
    heat(figure, names, names, values, CHANGE, "%{y} with %{x}: %{z:.2f}", ends=(-1, 1), **shown)
    figure.update_xaxes(tickangle=-35)
    return figure


def scatter_against(x: Floats, y: Floats, names: list[str], *, label: str, unit: str, said: str) -> go.Figure:
    """Crime rate of every zone against one covariate.

    Args:
        x, y, names: Covariate, crime rate and name of each zone, in one order.
        label, unit: Of the covariate, and of the rate.
        said: What the title says of the two.
    """
    figure = chart(f"{short(label)}: {said}", label, unit, height=380, zero="y")
    hover, see_through = "%{text}: %{x:,.3~r}, %{y:,.3~r}", {"opacity": 0.55}
    points(figure, x, y, RISK[3], hover, size=6, many=True, text=names, marker=see_through)
    return figure
