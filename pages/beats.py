"""Patrol areas: contiguous groups of zones with equal work."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.rosters.areas import area_figures, beyond, choose, details, made, maps
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.offender_text import assumption

scenario = frame.begin("areas")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def areas() -> None:
        """Controls, maps, figures and tables."""
        with frame.guarded():
            count, tolerance, kind = choose(prepared)
            now = state.scenario()
            found = made(now, count, tolerance, kind)
            beyond(found)
            area_figures(found)
            if kind == "hours":
                st.caption(f"Work: hours of the plan in the mean month. {assumption(now)}")
            maps(prepared, found)
            details(prepared, found)

    areas()
    frame.next_step("fairness", "See who is protected and who bears patrols.")
