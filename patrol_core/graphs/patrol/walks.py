"""All walks of one unit or moving attacker: how many there are, exactly, and the list itself where it is short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Bools, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol.game import GraphGame, MovingAttacker, Unit, allowed_nodes
from patrol_core.graphs.patrol.reach import NEVER, arcs_of, moves_from, moves_home

MOST_BYTES = 2_000_000_000
"""Memory that the matrix of a game may take."""
MOST_LISTED = 2_000_000
"""Walks up to which a list is made."""


def count_walks(game: GraphGame, mover: Unit | MovingAttacker) -> int:
    """Number of walks of T moves, by a sum over the last node; may have any number of digits."""
    return sum(_count(game, *way) for way in _ways(game, mover))


def list_walks(game: GraphGame, mover: Unit | MovingAttacker, *, most: int = MOST_LISTED) -> Ints:
    """All walks, shape (walks, T + 1), in the order of their starts and then of their nodes.

    Args:
        game, mover: The game, and a unit or moving attacker of it.
        most: Walks up to which a list is made.

    Raises:
        InputError: When there are more than ``most``; says how many.
    """
    count = count_walks(game, mover)
    if count > most:
        raise InputError(
            f"There are {count:,} walks of {game.moves} moves, more than the {most:,} that can be listed: "
            "give fewer moves, or solve the game without its matrix."
        )
    found = [_list(game, *way) for way in _ways(game, mover)]
    return np.concatenate(found) if found else np.zeros((0, game.moves + 1), dtype=np.int64)


def _ways(game: GraphGame, mover: Unit | MovingAttacker) -> list[tuple[int, Ints, Bools, bool]]:
    """For every start: (start, moves home from every node, allowed nodes, whether it stands still)."""
    if isinstance(mover, Unit):
        allowed = allowed_nodes(game, mover)
        return [
            (
                base,
                np.where(np.arange(len(allowed)) == base, 0, NEVER)
                if mover.stationary
                else moves_home(game, mover, base),
                allowed,
                mover.stationary,
            )
            for base in mover.bases
        ]
    allowed = np.ones(len(game.node_ids), dtype=bool)
    home = np.zeros(len(allowed), dtype=np.int64)
    if mover.ends is not None:
        home = moves_from(game.network, allowed, list(mover.ends), back=True).min(axis=0)
    return [(start, home, allowed, False) for start in mover.starts]


def _arcs(game: GraphGame, allowed: Bools, *, still: bool) -> tuple[Ints, Ints]:
    nodes = np.flatnonzero(allowed)
    if still:
        return nodes, nodes
    tail, head = arcs_of(game.network, allowed)
    if game.waiting:
        tail, head = np.concatenate([tail, nodes]), np.concatenate([head, nodes])
    order = np.lexsort([head, tail])
    return tail[order], head[order]


def _count(game: GraphGame, start: int, home: Ints, allowed: Bools, still: bool) -> int:
    tail, head = _arcs(game, allowed, still=still)
    pairs = list(zip(tail.tolist(), head.tolist(), strict=True))
    now = {start: 1} if home[start] <= game.moves else {}
    for step in range(1, game.moves + 1):
        after: dict[int, int] = {}
        for a, b in pairs:
            if a in now and home[b] <= game.moves - step:
                after[b] = after.get(b, 0) + now[a]
        now = after
    return sum(now.values())


def _list(game: GraphGame, start: int, home: Ints, allowed: Bools, still: bool) -> Ints:
    tail, head = _arcs(game, allowed, still=still)
    cuts = np.searchsorted(tail, np.arange(len(allowed) + 1))
    walks = np.array([[start]] if home[start] <= game.moves else np.zeros((0, 1)), dtype=np.int64)
    for step in range(1, game.moves + 1):
        last = walks[:, -1]
        degree = cuts[last + 1] - cuts[last]
        row = np.repeat(np.arange(len(walks)), degree)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(degree) - degree, degree)
        there = head[cuts[last][row] + offset]
        stays = home[there] <= game.moves - step
        walks = np.column_stack([walks[row[stays]], there[stays]])
    return walks


def all_picks(counts: Sequence[int]) -> Ints:
    """Every choice of one item a list, shape (choices, lists); the last list changes fastest."""
    return np.indices(counts).reshape(len(counts), -1).T.astype(np.int64)


def check_size(rows: int, columns: int, units: int, most_bytes: int, *, general_sum: bool) -> None:
    """Refuse matrices that would not fit.

    Args:
        rows, columns, units, general_sum: As of :func:`matrix_bytes`.
        most_bytes: Most memory.
    """
    needed = matrix_bytes(rows, columns, units, general_sum=general_sum)
    if needed > most_bytes:
        raise InputError(
            f"The matrix would have {rows:,} rows and {columns:,} columns and take {needed / 1e9:,.1f} GB, more than the "
            f"{most_bytes / 1e9:g} GB allowed: give fewer moves, units or attackers, or solve the game without its matrix."
        )


def matrix_bytes(rows: int, columns: int, units: int, *, general_sum: bool) -> int:
    """Memory of the matrices and what it takes to build them.

    Args:
        rows, columns: Actions of the two sides.
        units: Units of the defender.
        general_sum: Whether there is a matrix for each side.
    """
    return rows * (columns * 8 * (3 if general_sum else 2) + 16 * units + columns)
