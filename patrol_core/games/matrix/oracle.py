"""Double oracle for zero-sum games: a small game that grows by best responses until nobody has a better one.

Each round solves the game between the actions known so far and asks each side for its best action in the whole game against the
other's mix. What the column side's answer leaves to the row player is a lower bound on the value, what the row side's answer wins is an
upper bound. The driver knows nothing of matrices: games on graphs hand in their own oracles. An oracle may answer with a
bound that is looser than its action; the bounds stay proved.

Source: McMahan, Gordon & Blum (2003), ICML, "Planning in the presence of cost functions controlled by an adversary".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.games.matrix.game import History, MatrixGame, MatrixSolution
from patrol_core.games.matrix.nash import equilibrium, zero_sum_solution
from patrol_core.games.matrix.own_units import everything, in_own_units
from patrol_core.games.matrix.reduce import Reduced, spread
from patrol_core.games.matrix.regret_matching import Progress, Stop

#: Relative gap of the bounds at which the search ends.
GAP = 1e-6
Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
Action = TypeVar("Action", bound=Hashable)


class Response(NamedTuple, Generic[Action]):
    """Answer of an oracle.

    Attributes:
        action: The action found; any hashable object.
        bound: Proved bound on the row player's payoff over all actions of this side: no row wins more, no
            column leaves less. Equal to the action's own payoff when the oracle is exact.
    """

    action: Action
    bound: float


@dataclass(frozen=True, eq=False)
class OracleRun(Generic[Row, Column]):
    """What a run found.

    Attributes:
        rows, columns: The actions known at the end.
        row_strategy, column_strategy: Probabilities over them, of the rounds with the best bounds.
        lower, upper: Proved bounds on the value of the game: the row strategy guarantees ``lower``, the column
            strategy concedes at most ``upper``.
        status: OPTIMAL when the bounds met, STOPPED_WITH_PLAN otherwise.
        rounds, history: Number of small games solved, and (seconds, round, lower, upper) of each.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    row_strategy: Floats
    column_strategy: Floats
    lower: float
    upper: float
    status: Status
    rounds: int
    history: History


def double_oracle(
    row_answer: Callable[[Sequence[Column], Floats], Response[Row]],
    column_answer: Callable[[Sequence[Row], Floats], Response[Column]],
    payoff: Callable[[Row, Column], float],
    start: tuple[Sequence[Row], Sequence[Column]],
    *,
    gap: float = GAP,
    time_limit: float = 60.0,
    rounds: int = 10_000,
    stop: Stop | None = None,
    on_progress: Progress | None = None,
) -> OracleRun[Row, Column]:
    """Solve a zero-sum game through best responses.

    Args:
        row_answer: From (known columns, probabilities) to the row action with the largest expected payoff, and
            an upper bound on it.
        column_answer: From (known rows, probabilities) to the column action that leaves the row player least,
            and a lower bound on that.
        payoff: Payoff to the row player of a pair of actions.
        start: At least one row action and one column action.
        gap: Relative gap of the bounds at which to stop; a value near 0 is measured by the spread of the small
            game's payoffs.
        time_limit, rounds: When to stop at the latest (seconds, small games).
        stop: Called every round; True ends the run.
        on_progress: Called every round with (round, seconds, lower, upper).

    Notes:
        When neither side has a new action although the bounds have not met, an oracle's bound is looser than its action; the run ends with the gap
        that is left.
    """
    began = time.perf_counter()
    table = _Table(payoff, *start)
    lower, upper = -np.inf, np.inf
    best_x, best_y = np.zeros(0), np.zeros(0)
    history: list[tuple[float, int, float, float]] = []
    done, status = 0, Status.STOPPED_WITH_PLAN
    while done < rounds:
        done += 1
        x, y = equilibrium(table.payoffs())
        mine, theirs = row_answer(table.columns, y), column_answer(table.rows, x)
        if theirs.bound > lower:
            lower, best_x = theirs.bound, x
        if mine.bound < upper:
            upper, best_y = mine.bound, y
        seconds = time.perf_counter() - began
        history.append((seconds, done, lower, upper))
        if on_progress is not None:
            on_progress(done, seconds, lower, upper)
        if relative_gap(lower, upper, table.spread()) <= gap or upper <= lower:
            status = Status.OPTIMAL
            break
        grown = table.add(mine.action, theirs.action)
        if not grown or seconds >= time_limit or (stop is not None and stop()):
            break
    strategies = _padded(best_x, len(table.rows)), _padded(best_y, len(table.columns))
    return OracleRun(
        tuple(table.rows),
        tuple(table.columns),
        *strategies,
        lower,
        max(upper, lower),
        status,
        done,
        tuple(history),
    )


class _Table(Generic[Row, Column]):
    """The small game; its payoffs are computed once a pair and kept in an array that doubles."""

    def __init__(
        self, payoff: Callable[[Row, Column], float], rows: Sequence[Row], columns: Sequence[Column]
    ) -> None:
        if not rows or not columns:
            raise InputError("The double oracle has no start: give one action of each player.")
        self.payoff = payoff
        self.rows: list[Row] = []
        self.columns: list[Column] = []
        self._known: tuple[set[Row], set[Column]] = (set(), set())
        self._held = np.zeros((16, 16))
        for column in dict.fromkeys(columns):
            self._add_column(column)
        for row in dict.fromkeys(rows):
            self._add_row(row)

    def payoffs(self) -> Floats:
        return self._held[: len(self.rows), : len(self.columns)]

    def spread(self) -> float:
        """Largest minus smallest payoff so far."""
        return float(np.ptp(self.payoffs()))

    def add(self, row: Row, column: Column) -> bool:
        """Whether either action is new."""
        grown = False
        if row not in self._known[0]:
            self._add_row(row)
            grown = True
        if column not in self._known[1]:
            self._add_column(column)
            grown = True
        return grown

    def _add_row(self, row: Row) -> None:
        self._room()
        self._held[len(self.rows), : len(self.columns)] = [
            self.payoff(row, column) for column in self.columns
        ]
        self.rows.append(row)
        self._known[0].add(row)

    def _add_column(self, column: Column) -> None:
        self._room()
        self._held[: len(self.rows), len(self.columns)] = [self.payoff(row, column) for row in self.rows]
        self.columns.append(column)
        self._known[1].add(column)

    def _room(self) -> None:
        """One more row and column fit afterwards."""
        have = self._held.shape
        need = [
            2 * size if used == size else size
            for used, size in zip((len(self.rows), len(self.columns)), have, strict=True)
        ]
        if tuple(need) != have:
            wider = np.zeros(need)
            wider[: have[0], : have[1]] = self._held
            self._held = wider


def _padded(strategy: Floats, size: int) -> Floats:
    """A strategy of an earlier round, with 0 for the actions that came later."""
    return np.append(strategy, np.zeros(size - strategy.size))


def solve_double_oracle(
    game: MatrixGame,
    *,
    gap: float = GAP,
    time_limit: float = 60.0,
    stop: Stop | None = None,
    on_progress: Progress | None = None,
) -> MatrixSolution:
    """Double oracle on a zero-sum matrix, whose oracles look at every row and column.

    Args:
        game: A zero-sum game.
        gap, time_limit, stop, on_progress: As in :func:`double_oracle`.

    Raises:
        InputError: For a general-sum game.
    """
    if not game.zero_sum:
        raise InputError(
            "The double oracle needs a zero-sum game: use nash, sse or prm+ for a general-sum one."
        )
    began = time.perf_counter()
    own = in_own_units(game, everything(game))
    by_row, by_column = np.ascontiguousarray(own.game.row), np.ascontiguousarray(own.game.row.T)

    def row_answer(columns: Sequence[int], mix: Floats) -> Response[int]:
        seen = mix @ by_column[np.asarray(columns)]
        best = int(seen.argmax())
        return Response(best, float(seen[best]))

    def column_answer(rows: Sequence[int], mix: Floats) -> Response[int]:
        seen = mix @ by_row[np.asarray(rows)]
        best = int(seen.argmin())
        return Response(best, float(seen[best]))

    def report(done: int, seconds: float, lower: float, upper: float) -> None:
        if on_progress is not None:
            on_progress(done, seconds, own.row.back(lower), own.row.back(upper))

    start = [int(by_row.min(axis=1).argmax())], [int(by_row.max(axis=0).argmin())]
    run = double_oracle(
        row_answer, column_answer, lambda i, j: float(by_row[i, j]), start,
        gap=gap, time_limit=time_limit, stop=stop, on_progress=report,
    )  # fmt: skip
    x = spread(run.row_strategy, np.asarray(run.rows), game.shape[0])
    y = spread(run.column_strategy, np.asarray(run.columns), game.shape[1])
    name = f"double oracle, {len(run.rows)} x {len(run.columns)} of the actions"
    met = Reduced(game.row[np.ix_(run.rows, run.columns)], None, np.array(run.rows), np.array(run.columns))
    found = zero_sum_solution(
        in_own_units(game, met), "double-oracle", x, y, started=began, solver_name=name, gap=gap
    )
    history = tuple((at, done, own.row.back(low), own.row.back(high)) for at, done, low, high in run.history)
    return replace(found, iterations=run.rounds, history=history)
