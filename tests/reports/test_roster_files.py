"""Files of a roster: calendars that hold every duty, a page that escapes names, rows that add up."""

from __future__ import annotations

import csv
import io
import re

import pytest

from patrol_core.allocation.roster.build import make_roster
from patrol_core.allocation.roster.rules import RosterRules, unit_names
from patrol_core.allocation.roster.shifts import spread_hours
from patrol_core.allocation.roster.tables import duty_table
from patrol_core.errors import InputError
from patrol_core.reports.bundles.roster import (
    CONTRACT,
    calendar,
    roster_files,
    roster_html,
    roster_summary,
    visits_csv,
)

POINTS = {f"z{i}": (300.0 * i, 0.0) for i in range(5)}
NAMES = {"z0": "<b>Alpha; one</b>", "z1": "=cmd()"}


@pytest.fixture(scope="module")
def roster():
    spread = spread_hours(dict.fromkeys(POINTS, 30.0), "2025-02", seed=2)
    return make_roster(spread, RosterRules(unit_names(5)), POINTS, seed=2)


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_every_duty_is_an_event_with_its_times(roster):
    duties = duty_table(roster)
    lines = unfolded(calendar(roster, NAMES, title="Roster", identity="x"))
    assert lines.count("BEGIN:VEVENT") == len(duties)
    begins = sorted(line for line in lines if line.startswith("DTSTART"))
    wanted = sorted(
        f"DTSTART:{date.replace('-', '')}T{start.replace(':', '')}00"
        for date, start in zip(duties["date"], duties["starts"], strict=True)
    )
    assert begins == wanted
    night = duties[duties["shift"] == "night"].iloc[0]
    own = unfolded(calendar(roster, NAMES, title="Roster", identity="x", unit=night["unit"]))
    assert own.count("BEGIN:VEVENT") == (duties["unit"] == night["unit"]).sum()
    at = own.index(f"DTSTART:{night['date'].replace('-', '')}T220000")
    assert own[at + 1].endswith("T060000")
    assert own[at + 1] > own[at].replace("DTSTART", "DTEND")
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == len(uids)
    with pytest.raises(InputError, match="Unit 'X' is not in the roster"):
        calendar(roster, NAMES, title="Roster", identity="x", unit="X")


def test_calendar_text_is_escaped_and_lines_are_short(roster):
    data = calendar(roster, NAMES, title="A, b; c", identity="x")
    assert b"X-WR-CALNAME:A\\, b\\; c" in data
    assert b"Alpha\\; one" in data.replace(b"\r\n ", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_visits_add_up_and_formulas_are_disarmed(roster):
    rows = list(csv.DictReader(io.StringIO(visits_csv(roster, NAMES).decode())))
    assert tuple(rows[0]) == CONTRACT["roster.csv"]
    assert len(rows) == 5 * 120
    assert {row["zone_name"] for row in rows if row["zone_id"] == "z1"} == {"'=cmd()"}


def test_the_page_to_print_loads_nothing_and_escapes(roster):
    page = roster_html(roster, NAMES, title="<Roster>").decode()
    assert "<b>Alpha" not in page
    assert "&lt;b&gt;Alpha" in page
    assert "&lt;Roster&gt;" in page
    assert not re.search(r"(?:src|href)=|<script", page)
    assert page.count("<section class='unit'>") == 5
    assert "ASSUMPTION" in page


def test_the_files_are_the_same_every_time(roster):
    first = {name: make() for name, make in roster_files(roster, NAMES, title="R", identity="i").items()}
    second = {name: make() for name, make in roster_files(roster, NAMES, title="R", identity="i").items()}
    assert first == second
    assert {"roster.csv", "duties.csv", "roster.ics", "roster.html", "roster-005.ics"} <= set(first)
    summary = roster_summary(roster)
    assert summary["visits"] == 600
    assert summary["unit_hours"] == 150.0
    assert summary["open_duties"] == 0
