"""How many moves things take: distances within a unit's own part of the graph, ways home, and targets nobody can cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol.game import (
    NORMAL,
    SCHEDULE,
    GraphGame,
    MovingAttacker,
    Unit,
    allowed_nodes,
    moves_text,
)
from patrol_core.roads import RoadNetwork

_MOST_KEPT = 500
NEVER = 1 << 30
"""Stands for "no way", larger than any number of moves."""


def moves_from(network: RoadNetwork, allowed: Bools, sources: Sequence[int], *, back: bool = False) -> Ints:
    """Fewest moves from some nodes to all nodes, over allowed nodes only; do not write into the answer.

    Args:
        network: The graph.
        allowed: Shape (nodes,).
        sources: Node positions, k of them, all allowed.
        back: Moves from all nodes *to* these instead.

    Returns:
        ndarray: Shape (k, nodes); :data:`NEVER` where there is no way.
    """
    kept = _kept(network)
    key = (allowed.tobytes(), tuple(sources), back)
    if key not in kept:
        tail, head = arcs_of(network, allowed)
        if back:
            tail, head = head, tail
        count = len(network.nodes)
        links = csr_array((np.ones(len(tail)), (tail, head)), shape=(count, count))
        found = dijkstra(links, directed=True, indices=list(sources), unweighted=True)
        kept[key] = np.where(np.isfinite(found), found, NEVER).astype(np.int64)
    moves: Ints = kept[key]
    return moves


def arcs_of(network: RoadNetwork, allowed: Bools) -> tuple[Ints, Ints]:
    """Ways from node to node between allowed nodes, each once and without loops: tails and heads."""
    kept = _kept(network)
    key = allowed.tobytes()
    if key not in kept:
        tail, head, _ = network.arcs
        keep = allowed[tail] & allowed[head] & (tail != head)
        count = len(network.nodes)
        kept[key] = np.divmod(np.unique(tail[keep] * count + head[keep]), count)
    arcs: tuple[Ints, Ints] = kept[key]
    return arcs


def _kept(network: RoadNetwork) -> dict[Any, Any]:
    """What was worked out on a network before; a search asks the same ways many times."""
    found: dict[Any, Any] = network.__dict__.setdefault("_reach", {})
    if len(found) > _MOST_KEPT:
        found.clear()
    return found


def moves_home(game: GraphGame, unit: Unit, base: int) -> Ints:
    """Fewest moves from every node to where a unit that started at ``base`` may end, shape (nodes,).

    Args:
        game, unit: The game, and one of its units.
        base: Node position of its start.
    """
    allowed = allowed_nodes(game, unit)
    if game.force_return:
        return np.asarray(moves_from(game.network, allowed, [base], back=True)[0])
    if unit.ends is None:
        return np.where(allowed, 0, NEVER)
    inside = [k for k in unit.ends if allowed[k]]
    if not inside:
        return np.full(len(allowed), NEVER, dtype=np.int64)
    return np.asarray(moves_from(game.network, allowed, inside, back=True).min(axis=0))


def may_end(game: GraphGame, unit: Unit, base: int) -> Bools:
    """Nodes where a unit that started at ``base`` may end, shape (nodes,).

    Args:
        game, unit, base: As of :func:`moves_home`.
    """
    return np.asarray(moves_home(game, unit, base) == 0)


def out_of_reach(game: GraphGame) -> list[int]:
    """Positions of the targets that all units together cannot cover.

    Raises:
        InputError: When a unit has no walk of T moves at all.
    """
    most = np.zeros(game.size, dtype=np.int64)
    seen: dict[Unit, Ints] = {}
    for number, unit in enumerate(game.units, start=1):
        if unit not in seen:
            seen[unit] = _most_visits(game, unit, number)
        most = most + seen[unit] if game.form == NORMAL else np.maximum(most, seen[unit])
    return np.flatnonzero(most < game.tau).tolist()


def has_walk(game: GraphGame, mover: MovingAttacker) -> bool:
    """Whether a moving attacker has a walk of T moves that ends where it may."""
    allowed = np.ones(len(game.node_ids), dtype=bool)
    if mover.ends is None and (game.waiting or game.network.two_way):
        return True
    tail, head = arcs_of(game.network, allowed)
    here = np.zeros(len(allowed), dtype=bool)
    here[list(mover.starts)] = True
    for _ in range(game.moves):
        after = here.copy() if game.waiting else np.zeros(len(allowed), dtype=bool)
        after[head[here[tail]]] = True
        here = after
    return bool(here.any() if mover.ends is None else here[list(mover.ends)].any())


def _most_visits(game: GraphGame, unit: Unit, number: int) -> Ints:
    """The most states that a unit can be at each target, shape (n,)."""
    best = np.zeros(game.size, dtype=np.int64)
    if unit.stationary:
        best[np.isin(game.targets, unit.bases)] = game.moves + 1
        return best
    allowed = allowed_nodes(game, unit)
    possible = False
    for base in unit.bases:
        home = moves_home(game, unit, base)
        if game.waiting or game.form == SCHEDULE:  # tours may always pause
            out = moves_from(game.network, allowed, [base])[0]
            possible |= bool(home[base] <= game.moves)
            best = np.maximum(best, game.moves + 1 - out[game.targets] - home[game.targets])
        else:
            visits = np.array(
                [_exact_visits(game, allowed, base, home == 0, t) for t in game.targets.tolist()]
            )
            possible |= bool((visits >= 0).any())
            best = np.maximum(best, visits)
    if not possible:
        raise InputError(
            f"Defender {number} cannot reach a place where it may end in {moves_text(game.moves)}"
            + ("" if game.waiting or game.form == SCHEDULE else " without waiting")
            + ": give more timesteps, other ends, or allow waiting."
        )
    return np.maximum(best, 0)


def _exact_visits(game: GraphGame, allowed: Bools, base: int, ends: Bools, target: int) -> int:
    """The most visits of a target on walks of exactly T moves without waiting; below 0 without a walk."""
    tail, head = arcs_of(game.network, allowed)
    count: Floats = np.full(len(allowed), -np.inf)
    count[base] = float(base == target)
    for _ in range(game.moves):
        after: Floats = np.full(len(allowed), -np.inf)
        np.maximum.at(after, head, count[tail])
        after[target] += 1.0
        count = after
    most = float(count[ends].max(initial=-np.inf))
    return int(most) if np.isfinite(most) else -1
