"""Every coverage that walks of one unit can have, each with the fewest moves: for games where covering more can be worse.

All walks of a time are kept together as rows (node, mask, moves made); rows that agree in node and mask are one, with the fewest
moves. Nothing else is dropped, so the result is exact for any payoffs; walks themselves, which may be trillions, are never listed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Ints
from patrol_core.graphs.patrol.coverage.labels import MOST_LABELS, TooManyLabelsError, UnitLabels, together
from patrol_core.graphs.patrol.coverage.masks import Fields, Masks
from patrol_core.graphs.patrol.game import GraphGame, Unit, allowed_nodes
from patrol_core.graphs.patrol.reach import arcs_of, moves_home
from patrol_core.graphs.patrol.solution import Walk


def exact_walks(
    game: GraphGame,
    unit: Unit,
    active: Sequence[int],
    *,
    most: int = MOST_LABELS,
    until: float = np.inf,
    dearest: bool = False,
) -> UnitLabels:
    """All distinct coverages of a unit of a ``game`` in normal form, with the fewest (or most) moves.

    Args:
        game, unit, active, most, until: As for :func:`~patrol_core.graphs.patrol.coverage.tours.best_tours`.
        dearest: Keep the most moves instead of the fewest.

    Raises:
        TooManyLabelsError: When it does.
    """
    fields = Fields(len(active), game.tau)
    if unit.stationary:
        from patrol_core.graphs.patrol.coverage.tours import best_tours

        return best_tours(game, unit, active)
    layers = [
        _layers(game, unit, base, active, fields, (most, until), -1 if dearest else 1) for base in unit.bases
    ]
    whole = together([found for found in layers if found is not None])
    key = -whole.cost if dearest else whole.cost
    return whole.chosen(_cheapest(np.zeros(len(whole), dtype=np.int64), whole.masks, key))


def _cheapest(node: Ints, masks: Masks, cost: Ints) -> Ints:
    """Of rows that agree in node and mask the one with the least cost."""
    order = np.lexsort([cost, *(masks[:, k] for k in range(masks.shape[1])), node])
    sorted_node, sorted_masks = node[order], masks[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sorted_node[1:] != sorted_node[:-1]) | (sorted_masks[1:] != sorted_masks[:-1]).any(axis=1)
    return np.asarray(order[first])


def _layers(
    game: GraphGame,
    unit: Unit,
    base: int,
    active: Sequence[int],
    fields: Fields,
    limits: tuple[int, float],
    sign: int,
) -> UnitLabels | None:
    allowed = allowed_nodes(game, unit)
    home = moves_home(game, unit, base)
    if home[base] > game.moves:
        return None
    tail, head = arcs_of(game.network, allowed)
    cuts = np.searchsorted(tail, np.arange(len(allowed) + 1))
    target_at = np.full(len(allowed), -1)
    target_at[game.targets[list(active)]] = np.arange(len(active))
    node = np.array([base])
    mask = _visit(fields, fields.empty(), node, target_at)
    cost = np.zeros(1, dtype=np.int64)
    kept: list[tuple[Ints, Ints]] = [(node, np.zeros(1, dtype=np.int64))]
    made = 1
    for step in range(1, game.moves + 1):
        parent, there, moved = _steps(node, cuts, head, waiting=game.waiting)
        stays = home[there] <= game.moves - step
        parent, there, moved = parent[stays], there[stays], moved[stays]
        after = _visit(fields, mask[parent], there, target_at)
        total = cost[parent] + moved
        first = _cheapest(there, after, sign * total)
        node, mask, cost = there[first], after[first], total[first]
        kept.append((node, parent[first]))
        made += len(node)
        if made > limits[0] or time.perf_counter() > limits[1]:
            raise TooManyLabelsError
        if not len(node):
            return None

    def walk(k: int) -> Walk:
        out = []
        for nodes, parents in reversed(kept):
            out.append(int(nodes[k]))
            k = int(parents[k])
        return tuple(reversed(out))

    return UnitLabels(fields, mask, cost, walk, made)


def _steps(node: Ints, cuts: Ints, head: Ints, *, waiting: bool) -> tuple[Ints, Ints, Ints]:
    """Every next state: row it comes from, node, and whether that is a move."""
    degree = cuts[node + 1] - cuts[node]
    parent = np.repeat(np.arange(len(node)), degree)
    offset = np.arange(len(parent)) - np.repeat(np.cumsum(degree) - degree, degree)
    there = head[cuts[node][parent] + offset]
    moved = np.ones(len(parent), dtype=np.int64)
    if waiting:
        parent = np.concatenate([parent, np.arange(len(node))])
        there = np.concatenate([there, node])
        moved = np.concatenate([moved, np.zeros(len(node), dtype=np.int64)])
    return parent, there, moved


def _visit(fields: Fields, masks: Masks, node: Ints, target_at: Ints) -> Masks:
    """Masks after one more state at ``node``."""
    out = masks.copy()
    at = target_at[node]
    for place in np.unique(at[at >= 0]).tolist():
        rows = at == place
        out[rows] = fields.visited(masks[rows], place)
    return out
