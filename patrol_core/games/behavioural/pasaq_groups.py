r"""The best plan against offenders who err where rules speak of group sums only: a few dimensions instead of thousands.

At a level r the inner problem of PASAQ, min sum_t g_t(x_t), splits by class (:mod:`~patrol_core.games.zone.classes`): with C_c the
coverage of class c,

    min over C in Q of  sum_c phi_c(C_c),     phi_c(C) = min { sum of g_t(x_t) over c : sum of x_t over c = C, l <= x <= u }.

phi_c is water-filling inside the class (:mod:`~patrol_core.games.behavioural.pasaq_free`): convex up to the coverage the class would
choose freely, with slope minus the price; beyond, zones take more in the order of what it costs to fill them up. The sum is
minimised over Q by tangents (Kelley 1960), a program of one column a class and a value; its row multipliers are the
prices of the rules that :mod:`~patrol_core.games.behavioural.pasaq_dual` proves the bracket with. r <- F(x) (Dinkelbach 1967) ends it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.games.behavioural.attackers import Terms, seen
from patrol_core.games.behavioural.pasaq_dual import LevelFunctions
from patrol_core.games.behavioural.pasaq_free import Demand, demand_of, inner
from patrol_core.games.rules import RowKey
from patrol_core.games.zone import ZoneClasses, ZoneGame
from patrol_core.solvers import ArrayLP, Rows

_MOST_LEVELS = 40
_MOST_TANGENTS = 60

#: The tangents' plan may lie this far below its true value, as a share of it and of the unit heights are measured in.
_LOOSE = 1e-11

#: Tangents to start from, as shares of the way from the least to the most a class can have.
_START = (0.0, 0.05, 0.2, 0.5, 1.0)

#: Largest slope and height of a tangent, and how often one that exceeds it is moved half way to the last plan.
_STEEPEST = 1e5
_NEARER = 30

_SECONDS = 60.0


def best_by_groups(
    game: ZoneGame, terms: Terms, classes: ZoneClasses, start: Floats
) -> tuple[Floats, dict[RowKey, float]]:
    """(coverage, prices of the rules in units of exp(largest log weight of that coverage)).

    Args:
        game, terms: Rules, and the attacker's and defender's terms; patrols deter
            (:func:`~patrol_core.games.behavioural.pasaq_free.applies`).
        classes: The game's classes.
        start: (n,) an allowed plan.

    Notes:
        Call with the solving lock held.
    """
    best, value = start, terms.expected_loss(seen(game, start))
    prices: dict[RowKey, float] = {}
    for _ in range(_MOST_LEVELS):
        level = _Level(game, terms, classes, value, best)
        plan, found_prices = level.solve(classes.sums(best))
        if plan is None:
            break
        shift = max(float(terms.log_weight(seen(game, plan)).max()), -1e300)
        found = terms.expected_loss(seen(game, plan))
        better = found < value - 1e-13 * abs(value)
        if better:
            best, value = plan, found
        else:
            shift = float(terms.log_weight(seen(game, best)).max())
        factor = float(np.exp(np.clip(level.shift - shift, -600, 600)))
        prices = {key: price * factor for key, price in found_prices.items()}
        if not better:
            break
    return best, prices


class _Level:
    """The inner problem at one level; ``plan`` sets the unit of the weights."""

    def __init__(
        self, game: ZoneGame, terms: Terms, classes: ZoneClasses, level: float, plan: Floats
    ) -> None:
        self.game, self.terms, self.classes, self.level = game, terms, classes, level
        self.lower, self.upper = game.bounds()
        self.shift = float(terms.log_weight(seen(game, plan)).max())
        self.unit = max(abs(level), float(terms.b.max()), 1e-300)
        self.g = LevelFunctions(terms, level, self.shift, seen(game, self.lower), seen(game, self.upper))
        self.members = [np.flatnonzero(classes.cell == c) for c in range(classes.size)]
        self.demands = [self._demand(inside) for inside in self.members]

    def _demand(self, inside: Indices) -> Demand:
        own, does = self.terms, self.game.does
        part = Terms(own.theta[inside], own.beta[inside], own.a[inside], own.b[inside])
        there = replace(does, sizes=does.sizes[inside], most=does.most[inside])
        lower, upper = self.lower[inside], self.upper[inside]
        return demand_of(part, self.level, lower, upper, there if self.game.curved else None)

    def solve(self, near: Floats) -> tuple[Floats | None, dict[RowKey, float]]:
        """Plan and prices of the rules in units of exp(shift); no plan where HiGHS gives none."""
        count, classes = self.classes.size, self.classes
        rows = Rows()
        classes.add_rules(rows, 0, 2 * count)
        ruled = len(rows)
        self.near = np.clip(near, classes.lower, classes.upper)
        room = classes.upper - classes.lower
        if self.game.curved:  # a class can take many times the budget
            room = np.minimum(room, self.game.budget)
        for share in _START:
            self._tangents(rows, classes.lower + share * room)
        self._tangents(rows, self.near)
        cost = np.concatenate([np.zeros(count), np.ones(count), np.zeros(classes.pairs.size)])
        low = np.concatenate([classes.lower, np.full(count, -1e9), np.zeros(classes.pairs.size)])
        high = np.concatenate([classes.upper, np.full(count, 1e9), classes.pairs])
        program = ArrayLP(cost, low, high, rows)
        prices: dict[RowKey, float] = {}
        plan: Floats | None = None
        total = np.inf
        for _ in range(_MOST_TANGENTS):
            solved = program.solve(_SECONDS)
            if solved.status is not Status.OPTIMAL:
                break
            y = -solved.row_duals[:ruled] * self.unit
            prices = {key: max(0.0, float(p)) for (key, *_), p in zip(classes.lines, y, strict=True)}
            more = Rows()
            x, height = self._tangents(more, solved.columns[:count])
            if height < total:
                plan, total = x, height
            least = float(solved.columns[count : 2 * count].sum())
            if height - least <= _LOOSE * (1.0 + abs(height)) * count:
                break
            program.add_rows(more)
        return plan, prices

    def _tangents(self, rows: Rows, sums: Floats) -> tuple[Floats, float]:
        """Rows y_c >= phi_c + slope (C_c - sums_c), heights in ``unit``; returns the plan and its sum of heights."""
        x, count = np.zeros(self.lower.size), self.classes.size
        for c, inside in enumerate(self.members):
            at = float(sums[c])
            x[inside], slope = self._fill(c, inside, at)
            own = x.copy()
            for _ in range(
                _NEARER
            ):  # no solver can hold a row as steep as that: a tangent nearer to the last plan
                height = float(self._heights(own)[inside].sum()) / self.unit
                if abs(slope) <= _STEEPEST * self.unit and abs(height) <= _STEEPEST:
                    right = height - slope / self.unit * at
                    rows.add([count + c, c], [1.0, -slope / self.unit], right, np.inf)
                    break
                at = (at + float(self.near[c])) / 2
                own[inside], slope = self._fill(c, inside, at)
        return x, float(self._heights(x).sum()) / self.unit

    def _heights(self, x: Floats) -> Floats:
        """(n,) g_t of a coverage."""
        return self.g.value(seen(self.game, x))

    def _fill(self, c: int, inside: Indices, amount: float) -> tuple[Floats, float]:
        """Best coverage of a class's zones with this sum, and the slope of phi_c there."""
        x, log_price = inner(self.demands[c], amount)
        left = amount - float(x.sum())
        if not np.isneginf(log_price) or left <= 1e-12 * amount:
            return x, -float(np.exp(np.minimum(log_price - self.shift, 600.0)))
        return self._fill_up(inside, x, left)

    def _fill_up(self, inside: Indices, x: Floats, left: float) -> tuple[Floats, float]:
        """More than the class wants: zones to their upper bounds, the cheapest first, and the price of the last."""
        whole, full = self.lower.copy(), self.upper.copy()
        whole[inside] = x
        room = self.upper[inside] - x
        rise = (self._heights(full) - self._heights(whole))[inside]
        price = np.where(room > 0, rise / np.where(room > 0, room, 1.0), np.inf)
        order = np.argsort(price, kind="stable")
        taken = np.clip(left - np.append(0.0, np.cumsum(room[order])[:-1]), 0.0, room[order])
        x = x.copy()
        x[order] += taken
        last = np.flatnonzero(taken > 0)
        return x, float(price[order[last[-1]]]) if last.size else 0.0
