"""Charts of the Compare page: data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts import figure_frame
from patrol_core.figures.palette import GROUPS, MARK, PLAN, REFERENCE, RISK

COLOURS: Mapping[str, str] = {
    "The plan": PLAN,
    "Uniform": GROUPS[7],
    "Proportional to risk": GROUPS[3],
    "Hot spots first": GROUPS[1],
}
"""Fixed colour of each plan on every chart of the page; what only hindsight knows is grey."""

MOST = 100.0
"""Excess over the column's best (%) from which a cell of the matrix has the darkest colour."""


def faced_heatmap(
    losses: pd.DataFrame,
    extra: pd.DataFrame,
    *,
    rows: Sequence[str],
    columns: Mapping[str, str],
    best: Mapping[str, Sequence[str]],
    unit: str,
) -> go.Figure:
    """Plans (rows) by kinds of offenders (columns): the loss in each cell, coloured by its excess over the column's best.

    Parameters
    ----------
    losses, extra
        ``frame`` and ``extra`` of :class:`patrol_core.evaluation.matrix.FacedMatrix`.
    rows
        What each row is called.
    columns
        Column -> label, in order.
    best
        Column -> plans marked as its best.
    """
    over = np.column_stack([extra[column].to_numpy(dtype=float) for column in columns])
    values = np.column_stack([losses[column].to_numpy(dtype=float) for column in columns])
    marked = np.array([[plan in best.get(column, ()) for column in columns] for plan in losses["plan"]])
    texts = [
        [_cell(values[i, j], over[i, j], marked[i, j]) for j in range(values.shape[1])] for i in range(len(rows))
    ]
    figure = figure_frame(
        f"Loss if planned for … (row) and faced by offenders who … (column), {unit}",
        "",
        "",
        height=110 + 46 * len(rows),
    )
    known = np.isfinite(values)
    figure.add_heatmap(
        x=list(columns.values()),
        y=list(rows),
        z=np.where(known, np.clip(np.where(np.isfinite(over), over, MOST), 0.0, MOST), np.nan),
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 13},
        colorscale=[[0.0, "#ffffff"], [0.5, RISK[1]], [1.0, RISK[2]]],
        zmin=0,
        zmax=MOST,
        xgap=2,
        ygap=2,
        colorbar={"title": "% above<br>the best", "thickness": 12, "tickvals": [0, 50, 100], "ticktext": ["0", "50", "100 +"]},
        hovertemplate="%{y}, faced by offenders who %{x}: %{text}<extra></extra>",
    )
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_xaxes(type="category", side="top")
    figure.update_layout(margin={"t": 84})
    return figure


def _cell(loss: float, over: float, best: bool) -> str:
    if not np.isfinite(loss):
        return "–"
    number = f"{loss:,.0f}" if loss >= 1000 else f"{loss:,.2f}"
    if best:
        return f"<b>{number} ★</b>"
    return f"{number}<br><sup>+{over:,.0f} %</sup>" if np.isfinite(over) else number


def spread_intervals(summary: pd.DataFrame, *, figure: str, title: str, unit: str) -> go.Figure:
    """Median and 5 to 95 % range of one figure for every plan, with its value at the data as they are.

    Parameters
    ----------
    summary
        ``summary`` of :class:`patrol_core.evaluation.sensitivity.Spread`.
    figure
        ``worst_case`` or ``expected_residual``.
    """
    shown = summary[summary["figure"] == figure].iloc[::-1]
    drawn = figure_frame(title, unit, "", height=110 + 36 * len(shown))
    drawn.add_scatter(
        x=shown["median"],
        y=shown["plan"],
        mode="markers",
        name="median and 5 to 95 %",
        marker={"size": 11, "color": [COLOURS.get(plan, REFERENCE) for plan in shown["plan"]]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": shown["high"] - shown["median"],
            "arrayminus": shown["median"] - shown["low"],
            "color": REFERENCE,
            "thickness": 2,
        },
        hovertemplate="%{y}: median %{x:,.2f}<extra></extra>",
    )
    drawn.add_scatter(
        x=shown["stated"],
        y=shown["plan"],
        mode="markers",
        name="as the data stand",
        marker={"size": 12, "symbol": "line-ns", "line": {"color": MARK, "width": 2.5}},
        hovertemplate="%{y}: %{x:,.2f} as the data stand<extra></extra>",
    )
    drawn.update_xaxes(rangemode="tozero")
    return drawn


def top_firmness(table: pd.DataFrame, *, top: int) -> go.Figure:
    """Share of draws in which a zone is among the top, over its rank in the data; firm is a step at the line.

    Parameters
    ----------
    table
        ``zone_id``, ``rank``, ``in_top``, ``rank_low``, ``rank_high``, highest first.
    """
    shown = table.head(max(3 * top, 20))
    figure = figure_frame(f"How often each zone is among the top {top}", "rank in the data as they stand", "% of draws")
    place = np.arange(1, len(shown) + 1)
    figure.add_bar(
        x=place,
        y=shown["in_top"],
        marker_color=[PLAN if rank <= top else "#b6bdc8" for rank in place],
        customdata=np.column_stack([shown["zone_id"], shown["rank_low"], shown["rank_high"]]),
        hovertemplate="%{customdata[0]}: %{y:.0f} % of draws; rank %{customdata[1]:.0f} to %{customdata[2]:.0f}<extra></extra>",
    )
    figure.add_vline(
        x=top + 0.5, line={"color": MARK, "dash": "dash"}, annotation_text=f"top {top}", annotation_position="top right"
    )
    figure.update_yaxes(range=[0, 105])
    return figure


def backtest_lines(frame: pd.DataFrame, *, column: str, title: str, unit: str) -> go.Figure:
    """One figure of every plan over the months judged.

    Parameters
    ----------
    frame
        ``frame`` of :class:`patrol_core.evaluation.backtest.Backtest`.
    """
    figure = figure_frame(title, "first month judged", unit)
    for name, part in frame.groupby("plan", sort=False):
        figure.add_scatter(
            x=part["judged_from"],
            y=part[column],
            mode="lines+markers",
            name=str(name),
            marker={"size": 5},
            line={"color": COLOURS.get(str(name), REFERENCE), **_weight(str(name))},
            hovertemplate="%{x}: %{y:,.2f}<extra>" + str(name) + "</extra>",
        )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    return _legend_below(figure)


def steadiness(curve: pd.DataFrame, *, budget: float) -> go.Figure:
    """Patrol that changes zone when the budget grows by a step.

    Parameters
    ----------
    curve
        ``budget``, ``moved`` of :func:`patrol_core.evaluation.stability.budget_curve`.
    """
    figure = figure_frame(
        "Patrol taken from one zone and given to another at each step of the budget", "units on patrol at once", "units moved"
    )
    figure.add_bar(
        x=curve["budget"],
        y=curve["moved"],
        marker_color=PLAN,
        hovertemplate="up to %{x:.2f} units: %{y:.3f} units moved<extra></extra>",
    )
    figure.add_vline(x=budget, line={"color": MARK, "width": 2}, annotation_text="now")
    most = float(np.nanmax(curve["moved"].to_numpy(dtype=float), initial=0.0))
    figure.update_yaxes(range=[0, max(1.05 * most, 1.0)])
    return figure


def learning_lines(
    losses: Mapping[str, pd.DataFrame], predicted: Mapping[str, float], *, unit: str, title: str
) -> go.Figure:
    """What a try takes, period by period, as offenders learn; dotted: once they know the plan.

    Parameters
    ----------
    losses
        Plan -> ``frame`` of :class:`patrol_core.evaluation.simulation.Simulation`.
    predicted
        Plan -> loss once beliefs are exact.
    """
    figure = figure_frame(title, "period", unit)
    for name, frame in losses.items():
        colour = COLOURS.get(name, REFERENCE)
        figure.add_scatter(
            x=frame["period"],
            y=frame["loss"],
            mode="lines",
            name=name,
            line={"color": colour, **_weight(name)},
            hovertemplate="period %{x}: %{y:,.2f}<extra>" + name + "</extra>",
        )
        figure.add_hline(y=predicted[name], line={"color": colour, "dash": "dot", "width": 1.5})
    figure.update_yaxes(rangemode="tozero")
    return _legend_below(figure)


def _weight(name: str) -> dict[str, object]:
    if name == "The plan":
        return {"width": 3}
    return {"width": 2} if name in COLOURS else {"width": 2, "dash": "dash"}


def _legend_below(figure: go.Figure) -> go.Figure:
    figure.update_layout(legend={"y": -0.22, "x": 0, "xanchor": "left", "yanchor": "top"}, height=390)
    return figure
