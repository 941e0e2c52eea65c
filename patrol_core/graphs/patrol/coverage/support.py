"""From columns of a program to patrols: walks of the support only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.graphs.patrol.game import SCHEDULE, GraphGame
from patrol_core.graphs.patrol.solution import JointPatrol


def patrols_of(game: GraphGame, columns: Sequence[Column], probability: Floats) -> tuple[JointPatrol, ...]:
    """The mixed strategy as walks, most likely first; equal walks are one patrol."""
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
