"""The last touch of every chart before it is drawn: the title comes off, nothing overlaps, nothing is cut, and it has a name."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_MONTHS = 6
"""Months that are written along an axis; they fit where a chart takes a third of the page."""
AXIS_TITLE, ROW_NAME = 34, 24
"""Letters of a line of an axis' title, and of the name of a row."""
LONG_NAME = 30
"""Letters from which the name of a row is broken: two lines need room."""


def lay_out(figure: go.Figure) -> tuple[str, str]:
    """Make a chart ready for a place of any width; returns its title, which is taken off, and what stands below it.

    A title above the chart wraps as other words do, which one inside would not.
    """
    text = figure.layout.title.text or ""
    if text:
        figure.layout.title.text = None
        figure.layout.margin.t = max(12, (figure.layout.margin.t or 0) - 32)
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        _wrap_title(axis)
    _thin_months(figure)
    _wrap_rows(figure)
    title, _, below = text.partition("<br>")
    return plain(title), plain(below)


def spoken(figure: go.Figure, title: str) -> str:
    """What a chart is, for those who do not see it: its title, its axes, and what is drawn.

    Args:
        figure: The chart.
        title: Taken off it before.
    """
    axes = (("across", figure.layout.xaxis.title.text), ("up", figure.layout.yaxis.title.text))
    said = [f"{way}: {plain(text)}" for way, text in axes if text]
    names = list(dict.fromkeys(plain(trace.name) for trace in figure.data if trace.name))
    drawn = [f"shown: {', '.join(names[:8])}"] if names else []
    return "; ".join([f"Chart: {title or 'drawing'}", *said, *drawn])


def plain(text: str) -> str:
    """Words of a text that plotly would read as HTML."""
    return html.unescape(re.sub(r"</?(?:b|i|sup|sub)>", "", text.replace("<br>", " "))).strip()


def _wrap_title(axis: Any) -> None:
    text = axis.title.text or ""
    if len(text) > AXIS_TITLE and "<" not in text:
        axis.title.text = "<br>".join(wrap(text, AXIS_TITLE))


def _thin_months(figure: go.Figure) -> None:
    """Write some of the months only, in two short lines."""
    axis = figure.layout.xaxis
    if axis.type != "category" or axis.tickvals is not None:
        return
    given = [str(x) for trace in figure.data if getattr(trace, "x", None) is not None for x in trace.x]
    months = sorted(set(given))
    if not months or not all(MONTH.fullmatch(month) for month in months):
        return
    step = -(-len(months) // MOST_MONTHS)
    shown = months[::step]
    axis.update(tickvals=shown, ticktext=_short(shown), tickangle=0)


def _short(months: Sequence[str]) -> list[str]:
    """Months in words, the year below where it changes."""
    out, before = [], ""
    for month in months:
        year, number = month.split("-")
        out.append(MONTHS[int(number) - 1] + (f"<br>{year}" if year != before else ""))
        before = year
    return out


def _wrap_rows(figure: go.Figure) -> None:
    """Break long names of rows, so that bars keep their room."""
    axis = figure.layout.yaxis
    rows = [trace for trace in figure.data if trace.type == "bar" and trace.orientation == "h"]
    if not rows or axis.tickvals is not None:
        return
    figure.update_xaxes(nticks=5)  # sideways bars stand where there is little room across
    names = list(dict.fromkeys(str(name) for trace in rows for name in np.asarray(trace.y).tolist()))
    if any(len(name) > LONG_NAME for name in names):
        axis.update(tickvals=names, ticktext=[_broken(name) for name in names])


def _broken(name: str) -> str:
    return "<br>".join(wrap(name, ROW_NAME)) if len(name) > LONG_NAME else name
