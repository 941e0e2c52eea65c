"""Units together: distinct or undominated joint coverages, and the labels of the units behind each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.graphs.patrol.coverage.labels import UnitLabels
from patrol_core.graphs.patrol.coverage.masks import Masks, distinct, undominated
from patrol_core.graphs.patrol.game import SCHEDULE, GraphGame
from patrol_core.graphs.patrol.solution import JointPatrol, Walk

MOST_PAIRS = 8_000_000
"""Pairs of labels joined at once; beyond, units are priced together without listing what they can do."""
MOST_JOINT = 60_000
"""Joint coverages kept."""
MOST_COMPARED = 20_000
"""Joint coverages that are compared pair by pair."""
_STEP = 1_000_000


class TooManyColumnsError(Exception):
    """Units whose joint coverages are too many to list."""


@dataclass(frozen=True, eq=False)
class Joint:
    """Joint coverages of all units.

    Attributes:
        coverage: (K, n) whether each target is covered.
        cost: (K,) moves of all units.
        picks: (K, units) label of each unit.
        labels: Of each unit.
    """

    coverage: Bools
    cost: Ints
    picks: Ints
    labels: tuple[UnitLabels, ...]

    def __len__(self) -> int:
        return len(self.cost)

    def walks(self, column: int) -> tuple[Walk, ...]:
        """One walk a unit."""
        return tuple(labels.walk(int(k)) for labels, k in zip(self.labels, self.picks[column], strict=True))

    def schedules(self, column: int) -> tuple[tuple[int, ...], ...]:
        """The targets of each unit's label (positions among the bits)."""
        return tuple(
            tuple(np.flatnonzero(labels.fields.covered(labels.masks[k : k + 1])[0]).tolist())
            for labels, k in zip(self.labels, self.picks[column], strict=True)
        )


def joined(labels: Sequence[UnitLabels], *, drop: bool, costs: bool) -> Joint:
    """All joint coverages of the units.

    Args:
        labels: Of each unit, over the same bits.
        drop: Whether a coverage inside another (at the same cost or less) may go.
        costs: Whether moves matter.

    Raises:
        TooManyColumnsError: When there are too many to list.
    """
    fields = labels[0].fields
    masks, cost = labels[0].masks, labels[0].cost
    picks = np.arange(len(masks))[:, None]
    for number, unit in enumerate(labels[1:], start=1):
        if len(masks) * len(unit) > MOST_PAIRS:
            raise TooManyColumnsError
        last = number == len(labels) - 1
        masks, cost, left, right = _pairs(masks, cost, unit, drop=drop, costs=costs, last=last)
        picks = np.column_stack([picks[left], right])
    final = fields.final(masks)
    keep = _kept(final, cost, drop=drop, costs=costs)
    return Joint(fields.covered(final[keep]), cost[keep], picks[keep], tuple(labels))


def _kept(masks: Masks, cost: Ints, *, drop: bool, costs: bool) -> Ints:
    if not drop:
        return distinct(masks, cost)
    unlike = distinct(masks, cost) if not costs else np.arange(len(masks))
    if len(unlike) > (MOST_JOINT if masks.shape[1] == 1 else MOST_COMPARED):
        raise TooManyColumnsError
    chosen = undominated(masks[unlike], cost[unlike] if costs else None)
    return unlike[chosen]


def _pairs(
    masks: Masks, cost: Ints, unit: UnitLabels, *, drop: bool, costs: bool, last: bool
) -> tuple[Masks, Ints, Ints, Ints]:
    """Joint masks of two lists, thinned out block by block, with the positions they come from."""
    fields = unit.fields
    found: list[tuple[Masks, Ints, Ints, Ints]] = []
    rows = max(1, _STEP // max(len(unit), 1))
    for start in range(0, len(masks), rows):
        part = masks[start : start + rows]
        both = fields.joined(part[:, None, :], unit.masks[None, :, :]).reshape(-1, fields.words)
        both = fields.final(both) if last else both
        total = (cost[start : start + rows, None] + unit.cost[None, :]).ravel()
        keep = distinct(both, total) if not (drop and costs) else np.arange(len(both))
        keep = keep[_kept(both[keep], total[keep], drop=drop, costs=costs)]
        left, right = np.divmod(keep, len(unit))
        found.append((both[keep], total[keep], left + start, right))
    masks, cost, left, right = (np.concatenate([row[k] for row in found]) for k in range(4))
    keep = _kept(masks, cost, drop=drop, costs=costs)
    if len(keep) > MOST_JOINT:
        raise TooManyColumnsError
    return masks[keep], cost[keep], left[keep], right[keep]


Traced = tuple[tuple[Walk, ...], tuple[tuple[int, ...], ...]]
"""Walks and schedules, as in :class:`~patrol_core.graphs.patrol.solution.JointPatrol`."""


@dataclass(frozen=True, eq=False)
class Column:
    """One joint pure strategy.

    Attributes:
        coverage: (n,) whether each target of the game is covered.
        moves: Moves of all units.
        key: Tells columns apart.
        trace: Finds walks and schedules when somebody asks.
    """

    coverage: Floats
    moves: int
    key: Hashable
    trace: Callable[[], Traced]


def patrols_of(game: GraphGame, columns: Sequence[Column], probability: Floats) -> tuple[JointPatrol, ...]:
    """The mixed strategy of ``game`` over ``columns`` with this ``probability`` as walks, most likely first; equal walks are one."""
    found: dict[tuple[object, ...], JointPatrol] = {}
    for column, chance in zip(columns, probability.tolist(), strict=True):
        if chance <= 0:
            continue
        walks, schedules = column.trace()
        shown = schedules if game.form == SCHEDULE else ()
        key = (walks, shown)
        before = found[key].probability if key in found else 0.0
        found[key] = JointPatrol(before + chance, walks, shown)
    total = sum(patrol.probability for patrol in found.values())
    patrols = [
        JointPatrol(patrol.probability / total, patrol.walks, patrol.schedules) for patrol in found.values()
    ]
    order = np.argsort([-patrol.probability for patrol in patrols], kind="stable")
    return tuple(patrols[k] for k in order)
