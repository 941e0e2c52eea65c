"""Intruders who play many nights: naive, habitual, and those who know the habits.

* *naive*: goes the shortest way (in metres where known, else in edges) to the target that is worth most, each night;
* *habitual*: keeps a way until caught on it, then takes another of the shortest ways at random;
* *best-responding*: always the best path against the strategy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy
from patrol_core.graphs.checkpoints.intruder import best_paths

if TYPE_CHECKING:
    import pandas as pd

MOST_NIGHTS = 100_000
WAYS = 12
"""Ways a habitual intruder knows to each target."""
JITTER = 0.5
"""How much longer an edge may seem when further ways are looked for."""


def simulate(
    game: CheckpointGame, strategy: JointStrategy, *, nights: int = 1000, seed: int = 1
) -> pd.DataFrame:
    """Mean payoff and captures of each kind of intruder over so many nights.

    Args:
        game, strategy: Where it is played, and what the intruder may know.
        nights, seed: How many nights, 1 to :data:`MOST_NIGHTS`, drawn from this seed.

    Returns:
        DataFrame: ``intruder, nights, captured`` (share), ``payoff`` (mean, the defender's), ``low, high`` (95
            % interval of the mean), ``expected`` (exact, where the path is fixed; NaN for the habitual).

    Raises:
        InputError: When ``nights`` is out of range.
    """
    import pandas as pd

    if not 1 <= nights <= MOST_NIGHTS:
        raise InputError(f"{nights} nights were asked for; choose 1 to {MOST_NIGHTS:,}.")
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(strategy.sets), size=nights, p=strategy.probability)
    known = _known_ways(game, rng)
    best = best_paths(game, strategy).best
    first = known[0]
    rows = []
    for name, way in (("naive", first), ("knows the habits", (best.target, best.edges))):
        met = _met(strategy, way[1])
        caught = rng.random(nights) < 1 - (1 - game.detection) ** met[chosen]
        expected = game.payoff(way[0], float(strategy.probability @ (1 - (1 - game.detection) ** met)))
        rows.append((name, *_summary(game, np.full(nights, way[0]), caught), expected))
    rows.insert(1, ("habitual", *_summary(game, *_habitual(game, strategy, known, chosen, rng)), np.nan))
    columns = ["intruder", "nights", "captured", "payoff", "low", "high", "expected"]
    return pd.DataFrame(rows, columns=columns)


def _met(strategy: JointStrategy, edges: tuple[int, ...]) -> np.ndarray:
    """Checkpoints of each deployment that a path meets."""
    path = set(edges)
    return np.array([len(path.intersection(chosen)) for chosen in strategy.sets])


def _summary(
    game: CheckpointGame, targets: np.ndarray, caught: np.ndarray
) -> tuple[int, float, float, float, float]:
    payoff = np.where(caught, game.capture, game.payoffs[targets])
    mean = float(payoff.mean())
    half = 1.96 * float(payoff.std(ddof=1)) / np.sqrt(len(payoff)) if len(payoff) > 1 else np.inf
    return len(payoff), float(caught.mean()), mean, mean - half, mean + half


def _habitual(
    game: CheckpointGame,
    strategy: JointStrategy,
    known: list[tuple[int, tuple[int, ...]]],
    chosen: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    met = np.array([_met(strategy, edges) for _, edges in known])
    hit = rng.random(len(chosen))
    way = 0
    targets, caught = np.zeros(len(chosen), dtype=np.int64), np.zeros(len(chosen), dtype=bool)
    for night, deployment in enumerate(chosen.tolist()):
        targets[night] = known[way][0]
        caught[night] = hit[night] < 1 - (1 - game.detection) ** met[way, deployment]
        if caught[night] and len(known) > 1:
            other = int(rng.integers(len(known) - 1))
            way = other + (other >= way)
    return targets, caught


def _known_ways(game: CheckpointGame, rng: np.random.Generator) -> list[tuple[int, tuple[int, ...]]]:
    """The shortest way to the dearest target first, then ways that are short to somebody who misjudges lengths."""
    lengths = edge_lengths(game)
    order = np.argsort(game.payoffs, kind="stable")
    ways = [(int(order[0]), _shortest(game, lengths, int(order[0])))]
    for target in order.tolist():
        for _ in range(WAYS):
            seen = lengths * (1 + JITTER * rng.random(len(lengths)))
            ways.append((target, _shortest(game, seen, target)))
    return list(dict.fromkeys(ways))


def edge_lengths(game: CheckpointGame) -> Floats:
    """Length of every edge: metres where places are known, else 1."""
    network = game.network
    if network.shapes is not None:
        return np.array([np.hypot(*np.diff(shape, axis=0).T).sum() for shape in network.shapes])
    if network.xy is None:
        return np.ones(network.size)
    return np.asarray(np.hypot(*(network.xy[network.head] - network.xy[network.tail]).T))


def _shortest(game: CheckpointGame, lengths: Floats, target: int) -> tuple[int, ...]:
    """Edges of a shortest way from any source to a target."""
    network = game.network
    size = len(network.nodes)
    tail, head, edge = network.arcs
    lengths = lengths[edge]
    order = np.lexsort((lengths, head, tail))
    first = np.ones(len(order), dtype=bool)  # of parallel edges the shortest
    first[1:] = (tail[order][1:] != tail[order][:-1]) | (head[order][1:] != head[order][:-1])
    keep = order[first]
    graph = coo_array((np.maximum(lengths[keep], 1e-9), (tail[keep], head[keep])), shape=(size, size)).tocsr()
    which = {(int(a), int(b)): int(e) for a, b, e in zip(tail[keep], head[keep], edge[keep], strict=True)}
    _, before, _ = dijkstra(graph, indices=game.sources, min_only=True, return_predecessors=True)
    way, node = [], int(game.targets[target])
    while before[node] >= 0:
        way.append(which[int(before[node]), node])
        node = int(before[node])
    return tuple(way[::-1])
