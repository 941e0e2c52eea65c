"""Charts of the feedback loop check: data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from patrol_core.arrays import Floats
from patrol_core.figures.charts.base import band, bars, chart, line, whiskers
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

    Args:
        course: ``course`` of :class:`patrol_core.evaluation.feedback.loop.Feedback`.
        figure: Which of its figures.
        title, unit: Of the chart, and of the figure.
    """
    drawn = chart(title, "round (0: the first plan)", unit, height=420, below=0.22)
    for recipe, part in course[course["figure"] == figure].groupby("recipe", sort=False):
        colour, name = COLOURS.get(str(recipe), REFERENCE), str(recipe)
        x, low, high = (part[c].to_numpy(dtype=float) for c in ("round", "low", "high"))
        band(drawn, x, low, high, colour, opacity=0.12, legendgroup=name, showlegend=False)
        said, dash = f"{recipe}, round %{{x}}: %{{y:,.2f}}", "dot" if colour == REFERENCE else "solid"
        line(drawn, x, part["mean"], colour, said, name=name, width=2.5, dash=dash, legendgroup=name)
    return drawn


def drift_bars(summary: pd.DataFrame) -> go.Figure:
    """Patrol that the loop has moved, by recipe, with its interval; shortest bar is best."""
    shown = summary[summary["recipe"] != "Patrols do not matter"].iloc[::-1]
    middle, low, high = (shown[c].to_numpy(dtype=float) for c in ("drift", "drift_low", "drift_high"))
    title = "Patrol that the loop has moved, last quarter"
    figure = chart(title, "% of patrol", "", height=110 + 40 * len(shown), zero="x")
    colours = [COLOURS.get(str(recipe), REFERENCE) for recipe in shown["recipe"]]
    interval, said = whiskers(middle, low, high), "%{y}: %{x:.1f} % of patrol"
    bars(figure, shown["recipe"], middle, colours, said, sideways=True, error_x=interval)
    return figure


def urn_lines(courses: Mapping[str, tuple[Floats, Floats, Floats]], *, truth: float) -> go.Figure:
    """Share of patrol of the first of two places in the urn: mean and 5 to 95 %, and its share of true crime.

    Args:
        courses: "All records" and "Detection corrected" -> mean, low, high by day.
        truth: Share of crime of the first place.
    """
    title = "Two places, one patrol a day: share of patrol at place A"
    figure = chart(title, "day", "% of patrol", height=320)
    for name, (mean, low, high) in courses.items():
        colour = COLOURS.get(name, REFERENCE)
        x = np.arange(len(mean))
        band(figure, x, 100.0 * low, 100.0 * high, colour, opacity=0.15, showlegend=False)
        line(figure, x, 100.0 * mean, colour, f"{name}, day %{{x}}: %{{y:.0f}} %", name=name, width=2.5)
    named = {"annotation_text": "A's share of crime"}
    figure.add_hline(y=100.0 * truth, line={"color": REFERENCE, "dash": "dot"}, **named)
    figure.update_yaxes(range=[0, 100])
    return figure
