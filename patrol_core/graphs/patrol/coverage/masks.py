r"""What a walk covers, as bits.

Every target has a field of :math:`\tau` bits, a thermometer of its visits: bit l is set when there are at least l + 1, so more
visits are a superset and "at least as good everywhere" is one test on words. Fields do not straddle the 64-bit words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Bools, Ints

Masks = NDArray[np.uint64]
"""Shape (k, words)."""
WORD = 64
_PAIRS = 2_000_000
"""Pairs of masks compared at once."""


@dataclass(frozen=True)
class Fields:
    """Where the bits of n targets lie.

    Attributes:
        count: n.
        tau: Bits of each, 1 to 64.
    """

    count: int
    tau: int = 1

    @property
    def words(self) -> int:
        """Words of a mask."""
        return max(-(-self.count // (WORD // self.tau)), 1)

    def place(self, target: int) -> tuple[int, int]:
        """Word and lowest bit of a target's field."""
        word, slot = divmod(target, WORD // self.tau)
        return word, slot * self.tau

    @cached_property
    def lowest(self) -> Masks:
        """The lowest bit of every field, shape (words,)."""
        out = np.zeros(self.words, dtype=np.uint64)
        for target in range(self.count):
            word, shift = self.place(target)
            out[word] |= np.uint64(1) << np.uint64(shift)
        return out

    def level(self, number: int) -> Masks:
        """The bits that say "at least ``number`` visits", shape (words,)."""
        return np.asarray(self.lowest << np.uint64(number - 1), dtype=np.uint64)

    def empty(self, count: int = 1) -> Masks:
        """Masks without any visit."""
        return np.zeros((count, self.words), dtype=np.uint64)

    def visited(self, masks: Masks, target: int, times: int = 1) -> Masks:
        """The masks after ``times`` more visits of a target."""
        word, shift = self.place(target)
        out = masks.copy()
        column = out[:, word]
        ones = (1 << min(times, self.tau)) - 1
        full = ((1 << self.tau) - 1) << shift
        moved = (column & np.uint64(full)) << np.uint64(min(times, self.tau)) if self.tau < WORD else column
        out[:, word] = column | (moved & np.uint64(full)) | np.uint64(ones << shift)
        return out

    def joined(self, one: Masks, other: Masks) -> Masks:
        """Visits of both together, at most tau each; broadcasts."""
        out = one | other
        if self.tau == 1:
            return out
        planes = [self._plane(one, k) for k in range(1, self.tau)]
        others = [self._plane(other, k) for k in range(1, self.tau)]
        for i in range(1, self.tau):
            for j in range(1, self.tau - i + 1):
                both = planes[i - 1] & others[j - 1]
                out = out | (both << np.uint64(i + j - 1))
        return out

    def _plane(self, masks: Masks, number: int) -> Masks:
        shifted: Masks = (masks & self.level(number)) >> np.uint64(number - 1)
        return shifted

    def covered(self, masks: Masks) -> Bools:
        """Whether every target has tau visits, shape (k, n)."""
        out = np.zeros((len(masks), self.count), dtype=bool)
        for target in range(self.count):
            word, shift = self.place(target)
            out[:, target] = (masks[:, word] >> np.uint64(shift + self.tau - 1)) & np.uint64(1)
        return out

    def final(self, masks: Masks) -> Masks:
        """Only whether every target has tau visits."""
        out: Masks = masks & self.level(self.tau)
        return out


def distinct(masks: Masks, cost: Ints | None = None) -> Ints:
    """Positions of the cheapest of equal masks, in the order of the masks."""
    keys = [masks[:, k] for k in range(masks.shape[1])]
    order = np.lexsort([cost, *keys] if cost is not None else keys)
    sorted_masks = masks[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sorted_masks[1:] != sorted_masks[:-1]).any(axis=1)
    return np.asarray(order[first])


def undominated(masks: Masks, cost: Ints | None = None) -> Ints:
    """Positions of the masks that no other contains at the same cost or less; of equal ones one."""
    chosen = distinct(masks, cost)
    size = np.bitwise_count(masks[chosen]).sum(axis=1)
    order = chosen[
        np.lexsort((-size.astype(np.int64), cost[chosen]) if cost is not None else (-size.astype(np.int64),))
    ]
    kept = np.zeros(0, dtype=np.int64)
    start, step = 0, 64
    while start < len(order):
        block = order[start : start + step]
        block = block[~contained(masks[block], masks[kept])]
        inside = _contains(masks[block], masks[block])
        np.fill_diagonal(inside, val=False)
        # Equal masks are gone and a dominator stands before what it dominates, so one look among all of the block is enough.
        block = block[~np.triu(inside.T, 1).T.any(axis=1)] if len(block) else block
        kept = np.concatenate([kept, block])
        start += step
        step = max(64, min(1024, _PAIRS // max(len(kept), 1)))
    return kept


def contained(masks: Masks, others: Masks) -> Bools:
    """Whether each mask lies inside some other, shape (k,)."""
    out = np.zeros(len(masks), dtype=bool)
    if not len(others) or not len(masks):
        return out
    step = max(1, _PAIRS // len(others))
    for start in range(0, len(masks), step):
        part = masks[start : start + step]
        out[start : start + step] = _contains(part, others).any(axis=1)
    return out


def _contains(masks: Masks, others: Masks) -> Bools:
    """(k, o): whether mask k lies inside other o."""
    inside = np.ones((len(masks), len(others)), dtype=bool)
    for word in range(masks.shape[1]):
        inside &= (masks[:, word, None] & ~others[None, :, word]) == 0
    return inside
