r"""Minimax regret over intervals V_t in [lo_t, hi_t], exactly.

    min over x in X of  max over V in the box of  [ max_t V_t s_t(x_t) - R(V) ]

with s_t(x) = 1 - e x, or what else patrol leaves, and R(V) = min over y in X of max_t V_t s_t(y_t), what the best plan for V
would have had (side rules included).

Which V is worst. For an attack on t the other values only appear in R, which rises in each of them: they stand at
lo. With V_t = h the regret is h (c - R_t(h) / h), c = s_t(x_t), R_t(h) the optimum with t at h. R_t(h) / h falls
in h (it is a minimum of maxima of s_t(y_t) and lo_s s_s(y_s) / h), so, whatever the response, wherever the regret is positive it is a
product of two positive rising factors: it rises up to h = hi_t, and no kink of R_t in between can be worse. Some
regret is always >= 0 (that of the attacked zone at any V). Hence, for any X,

    max regret(x) = max(0, max_t [ hi_t s_t(x_t) - R_t ]),       R_t = R(lo with t at hi_t),

and the best x solves min rho: rho >= 0, s_t(x_t) <= R_t / hi_t + rho / hi_t, x in X.

Without coupling rules all n numbers R_t come from one sort (:mod:`~patrol_core.games.robust.regret_levels`, or
:mod:`~patrol_core.games.robust.regret_responses`). With rules that speak
of group sums only they come from the needs of the groups (:mod:`~patrol_core.games.robust.regret_groups`); the master is one LP, and
the R_t of the zones that decide are worked out once more by LP. With any other rules each R_t is an LP, and only those of binding zones are needed: weights pi_s and prices y that prove R at one V prove

    R(V') >= R(V) / (sum_s pi_s / V'_s)        (weights scaled to sum pi_s / V_s = 1)

at every other, so master and bounds are tightened in turn until every binding zone has its exact R_t.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import SolverError
from patrol_core.games.robust.level import (
    Level,
    LevelProgram,
    fill,
    inverse,
    least_residual,
    level_bound,
    needed,
)
from patrol_core.games.robust.regret_groups import group_levels
from patrol_core.games.robust.regret_levels import best_levels
from patrol_core.games.robust.regret_responses import response_levels
from patrol_core.games.robust.result import (
    Criterion,
    RobustStrategy,
    certified_robust,
    check_bounds,
    check_intervals,
)
from patrol_core.games.zone import ZoneClasses, ZoneGame, classes_of, free_level
from patrol_core.solvers import LOCK, solver_name, unit_of

#: Zones with the largest regret whose R_t is worked out once more, one by one, for the certificate.
_RECHECKED = 32

#: The same by LP, where rules couple zones.
_LP_RECHECKED = 2


def solve_regret(game: ZoneGame, low: ArrayLike, high: ArrayLike) -> RobustStrategy:
    """The plan whose largest regret over the intervals is least.

    Args:
        game: Rules, budget, effectiveness; its values are the nominal ones (rules and last phase).
        low, high: (n,) interval ends, 0 <= low <= high.

    Returns:
        RobustStrategy: ``value`` is the largest regret, ``worst_zone`` and ``worst_values`` where it is met.

    Raises:
        InputError, InfeasibleError, SolverError: As :func:`patrol_core.games.zone.game.solve_zone_game`.
    """
    started = time.perf_counter()
    lower_end, upper_end = check_intervals(game, low, high)
    check_bounds(game)
    unit = unit_of(game.values, upper_end)
    return _solve(game.in_unit(unit), lower_end / unit, upper_end / unit, started).times(unit)


def _solve(game: ZoneGame, lower_end: Floats, upper_end: Floats, started: float) -> RobustStrategy:
    beta = inverse(upper_end)
    if game.coupling_rules():
        classes = _classes(game)
        with LOCK:
            if classes is not None:
                best = _kept_levels(game, classes, lower_end, upper_end)
                level = LevelProgram(game, _alpha(best, beta), beta).solve()
                _recheck(game, lower_end, upper_end, best, level)
            else:
                best, level = _Coupled(game, lower_end, upper_end, beta).solve()
        solver = solver_name()
    else:
        best = _free_levels(game, lower_end, upper_end)
        level, solver = fill(game, _alpha(best, beta), beta), "water-filling"
    alpha = _alpha(best, beta)
    coverage = least_residual(game, needed(game, alpha, beta, level.value), level.coverage)
    value, zone = _largest_regret(game, lower_end, upper_end, coverage, best)
    worst_values = lower_end.copy()
    worst_values[zone] = upper_end[zone]
    criterion = Criterion("regret", value, level_bound(game, alpha, level), zone, worst_values)
    return certified_robust(
        game, coverage, criterion, solver=solver, seconds=time.perf_counter() - started,
        phases=("regret", "expected-residual"),
    )  # fmt: skip


def largest_regret(
    game: ZoneGame, low: ArrayLike, high: ArrayLike, coverage: ArrayLike
) -> tuple[float, str, Floats]:
    """Largest regret of any coverage over the intervals: (regret, zone attacked, worst values).

    Args:
        game, low, high: As in :func:`solve_regret`.
        coverage: (n,) plan.

    Notes:
        With coupling rules this solves one LP per zone whose regret could be the largest.
    """
    lower_end, upper_end = check_intervals(game, low, high)
    check_bounds(game)
    unit = unit_of(game.values, upper_end)
    game, lower_end, upper_end = game.in_unit(unit), lower_end / unit, upper_end / unit
    x = np.asarray(coverage, dtype=float)
    if game.coupling_rules():
        classes = _classes(game)
        with LOCK:
            if classes is not None:
                best = _kept_levels(game, classes, lower_end, upper_end)
            else:
                best = _Coupled(game, lower_end, upper_end, inverse(upper_end)).exact_for(x)
    else:
        best = _free_levels(game, lower_end, upper_end)
    value, zone = _largest_regret(game, lower_end, upper_end, x, best)
    worst = lower_end.copy()
    worst[zone] = upper_end[zone]
    return value * unit, game.zone_ids[zone], worst * unit


def _classes(game: ZoneGame) -> ZoneClasses | None:
    """Classes whose needs consist of straight pieces."""
    return None if game.response == "log" else classes_of(game)


def _free_levels(game: ZoneGame, low: Floats, high: Floats) -> Floats:
    return (response_levels if game.curved else best_levels)(game, low, high)


#: R_t last worked out for a game: many plans are judged by the same ones.
_KEPT: WeakKeyDictionary[ZoneGame, tuple[bytes, Floats]] = WeakKeyDictionary()


def _kept_levels(game: ZoneGame, classes: ZoneClasses, low: Floats, high: Floats) -> Floats:
    """R_t by groups, kept with the game."""
    ends = low.tobytes() + high.tobytes()
    kept = _KEPT.get(game)
    if kept is None or kept[0] != ends:
        kept = _KEPT[game] = (ends, group_levels(game, classes, low, high))
    return kept[1].copy()


def _alpha(best: Floats, beta: Floats) -> Floats:
    return np.where(np.isfinite(beta), 1 - best * np.where(np.isfinite(beta), beta, 0.0), 0.0)


def _largest_regret(
    game: ZoneGame, low: Floats, high: Floats, coverage: Floats, best: Floats
) -> tuple[float, int]:
    """Regret recomputed; without coupling rules R_t of the worst zones comes from plain water-filling."""
    alone = high * game.left(coverage)
    regret = alone - best
    if not game.coupling_rules():
        for t in np.argsort(-regret)[:_RECHECKED]:
            values = low.copy()
            values[t] = high[t]
            regret[t] = alone[t] - free_level(game, values).value
    zone = int(np.argmax(regret))
    return max(0.0, float(regret[zone])), zone


def _recheck(game: ZoneGame, low: Floats, high: Floats, best: Floats, level: Level) -> None:
    """R_t of the zones that weigh most in the proof, once more by LP over all zones.

    Raises:
        SolverError: If one differs: the plan is then withheld.
    """
    program = None
    for t in np.argsort(-level.weights * high)[:_LP_RECHECKED]:
        if not level.weights[t] > 0:
            break
        values = low.copy()
        values[t] = high[t]
        program = program or LevelProgram(game, np.ones(game.size), inverse(low))
        program.set_row(int(t), 1.0, float(inverse(values)[t]))
        found = program.solve().value
        program.set_row(int(t), 1.0, float(inverse(low)[t]))
        if abs(found - best[t]) > 1e-6 * max(found, 1e-3 * float(high.max())):
            raise SolverError(
                f"The best worst case with zone {game.zone_ids[t]!r} at its highest value came out as {best[t]:.8g} and "
                f"{found:.8g}; the plan was withheld."
            )


class _Coupled:
    """R_t by LP, lazily: proved lower bounds for all zones, exact values for those that matter."""

    def __init__(self, game: ZoneGame, low: Floats, high: Floats, beta: Floats) -> None:
        self.game, self.high, self.beta = game, high, beta
        self.base = inverse(low)
        self.program = LevelProgram(game, np.ones(game.size), self.base)
        self.exact = np.zeros(game.size, dtype=bool)
        first = self.program.solve()
        self.best = np.full(game.size, first.value)
        self._share(first, self.base)
        self._settle(high <= low, first.value)
        # below the base level a zone cannot make R rise: R_t is the base level
        self._settle(high <= first.value, first.value)

    def _settle(self, where: Floats | np.ndarray, value: float) -> None:
        self.best[where] = value
        self.exact[where] = True

    def _share(self, level: Level, beta: Floats) -> None:
        """Carry one proof of R over to every zone's own V."""
        terms = np.where(level.weights > 0, level.weights * np.where(np.isfinite(beta), beta, 0.0), 0.0)
        pi = level.weights
        proved = level_bound(self.game, np.ones(self.game.size), level)
        base = np.where(pi > 0, pi * np.where(np.isfinite(self.base), self.base, 0.0), 0.0)
        if (np.isinf(self.base) & (pi > 0)).any() or not terms.sum() > 0:
            return  # the proof leans on a zone whose value is 0 elsewhere
        others = base.sum() - base
        top = np.where(np.isfinite(self.beta), self.beta, 0.0)
        moved = proved * terms.sum() / np.maximum(others + pi * top, 1e-300)
        usable = ~self.exact & np.isfinite(self.beta) & (others + pi * top > 0)
        self.best[usable] = np.maximum(self.best[usable], moved[usable])

    def settle(self, t: int) -> None:
        """The exact R_t of one zone."""
        self.program.set_row(t, 1.0, float(self.beta[t]))
        level = self.program.solve()
        beta = self.base.copy()
        beta[t] = self.beta[t]
        self.program.set_row(t, 1.0, float(self.base[t]))
        self._share(level, beta)
        self.best[t], self.exact[t] = level.value, True

    def solve(self) -> tuple[Floats, Level]:
        """Regret master and R_t in turn, until every binding zone is exact."""
        master = LevelProgram(self.game, _alpha(self.best, self.beta), self.beta)
        for _ in range(self.game.size + 1):
            level = master.solve()
            binding = np.flatnonzero(
                (level.weights * np.where(level.weights > 0, self.beta, 0) > 1e-12) & ~self.exact
            )
            if not binding.size:
                return self.best, level
            before = self.best.copy()
            for t in binding:
                self.settle(int(t))
            alpha = _alpha(self.best, self.beta)
            for t in np.flatnonzero(self.best > before):
                master.set_row(int(t), float(alpha[t]), float(self.beta[t]))
        raise SolverError("The regret of this game could not be settled; please report the game.")

    def exact_for(self, coverage: Floats) -> Floats:
        """R_t, exact wherever this coverage's regret could be the largest."""
        for t in self._by_regret(coverage):
            self.settle(t)
        return self.best

    def _by_regret(self, coverage: Floats) -> Iterator[int]:
        alone = self.high * self.game.left(coverage)
        while True:
            t = int(np.argmax(alone - self.best))
            if self.exact[t]:
                return
            yield t
