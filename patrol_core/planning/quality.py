"""What is wrong with the data, one check at a time, and what each defect does to the plan.

Pure: checks of the data alone are in :mod:`patrol_core.sources.quality.checks` and ``quality_rows``, those that need zones
are here. It works for rows and for counts; what counts cannot tell is said to be not known, never passed over.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from patrol_core.areas import AreaData, DataKind
from patrol_core.sources.quality import LOST_WARNING, NOT_KNOWN, Check, Severity, crimes_of, months_old
from patrol_core.sources.quality import checks as quality_checks
from patrol_core.sources.quality import rows as quality_rows
from patrol_core.zones import Placement, snap_point_warning, snap_points

#: Share of rows in no zone from which part of the plan is wrong.
LOST_ERROR = 0.25
_WAYS = re.compile(r"([\d,]+) by the ONS lookup, ([\d,]+) by the code other rows .*? ([\d,]+) by polygon")


@dataclass(frozen=True)
class Freshness:
    """How old the months are that a plan rests on.

    Attributes:
        words: In short, such as ``101 months old``.
        old: Whether that is too old to plan from without saying so.
        text: What it does to the plan, a sentence.
    """

    words: str
    old: bool
    text: str


def freshness(data: AreaData, months: Sequence[str], *, today: dt.date | None = None) -> Freshness | None:
    """How old the last of the months in use is; None for generated data, whose age means nothing.

    The judgement is that of the check "Latest month" (:func:`quality_report`).

    Args:
        data, months: The data, and the months in use, in order.
        today: Day from which the age counts; the day of the call by default.
    """
    if data.kind is DataKind.GENERATED:
        return None
    now = today or dt.datetime.now(dt.UTC).date()
    last = months[-1] if months else ""
    check = quality_checks.age(data, now, last)
    if check.figure == NOT_KNOWN:
        return Freshness("Age not known", True, check.text)
    count = months_old(last or data.months[-1], now)
    words = "Ends in the future" if count < 0 else f"{count:,} month{'' if count == 1 else 's'} old"
    return Freshness(words, check.severity in ("warning", "error"), check.text)


def quality_report(
    data: AreaData, zones: gpd.GeoDataFrame, placement: Placement, *, today: dt.date | None = None
) -> tuple[Check, ...]:
    """Check the data of an area.

    Args:
        data: Any area: generated, published, uploaded, with rows or with counts only.
        zones, placement: Zones in use and where the rows of the months in use went
            (:func:`patrol_core.zones.count_crimes`).
        today: Day from which the age of the data counts; the day of the call by default.

    Returns:
        tuple of Check: Always the same names in the same order.
    """
    crimes = crimes_of(data)
    now = today or dt.datetime.now(dt.UTC).date()
    return (
        quality_checks.series(data),
        quality_checks.age(data, now),
        quality_checks.stopped(crimes),
        quality_checks.force_gaps(crimes),
        quality_checks.known_gaps(data, crimes),
        _lost(placement),
        quality_rows.without_place(crimes),
        quality_rows.busiest(data, crimes),
        _points_per_zone(data, zones),
        quality_rows.removed(data, crimes),
        quality_rows.kept(crimes),
        _recoded(data, crimes, placement),
        quality_rows.outcomes(crimes),
        quality_rows.outcomes_by_force(crimes),
    )


def report_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """The checks as a table: ``check, finding, severity, what_it_does, rows``."""
    table = pd.DataFrame(
        {
            "check": [c.name for c in checks],
            "finding": [c.figure for c in checks],
            "severity": [c.severity for c in checks],
            "what_it_does": [c.text for c in checks],
        }
    )
    return table.assign(rows=pd.array([c.rows for c in checks], dtype="Int64"))


def _lost(placement: Placement) -> Check:
    name = "Rows in no zone (months in use)"
    lost = placement.no_coordinates + placement.outside
    if not placement.rows:
        return Check(
            name,
            "no rows",
            "error",
            "There is no row in the months in use, so there is nothing to plan from.",
        )
    share = lost / placement.rows
    figure = f"{lost:,} of {placement.rows:,} ({share:.1%})"
    if not lost:
        return Check(name, figure, "good", "Every row counts in a zone.", 0)
    severity: Severity = "error" if share >= LOST_ERROR else "warning" if share >= LOST_WARNING else "info"
    text = (
        f"{placement.no_coordinates:,} have no place and {placement.outside:,} lie outside; they are not counted"
        + (", and zones that lose more of theirs look calmer." if share >= LOST_WARNING else ".")
    )
    return Check(name, figure, severity, text, lost)


def _points_per_zone(data: AreaData, zones: gpd.GeoDataFrame) -> Check:
    name = "Published points per zone"
    count = snap_points(data, zones)
    if count is None:
        return Check(
            name, NOT_KNOWN, "info", "There are no anonymised points, so zones cannot be too small for them."
        )
    figure = f"median {count.median_points:g}, {count.share_few:.0%} of zones hold 2 or fewer"
    warning = snap_point_warning(data, zones)
    if warning is not None:
        return Check(name, figure, warning.severity, warning.text, warning.rows)
    return Check(
        name, figure, "good", "Zones hold enough points for crime, not the points, to make the pattern."
    )


def _recoded(data: AreaData, crimes: pd.DataFrame | None, placement: Placement) -> Check:
    name = "LSOA codes of another census"
    for finding in data.findings:
        hit = _WAYS.search(finding.text)
        if hit:
            lookup, same, polygon = hit.groups()
            return Check(
                name,
                f"{lookup} by lookup, {same} by rows at the point, {polygon} by polygon",
                "info",
                "The codes were brought to one census, so a split or merged area is no break; about one in twenty of those "
                "placed by polygon may count next door.",
                finding.rows,
            )
    ways = f"{placement.by_code:,} placed by code, {placement.by_point:,} by point"
    other = next((f for f in data.findings if "not among the polygons" in f.text), None)
    if other is not None:
        return Check(name, ways, other.severity, other.text, other.rows)
    if crimes is None:
        return Check(
            name,
            ways,
            "info",
            "Counts come by zone code as given; codes of another census would be in no zone.",
        )
    if data.polygons is None or not (crimes["lsoa_code"] != "").any():
        return Check(name, ways, "info", "Rows are placed by point, so codes of an older census do no harm.")
    return Check(name, ways, "good", "All codes fit the zones, so none had to be recoded.")
