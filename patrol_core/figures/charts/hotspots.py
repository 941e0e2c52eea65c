"""Charts of hot spots, of maps judged on later months, and of near repeats: data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import chart, heat, line, points, props, whiskers
from patrol_core.figures.palette import CHANGE, GROUPS, MARK, PALE, PLAN, REFERENCE, RISK, group_colour

VERDICTS: Mapping[str, str] = {
    "first": PLAN,
    "same flags": PLAN,
    "not told apart": "#6baed6",
    "worse": PALE,
}
"""Colour of a map by how it stands to the winner."""
FOLD = 4.0
"""Ratio, and its inverse, from which a cell of the near-repeat table has the darkest colour."""
MOST_POINTS = 20_000
"""Most events drawn one by one."""


def pai_intervals(rows: pd.DataFrame, *, share: float) -> go.Figure:
    """PAI of every map with the 5 to 95 % range of resamples, best on top.

    Args:
        rows: ``at(share)`` of :class:`patrol_core.evaluation.map_accuracy.MapAccuracy`.
        share: Share of the area flagged.
    """
    shown = rows.iloc[::-1]
    names = [
        f"{name} ★" if verdict == "first" else name
        for name, verdict in zip(shown["map"], shown["verdict"], strict=True)
    ]
    title, height = f"PAI with {share:.0%} of the area flagged", 110 + 32 * len(shown)
    figure = chart(title, "PAI, 1 is no better than chance", "", height=height, category="y", zero="x")
    points(
        figure,
        shown["pai"],
        names,
        [VERDICTS[verdict] for verdict in shown["verdict"]],
        "%{y}: %{x:.2f} (%{customdata[0]:.2f} to %{customdata[1]:.2f}), %{customdata[2]}",
        size=11,
        error_x=whiskers(shown["pai"], shown["pai_low"], shown["pai_high"], thickness=2),
        customdata=np.column_stack([shown["pai_low"], shown["pai_high"], shown["verdict"]]),
    )
    figure.add_vline(x=1.0, line={"color": REFERENCE, "dash": "dot"}, annotation_text="chance")
    return figure


def hit_curves(curves: Mapping[str, pd.DataFrame], *, of: str, share: float, most: float = 0.3) -> go.Figure:
    """Share of later crime caught over the share flagged, a line a map.

    Args:
        curves: Map -> share and hit_rate, at the corners.
        of: What is flagged: ``area`` or ``zones``.
        share: Share marked by a line.
        most: Largest share drawn at first; the axis can be dragged further.
    """
    across, up = f"share of the {of} flagged", "share of later crime"
    figure = chart("Share of later crime caught", across, up, height=420, share="xy", below=0.28)
    for index, (name, curve) in enumerate(curves.items()):
        style = props(width=2, dash="solid" if index < len(GROUPS) else "dash")
        colour = group_colour(index)
        if len(curve) == 2:  # every place alike
            style, colour = props(width=1.5, dash="dot"), REFERENCE
        said = f"%{{x:.1%}} of the {of}: %{{y:.1%}}"
        line(figure, curve["share"], curve["hit_rate"], colour, said, name=name, boxed=True, **style)
    figure.add_vline(x=share, line={"color": MARK, "dash": "dash", "width": 1.5})
    inside = [float(np.interp(most, curve["share"], curve["hit_rate"])) for curve in curves.values()]
    top = max([value for value in inside if np.isfinite(value)], default=1.0)
    figure.update_xaxes(range=[0, most])
    figure.update_yaxes(range=[0, min(1.0, 1.1 * top)])
    return figure


def ratio_heatmap(ratio: pd.DataFrame, observed: pd.DataFrame, q: pd.DataFrame, *, level: float) -> go.Figure:
    """Observed over expected pairs by distance (down) and days apart (across); bold where it cannot well be chance.

    Args:
        ratio, observed, q: ``matrix`` of :class:`patrol_core.risk.near_repeat.NearRepeat`.
        level: Value of q up to which a cell is bold.
    """
    values = ratio.to_numpy(dtype=float)
    colour = np.log2(np.clip(values, 1.0 / FOLD, FOLD))
    reach = float(np.log2(FOLD))
    sure = (q.to_numpy(dtype=float) <= level) & np.isfinite(values)
    texts = [
        [
            "–" if not np.isfinite(value) else f"<b>{value:.2f}</b>" if bold else f"{value:.2f}"
            for value, bold in zip(*row, strict=True)
        ]
        for row in zip(values, sure, strict=True)
    ]
    title, height = "Pairs of events, observed over expected by chance", 130 + 42 * len(ratio)
    figure = chart(title, "days apart", "", height=height, category="xy")
    legend = {
        "title": "times<br>chance",
        "tickvals": [-reach, -1, 0, 1, reach],
        "ticktext": [f"1/{FOLD:.0f}", "1/2", "1", "2", f"{FOLD:.0f} +"],
    }
    said = "%{y}, %{x}: %{customdata:,.0f} pairs, %{text} times chance"
    more = {"text": texts, "texttemplate": "%{text}", "customdata": observed.to_numpy(dtype=float)}
    days, metres, ends = list(ratio.columns), list(ratio.index), (-reach, reach)
    heat(figure, days, metres, colour, CHANGE, said, ends=ends, legend=legend, gap=2, **more)
    # Fixed, since a row without any pair would otherwise be cut in half.
    figure.update_yaxes(range=[len(ratio) - 0.5, -0.5], autorange=False)
    return figure


def near_map(events: pd.DataFrame) -> go.Figure:
    """Events on a plain plane; those with more near and soon than chance stand out.

    Args:
        events: Columns x, y (m), date, observed, near, hot (bool).
    """
    figure = chart("Where events follow each other", "metres east", "metres north", height=480)
    drawn = events if len(events) <= MOST_POINTS else events[events["hot"]]
    some = drawn["observed"] > 0
    said = "%{customdata[0]}: %{customdata[1]} of %{customdata[2]} near events are also near in time"
    for which, name, colour, size in (
        (~some, "alone", PALE, 4),
        (some & ~drawn["hot"], "another near and soon", RISK[2], 5),
        (drawn["hot"], "more of them than chance", RISK[4], 9),
    ):
        part = drawn[which]
        data = np.column_stack([part["date"].astype(str), part["observed"], part["near"]])
        points(figure, part["x"], part["y"], colour, said, size=size, name=name, many=True, customdata=data)
    figure.update_yaxes(scaleanchor="x", tickformat=",.0f")
    figure.update_xaxes(tickformat=",.0f")
    return figure
