r"""Security games against several offender types: front door.

    max over x in X of  sum_k p_k U_d^k(t_k(x), x),   t_k(x) the best response of type k, ties in the defender's favour

* every type zero-sum: one LP, min sum_k p_k w_k with w_k >= V^k_t (1 - e_k x_t), kept warm by :class:`TypesModel`;
* otherwise branch and cut on the disaggregated relaxation (:mod:`~patrol_core.games.stackelberg.type_branch`);
* DOBSS (:mod:`~patrol_core.games.stackelberg.dobss`), the published mixed-integer program: the same answer, usually far slower.

``auto`` takes the LP where it is valid, else branch and cut; where that has not ended after two seconds, DOBSS goes on. With one type the result is the SSE of :mod:`~patrol_core.games.stackelberg.solve`.
A second phase keeps every type's attack and payoff and spends what budget is left where the defender's
expected payoff sum_k p_k sum_t U_d^k(t, x) gains most.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.games.stackelberg.attack_program import (
    AttackProgram,
    OutOfTimeError,
    check_range,
    second_phase,
)
from patrol_core.games.stackelberg.bayesian_game import (
    BayesianGame,
    BayesianSolution,
    OffenderType,
    TypeOutcome,
    types_from_harm,
)
from patrol_core.games.stackelberg.dobss import LedPlan, dobss, lead_types
from patrol_core.games.stackelberg.game import unused_budget_note
from patrol_core.games.stackelberg.payoffs import Payoffs, Response, measured, respond
from patrol_core.games.stackelberg.side_rules import SideRules
from patrol_core.games.stackelberg.solve import check_method, check_time_limit
from patrol_core.games.stackelberg.type_branch import branch_and_cut
from patrol_core.games.zone import MAX_VIOLATION
from patrol_core.solvers import LOCK, TIME_LIMIT, solver_name

__all__ = [
    "METHODS",
    "BayesianGame",
    "BayesianSolution",
    "Method",
    "OffenderType",
    "TypeOutcome",
    "TypesModel",
    "solve_bayesian",
    "types_from_harm",
]

Method = Literal["auto", "lp", "branch-and-cut", "dobss"]

#: What ``method`` may be.
METHODS: tuple[Method, ...] = ("auto", "lp", "branch-and-cut", "dobss")

#: A plan whose recomputed payoff differs from its method's own by more (in defender scales) is withheld.
_SAME = 1e-6

#: A bound this close to the plan (in defender scales) closes the search.
_CLOSED = 1e-8

#: What the objective counts.
UTILITY = (
    "defender's expected utility: over the types by their chances, her payoff at the target that each takes, in the unit of the "
    "defender's payoffs, most of all plans that keep the rules; higher is better"
)

#: Seconds after which ``auto`` asks DOBSS too: where branch and cut does not end at once, cuts of all kinds help.
_QUICK = 2.0


def solve_bayesian(
    game: BayesianGame, *, method: Method = "auto", time_limit: float = TIME_LIMIT
) -> BayesianSolution:
    """Best coverage to commit to against several types of watching, rational attackers.

    Parameters
    ----------
    game
        The game.
    method
        ``auto``, ``lp`` (every type zero-sum), ``branch-and-cut`` or ``dobss`` (any types).
    time_limit
        Seconds; a plan found by then comes back as ``stopped-with-plan`` with its gap.

    Raises
    ------
    InputError
        For an unknown method, or the LP asked for with a type that is not zero-sum.
    InfeasibleError
        If the rules cannot all be met: which, by how much, and what would work.
    SolverError
        If no plan was found in time, or none passes the checks.
    """
    return TypesModel(game).solve(method=method, time_limit=time_limit)


class TypesModel:
    """A Bayesian game kept ready: moving the budget re-solves the zero-sum LP warm.

    Parameters
    ----------
    game
        The game; only its budget may change from solve to solve.

    Notes
    -----
    Safe to share between threads: the process-wide solver lock is held while a plan is worked out.
    """

    def __init__(self, game: BayesianGame) -> None:
        self.game = game
        self._types, self._unit = measured(game.payoffs)
        self._program: AttackProgram | None = None

    def solve(
        self, *, budget: float | None = None, method: Method = "auto", time_limit: float = TIME_LIMIT
    ) -> BayesianSolution:
        """Best plan at this budget; see :func:`solve_bayesian`.

        Parameters
        ----------
        budget
            Zones covered at once; the game's own where None.
        method, time_limit
            As in :func:`solve_bayesian`.
        """
        check_method(method, METHODS)
        check_time_limit(time_limit)
        general = [kind.id for kind, p in zip(self.game.types, self._types, strict=True) if not p.is_zero_sum]
        if method == "lp" and general:
            raise InputError(
                f"method = 'lp' is valid only while every type is zero-sum, and type {general[0]!r} is not: "
                "use method 'branch-and-cut' or 'auto'."
            )
        started, priors = time.perf_counter(), self.game.priors
        with LOCK:
            rules = self.game.rules if budget is None else self.game.rules.with_budget(budget)
            rules.check_bounds()
            for payoffs in self.game.payoffs:
                check_range(rules, payoffs)
            if method == "branch-and-cut" or (method == "auto" and general):
                plan, solver = self._branched(rules, method, time_limit)
                kept = self._at(rules, time_limit) if rules.coupling else None
                return self._finish(rules, kept, plan, solver, started)
            program = self._at(rules, time_limit)
            if method == "dobss":
                plan, solver = dobss(program, priors, time_limit=time_limit), f"DOBSS, {solver_name()}"
            else:
                plan, solver = _one_lp(program, priors), f"Bayesian LP, {solver_name()}"
            return self._finish(rules, program if rules.coupling else None, plan, solver, started)

    def _branched(self, rules: SideRules, method: Method, time_limit: float) -> tuple[LedPlan, str]:
        """Branch and cut; where ``auto`` finds it open after a while, DOBSS too: the better plan, the tighter bound."""
        started, priors, name = time.perf_counter(), self.game.priors, solver_name()
        if method == "branch-and-cut":
            plan = branch_and_cut(rules, self._types, priors, time_limit=time_limit)
            return plan, f"branch and cut, {name}"
        first: LedPlan | None = None
        try:
            first = branch_and_cut(rules, self._types, priors, time_limit=min(time_limit, _QUICK))
        except SolverError:
            if time_limit <= _QUICK:
                raise
        left = time_limit - (time.perf_counter() - started)
        if first is not None and (first.finished or left <= 0):
            return first, f"branch and cut, {name}"
        try:
            other = dobss(self._at(rules, left), priors, time_limit=left)
        except SolverError:
            if first is None:
                raise
            return first, f"branch and cut, {name}"
        if first is None:
            return other, f"DOBSS, {name}"
        one, two = (_utility(priors, _responses(self._types, p.coverage)) for p in (first, other))
        bound = min(first.bound, other.bound)
        closed = bound - max(one, two) <= _CLOSED * max(kind.defender_scale for kind in self._types)
        better = replace(other if two > one else first, bound=bound, finished=other.finished and closed)
        return better, f"branch and cut, then DOBSS, {name}"

    def _at(self, rules: SideRules, time_limit: float) -> AttackProgram:
        """The kept model under these rules."""
        if self._program is None:
            self._program = AttackProgram(rules, self._types, time_limit=time_limit)
        else:
            self._program.set_budget(rules, time_limit=time_limit)
        return self._program

    def _finish(
        self, rules: SideRules, program: AttackProgram | None, plan: LedPlan, solver: str, started: float
    ) -> BayesianSolution:
        """Second phase, then every figure from the payoffs alone."""
        game, types = self.game, self._types
        coverage, phases = plan.coverage, ("expected-utility",)
        ran = False
        if plan.finished:
            ran, coverage = _second(types, game.priors, rules, program, plan)
        if ran:
            phases = (*phases, "expected-payoff")  # type: ignore[assignment]
        seconds = time.perf_counter() - started
        before, after = (_responses(types, x) for x in (plan.coverage, coverage))
        promised, found = _utility(game.priors, before), _utility(game.priors, after)
        violation, size = rules.violation(coverage), max(k.defender_scale for k in types)
        if violation > MAX_VIOLATION or not promised - _SAME * size <= found <= plan.bound + _SAME * size:
            raise SolverError(
                f"The plan found breaks a rule by {violation:.3g} or pays {found:.6g} where its method says {promised:.6g} "
                f"and proves at most {plan.bound:.6g}; it was withheld (solver {solver})."
            )
        answers = [_as_given(kind, r, coverage) for kind, r in zip(game.payoffs, after, strict=True)]
        value = _utility(game.priors, answers)
        bound = value + self._unit * max(plan.bound - found, 0.0)
        certificate = Certificate(
            Status.OPTIMAL if plan.finished else Status.STOPPED_WITH_PLAN,
            value, bound, relative_gap(value, bound, size * self._unit), solver, seconds, phases, max(0.0, violation), UTILITY,
        )  # fmt: skip
        return _solution(game, rules, coverage, answers, certificate)


def _one_lp(program: AttackProgram, priors: Floats) -> LedPlan:
    """Solve min sum_k p_k w_k."""
    led = (None,) * len(program.types)
    try:
        solved = lead_types(program, priors, led)
    except OutOfTimeError:
        raise SolverError("The time limit passed before a plan was found: give more seconds.") from None
    if solved is None:
        program.rules.explain()
    point, bound = solved
    return LedPlan(point.coverage, led, bound)


def _second(
    types: Sequence[Payoffs],
    priors: Floats,
    rules: SideRules,
    program: AttackProgram | None,
    plan: LedPlan,
) -> tuple[bool, Floats]:
    """The second phase over the types that can come at all."""
    some = [k for k, p in enumerate(priors) if p > 0]
    coverage, ran = second_phase(
        rules,
        [types[k] for k in some],
        [float(priors[k]) for k in some],
        plan.coverage,
        [plan.led[k] for k in some],
        program,
    )
    return ran, coverage


def _responses(types: Sequence[Payoffs], coverage: Floats) -> list[Response]:
    return [respond(payoffs, coverage) for payoffs in types]


def _utility(priors: Floats, responses: list[Response]) -> float:
    return float(priors @ np.array([r.defender_utility for r in responses]))


def _as_given(payoffs: Payoffs, response: Response, coverage: Floats) -> Response:
    """The same response with its payoffs as they were given."""
    defender, attacker = payoffs.defender(coverage), payoffs.attacker(coverage)
    level = float(attacker[list(response.attack_set)].max())
    return replace(response, attacker_utility=level, defender_utility=float(defender[response.attacked]))


def _solution(
    game: BayesianGame,
    rules: SideRules,
    coverage: Floats,
    responses: list[Response],
    certificate: Certificate,
) -> BayesianSolution:
    zones = game.zone_ids
    types = tuple(
        TypeOutcome(
            kind.id, float(p), tuple(zones[t] for t in r.attack_set), zones[r.attacked],
            r.defender_utility, r.attacker_utility,
        )
        for kind, p, r in zip(game.types, game.priors, responses, strict=True)
    )  # fmt: skip
    attacked = {t for p, r in zip(game.priors, responses, strict=True) if p > 0 for t in r.attack_set}
    return BayesianSolution(
        zones, coverage, types, tuple(zones[t] for t in sorted(attacked)),
        certificate.objective, float(game.priors @ np.array([r.attacker_utility for r in responses])),
        certificate, float(coverage.sum()), unused_budget_note(rules, coverage, spent="expected-payoff" in certificate.phases),
    )  # fmt: skip
