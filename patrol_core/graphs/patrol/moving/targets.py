r"""Attackers who move: walks against walks.

A moving attacker takes every target it reaches, each once, until a unit is within ``capture_radius`` moves of it at the same state;
at that state it is caught before it takes anything. Stationary attackers of the same game attack as usual. What a walk is worth
depends on when it is where, so coverages do not do: all walks of both sides are listed (their numbers are worked out first), and

* zero-sum games are solved by a double oracle over these lists, with payoffs computed only for pairs that are met;
* general-sum games by one linear program for every attack, on the whole matrix.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.games.matrix import MatrixGame, Response, double_oracle, solve_sse
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.patrol.moving.lists import MOST_ACTIONS, Lists, action_counts
from patrol_core.graphs.patrol.own_units import OnProgress, least_told_apart
from patrol_core.graphs.patrol.solution import Expanded, GameSize, GraphSolution, JointPatrol
from patrol_core.graphs.patrol.verify import check_patrols
from patrol_core.graphs.patrol.walks import MOST_BYTES, check_size, matrix_bytes


def solve_moving(
    game: GraphGame, *, time_limit: float, gap: float, on_progress: OnProgress | None
) -> GraphSolution:
    """The equilibrium of a game with moving attackers.

    Args:
        game, time_limit, gap, on_progress: As of :func:`patrol_core.graphs.patrol.solve.solve_graph_game`.

    Raises:
        InputError: When a side has more than :data:`MOST_ACTIONS` joint walks; says how many.
    """
    started = time.perf_counter()
    lists = Lists(game)
    if game.general_sum:
        return _committed(lists, started, time_limit)
    stopped = [False]

    def progress(_: int, __: float, low: float, high: float) -> None:
        stopped[0] = on_progress is not None and on_progress(low, high)

    run = double_oracle(
        lambda columns, chances: _answer(lists, columns, chances, of_row=True),
        lambda rows, chances: _answer(lists, rows, chances, of_row=False),
        lambda row, column: -float(lists.taken_by_row(row)[column] @ game.values),
        ([0], [0]),
        gap=min(gap, 1e-9),
        time_limit=time_limit - (time.perf_counter() - started),
        stop=lambda: stopped[0],
        on_progress=progress,
    )
    rows, chances = _support(run.rows, run.row_strategy)
    columns, attack = _support(run.columns, run.column_strategy)
    worth = sum(
        chance * (lists.taken_by_row(row) @ game.values) for row, chance in zip(rows, chances, strict=True)
    )
    value = -float(np.max(worth)) + 0.0
    bound = max(run.upper, value)
    apart = relative_gap(value, bound, least_told_apart(game.values))
    certificate = Certificate(
        Status.OPTIMAL if apart <= max(gap, 1e-9) else Status.STOPPED_WITH_PLAN, value, bound, apart,
        "double oracle over listed walks (HiGHS)", time.perf_counter() - started, phases=("walks", "double oracle"),
    )  # fmt: skip
    history = tuple((at, low, high) for at, _, low, high in run.history)
    counts = {
        "defender's walks": len(lists.rows),
        "attacker's walks": len(lists.columns),
        "rounds": run.rounds,
    }
    return _solution(
        lists, rows, chances, columns, attack, value, -value, certificate, "nash", history, counts
    )


def _committed(lists: Lists, started: float, time_limit: float) -> GraphSolution:
    matrix = _matrix(lists)
    left = max(time_limit - (time.perf_counter() - started), 0.1)
    found = solve_sse(matrix, time_limit=left)
    rows, chances = _support(range(len(lists.rows)), found.row_strategy)
    columns, attack = _support(range(len(lists.columns)), found.column_strategy)
    seen = found.certificate
    certificate = Certificate(
        seen.status, seen.objective, seen.bound, seen.gap, "linear programs over attacks (HiGHS)",
        time.perf_counter() - started, phases=("walks", "attacks"), violation=seen.violation,
    )  # fmt: skip
    counts = {
        "defender's walks": len(lists.rows),
        "attacker's walks": len(lists.columns),
        "programs": found.iterations,
    }
    return _solution(
        lists,
        rows,
        chances,
        columns,
        attack,
        found.value,
        found.column_value,
        certificate,
        "stackelberg",
        (),
        counts,
    )


def _answer(lists: Lists, actions: Sequence[int], chances: Floats, *, of_row: bool) -> Response[int]:
    """The row (or column) that loses least (or gains most) against a mixture of columns (or rows)."""
    taken = lists.taken_by_column if of_row else lists.taken_by_row
    lost = sum(
        chance * (taken(action) @ lists.game.values)
        for action, chance in zip(actions, chances.tolist(), strict=True)
        if chance > 0
    )
    best = int(np.argmin(lost) if of_row else np.argmax(lost))
    return Response(best, -float(np.asarray(lost)[best]))


def _support(actions: Sequence[int], strategy: Floats) -> tuple[list[int], Floats]:
    used = np.flatnonzero(strategy > 1e-12)
    share = strategy[used] / strategy[used].sum()
    return [int(actions[k]) for k in used.tolist()], share


def _solution(
    lists: Lists, rows: list[int], chances: Floats, columns: list[int], attack: Floats, value: float, attacker: float,
    certificate: Certificate, equilibrium: str, history: tuple[tuple[float, float, float], ...], counts: dict[str, int],
) -> GraphSolution:  # fmt: skip
    game = lists.game
    order = np.argsort(-chances, kind="stable")
    patrols = tuple(JointPatrol(float(chances[k]), lists.row_walks(rows[k])) for k in order)
    coverage = check_patrols(game, patrols)
    aimed = np.zeros(game.size)
    plans = []
    for k in np.argsort(-attack, kind="stable").tolist():
        chosen = lists.columns[columns[k]]
        walks = tuple(tuple(walks[j].tolist()) for walks, j in zip(lists.movers, chosen, strict=False))
        still = lists.taken[chosen[-1]]
        plans.append((float(attack[k]), walks, still))
        there = {
            t for t, node in enumerate(game.targets.tolist()) if any(node in walk for walk in walks)
        } | set(still)
        aimed[sorted(there)] += attack[k]
    return GraphSolution(
        game,
        patrols,
        coverage,
        np.minimum(aimed, 1.0),
        value,
        attacker,
        1.0,
        certificate,
        equilibrium,
        history,
        counts,
        tuple(plans),
    )


# -- whole matrix -------------------------------------------------------------------------------------


def _tables(lists: Lists) -> tuple[Floats, Floats]:
    """(R, C) what attacks cost the defender and pay the attacker."""
    lost = np.zeros((len(lists.rows), len(lists.columns)))
    gained = np.zeros_like(lost) if lists.game.general_sum else lost
    for row in range(len(lists.rows)):
        taken = lists.taken_by_row(row)
        lost[row] = taken @ lists.game.values
        if lists.game.general_sum:
            gained[row] = taken @ lists.game.attacker_values
    return lost, gained


def _scale(lists: Lists) -> float:
    """The largest absolute payoff; 1 where there is none."""
    game = lists.game
    cost = game.step_cost * lists.row_moves() if game.costs_matter else np.zeros(len(lists.rows))
    best = 0.0
    for row in range(len(lists.rows)):
        taken = lists.taken_by_row(row)
        best = max(best, float((taken @ game.values).max() + cost[row]))
        if game.general_sum:
            best = max(best, float((taken @ game.attacker_values).max()))
    return best or 1.0


def largest_outcome(game: GraphGame) -> float:
    """The largest absolute payoff of either side, in the unit of the values; 1 where all payoffs are 0.

    Raises:
        InputError: As :func:`solve_moving`.
    """
    return _scale(Lists(game))


def _matrix(lists: Lists) -> MatrixGame:
    """The whole game as matrices."""
    game = lists.game
    check_size(len(lists.rows), len(lists.columns), len(game.units), MOST_BYTES, general_sum=game.general_sum)
    lost, gained = _tables(lists)
    scale = _scale(lists) if game.normalise else 1.0
    if not game.general_sum:
        return MatrixGame(-lost / scale, title="Patrol game with moving attackers")
    cost = game.step_cost * lists.row_moves()[:, None]
    title = "Patrol game with moving attackers"
    return MatrixGame((-lost - cost) / scale, gained / scale, title=title)


def expanded_moving(game: GraphGame, *, most_bytes: int) -> Expanded:
    """See :func:`patrol_core.graphs.patrol.full_matrix.expanded`; attacks are the stationary targets of each column."""
    rows, columns = action_counts(game)
    check_size(rows, columns, len(game.units), most_bytes, general_sum=game.general_sum)
    lists = Lists(game)
    visits = sum(table[picks] for table, picks in zip(lists.visits, lists.rows.T, strict=True))
    attacks = tuple(lists.taken[k] for k in lists.columns[:, -1].tolist())
    return Expanded(_matrix(lists), np.asarray(visits) >= game.tau, attacks, tuple(lists.units), lists.rows)


def estimate_moving(game: GraphGame) -> GameSize:
    """Size of a game with moving attackers."""
    rows, columns = action_counts(game)
    fits = max(rows, columns) <= MOST_ACTIONS
    verdict = (
        "All walks of both sides are listed; solved within seconds to a minute."
        if fits
        else f"With moving attackers all walks are listed, at most {MOST_ACTIONS:,} a side: give fewer moves, units or attackers."
    )
    needed = matrix_bytes(rows, columns, len(game.units), general_sum=game.general_sum)
    return GameSize(f"{rows:,}", rows, columns, needed, tuple(None for _ in game.units), fits, verdict)
