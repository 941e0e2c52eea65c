"""Hours: how many each zone gets, month by month."""

from __future__ import annotations

import streamlit as st

from patrol_core.allocation.hours import plan_table
from patrol_core.figures.charts.roster import hours_heatmap
from patrol_core.planning.analysis import allocation_table
from patrol_core.reports.bundles.plan import CONTRACT, column_units
from patrol_core.reports.bundles.roster import CONTRACT as HALFYEAR
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.ui.hours.duties import roster_tab, shifts_tab
from patrol_core.ui.hours.tabs import budgets_tab, compare_tab
from patrol_core.ui.hours.view import (
    WORTH_UNITS,
    binding_words,
    hours_layer,
    hours_matrix,
    hours_metrics,
    worth_table,
)
from patrol_core.ui.memo import cached
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, frame, tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.zone_map import draw_map
from patrol_core.ui.shell.zone_panel import zone_picker

ROUNDINGS = {
    "quarter": "quarter hours",
    "visit": "whole visits",
    "shift": "whole shifts of 8 h",
    "none": "not at all",
}

scenario = frame.begin("hours")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)

    @st.fragment
    def hours() -> None:
        """Budgets, figures, map and tables."""
        with frame.guarded():
            low, high = cached.hours_range(state.scenario())
            left, middle, right = st.columns(3)
            with left:
                controls.city_hours(low, high)
            with middle:
                controls.fairness(name="fairness_hours", of_hours=True)
            with right, st.popover("More rules", icon=":material/tune:", width="stretch"):
                controls.number("ward_hours")
                controls.slider("min_per_day", high=12.0)
                controls.slider("max_per_day", low=0.1, high=24.0)
                controls.slider("horizon")
                controls.pick("rounding", ROUNDINGS)
                controls.number("visit_minutes")
                controls.number("least_visits")
                if "borough" in cached.demand(state.scenario()):
                    controls.number("borough_hours")
                controls.groups(prepared)
            now = state.scenario()
            plan = cached.hours(now)
            hours_metrics(plan)
            for sentence in binding_words(plan):
                st.info(escape(sentence), icon=":material/rule:")
            months = sorted(plan.frame["month"].astype(str).unique())
            wide, narrow = st.columns([3, 2])
            with wide:
                month = (
                    st.select_slider("Month shown", months, months[0], key="_hours_month")
                    if len(months) > 1
                    else months[0]
                )
                draw_map(now, hours_layer(plan, month), key="hours", height=460)
                zone_picker(prepared, key="hours")
            with narrow:
                matrix = hours_matrix(prepared, plan)
                plot(hours_heatmap(matrix.head(20)), key="_hours_heatmap")
                if len(matrix) > 20:
                    st.caption(f"The 20 zones with most hours of {len(matrix):,}; all are in the table.")
            allocation, budgets, worth, shifts, roster, compare, computed = st.tabs(
                (
                    "Allocation",
                    "Budgets",
                    "Worth of one more hour",
                    "Shifts",
                    "Roster",
                    "Compare",
                    "How it was computed",
                ),
                key="_hours_tabs",
                on_change="rerun",
            )
            if allocation.open:
                with allocation:
                    tables.table(
                        allocation_table(plan),
                        name="allocation",
                        units=column_units(prepared),
                        contract=CONTRACT["allocation.csv"],
                        height=360,
                    )
                    tables.download(
                        "allocation_halfyear.csv",
                        lambda: to_csv_bytes(plan_table(plan), contract=HALFYEAR["allocation_halfyear.csv"]),
                        "text/csv",
                        help="The same with the columns of the command line: Month, Ward, LSOA_Code, Risk_Score, Allocation.",
                    )
            if budgets.open:
                with budgets:
                    budgets_tab(now, plan)
            if worth.open:
                with worth:
                    st.write(
                        "What one more hour in a zone would add to the demand met; equal where neither bound holds the zone."
                    )
                    tables.table(
                        worth_table(plan), name="worth_of_an_hour", units=WORTH_UNITS, digits=4, height=360
                    )
            if shifts.open:
                with shifts, frame.guarded():
                    shifts_tab(now, plan)
            if roster.open:
                with roster, frame.guarded():
                    roster_tab(now, prepared, plan)
            if compare.open:
                with compare:
                    compare_tab(now, plan)
            with computed:
                st.latex(
                    r"\max_X\; \sum_i r_i\,a_i \ln(1+X_i),\qquad a_i = 1/\ln(1+X^{\max}_i),\qquad X^{\min}_i \le X_i \le X^{\max}_i"
                )
                st.caption(
                    f"Demand: {escape(cached.demand(now).attrs.get('method', ''))}. Each further hour in a zone is worth less than the one before. "
                    f"Continuous optimum {plan.objective_before_rounding:,.6g}, after rounding {plan.objective_after_rounding:,.6g}; "
                    f"solver {plan.certificate.solver}, {plan.certificate.status}, gap {plan.certificate.gap:.1g}, {plan.certificate.seconds:.3f} s."
                )

    hours()
    frame.next_step("beats", "Group zones into areas of equal work.")
