"""Patrol areas: contiguous groups of zones with equal work."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.hours.areas import area_figures, choose, details, made, maps
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame

scenario = frame.begin("areas")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def areas() -> None:
        """Controls, maps, figures and tables."""
        with frame.guarded():
            count, tolerance, kind = choose(prepared)
            found = made(state.scenario(), count, tolerance, kind)
            area_figures(found)
            maps(prepared, found)
            details(prepared, found)

    areas()
    frame.next_step("fairness", "See who is protected and who bears patrols.")
