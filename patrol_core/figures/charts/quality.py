"""Charts of the data's completeness: months by force, outcomes by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import GROUPS, PATROL

MARKS = {"missing": "×", "stopped": "×", "incomplete": "!"}
"""What is written into a cell; the title says what it means."""
GAP = "#fbe3e4"
"""Ground of a month without rows, which must not look like few rows."""


def force_heat(table: pd.DataFrame) -> go.Figure:
    """Rows by month and force, each force against its own median month, with the gaps marked.

    Parameters
    ----------
    table
        As of :func:`patrol_core.sources.quality.tables.force_months`.
    """
    named = table.assign(force=table["force"].replace("", "force not named"))
    wide = {
        column: named.pivot_table(index="force", columns="month", values=column, aggfunc="first").sort_index(
            ascending=False
        )
        for column in ("share_of_median", "status", "rows")
    }
    share = wide["share_of_median"].to_numpy(dtype=float)
    status = wide["status"].to_numpy(dtype=object)
    marks = np.vectorize(lambda s: MARKS.get(s, ""), otypes=[object])(status)
    rows = wide["rows"].to_numpy(dtype=float)
    figure = chart(
        "Rows by month and force, against the force's own median (× no row, ! less than half)",
        "",
        "",
        height=max(210, 150 + 26 * len(rows)),
    )
    figure.add_heatmap(
        x=[str(month) for month in wide["rows"].columns],
        y=[str(force) for force in wide["rows"].index],
        z=np.where(rows > 0, np.clip(share, 0, 2), np.nan),
        text=marks,
        texttemplate="%{text}",
        customdata=np.dstack([rows.astype(object), status]),
        colorscale=[[index / 4, colour] for index, colour in enumerate(PATROL)],
        zmin=0,
        zmax=2,
        showscale=False,  # the colours of the chart of types
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{y}, %{x}: %{customdata[0]:,.0f} rows, %{customdata[1]}<extra></extra>",
    )
    _mark_empty(figure, wide["rows"])
    figure.update_xaxes(type="category")
    return figure


def _mark_empty(figure: go.Figure, rows: pd.DataFrame) -> None:
    """A layer of its own for months without rows, so that they have a ground and a hover text."""
    empty = np.where(rows.to_numpy(dtype=float) == 0, 1.0, np.nan)
    if np.isnan(empty).all():
        return
    figure.add_heatmap(
        x=[str(month) for month in rows.columns],
        y=[str(force) for force in rows.index],
        z=empty,
        text=np.where(np.isnan(empty), "", "×"),
        texttemplate="%{text}",
        colorscale=[[0, GAP], [1, GAP]],
        showscale=False,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{y}, %{x}: no row<extra></extra>",
    )


def outcome_lines(table: pd.DataFrame) -> go.Figure:
    """Share of rows with any outcome, and with a closing one, by month.

    Parameters
    ----------
    table
        As of :func:`patrol_core.sources.quality.tables.outcome_table`.
    """
    figure = chart("Rows with an outcome, without anti-social behaviour", "", "share of rows", height=280)
    for column, name, colour in (
        ("share_with_outcome", "any outcome", GROUPS[0]),
        ("share_closed", "case closed", GROUPS[1]),
    ):
        figure.add_scatter(
            x=list(table["month"]),
            y=table[column].to_numpy(dtype=float),
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 5},
            name=name,
            hovertemplate=f"%{{x}}, {name}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    figure.update_xaxes(type="category")
    return figure
