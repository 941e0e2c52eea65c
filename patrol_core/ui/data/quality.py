"""What is wrong with the data: checks as a table of sentences, gaps on a heat map, outcomes on a chart."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from patrol_core.areas import AreaData
from patrol_core.figures.charts.quality import force_heat, outcome_lines
from patrol_core.planning import Prepared, quality_report, report_frame
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.scenario import Scenario
from patrol_core.sources.quality import (
    SEVERITIES,
    Check,
    crimes_of,
    force_months,
    outcome_table,
    place_table,
    rows_table,
)
from patrol_core.ui.memo import results
from patrol_core.ui.memo.results import of_area, of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.tables import download

ICONS = {
    "error": ":red[:material/error:]\u00a0Wrong",
    "warning": ":orange[:material/warning:]\u00a0Weak",
    "info": ":blue[:material/info:]\u00a0Note",
    "good": ":green[:material/check_circle:]\u00a0Good",
}


@dataclass(frozen=True, eq=False)
class Tables:
    """What the charts and downloads of a data set need; None where there are only counts."""

    forces: pd.DataFrame | None
    outcomes: pd.DataFrame | None


@of_data(words="Checking the data …")
def checks_of(scenario: Scenario, today: dt.date) -> tuple[Check, ...]:
    """What is wrong with the data of a scenario as of a day."""
    prepared = results.prepared(scenario)
    return quality_report(prepared.data, prepared.zones, prepared.placement, today=today)


@of_area()
def tables_of(data: AreaData) -> Tables:
    """What the charts and downloads need."""
    crimes = crimes_of(data)
    if crimes is None or not data.dated:
        return Tables(None, None)
    named = bool((crimes["force"] != "").any())
    outcomes = bool((crimes["outcome"] != "").any())
    return Tables(force_months(crimes) if named else None, outcome_table(crimes) if outcomes else None)


def quality_section(scenario: Scenario, prepared: Prepared) -> None:
    """The report of the data in use."""
    checks = checks_of(scenario, dt.datetime.now(dt.UTC).date())
    _summary(checks)
    ordered = sorted(checks, key=lambda c: SEVERITIES.index(c.severity))
    st.table(
        pd.DataFrame(
            {
                "State": [ICONS[c.severity] for c in ordered],
                "Check": [escape(c.name) for c in ordered],
                "Found": [escape(c.figure) for c in ordered],
                "What it does to the plan": [escape(c.text) for c in ordered],
            }
        ),
        border="horizontal",
        hide_index=True,
    )
    with st.container(horizontal=True):
        download("data_quality.csv", lambda: to_csv_bytes(report_frame(checks)))
        _more_downloads(prepared.data)


def _summary(checks: tuple[Check, ...]) -> None:
    counts = {s: sum(c.severity == s for c in checks) for s in SEVERITIES}
    st.caption(
        f"{len(checks)} checks of all months of the data: {counts['error']} make part of the plan wrong, "
        f"{counts['warning']} weaken it, {counts['info']} are to be known, {counts['good']} are good."
    )


def _more_downloads(data: AreaData) -> None:
    crimes = crimes_of(data)
    if crimes is None:
        return
    download("rows_by_force_type_month.csv", lambda: to_csv_bytes(rows_table(crimes)))
    download("rows_without_place.csv", lambda: to_csv_bytes(place_table(crimes)))


def gap_charts(scenario: Scenario) -> None:
    """Months by force with gaps marked, and outcomes by month."""
    tables = tables_of(scenario)
    if tables.forces is not None:
        plot(force_heat(tables.forces))
    else:
        st.caption(
            "Gaps by force cannot be shown: these data do not say which force reported in which month."
        )
    if tables.outcomes is not None:
        plot(outcome_lines(tables.outcomes))
        outcomes = tables.outcomes
        download("outcomes_by_month.csv", lambda: to_csv_bytes(outcomes))
    else:
        st.caption("Outcomes cannot be shown: these data carry none.")
