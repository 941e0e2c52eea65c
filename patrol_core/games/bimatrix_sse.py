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

from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.matrix import FloatArray, MatrixGame, MatrixSolution, mixed
from patrol_core.games.matrix_lp import Stop, minimise
from patrol_core.games.matrix_nash import CLOSE, equilibrium, solver
from patrol_core.games.matrix_reduce import Reduced, reduce_game, spread
from patrol_core.solving import TIME_LIMIT

#: Distance from the follower's best payoff, in units of his largest, up to which a column counts as a best response.
TIE = 1e-8


def solve_sse(
    game: MatrixGame, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> MatrixSolution:
    """Optimal commitment of the row player.

    Parameters
    ----------
    game
        Any two-player game. In a zero-sum game committing is worth exactly the value, and one program does.
    time_limit
        Seconds; the best commitment so far is returned with the bound that is left.
    stop
        Asked between programs; True ends the search like the time limit.

    Raises
    ------
    SolverError
        When not one program was solved in time.
    """
    started = time.perf_counter()
    small = reduce_game(game)
    if small.column is None:
        x, y = equilibrium(small.row, time_limit=time_limit)
        bound = float((game.row @ spread(y, small.columns, game.shape[1])).max())
        return _solution(game, spread(x, small.rows, game.shape[0]), bound, 1, started)
    x, bound, programs = _best_commitment(small, started + time_limit, stop)
    return _solution(game, spread(x, small.rows, game.shape[0]), bound, programs, started)


def _best_commitment(small: Reduced, until: float, stop: Stop | None) -> tuple[FloatArray, float, int]:
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


def _commit_to(
    leader: FloatArray, follower: FloatArray, j: int, time_limit: float
) -> tuple[FloatArray, float]:
    """The best commitment to which column j is a best response (empty where there is none) and a proved bound."""
    count, width = leader.shape
    gain = np.delete(
        follower[:, [j]] - follower, j, axis=1
    )  # (m, n - 1): what j has over the others, row by row
    size = float(np.abs(gain).max(initial=0.0)) or 1.0
    matrix = np.vstack([gain.T / size, np.ones((1, count))])
    least, most = np.append(np.zeros(width - 1), 1.0), np.append(np.full(width - 1, np.inf), 1.0)
    unit = float(np.abs(leader[:, j]).max()) or 1.0
    found = minimise(
        -leader[:, j] / unit, matrix, (least, most), (np.zeros(count), np.full(count, np.inf)), time_limit=time_limit
    )  # fmt: skip
    if found.status is Status.INFEASIBLE:
        return np.zeros(0), -np.inf
    if found.status is not Status.OPTIMAL:
        return np.zeros(0), float(leader[:, j].max())
    multipliers = np.maximum(found.row_dual[:-1], 0.0) * unit / size
    return mixed(found.x), float((leader[:, j] + gain @ multipliers).max())


def _solution(game: MatrixGame, x: FloatArray, bound: float, programs: int, started: float) -> MatrixSolution:
    """A commitment with the follower's answer to it, all recomputed from the whole game."""
    seen = x @ game.column_payoffs
    scale = max(float(np.abs(game.column_payoffs).max()), 1e-300)
    attacked = np.flatnonzero(seen >= seen.max() - TIE * scale)
    mine = x @ game.row
    answer = int(attacked[mine[attacked].argmax()])
    value = float(mine[answer])
    bound = max(bound, value)
    proved = bound - value <= CLOSE * max(float(np.abs(game.row).max()), 1e-300)
    certificate = Certificate(
        Status.OPTIMAL if proved else Status.STOPPED_WITH_PLAN,
        value,
        bound,
        relative_gap(value, bound),
        solver(f"multiple LP, {programs} program{'s' if programs > 1 else ''}"),
        time.perf_counter() - started,
        violation=float(seen.max() - seen[answer]),
    )
    y = np.zeros(game.shape[1])
    y[answer] = 1.0
    found = MatrixSolution(game.shape, "sse", proved, x, y, value, float(seen[answer]), certificate, programs)
    return replace(found, attack_set=tuple(int(j) for j in attacked))
