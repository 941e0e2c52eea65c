"""Charts of the feedback loop check: data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import chart
from patrol_core.figures.palette import GROUPS, MARK, PLAN, REFERENCE

COLOURS: Mapping[str, str] = {
    "All records": MARK,
    "Without patrol-generated": GROUPS[3],
    "Detection corrected": PLAN,
    "Both": GROUPS[2],
    "Patrols do not matter": REFERENCE,
}
"""Fixed colour of each recipe; the yardstick is grey."""


def feedback_lines(course: pd.DataFrame, *, figure: str, title: str, unit: str) -> go.Figure:
    """One figure round by round for every recipe, with the band of its runs.

    Parameters
    ----------
    course
        ``course`` of :class:`patrol_core.evaluation.feedback.loop.Feedback`.
    figure
        Which of its figures.
    """
    drawn = chart(title, "round (0: the first plan)", unit, height=380)
    for recipe, part in course[course["figure"] == figure].groupby("recipe", sort=False):
        colour = COLOURS.get(str(recipe), REFERENCE)
        x, low, high = (part[c].to_numpy(dtype=float) for c in ("round", "low", "high"))
        drawn.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            fillcolor=colour,
            opacity=0.12,
            line={"width": 0},
            legendgroup=str(recipe),
            showlegend=False,
            hoverinfo="skip",
        )
        drawn.add_scatter(
            x=x,
            y=part["mean"],
            mode="lines",
            name=str(recipe),
            legendgroup=str(recipe),
            line={"color": colour, "width": 2.5, "dash": "dot" if colour == REFERENCE else "solid"},
            hovertemplate=f"{recipe}, round %{{x}}: %{{y:,.2f}}<extra></extra>",
        )
    drawn.update_layout(
        height=420, legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.22, "yanchor": "top"}
    )
    return drawn


def drift_bars(summary: pd.DataFrame) -> go.Figure:
    """Patrol that the loop has moved, by recipe, with its interval; shortest bar is best."""
    shown = summary[summary["recipe"] != "Patrols do not matter"].iloc[::-1]
    middle, low, high = (shown[c].to_numpy(dtype=float) for c in ("drift", "drift_low", "drift_high"))
    figure = chart(
        "Patrol that the loop has moved, last quarter", "% of patrol", "", height=110 + 40 * len(shown)
    )
    figure.add_bar(
        x=middle,
        y=shown["recipe"],
        orientation="h",
        marker_color=[COLOURS.get(str(recipe), REFERENCE) for recipe in shown["recipe"]],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - middle,
            "arrayminus": middle - low,
            "color": REFERENCE,
        },
        hovertemplate="%{y}: %{x:.1f} % of patrol<extra></extra>",
    )
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=False)
    return figure


def urn_lines(courses: Mapping[str, tuple[Floats, Floats, Floats]], *, truth: float) -> go.Figure:
    """Share of patrol of the first of two places in the urn: mean and 5 to 95 %, and its share of true crime.

    Parameters
    ----------
    courses
        "All records" and "Detection corrected" -> mean, low, high by day.
    """
    figure = chart(
        "Two places, one patrol a day: share of patrol at place A", "day", "% of patrol", height=320
    )
    for name, (mean, low, high) in courses.items():
        colour = COLOURS.get(name, REFERENCE)
        x = np.arange(len(mean))
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=100.0 * np.concatenate([high, low[::-1]]),
            fill="toself",
            fillcolor=colour,
            opacity=0.15,
            line={"width": 0},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=x,
            y=100.0 * mean,
            mode="lines",
            name=name,
            line={"color": colour, "width": 2.5},
            hovertemplate=f"{name}, day %{{x}}: %{{y:.0f}} %<extra></extra>",
        )
    figure.add_hline(
        y=100.0 * truth, line={"color": REFERENCE, "dash": "dot"}, annotation_text="A's share of crime"
    )
    figure.update_yaxes(range=[0, 100])
    return figure
