"""Schedules that leave out targets on purpose, so that coverage is exactly what a commitment means it to be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.graphs.patrol.coverage.attack_search import Committed
from patrol_core.graphs.patrol.coverage.joint import Column, Traced
from patrol_core.graphs.patrol.coverage.tours import best_tours
from patrol_core.graphs.patrol.game import GraphGame

_LESS = 1e-9


def thinned(game: GraphGame, found: Committed) -> tuple[list[Column], Floats]:
    """The mix of a commitment with targets of the attack set left out of some schedules.

    One draw u in [0, 1] decides for all: target t is left out when u exceeds the share of its coverage that is meant. A column then
    splits into at most one more than there are such targets.
    """
    full = np.array([column.coverage for column in found.columns]).T @ found.probability
    shares = {
        t: float(found.coverage[t] / full[t])
        for t in found.attacked
        if full[t] > _LESS and found.coverage[t] < full[t] - _LESS
    }
    if not shares:
        return list(found.columns), found.probability
    cuts = sorted({0.0, 1.0, *shares.values()})
    columns: list[Column] = []
    chances: list[float] = []
    for column, chance in zip(found.columns, found.probability.tolist(), strict=True):
        for low, high in itertools.pairwise(cuts):
            out = [t for t, share in shares.items() if share <= low and column.coverage[t]]
            columns.append(_without(game, column, out) if out else column)
            chances.append(chance * (high - low))
    return columns, np.array(chances)


def _without(game: GraphGame, column: Column, out: Sequence[int]) -> Column:
    left = set(out)
    coverage = column.coverage.copy()
    coverage[list(left)] = 0.0
    return Column(coverage, column.moves, (column.key, tuple(out)), lambda: _shorter(game, column, left))


def _shorter(game: GraphGame, column: Column, left: set[int]) -> Traced:
    """Schedules without some targets, and tours through the rest."""
    walks, schedules = column.trace()
    new_walks, new_schedules = list(walks), list(schedules)
    for number, (unit, schedule) in enumerate(zip(game.units, schedules, strict=True)):
        stays = tuple(t for t in schedule if t not in left)
        if stays == schedule:
            continue
        labels = best_tours(game, unit, stays, every=True)
        whole = np.flatnonzero(labels.fields.covered(labels.masks).all(axis=1))
        best = int(whole[np.argmin(labels.cost[whole])])
        new_walks[number], new_schedules[number] = labels.walk(best), stays
    return tuple(new_walks), tuple(new_schedules)
