"""Zero-sum games on graphs by a double oracle: both sides start with one answer each and grow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.games.matrix import OracleRun, Response, double_oracle
from patrol_core.graphs.patrol.coverage.choose import deadline, make_pricer
from patrol_core.graphs.patrol.coverage.joint import Column, patrols_of
from patrol_core.graphs.patrol.coverage.zero_sum import worst
from patrol_core.graphs.patrol.game import GraphGame
from patrol_core.graphs.patrol.own_units import OnProgress, least_told_apart
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol
from patrol_core.graphs.patrol.verify import check_patrols


def solve_by_double_oracle(
    game: GraphGame, *, time_limit: float, gap: float, on_progress: OnProgress | None
) -> GraphSolution:
    """The equilibrium, with the attacker's answers (sets of A targets) generated as well as the defender's.

    Args:
        game, time_limit, gap, on_progress: As of :func:`patrol_core.graphs.patrol.solve.solve_graph_game`.

    Raises:
        InputError: For a general-sum game.
    """
    if game.general_sum:
        raise InputError("The double oracle solves zero-sum games: set sum to zero, or use method auto.")
    started = time.perf_counter()
    uncovered, covered, _, _ = game.payoffs
    loss, relief = -uncovered, covered - uncovered
    pricer = make_pricer(game, until=deadline(started, time_limit))
    known: dict[object, Column] = {}

    def defend(weights: Floats) -> tuple[object, float]:
        left = max(time_limit - (time.perf_counter() - started), 1.0)
        priced = pricer.answer(weights * relief, 0.0, left)
        known.setdefault(priced.columns[0].key, priced.columns[0])
        return priced.columns[0].key, priced.bound

    def row_answer(attacks: Sequence[tuple[int, ...]], chances: Floats) -> Response[object]:
        weights = np.zeros(game.size)
        for attack, chance in zip(attacks, chances.tolist(), strict=True):
            weights[list(attack)] += chance
        key, bound = defend(weights)
        return Response(key, bound - float(weights @ loss))

    def column_answer(rows: Sequence[object], chances: Floats) -> Response[tuple[int, ...]]:
        coverage = np.array([known[key].coverage for key in rows]).T @ chances
        losses = loss - relief * coverage
        attack = np.sort(np.argsort(-losses, kind="stable")[: game.attackers])
        return Response(tuple(attack.tolist()), -worst(losses, game.attackers))

    def payoff(row: object, attack: tuple[int, ...]) -> float:
        chosen = list(attack)
        return float((relief * known[row].coverage - loss)[chosen].sum())

    stopped = [False]

    def progress(_: int, __: float, low: float, high: float) -> None:
        stopped[0] = on_progress is not None and on_progress(low, high)

    first = column_answer([defend(np.ones(game.size))[0]], np.ones(1)).action
    run = double_oracle(
        row_answer, column_answer, payoff, (list(known), [first]), gap=gap * 1e-3, time_limit=time_limit,
        stop=lambda: stopped[0], on_progress=progress,
    )  # fmt: skip
    patrols = patrols_of(game, [known[key] for key in run.rows], run.row_strategy)
    what = f"double oracle; {pricer.what} (HiGHS)"
    return _solution(game, patrols, run, what, gap, started, pricer.counts | {"rounds": run.rounds})


def _solution(
    game: GraphGame,
    patrols: tuple[JointPatrol, ...],
    run: OracleRun[Any, Any],
    what: str,
    gap: float,
    started: float,
    counts: dict[str, int],
) -> GraphSolution:
    """The solution, with coverage and value worked out again from the patrols."""
    uncovered, covered, _, _ = game.payoffs
    coverage = check_patrols(game, patrols)
    value = -worst(-uncovered - (covered - uncovered) * coverage, game.attackers) + 0.0
    bound = max(run.upper, value)
    attack = np.zeros(game.size)
    for chosen, chance in zip(run.columns, run.column_strategy.tolist(), strict=True):
        attack[list(chosen)] += chance
    apart = relative_gap(value, bound, least_told_apart(game.values))
    certificate = Certificate(
        Status.OPTIMAL if apart <= gap else Status.STOPPED_WITH_PLAN, value, bound, apart, what,
        time.perf_counter() - started, phases=("labels", "double oracle"),
    )  # fmt: skip
    history = tuple((at, low, high) for at, _, low, high in run.history)
    return GraphSolution(
        game, patrols, coverage, attack, value, -value, 1.0, certificate, "nash", history, counts
    )
