"""Shifts of a day, and how demand lies over the hours of the week.

police.uk publishes months only, so the profile is an input: a table of 168 shares (weekday, hour, share). Until one is
given it is an assumption, and says so in its ``source``: :data:`FLAT` takes every hour of the week alike.

A shift's share of a date is the sum of the profile over its hours; an hour that several shifts cover is split evenly
between them, and an hour that none covers is left out and said. A shift belongs to the date on which it starts.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from patrol_core.allocation.hours import number
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.reading import read_file

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ASSUMED = "ASSUMPTION"
"""First word of the source of a profile that nobody measured."""
_MINUTES = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class ShiftType:
    """One kind of shift.

    Attributes:
        name: E.g. ``early``.
        start: Clock time at which it starts, ``HH:MM``.
        hours: Length in hours, more than 0 and at most 24; it may pass midnight.
    """

    name: str
    start: str
    hours: float = 8.0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A shift has no name; name every shift.")
        if not _CLOCK.fullmatch(self.start):
            raise InputError(
                f"Shift {self.name} starts at {self.start!r}; write a clock time as HH:MM, e.g. 06:00."
            )
        number(f"hours of shift {self.name}", self.hours, least=0.0, most=24.0, above=True)

    @property
    def minute(self) -> int:
        """Minutes from midnight at which it starts."""
        return 60 * int(self.start[:2]) + int(self.start[3:])

    @property
    def minutes(self) -> int:
        """Length in minutes."""
        return round(60 * self.hours)

    @property
    def end(self) -> str:
        """Clock time at which it ends."""
        minute = (self.minute + self.minutes) % _MINUTES
        return f"{minute // 60:02d}:{minute % 60:02d}"

    def begins(self, date: dt.date) -> dt.datetime:
        """Start on a date, local time without zone."""
        return dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=self.minute)

    def ends(self, date: dt.date) -> dt.datetime:
        """End of the shift that starts on a date, local time without zone."""
        return self.begins(date) + dt.timedelta(minutes=self.minutes)


EARLY_LATE_NIGHT = (ShiftType("early", "06:00"), ShiftType("late", "14:00"), ShiftType("night", "22:00"))
"""The three shifts there are unless others are given."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Share of the week's demand by weekday and hour.

    Attributes:
        shares: (7, 24), Monday first, 0 or more, sum 1.
        source: Where it comes from, in words; starts with :data:`ASSUMED` when nobody measured it.
    """

    shares: Floats
    source: str

    def __post_init__(self) -> None:
        shares = np.asarray(self.shares, dtype=float)
        if shares.shape != (7, 24) or not np.all(np.isfinite(shares)) or np.any(shares < 0.0):
            raise InputError("A demand profile needs 7 x 24 shares of 0 or more, Monday first.")
        if shares.sum() <= 0.0:
            raise InputError("All shares of the demand profile are 0; give at least one hour some demand.")
        object.__setattr__(self, "shares", shares / shares.sum())


FLAT = Profile(np.ones((7, 24)), f"{ASSUMED}: every hour of the week alike")


def evening_profile(evening: float = 2.0, weekend_night: float = 3.0) -> Profile:
    """An assumed profile for trying out: evenings and the nights of Friday and Saturday count more.

    Args:
        evening: Weight of 16:00 to 24:00 against 1.
        weekend_night: Weight of 22:00 to 04:00 in the nights that start on Friday and Saturday.
    """
    number("evening", evening, least=0.0)
    number("weekend_night", weekend_night, least=0.0)
    shares = np.ones((7, 24))
    shares[:, 16:] = evening
    for day in (4, 5):
        shares[day, 22:] = weekend_night
        shares[(day + 1) % 7, :4] = weekend_night
    words = (
        f"{ASSUMED}: 16-24 h count {evening:g} times, nights of Friday and Saturday {weekend_night:g} times"
    )
    return Profile(shares, words)


def from_shift_weights(weights: Floats, shifts: Sequence[ShiftType], source: str) -> Profile:
    """A profile from a weight per weekday and shift, spread evenly over the shift's hours.

    Args:
        weights, shifts: (7, shifts), Monday first, 0 or more: demand of the shift that starts on that weekday.
        source: Where it comes from, in words.
    """
    given = np.asarray(weights, dtype=float)
    if given.shape != (7, len(shifts)) or not np.all(np.isfinite(given)) or np.any(given < 0.0):
        raise InputError(f"Shift weights need 7 x {len(shifts)} numbers of 0 or more, Monday first.")
    shares = np.zeros((7, 24))
    for place, shift in enumerate(shifts):
        for day in range(7):
            for hour, part in _hours_of(shift, day):
                shares[hour // 24, hour % 24] += given[day, place] * part / shift.hours
    return Profile(shares, source)


def read_profile(source: str | Path | tuple[str, bytes]) -> Profile:
    """A profile from a CSV file with the columns weekday (Mon .. Sun), hour (0 to 23) and share.

    Raises:
        SourceError: The file cannot be read.
        InputError: A column is missing, an hour is missing or comes twice, or a share cannot be used; names the
            line.
    """
    name, data = source if isinstance(source, tuple) else (Path(source).name, read_file(source))
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        rows = list(reader)
    except UnicodeDecodeError:
        raise InputError(f"{name} is not a UTF-8 CSV table; save it as 'CSV UTF-8'.") from None
    except csv.Error:  # in practice: longer than csv.field_size_limit()
        raise InputError(
            f"{name}, line {reader.reader.line_num}: a cell of more than {csv.field_size_limit():,} characters; mend that row."
        ) from None
    shares = np.full((7, 24), np.nan)
    for line, row in enumerate(rows, 2):
        day, hour, share = _profile_row(name, line, row)
        if not np.isnan(shares[day, hour]):
            raise InputError(f"{name}, line {line}: {WEEKDAYS[day]} {hour} h comes twice; keep one.")
        shares[day, hour] = share
    missing = np.argwhere(np.isnan(shares))
    if len(missing):
        day, hour = (int(value) for value in missing[0])
        raise InputError(
            f"{name} lacks {WEEKDAYS[day]} {hour} h ({len(missing)} of 168 hours are missing); give every hour a share."
        )
    return Profile(shares, f"read from {name}")


def dates_of(month: str) -> tuple[dt.date, ...]:
    """All dates of a month ``YYYY-MM``.

    Raises InputError if it is no month.
    """
    try:
        first = dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InputError(f"{month!r} is not a month; write it as YYYY-MM, e.g. 2025-01.") from None
    count = calendar.monthrange(first.year, first.month)[1]
    return tuple(first.replace(day=day) for day in range(1, count + 1))


def week_shares(profile: Profile, shifts: Sequence[ShiftType]) -> tuple[Floats, float]:
    """Demand of every weekday's shifts, (7, shifts), and the share of demand no shift covers.

    Raises:
        InputError: Two shifts of one name, or no shift that covers any demand.
    """
    names = [shift.name for shift in shifts]
    if not names or len(set(names)) < len(names):
        raise InputError("Give at least one shift, and every shift its own name.")
    covered = np.zeros((7, 24))
    pieces = {(s, day): _hours_of(shift, day) for s, shift in enumerate(shifts) for day in range(7)}
    for hours in pieces.values():
        for hour, part in hours:
            covered[hour // 24, hour % 24] += part
    shares = np.zeros((7, len(shifts)))
    for (s, day), hours in pieces.items():
        for hour, part in hours:
            place = hour // 24, hour % 24
            shares[day, s] += profile.shares[place] * part / max(covered[place], 1.0)
    if shares.sum() <= 0.0:
        raise InputError("No shift covers an hour with demand; check the shifts' times and the profile.")
    return shares, float(max(0.0, 1.0 - shares.sum()))


def cell_shares(
    profile: Profile, shifts: Sequence[ShiftType], dates: Sequence[dt.date]
) -> tuple[Floats, float]:
    """Share of a ``profile``'s demand in every shift, (``dates`` x ``shifts``,) date by date, sum 1; and what none covers."""
    week, uncovered = week_shares(profile, shifts)
    shares = week[[date.weekday() for date in dates]].ravel()
    if shares.sum() <= 0.0:
        raise InputError("No shift of these dates has demand in the profile; give some hour a share.")
    return shares / shares.sum(), uncovered


def _hours_of(shift: ShiftType, day: int) -> list[tuple[int, float]]:
    """Hours of the week (0 to 167) that a shift starting on a weekday touches, and how much of each."""
    start, stop = shift.minute, shift.minute + shift.minutes
    touched = []
    for hour in range(start // 60, math.ceil(stop / 60)):
        part = (min(stop, 60 * hour + 60) - max(start, 60 * hour)) / 60.0
        touched.append(((24 * day + hour) % 168, part))
    return touched


def _profile_row(name: str, line: int, row: dict[str, str]) -> tuple[int, int, float]:
    for column in ("weekday", "hour", "share"):
        if row.get(column) is None:
            raise InputError(
                f"{name}, line {line}: column {column} is missing; the table needs weekday, hour, share."
            )
    word = row["weekday"].strip()[:3].title()
    if word not in WEEKDAYS:
        raise InputError(
            f"{name}, line {line}: weekday is {row['weekday']!r}; write one of {', '.join(WEEKDAYS)}."
        )
    try:
        hour, share = int(row["hour"]), float(row["share"])
    except ValueError:
        hour, share = -1, math.nan
    if not 0 <= hour <= 23 or not 0.0 <= share < math.inf:
        raise InputError(
            f"{name}, line {line}: hour {row['hour']!r} with share {row['share']!r}; give a whole hour from 0 to 23 and a "
            "share of 0 or more."
        )
    return WEEKDAYS.index(word), hour, share
