"""The tabs Budgets and Compare of the Hours page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan, compare_hours
from patrol_core.figures.charts.roster import ways_bars
from patrol_core.planning import NO_WARD, last_year_of
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import cached
from patrol_core.ui.memo.cached import derived
from patrol_core.ui.memo.kept import HOURS
from patrol_core.ui.session import state
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


def budgets_tab(scenario: Scenario, plan: Plan) -> None:
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


def compare_tab(scenario: Scenario, plan: Plan) -> None:
    """The plan beside the ways hours are divided without optimisation."""
    table, about = derived(
        "ways", scenario, lambda known, _: _ways(known), reads=HOURS, words="Dividing hours the usual ways …"
    )
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


def _ways(scenario: Scenario) -> tuple[pd.DataFrame, str]:
    plan = cached.hours(scenario)
    last, about = last_year_of(cached.prepared(scenario), scenario, plan.frame)
    table, _ = compare_hours(plan, last_year=last)
    return table, about
