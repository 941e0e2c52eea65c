"""Smaller networks with the same value.

Each rule leaves the value of the checkpoint game as it is, and every edge that is left stands for one edge of the network given, so a
strategy on the small network is one on the large.

* *loops*: an edge from a node to itself is on no path worth taking;
* *dead ends*: an edge that is on no way without repeated nodes from a source to a target (two-way networks: whole parts that
  hang on one node; one-way: what cannot be reached or does not lead to a target);
* *parallel edges* beside one that cannot take a checkpoint: the intruder takes that one;
* *chains*: a node that is no source and no target and joins two edges; one checkpoint anywhere on the chain is as good as another
  and a second is useless. Only where a checkpoint stops everybody (δ = 1);
* *open doors* (two-way): a node that is no source and no target, joined to another by an edge that cannot take a checkpoint, is the same
  place.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.certificate import Status, relative_gap
from patrol_core.graphs.checkpoints.double_oracle import CLOSE, CheckpointPlan, solve_exact
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy, joined
from patrol_core.graphs.checkpoints.intruder import best_paths
from patrol_core.roads import RoadNetwork


@dataclass(frozen=True, eq=False)
class Simplified:
    """A smaller game.

    Attributes:
        game: The game on the smaller network.
        edge_of: Of every edge that is left the edge it stands for.
        before, after: (nodes, edges) of both networks.
        rules: How many edges each rule took away.
    """

    game: CheckpointGame
    edge_of: tuple[int, ...]
    before: tuple[int, int]
    after: tuple[int, int]
    rules: Mapping[str, int]

    def lifted(self, strategy: JointStrategy) -> JointStrategy:
        """The strategy on the network given."""
        return joined(
            [
                (tuple(self.edge_of[edge] for edge in chosen), float(share))
                for chosen, share in zip(strategy.sets, strategy.probability, strict=True)
            ]
        )


class _Work:
    """A multigraph that can be taken apart: edge number -> [tail, head, guardable, one-way]."""

    def __init__(self, game: CheckpointGame) -> None:
        network = game.network
        self.sources, self.targets = set(game.sources.tolist()), set(game.targets.tolist())
        self.fixed = self.sources | self.targets
        table = np.column_stack([network.tail, network.head, network.guardable, network.oneway])
        self.edges: dict[int, list[int]] = dict(enumerate(table.astype(int).tolist()))
        self.taken: Counter[str] = Counter()

    def at(self) -> dict[int, list[int]]:
        """Edges at every node."""
        found: dict[int, list[int]] = defaultdict(list)
        for edge, (a, b, *_) in self.edges.items():
            found[a].append(edge)
            found[b].append(edge)
        return found

    def drop(self, edges: list[int], rule: str) -> bool:
        """Take edges away; True when there were any."""
        for edge in edges:
            del self.edges[edge]
        self.taken[rule] += len(edges)
        return bool(edges)


def simplify(game: CheckpointGame) -> Simplified:
    """The game on a network without what does not matter."""
    work = _Work(game)
    changed = True
    while changed:
        changed = work.drop([e for e, (a, b, *_) in work.edges.items() if a == b], "loops")
        changed |= work.drop(_useless(work), "dead ends")
        changed |= work.drop(_beside_open(work), "parallel edges")
        if game.detection == 1.0:
            changed |= _join_chains(work)
        changed |= _open_doors(work)
    return _made(game, work)


def _useless(work: _Work) -> list[int]:
    """Edges on no way from a source to a target."""
    if any(single for *_, single in work.edges.values()):
        ahead = _reach(work, work.sources, forward=True)
        back = _reach(work, work.targets, forward=False)
        return [e for e, (a, b, *_) in work.edges.items() if a not in ahead or b not in back]
    import networkx as nx

    # All sources hang on one extra node and all targets on another, joined: an edge is on a simple way from a source to a target
    # if it shares a block with that joint.
    graph = nx.Graph()
    graph.add_edges_from((a, b) for a, b, *_ in work.edges.values())
    graph.add_edges_from((("s",), node) for node in work.sources)
    graph.add_edges_from((("t",), node) for node in work.targets)
    graph.add_edge(("s",), ("t",))
    for block in nx.biconnected_components(graph):
        if ("s",) in block and ("t",) in block:
            return [e for e, (a, b, *_) in work.edges.items() if a not in block or b not in block]
    return []


def _reach(work: _Work, starts: set[int], *, forward: bool) -> set[int]:
    ways: dict[int, list[int]] = defaultdict(list)
    for a, b, _, single in work.edges.values():
        ways[a if forward else b].append(b if forward else a)
        if not single:
            ways[b if forward else a].append(a if forward else b)
    seen, front = set(starts), list(starts)
    while front:
        for other in ways[front.pop()]:
            if other not in seen:
                seen.add(other)
                front.append(other)
    return seen


def _beside_open(work: _Work) -> list[int]:
    """Edges parallel to one that takes no checkpoint; of several such, all but one."""
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for edge, (a, b, _, single) in work.edges.items():
        groups[(a, b, single) if single or a < b else (b, a, single)].append(edge)
    out = []
    for group in groups.values():
        free = [edge for edge in group if not work.edges[edge][2]]
        if len(group) > 1 and free:
            out += [edge for edge in group if edge != free[0]]
    return out


def _join_chains(work: _Work) -> bool:
    """Two edges at a node in between become one; the edge that stays is one that can take a checkpoint."""
    at = work.at()
    changed = False
    for node, edges in at.items():
        live = [edge for edge in edges if edge in work.edges]
        if node in work.fixed or len(live) != 2 or live[0] == live[1]:
            continue
        ends = _ends_of_chain(work, node, live)
        if ends is None:
            continue
        kept, gone = sorted(live, key=lambda edge: -work.edges[edge][2])
        guardable = work.edges[kept][2] or work.edges[gone][2]
        work.edges[kept] = [*ends, guardable, work.edges[kept][3]]
        work.drop([gone], "chains")
        for end in ends:
            at[end] = [kept if edge == gone else edge for edge in at[end]]
        at[node] = []
        changed = True
    return changed


def _ends_of_chain(work: _Work, node: int, live: list[int]) -> tuple[int, int] | None:
    first, second = (work.edges[edge] for edge in live)
    if first[3] != second[3]:
        return None
    if first[3]:
        into, out = (first, second) if first[1] == node else (second, first)
        if into[1] != node or out[0] != node or into[0] == out[1]:
            return None
        return into[0], out[1]
    one = first[0] if first[1] == node else first[1]
    other = second[0] if second[1] == node else second[1]
    return None if one == other else (one, other)


def _open_doors(work: _Work) -> bool:
    """Nodes in between join the node beyond an edge that takes no checkpoint."""
    changed = False
    for edge in list(work.edges):
        if edge not in work.edges:
            continue
        a, b, free, single = work.edges[edge]
        loose = b if b not in work.fixed else a
        if free or single or a == b or loose in work.fixed:
            continue
        stays = a if loose == b else b
        for other in work.edges.values():
            other[0] = stays if other[0] == loose else other[0]
            other[1] = stays if other[1] == loose else other[1]
        work.drop([edge], "open doors")
        changed = True
    return changed


def _made(game: CheckpointGame, work: _Work) -> Simplified:
    network = game.network
    numbers = sorted(work.edges)
    used = sorted({*work.fixed, *(work.edges[e][0] for e in numbers), *(work.edges[e][1] for e in numbers)})
    new = {node: k for k, node in enumerate(used)}
    table = np.array([work.edges[e] for e in numbers], dtype=np.int64).reshape(-1, 4)
    position = np.array([new[node] for node in table[:, :2].ravel().tolist()], dtype=np.int64).reshape(-1, 2)
    small = RoadNetwork(
        tuple(network.nodes[node] for node in used),
        position[:, 0].copy(),
        position[:, 1].copy(),
        table[:, 3].astype(bool),
        table[:, 2].astype(bool),
        tuple(network.edge_ids[e] for e in numbers),
        None if network.xy is None else network.xy[used],
    )
    count = max(1, min(game.checkpoints, int(small.guardable.sum())))
    reduced = replace(
        game,
        network=small,
        sources=np.array([new[k] for k in game.sources.tolist()], dtype=np.int64),
        targets=np.array([new[k] for k in game.targets.tolist()], dtype=np.int64),
        checkpoints=count,
    )
    return Simplified(
        reduced,
        tuple(numbers),
        (len(network.nodes), network.size),
        (len(used), small.size),
        dict(work.taken),
    )


def solve_simplified(
    game: CheckpointGame, *, time_limit: float = 60.0, stop: Callable[[float, float], bool] | None = None
) -> tuple[CheckpointPlan, Simplified]:
    """The exact plan by way of the smaller network; its value is worked out again on the network given.

    Where that search for a path would take long (a quarter of the limit, or ``stop``), the value that was proved on the smaller
    network stands. ``game``, ``time_limit`` and ``stop`` are those of
    :func:`patrol_core.graphs.checkpoints.double_oracle.solve_exact`.
    """
    found = simplify(game)
    plan = solve_exact(found.game, time_limit=time_limit, stop=stop)
    strategy = found.lifted(plan.strategy)
    until = time.perf_counter() + time_limit / 4

    def give_up() -> bool:
        return time.perf_counter() > until or (stop is not None and stop(plan.value, plan.certificate.bound))

    seen = best_paths(game, strategy, give_up=give_up)
    complete = seen.bound == seen.value
    value = seen.bound if complete else max(seen.bound, plan.value)
    bound = max(plan.certificate.bound, value)
    apart = relative_gap(value, bound, float(game.losses.max()))
    met = plan.certificate.status is Status.OPTIMAL and apart <= CLOSE
    certificate = replace(
        plan.certificate, objective=value, bound=bound, gap=apart,
        status=Status.OPTIMAL if met else Status.STOPPED_WITH_PLAN,
    )  # fmt: skip
    return replace(
        plan, game=game, strategy=strategy, value=value, approach=seen, certificate=certificate
    ), found


def rules_in_words(found: Simplified) -> Iterator[str]:
    """What was taken away, a sentence each."""
    words = {
        "loops": "loops",
        "dead ends": "edges on no way to a target",
        "parallel edges": "edges beside one that takes no checkpoint",
        "chains": "edges joined to the next along a chain",
        "open doors": "edges that take no checkpoint, their ends made one place",
    }
    for rule, count in found.rules.items():
        if count:
            yield f"{count} {words[rule]}"
