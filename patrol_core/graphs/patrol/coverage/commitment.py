r"""Strong Stackelberg equilibrium on marginals: the defender commits, attackers see coverage and take the A targets that pay best.

For an attack set S, with defender's and attacker's payoffs d_t(c_t), a_t(c_t), both linear in coverage, cost :math:`\kappa_j` of the
moves of joint strategy j and a level w of what pays:

.. math::
    \max \sum_{t \in S} d_t(c_t) - \sum_j \kappa_j p_j \;\text{ s.t. }\; a_t(c_t) \ge w \;(t \in S),\; a_t(c_t) \le w \;(t \notin S),\;
    c = \sum_j p_j C_j,\; \sum_j p_j = 1

(c at most that where schedules may leave out targets). One program serves all S: another S is another side of some rows. Sets are
searched by branch and bound: S grows target by target, targets that are not decided yet have no row, and a branch ends
where its optimum cannot beat the best set found. With one attacker that is the multiple-LP method. In normal form the attackers may also
leave resources unused, where all else pays nothing (w = 0).

Sources: Conitzer and Sandholm (2006); Korzhyk, Conitzer and Parr (2010), "Complexity of computing optimal Stackelberg strategies in
security resource allocation games".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.graphs.patrol.coverage.attack_search import AttackSearch
from patrol_core.graphs.patrol.coverage.choose import deadline, make_pricer, may_drop
from patrol_core.graphs.patrol.coverage.joint import patrols_of
from patrol_core.graphs.patrol.coverage.partial_schedules import thinned
from patrol_core.graphs.patrol.game import NORMAL, SCHEDULE, GraphGame
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol
from patrol_core.graphs.patrol.verify import check_patrols, expected_moves

_TIE = 1e-7
"""Payoffs of the attacker this close (relative to the largest) are equal: ties go to the defender, as in every strong equilibrium."""


def solve_commitment(
    game: GraphGame,
    *,
    started: float,
    time_limit: float,
    gap: float,
    on_progress: Callable[[float, float], bool] | None,
) -> GraphSolution:
    """The equilibrium of a general-sum game in its own units.

    Args:
        game: A general-sum game.
        started, time_limit: Moment (``time.perf_counter``) of the start, and seconds from there.
        gap: Relative gap at which it ends.
        on_progress: Called with best value and bound; True stops.

    Raises:
        SolverError: When the time passed before any commitment was found.
    """
    pricer = make_pricer(game, until=deadline(started, time_limit))
    search = AttackSearch(game, pricer, until=started + time_limit, gap=gap, on_progress=on_progress)
    found = search.run()
    columns, chances = list(found.columns), found.probability
    if game.form == SCHEDULE and may_drop(game):
        columns, chances = thinned(game, found)
    patrols = patrols_of(game, columns, chances)
    coverage = check_patrols(game, patrols)
    outcome = best_answer(game, coverage, patrols, found.attacked)
    value, bound = outcome.defender, max(found.bound, outcome.defender)
    apart = relative_gap(value, bound, float(game.values.max()))
    finished = found.finished and apart <= max(gap, 1e-6)
    certificate = Certificate(
        Status.OPTIMAL if finished else Status.STOPPED_WITH_PLAN,
        float(value),
        float(bound),
        apart,
        f"{pricer.what}; linear programs over attack sets (HiGHS)",
        time.perf_counter() - started,
        phases=("labels", "attack sets"),
        violation=outcome.regret,
    )
    attack = np.zeros(game.size)
    attack[list(outcome.attacked)] = 1.0
    return GraphSolution(
        game, patrols, coverage, attack, float(value), float(outcome.attacker), 1.0, certificate, "stackelberg",
        found.history, pricer.counts | {"programs": found.programs},
    )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What the attackers do against a commitment.

    Attributes:
        attacked: Targets.
        defender, attacker: Payoffs, moves paid for.
        regret: How much less than the best answer this pays the attackers (within the tie tolerance).
    """

    attacked: tuple[int, ...]
    defender: float
    attacker: float
    regret: float


def best_answer(
    game: GraphGame, coverage: Floats, patrols: Sequence[JointPatrol], intended: Sequence[int]
) -> Answer:
    """The attackers' answer to a coverage: the intended set where it is among their best, else the best for the defender.

    Args:
        game, coverage, patrols: The game, and the (n,) coverage of the defender and the patrols it comes from.
        intended: Targets that the plan leads the attackers to.

    Raises:
        SolverError: When the intended set is not a best answer.
    """
    lost, kept, held, gained = game.payoffs
    defender = lost + (kept - lost) * coverage
    attacker = gained + (held - gained) * coverage
    order = np.argsort(-attacker, kind="stable")[: game.attackers]
    most = float(attacker[order].sum())
    paid = float(attacker[list(intended)].sum())
    size = max(float(np.abs(game.payoffs[2:]).max()), 1e-12)
    if most - paid > _TIE * size * game.attackers:
        raise SolverError(
            f"The attackers gain {most - paid:.3g} by another answer than the planned one: this is a fault of the program, please report it."
        )
    if game.form != NORMAL and len(intended) != game.attackers:
        raise SolverError(
            "The planned attack has another number of targets than there are attackers: please report it."
        )
    cost = game.step_cost * expected_moves(patrols) if game.costs_matter else 0.0
    return Answer(tuple(intended), float(defender[list(intended)].sum()) - cost, paid, max(most - paid, 0.0))
