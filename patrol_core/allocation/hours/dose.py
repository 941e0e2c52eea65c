r"""Hours with a least useful dose: a zone gets nothing, or at least k whole units in the month.

A few minutes a month in a zone help nobody (Koper 1995 measures no effect below a stay of some minutes, and visits
must come back). So n_i = 0 or k <= n_i <= most_i units of u hours, and the problem is no longer concave:

.. math:: \max \sum_i f_i(n_i), \; f_i(n) = c_i \ln(1 + n u), \; n_i \in \{0\} \cup \{k, ..\}, \text{ nested budgets.}

Bound. At a price p per hour (the sum of the multipliers of the ward, borough and city of the zone) the best answer of
a zone is nothing, or the best of its doses, in closed form; Lagrangian duality then bounds the optimum for any
multipliers. They are found by bisection, wards first, then boroughs, then the city (what is asked falls with the price,
so a zone follows the highest of its three).

Plan. The answer at those prices keeps every budget. What is left, at most the last dose of each budget that binds when
no two zones are alike, goes unit by unit to the best use that fits: one more unit where there is a dose, or a whole
dose where there is none, by worth per hour. The gap between plan and bound is reported: it is what the dose can have
cost beyond the optimum, proved.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours.check import monthly_objective
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.rounding.whole_units import nearest_units, nested_top
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats
from patrol_core.errors import InputError

Units = NDArray[np.int64]

_BISECTIONS = 80


@dataclass(frozen=True, eq=False)
class Dosed:
    """Hours per row, and a proved bound per month."""

    hours: Floats
    bound: Floats


def solve_dose(problem: HoursProblem, unit: float, least: int) -> Dosed:
    """Best hours found in whole units where a zone gets 0 or at least ``least`` units.

    Args:
        problem: On the grid already; the least hours of every row fit the budgets.
        unit: Hours per whole unit.

    Raises:
        InputError: If every zone must have more than nothing anyway, but not a dose.
    """
    low = np.rint(problem.lower / unit).astype(np.int64)
    high = np.rint(problem.upper / unit).astype(np.int64)
    _check_least(problem, low, unit, least)
    model = _Dose(problem, unit, least, low, high)
    prices = model.prices()
    units = model.fill(model.respond(model.price_of(prices)))
    hours = np.asarray(units * unit, dtype=np.float64)
    return Dosed(hours, np.maximum(model.bound(prices), monthly_objective(problem, hours)))


def nearest_doses(problem: HoursProblem, hours: Floats, unit: float, least: int) -> Floats:
    """Given hours in whole units where a zone gets 0 or at least ``least`` units, nearest to what was given.

    Zones that were given less than a dose share what they have: the first of them get a dose, the others nothing. What is
    left over goes to all who have a dose, in proportion.

    Args:
        problem: On the grid already; the least hours of every row fit the budgets.
        hours: Hours per row.
        unit: Hours per whole unit.

    Raises:
        InputError: As of :func:`solve_dose`.
    """
    low, high = (np.rint(end / unit).astype(np.int64) for end in (problem.lower, problem.upper))
    _check_least(problem, low, unit, least)
    exact = hours / unit
    few = (low == 0) & (exact < least)
    rows = np.flatnonzero(few & (high >= least) & (exact > 1e-9))
    months = len(problem.months)
    given = pool_sums(exact, problem.month, months)
    rooms = []
    for pool, budget in (
        (problem.ward, problem.ward_budget / unit),
        (problem.borough, problem.borough_budget / unit),
        (problem.month, np.minimum(problem.city_budget / unit, given)),
    ):
        kept = pool_sums(np.where(few, 0.0, exact), pool, len(budget))
        rooms.append((pool, np.floor((budget - kept) / least + 1e-6)))
    chosen = rows[nested_top(rows, exact[rows], problem.risk[rows], tuple(rooms))]
    dosed = ~few
    dosed[chosen] = True
    wanted = np.where(dosed, np.maximum(exact, least), 0.0)
    wanted *= (given / np.maximum(pool_sums(wanted, problem.month, months), 1e-300))[problem.month]
    grid = replace(
        problem,
        lower=np.where(dosed, np.maximum(low, least), 0) * unit,
        upper=np.where(dosed, problem.upper, 0.0),
    )
    return nearest_units(grid, np.minimum(wanted * unit, grid.upper), unit)


def _check_least(problem: HoursProblem, low: Units, unit: float, least: int) -> None:
    """Refuse rows that must have something, but not a dose."""
    between = np.flatnonzero((low > 0) & (low < least))
    if len(between):
        raise InputError(
            f"{problem.name(int(between[0]))} must have {low[between[0]] * unit:g} h at least, and the least useful dose is "
            f"{least * unit:g} h ({len(between)} such rows); set the least hours a day to 0, or lower the dose."
        )


class _Dose:
    """Worth of units in every zone, and the three levels of budgets."""

    def __init__(self, problem: HoursProblem, unit: float, least: int, low: Units, high: Units) -> None:
        self.problem, self.unit, self.least = problem, unit, least
        self.low = low
        # Who cannot take a dose takes nothing; who must have hours has at least a dose already.
        self.high = np.where((low == 0) & (high < least), 0, high)
        self.first = np.where(low > 0, low, np.minimum(least, self.high))
        self.levels = (
            (problem.ward, problem.ward_budget),
            (problem.borough, problem.borough_budget),
            (problem.month, problem.city_budget),
        )

    def worth(self, units: Units) -> Floats:
        """``c ln(1 + n u)``."""
        return np.asarray(self.problem.weight * np.log1p(units * self.unit), dtype=np.float64)

    def respond(self, price: Floats) -> Units:
        """Best units of every zone at a price per hour."""
        weight, unit = self.problem.weight, self.unit
        with np.errstate(divide="ignore", over="ignore"):
            free = np.where(price > 0.0, weight / np.where(price > 0.0, price, 1.0) - 1.0, np.inf) / unit
        free = np.where(weight > 0.0, np.clip(free, self.first, self.high), self.first)
        down, up = np.floor(free).astype(np.int64), np.ceil(free).astype(np.int64)
        better = self._gain(up, price) > self._gain(down, price)
        best = np.where(better, up, down)
        nothing = (self.low == 0) & (self._gain(best, price) <= 0.0)
        return np.where(nothing, 0, best).astype(np.int64)

    def hours_at(self, price: Floats) -> Floats:
        """Best hours of every zone at a price per hour."""
        return np.asarray(self.respond(price) * self.unit, dtype=np.float64)

    def _gain(self, units: Units, price: Floats) -> Floats:
        return np.asarray(self.worth(units) - price * units * self.unit, dtype=np.float64)

    def prices(self) -> tuple[Floats, ...]:
        """Lowest price of every pool, found by bisection, at which the pool's budget holds."""
        top = float((self.problem.weight / min(self.unit, 1.0)).max(initial=0.0)) * 4.0 + 1.0
        inner = np.zeros(len(self.problem.weight))
        found = []
        for pool, budget in self.levels:
            pools = len(budget)
            good = np.full(pools, top)
            bad = np.zeros(pools)
            used = pool_sums(self.hours_at(inner), pool, pools)
            tight = used > budget + 1e-9
            good[~tight] = 0.0
            if tight.any():
                for _ in range(_BISECTIONS):
                    # Prices span orders of magnitude, so the middle is that of their logarithms.
                    middle = np.where(bad > 0.0, np.sqrt(bad * good), good * 1e-3)
                    middle = np.where(tight, np.where(middle < top * 1e-18, 0.5 * (bad + good), middle), 0.0)
                    asked = self.hours_at(np.maximum(inner, middle[pool]))
                    fits = pool_sums(asked, pool, pools) <= budget + 1e-9
                    good, bad = np.where(fits, np.minimum(middle, good), good), np.where(fits, bad, middle)
                good = np.where(tight, good, 0.0)
            found.append(good)
            inner = np.maximum(inner, good[pool])
        return tuple(found)

    def price_of(self, prices: tuple[Floats, ...]) -> Floats:
        """Price of every row: the highest of its pools'."""
        each = [price[pool] for price, (pool, _) in zip(prices, self.levels, strict=True)]
        return np.asarray(np.max(each, axis=0), dtype=np.float64)

    def bound(self, prices: tuple[Floats, ...]) -> Floats:
        """Lagrangian bound per month at these prices."""
        problem = self.problem
        ward, borough, city = prices
        extra_borough = np.maximum(borough - city[problem.month_of_borough], 0.0)
        above = np.maximum(borough[problem.borough_of_ward], city[problem.month_of_ward])
        extra_ward = np.maximum(ward - above, 0.0)
        price = extra_ward[problem.ward] + extra_borough[problem.borough] + city[problem.month]
        months = len(problem.months)
        bound = pool_sums(self._gain(self.respond(price), price), problem.month, months)
        bound += pool_sums(_times(extra_ward, problem.ward_budget), problem.month_of_ward, months)
        bound += pool_sums(_times(extra_borough, problem.borough_budget), problem.month_of_borough, months)
        return bound + _times(city, problem.city_budget)

    def fill(self, units: Units) -> Units:
        """Give what is left of the budgets to the best uses that fit."""
        units = units.copy()
        room = [
            np.floor(budget / self.unit + 1e-6) - pool_sums(units.astype(float), pool, len(budget))
            for pool, budget in self.levels
        ]
        heap = [entry for row in range(len(units)) if (entry := self._next(units, row)) is not None]
        heapq.heapify(heap)
        while heap:
            _, _, row, step = heapq.heappop(heap)
            pools = [int(pool[row]) for pool, _ in self.levels]
            if any(left[p] < step for left, p in zip(room, pools, strict=True)):
                continue  # rooms only shrink, so it never fits again
            units[row] += step
            for left, p in zip(room, pools, strict=True):
                left[p] -= step
            entry = self._next(units, row)
            if entry is not None:
                heapq.heappush(heap, entry)
        return units

    def _next(self, units: Units, row: int) -> tuple[float, float, int, int] | None:
        """The row's next step, best worth per unit first; ties to the larger demand, then the earlier row."""
        now = int(units[row])
        step = 1 if now >= self.first[row] and now > 0 else int(self.first[row]) - now
        if now + step > self.high[row] or step < 1:
            return None
        weight = float(self.problem.weight[row])
        gain = weight * float(np.log1p((now + step) * self.unit) - np.log1p(now * self.unit)) / step
        return (-gain, -float(self.problem.risk[row]), row, step) if gain > 0.0 else None


def _times(multiplier: Floats, budget: Floats) -> Floats:
    """Multiplier times budget with 0 x inf = 0."""
    held = np.where(multiplier > 0.0, budget, 0.0)
    return np.asarray(multiplier * held, dtype=np.float64)
