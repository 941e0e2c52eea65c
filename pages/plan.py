"""Plan: what we have, what a patrol does, whom we plan against, what must hold, and where patrols should be."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.planning import headline
from patrol_core.ui.fairness.view import rule_fault
from patrol_core.ui.memo import results
from patrol_core.ui.plan.beside import beside
from patrol_core.ui.plan.maps import plan_map
from patrol_core.ui.plan.questions import questions
from patrol_core.ui.plan.tabs import draw_tabs
from patrol_core.ui.plan.view import offender_words, plan_metrics, worth_metrics
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame

scenario = frame.begin("plan")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def plan() -> None:
        """Questions, figures, map and tabs; a slider reruns this part only."""
        asked, answer = st.container(), st.container()
        places = None
        with answer, frame.guarded():
            now = state.scenario()
            try:
                strategy = results.strategy(now)
            except PatrolError as error:
                rule_fault(error, now, prepared.head)
            else:
                # First on the wire, although the questions stand above it: the figure is what a slider is moved for.
                compared = results.comparison(now)
                st.markdown(escape(headline(prepared, now, strategy)))
                places = plan_metrics(prepared, strategy, compared)
        frame.let_it_be_drawn()
        with asked:
            questions(prepared)
        if places is None:
            return
        with answer, frame.guarded():
            wide, narrow = st.columns([3, 2])
            with wide:
                found = plan_map(now, prepared, strategy)
            with narrow:
                beside(now, prepared, strategy, found)
            worth_metrics(places, now, prepared)
            st.caption(
                escape(
                    f"What holds the plan back: {'; '.join(results.binds(now))}. {offender_words(prepared, strategy)}"
                )
            )
            draw_tabs(now, prepared, strategy)

    plan()
    frame.next_step("fairness", "See who is protected and who bears patrols.")
