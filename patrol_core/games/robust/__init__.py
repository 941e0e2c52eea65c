"""Plans that stand up to uncertain values and uncertain execution.

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

from patrol_core.games.robust.cvar import cvar_of, solve_cvar
from patrol_core.games.robust.execution_noise import losses_under_noise, solve_noise
from patrol_core.games.robust.gamma_budget import gamma_total, solve_gamma_budget
from patrol_core.games.robust.interval_worst_case import solve_interval
from patrol_core.games.robust.level import least_left, least_residual, plan_set, row_prices, solved
from patrol_core.games.robust.minimax_regret import largest_regret, solve_regret
from patrol_core.games.robust.price import RobustModel, price_of_robustness
from patrol_core.games.robust.result import (
    RobustStrategy,
    as_number,
    check_bounds,
    check_draws,
    left_bound,
)
from patrol_core.games.robust.shares_left import SharesLeft

__all__ = [
    "RobustModel",
    "RobustStrategy",
    "SharesLeft",
    "as_number",
    "check_bounds",
    "check_draws",
    "cvar_of",
    "gamma_total",
    "largest_regret",
    "least_left",
    "least_residual",
    "left_bound",
    "losses_under_noise",
    "plan_set",
    "price_of_robustness",
    "row_prices",
    "solve_cvar",
    "solve_gamma_budget",
    "solve_interval",
    "solve_noise",
    "solve_regret",
    "solved",
]
