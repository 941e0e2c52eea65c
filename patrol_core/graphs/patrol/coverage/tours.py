r"""Undominated tours of one unit: the most that can be covered in time, without looking at every walk.

Between two targets a unit that only wants to cover walks a shortest way, so it is enough to know at which target it is, when,
and what is covered: a label (place, time, mask). A label is dropped when another at the same place is no later and covers at
least as much. The shortest tour through a set is found on the way, as in the dynamic program of Held and Karp (1962).

Dropping is safe where covering more is never worse for the defender: zero-sum games without costs, and schedules, which may
leave out targets. Waiting must be allowed (a unit that is early waits). In schedule form a visit takes ``tau`` states and moves are
kept as cost; passing by is no visit of its own: with tau = 1 the label that stops there takes no longer.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Bools, Ints
from patrol_core.graphs.patrol.coverage.labels import MOST_LABELS, TooManyLabelsError, UnitLabels, together
from patrol_core.graphs.patrol.coverage.masks import Fields, Masks, contained, distinct, undominated
from patrol_core.graphs.patrol.game import COMPATIBLE, NORMAL, SCHEDULE, GraphGame, Unit, allowed_nodes
from patrol_core.graphs.patrol.reach import NEVER, arcs_of, moves_from, moves_home
from patrol_core.graphs.patrol.solution import Walk

_START = -1
_MOST_THINNED = 200
"""Targets up to which ways over other targets are sorted out beforehand; beyond, the labels do it."""


@dataclass(frozen=True, eq=False)
class _Ground:
    """What a search needs of the graph: the active targets and ways between them.

    Attributes:
        nodes: (p,) node of every place; the active targets, in order.
        apart: (p, p) moves from place to place; normal form: NEVER where another place lies on a shortest way,
            which is then used instead.
        toward: (p, nodes) moves from every node to each place.
    """

    nodes: Ints
    apart: Ints
    toward: Ints
    ways: tuple[Ints, ...]


def fields_of(game: GraphGame, active: Sequence[int]) -> Fields:
    """Bits for some targets: one each in schedule form, tau in normal form."""
    return Fields(len(active), 1 if game.form == SCHEDULE else game.tau)


def best_tours(
    game: GraphGame,
    unit: Unit,
    active: Sequence[int],
    *,
    most: int = MOST_LABELS,
    until: float = np.inf,
    every: bool = False,
) -> UnitLabels:
    """Undominated labels of a unit of a ``game`` over some targets.

    Args:
        active: Positions of the targets that count, in the order of the bits.
        most: Labels at which the search gives up.
        until: Moment (``time.perf_counter``) at which it gives up.
        every: Schedule form: every schedule, also those inside another, each with its shortest tour.

    Raises:
        TooManyLabelsError: When it does.
    """
    fields = fields_of(game, active)
    if unit.stationary:
        return _standing(game, unit, active, fields)
    allowed = allowed_nodes(game, unit)
    # Labels of schedules end at targets that are new, so a way must also lead past those that are covered already.
    ground = _ground(game, allowed, active, direct=game.form == NORMAL)
    parts = [
        _Search(game, unit, base, fields, ground, (most, until), every=every).run() for base in unit.bases
    ]
    whole = together([part for part in parts if part is not None])
    if every:
        return whole.chosen(distinct(whole.masks, whole.cost))
    costs = whole.cost if game.costs_matter else None
    return whole.chosen(undominated(whole.masks, costs))


def _standing(game: GraphGame, unit: Unit, active: Sequence[int], fields: Fields) -> UnitLabels:
    """A stationary unit: one label a base."""
    stays = game.moves + 1
    masks = fields.empty(len(unit.bases))
    for row, base in enumerate(unit.bases):
        for place, target in enumerate(active):
            if game.targets[target] == base:
                masks[row : row + 1] = fields.visited(masks[row : row + 1], place, stays)
    bases = unit.bases
    return UnitLabels(
        fields, masks, np.zeros(len(bases), dtype=np.int64), lambda k: (bases[k],) * stays, len(bases)
    )


def _ground(game: GraphGame, allowed: Bools, active: Sequence[int], *, direct: bool) -> _Ground:
    places = game.targets[list(active)]
    inside = allowed[places]
    toward = np.full((len(places), len(allowed)), NEVER, dtype=np.int64)
    if inside.any():
        toward[inside] = moves_from(game.network, allowed, places[inside].tolist(), back=True)
    apart = toward[:, places].T.copy()
    if direct and len(places) <= _MOST_THINNED:
        # i -> k -> j in the same time covers k as well; so only direct ways are kept.
        for k in range(len(places)):
            around = apart[:, k : k + 1] + apart[k : k + 1, :]
            better = (around == apart) & (apart < NEVER)
            better[k, :] = better[:, k] = False
            apart = np.where(better, NEVER + apart, apart)
            apart = np.where(apart >= 2 * NEVER, NEVER, apart)
        apart = np.where(apart >= NEVER, NEVER, apart)
    np.fill_diagonal(apart, NEVER)
    tail, head = arcs_of(game.network, allowed)
    cuts = np.searchsorted(tail, np.arange(len(allowed) + 1))
    ways = tuple(head[a:b] for a, b in itertools.pairwise(cuts))
    return _Ground(places, apart, toward, ways)


class _Search:
    """Labels from one base, in the order of time."""

    def __init__(
        self,
        game: GraphGame,
        unit: Unit,
        base: int,
        fields: Fields,
        ground: _Ground,
        limits: tuple[int, float],
        *,
        every: bool,
    ) -> None:
        self.fields, self.ground = fields, ground
        self.most, self.until = limits
        self.every, self.single = every, game.simple
        self.base, self.moves = base, game.moves
        self.by_schedule = game.form == SCHEDULE
        self.stay = game.tau - 1 if self.by_schedule else 0
        self.horizon = game.moves + (1 if self.by_schedule and game.mode == COMPATIBLE else 0)
        self.home = moves_home(game, unit, base)
        self.count = len(ground.nodes)
        self.seen: list[set[bytes]] = [set() for _ in range(self.count + 1)]
        self.usable = self._usable()
        self.place: list[Ints] = []
        self.time: list[Ints] = []
        self.mask: list[Masks] = []
        self.parent: list[Ints] = []
        self.made = 0
        self.frontier: list[Masks] = [fields.empty(0) for _ in range(self.count + 1)]

    def _usable(self) -> Bools:
        """Places that can be visited alone within T moves; in ``compatible`` games a longer tour must be made of such."""
        out = self.ground.toward[:, self.base]
        return np.asarray(out + self.stay + self.home[self.ground.nodes] <= self.moves)

    def run(self) -> UnitLabels | None:
        """All labels from which the unit can still get home."""
        if self.home[self.base] > self.horizon:
            return None
        buckets: dict[int, list[tuple[int, Masks, Ints]]] = {}
        first = self.fields.empty()
        here = [p for p in range(self.count) if self.ground.nodes[p] == self.base]
        if here and not self.by_schedule:
            first = self.fields.visited(first, here[0])
        at = here[0] if here and not self.by_schedule else self.count
        buckets[0] = [(at, first, np.array([_START]))]
        for now in range(self.horizon + 1):
            while now in buckets:  # a target at the base is toured in no time
                for place, masks, parents in _by_place(buckets.pop(now)):
                    new, origin = self._fresh(place, masks, parents)
                    if len(new):
                        ids = self._keep(place, now, new, origin)
                        self._go_on(buckets, place, now, new, ids)
        return self._labels()

    def _fresh(self, place: int, masks: Masks, parents: Ints) -> tuple[Masks, Ints]:
        """Those that say something new at a place."""
        if self.every:
            first = distinct(masks)
            known = self.seen[place]
            first = first[[masks[k].tobytes() not in known for k in first]]
            known.update(masks[k].tobytes() for k in first)
            return masks[first], parents[first]
        new = undominated(masks)
        new = new[~contained(masks[new], self.frontier[place])]
        return masks[new], parents[new]

    def _keep(self, place: int, now: int, masks: Masks, parents: Ints) -> Ints:
        if not self.every:
            self.frontier[place] = np.concatenate([self.frontier[place], masks])
        ids = np.arange(self.made, self.made + len(masks))
        self.made += len(masks)
        if self.made > self.most or time.perf_counter() > self.until:
            raise TooManyLabelsError
        self.place.append(np.full(len(masks), place))
        self.time.append(np.full(len(masks), now))
        self.mask.append(masks)
        self.parent.append(parents)
        return ids

    def _go_on(
        self, buckets: dict[int, list[tuple[int, Masks, Ints]]], place: int, now: int, masks: Masks, ids: Ints
    ) -> None:
        """Labels one visit later."""
        if self.single and place < self.count:
            return
        ground = self.ground
        apart = ground.toward[:, self.base] if place == self.count else ground.apart[place]
        arrive = now + apart + self.stay
        back = self.home[ground.nodes]
        for j in np.flatnonzero(self.usable & (arrive + back <= self.horizon)).tolist():
            after = self.fields.visited(masks, j)
            changed = (after != masks).any(axis=1)
            if self.by_schedule and not changed.all():
                after, origin = after[changed], ids[changed]
            else:
                origin = ids
            if len(after):
                buckets.setdefault(int(arrive[j]), []).append((j, after, origin))
        if self.fields.tau > 1 and place < self.count and now + 1 + back[place] <= self.horizon:
            after = self.fields.visited(masks, place)
            changed = (after != masks).any(axis=1)
            if changed.any():
                buckets.setdefault(now + 1, []).append((place, after[changed], ids[changed]))

    def _labels(self) -> UnitLabels:
        place, time = np.concatenate(self.place), np.concatenate(self.time)
        mask, parent = np.concatenate(self.mask), np.concatenate(self.parent)
        node = np.append(self.ground.nodes, self.base)[place]
        visits = np.bitwise_count(mask).sum(axis=1).astype(np.int64)
        # A stay at a target is no move; in normal form moves are not needed, for dropping is only safe without costs.
        cost = time - self.stay * visits + self.home[node]
        return UnitLabels(self.fields, mask, cost, lambda k: self._walk(k, place, time, parent), self.made)

    def _walk(self, k: int, place: Ints, time: Ints, parent: Ints) -> Walk:
        chain = [k]
        while parent[chain[-1]] != _START:
            chain.append(int(parent[chain[-1]]))
        walk = [self.base]
        for label in reversed(chain[:-1]):
            there = int(place[label])
            walk = walk + self._shortest(walk[-1], self.ground.toward[there])
            walk += [walk[-1]] * (int(time[label]) + 1 - len(walk))
        walk += self._shortest(walk[-1], self.home)
        return tuple(walk + [walk[-1]] * (self.moves + 1 - len(walk)))

    def _shortest(self, node: int, left: Ints) -> list[int]:
        """Nodes after ``node`` on a way that brings ``left`` down to 0."""
        out: list[int] = []
        while left[node] > 0:
            ways = self.ground.ways[node]
            node = int(ways[int(np.argmin(left[ways]))])
            out.append(node)
        return out


def _by_place(candidates: list[tuple[int, Masks, Ints]]) -> list[tuple[int, Masks, Ints]]:
    """Candidates of one time, those of a place together."""
    found: dict[int, list[tuple[Masks, Ints]]] = {}
    for place, masks, parents in candidates:
        found.setdefault(place, []).append((masks, parents))
    return [
        (place, np.concatenate([m for m, _ in rows]), np.concatenate([p for _, p in rows]))
        for place, rows in found.items()
    ]
