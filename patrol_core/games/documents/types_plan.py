r"""A plan against several types of offender, and the program that finds it where harm left is not V_t (1 - e x_t).

Each crime type k has its own offenders, who take the zone where most of its harm H^k_t is left (:func:`types_from_harm
<patrol_core.games.stackelberg.types_from_harm>`: p_k V^k_t = H^k_t):

    types       min sum_k w_k
    attack[k,t]     w_k >= H^k_t s_t(x_t)          (:mod:`~patrol_core.games.robust.shares_left`)
    rules           x in X

Few of the rows bind: the program starts with the worst zones of each type and takes in what its plan breaks. Proof: any q_kt >= 0
with sum_t q_kt = 1 gives sum_k w_k >= sum_t (sum_k q_kt H^k_t) s_t(x_t), least over X by the prices of the rules. A second
phase keeps every type's level and leaves least harm in total.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.robust import (
    SharesLeft,
    check_bounds,
    least_left,
    least_residual,
    left_bound,
    plan_set,
    row_prices,
    solved,
)
from patrol_core.games.stackelberg import UTILITY, TypeOutcome, types_from_harm
from patrol_core.games.zone import MAX_GAP, MAX_VIOLATION, Strategy, ZoneGame, figures, row_violation
from patrol_core.solvers import LOCK, Outcome, pyo, solver_name, unit_of

#: Worst zones of each type that enter at once.
_AT_ONCE = 20

#: A row counts as broken above this share of its type's level, and zones within it are tied.
_BROKEN = 1e-10
_TIED = 1e-8

_MOST_ROUNDS = 500


@dataclass(frozen=True, eq=False)
class TypesStrategy(Strategy):
    """A plan against several types of offender.

    ``residual``, ``worst_case`` and ``attack_set`` are those of a rational offender who values all harm together;
    the certificate's objective is ``-value``.

    Attributes:
        value: Expected loss: what the types together can expect, each at its own best zone.
        types: What each type does.
    """

    value: float = float("nan")
    types: tuple[TypeOutcome, ...] = field(default=())


def curved_types_plan(game: ZoneGame, harm: Mapping[str, Floats]) -> TypesStrategy:
    """The plan with the least expected loss against the types, for any response.

    Args:
        game: Rules, budget and response; its values are those of all harm together.
        harm: Crime type to (n,) harm.

    Raises:
        InputError: For harm that is no harm, or a rule that needs a linear response.
        InfeasibleError: If the rules cannot all be met.
        SolverError: If no plan passes the checks.
    """
    started = time.perf_counter()
    kinds = types_from_harm(harm, game.effectiveness)
    check_bounds(game)
    table = np.array(list(harm.values()), dtype=float)
    unit = unit_of(table)
    table = table / unit
    whole = game.replace(values=table.sum(axis=0), stated=None)
    some = table.any(axis=1)
    with LOCK:
        coverage, bound = _Program(whole, table[some]).solve()
    levels = (table * game.left(coverage)).max(axis=1)
    share = np.divide(levels[:, None], table, out=np.full_like(table, np.inf), where=table > 0).min(axis=0)
    floor = np.clip(game.does.needed(share), *game.bounds())
    coverage = least_residual(whole, floor, coverage)
    value = float((table * game.left(coverage)).max(axis=1).sum())
    seconds = time.perf_counter() - started
    certificate = _certificate(
        game, coverage, (value * unit, bound * unit), float(table.sum()) * unit, seconds
    )
    left, worst, expected, _ = figures(game, coverage)
    outcomes = tuple(
        _outcome(game, kind.id, kind.prior, own * unit * game.left(coverage))
        for kind, own in zip(kinds, table, strict=True)
    )
    attacked = {zone for kind in outcomes if kind.prior > 0 for zone in kind.attack_set}
    return TypesStrategy(
        game.zone_ids, coverage, left, worst, expected, tuple(z for z in game.zone_ids if z in attacked), certificate,
        float(coverage.sum()), None, value * unit, outcomes,
    )  # fmt: skip


def _certificate(
    game: ZoneGame, coverage: Floats, ends: tuple[float, float], scale: float, seconds: float
) -> Certificate:
    value, bound = ends
    violation, gap = row_violation(game, coverage), relative_gap(value, bound, scale)
    if not (violation <= MAX_VIOLATION and gap <= MAX_GAP):
        raise SolverError(
            f"The plan found loses {value:.6g}, {bound:.6g} is proved, and it breaks a rule by {violation:.3g}; it was withheld."
        )
    phases, solver = ("expected-utility", "expected-residual"), f"Bayesian LP, {solver_name()}"
    return Certificate(Status.OPTIMAL, -value, -bound, gap, solver, seconds, phases, violation, UTILITY)


def _outcome(game: ZoneGame, name: str, prior: float, left: Floats) -> TypeOutcome:
    """What a type does: its payoff is harm left over its chance, so that chances times payoffs add up to harm."""
    level = float(left.max())
    tied = np.flatnonzero(left >= level - _TIED * level)
    payoff = level / prior if prior > 0 else 0.0
    zones = tuple(game.zone_ids[t] for t in tied)
    return TypeOutcome(name, prior, zones, zones[0], -payoff, payoff)


class _Program:
    """The program of the module docstring with its lazy rows; level k is measured in ``scale[k]``."""

    def __init__(self, game: ZoneGame, harm: Floats) -> None:
        self.game, self.harm = game, harm
        near = least_left(game, game.values)
        self.model = plan_set(game)
        self.shares = SharesLeft(game, self.model, near)
        before = harm * game.left(near)
        self.scale = np.maximum(before.max(axis=1), 1e-6 * harm.max(axis=1))
        kinds = range(len(harm))
        self.model.w = pyo.Var(kinds, bounds=(0, None))
        total = float(self.scale.sum())
        self.model.types = pyo.Objective(
            expr=pyo.quicksum(float(self.scale[k]) / total * self.model.w[k] for k in kinds)
        )
        # HiGHS reads only variables that stand in a row; this one never binds
        self.model.seen = pyo.Constraint(expr=pyo.quicksum(self.model.w.values()) >= -1.0)
        self.total = total
        self.session = self.shares.session(self.model)
        self.levels = self.session.columns_of(self.model.w.values())
        self.kind, self.zone, self.row = np.zeros((3, 0), dtype=np.intp)
        self.inside = np.zeros(harm.shape, dtype=bool)
        self._add(*self._broken(before, np.full(len(harm), -1.0)))

    def solve(self) -> tuple[Floats, float]:
        """(coverage, proved bound) once no row is broken."""
        lower, upper = self.game.bounds()
        for _ in range(_MOST_ROUNDS):
            outcome = solved(self.game, self.session, self.shares)
            coverage = np.clip(outcome.columns[self.shares.zones], lower, upper)
            level = outcome.columns[self.levels] * self.scale
            if not self._add(*self._broken(self.harm * self.game.left(coverage), level)):
                return coverage, self._bound(outcome)
        raise SolverError(
            "The plan against the types did not settle in 500 rounds of rows: please report the game."
        )

    def _broken(self, left: Floats, level: Floats) -> tuple[Indices, Indices]:
        """The worst pairs of each type that are above its level and not yet in the program."""
        count = min(_AT_ONCE, self.game.size)
        excess = np.where(self.inside | (self.harm <= 0), -np.inf, left - level[:, None])
        zone = np.argpartition(-excess, count - 1, axis=1)[:, :count].ravel()
        kind = np.repeat(np.arange(len(self.harm)), count)
        broken = excess[kind, zone] > _BROKEN * self.scale[kind]
        return kind[broken], zone[broken]

    def _add(self, kind: Indices, zone: Indices) -> int:
        """Rows (scale_k / H^k_t) w_k >= share left."""
        if not kind.size:
            return 0
        unit = self.shares.unit[zone]
        columns = np.stack([self.shares.columns[zone], self.levels[kind]], axis=1).ravel()
        slope = self.scale[kind] / self.harm[kind, zone] / unit
        entries = np.stack([self.shares.fall[zone] / unit, slope], axis=1).ravel()
        first, count = self.session.row_count, kind.size
        least = (1 - self.shares.taken) / unit
        self.session.add_rows(least, np.full(count, np.inf), 2 * np.arange(count), columns, entries)
        self.inside[kind, zone] = True
        self.kind, self.zone = np.append(self.kind, kind), np.append(self.zone, zone)
        self.row = np.append(self.row, first + np.arange(count))
        return int(count)

    def _bound(self, outcome: Outcome) -> float:
        harm = self.harm[self.kind, self.zone]
        weight = (
            np.maximum(outcome.row_duals[self.row], 0.0) / self.shares.unit[self.zone] * self.total / harm
        )
        per_kind = np.bincount(self.kind, weights=weight, minlength=len(self.harm))
        weight = weight / np.maximum(per_kind[self.kind], 1.0)  # off by a rounding of the solver's
        at_zone = np.bincount(self.zone, weights=weight * harm, minlength=self.game.size)
        prices = row_prices(self.session, self.model, outcome, self.total)
        return left_bound(self.game, float(at_zone.sum()), np.asarray(at_zone, dtype=float), prices)
