"""A user's own events with days and true places: one CSV with a date and a pair of coordinates.

Columns are found by name, whatever their case, spaces and underscores. Dates are read in every form that has one reading
(:mod:`patrol_core.sources.fields.dates`), and with the year last (31/05/2024) where the file tells the order; a time of day is read over.
Where every date could be day-first as well as month-first, the file is refused until the order is given: a wrong guess would
silently move events by months. Rows without a place, or with a date or place that cannot be read, are left out, counted and said by
kind; where half of the rows are so, the file is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.projection import project_points
from patrol_core.sources.fields import METRES_A_FOOT, Pair, find_pairs, plane_of, stand_ins
from patrol_core.sources.own_events.coordinates import (
    about_pairs,
    about_plane,
    check_plane,
    coordinates,
    exchanged,
    in_degrees,
    no_place,
    place_faults,
)
from patrol_core.sources.own_events.days import MANY, about_dates, date_column, days, since_1970
from patrol_core.sources.own_events.faults import Fault, Where, left_out

_ONE_POINT = 0.05
"""Share of events at one single point from which it looks like a stand-in for an unknown address."""


@dataclass(frozen=True, eq=False)
class DatedPoints:
    """Events with a day and a place.

    Attributes:
        name: Of the file.
        x, y: (n,) metres in ``crs``; in the file's own plane where it gives metres without saying which ("").
        day: (n,) days since 1970-01-01.
        crs: EPSG code of the plane, or "".
        findings: What was left out or looks odd.
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

    Args:
        name: For messages.
        data: Content of the file.
        day_first: Order of dates whose year stands last; None to tell from the file.

    Returns:
        DatedPoints: The rows that have a day and a place; the findings say what was left out and which columns
            were taken.

    Raises:
        InputError: Columns that cannot be found; months in place of days; dates or coordinates that cannot be
            read in half of the rows (with the line of the first); dates whose order cannot be determined;
            degrees under the names of metres, metres under those of degrees, or what can only be Web Mercator
            without its name; no row left.
    """
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    date = date_column(name, header)
    pairs = find_pairs(name, header)
    columns = dict.fromkeys([date, *(c for pair in pairs[:2] for c in (pair.across, pair.up))])
    table = text_table.read_strings(name, text, list(columns), blanks=text_table.BLANKS).to_pandas()
    cells = table.astype(object).where(table.notna(), "").map(str.strip)
    first = pairs[0]
    full = (cells[[date, first.across, first.up]] != "").all(axis=1).to_numpy()
    if not full.any():
        raise InputError(f"{name} has no row with a date and both coordinates; give at least two.")
    kept = cells[full]
    where = Where(name, text, np.flatnonzero(full))
    x, y, no_number = coordinates(kept, first)
    turned = exchanged(where, kept, pairs, x, y)
    if turned:
        x, y = y, x
        pairs[0] = first = Pair(first.up, first.across, "degrees")
    nowhere = stand_ins(x, y, degrees=first.unit == "degrees")
    places = place_faults(kept, first, x, y, no_number, nowhere)
    stamps, dates = days(where, kept[date].tolist(), day_first)
    findings = [*text_table.spreadsheet_limit(name, len(full)), *_empty_rows(full), *turned]
    findings += left_out(where, [*dates, *places], len(kept))
    findings += no_place(where, nowhere)
    good = ~np.logical_or.reduce([nowhere, *(fault.rows for fault in (*dates, *places))])
    if not good.any():
        raise InputError(f"{name} has no row with a day and a place; give at least two.")
    x, y, kept, where = x[good], y[good], kept[good], where.some(good)
    stamps = [stamp for stamp, ok in zip(stamps, good, strict=True) if ok]
    findings += about_dates(where, stamps)
    check_plane(where, x, y, first)
    x, y = in_degrees(x, y, first)
    findings += about_pairs(where, kept, pairs, x, y)
    crs = ""
    if first.unit in ("degrees", "mercator"):
        crs = plane_of(x, y)
        x, y = project_points(x, y, "EPSG:4326", crs)
    elif first.unit == "feet":
        x, y = x * METRES_A_FOOT, y * METRES_A_FOOT
    day = np.array([since_1970(stamp) for stamp in stamps], dtype=np.int64)
    measured = np.isfinite(x) & np.isfinite(y)
    if not measured.all():
        findings += left_out(
            where, [Fault(~measured, "lies too far from the others to be measured", "")], len(x)
        )
        x, y, day = x[measured], y[measured], day[measured]
    return DatedPoints(name, x, y, day, crs, (*findings, *_shared_points(x, y), *about_plane(name, first)))


def _empty_rows(full: Bools) -> list[Finding]:
    missing = int((~full).sum())
    if not missing:
        return []
    text = f"{missing:,} of {full.size:,} rows lack a date or a coordinate and are left out."
    return [Finding("warning", text, missing)]


def _shared_points(x: Floats, y: Floats) -> list[Finding]:
    """Warnings where so many events share points that the places look moved, or made up."""
    points, number = np.unique(np.column_stack([x, y]).round(1), axis=0, return_counts=True)
    shared = int(number[number > 1].sum())
    if x.size < MANY:
        return []
    if shared > x.size / 2:
        text = (
            f"{shared / x.size:.0%} of the events stand on a point of another event: where places were moved to street points or "
            "buildings, repeats at the same place are made by that."
        )
        return [Finding("warning", text, shared)]
    most = int(number.max())
    if most < max(MANY, _ONE_POINT * x.size):
        return []
    at = points[int(np.argmax(number))]
    text = (
        f"{most:,} of {x.size:,} events stand on one single point ({at[0]:,.0f}, {at[1]:,.0f}): where it stands for unknown addresses "
        "(the centre of a city, a police station), the repeats at the same place are made by that."
    )
    return [Finding("warning", text, most)]
