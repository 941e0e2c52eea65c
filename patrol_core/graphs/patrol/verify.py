"""What walks really do, counted from the walks alone: checked against the graph, and the targets they cover.

Nothing here knows how a strategy was found; a result is re-checked with it before anybody sees it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Bools, Floats
from patrol_core.errors import SolverError
from patrol_core.graphs.patrol.game import COMPATIBLE, NORMAL, SCHEDULE, GraphGame, Unit
from patrol_core.graphs.patrol.solution import JointPatrol, Walk


def fault_of(game: GraphGame, unit: Unit, walk: Walk) -> str:
    """Why a unit cannot walk this; empty where it can.

    Args:
        game: The game.
        unit, walk: The unit, and node positions at its states.
    """
    longest = game.moves + 1 + (game.form == SCHEDULE and game.mode == COMPATIBLE)
    if not game.moves + 1 <= len(walk) <= longest:
        return f"it has {len(walk)} states instead of {game.moves + 1}"
    if walk[0] not in unit.bases:
        return f"it starts at {game.node_ids[walk[0]]!r}, which is no base"
    if game.force_return and walk[-1] != walk[0]:
        return f"it ends at {game.node_ids[walk[-1]]!r} instead of its start"
    if not game.force_return and unit.ends is not None and walk[-1] not in unit.ends and not unit.stationary:
        return f"it ends at {game.node_ids[walk[-1]]!r}, where it may not"
    if unit.nodes is not None and not unit.nodes.issuperset(walk):
        return "it leaves the nodes it is kept to"
    links = _links(game)
    for a, b in itertools.pairwise(walk):
        if a == b and not (game.waiting or unit.stationary or game.form == SCHEDULE):
            return f"it waits at {game.node_ids[a]!r}"
        if a != b and (unit.stationary or (a, b) not in links):
            return f"there is no way from {game.node_ids[a]!r} to {game.node_ids[b]!r}"
    return ""


def _links(game: GraphGame) -> set[tuple[int, int]]:
    found = game.network.__dict__.get("_pairs")
    if found is None:
        tail, head, _ = game.network.arcs
        found = set(zip(tail.tolist(), head.tolist(), strict=True))
        game.network.__dict__["_pairs"] = found
    pairs: set[tuple[int, int]] = found
    return pairs


def visits_of(game: GraphGame, walks: Sequence[Walk]) -> Floats:
    """States at which units are at each target, over all units, shape (n,)."""
    states = np.bincount(np.concatenate([np.array(walk) for walk in walks]), minlength=len(game.node_ids))
    return states[game.targets].astype(float)


def moves_of(walks: Sequence[Walk]) -> int:
    """Moves of all units together; waits are none."""
    return sum(a != b for walk in walks for a, b in itertools.pairwise(walk))


def covered_by(game: GraphGame, walks: Sequence[Walk], schedules: Sequence[Sequence[int]] = ()) -> Bools:
    """Targets that a joint pure strategy covers, shape (n,).

    Args:
        game: The game.
        walks, schedules: Of every unit; schedules in schedule form only.

    Raises:
        SolverError: When a walk does not stay long enough at a target of its schedule.
    """
    if game.form == NORMAL:
        return visits_of(game, walks) >= game.tau
    out = np.zeros(game.size, dtype=bool)
    for walk, schedule in zip(walks, schedules, strict=True):
        for target in schedule:
            if _longest_stay(walk, int(game.targets[target])) < game.tau:
                raise SolverError(
                    f"A tour does not stay {game.tau} states at target {game.target_ids[target]!r}: this is a fault of the program, please report it."
                )
        out[list(schedule)] = True
    return out


def _longest_stay(walk: Walk, node: int) -> int:
    longest = run = 0
    for state in walk:
        run = run + 1 if state == node else 0
        longest = max(longest, run)
    return longest


def check_patrols(game: GraphGame, patrols: Sequence[JointPatrol]) -> Floats:
    """Chance that every target is covered, shape (n,), after every walk has been checked.

    Raises:
        SolverError: When a walk cannot be walked, or the chances do not sum to 1.
    """
    coverage = np.zeros(game.size)
    for patrol in patrols:
        for number, (unit, walk) in enumerate(zip(game.units, patrol.walks, strict=True), start=1):
            fault = fault_of(game, unit, walk)
            if fault:
                raise SolverError(
                    f"A walk of defender {number} cannot be walked: {fault}. This is a fault of the program, please report it."
                )
        coverage += patrol.probability * covered_by(game, patrol.walks, patrol.schedules)
    total = sum(patrol.probability for patrol in patrols)
    if abs(total - 1.0) > 1e-9:
        raise SolverError(
            f"The chances of the patrols sum to {total:.12g}: this is a fault of the program, please report it."
        )
    return np.minimum(coverage, 1.0)


def expected_moves(patrols: Sequence[JointPatrol]) -> float:
    """Moves of all units, on average."""
    return float(sum(patrol.probability * moves_of(patrol.walks) for patrol in patrols))
