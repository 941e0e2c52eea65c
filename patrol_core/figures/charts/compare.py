"""Charts of the Compare page: data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import add_coverage, chart
from patrol_core.figures.palette import GROUPS, MARK, PLAN, REFERENCE, RISK

COLOURS: Mapping[str, str] = {
    "The plan": PLAN,
    "Uniform": GROUPS[7],
    "Proportional to risk": GROUPS[3],
    "Hot spots first": GROUPS[1],
}
"""Fixed colour of each plan on every chart of the page; what only hindsight knows is grey."""

MOST_BELOW = 150
"""Most zones below the top that are drawn."""
FAR = 2.5
"""A plan this many times beyond all others is left off the scale, and said so."""
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
        ``frame`` and ``extra`` of :class:`patrol_core.evaluation.cross_play.FacedMatrix`.
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
        [_cell(values[i, j], over[i, j], marked[i, j]) for j in range(values.shape[1])]
        for i in range(len(rows))
    ]
    figure = chart(
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
        colorbar={
            "title": "% above<br>the best",
            "thickness": 12,
            "tickvals": [0, 50, 100],
            "ticktext": ["0", "50", "100 +"],
        },
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
    if not np.isfinite(over):
        return number
    return f"{number}<br><sup>{f'+{over:,.0f} %' if over < 1000 else f'× {1 + over / 100:,.0f}'}</sup>"


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
    drawn = chart(title, unit, "", height=110 + 36 * len(shown))
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
    _keep_in_sight(drawn, shown)
    return drawn


def _keep_in_sight(figure: go.Figure, shown: pd.DataFrame) -> None:
    """End the axis before one plan that is far off and write its figure at the edge, so that the others can be told apart."""
    far = shown["high"].to_numpy(dtype=float)
    second = float(np.sort(far)[-2]) if len(far) > 1 else 0.0
    if not far.max() > FAR * second > 0:
        return
    row = shown.iloc[int(far.argmax())]
    figure.update_xaxes(range=[0, 1.35 * second], autorange=False)
    figure.add_annotation(
        x=1.0,
        xref="paper",
        xanchor="right",
        y=row["plan"],
        text=f"off the scale: {row['low']:,.0f} to {row['high']:,.0f} →",
        showarrow=False,
    )


def top_firmness(table: pd.DataFrame, *, top: int) -> go.Figure:
    """Share of draws in which a zone is among the top, over its rank in the data; firm is a step at the line.

    Parameters
    ----------
    table
        ``zone_id``, ``rank``, ``in_top``, ``rank_low``, ``rank_high``, highest first.
    """
    share = table["in_top"].to_numpy(dtype=float)
    reach = int(np.flatnonzero(share > 0).max(initial=0)) + 4
    shown = table.head(min(max(reach, top + 4), top + MOST_BELOW))
    figure = chart(
        f"How often each zone is among the top {top}", "rank in the data as they stand", "% of draws"
    )
    place = np.arange(1, len(shown) + 1)
    figure.add_bar(
        x=place,
        y=shown["in_top"],
        marker_color=[PLAN if rank <= top else "#b6bdc8" for rank in place],
        customdata=np.column_stack([shown["zone_id"], shown["rank_low"], shown["rank_high"]]),
        hovertemplate="%{customdata[0]}: %{y:.0f} % of draws; rank %{customdata[1]:.0f} to %{customdata[2]:.0f}<extra></extra>",
    )
    figure.add_vline(
        x=top + 0.5,
        line={"color": MARK, "dash": "dash"},
        annotation_text=f"top {top}",
        annotation_position="top right",
    )
    figure.update_yaxes(range=[0, 105])
    return figure


def backtest_lines(frame: pd.DataFrame, *, column: str, title: str, unit: str) -> go.Figure:
    """One figure of every plan over the months judged.

    Parameters
    ----------
    frame
        ``frame`` of :class:`patrol_core.evaluation.rolling_origin.Backtest`.
    """
    figure = chart(title, "first month judged", unit)
    far = far_off({str(name): float(part[column].max()) for name, part in frame.groupby("plan", sort=False)})
    for name, part in frame.groupby("plan", sort=False):
        figure.add_scatter(
            x=part["judged_from"],
            y=part[column],
            mode="lines+markers",
            name=str(name),
            visible="legendonly" if name == far else True,
            marker={"size": 5},
            line={"color": COLOURS.get(str(name), REFERENCE), **_weight(str(name))},
            hovertemplate="%{x}: %{y:,.2f}<extra>" + str(name) + "</extra>",
        )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category", nticks=12)
    return _legend_below(figure)


def coverage_path(coverage: pd.DataFrame, *, budget: float) -> go.Figure:
    """How long zones are covered as the budget grows; a plan that is added to keeps every row getting darker.

    Parameters
    ----------
    coverage
        Share of time in %; index zones, columns budgets.
    budget
        The budget in force.
    """
    figure = chart(
        "Coverage of the zones that get most, as the budget grows",
        "units on patrol at once",
        "",
        height=120 + 19 * len(coverage),
    )
    add_coverage(figure, coverage, across=[float(one) for one in coverage.columns], hover="%{x:.1f} units")
    figure.add_vline(
        x=budget, line={"color": MARK, "width": 2}, annotation_text="now", annotation_position="top"
    )
    figure.update_yaxes(type="category", autorange="reversed")
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
    figure = chart(title, "period", unit)
    far = far_off({name: float(frame["loss"].max()) for name, frame in losses.items()})
    for name, frame in losses.items():
        colour = COLOURS.get(name, REFERENCE)
        figure.add_scatter(
            x=frame["period"],
            y=frame["loss"],
            mode="lines",
            name=name,
            visible="legendonly" if name == far else True,
            line={"color": colour, **_weight(name)},
            hovertemplate="period %{x}: %{y:,.2f}<extra>" + name + "</extra>",
        )
        if name == far:
            continue
        figure.add_hline(y=predicted[name], line={"color": colour, "dash": "dot", "width": 1.5})
    figure.update_yaxes(rangemode="tozero")
    return _legend_below(figure)


def far_off(largest: Mapping[str, float]) -> str | None:
    """The one plan so far beyond all others that a chart with it would show nothing else."""
    order = sorted(largest, key=largest.__getitem__)
    if len(order) < 2 or not largest[order[-1]] > FAR * largest[order[-2]] > 0:
        return None
    return order[-1]


def _weight(name: str) -> dict[str, object]:
    if name == "The plan":
        return {"width": 3}
    return {"width": 2} if name in COLOURS else {"width": 2, "dash": "dash"}


def _legend_below(figure: go.Figure) -> go.Figure:
    figure.update_layout(legend={"y": -0.3, "x": 0, "xanchor": "left", "yanchor": "top"}, height=400)
    return figure
