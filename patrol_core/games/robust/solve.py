"""Plans that stand up to uncertain values and uncertain execution: front door.

* :func:`solve_interval` - every value anywhere in its interval, least worst case (the zone game at the upper ends)
* :func:`solve_regret` - the same intervals, least regret against the plan one would have made (exact)
* :func:`solve_cvar` - draws of the values, mean of the worst share (Rockafellar & Uryasev 2000)
* :func:`solve_gamma_budget` - at most Gamma values at their upper end, total harm (Bertsimas & Sim 2004)
* :func:`solve_noise` - coverage delivered short by up to a_t (Yin et al. 2011)
* :func:`price_of_robustness` - what each of them costs if nothing goes wrong, and gains if it does

All keep every side rule of :mod:`patrol_core.games.rules` (rules are measured at the game's own values) and
return a :class:`RobustStrategy`: coverage, the criterion recomputed outside the model, a proved bound and the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust.cvar import cvar_of, solve_cvar
from patrol_core.games.robust.execution_noise import losses_under_noise, solve_noise
from patrol_core.games.robust.gamma_budget import gamma_total, solve_gamma_budget
from patrol_core.games.robust.interval_worst_case import solve_interval
from patrol_core.games.robust.minimax_regret import largest_regret, solve_regret
from patrol_core.games.robust.price import PriceOfRobustness, RobustModel, price_of_robustness
from patrol_core.games.robust.result import RobustStrategy
from patrol_core.games.zone import ZoneGame

__all__ = [
    "PriceOfRobustness",
    "RobustModel",
    "RobustStrategy",
    "cvar_of",
    "gamma_total",
    "largest_regret",
    "losses_under_noise",
    "price_of_robustness",
    "regret_from_intervals",
    "solve_cvar",
    "solve_gamma_budget",
    "solve_interval",
    "solve_noise",
    "solve_regret",
]


def regret_from_intervals(
    zone_ids: Sequence[str],
    low: ArrayLike,
    high: ArrayLike,
    budget: float,
    effectiveness: float = 1.0,
    *,
    values: ArrayLike | None = None,
    **rules: Any,
) -> RobustStrategy:
    """Minimax-regret plan straight from a table of intervals.

    Parameters
    ----------
    zone_ids, budget, effectiveness
        As in :class:`~patrol_core.games.zone.solve.ZoneGame`.
    low, high
        (n,) interval ends.
    values
        (n,) stated values, for the figures and for residual parity; the middle of the intervals by default.
    **rules
        ``population``, ``groups``, ``constraints`` of the game.
    """
    ids = tuple(zone_ids)
    lower, upper = _column(ids, "low", low), _column(ids, "high", high)
    stated = (lower + upper) / 2 if values is None else np.asarray(values, dtype=float)
    return solve_regret(ZoneGame(ids, stated, budget, effectiveness, **rules), lower, upper)


def _column(zone_ids: tuple[str, ...], name: str, given: ArrayLike) -> Floats:
    try:
        column = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is not a number: accepted are numbers >= 0.") from None
    if column.shape != (len(zone_ids),):
        raise InputError(
            f"{name} has shape {column.shape} for {len(zone_ids)} zones: give one number a zone."
        )
    return column
