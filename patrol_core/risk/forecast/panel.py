"""Crime by zone and month as one table without holes: what a forecast is made from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk import HarmTable, match_counts
from patrol_core.words import plural

Gaps = Literal["refuse", "fill"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Weighted crime of every zone in every month.

    Attributes:
        zone_ids: Zones, in the order of the rows.
        months: Consecutive months "YYYY-MM", in the order of the columns.
        values: Weighted crime, shape (zones, months), >= 0, in ``unit``.
        unit: ``crimes``, ``harm days``, ...
        notes: What was noticed or filled, one sentence each.
    """

    zone_ids: tuple[str, ...]
    months: tuple[str, ...]
    values: Floats
    unit: str
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check labels, shape and values.

        Raises:
            InputError: For labels that repeat, months that do not follow each other, or values that are no
                amounts.
        """
        if self.values.shape != (len(self.zone_ids), len(self.months)) or not self.values.size:
            raise InputError(
                f"The panel holds {self.values.shape} values for {len(self.zone_ids)} zones and {len(self.months)} months; "
                "give one value per zone and month, and at least one of each."
            )
        if len(set(self.zone_ids)) < len(self.zone_ids):
            twice = pd.Index(self.zone_ids)[pd.Index(self.zone_ids).duplicated()][0]
            raise InputError(f"The zone {twice!r} is given twice; give each zone once.")
        missing = missing_months(self.months)
        if missing:
            raise InputError(_gap(missing))
        wrong = ~(np.isfinite(self.values) & (self.values >= 0))
        if wrong.any():
            zone, month = (int(place[0]) for place in np.nonzero(wrong))
            raise InputError(
                f"Zone {self.zone_ids[zone]!r} has {self.values[zone, month]} in {self.months[month]}; "
                "give a number of at least 0."
            )

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) of zones, months, values and unit."""
        digest = hashlib.sha256("\0".join((*self.zone_ids, "", *self.months, self.unit)).encode())
        digest.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        return digest.hexdigest()


def panel_of(
    counts: pd.DataFrame,
    zone_ids: Sequence[str],
    months: Sequence[str],
    *,
    weights: HarmTable,
    crime_types: Sequence[str],
    gaps: Gaps = "refuse",
) -> Panel:
    """Add up weighted crime by zone and month.

    Args:
        counts, zone_ids, months, weights, crime_types: As in :func:`patrol_core.risk.surface.build_surface`:
            absent rows are months without crime.
        gaps: A month missing between the first and the last: ``refuse``, or ``fill`` it for every zone with the
            mean of the months on both sides, which is said in ``notes``.

    Raises:
        InputError: As :func:`~patrol_core.risk.surface.build_surface`; or naming the missing months.
    """
    weight = weights.weights_of(crime_types)
    values = match_counts(counts, zone_ids, months, crime_types).by_zone_and_month(weight)
    missing = missing_months(months)
    notes: list[str] = []
    if missing and gaps == "refuse":
        raise InputError(_gap(missing))
    if missing:
        values, months = _filled(values, months, missing)
        notes.append(
            f"No data for {', '.join(missing)}: filled for every zone with the mean of the months on both sides."
        )
    empty = [month for month, total in zip(months, values.sum(axis=0), strict=True) if total == 0]
    if empty and len(empty) < len(months):
        notes.append(
            f"No crime at all is recorded in {few(empty)}; if these months are missing from the data rather than "
            "quiet, the forecast is too low."
        )
    quiet = [str(zone) for zone, total in zip(zone_ids, values.sum(axis=1), strict=True) if total == 0]
    if quiet:
        notes.append(f"{plural(len(quiet), 'zone has', 'zones have')} no crime in any month ({few(quiet)}).")
    return Panel(tuple(str(zone) for zone in zone_ids), tuple(months), values, weights.unit, tuple(notes))


def missing_months(months: Sequence[str]) -> list[str]:
    """Months between the first and the last that are not there."""
    if not months:
        return []
    wanted = months_from(
        months[0], int(pd.Period(months[-1], "M").ordinal - pd.Period(months[0], "M").ordinal) + 1
    )
    there = set(months)
    return [month for month in wanted if month not in there]


def months_from(first: str, count: int) -> list[str]:
    """``count`` months "YYYY-MM" from ``first`` on."""
    start = int(first[:4]) * 12 + int(first[5:]) - 1
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in range(start, start + count)]


def few(names: Sequence[str], most: int = 3) -> str:
    """The first names, and that there are more."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _gap(missing: Sequence[str]) -> str:
    one = len(missing) == 1
    return (
        f"The month{'' if one else 's'} {few(missing)} {'is' if one else 'are'} missing between the first month and the "
        f"last, and a forecast needs months without holes; add {'it' if one else 'them'}, or choose a period that "
        f"begins after {missing[-1]}."
    )


def _filled(values: Floats, months: Sequence[str], missing: Sequence[str]) -> tuple[Floats, list[str]]:
    span = int(pd.Period(months[-1], "M").ordinal - pd.Period(months[0], "M").ordinal) + 1
    everything = months_from(months[0], span)
    frame = pd.DataFrame(values.T, index=list(months)).reindex(everything)
    for month in missing:
        place = everything.index(month)
        before = max(spot for spot in range(place) if everything[spot] not in missing)
        after = min(spot for spot in range(place, span) if everything[spot] not in missing)
        frame.iloc[place] = (frame.iloc[before] + frame.iloc[after]) / 2
    return frame.to_numpy(dtype=float).T.copy(), everything
