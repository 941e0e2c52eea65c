"""How the plan changes with the budget: figures along it, and how far neighbouring plans lie apart.

Between neighbouring budgets, ``distance`` is ``sum |x - x'|`` (units of patrol). A budget step alone
accounts for ``|used - used'|`` of it; half of the rest is ``moved``: patrol taken from one zone and given to
another. A plan that moves much for a small step is an unsteady one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game

_COLUMNS = ("budget", "worst_case", "expected_residual", "used", "distance", "moved", "status", "reason")


def budget_curve(game: ZoneGame | ZoneGameModel, budgets: Sequence[float]) -> pd.DataFrame:
    """Optimal figures at each budget, smallest first.

    Args:
        game: A game, or a model held in memory. A game without rules that couple zones is solved by
            water-filling, others by one model that is changed for each budget.
        budgets: Zones covered at once; repeated ones count once.

    Returns:
        pandas.DataFrame: budget, worst_case, expected_residual (unit of the values), used (sum of coverage),
            distance and moved from the last feasible budget before (NaN on the first), status ("optimal" or
            "infeasible"), reason ("" or a sentence).

    Raises:
        InputError: No budgets, or one that is negative or no number.
    """
    ordered = sorted({float(budget) for budget in budgets})
    if not ordered:
        raise InputError("A budget curve needs at least one budget.")
    solve = _solver(game)
    rows: list[tuple[object, ...]] = []
    last: Strategy | None = None
    for budget in ordered:
        try:
            found = solve(budget)
        except InfeasibleError as error:
            rows.append((budget, np.nan, np.nan, np.nan, np.nan, np.nan, "infeasible", str(error)))
            continue
        distance, moved = coverage_distance(last, found) if last is not None else (np.nan, np.nan)
        figures = (found.worst_case, found.expected_residual, found.budget_used)
        rows.append((budget, *figures, distance, moved, "optimal", ""))
        last = found
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def coverage_distance(first: Strategy, second: Strategy) -> tuple[float, float]:
    """``(distance, moved)`` between two plans over the same zones, in units of patrol.

    Raises:
        InputError: If the plans are not over the same zones in the same order.
    """
    if first.zone_ids != second.zone_ids:
        raise InputError(
            "The two plans are not over the same zones; compare plans of one area and zone system."
        )
    distance = float(np.abs(first.coverage - second.coverage).sum())
    step = abs(float(first.coverage.sum() - second.coverage.sum()))
    return distance, max(distance - step, 0.0) / 2.0


def _solver(game: ZoneGame | ZoneGameModel) -> Callable[[float], Strategy]:
    if isinstance(game, ZoneGame) and not game.coupling_rules():
        free = game
        return lambda budget: solve_zone_game(free.replace(budget=budget))
    kept = ZoneGameModel(game) if isinstance(game, ZoneGame) else game
    return lambda budget: kept.solve(budget=budget)
