"""The most that classes can prevent together, F_c below its tangents: cuts are added until they leave no gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import RowKey
from patrol_core.games.zone.classes import ZoneClasses
from patrol_core.games.zone.curved.supply import CurvedSupply, Supply
from patrol_core.solvers import ArrayLP, Rows, minimise

#: All that can be prevented, in the unit of the program over sums: far above the tolerance of the solver.
_WHOLE = 1e2

#: Slopes below this are too small for the solver.
_SEEN = 1e-8

#: Cuts may leave this gap, as a share of all harm.
_GAP = 1e-11

#: The same where rows on harm keep Newton's method from the last digits.
_GAP_HELD = 1e-10

#: Sides and prices this near are equal.
_EQUAL = 1e-9

#: From this many times that gap on, the optimum of curved pieces is looked for by Newton's method.
_NEAR, _NEWTON, _MOST_KKT = 1e6, 12, 300

#: Rounds after which rounding of the solver is allowed for.
_LATE = 30

#: Sums and prices nearer to their bounds are at them.
_FREE = 1e-7

_MOST_ROUNDS = 100
_SECONDS = 60.0


class Cuts:
    """max sum of F_c(C_c) over the sums that rules allow, F_c below its tangents so far.

    Args:
        classes: Classes and rules.
        lower, upper: (classes,) bounds of the sums.
        supplies: F_c, by coverage beyond ``lower``.
        tight: Rows that hold with equality.
        harm: All harm there is; gaps are shares of it.
        held: Coefficients of F, and limit, of rows on harm prevented.
    """

    def __init__(
        self,
        classes: ZoneClasses,
        lower: Floats,
        upper: Floats,
        supplies: list[Supply],
        tight: frozenset[RowKey],
        harm: float,
        held: Sequence[tuple[Floats, float]] = (),
    ) -> None:
        self.count, self.start, self.supplies = classes.size, lower, supplies
        most = np.array([s.at(float(r))[0] for s, r in zip(supplies, upper - lower, strict=True)])
        self.gap = (_GAP_HELD if held else _GAP) * harm
        self.unit = max(float(most.sum()), 1e-3 * harm) / _WHOLE or 1.0
        self.harm, rows = held, Rows()
        classes.add_rules(rows, 0, 2 * self.count, tight)
        for line, limit in held:
            rows.add(
                (self.count + np.arange(self.count)).tolist(), (line * self.unit).tolist(), -np.inf, limit
            )
        self.limits = rows.sides[1]
        self.rules = rows.matrix(2 * self.count + classes.pairs.size)
        for c, supply in enumerate(supplies):
            for extra in np.linspace(0.0, 1.0, 5) * (upper - lower)[c]:
                self._cut(rows, c, supply, float(extra))
        zeros = np.zeros(self.count)
        cost = np.concatenate([zeros, zeros - 1.0, np.zeros(classes.pairs.size)])
        self._lp = ArrayLP(
            cost, np.concatenate([lower, zeros, np.zeros(classes.pairs.size)]),
            np.concatenate([upper, most / self.unit, classes.pairs]), rows,
        )  # fmt: skip

    def _cut(self, rows: Rows, c: int, supply: Supply, extra: float) -> None:
        harm, rates = supply.at(extra)
        for rate in rates:
            line = rate / self.unit
            if line < _SEEN:  # HiGHS would take it for 0; the bound of the column says nearly the same
                continue
            rows.add(
                [self.count + c, c], [1.0, -line], -np.inf, harm / self.unit - line * (self.start[c] + extra)
            )

    def solve(self) -> tuple[Floats, Floats] | None:
        """Sums and prices of the rules' rows; None where the rules allow no plan."""
        last: tuple[Floats, Floats] | None = None
        for nth in range(_MOST_ROUNDS):
            found = self._lp.solve(_SECONDS)
            if found.status is Status.INFEASIBLE or (found.status is Status.FAILED and last is None):
                return None  # on the edge of what rules allow HiGHS may not decide
            if found.status is not Status.OPTIMAL and last is not None:
                return last  # cuts all but the same: what they leave is judged by the proof
            if found.status is not Status.OPTIMAL:
                raise SolverError(f"HiGHS ended as {found.status} on a program of {self.count} group sums.")
            sums, claimed = (
                found.columns[: self.count],
                self.unit * found.columns[self.count : 2 * self.count],
            )
            prices = self.unit * np.maximum(-found.row_duals[: len(self.limits)], 0.0)
            last, extra = (sums, prices), np.maximum(sums - self.start, 0.0)
            over = claimed - np.array([s.at(float(y))[0] for s, y in zip(self.supplies, extra, strict=True)])
            missing = float(np.maximum(over, 0.0).sum())
            if missing <= self.gap * (1.0 if nth < _LATE else 1e3):
                break
            exact = self._exact(found.columns, prices) if missing <= _NEAR * self.gap else None
            if exact is not None:
                return exact
            rows = Rows()
            for c in np.flatnonzero(over > self.gap / (2 * self.count)):
                self._cut(rows, int(c), self.supplies[c], float(extra[c]))
            self._lp.add_rows(rows)
        return sums, prices

    def _exact(self, columns: Floats, prices: Floats) -> tuple[Floats, Floats] | None:
        """The optimum near a point, by Newton's method on the rows that bind there; None where other rows bind in it.

        Args:
            columns: Sums, what they prevent, and pair variables.
            prices: One number a row of the rules.
        """
        curved = [supply for supply in self.supplies if isinstance(supply, CurvedSupply)]
        if len(curved) < self.count or self.harm:
            return None
        kept = np.append(np.arange(self.count), np.arange(2 * self.count, columns.size))
        matrix, point = self.rules[:, kept].toarray(), columns[kept]
        low, high = self._lp.lower[kept], self._lp.upper[kept]
        free = np.flatnonzero((point > low + _FREE) & (point < high - _FREE))
        binds = np.flatnonzero(prices > _FREE * prices.max(initial=0.0))
        if free.size + binds.size > _MOST_KKT:
            return None
        point = np.where(point <= low + _FREE, low, np.where(point >= high - _FREE, high, point))
        rows = matrix[np.ix_(binds, free)]
        for _ in range(_NEWTON):
            rate, bend = np.zeros(point.size), np.zeros(point.size)
            for c, supply in enumerate(curved):
                rate[c], bend[c] = supply.slopes(max(float(point[c] - self.start[c]), 0.0))
            system = np.block([[np.diag(-bend[free]), rows.T], [rows, np.zeros((binds.size, binds.size))]])
            sides = np.append(rate[free], (self.limits - matrix @ point)[binds])
            step = np.linalg.lstsq(system, sides, rcond=None)[0]
            if not np.abs(system @ step - sides).max(initial=0.0) <= 1e-9 * (
                1 + np.abs(sides).max(initial=0.0)
            ):
                return None
            point[free] += step[: free.size]
            if np.abs(step[: free.size]).max(initial=0.0) <= 1e-13 * (1 + np.abs(point).max(initial=0.0)):
                break
        else:
            return None
        room = self.limits - matrix @ point
        if room.min() < -1e-10 or (point < low).any() or (point > high).any():
            return None
        return self._proved(point, rate, matrix, np.flatnonzero(room <= _EQUAL), (low, high))

    def _proved(
        self, point: Floats, rate: Floats, matrix: Floats, tight: Indices, bounds: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats] | None:
        """A point with the prices that prove it; there may be many where rows depend on one another."""
        # A' y = rate, but more at a lower bound and less at an upper one
        at = [point <= bounds[0], point >= bounds[1]]
        sides = [sign * np.eye(point.size)[:, here] for sign, here in zip((-1.0, 1.0), at, strict=True)]
        parts = np.hstack([matrix[tight].T, *sides])
        near, ends = _EQUAL * (1 + np.abs(rate)), np.zeros(parts.shape[1])
        found = minimise(ends + 1.0, parts, (rate - near, rate + near), (ends, ends + np.inf))
        if found.status is not Status.OPTIMAL:
            return None
        prices = np.zeros(self.limits.size)
        prices[tight] = np.maximum(found.columns[: tight.size], 0.0)
        return point[: self.count], prices
