"""What the families of patrol scenes share: keys, checked numbers, nearness, bridges between parts, bases, highest values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files.numbers import LARGEST
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places.scenes.streets import nearest


def key_of(*parts: Any) -> str:
    """Twelve hexadecimal digits of the content, the same in every run."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
        digest.update(b"\x00")
    return digest.hexdigest()[:12]


def proximity(distance: Floats) -> Floats:
    """1 for the nearest target, 0 for the farthest, linear between; 1 for all where all are equally far.

    Args:
        distance: Of every target to the way out, shape (n,).
    """
    least, most = float(distance.min()), float(distance.max())
    if most == least:
        return np.ones(len(distance))
    return np.asarray(1.0 - (distance - least) / (most - least), dtype=float)


def factor(value: Any, word: str) -> float:
    """A finite number >= 0.

    Raises:
        InputError: For anything else; ``word`` names it.
    """
    known = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not known or not 0 <= value <= LARGEST:
        raise InputError(f"{word} is {quoted(value)}; give a number from 0 to {LARGEST:g}.")
    return float(value)


def whole(value: Any, word: str, least: int = 1) -> int:
    """``value`` as a whole number of at least ``least``.

    Raises:
        InputError: For anything else; ``word`` names it.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{word} is {quoted(value)}; give a whole number of at least {least}.")
    return int(value)


def joined(pairs: Sequence[tuple[int, int]], xy: Floats) -> tuple[tuple[int, int], ...]:
    """Pairs to add so that all nodes hang together: the smallest part to its nearest other node, until one part is left."""
    added: list[tuple[int, int]] = []
    count = len(xy)
    while True:
        every = np.array([*pairs, *added], dtype=np.int64).reshape(-1, 2)
        links = coo_array((np.ones(len(every)), (every[:, 0], every[:, 1])), shape=(count, count))
        parts, member = connected_components(links, directed=False)
        if parts == 1:
            return tuple(added)
        own = member == int(np.bincount(member).argmin())
        inside, outside = np.flatnonzero(own), np.flatnonzero(~own)
        hit, away = nearest(xy[outside], xy[inside])
        best = int(np.argmin(away))
        added.append((int(inside[best]), int(outside[hit[best]])))


def suggested_bases(xy: Floats, demand: Ints, weight: Floats, count: int) -> list[int]:
    """Nodes for ``count`` bases where none are given.

    One after the other, the node that most lowers the sum over targets of value x straight distance to the nearest base
    (the greedy way to the p-median problem); of equal nodes the first.

    Args:
        xy: Places of all nodes, shape (nodes, 2).
        demand, weight: Positions of the targets and their values, shape (targets,).
    """
    away = np.sqrt(((xy[:, None, :] - xy[demand][None, :, :]) ** 2).sum(axis=2))
    pull = weight if weight.sum() > 0 else np.ones(len(demand))
    best = np.full(len(demand), np.inf)
    chosen: list[int] = []
    for _ in range(min(count, len(xy))):
        cost = np.minimum(away, best) @ pull
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost)))
        best = np.minimum(best, away[chosen[-1]])
    return chosen


def highest(values: Mapping[str, float], most: int | None, what: str) -> tuple[dict[NodeId, float], str]:
    """The highest values above 0, and a sentence on what is left out ("" where nothing is).

    Args:
        most: How many; None for all. Of equal values the first stands.
        what: ``zones`` or ``crossings``, for the sentence.

    Raises:
        InputError: When ``most`` is below 1 or no value is above 0.
    """
    if most is not None:
        whole(most, "most_targets")
    some: dict[NodeId, float] = {name: value for name, value in values.items() if value > 0}
    if not some:
        raise InputError(
            f"None of the {len(values):,} {what} has a value above 0, so there is no target; check the data."
        )
    order = sorted(some, key=lambda name: -some[name])
    chosen = set(order[:most])
    kept = {name: value for name, value in some.items() if name in chosen}
    left = len(some) - len(kept)
    if not left:
        return kept, ""
    share = 1.0 - sum(kept.values()) / sum(some.values())
    return kept, (
        f"{len(kept)} of {len(some):,} {what} with a value above 0 are targets; the other {left:,} hold {share:.0%} of the sum of "
        "all values and are left out."
    )
