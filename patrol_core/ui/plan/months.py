"""The plan month by month: zones and hours, budgets inside budgets, and other ways to divide the same hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan, compare_hours, plan_table
from patrol_core.figures.charts.roster import hours_heatmap, ways_bars
from patrol_core.games.zone import Strategy
from patrol_core.planning import (
    CONTRACT,
    NO_WARD,
    Prepared,
    allocation_table,
    column_units,
    last_year_of,
    zone_table,
)
from patrol_core.reports.bundles.roster import CONTRACT as HALFYEAR
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import HOURS
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import ask
from patrol_core.words import figure, heading, percent, tiny

MEAN, BY_MONTH = "Mean month", "Month by month"
DRAWN = 20
"""Zones of the heat map."""
H = "h per month"
_OWN = "own_budget"
BUDGET_UNITS = {
    "limit": H,
    "used": "h",
    "slack": "h",
    "least": "h",
    "most": "h",
    "value_of_hour": "crimes or harm",
}
WAYS_UNITS = {
    "demand_met": "crimes or harm",
    "against_plan": "%",
    "worst_left": "crimes or harm",
    "hours": "h",
    "overspent": "h",
    "worst_budget": "h",
    "moved": "h",
}
WORTH_UNITS = {"hours": H, "lower": H, "upper": H, "value_of_hour": "crimes or harm"}


def zones_tab(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    """Every zone in the mean month, or its hours in each month of the horizon.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
    """
    if ask.segmented("Shown", "plan_zones", MEAN, [MEAN, BY_MONTH], label_visibility="collapsed") == MEAN:
        _mean_month(scenario, prepared, strategy)
    else:
        _each_month(scenario, prepared)


def _mean_month(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    columns = ["zone_id", "name", "value", "units", "hours", "residual"]
    shown = zone_table(prepared, scenario, strategy)[columns]
    shown = shown.sort_values(["units", "value"], ascending=False, kind="stable")
    tables.table(shown, name="zones", units=column_units(prepared), height=400)


def _each_month(scenario: Scenario, prepared: Prepared) -> None:
    plan = results.hours(scenario)
    for note in plan.notes:
        st.caption(escape(note))
    matrix = _matrix(prepared, plan)
    plot(hours_heatmap(matrix.head(DRAWN)), key="_hours_heatmap")
    if len(matrix) > DRAWN:
        st.caption(f"The {DRAWN} zones with most hours of {len(matrix):,}; all are in the table.")
    tables.table(
        allocation_table(plan),
        name="allocation",
        units=column_units(prepared),
        contract=CONTRACT["allocation.csv"],
        height=300,
    )
    tables.download(
        "allocation_halfyear.csv",
        lambda: to_csv_bytes(plan_table(plan), contract=HALFYEAR["allocation_halfyear.csv"]),
        help="The same with the columns of the command line: Month, Ward, LSOA_Code, Risk_Score, Allocation.",
    )


def _matrix(prepared: Prepared, plan: Plan) -> pd.DataFrame:
    """Hours of zones by months, most hours first."""
    matrix = plan.frame.pivot_table(
        index="zone_id", columns="month", values="hours", aggfunc="sum", observed=True
    )
    matrix = matrix.loc[matrix.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    names = prepared.zones["name"].astype(str)
    matrix.index = pd.Index([names[str(zone)] for zone in matrix.index])
    return matrix


# -- budgets ---------------------------------------------------------------------------------------


def budgets_tab(scenario: Scenario, names: Mapping[str, str]) -> None:
    """Every budget with what it uses and what one more hour of it is worth; budgets of single places.

    Args:
        scenario, names: The choices, and zone code -> name.
    """
    plan = results.hours(scenario)
    st.write(
        "Budgets lie inside each other: a ward's inside its borough's, all inside the city's. The value of one more hour is what "
        "this budget, and no other, would save with one hour more: 0 where it is not used up."
    )
    tables.table(plan.slack, name="budgets", units=BUDGET_UNITS, height=300)
    for kind, field, label in (("ward", "ward_table", "wards"), ("borough", "borough_table", "boroughs")):
        if kind in plan.frame and not (plan.frame[kind].astype(str) == NO_WARD).all():
            _editor(scenario, plan, kind, field, label)
    with st.expander("Worth of one more hour, zone by zone"):
        columns = ["month", "ward", "zone_id", "hours", "lower", "upper", "value_of_hour"]
        worth = plan.frame[columns].sort_values("value_of_hour", ascending=False, kind="stable")
        tables.table(worth, name="worth_of_an_hour", units=WORTH_UNITS, names=names, height=300)


def _editor(scenario: Scenario, plan: Plan, kind: str, field: str, label: str) -> None:
    """A budget of its own for single wards or boroughs."""
    rows = plan.slack[plan.slack["kind"] == kind]
    by_name = rows.groupby("name", observed=True).agg(least=("least", "max"), most=("most", "min"))
    own = dict(scenario.own_budgets()[0 if kind == "ward" else 1])
    base = pd.DataFrame(
        {
            kind: by_name.index.astype(str),
            "least": by_name["least"].to_numpy(),
            "most": by_name["most"].to_numpy(),
            _OWN: [own.get(str(name)) for name in by_name.index],
        }
    ).astype({_OWN: "float64"})
    with st.expander(f"Budgets of single {label}", expanded=bool(own)):
        edited = st.data_editor(
            base,
            key=f"{state.widget_key(field)}_editor",
            hide_index=True,
            height=260,
            disabled=[kind, "least", "most"],
            column_config=tables.columns(base, units=dict.fromkeys(("least", "most"), "h")) | _own_column(),
        )
        _use_button(field, _entries(edited[kind], edited[_OWN]), getattr(scenario, field))
        st.caption(
            "Empty: the budget common to all. Budgets below the least are refused, with the shortfall."
        )


def budgets_as_given(scenario: Scenario) -> None:
    """Budgets of single places as a link or file gave them, to be mended where no plan can be made with them."""
    for kind, field, own in zip(
        ("ward", "borough"), ("ward_table", "borough_table"), scenario.own_budgets(), strict=True
    ):
        if not own:
            continue
        given = pd.DataFrame(own, columns=[kind, _OWN])
        edited = st.data_editor(
            given,
            key=f"{state.widget_key(field)}_given",
            hide_index=True,
            num_rows="dynamic",
            column_config=_own_column(),
        )
        wanted = _entries(edited[kind], edited[_OWN])
        _use_button(field, wanted, getattr(scenario, field))


def _entries(names: pd.Series[str], hours: pd.Series[float]) -> tuple[str, ...]:
    """Budgets as a scenario writes them; places without one are left out."""
    return tuple(
        f"{name}={amount!r}"
        for name, amount in zip(names, hours.tolist(), strict=True)
        if name and pd.notna(amount)
    )


def _own_column() -> dict[str, Any]:
    """How budgets of places of their own are edited."""
    return {
        _OWN: st.column_config.NumberColumn(heading(_OWN, H), min_value=0.0, step=0.25, format="localized")
    }


def _use_button(field: str, wanted: tuple[str, ...], now: tuple[str, ...]) -> None:
    st.button(
        "Use these budgets",
        key=f"_use_{field}",
        disabled=wanted == now,
        on_click=state.change_and_reseed,
        kwargs={field: wanted},
    )


# -- other ways to divide the hours ----------------------------------------------------------------


def ways_tab(scenario: Scenario) -> None:
    """The hours beside the ways they are divided without optimisation."""
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
    tables.table(table, name="ways_to_divide_hours", units=WAYS_UNITS)
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


def rounding_words(plan: Plan) -> str:
    """What rounding to whole units of time lost, and how the months were proved."""
    before, after = plan.objective_before_rounding, plan.objective_after_rounding
    lost = abs(before - after) / abs(before) if before else 0.0
    proof = plan.certificate
    return (
        f"Month by month: before rounding {figure(before, 6)}, after {figure(after, 6)} ({percent(lost, 3)}); solver {proof.solver}, "
        f"{proof.status}, gap {tiny(proof.gap)}, {proof.seconds:.3f} s."
    )
