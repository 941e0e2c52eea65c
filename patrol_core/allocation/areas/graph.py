"""The graph of zones behind patrol areas: which touch, what hangs together, and what joins the parts that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from patrol_core.arrays import Floats
from patrol_core.errors import InputError


@dataclass(frozen=True, eq=False)
class ZoneGraph:
    """Zones with their work, place and neighbours.

    Attributes:
        zone_ids: n zones.
        work: (n,) workload of 0 or more, in any unit.
        points: (n, 2) coordinates in kilometres.
        near: Numbers of the neighbours of every zone; symmetric.
        bridges: Pairs joined although they do not touch, so that everything hangs together.
    """

    zone_ids: tuple[str, ...]
    work: Floats
    points: Floats
    near: tuple[tuple[int, ...], ...]
    bridges: tuple[tuple[int, int], ...] = ()

    def in_own_units(self) -> tuple[ZoneGraph, float]:
        """The same zones with work of 1 on average and the longer side of the place as unit of length, and that length (km).

        Search and programme compare with absolute numbers; so they see the same place whatever its size and whatever
        work is counted in. Twelve digits are kept, so that scaling leaves the very same numbers.
        """
        corner = self.points - self.points.min(axis=0)
        length = float(corner.max()) or 1.0
        work = np.round(self.work / float(self.work.mean()), 12)
        return replace(self, points=np.round(corner / length, 12), work=work), length


def make_graph(
    work: Mapping[str, float],
    points: Mapping[str, tuple[float, float]],
    near: Mapping[str, Sequence[str]],
) -> ZoneGraph:
    """Zones as a connected graph; parts that do not touch are joined by their nearest pair.

    Raises InputError for no zones, a workload that cannot be used, or a zone without a place.

    Args:
        work: Zone to workload.
        points: Zone to a point in it, metres.
        near: Zone to its neighbours; made symmetric, neighbours without work are left out.
    """
    ids = tuple(work)
    if not ids:
        raise InputError("No zone has a workload; give at least one.")
    load = np.array(list(work.values()), dtype=float)
    bad = np.flatnonzero(~(np.isfinite(load) & (load >= 0.0)))
    if len(bad):
        raise InputError(f"Workload of zone {ids[bad[0]]} is {load[bad[0]]!s}; give a number of 0 or more.")
    if load.sum() <= 0.0:
        raise InputError("No zone has any workload, so there is nothing to balance; choose another measure.")
    missing = next((zone for zone in ids if zone not in points), None)
    if missing is not None:
        raise InputError(f"Zone {missing} has no place; give its boundary.")
    place = np.array([points[zone] for zone in ids], dtype=float) / 1000.0
    number = {zone: i for i, zone in enumerate(ids)}
    touch: list[set[int]] = [set() for _ in ids]
    for zone, others in near.items():
        for other in others:
            if zone in number and other in number and zone != other:
                touch[number[zone]].add(number[other])
                touch[number[other]].add(number[zone])
    bridges = _join_parts(touch, place)
    return ZoneGraph(ids, load, place, tuple(tuple(sorted(mine)) for mine in touch), tuple(bridges))


def parts(members: Iterable[int], near: Sequence[Sequence[int]]) -> list[list[int]]:
    """Connected parts of a set of zones, each sorted, by their smallest zone."""
    left, found = set(members), []
    for start in sorted(left):
        if start not in left:
            continue
        left.discard(start)
        queue, part = [start], []
        while queue:
            here = queue.pop()
            part.append(here)
            for other in near[here]:
                if other in left:
                    left.discard(other)
                    queue.append(other)
        found.append(sorted(part))
    return found


def _join_parts(touch: list[set[int]], place: Floats) -> list[tuple[int, int]]:
    """Join parts by nearest pairs until one is left (in place); the pairs."""
    bridges = []
    whole = parts(range(len(touch)), [sorted(mine) for mine in touch])
    while len(whole) > 1:
        # The smallest part joins its nearest other zone: islands before mainlands.
        whole.sort(key=len)
        own = np.array(whole[0])
        rest = np.array([i for part in whole[1:] for i in part])
        away, hit = cKDTree(place[rest]).query(place[own])
        best = int(np.argmin(away))
        a, b = int(own[best]), int(rest[hit[best]])
        touch[a].add(b)
        touch[b].add(a)
        bridges.append((a, b))
        target = next(part for part in whole[1:] if b in part)
        target += whole.pop(0)
    return bridges
