r"""CVaR over draws of the values: the mean of the worst (1 - alpha) share of what could be true.

Draw s = 1..S has values V^s; the loss of a plan under it is L_s(x) = max_t V^s_t s_t(x_t), with
s_t(x) = 1 - e x or what else patrol leaves. With k = (1 - alpha) S

    min over x in X, z of  z + (1 / k) sum_s max(0, L_s(x) - z)         (Rockafellar & Uryasev 2000)

as an LP, with u_s for the part above z:

    tail        min  z + (1 / k) sum_s u_s
    loss[s, t]       u_s + z >= V^s_t s_t(x_t)      (:mod:`~patrol_core.games.robust.shares_left`)

S n rows would be too many and nearly all are idle: the LP starts with each zone's worst draw and each draw's worst
zones, and takes in the rows that its plan breaks until none is left. alpha = 0 is the mean over the draws; from
k <= 1 on it is the worst draw, which is the zone game at every zone's largest value.

Proof: any p_st >= 0 with sum_t p_st <= 1 / k and sum p_st <= 1 gives CVaR(x) >= sum p_st V^s_t s_t(x_t) for all x
(losses are not negative); the LP's duals suggest p.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import SolverError
from patrol_core.games.robust.level import (
    fill,
    inverse,
    least_residual,
    level_bound,
    plan_set,
    row_prices,
    solve_level,
    solved,
)
from patrol_core.games.robust.result import (
    Criterion,
    RobustStrategy,
    certified_robust,
    check_bounds,
    check_draws,
    check_share,
    left_bound,
)
from patrol_core.games.robust.shares_left import SharesLeft
from patrol_core.games.rules import RowKey
from patrol_core.games.zone import ZoneGame
from patrol_core.solvers import LOCK, Outcome, pyo, solver_name, unit_of

#: Worst zones of each draw that enter at once.
_PER_DRAW = 5

#: A row counts as broken above this share of the level.
_BROKEN = 1e-9

_MOST_ROUNDS = 500


def solve_cvar(game: ZoneGame, draws: ArrayLike, alpha: float = 0.9) -> RobustStrategy:
    """The plan with the least CVaR of the worst case over draws of the values.

    Args:
        game: Rules, budget, effectiveness; its values are the nominal ones (rules and last phase).
        draws: (S, n) equally likely values, for instance ``RiskSurface.draws``.
        alpha: Level in [0, 1]: 0 is the mean of the losses, 0.9 the mean of the worst tenth, 1 the worst draw.

    Returns:
        RobustStrategy: ``value`` is the CVaR.

    Raises:
        InputError, InfeasibleError, SolverError: As :func:`patrol_core.games.zone.game.solve_zone_game`.
    """
    started = time.perf_counter()
    table = check_draws(game, draws)
    level = check_share("alpha", alpha, meaning="0.9 is the mean of the worst tenth")
    check_bounds(game)
    unit = unit_of(game.values, table)
    return _solve(game.in_unit(unit), table / unit, level, started).times(unit)


def _solve(game: ZoneGame, table: Floats, level: float, started: float) -> RobustStrategy:
    if (1 - level) * len(table) <= 1:
        coverage, bound, solver = _worst_draw(game, table)
    else:
        with LOCK:
            coverage, bound = _Program(game, table, level).solve()
        solver = solver_name()
    coverage = least_residual(game, _floor(game, table, level, coverage), coverage)
    parameters = {"alpha": level, "draws": float(len(table))}
    value, scale = cvar_of(game, table, level, coverage), float(table.max())
    criterion = Criterion("cvar", value, bound, parameters=parameters, scale=scale)
    return certified_robust(
        game, coverage, criterion, solver=solver, seconds=time.perf_counter() - started,
        phases=("cvar", "expected-residual"),
    )  # fmt: skip


def losses(game: ZoneGame, draws: Floats, coverage: Floats) -> Floats:
    """(S,) L_s(x), the worst case in ``game`` of a ``coverage`` under each of the (S, n) ``draws``."""
    return np.asarray((draws * game.left(coverage)).max(axis=1))


def cvar_of(game: ZoneGame, draws: Floats, alpha: float, coverage: Floats) -> float:
    """CVaR of any coverage, by sorting the losses; no solver.

    Args:
        game: Effectiveness.
        draws: (S, n) equally likely values.
        alpha: Level in [0, 1].
        coverage: (n,) plan.
    """
    worst = np.sort(losses(game, draws, coverage))[::-1]
    k = (1 - alpha) * worst.size
    if k <= 1:
        return float(worst[0])
    whole = int(k)
    rest = (k - whole) * worst[whole] if whole < worst.size else 0.0
    return float((worst[:whole].sum() + rest) / k)


def _worst_draw(game: ZoneGame, draws: Floats) -> tuple[Floats, float, str]:
    alpha, beta = np.ones(game.size), inverse(draws.max(axis=0))
    level, solver = solve_level(game, alpha, beta)
    return level.coverage, level_bound(game, alpha, level), solver


def _floor(game: ZoneGame, draws: Floats, alpha: float, coverage: Floats) -> Floats:
    """Coverage needed to keep every draw's loss (or the quantile, where that is higher): CVaR cannot rise."""
    loss = losses(game, draws, coverage)
    kept = max(1, int(np.ceil((1 - alpha) * loss.size - 1e-9)))
    quantile = np.sort(loss)[::-1][kept - 1]
    levels = np.maximum(loss, quantile)[:, None]
    share = np.divide(levels, draws, out=np.full_like(draws, np.inf), where=draws > 0).min(axis=0)
    lower, upper = game.bounds()
    needed = game.does.needed(share) if game.curved else (1 - share) / game.effectiveness
    return np.asarray(np.clip(needed, lower, upper), dtype=float)


@dataclass(eq=False)
class _Rows:
    """Which (draw, zone) pairs are in the LP, and in which of its rows."""

    draw: NDArray[np.intp]
    zone: NDArray[np.intp]
    at: NDArray[np.intp]


class _Program:
    """The LP with its lazy rows; levels are measured in ``scale``."""

    def __init__(self, game: ZoneGame, draws: Floats, alpha: float) -> None:
        self.game, self.draws, self.alpha = game, draws, alpha
        self.lower, self.upper = game.bounds()
        mean = draws.mean(axis=0)
        start = fill(game, np.ones(game.size), inverse(mean))
        self.scale = max(start.value, 1e-6 * float(draws.max())) or 1.0
        self.model, self.shares = self._model(start.coverage)
        self.session = self.shares.session(self.model)
        self.zones = self.session.columns_of(self.model.x.values())
        self.above = self.session.columns_of(self.model.u.values())
        self.z = int(self.session.columns_of([self.model.z])[0])
        self.rows = _Rows(*np.zeros((3, 0), dtype=np.intp))
        self.inside = np.zeros(draws.shape, dtype=bool)
        zones = np.arange(game.size)
        self._add(draws.argmax(axis=0), zones)
        residual = draws * game.left(start.coverage)
        self._add(*self._worst(residual, np.zeros(len(draws))))

    def _model(self, near: Floats) -> tuple[pyo.ConcreteModel, SharesLeft]:
        count = len(self.draws)
        model = plan_set(self.game)
        shares = SharesLeft(self.game, model, near)
        model.u = pyo.Var(range(count), bounds=(0, None))
        model.z = pyo.Var(bounds=(0, None))  # losses are not negative, so neither is their quantile
        share = 1 / ((1 - self.alpha) * count)
        model.tail = pyo.Objective(expr=model.z + share * pyo.quicksum(model.u.values()))
        # HiGHS reads only variables that stand in a row; this one never binds
        model.seen = pyo.Constraint(expr=model.z + pyo.quicksum(model.u.values()) >= -1.0)
        return model, shares

    def _worst(self, residual: Floats, level: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The few worst pairs of each draw that are above its level and not yet in the LP."""
        count = min(_PER_DRAW, self.game.size)
        excess = np.where(self.inside, -np.inf, residual - level[:, None])
        zone = np.argpartition(-excess, count - 1, axis=1)[:, :count].ravel()
        draw = np.repeat(np.arange(len(self.draws)), count)
        broken = excess[draw, zone] > _BROKEN * self.scale
        return draw[broken], zone[broken]

    def _add(self, draw: NDArray[np.intp], zone: NDArray[np.intp]) -> int:
        """Rows (scale / V) (u_s + z) >= share left; values too small ever to bind are left out."""
        matters = self.draws[draw, zone] > 1e-9 * self.scale
        draw, zone = draw[matters], zone[matters]
        count = draw.size
        if not count:
            return 0
        unit = self.shares.unit[zone]
        slope = self.scale / self.draws[draw, zone] / unit
        columns = np.stack([self.shares.columns[zone], self.above[draw], np.full(count, self.z)], axis=1)
        entries = np.stack([self.shares.fall[zone] / unit, slope, slope], axis=1)
        first, starts = self.session.row_count, 3 * np.arange(count)
        least = (1 - self.shares.taken) / unit
        self.session.add_rows(least, np.full(count, np.inf), starts, columns.ravel(), entries.ravel())
        self.inside[draw, zone] = True
        rows = (draw, zone, first + np.arange(count))
        known = (self.rows.draw, self.rows.zone, self.rows.at)
        self.rows = _Rows(*(np.append(old, new) for old, new in zip(known, rows, strict=True)))
        return int(count)

    def solve(self) -> tuple[Floats, float]:
        """(coverage, proved bound) once no row is broken."""
        for _ in range(_MOST_ROUNDS):
            outcome = solved(self.game, self.session, self.shares)
            coverage = np.clip(outcome.columns[self.zones], self.lower, self.upper)
            level = (outcome.columns[self.above] + outcome.columns[self.z]) * self.scale
            residual = self.draws * self.game.left(coverage)
            if not self._add(*self._worst(residual, level)):
                return coverage, self._bound(outcome)
        raise SolverError("CVaR did not settle in 500 rounds of rows: use fewer draws.")

    def _bound(self, outcome: Outcome) -> float:
        values = self.draws[self.rows.draw, self.rows.zone]
        duals = outcome.row_duals[self.rows.at] / self.shares.unit[self.rows.zone]
        weight = np.maximum(duals, 0.0) * self.scale / values
        weight = self._made_valid(weight)
        at_zone = np.bincount(self.rows.zone, weights=weight * values, minlength=self.game.size)
        prices: Mapping[RowKey, float] = row_prices(self.session, self.model, outcome, self.scale)
        return left_bound(self.game, float(weight @ values), np.asarray(at_zone, dtype=float), prices)

    def _made_valid(self, weight: Floats) -> Floats:
        """Scale suggested weights down to sum_t p_st <= 1 / k and sum p_st <= 1."""
        most = 1 / ((1 - self.alpha) * len(self.draws))
        per_draw = np.bincount(self.rows.draw, weights=weight, minlength=len(self.draws))
        fit = np.minimum(1.0, most / np.maximum(per_draw, 1e-300))
        weight = weight * fit[self.rows.draw]
        total = float(weight.sum())
        return weight / total if total > 1 else weight
