"""Best whole-unit hours under parity, floors and caps of groups that do not overlap.

One month, N units of u hours in all, group g between ``A_g = ceil((1 - d) s_g N)`` and
``B_g = floor((1 + d) s_g N)`` units (or the group's own floor, cap and zone bounds, whichever is tighter), so
that parity holds exactly for the total that is delivered.

For a fixed N the zones lie in groups and the groups in the city: a laminar family, whose plans are the base of
a generalised polymatroid, so taking units greedily is optimal for a separable concave objective (Fox 1966;
Federgruen & Groenevelt 1986; Ibaraki & Katoh 1988). Units of a group in order of worth: the first A_g are
taken, those after B_g refused, and of the rest of all groups the best are taken until N is reached. That it
is best is also seen directly: with the worth of the last unit taken in any group above its lower end as the
city's price m, and ``q_g = m`` moved just into the gap between the last unit taken and the first one refused
in g, every zone's units are best at price q_g, and ``q_g > m`` only at B_g, ``q_g < m`` only at A_g: the
Lagrangian bound equals the objective (:func:`~patrol_core.allocation.hours.check.fixed_total_bound`).

Over N. Rounding A_g and B_g means that some N are not possible and that one unit less can, rarely, be better.
The same multipliers bound all smaller totals (:func:`~patrol_core.allocation.hours.check.month_rules_bound`):
N goes down from the greatest possible total until that bound is not above the best plan found.

Only a window of units around the continuous plan is sorted; it grows until no unit outside belongs inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours.check import fixed_total_bound, last_bits, month_rules_bound
from patrol_core.allocation.hours.group_rules.disjoint_groups import Family
from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.group_rules.parity import fill_total, split_prices
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.rounding.totals import UnitEnds
from patrol_core.allocation.hours.rounding.whole_units import RoundedMonth, Units, marginal_gain, rank_in_pool
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats
from patrol_core.certificate import Status, relative_gap

#: Totals tried at most, and the zones times totals up to which more are; the bound of the rest is reported.
_TOTALS, _MOST_TOTALS, _WORK = 25, 400, 20_000
_GAP = 1e-6


def round_month(
    grid: HoursProblem, rules: Sequence[GroupRule], family: Family, unit: float
) -> RoundedMonth | None:
    """Best whole-unit plan of one month, ward budgets left out; None if no whole-unit plan meets the rules.

    Args:
        grid: The problem on the grid of ``unit`` hours.
        rules, family: All group rules, and the month's groups.
        unit: Hours per unit.
    """
    ends = UnitEnds(grid, family, unit)
    total, full = ends.first()
    if total is None:
        return None
    best, value, bound = np.zeros(0), -np.inf, -np.inf
    for _ in range(min(_MOST_TOTALS, max(_TOTALS, _WORK // len(family.rows)))):
        month = _Month(grid, family, unit, *ends.at(total), total)
        units = month.best()
        hours = _hours(units, unit)
        worth = float((grid.weight[family.rows] * np.log1p(hours)).sum())
        if worth > value:
            best, value = hours, worth
        city, group = month.prices(units)
        bound = max(bound, month.bound(city, group))
        total = None if full else ends.below(total - 1)
        if total is None:
            break
        rest = _bound_below(grid, rules, ends, month, city, group, total)
        if rest <= value + 1e-12 * abs(value):
            break
    else:
        bound = max(bound, rest)
    bound = last_bits(bound, value, float(grid.risk[family.rows].sum()))
    closed = relative_gap(value, bound, bound) <= _GAP
    return RoundedMonth(best, bound, Status.OPTIMAL if closed else Status.STOPPED_WITH_PLAN)


def _bound_below(
    grid: HoursProblem,
    rules: Sequence[GroupRule],
    ends: UnitEnds,
    month: _Month,
    city: float,
    group: Floats,
    total: int,
) -> float:
    """Bound over all plans of ``total`` units or fewer, from the prices at a larger total."""
    family, unit = ends.family, ends.unit
    rise, fall = np.maximum(group - city, 0.0), np.maximum(city - group, 0.0)
    at = month.total * unit
    prices = split_prices(family, ends.least * unit, ends.most * unit, at, rise, fall, len(rules))
    held = family.parity >= 0
    rule = family.parity[held]
    part = prices.low[rule] * family.low_share[held] - prices.high[rule] * family.high_share[held]
    return month_rules_bound(
        grid,
        rules,
        family.month,
        city=max(city - float(part.sum()), 0.0),
        low=prices.low,
        high=prices.high,
        budget=total * unit,
        unit=unit,
    )


class _Month:
    """One month with a fixed total: ``low <= units of a group <= high``, ``total`` units in all."""

    def __init__(
        self, grid: HoursProblem, family: Family, unit: float, low: Units, high: Units, total: int
    ) -> None:
        self.grid, self.family, self.unit = grid, family, unit
        self.low, self.high, self.total = low, high, total
        rows = family.rows
        self.weight, self.risk, self.pool = grid.weight[rows], grid.risk[rows], family.pool
        self.least = np.rint(grid.lower[rows] / unit).astype(np.int64)
        self.most = np.rint(grid.upper[rows] / unit).astype(np.int64)

    def best(self) -> Units:
        """The greedy plan, from windows that grow until nothing outside them would change it."""
        low, high = _hours(self.low, self.unit), _hours(self.high, self.unit)
        hours, _, _ = fill_total(self.grid, self.family, low, high, self.total * self.unit)
        centre = np.clip(np.floor(hours / self.unit + 1e-9).astype(np.int64), self.least, self.most)
        below, above = np.ones_like(centre), np.ones_like(centre)
        while True:
            start = np.maximum(centre - below, self.least)
            stop = np.minimum(centre + above + 1, self.most)
            units = self._take(start, stop)
            if units is None:
                assert np.any(start > self.least) or np.any(stop < self.most), "a possible total has a plan"
                below, above = 4 * below, 4 * above
                continue
            under, over = self._too_short(units, start, stop)
            if not (under.any() or over.any()):
                return units
            below, above = np.where(under, 4 * below, below), np.where(over, 4 * above, above)

    def prices(self, units: Units) -> tuple[float, Floats]:
        """Price of an hour in the city and in every group that prove the plan (module docstring)."""
        last, first, (given, refused) = self._edges(units)
        city = given if np.isfinite(given) else max(refused, 0.0)
        return city / self.unit, np.clip(city, first, last) / self.unit

    def bound(self, city: float, group: Floats) -> float:
        """Bound over all plans with this total."""
        return fixed_total_bound(
            self.grid,
            self.family.rows,
            self.pool,
            total=self.total * self.unit,
            city=city,
            low=_hours(self.low, self.unit),
            high=_hours(self.high, self.unit),
            group=group,
            unit=self.unit,
        )

    def _take(self, start: Units, stop: Units) -> Units | None:
        """Greedy within windows; None if they are too small to hold any plan."""
        size = self.family.size
        sizes = stop - start
        row = np.repeat(np.arange(len(sizes)), sizes)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        gain = marginal_gain(self.weight[row], start[row] + offset, self.unit)
        base = np.rint(pool_sums(start.astype(np.float64), self.pool, size)).astype(np.int64)
        count = np.bincount(self.pool[row], minlength=size)
        forced = np.maximum(self.low - base, 0)
        free = self.total - int(base.sum()) - int(forced.sum())
        # Ties go to the larger demand, then to the earlier row and its earlier unit.
        order = np.lexsort((offset, row, -self.risk[row], -gain))
        rank = rank_in_pool(self.pool[row[order]], size)
        own = self.pool[row[order]]
        optional = np.flatnonzero((rank >= forced[own]) & (rank < (self.high - base)[own]))
        if np.any(self.high < base) or np.any(forced > count) or not 0 <= free <= len(optional):
            return None
        taken = rank < forced[own]
        taken[optional[:free]] = True
        return np.asarray(start + np.bincount(row[order[taken]], minlength=len(sizes)), dtype=np.int64)

    def _edges(self, units: Units) -> tuple[Floats, Floats, tuple[float, float]]:
        """Worth of the last unit taken and of the first one refused, by group, and of those the city can move.

        A unit can leave a group above its lower end and enter one below its upper end.
        """
        size = self.family.size
        last, first = np.full(size, np.inf), np.full(size, -np.inf)
        has, can = units > self.least, units < self.most
        np.minimum.at(last, self.pool[has], marginal_gain(self.weight[has], units[has] - 1, self.unit))
        np.maximum.at(first, self.pool[can], marginal_gain(self.weight[can], units[can], self.unit))
        held = np.rint(pool_sums(units.astype(np.float64), self.pool, size)).astype(np.int64)
        given = float(np.min(last[held > self.low], initial=np.inf))
        refused = float(np.max(first[held < self.high], initial=-np.inf))
        return last, first, (given, refused)

    def _too_short(
        self, units: Units, start: Units, stop: Units
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Rows at an end of their window where moving a unit across it would pay."""
        last, first, (given, refused) = self._edges(units)
        held = np.rint(pool_sums(units.astype(np.float64), self.pool, self.family.size)).astype(np.int64)
        wanted = np.where(held > self.low, np.maximum(first, refused), first)
        offered = np.where(held < self.high, np.minimum(last, given), last)
        under, over = (units == start) & (start > self.least), (units == stop) & (stop < self.most)
        under &= marginal_gain(self.weight, np.maximum(units - 1, 0), self.unit) < wanted[self.pool]
        over &= marginal_gain(self.weight, units, self.unit) > offered[self.pool]
        return under, over


def _hours(units: Units, unit: float) -> Floats:
    return np.asarray(units * unit, dtype=np.float64)
