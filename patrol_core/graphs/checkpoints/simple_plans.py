"""Simpler ways to place checkpoints on the same network, each with its true value."""

from __future__ import annotations

import numpy as np

from patrol_core.graphs.checkpoints.defender_oracle import minimum_cut
from patrol_core.graphs.checkpoints.double_oracle import sampled
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy, joined
from patrol_core.graphs.checkpoints.intruder import BestPaths, best_paths
from patrol_core.graphs.checkpoints.sampling import turns

CUT = "Evenly on the minimum cut"
ENTRANCES = "Evenly on the entrances of targets"
EXITS = "Evenly on the roads out of sources"
RADIUS = "RANGER, radius sampling"
COMB = "RANGER, comb sampling"


def turned(game: CheckpointGame, edges: tuple[int, ...]) -> JointStrategy | None:
    """Checkpoints evenly on a set of edges: every run around it alike; all of it where it is small enough."""
    free = [edge for edge in edges if game.network.guardable[edge]]
    if not free:
        return None
    count = min(game.checkpoints, len(free))
    runs = [tuple(free)] if count == len(free) else turns(free, count)
    return joined([(run, 1.0) for run in runs])


def baselines(game: CheckpointGame) -> dict[str, tuple[JointStrategy, BestPaths]]:
    """Named strategies and the intruder's best answer to each (Washburn and Wood 1995 for the cut)."""
    network = game.network
    cut = minimum_cut(game, list(range(len(game.targets))))
    at_targets = np.isin(network.head, game.targets)
    at_sources = np.isin(network.tail, game.sources)
    at_targets |= np.isin(network.tail, game.targets) & ~network.oneway
    at_sources |= np.isin(network.head, game.sources) & ~network.oneway
    named: dict[str, JointStrategy | None] = {
        CUT: turned(game, cut[0]) if cut is not None else None,
        ENTRANCES: turned(game, tuple(np.flatnonzero(at_targets).tolist())),
        EXITS: turned(game, tuple(np.flatnonzero(at_sources).tolist())),
        RADIUS: sampled(game, "ranger+radius").strategy,
        COMB: sampled(game, "ranger+comb").strategy,
    }
    return {name: (found, best_paths(game, found)) for name, found in named.items() if found is not None}
