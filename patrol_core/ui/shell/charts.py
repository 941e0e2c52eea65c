"""Where charts are drawn: words of the data in them are shown as they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from patrol_core.figures.charts.base import CONFIG
from patrol_core.figures.layout import lay_out, spoken
from patrol_core.ui.session.escaping import escape

FOREIGN = re.compile(r"<(?!/?(?:b|br|i|sup|extra)/?>)")
"""A tag that no chart of ours has, such as a link's."""


def plot(figure: go.Figure, *, config: Any = CONFIG, into: Any = st, **options: Any) -> Any:
    """Draw a chart below its title, which wraps; the chart has a name for those who do not see it.

    Args:
        figure: The chart.
        config, options: As of ``st.plotly_chart``.
        into: Where it is drawn, such as a column; the place at hand by default.
    """
    title, below = lay_out(figure)
    if title:
        into.markdown(f"**{escape(title)}**" + (f"  \n:small[{escape(below)}]" if below else ""))
    alt = spoken(figure, title)
    return into.plotly_chart(tame(figure), config=config, theme=None, alt=alt, **options)


def tame(figure: go.Figure) -> go.Figure:
    """The same chart, in which texts that look like links or other HTML are read as text: plotly would draw links."""
    given = figure.to_dict()
    if not _foreign(given):
        return figure
    return go.Figure({"data": [_tame(trace) for trace in given["data"]], "layout": _tame(given["layout"])})


def _foreign(part: Any) -> bool:
    if isinstance(part, str):
        return FOREIGN.search(part) is not None
    if isinstance(part, dict):
        return any(map(_foreign, part.values()))
    if isinstance(part, list | tuple) or (isinstance(part, np.ndarray) and part.dtype.kind in "OU"):
        return any(map(_foreign, part))
    return False


def _tame(part: Any) -> Any:
    if isinstance(part, str):
        return FOREIGN.sub("&lt;", part)
    if isinstance(part, dict):
        return {name: _tame(inside) for name, inside in part.items()}
    if isinstance(part, list | tuple):
        return [_tame(inside) for inside in part]
    if isinstance(part, np.ndarray) and part.dtype.kind in "OU":
        return np.array([_tame(inside) for inside in part.ravel()], dtype=object).reshape(part.shape)
    return part
