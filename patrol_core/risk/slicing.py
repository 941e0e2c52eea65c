"""Risk cut by crime type, season, year, or into a recent and an earlier part: the values behind small maps.

Every slice is recorded (weighted) crime per month of its own months, so that slices of different length compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.risk.counts import match_counts

if TYPE_CHECKING:
    from patrol_core.risk.harm import HarmTable

By = Literal["type", "season", "year", "recent"]
SLICES: Mapping[str, str] = MappingProxyType(
    {"type": "Crime type", "season": "Season", "year": "Year", "recent": "Recent against before"}
)
"""Ways to cut, in words."""
SEASONS = ("Winter (Dec-Feb)", "Spring (Mar-May)", "Summer (Jun-Aug)", "Autumn (Sep-Nov)")
RECENT = 12
"""Months that are recent, where there are more than twice as many."""
CHANGE = "Change"


@dataclass(frozen=True, eq=False)
class Slices:
    """Values by zone for each slice.

    Attributes:
        frame: Index zone_id, one column a slice, per month; the last is :data:`CHANGE` where parts are
            compared.
        months: Months behind each column.
        notes: What a reader must know, as sentences.
    """

    frame: pd.DataFrame
    months: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def compares(self) -> bool:
        """Whether the last column is a difference."""
        return CHANGE in self.frame.columns


def slices(
    counts: pd.DataFrame,
    zone_ids: Sequence[str],
    months: Sequence[str],
    *,
    weights: HarmTable,
    crime_types: Sequence[str],
    by: By,
) -> Slices:
    """Cut the risk.

    Args:
        counts, zone_ids, months, weights, crime_types: As in :func:`patrol_core.risk.surface.build_surface`.
        by: ``type``: the types with most risk first. ``season`` and ``year``: by calendar. ``recent``: the last
            12 months (the later half of a period of 24 months or fewer) against those before, and their
            difference; whole years before, where there are any, so that both have the same seasons.

    Raises:
        InputError: As :func:`~patrol_core.risk.surface.build_surface`; or for ``recent`` with a single month.
    """
    weight = weights.weights_of(crime_types)
    matched = match_counts(counts, zone_ids, months, crime_types)
    index = pd.Index([str(zone) for zone in zone_ids], name="zone_id")
    if by == "type":
        table = matched.by_zone_and_type() * weight / len(months)
        order = np.argsort(-table.sum(axis=0), kind="stable")
        frame = pd.DataFrame(table[:, order], index=index, columns=[crime_types[place] for place in order])
        return Slices(frame, dict.fromkeys(frame.columns, len(months)), ())
    monthly = matched.by_zone_and_month(weight)
    parts, notes = _parts(months, by)
    frame = pd.DataFrame({name: monthly[:, mine].mean(axis=1) for name, mine in parts.items()}, index=index)
    if by == "recent":
        before, recent = frame.columns
        frame[CHANGE] = frame[recent] - frame[before]
    return Slices(frame, {name: len(mine) for name, mine in parts.items()}, notes)


def _parts(months: Sequence[str], by: By) -> tuple[dict[str, NDArray[np.intp]], tuple[str, ...]]:
    """Name of each part and the places of its months."""
    if by == "recent":
        return _recent(months)
    if by == "season":
        label = [SEASONS[int(month[5:]) % 12 // 3] for month in months]
        names = [season for season in SEASONS if season in set(label)]
        absent = [season for season in SEASONS if season not in set(label)]
        notes = (f"No month of {', '.join(absent)} is in the period.",) if absent else ()
    else:
        label = [month[:4] for month in months]
        names = sorted(set(label))
        short = [name for name in names if label.count(name) < 12]
        notes = (f"Not whole years: {', '.join(short)}; their seasons weigh differently.",) if short else ()
    found = np.asarray(label)
    return {name: np.flatnonzero(found == name) for name in names}, notes


def _recent(months: Sequence[str]) -> tuple[dict[str, NDArray[np.intp]], tuple[str, ...]]:
    count = len(months)
    if count < 2:
        raise InputError("One month has nothing before it to compare with; choose a longer period.")
    late = RECENT if count >= 2 * RECENT else count // 2
    early = count - late
    notes: tuple[str, ...] = ()
    if late == RECENT:
        early = early // 12 * 12
    elif count % 12 or late % 12:
        notes = ("The two parts hold different calendar months, so season enters the change.",)
    start = count - late - early
    before = f"Before: {months[start]} to {months[count - late - 1]}"
    recent = f"Recent: {months[count - late]} to {months[-1]}"
    places = np.arange(count)
    return {before: places[start : count - late], recent: places[count - late :]}, notes
