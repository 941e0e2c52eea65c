"""Charts of fairness: curves of both views, frontiers over each other, and what conclusions hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from patrol_core.arrays import Floats
from patrol_core.fairness import FOUR_FIFTHS
from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import CHANGE, GROUPS, MARK, PATROL, PLAN, REFERENCE, RISK

VIEW_COLOURS = {"protection": RISK[3], "burden": PATROL[3]}


def view_curves(
    lorenz: tuple[Floats, Floats],
    concentration: tuple[Floats, Floats] | None,
    *,
    what: str,
    view: str,
) -> go.Figure:
    """Lorenz curve and, where deprivation is known, concentration curve of one view, against the line of equality.

    Parameters
    ----------
    lorenz, concentration
        (shares of people, shares of the amount), 0 to 1.
    what
        The amount in words, e.g. ``harm left``.
    view
        ``protection`` or ``burden``: the colour.
    """
    figure = chart(f"Spread of {what}", "residents, cumulative", f"{what}, cumulative", height=300)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="equal",
        line={"color": REFERENCE, "dash": "dot"},
        hoverinfo="skip",
    )
    lines = {"least first (Lorenz)": (lorenz, "solid")}
    if concentration is not None:
        lines["most deprived first"] = (concentration, "dash")
    for name, ((across, up), dash) in lines.items():
        figure.add_scatter(
            x=across,
            y=up,
            mode="lines",
            name=name,
            line={"color": VIEW_COLOURS[view], "width": 2.5, "dash": dash},
            hovertemplate=f"{name}: %{{x:.0%}} of residents, %{{y:.0%}} of the {what}<extra></extra>",
        )
    # Curves lie mostly below the diagonal, so there is room above it.
    figure.update_layout(
        legend={"orientation": "v", "x": 0.02, "y": 0.98, "xanchor": "left", "yanchor": "top"}
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return figure


def frontier_points(
    frame: pd.DataFrame,
    *,
    unit: str,
    within: float | None,
    knee: float | None,
    chosen: float | None,
    words: str,
) -> go.Figure:
    """One frontier, every level a point that can be clicked: extra harm against no rule, from loose to tight.

    Parameters
    ----------
    frame
        Columns within, extra_worst, extra_expected (unit); infeasible levels are NaN.
    unit
        Of the harm.
    within, knee, chosen
        Level in force, level of the knee, level looked at; None for none.
    words
        What the level is, for the axis.
    """
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("in the worst zone", "in all zones together"), horizontal_spacing=0.09
    )
    figure.update_layout(
        chart("The price of fairness", words, f"extra {unit} against no rule").layout, showlegend=False
    )
    for place, (column, colour) in enumerate((("extra_worst", PLAN), ("extra_expected", RISK[3])), start=1):
        figure.add_scatter(
            x=frame["within"],
            y=frame[column],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 8},
            hovertemplate=f"%{{x:.1%}}: %{{y:+,.2f}} {unit}<extra></extra>",
            row=1,
            col=place,
        )
        figure.add_hline(y=0, line={"color": REFERENCE, "width": 1}, row=1, col=place)
    for level, text, colour, dash, where in (
        (within, "now", MARK, "solid", "top right"),
        (knee, "knee", REFERENCE, "dash", "bottom left"),
        (None if chosen == knee else chosen, "looked at", "#1f2933", "dot", "bottom right"),
    ):
        if level is not None and np.isfinite(level):
            line = {"color": colour, "width": 2, "dash": dash}
            figure.add_vline(x=level, line=line, annotation_text=text, annotation_position=where, col=1)
            figure.add_vline(x=level, line=line, col=2)
    style = {"gridcolor": "#e6e8ec", "zeroline": False, "automargin": True}
    figure.update_xaxes(tickformat=".0%", autorange="reversed", title_text=words, **style)
    figure.update_yaxes(**style)
    figure.update_yaxes(title_text=f"extra {unit}", col=1)
    figure.update_annotations(font_size=13)
    return figure


def frontiers_over(
    lines: Mapping[str, pd.DataFrame], *, x: str, x_words: str, unit: str, knees: Mapping[str, float | None]
) -> go.Figure:
    """Frontiers of several rules or budgets over each other, in the harm itself, not in prices.

    Parameters
    ----------
    lines
        Name -> frame with within, worst_case and the column ``x``.
    x
        Column across: ``within``, or ``ratio`` (least over most patrolled group that each plan attains).
    knees
        Name -> level of its knee.
    """
    figure = chart("Frontiers compared", x_words, f"worst zone, {unit}")
    for index, (name, frame) in enumerate(lines.items()):
        known = frame[np.isfinite(frame["worst_case"].to_numpy(dtype=float))]
        colour = GROUPS[index % len(GROUPS)]
        figure.add_scatter(
            x=known[x],
            y=known["worst_case"],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2.5},
            marker={"size": 5},
            customdata=known["within"],
            hovertemplate=f"{name}<br>level %{{customdata:.1%}}, %{{x:.2f}}: %{{y:,.2f}} {unit}<extra></extra>",
        )
        knee = knees.get(name)
        if knee is not None:
            at = known[np.isclose(known["within"], knee)]
            figure.add_scatter(
                x=at[x],
                y=at["worst_case"],
                mode="markers",
                showlegend=False,
                marker={
                    "color": colour,
                    "size": 13,
                    "symbol": "diamond",
                    "line": {"color": "white", "width": 2},
                },
                hovertemplate=f"knee of {name}<extra></extra>",
            )
    if x == "within":
        figure.update_xaxes(tickformat=".0%", autorange="reversed")
    else:
        figure.add_vline(x=FOUR_FIFTHS, line={"color": REFERENCE, "dash": "dash"}, annotation_text="0.8")
    figure.update_yaxes(rangemode="tozero")
    return figure


def change_bars(groups: Sequence[str], change: Floats, *, title: str, unit: str) -> go.Figure:
    """Who gains (right) and who loses (left) per head, one bar a group."""
    figure = chart(f"{title}<br><sup>{unit}</sup>", "", "", height=max(190, 90 + 24 * len(groups)))
    figure.add_bar(
        y=[str(group) for group in groups][::-1],
        x=change[::-1],
        orientation="h",
        marker_color=[CHANGE[-1] if value > 0 else CHANGE[0] for value in change[::-1]],
        hovertemplate="%{y}: %{x:+,.3g}<extra></extra>",
    )
    reach = float(np.nanmax(np.abs(change), initial=0.0)) * 1.1 or 1.0
    figure.add_vline(x=0, line={"color": REFERENCE, "width": 1})
    figure.update_xaxes(range=[-reach, reach])
    figure.update_yaxes(type="category")
    return figure


def reporting_lines(paths: Mapping[str, pd.DataFrame], *, now: tuple[str, float] | None) -> go.Figure:
    """Least over most harmed group as less is reported where one group lives, one line a group.

    Parameters
    ----------
    paths
        Group -> columns recorded, ratio.
    now
        Group and rate that the slider stands at.
    """
    figure = chart(
        "If less is reported",
        "share recorded where one group lives",
        "least over most harm left",
        height=320,
    )
    for index, (group, path) in enumerate(paths.items()):
        figure.add_scatter(
            x=path["recorded"],
            y=path["ratio"],
            mode="lines",
            name=group,
            line={"color": GROUPS[index % len(GROUPS)], "width": 2.5},
            hovertemplate=f"{group}: %{{x:.0%}} recorded, ratio %{{y:.2f}}<extra></extra>",
        )
    figure.add_hline(y=FOUR_FIFTHS, line={"color": REFERENCE, "dash": "dash"}, annotation_text="0.8")
    if now is not None and now[0] in paths:
        path = paths[now[0]]
        ratio = float(np.interp(now[1], path["recorded"].to_numpy()[::-1], path["ratio"].to_numpy()[::-1]))
        figure.add_scatter(
            x=[now[1]], y=[ratio], mode="markers", showlegend=False, marker={"color": MARK, "size": 12}
        )
    figure.update_xaxes(tickformat=".0%", autorange="reversed")
    figure.update_yaxes(range=[0, 1])
    return figure


def rate_intervals(groups: Sequence[str], stated: Floats, draws: Floats, *, unit: str) -> go.Figure:
    """Rates per head of groups with the 5 to 95 % range over draws.

    Parameters
    ----------
    stated
        (G,) rates.
    draws
        (S, G) rates at other draws of the harm.
    """
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    figure = chart(f"Chance in small counts<br><sup>harm left, {unit}</sup>", "", "", height=320)
    figure.add_scatter(
        x=[str(group) for group in groups],
        y=stated,
        mode="markers",
        marker={"color": [GROUPS[index % len(GROUPS)] for index in range(len(groups))], "size": 11},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": np.maximum(high - stated, 0.0),
            "arrayminus": np.maximum(stated - low, 0.0),
            "color": REFERENCE,
        },
        hovertemplate="%{x}: %{y:,.3g}<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero")
    return figure
