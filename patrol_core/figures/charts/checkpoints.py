"""Charts of a checkpoint plan: how the bounds meet, plans side by side, simulated intruders."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from patrol_core.figures.charts.base import bars, chart, points, props, search_bounds, whiskers
from patrol_core.figures.charts.compare import plan_bars
from patrol_core.figures.palette import MARK, PATROL


def convergence(history: Sequence[tuple[float, float, float]], *, scheme: str = "loss") -> go.Figure:
    """Loss of the best plan so far and the least that is possible, over the seconds of the search.

    Args:
        history: (seconds, lower bound, upper bound) of the defender's payoff.
        scheme: What a loss is called.
    """
    names = ("The plan so far", "Least possible, proved")
    return search_bounds(history, unit=scheme, names=names, number=".4f", sign=-1.0)


def plans_bars(table: pd.DataFrame, *, bound: float) -> go.Figure:
    """Expected loss of every plan against an intruder who answers best.

    Args:
        table: ``plan, expected_loss``; the first row is the plan.
        bound: The least possible loss, proved.
    """
    title = "Expected loss a night, if the intruder answers best"
    style = props(height=110 + 34 * len(table), written=",.2f", exact=",.4f")
    figure = plan_bars(table, column="expected_loss", title=title, unit="loss", **style)
    figure.add_vline(x=bound, line={"color": MARK, "dash": "dot"}, annotation_text="nobody can do better")
    return figure


def intruder_bars(table: pd.DataFrame) -> go.Figure:
    """Mean loss that every kind of intruder brings about, with 95 % interval and the exact expectation.

    Args:
        table: As :func:`patrol_core.graphs.checkpoints.simulation.simulate` gives it.
    """
    figure = chart("Mean loss a night by kind of intruder", "", "loss", height=360, zero="y")
    mean, name = -table["payoff"], "simulated, 95 % interval"
    interval = whiskers(mean, -table["high"], -table["low"])
    bars(figure, table["intruder"], mean, PATROL[2], "%{x}: %{y:,.3f}", name=name, error_y=interval)
    known = table[table["expected"].notna()]
    name, said, diamond = "exact expectation", "%{x}: %{y:,.3f} exactly", {"symbol": "diamond"}
    x, y = known["intruder"], -known["expected"]
    points(figure, x, y, MARK, said, size=11, name=name, marker=diamond)
    return figure
