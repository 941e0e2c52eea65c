"""Tonight: what is drawn, for which dates, how it compares with the target, and files."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from patrol_core.allocation.deployments import audit
from patrol_core.games.zone import Strategy
from patrol_core.planning import CONTRACT, Prepared, deployment_table, drawn_findings
from patrol_core.reports.icalendar import roster_table, to_icalendar
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import offenders_results, results
from patrol_core.ui.shell import controls, tables
from patrol_core.ui.shell.widgets import ask, captions
from patrol_core.words import plural

NIGHTS, MOST_NIGHTS = 28, 92


def tonight_tab(scenario: Scenario, prepared: Prepared, strategy: Strategy) -> None:
    """Draw the tab.

    Args:
        scenario, prepared, strategy: The choices, their data, their plan.
    """
    found = results.deployments(scenario)
    st.write(
        f"The coverage is played as {len(found.sets)} randomised deployments. Each evening one is drawn by its probability, so "
        "nobody can foresee it, and over time every zone has exactly its units on average: 1.4 are one unit or, two times in five, two."
    )
    captions(found.text for found in drawn_findings(prepared, scenario, strategy))
    first, nights = _choices()
    roster = offenders_results.roster(scenario, first, nights)
    names = prepared.names
    table = roster_table(roster, names)
    left, right = st.columns([1, 2])
    with left:
        tonight = table[table["date"] == first.isoformat()]
        units = f"{plural(int(tonight['units'].sum()), 'unit')} in {plural(len(tonight), 'zone')}"
        st.write(f"Drawn for the first night, {first.isoformat()}: {units}")
        tables.show(tonight[["zone_id", "name", "units"]], height=300)
    with right:
        _audit(prepared, roster, strategy, nights)
    st.write("The roster, night by night")
    tables.table(table, name="roster", contract=("date", "draw", "zone_id", "name", "units"), height=260)
    _calendar(scenario, prepared, roster, names)
    with st.expander("All deployments and their probabilities"):
        tables.table(
            deployment_table(prepared, found),
            name="deployments",
            contract=CONTRACT["deployments.csv"],
            height=260,
        )


def _choices() -> tuple[dt.date, int]:
    """First date and number of nights."""
    one, two, three = st.columns(3)
    with one:
        today = dt.datetime.now().astimezone().date()
        first: dt.date = ask.draw("date_input", "First night", "first_night", today, st, format="YYYY-MM-DD", min_value=dt.date(2000, 1, 1), max_value=dt.date(2099, 12, 31))  # fmt: skip
    nights: int = ask.whole("Nights", "nights", NIGHTS, 1, MOST_NIGHTS, into=two)
    with three:
        controls.number("seed")
    return first, nights


def _audit(prepared: Prepared, roster: pd.DataFrame, strategy: Strategy, nights: int) -> None:
    checked = audit(roster, strategy.coverage_by_zone(), shifts=nights)
    st.write(f"Over {plural(nights, 'night')}: units that each zone was to have on average, and had")
    tables.table(
        checked.sort_values("target", ascending=False),
        name="roster_audit",
        units=dict.fromkeys(("target", "realised", "difference", "standard_error"), "units"),
        names=prepared.names,
        headings={"target": "Wanted"},
        height=300,
    )
    drawn = checked[(checked["target"] > 0) & (checked["standard_error"] > 0)]
    beyond = int((drawn["difference"].abs() > 2 * drawn["standard_error"]).sum())
    if len(drawn):
        st.caption(
            f"{beyond} of the {len(drawn):,} zones that are drawn by chance differ from their target by more than two standard "
            "errors; about one in twenty does so by chance alone."
        )


def _calendar(scenario: Scenario, prepared: Prepared, roster: pd.DataFrame, names: dict[str, str]) -> None:
    identity = f"{prepared.key}|{scenario.key('game')}"
    title = f"Patrol roster, {prepared.data.name}"
    nights = list(roster.attrs["shifts"])
    tables.download(
        "roster.ics",
        lambda: to_icalendar(roster, names, nights=nights, title=title, identity=identity),
        help="One all-day event a night, for any calendar; the same seed gives the same file.",
    )
