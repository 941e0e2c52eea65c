"""Fairness: who is protected, who bears patrols, and what a fairer plan costs."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts import CONFIG, frontier
from patrol_core.reports.plan_files import fairness_units, frontier_units
from patrol_core.ui import cached, controls, frame, state, tables
from patrol_core.ui.fairness_view import (
    change_layer,
    group_figures,
    group_tables,
    losers_table,
    measures_table,
    price_metrics,
)
from patrol_core.ui.map_view import draw_map
from patrol_core.ui.zone_panel import zone_panel, zone_picker

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
        """Rule, groups, both views, frontier."""
        left, middle, right = st.columns(3)
        with left:
            controls.fairness()
        with middle:
            controls.fairness_rule()
        with right:
            controls.groups(prepared)
        with frame.guarded():
            now = state.scenario()
            chosen = cached.prepared(now)
            strategy = cached.strategy(now)
            free = cached.strategy(now.changed(fairness=None))
            price_metrics(chosen, strategy, free)
            views = group_tables(chosen, strategy)
            left, right = st.columns(2)
            group_figures(chosen, now, views, left, right)
            wide, narrow = st.columns([3, 2])
            with wide:
                st.subheader("Who gains and who loses patrol by the rule", anchor=False)
                if now.fairness is None:
                    st.caption("No rule is set, so nothing changes yet: move the fairness slider.")
                draw_map(now, change_layer(chosen, strategy, free), key="fairness", height=440)
            with narrow:
                zone_picker(chosen, key="fairness")
                zone_panel(now, chosen, strategy=strategy)
            curve, loses, measured, table = st.tabs(
                ("Price of fairness", "Who changes most", "Measures", "Table"),
                key="_fair_tabs",
                on_change="rerun",
            )
            if curve.open:
                with curve:
                    found = cached.frontier(now)
                    st.plotly_chart(
                        frontier(found.frame, within=now.fairness, knee=found.knee),
                        config=CONFIG,
                        theme=None,
                        key="_frontier",
                    )
                    tables.table(
                        found.frame,
                        name="price_of_fairness",
                        units=frontier_units(chosen),
                        digits=3,
                        height=260,
                    )
            if loses.open:
                with loses:
                    tables.table(
                        losers_table(chosen, strategy, free), name="who_changes", digits=3, height=360
                    )
            if measured.open:
                with measured:
                    tables.table(measures_table(chosen, strategy), name="inequality", digits=4)
                    st.caption(
                        "The four-fifths line (0.8) is a screening threshold from United States employment practice, not UK law. "
                        "Patrol is both protection and burden, so read both columns."
                    )
            if table.open:
                with table:
                    tables.table(views, name="fairness", units=fairness_units(chosen), digits=3)

    if prepared.groups:
        fairness()
    frame.next_step("compare", "Hold the plan against others, other offenders and other data.")
