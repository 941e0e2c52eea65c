"""Tabs under the plan's map; only the open one is computed."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import streamlit as st

from patrol_core.figures.charts.compare import budget_curve, plan_bars
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared, comparison_units
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.plan.effect import effect_tab
from patrol_core.ui.plan.fit import fit_tab
from patrol_core.ui.plan.months import budgets_tab, rounding_words, ways_tab, zones_tab
from patrol_core.ui.plan.robust import robust_tab
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS, RESPONSE_TEXTS
from patrol_core.ui.shell.plan_files import plan_downloads
from patrol_core.ui.shell.widgets import ask
from patrol_core.words import figure, first_few, tiny

FILES = (
    "coverage.csv",
    "deployments.csv",
    "fairness.csv",
    "allocation.csv",
    "zones.geojson",
    "summary.json",
    "scenario.json",
    "report.html",
    "fairness_hours.csv",
    "intervals.csv",
    "values_by_type.csv",
    "impact_record.html",
    "impact_record.md",
)
CONSTRAINTS = (
    r"\quad\text{s.t.}\quad \sum_t x_t \le B,\quad 0 \le x_t \le u_t,\quad\text{and the rules chosen above}"
)
UNCERTAIN, MISTAKEN = "Price of robustness", "If offenders make mistakes"


class _Shown(NamedTuple):
    """What the tabs are about."""

    scenario: Scenario
    prepared: Prepared
    strategy: Strategy


def draw_tabs(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    """Draw the open tab.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
    """
    open_tab("_plan_tabs", _DRAWERS, _Shown(scenario, prepared, strategy))


def _zones(shown: _Shown) -> None:
    zones_tab(*shown)


def _curve(shown: _Shown) -> None:
    scenario, prepared, strategy = shown
    unit, total = prepared.surface.unit, scenario.offender == "none"
    table = results.curve(scenario)
    figure = budget_curve(
        table,
        column="expected_residual" if total else "worst_case",
        title="All zones together" if total else "Worst zone",
        budget=scenario.budget,
        value=strategy.expected_residual if total else strategy.worst_case,
        unit=unit,
    )
    plot(figure, key="_budget_curve")
    units = dict.fromkeys(("worst_case", "expected_residual", "next_unit"), unit) | {"budget": "units"}
    tables.table(table, name="budget_curve", units=units, height=260)
    if scenario.offender not in ("rational", "none"):
        st.caption("The curve is for offenders who watch perfectly, whoever is chosen above.")


def _effect(shown: _Shown) -> None:
    effect_tab(shown.scenario, shown.prepared)


def _robust(shown: _Shown) -> None:
    part = ask.segmented("Ready for what", "plan_robust", UNCERTAIN, [UNCERTAIN, MISTAKEN])
    if part == UNCERTAIN:
        robust_tab(shown.scenario, shown.prepared)
    else:
        fit_tab(*shown)


def _budgets(shown: _Shown) -> None:
    budgets_tab(shown.scenario, shown.prepared.names)


def _compared(shown: _Shown) -> None:
    scenario, prepared, _ = shown
    table = results.comparison(scenario)
    unit = prepared.surface.unit
    left, right = st.columns(2)
    plot(plan_bars(table, column="worst_case", title="Worst zone", unit=unit), key="_bars_worst", into=left)
    plot(
        plan_bars(table, column="expected_residual", title="All zones together", unit=unit),
        key="_bars_total",
        into=right,
    )
    tables.table(table, name="plans_compared", units=comparison_units(prepared), names=prepared.names)
    st.caption(
        "The simple plans use the same resource and response but not the floors and fairness rules; the greedy plan goes to the "
        "highest zones first, which an offender who watches can walk around."
    )
    st.header("Other ways to divide the hours", anchor=False)
    ways_tab(scenario)


def _computed(shown: _Shown) -> None:
    scenario, prepared, strategy = shown
    certificate = strategy.certificate
    names = prepared.names
    named = [f"{names[zone]} ({zone})" for zone in strategy.attack_set]
    text = OFFENDER_TEXTS[scenario.offender]
    st.write(
        "A security game: the planner chooses how much patrol each zone gets, then offenders choose where to go. "
        f"{text.sentences} Where the model leaves a choice among plans that are best by this measure, the other measure (the worst "
        "zone, or all zones together) decides."
    )
    st.latex(text.formula + CONSTRAINTS)
    st.latex(RESPONSE_TEXTS[scenario.response].formula)
    tables.show(
        pd.DataFrame(
            [
                ("how it ended", str(certificate.status)),
                ("solver", certificate.solver),
                ("objective, recomputed outside the model", figure(certificate.objective, 9)),
                ("proved bound", figure(certificate.bound, 9)),
                ("gap", tiny(certificate.gap)),
                ("largest violation of any rule", figure(certificate.violation, 2)),
                ("seconds", f"{certificate.seconds:.4f}"),
                ("phases", ", ".join(certificate.phases)),
                ("units used", f"{figure(strategy.budget_used, 6)} of {figure(scenario.budget, 6)}"),
                (
                    "zones an offender would choose",
                    f"{len(strategy.attack_set)}: {first_few(named, 12)}",
                ),
                ("scenario", scenario.key()),
                ("data", prepared.data.content_hash[:16]),
            ],
            columns=["what", "value"],
        ),
        headings={"value": "Found"},
    )
    st.caption(escape(f"Demand: {results.demand(scenario).attrs.get('method', '').rstrip('.')}."))
    st.caption(rounding_words(results.hours(scenario)))


def _downloads(shown: _Shown) -> None:
    st.write(
        "The same files that `patrol plan` writes; every figure on these pages can be recomputed from them."
    )
    absent = set() if shown.prepared.groups else {"fairness.csv", "fairness_hours.csv"}
    of_offender = {"regret": "intervals.csv", "types": "values_by_type.csv"}
    absent |= {name for kind, name in of_offender.items() if kind != shown.scenario.offender}
    if results.hours_or_none(shown.scenario) is None:
        absent |= {"allocation.csv", "fairness_hours.csv"}
        st.caption(
            "allocation.csv is missing: these rules cannot be kept month by month (see Zones and months)."
        )
    plan_downloads(shown.scenario, (name for name in FILES if name not in absent))


_DRAWERS = {
    "Zones and months": _zones,
    "Next unit": _curve,
    "Effect": _effect,
    "Robustness": _robust,
    "Budgets": _budgets,
    "Simple plans": _compared,
    "How it was computed": _computed,
    "Downloads": _downloads,
}
TABS = tuple(_DRAWERS)
