r"""R_t = optimum of the zone game with zone t at its upper end and all others at their lower ends, for all t at once.

Without coupling rules the optimum is a water level. In units of e times coverage above the floors, the demand of all
zones at lo is N(v) = sum_s max(0, (1 - e l_s) - v / lo_s), piecewise linear with breaks b_s = lo_s (1 - e l_s). With t
moved to hi_t it becomes

    N_t(v) = N(v) - max(0, (1 - e l_t) - v / lo_t) + max(0, (1 - e l_t) - v / hi_t),

and R_t is the least v with N_t(v) <= e (B - sum l), but at least max over zones of V_s (1 - e u_s). One sort of the
breaks; then a binary search per zone, all zones side by side: O(n log n).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.games.robust.level import inverse
from patrol_core.games.zone import ZoneGame


def best_levels(game: ZoneGame, low: Floats, high: Floats) -> Floats:
    """(n,) R_t of the module docstring; coupling rules of the game are not looked at.

    Args:
        game: Budget, effectiveness and bounds.
        low, high: (n,) interval ends, checked.
    """
    lower, upper = game.bounds()
    e = game.effectiveness
    spare = e * max(game.budget - float(lower.sum()), 0.0)
    open_share = 1 - e * lower
    free = _free_levels(low, high, open_share, spare)
    stuck = low * (1 - e * upper)
    return np.maximum(np.maximum(free, largest_of_others(stuck)), high * (1 - e * upper))


def largest_of_others(values: Floats) -> Floats:
    """(n,) largest entry other than the own one; 0 if there is no other."""
    top = int(np.argmax(values))
    result = np.full_like(values, values[top])
    result[top] = np.delete(values, top).max(initial=0.0)
    return result


class _Demand:
    """N(v) by prefix sums over the breaks, highest first, and its version with one zone moved."""

    def __init__(self, low: Floats, high: Floats, open_share: Floats) -> None:
        self.breaks = low * open_share
        self.order = np.argsort(-self.breaks, kind="stable")
        self.rank = np.empty(low.size, dtype=np.intp)
        self.rank[self.order] = np.arange(low.size)
        slope = inverse(low)
        slope[~np.isfinite(slope)] = 0.0  # value 0: never active above v = 0
        share = np.where(slope > 0, open_share, 0.0)
        self.share, self.slope, self.open_share = share, slope, open_share
        self.height = np.append(0.0, np.cumsum(share[self.order]))
        self.width = np.append(0.0, np.cumsum(slope[self.order]))
        top = inverse(high)
        self.top = np.where(np.isfinite(top), top, 0.0)
        self.own = np.where(self.top > 0, open_share, 0.0)

    def others(self, count: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """(height, width) of the first ``count[t]`` zones in the order, zone t itself left out."""
        inside = self.rank < count
        height = self.height[count] - np.where(inside, self.share, 0.0)
        width = self.width[count] - np.where(inside, self.slope, 0.0)
        alone = (count == 0) | (inside & (count == 1))
        return np.where(alone, 0.0, height), np.where(alone, 0.0, width)

    def at(self, count: NDArray[np.intp], level: Floats) -> Floats:
        """(n,) N_t(level[t]), with ``count[t]`` zones active."""
        height, width = self.others(count)
        return np.maximum(height - level * width, 0.0) + np.maximum(self.own - level * self.top, 0.0)


def _free_levels(low: Floats, high: Floats, open_share: Floats, spare: float) -> Floats:
    """(n,) least v >= 0 with N_t(v) <= spare."""
    demand = _Demand(low, high, open_share)
    n = low.size
    marks = np.append(demand.breaks[demand.order], 0.0)
    # the first k with N_t(marks[k]) > spare; n + 1 if there is none, that is if v = 0 can be had
    first, last = np.zeros(n, dtype=np.intp), np.full(n, n + 1, dtype=np.intp)
    while (first < last).any():
        middle = (first + last) // 2
        open_ = first < last
        probe = np.minimum(middle, n)
        over = demand.at(probe, marks[probe]) > spare
        last = np.where(open_ & over, middle, last)
        first = np.where(open_ & ~over, middle + 1, first)
    return np.where(first > n, 0.0, _inside(demand, np.minimum(first, n), spare))


def _inside(demand: _Demand, count: NDArray[np.intp], spare: float) -> Floats:
    """The level in the segment where ``count[t]`` zones are active: with t active too, else without."""
    height, width = demand.others(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = (height + demand.own - spare) / (width + demand.top)
        alone = np.where(width > 0, (height - spare) / width, 0.0)
    own_break = np.where(demand.top > 0, demand.own / np.where(demand.top > 0, demand.top, 1.0), 0.0)
    return np.maximum(np.where(both < own_break, both, np.where(width > 0, alone, own_break)), 0.0)
