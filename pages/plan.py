"""Plan: what we have, what a patrol does, whom we plan against, what must hold, and where patrols should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.planning import Prepared, headline
from patrol_core.scenario import Scenario
from patrol_core.ui.fairness.view import rule_fault
from patrol_core.ui.memo import results
from patrol_core.ui.plan.beside import beside
from patrol_core.ui.plan.maps import plan_map
from patrol_core.ui.plan.months import budgets_as_given
from patrol_core.ui.plan.questions import questions
from patrol_core.ui.plan.tabs import draw_tabs
from patrol_core.ui.plan.view import MEAN, amounts_of, offender_words, plan_metrics, worth_metrics
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame


def _solved(now: Scenario, prepared: Prepared) -> Callable[[], list[Any] | None]:
    """Solve; returns what draws the headline and the figures, or why there are none."""
    try:
        strategy, compared = results.strategy(now), results.comparison(now)
    except PatrolError as error:
        fault = error  # the name of an exception ends with its clause
        return lambda: rule_fault(fault, now, prepared.head)
    words = escape(headline(prepared, now, strategy))

    def figures() -> list[Any]:
        st.markdown(words)
        return plan_metrics(prepared, strategy, compared)

    return figures


scenario = frame.begin("plan")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def plan() -> None:
        """Questions, figures, map and tabs; a slider reruns this part only."""
        now = state.scenario()
        # Solved before anything is sent: a browser draws half an answer as slowly as a whole one.
        figures, places = _solved(now, prepared), None
        asked, answer = st.container(), st.container()
        with answer, frame.guarded():
            places = figures()
        frame.let_it_be_drawn()
        if places is None:
            with asked:
                questions(prepared)
            with answer:
                budgets_as_given(now)
            return
        strategy = results.strategy(now)
        with answer:
            wide, narrow = st.columns([3, 2])
            found = amounts_of(now, strategy, MEAN)
            with wide, frame.guarded():
                found = plan_map(now, prepared, strategy)
        with asked:
            questions(prepared)
        with answer, frame.guarded():
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
    frame.page_link(
        "plan", "Workshop view: one question at a time, for a room", "co_present", view="workshop"
    )
    frame.next_step("fairness", "See who is protected and who bears patrols.")
