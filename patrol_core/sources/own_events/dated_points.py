"""A user's own events with days and true places: one CSV with a date and a pair of coordinates.

Columns are found by name, whatever their case, spaces and underscores. Dates are read in every form that has one reading
(:mod:`patrol_core.sources.fields.dates`), and with the year last (31/05/2024) where the file tells the order; a time of day is read over.
Where every date could be day-first as well as month-first, the file is refused until the order is given: a wrong guess would
silently move events by months. Rows without a place, or with a date or place that cannot be read, are left out, counted and said by
kind; where half of the rows are so, the file is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.projection import project_points
from patrol_core.files.text_table import plain_heading, shown
from patrol_core.sources.fields import (
    METRES_A_FOOT,
    MOST_METRES,
    WEB_MERCATOR,
    Form,
    Pair,
    Stamp,
    are_exchanged,
    compare_pairs,
    find_pairs,
    mercator_latitude,
    plane_of,
    read_stamp,
    stand_ins,
)

DATE_NAMES = (
    "date",
    "day",
    "datetime",
    "timestamp",
    "occurred",
    "occurredon",
    "occurreddate",
    "dateoccurred",
    "dateocc",
    "occdate",
    "occurrencedate",
    "incidentdatetime",
    "eventdate",
    "incidentdate",
    "crimedate",
    "offencedate",
    "offensedate",
    "dateofoffence",
    "reporteddate",
    "reportdate",
    "datereported",
    "daterptd",
)
MONTH_ONLY = (
    "A near-repeat test needs the day and the true place of every event, and these rows give the month only, at snapped points "
    "(police.uk moves every crime to the nearest of a fixed set of map points): days apart cannot be counted, and repeats at one "
    "point would be made by the publishing, not by offenders."
)
"""Why rows of police.uk are refused."""

_MANY = 10
"""Rows from which "every date is the first of a month" cannot be chance."""
_STRAYS = 0.1
"""Share of dates that may contradict the order of the others and still be slips, not a mix of orders."""
_ONE_POINT = 0.05
"""Share of events at one single point from which it looks like a stand-in for an unknown address."""


@dataclass(frozen=True, eq=False)
class DatedPoints:
    """Events with a day and a place.

    Attributes
    ----------
    name
        Of the file.
    x, y
        (n,) metres in ``crs``; in the file's own plane where it gives metres without saying which ("").
    day
        (n,) days since 1970-01-01.
    crs
        EPSG code of the plane, or "".
    findings
        What was left out or looks odd.
    """

    name: str
    x: Floats
    y: Floats
    day: NDArray[np.int64]
    crs: str
    findings: tuple[Finding, ...]

    @property
    def period(self) -> tuple[str, str]:
        """First and last day, ISO."""
        first, last = (np.datetime64(int(day), "D") for day in (self.day.min(), self.day.max()))
        return str(first), str(last)


def read_dated_points(name: str, data: bytes, *, day_first: bool | None = None) -> DatedPoints:
    """Events from a CSV with a date column and x/y in metres or longitude and latitude in degrees.

    Parameters
    ----------
    name
        For messages.
    data
        Content of the file.
    day_first
        Order of dates whose year stands last; None to tell from the file.

    Returns
    -------
    DatedPoints
        The rows that have a day and a place; the findings say what was left out and which columns were taken.

    Raises
    ------
    InputError
        Columns that cannot be found; months in place of days; dates or coordinates that cannot be read in half of the rows (with
        the line of the first); dates whose order cannot be told; degrees under the names of metres, metres under those of
        degrees, or what can only be Web Mercator without its name; no row left.
    """
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    date = _date_column(name, header)
    pairs = find_pairs(name, header)
    columns = dict.fromkeys([date, *(c for pair in pairs[:2] for c in (pair.across, pair.up))])
    table = text_table.read_strings(name, text, list(columns), blanks=text_table.BLANKS).to_pandas()
    cells = table.astype(object).where(table.notna(), "").map(str.strip)
    first = pairs[0]
    full = (cells[[date, first.across, first.up]] != "").all(axis=1).to_numpy()
    if not full.any():
        raise InputError(f"{name} has no row with a date and both coordinates; give at least two.")
    kept = cells[full]
    where = _Where(name, text, np.flatnonzero(full))
    x, y, no_number = _coordinates(kept, first)
    turned = _exchanged(where, kept, pairs, x, y)
    if turned:
        x, y = y, x
        pairs[0] = first = Pair(first.up, first.across, "degrees")
    nowhere = stand_ins(x, y, degrees=first.unit == "degrees")
    places = _place_faults(kept, first, x, y, no_number, nowhere)
    stamps, dates = _days(where, kept[date].tolist(), day_first)
    findings = [*text_table.spreadsheet_limit(name, len(full)), *_empty_rows(full), *turned]
    findings += _left_out(where, [*dates, *places], len(kept))
    findings += _no_place(where, nowhere)
    good = ~np.logical_or.reduce([nowhere, *(fault.rows for fault in (*dates, *places))])
    if not good.any():
        raise InputError(f"{name} has no row with a day and a place; give at least two.")
    x, y, kept, where = x[good], y[good], kept[good], where.some(good)
    stamps = [stamp for stamp, ok in zip(stamps, good, strict=True) if ok]
    findings += _about_dates(where, stamps)
    _check_plane(where, x, y, first)
    x, y = _in_degrees(x, y, first)
    findings += _about_pairs(where, kept, pairs, x, y)
    crs = ""
    if first.unit in ("degrees", "mercator"):
        crs = plane_of(x, y)
        x, y = project_points(x, y, "EPSG:4326", crs)
    elif first.unit == "feet":
        x, y = x * METRES_A_FOOT, y * METRES_A_FOOT
    day = np.array([_since_1970(stamp) for stamp in stamps], dtype=np.int64)
    measured = np.isfinite(x) & np.isfinite(y)
    if not measured.all():
        findings += _left_out(
            where, [_Fault(~measured, "lies too far from the others to be measured", "")], len(x)
        )
        x, y, day = x[measured], y[measured], day[measured]
    return DatedPoints(name, x, y, day, crs, (*findings, *_shared_points(x, y), *_about_plane(name, first)))


@dataclass(frozen=True)
class _Where:
    """Tells the line of a row that is kept."""

    name: str
    text: bytes
    rows: NDArray[np.intp]

    def line(self, kept: int) -> str:
        return f"{self.name} line {text_table.line_of_row(self.text, int(self.rows[kept]))}"

    def some(self, chosen: Bools) -> _Where:
        return _Where(self.name, self.text, self.rows[chosen])


@dataclass(frozen=True, eq=False)
class _Fault:
    """Rows that cannot be used for one reason: what the first of them has, and what to do."""

    rows: Bools
    what: str
    remedy: str


def _left_out(where: _Where, faults: Sequence[_Fault], of: int) -> list[Finding]:
    """What is left out by kind; refused where it is half of the rows or more."""
    faults = [fault for fault in faults if fault.rows.any()]
    if not faults:
        return []
    lost = int(np.logical_or.reduce([fault.rows for fault in faults]).sum())
    findings = []
    for fault in faults:
        count = int(fault.rows.sum())
        text = f"{where.line(int(np.argmax(fault.rows)))} {fault.what}"
        if 2 * lost >= of:
            raise InputError(f"{text}{f' (and {count - 1:,} more)' if count > 1 else ''}{fault.remedy}")
        findings.append(Finding("warning", f"{text}; {_rows(count)} of {of:,} left out for this.", count))
    return findings


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _date_column(name: str, header: list[str]) -> str:
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


def _empty_rows(full: Bools) -> list[Finding]:
    missing = int((~full).sum())
    if not missing:
        return []
    text = f"{missing:,} of {full.size:,} rows lack a date or a coordinate and are left out."
    return [Finding("warning", text, missing)]


# -- dates -----------------------------------------------------------------------------------------


def _days(where: _Where, texts: list[str], day_first: bool | None) -> tuple[list[Stamp | None], list[_Fault]]:
    """A day for every row that has one, and the rows that have none, by reason."""
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
        faults.append(_Fault(other, f"has the date {shown(texts[at])}{like}", remedy))
    if no_day.any():
        at = int(np.argmax(no_day))
        faults.append(_Fault(no_day, f"has the date {shown(texts[at])}, which is no day", "; correct it."))
    good = [s for s, bad in zip(stamps, other | no_day, strict=True) if s is not None and not bad]
    months = {(stamp.year, stamp.month) for stamp in good}
    if len(good) >= _MANY and len(months) > 1 and all(stamp.day == 1 for stamp in good):
        raise InputError(f"{where.name} has the first of a month in every row. {MONTH_ONLY}")
    return stamps, faults


def _usual_form(where: _Where, stamps: list[Stamp | None], texts: list[str]) -> Form:
    """The form of most dates; days written differently but readable alike are one form."""
    forms = Counter(stamp.form for stamp in stamps if stamp is not None)
    form: Form = forms.most_common(1)[0][0] if forms else "day"
    if form == "month":
        at = next(k for k, stamp in enumerate(stamps) if stamp is not None and stamp.form == "month")
        raise InputError(f"{where.line(at)} has the month {shown(texts[at])}. {MONTH_ONLY}")
    return form


def _order(where: _Where, stamps: list[Stamp | None], texts: list[str], day_first: bool | None) -> bool:
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


def _about_dates(where: _Where, stamps: list[Stamp | None]) -> list[Finding]:
    findings = []
    if any(stamp is not None and stamp.timed for stamp in stamps):
        findings.append(
            Finding("info", "Dates carry a time of day, which is not used: a day, as written, is the unit.")
        )
    if any(stamp is not None and stamp.form == "serial" for stamp in stamps):
        findings.append(
            Finding(
                "info", f"Dates of {where.name} are serial numbers of a spreadsheet; read as days since 1900."
            )
        )
    return findings


def _since_1970(stamp: Stamp | None) -> int:
    day = None if stamp is None else stamp.date()
    assert day is not None  # rows without a day are left out before
    return int(np.datetime64(day, "D").astype(np.int64))


# -- coordinates -----------------------------------------------------------------------------------


def _coordinates(cells: pd.DataFrame, pair: Pair) -> tuple[Floats, Floats, Bools]:
    """The numbers of a pair, NaN where none, and which rows have none."""
    x, y = (
        np.asarray(pd.to_numeric(cells[column], errors="coerce"), dtype=float)
        for column in (pair.across, pair.up)
    )
    wrong = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan), wrong


def _place_faults(
    cells: pd.DataFrame, pair: Pair, x: Floats, y: Floats, no_number: Bools, nowhere: Bools
) -> list[_Fault]:
    """Rows whose coordinates cannot be used, by reason."""
    faults = []
    if no_number.any():
        at = int(np.argmax(no_number))
        column = pair.across if np.isnan(x[at]) else pair.up
        what = f"has {shown(cells[column].iloc[at])} as {column}, which is no number"
        faults.append(_Fault(no_number, what, "; correct it."))
    degrees = pair.unit == "degrees"
    most_x, most_y = (180.0, 90.0) if degrees else (MOST_METRES, MOST_METRES)
    off = ~no_number & ~nowhere & ((np.abs(x) > most_x) | (np.abs(y) > most_y))
    if off.any():
        at = int(np.argmax(off))
        point = f"{pair.across} {x[at]:g} and {pair.up} {y[at]:g}"
        what = f"has {point}, which are no {'degrees' if degrees else 'place on Earth'}"
        remedy = "; name the columns x and y where they are metres." if degrees else "; correct them."
        if degrees and (np.abs(x[off]) <= 90).all() and (np.abs(y[off]) <= 180).all():
            remedy = "; longitude and latitude look exchanged: exchange their headings."
        faults.append(_Fault(off, what, remedy))
    return faults


def _no_place(where: _Where, nowhere: Bools) -> list[Finding]:
    count = int(nowhere.sum())
    if not count:
        return []
    text = (
        f"{where.line(int(np.argmax(nowhere)))} has zeros, or the like, as its place; {_rows(count)} of {nowhere.size:,} stand so "
        "for no place (a withheld or unknown address) and are left out."
    )
    return [Finding("warning", text, count)]


def _exchanged(
    where: _Where, cells: pd.DataFrame, pairs: Sequence[Pair], x: Floats, y: Floats
) -> list[Finding]:
    """A warning where longitude and latitude stand under each other's headings; x and y as the headings say."""
    if len(pairs) < 2 or pairs[0].unit != "degrees":
        return []
    first, second = pairs[:2]
    other_x, other_y, _ = _coordinates(cells, second)
    if not are_exchanged(x, y, other_x, other_y):
        return []
    text = (
        f"{where.name}: {first.across} and {first.up} are exchanged, as {second.across} and {second.up} show; {first.across} was read "
        f"as latitude and {first.up} as longitude."
    )
    return [Finding("warning", text, len(cells))]


def _in_degrees(x: Floats, y: Floats, pair: Pair) -> tuple[Floats, Floats]:
    """Web Mercator as degrees; all else as it is."""
    return project_points(x, y, WEB_MERCATOR, "EPSG:4326") if pair.unit == "mercator" else (x, y)


def _check_plane(where: _Where, x: Floats, y: Floats, pair: Pair) -> None:
    if pair.unit == "metres" and not plain_heading(pair.across).startswith("easting"):
        lat = mercator_latitude(x, y)
        if not np.isnan(lat):
            raise InputError(
                f"The columns {pair.across} and {pair.up} of {where.name} look like Web Mercator ({x[0]:.0f}, {y[0]:.0f}), in which "
                f"distances are {1 / np.cos(np.radians(lat)):.2f} times too long at {abs(lat):.0f} degrees of latitude; give longitude "
                "and latitude, or name the columns mercator_x and mercator_y to have them converted, or easting and northing where "
                "they are true metres of another plane."
            )
    if pair.unit != "degrees" and ((np.abs(x) <= 180) & (np.abs(y) <= 90)).all():
        raise InputError(
            f"The columns {pair.across} and {pair.up} of {where.name} are read as {pair.unit} and look like degrees "
            f"({x[0]:g}, {y[0]:g}); name them longitude and latitude."
        )


def _about_pairs(
    where: _Where, cells: pd.DataFrame, pairs: list[Pair], x: Floats, y: Floats
) -> list[Finding]:
    """What the second pair is, where there is one, and whether it says the same places."""
    if len(pairs) < 2:
        return []
    first, second = pairs[:2]
    taken = f"{where.name} has two pairs of coordinates: {first.across} and {first.up} were taken"
    if first.unit not in ("degrees", "mercator"):
        return [Finding("info", f"{taken}, {second.across} and {second.up} were not looked at.")]
    other_x, other_y, _ = _coordinates(cells, second)
    kind, differ = compare_pairs(x, y, other_x, other_y)
    if not kind:
        text = (
            f"{taken}; {second.across} and {second.up} are of another plane (State Plane feet, say), or say other places, and were "
            "not used."
        )
        return [Finding("info", text)]
    findings = [Finding("info", f"{taken}; {second.across} and {second.up} are {kind} and were not used.")]
    if count := int(differ.sum()):
        text = (
            f"{where.line(int(np.argmax(differ)))}: the two pairs of coordinates disagree in {_rows(count)}; "
            f"{first.across} and {first.up} were taken."
        )
        findings.append(Finding("warning", text, count))
    return findings


def _about_plane(name: str, pair: Pair) -> list[Finding]:
    if pair.unit == "mercator":
        text = f"{pair.across} and {pair.up} of {name} were read as Web Mercator and brought to true metres."
        return [Finding("info", text)]
    if pair.unit == "degrees" or plain_heading(pair.across).startswith("easting"):
        return []
    if pair.unit == "feet":
        return [Finding("info", f"{pair.across} and {pair.up} of {name} were taken as feet of a plane.")]
    text = (
        f"{pair.across} and {pair.up} of {name} were taken as metres of a plane, as the file does not say; where they are feet or Web "
        "Mercator, all distances are wrong: give longitude and latitude then."
    )
    return [Finding("info", text)]


def _shared_points(x: Floats, y: Floats) -> list[Finding]:
    """Warnings where so many events share points that the places look moved, or made up."""
    points, number = np.unique(np.column_stack([x, y]).round(1), axis=0, return_counts=True)
    shared = int(number[number > 1].sum())
    if x.size < _MANY:
        return []
    if shared > x.size / 2:
        text = (
            f"{shared / x.size:.0%} of the events stand on a point of another event: where places were moved to street points or "
            "buildings, repeats at the same place are made by that."
        )
        return [Finding("warning", text, shared)]
    most = int(number.max())
    if most < max(_MANY, _ONE_POINT * x.size):
        return []
    at = points[int(np.argmax(number))]
    text = (
        f"{most:,} of {x.size:,} events stand on one single point ({at[0]:,.0f}, {at[1]:,.0f}): where it stands for unknown addresses "
        "(the centre of a city, a police station), the repeats at the same place are made by that."
    )
    return [Finding("warning", text, most)]
