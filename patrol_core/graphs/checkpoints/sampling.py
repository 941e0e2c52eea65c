"""From marginals to deployments: radius and comb sampling, as explicit finite mixtures.

*Comb*: edges are laid end to end in the order of their distance from the sources, each as long as its marginal; a comb with
teeth one apart is dropped at random. Every edge is hit with its marginal, every deployment has at most *r* edges, and no two
edges within one unit of length stand together, so that edges of one cut are drawn together as seldom as can be.

*Radius*: a distance is drawn, and the checkpoints stand on the edges at that distance, a cut. Where the cut has more than *r* edges, *r*
of them stand, evenly; where it has fewer, those left go to edges that are met later, by comb. With nested cuts that all have at
least *r* edges this reaches RANGER's bound, since every path to a target crosses each of its cuts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.checkpoints.defender_oracle import Marginals
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy, joined

TINY = 1e-12
MOST_DRAWN = 1_000_000
"""Most nights or shifts drawn at once."""


def comb(game: CheckpointGame, found: Marginals) -> JointStrategy:
    """Deployments whose marginals are RANGER's."""
    return joined(_combed(_outward(game, found), found.marginals, game.checkpoints))


def radius(game: CheckpointGame, found: Marginals) -> JointStrategy:
    """Deployments that stand on one cut at a time."""
    order = _outward(game, found)
    pairs: list[tuple[tuple[int, ...], float]] = []
    for ring, weight in _rings(game, found):
        size = len(ring)
        if size == 0:
            continue
        if size >= game.checkpoints:
            share = weight * size / game.checkpoints
            pairs += [(turn, share / size) for turn in turns(ring, game.checkpoints)]
        else:
            over = game.checkpoints - size
            inside = set(ring)
            rest = np.array([edge for edge in order if edge not in inside], dtype=np.int64)
            total = float(found.marginals[rest].sum())
            if total <= TINY:
                pairs.append((ring, weight))
                continue
            # The spare checkpoints, spread like the marginals that are left, none above 1.
            spare = np.minimum(found.marginals * over / total, 1.0)
            pairs += [((*ring, *others), weight * share) for others, share in _combed(rest, spare, over)]
    if not pairs:
        pairs = [(tuple(int(edge) for edge in order[: game.checkpoints]), 1.0)]
    return joined(pairs)


def turns(ring: Sequence[int], count: int) -> list[tuple[int, ...]]:
    """Every run of ``count`` edges around a ring; each edge is in the same number of them."""
    size = len(ring)
    return [tuple(ring[(begin + step) % size] for step in range(count)) for begin in range(size)]


def _rings(game: CheckpointGame, found: Marginals) -> list[tuple[tuple[int, ...], float]]:
    """Cuts and their weights: RANGER's own, or the level sets of the potential."""
    if found.cuts:
        return list(found.cuts)
    network = game.network
    near, far = found.potential[network.tail], found.potential[network.head]
    low = np.where(network.oneway, near, np.minimum(near, far))
    high = low + game.detection * found.marginals
    used = found.marginals > TINY
    marks = np.unique(np.concatenate([low[used], high[used]]))
    rings = []
    for begin, end in itertools.pairwise(marks):
        middle = (begin + end) / 2
        ring = tuple(int(edge) for edge in np.flatnonzero(used & (low <= middle) & (middle < high)))
        if ring and end - begin > TINY:
            rings.append((ring, float(end - begin)))
    return rings


def _outward(game: CheckpointGame, found: Marginals) -> np.ndarray:
    """Edges with a marginal, by their distance from the sources; stable."""
    network = game.network
    near = np.minimum(found.potential[network.tail], found.potential[network.head])
    used = np.flatnonzero(found.marginals > TINY)
    if not len(used):
        used = np.flatnonzero(network.guardable)
    return used[np.argsort(near[used], kind="stable")]


def _combed(order: np.ndarray, marginals: Floats, count: int) -> list[tuple[tuple[int, ...], float]]:
    """All deployments of a comb and their chances; ``marginals`` must not add up to more than ``count``."""
    lengths = marginals[order]
    ends = np.cumsum(lengths)
    begins = ends - lengths
    marks = np.unique(np.round(np.concatenate([ends % 1.0, [0.0, 1.0]]), 12))
    pairs = []
    for first, last in itertools.pairwise(marks):
        if last - first <= TINY:
            continue
        teeth = (first + last) / 2 + np.arange(count)
        hit = np.searchsorted(ends, teeth, side="right")
        inside = hit < len(order)
        hit = hit[inside]
        hit = hit[begins[hit] <= teeth[inside]]
        pairs.append((tuple(sorted({int(order[k]) for k in hit})), float(last - first)))
    return pairs


def check_draw(count: int, seed: int, what: str) -> None:
    """Whether ``count`` nights or shifts (``what``) can be drawn from a ``seed``; raises InputError where not."""
    if not 0 <= count <= MOST_DRAWN:
        raise InputError(f"{quoted(count)} {what} cannot be drawn; give a number from 0 to {MOST_DRAWN:,}.")
    if seed < 0:
        raise InputError(f"The seed is {quoted(seed)}; give 0 or more.")


def draw(strategy: JointStrategy, count: int, *, seed: int) -> list[tuple[int, ...]]:
    """Deployments for so many nights; the same seed gives the same nights.

    Args:
        strategy: Deployments and their chances.
        count: Nights, up to :data:`MOST_DRAWN`.
        seed: 0 or more.

    Raises:
        InputError: When there are too many nights, or the seed is below 0.
    """
    check_draw(count, seed, "nights")
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(strategy.sets), size=count, p=strategy.probability)
    return [strategy.sets[k] for k in chosen]
