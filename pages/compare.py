"""Compare: the plan against others, other offenders, other data."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.compare import density_words, draw_tabs
from patrol_core.ui.memo import results
from patrol_core.ui.plan.view import plan_metrics, worth_metrics
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.offender_text import assumption

scenario = frame.begin("compare")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def compare() -> None:
        """The plan in hand, its figures, and the tabs."""
        left, middle, right = st.columns([2, 2, 3])
        with left:
            controls.budget(prepared)
        with middle:
            controls.fairness()
        with right:
            controls.offender()
        with frame.guarded():
            now = state.scenario()
            chosen = results.prepared(now)
            plan = results.strategy(now)
            places = plan_metrics(chosen, plan, results.comparison(now))
            worth_metrics(places, now, chosen)
            st.caption(f"{assumption(now)} {escape(density_words(chosen, plan))}")
            draw_tabs(now, chosen)

    compare()
    frame.next_step(
        "rosters", "Group zones into areas, plan who works when, search what is planned for each."
    )
