"""Tabs under the patrol game's map; only the open one is computed."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import streamlit as st

from patrol_core.figures.charts.compare import budget_curve, plan_bars
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared, column_units, comparison_units, coverage_table
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.plan.fit import fit_tab
from patrol_core.ui.plan.robust import robust_tab
from patrol_core.ui.plan.tonight import roster_tab
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import open_tab
from patrol_core.ui.shell.offender_text import OFFENDER_TEXTS
from patrol_core.ui.shell.plan_files import plan_downloads

FILES = (
    "coverage.csv",
    "deployments.csv",
    "fairness.csv",
    "allocation.csv",
    "zones.geojson",
    "summary.json",
    "report.html",
    "fairness_hours.csv",
    "intervals.csv",
    "values_by_type.csv",
    "impact_record.html",
    "impact_record.md",
)
CONSTRAINTS = (
    r"\quad\text{s.t.}\quad \sum_t x_t \le B,\quad 0 \le x_t \le 1,\quad\text{and the rules chosen above}"
)


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
    open_tab("_game_tabs", _DRAWERS, _Shown(scenario, prepared, strategy))


def _curve(shown: _Shown) -> None:
    scenario, prepared, strategy = shown
    unit = prepared.surface.unit
    figure = budget_curve(
        results.curve(scenario), budget=scenario.budget, value=strategy.worst_case, unit=unit
    )
    plot(figure, key="_budget_curve")
    if strategy.budget_dual is not None:
        st.write(
            f"At {scenario.budget:g} units, one more unit lowers the worst case by about {strategy.budget_dual:,.2f} {unit}."
        )


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
    tables.table(table, name="plans_compared", units=comparison_units(prepared))
    st.caption(
        "The simple plans use the same budget but not the floors and fairness rules; the greedy plan covers the highest "
        "zones fully, which an offender who watches can walk around."
    )


def _zones(shown: _Shown) -> None:
    _, prepared, strategy = shown
    frame = coverage_table(strategy, prepared.surface.mean)
    frame.insert(1, "name", prepared.zones["name"].astype(str).to_numpy())
    units = column_units(prepared)
    tables.table(
        frame.sort_values("coverage", ascending=False), name="zones", units=units, digits=3, height=420
    )


def _roster(shown: _Shown) -> None:
    roster_tab(*shown)


def _erring(shown: _Shown) -> None:
    fit_tab(*shown)


def _robust(shown: _Shown) -> None:
    robust_tab(shown.scenario, shown.prepared)


def _computed(shown: _Shown) -> None:
    scenario, prepared, strategy = shown
    certificate = strategy.certificate
    text = OFFENDER_TEXTS[scenario.offender]
    st.write(
        "A security game: the planner chooses how often each zone is covered, then offenders choose where to go. "
        f"{text.sentences} Among all plans that are best by this measure, the one that leaves least harm in all zones is taken "
        "where the model leaves a choice."
    )
    st.latex(text.formula + CONSTRAINTS)
    st.dataframe(
        pd.DataFrame(
            [
                ("ended", str(certificate.status)),
                ("solver", certificate.solver),
                ("objective, recomputed outside the model", f"{certificate.objective:.9g}"),
                ("proved bound", f"{certificate.bound:.9g}"),
                ("gap", f"{certificate.gap:.2g}"),
                ("largest violation of any rule", f"{certificate.violation:.2g}"),
                ("seconds", f"{certificate.seconds:.4f}"),
                ("phases", ", ".join(certificate.phases)),
                ("units used", f"{strategy.budget_used:.6g} of {scenario.budget:g}"),
                (
                    "zones an offender would choose",
                    f"{len(strategy.attack_set)}: {', '.join(strategy.attack_set[:12])}",
                ),
                ("scenario", scenario.key()),
                ("data", prepared.data.content_hash[:16]),
            ],
            columns=["what", "value"],
        ),
        hide_index=True,
    )


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
            "allocation.csv is missing: the hours plan cannot be made with these rules (see the Hours page)."
        )
    plan_downloads(shown.scenario, (name for name in FILES if name not in absent))


_DRAWERS = {
    "Worth of the next unit": _curve,
    "Against simple plans": _compared,
    "If offenders err": _erring,
    "Price of robustness": _robust,
    "Zones": _zones,
    "Tonight and the roster": _roster,
    "How it was computed": _computed,
    "Downloads": _downloads,
}
TABS = tuple(_DRAWERS)
