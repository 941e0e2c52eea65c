"""Worst case over intervals V_t in [low_t, high_t]: the zone game at the upper ends. It is that simple.

max over the box of max_t V_t (1 - e x_t) is reached with every value at its upper end, whatever x is, because
1 - e x_t >= 0. So the plan is the zone game's with V = high; only the rules stay at the game's own values.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.games.robust_level import least_residual, level_bound, needed, solve_level
from patrol_core.games.robust_result import Criterion, RobustStrategy, certified_robust, check_intervals
from patrol_core.games.units import unit_of
from patrol_core.games.zone_game import FloatArray, ZoneGame


def solve_interval(game: ZoneGame, low: ArrayLike, high: ArrayLike) -> RobustStrategy:
    """Least worst case when every value may lie anywhere in its interval.

    Parameters
    ----------
    game
        Rules, budget, effectiveness; its values are the nominal ones (rules and last phase).
    low, high
        (n,) interval ends, 0 <= low <= high. Only ``high`` decides.

    Returns
    -------
    RobustStrategy
        ``value`` is max_t high_t (1 - e x_t).

    Raises
    ------
    InputError, InfeasibleError, SolverError
        As :func:`patrol_core.games.zone.solve_zone_game`.
    """
    started = time.perf_counter()
    _, upper_end = check_intervals(game, low, high)
    unit = unit_of(game.values, upper_end)
    return _solve(game.in_unit(unit), upper_end / unit, started).times(unit)


def _solve(game: ZoneGame, upper_end: FloatArray, started: float) -> RobustStrategy:
    alpha, beta = np.ones(game.size), inverse(upper_end)
    level, solver = solve_level(game, alpha, beta)
    coverage = least_residual(game, needed(game, alpha, beta, level.value), level.coverage)
    residual = upper_end * (1 - game.effectiveness * coverage)
    worst = int(np.argmax(residual))
    criterion = Criterion(
        "interval", float(residual[worst]), level_bound(game, alpha, level), worst, upper_end
    )
    return certified_robust(
        game, coverage, criterion, solver=solver, seconds=time.perf_counter() - started,
        phases=("worst-case", "expected-residual"),
    )  # fmt: skip


def inverse(values: FloatArray) -> FloatArray:
    """(n,) 1 / V_t; infinite where V_t is 0 or too small to matter."""
    top = float(values.max(initial=0.0))
    small = values <= top * 1e-200
    return np.divide(1.0, values, out=np.full_like(values, np.inf), where=~small)
