"""A user's own events with days and true places: one CSV with a date and a pair of coordinates.

Columns are found by name, whatever their case, spaces and underscores. Dates are ISO (2024-05-31) or with slashes, dots or hyphens
and the year last (31/05/2024); a time of day after them is read over. Where every date could be day-first as well as month-first,
the file is refused until the order is given: a wrong guess would silently move events by months.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.areas import UK_CRS, Finding
from patrol_core.errors import InputError
from patrol_core.sources.projection import project_points
from patrol_core.sources.text_table import decode, header_of, line_of_row, read_strings

Floats = NDArray[np.float64]

DATE_NAMES = (
    "date",
    "day",
    "datetime",
    "timestamp",
    "occurred",
    "occurredon",
    "occurreddate",
    "dateoccurred",
    "eventdate",
    "incidentdate",
    "crimedate",
    "offencedate",
    "dateofoffence",
    "reporteddate",
)
METRE_NAMES = (
    ("x", "y"),
    ("xm", "ym"),
    ("easting", "northing"),
    ("eastings", "northings"),
    ("xcoord", "ycoord"),
)
DEGREE_NAMES = (("lon", "lat"), ("lng", "lat"), ("long", "lat"), ("longitude", "latitude"))
MONTH_ONLY = (
    "A near-repeat test needs the day and the true place of every event, and these rows give the month only, at snapped points "
    "(police.uk moves every crime to the nearest of a fixed set of map points): days apart cannot be counted, and repeats at one "
    "point would be made by the publishing, not by offenders."
)
"""Why rows of police.uk are refused."""

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+\d{1,2}:\d{2}.*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[T ,]+\d{1,2}:\d{2}.*)?")
_MONTH = re.compile(r"\d{4}-\d{1,2}")
_MANY = 10
"""Rows from which "every date is the first of a month" cannot be chance."""


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

    Raises
    ------
    InputError
        Columns that cannot be found; months in place of days; a date or coordinate that cannot be read (with its line); dates
        whose order cannot be told; degrees under the names of metres, or metres under those of degrees; no row left.
    """
    text = decode(name, data).data
    date, across, up, degrees = _columns(name, header_of(name, text))
    table = read_strings(name, text, [date, across, up]).to_pandas()
    cells = table.astype(object).map(str.strip)
    full = (cells != "").all(axis=1).to_numpy()
    findings = _empty_rows(full)
    rows = np.flatnonzero(full)
    if not rows.size:
        raise InputError(f"{name} has no row with a date and both coordinates; give at least two.")
    kept = cells[full]
    where = _Where(name, text, rows)
    x, y = (_numbers(where, kept[column], column) for column in (across, up))
    day, with_time = _days(where, kept[date], day_first)
    findings += (
        [Finding("info", "Dates carry a time of day, which is not used: a day is the unit.")]
        if with_time
        else []
    )
    _check_plane(where, x, y, (across, up), degrees)
    crs = ""
    if degrees:
        crs = _plane_of(x, y)
        x, y = project_points(x, y, "EPSG:4326", crs)
    findings += _shared_points(x, y)
    return DatedPoints(name, x, y, day, crs, tuple(findings))


@dataclass(frozen=True)
class _Where:
    """Tells the line of a row that is kept."""

    name: str
    text: bytes
    rows: NDArray[np.intp]

    def line(self, kept: int) -> str:
        return f"{self.name} line {line_of_row(self.text, int(self.rows[kept]))}"


# -- columns ---------------------------------------------------------------------------------------


def _columns(name: str, header: list[str]) -> tuple[str, str, str, bool]:
    """Names of the date column and of the two coordinates, and whether these are degrees."""
    found = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in header}
    date = next((found[known] for known in DATE_NAMES if known in found), None)
    if date is None and "month" in found:
        raise InputError(f"{name}: {MONTH_ONLY} Give a file with a date column.")
    if date is None:
        raise InputError(
            f"{name} has no date column; name it date (days like 2024-05-31). It has {', '.join(header)}."
        )
    for pairs, degrees in ((METRE_NAMES, False), (DEGREE_NAMES, True)):
        for across, up in pairs:
            if across in found and up in found:
                return date, found[across], found[up], degrees
    raise InputError(
        f"{name} has no pair of coordinates; name them x and y (metres) or longitude and latitude (degrees). "
        f"It has {', '.join(header)}."
    )


def _empty_rows(full: NDArray[np.bool_]) -> list[Finding]:
    missing = int((~full).sum())
    if not missing:
        return []
    text = f"{missing:,} of {full.size:,} rows lack a date or a coordinate and are left out."
    return [Finding("warning", text, missing)]


# -- dates -----------------------------------------------------------------------------------------


def _days(where: _Where, dates: pd.Series, day_first: bool | None) -> tuple[NDArray[np.int64], bool]:
    """Days since 1970-01-01, and whether times of day were read over."""
    texts = dates.tolist()
    iso = [_ISO.fullmatch(text) for text in texts]
    if iso[0] is not None:
        _all_of_one_form(where, texts, iso)
        parts = np.array([match.groups() for match in iso if match], dtype=np.int64)
        year, month, day = parts.T
    else:
        last = [_YEAR_LAST.fullmatch(text) for text in texts]
        _all_of_one_form(where, texts, last)
        parts = np.array([match.groups() for match in last if match], dtype=np.int64)
        order = _order(where, parts, texts, day_first)
        year = parts[:, 2]
        day, month = (parts[:, 0], parts[:, 1]) if order else (parts[:, 1], parts[:, 0])
    found = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    if found.isna().any():
        wrong = int(np.argmax(found.isna().to_numpy()))
        raise InputError(f"{where.line(wrong)} has the date {texts[wrong]!r}, which is no day; correct it.")
    if (day == 1).all() and len(texts) >= _MANY and np.unique(year * 12 + month).size > 1:
        raise InputError(f"{where.name} has the first of a month in every row. {MONTH_ONLY}")
    since = found.to_numpy().astype("datetime64[D]").astype(np.int64)
    return since, any(":" in text for text in texts)


def _all_of_one_form(where: _Where, texts: list[str], matches: list[re.Match[str] | None]) -> None:
    wrong = next((place for place, match in enumerate(matches) if match is None), None)
    if wrong is None:
        return
    if _MONTH.fullmatch(texts[wrong]):
        raise InputError(f"{where.line(wrong)} has the month {texts[wrong]!r}. {MONTH_ONLY}")
    like = "" if wrong == 0 else f" unlike {texts[0]!r} above it"
    raise InputError(
        f"{where.line(wrong)} has the date {texts[wrong]!r}{like}; write all dates like 2024-05-31, or all like 31/05/2024."
    )


def _order(where: _Where, parts: NDArray[np.int64], texts: list[str], day_first: bool | None) -> bool:
    """Whether the day stands before the month."""
    first, second = parts[:, 0] > 12, parts[:, 1] > 12
    if first.any() and second.any():
        one, other = int(np.argmax(first)), int(np.argmax(second))
        raise InputError(
            f"{where.line(one)} has {texts[one]!r}, where the day comes first, and {where.line(other)} has {texts[other]!r}, "
            "where the month does; write all dates like 2024-05-31."
        )
    if day_first is not None:
        wrong = second if day_first else first
        if wrong.any():
            place = int(np.argmax(wrong))
            order = "day" if day_first else "month"
            raise InputError(
                f"{where.line(place)} has {texts[place]!r}, which cannot be read with the {order} first; give the other order."
            )
        return day_first
    if not (first.any() or second.any()):
        raise InputError(
            f"{where.name} has dates such as {texts[0]!r} that could be day-first or month-first in every row; say which, "
            "or write them like 2024-05-31."
        )
    return bool(first.any())


# -- coordinates -----------------------------------------------------------------------------------


def _numbers(where: _Where, column: pd.Series, name: str) -> Floats:
    found = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=float)
    wrong = ~np.isfinite(found)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InputError(
            f"{where.line(place)} has {column.iloc[place]!r} as {name}, which is no number; correct it."
        )
    return found


def _check_plane(where: _Where, x: Floats, y: Floats, names: tuple[str, str], degrees: bool) -> None:
    off = (np.abs(x) > 180) | (np.abs(y) > 90)
    if degrees and off.any():
        place = int(np.argmax(off))
        raise InputError(
            f"{where.line(place)} has {names[0]} {x[place]:g} and {names[1]} {y[place]:g}, which are no degrees; "
            "name the columns x and y where they are metres."
        )
    if not degrees and not off.any():
        raise InputError(
            f"The columns {names[0]} and {names[1]} of {where.name} are read as metres and look like degrees "
            f"({x[0]:g}, {y[0]:g}); name them longitude and latitude."
        )


def _plane_of(lon: Floats, lat: Floats) -> str:
    """A plane in metres for these degrees: British National Grid, or the UTM zone of their middle."""
    if ((lon >= -9) & (lon <= 2.5) & (lat >= 49.5) & (lat <= 61.5)).all():
        return UK_CRS
    zone = min(60, int((float(np.median(lon)) + 180) // 6) + 1)
    return f"EPSG:{32600 + zone if np.median(lat) >= 0 else 32700 + zone}"


def _shared_points(x: Floats, y: Floats) -> list[Finding]:
    """A warning where so many events share a point that the places look moved to a set of points."""
    _, number = np.unique(np.column_stack([x, y]).round(1), axis=0, return_counts=True)
    shared = int(number[number > 1].sum())
    if x.size < _MANY or shared <= x.size / 2:
        return []
    text = (
        f"{shared / x.size:.0%} of the events stand on a point of another event: where places were moved to street points or "
        "buildings, repeats at the same place are made by that."
    )
    return [Finding("warning", text, shared)]
