"""Fairness: who is protected, who bears patrols, and what a fairer plan costs."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.evaluation import UNIFORM
from patrol_core.ui.fairness.rules import limits
from patrol_core.ui.fairness.tabs import Page, draw_tabs
from patrol_core.ui.fairness.text import PROPORTION
from patrol_core.ui.fairness.view import (
    change_layer,
    group_change_figures,
    group_figures,
    group_tables,
    price_metrics,
    price_words,
    remember,
    rule_fault,
)
from patrol_core.ui.memo import fairness_results, results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.offender_text import assumption
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker

scenario = frame.begin("fairness")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    if not prepared.groups:
        st.info(
            f"{prepared.data.name} carries no groups to compare. Add a table with deprivation or wards on the Data page.",
            icon=":material/group_off:",
        )

    @st.fragment
    def fairness() -> None:
        """Rule, groups, both views, winners and losers, tabs."""
        first, second, third, fourth = st.columns([3, 4, 4, 3], vertical_alignment="bottom")
        with first:
            controls.fairness()
        with second:
            controls.fairness_rule(prepared)
        with third:
            controls.groups(prepared)
        with fourth, st.popover("Floors, caps", icon=":material/tune:", width="stretch"):
            limits(results.prepared(state.scenario()))
        if state.scenario().fairness_rule == "proportionality":
            with first:
                controls.harm_shares()
            st.caption(PROPORTION)
        with frame.guarded():
            now = state.scenario()
            try:
                seen = fairness_results.shown(now)
            except PatrolError as error:
                rule_fault(error, now, prepared.head)
                return
            last = remember(seen)
            views = group_tables(seen)
            price_metrics(seen, views)
            if seen.ruled and (price := price_words(seen)):
                st.write(escape(price))
            st.caption(assumption(now))
            left, right = st.columns(2)
            group_figures(seen, views, left, right)
            others = fairness_results.baselines(seen, last)
            wide, narrow = st.columns([3, 2])
            with wide:
                st.header("Who gains and who loses", anchor=False)
                pick, what = st.columns([3, 2], vertical_alignment="bottom")
                first_of = fairness_results.FREE if seen.ruled else UNIFORM
                name = here.select("Against", "fair_baseline", first_of, list(others), into=pick)
                harm = here.segmented("Show", "fair_what", "Patrol", ("Patrol", "Harm left"), into=what)
                layer = change_layer(seen, others[name], name, harm=harm == "Harm left")
                draw_map(now, layer, key="fairness", height=440)
            with narrow:
                group_change_figures(seen, others[name])
                zone_picker(seen.prepared, key="fairness")
                zone_panel(now, seen.prepared, strategy=seen.strategy)
            draw_tabs(Page(seen, (name, others[name]), views))

    if prepared.groups:
        fairness()
    frame.page_link(
        "plan", "Workshop view: one question at a time, for a room", "co_present", view="workshop"
    )
    frame.next_step("compare", "Hold the plan against others, other offenders and other data.")
