r"""The linear models over coverage and attack levels, as one kept Pyomo model.

Sets      t in T zones, k in K offender types, j in J coupling rows
Data      U^k(t, x) = U^k_t - F^k_t x_t attacker payoffs in units of each type's scale; c_k, f_t costs;
          r^k_t > 0 the scale of a row
Variables x_t in [l_t, u_t] coverage, w_k attack level

cost             min  sum_k c_k w_k + sum_t f_t x_t
attack[k, t]     (w_k + F^k_t x_t) / r^k_t >= U^k_t / r^k_t       that is w_k >= U^k(t, x)
budget, side[j]  a_j . x <= b_j

A type is *led* to a target t_k by turning attack[k, t_k] into an equation: the type then attacks t_k, with
ties in the defender's favour. Costs, led targets and bounds change between solves; HiGHS goes on from its last basis.

* one type, c = 1: least level the attacker can be held to
* one type led to t, f_t = -D_t: the LP of target t of the multiple-LPs method
* several zero-sum types, c_k = p_k: the Bayesian LP
* several types led to (t_1, ..., t_K): the LP of one combination of attacks

Every solve returns its proof, worked out in :mod:`~patrol_core.games.stackelberg.weak_duality`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InputError, SolverError
from patrol_core.games.rules import RowKey
from patrol_core.games.stackelberg.payoffs import TIE, Payoffs
from patrol_core.games.stackelberg.side_rules import SideRules, rules_model, side_data
from patrol_core.games.stackelberg.weak_duality import Watched, proved_minimum
from patrol_core.games.zone import spend_rest
from patrol_core.solvers import HighsSession, Outcome, expressions, pyo

#: Rows are scaled by their drop, so that tolerances are in coverage, but by no more than HiGHS can see (1e-9).
_SCALES = (1e-6, 1e6)

#: The second phase first keeps every level exactly; these slacks (in payoff scales) follow if rounding forbids it.
_SLACKS = (0.0, 1e-10, 1e-9, 5e-9)

#: Largest drop, in attacker scales, that solver tolerances can resolve.
_WIDEST = 1e6

#: Tolerances of the mixed-integer programs, in payoff scales.
MIP_TOLERANCE = 1e-9

#: Defender payoffs (in scales) and coverages this close count as the same when the attacked target is chosen.
_ALIKE = 1e-9


class OutOfTimeError(Exception):
    """The time limit passed before this LP was solved; caught by the methods, never shown."""


@dataclass(frozen=True, eq=False)
class Point:
    """A solved model.

    Attributes:
        coverage: (n,) x, inside its bounds.
        cost: Objective in the model's unit, recomputed from x.
        bound: Proved lower bound on it.
        multipliers: (K, n) q^k_t suggested by the solver.
    """

    coverage: Floats
    cost: float
    bound: float
    multipliers: Floats


#: Target that each type is led to; None for zero-sum types and types with prior 0.
Led = tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class LedPlan:
    """A coverage with the target each type is led to, as a method found it, before the second phase.

    Attributes:
        coverage, led: (n,) x and K targets.
        bound: Proved: no plan gives the defender more.
        finished: False if the time limit passed first.
    """

    coverage: Floats
    led: Led
    bound: float
    finished: bool = True


class AttackProgram:
    """The model of the module docstring, kept in HiGHS. Use it with the solver lock held.

    Args:
        rules: The set of allowed coverages.
        types: Payoffs per type.
        time_limit: Seconds over all solves of this program; afterwards :class:`OutOfTimeError`.
    """

    def __init__(self, rules: SideRules, types: Sequence[Payoffs], *, time_limit: float) -> None:
        self.deadline = time.perf_counter() + time_limit
        self.rules, self.types = rules, tuple(types)
        self.model = rules_model(rules)
        self._offset = np.array([_add_attacks(self.model, k, p) for k, p in enumerate(self.types)])
        self.model.cost = pyo.Objective(expr=self.model.w[0])
        self.session = HighsSession(self.model, mutable=("budget",), presolve=False)
        self._x = self.session.columns_of(self.model.x.values())
        self._w = self.session.columns_of(self.model.w.values())
        rows = self.session.rows_of(self.model.attack.values())
        self._attack = rows.reshape(len(self.types), rules.size)
        self._side = side_data(self.model)
        self._led: tuple[int | None, ...] = (None,) * len(self.types)

    def set_budget(self, rules: SideRules, *, time_limit: float) -> None:
        """Move to the same rules under another budget, and start the clock again."""
        self.deadline = time.perf_counter() + time_limit
        self.rules = rules
        self.model.B.value = rules.budget
        self.session.refresh()

    def extend(self, seconds: float) -> None:
        """At least this much time from now on."""
        self.deadline = max(self.deadline, time.perf_counter() + seconds)

    def solve(
        self, level_cost: Floats, coverage_cost: Floats, led: Sequence[int | None] | None = None
    ) -> Point | None:
        """Solve for these costs with types led to these targets; None if no coverage leads them there.

        Args:
            level_cost, coverage_cost: (K,) costs of attack levels and (n,) costs of coverage.
            led: Target of each type, None where it is not led.

        Raises:
            OutOfTimeError: If the time limit passed.
            SolverError: If HiGHS ends in another way.
        """
        self._lead(tuple(led) if led is not None else (None,) * len(self.types))
        self.session.set_bounds(self._x, *self.rules.bounds)
        self.session.set_costs(self._w, level_cost)
        self.session.set_costs(self._x, coverage_cost)
        outcome = self._run()
        return None if outcome is None else self._point(outcome, level_cost, coverage_cost)

    def spend(self, worth: Floats, lower: Floats, upper: Floats) -> Floats | None:
        """Coverage between ``lower`` and ``upper`` with the largest worth . x under all rules; None if there is none."""
        self._lead((None,) * len(self.types))
        self.session.set_bounds(self._x, lower, upper)
        self.session.set_costs(self._w, np.zeros(len(self.types)))
        share = worth / (float(worth.max(initial=0.0)) or 1.0)
        # tiny worth gets a price HiGHS can see; worthless zones a small cost, so that no budget is lost on them
        self.session.set_costs(self._x, -np.where(share > 0, np.maximum(share, 1e-8), -1e-8))
        outcome = self._run()
        return None if outcome is None else np.clip(outcome.columns[self._x], lower, upper)

    def _lead(self, led: tuple[int | None, ...]) -> None:
        """Turn the rows of led targets into equations, and earlier ones back."""
        for k, (old, new) in enumerate(zip(self._led, led, strict=True)):
            if old == new:
                continue
            if old is not None:
                right = float(self._offset[k, old])
                self.session.set_row(int(self._attack[k, old]), right, np.inf)
            if new is not None:
                right = float(self._offset[k, new])
                self.session.set_row(int(self._attack[k, new]), right, right)
        self._led = led

    def _run(self) -> Outcome | None:
        left = self.deadline - time.perf_counter()
        if left <= 0:
            raise OutOfTimeError
        outcome = self.session.solve(time_limit=left)
        if outcome.status is Status.INFEASIBLE:
            return None
        if outcome.status in (Status.STOPPED_WITH_PLAN, Status.STOPPED_WITHOUT_PLAN):
            raise OutOfTimeError
        if outcome.status is not Status.OPTIMAL:
            raise SolverError(
                f"HiGHS ended as {outcome.status} after {outcome.seconds:.1f} s, without a proved plan."
            )
        return outcome

    def _point(self, outcome: Outcome, level_cost: Floats, coverage_cost: Floats) -> Point:
        coverage = np.clip(outcome.columns[self._x], *self.rules.bounds)
        scales = np.array([_row_scales(p) for p in self.types])
        multipliers = outcome.row_duals[self._attack] / scales
        watched = [
            Watched(payoffs, float(c), q, target)
            for payoffs, c, q, target in zip(self.types, level_cost, multipliers, self._led, strict=True)
        ]
        bound = proved_minimum(self.rules, watched, coverage_cost, self._row_multipliers(outcome))
        levels = [
            float(p.seen(coverage)[t] if t is not None else p.seen(coverage).max()) / p.attacker_scale
            for p, t in zip(self.types, self._led, strict=True)
        ]
        cost = float(level_cost @ np.array(levels) + coverage_cost @ coverage)
        return Point(coverage, cost, bound, multipliers)

    def _row_multipliers(self, outcome: Outcome) -> Mapping[RowKey, float]:
        duals = self.session.duals(outcome, self._side.values())
        return {key: -float(dual) for key, dual in zip(self._side, duals, strict=True)}


def payoff_unit(types: Sequence[Payoffs], priors: Floats) -> float:
    """What the defender's expected payoff is measured in."""
    return max((p * k.defender_scale for p, k in zip(priors, types, strict=True)), default=1.0) or 1.0


def lead_types(program: AttackProgram, priors: Floats, led: Led) -> tuple[Floats, float] | None:
    """Best coverage of ``program`` for types with these ``priors`` that are ``led`` to these targets.

    With the bound it proves on the defender's utility; None where nothing leads there.
    """
    unit = payoff_unit(program.types, priors)
    level, coverage, constant = np.zeros(len(led)), np.zeros(program.rules.size), 0.0
    for k, (p, payoffs, target) in enumerate(zip(priors.tolist(), program.types, led, strict=True)):
        if target is not None:
            coverage[target] -= p * payoffs.relief[target] / unit
            constant += p * float(payoffs.defender_uncovered[target])
        elif payoffs.is_zero_sum:
            level[k] = p * payoffs.attacker_scale / unit
    point = program.solve(level, coverage, led)
    return None if point is None else (point.coverage, constant - unit * point.bound)


def decided_by_mip(program: AttackProgram, session: HighsSession, method: str, advice: str) -> Outcome:
    """Run a mixed-integer program, ``session``, that decides which targets of ``program`` are attacked.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the time limit passed before any plan was found, or HiGHS failed; ``method`` and
            ``advice`` are words of it.
    """
    # Integers and gaps are held as tightly as big-M rows need it.
    session.set_options(mip_feasibility_tolerance=MIP_TOLERANCE, mip_abs_gap=MIP_TOLERANCE)
    outcome = session.solve()
    if outcome.status is Status.INFEASIBLE:
        program.rules.explain()
    if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
        raise SolverError(
            f"{method} ended as {outcome.status} after {outcome.seconds:.1f} s: give more seconds, {advice}."
        )
    return outcome


def polished(
    program: AttackProgram, priors: Floats, led: Led, outcome: Outcome, unit: float
) -> LedPlan | None:
    """The plan of a mixed-integer program: the attacks it ``led`` types with these ``priors`` to, and coverage from :func:`lead_types`.

    ``outcome`` is how it ended, ``unit`` what its objective is measured in. None where the LP finds no plan.
    """
    program.extend(10.0)  # the LP is short, and without it there is no plan to show
    try:
        solved = lead_types(program, priors, led)
    except OutOfTimeError:
        solved = None
    if solved is None:
        return None
    upper = program.rules.bounds[1]
    most = float(priors @ np.array([float(kind.defender(upper).max()) for kind in program.types]))
    bound = min(outcome.bound * unit if np.isfinite(outcome.bound) else np.inf, most)
    return LedPlan(solved[0], led, bound, outcome.status is Status.OPTIMAL)


def check_range(rules: SideRules, payoffs: Payoffs) -> None:
    """Refuse payoffs so far apart that a solver's tolerance in coverage would decide who is attacked.

    Raises:
        InputError: Naming the target, its payoff and what is accepted.
    """
    t = int(np.argmax(payoffs.drop))
    if payoffs.drop[t] > _WIDEST * payoffs.attacker_scale:
        raise InputError(
            f"attacker_covered of target {rules.zone_ids[t]!r} is {payoffs.attacker_covered[t]:g}: an LP resolves penalties of "
            f"at most {_WIDEST:g} times what the other payoffs differ by, {payoffs.attacker_scale:g}; use a milder value, or "
            "method 'origami' (one type, no rule that couples zones)."
        )


def _row_scales(payoffs: Payoffs) -> Floats:
    """(n,) r_t: the drop in payoff scales, kept away from 0; 1 for targets whose drop is 0."""
    drop = payoffs.drop / payoffs.attacker_scale
    return np.where(drop > 0, np.clip(drop, *_SCALES), 1.0)


def _add_attacks(model: pyo.ConcreteModel, k: int, payoffs: Payoffs) -> Floats:
    """w[k] and attack[k, .]; returns the right-hand sides."""
    if k == 0:
        model.w = pyo.Var(pyo.Any, dense=False)
        model.attack = pyo.Constraint(pyo.Any)
    scale, rows = payoffs.attacker_scale, _row_scales(payoffs)
    level, fall = (1 / rows).tolist(), (payoffs.drop / scale / rows).tolist()
    right = payoffs.attacker_uncovered / scale / rows
    x, w = list(model.x.values()), model.w[k]
    for t, b in enumerate(right.tolist()):
        body = expressions.LinearExpression(linear_coefs=[level[t], fall[t]], linear_vars=[w, x[t]])
        model.attack[k, t] = (b, body, None)
    return right


def second_phase(
    rules: SideRules,
    types: Sequence[Payoffs],
    weights: Sequence[float],
    coverage: Floats,
    led: Sequence[int | None],
    program: AttackProgram | None,
) -> tuple[Floats, bool]:
    """Spend what the equilibrium leaves open: every type's level kept, expected payoff over all targets maximised.

    Args:
        rules, types, weights: Allowed coverages, payoffs and prior of each type.
        coverage: (n,) a coverage of the first phase.
        led: Per type the target it attacks (its coverage stays as it is), or None for a zero-sum type.
        program: The kept model where rules couple zones; None without such rules.

    Returns:
        coverage : numpy.ndarray: With the largest sum_k p_k sum_t U_d^k(t, x), among coverages with these
            levels and attacks.
        ran : bool: False if rounding or the time limit left no room for it; the coverage is then the one given.
    """
    worth = np.sum([p * payoffs.relief for p, payoffs in zip(weights, types, strict=True)], axis=0)
    led = [
        t if t is None else _least_open(p, coverage, t, rules.bounds[1])
        for p, t in zip(types, led, strict=True)
    ]
    for slack in _SLACKS:
        lower, upper = rules.bounds
        for payoffs, target in zip(types, led, strict=True):
            at = payoffs.seen(coverage)
            level = float(at.max() if target is None else at[target]) + slack * payoffs.attacker_scale
            lower = np.maximum(lower, payoffs.need(level, *rules.bounds))
        fixed = [t for t in led if t is not None]
        upper = upper.copy()
        lower[fixed] = upper[fixed] = coverage[fixed]
        lower = np.minimum(lower, upper)
        if program is None:
            return spend_rest(worth, rules.budget, lower, upper), True
        try:
            spent = program.spend(worth, lower, upper)
        except OutOfTimeError:
            break
        if spent is not None:
            return spent, True
    return coverage, False


def _least_open(payoffs: Payoffs, coverage: Floats, target: int, upper: Floats) -> int:
    """An attacked target as good for both as ``target`` whose coverage is at its cap: holding it still costs nothing."""
    attacker, defender = payoffs.seen(coverage), payoffs.defender(coverage)
    alike = (attacker >= attacker.max() - TIE * payoffs.attacker_scale) & (
        defender >= defender[target] - _ALIKE * payoffs.defender_scale
    )
    full = np.flatnonzero(alike & (coverage >= upper - _ALIKE))
    return int(full[0]) if full.size else target
