"""Resources: every table of the plan in one place."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.resources import TABS
from patrol_core.ui.session import state
from patrol_core.ui.shell import frame

scenario = frame.begin("resources")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def resources() -> None:
        """One tab a table; only the open one is made."""
        frame.open_tab("_resource_tabs", TABS, state.scenario(), prepared)

    resources()
    frame.next_step("method", "What all of this assumes, and who decides.")
