"""Charts of a patrol plan and of the game laboratory: bounds, coverage, plans side by side, convergence, sparsity, payoffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import bars, chart, heat, line, points, props, search_bounds
from patrol_core.figures.charts.compare import plan_bars
from patrol_core.figures.maps.plane import safe
from patrol_core.figures.palette import MARK, PLAN, REFERENCE, RISK, group_colour


def bounds_over_time(history: Sequence[tuple[float, float, float]], *, unit: str) -> go.Figure:
    """The defender's payoff while the game was solved: the plan so far, and what nobody can beat.

    Args:
        history: (seconds, lower bound, upper bound).
        unit: Of the payoff.
    """
    return search_bounds(history, unit=unit, names=("the plan so far", "nobody can do better"), number=".5g")


def coverage_bars(table: pd.DataFrame, *, most: int = 30) -> go.Figure:
    """How often each target is covered and attacked.

    Args:
        table: As :func:`patrol_core.reports.bundles.patrol.coverage_table` gives it.
        most: Targets shown, those with the dearest attack.
    """
    shown = table.head(most).iloc[::-1]
    height = 110 + 24 * len(shown)
    figure = chart("Covered, and attacked", "% of nights", "", height=height, category="y")
    for name, colour in (("attacked", RISK[3]), ("covered", PLAN)):
        said = f"%{{y}}: {name} in %{{x:.1f}} %"
        bars(figure, shown["target"], shown[name], colour, said, name=name, sideways=True)
    figure.update_layout(bargap=0.25, legend={"traceorder": "reversed"})
    figure.update_xaxes(range=[0, 100], dtick=25)
    return figure


def plans_bars(table: pd.DataFrame, *, title: str, unit: str) -> go.Figure:
    """Plans side by side by what they lose.

    Args:
        table: ``plan, loss``; the first row is the plan.
        title, unit: Of the chart, and of the loss.
    """
    style = props(height=100 + 32 * len(table), written=",.4g", exact=",.6g")
    return plan_bars(table, column="loss", title=title, unit=unit, **style)


# -- the laboratory ---------------------------------------------------------------------------------


def convergence_curves(
    runs: Mapping[str, pd.DataFrame], *, over: str, at_once: Mapping[str, float] | None = None
) -> go.Figure:
    """Gap of several solvers while they worked, both axes logarithmic.

    Args:
        runs: Solver -> ``iterations, seconds, gap``.
        over: ``iterations`` or ``seconds``.
        at_once: Solver -> seconds after which it had its answer, of those that have no gap on the way; drawn
            over the seconds.
    """
    figure = chart(f"Gap over {over}", over, "gap", height=400, below=0.3)
    for number, (name, table) in enumerate(runs.items()):
        shown = table[(table["gap"] > 0) & (table[over] > 0)]
        colour, size = group_colour(number), 5 if len(shown) < 60 else 0
        said = f"%{{x:,.4~r}} {over}: gap %{{y:.3~r}}"
        line(figure, shown[over], shown["gap"], colour, said, name=safe(name), size=size, boxed=True)
    gaps = np.concatenate(
        [np.zeros(0), *(table["gap"][table["gap"] > 0].to_numpy(dtype=float) for table in runs.values())]
    )
    for name, seconds in (at_once or {}).items():
        if over == "seconds" and seconds > 0 and len(gaps):
            ends, said = (
                [float(gaps.min()), float(gaps.max())],
                f"{safe(name)} had its answer after %{{x:.3~r}} s",
            )
            style = props(name=f"{safe(name)}, done", dash="dot", width=1.5)
            line(figure, [seconds, seconds], ends, REFERENCE, said, **style)
    decades = float(np.log10(gaps.max() / gaps.min())) if len(gaps) else 1.0
    power = {"type": "log", "exponentformat": "power"}
    figure.update_xaxes(dtick=1, **power)
    figure.update_yaxes(dtick=max(1, round(decades / 6)), title={"standoff": 12}, **power)
    figure.update_layout(showlegend=True, uirevision=over)
    return figure


def sparsity_curve(table: pd.DataFrame, *, value: float, player: str) -> go.Figure:
    """Value of the game when a player may mix at most so many actions.

    Args:
        table: ``support, value, bound``.
        value: Value without a bound on the support.
        player: Whose support is bounded, for the axis.
    """
    across = f"most actions that {player} may mix"
    figure = chart("What a small repertoire costs", across, "value", height=340)
    size = float(table[["bound", "value"]].abs().to_numpy().max(initial=0.0))
    unproved = table[(table["bound"] - table["value"]).abs() > 1e-6 * size]
    if len(unproved):
        said, style = "%{x}: nobody can do better than %{y:.5~r}", props(marker={"symbol": "line-ew-open"})
        x, y = unproved["support"], unproved["bound"]
        points(figure, x, y, REFERENCE, said, size=12, name="not proved: bound", **style)
    said, style = "%{x} actions: %{y:.6~r}", props(name="best mix of so many", size=7)
    line(figure, table["support"], table["value"], PLAN, said, **style)
    figure.add_hline(y=value, line={"color": MARK, "dash": "dot", "width": 1}, annotation_text="no limit")
    figure.update_xaxes(dtick=1 if len(table) <= 20 else None)
    figure.update_layout(showlegend=bool(len(unproved)))
    return figure


def matrix_picture(
    matrix: Floats, *, rows: str = "defender", columns: str = "attacker", most: int = 200
) -> go.Figure:
    """A payoff matrix as a picture; a large one is thinned evenly.

    Args:
        matrix: Payoffs.
        rows, columns: Who chooses a row, and who a column.
        most: Rows and columns drawn at most.
    """
    thin_rows = np.unique(np.linspace(0, matrix.shape[0] - 1, min(most, matrix.shape[0])).astype(int))
    thin_columns = np.unique(np.linspace(0, matrix.shape[1] - 1, min(most, matrix.shape[1])).astype(int))
    drawn = np.asarray(matrix[np.ix_(thin_rows, thin_columns)], dtype=float)
    thinned = len(thin_rows) < matrix.shape[0] or len(thin_columns) < matrix.shape[1]
    title = f"Payoffs, every few of {matrix.shape[0]:,} by {matrix.shape[1]:,}" if thinned else "Payoffs"
    figure = chart(title, columns, rows, height=340, category="xy", downward=True)
    across, down = ([str(k + 1) for k in thin] for thin in (thin_columns, thin_rows))
    said = f"{rows} %{{y}}, {columns} %{{x}}: %{{z:.5~r}}"
    heat(figure, across, down, drawn, RISK[::-1], said, legend="payoff", gap=0)
    figure.update_yaxes(showticklabels=False)
    figure.update_xaxes(showticklabels=False)
    return figure
