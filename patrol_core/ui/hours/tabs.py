"""The tabs of the Hours page; shifts and rosters have a module of their own."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan, compare_hours, plan_table
from patrol_core.figures.charts.roster import ways_bars
from patrol_core.planning import CONTRACT, NO_WARD, Prepared, allocation_table, column_units, last_year_of
from patrol_core.reports.bundles.roster import CONTRACT as HALFYEAR
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.scenario import Scenario
from patrol_core.ui.hours.duties import roster_tab, shifts_tab
from patrol_core.ui.hours.view import WORTH_UNITS, worth_table
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import HOURS
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot

BUDGET_UNITS = {
    "limit": "h per month",
    "used": "h",
    "slack": "h",
    "least": "h",
    "most": "h",
    "value_of_hour": "demand per h",
}
WAYS_UNITS = {
    "demand_met": "demand",
    "against_plan": "%",
    "hours": "h",
    "overspent": "h",
    "worst_budget": "h",
    "moved": "h",
}


def _allocation(_scenario: Scenario, prepared: Prepared, plan: Plan) -> None:
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
        help="The same with the columns of the command line: Month, Ward, LSOA_Code, Risk_Score, Allocation.",
    )


def _worth(_scenario: Scenario, _prepared: Prepared, plan: Plan) -> None:
    st.write(
        "What one more hour in a zone would add to the demand met; equal where neither bound holds the zone."
    )
    tables.table(worth_table(plan), name="worth_of_an_hour", units=WORTH_UNITS, digits=4, height=360)


def _computed(scenario: Scenario, _prepared: Prepared, plan: Plan) -> None:
    st.latex(
        r"\max_X\; \sum_i r_i\,a_i \ln(1+X_i),\qquad a_i = 1/\ln(1+X^{\max}_i),\qquad X^{\min}_i \le X_i \le X^{\max}_i"
    )
    st.caption(
        f"Demand: {escape(results.demand(scenario).attrs.get('method', ''))}. Each further hour in a zone is worth less than the one before. "
        f"Continuous optimum {plan.objective_before_rounding:,.6g}, after rounding {plan.objective_after_rounding:,.6g}; "
        f"solver {plan.certificate.solver}, {plan.certificate.status}, gap {plan.certificate.gap:.1g}, {plan.certificate.seconds:.3f} s."
    )


def _budgets(scenario: Scenario, _prepared: Prepared, plan: Plan) -> None:
    """Every budget with what it uses and what one more hour of it is worth; budgets of single places."""
    st.write(
        "Budgets lie inside each other: a ward's inside its borough's, all inside the city's. The value of one more hour is what the "
        "demand met would rise by if this budget, and no other, had one hour more: 0 where it is not used up. A zone's own value is in "
        "the tab beside; where only budgets hold a zone back it is the sum of its ward's, borough's and city's."
    )
    tables.table(plan.slack, name="budgets", units=BUDGET_UNITS, digits=4, height=300)
    for kind, field, label in (("ward", "ward_table", "wards"), ("borough", "borough_table", "boroughs")):
        if kind in plan.frame and not (plan.frame[kind].astype(str) == NO_WARD).all():
            _editor(scenario, plan, kind, field, label)


def _editor(scenario: Scenario, plan: Plan, kind: str, field: str, label: str) -> None:
    """A budget of its own for single wards or boroughs."""
    rows = plan.slack[plan.slack["kind"] == kind]
    if rows.empty:
        return
    own = dict(scenario.own_budgets()[0 if kind == "ward" else 1])
    by_name = rows.groupby("name", observed=True).agg(least=("least", "max"), most=("most", "min"))
    base = pd.DataFrame(
        {
            kind: by_name.index.astype(str),
            "least (h)": by_name["least"].to_numpy(),
            "most (h)": by_name["most"].to_numpy(),
            "own budget (h per month)": [own.get(str(name)) for name in by_name.index],
        }
    ).astype({"own budget (h per month)": "float64"})
    with st.expander(f"Budgets of single {label}", expanded=bool(own)):
        edited = st.data_editor(
            base,
            key=f"{state.widget_key(field)}_editor",
            hide_index=True,
            height=260,
            disabled=[kind, "least (h)", "most (h)"],
            column_config={
                "own budget (h per month)": st.column_config.NumberColumn(min_value=0.0, step=0.25)
            },
        )
        wanted = tuple(
            f"{name}={hours!r}"
            for name, hours in zip(edited[kind], edited["own budget (h per month)"].tolist(), strict=True)
            if hours is not None and hours == hours
        )
        st.button(
            "Use these budgets",
            key=f"_use_{field}",
            disabled=wanted == getattr(scenario, field),
            on_click=state.change_and_reseed,
            kwargs={field: wanted},
        )
        st.caption(
            "Empty: the budget common to all. Budgets below the least are refused, with the shortfall."
        )


def _compared(scenario: Scenario, _prepared: Prepared, plan: Plan) -> None:
    """The plan beside the ways hours are divided without optimisation."""
    table, about = ways(scenario)
    plot(ways_bars(table), key="_ways")
    best = table.iloc[1:][table["overspent"].iloc[1:] == 0.0].sort_values("demand_met").tail(1)
    ceiling = table.iloc[-1]
    sentences = []
    if len(best):
        row = best.iloc[0]
        sentences.append(
            f"Of the ways that keep the budget, *{row['way'].lower()}* comes closest: {row['against_plan']:+.3f} % of the demand met "
            f"by this plan, with {row['moved']:,.0f} h in other zones."
        )
    if ceiling["overspent"] > 0.0:
        sentences.append(
            f"Rounding up seems to meet {ceiling['against_plan']:+.3f} % because it spends {ceiling['overspent']:,.2f} h that are not there, "
            f"{ceiling['worst_budget']:,.2f} h in one budget alone."
        )
    st.write(" ".join(sentences))
    if plan.notes and not plan.binding:
        st.caption("No budget binds, so most ways give every zone the same.")
    tables.table(table, name="ways_to_divide_hours", units=WAYS_UNITS, digits=4)
    st.caption(
        f"Last year: {about}. All ways but the last keep bounds and budgets and use whole units by largest remainders."
    )


@of_data(reads=HOURS, words="Dividing hours the usual ways …")
def ways(scenario: Scenario) -> tuple[pd.DataFrame, str]:
    """Ways to divide the hours beside the plan's, and what last year's hours are taken from."""
    plan = results.hours(scenario)
    last, about = last_year_of(results.prepared(scenario), scenario, plan.frame)
    table, _ = compare_hours(plan, last_year=last)
    return table, about


TABS = {
    "Allocation": _allocation,
    "Budgets": _budgets,
    "Worth of one more hour": _worth,
    "Shifts": shifts_tab,
    "Roster": roster_tab,
    "Compare": _compared,
    "How it was computed": _computed,
}
