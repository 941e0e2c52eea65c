"""Patrol areas: contiguous groups of zones with equal work."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.hours import areas as beats_view
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame

scenario = frame.begin("beats")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def areas() -> None:
        """Controls, maps, figures and tables."""
        with frame.guarded():
            count, tolerance, kind = beats_view.choose(prepared)
            found = beats_view.made(state.scenario(), count, tolerance, kind)
            beats_view.area_figures(found)
            beats_view.maps(prepared, found)
            beats_view.details(prepared, found)

    areas()
    frame.next_step("fairness", "See who is protected and who bears patrols.")
