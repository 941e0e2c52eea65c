"""What a class of zones prevents by its coverage, filled best zone first: concave, and known by its knots."""

from __future__ import annotations

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.games.zone.water_filling import share_evenly


class Supply:
    """What a class prevents by its coverage beyond the least, best pieces first; made of pieces of one rate each.

    Args:
        idle: Every zone of the class.
        zone, begin, end: Zone of each piece, and coverage at which it begins and ends.
        rates: Harm prevented per unit, of each piece; of curved pieces (2, m), where they begin and where they end.
    """

    def __init__(self, idle: Indices, zone: Indices, begin: Floats, end: Floats, rates: Floats) -> None:
        order = np.argsort(-rates, kind="stable")
        self.idle, self.zone, self.begin, self.end, self.rate = (
            idle, zone[order], begin[order], end[order], rates[order],
        )  # fmt: skip
        length = self.end - self.begin
        self.room = np.append(0.0, np.cumsum(length))
        self.harm = np.append(0.0, np.cumsum(length * self.rate))

    def at(self, extra: float) -> tuple[float, tuple[float, ...]]:
        """Prevented with so much coverage beyond the least, and what a bit less or more changes, per unit."""
        k = int(np.searchsorted(self.room, extra, side="left"))
        if k >= self.room.size:
            return float(self.harm[-1]), (0.0,)
        left = self.rate[max(k - 1, 0)] if self.rate.size else 0.0
        harm = self.harm[k] - left * (self.room[k] - extra) if k else 0.0
        if self.room[k] - extra > 1e-9 * max(1.0, extra):
            return float(harm), (float(left),)
        right = self.rate[k] if k < self.rate.size else 0.0
        return float(harm), ((float(left), float(right)) if k and left > right else (float(right),))

    def spread(self, coverage: Floats, upper: Floats, extra: float) -> None:
        """Put so much on the zones of the class, best first; pieces of one rate share evenly.

        Args:
            coverage: (n,) units of all zones, changed in place.
            upper: (n,) most units.
            extra: Units to put.
        """
        k = int(np.searchsorted(self.room, extra, side="left")) - 1
        if k < 0:
            return
        k = min(k, self.rate.size - 1)
        rate = self.rate[k] if k >= 0 else 0.0
        first = int(np.searchsorted(-self.rate, -rate, side="left"))
        after = int(np.searchsorted(-self.rate, -rate, side="right"))
        np.maximum.at(coverage, self.zone[:first], self.end[:first])
        tied = slice(first, after)
        rest = extra - float(self.room[first])
        if rest <= float(self.room[after] - self.room[first]):
            whole = np.floor(self.begin[tied] + 1e-12)
            coverage[self.zone[tied]] = whole + share_evenly(
                self.begin[tied] - whole, self.end[tied] - whole, rest
            )
            return
        np.maximum.at(coverage, self.zone[tied], self.end[tied])
        _spread_idle(coverage, upper, self.idle, extra - float(self.room[after]))


def _spread_idle(coverage: Floats, upper: Floats, zones: Indices, extra: float) -> None:
    """Coverage that rules ask for where nothing is left to prevent."""
    space = float((upper - coverage)[zones].sum())
    if extra > 0 and space > 0:
        coverage[zones] = share_evenly(coverage[zones], upper[zones], min(extra, space))


class CurvedSupply(Supply):
    """The same where what a unit prevents falls as one over the coverage: x = a mu - const between begin and end, mu = 1 / rate."""

    def __init__(self, idle: Indices, zone: Indices, begin: Floats, end: Floats, rates: Floats) -> None:
        self.idle, self.zone, self.begin, self.end = idle, zone, begin, end
        self.enter, leave = 1 / rates
        self.width = (end - begin) / (leave - self.enter)
        marks = np.concatenate([self.enter, leave])
        order = np.argsort(marks, kind="stable")
        self.mark = marks[order]
        wide = np.cumsum(np.concatenate([self.width, -self.width])[order])[:-1]
        self.wide = np.maximum(wide, 0.0)
        step, ratio = np.diff(self.mark), np.log(self.mark[1:] / self.mark[:-1])
        self.room = np.append(0.0, np.cumsum(self.wide * step))
        self.harm = np.append(0.0, np.cumsum(self.wide * ratio))

    def _mark(self, extra: float) -> tuple[int, float]:
        """Number of the stretch, and mu, with so much beyond the least."""
        k = int(np.searchsorted(self.room, extra, side="right")) - 1
        k = min(k, self.wide.size - 1)
        wide = float(self.wide[k])
        return k, float(self.mark[k]) + ((extra - float(self.room[k])) / wide if wide > 0 else 0.0)

    def slopes(self, extra: float) -> tuple[float, float]:
        """What a bit more prevents, per unit, and how that changes."""
        if not self.zone.size or extra >= self.room[-1]:
            return 0.0, 0.0
        k, mark = self._mark(extra)
        return 1 / mark, -1 / (mark**2 * float(self.wide[k])) if self.wide[k] > 0 else 0.0

    def at(self, extra: float) -> tuple[float, tuple[float, ...]]:
        """As of pieces."""
        if not self.zone.size or extra >= self.room[-1]:
            rate = 1 / self.mark[-1] if self.zone.size else 0.0
            harm = float(self.harm[-1]) if self.zone.size else 0.0
            return harm, ((rate, 0.0) if self.zone.size and extra <= self.room[-1] else (0.0,))
        k, mark = self._mark(extra)
        return float(self.harm[k] + self.wide[k] * np.log(mark / self.mark[k])), (1 / mark,)

    def spread(self, coverage: Floats, upper: Floats, extra: float) -> None:
        """As of pieces; the sum is put right by Newton's method, where cumulated widths lost digits.

        Args:
            coverage, upper, extra: As of pieces.
        """
        if not self.zone.size or extra >= self.room[-1]:
            coverage[self.zone] = self.end
            left = extra - float((self.end - self.begin).sum())
            _spread_idle(coverage, upper, self.idle, left)
            return
        _, mark = self._mark(extra)
        for _ in range(3):
            x = np.clip(self.begin + self.width * (mark - self.enter), self.begin, self.end)
            moving = float(self.width[(x > self.begin) & (x < self.end)].sum())
            if not moving > 0:
                break
            mark += (extra - float((x - self.begin).sum())) / moving
        coverage[self.zone] = x
