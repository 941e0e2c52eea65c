"""A smaller matrix with the same game: equal rows and columns once, and dominated ones not at all.

Matrices made by listing patrol routes repeat themselves: of 41,479 rows of a published one, 111 differ. Dropping a row that another
row beats or equals in every column keeps the value of a zero-sum game, and an equilibrium of what remains is one of the whole. In
a general-sum game only actions that are equal for both players are merged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats, Indices
from patrol_core.games.matrix.game import MatrixGame

#: Comparisons of single payoffs that one search for dominated actions may cost.
WORK = 40_000_000
#: Rows looked at together, so that what is made of them stays in the processor's cache.
PIECE = 1024
_ONE, _TWO, _SHIFT = np.uint64(1), np.uint64(2), np.uint64(29)


@dataclass(frozen=True, eq=False)
class Reduced:
    """The actions that are kept.

    Attributes:
        row: Payoffs of the row player in kept rows and columns.
        column: Payoffs of the column player there; None in a zero-sum game.
        rows, columns: Their numbers in the whole game, ascending.
    """

    row: Floats
    column: Floats | None
    rows: Indices
    columns: Indices


def distinct(payoffs: Floats) -> tuple[Indices, Indices]:
    """Rows that differ.

    Returns:
        first, group: Numbers of the first row of each kind, ascending, and for every row the position of its
            kind in ``first``.
    """
    drawn = np.random.default_rng(0).integers(1, 2**63, payoffs.shape[1], dtype=np.uint64)
    weights: NDArray[np.uint64] = np.add(drawn * _TWO, _ONE)
    pieces = [slice(at, at + PIECE) for at in range(0, len(payoffs), PIECE)]
    sums = np.concatenate([_sums(payoffs[piece], weights) for piece in pieces])
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    if not all(np.array_equal(payoffs[piece], payoffs[first[group[piece]]]) for piece in pieces):
        # Two kinds share a sum: sort the rows themselves.
        _, first, group = np.unique(payoffs + 0.0, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return first[order], place[group.ravel()]


def _sums(payoffs: Floats, weights: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number a row, equal for equal rows: whole-number arithmetic modulo 2**64 does not depend on the order of adding."""
    bits = np.ascontiguousarray(payoffs + 0.0).view(np.uint64)  # + 0.0 makes -0.0 and 0.0 one number
    total: NDArray[np.uint64] = ((bits ^ (bits >> _SHIFT)) * weights).sum(axis=1, dtype=np.uint64)
    return total


def reduce_game(game: MatrixGame, *, dominance: bool = True) -> Reduced:
    """Equal actions once; in a zero-sum game also without dominated ones where ``dominance`` is set."""
    if game.column is not None:
        rows, _ = distinct(np.hstack([game.row, game.column]))
        columns, _ = distinct(np.hstack([game.row[rows].T, game.column[rows].T]))
        kept = np.ix_(rows, columns)
        return Reduced(game.row[kept], game.column[kept], rows, columns)
    rows, _ = distinct(game.row)
    columns, _ = distinct(game.row[rows].T)
    table = game.row[np.ix_(rows, columns)]
    if dominance:
        keep_rows, keep_columns = _undominated(table)
        rows, columns = rows[keep_rows], columns[keep_columns]
        table = game.row[np.ix_(rows, columns)]
    return Reduced(table, None, rows, columns)


def spread(strategy: Floats, places: Indices, size: int) -> Floats:
    """A ``strategy`` over the kept actions, whose ``places`` are these, as one over all ``size`` actions."""
    whole = np.zeros(size)
    whole[places] = strategy
    return whole


def _undominated(table: Floats) -> tuple[Indices, Indices]:
    """Rows and columns that survive dropping dominated ones in turn, while that is cheap."""
    rows, columns = np.arange(table.shape[0]), np.arange(table.shape[1])
    while True:
        before = rows.size, columns.size
        rows = rows[~_dominated(table[np.ix_(rows, columns)])]
        columns = columns[~_dominated(-table[np.ix_(rows, columns)].T)]
        if (rows.size, columns.size) == before:
            return rows, columns


def _dominated(table: Floats) -> NDArray[np.bool_]:
    """True for rows that another row beats or equals everywhere; of equal rows the first is kept."""
    count, width = table.shape
    drop = np.zeros(count, dtype=bool)
    if count * count * width > WORK:
        return drop
    for i in range(count):
        better = (table >= table[i]).all(axis=1) & ~drop
        better[i] = False
        rivals = np.flatnonzero(better)
        drop[i] = any(k < i or (table[k] > table[i]).any() for k in rivals)
    return drop
