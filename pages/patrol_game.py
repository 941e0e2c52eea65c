"""Patrol game: where patrols should be if offenders watch."""

from __future__ import annotations

import streamlit as st

from patrol_core.ui.memo import results
from patrol_core.ui.plan.tabs import draw_tabs
from patrol_core.ui.plan.view import coverage_layer, offender_words, plan_metrics, residual_layer
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import basemap_switch, draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker

SHOWN = {"plan": "Patrol coverage", "left": "Harm left"}

scenario = frame.begin("game")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def game() -> None:
        """Sliders, figures, map and tabs; a slider reruns this part only."""
        rules, plan = st.container(), st.container()
        strategy = None
        with plan, frame.guarded():
            now = state.scenario()
            strategy = results.strategy(now)
            # First on the wire, although the sliders stand above it: the figure is what a slider is moved for.
            plan_metrics(prepared, strategy, results.comparison(now))
        frame.let_it_be_drawn()
        with rules:
            left, middle, right = st.columns(3)
            with left:
                controls.budget(prepared)
            with middle:
                controls.fairness()
            with right:
                with st.popover("More rules", icon=":material/tune:", width="stretch"):
                    controls.slider("effectiveness", low=0.05)
                    controls.slider("floor", high=0.5)
                    controls.fairness_rule(prepared)
                    controls.harm_shares()
                    controls.groups(prepared)
                    basemap_switch()
                here.segmented("Map", "shown", "plan", SHOWN, label_visibility="collapsed")
            controls.offender()
        if strategy is None:
            return
        with plan, frame.guarded():
            words = offender_words(prepared, strategy)
            if words:
                st.write(escape(words))
            wide, narrow = st.columns([3, 2])
            with wide:
                left = here.value("shown", "plan") == "left"
                layer = residual_layer(prepared, strategy) if left else coverage_layer(strategy)
                draw_map(now, layer, key="game")
            with narrow:
                zone_picker(prepared, key="game")
                zone_panel(now, prepared, strategy=strategy)
            draw_tabs(now, prepared, strategy)

    game()
    frame.next_step("hours", "Turn the plan into hours, month by month.")
