"""The oracle of the checkpoint tests: every set of edges against every path, and random games small enough for it."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from patrol_core.graphs.checkpoints.game import make_game
from patrol_core.roads.network import make_network


def simple_paths(network, start, goal):
    found = []

    def walk(node, seen, edges):
        if node == goal:
            found.append(tuple(edges))
            return
        for other, edge in network.ways[node]:
            if other not in seen:
                walk(other, seen | {other}, [*edges, edge])

    walk(start, {start}, [])
    return found


def all_paths(game):
    return [
        (number, path)
        for number, target in enumerate(game.targets.tolist())
        for source in game.sources.tolist()
        for path in simple_paths(game.network, source, target)
    ]


def stopped(game, chosen, path):
    return 1 - (1 - game.detection) ** len(set(chosen) & set(path))


def enumerated(game):
    """Value of the whole matrix game."""
    paths = all_paths(game)
    sets = list(itertools.combinations(np.flatnonzero(game.network.guardable).tolist(), game.checkpoints))
    payoff = np.array(
        [[game.payoff(number, stopped(game, chosen, path)) for number, path in paths] for chosen in sets]
    )
    found = linprog(
        np.append(np.zeros(len(sets)), -1.0),
        A_ub=np.column_stack([-payoff.T, np.ones(len(paths))]),
        b_ub=np.zeros(len(paths)),
        A_eq=[np.append(np.ones(len(sets)), 0.0)],
        b_eq=[1.0],
        bounds=[(0, None)] * len(sets) + [(None, None)],
    )
    return -found.fun


def worst_path(game, strategy):
    """Defender's payoff against the best of all paths."""
    return min(
        game.payoff(
            number,
            sum(
                share * stopped(game, chosen, path)
                for chosen, share in zip(strategy.sets, strategy.probability, strict=True)
            ),
        )
        for number, path in all_paths(game)
    )


@st.composite
def small_games(draw):
    nodes = draw(st.integers(4, 6))
    count = draw(st.integers(nodes, 9))
    pair = st.lists(st.integers(0, nodes - 1), min_size=2, max_size=2, unique=True)
    spine = [(k, k + 1) for k in range(nodes - 1)]  # everything is in reach
    edges = [*spine, *(tuple(draw(pair)) for _ in range(count - len(spine)))]
    free = [draw(st.integers(0, 6)) > 0 for _ in edges]
    free[0] = True
    targets = draw(st.lists(st.integers(1, nodes - 1), min_size=1, max_size=3, unique=True))
    mixed = draw(st.sampled_from([0.0, 1.0, 0.5]))
    network = make_network(
        edges,
        oneway=[k >= len(spine) * mixed if mixed < 1 else True for k in range(len(edges))] if mixed else None,
        guardable=free,
        nodes=[str(k) for k in range(nodes)],
    )
    return make_game(
        network,
        ["0"],
        {str(target): float(-draw(st.integers(1, 6))) for target in targets},
        checkpoints=draw(st.integers(1, min(3, sum(free)))),
        capture=float(draw(st.integers(0, 2))),
        detection=draw(st.sampled_from([1.0, 1.0, 0.6])),
    )


def walkable(game, number, edges):
    """Whether edges lead in order from a source to the target."""
    network = game.network
    at = set(game.sources.tolist())
    for edge in edges:
        a, b = int(network.tail[edge]), int(network.head[edge])
        at = {
            other
            for here in at
            for x, other in ((a, b), (b, a))
            if here == x and (x == a or not network.oneway[edge])
        }
    return int(game.targets[number]) in at
