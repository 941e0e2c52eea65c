"""Days of events: which column holds them, and how its cells are read."""

from __future__ import annotations

from collections import Counter

import numpy as np

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files.text_table import plain_heading, shown
from patrol_core.sources.fields import Form, Stamp, read_stamp
from patrol_core.sources.own_events.faults import Fault, Where

#: Plain headings of a column of dates, the likeliest first.
DATE_NAMES = (
    "date", "day", "datetime", "timestamp", "occurred", "occurredon", "occurreddate", "dateoccurred", "dateocc",
    "occdate", "occurrencedate", "incidentdatetime", "eventdate", "incidentdate", "crimedate", "offencedate",
    "offensedate", "dateofoffence", "reporteddate", "reportdate", "datereported", "daterptd",
)  # fmt: skip
MONTH_ONLY = (
    "A near-repeat test needs the day and the true place of every event, and these rows give the month only, at snapped points "
    "(police.uk moves every crime to the nearest of a fixed set of map points): days apart cannot be counted, and repeats at one "
    "point would be made by the publishing, not by offenders."
)
"""Why rows of police.uk are refused."""

MANY = 10
"""Rows from which "every date is the first of a month" cannot be chance."""
_STRAYS = 0.1
"""Share of dates that may contradict the order of the others and still be slips, not a mix of orders."""


def date_column(name: str, header: list[str]) -> str:
    """The column of dates, by its heading."""
    found: dict[str, str] = {}
    for column in header:
        found.setdefault(plain_heading(column), column)
    date = next((found[known] for known in DATE_NAMES if known in found), None)
    if date is None and "month" in found:
        raise InputError(f"{name}: {MONTH_ONLY} Give a file with a date column.")
    if date is None:
        raise InputError(
            f"{name} has no date column; name it date (days like 2024-05-31). It has {', '.join(header)}."
        )
    return date


def days(where: Where, texts: list[str], day_first: bool | None) -> tuple[list[Stamp | None], list[Fault]]:
    """A day for every row that has one, and the rows that have none, by reason.

    Args:
        where: Lines of the rows.
        texts: Their dates.
        day_first: Order of dates whose year stands last; None to tell from the file.
    """
    known = {text: read_stamp(text) for text in set(texts)}
    stamps = [known[text] for text in texts]
    form = _usual_form(where, stamps, texts)
    if form == "numbers":
        order = _order(where, stamps, texts, day_first)
        stamps = [stamp and stamp.turned(order) for stamp in stamps]
    other = np.array([stamp is None or stamp.form != form for stamp in stamps])
    no_day = np.array([stamp is not None and stamp.date() is None for stamp in stamps]) & ~other
    faults = []
    if other.any():
        at = int(np.argmax(other))
        usual = next((text for text, odd in zip(texts, other, strict=True) if not odd), "")
        like = f" unlike {shown(usual)}" if usual else ""
        remedy = f"{' above it' if usual and not other[0] else ''}; write all dates like 2024-05-31, or all like 31/05/2024."
        faults.append(Fault(other, f"has the date {shown(texts[at])}{like}", remedy))
    if no_day.any():
        at = int(np.argmax(no_day))
        faults.append(Fault(no_day, f"has the date {shown(texts[at])}, which is no day", "; correct it."))
    good = [s for s, bad in zip(stamps, other | no_day, strict=True) if s is not None and not bad]
    months = {(stamp.year, stamp.month) for stamp in good}
    if len(good) >= MANY and len(months) > 1 and all(stamp.day == 1 for stamp in good):
        raise InputError(f"{where.name} has the first of a month in every row. {MONTH_ONLY}")
    return stamps, faults


def _usual_form(where: Where, stamps: list[Stamp | None], texts: list[str]) -> Form:
    """The form of most dates; days written differently but readable alike are one form."""
    forms = Counter(stamp.form for stamp in stamps if stamp is not None)
    form: Form = forms.most_common(1)[0][0] if forms else "day"
    if form == "month":
        at = next(k for k, stamp in enumerate(stamps) if stamp is not None and stamp.form == "month")
        raise InputError(f"{where.line(at)} has the month {shown(texts[at])}. {MONTH_ONLY}")
    return form


def _order(where: Where, stamps: list[Stamp | None], texts: list[str], day_first: bool | None) -> bool:
    """Whether the day stands before the month."""
    numbers = [(k, s) for k, s in enumerate(stamps) if s is not None and s.form == "numbers"]
    first = [k for k, s in numbers if s.month > 12]
    second = [k for k, s in numbers if s.day > 12]
    if day_first is not None:
        wrong = second if day_first else first
        if len(wrong) > _STRAYS * (len(first) + len(second)):
            order = "day" if day_first else "month"
            raise InputError(
                f"{where.line(wrong[0])} has {texts[wrong[0]]!r}, which cannot be read with the {order} first; give the other "
                "order."
            )
        return day_first
    if min(len(first), len(second)) > _STRAYS * (len(first) + len(second)):
        one, other = first[0], second[0]
        raise InputError(
            f"{where.line(one)} has {texts[one]!r}, where the day comes first, and {where.line(other)} has {texts[other]!r}, "
            "where the month does; write all dates like 2024-05-31."
        )
    if not (first or second):
        raise InputError(
            f"{where.name} has dates such as {texts[numbers[0][0]]!r} that could be day-first or month-first in every row; say "
            "which, or write them like 2024-05-31."
        )
    return len(first) > len(second)


def about_dates(where: Where, stamps: list[Stamp | None]) -> list[Finding]:
    """Notes on times of day and serial numbers."""
    findings = []
    if any(stamp is not None and stamp.timed for stamp in stamps):
        text = "Dates carry a time of day, which is not used: a day, as written, is the unit."
        findings.append(Finding("info", text))
    if any(stamp is not None and stamp.form == "serial" for stamp in stamps):
        text = f"Dates of {where.name} are serial numbers of a spreadsheet; read as days since 1900."
        findings.append(Finding("info", text))
    return findings


def since_1970(stamp: Stamp | None) -> int:
    """Days since 1970-01-01."""
    day = None if stamp is None else stamp.date()
    assert day is not None  # rows without a day are left out before
    return int(np.datetime64(day, "D").astype(np.int64))
