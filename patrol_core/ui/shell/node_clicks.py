"""A chart of a network whose nodes can be clicked, and the table of amounts beside it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.figures.charts.base import CONFIG
from patrol_core.ui.shell.charts import plot

Node = TypeVar("Node", bound=Hashable)
MAP_CONFIG = {**CONFIG, "scrollZoom": True}


def node_chart(figure: go.Figure, key: str, on_click: Callable[[], None] | None) -> None:
    """Draw a network; ``on_click`` is called when a node was clicked, and reads :func:`clicked`.

    Args:
        figure, key: The chart, and what its clicks are kept under.
        on_click: Called when a node was clicked; None draws a chart that is only looked at.
    """
    if on_click is None:
        plot(figure, config=MAP_CONFIG, key=key)
    else:
        plot(figure, config=MAP_CONFIG, key=key, on_select=on_click, selection_mode="points")


def amounts_of(
    table: pd.DataFrame, column: str, node_of: Callable[[str], Node], *, word: str, amount: str, amounts: str
) -> dict[Node, float]:
    """Amount by node of an edited table.

    Args:
        table, column: The rows, with a column ``target``, and the column of the amounts.
        node_of: The node of a text.
        word, amount, amounts: What a node and one and several amounts are called.

    Raises:
        InputError: When a row is not complete, a target is unknown or stands twice, or an amount is below 0.
    """
    out: dict[Node, float] = {}
    rows = table.dropna(how="all", subset=["target", column])
    for position, (name, value) in enumerate(zip(rows["target"], rows[column], strict=True), start=1):
        text = "" if name is None or name != name else str(name).strip()
        if not text or value is None or value != value:
            raise InputError(
                f"Row {position} of the targets is not complete; give a {word} and its {column.replace('_', ' ')}, or remove the row."
            )
        node = node_of(text)
        if node in out:
            raise InputError(f"Target {text!r} stands twice in the table; give it one row.")
        if value < 0:
            raise InputError(f"Target {text!r} has the {amount} {value:g}; {amounts} are 0 or more.")
        out[node] = float(value)
    return out


def clicked(key: str) -> list[str]:
    """Names of the nodes that were clicked in a chart, as text; its traces carry them as ``customdata``."""
    event = st.session_state.get(key)
    return [_name_of(point) for point in (event["selection"]["points"] if event else [])]


def _name_of(point: Mapping[str, Any]) -> str:
    found = point.get("customdata")
    name = str(found[0] if isinstance(found, list) and found else found)
    return name.replace("&lt;", "<")  # as the chart wrote it
