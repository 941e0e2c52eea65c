"""The whole game as matrices: every joint walk (or joint schedule) against every attack. For export, for benchmarks, as an oracle.

Rows are the defender's joint strategies. Columns are the attacker's: in normal form every set of A out of the targets and "none" (as in
the published matrices), in schedule form every set of A targets. The size is worked out before anything is built.
"""

from __future__ import annotations

import math

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.games.matrix import MatrixGame
from patrol_core.graphs.patrol.coverage.choose import every_schedule
from patrol_core.graphs.patrol.coverage.labels import MOST_LABELS, TooManyLabelsError
from patrol_core.graphs.patrol.coverage.scale import largest_payoff
from patrol_core.graphs.patrol.game import NORMAL, SCHEDULE, GraphGame, Unit, attacks_of
from patrol_core.graphs.patrol.moving.targets import expanded_moving
from patrol_core.graphs.patrol.solution import Expanded
from patrol_core.graphs.patrol.walks import (
    MOST_BYTES,
    all_picks,
    check_size,
    count_walks,
    list_walks,
)

MOST_LABELLED = 5000
"""Rows up to which every action has a name."""


def columns_of(game: GraphGame) -> int:
    """Number of columns."""
    return math.comb(game.size + (game.form == NORMAL), game.attackers)


def rows_of(game: GraphGame, *, most: int = MOST_LABELS) -> int:
    """Number of rows, exactly.

    Args:
        most: Labels of one unit at which counting schedules gives up.

    Raises:
        InputError: When there are too many schedules to be counted.
    """
    if game.form == NORMAL:
        counts = {unit: count_walks(game, unit) for unit in dict.fromkeys(game.units)}
    else:
        counts = {unit: len(_schedules(game, unit, most)[0]) for unit in dict.fromkeys(game.units)}
    return math.prod(counts[unit] for unit in game.units)


def matrix_of(game: GraphGame, *, most_bytes: int = MOST_BYTES) -> MatrixGame:
    """The game as matrices (see :func:`expanded`)."""
    return expanded(game, most_bytes=most_bytes).matrix


def expanded(game: GraphGame, *, most_bytes: int = MOST_BYTES) -> Expanded:
    """Every joint strategy against every attack.

    Raises:
        InputError: When attackers move (see :mod:`patrol_core.graphs.patrol.moving.targets`), or the matrices
            would take more than ``most_bytes``; says the numbers.
    """
    if game.moving_attackers:
        return expanded_moving(game, most_bytes=most_bytes)
    rows, columns = rows_of(game), columns_of(game)
    check_size(rows, columns, len(game.units), most_bytes, general_sum=game.general_sum)
    walks = None
    if game.form == NORMAL:
        listed = {unit: list_walks(game, unit) for unit in dict.fromkeys(game.units)}
        walks = tuple(listed[unit] for unit in game.units)
        picks = all_picks([len(found) for found in walks])
        coverage, moves = _walked(game, walks, picks)
    else:
        kinds = {unit: _schedules(game, unit) for unit in dict.fromkeys(game.units)}
        found = [kinds[unit] for unit in game.units]
        picks = all_picks([len(cost) for _, cost in found])
        coverage = np.zeros((len(picks), game.size), dtype=bool)
        moves = np.zeros(len(picks), dtype=np.int64)
        for column, (covered, cost) in zip(picks.T, found, strict=True):
            coverage |= covered[column]
            moves += cost[column]
    attacks = attacks_of(game)
    return Expanded(_matrix(game, coverage, moves, attacks), coverage, attacks, walks, picks)


def _schedules(game: GraphGame, unit: Unit, most: int = MOST_LABELS) -> tuple[Bools, Ints]:
    try:
        labels = every_schedule(game, unit, most=most)
    except TooManyLabelsError:
        raise InputError(
            "There are too many schedules to be listed: give fewer moves, or solve the game without its matrix."
        ) from None
    return labels.fields.covered(labels.masks), labels.cost


def _walked(game: GraphGame, walks: tuple[Ints, ...], picks: Ints) -> tuple[Bools, Ints]:
    """What joint walks cover, and their moves."""
    visits = np.zeros((len(picks), game.size), dtype=np.int32)
    moves = np.zeros(len(picks), dtype=np.int64)
    for listed, column in zip(walks, picks.T, strict=True):
        each = np.stack([(listed == node).sum(axis=1) for node in game.targets], axis=1).astype(np.int32)
        visits += each[column]
        moves += (listed[:, 1:] != listed[:, :-1]).sum(axis=1)[column]
    return visits >= game.tau, moves


def _matrix(
    game: GraphGame, coverage: Bools, moves: Ints, attacks: tuple[tuple[int, ...], ...]
) -> MatrixGame:
    lost, kept, held, gained = game.payoffs
    chosen = np.zeros((len(attacks), game.size))
    for row, attack in enumerate(attacks):
        chosen[row, list(attack)] = 1.0
    scale = largest_payoff(game) if game.normalise else 1.0
    defender = _table(coverage, lost, kept, chosen)
    attacker = None
    if game.general_sum:
        attacker = _table(coverage, gained, held, chosen) / scale
        defender = defender - game.step_cost * moves[:, None]
    return MatrixGame(defender / scale, attacker, None, _names(game, attacks), title=_title(game))


def _table(coverage: Bools, uncovered: Floats, covered: Floats, chosen: Floats) -> Floats:
    each = np.where(coverage, covered, uncovered)
    return np.asarray(each @ chosen.T)


def _names(game: GraphGame, attacks: tuple[tuple[int, ...], ...]) -> tuple[str, ...] | None:
    if len(attacks) > MOST_LABELLED:
        return None
    names = game.target_ids
    shown = [
        " + ".join(str(names[t]) for t in attack) + (" + none" if 0 < len(attack) < game.attackers else "")
        for attack in attacks
    ]
    return tuple(name or "none" for name in shown)


def _title(game: GraphGame) -> str:
    form = "schedule form" if game.form == SCHEDULE else "normal form"
    counts = ((game.moves, "move"), (len(game.units), "unit"), (game.attackers, "attacker"))
    return f"Patrol game, {form}, " + ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts
    )
