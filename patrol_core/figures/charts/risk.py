"""Charts of the page Risk: ranks by harm table, density on the ground, bandwidths tried."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import GROUPS, MARK, PLAN, REFERENCE, RISK
from patrol_core.risk import Density

MOST_PIXELS = 240
"""Longer side of a density picture; finer cells are averaged."""


def rank_paths(ranks: pd.DataFrame, names: Mapping[str, str], *, top: int = 10) -> go.Figure:
    """Rank of the zones that are among the ``top`` by any table, from table to table.

    Parameters
    ----------
    ranks
        Index zone_id, one column a table; 1 is the highest.
    names
        Name of each zone.
    """
    shown = ranks[(ranks <= top).any(axis=1)].sort_values(ranks.columns[0])
    figure = chart("Rank of the highest zones, by table", "", "rank", height=380)
    for place, (zone, row) in enumerate(shown.iterrows()):
        label = names.get(str(zone), str(zone))
        figure.add_scatter(
            x=list(shown.columns),
            y=row.to_numpy(),
            mode="lines+markers",
            line={"color": GROUPS[place % len(GROUPS)], "width": 2},
            name=label,
            showlegend=False,
            hovertemplate=f"{_plain(label)}<br>%{{x}}: rank %{{y:g}}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", rangemode="normal", tick0=1)
    figure.update_xaxes(type="category")
    return figure


def density_map(found: Density, *, unit: str) -> go.Figure:
    """Density on the ground; nothing is drawn outside the area. Coloured by its square root."""
    inside = found.grid.inside
    step = max(1, -(-max(inside.shape) // MOST_PIXELS))
    amount, share = (_blocks(table, step) for table in (found.per_km2, inside.astype(float)))
    shown = np.divide(amount, share, out=np.full_like(amount, np.nan), where=share > 0)
    top = float(np.nanmax(shown)) or 1.0
    figure = chart(f"Density, bandwidth {found.bandwidth_m:,.0f} m", "", "", height=560)
    figure.add_heatmap(
        z=np.sqrt(shown),
        customdata=shown,
        zmin=0.0,
        zmax=np.sqrt(top),
        colorscale=[[place / (len(RISK) - 1), colour] for place, colour in enumerate(RISK)],
        colorbar={
            "title": {"text": unit, "side": "right"},
            "thickness": 12,
            "tickvals": [0.0, np.sqrt(top / 4), np.sqrt(top)],
            "ticktext": [_short(mark) for mark in (0.0, top / 4, top)],
        },
        hovertemplate="%{customdata:,.3g}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
    return figure


def bandwidth_scores(scores: Mapping[float, float], *, chosen: float) -> go.Figure:
    """Mean log density at the places left out, over the bandwidths tried, with the one in use marked."""
    figure = chart("How well places left out are foretold", "bandwidth (m)", "mean log density", height=260)
    figure.add_scatter(
        x=list(scores),
        y=list(scores.values()),
        mode="lines+markers",
        line={"color": PLAN, "width": 2},
        showlegend=False,
        hovertemplate="%{x:,.0f} m: %{y:.3f}<extra></extra>",
    )
    figure.add_vline(x=chosen, line={"color": MARK, "dash": "dot"}, annotation_text="in use")
    figure.update_xaxes(showline=True, linecolor=REFERENCE, rangemode="tozero")
    return figure


def _blocks(table: np.ndarray, step: int) -> np.ndarray:
    """Sums over blocks of ``step`` by ``step`` cells; the edge is filled with nothing."""
    rows, columns = (-(-size // step) * step for size in table.shape)
    whole = np.zeros((rows, columns))
    whole[: table.shape[0], : table.shape[1]] = table
    return np.asarray(whole.reshape(rows // step, step, columns // step, step).sum(axis=(1, 3)))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:,.3g}"


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace("%{", "% {")
