r"""R_t for all zones at once, where rules speak of group sums (:mod:`~patrol_core.games.zone.classes`).

R_t is the least level v at which the needs of the classes, N_c(v) = sum over c of need_s(v) with zone t at hi_t and the others
at lo, can be met together. With the inequalities lambda . N <= q that describe what can be met, R_t is the largest root of

    sum_c lambda_c N_c(v) = q      over the inequalities,

and each is the root of a falling, convex, piecewise linear function (of every response but ``log``): Newton's method from the left reaches it in as many
steps as it meets pieces, for all t side by side. Inequalities are added while the level of some zone breaks one not
yet known. Every inequality is valid, so the levels are lower bounds of R_t at any time; they are exact when no zone
breaks another.
"""

from __future__ import annotations

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import SolverError
from patrol_core.games.robust.level import inverse
from patrol_core.games.robust.regret_levels import largest_of_others
from patrol_core.games.robust.regret_responses import AT_TURN, Needs
from patrol_core.games.zone import Reach, ZoneClasses, ZoneGame, explain_conflict, free_level

#: A class may fall short by this much coverage: of one zone, and of what it needs.
_SHORT = 1e-10

_MOST_STEPS = 400
_MOST_RAYS = 400


def group_levels(game: ZoneGame, classes: ZoneClasses, low: Floats, high: Floats) -> Floats:
    """(n,) R_t of the module docstring.

    Args:
        game, classes: The game and its classes of zones.
        low, high: (n,) interval ends.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If the levels did not settle.
    """
    lower, upper = game.bounds()
    reach = Reach(classes)
    if reach.look(classes.lower) > _SHORT * (1.0 + float(classes.lower.max(initial=0.0))):
        explain_conflict(game)
    stuck = low * game.left(upper)
    start = float(stuck.max())
    if game.curved:
        start = max(start, free_level(game, low).value)
        needs: _Needs = _CurvedNeeds(game, classes, low, high, start)
    else:
        needs = _Needs(classes, low, high, game.left(lower), game.effectiveness)
    base_level = _settled(needs, reach, np.array([-1]), np.array([start]))[0]
    levels = np.full(game.size, base_level)
    # a zone whose highest value lies at or below the base level cannot raise it
    least = np.maximum(largest_of_others(stuck), high * game.left(upper))
    moved = np.flatnonzero((high > base_level) | (largest_of_others(stuck) < base_level))
    levels[moved] = _settled(needs, reach, moved, np.maximum(least[moved], start))
    return levels


def _settled(needs: _Needs, reach: Reach, zones: Indices, least: Floats) -> Floats:
    """Levels of these zones (-1: none moved), with inequalities added until none is broken."""
    levels, sure, used = least.copy(), np.zeros(zones.size, dtype=bool), 0
    for _ in range(_MOST_RAYS):
        for ray, limit in zip(reach.rays[used:], reach.limits[used:], strict=True):
            root = needs.root(ray, limit, zones, levels)
            sure &= root <= levels
            levels = np.maximum(levels, root)
        used = len(reach.limits)
        table = needs.at(zones, levels)
        broken = False
        for i in np.flatnonzero(~sure):
            if (
                len(reach.limits) > used
                and (reach.rays[used:] @ table[i] > reach.limits[used:] + _SHORT).any()
            ):
                broken = True
                continue
            if reach.look(table[i]) > _SHORT * (1.0 + float(table[i].max())):
                broken = True
            else:
                sure[i] = True
        if not broken:
            return levels
    raise SolverError("The levels of this game could not be settled; please report the game.")


class _Needs:
    """N_c(v) by prefix sums over the breaks of each class, and its version with one zone moved."""

    def __init__(self, classes: ZoneClasses, low: Floats, high: Floats, open_: Floats, e: float) -> None:
        self.cell, self.size, self.e, self.floor = classes.cell, classes.size, e, classes.lower
        slope = inverse(low)
        self.slope = np.where(np.isfinite(slope), slope, 0.0)
        self.open = np.where(self.slope > 0, open_, 0.0)
        top = inverse(high)
        self.top = np.where(np.isfinite(top), top, 0.0)
        self.own = np.where(self.top > 0, open_, 0.0)
        self.parts = self._sums(self.cell, low * open_, self.open, self.slope)

    def _sums(
        self, cell: Indices, breaks: Floats, height: Floats, width: Floats
    ) -> list[tuple[Floats, Floats, Floats]]:
        """By class: breaks in rising order, and sums of heights and widths over those above."""
        parts = []
        for c in range(self.size):
            inside = np.flatnonzero(cell == c)
            order = inside[np.argsort(breaks[inside], kind="stable")]
            # sums over the breaks above v: everything less what lies at or below it
            sums = [np.append(np.cumsum(side[order][::-1])[::-1], 0.0) for side in (height, width)]
            parts.append((breaks[order], sums[0], sums[1]))
        return parts

    def _base(self, c: int, level: Floats) -> tuple[Floats, Floats]:
        """(need beyond the floors, slope) of a class at many levels, no zone moved."""
        breaks, height, width = self.parts[c]
        k = np.searchsorted(breaks, level, side="right")
        return np.maximum(height[k] - level * width[k], 0.0) / self.e, -width[k] / self.e

    def _moved(self, zones: Indices, level: Floats) -> tuple[Floats, Floats]:
        """What moving zone t to its upper end adds to its class, and its slope."""
        some = zones >= 0
        t = np.where(some, zones, 0)
        before, after = self.open[t] - level * self.slope[t], self.own[t] - level * self.top[t]
        value = (np.maximum(after, 0.0) - np.maximum(before, 0.0)) / self.e
        slope = (np.where(before > 0, self.slope[t], 0.0) - np.where(after > 0, self.top[t], 0.0)) / self.e
        return np.where(some, value, 0.0), np.where(some, slope, 0.0)

    def at(self, zones: Indices, level: Floats) -> Floats:
        """(zones, classes) needs at each zone's level."""
        table = np.stack([self.floor[c] + self._base(c, level)[0] for c in range(self.size)], axis=1)
        value, _ = self._moved(zones, level)
        some = np.flatnonzero(zones >= 0)
        table[some, self.cell[zones[some]]] += value[some]
        return table

    def root(self, ray: Floats, limit: float, zones: Indices, start: Floats) -> Floats:
        """Least level from ``start`` on at which ray . N is within the limit, by Newton from the left."""
        level = start.copy()
        weight = np.where(zones >= 0, ray[self.cell[np.maximum(zones, 0)]], 0.0)
        for _ in range(_MOST_STEPS):
            value, slope = np.full(level.size, float(ray @ self.floor)), np.zeros(level.size)
            for c in np.flatnonzero(ray):
                amount, change = self._base(int(c), level)
                value += ray[c] * amount
                slope += ray[c] * change
            amount, change = self._moved(zones, level)
            value, slope = value + weight * amount, slope + weight * change
            over = value - limit
            going = (over > 0) & (slope < 0)
            step = np.where(going, over / np.where(going, -slope, 1.0), 0.0)
            moved = level + step
            if not (moved > level * (1 + 1e-15)).any():
                return moved
            level = moved
        raise SolverError("Newton's method for the levels did not end; please report the game.")


class _CurvedNeeds(_Needs):
    """The same for a response of several pieces: every break of a zone is a hinge of its class."""

    def __init__(self, game: ZoneGame, classes: ZoneClasses, low: Floats, high: Floats, base: float) -> None:
        self.cell, self.size, self.e, self.floor = classes.cell, classes.size, 1.0, classes.lower
        self.low, self.high, self.needs = low, high, Needs(game, low, base)
        zone, at, turn = self.needs.hinges(base)
        self.parts = self._sums(self.cell[zone], at, at * turn, turn)

    def _base(self, c: int, level: Floats) -> tuple[Floats, Floats]:
        # where the slope turns, the steeper one: mixed with that of the zone moved, the other could lead too far
        breaks, _, width = self.parts[c]
        return super()._base(c, level)[0], -width[np.searchsorted(breaks, level * (1 - AT_TURN))]

    def _moved(self, zones: Indices, level: Floats) -> tuple[Floats, Floats]:
        some = zones >= 0
        t = np.where(some, zones, 0)
        value, slope = np.zeros(zones.size), np.zeros(zones.size)
        for values, sign in ((self.low, 1.0), (self.high, -1.0)):
            amount, fall = self.needs.own(values, level, t, least=sign > 0)
            value, slope = value - sign * amount, slope + sign * fall
        return np.where(some, value, 0.0), np.where(some, slope, 0.0)
