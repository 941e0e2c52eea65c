"""Charts of the data's completeness: months by crime type and by force, outcomes by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import chart, heat, line, props
from patrol_core.figures.palette import GROUPS, PATROL

MARKS = {"missing": "×", "stopped": "×", "incomplete": "!"}
"""What is written into a cell; the title says what it means."""
GAP = ("#fbe3e4", "#fbe3e4")
"""Ground of a month without rows, which must not look like few rows."""


def completeness(table: pd.DataFrame) -> go.Figure:
    """Rows by month (columns) and crime type (rows) as a heat map; each row scaled by its own median.

    Args:
        table: Counts; index crime types, columns months.
    """
    values = table.to_numpy(dtype=float)
    middle = np.median(values, axis=1, keepdims=True)
    share = np.divide(values, middle, out=np.zeros_like(values), where=middle > 0)
    title = "Rows by month and type, against the type's own median"
    figure = chart(title, "", "", height=80 + 26 * len(table), category="x")
    months, kinds = [str(month) for month in table.columns], [str(kind) for kind in table.index]
    heat(
        figure, months, kinds, np.clip(share, 0, 2), PATROL, "%{y}, %{x}: %{customdata:,.0f} rows",
        ends=(0, 2), legend="share of<br>median", customdata=values,
    )  # fmt: skip
    return figure


def force_heat(table: pd.DataFrame) -> go.Figure:
    """Rows by month and force, each force against its own median month, with the gaps marked.

    Args:
        table: As of :func:`patrol_core.sources.quality.tables.force_months`.
    """
    named = table.assign(force=table["force"].replace("", "force not named"))
    wide = {
        column: named.pivot_table(index="force", columns="month", values=column, aggfunc="first").sort_index(
            ascending=False
        )
        for column in ("share_of_median", "status", "rows")
    }
    months = [str(month) for month in wide["rows"].columns]
    forces = [str(force) for force in wide["rows"].index]
    share = wide["share_of_median"].to_numpy(dtype=float)
    status = wide["status"].to_numpy(dtype=object)
    rows = wide["rows"].to_numpy(dtype=float)
    title = "Rows by month and force, against the force's own median (× no row, ! less than half)"
    figure = chart(title, "", "", height=max(210, 150 + 26 * len(rows)), category="x")
    # The colours are those of the chart of types, so they need no legend here.
    shared = props(texttemplate="%{text}", showscale=False, hoverongaps=False)
    drawn = np.where(rows > 0, np.clip(share, 0, 2), np.nan)
    marks = np.vectorize(lambda s: MARKS.get(s, ""), otypes=[object])(status)
    said = "%{y}, %{x}: %{customdata[0]:,.0f} rows, %{customdata[1]}"
    data = np.dstack([rows.astype(object), status])
    heat(figure, months, forces, drawn, PATROL, said, ends=(0, 2), text=marks, customdata=data, **shared)
    empty = np.where(rows == 0, 1.0, np.nan)
    if not np.isnan(
        empty
    ).all():  # a layer of its own, so that months without rows have a ground and a hover text
        text = np.where(np.isnan(empty), "", "×")
        heat(figure, months, forces, empty, GAP, "%{y}, %{x}: no row", text=text, **shared)
    return figure


def outcome_lines(table: pd.DataFrame) -> go.Figure:
    """Share of rows with any outcome, and with a closing one, by month.

    Args:
        table: As of :func:`patrol_core.sources.quality.tables.outcome_table`.
    """
    title = "Rows with an outcome, without anti-social behaviour"
    figure = chart(title, "", "share of rows", height=280, category="x", share="y")
    for column, name, colour in (
        ("share_with_outcome", "any outcome", GROUPS[0]),
        ("share_closed", "case closed", GROUPS[1]),
    ):
        months, shares = list(table["month"]), table[column].to_numpy(dtype=float)
        line(figure, months, shares, colour, f"%{{x}}, {name}: %{{y:.1%}}", name=name, size=5)
    figure.update_yaxes(range=[0, 1.05])
    return figure
