"""Days and months as people, spreadsheets and databases write them: read where there is one way to read them.

A cell is brought to a :class:`Stamp`; what only all cells together show (whether the day stands first in 03/04/2024) is derived by
:func:`day_order`. Nothing is guessed: a cell with two readings has none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from patrol_core.files.text_table import shown

#: How a cell is written: a day; a month; two numbers and the year, in an order still to be determined; days since 1900.
Form = Literal["day", "month", "numbers", "serial"]

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORD = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_CLOCK = r"(?P<clock>(?:T|[ ,:]+)\d{1,2}(?::\d{2})+(?:[.,]\d+)?.*|T\d{4}(?:\d{2})?(?:\.\d+)?.*|Z|[+-]\d{2}:?\d{2})?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_DAYS = tuple(
    (re.compile(pattern + _CLOCK, re.IGNORECASE), form)
    for pattern, form in (
        (r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", "day"),
        (r"(?P<year>\d{4})([/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})", "day"),
        (r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})", "day"),
        (r"(?P<first>\d{1,2})[/.\-](?P<second>\d{1,2})[/.\-](?P<year>\d{4})", "numbers"),
        (
            _WEEKDAY
            + r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-/.]*"
            + _WORD
            + r"[\s\-/.,]*(?P<year>\d{4}|'?\d{2}(?!\d))",
            "day",
        ),
        (
            _WEEKDAY + _WORD + r"[\s\-/.]*(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-/.,]+(?P<year>\d{4})",
            "day",
        ),
        (r"(?P<year>\d{4})[\s\-/.]*" + _WORD + r"[\s\-/.]*(?P<day>\d{1,2})", "day"),
    )
)
_MONTHS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})\s*[-/.M ]\s*(?P<month>\d{1,2})",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?:\.0*)?",
        r"(?P<month>\d{1,2})\s*[-/. ]\s*(?P<year>\d{4})",
        _WORD + r"[\s\-/.,]*(?P<year>\d{4}|(?<=\D)'?\d{2})",
        r"(?P<year>\d{4})[\s\-/.,]*" + _WORD,
    )
)
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?")
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
_MIDNIGHT = re.compile(
    r"[T ,:]*(?:0{1,2}(?::?00)*(?:[.,]0+)?\s*(?:am)?|12(?::00)+\s*am)?\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_TWO_READINGS = re.compile(rf"\d{{1,2}}(?:[-/. ]?{_WORD}|[-/. ]\d{{1,2}})", re.IGNORECASE)
_SERIAL_DAY_0 = dt.date(1899, 12, 30)
"""Day 0 of spreadsheets, as counted from 1 March 1900 on."""
_SERIALS = (14_611, 73_415)
"""1940 to 2100: other five-digit numbers are no dates of crimes."""
_CENTURY_TURNS = 70
"""Two-digit years below this are of 2000."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One cell as read.

    Attributes:
        form: How it is written.
        year, month, day: As numbers; of ``numbers`` month is the first and day the second, until the order is
            known; day is 0 in a ``month``.
        timed: Whether it carries a time of day other than midnight UTC.
    """

    form: Form
    year: int
    month: int
    day: int
    timed: bool = False

    def turned(self, day_first: bool) -> Stamp:
        """With ``numbers`` put in their order."""
        if self.form != "numbers" or not day_first:
            return self
        return Stamp(self.form, self.year, self.day, self.month, self.timed)

    def date(self) -> dt.date | None:
        """The day, or None where there is no such day, or none of 1900 to 2099."""
        if not 1900 <= self.year < 2100:
            return None
        try:
            return dt.date(self.year, self.month, self.day)
        except ValueError:
            return None


def read_stamp(cell: str) -> Stamp | None:
    """A day or month from one cell; None where it has no reading, or two.

    Args:
        cell: Text, with or without time of day and zone; these are not used to move the day.
    """
    text = cell.strip()
    if len(text) > _LONGEST:
        return None
    for pattern, form in _DAYS:
        if (match := pattern.fullmatch(text)) is not None:
            return _stamp(match.groupdict(), "numbers" if form == "numbers" else "day")
    for pattern in _MONTHS:
        if (match := pattern.fullmatch(text)) is not None:
            found = _stamp({"day": "0", **match.groupdict()}, "month")
            return found if 1 <= found.month <= 12 else None
    return _from_number(text)


_LONGEST = 80
"""Characters beyond which a cell is no date."""


def _stamp(parts: Mapping[str, str | None], form: Form) -> Stamp:
    year = _year(str(parts["year"]))
    clock = parts.get("clock") or ""
    timed = bool(clock) and _MIDNIGHT.fullmatch(clock) is None
    if form == "numbers":
        return Stamp(form, year, int(str(parts["first"])), int(str(parts["second"])), timed)
    name = parts.get("name")
    month = _NAMES.index(name[:3].lower()) + 1 if name else int(str(parts["month"]))
    return Stamp(form, year, month, int(str(parts["day"])), timed)


def _year(text: str) -> int:
    year = int(text.lstrip("'"))
    if len(text.lstrip("'")) == 4:
        return year
    return year + (2000 if year < _CENTURY_TURNS else 1900)


def _from_number(text: str) -> Stamp | None:
    """Days since 1900 as spreadsheets count them, and seconds or milliseconds since 1970 as web services do."""
    if (match := _SERIAL.fullmatch(text)) is not None and _SERIALS[0] <= int(match[1]) <= _SERIALS[1]:
        day = _SERIAL_DAY_0 + dt.timedelta(days=int(match[1]))
        return Stamp("serial", day.year, day.month, day.day, bool((match[2] or "").strip("0")))
    if (match := _EPOCH.fullmatch(text)) is not None:
        moment = dt.datetime.fromtimestamp(int(match[1]), dt.UTC)
        return Stamp("day", moment.year, moment.month, moment.day, int(match[1]) % 86_400 != 0)
    return None


def day_order(stamps: Sequence[Stamp]) -> bool | None:
    """Whether the day stands first in cells of form ``numbers``; None where they do not tell, or tell both."""
    first = any(s.month > 12 for s in stamps if s.form == "numbers")
    second = any(s.day > 12 for s in stamps if s.form == "numbers")
    return None if first == second else first


# -- months ----------------------------------------------------------------------------------------

_UNDO = (
    "format the column as yyyy-mm in the spreadsheet and save it again, or give the file as it was published"
)


def read_months(cells: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Months from cells that spreadsheets and databases re-saved.

    Args:
        cells: Distinct cells of a column of months.

    Returns:
        dict, dict: "YYYY-MM" by cell, of the cells that have one reading; and why not by cell, of the others:
            what stands there and what to do, for the end of a sentence.
    """
    stamps = {cell: read_stamp(cell) for cell in cells}
    order = day_order([s for s in stamps.values() if s is not None])
    months: dict[str, str] = {}
    faults: dict[str, str] = {}
    for cell, stamp in stamps.items():
        turned = None if stamp is None else stamp.turned(bool(order))
        fault = _no_month(cell, turned, order)
        if fault or turned is None:
            faults[cell] = fault
        else:
            months[cell] = f"{turned.year:04d}-{turned.month:02d}"
    return months, faults


def _no_month(cell: str, stamp: Stamp | None, order: bool | None) -> str:
    """Why a cell is no month; "" where it is one."""
    if not cell.strip():
        return "the cell is empty; fill it"
    if stamp is None and _TWO_READINGS.fullmatch(cell.strip()):
        return f"{shown(cell)} could be a day of a month or a month of a year; {_UNDO}"
    if stamp is None or not 1900 <= stamp.year < 2100:
        return f"{shown(cell)} is not a month of the form 2024-05; correct it"
    if stamp.form == "numbers" and order is None:
        return f"{shown(cell)} is a day that could be day-first or month-first, as spreadsheets re-save months; {_UNDO}"
    if stamp.form != "month" and stamp.date() is None:
        return f"{shown(cell)} is no day there is; {_UNDO}"
    if stamp.form != "month" and stamp.timed:
        return f"{shown(cell)} has a time of day, so that a time zone may have moved it to another month; {_UNDO}"
    if stamp.form == "serial" and stamp.day != 1:
        return f"{shown(cell)} is a serial number of a spreadsheet that is not the first of a month; {_UNDO}"
    return ""
