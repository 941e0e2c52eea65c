"""The tabs of the page Rosters and areas, in their order; only the open one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.rosters.areas import area_figures, beyond, choose, details, made, maps
from patrol_core.ui.rosters.duties import roster_tab, shifts_tab
from patrol_core.ui.rosters.listings import hours_list, units_list, wards_list, zones_list
from patrol_core.ui.rosters.tonight import tonight_tab
from patrol_core.ui.shell.offender_text import assumption

OPEN = "_roster_tabs"
"""Session key of the title of the open tab."""


def _areas(scenario: Scenario, prepared: Prepared) -> None:
    count, tolerance, kind = choose(prepared)
    found = made(scenario, count, tolerance, kind)
    beyond(found)
    area_figures(found)
    if kind == "hours":
        st.caption(f"Work: hours of the plan in the mean month. {assumption(scenario)}")
    maps(prepared, found)
    details(prepared, found)


def _tonight(scenario: Scenario, prepared: Prepared) -> None:
    tonight_tab(scenario, prepared, results.strategy(scenario))


def _shifts(scenario: Scenario, _prepared: Prepared) -> None:
    shifts_tab(scenario, results.hours(scenario))


def _roster(scenario: Scenario, prepared: Prepared) -> None:
    roster_tab(scenario, prepared, results.hours(scenario))


def _units(scenario: Scenario, _prepared: Prepared) -> None:
    units_list(scenario)


TABS: Mapping[str, Callable[[Scenario, Prepared], None]] = {
    "Tonight": _tonight,
    "Shifts": _shifts,
    "Roster of units": _roster,
    "Patrol areas": _areas,
    "Zones": zones_list,
    "Wards": wards_list,
    "Months": hours_list,
    "Units and duties": _units,
}
