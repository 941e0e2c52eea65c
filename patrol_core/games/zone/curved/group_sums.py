r"""Zone games whose response is curved and whose rules speak of group sums: exact, through a few dimensions.

    (1) least z with   N(z) <= x <= u,  (C_c) in Q          N_t(z) = max(l_t, s_t^-1(z / V_t))
    (2) then the most prevented,  max sum_t V_t (1 - s_t(x_t))  over the same x with z held

C_c sums x over class c and Q are the rules (:mod:`~patrol_core.games.zone.classes`).

* (1) is a root in z. What classes can be given together is cut out by inequalities lambda . N <= q, found one at a time; N_c
  is convex and falls with z, so Newton's method from the left meets the root of each, exactly where N is made of lines. The
  last inequality proves the level: weights q_t = lambda_c / (V_t s_t'(x_t)) and the prices of its rows.
* (2) inside a class, coverage goes where it prevents most. What the class prevents, F_c(C_c), is concave and known by its
  knots (:mod:`~patrol_core.games.zone.curved.supply`), so what is left is a program over the sums, solved by tangent cuts of the F_c until they leave no
  gap.

For the total the same in the other order: (2) over all plans, then (1) where the total stays as it is, zones whose next piece
is worth just the price of their class being free to move over it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import SolverError
from patrol_core.games.rules import BUDGET, RowKey
from patrol_core.games.zone.certificates import Proof
from patrol_core.games.zone.classes import Reach, ZoneClasses
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved.cuts import Cuts
from patrol_core.games.zone.curved.filling import units_for
from patrol_core.games.zone.curved.supply import CurvedSupply, Supply
from patrol_core.games.zone.solve import ZoneGame

#: What a class may fall short of its need, relatively, for the need to count as met.
_SHORT = 1e-12

#: Relative slacks of the level, and slacks of shares of harm, where rounding makes the level infeasible in the second phase.
_SLACKS = (0.0, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)

#: Levels below this share of the largest value are as good as 0.
_LEAST = 1e-15

#: Prices this near, as a share of the largest value, are equal.
_EQUAL = 1e-9

_MOST_RAYS, _MOST_STEPS, _MOST_LEVELS = 100, 500, 200


@dataclass(frozen=True, eq=False)
class Level:
    """The least level, what it needs, and its proof; zones it rests on."""

    value: float
    needs: Floats
    proof: Proof
    zones: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Face:
    """Plans to choose among: bounds of zones and of pair variables, rows that hold with equality, least harm prevented."""

    lower: Floats
    upper: Floats
    pairs: Floats
    tight: frozenset[RowKey] = frozenset()
    least: float = -np.inf


@dataclass(frozen=True, eq=False)
class Filled:
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
        self.every = Face(self.lower, self.upper, classes.pairs)

    def worst_case(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least worst case, then least expected residual."""
        level = self._level(self.values, self.every)
        if level is None:
            explain_conflict(self.game)
        for slack in _SLACKS:
            needs = units_for(self.values, self.does, level.value * (1 + slack), self.lower, self.upper)
            filled = self._fill(replace(self.every, lower=needs), slack=slack)
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
        proof = Proof(self.by_row(filled.prices), None)
        coverage, phases = self._on_face(filled), ("expected-residual", "worst-case")
        if lexicographic:
            return self._in_turn(filled, self.lower), proof, (*phases, "lexicographic")
        return coverage, proof, phases

    # -- worst case -------------------------------------------------------------------------------

    def _within(self, face: Face) -> ZoneClasses:
        return replace(self.classes.within(face.lower, face.upper), pairs=face.pairs)

    def _level(self, values: Floats, face: Face) -> Level | None:
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
            if len(reach.limits) == used or used > _MOST_RAYS:
                if short <= _EQUAL * (1.0 + float(sums.max())):  # as far as HiGHS sees
                    break
                raise SolverError(
                    "HiGHS did not say which rules keep the worst case up; please report the game."
                )
        if hit < 0:
            weights = np.zeros(values.size)
            weights[int(np.argmax(stuck_at))] = 1.0
            return Level(value, needs, Proof({}, weights), stuck_at >= stuck * (1 - _EQUAL))
        at = (values * self.does.left(needs) >= value * (1 - _EQUAL)) & (values > 0)
        weights = np.where(at, reach.rays[hit][cell], 0.0) / np.where(
            at, values * self.does.worth(needs), 1.0
        )
        whole = float(weights.sum())
        prices = self.by_row(reach.prices[hit] / whole)
        return Level(value, needs, Proof(prices, weights / whole), weights > 0)

    def _root(self, ray: Floats, limit: float, start: float, parts: tuple[Floats, Floats, Floats]) -> float:
        """Least level from ``start`` on at which ray . N is within the limit, by Newton from the left; infinite where none is."""
        values, lower, upper = parts
        level = start
        for _ in range(_MOST_STEPS):
            needs = units_for(values, self.does, level, lower, upper)
            over = float(ray @ needs) - limit
            moving = needs > lower
            fall = float((ray[moving] / (values * self.does.worth(needs))[moving]).sum())
            if over > _EQUAL * (1.0 + abs(limit)) and not fall > 0:
                return np.inf
            if not (over > 0 and fall > 0) or level + over / fall <= level * (1 + 1e-15):
                return level
            level += over / fall
        raise SolverError("Newton's method for the level did not end; please report the game.")

    def _budget_alone(self) -> Floats:
        return np.array([float(key == BUDGET) for key, *_ in self.classes.lines])

    def by_row(self, prices: Floats) -> dict[RowKey, float]:
        """Prices above 0 by key."""
        keys = [*(key for key, *_ in self.classes.lines), *(key for key, *_ in self.classes.harm)]
        prices = prices[: len(keys)]
        return {key: float(y) for key, y in zip(keys, prices, strict=True) if y > 0}

    # -- expected residual ------------------------------------------------------------------------

    def _fill(self, face: Face, *, slack: float = 0.0) -> Filled | None:
        """Most prevented on a face, with this much slack in rows on harm; None where the rules allow no plan."""
        classes, lower, upper = self._within(face), face.lower, face.upper
        start, spare = classes.lower, max(self.game.budget - float(lower.sum()), 0.0)
        room = np.minimum(np.maximum(classes.upper - start, 0.0), spare)
        supplies = self.supplies(lower, upper, room)
        # a little more than there is: it is the budget's row that has the price
        upper_sums = np.minimum(np.maximum(classes.upper, start), start + 2 * room + 1)
        base = classes.sums(self.values * (1 - self.does.left(lower)))
        held = [(line, limit - float(line @ base) + slack) for line, limit in self.held(face)]
        program = Cuts(classes, start, upper_sums, supplies, face.tight, float(self.values.sum()), held)
        found = program.solve()
        if found is None:
            return None
        sums, prices = found
        coverage = lower.copy()
        for supply, extra in zip(supplies, np.clip(sums - start, 0.0, None), strict=True):
            supply.spread(coverage, upper, float(extra))
        return Filled(coverage, prices)

    def held(self, face: Face) -> list[tuple[Floats, float]]:
        """Rows on harm prevented: coefficients by class, and limit."""
        rows = [(line, limit) for _, line, limit in self.classes.harm]
        return [*rows, (np.full(self.classes.size, -1.0), -face.least)] if np.isfinite(face.least) else rows

    def supplies(self, lower: Floats, upper: Floats, room: Floats) -> list[Supply]:
        """F_c of every class by coverage beyond ``lower`` under ``upper``, for more than ``room``: that end must not look like one."""
        room = room + 1.0
        gains = np.flatnonzero((self.values > 0) & (upper - lower > 1e-13 * (1.0 + upper)))
        if self.game.response == "log":
            zone, begin, end = gains, lower[gains], upper[gains]
            rates = np.stack([(self.values * self.does.worth(x))[gains] for x in (lower, upper)])
        else:
            zone, begin, end, rates = self._pieces(gains, lower, upper, room)
        make = CurvedSupply if self.game.response == "log" else Supply
        cell, supplies = self.classes.cell, []
        for c in range(self.classes.size):
            own = np.flatnonzero(cell[zone] == c)
            supplies.append(make(np.flatnonzero(cell == c), zone[own], begin[own], end[own], rates[..., own]))
        return supplies

    def _pieces(
        self, zones: Indices, lower: Floats, upper: Floats, room: Floats
    ) -> tuple[Indices, Floats, Floats, Floats]:
        """Zone, begin, end and rate of pieces between whole numbers, of those that a class can want at all."""
        cell, values = self.classes.cell, self.values
        if self.game.response == "linear":  # one piece a zone, whatever its size
            return zones, lower[zones], upper[zones], (values * self.does.worth(lower))[zones]
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
        return zone, begin, end, rates

    # -- further phases ---------------------------------------------------------------------------

    def _face(self, filled: Filled, lower: Floats) -> Face:
        """The plans with the same total: pieces worth just their class's price are free, rows with a price hold."""
        price, of_pairs = np.zeros(self.classes.size), np.zeros(self.classes.pairs.size)
        for (_, line, _, pairs), y in zip(self.classes.lines, filled.prices, strict=True):
            price += y * line
            for pair, sign in pairs:
                of_pairs[pair] += y * sign
        near, values = _EQUAL * self.top, self.values
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            above, below = (
                np.where(values > 0, np.maximum(price + d, 0.0)[self.classes.cell] / values, np.inf)
                for d in (near, -near)
            )
        low = np.clip(self.does.up_to(above), lower, self.upper)
        high = np.where(below > 0, np.clip(self.does.up_to(below), lower, self.upper), self.upper)
        high = np.where((values > 0) | (price[self.classes.cell] <= near), high, lower)
        return Face(
            np.minimum(low, filled.coverage),
            np.maximum(high, filled.coverage),
            np.where(of_pairs > near, 0.0, self.classes.pairs),
            frozenset(
                key for (key, *_), y in zip(self.classes.lines, filled.prices, strict=True) if y > near
            ),
        )

    def _on_face(self, filled: Filled) -> Floats:
        """The best worst case among the plans with this total; the plan in hand if rounding has closed the face."""
        if self.game.response == "log":  # strictly concave: there is no other
            return filled.coverage
        face = self._face(filled, self.lower)
        worst = int(np.argmax(self.values * self.does.left(filled.coverage)))
        if not face.upper[worst] > filled.coverage[worst]:  # nothing can be done for the worst zone
            return filled.coverage
        level = self._level(self.values, face)
        found = None if level is None else self._fill(replace(face, lower=level.needs))
        return filled.coverage if found is None else found.coverage

    def _in_turn(self, filled: Filled, lower: Floats) -> Floats:
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
