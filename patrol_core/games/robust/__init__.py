"""Robust."""

from __future__ import annotations

from patrol_core.games.robust.gamma_budget import solve_gamma_budget
from patrol_core.games.robust.interval_worst_case import solve_interval
from patrol_core.games.robust.level import plan_set, row_prices
from patrol_core.games.robust.minimax_regret import largest_regret, solve_regret
from patrol_core.games.robust.price import RobustModel, price_of_robustness
from patrol_core.games.robust.result import RobustStrategy, as_number, check_bounds, check_draws

__all__ = [
    "RobustModel",
    "RobustStrategy",
    "as_number",
    "check_bounds",
    "check_draws",
    "largest_regret",
    "plan_set",
    "price_of_robustness",
    "row_prices",
    "solve_gamma_budget",
    "solve_interval",
    "solve_regret",
]
