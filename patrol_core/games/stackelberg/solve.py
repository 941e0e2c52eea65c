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
from typing import Literal

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.games.stackelberg.attack_program import AttackProgram, check_range, second_phase
from patrol_core.games.stackelberg.eraser import eraser
from patrol_core.games.stackelberg.game import SecurityGame, StackelbergSolution, Target, unused_budget_note
from patrol_core.games.stackelberg.multiple_lp import Found, multiple_lps
from patrol_core.games.stackelberg.origami import origami
from patrol_core.games.stackelberg.payoffs import Payoffs, measured, plain_number, respond
from patrol_core.games.zone import MAX_VIOLATION
from patrol_core.solvers import LOCK, TIME_LIMIT, solver_name

__all__ = ["METHODS", "Method", "SecurityGame", "StackelbergSolution", "Target", "solve_stackelberg"]

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

    Parameters
    ----------
    game
        The game.
    method
        ``auto``, ``origami``, ``multiple-lp`` or ``eraser``; see the module.
    time_limit
        Seconds; a plan found by then comes back as ``stopped-with-plan`` with its gap.

    Raises
    ------
    InputError
        For an unknown method, or ORIGAMI asked for with a rule that couples zones.
    InfeasibleError
        If the rules cannot all be met: which, by how much, and what would work.
    SolverError
        If no plan was found in time, or none passes the checks.
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
    (payoffs,), unit = measured([game.payoffs])
    if method == "origami" or (method == "auto" and not coupling):
        commitment = origami(payoffs, game.rules)
        found, program, solver = (
            Found(commitment.coverage, commitment.attacked, commitment.bound),
            None,
            "ORIGAMI",
        )
        return _finish(game, (payoffs, unit), found, program, solver, started)
    check_range(game.rules, game.payoffs)
    with LOCK:
        program = AttackProgram(game.rules, [payoffs], time_limit=time_limit)
        if method == "eraser":
            found, solver = eraser(program, time_limit=time_limit), f"ERASER, {solver_name()}"
        else:
            found, solver = multiple_lps(program), f"multiple LPs, {solver_name()}"
        return _finish(game, (payoffs, unit), found, program if coupling else None, solver, started)


def check_method(method: str, accepted: tuple[str, ...]) -> None:
    """Refuse a method that is not one of those accepted."""
    if method not in accepted:
        raise InputError(f"method = {method!r}: accepted are {', '.join(accepted)}.")


def check_time_limit(seconds: float) -> None:
    """Refuse a time limit that is no number above 0."""
    number = plain_number(seconds)
    if number is None or not number > 0:
        raise InputError(f"time_limit = {seconds!r}: accepted is a number of seconds above 0.")


def _finish(
    game: SecurityGame,
    measures: tuple[Payoffs, float],
    found: Found,
    program: AttackProgram | None,
    solver: str,
    started: float,
) -> StackelbergSolution:
    """Second phase, then every figure from the payoffs alone; ``measures`` are those of the models, and their unit."""
    coverage, phases = found.coverage, ("strong-stackelberg",)
    ran = False
    if found.finished:
        coverage, ran = second_phase(game.rules, [measures[0]], [1.0], coverage, [found.attacked], program)
    if ran:
        phases = (*phases, "expected-payoff")  # type: ignore[assignment]
    return _certified(game, measures, found, coverage, phases, solver, time.perf_counter() - started)


def _certified(
    game: SecurityGame,
    measures: tuple[Payoffs, float],
    found: Found,
    coverage: Floats,
    phases: tuple[str, ...],
    solver: str,
    seconds: float,
) -> StackelbergSolution:
    payoffs, unit = measures
    response = respond(payoffs, coverage)
    promised = float(payoffs.defender(found.coverage)[found.attacked])
    violation = game.rules.violation(coverage)
    slack = _SAME * payoffs.defender_scale
    if violation > MAX_VIOLATION or not promised - slack <= response.defender_utility <= found.bound + slack:
        raise SolverError(
            f"The plan found breaks a rule by {violation:.3g} or pays {response.defender_utility:.6g} where its method "
            f"says {promised:.6g} and proves at most {found.bound:.6g}; it was withheld (solver {solver})."
        )
    defender, attacker = game.payoffs.defender(coverage), game.payoffs.attacker(coverage)
    value = float(defender[response.attacked])
    bound = value + unit * max(found.bound - response.defender_utility, 0.0)
    certificate = Certificate(
        Status.OPTIMAL if found.finished else Status.STOPPED_WITH_PLAN,
        value, bound, relative_gap(value, bound, game.payoffs.defender_scale), solver, seconds, phases,
        max(0.0, violation), UTILITY,
    )  # fmt: skip
    labels = game.zone_ids
    return StackelbergSolution(
        labels, coverage, defender, attacker,
        tuple(labels[t] for t in response.attack_set), labels[response.attacked],
        value, float(attacker[list(response.attack_set)].max()), certificate, float(coverage.sum()),
        unused_budget_note(game.rules, coverage, spent="expected-payoff" in phases),
    )  # fmt: skip
