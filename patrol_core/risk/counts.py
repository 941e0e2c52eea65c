"""Counts by label: the long ``counts`` frame to arrays in the order of zones, months and types.

Zones meet by label or raise. ``months`` and ``crime_types`` select: rows of other months or types are not
part of the question asked and do not enter; a zone that is not in ``zone_ids`` is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
COLUMNS = ("zone_id", "month", "crime_type", "count")


@dataclass(frozen=True, eq=False)
class Counts:
    """Selected counts as positions: rows ``zone``, ``month``, ``crime_type`` (ints) and ``count`` (>= 0).

    ``shape`` is (zones, months, types).
    """

    zone: Indices
    month: Indices
    crime_type: Indices
    count: Floats
    shape: tuple[int, int, int]

    def by_zone_and_type(self) -> Floats:
        """Counts over the whole period, array (zones, types)."""
        flat = self.zone * self.shape[2] + self.crime_type
        return _sum(flat, self.count, self.shape[0], self.shape[2])

    def by_zone_and_month(self, weight: Floats) -> Floats:
        """Weighted counts, array (zones, months); weights of shape (types,), or (zones, types)."""
        each = weight[self.crime_type] if weight.ndim == 1 else weight[self.zone, self.crime_type]
        flat = self.zone * self.shape[1] + self.month
        return _sum(flat, self.count * each, self.shape[0], self.shape[1])

    def by_month_and_type(self) -> Floats:
        """Counts over all zones, array (months, types)."""
        flat = self.month * self.shape[2] + self.crime_type
        return _sum(flat, self.count, self.shape[1], self.shape[2])


def match_counts(
    counts: pd.DataFrame, zone_ids: Sequence[str], months: Sequence[str], crime_types: Sequence[str]
) -> Counts:
    """Match the rows of ``counts`` to labels.

    Args:
        counts: Long frame ``zone_id, month, crime_type, count``; absent combinations are 0, repeated ones add
            up.
        zone_ids, months, crime_types: Labels in the order wanted, each once. Months are "YYYY-MM", ascending.

    Raises:
        InputError: If labels repeat or are missing, a zone of ``counts`` is not in ``zone_ids``, or a count is
            negative or not a number.
    """
    missing = [name for name in COLUMNS if name not in counts.columns]
    if missing:
        raise InputError(f"The counts have no column {missing[0]!r}; they need {', '.join(COLUMNS)}.")
    _check_labels(zone_ids, months, crime_types)
    zone = _positions(counts["zone_id"], zone_ids)
    if (zone < 0).any():
        stray = counts["zone_id"].iloc[int(np.argmax(zone < 0))]
        raise InputError(
            f"The counts name the zone {stray!r}, which is not among the zones; use counts of these zones."
        )
    number = counts["count"].to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isfinite(number) & (number >= 0))
    if wrong.any():
        row = counts.iloc[int(np.argmax(wrong))]
        raise InputError(
            f"The count of zone {row['zone_id']!r} in {row['month']} is {row['count']}; "
            "give a number of at least 0."
        )
    month = _positions(counts["month"], months)
    kind = _positions(counts["crime_type"], crime_types)
    keep = (month >= 0) & (kind >= 0)
    shape = (len(zone_ids), len(months), len(crime_types))
    return Counts(zone[keep], month[keep], kind[keep], number[keep], shape)


def _check_labels(zone_ids: Sequence[str], months: Sequence[str], crime_types: Sequence[str]) -> None:
    for labels, word in ((zone_ids, "zone"), (months, "month"), (crime_types, "crime type")):
        if not len(labels):
            raise InputError(f"There is no {word} to work with; choose at least one.")
        if len(set(labels)) < len(labels):
            twice = next(label for i, label in enumerate(labels) if label in set(labels[:i]))
            raise InputError(f"The {word} {twice!r} is given twice; give each {word} once.")
    bad = [month for month in months if not _MONTH.fullmatch(month)]
    if bad:
        raise InputError(f"The month {bad[0]!r} is not of the form YYYY-MM; write it like 2025-01.")
    if list(months) != sorted(months):
        raise InputError("The months are not in order; sort them from first to last.")


def _positions(column: pd.Series, labels: Sequence[str]) -> Indices:
    """Position of each value among ``labels``, -1 where it is none; works on the few distinct values."""
    index = pd.Index([str(label) for label in labels], dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, values = pd.factorize(column)
    place = index.get_indexer(pd.Index([str(v) for v in values], dtype=object))
    found: Indices = np.append(place, -1)[codes]
    return found


def _sum(flat: Indices, count: Floats, rows: int, columns: int) -> Floats:
    total = np.bincount(flat, weights=count, minlength=rows * columns).astype(float)
    return total.reshape(rows, columns)
