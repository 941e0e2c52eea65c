r"""RANGER: marginals of checkpoints, and an upper bound on what any strategy can reach.

With marginal :math:`x_e` on edge *e*, the chance to stop a path is at most :math:`\delta \sum_{e \in P} x_e`, so

.. math::
    \max z \quad \text{s.t.}\quad z \le c - (c - D(t))(1 - d_t),\quad d_s = 0,\quad d_v \le d_u + \delta x_{uv},\quad
    0 \le d \le 1,\quad \textstyle\sum_e x_e \le r,\quad 0 \le x \le 1

bounds the defender's value from above (Tsai et al. 2010).

For :math:`\delta = 1` this program has a closed form. To hold *z*, target *t* must be stopped with
:math:`a_t(z) = \max(0, (z - D(t))/(c - D(t)))`, larger where the loss is larger. The level sets of *d* are cuts, so at least
:math:`\int_0^1 K(\{t : a_t > \theta\})\,d\theta` checkpoints are needed, *K* being the minimum cut that separates the sources from those
targets, and nested minimum cuts need no more. With targets by loss, :math:`D_1 \le D_2 \le \dots`, that is
:math:`\sum_i (a_i - a_{i+1}) K_i` with :math:`K_i` the minimum cut of the first *i*: piecewise linear in *z*, and one maximum flow a
target. For :math:`\delta < 1` the program itself is solved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.graphs.checkpoints.game import CheckpointGame
from patrol_core.solvers import linear_program


@dataclass(frozen=True, eq=False)
class Marginals:
    """RANGER's answer.

    Attributes:
        bound: No strategy gives the defender more than this.
        marginals: Checkpoints per edge, shape (edges,), in [0, 1].
        potential: d of every node, shape (nodes,): the most that paths so far can be stopped.
        cuts: Nested cuts and their weights, (edges of the cut, weight), widest set of targets last; empty where
            the program was solved.
    """

    bound: float
    marginals: Floats
    potential: Floats
    cuts: tuple[tuple[tuple[int, ...], float], ...]


def ranger(game: CheckpointGame, *, method: str = "auto") -> Marginals:
    """Marginals and bound; ``method`` is ``auto``, ``cuts`` (δ = 1) or ``program``."""
    by_program = method == "program" or (method == "auto" and game.detection < 1)
    own = game.in_own_units()
    found = _program(own) if by_program else _nested_cuts(own)
    return replace(found, bound=game.units.back(found.bound))


def minimum_cut(game: CheckpointGame, targets: list[int]) -> tuple[tuple[int, ...], np.ndarray] | None:
    """A minimum cut between the sources and some targets (by number), the one nearest the sources.

    Returns:
        tuple or None: Its edges and the nodes on the sources' side, shape (nodes,); None where edges that
            cannot take a checkpoint leave no cut.
    """
    network = game.network
    size = len(network.nodes)
    source, sink = size, size + 1
    many = int(network.guardable.sum()) + 1
    room = np.where(network.guardable, 1, many)
    ends = game.targets[targets]
    begin, end, edge = network.arcs
    tails = np.concatenate([begin, np.full(len(game.sources), source), ends])
    heads = np.concatenate([end, game.sources, np.full(len(ends), sink)])
    sizes = np.concatenate([room[edge], np.full(len(game.sources) + len(ends), many)]).astype(np.int32)
    ahead = tails != heads  # without loops
    graph = csr_array(coo_array((sizes[ahead], (tails[ahead], heads[ahead])), shape=(size + 2, size + 2)))
    flow = maximum_flow(graph, source, sink)
    if flow.flow_value >= many:
        return None
    left = csr_array(graph - flow.flow)
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    near = np.zeros(size + 2, dtype=bool)
    near[breadth_first_order(left, source, return_predecessors=False)] = True
    crossing = near[network.tail] & ~near[network.head]
    crossing |= near[network.head] & ~near[network.tail] & ~network.oneway
    return tuple(int(edge) for edge in np.flatnonzero(crossing)), near[:size]


def _nested_cuts(game: CheckpointGame) -> Marginals:
    order = np.argsort(game.payoffs, kind="stable")
    sides = []
    for count in range(1, len(order) + 1):
        found = minimum_cut(game, [int(k) for k in order[:count]])
        if found is None:
            break
        sides.append(found)
    bound = _best_level(game, order, [len(cut) for cut, _ in sides])
    required = _requirements(game, order, bound)
    marginals = np.zeros(game.network.size)
    potential = np.zeros(len(game.network.nodes))
    cuts = []
    for k, (cut, near) in enumerate(sides):
        weight = float(required[k] - (required[k + 1] if k + 1 < len(required) else 0.0))
        if weight > 0:
            marginals[list(cut)] += weight
            potential[~near] += weight
            cuts.append((cut, weight))
    return Marginals(bound, np.minimum(marginals, 1.0), np.minimum(potential, 1.0), tuple(cuts))


def _requirements(game: CheckpointGame, order: np.ndarray, level: float) -> Floats:
    """A of every target in order: how often it must be stopped to hold a level."""
    payoffs = game.payoffs[order]
    losses = game.capture - payoffs
    ratio = np.divide(level - payoffs, losses, out=np.zeros_like(losses), where=losses > 0)
    return np.asarray(np.clip(ratio, 0.0, 1.0))


def _best_level(game: CheckpointGame, order: np.ndarray, sizes: list[int]) -> float:
    """The largest level whose requirements the checkpoints can meet; linear between the payoffs."""
    payoffs = game.payoffs[order]
    # Targets that no cut protects must not need any.
    top = float(payoffs[len(sizes)]) if len(sizes) < len(order) else game.capture

    def needed(level: float) -> float:
        required = np.append(_requirements(game, order, level)[: len(sizes)], 0.0)
        return float(np.sum(-np.diff(required) * np.array(sizes, dtype=float)))

    marks = sorted({float(value) for value in payoffs if value < top} | {top})
    low = float(payoffs[0])
    for high in marks:
        if high <= low:
            continue
        if needed(high) > game.checkpoints:
            first, last = needed(low), needed(high)
            return low + (high - low) * (game.checkpoints - first) / (last - first)
        low = high
    return low


def _program(game: CheckpointGame) -> Marginals:
    """The linear program, for any δ; variables x, d, z.

    Raises SolverError when it ends without an optimum.
    """
    network = game.network
    edges, nodes = network.size, len(network.nodes)
    u, v, edge = network.arcs
    count = len(u)
    rows = np.concatenate([np.arange(count)] * 3)
    columns = np.concatenate([edges + v, edges + u, edge])
    values = np.concatenate([np.ones(count), -np.ones(count), np.full(count, -game.detection)])
    targets = np.arange(len(game.targets))
    # z - (c - D) d <= D for every target, and the number of checkpoints.
    rows = np.concatenate([rows, count + targets, count + targets, np.full(edges, count + len(targets))])
    columns = np.concatenate(
        [columns, np.full(len(targets), edges + nodes), edges + game.targets, np.arange(edges)]
    )
    values = np.concatenate([values, np.ones(len(targets)), -game.losses, np.ones(edges)])
    limits = np.concatenate([np.zeros(count), game.payoffs, [float(game.checkpoints)]])
    matrix = csr_array(
        coo_array((values, (rows, columns)), shape=(count + len(targets) + 1, edges + nodes + 1))
    )
    upper = np.concatenate([network.guardable.astype(float), np.ones(nodes), [game.capture]])
    lower = np.concatenate([np.zeros(edges + nodes), [float(game.payoffs.min())]])
    upper[edges + game.sources] = 0.0
    cost = np.zeros(edges + nodes + 1)
    cost[-1] = -1.0
    found = linear_program(cost, matrix, limits, lower=lower, upper=upper)
    if found.status is not Status.OPTIMAL:
        raise SolverError(
            "The marginal program ended without an optimum: this is a fault of the program, please report it."
        )
    marginals = np.clip(found.columns[:edges], 0.0, 1.0)
    return Marginals(float(-found.objective), marginals, found.columns[edges : edges + nodes], ())
