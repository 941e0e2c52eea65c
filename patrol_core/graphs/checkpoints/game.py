r"""Checkpoints against an intruder who knows the habits.

A network with sources :math:`S` and targets :math:`T`. The defender draws a set :math:`E` of at most :math:`r` edges from a
mixed strategy the intruder knows; the intruder chooses a path from a source to a target. A checkpoint stops who passes with
probability :math:`\delta` (1 unless said). The defender's payoff is :math:`c` when the intruder is stopped and
:math:`D(t) \le c` when target *t* is reached; zero-sum:

.. math:: \max_{q} \min_{t,\,P: S \to t} \; c - (c - D(t)) \sum_E q_E (1 - \delta)^{|E \cap P|}

Sources: Tsai, Yin, Kwak, Kempe, Kiekintveld and Tambe (2010), "Urban security: game-theoretic resource allocation in networked
physical domains", AAAI; Jain et al. (2011), "A double oracle algorithm for zero-sum security games on graphs", AAMAS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes
from patrol_core.games.matrix import OwnUnits
from patrol_core.roads import RoadNetwork


@dataclass(frozen=True, eq=False)
class CheckpointGame:
    """A validated game.

    Attributes:
        network: Where it is played.
        sources, targets: Node positions.
        payoffs: D(t) of every target, shape (targets,), in the defender's unit.
        capture: c, at least every D(t).
        checkpoints: r, how many there are.
        detection: δ in (0, 1].
    """

    network: RoadNetwork
    sources: Ints
    targets: Ints
    payoffs: Floats
    capture: float
    checkpoints: int
    detection: float = 1.0

    @property
    def losses(self) -> Floats:
        """What reaching each target costs against a capture, 0 or more."""
        return self.capture - self.payoffs

    @property
    def units(self) -> OwnUnits:
        """Units in which losses are of order 1 and a capture is worth 0."""
        size = float(self.losses.max())
        outer = int(np.frexp(size)[1])
        return OwnUnits(outer, float(np.ldexp(self.capture, -outer)), spread=float(np.ldexp(size, -outer)))

    def in_own_units(self) -> CheckpointGame:
        """The same game in :attr:`units`: solvers hold tolerances that are absolute."""
        return replace(self, payoffs=-np.ldexp(self.losses, -self.units.outer), capture=0.0)

    def payoff(self, target: int, stopped: float) -> float:
        """Defender's payoff when target number ``target`` is approached and the intruder is stopped so often."""
        return float(self.capture - self.losses[target] * (1.0 - stopped))


def make_game(
    network: RoadNetwork,
    sources: Sequence[str],
    targets: Mapping[str, float],
    *,
    checkpoints: int,
    capture: float = 0.0,
    detection: float = 1.0,
) -> CheckpointGame:
    """A game from node names.

    Args:
        network: Where it is played.
        sources: Nodes at which the intruder may enter.
        targets: Node -> D(t), the defender's payoff when it is reached (a loss is negative).
        checkpoints, capture, detection: r, c and δ of the module.

    Raises:
        InputError: When a node is unknown, a source is a target, a target cannot be reached from any source, a
            payoff exceeds ``capture``, or ``checkpoints`` or ``detection`` is out of range.
    """
    begin = _positions(network, sources, "source")
    ends = _positions(network, list(targets), "target")
    both = [network.nodes[k] for k in ends if k in set(begin)]
    if both:
        raise InputError(
            f"{both[0]!r} is a source and a target; the intruder would be there already. Choose one of the two."
        )
    payoffs = np.array(list(targets.values()), dtype=float)
    check_sizes(
        {"targets": targets, "capture_payoff": capture, "detection": detection}, "The checkpoint game"
    )
    if not math.isfinite(capture):
        raise InputError(f"The payoff of a capture is {capture:g}; give a number.")
    for name, value in targets.items():
        if not math.isfinite(value):
            raise InputError(f"Target {name!r} has the payoff {value:g}; give a number.")
        if value > capture:
            raise InputError(
                f"Target {name!r} has the payoff {value:g}, above that of a capture, {capture:g}: losing it would be better than "
                "stopping the intruder. Losses are negative; lower it, or raise the capture payoff."
            )
    if not 0 < detection <= 1:
        raise InputError(
            f"The chance that a checkpoint stops who passes is {detection:g}; give a number above 0, up to 1."
        )
    if isinstance(checkpoints, bool) or int(checkpoints) != checkpoints or checkpoints < 1:
        raise InputError(f"The number of checkpoints is {checkpoints}; give a whole number of at least 1.")
    edges = int(network.guardable.sum())
    if checkpoints > edges:
        raise InputError(
            f"There are {checkpoints} checkpoints for {edges} edges that can take one; give at most {edges}."
        )
    seen = network.reached(begin)
    out_of_reach = [network.nodes[k] for k in ends if not seen[k]]
    if out_of_reach:
        raise InputError(
            f"Target {out_of_reach[0]!r} cannot be reached from any source; remove it, or correct the network"
            + (" (edges are one-way)." if not network.two_way else ".")
        )
    return CheckpointGame(
        network,
        np.array(begin, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        payoffs,
        float(capture),
        int(checkpoints),
        float(detection),
    )


def _positions(network: RoadNetwork, names: Sequence[str], word: str) -> list[int]:
    if not len(names):
        raise InputError(f"There is no {word}; give at least one.")
    found = []
    for name in names:
        place = network.place.get(str(name))
        if place is None:
            raise InputError(f"The {word} {name!r} is no node of the network; check its name.")
        if place in found:
            raise InputError(f"The {word} {name!r} is given twice; give it once.")
        found.append(place)
    return found


@dataclass(frozen=True, eq=False)
class JointStrategy:
    """A mixed strategy over sets of edges.

    Attributes:
        sets: Edges of each deployment, ascending.
        probability: Shape (sets,), sums to 1.
    """

    sets: tuple[tuple[int, ...], ...]
    probability: Floats

    def marginals(self, edges: int) -> Floats:
        """Chance that each edge has a checkpoint, shape (edges,)."""
        found = np.zeros(edges)
        for chosen, share in zip(self.sets, self.probability, strict=True):
            found[list(chosen)] += share
        return found


def joined(pairs: Sequence[tuple[tuple[int, ...], float]]) -> JointStrategy:
    """A strategy from (set, weight) pairs: equal sets together, weights to sum 1, empty weights out."""
    weights: dict[tuple[int, ...], float] = {}
    for chosen, weight in pairs:
        if weight > 0:
            key = tuple(sorted(set(chosen)))
            weights[key] = weights.get(key, 0.0) + weight
    share = np.array(list(weights.values()))
    return JointStrategy(tuple(weights), share / share.sum())
