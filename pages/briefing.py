"""Briefing: one button, and the plan as a hand-out in every format."""

from __future__ import annotations

import streamlit as st

from patrol_core.planning import headline
from patrol_core.ui import briefing
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame

scenario = frame.begin("briefing")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    with frame.guarded():
        now = state.scenario()
        st.markdown(escape(headline(prepared, now, results.strategy(now))))
        briefing.draw(now, prepared)
    frame.next_step("method", "What all of this assumes, and who decides.")
