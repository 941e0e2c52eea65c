"""Fairness: who is protected, who bears patrols, and what a fairer plan costs."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import InfeasibleError
from patrol_core.planning.analysis import hours_rule
from patrol_core.ui.fairness.rules import limits
from patrol_core.ui.fairness.tabs import draw_tabs
from patrol_core.ui.fairness.text import HOURS_WORDS, PROPORTION
from patrol_core.ui.fairness.view import (
    change_layer,
    group_change_figures,
    group_figures,
    group_tables,
    price_metrics,
    remember,
    rule_fault,
)
from patrol_core.ui.memo import cached
from patrol_core.ui.memo import fairness as cached_fairness
from patrol_core.ui.session import state
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker

MODELS = {"game": "Game", "hours": "Hours"}
MODEL = "fair_model"

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
        plan, first, second, third, fourth = st.columns([3, 4, 3, 4, 3], vertical_alignment="bottom")
        with plan:
            model = st.segmented_control(
                "Plan",
                list(MODELS),
                default=st.session_state.get(MODEL, "game"),
                key="_fair_model",
                format_func=MODELS.__getitem__,
                required=True,
                on_change=lambda: st.session_state.__setitem__(MODEL, st.session_state["_fair_model"]),
            )
        with first:
            controls.fairness(of_hours=model == "hours")
        with second:
            controls.fairness_rule()
        with third:
            controls.groups(prepared)
        with fourth, st.popover("Floors, caps", icon=":material/tune:", width="stretch"):
            limits(cached.prepared(state.scenario()))
        chosen = state.scenario().fairness_rule
        if model == "hours":
            kept = hours_rule(chosen)
            st.caption(
                (
                    "Hours keep "
                    if kept == chosen
                    else f"“{controls.RULES[chosen]}” is no rule of hours; in its place they keep "
                )
                + f"{HOURS_WORDS[kept]}, at this level; floors and caps are those of the Hours page."
            )
        if chosen == "proportionality":
            with first:
                controls.harm_shares()
            st.caption(PROPORTION)
        with frame.guarded():
            now = state.scenario()
            try:
                seen = cached_fairness.shown(now, "hours" if model == "hours" else "game")
            except InfeasibleError as error:
                rule_fault(error, "hours" if model == "hours" else "game")
                return
            last = remember(seen)
            views = group_tables(seen)
            price_metrics(seen, views)
            left, right = st.columns(2)
            group_figures(seen, views, left, right)
            others = cached_fairness.baselines(seen, last)
            wide, narrow = st.columns([3, 2])
            with wide:
                st.subheader("Who gains and who loses", anchor=False)
                pick, what = st.columns([3, 2], vertical_alignment="bottom")
                offered = list(others)
                name = pick.selectbox(
                    "Against", offered, index=offered.index(cached_fairness.FREE), key="_fair_baseline"
                )
                harm = what.segmented_control(
                    "Show", ("Patrol", "Harm left"), default="Patrol", key="_fair_what", required=True
                )
                if name == cached_fairness.FREE and not seen.ruled:
                    st.caption(
                        "No rule is set, so nothing changes yet: move the fairness slider, or choose another plan."
                    )
                layer = change_layer(seen, others[name], name, harm=harm == "Harm left")
                draw_map(now, layer, key="fairness", height=440)
            with narrow:
                if name != cached_fairness.FREE or seen.ruled:
                    group_change_figures(seen, others[name])
                zone_picker(seen.prepared, key="fairness")
                zone_panel(now, seen.prepared, strategy=seen.strategy)
            draw_tabs(seen, (name, others[name]), views)

    if prepared.groups:
        fairness()
    frame.next_step("compare", "Hold the plan against others, other offenders and other data.")
