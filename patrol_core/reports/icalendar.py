r"""A roster as a calendar that phones and mail programs open (iCalendar, RFC 5545).

One all-day event a night: DTSTART is the date on which the night begins, DTEND the next day (not included, as the
standard has it). Lines end in CR LF and are folded at 75 octets, never inside a character; backslash, semicolon,
comma and line break are escaped in text, other control characters left out.

The same roster gives the same bytes: UID is a hash of what the caller names as the roster's identity and the date,
and DTSTAMP, which should be when the entry was made, is midnight UTC of the first night.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from patrol_core.errors import InputError
from patrol_core.words import plural

FOLD = 75
"""Octets a line may have, its end not counted."""
PRODUCT = "-//patrol-core//Patrol roster//EN"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def nights_from(first: dt.date, count: int) -> list[str]:
    """ISO dates of ``count`` nights in a row, to be used as the shifts of a roster.

    Raises:
        InputError: If there are no nights, or they run past the year 9999.
    """
    if count < 1:
        raise InputError(f"{count} nights were asked for; ask for at least 1.")
    try:
        return [(first + dt.timedelta(days=day)).isoformat() for day in range(count)]
    except OverflowError:
        raise InputError(f"{count} nights from {first} run past the year 9999; start earlier.") from None


def roster_table(roster: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The roster with dates and the zones' names: date, draw, zone_id, name, units.

    Args:
        roster: From :func:`patrol_core.allocation.deployments.sampling.draw_roster`, its shifts ISO dates.
        names: Zone id -> name; a zone without one is called by its id.
    """
    zones = roster["zone_id"].astype(str)
    return pd.DataFrame(
        {
            "date": roster["shift"].astype(str).to_numpy(),
            "draw": roster["draw"].to_numpy(dtype=int),
            "zone_id": zones.to_numpy(),
            "name": [names.get(zone) or zone for zone in zones],
            "units": roster["units"].to_numpy(dtype=int),
        }
    )


def to_icalendar(
    roster: pd.DataFrame, names: Mapping[str, str], *, nights: Sequence[str], title: str, identity: str
) -> bytes:
    """The roster as an iCalendar file.

    Args:
        roster: Columns shift (ISO date), draw, zone_id, units; one row a zone patrolled.
        names: Zone id -> name.
        nights: ISO dates of all nights, also those whose draw is empty.
        title: Name of the calendar.
        identity: What the roster follows from (data, choices, seed); the same identity and date give the same
            UID.

    Returns:
        bytes: UTF-8, type ``text/calendar``.

    Raises:
        InputError: For a night that is no date or comes twice, or a roster with a night that is not among them.
    """
    dates = _dates(nights)
    table = roster_table(roster, names)
    strange = set(table["date"]) - set(nights)
    if strange:
        raise InputError(
            f"The roster holds {min(strange)!r}, which is not among its nights; name all nights."
        )
    by_night = dict(iter(table.groupby("date", sort=False)))
    stamp = f"{min(dates):%Y%m%d}T000000Z"
    events: list[str] = []
    for night, date in zip(nights, dates, strict=True):
        events += _event(date, by_night.get(night), stamp, identity)
    return calendar_file(title, events)


def calendar_file(title: str, events: Sequence[str]) -> bytes:
    """A calendar of the lines of its events."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    lines = [*head, f"X-WR-CALNAME:{escaped(title)}", *events, "END:VCALENDAR"]
    return b"".join(folded(line) for line in lines)


def event_lines(
    identity: str, stamp: str, times: Sequence[str], summary: str, text: str, *more: str
) -> list[str]:
    """The lines of an event.

    Args:
        identity: What the event follows from; the same gives the same id.
        stamp: When it was made.
        times: Lines that say when it begins and ends.
        summary, text: Its title and description.
        more: Further lines.
    """
    return [
        "BEGIN:VEVENT",
        f"UID:{hashlib.sha256(identity.encode()).hexdigest()[:32]}",
        f"DTSTAMP:{stamp}",
        *times,
        f"SUMMARY:{escaped(summary)}",
        f"DESCRIPTION:{escaped(text)}",
        *more,
        "END:VEVENT",
    ]


def _event(date: dt.date, rows: pd.DataFrame | None, stamp: str, identity: str) -> list[str]:
    if rows is None:
        summary, text = "No patrol", "No zone was drawn for this night."
    else:
        entries = zip(rows["zone_id"], rows["name"], rows["units"], strict=True)
        zones = [
            (zone if zone == name else f"{name} ({zone})") + (f": {count} units" if count > 1 else "")
            for zone, name, count in entries
        ]
        units = int(rows["units"].sum())
        several = f"{units} units in " if units > len(zones) else ""
        summary = f"Patrol: {several}{plural(len(zones), 'zone')}"
        text = f"Deployment {int(rows['draw'].iloc[0])}\n" + "\n".join(zones)
    after = date + dt.timedelta(days=1)
    times = [f"DTSTART;VALUE=DATE:{date:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"]
    return event_lines(f"{identity}|{date.isoformat()}", stamp, times, summary, text, "TRANSP:TRANSPARENT")


def escaped(text: str) -> str:
    """Text as a TEXT value: backslash, semicolon, comma and line break escaped, control characters left out."""
    plain = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for mark in ("\\", ";", ","):
        plain = plain.replace(mark, f"\\{mark}")
    return plain.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """The line in UTF-8, folded at 75 octets between characters, with its end."""
    data, parts, start = line.encode("utf-8", "replace"), [], 0
    room = FOLD
    while len(data) - start > room:
        cut = start + room
        while data[cut] & 0xC0 == 0x80:  # inside a character
            cut -= 1
        parts.append(data[start:cut])
        start, room = cut, FOLD - 1  # the blank that opens a continuation counts
    parts.append(data[start:])
    return b"\r\n ".join(parts) + b"\r\n"


def _dates(nights: Sequence[str]) -> list[dt.date]:
    if not nights:
        raise InputError("The roster has no nights; draw at least one before writing its calendar.")
    dates = []
    for night in nights:
        try:
            dates.append(dt.date.fromisoformat(night))
        except ValueError:
            raise InputError(f"{night!r} is not a date; give each night as YYYY-MM-DD.") from None
    if len(set(dates)) < len(dates):
        raise InputError("A date comes twice among the nights; each night is one date.")
    if max(dates) == dt.date.max:
        raise InputError("The last night has no next day (year 9999); start earlier.")
    return dates
