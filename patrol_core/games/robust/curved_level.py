r"""The lowest level z that all zones can be pressed to (:mod:`~patrol_core.games.robust.level`), for any response and no coupling rules.

Zone t allows the share 1 - alpha_t + beta_t z to be left, so it needs x_t(z) = clip(s_t^-1(1 - alpha_t + beta_t z), l_t, u_t) units.
The sum of these falls in z and is convex where no zone is at its upper bound, and below the largest z at which one is, no level
can lie. So a few halvings, and then tangents from the left: of ``several`` they end in finitely many steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.games.zone import ZoneGame

#: Shares below this are none: floats end near it.
_NOTHING = 1e-280

_HALVINGS = 30
_MOST_STEPS = 500


def curved_level(
    game: ZoneGame, needs: Callable[[float], Floats], alpha: Floats, beta: Floats, least: float
) -> tuple[float, Floats, float]:
    """(z, weights pi with sum pi_t beta_t = 1, price of the budget); no weight where ``least`` decides.

    Args:
        game: Budget, bounds and response; coupling rules are not looked at.
        needs: (n,) units needed at a level, inside the bounds.
        alpha, beta: (n,) what the zones ask for; beta infinite where one asks for nothing.
        least: z is at least this.
    """
    lower, upper = game.bounds()
    asks = np.isfinite(beta)
    finite, kept = np.where(asks, beta, 1.0), 1 - alpha
    asks &= game.left(lower) > kept + finite * least
    weights = np.zeros(game.size)
    if not asks.any():
        return least, weights, 0.0
    stuck_at = np.where(asks, (game.left(upper) - kept) / finite, -np.inf)
    worst = int(np.argmax(stuck_at))
    stuck = float(stuck_at[worst])
    low = max(least, stuck, _NOTHING / float(finite[asks].min()))

    def over(level: float) -> float:
        return float(needs(level).sum()) - game.budget

    if over(low) <= 1e-15 * game.budget:
        if stuck >= low:
            weights[worst] = 1.0 / finite[worst]
        return low, weights, 0.0
    start = np.where(asks, (game.left(lower) - kept) / finite, -np.inf)
    high = float(start.max())
    level = _by_tangents(game, needs, _between(over, low, high), asks, finite)
    x = needs(level)
    active = asks & (x > lower) & (x < upper)
    if not active.any():  # no budget beyond the lower bounds
        active[int(np.argmax(start))] = True
    with np.errstate(divide="ignore"):
        share = np.where(active, 1 / game.does.worth(x), 0.0)
    price = 1 / float(share @ np.where(active, finite, 0.0))
    return level, price * share, price


def _between(over: Callable[[float], float], low: float, high: float) -> float:
    """A level at which more than the budget is still needed, near the one where it is not."""
    for _ in range(_HALVINGS):
        if high <= 1.5 * low:
            break
        middle = float(np.sqrt(low) * np.sqrt(high))
        low, high = (middle, high) if over(middle) > 0 else (low, middle)
    return low


def _by_tangents(
    game: ZoneGame, needs: Callable[[float], Floats], level: float, asks: np.ndarray, finite: Floats
) -> float:
    lower, _ = game.bounds()
    for _ in range(_MOST_STEPS):
        x = needs(level)
        over = float(x.sum()) - game.budget
        active = asks & (x > lower)
        with np.errstate(divide="ignore", over="ignore"):
            slope = float((finite / game.does.worth(x))[active].sum())
        moved = level + over / slope if 0 < slope < np.inf else level
        if not over > 1e-15 * game.budget or not moved > level:
            break
        level = moved
    return level
