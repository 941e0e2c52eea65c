r"""Zone games whose response is curved and whose rules speak of group sums: exact, through a few dimensions.

    (1) least z with   N(z) <= x <= u,  (C_c) in Q          N_t(z) = max(l_t, s_t^-1(z / V_t))
    (2) then the most prevented,  max sum_t V_t (1 - s_t(x_t))  over the same x with z held

C_c sums x over class c and Q are the rules (:mod:`~patrol_core.games.zone.classes`).

* (1) is a root in z. What classes can be given together is cut out by inequalities lambda . N <= q, found one at a time; N_c
  is convex and falls with z, so Newton's method from the left meets the root of each, exactly where N is made of lines. The
  last inequality proves the level: weights q_t = lambda_c / (V_t s_t'(x_t)) and the prices of its rows.
* (2) inside a class, coverage goes where it prevents most. What the class prevents, F_c(C_c), is concave and known by its
  knots (:class:`_Supply`), so what is left is a program over the sums, solved by tangent cuts of the F_c until they leave no
  gap.

For the total the same in the other order: (2) over all plans, then (1) where the total stays as it is, zones whose next piece
is worth just the price of their class being free to move over it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import BUDGET, RowKey
from patrol_core.games.zone.certificates import Proof
from patrol_core.games.zone.classes import Reach, ZoneClasses
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved_filling import units_for
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.games.zone.water_filling import share_evenly
from patrol_core.solvers import ArrayLP, Rows

#: What a class may fall short of its need, relatively, for the need to count as met.
_SHORT = 1e-10

#: Relative slacks of the level, where rounding makes the level itself infeasible in the second phase.
_SLACKS = (0.0, 1e-11, 1e-10, 1e-9)

#: Cuts may leave this gap, as a share of all harm.
_GAP = 1e-11

#: Levels below this share of the largest value are as good as 0.
_LEAST = 1e-15

#: Prices this near, as a share of the largest value, are equal.
_EQUAL = 1e-9

#: From this many times that gap on, the optimum of curved pieces is looked for by Newton's method.
_NEAR, _NEWTON, _MOST_KKT = 1e6, 12, 300

#: Rounds after which rounding of the solver is allowed for.
_LATE = 30

#: Sums and prices nearer to their bounds are at them.
_FREE = 1e-7

_MOST_ROUNDS, _MOST_STEPS, _MOST_LEVELS = 100, 500, 200
_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class _Level:
    """The least level, what it needs, and its proof; zones it rests on."""

    value: float
    needs: Floats
    proof: Proof
    zones: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Face:
    """Plans to choose among: bounds of zones and of pair variables, and rows that hold with equality."""

    lower: Floats
    upper: Floats
    pairs: Floats
    tight: frozenset[RowKey] = frozenset()


@dataclass(frozen=True, eq=False)
class _Filled:
    """A plan with the least total, and the prices of the rows."""

    coverage: Floats
    prices: Floats


class GroupSums:
    """The phases of one solve.

    Args:
        game: A curved game.
        classes: Its classes.

    Raises:
        InfeasibleError: If the rules cannot all be met.
    """

    def __init__(self, game: ZoneGame, classes: ZoneClasses) -> None:
        self.game, self.classes, self.does = game, classes, game.does
        self.values, self.top = game.values, float(game.values.max())
        self.lower, self.upper = game.bounds()
        if (self.lower > self.upper).any() or self.lower.sum() > game.budget * (1 + 1e-12):
            explain_conflict(game)
        self.every = _Face(self.lower, self.upper, classes.pairs)

    def worst_case(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least worst case, then least expected residual."""
        level = self._level(self.values, self.every)
        if level is None:
            explain_conflict(self.game)
        for slack in _SLACKS:
            needs = units_for(self.values, self.does, level.value * (1 + slack), self.lower, self.upper)
            filled = self._fill(replace(self.every, lower=needs))
            if filled is not None:
                phases: tuple[str, ...] = ("worst-case", "expected-residual")
                coverage = filled.coverage
                if lexicographic:
                    coverage = self._in_turn(filled, needs)
                    phases = (*phases, "lexicographic")
                return coverage, level.proof, phases
        raise SolverError(
            "The second phase lost the plan of the first: a fault of the program, please report it."
        )

    def total(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least expected residual, then least worst case."""
        filled = self._fill(self.every)
        if filled is None:
            explain_conflict(self.game)
        proof = Proof(self._by_row(filled.prices), None)
        coverage, phases = self._on_face(filled), ("expected-residual", "worst-case")
        if lexicographic:
            return self._in_turn(filled, self.lower), proof, (*phases, "lexicographic")
        return coverage, proof, phases

    # -- worst case -------------------------------------------------------------------------------

    def _within(self, face: _Face) -> ZoneClasses:
        return replace(self.classes.within(face.lower, face.upper), pairs=face.pairs)

    def _level(self, values: Floats, face: _Face) -> _Level | None:
        """Least level of these values on a face; None where the rules allow no plan."""
        lower, upper = face.lower, face.upper
        reach, cell = Reach(self._within(face), face.tight), self.classes.cell
        stuck_at = values * self.does.left(upper)
        stuck = max(float(stuck_at.max()), _LEAST * self.top)
        value, hit, used = stuck, -1, 0
        reach.add(np.ones(self.classes.size), self.game.budget, self._budget_alone())
        while True:
            while used < len(reach.limits):
                ray, limit = reach.rays[used][cell], float(reach.limits[used])
                moved = self._root(ray, limit, value, (values, lower, upper))
                value, hit = (moved, used) if moved > value else (value, hit)
                used += 1
            if not np.isfinite(value):
                return None
            needs = units_for(values, self.does, value, lower, upper)
            sums = self.classes.sums(needs)
            short = reach.look(sums)
            if not np.isfinite(short):
                return None
            if short <= _SHORT * (1.0 + float(sums.max())):
                break
            if len(reach.limits) == used or used > _MOST_ROUNDS:
                raise SolverError(
                    "HiGHS did not say which rules keep the worst case up; please report the game."
                )
        if hit < 0:
            weights = np.zeros(values.size)
            weights[int(np.argmax(stuck_at))] = 1.0
            return _Level(value, needs, Proof({}, weights), stuck_at >= stuck * (1 - _EQUAL))
        at = (values * self.does.left(needs) >= value * (1 - _EQUAL)) & (values > 0)
        weights = np.where(at, reach.rays[hit][cell], 0.0) / np.where(
            at, values * self.does.worth(needs), 1.0
        )
        whole = float(weights.sum())
        prices = self._by_row(reach.prices[hit] / whole)
        return _Level(value, needs, Proof(prices, weights / whole), weights > 0)

    def _root(self, ray: Floats, limit: float, start: float, parts: tuple[Floats, Floats, Floats]) -> float:
        """Least level from ``start`` on at which ray . N is within the limit, by Newton from the left; infinite where none is."""
        values, lower, upper = parts
        level = start
        for _ in range(_MOST_STEPS):
            needs = units_for(values, self.does, level, lower, upper)
            over = float(ray @ needs) - limit
            moving = needs > lower
            fall = float((ray[moving] / (values * self.does.worth(needs))[moving]).sum())
            if over > _SHORT * (1.0 + abs(limit)) and not fall > 0:
                return np.inf
            if not (over > 0 and fall > 0) or level + over / fall <= level * (1 + 1e-15):
                return level
            level += over / fall
        raise SolverError("Newton's method for the level did not end; please report the game.")

    def _budget_alone(self) -> Floats:
        return np.array([float(key == BUDGET) for key, *_ in self.classes.lines])

    def _by_row(self, prices: Floats) -> dict[RowKey, float]:
        keys = [key for key, *_ in self.classes.lines]
        return {key: float(y) for key, y in zip(keys, prices, strict=True) if y > 0}

    # -- expected residual ------------------------------------------------------------------------

    def _fill(self, face: _Face) -> _Filled | None:
        """Most prevented on a face; None where the rules allow no plan."""
        classes, lower, upper = self._within(face), face.lower, face.upper
        start, spare = classes.lower, max(self.game.budget - float(lower.sum()), 0.0)
        room = np.minimum(np.maximum(classes.upper - start, 0.0), spare)
        supplies = self._supplies(lower, upper, room)
        # a little more than there is: it is the budget's row that has the price
        upper_sums = np.minimum(np.maximum(classes.upper, start), start + 2 * room + 1)
        program = _Cuts(classes, start, upper_sums, supplies, face.tight)
        found = program.solve(_GAP * float(self.values.sum()))
        if found is None:
            return None
        sums, prices = found
        coverage = lower.copy()
        for supply, extra in zip(supplies, np.clip(sums - start, 0.0, None), strict=True):
            supply.spread(coverage, upper, float(extra))
        return _Filled(coverage, prices)

    def _supplies(self, lower: Floats, upper: Floats, room: Floats) -> list[_Supply]:
        cell = self.classes.cell
        gains = np.flatnonzero((self.values > 0) & (upper > lower))
        if self.game.response == "log":
            zone, begin, end = gains, lower[gains], upper[gains]
            first, last = self.values * self.does.worth(lower), self.values * self.does.worth(upper)
            parts = zone, begin, end, first[gains], last[gains]
        else:
            parts = self._pieces(gains, lower, upper, room)
        inside = cell[parts[0]]
        idle = [np.flatnonzero(cell == c) for c in range(self.classes.size)]
        make = _CurvedSupply if self.game.response == "log" else _Supply
        return [make(idle[c], *(part[inside == c] for part in parts)) for c in range(self.classes.size)]

    def _pieces(
        self, zones: Indices, lower: Floats, upper: Floats, room: Floats
    ) -> tuple[Indices, Floats, Floats, Floats, Floats]:
        """Zone, begin, end and rate (twice) of pieces between whole numbers, of those that a class can want at all."""
        cell, values = self.classes.cell, self.values
        rate = np.full(room.size, float((values * self.does.worth(lower)).max(initial=0.0)))
        reached, factor = lower.copy(), 0.5
        while zones.size:
            share = np.divide(rate[cell], values, out=np.full(values.size, np.inf), where=values > 0)
            reached[zones] = np.clip(self.does.up_to(share), lower, upper)[zones]
            open_ = (self.classes.sums(reached - lower) < room) & (rate > 1e-290)
            full = self.classes.sums(np.where(values > 0, upper - reached, 0.0)) <= 0
            if not (open_ & ~full).any():
                break
            rate[open_] *= factor
            factor = max(factor * 0.5, 1e-9)
        first = np.floor(lower[zones] + 1e-12)
        many = np.maximum(np.ceil(reached[zones] - 1e-12) - first, 0.0).astype(np.intp)
        zone = np.repeat(zones, many)
        nth = np.arange(zone.size) - np.repeat(np.cumsum(many) - many, many)
        whole = np.repeat(first, many) + nth
        begin, end = np.maximum(whole, lower[zone]), np.minimum(whole + 1, upper[zone])
        rates = values[zone] * self.does.of(zone).worth(whole)
        return zone, begin, end, rates, rates

    # -- further phases ---------------------------------------------------------------------------

    def _face(self, filled: _Filled, lower: Floats) -> _Face:
        """The plans with the same total: pieces worth just their class's price are free, rows with a price hold."""
        price, of_pairs = np.zeros(self.classes.size), np.zeros(self.classes.pairs.size)
        for (_, line, _, pairs), y in zip(self.classes.lines, filled.prices, strict=True):
            price += y * line
            for pair, sign in pairs:
                of_pairs[pair] += y * sign
        near, values = _EQUAL * self.top, self.values
        with np.errstate(divide="ignore", over="ignore"):
            above, below = (
                np.where(values > 0, np.maximum(price + d, 0.0)[self.classes.cell] / values, np.inf)
                for d in (near, -near)
            )
        low = np.clip(self.does.up_to(above), lower, self.upper)
        high = np.where(below > 0, np.clip(self.does.up_to(below), lower, self.upper), self.upper)
        high = np.where((values > 0) | (price[self.classes.cell] <= near), high, lower)
        return _Face(
            np.minimum(low, filled.coverage),
            np.maximum(high, filled.coverage),
            np.where(of_pairs > near, 0.0, self.classes.pairs),
            frozenset(
                key for (key, *_), y in zip(self.classes.lines, filled.prices, strict=True) if y > near
            ),
        )

    def _on_face(self, filled: _Filled) -> Floats:
        """The best worst case among the plans with this total; the plan in hand if rounding has closed the face."""
        if self.game.response == "log":  # strictly concave: there is no other
            return filled.coverage
        face = self._face(filled, self.lower)
        level = self._level(self.values, face)
        found = None if level is None else self._fill(replace(face, lower=level.needs))
        return filled.coverage if found is None else found.coverage

    def _in_turn(self, filled: _Filled, lower: Floats) -> Floats:
        """Worst zone, then second worst, ... among the plans with this total."""
        if self.game.response == "log":
            return filled.coverage
        face, values, found = self._face(filled, lower), self.values.copy(), filled.coverage
        for _ in range(_MOST_LEVELS):
            level = self._level(values, face)
            plan = None if level is None else self._fill(replace(face, lower=level.needs))
            if level is None or plan is None:
                break
            found = plan.coverage
            face = replace(face, lower=np.where(level.zones, level.needs, face.lower))
            values = np.where(level.zones, 0.0, values)
            if not (values > 0).any():
                break
        return found


class _Cuts:
    """max sum of F_c(C_c) over the sums that rules allow, F_c below its tangents so far."""

    def __init__(
        self,
        classes: ZoneClasses,
        lower: Floats,
        upper: Floats,
        supplies: list[_Supply],
        tight: frozenset[RowKey],
    ) -> None:
        self.count, self.start, self.supplies = classes.size, lower, supplies
        self.lower, self.upper, self.limits = (
            lower,
            upper,
            np.array([limit for *_, limit, _ in classes.lines]),
        )
        rows = Rows()
        classes.add_rules(rows, 0, 2 * self.count, tight)
        self.rules = rows.matrix(2 * self.count + classes.pairs.size)
        most = np.array([s.whole(float(r)) for s, r in zip(supplies, upper - lower, strict=True)])
        for c, supply in enumerate(supplies):
            for extra in np.linspace(0.0, 1.0, 5) * (upper - lower)[c]:
                self._cut(rows, c, supply, float(extra))
        zeros = np.zeros(self.count)
        cost = np.concatenate([zeros, zeros - 1.0, np.zeros(classes.pairs.size)])
        self._lp = ArrayLP(
            cost, np.concatenate([lower, zeros, np.zeros(classes.pairs.size)]),
            np.concatenate([upper, most, classes.pairs]), rows,
        )  # fmt: skip

    def _cut(self, rows: Rows, c: int, supply: _Supply, extra: float) -> None:
        harm, rates = supply.at(extra)
        for rate in rates:
            rows.add([self.count + c, c], [1.0, -rate], -np.inf, harm - rate * (self.start[c] + extra))

    def solve(self, gap: float) -> tuple[Floats, Floats] | None:
        """Sums and prices of the rules' rows; None where the rules allow no plan."""
        for nth in range(_MOST_ROUNDS):
            found = self._lp.solve(_SECONDS)
            if found.status is Status.INFEASIBLE:
                return None
            if found.status is not Status.OPTIMAL:
                raise SolverError(f"HiGHS ended as {found.status} on a program of {self.count} group sums.")
            sums, claimed = found.columns[: self.count], found.columns[self.count : 2 * self.count]
            prices = np.maximum(-found.row_duals[: len(self.limits)], 0.0)
            extra = np.maximum(sums - self.start, 0.0)
            over = claimed - np.array([s.at(float(y))[0] for s, y in zip(self.supplies, extra, strict=True)])
            missing = float(np.maximum(over, 0.0).sum())
            if missing <= gap * (1.0 if nth < _LATE else 1e3):
                break
            exact = self._exact(found.columns, prices) if missing <= _NEAR * gap else None
            if exact is not None:
                return exact
            rows = Rows()
            for c in np.flatnonzero(over > gap / (2 * self.count)):
                self._cut(rows, int(c), self.supplies[c], float(extra[c]))
            self._lp.add_rows(rows)
        return sums, prices

    def _exact(self, columns: Floats, prices: Floats) -> tuple[Floats, Floats] | None:
        """The optimum near a point, by Newton's method on the rows that bind there; None where other rows bind in it.

        Args:
            columns: Sums, what they prevent, and pair variables.
            prices: One number a row of the rules.
        """
        if not all(isinstance(supply, _CurvedSupply) for supply in self.supplies):
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
            for c, supply in enumerate(self.supplies):
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
        if room.min() < -_SHORT or (point < low).any() or (point > high).any():
            return None
        return self._proved(point, rate, matrix, np.flatnonzero(room <= _EQUAL), (low, high))

    def _proved(
        self, point: Floats, rate: Floats, matrix: Floats, tight: Indices, bounds: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats] | None:
        """A point with the prices that prove it; there may be many where rows depend on one another."""
        from scipy.optimize import nnls

        # A' y = rate, but more at a lower bound and less at an upper one
        at = [point <= bounds[0], point >= bounds[1]]
        sides = [sign * np.eye(point.size)[:, here] for sign, here in zip((-1.0, 1.0), at, strict=True)]
        found, error = nnls(np.hstack([matrix[tight].T, *sides]), rate)
        prices = np.zeros(self.limits.size)
        prices[tight] = found[: tight.size]
        return (point[: self.count], prices) if error <= _EQUAL * (1 + np.abs(rate).max()) else None


class _Supply:
    """What a class prevents by its coverage beyond the least, best pieces first; made of pieces of one rate each.

    Args:
        idle: Every zone of the class.
        zone, begin, end: Zone of each piece, and coverage at which it begins and ends.
        first, last: Harm prevented per unit where it begins and ends.
    """

    def __init__(
        self, idle: Indices, zone: Indices, begin: Floats, end: Floats, first: Floats, last: Floats
    ) -> None:
        order = np.argsort(-first, kind="stable")
        self.idle, self.zone, self.begin, self.end, self.rate = (
            idle, zone[order], begin[order], end[order], first[order],
        )  # fmt: skip
        length = self.end - self.begin
        self.room = np.append(0.0, np.cumsum(length))
        self.harm = np.append(0.0, np.cumsum(length * self.rate))

    def whole(self, extra: float) -> float:
        """Most prevented with so much."""
        return self.at(extra)[0]

    def at(self, extra: float) -> tuple[float, tuple[float, ...]]:
        """Prevented with so much coverage beyond the least, and what a bit less or more changes, per unit."""
        k = int(np.searchsorted(self.room, extra, side="left"))
        if k >= self.room.size:
            return float(self.harm[-1]), (0.0,)
        left = self.rate[max(k - 1, 0)] if self.rate.size else 0.0
        harm = self.harm[k] - left * (self.room[k] - extra) if k else 0.0
        if self.room[k] - extra > 1e-9 * max(1.0, extra):
            return float(harm), (float(left),)
        right = self.rate[k] if k < self.rate.size else 0.0
        return float(harm), ((float(left), float(right)) if k and left > right else (float(right),))

    def spread(self, coverage: Floats, upper: Floats, extra: float) -> None:
        """Put so much on the zones of the class, best first; pieces of one rate share evenly."""
        k = int(np.searchsorted(self.room, extra, side="left")) - 1
        if k < 0:
            return
        k = min(k, self.rate.size - 1)
        rate = self.rate[k] if k >= 0 else 0.0
        first = int(np.searchsorted(-self.rate, -rate, side="left"))
        after = int(np.searchsorted(-self.rate, -rate, side="right"))
        np.maximum.at(coverage, self.zone[:first], self.end[:first])
        tied = slice(first, after)
        rest = extra - float(self.room[first])
        if rest <= float(self.room[after] - self.room[first]):
            whole = np.floor(self.begin[tied] + 1e-12)
            coverage[self.zone[tied]] = whole + share_evenly(
                self.begin[tied] - whole, self.end[tied] - whole, rest
            )
            return
        np.maximum.at(coverage, self.zone[tied], self.end[tied])
        _spread_idle(coverage, upper, self.idle, extra - float(self.room[after]))


def _spread_idle(coverage: Floats, upper: Floats, zones: Indices, extra: float) -> None:
    """Coverage that rules ask for where nothing is left to prevent."""
    space = float((upper - coverage)[zones].sum())
    if extra > 0 and space > 0:
        coverage[zones] = share_evenly(coverage[zones], upper[zones], min(extra, space))


class _CurvedSupply(_Supply):
    """The same where what a unit prevents falls as one over the coverage: x = a mu - const between begin and end, mu = 1 / rate."""

    def __init__(
        self, idle: Indices, zone: Indices, begin: Floats, end: Floats, first: Floats, last: Floats
    ) -> None:
        self.idle, self.zone, self.begin, self.end = idle, zone, begin, end
        self.enter, leave = 1 / first, 1 / last
        self.width = (end - begin) / (leave - self.enter)
        marks = np.concatenate([self.enter, leave])
        order = np.argsort(marks, kind="stable")
        self.mark = marks[order]
        wide = np.cumsum(np.concatenate([self.width, -self.width])[order])[:-1]
        self.wide = np.maximum(wide, 0.0)
        step, ratio = np.diff(self.mark), np.log(self.mark[1:] / self.mark[:-1])
        self.room = np.append(0.0, np.cumsum(self.wide * step))
        self.harm = np.append(0.0, np.cumsum(self.wide * ratio))

    def _mark(self, extra: float) -> tuple[int, float]:
        """Number of the stretch, and mu, with so much beyond the least."""
        k = int(np.searchsorted(self.room, extra, side="right")) - 1
        k = min(k, self.wide.size - 1)
        wide = float(self.wide[k])
        return k, float(self.mark[k]) + ((extra - float(self.room[k])) / wide if wide > 0 else 0.0)

    def slopes(self, extra: float) -> tuple[float, float]:
        """What a bit more prevents, per unit, and how that changes."""
        if not self.zone.size or extra >= self.room[-1]:
            return 0.0, 0.0
        k, mark = self._mark(extra)
        return 1 / mark, -1 / (mark**2 * float(self.wide[k])) if self.wide[k] > 0 else 0.0

    def at(self, extra: float) -> tuple[float, tuple[float, ...]]:
        """As of pieces."""
        if not self.zone.size or extra >= self.room[-1]:
            rate = 1 / self.mark[-1] if self.zone.size else 0.0
            harm = float(self.harm[-1]) if self.zone.size else 0.0
            return harm, ((rate, 0.0) if self.zone.size and extra <= self.room[-1] else (0.0,))
        k, mark = self._mark(extra)
        return float(self.harm[k] + self.wide[k] * np.log(mark / self.mark[k])), (1 / mark,)

    def spread(self, coverage: Floats, upper: Floats, extra: float) -> None:
        """As of pieces; the sum is put right by Newton's method, where cumulated widths lost digits."""
        if not self.zone.size or extra >= self.room[-1]:
            coverage[self.zone] = self.end
            left = extra - float((self.end - self.begin).sum())
            _spread_idle(coverage, upper, self.idle, left)
            return
        _, mark = self._mark(extra)
        for _ in range(3):
            x = np.clip(self.begin + self.width * (mark - self.enter), self.begin, self.end)
            moving = float(self.width[(x > self.begin) & (x < self.end)].sum())
            if not moving > 0:
                break
            mark += (extra - float((x - self.begin).sum())) / moving
        coverage[self.zone] = x
