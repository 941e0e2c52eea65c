"""What is planned for every zone, ward, month and unit: tables that can be searched, filtered and downloaded."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.allocation.roster import Roster, duty_table, unit_table
from patrol_core.planning import BOROUGH, WARD, Prepared
from patrol_core.reports.bundles.roster import DUTY_UNITS, UNIT_UNITS
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.rosters import roster_state
from patrol_core.ui.rosters.duties import HELD
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.offender_text import assumption
from patrol_core.ui.shell.widgets import ask
from patrol_core.words import heading

MOST_VALUES = 60
"""Different values up to which a text column is offered as a filter."""


def zone_table(prepared: Prepared, scenario: Scenario) -> tuple[pd.DataFrame, dict[str, str]]:
    """Every zone with what the plan does there and what is known of it, and units; what is known of no zone is left out."""
    zones, surface = prepared.zones, prepared.surface
    units = {"expected": surface.unit}
    columns = ["name", WARD, *([BOROUGH] if BOROUGH in zones else [])]
    frame = pd.DataFrame(zones[columns]).copy()
    frame.insert(0, "zone_id", frame.index.astype(str))
    plan = results.strategy_or_none(scenario)
    frame["expected"] = surface.mean
    if plan is not None:
        frame["units"], frame["left"] = plan.coverage, plan.residual
        frame["hours"] = plan.coverage * scenario.hours_per_unit
        units |= {"units": "at once", "left": surface.unit, "hours": "h per month"}
    frame["low"], frame["high"] = surface.low, surface.high
    for column, unit in (("population", "residents"), ("area_km2", "km²")):
        if zones[column].notna().any():
            frame[column], units[column] = zones[column].astype(float), unit
    for column in prepared.data.groups:
        if column in zones and column not in frame:
            frame[column] = zones[column]
    units |= dict.fromkeys(("low", "high"), surface.unit)
    return frame.reset_index(drop=True), units


def ward_table(prepared: Prepared, scenario: Scenario) -> tuple[pd.DataFrame, dict[str, str]]:
    """Every ward with its zones and the sums over them of what is known and planned."""
    zones, units = zone_table(prepared, scenario)
    keys = [column for column in (WARD, BOROUGH) if column in zones]
    summed = ("zones", "population", "area_km2", "expected", "units", "left", "hours")
    sums = (
        zones.assign(zones=1)
        .groupby(keys, dropna=False, observed=True, sort=True)[
            [column for column in summed if column in zones or column == "zones"]
        ]
        .sum(min_count=1)
    )
    return sums.reset_index(), units


def hours_table(scenario: Scenario, prepared: Prepared) -> tuple[pd.DataFrame, dict[str, str]] | None:
    """The plan month by month, a row a zone and month."""
    plan = results.hours_or_none(scenario)
    if plan is None:
        return None
    frame = plan.frame.copy()
    frame.insert(3, "name", frame.pop("name"))
    units = {
        "area_km2": "km²",
        "risk": prepared.surface.unit,
        "value_of_hour": prepared.surface.unit.removesuffix(" per month"),
    }
    return frame, units | dict.fromkeys(("hours", "hours_continuous", "lower", "upper"), "h per month")


def unit_tables(scenario: Scenario) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Units and duties of the roster planned in this session for these data and choices, if there is one."""
    held = st.session_state.get(HELD)
    if held is None or not isinstance(held[2], Roster) or held[0][0] != roster_state.choices_key(scenario):
        return None
    return unit_table(held[2]), duty_table(held[2])


def searchable(frame: pd.DataFrame, *, name: str, units: dict[str, str], digits: int = 3) -> None:
    """A table with a search field over all text, filters for text and a range for one number.

    Args:
        frame, units: The rows, and units by column.
        name: Stem of the file of its download.
        digits: Significant digits of the middle number of a column.
    """
    one, two, three = st.columns(3)
    text = str(
        ask.draw("text_input", "Search", f"res_{name}_search", "", one, placeholder="any text in any column")
    )
    kept = frame[matches(frame, text)]
    choices = [
        c for c in map(str, frame.columns) if _is_text(frame[c]) and 1 < frame[c].nunique() <= MOST_VALUES
    ]
    with two:
        if choices:
            column = ask.select(
                "Filter by", f"res_{name}_column", choices[0], {c: heading(c) for c in choices}
            )
            values = sorted(frame[column].dropna().astype(str).unique())
            wanted = st.multiselect(
                f"Keep {heading(column).lower()}", values, placeholder="all", key=f"_res_{name}_{column}"
            )
            if wanted:
                kept = kept[kept[column].astype(str).isin(wanted)]
    numbers = [
        c
        for c in map(str, frame.columns)
        if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].nunique() > 1
    ]
    with three:
        if numbers:
            first = "hours" if "hours" in numbers else numbers[-1]
            said = {c: heading(c, units.get(c, "")) for c in numbers}
            number = ask.select("Between", f"res_{name}_number", first, said)
            low, high = float(frame[number].min()), float(frame[number].max())
            bounds = st.slider(said[number], low, high, (low, high), key=f"_res_{name}_{number}_range")
            if bounds != (low, high):
                kept = kept[kept[number].between(*bounds)]
    st.caption(f"{len(kept):,} of {len(frame):,} rows. The download holds the rows shown.")
    tables.table(
        kept,
        name=name,
        units={c: u for c, u in units.items() if c in kept},
        digits=digits,
        height=460,
    )


def matches(frame: pd.DataFrame, text: str) -> pd.Series:
    """Rows in which every word of the text stands somewhere, whatever the case."""
    inside = pd.Series(True, index=frame.index)
    if not text.strip():
        return inside
    columns = [c for c in frame.columns if _is_text(frame[c])]
    joined = pd.Series("", index=frame.index)
    for column in columns:
        joined = (
            joined
            + " "
            + frame[column].astype("object").where(frame[column].notna(), "").astype(str).str.lower()
        )
    for word in text.lower().split():
        inside &= joined.str.contains(word, regex=False)
    return inside


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)


def zones_list(scenario: Scenario, prepared: Prepared) -> None:
    """Every zone with its plan."""
    table, units = zone_table(prepared, scenario)
    st.caption(assumption(scenario))
    searchable(table, name="zones", units=units)


def wards_list(scenario: Scenario, prepared: Prepared) -> None:
    """Every ward with the sums over its zones."""
    table, units = ward_table(prepared, scenario)
    st.caption(assumption(scenario))
    searchable(table, name="wards", units=units)


def hours_list(scenario: Scenario, prepared: Prepared) -> None:
    """The plan month by month."""
    found = hours_table(scenario, prepared)
    if found is None:
        st.info("These rules cannot be kept month by month; the page Plan says why.", icon=":material/block:")
    else:
        st.caption(assumption(scenario))
        searchable(found[0], name="hours", units=found[1])


def units_list(scenario: Scenario) -> None:
    """Units and duties of the roster planned in this session."""
    roster = unit_tables(scenario)
    if roster is None:
        st.info(
            "No roster is planned yet: plan one in the tab Roster of units.",
            icon=":material/calendar_month:",
        )
    else:
        searchable(roster[0], name="units", units=UNIT_UNITS)
        searchable(roster[1], name="duties", units=DUTY_UNITS)
