r"""Strong Stackelberg equilibrium of any bimatrix game by multiple linear programs.

The row player commits to a mixed strategy x in public; the column player answers with a best response, and breaks ties in the leader's
favour. For every column j the best commitment that makes j a best response is a linear program:

.. math:: \max_x \sum_i x_i A_{ij} \;\text{ s.t. }\; \sum_i x_i (B_{ij} - B_{ik}) \ge 0 \;\forall k,\; \sum_i x_i = 1,\; x \ge 0

The best of them is the answer. Columns go by what they could give at most, so that the rest can be left out as soon as the best answer reaches
that. The bound is weak duality, computed from the payoffs: for any :math:`\lambda \ge 0` no commitment to j gives more than
:math:`\max_i (A_{ij} + \sum_k \lambda_k (B_{ij} - B_{ik}))`.

Source: Conitzer & Sandholm (2006), EC, "Computing the optimal strategy to commit to".
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status
from patrol_core.errors import SolverError
from patrol_core.games.matrix.game import MatrixGame, MatrixSolution, mixed
from patrol_core.games.matrix.nash import CLOSE, equilibrium
from patrol_core.games.matrix.own_units import OwnGame, in_own_units, own_units
from patrol_core.games.matrix.reduce import Reduced, reduce_game, spread
from patrol_core.solvers import TIME_LIMIT, Stop, minimise, solver_name

#: Distance from the follower's best payoff, in spreads of his payoffs, up to which a column counts as a best response.
TIE = 1e-8
#: Distance of the leader's payoffs, in spreads of them, that is only rounding: of such columns the first is the answer.
SAME = 1e-10


def solve_sse(
    game: MatrixGame, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> MatrixSolution:
    """Optimal commitment of the row player.

    Args:
        game: Any two-player game. In a zero-sum game committing is worth exactly the value, and one program
            does.
        time_limit: Seconds; the best commitment so far is returned with the bound that is left.
        stop: Called between programs; True ends the search like the time limit.

    Raises:
        SolverError: When not one program was solved in time.
    """
    started = time.perf_counter()
    own = in_own_units(game, reduce_game(game))
    small = own.small
    if small.column is None:
        x, y = equilibrium(small.row, time_limit=time_limit)
        bound = float((own.game.row @ spread(y, small.columns, game.shape[1])).max())
        return _solution(own, spread(x, small.rows, game.shape[0]), bound, 1, started)
    x, bound, programs = _best_commitment(small, started + time_limit, stop)
    return _solution(own, spread(x, small.rows, game.shape[0]), bound, programs, started)


def _best_commitment(small: Reduced, until: float, stop: Stop | None) -> tuple[Floats, float, int]:
    """Best commitment found, a proved bound on any, and how many programs it took; all on the kept actions."""
    leader, follower = small.row, small.column
    assert follower is not None
    most = leader.max(axis=0)  # no commitment to column j gives more than its largest entry
    order = np.argsort(-most, kind="stable")
    best, best_x, bound, programs = -np.inf, np.zeros(0), -np.inf, 0
    for j in order:
        if most[j] <= best:
            break
        left = until - time.perf_counter()
        if left <= 0 or (stop is not None and stop()):
            bound = max(bound, float(most[j]))
            break
        x, proved = _commit_to(leader, follower, int(j), left)
        programs += 1
        bound = max(bound, proved)
        if x.size and float(x @ leader[:, j]) > best:
            best, best_x = float(x @ leader[:, j]), x
    if not best_x.size:
        raise SolverError("No commitment was found within the time limit: allow more time.")
    return best_x, max(bound, best), programs


def _commit_to(leader: Floats, follower: Floats, j: int, time_limit: float) -> tuple[Floats, float]:
    """The best commitment to which column j is a best response (empty where there is none) and a proved bound."""
    count, width = leader.shape
    gain = np.delete(
        follower[:, [j]] - follower, j, axis=1
    )  # (m, n - 1): what j has over the others, row by row
    size = np.abs(gain).max(axis=0, initial=0.0)
    size = np.where(
        size > 0.0, size, 1.0
    )  # every rival in a unit of its own: each row of the program is homogeneous
    matrix = np.vstack([(gain / size).T, np.ones((1, count))])
    least, most = np.append(np.zeros(width - 1), 1.0), np.append(np.full(width - 1, np.inf), 1.0)
    own = own_units(leader[:, j])
    found = minimise(
        -own.of(leader[:, j]), matrix, (least, most), (np.zeros(count), np.full(count, np.inf)), time_limit=time_limit
    )  # fmt: skip
    if found.status is Status.INFEASIBLE:
        return np.zeros(0), -np.inf
    if found.status is not Status.OPTIMAL:
        return np.zeros(0), float(leader[:, j].max())
    multipliers = own.length(1.0) * np.maximum(found.row_duals[:-1], 0.0) / size
    return mixed(found.columns), float((leader[:, j] + gain @ multipliers).max())


def _solution(own: OwnGame, x: Floats, bound: float, programs: int, started: float) -> MatrixSolution:
    """A commitment with the follower's answer to it, all recomputed from the whole game."""
    seen = x @ own.game.column_payoffs
    attacked = np.flatnonzero(seen >= seen.max() - TIE * own.column.spread)
    mine = x @ own.game.row
    # The first of those that are equal to the leader up to rounding.
    answer = int(attacked[mine[attacked] >= mine[attacked].max() - SAME * own.row.spread][0])
    value = float(mine[answer])
    bound = max(bound, value)
    proved = own.row.closed(value, bound, CLOSE)
    certificate = Certificate(
        Status.OPTIMAL if proved else Status.STOPPED_WITH_PLAN,
        own.row.back(value),
        own.row.back(bound),
        own.row.gap(value, bound),
        solver_name(f"multiple LP, {programs} program{'s' if programs > 1 else ''}"),
        time.perf_counter() - started,
        violation=own.column.length(float(seen.max() - seen[answer])),
        objective_is="the row player's payoff when he commits first and the column player answers best: more is better for him",
    )
    y = np.zeros(own.game.shape[1])
    y[answer] = 1.0
    theirs = own.column.back(float(seen[answer]))
    found = MatrixSolution(
        own.game.shape, "sse", proved, x, y, certificate.objective, theirs, certificate, programs
    )
    return replace(found, attack_set=tuple(int(j) for j in attacked))
