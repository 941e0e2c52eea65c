"""Charts of fairness: curves of both views, frontiers over each other, and what conclusions hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from patrol_core.arrays import Floats
from patrol_core.fairness import FOUR_FIFTHS
from patrol_core.figures.charts.base import AXIS, bars, chart, line, points, props, whiskers
from patrol_core.figures.palette import CHANGE, INK, MARK, PATROL, PLAN, REFERENCE, RISK, group_colour

VIEW_COLOURS = {"protection": RISK[3], "burden": PATROL[3]}


def group_bars(
    groups: Sequence[str],
    values: Floats,
    *,
    overall: float,
    view: str,
    title: str,
    unit: str,
    beside: Sequence[str] | None = None,
    within: float | None,
) -> go.Figure:
    """One bar a group against the overall rate, with the band that the fairness rule allows; one colour, that of the view.

    Args:
        groups, values: Names and rates.
        overall: Rate of all together.
        view: ``protection`` or ``burden``: the colour.
        title, unit: Of the chart, and of the rates.
        beside: What stands on each bar: the rate in another unit.
        within: How far the rule lets a group be from the overall rate, as a share of it; None without a rule.
    """
    figure = chart(f"{title}<br><sup>{unit}</sup>", "", "", height=310, category="x", zero="y")
    said = "%{x}: %{y:,.3~r}" + ("" if beside is None else " (%{text})")
    names = [str(group) for group in groups]
    written = props(text=None if beside is None else list(beside), textangle=0)
    bars(figure, names, values, VIEW_COLOURS[view], said, **written)
    named = props(annotation_text="overall", annotation_position="right")
    figure.update_layout(margin_r=58)
    figure.add_hline(y=overall, line={"color": INK, "dash": "dot"}, **named)
    if within is not None:
        low, high = overall * max(0.0, 1 - within), overall * (1 + within)
        figure.add_hrect(y0=low, y1=high, fillcolor="#228833", opacity=0.12, line_width=0)
    return figure


def view_curves(
    lorenz: tuple[Floats, Floats],
    concentration: tuple[Floats, Floats] | None,
    *,
    what: str,
    view: str,
    head: str,
) -> go.Figure:
    """Lorenz curve and, where deprivation is known, concentration curve of one view, against the line of equality.

    Args:
        lorenz, concentration: (shares of people, shares of the amount), 0 to 1.
        what: The amount in words, e.g. ``harm left``.
        view: ``protection`` or ``burden``: the colour.
        head: What is counted: ``residents`` or ``zones``.
    """
    title, across, up = f"Spread of {what}", f"{head}, cumulative", f"{what}, cumulative"
    figure = chart(title, across, up, height=300, share="xy")
    line(figure, [0, 1], [0, 1], REFERENCE, None, name="equal", dash="dot")
    lines = {"least first (Lorenz)": (lorenz, "solid")}
    if concentration is not None:
        lines["most deprived first"] = (concentration, "dash")
    for name, ((people, amount), dash) in lines.items():
        said = f"{name}: %{{x:.0%}} of {head}, %{{y:.0%}} of the {what}"
        line(figure, people, amount, VIEW_COLOURS[view], said, name=name, width=2.5, dash=dash)
    # Curves lie mostly below the diagonal, so there is room above it.
    figure.update_layout(
        legend={"orientation": "v", "x": 0.02, "y": 0.98, "xanchor": "left", "yanchor": "top"}
    )
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[0, 1])
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

    Args:
        frame: Columns within, extra_worst, extra_expected (unit); infeasible levels are NaN.
        unit: Of the harm.
        within, knee, chosen: Level in force, level of the knee, level looked at; None for none.
        words: What the level is, for the axis.
    """
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("in the worst zone", "in all zones together"), horizontal_spacing=0.09
    )
    layout = chart("The price of fairness", words, f"extra {unit} against no rule").layout
    figure.update_layout(layout, showlegend=False)
    said = f"%{{x:.1%}}: %{{y:+,.2f}} {unit}"
    for place, (column, colour) in enumerate((("extra_worst", PLAN), ("extra_expected", RISK[3])), start=1):
        line(figure, frame["within"], frame[column], colour, said, size=8, row=1, col=place)
        figure.add_hline(y=0, line={"color": REFERENCE, "width": 1}, row=1, col=place)
    for level, text, colour, dash, where in (
        (within, "now", MARK, "solid", "top right"),
        (knee, "knee", REFERENCE, "dash", "bottom left"),
        (None if chosen == knee else chosen, "looked at", INK, "dot", "bottom right"),
    ):
        if level is not None and np.isfinite(level):
            style = {"color": colour, "width": 2, "dash": dash}
            figure.add_vline(x=level, line=style, annotation_text=text, annotation_position=where, col=1)
            figure.add_vline(x=level, line=style, col=2)
    figure.update_xaxes(tickformat=".0%", autorange="reversed", title_text=words, **AXIS)
    figure.update_yaxes(**AXIS)
    figure.update_yaxes(title_text=f"extra {unit}", col=1)
    figure.update_annotations(font_size=13)
    return figure


def frontiers_over(
    lines: Mapping[str, pd.DataFrame], *, x: str, x_words: str, unit: str, knees: Mapping[str, float | None]
) -> go.Figure:
    """Frontiers of several rules or budgets over each other, in the harm itself, not in prices.

    Args:
        lines: Name -> frame with within, worst_case and the column ``x``.
        x, x_words: Column across: ``within``, or ``ratio`` (lowest group's patrol as a share of the highest's);
            and its title.
        unit: Of the harm.
        knees: Name -> level of its knee.
    """
    figure = chart("Frontiers compared", x_words, f"worst zone, {unit}", zero="y")
    for index, (name, frame) in enumerate(lines.items()):
        known = frame[np.isfinite(frame["worst_case"].to_numpy(dtype=float))]
        colour = group_colour(index)
        said = f"{name}<br>level %{{customdata:.1%}}, %{{x:.2f}}: %{{y:,.2f}} {unit}"
        style = {"name": name, "width": 2.5, "size": 5, "customdata": known["within"]}
        line(figure, known[x], known["worst_case"], colour, said, **style)
        knee = knees.get(name)
        if knee is not None:
            at = known[np.isclose(known["within"], knee)]
            diamond = {"symbol": "diamond", "line": {"color": "white", "width": 2}}
            points(figure, at[x], at["worst_case"], colour, f"knee of {name}", size=13, marker=diamond)
    if x == "within":
        figure.update_xaxes(tickformat=".0%", autorange="reversed")
    else:
        figure.add_vline(x=FOUR_FIFTHS, line={"color": REFERENCE, "dash": "dash"}, annotation_text="0.8")
    return figure


def change_bars(groups: Sequence[str], change: Floats, *, title: str, unit: str) -> go.Figure:
    """Who gains (right) and who loses (left), one bar a group.

    Args:
        groups, change: Names, and change of the rate.
        title, unit: Of the chart, and of the change.
    """
    height = max(190, 90 + 24 * len(groups))
    figure = chart(f"{title}<br><sup>{unit}</sup>", "", "", height=height, category="y")
    names, shown = [str(group) for group in groups][::-1], change[::-1]
    colours = [CHANGE[-1] if value > 0 else CHANGE[0] for value in shown]
    bars(figure, names, shown, colours, "%{y}: %{x:+,.3~r}", sideways=True)
    reach = float(np.nanmax(np.abs(change), initial=0.0)) * 1.1 or 1.0
    figure.add_vline(x=0, line={"color": REFERENCE, "width": 1})
    figure.update_xaxes(range=[-reach, reach])
    return figure


def reporting_lines(paths: Mapping[str, pd.DataFrame], *, now: tuple[str, float] | None) -> go.Figure:
    """Lowest over highest harm left of groups as less is reported for one of them, one line a group.

    Args:
        paths: Group -> columns recorded, ratio.
        now: Group and rate that the slider stands at.
    """
    across, up = "share recorded for one group", "lowest over highest harm left"
    figure = chart("If less is reported", across, up, height=320, share="x")
    for index, (group, path) in enumerate(paths.items()):
        colour, said = group_colour(index), f"{group}: %{{x:.0%}} recorded, ratio %{{y:.2f}}"
        line(figure, path["recorded"], path["ratio"], colour, said, name=group, width=2.5)
    figure.add_hline(y=FOUR_FIFTHS, line={"color": REFERENCE, "dash": "dash"}, annotation_text="0.8")
    if now is not None and now[0] in paths:
        path = paths[now[0]]
        ratio = float(np.interp(now[1], path["recorded"].to_numpy()[::-1], path["ratio"].to_numpy()[::-1]))
        points(figure, [now[1]], [ratio], MARK, "%{x:.0%}, %{y:.2f}", size=12)
    figure.update_xaxes(autorange="reversed")
    figure.update_yaxes(range=[0, 1])
    return figure


def rate_intervals(groups: Sequence[str], stated: Floats, draws: Floats, *, unit: str) -> go.Figure:
    """Rates of groups with the 5 to 95 % range over draws.

    Args:
        groups, stated: (G,) names and rates.
        draws: (S, G) rates at other draws of the harm.
        unit: Of the rates.
    """
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    title = f"Chance in small counts<br><sup>harm left, {unit}</sup>"
    figure = chart(title, "", "", height=320, category="x", zero="y")
    interval = whiskers(stated, np.minimum(low, stated), np.maximum(high, stated))
    names = [str(group) for group in groups]
    points(figure, names, stated, VIEW_COLOURS["protection"], "%{x}: %{y:,.3~r}", size=11, error_y=interval)
    return figure
