"""Patrol games as JSON, and their solutions as plain data: the shapes of ``patrol patrol-game``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.files.documents import document_of, load_object
from patrol_core.graphs.checkpoints import check_draw
from patrol_core.graphs.patrol.documents import PatrolGameDocument
from patrol_core.graphs.patrol.game import COMPATIBLE, SCHEDULE, GraphGame, NodeId, Unit
from patrol_core.graphs.patrol.input import make_graph_game, parts_of
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol, Walk
from patrol_core.graphs.patrol.verify import moves_of


def read_patrol_game(text: bytes | str) -> GraphGame:
    """A game from JSON.

    Raises:
        InputError: One sentence: where the JSON breaks off, or which place holds what, and what is accepted.
    """
    return game_from(load_game(text))


def load_game(text: bytes | str) -> dict[str, Any]:
    """The document of a patrol game, not yet looked into; raises InputError as :func:`read_patrol_game`."""
    return load_object(PatrolGameDocument, text)


def game_from(document: Mapping[str, Any]) -> GraphGame:
    """A game from plain data (see :func:`read_patrol_game`)."""
    given = document_of(PatrolGameDocument, document)
    general, graph, step_cost = given.sum == "general", given.graph, given.step_cost
    values: dict[NodeId, float] = {}
    for target in given.targets:
        if target.node in values:
            raise InputError(f"Target {target.node!r} is given twice; give it once.")
        values[target.node] = target.value
    gained = {t.node: t.attacker_value for t in given.targets if t.attacker_value is not None}
    notes = []
    if given.force_return and any(unit.ends is not None for unit in given.defenders):
        notes.append("ends count only where force_return is false: every unit ends at its own start.")
    if step_cost and not general:
        notes.append(f"step_cost = {step_cost:g} counts in general-sum games only and was left out.")
        step_cost = 0.0
    if gained and not general:
        notes.append(
            "attacker_value counts in general-sum games only: the attacker gains what the defender loses."
        )
    if graph.xy is not None and len(graph.xy) != len(graph.nodes):
        raise InputError(
            f"The patrol game: graph, xy has {len(graph.xy)} pairs for {len(graph.nodes)} nodes; list the nodes, and one pair "
            "of numbers a node in their order."
        )
    return make_graph_game(
        graph.edges,
        nodes=graph.nodes,
        directed=graph.directed,
        xy=None if graph.xy is None else np.array(graph.xy, dtype=float),
        allow_parts=graph.allow_parts,
        moves=given.timesteps,
        units=given.defenders,
        targets=values,
        attacker_values=values | gained if general else None,
        unreachable=given.unreachable,
        moving_attackers=given.moving_attackers,
        attackers=given.attackers if given.attackers is not None else int(not given.moving_attackers),
        idle=given.mode != COMPATIBLE if given.idle is None else given.idle,
        general_sum=general,
        step_cost=step_cost,
        notes=tuple(notes),
        **{name: getattr(given, name) for name in _ALIKE},
    )


_ALIKE = (
    "force_return", "waiting", "simple", "normalise", "tau", "capture_radius", "form", "defender_penalty", "attacker_penalty",
    "mode",
)  # fmt: skip
"""Fields that are called the same in documents and games."""


def game_document(game: GraphGame, *, crs: str | None = None) -> dict[str, Any]:
    """A game as plain data; reading it back gives the same game."""
    ids = game.node_ids
    one_way = game.network.oneway
    edges = [
        [ids[a], ids[b]] for a, b in zip(game.network.tail.tolist(), game.network.head.tolist(), strict=True)
    ]
    directed = bool(one_way.any())
    if directed:
        back = np.flatnonzero(~one_way).tolist()
        edges += [edges[k][::-1] for k in back]
    graph: dict[str, Any] = {"nodes": list(ids), "edges": edges, "directed": directed}
    if parts_of(game.network)[0] > 1:
        graph["allow_parts"] = True
    if game.network.xy is not None:
        graph["xy"] = game.network.xy.tolist()
        if crs:
            graph["crs"] = crs
    targets = [
        {"node": name, "value": float(value), "attacker_value": float(gain)}
        for name, value, gain in zip(game.target_ids, game.values, game.attacker_values, strict=True)
    ]
    if not game.general_sum:
        for row in targets:
            row.pop("attacker_value")
    document: dict[str, Any] = {
        "graph": graph, "timesteps": game.moves, "defenders": [_unit_document(game, unit) for unit in game.units],
        "force_return": game.force_return, "tau": game.tau, "attackers": game.attackers, "form": game.form,
        "simple": game.simple, "sum": "general" if game.general_sum else "zero", "targets": targets,
        "defender_penalty": game.defender_penalty, "attacker_penalty": game.attacker_penalty, "step_cost": game.step_cost,
        "normalise": game.normalise, "mode": game.mode, "waiting": game.waiting, "idle": game.idle,
    }  # fmt: skip
    if game.moving_attackers:
        document["moving_attackers"] = [
            {"starts": [ids[k] for k in one.starts]}
            | ({} if one.ends is None else {"ends": [ids[k] for k in one.ends]})
            for one in game.moving_attackers
        ]
        document["capture_radius"] = game.capture_radius
    return document


def _unit_document(game: GraphGame, unit: Unit) -> dict[str, Any]:
    ids = game.node_ids
    out: dict[str, Any] = {"bases": [ids[k] for k in unit.bases]}
    if unit.ends is not None:
        out["ends"] = [ids[k] for k in unit.ends]
    if unit.nodes is not None:
        out["nodes"] = [ids[k] for k in sorted(unit.nodes)]
    if unit.stationary:
        out["stationary"] = True
    return out


def solution_document(solution: GraphSolution) -> dict[str, Any]:
    """A solution as plain data: the common fields, ``value``, ``strategy``, ``attack``, ``coverage`` and more.

    ``attack`` holds chances by target in zero-sum games and the attack set in general-sum games; node ids are as they were given.
    """
    game = solution.game
    names = game.target_ids
    attack: Any = {str(name): float(chance) for name, chance in zip(names, solution.attack, strict=True)}
    if game.general_sum:
        attack = [name for name, chance in zip(names, solution.attack, strict=True) if chance > 0.5]
    result = {
        **solution.certificate.as_dict(),
        "value": solution.value,
        "attacker_value": solution.attacker_value,
        "equilibrium": solution.equilibrium,
        "strategy": [_patrol_document(solution, k) for k in range(len(solution.patrols))],
        "attack": attack,
        "coverage": {str(name): float(share) for name, share in zip(names, solution.coverage, strict=True)},
        "scale": solution.scale,
        "unreachable": [names[k] for k in game.unreachable],
        "counts": dict(solution.counts),
    }
    if solution.attacker_walks:
        result["attacker_strategy"] = [
            {
                "probability": chance,
                "paths": [_named(game, walk) for walk in walks],
                "targets": [names[t] for t in taken],
            }
            for chance, walks, taken in solution.attacker_walks
        ]
    if game.notes:
        result["notes"] = list(game.notes)
    return result


def _patrol_document(solution: GraphSolution, k: int) -> dict[str, Any]:
    game, patrol = solution.game, solution.patrols[k]
    out: dict[str, Any] = {"probability": patrol.probability}
    if game.form == SCHEDULE:
        out["schedules"] = [[game.target_ids[t] for t in schedule] for schedule in patrol.schedules]
    out["paths"] = [_named(game, walk) for walk in patrol.walks]
    out["moves"] = moves_of(patrol.walks)
    return out


def _named(game: GraphGame, walk: Walk) -> list[NodeId]:
    return [game.node_ids[k] for k in walk]


def draw_patrols(solution: GraphSolution, shifts: int, *, seed: int) -> list[JointPatrol]:
    """One joint patrol a shift, independent, with the chances of the strategy; the same seed gives the same patrols.

    Args:
        solution: The strategy.
        shifts, seed: How many shifts, and the seed of their patrols.

    Raises:
        InputError: When ``shifts`` or ``seed`` is below 0, or there are too many shifts.
    """
    check_draw(shifts, seed, "shifts")
    chances = np.array([patrol.probability for patrol in solution.patrols])
    picks = np.random.default_rng(seed).choice(len(chances), size=shifts, p=chances / chances.sum())
    return [solution.patrols[k] for k in picks.tolist()]


def drawn_documents(solution: GraphSolution, shifts: int, *, seed: int) -> list[list[list[Any]]]:
    """The drawn patrols as node ids: by shift, by unit, by state.

    Args:
        solution, shifts, seed: As of :func:`draw_patrols`.
    """
    ids = solution.game.node_ids
    return [
        [[ids[k] for k in walk] for walk in patrol.walks]
        for patrol in draw_patrols(solution, shifts, seed=seed)
    ]
