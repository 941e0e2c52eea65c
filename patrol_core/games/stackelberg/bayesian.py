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
from dataclasses import replace
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError, SolverError
from patrol_core.games.stackelberg.attack_program import (
    AttackProgram,
    LedPlan,
    OutOfTimeError,
    check_range,
    lead_types,
)
from patrol_core.games.stackelberg.bayesian_game import (
    BayesianGame,
    BayesianSolution,
    TypeOutcome,
)
from patrol_core.games.stackelberg.dobss import dobss
from patrol_core.games.stackelberg.side_rules import SideRules
from patrol_core.games.stackelberg.solve import Finished, Offenders, check_method, check_time_limit, finish
from patrol_core.games.stackelberg.type_branch import branch_and_cut
from patrol_core.solvers import LOCK, TIME_LIMIT, solver_name

Method = Literal["auto", "lp", "branch-and-cut", "dobss"]

#: What ``method`` may be.
METHODS: tuple[Method, ...] = ("auto", "lp", "branch-and-cut", "dobss")

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

    Args:
        game: The game.
        method: ``auto``, ``lp`` (every type zero-sum), ``branch-and-cut`` or ``dobss`` (any types).
        time_limit: Seconds; a plan found by then comes back as ``stopped-with-plan`` with its gap.

    Raises:
        InputError: For an unknown method, or the LP asked for with a type that is not zero-sum.
        InfeasibleError: If the rules cannot all be met: which, by how much, and what would work.
        SolverError: If no plan was found in time, or none passes the checks.
    """
    return TypesModel(game).solve(method=method, time_limit=time_limit)


class TypesModel:
    """A Bayesian game kept ready: moving the budget re-solves the zero-sum LP warm.

    Args:
        game: The game; only its budget may change from solve to solve.

    Notes:
        Safe to share between threads: the process-wide solver lock is held while a plan is worked out.
    """

    def __init__(self, game: BayesianGame) -> None:
        self.game = game
        self._offenders = Offenders.of(game.payoffs, game.priors)
        self._program: AttackProgram | None = None

    def solve(
        self, *, budget: float | None = None, method: Method = "auto", time_limit: float = TIME_LIMIT
    ) -> BayesianSolution:
        """Best plan at this budget; see :func:`solve_bayesian`.

        Args:
            budget: Zones covered at once; the game's own where None.
            method, time_limit: As in :func:`solve_bayesian`.
        """
        check_method(method, METHODS)
        check_time_limit(time_limit)
        general = [
            kind.id
            for kind, p in zip(self.game.types, self._offenders.types, strict=True)
            if not p.is_zero_sum
        ]
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
                program = self._at(rules, time_limit) if rules.coupling else None
            elif method == "dobss":
                program = self._at(rules, time_limit)
                plan, solver = dobss(program, priors, time_limit=time_limit), f"DOBSS, {solver_name()}"
            else:
                program = self._at(rules, time_limit)
                plan, solver = _one_lp(program, priors), f"Bayesian LP, {solver_name()}"
            done = finish(
                self._offenders, rules, started, ("expected-utility", UTILITY), plan, program if rules.coupling else None, solver
            )  # fmt: skip
            return _solution(self.game, done)

    def _branched(self, rules: SideRules, method: Method, time_limit: float) -> tuple[LedPlan, str]:
        """Branch and cut; where ``auto`` finds it open after a while, DOBSS too: the better plan, the tighter bound."""
        started, priors, name = time.perf_counter(), self.game.priors, solver_name()
        if method == "branch-and-cut":
            plan = branch_and_cut(rules, self._offenders.types, priors, time_limit=time_limit)
            return plan, f"branch and cut, {name}"
        first: LedPlan | None = None
        try:
            first = branch_and_cut(rules, self._offenders.types, priors, time_limit=min(time_limit, _QUICK))
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
        one, two = (self._offenders.utility(self._offenders.responses(p.coverage)) for p in (first, other))
        bound = min(first.bound, other.bound)
        closed = bound - max(one, two) <= _CLOSED * max(kind.defender_scale for kind in self._offenders.types)
        better = replace(other if two > one else first, bound=bound, finished=other.finished and closed)
        return better, f"branch and cut, then DOBSS, {name}"

    def _at(self, rules: SideRules, time_limit: float) -> AttackProgram:
        """The kept model under these rules."""
        if self._program is None:
            self._program = AttackProgram(rules, self._offenders.types, time_limit=time_limit)
        else:
            self._program.set_budget(rules, time_limit=time_limit)
        return self._program


def _one_lp(program: AttackProgram, priors: Floats) -> LedPlan:
    """Solve min sum_k p_k w_k."""
    led = (None,) * len(program.types)
    try:
        solved = lead_types(program, priors, led)
    except OutOfTimeError:
        raise SolverError("The time limit passed before a plan was found: give more seconds.") from None
    if solved is None:
        program.rules.explain()
    return LedPlan(solved[0], led, solved[1])


def _solution(game: BayesianGame, done: Finished) -> BayesianSolution:
    zones, answers = game.zone_ids, done.answers
    types = tuple(
        TypeOutcome(
            kind.id, float(p), tuple(zones[t] for t in r.attack_set), zones[r.attacked],
            r.defender_utility, r.attacker_utility,
        )
        for kind, p, r in zip(game.types, game.priors, answers, strict=True)
    )  # fmt: skip
    attacked = {t for p, r in zip(game.priors, answers, strict=True) if p > 0 for t in r.attack_set}
    return BayesianSolution(
        zone_ids=zones, coverage=done.coverage, types=types, attack_set=tuple(zones[t] for t in sorted(attacked)),
        defender_utility=done.certificate.objective,
        attacker_utility=float(game.priors @ np.array([r.attacker_utility for r in answers])),
        certificate=done.certificate, note=done.note,
    )  # fmt: skip
