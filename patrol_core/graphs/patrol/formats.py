"""Patrol games as JSON, and their solutions as plain data: the shapes of ``patrol patrol-game``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes
from patrol_core.files.strict_json import load_document
from patrol_core.files.strict_json import quoted as _shown
from patrol_core.graphs.patrol.game import (
    COMPATIBLE,
    CORRECTED,
    DEFAULT_PENALTY,
    NORMAL,
    SCHEDULE,
    GraphGame,
    NodeId,
    Unit,
)
from patrol_core.graphs.patrol.input import KEEP, as_float, make_graph_game, parts_of
from patrol_core.graphs.patrol.solution import GraphSolution, Walk
from patrol_core.graphs.patrol.verify import moves_of

KEYS = (
    "graph", "timesteps", "defenders", "force_return", "tau", "attackers", "form", "simple", "sum", "targets",
    "defender_penalty", "attacker_penalty", "step_cost", "normalise", "mode",
    "waiting", "idle", "unreachable", "moving_attackers", "capture_radius", "title",
)  # fmt: skip
"""The contract's keys first, ours behind."""
NEEDED = ("graph", "timesteps", "defenders", "targets")
FORM = (
    '{"graph": {"edges": [[0, 1], [1, 2]]}, "timesteps": 4, "defenders": [{"bases": [0]}], '
    '"targets": [{"node": 2, "value": 3}]}'
)
"""The form that messages show."""
GRAPH_KEYS = ("nodes", "edges", "directed", "xy", "crs", "allow_parts")
TARGET_KEYS = ("node", "value", "attacker_value")


def read_patrol_game(text: bytes | str) -> GraphGame:
    """A game from JSON.

    Raises
    ------
    InputError
        One sentence: where the JSON breaks off, which field is missing, unknown or out of range, and what is accepted.
    """
    return game_from(load_game(text))


def load_game(text: bytes | str) -> dict[str, Any]:
    """The document of a patrol game, not yet looked into; raises InputError as :func:`read_patrol_game`."""
    return load_document(text, needs=f"{', '.join(NEEDED[:-1])} and {NEEDED[-1]}, like {FORM}")


def game_from(document: Mapping[str, Any]) -> GraphGame:
    """A game from plain data (see :func:`read_patrol_game`)."""
    _keys(document, "The game", KEYS, NEEDED)
    check_sizes(document, "The game")
    graph = _object(document["graph"], "graph", GRAPH_KEYS, ("edges",))
    general = _choice(document, "sum", ("zero", "general"), "zero") == "general"
    values, gained = _targets(document["targets"])
    notes = []
    _text(document, "title")
    _text(graph, "crs")
    units = _objects(document["defenders"], "defenders")
    returns = _flag(document, "force_return", default=True)
    if returns and any("ends" in unit for unit in units):
        notes.append("ends count only where force_return is false: every unit ends at its own start.")
    step_cost = _number(document, "step_cost", 0.0)
    if step_cost and not general:
        notes.append(f"step_cost = {step_cost:g} counts in general-sum games only and was left out.")
        step_cost = 0.0
    if gained and not general:
        notes.append(
            "attacker_value counts in general-sum games only: the attacker gains what the defender loses."
        )
    mode = _choice(document, "mode", (CORRECTED, COMPATIBLE), CORRECTED)
    edges = [(a, b) for a, b in _pairs(graph["edges"])]
    nodes = _list(graph.get("nodes", []), "nodes of graph")
    return make_graph_game(
        edges,
        nodes=nodes,
        directed=_flag(graph, "directed", default=False),
        xy=_places(graph.get("xy"), nodes),
        allow_parts=_flag(graph, "allow_parts", default=False),
        moves=_whole(document, "timesteps"),
        units=units,
        targets=values,
        attacker_values=values | gained if general else None,
        unreachable=_choice(document, "unreachable", ("keep", "drop", "refuse"), KEEP),
        moving_attackers=_objects(document.get("moving_attackers", []), "moving_attackers"),
        force_return=returns,
        waiting=_flag(document, "waiting", default=True),
        idle=_flag(document, "idle", default=mode != COMPATIBLE),
        simple=_flag(document, "simple", default=False),
        normalise=_flag(document, "normalise", default=False),
        tau=_whole(document, "tau", 1),
        attackers=_whole(document, "attackers", 0 if document.get("moving_attackers") else 1),
        capture_radius=_whole(document, "capture_radius", 0),
        form=_choice(document, "form", (NORMAL, SCHEDULE), NORMAL),
        general_sum=general,
        defender_penalty=_number(document, "defender_penalty", DEFAULT_PENALTY),
        attacker_penalty=_number(document, "attacker_penalty", DEFAULT_PENALTY),
        step_cost=step_cost,
        mode=mode,
        notes=tuple(notes),
    )


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


# -- fields -------------------------------------------------------------------------------------------


def _keys(given: Mapping[str, Any], what: str, accepted: Sequence[str], needed: Sequence[str]) -> None:
    for key in given:
        if key not in accepted:
            raise InputError(f"{what} has the unknown key {_shown(key)}: accepted are {', '.join(accepted)}.")
    for key in needed:
        if key not in given:
            raise InputError(f"{what} lacks {key!r}: needed are {', '.join(needed)}.")


def _object(value: Any, name: str, accepted: Sequence[str], needed: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is {_shown(value)}; give an object with {', '.join(needed)}.")
    _keys(value, name, accepted, needed)
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{name} is {_shown(value)}; give a list.")
    return value


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    for number, row in enumerate(_list(value, name), start=1):
        if not isinstance(row, Mapping):
            raise InputError(f"Entry {number} of {name} is {_shown(row)}; give an object.")
    rows: list[Mapping[str, Any]] = value
    return rows


def _pairs(value: Any) -> list[list[NodeId]]:
    for number, edge in enumerate(_list(value, "edges of graph"), start=1):
        if not isinstance(edge, list) or len(edge) != 2:
            raise InputError(f"Entry {number} of edges is {_shown(edge)}; give a pair of nodes.")
    pairs: list[list[NodeId]] = value
    return pairs


def _targets(value: Any) -> tuple[dict[NodeId, Any], dict[NodeId, Any]]:
    values: dict[NodeId, Any] = {}
    gained: dict[NodeId, Any] = {}
    for number, row in enumerate(_objects(value, "targets"), start=1):
        _keys(row, f"Entry {number} of targets", TARGET_KEYS, ("node", "value"))
        node = row["node"]
        if isinstance(node, bool) or not isinstance(node, int | str):
            raise InputError(f"node of entry {number} of targets is {_shown(node)}; give a node id.")
        if node in values:
            raise InputError(f"Target {node!r} is given twice; give it once.")
        values[node] = row["value"]
        if "attacker_value" in row:
            gained[node] = row["attacker_value"]
    return values, gained


def _places(value: Any, nodes: list[Any]) -> Any:
    if value is None:
        return None
    if not nodes:
        raise InputError("graph has xy but no nodes; list the nodes in the order of their places.")
    try:
        table = np.array(value, dtype=float)
    except (TypeError, ValueError):
        table = np.zeros(0)
    if table.shape != (len(nodes), 2) or not np.isfinite(table).all():
        raise InputError(f"xy of graph must be a list of {len(nodes)} pairs of numbers, one a node.")
    return table


def _choice(document: Mapping[str, Any], name: str, accepted: Sequence[str], default: str) -> str:
    value = document.get(name, default)
    if value not in accepted or not isinstance(value, str):
        raise InputError(f"{name} is {_shown(value)}; choose {' or '.join(accepted)}.")
    return value


def _flag(document: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise InputError(f"{name} is {_shown(value)}; give true or false.")
    return value


def _whole(document: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = document.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} is {_shown(value)}; give a whole number.")
    return value


def _number(document: Mapping[str, Any], name: str, default: float) -> float:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name} is {_shown(value)}; give a number.")
    return as_float(value)


def _text(document: Mapping[str, Any], name: str) -> None:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise InputError(f"{name} is {_shown(value)}; give a text.")
