r"""The intruder's best path against a mixed strategy, exactly.

Along a path the chance of being stopped is :math:`1 - \sum_E q_E (1-\delta)^{|E \cap P|}`: it never falls, but it is not a sum over
edges, since checkpoints of one deployment count together. So paths are built as labels (node, which deployments were met how often)
in the order of that chance. A label is dropped where another at the same node met every deployment no more often. Places joined by edges
that never have a checkpoint are one place. The first label at a target is its best path; if a limit is hit, the chance of the next
label bounds all that are left.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy

MOST_LABELS = 400_000
Stop = Callable[[], bool]
State = tuple[int, ...] | int
"""How often a label met each deployment; bits of those met where a checkpoint stops everybody."""
ASK_EVERY = 1024
"""Labels after which a search asks whether to go on."""


@dataclass(frozen=True)
class Approach:
    """One best path: target number, its edges, and the chance to be stopped."""

    target: int
    edges: tuple[int, ...]
    stopped: float


@dataclass(frozen=True, eq=False)
class BestPaths:
    """Outcome of the search.

    Attributes:
        value: Defender's payoff against the best path found.
        bound: Proved lower bound on the defender's payoff; equal to ``value`` unless the limit was hit.
        best: The best path.
        found: Best paths of the targets that were reached before the search could stop, by target number.
        labels: How many labels were made.
    """

    value: float
    bound: float
    best: Approach
    found: dict[int, Approach]
    labels: int


def best_paths(
    game: CheckpointGame,
    strategy: JointStrategy,
    *,
    every_target: bool = False,
    most: int = MOST_LABELS,
    give_up: Stop | None = None,
) -> BestPaths:
    """Best path of an intruder who knows the strategy.

    Args:
        game, strategy: Where it is played, and what the intruder knows.
        every_target: Go on until every target has its best path (for tables), not only until the worst is
            known.
        most: Labels after which the search stops with a bound.
        give_up: Asked now and then; True stops it likewise.
    """
    return _Search(game, strategy, every_target, most, give_up).run()


class _Search:
    def __init__(
        self, game: CheckpointGame, strategy: JointStrategy, every: bool, most: int, give_up: Stop | None
    ) -> None:
        self.game, self.strategy, self.every, self.most = game, strategy, every, most
        self.give_up, self.ask_at = give_up, ASK_EVERY
        self.chance = strategy.probability.tolist()
        self.met: dict[int, list[int]] = {}
        for number, chosen in enumerate(strategy.sets):
            if self.chance[number] > 0:
                for edge in chosen:
                    self.met.setdefault(edge, []).append(number)
        self.region = _regions(game, set(self.met))
        self.ways = _ways_between(game, self.region)
        self.goals: dict[int, list[int]] = {}
        for number, node in enumerate(game.targets.tolist()):
            self.goals.setdefault(self.region[node], []).append(number)
        self.partial = game.detection < 1.0

    def run(self) -> BestPaths:
        """Labels in the order of the chance to be stopped."""
        game = self.game
        found: dict[int, Approach] = {}
        kept: dict[int, list[State]] = {}
        labels: list[tuple[int, int, int]] = []  # region, label before, edge
        start: State = (0,) * len(self.chance) if self.partial else 0
        heap: list[tuple[float, int, State]] = []
        for region in sorted({self.region[k] for k in game.sources.tolist()}):
            heap.append((0.0, len(labels), start))
            labels.append((region, -1, -1))
        heapq.heapify(heap)
        worst, best = np.inf, -1
        bound = np.inf
        while heap:
            stopped, label, state = heapq.heappop(heap)
            if self._settled(stopped, worst, found):
                break
            region = labels[label][0]
            if not self._keep(kept.setdefault(region, []), state):
                continue
            for target in self.goals.get(region, []):
                if target not in found:
                    found[target] = Approach(target, self._walk(labels, label, target), stopped)
                    payoff = game.payoff(target, stopped)
                    if payoff < worst:
                        worst, best = payoff, target
            if self._too_long(len(labels)):
                left = (game.payoff(t, stopped) for t in range(len(game.targets)) if t not in found)
                bound = min(left, default=worst)
                break
            for other, edge in self.ways.get(region, ()):
                reached, chance = self._pass(state, stopped, edge)
                heapq.heappush(heap, (chance, len(labels), reached))
                labels.append((other, label, edge))
        if best < 0:  # stopped before any target was reached: any path will do, the bound holds all the same
            found = {0: self._some_path()}
            worst, best = game.payoff(0, found[0].stopped), 0
        return BestPaths(worst, min(worst, bound), found[best], found, len(labels))

    def _too_long(self, labels: int) -> bool:
        if labels > self.most:
            return True
        if self.give_up is None or labels < self.ask_at:
            return False
        self.ask_at = labels + ASK_EVERY
        return self.give_up()

    def _some_path(self) -> Approach:
        """A path with the fewest edges to the first target, and the chance to be stopped on it."""
        way = _trail(self.game, self.game.sources.tolist(), {int(self.game.targets[0])})
        met = [len(set(way).intersection(chosen)) for chosen in self.strategy.sets]
        passed = (1 - self.game.detection) ** np.array(met)
        return Approach(0, tuple(way[::-1]), float(1 - self.strategy.probability @ passed))

    def _settled(self, stopped: float, worst: float, found: dict[int, Approach]) -> bool:
        """Whether no target left can be worse than the worst known."""
        left = [t for t in range(len(self.game.targets)) if t not in found]
        if not left:
            return True
        return not self.every and min(self.game.payoff(t, stopped) for t in left) >= worst

    def _keep(self, kept: list[State], state: State) -> bool:
        """Note a label's state unless one is kept that met no deployment more often."""
        if isinstance(state, int):
            if any(not other & ~state for other in kept):  # type: ignore[operator]
                return False
        elif any(all(a <= b for a, b in zip(other, state, strict=True)) for other in kept):  # type: ignore[arg-type]
            return False
        kept.append(state)
        return True

    def _pass(self, state: State, stopped: float, edge: int) -> tuple[State, float]:
        """State and chance to be stopped once an edge is passed."""
        met = self.met.get(edge, ())
        if isinstance(state, int):
            for number in met:
                bit = 1 << number
                if not state & bit:
                    state |= bit
                    stopped += self.chance[number]
            return state, stopped
        counts = list(state)
        for number in met:
            stopped += self.chance[number] * (1 - self.game.detection) ** counts[number] * self.game.detection
            counts[number] += 1
        return tuple(counts), stopped

    def _walk(self, labels: list[tuple[int, int, int]], label: int, target: int) -> tuple[int, ...]:
        """Edges of a label's path through the whole network, from a source to the target's node."""
        crossed = []
        while label >= 0:
            _, before, edge = labels[label]
            if edge >= 0:
                crossed.append(edge)
            label = before
        goal = int(self.game.targets[target])
        return _spelled_out(self.game, self.region, set(self.met), crossed[::-1], goal)


def _regions(game: CheckpointGame, guarded: set[int]) -> list[int]:
    """Number of the place of every node: two-way edges that never have a checkpoint join their ends."""
    network = game.network
    parent = list(range(len(network.nodes)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for edge, (a, b, single) in enumerate(
        zip(network.tail.tolist(), network.head.tolist(), network.oneway.tolist(), strict=True)
    ):
        if edge not in guarded and not single:
            parent[root(a)] = root(b)
    return [root(node) for node in range(len(parent))]


def _ways_between(game: CheckpointGame, region: list[int]) -> dict[int, list[tuple[int, int]]]:
    ways: dict[int, list[tuple[int, int]]] = {}
    for a, b, edge in zip(*(part.tolist() for part in game.network.arcs), strict=True):
        here, there = region[a], region[b]
        if here != there:
            ways.setdefault(here, []).append((there, edge))
    return ways


def _spelled_out(
    game: CheckpointGame, region: list[int], guarded: set[int], crossed: list[int], goal: int
) -> tuple[int, ...]:
    """A whole path that crosses the given edges in order and stays inside regions between them."""
    network = game.network
    # Backwards from the target: inside each region walk to the end of the edge that leads into it.
    path: list[int] = []
    node = goal
    for edge in reversed(crossed):
        a, b = int(network.tail[edge]), int(network.head[edge])
        inner, outer = (b, a) if region[b] == region[node] else (a, b)
        path = [edge, *_inside(game, guarded, {inner}, node), *path]
        node = outer
    starts = {k for k in game.sources.tolist() if region[k] == region[node]}
    return (*_inside(game, guarded, starts, node), *path)


def _inside(game: CheckpointGame, guarded: set[int], starts: set[int], goal: int) -> list[int]:
    """Shortest way (in edges) from one of ``starts`` to ``goal`` over edges that never have a checkpoint."""
    oneway = game.network.oneway
    return _trail(game, [goal], starts, lambda edge: edge not in guarded and not oneway[edge])


def _trail(
    game: CheckpointGame, starts: list[int], ends: set[int], usable: Callable[[int], bool] = lambda _: True
) -> list[int]:
    """A shortest way (in usable edges) from one of ``starts`` to one of ``ends``, written from its end back."""
    before: dict[int, tuple[int, int]] = dict.fromkeys(starts, (-1, -1))
    front = deque(before)
    while front:
        node = front.popleft()
        if node in ends:
            way, at = [], node
            while before[at][0] >= 0:
                way.append(before[at][1])
                at = before[at][0]
            return way
        for other, edge in game.network.ways[node]:
            if other not in before and usable(edge):
                before[other] = (node, edge)
                front.append(other)
    return []
