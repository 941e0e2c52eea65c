"""Plotly charts: data in, figure out. No Streamlit; the same figures could stand in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.palette import GROUPS, MARK, PATROL, PLAN, REFERENCE, RISK

CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}
"""Configuration every chart is drawn with."""

HEIGHT = 340


def chart(title: str, x: str, y: str, *, height: int = HEIGHT) -> go.Figure:
    """An empty chart in the style of all, with its title and axis titles (with units)."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0, "xanchor": "left"},
        xaxis_title=x,
        yaxis_title=y,
        height=height,
        margin={"l": 10, "r": 10, "t": 48, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        font={"size": 13, "color": "#1f2933"},
    )
    figure.update_xaxes(gridcolor="#e6e8ec", zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor="#e6e8ec", zeroline=False, automargin=True)
    return figure


def monthly_bars(totals: pd.Series, *, unit: str, chosen: tuple[str, ...] = ()) -> go.Figure:
    """Total of each month; months outside ``chosen`` are grey.

    Parameters
    ----------
    totals
        Indexed by month "YYYY-MM".
    """
    figure = chart("Recorded by month", "", unit, height=280)
    inside = set(chosen) or set(totals.index)
    colours = [RISK[2] if month in inside else "#c7ccd4" for month in totals.index]
    figure.add_bar(
        x=list(totals.index),
        y=totals.to_numpy(),
        marker_color=colours,
        hovertemplate="%{x}: %{y:,.0f}<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    return figure


def type_bars(totals: pd.Series, *, unit: str, left_out: Sequence[str] = ()) -> go.Figure:
    """Total of each crime type, largest on top; types left out of the risk are grey."""
    ordered = totals.sort_values()
    figure = chart("By crime type", unit, "", height=max(220, 60 + 24 * len(ordered)))
    colours = ["#c7ccd4" if kind in set(left_out) else RISK[2] for kind in ordered.index]
    figure.add_bar(
        y=[str(kind) for kind in ordered.index],
        x=ordered.to_numpy(),
        orientation="h",
        marker_color=colours,
        hovertemplate="%{y}: %{x:,.0f}<extra></extra>",
    )
    return figure


def completeness(table: pd.DataFrame) -> go.Figure:
    """Rows by month (columns) and crime type (rows) as a heat map; each row scaled by its own median.

    Parameters
    ----------
    table
        Counts; index crime types, columns months.
    """
    values = table.to_numpy(dtype=float)
    middle = np.median(values, axis=1, keepdims=True)
    share = np.divide(values, middle, out=np.zeros_like(values), where=middle > 0)
    figure = chart(
        "Rows by month and type, against the type's own median", "", "", height=80 + 26 * len(table)
    )
    figure.add_heatmap(
        x=[str(month) for month in table.columns],
        y=[str(kind) for kind in table.index],
        z=np.clip(share, 0, 2),
        customdata=values,
        colorscale=[[index / 4, colour] for index, colour in enumerate(PATROL)],
        zmin=0,
        zmax=2,
        colorbar={"title": "share of<br>median", "thickness": 12},
        xgap=1,
        ygap=1,
        hovertemplate="%{y}, %{x}: %{customdata:,.0f} rows<extra></extra>",
    )
    figure.update_xaxes(type="category")
    return figure


def zone_history(series: pd.Series, *, name: str, unit: str) -> go.Figure:
    """One zone month by month, with its mean."""
    figure = chart(f"{name}, month by month", "", unit, height=240)
    figure.add_scatter(
        x=list(series.index),
        y=series.to_numpy(),
        mode="lines+markers",
        line={"color": RISK[3], "width": 2},
        marker={"size": 5},
        name=unit,
        hovertemplate="%{x}: %{y:,.1f}<extra></extra>",
    )
    figure.add_hline(y=float(series.mean()), line={"color": REFERENCE, "dash": "dot"}, annotation_text="mean")
    figure.update_layout(showlegend=False)
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    return figure


def top_zones(table: pd.DataFrame, *, unit: str) -> go.Figure:
    """Zones with the highest risk and their 90 % interval.

    Parameters
    ----------
    table
        Columns ``name``, ``mean``, ``low``, ``high``; most at risk first.
    """
    shown = table.iloc[::-1]
    figure = chart(
        "Highest zones, with 90 % interval of the monthly mean", unit, "", height=90 + 24 * len(shown)
    )
    figure.add_scatter(
        x=shown["mean"],
        y=shown["name"],
        mode="markers",
        marker={"color": RISK[3], "size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": shown["high"] - shown["mean"],
            "arrayminus": shown["mean"] - shown["low"],
            "color": REFERENCE,
        },
        hovertemplate="%{y}: %{x:,.1f}<extra></extra>",
    )
    figure.update_xaxes(rangemode="tozero")
    return figure


def budget_curve(curve: pd.DataFrame, *, budget: float, value: float, unit: str) -> go.Figure:
    """Worst-case harm over the budget, with the current plan on it: the slope is the worth of the next unit.

    Parameters
    ----------
    curve
        Columns ``budget``, ``worst_case``, ``expected_residual``.
    """
    figure = chart("Worst case over the budget", "units on patrol at once", unit)
    figure.add_scatter(
        x=curve["budget"],
        y=curve["worst_case"],
        mode="lines",
        line={"color": PLAN, "width": 2.5},
        name="worst zone, at best play",
        hovertemplate="%{x:.1f} units: %{y:,.2f}<extra></extra>",
    )
    figure.add_scatter(
        x=[budget],
        y=[value],
        mode="markers",
        marker={"color": MARK, "size": 12, "line": {"color": "white", "width": 2}},
        name="this plan",
        hovertemplate="this plan, %{x:.1f} units: %{y:,.2f}<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    return figure


def plan_bars(table: pd.DataFrame, *, column: str, title: str, unit: str) -> go.Figure:
    """One figure of each plan, side by side; the first row is the plan in hand."""
    figure = chart(title, unit, "", height=240)
    shown = table.iloc[::-1]
    colours = [PLAN if plan == table["plan"].iloc[0] else "#b6bdc8" for plan in shown["plan"]]
    figure.add_bar(
        y=shown["plan"],
        x=shown[column],
        orientation="h",
        marker_color=colours,
        text=[f"{value:,.1f}" for value in shown[column]],
        hovertemplate="%{y}: %{x:,.2f}<extra></extra>",
    )
    return figure


def group_bars(
    groups: Sequence[str], values: Floats, *, overall: float, title: str, unit: str, within: float | None
) -> go.Figure:
    """One bar a group against the overall rate, with the band that the fairness rule allows."""
    figure = chart(f"{title}<br><sup>{unit}</sup>", "", "", height=310)
    colours = [GROUPS[index % len(GROUPS)] for index in range(len(groups))]
    figure.add_bar(
        x=[str(group) for group in groups],
        y=values,
        marker_color=colours,
        hovertemplate="%{x}: %{y:,.3g}<extra></extra>",
    )
    figure.add_hline(y=overall, line={"color": "#1f2933", "dash": "dot"}, annotation_text="overall")
    if within is not None:
        figure.add_hrect(
            y0=overall * max(0.0, 1 - within),
            y1=overall * (1 + within),
            fillcolor="#228833",
            opacity=0.12,
            line_width=0,
        )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    figure.update_layout(showlegend=False)
    return figure


def frontier(frame: pd.DataFrame, *, within: float | None, knee: float | None) -> go.Figure:
    """Price of fairness: worst case and expected residual along d, from loose to tight.

    Parameters
    ----------
    frame
        Columns ``within``, ``price_worst``, ``price_expected`` (rise over no rule, %); infeasible levels are NaN.
    """
    figure = chart("The price of fairness", "groups may differ by at most", "extra harm against no rule, %")
    for column, name, colour in (
        ("price_worst", "in the worst zone", PLAN),
        ("price_expected", "in all zones together", RISK[3]),
    ):
        figure.add_scatter(
            x=frame["within"],
            y=frame[column],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2},
            marker={"size": 5},
            hovertemplate="± %{x:.0%}: %{y:+,.2f} %<extra></extra>",
        )
    if within is not None:
        figure.add_vline(x=within, line={"color": MARK, "width": 2}, annotation_text="now")
    if knee is not None and np.isfinite(knee):
        figure.add_vline(
            x=knee,
            line={"color": REFERENCE, "dash": "dash"},
            annotation_text="knee",
            annotation_position="top left",
        )
    figure.update_xaxes(tickformat=".0%", autorange="reversed")
    figure.update_yaxes(rangemode="tozero")
    return figure


def lorenz(curves: dict[str, tuple[Floats, Floats]], *, x: str, y: str, title: str) -> go.Figure:
    """Lorenz or concentration curves against the line of equality; shares from 0 to 1."""
    figure = chart(title, x, y)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": REFERENCE, "dash": "dot"},
        name="equal",
        hoverinfo="skip",
    )
    for index, (name, (across, up)) in enumerate(curves.items()):
        figure.add_scatter(
            x=across, y=up, mode="lines", name=name, line={"color": GROUPS[index % len(GROUPS)], "width": 2.5}
        )
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return figure


def hours_heatmap(table: pd.DataFrame) -> go.Figure:
    """Hours by zone (rows) and month (columns)."""
    figure = chart("Hours by zone and month", "", "", height=90 + 20 * len(table))
    figure.add_heatmap(
        x=[str(month) for month in table.columns],
        y=[str(zone) for zone in table.index],
        z=table.to_numpy(dtype=float),
        colorscale=[[index / 4, colour] for index, colour in enumerate(PATROL)],
        zmin=0,
        xgap=1,
        ygap=1,
        colorbar={"title": "h per<br>month", "thickness": 12},
        hovertemplate="%{y}, %{x}: %{z:,.2f} h<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def add_coverage(
    figure: go.Figure, coverage: pd.DataFrame, *, across: list[float] | list[str], hover: str
) -> None:
    """Coverage of zones (rows) under several plans (columns) as a heat map from 0 to 100 % of the time.

    Parameters
    ----------
    coverage
        Share of time in %; index zones.
    across
        The columns as the x axis shows them.
    hover
        How the hover text shows a column, e.g. ``%{x:.1f} units``.
    """
    figure.add_heatmap(
        x=across,
        y=[str(zone) for zone in coverage.index],
        z=coverage.to_numpy(dtype=float),
        colorscale=[[index / 4, colour] for index, colour in enumerate(PATROL)],
        zmin=0,
        zmax=100,
        xgap=1,
        ygap=1,
        colorbar={"title": "% of<br>the time", "thickness": 12},
        hovertemplate=f"%{{y}}, {hover}: %{{z:.1f}} % of the time<extra></extra>",
    )
