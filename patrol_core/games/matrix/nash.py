r"""Nash equilibria of matrix games: a linear program when the game is zero-sum, a mixed-integer one when it is not.

Zero-sum, for the row player (the column player's strategy is the dual):

.. math:: \max v \;\text{ s.t. }\; \sum_i x_i A_{ij} \ge v \;\forall j,\; \sum_i x_i = 1,\; x \ge 0

General-sum, both players' payoffs scaled to [0, 1] and the first formulation of the source (its objective is free, and left out):

.. math::
    u_r \ge (A y)_i,\; u_r - (A y)_i \le b_i,\; x_i \le 1 - b_i,\; b_i \in \{0, 1\} \quad\text{and the same for the columns}

An action with positive probability has :math:`b = 0` and therefore no regret. Every pure equilibrium is found by looking, without
a program. Strategies are then made sharp by one small program on the supports found.

Sources: von Neumann (1928); Sandholm, Gilpin & Conitzer (2005), AAAI, "Mixed-integer programming methods for finding Nash equilibria".
"""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate, Status
from patrol_core.errors import SolverError
from patrol_core.games.matrix.game import MatrixGame, MatrixSolution, mixed
from patrol_core.games.matrix.own_units import ROUNDING, OwnGame, in_own_units, own_units
from patrol_core.games.matrix.reduce import reduce_game, spread
from patrol_core.solvers import TIME_LIMIT, Stop, minimise, solver_name

#: Relative gap up to which an equilibrium counts as proved; regrets are relative to the spread of the payoffs.
CLOSE = 1e-6
GUARANTEED = (
    "what the row player's strategy guarantees him, in the unit of the payoffs: more is better for him"
)
REGRET = "the largest regret of either player, in the unit of the payoffs: 0 in an equilibrium; the gap is relative to the payoffs' spread"


def equilibrium(
    table: Floats, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> tuple[Floats, Floats]:
    """Optimal strategies (x, y) of the zero-sum game with these payoffs to the row player, who maximises.

    Args:
        table: (m, n) payoffs.
        time_limit, stop: Seconds, and a function whose True ends the search.

    Raises:
        SolverError: When the time does not suffice.
    """
    count, width = table.shape
    if count == 1 or width == 1:
        return _one_sided(table)
    if count > width:  # the basis has one entry a row of the program: give it the fewer rows
        x, y = _program(table, time_limit, stop)
    else:
        y, x = _program(-table.T, time_limit, stop)
    return mixed(x), mixed(y)


def _one_sided(table: Floats) -> tuple[Floats, Floats]:
    """One player has nothing to choose: the other takes his best."""
    x, y = np.zeros(table.shape[0]), np.zeros(table.shape[1])
    x[int(table.min(axis=1).argmax())] = 1.0
    y[int(table.max(axis=0).argmin())] = 1.0
    return x, y


def _program(table: Floats, time_limit: float, stop: Stop | None) -> tuple[Floats, Floats]:
    """Primal and dual solution of the program of the module docstring."""
    count, width = table.shape
    matrix = np.zeros((width + 1, count + 1))
    matrix[:width, :count] = own_units(table).of(table).T
    matrix[:width, count] = -1.0
    matrix[width, :count] = 1.0
    least = np.append(np.zeros(width), 1.0)
    most = np.append(np.full(width, np.inf), 1.0)
    cost = np.append(np.zeros(count), -1.0)
    lower, upper = np.append(np.zeros(count), -np.inf), np.full(count + 1, np.inf)
    found = minimise(cost, matrix, (least, most), (lower, upper), time_limit=time_limit, stop=stop)
    if found.status is not Status.OPTIMAL:
        if stop is not None and stop():
            raise SolverError(
                f"The equilibrium of a {count} x {width} game was not found before it was stopped."
            )
        raise SolverError(
            f"The equilibrium of a {count} x {width} game was not found within {time_limit:g} s: allow more time or use prm+."
        )
    return found.columns[:count], found.row_duals[:width]


def solve_zero_sum(
    game: MatrixGame, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> MatrixSolution:
    """Equilibrium of a zero-sum ``game``, certified by what the strategies guarantee; ``time_limit`` in seconds, True of ``stop`` ends it."""
    started = time.perf_counter()
    small = reduce_game(game)
    inner_x, inner_y = equilibrium(small.row, time_limit=time_limit, stop=stop)
    x = spread(inner_x, small.rows, game.shape[0])
    y = spread(inner_y, small.columns, game.shape[1])
    name = solver_name(f"LP, {small.rows.size} x {small.columns.size} of the actions")
    return zero_sum_solution(in_own_units(game, small), "nash", x, y, started=started, solver_name=name)


def zero_sum_solution(
    own: OwnGame,
    method: str,
    x: Floats,
    y: Floats,
    *,
    started: float,
    solver_name: str,
    gap: float = CLOSE,
    bound: float | None = None,
) -> MatrixSolution:
    """Strategies of a zero-sum game with their certificate, computed from the payoffs alone.

    Args:
        own: The game in its own units.
        method, solver_name: Names for the solution and its certificate.
        x, y: Strategies of the players in the whole game.
        started: Moment (``time.perf_counter``) at which the search began.
        gap: Relative gap up to which the bounds count as met.
        bound: Proved upper bound on what the row player can be guaranteed, in own units; what ``y`` concedes
            where None.
    """
    lower, upper = own.game.interval(x, y)
    upper = max(upper if bound is None else bound, lower)
    proved = own.row.closed(lower, upper, gap)
    certificate = Certificate(
        Status.OPTIMAL if proved else Status.STOPPED_WITH_PLAN,
        own.row.back(lower),
        own.row.back(upper),
        own.row.gap(lower, upper),
        solver_name,
        time.perf_counter() - started,
        objective_is=GUARANTEED,
    )
    value = certificate.objective
    return MatrixSolution(own.game.shape, method, proved, x, y, value, 0.0 - value, certificate)


# -- general-sum ------------------------------------------------------------------------------------


def solve_general_sum(
    game: MatrixGame, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> MatrixSolution:
    """One Nash equilibrium of a general-sum game; the certificate's objective is the largest regret, its bound 0.

    Args:
        game: A general-sum game.
        time_limit, stop: Seconds, and a function whose True ends the search.

    Raises:
        SolverError: When none is found in time.
    """
    started = time.perf_counter()
    small = reduce_game(game)
    table, other = _unit(small.row), _unit(small.row * -1.0 if small.column is None else small.column)
    pure = _pure(table, other)
    if pure is None:
        # Which equilibrium is met hangs on the last digit, which the unit of the payoffs decides: so without it.
        inner_x, inner_y = _mixed_integer(np.round(table, 9), np.round(other, 9), time_limit, stop)
        inner_x, inner_y = _sharpen(table, other, inner_x, inner_y)
    else:
        inner_x, inner_y = np.eye(table.shape[0])[pure[0]], np.eye(table.shape[1])[pure[1]]
    x, y = spread(inner_x, small.rows, game.shape[0]), spread(inner_y, small.columns, game.shape[1])
    name = "pure equilibrium found by looking" if pure else solver_name("Sandholm-Gilpin-Conitzer MIP")
    return general_sum_solution(game, in_own_units(game, small), "nash", (x, y), started, name)


def general_sum_solution(
    game: MatrixGame,
    own: OwnGame,
    method: str,
    profile: tuple[Floats, Floats],
    started: float,
    solver_name: str,
    *,
    gap: float = CLOSE,
) -> MatrixSolution:
    """A profile of any game with its largest regret as certificate.

    Args:
        game, own: The game as given, and in its own units.
        method, solver_name: Names for the solution and its certificate.
        profile: Strategies of both players in the whole game.
        started: Moment (``time.perf_counter``) at which the search began.
        gap: Largest regret, in spreads of that player's payoffs, that counts as none.
    """
    x, y = profile
    regret, share = own.regrets(x, y)
    proved = share <= max(gap, ROUNDING)
    certificate = Certificate(
        Status.OPTIMAL if proved else Status.STOPPED_WITH_PLAN,
        regret,
        0.0,
        share,
        solver_name,
        time.perf_counter() - started,
        violation=regret,
        objective_is=REGRET,
    )
    mine, theirs = own.game.expected(x, y)
    value, column_value = own.row.back(mine), own.column.back(theirs)
    return MatrixSolution(game.shape, method, proved, x, y, value, column_value, certificate)


def _unit(payoffs: Floats) -> Floats:
    """Payoffs moved and scaled to [0, 1], which changes no equilibrium."""
    own = own_units(payoffs).of(payoffs)
    least, most = float(own.min()), float(own.max())
    return (own - least) / (most - least) if most > least else np.zeros_like(own)


def _pure(table: Floats, other: Floats) -> tuple[int, int] | None:
    """The pure equilibrium with most for both together, or None."""
    best = (table >= table.max(axis=0)) & (other >= other.max(axis=1)[:, None])
    if not best.any():
        return None
    i, j = np.unravel_index(int(np.where(best, table + other, -np.inf).argmax()), table.shape)
    return int(i), int(j)


def _mixed_integer(
    table: Floats, other: Floats, time_limit: float, stop: Stop | None
) -> tuple[Floats, Floats]:
    """The program of the module docstring; columns are x, y, b of the rows, b of the columns, u_r, u_c."""
    m, n = table.shape
    none_m, none_n, one_m, one_n = np.zeros((m, 1)), np.zeros((n, 1)), np.ones((m, 1)), np.ones((n, 1))
    blocks = sparse.block_array(
        [
            [None, -table, None, None, one_m, none_m],  # u_r - (A y)_i >= 0
            [None, -table, -np.eye(m), None, one_m, None],  # and <= b_i
            [-other.T, None, None, None, none_n, one_n],
            [-other.T, None, None, -np.eye(n), None, one_n],
            [np.eye(m), None, np.eye(m), None, None, None],  # x_i + b_i <= 1
            [None, np.eye(n), None, np.eye(n), None, None],
            [np.ones((1, m)), None, None, None, None, None],
            [None, np.ones((1, n)), None, None, None, None],
        ]
    )
    inf = np.inf
    least = np.concatenate([np.zeros(m), np.full(m, -inf), np.zeros(n), np.full(n + m + n, -inf), [1.0, 1.0]])
    most = np.concatenate([np.full(m, inf), np.zeros(m), np.full(n, inf), np.zeros(n), np.ones(m + n + 2)])
    width = 2 * (m + n) + 2
    whole = np.zeros(width, dtype=bool)
    whole[m + n : 2 * (m + n)] = True
    found = minimise(
        np.zeros(width), blocks, (least, most), (np.zeros(width), np.ones(width)), whole=whole, time_limit=time_limit, stop=stop
    )  # fmt: skip
    if not found.columns.size:
        raise SolverError(
            f"No equilibrium of this {m} x {n} general-sum game was found within {time_limit:g} s: "
            "allow more time, or use prm+ for an approximate one or sse for a commitment."
        )
    return mixed(found.columns[:m]), mixed(found.columns[m : m + n])


def _sharpen(table: Floats, other: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Strategies with the same supports and the least regret there is, which the program's tolerances blur."""
    rows, columns = np.flatnonzero(x > 1e-7), np.flatnonzero(y > 1e-7)
    sharper_y = _indifferent(table, rows, columns)
    sharper_x = _indifferent(other.T, columns, rows)
    if sharper_x is None or sharper_y is None:
        return x, y

    def worst(p: Floats, q: Floats) -> float:
        return max(float((table @ q).max() - p @ table @ q), float((p @ other).max() - p @ other @ q))

    return (sharper_x, sharper_y) if worst(sharper_x, sharper_y) <= worst(x, y) else (x, y)


def _indifferent(table: Floats, played: Indices, support: Indices) -> Floats | None:
    """The mix over ``support`` against which the rows ``played`` fall least short of the best row."""
    m, k = table.shape[0], support.size
    inside = table[:, support]
    # columns: the mix, u, e; rows: u >= (T y)_i everywhere, u - (T y)_i <= e where played, sum 1
    matrix = np.zeros((m + played.size + 1, k + 2))
    matrix[:m, :k], matrix[:m, k] = -inside, 1.0
    matrix[m:-1, :k], matrix[m:-1, k], matrix[m:-1, k + 1] = -inside[played], 1.0, -1.0
    matrix[-1, :k] = 1.0
    least = np.concatenate([np.zeros(m), np.full(played.size, -np.inf), [1.0]])
    most = np.concatenate([np.full(m, np.inf), np.zeros(played.size), [1.0]])
    cost = np.append(np.zeros(k + 1), 1.0)
    lower, upper = np.append(np.zeros(k), [-np.inf, 0.0]), np.full(k + 2, np.inf)
    found = minimise(cost, matrix, (least, most), (lower, upper))
    if found.status is not Status.OPTIMAL:
        return None
    whole = np.zeros(table.shape[1])
    whole[support] = mixed(found.columns[:k])
    return whole


def solve_nash(
    game: MatrixGame, *, time_limit: float = TIME_LIMIT, stop: Stop | None = None
) -> MatrixSolution:
    """A Nash equilibrium of any two-player ``game``: by LP where it is zero-sum, else by MIP; ``time_limit`` in seconds, True of ``stop`` ends it."""
    if game.zero_sum:
        return solve_zero_sum(game, time_limit=time_limit, stop=stop)
    return solve_general_sum(game, time_limit=time_limit, stop=stop)
