"""A chart of a network whose nodes can be clicked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from patrol_core.figures.charts.base import CONFIG
from patrol_core.ui.shell.charts import plot

MAP_CONFIG = {**CONFIG, "scrollZoom": True}


def node_chart(figure: go.Figure, key: str, on_click: Callable[[], None] | None) -> None:
    """Draw a network; ``on_click`` is called when a node was clicked, and reads :func:`clicked`."""
    if on_click is None:
        plot(figure, config=MAP_CONFIG, key=key)
    else:
        plot(figure, config=MAP_CONFIG, key=key, on_select=on_click, selection_mode="points")


def clicked(key: str) -> list[str]:
    """Names of the nodes that were clicked in a chart, as text; its traces carry them as ``customdata``."""
    event = st.session_state.get(key)
    return [_name_of(point) for point in (event["selection"]["points"] if event else [])]


def _name_of(point: Mapping[str, Any]) -> str:
    found = point.get("customdata")
    name = str(found[0] if isinstance(found, list) and found else found)
    return name.replace("&lt;", "<")  # as the chart wrote it
