"""Charts of why a model says what it says: exact Shapley values in log units, shown as factors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import bars, chart, heat, line, points
from patrol_core.figures.palette import CHANGE, EDGE, INK, PLAN, REFERENCE
from patrol_core.words import figure as number

VALUES = ((0.0, "#ccbb44"), (1.0, "#222255"))
"""Low and high value of a feature; neither risk nor patrol nor change."""
LONGEST = 34
"""Letters of a feature's name on an axis; the whole name stands in the hover text."""
MARKS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (300.0, (1,)),
    (12.0, (1, 2, 5)),
    (2.5, (1, 1.5, 2, 3, 5, 7)),
    (0.0, (1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)),
)
"""Marks of a logarithmic axis between powers of ten, by how far it reaches."""
MOST_POINTS = 700
"""Zones drawn in a swarm; more would only lie on top of each other."""
OTHERS = "everything else"
ROOM = 0.22
"""Share of the axis left free for the labels right of the last step."""


def waterfall(parts: pd.Series, *, base: float, unit: str, title: str, most: int = 8) -> go.Figure:
    """How one zone's prediction comes about: from the average zone, feature by feature, to the zone's own.

    Args:
        parts: Contribution of each feature in log units; index the feature's name in words.
        base: The average prediction, in log units.
        unit, title: Of the prediction, and of the chart.
        most: Features shown one by one; the smaller ones are put together.
    """
    ordered = parts.reindex(parts.abs().sort_values(ascending=False, kind="stable").index)
    shown = ordered.head(most)
    if len(ordered) > most:
        shown = pd.concat([shown, pd.Series({OTHERS: float(ordered.iloc[most:].sum())})])
    steps = np.concatenate([[base], base + np.cumsum(shown.to_numpy(dtype=float))])
    figure = chart(title, unit, "", height=140 + 30 * len(shown), category="y", downward=True)
    for index, (name, part) in enumerate(zip(_short(shown.index), shown, strict=True)):
        ends = np.exp(steps[index : index + 2])
        arrow = {"size": [0, 15], "symbol": "triangle-right" if part > 0 else "triangle-left"}
        colour, said = CHANGE[4] if part > 0 else CHANGE[0], f"× {number(np.exp(part))}: %{{x:,.3~r}}"
        line(figure, ends, [name, name], colour, said, width=12, mode="lines+markers", marker=arrow)
        beside = {"xanchor": "left", "xshift": 12, "font": {"size": 12, "color": EDGE}}
        place, words = float(np.log10(ends.max())), f"× {np.exp(part):.2f}"
        figure.add_annotation(x=place, y=name, text=words, showarrow=False, **beside)
    for place, words, y, anchor in (
        (steps[0], "average zone", 0.0, "top"),
        (steps[-1], "this zone", 1.0, "bottom"),
    ):
        figure.add_vline(x=float(np.exp(place)), line={"color": REFERENCE, "dash": "dot"})
        figure.add_annotation(
            x=float(place / np.log(10)),
            y=y,
            yref="paper",
            yanchor=anchor,
            text=f"{words} {number(np.exp(place))}",
            showarrow=False,
            font={"size": 12, "color": INK},
        )
    figure.update_xaxes(title_standoff=24, ticklabelstandoff=14, **_log_axis(np.exp(steps), right=ROOM))
    return figure


def feature_bars(contributions: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """How far each feature moves the prediction on average, as a factor; the strongest on top.

    Args:
        contributions: Zones by features, in log units; columns in words.
        most: Features shown.
    """
    strength = contributions.abs().mean().sort_values(ascending=False, kind="stable").head(most)[::-1]
    title = "How far each feature moves a zone, on average"
    figure = chart(title, "factor, up or down", "", height=90 + 26 * len(strength))
    factor = np.exp(strength.to_numpy(dtype=float))
    data = [[str(name), one] for name, one in zip(strength.index, factor, strict=True)]
    said, names = "%{customdata[0]}: × or ÷ %{customdata[1]:.3f}", _short(strength.index)
    bars(figure, names, factor - 1.0, PLAN, said, sideways=True, base=1.0, customdata=data)
    return figure


def swarm(contributions: pd.DataFrame, values: pd.DataFrame, *, most: int = 10) -> go.Figure:
    """Every zone as a point for each of the strongest features: left lowers, right raises; colour is the feature's value.

    Args:
        contributions, values: Zones by features with the same labels: log units, and the features themselves. A
            value that is not known is grey.
        most: Features shown.
    """
    order = contributions.abs().mean().sort_values(ascending=False, kind="stable").index[:most]
    every = max(1, -(-len(contributions) // MOST_POINTS))
    title = "What raises and what lowers the prediction, zone by zone"
    figure = chart(title, "factor, 1 is no effect", "", height=110 + 36 * len(order))
    legend = {"title": "value of<br>the feature", "thickness": 12, "tickvals": [0, 1], "ticktext": ["low", "high"]}  # fmt: skip
    look = {"opacity": 0.75, "cmin": 0, "cmax": 1, "colorscale": VALUES, "colorbar": legend}
    for place, name in enumerate(order):
        part = contributions[name].to_numpy(dtype=float)[::every]
        value = values[name].to_numpy(dtype=float)[::every]
        said, marker = f"{name} = %{{customdata:,.3~r}}: × %{{x:.3~r}}", {**look, "showscale": place == 0}
        y = place + _spread(part)
        points(figure, np.exp(part), y, _rank(value), said, size=5, marker=marker, customdata=value)
    figure.add_vline(x=1.0, line={"color": REFERENCE, "dash": "dot"})
    figure.update_xaxes(**_log_axis(np.exp(contributions[list(order)].to_numpy(dtype=float))))
    marks = {"tickvals": list(range(len(order))), "ticktext": _short(order)}
    figure.update_yaxes(range=[len(order) - 0.4, -0.6], **marks)
    return figure


def dependence(values: Floats, parts: Floats, *, label: str) -> go.Figure:
    """One feature: its value against what it does to the prediction, a point a zone.

    Args:
        values, parts: The feature, and its contribution in log units; (n,).
        label: The feature in words.
    """
    figure = chart(f"What “{label}” does to the prediction", label, "factor, 1 is no effect", height=340)
    points(figure, values, np.exp(parts), PLAN, "%{x:,.3~r}: × %{y:.3~r}", size=6, marker={"opacity": 0.6})
    figure.add_hline(y=1.0, line={"color": REFERENCE, "dash": "dot"})
    figure.update_yaxes(**_log_axis(np.exp(parts)))
    return figure


def correlations(table: pd.DataFrame) -> go.Figure:
    """Rank correlations of features with each other as a heat map from −1 to 1; NaN (a constant) is left white."""
    names, title = _short(table.columns), "Which features move together (rank correlation)"
    figure = chart(title, "", "", height=150 + 26 * len(names), downward=True)
    said, z = "%{y} and %{x}: %{z:.2f}", table.to_numpy(dtype=float)
    heat(figure, names, names, z, CHANGE, said, ends=(-1, 1), legend="rank<br>corr.")
    return figure


def _log_axis(values: Floats, *, right: float = 0.0) -> dict[str, Any]:
    """A logarithmic axis over the values, with marks that people read: 0.5, 1, 2, 5 and finer where it is short; ``right`` leaves room."""
    low, high = float(np.nanmin(values)) / 1.06, float(np.nanmax(values)) * 1.06
    reach = high / low
    steps = next(marks for least, marks in MARKS if reach > least)
    marks = [step * 10.0**power for power in range(-6, 9) for step in steps]
    shown = [mark for mark in marks if low <= mark <= high]
    return {
        "type": "log",
        "range": [float(np.log10(low)), float(np.log10(high) + right * np.log10(reach))],
        "tickvals": shown,
        "ticktext": [f"{number(mark, 4)}" for mark in shown],
    }


def _short(names: Iterable[object], *, most: int = LONGEST) -> list[str]:
    """Names that leave room for the picture: cut, and told apart where the cut made them alike."""
    shown: list[str] = []
    for name in map(str, names):
        cut = name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
        alike = sum(other == cut or other.startswith(f"{cut} (") for other in shown)
        shown.append(f"{cut} ({alike + 1})" if alike else cut)
    return shown


def _rank(values: Floats) -> Floats:
    """Rank of each value from 0 to 1, equal values alike; NaN stays, and is drawn grey."""
    ranks = pd.Series(values).rank(method="average")
    reach = ranks.max() - ranks.min()
    return np.asarray((ranks - ranks.min()) / reach if reach > 0 else ranks * 0.0 + 0.5, dtype=float)


def _spread(parts: Floats, *, bins: int = 40, reach: float = 0.36) -> Floats:
    """Offsets that keep points of one row apart: the fuller the bin, the wider; the same data, the same picture."""
    low, high = float(parts.min()), float(parts.max())
    if high <= low:
        place = np.zeros(len(parts), dtype=int)
    else:
        place = np.minimum((bins * (parts - low) / (high - low)).astype(int), bins - 1)
    fullest = int(np.bincount(place).max())
    order = pd.Series(place).groupby(place).cumcount().to_numpy()
    side = np.where(order % 2 == 0, 1.0, -1.0)
    return np.asarray(side * ((order + 1) // 2) * (2 * reach / max(fullest, 8)), dtype=float)
