"""Randomised rounding of a table that keeps its row and column sums.

Given whole row sums n_i and column sums m_j with the same total N, the fair share of a cell is ``n_i m_j / N``. This
module draws a table of whole numbers, every cell the floor or ceiling of its share, every row and column sum exact,
and every cell's expectation exactly its share: dependent rounding of Gandhi, Khuller, Parthasarathy & Srinivasan
(2006), Dependent rounding and its applications to approximation algorithms, on the bipartite graph of rows and columns.

The fractional parts are kept as whole multiples of 1 / N, so nothing is lost to rounding. While some are left, every
row and column that holds one holds at least two; so a random walk that never turns back closes a cycle. Around it one
amount is added to every other cell and taken from the rest, up or down by chance so that expectations stay, and at
least one cell becomes whole. Existence: Bacharach (1966), Matrix rounding problems.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Ints
from patrol_core.errors import InputError


def round_table(rows: Sequence[int] | Ints, columns: Sequence[int] | Ints, seed: int) -> Ints:
    """A random whole table with these sums; expectation of a cell is ``rows_i columns_j / total``.

    Args:
        rows, columns: Whole sums of 0 or more with the same total.
        seed: The same seed gives the same table on any machine.

    Returns:
        numpy.ndarray: (rows, columns) whole numbers.

    Raises:
        InputError: If a sum is negative or the totals differ.
    """
    n, m = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    if np.any(n < 0) or np.any(m < 0) or n.sum() != m.sum():
        raise InputError(
            f"Rows add to {int(n.sum())} and columns to {int(m.sum())}; both need the same sum of numbers of 0 or more."
        )
    total = int(n.sum())
    if total == 0:
        return np.zeros((len(n), len(m)), dtype=np.int64)
    product = np.outer(n, m)
    whole, part = product // total, product % total
    _Rounding(whole, part, total, seed).run()
    return whole


class _Rounding:
    """The cells that are not whole yet, as a graph; parts are multiples of ``1 / total``."""

    def __init__(self, whole: Ints, part: Ints, total: int, seed: int) -> None:
        self.whole, self.total = whole, total
        self.chance = random.Random(seed)  # noqa: S311 a draw to be repeated, not a secret
        i, j = np.nonzero(part)
        self.shift = len(whole)
        # Nodes: rows first, then columns; the part of a cell is stored under (row, column node).
        self.part = dict(
            zip(zip(i.tolist(), (j + self.shift).tolist(), strict=True), part[i, j].tolist(), strict=True)
        )
        self.near: dict[int, list[int]] = {}
        self.place: dict[tuple[int, int], int] = {}
        for row, column in self.part:
            self._join(row, column)
            self._join(column, row)

    def run(self) -> None:
        """Round until no cell is left."""
        starts = list(self.near)
        self.chance.shuffle(starts)
        for start in starts:
            while self.near[start]:
                self._push(self._cycle(start))

    def _cycle(self, start: int) -> list[int]:
        """Nodes of a cycle met by a random walk from a node."""
        walk, seen, before = [start], {start: 0}, -1
        while True:
            near = self.near[walk[-1]]
            pick = near[int(self.chance.random() * len(near))]
            if pick == before:
                # Turning back closes no cycle: take the neighbour that stands next in the list.
                pick = near[(self.place[walk[-1], pick] + 1) % len(near)]
            if pick in seen:
                return walk[seen[pick] :]
            before = walk[-1]
            seen[pick] = len(walk)
            walk.append(pick)

    def _push(self, cycle: list[int]) -> None:
        """Move the cells of a cycle up and down in turn until one is whole."""
        cells = [self._cell(a, b) for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        up, down = cells[::2], cells[1::2]
        part, total = self.part, self.total
        rise = min(*(total - part[cell] for cell in up), *(part[cell] for cell in down))
        fall = min(*(part[cell] for cell in up), *(total - part[cell] for cell in down))
        step = rise if self.chance.random() * (rise + fall) < fall else -fall
        for cells_here, change in ((up, step), (down, -step)):
            for cell in cells_here:
                left = part[cell] + change
                if 0 < left < total:
                    part[cell] = left
                else:
                    self._settle(cell, left == total)

    def _cell(self, a: int, b: int) -> tuple[int, int]:
        return (a, b) if a < self.shift else (b, a)

    def _settle(self, cell: tuple[int, int], up: bool) -> None:
        row, column = cell
        if up:
            self.whole[row, column - self.shift] += 1
        del self.part[cell]
        self._leave(row, column)
        self._leave(column, row)

    def _join(self, node: int, other: int) -> None:
        near = self.near.setdefault(node, [])
        self.place[node, other] = len(near)
        near.append(other)

    def _leave(self, node: int, other: int) -> None:
        near = self.near[node]
        hole, last = self.place.pop((node, other)), near.pop()
        if last != other:
            near[hole] = last
            self.place[node, last] = hole
