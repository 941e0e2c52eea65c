"""The price of robustness: what a robust plan gives up if the values are as stated, against what it gains if not.

For one model and a list of uncertainty sizes, two plans are compared at each size: the nominal one (made for the
values as stated) and the robust one. Both are judged twice: at the stated values, and by the robust criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust.cvar import cvar_of, solve_cvar
from patrol_core.games.robust.execution_noise import check_shortfall, losses_under_noise, solve_noise
from patrol_core.games.robust.gamma_budget import gamma_total, solve_gamma_budget
from patrol_core.games.robust.interval_worst_case import solve_interval
from patrol_core.games.robust.minimax_regret import largest_regret, solve_regret
from patrol_core.games.robust.result import RobustStrategy, as_number, check_draws, check_intervals
from patrol_core.games.zone import ZoneGame, residuals, solve_zone_game

RobustModel = Literal["interval", "regret", "cvar", "gamma", "noise"]

#: Sizes shown where none are given: shares of the full interval or shortfall; CVaR levels; shares of n for Gamma.
_SIZES = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, eq=False)
class PriceOfRobustness:
    """The curve and the plans on it.

    Attributes:
        frame: One row a size: ``size``; ``nominal_cost`` (robust plan at the stated values),
            ``nominal_optimum`` (best possible there) and their difference ``nominal_loss``; ``robust_value``
            (criterion of the robust plan), ``nominal_plan_value`` (criterion of the nominal plan) and their
            difference ``worst_case_gain``. Unit of the values throughout. The nominal cost is the worst case;
            for ``gamma`` it is the expected residual.
        strategies: The robust plan of each row.
    """

    frame: pd.DataFrame
    strategies: tuple[RobustStrategy, ...]


def price_of_robustness(
    game: ZoneGame,
    model: RobustModel,
    sizes: Sequence[float] | None = None,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    shortfall: ArrayLike = 1.0,
) -> PriceOfRobustness:
    """Nominal loss against worst-case gain over the size of the uncertainty.

    Args:
        game: The game with its stated values.
        model: ``interval`` and ``regret`` need ``low`` and ``high``; size 0..1 is the share of the way from the
            value to each end. ``gamma`` needs ``high``; size is Gamma, 0..n. ``cvar`` needs ``draws``; size is
            alpha, 0..1. ``noise`` uses ``shortfall``; size 0..1 multiplies it.
        sizes: Sizes in rising order; a spread over the whole range by default.

    Raises:
        InputError: For an unknown model, a missing table, or a size out of range.
    """
    if model not in get_args(RobustModel):
        raise InputError(f"model = {model!r}: accepted are {', '.join(get_args(RobustModel))}.")
    judge = _judge(game, model, low, high, draws, shortfall)
    top = game.size if model == "gamma" else 1.0
    chosen = [_size(s, top) for s in (sizes if sizes is not None else [share * top for share in _SIZES])]
    nominal = solve_zone_game(game, objective="total" if model == "gamma" else "worst-case")
    cost = _nominal_cost(game, model)
    rows, strategies = [], []
    for size in chosen:
        solve, value = judge(size)
        plan = solve()
        rows.append(_row(size, cost, value, plan, nominal.coverage))
        strategies.append(plan)
    return PriceOfRobustness(pd.DataFrame(rows), tuple(strategies))


_Solve = Callable[[], RobustStrategy]
_Value = Callable[[Floats], float]


def _row(size: float, cost: _Value, value: _Value, plan: RobustStrategy, nominal: Floats) -> dict[str, float]:
    optimum, held = cost(nominal), cost(plan.coverage)
    without = value(nominal)
    return {
        "size": size,
        "nominal_cost": held,
        "nominal_optimum": optimum,
        "nominal_loss": max(0.0, held - optimum),
        "robust_value": plan.value,
        "nominal_plan_value": without,
        "worst_case_gain": max(0.0, without - plan.value),
    }


def _nominal_cost(game: ZoneGame, model: RobustModel) -> _Value:
    if model == "gamma":
        return lambda x: float(residuals(game, x).sum())
    return lambda x: float(residuals(game, x).max())


def _size(given: float, top: float) -> float:
    number = as_number(given)
    if number is None or not 0 <= number <= top:
        raise InputError(f"size = {given!r}: accepted is a number from 0 to {top:g}.")
    return number


def _judge(
    game: ZoneGame,
    model: RobustModel,
    low: ArrayLike | None,
    high: ArrayLike | None,
    draws: ArrayLike | None,
    shortfall: ArrayLike,
) -> Callable[[float], tuple[_Solve, _Value]]:
    """For one size: how to solve, and how any coverage is judged."""
    if model == "cvar":
        table = check_draws(game, _given("draws", draws, model))
        return lambda s: (lambda: solve_cvar(game, table, s), lambda x: cvar_of(game, table, s, x))
    if model == "noise":
        short = check_shortfall(game, shortfall)
        return lambda s: (
            lambda: solve_noise(game, s * short),
            lambda x: float(losses_under_noise(game, x, s * short).max()),
        )
    top = np.asarray(_given("high", high, model), dtype=float)
    if model == "gamma":
        return lambda s: (lambda: solve_gamma_budget(game, top, s), lambda x: gamma_total(game, top, s, x)[0])
    lower, upper = check_intervals(game, _given("low", low, model), top)
    return lambda s: _interval_judge(game, model, *_shrunk(game.values, lower, upper, s))


def _interval_judge(game: ZoneGame, model: RobustModel, low: Floats, high: Floats) -> tuple[_Solve, _Value]:
    if model == "regret":
        return (lambda: solve_regret(game, low, high)), (lambda x: largest_regret(game, low, high, x)[0])
    return (lambda: solve_interval(game, low, high)), (lambda x: float((high * game.left(x)).max()))


def _shrunk(values: Floats, low: Floats, high: Floats, size: float) -> tuple[Floats, Floats]:
    """Ends at a share of the way from the value; a value outside its interval counts as its nearer end."""
    middle = np.clip(values, low, high)
    return middle - size * (middle - low), middle + size * (high - middle)


def _given(name: str, table: ArrayLike | None, model: str) -> ArrayLike:
    if table is None:
        raise InputError(f"The price of robustness for model {model!r} needs {name}: give {name}.")
    return table
