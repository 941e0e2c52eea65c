"""Patrol areas by growing regions and simulated annealing: quick, and without proof.

Seeds are spread out (k-means++), areas grow from them over neighbours, the one with least work first. Then zones at
the edge move to a neighbouring area, or two swap, when their old area stays in one piece; worse moves are accepted
with falling probability (Kirkpatrick, Gelatt & Vecchi 1983). What is lowered is the sum of squared distances from
each zone to the middle of its area plus a penalty for work outside the tolerance that grows as it cools. Where work stays
outside, further runs aim at half the tolerance, for balance before compactness.
"""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.areas.graph import ZoneGraph
from patrol_core.arrays import Floats, Indices

_STEPS_A_ZONE = 100
"""Tries to move a zone, for each zone of a run."""
_STARTS = 4
_MORE_STARTS = 16
"""Most further runs where no division is in balance yet."""
_ONE_START_FROM = 1000
"""Zones from which there is only one run, and one further, with twice the tries."""


def search(graph: ZoneGraph, count: int, tolerance: float, *, seed: int) -> Indices:
    """Area of every zone, (n,) from 0; each area in one piece and not empty.

    ``graph``, ``count`` and ``tolerance`` are those of :func:`~patrol_core.allocation.areas.program.solve_areas`; ``seed`` is the search's.
    """
    best, best_score = np.zeros(len(graph.work), dtype=np.intp), math.inf
    many = len(graph.work) >= _ONE_START_FROM
    steps = _STEPS_A_ZONE * len(graph.work) * (2 if many else 1)
    starts = 1 if many else _STARTS
    for start in range(starts):
        run = _Annealing(graph, count, tolerance, _chance(seed, start))
        area = run.run(steps)
        score = run.score_of(area)
        if score < best_score:
            best, best_score = area, score
    outside = imbalance(graph, best, count)
    least = float(graph.work.max()) * count / float(graph.work.sum()) - 1.0  # an area has the heaviest zone
    for start in range(starts, starts + (1 if many else _MORE_STARTS)):
        if outside <= max(tolerance, least + 1e-9):
            break
        area = _Annealing(graph, count, tolerance / 2, _chance(seed, start)).run(steps)
        if (found := imbalance(graph, area, count)) < outside:
            best, outside = area, found
    return best


def imbalance(graph: ZoneGraph, area: Indices, count: int) -> float:
    """Largest departure of an area's work from the mean, as a share of it; ``area`` of every zone of ``graph``, ``count`` areas."""
    work = np.bincount(area, weights=graph.work, minlength=count)
    mean = float(graph.work.sum()) / count
    return float(np.abs(work - mean).max() / mean)


def _chance(seed: int, start: int) -> random.Random:
    return random.Random(1000 * seed + start)  # noqa: S311 a search to be repeated, not a secret


class _Annealing:
    """One run: areas as lists, sums kept up to date."""

    def __init__(self, graph: ZoneGraph, count: int, tolerance: float, chance: random.Random) -> None:
        self.graph, self.count, self.chance = graph, count, chance
        self.work = graph.work.tolist()
        self.x, self.y = graph.points[:, 0].tolist(), graph.points[:, 1].tolist()
        self.mean = float(graph.work.sum()) / count
        self.room = tolerance * self.mean
        spread = float(((graph.points - graph.points.mean(axis=0)) ** 2).sum())
        # One area's part of the distances, to weigh work against; where all zones share a place only work counts.
        self.scale = spread / count if spread > 0.0 else 1.0

    def run(self, steps: int) -> Indices:
        """Grow areas and cool them down."""
        self.area = self._grow()
        self.size = [0] * self.count
        self.load, self.sx, self.sy, self.sq = ([0.0] * self.count for _ in range(4))
        for i, a in enumerate(self.area):
            self._put(i, a, 1)
        best, best_score = list(self.area), self._score(1.0)
        for step in range(steps):
            cold = step / steps
            self.press = 1.0 + 30.0 * cold
            self._try(self.scale * (0.02 * (1.0 - cold) ** 2 + 1e-9))
            if step % 50 == 0 or step == steps - 1:
                score = self._score(31.0)
                if score < best_score or step == 0:
                    best, best_score = list(self.area), score
        return np.array(best, dtype=np.intp)

    def score_of(self, area: Indices) -> float:
        """Distances plus penalty, for comparing runs."""
        total = 0.0
        for a in range(self.count):
            own = area == a
            middle = self.graph.points[own].mean(axis=0)
            total += float(((self.graph.points[own] - middle) ** 2).sum())
            over = max(0.0, abs(float(self.graph.work[own].sum()) - self.mean) - self.room)
            total += 31.0 * self.scale * over / self.mean
        return total

    def _score(self, press: float) -> float:
        return sum(self._inertia(a) + self._penalty(self.load[a], press) for a in range(self.count))

    def _inertia(self, a: int) -> float:
        n = self.size[a]
        return self.sq[a] - (self.sx[a] ** 2 + self.sy[a] ** 2) / n if n else 0.0

    def _penalty(self, load: float, press: float) -> float:
        over = abs(load - self.mean) - self.room
        return press * self.scale * over / self.mean if over > 0.0 else 0.0

    def _put(self, i: int, a: int, sign: int) -> None:
        x, y = self.x[i], self.y[i]
        self.size[a] += sign
        self.load[a] += sign * self.work[i]
        self.sx[a] += sign * x
        self.sy[a] += sign * y
        self.sq[a] += sign * (x * x + y * y)

    def _try(self, heat: float) -> None:
        """Move a zone at an edge to a neighbouring area, now and then with one coming back."""
        i = int(self.chance.random() * len(self.area))
        own = self.area[i]
        others = [self.area[j] for j in self.graph.near[i] if self.area[j] != own]
        if not others or self.size[own] == 1:
            return
        new = others[int(self.chance.random() * len(others))]
        back = self._partner(i, own, new) if self.chance.random() < 0.3 else -1
        before = self._two(own, new)
        self._put(i, own, -1)
        self._put(i, new, 1)
        if back >= 0:
            self._put(back, new, -1)
            self._put(back, own, 1)
        rise = self._two(own, new) - before
        accept = rise <= 0.0 or self.chance.random() < math.exp(-min(rise / heat, 700.0))
        if accept and self._moves_keep_pieces(i, back, own, new):
            return
        self._put(i, own, 1)
        self._put(i, new, -1)
        if back >= 0:
            self._put(back, new, 1)
            self._put(back, own, -1)

    def _two(self, a: int, b: int) -> float:
        return sum(self._inertia(c) + self._penalty(self.load[c], self.press) for c in (a, b))

    def _partner(self, i: int, own: int, new: int) -> int:
        """A zone of the new area beside the old one, to come in exchange."""
        near = self.graph.near
        edge = [j for k in near[i] for j in near[k] if j != i and self.area[j] == new]
        edge = [j for j in edge if any(self.area[k] == own and k != i for k in near[j])]
        return edge[int(self.chance.random() * len(edge))] if edge else -1

    def _moves_keep_pieces(self, i: int, back: int, own: int, new: int) -> bool:
        """Set the new areas if both stay in one piece; else leave all as it was."""
        self.area[i] = new
        if back >= 0:
            self.area[back] = own
        if self._whole(own, i) and (back < 0 or self._whole(new, back)):
            return True
        self.area[i] = own
        if back >= 0:
            self.area[back] = new
        return False

    def _whole(self, a: int, beside: int) -> bool:
        """Whether an area hangs together, seen from the neighbours of the zone that left it."""
        near, area = self.graph.near, self.area
        start = next((i for i in near[beside] if area[i] == a), -1)
        if start < 0:
            return False
        seen, queue = {start}, [start]
        while queue:
            for other in near[queue.pop()]:
                if area[other] == a and other not in seen:
                    seen.add(other)
                    queue.append(other)
        return len(seen) == self.size[a]

    def _grow(self) -> list[int]:
        """Areas grown from spread-out seeds over neighbours, the one with least work first."""
        n = len(self.work)
        area = [-1] * n
        load = [0.0] * self.count
        edge: list[set[int]] = [set() for _ in range(self.count)]
        for a, seed in enumerate(self._seeds()):
            area[seed], load[a] = a, self.work[seed]
            edge[a] = set(self.graph.near[seed])
        seeds = [area.index(a) for a in range(self.count)]
        left = n - self.count
        while left:
            open_areas = []
            for a in range(self.count):
                edge[a] = {j for j in edge[a] if area[j] < 0}
                if edge[a]:
                    open_areas.append(a)
            a = min(open_areas, key=load.__getitem__)
            s = seeds[a]
            pick = min(
                edge[a], key=lambda j: ((self.x[j] - self.x[s]) ** 2 + (self.y[j] - self.y[s]) ** 2, j)
            )
            area[pick] = a
            load[a] += self.work[pick]
            edge[a].discard(pick)
            edge[a] |= {j for j in self.graph.near[pick] if area[j] < 0}
            left -= 1
        return area

    def _seeds(self) -> list[int]:
        """Zones far from each other, by chance (k-means++)."""
        points = self.graph.points
        seeds = [int(self.chance.random() * len(points))]
        while len(seeds) < self.count:
            away: NDArray[np.float64] = np.min(
                [((points - points[s]) ** 2).sum(axis=1) for s in seeds], axis=0
            )
            away[seeds] = 0.0
            total = float(away.sum())
            if total <= 0.0:
                seeds.append(next(i for i in range(len(points)) if i not in seeds))
                continue
            mark = self.chance.random() * total
            pick = min(int(np.searchsorted(np.cumsum(away), mark, side="right")), len(points) - 1)
            seeds.append(pick if pick not in seeds else int(np.argmax(away)))
        return seeds


def spread_of(graph: ZoneGraph, area: Indices, count: int) -> tuple[Floats, Indices]:
    """Sum of squared distances (km2) to the best centre zone, and that zone, for each of ``count`` areas; ``area`` of every zone of ``graph``."""
    cost, centre = np.zeros(count), np.zeros(count, dtype=np.intp)
    for a in range(count):
        own = np.flatnonzero(area == a)
        points = graph.points[own]
        square = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2).sum(axis=0)
        centre[a], cost[a] = own[int(np.argmin(square))], float(square.min())
    return cost, centre
