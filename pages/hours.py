"""Hours: how many each zone gets, month by month."""

from __future__ import annotations

import streamlit as st

from patrol_core.figures.charts.roster import hours_heatmap
from patrol_core.ui.hours.tabs import TABS
from patrol_core.ui.hours.view import binding_words, hours_controls, hours_layer, hours_matrix, hours_metrics
from patrol_core.ui.memo import results
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import here
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_picker

scenario = frame.begin("hours")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def hours() -> None:
        """Budgets, figures, map and tables."""
        with frame.guarded():
            hours_controls(prepared)
            now = state.scenario()
            plan = results.hours(now)
            hours_metrics(plan)
            for sentence in binding_words(plan):
                st.info(escape(sentence), icon=":material/rule:")
            months = sorted(plan.frame["month"].astype(str).unique())
            wide, narrow = st.columns([3, 2])
            with wide:
                several = len(months) > 1
                month = here.steps("Month shown", "hours_month", months[0], months) if several else months[0]
                draw_map(now, hours_layer(plan, month), key="hours", height=460)
                zone_picker(prepared, key="hours")
            with narrow:
                matrix = hours_matrix(prepared, plan)
                plot(hours_heatmap(matrix.head(20)), key="_hours_heatmap")
                if len(matrix) > 20:
                    st.caption(f"The 20 zones with most hours of {len(matrix):,}; all are in the table.")
            frame.open_tab("_hours_tabs", TABS, now, prepared, plan)

    hours()
    frame.next_step("areas", "Group zones into areas of equal work.")
