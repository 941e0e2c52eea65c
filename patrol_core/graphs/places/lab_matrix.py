"""Matrices for the laboratory: of random schedules, and of a patrol game with as many moves as make a handy matrix."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from patrol_core.errors import InputError
from patrol_core.games.matrix import MatrixGame
from patrol_core.graphs.patrol import GraphGame, action_counts, checked, columns_of, rows_of
from patrol_core.graphs.places.random_games import ScheduleList

MOST_ROWS = 200_000
HANDY = 1_000_000
"""Payoffs that solvers go through while one watches."""


def schedule_matrix(game: ScheduleList, *, penalty: float = 5.0, title: str = "") -> MatrixGame:
    """Payoffs of a game by lists of schedules; costs count in general-sum games.

    Args:
        game: Values v and a, and the schedules of every unit.
        penalty: An uncovered target pays -v and a; a covered one both divided by this.
        title: Of the matrix.

    Raises:
        InputError: When there are more than :data:`MOST_ROWS` joint choices.
    """
    counts = [len(own) for own in game.schedules]
    rows = math.prod(counts)
    if rows > MOST_ROWS:
        raise InputError(
            f"{len(counts)} units with {counts[0]} schedules each make {rows:,} rows; give fewer units or schedules "
            f"(at most {MOST_ROWS:,} rows)."
        )
    picks = np.indices(counts).reshape(len(counts), -1)
    covered = np.zeros((rows, game.size), dtype=bool)
    cost = np.zeros(rows)
    for own, chosen in zip(game.schedules, picks, strict=True):
        table = np.zeros((len(own), game.size), dtype=bool)
        for row, schedule in enumerate(own):
            table[row, list(schedule.targets)] = True
        covered |= table[chosen]
        cost += np.array([schedule.cost for schedule in own])[chosen]
    share = np.where(covered, 1.0 / penalty, 1.0)
    if not game.general_sum:
        return MatrixGame(-game.values * share, title=title)
    return MatrixGame(-game.values * share - cost[:, None], game.attacker_values * share, title=title)


def shortened(game: GraphGame, moves: int) -> GraphGame:
    """The game with another number of moves; tau is lowered where it would not fit."""
    return checked(replace(game, moves=moves, tau=min(game.tau, moves + 1), unreachable=(), notes=()))


def handy_moves(game: GraphGame) -> int:
    """The most moves up to the game's own whose matrix has at most :data:`HANDY` payoffs.

    Targets that fewer moves cannot reach stay in the game. The game's own moves come back where no number of moves is handy.
    """
    best, faults = 0, 0
    for moves in range(1, game.moves + 1):
        try:
            shorter = shortened(game, moves)
            if _payoffs(shorter) > HANDY:
                break
            best, faults = moves, 0
        except InputError:  # no walk of this length, or schedules too many to count
            faults += 1
            if best and faults > 1:
                break
    return best or game.moves


def _payoffs(game: GraphGame) -> int:
    """Entries of the matrix of a game."""
    if game.moving_attackers:
        rows, columns = action_counts(game)
        return rows * columns
    return rows_of(game) * columns_of(game)
