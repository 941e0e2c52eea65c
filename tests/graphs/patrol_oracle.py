"""Patrol games by brute force: every walk or tour listed with networkx, every outcome in a matrix, equilibria by scipy.

Shares no code with the package beyond the fields of the game.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
from scipy.optimize import linprog


def graph_of(game):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(game.node_ids)))
    for a, b, one in zip(game.network.tail, game.network.head, game.network.oneway, strict=True):
        if a != b:
            graph.add_edge(int(a), int(b))
            if not one:
                graph.add_edge(int(b), int(a))
    return graph


def role_graph(game, unit):
    graph = graph_of(game)
    if unit.nodes is not None:
        graph.remove_nodes_from([k for k in list(graph) if k not in unit.nodes])
    return graph


def may_end(game, unit, start, end):
    if game.force_return:
        return end == start
    return unit.ends is None or end in unit.ends


def walks_of(game, unit):
    if unit.stationary:
        return [(base,) * (game.moves + 1) for base in unit.bases]
    graph = role_graph(game, unit)
    found = []

    def go(walk):
        if len(walk) == game.moves + 1:
            if may_end(game, unit, walk[0], walk[-1]):
                found.append(tuple(walk))
            return
        for after in ([walk[-1]] if game.waiting else []) + list(graph.successors(walk[-1])):
            go([*walk, after])

    for base in unit.bases:
        go([base])
    return found


def tours_of(game, unit):
    """(set of target positions, moves) of every schedule, by trying every order of every set."""
    stay = game.tau - 1
    if unit.stationary:
        found = {frozenset(t for t in range(game.size) if game.targets[t] == base): 0 for base in unit.bases}
        if game.idle:
            found.setdefault(frozenset(), 0)
        return list(found.items())
    graph = role_graph(game, unit)
    apart = dict(nx.all_pairs_shortest_path_length(graph))
    found: dict[frozenset, int] = {}
    longest = game.moves + (game.mode == "compatible")

    def home(start, node):
        ends = [end for end in graph if may_end(game, unit, start, end)]
        return min((apart[node][end] for end in ends if end in apart[node]), default=np.inf)

    for base in unit.bases:

        def alone(t, base=base):
            node = int(game.targets[t])
            return node in graph and apart[base].get(node, np.inf) + stay + home(base, node) <= game.moves

        usable = [t for t in range(game.size) if alone(t)]
        for size in range((1 if game.simple else len(usable)) + 1):
            for chosen in itertools.combinations(usable, size):
                for order in itertools.permutations(chosen):
                    node, moves = base, 0
                    for t in order:
                        moves += apart[node].get(int(game.targets[t]), np.inf)
                        node = int(game.targets[t])
                    moves += home(base, node)
                    if moves + stay * size <= longest:
                        key = frozenset(chosen)
                        found[key] = min(found.get(key, np.inf), moves)
    if not game.idle and any(found):
        found.pop(frozenset(), None)
    return list(found.items())


def tours_by_walking(game, unit):
    """What :func:`tours_of` finds, from all walks state by state: a set is toured where a walk stays tau states at each of its targets."""
    found: dict[frozenset, int] = {}
    for base in unit.bases:
        mine: dict[frozenset, int] = {}
        _stays(game, replace(unit, bases=(base,)), game.moves, (0, 1 if game.simple else game.size), mine)
        if game.mode == "compatible" and not game.simple:
            alone = {t for chosen in mine if len(chosen) == 1 for t in chosen}
            longer: dict[frozenset, int] = {}
            _stays(game, replace(unit, bases=(base,)), game.moves + 1, (2, game.size), longer)
            for chosen, moves in longer.items():
                if chosen <= alone:
                    mine[chosen] = min(moves, mine.get(chosen, moves))
        for chosen, moves in mine.items():
            found[chosen] = min(moves, found.get(chosen, moves))
    if not game.idle and any(found):
        found.pop(frozenset(), None)
    return found


def _stays(game, unit, moves, sizes, found):
    for walk in walks_of(replace(game, moves=moves, waiting=True), unit):
        runs = [(node, len(list(same))) for node, same in itertools.groupby(walk)]
        whole = [
            t for t in range(game.size) if (game.targets[t], True) in {(n, k >= game.tau) for n, k in runs}
        ]
        for size in range(sizes[0], min(sizes[1], len(whole)) + 1):
            for chosen in map(frozenset, itertools.combinations(whole, size)):
                found[chosen] = min(len(runs) - 1, found.get(chosen, len(runs) - 1))


def matrices(game, tours=None):
    """Payoffs of defender and attacker, every joint strategy (of these tours of each unit) against every attack."""
    rows = []
    if game.form == "normal":
        for joint in itertools.product(*(walks_of(game, unit) for unit in game.units)):
            visits = [sum(walk.count(int(node)) for walk in joint) for node in game.targets]
            moves = sum(a != b for walk in joint for a, b in itertools.pairwise(walk))
            rows.append(([count >= game.tau for count in visits], moves))
        choices = [*range(game.size), None]
    else:
        for joint in itertools.product(*(tours or [tours_of(game, unit) for unit in game.units])):
            covered = frozenset().union(*(schedule for schedule, _ in joint))
            rows.append(([t in covered for t in range(game.size)], sum(moves for _, moves in joint)))
        choices = list(range(game.size))
    attacks = list(itertools.combinations(choices, game.attackers))
    gain = game.attacker_values if game.general_sum else game.values
    kept = 0.0 if game.form == "normal" else 1.0 / game.defender_penalty
    held = 0.0 if game.form == "normal" else 1.0 / game.attacker_penalty
    ours = np.zeros((len(rows), len(attacks)))
    theirs = np.zeros_like(ours)
    for i, (covered, moves) in enumerate(rows):
        for j, attack in enumerate(attacks):
            hit = [t for t in attack if t is not None]
            ours[i, j] = -sum(game.values[t] * (kept if covered[t] else 1.0) for t in hit)
            theirs[i, j] = sum(gain[t] * (held if covered[t] else 1.0) for t in hit)
            if game.general_sum:
                ours[i, j] -= game.step_cost * moves
    if not game.general_sum:
        theirs = -ours
    return ours, theirs


def scale_of(game, ours, theirs):
    """The largest absolute payoff: of any outcome in normal form, of the targets' table in schedule form.

    ``compatible`` with costs as the published code: of any outcome against one target, tours of every base listed for themselves.
    """
    if game.form == "normal":
        most = max(np.abs(ours).max(), np.abs(theirs).max() if game.general_sum else 0.0)
    elif game.mode == "compatible" and game.general_sum and game.step_cost:
        one = replace(game, attackers=1)
        listed = [
            [row for base in unit.bases for row in tours_of(game, replace(unit, bases=(base,)))]
            for unit in game.units
        ]
        if not game.idle:
            listed = [[row for row in rows if row[0]] or rows for rows in listed]
        most = max(np.abs(table).max() for table in matrices(one, listed))
    else:
        most = max(game.values.max(), game.attacker_values.max() if game.general_sum else 0.0)
    return most or 1.0


def nash_value(ours):
    ours = np.unique(ours, axis=0)
    m, n = ours.shape
    found = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.column_stack([-ours.T, np.ones(n)]),
        b_ub=np.zeros(n),
        A_eq=[[1.0] * m + [0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs",
    )
    return float(found.x[-1])


def sse_value(ours, theirs):
    both = np.unique(np.hstack([ours, theirs]), axis=0)
    ours, theirs = both[:, : ours.shape[1]], both[:, ours.shape[1] :]
    m, n = ours.shape
    best = -np.inf
    for j in range(n):
        found = linprog(
            -ours[:, j],
            A_ub=(theirs - theirs[:, [j]]).T,
            b_ub=np.zeros(n),
            A_eq=[[1.0] * m],
            b_eq=[1.0],
            bounds=(0, None),
            method="highs",
        )
        if found.status == 0:
            best = max(best, -found.fun)
    return float(best)


def brute_value(game):
    """Value to the defender: Nash where zero-sum, strong Stackelberg where not."""
    ours, theirs = matrices(game)
    scale = scale_of(game, ours, theirs) if game.normalise else 1.0
    value = sse_value(ours, theirs) if game.general_sum else nash_value(ours)
    return value / scale


def moving_matrices(game):  # noqa: C901
    """Payoffs of a game with moving attackers, state by state."""
    graph = graph_of(game)
    apart = dict(nx.all_pairs_shortest_path_length(graph))
    spots = game.targets.tolist()

    def attacker_walks(mover):
        found = []

        def go(walk):
            if len(walk) == game.moves + 1:
                if mover.ends is None or walk[-1] in mover.ends:
                    found.append(tuple(walk))
                return
            for after in ([walk[-1]] if game.waiting else []) + list(graph.successors(walk[-1])):
                go([*walk, after])

        for start in mover.starts:
            go([start])
        return found

    rows = list(itertools.product(*(walks_of(game, unit) for unit in game.units)))
    still = list(itertools.combinations([*range(game.size), None], game.attackers))
    columns = list(
        itertools.product(itertools.product(*(attacker_walks(m) for m in game.moving_attackers)), still)
    )
    gain = game.attacker_values if game.general_sum else game.values
    ours, theirs = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    for i, joint in enumerate(rows):
        moves = sum(a != b for walk in joint for a, b in itertools.pairwise(walk))
        for j, (movers, attack) in enumerate(columns):
            taken, caught = set(), [False] * len(movers)
            for t in range(game.moves + 1):
                for k, mover in enumerate(movers):
                    near = (apart[walk[t]].get(mover[t], np.inf) for walk in joint)  # from the unit to it
                    caught[k] |= any(moves_apart <= game.capture_radius for moves_apart in near)
                    if not caught[k] and mover[t] in spots:
                        taken.add(spots.index(mover[t]))
            for target in attack:
                if target is not None and sum(walk.count(spots[target]) for walk in joint) < game.tau:
                    taken.add(target)
            ours[i, j] = -sum(game.values[t] for t in taken) - (
                game.step_cost * moves if game.general_sum else 0.0
            )
            theirs[i, j] = sum(gain[t] for t in taken)
    return ours, theirs
