"""Charts that hold plans against each other: budgets, offenders, chance, months ahead. Data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import add_coverage, bars, chart, heat, line, mark_now, points, whiskers
from patrol_core.figures.palette import GROUPS, MARK, PALE, PLAN, REFERENCE, RISK

COLOURS: Mapping[str, str] = {
    "The plan": PLAN,
    "Uniform": GROUPS[7],
    "Proportional to risk": GROUPS[3],
    "Hot spots first": GROUPS[1],
}
"""Fixed colour of each plan on every chart of the page; what only hindsight knows is grey."""

COLUMN_WIDE, ROW_WIDE = 10, 28
"""Letters of a column's and of a row's name in a line."""
MOST_BELOW = 150
"""Most zones below the top that are drawn."""
FAR = 2.5
"""A plan this many times beyond all others is left off the scale, and said so."""
MOST = 100.0
"""Excess over the column's best (%) from which a cell of the matrix has the darkest colour."""


def budget_curve(
    curve: pd.DataFrame, *, column: str, title: str, budget: float, value: float, unit: str
) -> go.Figure:
    """Harm over the budget, with the current plan on it: the slope is the worth of the next unit.

    Args:
        curve: Columns ``budget`` and that of the harm.
        column, title: The harm: ``worst_case`` or ``expected_residual``, and what the chart says it is.
        budget, value: Of the plan in hand: units, and its harm.
        unit: Of the harm.
    """
    figure = chart(f"{title} over the budget", "units on patrol at once", unit, zero="y")
    said = "%{x:.1f} units: %{y:,.2f}"
    line(figure, curve["budget"], curve[column], PLAN, said, name="at best play", width=2.5)
    ringed = {"line": {"color": "white", "width": 2}}
    points(figure, [budget], [value], MARK, f"this plan, {said}", size=12, name="this plan", marker=ringed)
    return figure


def effect_curve(table: pd.DataFrame, *, column: str, title: str, now: float, unit: str) -> go.Figure:
    """One figure of the plan as the assumed effect moves, each plan made for its effect.

    Args:
        table: Columns ``effect`` and that of the figure.
        column, title: The figure, and what the chart says it is.
        now: The effect in force.
        unit: Of the figure.
    """
    figure = chart(title, "effect of a patrol", unit, height=280, zero="y")
    line(figure, table["effect"], table[column], PLAN, "effect %{x}: %{y:,.4~r}", width=2.5, size=6)
    mark_now(figure, now)
    return figure


def plan_bars(
    table: pd.DataFrame,
    *,
    column: str,
    title: str,
    unit: str,
    height: int = 240,
    written: str = ",.1f",
    exact: str = ",.2f",
) -> go.Figure:
    """One figure of each plan, side by side.

    Args:
        table: ``plan`` and the column of the figure; the first row is the plan in hand.
        column: The figure.
        title, unit, height: Of the chart.
        written, exact: Formats of the number at a bar and of that in the hover text.
    """
    figure = chart(title, unit, "", height=height, category="y", zero="x")
    shown = table.iloc[::-1]
    colours = [PLAN if plan == table["plan"].iloc[0] else PALE for plan in shown["plan"]]
    text, said = [f"{value:{written}}" for value in shown[column]], f"%{{y}}: %{{x:{exact}}}"
    bars(figure, shown["plan"], shown[column], colours, said, sideways=True, text=text)
    return figure


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

    Args:
        losses, extra: ``frame`` and ``extra`` of :class:`patrol_core.evaluation.cross_play.FacedMatrix`.
        rows: What each row is called.
        columns: Column -> label, in order.
        best: Column -> plans marked as its best.
        unit: Of the loss.
    """
    over = np.column_stack([extra[column].to_numpy(dtype=float) for column in columns])
    values = np.column_stack([losses[column].to_numpy(dtype=float) for column in columns])
    marked = np.array([[plan in best.get(column, ()) for column in columns] for plan in losses["plan"]])
    texts = [
        [_cell(values[i, j], over[i, j], marked[i, j]) for j in range(values.shape[1])]
        for i in range(len(rows))
    ]
    title = f"Loss if planned for … (row) and faced by offenders who … (column), {unit}"
    figure = chart(title, "", "", height=154 + 46 * len(rows), category="xy", downward=True)
    shown = np.clip(np.where(np.isfinite(over), over, MOST), 0.0, MOST)
    heat(
        figure,
        ["<br>".join(wrap(label, COLUMN_WIDE)) for label in columns.values()],
        ["<br>".join(wrap(label, ROW_WIDE)) for label in rows],
        np.where(np.isfinite(values), shown, np.nan),
        ("#ffffff", RISK[1], RISK[2]),
        "%{y}, faced by offenders who %{x}: %{text}",
        ends=(0, MOST),
        legend={"title": "% above<br>the best", "tickvals": [0, 50, 100], "ticktext": ["0", "50", "100 +"]},
        gap=2,
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 13},
    )
    figure.update_xaxes(side="top", tickangle=0)
    figure.update_layout(margin={"t": 128})
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

    Args:
        summary: ``summary`` of :class:`patrol_core.evaluation.sensitivity.Spread`.
        figure: ``worst_case`` or ``expected_residual``.
        title, unit: Of the chart, and of the figure.
    """
    shown = summary[summary["figure"] == figure].iloc[::-1]
    drawn = chart(title, unit, "", height=110 + 36 * len(shown), zero="x")
    interval = whiskers(shown["median"], shown["low"], shown["high"], thickness=2)
    name, said = "median and 5 to 95 %", "%{y}: median %{x:,.2f}"
    colours = [COLOURS.get(plan, REFERENCE) for plan in shown["plan"]]
    points(drawn, shown["median"], shown["plan"], colours, said, size=11, name=name, error_x=interval)
    tick = {"symbol": "line-ns", "line": {"color": MARK, "width": 2.5}}
    name, said = "as the data stand", "%{y}: %{x:,.2f} as the data stand"
    points(drawn, shown["stated"], shown["plan"], MARK, said, size=12, name=name, marker=tick)
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
    text = f"off the scale: {row['low']:,.0f} to {row['high']:,.0f} →"
    figure.add_annotation(x=1.0, xref="paper", xanchor="right", y=row["plan"], text=text, showarrow=False)


def top_firmness(table: pd.DataFrame, *, top: int) -> go.Figure:
    """Share of draws in which a zone is among the top, over its rank in the data; firm is a step at the line.

    Args:
        table: ``zone_id``, ``rank``, ``in_top``, ``rank_low``, ``rank_high``, highest first.
        top: How many zones the top has.
    """
    share = table["in_top"].to_numpy(dtype=float)
    reach = int(np.flatnonzero(share > 0).max(initial=0)) + 4
    shown = table.head(min(max(reach, top + 4), top + MOST_BELOW))
    title = f"How often each zone is among the top {top}"
    figure = chart(title, "rank in the data as they stand", "% of draws")
    place = np.arange(1, len(shown) + 1)
    colours = [PLAN if rank <= top else PALE for rank in place]
    data = np.column_stack([shown["zone_id"], shown["rank_low"], shown["rank_high"]])
    said = "%{customdata[0]}: %{y:.0f} % of draws; rank %{customdata[1]:.0f} to %{customdata[2]:.0f}"
    bars(figure, place, shown["in_top"], colours, said, customdata=data)
    named = {"annotation_text": f"top {top}", "annotation_position": "top right"}
    figure.add_vline(x=top + 0.5, line={"color": MARK, "dash": "dash"}, **named)
    figure.update_yaxes(range=[0, 105])
    return figure


def backtest_lines(frame: pd.DataFrame, *, column: str, title: str, unit: str) -> go.Figure:
    """One figure of every plan over the months judged.

    Args:
        frame: ``frame`` of :class:`patrol_core.evaluation.rolling_origin.Backtest`.
        column: Which of its figures.
        title, unit: Of the chart, and of the figure.
    """
    figure = chart(title, "first month judged", unit, height=400, category="x", zero="y", below=0.3)
    lines = {str(name): part for name, part in frame.groupby("plan", sort=False)}
    far = far_off({name: float(part[column].max()) for name, part in lines.items()})
    for name, part in lines.items():
        style = {**_weight(name), "visible": "legendonly" if name == far else True}
        colour, said = COLOURS.get(name, REFERENCE), "%{x}: %{y:,.2f}"
        line(figure, part["judged_from"], part[column], colour, said, name=name, size=5, boxed=True, **style)
    return figure


def coverage_path(coverage: pd.DataFrame, *, budget: float) -> go.Figure:
    """Patrol of zones as the budget grows; a plan that is added to keeps every row getting darker.

    Args:
        coverage: Units on average; index zones, columns budgets.
        budget: The budget in force.
    """
    title, height = "Patrol of the zones that get most, as the budget grows", 120 + 19 * len(coverage)
    figure = chart(title, "units on patrol at once", "", height=height, category="y", downward=True)
    add_coverage(figure, coverage, across=[float(one) for one in coverage.columns], hover="%{x:.1f} units")
    mark_now(figure, budget, annotation_position="top")
    return figure


def learning_lines(
    losses: Mapping[str, pd.DataFrame], predicted: Mapping[str, float], *, unit: str, title: str
) -> go.Figure:
    """What a try takes, period by period, as offenders learn; dotted: once they know the plan.

    Args:
        losses: Plan -> ``frame`` of :class:`patrol_core.evaluation.simulation.Simulation`.
        predicted: Plan -> loss once beliefs are exact.
        unit, title: Of the loss, and of the chart.
    """
    figure = chart(title, "period", unit, height=400, zero="y", below=0.3)
    far = far_off({name: float(frame["loss"].max()) for name, frame in losses.items()})
    for name, frame in losses.items():
        colour, said = COLOURS.get(name, REFERENCE), "period %{x}: %{y:,.2f}"
        style = {**_weight(name), "visible": "legendonly" if name == far else True}
        line(figure, frame["period"], frame["loss"], colour, said, name=name, boxed=True, **style)
        if name != far:
            figure.add_hline(y=predicted[name], line={"color": colour, "dash": "dot", "width": 1.5})
    return figure


def far_off(largest: Mapping[str, float]) -> str | None:
    """The one plan so far beyond all others that a chart with it would show nothing else."""
    order = sorted(largest, key=largest.__getitem__)
    if len(order) < 2 or not largest[order[-1]] > FAR * largest[order[-2]] > 0:
        return None
    return order[-1]


def _weight(name: str) -> dict[str, Any]:
    if name == "The plan":
        return {"width": 3}
    return {"width": 2, "dash": "solid" if name in COLOURS else "dash"}
