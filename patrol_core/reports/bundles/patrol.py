"""Patrol plans on a graph as tables and as lines on a map."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.graphs.patrol import GraphGame, GraphSolution, NodeId, Walk, moves_of
from patrol_core.reports.geojson import collection, feature
from patrol_core.roads import Roads

ARROW = " > "
"""Between the nodes of a walk; plain, so that a file reads everywhere."""


def walk_text(game: GraphGame, walk: Walk) -> str:
    """Ids of the nodes in order; a wait repeats a node."""
    return ARROW.join(str(game.node_ids[node]) for node in walk)


def routes_table(solution: GraphSolution) -> pd.DataFrame:
    """The plan: one row a route and unit, most likely first.

    Returns:
        DataFrame: ``route, chance`` (%), ``unit, walk, moves, targets`` (that this unit visits, or has in its
            schedule).
    """
    game = solution.game
    place = {int(node): k for k, node in enumerate(game.targets)}
    rows = []
    for number, patrol in enumerate(solution.patrols, start=1):
        for unit, walk in enumerate(patrol.walks, start=1):
            if patrol.schedules:
                mine: Sequence[int] = patrol.schedules[unit - 1]
            else:
                mine = [place[node] for node in dict.fromkeys(walk) if node in place]
            names = ", ".join(str(game.target_ids[k]) for k in mine)
            chance = 100.0 * patrol.probability
            rows.append((number, chance, unit, walk_text(game, walk), moves_of([walk]), names))
    return pd.DataFrame(rows, columns=["route", "chance", "unit", "walk", "moves", "targets"])


def coverage_table(solution: GraphSolution, names: Mapping[NodeId, str] | None = None) -> pd.DataFrame:
    """Every target: its values, how often it is covered and attacked, and what an attack on it costs; dearest attack first.

    Returns:
        DataFrame: ``target, name, value, attacker_value`` (general-sum only), ``covered`` and ``attacked`` (%),
            ``loss_if_attacked`` and ``attacker_gains`` in the unit of the values, ``reachable``.
    """
    game = solution.game
    lost, kept, gained_covered, gained = game.payoffs
    chance = solution.coverage
    table = pd.DataFrame(
        {
            "target": [str(name) for name in game.target_ids],
            "name": [(names or {}).get(name, "") for name in game.target_ids],
            "value": game.values,
            "attacker_value": game.attacker_values,
            "covered": 100.0 * chance,
            "attacked": 100.0 * solution.attack,
            "loss_if_attacked": 0.0 - ((1.0 - chance) * lost + chance * kept),
            "attacker_gains": (1.0 - chance) * gained + chance * gained_covered,
            "reachable": [k not in set(game.unreachable) for k in range(game.size)],
        }
    )
    if not game.general_sum:
        table = table.drop(columns=["attacker_value", "attacker_gains"])
    by = "attacker_gains" if game.general_sum else "loss_if_attacked"
    return table.sort_values(by, ascending=False, kind="stable").reset_index(drop=True)


def drawn_nights(solution: GraphSolution, nights: int, *, seed: int) -> tuple[int, ...]:
    """Which route of the plan is walked in each night, drawn with its chances.

    Args:
        solution: The plan.
        nights: How many.
        seed: Of the draws.
    """
    chances = np.array([patrol.probability for patrol in solution.patrols])
    chances = np.maximum(chances, 0.0)
    drawn = np.random.default_rng(seed).choice(len(chances), size=nights, p=chances / chances.sum())
    return tuple(int(k) for k in drawn)


def sampled_table(solution: GraphSolution, drawn: Sequence[int]) -> pd.DataFrame:
    """Nights that were drawn, one row a unit and state: ``night, route, unit, state, node``."""
    game = solution.game
    rows = [
        (night, route + 1, unit, state, str(game.node_ids[node]))
        for night, route in enumerate(drawn, start=1)
        for unit, walk in enumerate(solution.patrols[route].walks, start=1)
        for state, node in enumerate(walk)
    ]
    return pd.DataFrame(rows, columns=["night", "route", "unit", "state", "node"])


def nights_table(solution: GraphSolution, drawn: Sequence[int]) -> pd.DataFrame:
    """Nights that were drawn, one row a night: ``night, route`` and the walk of every unit."""
    game = solution.game
    rows = [
        (night, route + 1, *(walk_text(game, walk) for walk in solution.patrols[route].walks))
        for night, route in enumerate(drawn, start=1)
    ]
    units = [f"unit_{k}" for k in range(1, len(game.units) + 1)]
    return pd.DataFrame(rows, columns=["night", "route", *units])


def edge_use(solution: GraphSolution) -> Floats:
    """Chance that some unit passes an edge, either way, in a night; shape (edges,)."""
    network = solution.game.network
    edges = _edge_of(solution.game)
    out = np.zeros(network.size)
    for patrol in solution.patrols:
        used = {
            edges[(a, b)] for walk in patrol.walks for a, b in itertools.pairwise(walk) if (a, b) in edges
        }
        out[list(used)] += patrol.probability
    return out


def _edge_of(game: GraphGame) -> dict[tuple[int, int], int]:
    tails, heads, numbers = game.network.arcs
    return {
        (a, b): edge
        for a, b, edge in zip(tails.tolist(), heads.tolist(), numbers.tolist(), strict=True)
        if a != b
    }


def routes_geojson(solution: GraphSolution, crs: str | None) -> bytes:
    """Walks as lines with their chance: EPSG:4326 where the graph has a place on Earth; ``coordinates`` says what they are.

    A walk that never leaves its node is a point.

    Args:
        crs: Of the places of the nodes; None for a plane without a place on Earth.
    """
    game = solution.game
    xy, coordinates = _places(game, crs)
    features = []
    for number, patrol in enumerate(solution.patrols, start=1):
        for unit, walk in enumerate(patrol.walks, start=1):
            points = [xy[node].tolist() for node in walk]
            still = len(set(walk)) == 1
            drawn = {
                "type": "Point" if still else "LineString",
                "coordinates": points[0] if still else points,
            }
            nodes = [game.node_ids[node] for node in walk]
            about = {"route": number, "unit": unit, "chance": float(patrol.probability), "nodes": nodes}
            features.append(feature(drawn, about))
    return collection(features, coordinates=coordinates)


def _places(game: GraphGame, crs: str | None) -> tuple[Floats, str]:
    if game.network.xy is None:
        return np.round(Roads(game.network, "").drawn_xy, 3), "a scheme, not places"
    xy = game.network.xy
    if crs is None:
        return np.round(xy, 3), "a plane without a place on Earth"
    from pyproj import Transformer

    turn = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return np.round(np.column_stack(turn.transform(xy[:, 0], xy[:, 1])), 7), "EPSG:4326"
