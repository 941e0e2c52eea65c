r"""Regret matching: two players who learn, and whose averages tend to an equilibrium of a zero-sum game.

After every round each player adds up what each action would have brought more than what was played, and plays actions in proportion to
the positive part of these sums:

.. math:: r = u - \langle x, u \rangle 1,\quad R \leftarrow R + r \;(\text{RM}),\quad R \leftarrow [R + r]^+ \;(\text{RM+}),\quad x \propto [R]^+

PRM+ plays in proportion to :math:`[R + r]^+` after the update, that is, it predicts that the last round comes again. With alternation the
column player sees the row player's new strategy of the same round. Averages weigh round t by 1, t or t².

The averages' gap is computed from the payoffs, so it holds whatever the dynamics did. In a general-sum game averages need not tend to a Nash
equilibrium; the gap says how far from one they are.

Sources: Hart & Mas-Colell (2000), Econometrica; Tammelin (2014), arXiv:1407.5042 (RM+, alternation, linear averaging); Farina, Kroer & Sandholm
(2021), AAAI, "Faster game solving via predictive Blackwell approachability" (PRM+, quadratic averaging).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.matrix.game import MatrixGame, MatrixSolution, mixed
from patrol_core.games.matrix.nash import general_sum_solution, zero_sum_solution
from patrol_core.games.matrix.own_units import ROUNDING, OwnGame, everything, in_own_units
from patrol_core.games.matrix.reduce import reduce_game, spread

METHODS = ("rm", "rm+", "prm+")
AVERAGING = (0, 1, 2)
Stop = Callable[[], bool]
Progress = Callable[[int, float, float, float], None]


@dataclass
class _Player:
    """Sums of regret and of strategies of one player."""

    size: int
    method: str

    def __post_init__(self) -> None:
        self.now = np.full(self.size, 1.0 / self.size)
        self.regret = np.zeros(self.size)
        self.total = np.zeros(self.size)

    def learn(self, payoffs: Floats, weight: float) -> None:
        """One round, given what each action would have brought; then play, and add the new strategy to the average."""
        gained = payoffs - self.now @ payoffs
        self.regret += gained
        if self.method != "rm":
            np.maximum(self.regret, 0.0, out=self.regret)
        wanted = np.maximum(self.regret + gained if self.method == "prm+" else self.regret, 0.0)
        whole = float(wanted.sum())
        self.now = wanted / whole if whole > 0.0 else np.full(self.size, 1.0 / self.size)
        self.total += weight * self.now

    def average(self) -> Floats:
        """The averaged strategy."""
        whole = float(self.total.sum())
        return self.total / whole if whole > 0.0 else self.now


def solve_regret_matching(
    game: MatrixGame,
    method: str = "prm+",
    *,
    averaging: int = 2,
    alternation: bool = True,
    iterations: int = 100_000,
    gap: float = 1e-6,
    time_limit: float = 60.0,
    every: int = 50,
    reduce: bool = False,
    stop: Stop | None = None,
    on_progress: Progress | None = None,
) -> MatrixSolution:
    """Averages of regret matching.

    Args:
        game: Zero-sum or general-sum.
        method: ``rm``, ``rm+`` or ``prm+``.
        averaging: Power of the round's number by which its strategies are weighted: 0 uniform, 1 linear, 2
            quadratic.
        alternation: Whether the column player answers the row player's strategy of the same round.
        iterations, time_limit: When to stop at the latest (rounds, seconds).
        gap: Relative gap of the averages at which to stop: of lower and upper bound in a zero-sum game,
            otherwise the largest regret as a share of the spread of that player's payoffs.
        every: Rounds between two looks at the gap.
        reduce: Merge equal actions first, and drop dominated ones of a zero-sum game. Much faster on matrices
            made from routes, but off by default: copies of an action share regret, so the dynamics, and any
            count of iterations, are different.
        stop: Called every ``every`` rounds; True ends the run.
        on_progress: Called every ``every`` rounds with (iteration, seconds, lower, upper). General-sum: lower
            is the row player's expected payoff, and upper lies above it by the largest regret of either player.

    Returns:
        MatrixSolution: The averages, never called exact; the status is optimal when they reached the gap asked
            for.
    """
    _check(method, averaging, iterations, every)
    started = time.perf_counter()
    small = reduce_game(game) if reduce else everything(game)
    own = in_own_units(game, small)
    table, other = own.small.row, own.small.column
    inner = replace(own, game=MatrixGame(table, other))
    rows, columns = _Player(table.shape[0], method), _Player(table.shape[1], method)
    history: list[tuple[float, int, float, float]] = []
    done = 0
    for done in range(1, iterations + 1):
        weight = float(done) ** averaging
        seen = rows.now
        rows.learn(table @ columns.now, weight)
        answered = rows.now if alternation else seen
        columns.learn(-(answered @ table) if other is None else answered @ other, weight)
        seconds = time.perf_counter() - started
        late = seconds >= time_limit
        if done % every and not late and done < iterations:
            continue
        lower, upper, met = _bounds(inner, rows.average(), columns.average(), gap)
        history.append((seconds, done, lower, upper))
        if on_progress is not None:
            on_progress(done, seconds, lower, upper)
        if late or met or (stop is not None and stop()):
            break
    x, y = mixed(rows.average()), mixed(columns.average())
    x, y = spread(x, small.rows, game.shape[0]), spread(y, small.columns, game.shape[1])
    name = f"{method.upper()}, averaging {averaging}, {'alternating' if alternation else 'simultaneous'}"
    if game.zero_sum:
        found = zero_sum_solution(own, method, x, y, started=started, solver_name=name, gap=gap)
    else:
        found = general_sum_solution(game, own, method, (x, y), started, name, gap=gap)
    return replace(found, exact=False, iterations=done, history=tuple(history))


def _bounds(own: OwnGame, x: Floats, y: Floats, gap: float) -> tuple[float, float, bool]:
    """Lower and upper bound in the unit that was given, and whether they have met."""
    if own.game.zero_sum:
        lower, upper = own.game.interval(x, y)
        return own.row.back(lower), own.row.back(upper), own.row.closed(lower, upper, gap)
    mine = own.row.back(own.game.expected(x, y)[0])
    regret, share = own.regrets(x, y)
    return mine, mine + regret, share <= max(gap, ROUNDING)


def _check(method: str, averaging: int, iterations: int, every: int) -> None:
    if method not in METHODS:
        raise InputError(f"method = {method!r}: accepted are {', '.join(METHODS)}.")
    if averaging not in AVERAGING:
        raise InputError(
            f"averaging = {averaging!r}: accepted are 0 (uniform), 1 (linear) and 2 (quadratic)."
        )
    if iterations < 1 or every < 1:
        raise InputError(f"iterations = {iterations}, every = {every}: give at least 1 of each.")
