r"""Zero-sum strategies that use few actions: the price of a plan that people can learn by heart.

For the row player and at most K rows, as a mixed-integer program:

.. math:: \max v \;\text{ s.t. }\; \sum_i x_i A_{ij} \ge v \;\forall j,\; \sum_i x_i = 1,\; 0 \le x_i \le z_i,\; \sum_i z_i \le K,\; z_i \in \{0, 1\}

Dropping equal and dominated rows first is safe: whoever plays one can play the better one instead, with no more rows. The column player's
bound is the same program for the game with the roles changed. K that holds the unrestricted strategy needs no integer program, and
neither does K = 1. What comes out is solved again on the rows found, which gives sharp probabilities and the column player's best mix
against these rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError
from patrol_core.games.matrix.game import PLAYED, MatrixGame, MatrixSolution
from patrol_core.games.matrix.nash import CLOSE, equilibrium, zero_sum_solution
from patrol_core.games.matrix.own_units import OwnGame, in_own_units
from patrol_core.games.matrix.reduce import Reduced, reduce_game, spread
from patrol_core.solvers import TIME_LIMIT, Stop, minimise, solver_name

PLAYERS = ("row", "column")
CONCEDED = "what the column player's strategy concedes to the row player at most, in the unit of the payoffs: less is better for the column player"


@dataclass(frozen=True, eq=False)
class _Ready:
    """A game seen by the bounded player, in its own units, and its unrestricted solution."""

    own: OwnGame
    x: Floats
    most: float

    @property
    def small(self) -> Reduced:
        """The actions that are kept, in own units."""
        return self.own.small


def solve_support(
    game: MatrixGame,
    support: int,
    *,
    player: str = "row",
    time_limit: float = TIME_LIMIT,
    gap: float = 1e-6,
    stop: Stop | None = None,
) -> MatrixSolution:
    """Best strategy of one player of a zero-sum game with at most ``support`` actions.

    Args:
        game: A zero-sum game.
        support: Most actions with positive probability, at least 1.
        player: Whose support is bounded: ``row`` or ``column``.
        time_limit: Seconds; afterwards the best strategy so far with the bound that is left.
        gap: Relative gap at which the integer program may end.
        stop: Called while it runs; True ends it.

    Returns:
        MatrixSolution: ``value`` is the row player's: what the bounded strategy guarantees him (``row``), or
            concedes to him at most (``column``). The other player's strategy is the best one against the
            actions found.

    Raises:
        InputError: For a general-sum game, a support below 1 or another player.
    """
    return _bounded(_ready(game, player, time_limit), support, player, time_limit, gap, stop)


def sparsity_curve(
    game: MatrixGame,
    supports: Iterable[int],
    *,
    player: str = "row",
    time_limit: float = TIME_LIMIT,
    gap: float = 1e-6,
    stop: Stop | None = None,
) -> tuple[tuple[int, MatrixSolution], ...]:
    """The best value for every bound on the support, ascending, with its gap.

    Args:
        game, player, gap, stop: As for :func:`solve_support`; a True of ``stop`` ends the curve early.
        supports: The bounds; where one reaches the unrestricted value, larger ones repeat its solution.
        time_limit: Seconds for each bound.
    """
    ready = _ready(game, player, time_limit)
    curve: list[tuple[int, MatrixSolution]] = []
    last: MatrixSolution | None = None
    for support in sorted(set(supports)):
        if stop is not None and stop() and curve:
            break
        if last is None or not _reached(ready, last, player):
            last = _bounded(ready, support, player, time_limit, gap, stop, last)
        curve.append((support, last))
    return tuple(curve)


def _ready(game: MatrixGame, player: str, time_limit: float) -> _Ready:
    if not game.zero_sum:
        raise InputError("A bound on the support needs a zero-sum game: this one is general-sum.")
    if player not in PLAYERS:
        raise InputError(f"player = {player!r}: accepted are {', '.join(PLAYERS)}.")
    seen = game if player == "row" else MatrixGame(-game.row.T)
    own = in_own_units(seen, reduce_game(seen))
    x, y = equilibrium(own.small.row, time_limit=time_limit)
    return _Ready(own, x, float((own.small.row @ y).max()))


def _reached(ready: _Ready, found: MatrixSolution, player: str) -> bool:
    x = found.row_strategy if player == "row" else found.column_strategy
    return ready.own.row.closed(float((x @ ready.own.game.row).min()), ready.most, CLOSE)


def _bounded(
    ready: _Ready,
    support: int,
    player: str,
    time_limit: float,
    gap: float,
    stop: Stop | None,
    before: MatrixSolution | None = None,
) -> MatrixSolution:
    """One bound on the support; ``before`` is a solution for a smaller one, to start from."""
    if support < 1:
        raise InputError(f"support = {support}: give at least 1 action.")
    started = time.perf_counter()
    table = ready.small.row
    used = np.flatnonzero(ready.x > PLAYED)
    how, bound = "integer program", ready.most
    if used.size <= support:
        how = "the unrestricted LP"
    elif support == 1:
        used, how = np.array([int(table.min(axis=1).argmax())]), "looking"
        bound = float(table.min(axis=1).max())
    else:
        used, proved = _integer_program(ready, support, time_limit, gap, stop, _start(ready, player, before))
        bound = min(bound, proved)
    inner_x, inner_y = equilibrium(table[used])
    x = spread(inner_x, ready.small.rows[used], ready.own.game.shape[0])
    y = spread(inner_y, ready.small.columns, ready.own.game.shape[1])
    return _solution(ready, player, (x, y), bound, gap, solver_name(f"support of {support}: {how}"), started)


def _start(ready: _Ready, player: str, before: MatrixSolution | None) -> Floats | None:
    """An earlier strategy over the kept actions."""
    if before is None:
        return None
    return (before.row_strategy if player == "row" else before.column_strategy)[ready.small.rows]


def _integer_program(
    ready: _Ready, support: int, time_limit: float, gap: float, stop: Stop | None, start: Floats | None
) -> tuple[Indices, float]:
    """Kept rows of the best strategy found and a proved bound on the value; columns of the program are x, z, v."""
    table = ready.small.row
    m, n = table.shape
    matrix = np.zeros((n + m + 2, 2 * m + 1))
    matrix[:n, :m], matrix[:n, -1] = table.T, -1.0
    matrix[n : n + m, :m], matrix[n : n + m, m:-1] = np.eye(m), -np.eye(m)
    matrix[n + m, :m], matrix[n + m + 1, m:-1] = 1.0, 1.0
    least = np.concatenate([np.zeros(n), np.full(m, -np.inf), [1.0, 1.0]])
    most = np.concatenate([np.full(n, np.inf), np.zeros(m), [1.0, float(support)]])
    cost = np.append(np.zeros(2 * m), -1.0)
    lower = np.append(np.zeros(2 * m), float(table.min()))
    upper = np.append(np.ones(2 * m), ready.most)
    whole = np.zeros(2 * m + 1, dtype=bool)
    whole[m:-1] = True
    if start is None:
        start = _largest(table, ready.x, support)
    point = np.concatenate([start, (start > PLAYED).astype(float), [float((start @ table).min())]])
    found = minimise(
        cost, matrix, (least, most), (lower, upper), whole=whole, start=point, time_limit=time_limit, mip_gap=gap, stop=stop
    )  # fmt: skip
    bound = -found.bound if np.isfinite(found.bound) else ready.most
    better = found.columns.size and found.columns[-1] >= point[-1]
    x = found.columns[:m] if better else start
    order = np.argsort(-x)[:support]
    return np.sort(order[x[order] > PLAYED]), bound


def _largest(table: Floats, x: Floats, support: int) -> Floats:
    """The best mix of the actions that the unrestricted strategy plays most."""
    used = np.sort(np.argsort(-x)[:support])
    mix, _ = equilibrium(table[used])
    return spread(mix, used, table.shape[0])


def _solution(
    ready: _Ready,
    player: str,
    mixes: tuple[Floats, Floats],
    bound: float,
    gap: float,
    name: str,
    started: float,
) -> MatrixSolution:
    """The bounded player's view turned back into the game's, with the value recomputed from the payoffs."""
    x, y = mixes
    found = zero_sum_solution(
        ready.own, "nash-support", x, y, started=started, solver_name=name, gap=max(gap, CLOSE), bound=bound
    )
    certificate, best = found.certificate, found.value
    if player == "row":
        return found
    turned = replace(certificate, objective=0.0 - best, bound=0.0 - certificate.bound, objective_is=CONCEDED)
    return replace(
        found,
        shape=found.shape[::-1],
        row_strategy=y,
        column_strategy=x,
        value=0.0 - best,
        column_value=best,
        certificate=turned,
    )
