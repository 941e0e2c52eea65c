"""Start: what this is, what is loaded and how fresh, where patrols should be, where to go on."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.risk import monthly_bars, type_bars
from patrol_core.planning import headline
from patrol_core.sources.sample import EMBEDDED
from patrol_core.ui.memo import results
from patrol_core.ui.plan.view import coverage_layer, plan_metrics, risk_layer, worth_metrics
from patrol_core.ui.projects.view import projects_here
from patrol_core.ui.session import projects, state, tour
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker
from patrol_core.ui.start.loaded import age_and_changes, go_on
from patrol_core.ui.start.look_back import look_back
from patrol_core.ui.start.welcome import ways_in

scenario = frame.begin("start")
new = tour.newcomer()
if new:
    ways_in()
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    age_and_changes(prepared)

    @st.fragment
    def plan_at_a_glance() -> None:
        """The plan in words and figures, and both maps."""
        with frame.guarded():
            now = state.scenario()
            strategy = results.strategy(now)
            st.markdown(f"**{escape(headline(prepared, now, strategy))}**")
            places = plan_metrics(prepared, strategy, results.comparison(now))
            left, right = st.columns(2)
            with left:
                heading = "Where it happened" if prepared.forecast is None else "Where it is expected"
                st.header(heading, anchor=False)
                draw_map(now, risk_layer(prepared), key="start-risk", height=400)
            with right:
                st.header("Where patrols would be", anchor=False)
                draw_map(now, coverage_layer(strategy), key="start-plan", height=400)
            worth_metrics(places, now, prepared)
            zone_picker(prepared, key="start")
            zone_panel(now, prepared, strategy=strategy)

    if not new:
        go_on(prepared)
    if projects.listed():
        with st.expander(
            "Your projects", icon=":material/folder_special:", expanded=scenario.area in EMBEDDED
        ):
            projects_here(most=5)
    plan_at_a_glance()
    st.header("What happened", anchor=False)
    left, right = st.columns([3, 2])
    counts = prepared.counts
    unit = prepared.data.value_unit()
    inside = counts[counts["crime_type"].isin(prepared.crime_types)]
    with left:
        by_month = (
            inside.groupby(inside["month"].astype(str), observed=True)["count"]
            .sum()
            .reindex(list(prepared.months), fill_value=0)
        )
        plot(monthly_bars(by_month, unit=unit))
    with right:
        by_type = counts.groupby(counts["crime_type"].astype(str), observed=True)["count"].sum()
        left_out = [kind for kind in by_type.index if kind not in prepared.crime_types]
        plot(type_bars(by_type, unit=unit, left_out=left_out))
        if left_out:
            st.caption(f"Grey: not counted in the risk ({escape(', '.join(left_out))}).")
    look_back(scenario)
if not new:
    with st.expander("What this is, and other ways in", icon=":material/door_open:"):
        ways_in()
frame.next_step("plan", "Say what there is and what a patrol does, see the plan, its months and its worth.")
