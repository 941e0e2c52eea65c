"""Hours as figures, layers and tables."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan
from patrol_core.planning import Prepared
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.shell import controls
from patrol_core.ui.shell.widgets import Figure, figures
from patrol_core.ui.shell.zone_map import Layer

WORTH_UNITS = {
    "hours": "h per month",
    "lower": "h per month",
    "upper": "h per month",
    "value_of_hour": "demand per h",
}


ROUNDINGS = {
    "quarter": "quarter hours",
    "visit": "whole visits",
    "shift": "whole shifts of 8 h",
    "none": "not at all",
}


def hours_controls(prepared: Prepared) -> None:
    """The budget, the fairness rule, and what is seldom changed."""
    low, high = results.hours_range(state.scenario())
    left, middle, right = st.columns(3)
    with left:
        controls.city_hours(low, high)
    with middle:
        controls.fairness(name="fairness_hours", of_hours=True)
    with right, st.popover("More rules", icon=":material/tune:", width="stretch"):
        controls.number("ward_hours")
        controls.slider("min_per_day", high=12.0)
        controls.slider("max_per_day", low=0.1, high=24.0)
        controls.slider("horizon")
        controls.pick("rounding", ROUNDINGS)
        controls.number("visit_minutes")
        controls.number("least_visits")
        if "borough" in results.demand(state.scenario()):
            controls.number("borough_hours")
        controls.groups(prepared)


def hours_metrics(plan: Plan) -> None:
    """Four figures of the hours plan."""
    frame = plan.frame
    months = frame["month"].nunique()
    total = float(frame["hours"].sum())
    least, most = float(frame["lower"].sum()), float(frame["upper"].sum())
    before, after = plan.objective_before_rounding, plan.objective_after_rounding
    lost = (before - after) / before if before > 0 else 0.0
    figures(
        Figure("Hours a month", f"{total / months:,.0f} h", help="Over all zones, mean of the months."),
        Figure(
            "Between least and most",
            f"{_share(total, least, most):.0%}",
            help=f"Least {least / months:,.0f} h, most {most / months:,.0f} h a month.",
        ),
        Figure(
            "Demand met",
            f"{after / max(_demand(frame), 1e-300):.1%}",
            help="Sum of r·a·ln(1+X) over sum of r: 100 % when every zone has its most.",
        ),
        Figure("Lost by rounding", f"{lost:.3%}", help="Demand met before rounding against after."),
    )


def _demand(frame: pd.DataFrame) -> float:
    return float(frame["risk"].sum())


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 1.0


def binding_words(plan: Plan) -> list[str]:
    """What binds, or that nothing does, as sentences."""
    decides = [f"What decides: {', '.join(plan.binding[:8])}."] if plan.binding else []
    return [*decides, *plan.notes]


def hours_layer(plan: Plan, month: str) -> Layer:
    """Hours of one month by zone."""
    frame = plan.frame
    mine = frame[frame["month"].astype(str) == month]
    values = dict(zip(mine["zone_id"].astype(str), mine["hours"].astype(float), strict=True))
    return Layer(
        values, "patrol", f"Patrol hours in {month}", "h per month", low=0.0, high=float(frame["hours"].max())
    )


def hours_matrix(prepared: Prepared, plan: Plan) -> pd.DataFrame:
    """Zones by months, most hours first."""
    matrix = plan.frame.pivot_table(
        index="zone_id", columns="month", values="hours", aggfunc="sum", observed=True
    )
    matrix = matrix.loc[matrix.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    names = prepared.zones["name"].astype(str)
    matrix.index = pd.Index([names[str(zone)] for zone in matrix.index])
    return matrix


def worth_table(plan: Plan) -> pd.DataFrame:
    """Hours, bounds and the worth of one more hour, per row."""
    columns = ["month", "ward", "zone_id", "hours", "lower", "upper", "value_of_hour"]
    return plan.frame[columns].sort_values("value_of_hour", ascending=False, kind="stable")
