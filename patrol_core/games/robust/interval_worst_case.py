"""Worst case over intervals V_t in [low_t, high_t]: the zone game at the upper ends. It is that simple.

max over the box of max_t V_t s_t(x_t), s_t(x) = 1 - e x or what else is left, is reached with every value at its upper end,
whatever x is, because s_t >= 0. So the plan is the zone game's with V = high, second phase included; only the rules are measured by the values
as stated, for what is allowed does not move with the uncertainty.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.games.robust.result import (
    Criterion,
    RobustStrategy,
    certified_robust,
    check_bounds,
    check_intervals,
)
from patrol_core.games.zone import ZoneGame, solve_zone_game


def solve_interval(game: ZoneGame, low: ArrayLike, high: ArrayLike) -> RobustStrategy:
    """Least worst case when every value may lie anywhere in its interval.

    Args:
        game: Rules, budget, effectiveness; its values are the nominal ones, which rules are measured by.
        low, high: (n,) interval ends, 0 <= low <= high. Only ``high`` decides.

    Returns:
        RobustStrategy: ``value`` is max_t high_t s_t(x_t).

    Raises:
        InputError, InfeasibleError, SolverError: As :func:`patrol_core.games.zone.game.solve_zone_game`.
    """
    started = time.perf_counter()
    _, upper_end = check_intervals(game, low, high)
    check_bounds(game)
    at_top = solve_zone_game(game.replace(values=upper_end, stated=game.values))
    residual = upper_end * game.left(at_top.coverage)
    worst = int(np.argmax(residual))
    criterion = Criterion("interval", float(residual[worst]), at_top.certificate.bound, worst, upper_end)
    return certified_robust(
        game, at_top.coverage, criterion, solver=at_top.certificate.solver, seconds=time.perf_counter() - started,
        phases=at_top.certificate.phases, budget_dual=at_top.budget_dual,
    )  # fmt: skip
