"""Travel between zones: a short round trip, cut into one walk for each unit of a shift.

Distances are straight lines between the zones' centres times a detour factor; there are no roads in the data. One
round trip through all zones is made once (nearest neighbour, then 2-opt: a heuristic without proof). A shift's
visits are laid along it from a random place and cut into pieces that differ by at most one visit, so that each unit
stays in one part of the area. A zone with several visits is come back to in later rounds rather than stayed in
(Koper 1995), the time between visits is random, and so are direction and first zone: the roster has no timetable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from patrol_core.allocation.roster.profile import ShiftType
from patrol_core.allocation.roster.rules import RosterRules
from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError

_SWEEPS = 40
#: Tour through n random points of area A: about 0.7124 sqrt(n A) (Beardwood, Halton & Hammersley 1959).
_TOUR = 0.7124
_RETURNS = 1.3


@dataclass(frozen=True, eq=False)
class Ground:
    """Where zones are.

    Attributes:
        zone_ids: n zones.
        points: (n, 2) metres: a point inside each zone.
        order: The zones along a short round trip.
    """

    zone_ids: tuple[str, ...]
    points: Floats
    order: Indices

    def kilometres(self, places: Sequence[int] | Indices, detour: float) -> Floats:
        """Length of each step of a walk, (steps,)."""
        walk = self.points[np.asarray(places, dtype=np.intp)]
        return np.asarray(np.hypot(*np.diff(walk, axis=0).T) * detour / 1000.0, dtype=np.float64)

    def hop_minutes(self, rules: RosterRules) -> float:
        """A guess of the minutes from one visit to the next; what tours really take is measured afterwards."""
        if len(self.points) < 3:
            return 0.0
        try:
            area = float(ConvexHull(self.points).volume)
        except QhullError:
            return 0.0
        kilometres = _TOUR * np.sqrt(area / len(self.points)) / 1000.0 * rules.detour * _RETURNS
        return float(60.0 * kilometres / rules.speed_kmh)


@dataclass(frozen=True, eq=False)
class Piece:
    """One unit's work in a shift.

    Attributes:
        zones: Number of the zone of each visit, in order.
        travel: Minutes on the way to each visit from the one before; 0 for the first.
        at: Minutes after the shift's start at which each visit begins.
        overrun: Minutes by which visits, ways and overhead exceed the shift.
    """

    zones: Indices
    travel: Floats
    at: Floats
    overrun: float


def make_ground(points: Mapping[str, tuple[float, float]]) -> Ground:
    """Zones with their round trip.

    Raises:
        InputError: If a zone has no place.
    """
    place = np.array(list(points.values()), dtype=float).reshape(-1, 2)
    bad = np.flatnonzero(~np.isfinite(place).all(axis=1))
    if len(bad):
        raise InputError(
            f"Zone {list(points)[int(bad[0])]} has no place, so no way to it can be planned; give its boundary."
        )
    return Ground(tuple(points), place, short_tour(place))


def short_tour(points: Floats) -> Indices:
    """A short closed walk through all points: nearest neighbour, then 2-opt."""
    n = len(points)
    if n < 4:
        return np.arange(n, dtype=np.intp)
    order = np.empty(n, dtype=np.intp)
    left = np.ones(n, dtype=bool)
    here = int(np.argmin(points.sum(axis=1)))
    for step in range(n):
        order[step] = here
        left[here] = False
        if step + 1 < n:
            away = np.where(left, np.hypot(*(points - points[here]).T), np.inf)
            here = int(np.argmin(away))
    return _two_opt(points, order)


def shift_pieces(
    ground: Ground,
    visits: Indices,
    pieces: int,
    shift: ShiftType,
    visit_minutes: float,
    rules: RosterRules,
    chance: np.random.Generator,
) -> list[Piece]:
    """A shift's ``visits`` (n,) of the zones of a ``ground`` cut into so many ``pieces``, each with its walk and times.

    ``shift`` and ``visit_minutes`` are lengths, ``rules`` have overhead and speed; ``chance`` draws where the walk begins, its direction, its
    rounds and its times.
    """
    held = ground.order[visits[ground.order] > 0]
    held = np.roll(held, -int(chance.integers(len(held))))
    line = np.repeat(held, visits[held])
    cuts = np.array_split(line, pieces)
    return [_piece(ground, part, shift, visit_minutes, rules, chance) for part in cuts]


def _piece(
    ground: Ground,
    line: Indices,
    shift: ShiftType,
    visit_minutes: float,
    rules: RosterRules,
    chance: np.random.Generator,
) -> Piece:
    walk = _rounds(line, chance)
    steps = ground.kilometres(walk, rules.detour) * (60.0 / rules.speed_kmh)
    travel = np.concatenate([[0.0], steps])
    free = shift.minutes - visit_minutes * len(walk) - float(travel.sum())
    overhead = 60.0 * rules.overhead_hours
    briefing = min(overhead / 3.0, max(free, 0.0))
    # The rest of the overhead (breaks, reports) and what is left over fall between the visits by chance.
    gaps = np.diff(np.sort(chance.random(len(walk))), prepend=0.0) * max(free - briefing, 0.0)
    before = np.cumsum(travel + gaps) + visit_minutes * np.arange(len(walk))
    return Piece(walk, travel, briefing + before, max(0.0, overhead - free))


def _rounds(line: Indices, chance: np.random.Generator) -> Indices:
    """Visits in rounds along the walk, each from one of its ends; a zone takes part in as many as it has visits.

    Which rounds is drawn: if all began in the first one, quiet zones would always be visited early in the shift.
    """
    zones, first, count = np.unique(line, return_index=True, return_counts=True)
    zones, count = zones[np.argsort(first)], count[np.argsort(first)]
    laps = int(count.max(initial=0))
    rank = chance.random((len(zones), laps)).argsort(axis=1)
    walk: list[int] = []
    for number in range(laps):
        lap = zones[rank[:, number] < count].tolist()
        if chance.random() < 0.5:
            lap.reverse()
        if walk and len(lap) > 1 and lap[0] == walk[-1]:
            lap.reverse()
        walk += lap
    return np.array(walk, dtype=np.intp)


def _two_opt(points: Floats, order: Indices) -> Indices:
    """Reverse stretches of a closed walk while that shortens it; stops after some sweeps."""
    n = len(order)
    least = 1e-9 * float(np.ptp(points, axis=0).max(initial=0.0))  # a shorter gain is the last bits of a sum
    for _ in range(_SWEEPS):
        better = False
        for i in range(n - 2):
            walk = points[order]
            after = np.roll(walk, -1, axis=0)
            last = n - 1 if i == 0 else n
            j = np.arange(i + 2, last)
            if not len(j):
                continue
            now = np.hypot(*(walk[i] - after[i])) + np.hypot(*(walk[j] - after[j]).T)
            then = np.hypot(*(walk[i] - walk[j]).T) + np.hypot(*(after[i] - after[j]).T)
            gain = now - then
            best = int(np.argmax(gain))
            if gain[best] > least:
                stop = int(j[best])
                order[i + 1 : stop + 1] = order[i + 1 : stop + 1][::-1]
                better = True
        if not better:
            break
    return order
