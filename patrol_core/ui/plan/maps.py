"""The plan's one map: units, hours, harm left or change, of the mean month or of each month ahead."""

from __future__ import annotations

import streamlit as st

from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.plan.view import (
    MEAN,
    Amounts,
    amounts_of,
    change_layer,
    others,
    residual_layer,
    units_layer,
)
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import Layer, draw_map

SHOWN = {"units": "Units", "hours": "Hours", "left": "Harm left", "change": "Change"}
HEIGHT = 420


def plan_map(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> Amounts:
    """Draw the map with its switches; returns what the month shown has in every zone.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = here.segmented("Map", "shown", "units", SHOWN, label_visibility="collapsed", width="content")
        months = [MEAN, *results.months_ahead(scenario)]
        month = here.steps("Month", "plan_month", MEAN, months, label_visibility="collapsed", width=150)
    found = amounts_of(scenario, strategy, month)
    draw_map(scenario, _layer(scenario, prepared, found, shown), key="plan", height=HEIGHT)
    return found


def _layer(scenario: Scenario, prepared: Prepared, found: Amounts, shown: str) -> Layer:
    if shown == "left":
        return residual_layer(prepared, found.left)
    if shown == "change":
        offered = others(scenario)
        other = here.select("Change against", "change_against", offered[0], offered)
        return change_layer(scenario, found, prepared.zone_ids, other)
    return units_layer(prepared.zone_ids, found.units, scenario.hours_per_unit if shown == "hours" else None)
