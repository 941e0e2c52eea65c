r"""Whole-unit hours under group rules that are not nested: an integer programme whose window is proved.

Overlapping groups, or ward and borough budgets that cut across them, are no laminar family, so taking the best unit
next can fail. Zone i takes n_i whole units of u hours; its k-th unit is worth ``c ln((1 + k u) / (1 + (k - 1) u))``,
less than the one before, so one binary a unit makes the programme exact: units are taken in order by themselves.

.. math:: \max \sum_i f_i(n_i), \; f_i(n) = c_i \ln(1 + n u) \quad\text{s.t.}\quad A n \le b

A city in quarter hours has thousands of units a month, nearly all of them beyond doubt. Which ones are is read off
prices: with multipliers y >= 0 of the rows and ``p = A'y`` every plan is worth at most

    U - sum_i loss_i(n_i),   U = y b + sum_i max_n (f_i(n) - p_i n),   loss_i(n) = max_m (f_i(m) - p_i m) - (f_i(n) - p_i n)

(Lagrangian duality; Geoffrion 1974), so against a plan of value L only units with ``loss_i <= U - L`` can be part of a
better one. loss_i is convex, so they are a window around the best response. A first plan comes from a narrow window
about the continuous one; then the proved window is solved, and the bound is the larger of the programme's own and of U
less the least loss outside the window. What is not closed in time is said with that bound.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.allocation.hours.check import last_bits
from patrol_core.allocation.hours.group_rules.groups import GroupRule, rule_rows
from patrol_core.allocation.hours.linear_program import GAP, dual_prices, one_sided
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.rounding.whole_units import RoundedMonth, Units, marginal_gain
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status, relative_gap
from patrol_core.errors import InfeasibleError
from patrol_core.games.rules import Rule
from patrol_core.solvers import HighsProgram, linear_program

#: Seconds for one month, and nodes of the search for a proof once a plan is known: nodes, unlike seconds, are the same
#: on every machine, and so is the plan. Small windows have more: nodes times units is what takes the time.
_TIME_LIMIT, _NODES, _WORK = 20.0, 200, 600_000
#: Units on either side of the continuous plan in the windows tried for a first plan; then all units.
_REACHES = (0, 2, 8, 32)
#: Units up to which the programme is solved to the last digits, not to a millionth; and up to which it is tried at all.
_TO_THE_END, _MOST_UNITS = 200, 200_000
_CLOSER = 1e-10
#: A gap that needs no search for a proof in a window of more units than this: it would take seconds a month.
_NEAR, _LONG = 1e-4, 1_000


def round_with_rules(
    problem: HoursProblem, rules: Sequence[GroupRule], hours: Floats, unit: float, month: int
) -> RoundedMonth:
    """Best whole-unit hours of one month's rows under bounds, budgets and group rules, with a proved bound.

    Args:
        problem: On the grid already.
        rules: All group rules; only those of ``month`` are used.
        hours: The continuous plan of all rows.
        unit: Hours per unit.
        month: Month number.

    Raises:
        InfeasibleError: If no whole-unit plan meets the rules, or none was found in time; the message says
            which.
    """
    return _Month(problem, [rule for rule in rules if rule.month == month], hours, unit, month).solve()


def not_in_whole_units(
    label: str, unit: float, *, tolerance: float | None = None, source: Rule | None = None
) -> InfeasibleError:
    """The error to raise where a month's group rules can be met in hours but not in units of ``unit`` hours.

    Args:
        label, unit: The month, and hours per unit.
        tolerance, source: A tolerance of the rule on shares with which they can, where one is known, and that
            rule.
    """
    if tolerance is None or source is None:
        works, rule = "", "rounding"
    else:
        works, rule = (
            f" ({source.hours_work(tolerance, measure='parity ')})",
            f"{source.kind.removeprefix('coverage-')}-rounding",
        )
    return InfeasibleError(
        f"The group rules of {label} can be met in hours but not in whole steps of {unit:g} h; "
        f"loosen the rules slightly{works} or do not round.",
        rule=rule,
        remedy=tolerance,
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """What one window held: the best plan (None: none found), a bound over the window, whether it was searched to the end."""

    units: Units | None
    bound: float
    done: bool


class _Month:
    """One month's zones, rows of rules and prices, all counted in units."""

    def __init__(
        self, problem: HoursProblem, rules: Sequence[GroupRule], hours: Floats, unit: float, month: int
    ) -> None:
        rows = np.flatnonzero(problem.month == month)
        self.label, self.unit, self.weight = problem.months[month], unit, problem.weight[rows]
        self.low = np.rint(problem.lower[rows] / unit).astype(np.int64)
        self.high = np.rint(problem.upper[rows] / unit).astype(np.int64)
        self.centre = np.clip(np.floor(hours[rows] / unit + 1e-9).astype(np.int64), self.low, self.high)
        self.lines, limit = one_sided(*rule_rows(problem, rules, rows))
        self.limit = limit / unit
        counts = np.array(
            [np.all(np.abs(row) == 1.0) for row in np.split(self.lines.data, self.lines.indptr[1:-1])]
        )
        if len(limit):  # whole units in a plain sum: no more than the whole part of its limit
            self.limit = np.where(counts, np.floor(self.limit + 1e-7), self.limit)
        self.demand = float(problem.risk[rows].sum())
        self.price = np.zeros(len(rows))
        self.best: Units | None = None
        self.value = -np.inf
        self.stop_at = time.monotonic() + _TIME_LIMIT
        self._set_prices(hours[rows])

    def solve(self) -> RoundedMonth:
        """A first plan from a narrow window, then the window that holds every better one."""
        window, found = self._first_plan()
        bound = self._bound_with(window, found)
        if self.best is not None and not self._closed(bound):
            self._sharpen()
            bound = min(bound, self._bound_with(window, found))
        while self.best is not None and not self._closed(bound):
            # Each plan found narrows what can still be better, each window that did not close widens the next.
            wider = self._better_than(self.value, window)
            near_enough = self._gap(bound) <= _NEAR and int((wider[1] - wider[0]).sum()) > _LONG
            if near_enough or self._same(wider, window) or time.monotonic() >= self.stop_at:
                break
            window = wider
            found = self._search(*window)
            bound = min(bound, self._bound_with(window, found))
        if self.best is None:
            raise self._none(found)
        bound = last_bits(bound, self.value, self.demand)
        status = Status.OPTIMAL if self._closed(bound) else Status.STOPPED_WITH_PLAN
        return RoundedMonth(np.asarray(self.best * self.unit, dtype=np.float64), bound, status)

    # -- prices ---------------------------------------------------------------------------------

    def _set_prices(self, near: Floats) -> None:
        """Prices per unit, the best response of every zone to them, and the bound over all plans."""
        self.top = self.high.copy()
        self.all_plans = float(self._worth(self.high).sum())
        if not len(self.limit) or self.weight.sum() <= 0.0:
            return
        low, high = (np.asarray(end * self.unit, dtype=np.float64) for end in (self.low, self.high))
        prices = dual_prices(self.weight, low, high, self.lines, self.limit * self.unit, near)
        self._take_prices(prices * self.unit)

    def _take_prices(self, prices: Floats) -> None:
        """Take these multipliers (per unit, 0 or more) where they prove more than those at hand."""
        price = np.asarray(self.lines.T @ prices, dtype=np.float64)
        top = self._respond(price)
        all_plans = float(prices @ self.limit + (self._worth(top) - price * top).sum())
        if np.isfinite(all_plans) and all_plans < self.all_plans:
            self.price, self.top, self.all_plans = price, top, all_plans

    def _sharpen(self) -> None:
        """Multipliers of the programme without its whole numbers: the smooth dual does not see the steps of units."""
        start, stop = np.maximum(self.top - 2, self.low), np.minimum(self.top + 2, self.high)
        owner, gain, size = self._steps(start, stop)
        if not len(owner) or not len(self.limit):
            return
        left = self.limit - self.lines @ start
        found = linear_program(-gain / size, self.lines[:, owner], left, upper=1.0)
        if found.status is Status.OPTIMAL:
            self._take_prices(np.maximum(-size * found.row_duals, 0.0))

    def _worth(self, units: Units) -> Floats:
        return np.asarray(self.weight * np.log1p(units * self.unit), dtype=np.float64)

    def _respond(self, price: Floats) -> Units:
        """Best whole units of every zone at a price per unit."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            free = np.where(price > 0.0, self.weight / price - 1.0 / self.unit, np.inf)
        free = np.where((self.weight > 0.0) | (price < 0.0), free, -np.inf)
        down = np.clip(np.floor(np.clip(free, self.low, self.high)).astype(np.int64), self.low, self.high)
        up = np.minimum(down + 1, self.high)
        better = self._worth(up) - price * up > self._worth(down) - price * down
        return np.asarray(np.where(better, up, down), dtype=np.int64)

    def _loss(self, units: Units) -> Floats:
        """What a zone's units cost against its best response; convex in them."""
        best = self._worth(self.top) - self.price * self.top
        return np.asarray(best - (self._worth(units) - self.price * units), dtype=np.float64)

    def _better_than(self, value: float, window: tuple[Units, Units]) -> tuple[Units, Units]:
        """The window of all units that can be part of a plan better than ``value``; never narrower than before."""
        room = self.all_plans - value + 1e-12 * abs(value)
        ends = []
        for far in (self.low, self.high):
            inside, outside = np.where(self._loss(far) <= room, far, self.top), far
            while np.any(np.abs(outside - inside) > 1):
                middle = (inside + outside) // 2
                good = self._loss(middle) <= room
                inside, outside = np.where(good, middle, inside), np.where(good, outside, middle)
            ends.append(inside)
        return np.minimum(ends[0], window[0]), np.maximum(ends[1], window[1])

    def _bound_with(self, window: tuple[Units, Units], found: _Found) -> float:
        """Bound over all plans: the window's own, and for the rest the prices' less the least loss outside."""
        start, stop = window
        below, above = np.maximum(start - 1, self.low), np.minimum(stop + 1, self.high)
        outside = np.concatenate([self._loss(below)[start > self.low], self._loss(above)[stop < self.high]])
        rest = self.all_plans - float(outside.min(initial=np.inf))
        return min(max(found.bound, rest), self.all_plans)

    def _closed(self, bound: float) -> bool:
        return self._gap(bound) <= GAP

    def _gap(self, bound: float) -> float:
        return relative_gap(self.value, last_bits(bound, self.value, self.demand), bound)

    # -- plans ----------------------------------------------------------------------------------

    def _first_plan(self) -> tuple[tuple[Units, Units], _Found]:
        """The best plan of the narrowest window about the continuous plan that holds one."""
        for reach in (*_REACHES, int((self.high - self.low).max(initial=0))):
            start = np.maximum(self.centre - reach, self.low)
            stop = np.minimum(self.centre + 1 + reach, self.high)
            found = self._search(start, stop)
            if self.best is not None or self._same((start, stop), (self.low, self.high)):
                break
        return (start, stop), found

    def _search(self, start: Units, stop: Units) -> _Found:
        """Best plan with ``start <= n <= stop``; kept where it is better than the one known."""
        base = float(self._worth(start).sum())
        left = self.limit - self.lines @ start
        count = int((stop - start).sum())
        if not count:
            held = bool(np.all(left >= -1e-7))
            if held:
                self._keep(start)
            return _Found(start if held else None, base if held else -np.inf, True)
        if count > _MOST_UNITS:
            return _Found(None, float(self._worth(stop).sum()), False)
        owner, gain, size = self._steps(start, stop)
        seconds = max(self.stop_at - time.monotonic(), 0.1)
        close = _CLOSER if count <= _TO_THE_END else 0.5 * GAP
        whole = abs(base) + 0.5 * float(gain.sum())
        result = HighsProgram(
            -gain / size,
            self.lines[:, owner],
            (np.full(left.size, -np.inf), left),
            (np.zeros(count), np.ones(count)),
            whole=np.ones(count, dtype=bool),
            mip_max_nodes=max(_NODES, _WORK // count) * (1 if self.best is not None else 100),
            mip_rel_gap=float(np.clip(close * whole / max(float(gain.sum()), 1e-300), 0.0, 1e-2)),
        ).run(seconds)
        done = result.status in (Status.OPTIMAL, Status.INFEASIBLE)
        units = None
        if result.columns.size:
            added = np.bincount(owner, weights=np.rint(result.columns), minlength=len(start))
            units = start + added.astype(np.int64)
            if np.all(self.lines @ units <= self.limit + 1e-6):
                self._keep(units)
            else:
                units, done = None, False
        bound = float(self._worth(stop).sum())
        if result.status is Status.INFEASIBLE:
            bound = -np.inf
        elif np.isfinite(result.bound):
            bound = min(bound, base - size * result.bound)
        return _Found(units, bound, done)

    def _steps(self, start: Units, stop: Units) -> tuple[Indices, Floats, float]:
        """Zone and gain of every unit of a window; and the largest gain, since HiGHS compares with absolute numbers."""
        sizes = stop - start
        owner = np.repeat(np.arange(len(sizes)), sizes)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        gain = marginal_gain(self.weight[owner], start[owner] + offset, self.unit)
        return owner, gain, float(gain.max(initial=0.0)) or 1.0

    def _keep(self, units: Units) -> None:
        value = float(self._worth(units).sum())
        if value > self.value:
            self.best, self.value = units, value

    def _none(self, found: _Found) -> InfeasibleError:
        if found.done:
            return not_in_whole_units(self.label, self.unit)
        return InfeasibleError(
            f"No plan in whole steps of {self.unit:g} h that meets the group rules of {self.label} was found in "
            f"{_TIME_LIMIT:g} s (that is no proof that there is none); loosen the rules slightly or do not round.",
            rule="rounding",
        )

    @staticmethod
    def _same(one: tuple[Units, Units], other: tuple[Units, Units]) -> bool:
        return bool(np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1]))
