r"""R_t of :mod:`~patrol_core.games.robust.minimax_regret` for all t at once, for any response, without coupling rules.

At level v all zones at lo need N(v) = sum_s max(l_s, s_s^-1(v / lo_s)) units, and with t moved to hi_t

    N_t(v) = N(v) - max(l_t, s_t^-1(v / lo_t)) + max(l_t, s_t^-1(v / hi_t)).

R_t is the least v with N_t(v) <= B, but at least R(lo), the level with no zone moved, and hi_t s_t(u_t). N_t is convex from there
on, so tangents from the left lead to R_t, for all zones side by side. Where s_t consists of straight pieces, N is a sum of
hinges, max(0, b - v) times a slope: one sort, then a binary search an evaluation. Else it is added up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.games.robust.level import fill, inverse
from patrol_core.games.zone import Response, ZoneGame

_MOST_STEPS = 300

#: Levels and units this near a turn of the slope count as on both sides of it.
AT_TURN = 1e-11
_NEAR = 1e-9

#: Numbers in one table of zones by levels.
_TABLE = 2_000_000


def response_levels(game: ZoneGame, low: Floats, high: Floats) -> Floats:
    """(n,) R_t of the module docstring; coupling rules of the game are not looked at.

    Args:
        game: Budget, response and bounds.
        low, high: (n,) interval ends, checked.
    """
    _, upper = game.bounds()
    base = fill(game, np.ones(game.size), inverse(low)).value
    levels = np.maximum(base, high * game.left(upper))
    needs, everyone = Needs(game, low, base), np.arange(game.size)
    for _ in range(_MOST_STEPS):
        amount, slope = needs.total(levels)
        for values, sign in ((low, -1.0), (high, 1.0)):
            own, own_slope = needs.own(values, levels, everyone, least=sign < 0)
            amount, slope = amount + sign * own, slope + sign * own_slope
        over = amount - game.budget
        going = (over > 1e-14 * (1 + game.budget)) & (slope > 0)
        moved = levels + np.where(going, over, 0.0) / np.where(going, slope, 1.0)
        if not (moved > levels * (1 + 1e-15)).any():
            break
        levels = moved
    return levels


class Needs:
    """Units that zones need at levels from ``base`` up, and minus the slopes to the left.

    Args:
        game: Response and bounds.
        values: (n,) of the zones.
        base: Lowest level asked about.
    """

    def __init__(self, game: ZoneGame, values: Floats, base: float) -> None:
        self.game, self.values = game, values
        self.lower, _ = game.bounds()
        self.hinged = game.response != "log"
        if self.hinged:
            _, at, turn = self.hinges(base)
            order = np.argsort(at, kind="stable")
            self._at = at[order]
            self._height, self._width = (
                np.append(np.cumsum(part[order][::-1])[::-1], 0.0) for part in (at * turn, turn)
            )

    def hinges(self, base: float) -> tuple[Indices, Floats, Floats]:
        """(zone, level where its slope turns, by how much): the need beyond the lower bound is sum turn max(0, level - v)."""
        does, x, before = self.game.does, self.lower.copy(), np.zeros(self.game.size)
        zones, levels, turns = [], [], []
        while True:
            at = self.values * does.left(x)
            some = at > base
            if not some.any():
                break
            slope = 1 / np.where(some, self.values * does.worth(x), np.inf)
            zones.append(np.flatnonzero(some))
            levels.append(at[some])
            turns.append((slope - before)[some])
            before, x = slope, np.where(some, does.next_kink(x), np.inf)
            if np.isinf(x).all():
                break
            x = np.where(np.isinf(x), 1e300, x)
        if not zones:
            return np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0)
        return np.concatenate(zones), np.concatenate(levels), np.concatenate(turns)

    def total(self, levels: Floats) -> tuple[Floats, Floats]:
        """(m,) units all zones need at ``levels``, and minus the slopes."""
        floor = float(self.lower.sum())
        if self.hinged:
            first = np.searchsorted(self._at, levels, side="left")
            amount = floor + np.maximum(self._height[first] - levels * self._width[first], 0.0)
            return amount, self._width[np.searchsorted(self._at, levels * (1 - AT_TURN))]
        parts = np.array_split(levels, -(-levels.size * self.values.size // _TABLE))
        tables = [
            _needs(self.game.does, self.lower, self.values, part[:, None], least=False) for part in parts
        ]
        amount, slope = (np.concatenate([table[i].sum(axis=1) for table in tables]) for i in (0, 1))
        return amount, slope

    def own(self, values: Floats, levels: Floats, zones: Indices, *, least: bool) -> tuple[Floats, Floats]:
        """(m,) units that each of these zones needs at its own level, and minus the slopes.

        Args:
            values: (n,) of all zones.
            levels, zones: (m,) levels and positions.
            least: Where the slope turns, whether the smaller one is meant.
        """
        does = self.game.does
        there = replace(does, sizes=does.sizes[zones], most=does.most[zones])
        return _needs(there, self.lower[zones], values[zones], levels, least=least)


def _needs(
    does: Response, lower: Floats, values: Floats, levels: Floats, *, least: bool
) -> tuple[Floats, Floats]:
    """Units from ``lower`` on that leave no more than ``levels``, and minus the slopes; shapes that fit each other."""
    counts = np.isfinite(inverse(values))
    share = np.where(counts, levels / np.where(counts, values, 1.0), 1.0)
    x = np.maximum(lower, does.needed(share))
    before = np.maximum(x - _NEAR * (1 + x), lower) if least else x
    active = (before > lower) & np.isfinite(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(active, 1 / (values * does.worth(np.where(active, before, 0.0))), 0.0)
    return x, slope
