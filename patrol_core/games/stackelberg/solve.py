r"""Strong Stackelberg equilibrium of a general-sum security game: front door.

    max over x in X and t in argmax_s U_a(s, x) of  U_d(t, x)

Three methods give the same defender utility:

* ORIGAMI (:mod:`~patrol_core.games.stackelberg.origami`), O(n log n), while rules hold zone by zone;
* multiple LPs (:mod:`~patrol_core.games.stackelberg.multiple_lp`), for every linear rule;
* ERASER (:mod:`~patrol_core.games.stackelberg.eraser`), one mixed-integer program, for every linear rule.

``auto`` takes ORIGAMI where it applies, else multiple LPs, which measured faster than ERASER throughout.

The equilibrium seldom fixes every zone. A second phase keeps the attacker's choice, his payoff and the defender's,
and spends what budget is left where the defender's expected payoff over all targets gains most; a note
says if some still cannot be used. In a zero-sum game this is the second phase of
:func:`patrol_core.games.zone.game.solve_zone_game`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.games.stackelberg.attack_program import AttackProgram, LedPlan, check_range, second_phase
from patrol_core.games.stackelberg.eraser import eraser
from patrol_core.games.stackelberg.game import SecurityGame, StackelbergSolution, unused_budget_note
from patrol_core.games.stackelberg.multiple_lp import multiple_lps
from patrol_core.games.stackelberg.origami import origami
from patrol_core.games.stackelberg.payoffs import Payoffs, Response, measured, plain_number, respond
from patrol_core.games.stackelberg.side_rules import SideRules
from patrol_core.games.zone import MAX_VIOLATION
from patrol_core.solvers import LOCK, TIME_LIMIT, solver_name

Method = Literal["auto", "multiple-lp", "eraser", "origami"]

#: What ``method`` may be.
METHODS: tuple[Method, ...] = ("auto", "multiple-lp", "eraser", "origami")

#: What the objective counts.
UTILITY = (
    "defender's utility: her payoff at the target that a watching attacker takes, in the unit of the defender's payoffs, most of "
    "all plans that keep the rules; higher is better"
)

#: A plan whose recomputed payoff differs from its method's own by more (in defender scales) is withheld.
_SAME = 1e-6


def solve_stackelberg(
    game: SecurityGame, *, method: Method = "auto", time_limit: float = TIME_LIMIT
) -> StackelbergSolution:
    """Best coverage to commit to against one watching, rational attacker.

    Args:
        game: The game.
        method: ``auto``, ``origami``, ``multiple-lp`` or ``eraser``; see the module.
        time_limit: Seconds; a plan found by then comes back as ``stopped-with-plan`` with its gap.

    Raises:
        InputError: For an unknown method, or ORIGAMI asked for with a rule that couples zones.
        InfeasibleError: If the rules cannot all be met: which, by how much, and what would work.
        SolverError: If no plan was found in time, or none passes the checks.
    """
    check_method(method, METHODS)
    check_time_limit(time_limit)
    coupling = game.rules.coupling
    if method == "origami" and coupling:
        raise InputError(
            f"method = 'origami' cannot keep the rule {coupling[0].name}, which couples zones: "
            "use method 'multiple-lp', 'eraser' or 'auto'."
        )
    started = time.perf_counter()
    game.rules.check_bounds()
    offenders = Offenders.of([game.payoffs], np.ones(1))
    end = partial(finish, offenders, game.rules, started, ("strong-stackelberg", UTILITY))
    if method == "origami" or (method == "auto" and not coupling):
        return _solution(game, end(origami(offenders.types[0], game.rules), None, "ORIGAMI"))
    check_range(game.rules, game.payoffs)
    with LOCK:
        program = AttackProgram(game.rules, offenders.types, time_limit=time_limit)
        if method == "eraser":
            plan, solver = eraser(program, time_limit=time_limit), f"ERASER, {solver_name()}"
        else:
            plan, solver = multiple_lps(program), f"multiple LPs, {solver_name()}"
        return _solution(game, end(plan, program if coupling else None, solver))


def _solution(game: SecurityGame, done: Finished) -> StackelbergSolution:
    (answer,), coverage, labels = done.answers, done.coverage, game.zone_ids
    return StackelbergSolution(
        zone_ids=labels, coverage=coverage, certificate=done.certificate, note=done.note,
        defender_payoffs=game.payoffs.defender(coverage), attacker_payoffs=game.payoffs.attacker(coverage),
        attack_set=tuple(labels[t] for t in answer.attack_set), attacked=labels[answer.attacked],
        defender_utility=answer.defender_utility, attacker_utility=answer.attacker_utility,
    )  # fmt: skip


def check_method(method: str, accepted: tuple[str, ...]) -> None:
    """Refuse a method that is not one of those accepted."""
    if method not in accepted:
        raise InputError(f"method = {method!r}: accepted are {', '.join(accepted)}.")


def check_time_limit(seconds: float) -> None:
    """Refuse a time limit that is no number above 0."""
    number = plain_number(seconds)
    if number is None or not number > 0:
        raise InputError(f"time_limit = {seconds!r}: accepted is a number of seconds above 0.")


@dataclass(frozen=True, eq=False)
class Offenders:
    """The types of a game with their payoffs as given and as the models see them.

    Attributes:
        priors: (K,) chances of the types.
        given, types: Payoffs as given, and as measured for the models.
        unit: Unit of the defender's measured payoffs.
    """

    priors: Floats
    given: tuple[Payoffs, ...]
    types: list[Payoffs]
    unit: float

    @classmethod
    def of(cls, payoffs: Sequence[Payoffs], priors: Floats) -> Offenders:
        """Types measured together."""
        return cls(priors, tuple(payoffs), *measured(payoffs))

    def responses(self, coverage: Floats) -> list[Response]:
        """What each type does, in measured payoffs."""
        return [respond(payoffs, coverage) for payoffs in self.types]

    def utility(self, responses: Sequence[Response]) -> float:
        """Defender's expected utility."""
        return float(self.priors @ np.array([r.defender_utility for r in responses]))

    def as_given(self, responses: Sequence[Response], coverage: Floats) -> list[Response]:
        """The same responses with their payoffs as they were given."""
        answers = []
        for payoffs, response in zip(self.given, responses, strict=True):
            defender, attacker = payoffs.defender(coverage), payoffs.attacker(coverage)
            level = float(attacker[list(response.attack_set)].max())
            answers.append(
                replace(response, attacker_utility=level, defender_utility=float(defender[response.attacked]))
            )
        return answers


@dataclass(frozen=True, eq=False)
class Finished:
    """A checked plan: coverage, what each type does against it (payoffs as given), certificate and a note on unused budget."""

    coverage: Floats
    answers: list[Response]
    certificate: Certificate
    note: str


def finish(
    offenders: Offenders,
    rules: SideRules,
    started: float,
    words: tuple[str, str],
    plan: LedPlan,
    program: AttackProgram | None,
    solver: str,
) -> Finished:
    """Second phase, then every figure from the payoffs alone.

    Args:
        offenders, rules: The game.
        started, words, solver: For the certificate: when it began, name of the first phase and what the
            objective counts, method.
        plan, program: What the method found, and the kept model where rules couple zones.

    Raises:
        SolverError: Where the plan breaks a rule or pays something else than its method says: such a plan is
            never returned.
    """
    types, coverage = offenders.types, plan.coverage
    ran = False
    if plan.finished:
        some = [k for k, p in enumerate(offenders.priors) if p > 0]
        coverage, ran = second_phase(
            rules, [types[k] for k in some], [float(offenders.priors[k]) for k in some], coverage,
            [plan.led[k] for k in some], program,
        )  # fmt: skip
    seconds = time.perf_counter() - started
    after = offenders.responses(coverage)
    promised, found = offenders.utility(offenders.responses(plan.coverage)), offenders.utility(after)
    violation, size = rules.violation(coverage), max(kind.defender_scale for kind in types)
    if violation > MAX_VIOLATION or not promised - _SAME * size <= found <= plan.bound + _SAME * size:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g} or pays {found:.6g} where its method says {promised:.6g} "
            f"and proves at most {plan.bound:.6g}; it was withheld (solver {solver})."
        )
    answers = offenders.as_given(after, coverage)
    value = offenders.utility(answers)
    bound = value + offenders.unit * max(plan.bound - found, 0.0)
    certificate = Certificate(
        Status.OPTIMAL if plan.finished else Status.STOPPED_WITH_PLAN,
        value, bound, relative_gap(value, bound, size * offenders.unit), solver, seconds,
        (words[0], "expected-payoff") if ran else words[:1], max(0.0, violation), words[1],
    )  # fmt: skip
    return Finished(coverage, answers, certificate, unused_budget_note(rules, coverage, spent=ran))
