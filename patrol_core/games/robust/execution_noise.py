r"""Execution noise: coverage delivered may fall short by up to a_t, so a patrol planned is a patrol worth less.

    min over x in X of  max_t V_t (1 - e max(0, x_t - a_t))

The loss is not convex in x (a first bit of coverage buys nothing), but it is monotone, and that is enough: a level
v asks nothing of a zone with V_t <= v and x_t >= a_t + (1 - v / V_t) / e of every other. With zones by falling value
and z_k the least level that the first k alone can be pressed to (:mod:`~patrol_core.games.robust.level`), z_k rises
and V_(k+1) falls in k; at the first k with z_k >= V_(k+1) the optimum is min(z_k, V_k). That k is found by halving.

Proof of optimality: a plan better than V_k must press the first k zones, so it is no better than z_k.
Source for the model: Yin, Jain, Tambe & Ordonez (2011), "Risk-averse strategies for security games with execution
and observational uncertainty", AAAI.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust.level import Level, inverse, least_residual, level_bound, needed, solve_level
from patrol_core.games.robust.result import Criterion, RobustStrategy, certified_robust, check_bounds
from patrol_core.games.zone import ZoneGame
from patrol_core.solvers import unit_of


def solve_noise(game: ZoneGame, shortfall: ArrayLike) -> RobustStrategy:
    """Least worst case when each zone's coverage may be delivered short.

    Args:
        game: The game, values included.
        shortfall: a_t in [0, 1]: one number for all zones or (n,) numbers; in units of coverage.

    Returns:
        RobustStrategy: ``value`` is max_t V_t (1 - e max(0, x_t - a_t)).

    Raises:
        InputError: Also for a game in which harm left is not V_t (1 - e x_t).
        InfeasibleError, SolverError: As :func:`patrol_core.games.zone.game.solve_zone_game`.
    """
    started = time.perf_counter()
    if game.curved:
        raise InputError(
            "Coverage that is delivered short is planned for with response linear and zones of one size only: take these, or "
            "another kind of uncertainty."
        )
    short = check_shortfall(game, shortfall)
    check_bounds(game)
    unit = unit_of(game.values)
    return _solve(game.in_unit(unit), short, started).times(unit)


def _solve(game: ZoneGame, short: Floats, started: float) -> RobustStrategy:
    search = _Search(game, short)
    k = search.first()
    level, bound = search.level(k), search.bound(k)
    value = min(level.value, search.value_of(k))
    if value < level.value:
        level = search.level(k - 1)
    alpha, beta = search.rows(game.values > value)
    floor = needed(game, alpha, beta, value)
    coverage = least_residual(game, floor, level.coverage)
    loss = losses_under_noise(game, coverage, short)
    worst = int(np.argmax(loss))
    criterion = Criterion(
        "noise", float(loss[worst]), bound, worst, parameters={"shortfall": float(short.max())}
    )
    return certified_robust(
        game, coverage, criterion, solver=search.solver, seconds=time.perf_counter() - started,
        phases=("worst-case", "expected-residual"),
    )  # fmt: skip


def losses_under_noise(game: ZoneGame, coverage: Floats, shortfall: Floats) -> Floats:
    """(n,) V_t s_t(max(0, x_t - a_t)), s_t(x) = 1 - e x or what else patrol leaves: the loss of ``game`` at each zone when its ``coverage`` falls short by all of ``shortfall``."""
    return game.values * game.left(np.maximum(0.0, coverage - shortfall))


def check_shortfall(game: ZoneGame, given: ArrayLike) -> Floats:
    """(n,) a_t from one number or n numbers in [0, 1]."""
    try:
        array = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "shortfall holds something that is not a number: accepted are numbers from 0 to 1."
        ) from None
    if array.shape not in ((), (game.size,)):
        raise InputError(
            f"shortfall has shape {array.shape} for {game.size} zones: give one number, or one a zone."
        )
    array = np.broadcast_to(array, (game.size,)).astype(float)
    wrong = np.flatnonzero(~((array >= 0) & (array <= 1)))
    if wrong.size:
        i = int(wrong[0])
        raise InputError(
            f"shortfall of zone {game.zone_ids[i]!r} is {array[i]}: accepted are numbers from 0 to 1 (coverage)."
        )
    return array


class _Search:
    """Levels z_k of the k richest zones, solved when asked for."""

    def __init__(self, game: ZoneGame, short: Floats) -> None:
        self.game, self.short = game, short
        self.order = np.argsort(-game.values, kind="stable")
        self.inverse = inverse(game.values)
        self.count = int(np.isfinite(self.inverse).sum())
        self.known: dict[int, tuple[Level, float]] = {}
        self.solver = ""

    def rows(self, active: np.ndarray) -> tuple[Floats, Floats]:
        """Rows (alpha, beta) with only these zones asking for coverage."""
        alpha = 1 + self.game.effectiveness * self.short
        return alpha, np.where(active, self.inverse, np.inf)

    def value_of(self, k: int) -> float:
        """V of the k-th richest zone (from 1); 0 past the last."""
        return float(self.game.values[self.order[k - 1]]) if 1 <= k <= self.count else 0.0

    def level(self, k: int) -> Level:
        """z_k with its coverage and proof."""
        return self._solve(k)[0]

    def bound(self, k: int) -> float:
        """What is proved where the search ends at k."""
        return min(self._solve(k)[1], self.value_of(k))

    def _solve(self, k: int) -> tuple[Level, float]:
        if k not in self.known:
            active = np.zeros(self.game.size, dtype=bool)
            active[self.order[:k]] = True
            alpha, beta = self.rows(active)
            level, self.solver = solve_level(self.game, alpha, beta)
            self.known[k] = level, level_bound(self.game, alpha, level)
        return self.known[k]

    def first(self) -> int:
        """Least k with z_k >= V_(k+1)."""
        low, high = min(1, self.count), self.count
        while low < high:
            middle = (low + high) // 2
            if self.level(middle).value >= self.value_of(middle + 1):
                high = middle
            else:
                low = middle + 1
        return low
