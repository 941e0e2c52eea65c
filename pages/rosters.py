"""Rosters and areas: which zones belong together, who works when and where, and what is planned for each."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.rosters.tabs import OPEN, TABS
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.navigation import PAGES

scenario = frame.begin("rosters")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def rosters() -> None:
        """One tab a task; only the open one is worked out."""
        frame.open_tab(OPEN, TABS, state.scenario(), prepared)

    rosters()
    frame.next_step(
        "briefing" if "briefing" in PAGES else "method", "Hand the plan out, with what it assumes."
    )
