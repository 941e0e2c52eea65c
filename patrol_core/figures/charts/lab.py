"""Charts of a patrol plan and of the game laboratory: bounds, coverage, plans side by side, convergence, sparsity, payoffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import chart
from patrol_core.figures.maps.plane import safe
from patrol_core.figures.palette import GROUPS, MARK, PLAN, REFERENCE, RISK

GRID = "#e6e8ec"


def bounds_over_time(history: Sequence[tuple[float, float, float]], *, unit: str) -> go.Figure:
    """The defender's payoff while the game was solved: the plan so far, and what nobody can beat.

    Parameters
    ----------
    history
        (seconds, lower bound, upper bound).
    """
    figure = chart("How the search closed in", "seconds", unit, height=320)
    for place, name, colour, dash in (
        (1, "the plan so far", PLAN, "solid"),
        (2, "nobody can do better", REFERENCE, "dash"),
    ):
        points = [(row[0], row[place]) for row in history if np.isfinite(row[place])]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "shape": "hv"},
            marker={"size": 5},
            name=name,
            hovertemplate="%{x:.2f} s: %{y:.5g}<extra>" + name + "</extra>",
        )
    return figure


def coverage_bars(table: pd.DataFrame, *, most: int = 30) -> go.Figure:
    """How often each target is covered and attacked.

    Parameters
    ----------
    table
        As :func:`patrol_core.reports.bundles.patrol.coverage_table` gives it.
    most
        Targets shown, those with the dearest attack.
    """
    shown = table.head(most).iloc[::-1]
    figure = chart("Covered, and attacked", "% of nights", "", height=110 + 24 * len(shown))
    for column, name, colour in (("attacked", "attacked", RISK[3]), ("covered", "covered", PLAN)):
        figure.add_bar(
            y=shown["target"],
            x=shown[column],
            orientation="h",
            marker_color=colour,
            name=name,
            hovertemplate="%{y}: " + name + " in %{x:.1f} %<extra></extra>",
        )
    figure.update_layout(bargap=0.25, legend={"traceorder": "reversed"})
    figure.update_xaxes(range=[0, 100], dtick=25)
    figure.update_yaxes(type="category")
    return figure


def plans_bars(table: pd.DataFrame, *, title: str, unit: str) -> go.Figure:
    """Plans side by side by what they lose; the first row is the plan.

    Parameters
    ----------
    table
        ``plan, loss``.
    """
    shown = table.iloc[::-1]
    first = table["plan"].iloc[0]
    figure = chart(title, unit, "", height=100 + 32 * len(table))
    figure.add_bar(
        y=shown["plan"],
        x=shown["loss"],
        orientation="h",
        marker_color=[PLAN if name == first else "#b8c0cb" for name in shown["plan"]],
        text=[f"{value:,.4g}" for value in shown["loss"]],
        hovertemplate="%{y}: %{x:,.6g}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(type="category")
    return figure


# -- the laboratory ---------------------------------------------------------------------------------


def convergence_curves(
    runs: Mapping[str, pd.DataFrame], *, over: str, at_once: Mapping[str, float] | None = None
) -> go.Figure:
    """Gap of several solvers while they worked, both axes logarithmic.

    Parameters
    ----------
    runs
        Solver -> ``iterations, seconds, gap``.
    over
        ``iterations`` or ``seconds``.
    at_once
        Solver -> seconds after which it had its answer, of those that have no gap on the way; drawn over the seconds.
    """
    words = {"iterations": "iterations", "seconds": "seconds"}[over]
    figure = chart(f"Gap over {words}", words, "gap", height=400)
    for number, (name, table) in enumerate(runs.items()):
        shown = table[(table["gap"] > 0) & (table[over] > 0)]
        figure.add_scatter(
            x=shown[over],
            y=shown["gap"],
            mode="lines+markers" if len(shown) < 60 else "lines",
            line={"color": GROUPS[number % len(GROUPS)], "width": 2},
            marker={"size": 5},
            name=safe(name),
            hovertemplate="%{x:,.4g} " + words + ": gap %{y:.3g}<extra>" + safe(name) + "</extra>",
        )
    gaps = np.concatenate(
        [np.zeros(0), *(table["gap"][table["gap"] > 0].to_numpy(dtype=float) for table in runs.values())]
    )
    for name, seconds in (at_once or {}).items():
        if over == "seconds" and seconds > 0 and len(gaps):
            figure.add_scatter(
                x=[seconds, seconds],
                y=[float(gaps.min()), float(gaps.max())],
                mode="lines",
                line={"color": REFERENCE, "dash": "dot", "width": 1.5},
                name=f"{safe(name)}, done",
                hovertemplate=f"{safe(name)} had its answer after %{{x:.3g}} s<extra></extra>",
            )
    figure.update_xaxes(type="log", exponentformat="power", dtick=1)
    decades = float(np.log10(gaps.max() / gaps.min())) if len(gaps) else 1.0
    figure.update_yaxes(
        type="log",
        exponentformat="power",
        dtick=max(1, round(decades / 6)),
        title={"standoff": 12},
        automargin=True,
    )
    figure.update_layout(
        showlegend=True, legend={"y": -0.3, "yanchor": "top", "x": 0, "xanchor": "left"}, uirevision=over
    )
    return figure


def sparsity_curve(table: pd.DataFrame, *, value: float, player: str) -> go.Figure:
    """Value of the game when a player may mix at most so many actions.

    Parameters
    ----------
    table
        ``support, value, bound``.
    value
        Value without a bound on the support.
    player
        Whose support is bounded, for the axis.
    """
    figure = chart(
        "What a small repertoire costs", f"most actions that {player} may mix", "value", height=340
    )
    size = float(table[["bound", "value"]].abs().to_numpy().max(initial=0.0))
    open_rows = table[(table["bound"] - table["value"]).abs() > 1e-6 * size]
    if len(open_rows):
        figure.add_scatter(
            x=open_rows["support"],
            y=open_rows["bound"],
            mode="markers",
            marker={"color": REFERENCE, "symbol": "line-ew-open", "size": 12},
            name="not proved: bound",
            hovertemplate="%{x}: nobody can do better than %{y:.5g}<extra></extra>",
        )
    figure.add_scatter(
        x=table["support"],
        y=table["value"],
        mode="lines+markers",
        line={"color": PLAN, "width": 2},
        marker={"size": 7},
        name="best mix of so many",
        hovertemplate="%{x} actions: %{y:.6g}<extra></extra>",
    )
    figure.add_hline(y=value, line={"color": MARK, "dash": "dot", "width": 1}, annotation_text="no limit")
    figure.update_xaxes(dtick=1 if len(table) <= 20 else None, gridcolor=GRID)
    figure.update_layout(showlegend=bool(len(open_rows)))
    return figure


def matrix_picture(
    matrix: Floats, *, rows: str = "defender", columns: str = "attacker", most: int = 200
) -> go.Figure:
    """A payoff matrix as a picture; a large one is thinned evenly.

    Parameters
    ----------
    most
        Rows and columns drawn at most.
    """
    thin_rows = np.unique(np.linspace(0, matrix.shape[0] - 1, min(most, matrix.shape[0])).astype(int))
    thin_columns = np.unique(np.linspace(0, matrix.shape[1] - 1, min(most, matrix.shape[1])).astype(int))
    drawn = np.asarray(matrix[np.ix_(thin_rows, thin_columns)], dtype=float)
    thinned = len(thin_rows) < matrix.shape[0] or len(thin_columns) < matrix.shape[1]
    title = f"Payoffs, every few of {matrix.shape[0]:,} by {matrix.shape[1]:,}" if thinned else "Payoffs"
    figure = chart(title, columns, rows, height=340)
    figure.add_heatmap(
        z=drawn,
        x=[str(k + 1) for k in thin_columns],
        y=[str(k + 1) for k in thin_rows],
        colorscale=[[k / 4, colour] for k, colour in enumerate(reversed(RISK))],
        colorbar={"title": "payoff", "thickness": 12},
        hovertemplate=rows + " %{y}, " + columns + " %{x}: %{z:.5g}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category", showticklabels=False)
    figure.update_xaxes(type="category", showticklabels=False)
    return figure
