r"""Gamma-budget of uncertainty on total expected harm (Bertsimas & Sim 2004, "The price of robustness").

At most Gamma of the zones (fractions allowed) are as bad as their upper end:

    min over x in X of  max over zeta of  sum_t (V_t + d_t zeta_t) s_t(x_t),
    0 <= zeta_t <= 1,  sum zeta_t <= Gamma,  d_t = high_t - V_t

with s_t(x) = 1 - e x or what else patrol leaves. The inner maximum has the dual  Gamma p + sum q_t,  p + q_t >= d_t s_t(x_t),
p, q >= 0, which makes it one LP (:mod:`~patrol_core.games.robust.shares_left`):

    total      min  sum V_t s_t(x_t) + Gamma p + sum q_t
    protect[t]      q_t + p >= d_t s_t(x_t)             for d_t > 0

The duals of ``protect`` are zeta, a fixed point of the uncertainty set; the proof of the bound stands on it alone.
Gamma = 0 is the nominal total, Gamma = n the total at the upper ends.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.robust.level import least_left, plan_set, row_prices, solved
from patrol_core.games.robust.result import (
    Criterion,
    RobustStrategy,
    as_number,
    certified_robust,
    check_bounds,
    check_intervals,
    left_bound,
)
from patrol_core.games.robust.shares_left import SharesLeft
from patrol_core.games.rules import RowKey
from patrol_core.games.zone import ZoneGame
from patrol_core.solvers import LOCK, pyo, solver_name, unit_of


def solve_gamma_budget(game: ZoneGame, high: ArrayLike, gamma: float) -> RobustStrategy:
    """Least total expected harm when up to ``gamma`` zones may be at their upper ends.

    Args:
        game: The game; its values are the nominal V_t.
        high: (n,) upper ends, >= V_t.
        gamma: Number of zones that may be at their upper end, from 0 to n; need not be whole.

    Returns:
        RobustStrategy: ``value`` is the total expected harm in the worst case; ``worst_values`` where it is
            met.

    Raises:
        InputError, InfeasibleError, SolverError: As :func:`patrol_core.games.zone.game.solve_zone_game`.
    """
    started = time.perf_counter()
    deviation = _deviation(game, high)
    count = check_gamma(game, gamma)
    check_bounds(game)
    unit = unit_of(game.values + deviation)
    return _solve(game.in_unit(unit), deviation / unit, count, started).times(unit)


def _solve(game: ZoneGame, deviation: Floats, count: float, started: float) -> RobustStrategy:
    with LOCK:
        coverage, zeta, prices = _solve_lp(game, deviation, count)
    weight = game.values + deviation * zeta
    bound = left_bound(game, float(weight.sum()), weight, prices)
    value, worst = _worst_total(game, deviation, count, coverage)
    criterion = Criterion("gamma", value, bound, None, worst, {"gamma": count}, float(worst.sum()))
    return certified_robust(
        game, coverage, criterion, solver=solver_name(), seconds=time.perf_counter() - started,
        phases=("expected-residual",),
    )  # fmt: skip


def gamma_total(game: ZoneGame, high: ArrayLike, gamma: float, coverage: Floats) -> tuple[float, Floats]:
    """Worst total expected harm of a coverage, and the (n,) values at which it is met; by sorting, no solver.

    Args:
        game, high, gamma: As in :func:`solve_gamma_budget`.
        coverage: (n,) plan.
    """
    return _worst_total(game, _deviation(game, high), gamma, coverage)


def _worst_total(game: ZoneGame, deviation: Floats, gamma: float, coverage: Floats) -> tuple[float, Floats]:
    left = game.left(coverage)
    zeta = np.zeros(game.size)
    order = np.argsort(-(deviation * left), kind="stable")
    whole = int(gamma)
    zeta[order[:whole]] = 1.0
    if whole < game.size:
        zeta[order[whole]] = gamma - whole
    worst = game.values + deviation * zeta
    return float(worst @ left), worst


def check_gamma(game: ZoneGame, gamma: Any) -> float:
    """Gamma as a number from 0 to n."""
    number = as_number(gamma)
    if number is None or not 0 <= number <= game.size:
        raise InputError(
            f"gamma = {gamma!r}: accepted is a number from 0 to {game.size}, the number of zones."
        )
    return number


def _deviation(game: ZoneGame, high: ArrayLike) -> Floats:
    _, upper_end = check_intervals(game, np.zeros(game.size), high)
    below = np.flatnonzero(upper_end < game.values)
    if below.size:
        i = int(below[0])
        raise InputError(
            f"high of zone {game.zone_ids[i]!r} is {upper_end[i]:g}, below its value {game.values[i]:g}: accepted "
            "is an upper end at or above the value."
        )
    return upper_end - game.values


def _solve_lp(game: ZoneGame, deviation: Floats, gamma: float) -> tuple[Floats, Floats, dict[RowKey, float]]:
    """(coverage, zeta, prices) of the module's LP, measured in units of the largest value."""
    lower, upper = game.bounds()
    unit = float((game.values + deviation).max()) or 1.0
    values, spread = (game.values / unit).tolist(), deviation / unit
    moved = np.flatnonzero(spread > 1e-12).tolist()
    model = plan_set(game)
    shares = SharesLeft(game, model, least_left(game, game.values))
    fall, start = shares.fall.tolist(), 1 - shares.taken
    model.p, model.q = pyo.Var(bounds=(0, None)), pyo.Var(moved, bounds=(0, None))
    model.protect = pyo.Constraint(
        moved,
        rule=lambda m, t: (
            m.q[t] + m.p + float(spread[t]) * fall[t] * shares.variables[t] >= float(spread[t]) * start
        ),
    )
    prevented = pyo.quicksum(values[t] * fall[t] * shares.variables[t] for t in range(game.size))
    model.total_harm = pyo.Objective(expr=gamma * model.p + pyo.quicksum(model.q.values()) - prevented)
    session = shares.session(model, 1e-10)
    outcome = solved(game, session, shares)
    coverage = np.clip(session.values(outcome, model.x.values()), lower, upper)
    zeta = np.zeros(game.size)
    zeta[moved] = np.clip(session.duals(outcome, model.protect.values()), 0.0, 1.0) if moved else 0.0
    if zeta.sum() > gamma:
        zeta *= gamma / zeta.sum()
    return coverage, zeta, row_prices(session, model, outcome, unit)
