"""Overview: what happened, and where patrols should be, on the first screen."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.risk import monthly_bars, type_bars
from patrol_core.planning import headline
from patrol_core.ui.memo import results
from patrol_core.ui.overview import look_back
from patrol_core.ui.plan.view import coverage_layer, plan_metrics, risk_layer, worth_metrics
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_panel, zone_picker

scenario = frame.begin("start")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def plan_at_a_glance() -> None:
        """Both maps, the two sliders that matter most, and the plan's figures."""
        left, right = st.columns(2)
        with left:
            controls.budget(prepared)
        with right:
            controls.fairness()
        with frame.guarded():
            now = state.scenario()
            strategy = results.strategy(now)
            st.markdown(escape(headline(prepared, now, strategy)))
            places = plan_metrics(prepared, strategy, results.comparison(now))
            left, right = st.columns(2)
            with left:
                heading = "Where it happened" if prepared.forecast is None else "Where it is expected"
                st.header(heading, anchor=False)
                draw_map(now, risk_layer(prepared), key="overview-risk", height=420)
            with right:
                st.header("Where patrols would be", anchor=False)
                draw_map(now, coverage_layer(strategy), key="overview-plan", height=420)
            worth_metrics(places, now, prepared)
            zone_picker(prepared, key="overview")
            zone_panel(now, prepared, strategy=strategy)

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
    frame.next_step(
        "plan", "Say what there is and what a patrol does, see the plan, its months and its worth."
    )
