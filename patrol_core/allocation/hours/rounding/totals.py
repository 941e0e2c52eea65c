"""Which totals of a month whole-unit group rules allow, and what to say when none is possible.

With N units in all, group g gets at least ``ceil((1 - d) s_g N)`` and at most ``floor((1 + d) s_g N)`` units, or
the group's own floor, cap and zone bounds, whichever is tighter. N is possible when no group's ends cross and
N lies between their sums. Without the rounding these N are an interval
(:mod:`~patrol_core.allocation.hours.group_rules.disjoint_groups`); with it some inside are not possible, so they are tried in turn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours.group_rules.disjoint_groups import (
    Family,
    group_box,
    total_range,
    useful_hours,
)
from patrol_core.allocation.hours.group_rules.feasible import asked_parity, round_up_tolerance
from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.arrays import Floats

Units = NDArray[np.int64]

_CHUNK = 4096


class UnitEnds:
    """Least and most units of every group by the month's total, and which totals are possible."""

    def __init__(self, grid: HoursProblem, family: Family, unit: float) -> None:
        self.family, self.unit = family, unit
        least, most = group_box(grid, family)
        self.least, self.most = np.ceil(least / unit - 1e-7), np.floor(most / unit + 1e-7)
        self.useful = np.rint(useful_hours(grid, family) / unit)
        self.budget = float(np.floor(grid.city_budget[family.month] / unit + 1e-6))

    def first(self) -> tuple[int | None, bool]:
        """The least total that serves all demand in full, else the greatest possible one."""
        enough = np.maximum(self.least, np.minimum(self.useful, self.most))
        total = self._search(enough, upward=True)
        return (total, True) if total is not None else (self._search(self.least, upward=False), False)

    def below(self, top: int) -> int | None:
        """The greatest possible total up to ``top``."""
        return self._search(self.least, upward=False, top=top)

    def at(self, total: int) -> tuple[Units, Units]:
        """Least and most units of every group at a possible total."""
        low, high = self._at(np.array([total], dtype=np.float64), self.least)
        return low[0].astype(np.int64), high[0].astype(np.int64)

    def _at(self, totals: Floats, least: Floats) -> tuple[Floats, Floats]:
        """Ends for many totals, shape ``(totals, groups)``; a 1e-14th of a total is forgiven to floats."""
        family, column = self.family, totals[:, None]
        low = np.ceil(family.low_share * column * (1.0 - 1e-14))
        held = np.isfinite(family.high_share)
        share = np.where(held, family.high_share, 0.0)
        high = np.where(held, np.floor(share * column * (1.0 + 1e-14)), np.inf)
        return np.maximum(low, least), np.minimum(high, self.most)

    def near_the_top(self) -> bool:
        """Whether some total among the greatest few thousand is possible; a quick look, so False proves nothing."""
        return self._search(self.least, upward=False, at_most=_CHUNK) is not None

    def _search(
        self, least: Floats, *, upward: bool, top: float = np.inf, at_most: int | None = None
    ) -> int | None:
        possible = total_range(self.family, least, self.most, min(self.budget, top))
        if possible is None:
            return None
        first, last = int(np.ceil(possible[0] - 1e-6)), int(np.floor(possible[1] + 1e-6))
        count = last - first + 1 if at_most is None else min(last - first + 1, at_most)
        offset, chunk = 0, 32
        while offset < count:  # most often one of the first is possible: small chunks first
            many = np.arange(offset, min(offset + chunk, count), dtype=np.float64)
            offset, chunk = offset + chunk, min(2 * chunk, _CHUNK)
            totals = first + many if upward else last - many
            low, high = self._at(totals, least)
            good = (low <= high).all(axis=1) & (low.sum(axis=1) <= totals) & (high.sum(axis=1) >= totals)
            if good.any():
                return int(totals[int(np.argmax(good))])
        return None


def tolerance_in_units(
    grid: HoursProblem, rules: Sequence[GroupRule], family: Family, unit: float
) -> float | None:
    """A parity tolerance to four decimals with which whole units work, near the smallest; None if none is found.

    Args:
        grid: The problem on the grid of ``unit`` hours.
        rules: Group rules of all months.
        family: The month's groups.
        unit: Hours per whole unit.
    """

    def works(within: float) -> bool:
        return UnitEnds(grid, family.with_tolerance(rules, within), unit).near_the_top()

    low = asked_parity([rule for rule in rules if rule.month == family.month])
    high = next((d for d in (0.001, 0.01, 0.1, 1.0, 10.0) if d > low and works(d)), None)
    if high is None:
        return None
    while high - low > 2e-5:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if works(middle) else (middle, high)
    named = round_up_tolerance(high)
    return named if works(named) else None
