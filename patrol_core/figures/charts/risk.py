"""Charts of recorded crime and of risk: months, types, zones, ranks by harm table, density on the ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import bars, chart, heat, line, points, whiskers
from patrol_core.figures.palette import MARK, PLAN, REFERENCE, RISK, STREET, group_colour
from patrol_core.risk import Density
from patrol_core.words import figure as figure_text

MOST_PIXELS = 240
"""Longer side of a density picture; finer cells are averaged."""


def monthly_bars(totals: pd.Series, *, unit: str, chosen: tuple[str, ...] = ()) -> go.Figure:
    """Total of each month; months outside ``chosen`` are grey.

    Args:
        totals: Indexed by month "YYYY-MM".
        unit: Of the totals.
        chosen: Months in use; all when empty.
    """
    figure = chart("Recorded by month", "", unit, height=280, category="x", zero="y")
    inside = set(chosen) or set(totals.index)
    colours = [RISK[2] if month in inside else STREET for month in totals.index]
    bars(figure, list(totals.index), totals.to_numpy(), colours, "%{x}: %{y:,.0f}")
    return figure


def type_bars(totals: pd.Series, *, unit: str, left_out: Sequence[str] = ()) -> go.Figure:
    """Total of each crime type, largest on top.

    Args:
        totals: Indexed by crime type.
        unit: Of the totals.
        left_out: Types that do not count in the risk; they are grey.
    """
    ordered = totals.sort_values()
    figure = chart("By crime type", unit, "", height=max(220, 60 + 24 * len(ordered)))
    colours = [STREET if kind in set(left_out) else RISK[2] for kind in ordered.index]
    names = [str(kind) for kind in ordered.index]
    bars(figure, names, ordered.to_numpy(), colours, "%{y}: %{x:,.0f}", sideways=True)
    return figure


def zone_history(series: pd.Series, *, name: str, unit: str) -> go.Figure:
    """One zone month by month, with its mean.

    Args:
        series: Indexed by month.
        name, unit: Of the zone, and of its values.
    """
    figure = chart(f"{name}, month by month", "", unit, height=240, category="x", zero="y")
    line(figure, list(series.index), series.to_numpy(), RISK[3], "%{x}: %{y:,.1f}", size=5)
    figure.add_hline(y=float(series.mean()), line={"color": REFERENCE, "dash": "dot"}, annotation_text="mean")
    return figure


def top_zones(table: pd.DataFrame, *, unit: str) -> go.Figure:
    """Zones with the highest risk and their 90 % interval.

    Args:
        table: Columns ``name``, ``mean``, ``low``, ``high``; most at risk first.
        unit: Of the risk.
    """
    shown = table.iloc[::-1]
    title = "Highest zones, with 90 % interval of the monthly mean"
    figure = chart(title, unit, "", height=90 + 24 * len(shown), zero="x")
    interval = whiskers(shown["mean"], shown["low"], shown["high"])
    points(figure, shown["mean"], shown["name"], RISK[3], "%{y}: %{x:,.1f}", size=9, error_x=interval)
    return figure


def rank_paths(ranks: pd.DataFrame, names: Mapping[str, str], *, top: int = 10) -> go.Figure:
    """Rank of the zones that are among the highest by any table, from table to table.

    Args:
        ranks: Index zone_id, one column a table; 1 is the highest.
        names: Name of each zone.
        top: Rank up to which a zone is among the highest.
    """
    shown = ranks[(ranks <= top).any(axis=1)].sort_values(ranks.columns[0])
    figure = chart("Rank of the highest zones, by table", "", "rank", height=380, category="x")
    for place, (zone, row) in enumerate(shown.iterrows()):
        label = names.get(str(zone), str(zone))
        said = f"{_plain(label)}<br>%{{x}}: rank %{{y:g}}"
        columns, colour = list(shown.columns), group_colour(place)
        line(figure, columns, row.to_numpy(), colour, said, name=label, size=6, showlegend=False)
    _name_ends(figure, shown.iloc[:, -1], names, top=top)
    figure.update_yaxes(autorange="reversed", rangemode="normal", tick0=1)
    return figure


def _name_ends(figure: go.Figure, last: pd.Series, names: Mapping[str, str], *, top: int) -> None:
    """Write the name of each line at its right end, where it ends among the highest and no other ends there."""
    taken: set[float] = set()
    for zone, rank in last.sort_values().items():
        if rank > top + 2 or round(float(rank)) in taken:
            continue
        taken.add(round(float(rank)))
        figure.add_annotation(
            x=1.0, xref="paper", xanchor="left", xshift=4, y=float(rank), showarrow=False,
            text=_plain(names.get(str(zone), str(zone))), font={"size": 11},
        )  # fmt: skip
    figure.update_layout(margin_r=130, height=460)


def density_map(found: Density, *, unit: str) -> go.Figure:
    """Density on the ground; nothing is drawn outside the area. Coloured by its square root."""
    inside = found.grid.inside
    step = max(1, -(-max(inside.shape) // MOST_PIXELS))
    amount, share = (_blocks(table, step) for table in (found.per_km2, inside.astype(float)))
    shown = np.divide(amount, share, out=np.full_like(amount, np.nan), where=share > 0)
    top = float(np.nanmax(shown)) or 1.0
    marks = (0.0, top / 4, top)
    legend = {
        "title": {"text": unit, "side": "right"},
        "tickvals": np.sqrt(marks).tolist(),
        "ticktext": [figure_text(mark) for mark in marks],
    }
    figure = chart(f"Density, bandwidth {found.bandwidth_m:,.0f} m", "", "", height=560)
    heat(
        figure, None, None, np.sqrt(shown), RISK, "%{customdata:,.3~r}",
        ends=(0.0, np.sqrt(top)), legend=legend, gap=0, customdata=shown, hoverongaps=False,
    )  # fmt: skip
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
    return figure


def bandwidth_scores(scores: Mapping[float, float], *, chosen: float) -> go.Figure:
    """Mean log density at the places left out, over the bandwidths tried, with the one in use marked."""
    title = "How well places left out are predicted"
    figure = chart(title, "bandwidth (m)", "mean log density", height=260, zero="x")
    line(figure, list(scores), list(scores.values()), PLAN, "%{x:,.0f} m: %{y:.3f}", size=6)
    figure.add_vline(x=chosen, line={"color": MARK, "dash": "dot"}, annotation_text="in use")
    figure.update_xaxes(showline=True, linecolor=REFERENCE)
    return figure


def _blocks(table: Floats, step: int) -> Floats:
    """Sums over blocks of ``step`` by ``step`` cells; the edge is filled with nothing."""
    rows, columns = (-(-size // step) * step for size in table.shape)
    whole = np.zeros((rows, columns))
    whole[: table.shape[0], : table.shape[1]] = table
    return np.asarray(whole.reshape(rows // step, step, columns // step, step).sum(axis=(1, 3)))


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace("%{", "% {")
