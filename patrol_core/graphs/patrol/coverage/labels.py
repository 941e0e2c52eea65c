"""The noun all label searches share: what one unit can cover, and the walk behind each label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Ints
from patrol_core.graphs.patrol.coverage.masks import Fields, Masks
from patrol_core.graphs.patrol.solution import Walk

MOST_LABELS = 400_000
"""Labels of one unit at which a search gives up; columns are then priced one by one."""


class TooManyLabelsError(Exception):
    """A search that met more labels than it may keep."""


@dataclass(frozen=True, eq=False)
class UnitLabels:
    """What one unit can do.

    Attributes:
        fields: Where the bits lie.
        masks, cost: Shape (k, words) and (k,): coverage and moves made.
        walk: From the position of a label to its walk.
        looked_at: How many labels the search met.
    """

    fields: Fields
    masks: Masks
    cost: Ints
    walk: Callable[[int], Walk]
    looked_at: int

    def __len__(self) -> int:
        return len(self.masks)

    def chosen(self, which: Ints) -> UnitLabels:
        """Some of the labels."""
        picks = np.asarray(which, dtype=np.int64)
        return UnitLabels(
            self.fields,
            self.masks[picks],
            self.cost[picks],
            lambda k: self.walk(int(picks[k])),
            self.looked_at,
        )


def together(parts: list[UnitLabels]) -> UnitLabels:
    """The labels of several searches of one unit."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part) for part in parts)])

    def walk(k: int) -> Walk:
        part = int(np.searchsorted(starts, k, side="right")) - 1
        return parts[part].walk(k - int(starts[part]))

    return UnitLabels(
        parts[0].fields,
        np.concatenate([part.masks for part in parts]),
        np.concatenate([part.cost for part in parts]),
        walk,
        sum(part.looked_at for part in parts),
    )
