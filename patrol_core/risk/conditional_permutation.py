"""Conditional permutation: how often chance would place as much around a zone as was seen there (Anselin 1995).

The deals are made here and not by esda, for three reasons. Many zones need many permutations, for the smallest p there can be is
2 / (R + 1): among 4,994 zones, R = 999 can name none at 99 % unless 999 are named at once. All zones with k neighbours can share
their deals, a zone leaving out those that would hand it its own value, which is the same distribution exactly and lets R be
99,999. And equal sums count on both sides here, where esda takes ties for extreme and would call zones amid zeros cold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats

_NEAR = 1e-9
"""Relative difference up to which a simulated sum equals the observed one."""
_AT_ONCE = 4_000_000
"""Random numbers drawn at once."""


def pseudo_p(
    x: Floats,
    links: dict[int, list[int]],
    permutations: int,
    seed: int,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[Floats, Floats]:
    """Two-sided pseudo p of each zone and its tail, 1 or -1; zones with equally many neighbours share their deals.

    Zones without neighbours are dealt to others and have no p of their own (1, tail 0).

    Args:
        x: (n,) values.
        links: Position of a zone -> positions of its neighbours.
        permutations, seed: R, and the seed of the deals.
        on_progress: Called with (numbers of neighbours done, numbers of neighbours there are).
    """
    around = np.array([x[links[zone]].sum() for zone in range(x.size)])
    number = np.array([len(links[zone]) for zone in range(x.size)])
    p, tail = np.ones(x.size), np.zeros(x.size)
    sizes = np.unique(number[number > 0])
    for done, size in enumerate(sizes.tolist(), 1):
        dealt = deals(np.random.default_rng([seed, size]), x.size, size, permutations)
        mine = number == size
        p[mine], tail[mine] = _shared_p(x, around, mine, dealt)
        if on_progress is not None:
            on_progress(done, len(sizes))
    return p, tail


def _shared_p(
    x: Floats, around: Floats, mine: NDArray[np.bool_], dealt: NDArray[np.int32]
) -> tuple[Floats, Floats]:
    """Pseudo p and tail of the zones ``mine`` from deals (k, R) of k other zones each."""
    sums = np.zeros(dealt.shape[1])
    for one in dealt:
        sums += x[one]
    slack = _NEAR * float(np.abs(sums).max())
    ordered = np.sort(sums)
    least, most = around - slack, around + slack
    above = sums.size - np.searchsorted(ordered, least[mine], side="left")
    below = np.searchsorted(ordered, most[mine], side="right")
    # A deal that hands a zone its own value is none for this zone; it is taken off again.
    slot, deal = np.nonzero(mine[dealt])
    zone, given = dealt[slot, deal], sums[deal]
    above = above - np.bincount(zone, given >= least[zone], x.size)[mine]
    below = below - np.bincount(zone, given <= most[zone], x.size)[mine]
    left = sums.size - np.bincount(zone, minlength=x.size)[mine]
    p = np.minimum(1.0, 2.0 * (np.minimum(above, below) + 1.0) / (left + 1.0))
    return np.asarray(p, dtype=float), np.where(above < below, 1.0, -1.0)


def deals(rng: np.random.Generator, zones: int, size: int, count: int) -> NDArray[np.int32]:
    """(size, count) zones: in every column ``size`` different ones, each choice equally likely.

    Args:
        rng: Where chance comes from.
        zones, size, count: Zones there are, zones in a deal, and deals.
    """
    if 2 * size > zones:
        rows = max(1, _AT_ONCE // zones)
        parts = [
            rng.random((min(rows, count - start), zones)).argsort(axis=1)[:, :size].astype(np.int32).T
            for start in range(0, count, rows)
        ]
        return np.concatenate(parts, axis=1)
    dealt = rng.integers(0, zones, (size, count), dtype=np.int32)
    for slot in range(1, size):
        clash = np.flatnonzero((dealt[:slot] == dealt[slot]).any(axis=0))
        while clash.size:
            dealt[slot, clash] = rng.integers(0, zones, clash.size, dtype=np.int32)
            clash = clash[(dealt[:slot, clash] == dealt[slot, clash]).any(axis=0)]
    return dealt
