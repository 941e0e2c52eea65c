"""The files of a roster: CSV tables, calendars (iCalendar) and a page to print.

Times are local and carry no zone (RFC 5545, form 1): a phone shows them as they are. A duty that passes midnight ends
on the next date. The same roster gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from patrol_core.allocation.roster import (
    VISIT_COLUMNS,
    Roster,
    calendar_table,
    duty_table,
    foreseeable,
    travel_saved,
    unit_table,
    visit_table,
    zone_check,
)
from patrol_core.errors import InputError
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.icalendar import calendar_file, event_lines

CONTRACT = {
    "roster.csv": (*VISIT_COLUMNS, "zone_name"),
    "allocation_halfyear.csv": ("Month", "Ward", "LSOA_Code", "Risk_Score", "Allocation"),
}
"""Columns whose names other programs rely on."""
DUTY_UNITS = {"travel_minutes": "min", "overrun_minutes": "min"}
UNIT_UNITS = {"duty_hours": "h", "officer_hours": "h", "least_rest": "h"}
ZONE_UNITS = {"asked_hours": "h", "planned_hours": "h", "open_hours": "h"}
MOST_CALENDARS = 300
"""Units up to which every one gets a calendar of its own."""


def roster_files(
    roster: Roster, names: Mapping[str, str], *, title: str, identity: str
) -> dict[str, Callable[[], bytes]]:
    """File name -> what makes its content, in the order to write.

    Args:
        names: Zone to its name.
        title: Name of the roster for people.
        identity: What the roster follows from (data, choices, seed); the same identity gives the same event
            ids.
    """
    files: dict[str, Callable[[], bytes]] = {
        "roster.csv": lambda: visits_csv(roster, names),
        "duties.csv": lambda: to_csv_bytes(
            duty_table(roster), DUTY_UNITS, contract=("date", "shift", "unit", "walk")
        ),
        "units.csv": lambda: to_csv_bytes(unit_table(roster), UNIT_UNITS),
        "zones.csv": lambda: to_csv_bytes(zone_check(roster), ZONE_UNITS),
        "foreseeable.csv": lambda: to_csv_bytes(foreseeable(roster)),
        "roster.html": lambda: roster_html(roster, names, title=title),
        "roster.ics": lambda: calendar(roster, names, title=title, identity=identity),
    }
    if len(roster.rules.units) <= MOST_CALENDARS:
        for number, unit in enumerate(roster.rules.units, 1):
            files[f"roster-{number:03d}.ics"] = partial(
                calendar, roster, names, title=title, identity=identity, unit=unit
            )
    return files


def visits_csv(roster: Roster, names: Mapping[str, str]) -> bytes:
    """``roster.csv``: one row a visit."""
    table = visit_table(roster)
    table["zone_name"] = [names.get(zone) or zone for zone in table["zone_id"]]
    return to_csv_bytes(table, contract=CONTRACT["roster.csv"])


def roster_summary(roster: Roster) -> dict[str, Any]:
    """What the command line prints: the certificate, sizes, gaps, travel and what can be foreseen."""
    units, (planned, random) = unit_table(roster), travel_saved(roster)
    spread = roster.spread
    return {
        **roster.certificate.as_dict(),
        "month": spread.dates[0].isoformat()[:7],
        "units": len(roster.rules.units),
        "duties": int(roster.works[:, roster.task.lead :].sum()),
        "open_duties": roster.gaps,
        "visits": int(spread.visits.sum()),
        "unit_hours": float(spread.visits.sum() * spread.visit_minutes / 60.0),
        "officer_hours": float(units["officer_hours"].sum()),
        "fewest_duties": int(units["duties"].min()),
        "most_duties": int(units["duties"].max()),
        "travel_hours": planned,
        "travel_hours_in_random_order": random,
        "profile": spread.profile,
        "foreseeable": foreseeable(roster).to_dict("records"),
        "changes": list(roster.changes),
        "notes": list(roster.notes),
    }


def calendar(
    roster: Roster, names: Mapping[str, str], *, title: str, identity: str, unit: str | None = None
) -> bytes:
    """An iCalendar file of one unit's duties, or of all units' (``unit`` None).

    Args:
        roster, names, title, identity: As in :func:`roster_files`.
        unit: One of the roster's.

    Raises:
        InputError: For a unit that is not in the roster.
    """
    if unit is not None and unit not in roster.rules.units:
        raise InputError(f"Unit {unit!r} is not in the roster; check its spelling.")
    stamp = f"{roster.spread.dates[0]:%Y%m%d}T000000Z"
    walks = _walks(roster, names)
    kinds = {shift.name: shift for shift in roster.rules.shifts}
    lines: list[str] = []
    for duty in _duties(duty_table(roster)):
        if not duty.unit or unit not in (None, duty.unit):
            continue
        shift, date = kinds[duty.shift], dt.date.fromisoformat(duty.date)
        begins, ends = shift.begins(date), shift.ends(date)
        zones, visits = walks.get((duty.date, duty.shift, duty.unit), (0, ["On duty, no zones planned."]))
        lines += event_lines(
            f"{identity}|{duty.unit}|{begins.isoformat()}",
            stamp,
            [f"DTSTART:{begins:%Y%m%dT%H%M%S}", f"DTEND:{ends:%Y%m%dT%H%M%S}"],
            f"{duty.unit}, {duty.shift}: {zones} zones",
            "\n".join(visits),
        )
    return calendar_file(title if unit is None else f"{title}: {unit}", lines)


def _duties(table: pd.DataFrame) -> Iterator[Any]:
    """Rows of the duties, as texts: date, shift, starts, ends, unit."""
    columns = ["date", "shift", "starts", "ends", "unit"]
    return table[columns].astype(str).itertuples(index=False)


def _walks(roster: Roster, names: Mapping[str, str]) -> dict[Any, tuple[int, list[str]]]:
    """Date, shift and unit of a duty to its number of zones, and to time and zone of each visit."""
    return {
        duty: (
            rows["zone_id"].nunique(),
            [
                f"{at[11:]} {names.get(zone) or zone}"
                for at, zone in zip(rows["at"], rows["zone_id"], strict=True)
            ],
        )
        for duty, rows in visit_table(roster).groupby(["date", "shift", "unit"], sort=False)
    }


_STYLE = """
@page { size: A4 landscape; margin: 10mm; }
body { font: 13px/1.4 system-ui, sans-serif; color: #1d2733; margin: 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; } td, th { border: 1px solid #c7ccd4; padding: 1px 4px; text-align: left; vertical-align: top; }
.month td, .month th { text-align: center; font-size: 10px; padding: 1px 2px; } .month th:first-child { text-align: left; }
.unit { break-before: page; } .open { background: #fff3cd; } .note { color: #4b5763; }
.s0 { background: #fdf1d8; } .s1 { background: #d9e8f5; } .s2 { background: #cfd3e8; } .s3 { background: #e2efd9; }
"""


def roster_html(roster: Roster, names: Mapping[str, str], *, title: str) -> bytes:
    """A page to print: the month of all units, then one page a unit with its duties, times and zones.

    Args:
        roster, names, title: As in :func:`roster_files`.
    """
    esc = html.escape
    parts = [
        "<!DOCTYPE html><html lang='en-GB'><head><meta charset='utf-8'>",
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{esc(title)}</title><style>{_STYLE}</style></head><body><h1>{esc(title)}</h1>",
        f"<p class='note'>{esc(_head(roster))}</p>",
        *(f"<p class='open'>{esc(note)}</p>" for note in roster.notes),
        _month_html(roster),
    ]
    walks = _walks(roster, names)
    duties = duty_table(roster)
    for unit, own in duties[duties["unit"] != ""].groupby("unit", sort=False):
        parts.append(
            f"<section class='unit'><h2>{esc(str(unit))}</h2><table><tr><th>Date</th><th>Shift</th><th>Zones in order</th></tr>"
        )
        for duty in _duties(own):
            _, visits = walks.get((duty.date, duty.shift, duty.unit), (0, ["no zones planned"]))
            text = " · ".join(visits)
            day = dt.date.fromisoformat(duty.date)
            parts.append(
                f"<tr><td>{day:%a} {esc(duty.date)}</td><td>{esc(duty.shift)} {duty.starts}-{duty.ends}</td><td>{esc(text)}</td></tr>"
            )
        parts.append("</table></section>")
    return "".join([*parts, "</body></html>\n"]).encode()


def _head(roster: Roster) -> str:
    spread = roster.spread
    return (
        f"{len(roster.rules.units)} units of {roster.rules.officers} officers, {spread.dates[0]} to {spread.dates[-1]}; visits of "
        f"{spread.visit_minutes:g} min. Demand over the week: {spread.profile}. Times are local. Whoever commands the shift decides; "
        "the plan is advice."
    )


def _month_html(roster: Roster) -> str:
    table = calendar_table(roster)
    kinds = {shift.name: number for number, shift in enumerate(roster.rules.shifts)}
    head = "".join(f"<th>{dt.date.fromisoformat(day):%a}<br>{day[8:]}</th>" for day in table.columns)
    lines = []
    for unit, row in table.iterrows():
        cells = "".join(
            f"<td class='s{kinds[name] % 4}'>{html.escape(name[:5])}</td>" if name else "<td></td>"
            for name in row
        )
        lines.append(f"<tr><th>{html.escape(str(unit))}</th>{cells}</tr>")
    return f"<table class='month'><tr><th></th>{head}</tr>{''.join(lines)}</table>"
