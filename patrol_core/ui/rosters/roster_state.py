"""What the tabs Shifts and Roster remember in a session, and what they work out, kept between reruns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan
from patrol_core.allocation.roster import (
    EARLY_LATE_NIGHT,
    FLAT,
    WEEKDAYS,
    Commitment,
    Profile,
    RosterRules,
    Spread,
    commitment_of,
    duties_wanted,
    evening_profile,
    from_shift_weights,
    make_ground,
    month_hours,
    spread_hours,
    unit_names,
    units_needed,
)
from patrol_core.planning import NO_WARD, zone_points
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import HOURS
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.shell.widgets import ask

MOST_ZONES = 1000
"""Zones up to which a roster is made on the page; more are planned ward by ward or borough by borough."""
PROFILES = {"flat": "Every hour alike", "evening": "Evenings and weekend nights", "own": "Own weights"}
ROSTER = (*HOURS, "seed")
"""Choices that visits and duties follow from."""
COMMITMENT_COLUMNS = ("unit", "date", "kind", "shift")


@dataclass(frozen=True)
class Frame:
    """What the visits of a month follow from, beside the hours plan."""

    month: str
    places: tuple[str, ...]
    profile: str
    weights: tuple[tuple[float, ...], ...]
    officers: int
    officer_hours: bool

    def made_profile(self) -> Profile:
        """The profile chosen."""
        if self.profile == "evening":
            return evening_profile()
        if self.profile == "own":
            table = pd.DataFrame(list(self.weights)).to_numpy(dtype=float)
            return from_shift_weights(table, EARLY_LATE_NIGHT, "own weights by weekday and shift")
        return FLAT


def frame_controls(plan: Plan) -> Frame:
    """Month, place, profile and officers; drawn alike in both tabs."""
    months = sorted(plan.frame["month"].astype(str).unique())
    one, two, three = st.columns([1, 2, 2])
    month = ask.select("Month of the roster", "roster_month", months[0], months, into=one)
    offered = _places(plan)
    places = ask.draw(
        "multiselect",
        "Only these wards or boroughs",
        "roster_places",
        [],
        two,
        options=offered,
        placeholder="all zones",
    )
    profile = ask.segmented(
        "Demand over the week",
        "roster_profile",
        "flat",
        PROFILES,
        into=three,
        help="police.uk publishes months only, so how demand lies over the hours of the week is an assumption unless the "
        "force's own figures are given (command line: --profile FILE.csv with weekday, hour, share).",
    )
    weights = _own_weights() if profile == "own" else ()
    four, five, _ = st.columns([1, 2, 2])
    officers = ask.whole("Officers in a unit", "roster_officers", 2, 1, 10, into=four)
    counted = ask.radio(
        "The plan's hours count",
        "roster_counted",
        "units",
        ["units", "officers"],
        into=five,
        format_func={"units": "hours of a unit", "officers": "hours of an officer"}.__getitem__,
        horizontal=True,
        help="Where the budget is in officer-hours, a unit of two spends two of them in an hour.",
    )
    chosen = tuple(str(place) for place in places if place in offered)
    return Frame(
        month if month in months else months[0],
        chosen,
        str(profile),
        weights,
        officers,
        counted == "officers",
    )


def _places(plan: Plan) -> list[str]:
    wards = set(plan.frame["ward"].astype(str)) - {NO_WARD}
    boroughs = set(plan.frame["borough"].astype(str)) if "borough" in plan.frame else set()
    return [*sorted(boroughs), *sorted(wards - boroughs)]


def _own_weights() -> tuple[tuple[float, ...], ...]:
    """A weight for every weekday and shift, edited as a table."""
    names = [shift.name for shift in EARLY_LATE_NIGHT]
    held = st.session_state.setdefault(
        "_roster_weights", pd.DataFrame(1.0, index=list(WEEKDAYS), columns=names)
    )
    if "_roster_weights_editor" not in st.session_state:
        st.session_state["_roster_weights_base"] = held
    edited = st.data_editor(
        st.session_state["_roster_weights_base"],
        key="_roster_weights_editor",
        width="content",
        height="content",
    )
    st.session_state["_roster_weights"] = edited
    return tuple(tuple(float(value) for value in row) for row in edited.fillna(0.0).to_numpy(dtype=float))


def choices_key(scenario: Scenario) -> Hashable:
    """Stands for the data and choices that a roster follows from."""
    return (results.prepared(scenario).key, tuple(getattr(scenario, name) for name in ROSTER))


@of_data(reads=ROSTER, words="Spreading visits over shifts …")
def visits(scenario: Scenario, frame: Frame, available: tuple[int, ...] | None = None) -> Spread:
    """Visits of every zone in every shift; fewer in a shift where units available cannot make them.

    Args:
        scenario, frame: The choices, and what the visits of the month follow from.
        available: Units on duty at once by shift, where they are bounded.
    """
    officers = frame.officers if frame.officer_hours else 1
    hours = month_hours(results.hours(scenario).frame, frame.month, wards=frame.places, officers=officers)
    most = None
    if available is not None:
        rules = rules_of(frame, max(1, *available), available=available)
        points = zone_points(results.prepared(scenario).zones)
        hop = make_ground({zone: points[zone] for zone in hours}).hop_minutes(rules)
        most = [
            count * rules.visits_per_duty(shift, scenario.visit_minutes, hop)
            for count, shift in zip(available, rules.shifts, strict=True)
        ]
    return spread_hours(
        hours,
        frame.month,
        profile=frame.made_profile(),
        visit_minutes=scenario.visit_minutes,
        most_visits=most,
        seed=scenario.seed,
    )


@of_data(reads=ROSTER, words="Counting the units it takes …")
def suggested_units(scenario: Scenario, frame: Frame) -> int:
    """A twentieth more than the fewest units that can man the shifts by the rules' defaults."""
    spread = visits(scenario, frame)
    rules = rules_of(frame, 10_000)
    wanted = duties_wanted(spread, rules, zone_points(results.prepared(scenario).zones), seed=scenario.seed)
    needed = units_needed(rules, spread.dates, wanted)
    return max(1, needed + max(1, round(0.05 * needed)))


def rules_of(frame: Frame, units: int, **more: object) -> RosterRules:
    """Rules with so many units."""
    return replace(RosterRules(unit_names(units), officers=frame.officers), **more)  # type: ignore[arg-type]


def commitments_editor(units: tuple[str, ...], month: str) -> tuple[Commitment, ...]:
    """Absences and fixed duties as a table; rows without unit or date are not ready and left for later."""
    empty = pd.DataFrame({name: pd.Series(dtype="object") for name in COMMITMENT_COLUMNS})
    held = st.session_state.setdefault("_roster_commitments", empty)
    if "_roster_commitments_editor" not in st.session_state:
        st.session_state["_roster_commitments_base"] = held
    first = pd.Timestamp(f"{month}-01")
    edited = st.data_editor(
        st.session_state["_roster_commitments_base"],
        key="_roster_commitments_editor",
        num_rows="dynamic",
        height=180,
        column_config={
            "unit": st.column_config.SelectboxColumn("Unit", options=list(units), required=True),
            "date": st.column_config.DateColumn(
                "Date", format="YYYY-MM-DD", default=first.date(), required=True
            ),
            "kind": st.column_config.SelectboxColumn(
                "Kind", options=["unavailable", "duty"], default="unavailable", required=True
            ),
            "shift": st.column_config.SelectboxColumn(
                "Shift (empty: whole date)", options=[shift.name for shift in EARLY_LATE_NIGHT]
            ),
        },
    )
    st.session_state["_roster_commitments"] = edited
    rows = [row for row in edited.to_dict("records") if row.get("unit") and not pd.isna(row.get("date"))]
    return tuple(
        commitment_of({str(name): value for name, value in row.items()}, f"Commitment {number}")
        for number, row in enumerate(rows, 1)
    )
