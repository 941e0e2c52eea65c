"""Visits by shift, and the roster of named units over a month."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from patrol_core.allocation.hours import Plan
from patrol_core.allocation.roster import (
    EARLY_LATE_NIGHT,
    WEEKDAYS,
    Commitment,
    Roster,
    RosterRules,
    Spread,
    calendar_table,
    duty_table,
    foreseeable,
    make_roster,
    replan,
    travel_saved,
    unit_table,
    visit_table,
    week_shares,
    zone_check,
)
from patrol_core.figures.charts.roster import memory_bars, roster_calendar, shift_bars, week_heatmap
from patrol_core.planning import Prepared, zone_points
from patrol_core.reports.bundles.roster import (
    DUTY_UNITS,
    UNIT_UNITS,
    ZONE_UNITS,
    calendar,
    roster_html,
    visits_csv,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.kept import of_content
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.rosters import roster_state
from patrol_core.ui.rosters.roster_state import MOST_ZONES, Frame
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls, tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import Figure, ask, captions, figures
from patrol_core.words import tiny

HELD = "roster_now"
"""The session's roster: what it follows from, its commitments, itself."""


def shifts_tab(scenario: Scenario, plan: Plan) -> None:
    """From hours a month to visits by shift.

    Args:
        scenario, plan: The choices and their hours plan.
    """
    frame = roster_state.frame_controls(plan)
    if not _small_enough(plan, frame):
        return
    spread = roster_state.visits(scenario, frame)
    _say_profile(spread)
    totals = spread.totals()
    names = [shift.name for shift in spread.shifts]
    left, right = st.columns([2, 3])
    with left:
        shares, _ = week_shares(frame.made_profile(), spread.shifts)
        plot(week_heatmap(shares, WEEKDAYS, names), key="_week")
    with right:
        plot(shift_bars(totals, names), key="_shift_bars")
    visits = int(spread.visits.sum())
    st.write(
        f"{float(spread.asked_hours.sum()):,.2f} h of {frame.month} become {visits:,} visits of {spread.visit_minutes:g} min in "
        f"{spread.visits.shape[1]} shifts. Each zone keeps its sum, each shift gets its share, and which shift a single visit falls "
        "into is drawn at random."
    )
    by_zone = spread.frame().pivot_table(
        index="zone_id", columns="shift", values="visits", aggfunc="sum", fill_value=0, observed=True
    )
    by_zone = by_zone.reindex(index=list(spread.zone_ids), columns=names, fill_value=0)
    by_zone["all"] = by_zone.sum(axis=1)
    by_zone["unit_hours"] = by_zone["all"] * spread.visit_minutes / 60.0
    tables.table(by_zone.reset_index(), name="visits_by_zone", units={"unit_hours": "h"}, height=280)
    tables.table(totals, name="shifts", units={"unit_hours": "h"}, height=280)


def roster_tab(scenario: Scenario, prepared: Prepared, plan: Plan) -> None:
    """Named units by shift and zone over a month.

    Args:
        scenario, prepared, plan: The choices, their data, their hours plan.
    """
    frame = roster_state.frame_controls(plan)
    if not _small_enough(plan, frame):
        return
    rules, commitments, gaps = _rules(scenario, frame)
    key = (roster_state.choices_key(scenario), frame, rules)
    held = st.session_state.get(HELD)
    known = held if held is not None and held[0] == key else None
    left, right, _ = st.columns([1, 2, 2])
    if left.button(
        "Plan the roster", type="primary" if known is None else "secondary", icon=":material/calendar_month:"
    ):
        made = duties(scenario, frame, rules, commitments, gaps=gaps)
        known = st.session_state[HELD] = (key, commitments, made)
    if (
        known is not None
        and known[1] != commitments
        and right.button(
            "Re-plan with the fewest changes", type="primary", icon=":material/published_with_changes:"
        )
    ):
        made = replan(known[2], commitments, allow_gaps=gaps)
        known = st.session_state[HELD] = (key, commitments, made)
    if known is None:
        text = (
            "The choices have moved on: plan the roster again."
            if held is not None
            else "Nothing is planned yet: press the button."
        )
        st.info(text, icon=":material/info:")
        return
    if known[1] != commitments:
        st.warning("The commitments have changed since this roster was made.", icon=":material/history:")
    _show(scenario, prepared, known[2])


def _rules(scenario: Scenario, frame: Frame) -> tuple[RosterRules, tuple[Commitment, ...], bool]:
    suggested = roster_state.suggested_units(scenario, frame)
    one, two, three, four = st.columns(4)
    own = ask.maybe(
        "Units (empty: suggested)",
        "roster_units",
        None,
        1,
        400,
        into=one,
        placeholder=f"{suggested} suggested",
        help="The suggestion is one in twenty more than the fewest units that can work these shifts with 11 h of rest and six "
        "dates in a row, which is proved.",
    )
    rest = ask.number("Least rest (h)", "roster_rest", 11.0, 0.0, 24.0, into=two, step=0.5)
    row = ask.whole("Most dates in a row", "roster_row", 6, 1, 31, into=three)
    with four:
        controls.number("seed")
    units = int(own or suggested)
    with st.expander("Limits: units at once by shift, duties of a unit"):
        available, duties = _limits(units)
    rules = roster_state.rules_of(
        frame, units, rest_hours=float(rest), most_in_a_row=int(row), available=available, most_duties=duties
    )
    with st.expander("Commitments: who is away, who is fixed"):
        commitments = roster_state.commitments_editor(rules.units, frame.month)
        gaps = ask.toggle("Leave duties open rather than refuse", "roster_gaps", False)
    return rules, commitments, bool(gaps)


def _limits(units: int) -> tuple[tuple[int, ...] | None, int | None]:
    """Most units on duty at once by shift, None where all may be, and most duties of a unit in the month."""
    columns = st.columns(len(EARLY_LATE_NIGHT) + 1)
    limits = []
    for column, shift in zip(columns, EARLY_LATE_NIGHT, strict=False):
        limits.append(
            ask.maybe(
                f"Most at once, {shift.name}",
                f"roster_most_{shift.name}",
                None,
                0,
                400,
                into=column,
                placeholder="all units",
                help="Units that can be on duty at once; visits they cannot make move to other shifts, or are said to be left.",
            )
        )
    duties = ask.maybe(
        "Most duties of a unit", "roster_most_duties", None, 0, 31, into=columns[-1], placeholder="any number"
    )
    available = (
        None
        if all(limit is None for limit in limits)
        else tuple(units if limit is None else min(int(limit), units) for limit in limits)
    )
    return available, None if duties is None else int(duties)


@of_data(reads=roster_state.ROSTER, words="Planning the roster; at most a minute …", own=True)
def duties(
    scenario: Scenario, frame: Frame, rules: RosterRules, commitments: tuple[Commitment, ...], *, gaps: bool
) -> Roster:
    """Who works when and where.

    Args:
        scenario, frame: The choices, and what the visits of the month follow from.
        rules, commitments: What the roster keeps.
        gaps: Whether duties may be left open.
    """
    return make_roster(
        roster_state.visits(scenario, frame, rules.available),
        rules,
        zone_points(results.prepared(scenario).zones),
        commitments=commitments,
        allow_gaps=gaps,
        seed=scenario.seed,
    )


def _show(scenario: Scenario, prepared: Prepared, roster: Roster) -> None:
    units = unit_table(roster)
    planned, random = travel_saved(roster)
    _say_profile(roster.spread)
    for note in roster.notes:
        st.warning(escape(note), icon=":material/rule:")
    least, most = int(units["duties"].min()), int(units["duties"].max())
    figures(
        Figure("Duties", f"{int(units['duties'].sum()):,}", help="Of all units in the month."),
        Figure("Duties of a unit", f"{least} to {most}" if most > least else f"{most}"),
        Figure(
            "Hours between zones",
            f"{planned:,.0f} h",
            f"{100 * (planned / random - 1):+.0f} % against random order" if random > 0 else None,
            help="Straight lines between the zones' centres times 1.3, at 20 km/h.",
        ),
        Figure("Open duties", f"{roster.gaps:,}", help="Duties nobody may take under the rules."),
    )
    if roster.changes:
        st.success(
            f"Re-planned: {len(roster.changes)} changes, the fewest possible."
            if _proved(roster)
            else f"Re-planned: {len(roster.changes)} changes; not proved the fewest in the time allowed.",
            icon=":material/published_with_changes:",
        )
        with st.expander("What changed"):
            st.write("\n".join(f"* {escape(change)}" for change in roster.changes))
    shifts = [shift.name for shift in roster.rules.shifts]
    plot(roster_calendar(calendar_table(roster), shifts), key="_calendar")
    _one_unit(prepared, roster)
    _foreseen(roster)
    with st.expander("Duties, units and zones as tables"):
        tables.table(duty_table(roster), name="duties", units=DUTY_UNITS, height=260)
        tables.table(units, name="units", units=UNIT_UNITS, height=260)
        tables.table(zone_check(roster), name="zones_of_the_roster", units=ZONE_UNITS, height=260)
    _files(scenario, prepared, roster)
    proof = roster.certificate
    st.caption(
        f"Who works when: {proof.solver}, {proof.status}, gap {tiny(proof.gap)}, {proof.seconds:.2f} s ({', '.join(proof.phases)}); rules broken, "
        f"counted outside the model: {proof.violation:.0f}. Walks between zones: a heuristic, measured above, no proof."
    )


def _proved(roster: Roster) -> bool:
    return str(roster.certificate.status) == "optimal"


def _one_unit(prepared: Prepared, roster: Roster) -> None:
    names = prepared.zones["name"].astype(str)
    visits = visit_table(roster)
    left, right = st.columns([1, 3])
    unit = ask.select("Unit shown", "roster_unit", roster.rules.units[0], list(roster.rules.units), into=left)
    own = visits[visits["unit"] == unit].copy()
    own["zone_name"] = [names[zone] for zone in own["zone_id"]]
    with right:
        tables.show(
            own[["date", "shift", "at", "zone_name", "zone_id", "minutes", "travel_minutes"]],
            units=dict.fromkeys(("minutes", "travel_minutes"), "min"),
            height=220,
        )


@of_content(words="Looking for patterns …")
def patterns(roster: Roster) -> pd.DataFrame:
    """What an observer could foresee."""
    return foreseeable(roster)


def _foreseen(roster: Roster) -> None:
    table = patterns(roster)
    with st.expander("What an observer could foresee"):
        plot(memory_bars(table), key="_memory")
        st.write(
            "Held against draws in which every visit is independent. Which shift a zone is visited in can be known where it is visited in "
            "every shift; the hour is what must not be. *More regular* than by chance is a pattern; *less regular* means visits are spaced "
            "out, which helps nobody to foresee the next."
        )
        tables.table(table, name="foreseeable")


def _files(scenario: Scenario, prepared: Prepared, roster: Roster) -> None:
    names = prepared.zones["name"].astype(str).to_dict()
    month = roster.spread.dates[0].isoformat()[:7]
    title = f"Patrol roster, {prepared.data.name}, {month}"
    identity = f"{prepared.key}|{scenario.key()}|{month}"
    unit = st.session_state.get("_game_roster_unit", roster.rules.units[0])
    with st.container(horizontal=True):
        tables.download("roster.csv", lambda: visits_csv(roster, names), help="One row a visit.")
        tables.download(
            "roster.html",
            lambda: roster_html(roster, names, title=title),
            help="To print: the month, then a page a unit.",
        )
        tables.download("roster_all.ics", lambda: calendar(roster, names, title=title, identity=identity))
        tables.download(
            "roster_unit.ics",
            lambda: calendar(roster, names, title=title, identity=identity, unit=unit),
            label=f"Download calendar of {escape(str(unit))}",
        )


def _say_profile(spread: Spread) -> None:
    if spread.profile.startswith("ASSUMPTION"):
        st.info(f"{escape(spread.profile)}. police.uk publishes months only.", icon=":material/help:")
    captions(spread.notes)


def _small_enough(plan: Plan, frame: Frame) -> bool:
    own = plan.frame[plan.frame["month"].astype(str) == frame.month]
    if frame.places:
        inside = own["ward"].astype(str).isin(frame.places)
        if "borough" in own:
            inside |= own["borough"].astype(str).isin(frame.places)
        own = own[inside]
    if len(own) <= MOST_ZONES:
        return True
    st.info(
        f"{len(own):,} zones are too many for one roster on this page; choose wards or boroughs (up to {MOST_ZONES:,} zones).",
        icon=":material/filter_alt:",
    )
    return False
