"""Checkpoint games as JSON, and plans as plain data: the shapes of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.files.numbers import within_reach
from patrol_core.files.strict_json import load_document, quoted
from patrol_core.graphs.checkpoints.defender_oracle import ranger
from patrol_core.graphs.checkpoints.double_oracle import CheckpointPlan, sampled, solve_exact
from patrol_core.graphs.checkpoints.game import CheckpointGame, make_game
from patrol_core.roads import make_network

METHODS = ("exact", "ranger+radius", "ranger+comb")
KEYS = (
    "directed",
    "edges",
    "sources",
    "targets",
    "capture_payoff",
    "checkpoints",
    "method",
    "detection",
    "no_checkpoint",
)
NEEDED = ("edges", "sources", "targets", "checkpoints")
WHAT = "The checkpoint game"
FORM = '{"edges": [["a", "b"], ["b", "c"]], "sources": ["a"], "targets": {"c": -5}, "checkpoints": 1}'
"""Subject of messages, and the form that they show."""


def read_checkpoints(text: bytes | str) -> tuple[CheckpointGame, str]:
    """A game and its method from JSON.

    Raises
    ------
    InputError
        One sentence: where the JSON breaks off, which field is missing, unknown or of the wrong kind.
    """
    return game_from(load_document(text, WHAT, needs=f"{', '.join(NEEDED)}, like {FORM}"))


def game_from(document: Any) -> tuple[CheckpointGame, str]:
    """A game and its method from plain data (see :func:`read_checkpoints`)."""
    if not isinstance(document, Mapping):
        raise InputError(f"{WHAT} must be a JSON object with {', '.join(NEEDED)}, like {FORM}.")
    for key in document:
        if key not in KEYS:
            raise InputError(
                f"The checkpoint game has an unknown field {quoted(key)}; the fields are {', '.join(KEYS)}."
            )
    for key in NEEDED:
        if key not in document:
            raise InputError(f"The checkpoint game has no field {key!r}; it needs {', '.join(NEEDED)}.")
    method = document.get("method", "exact")
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"There is no method {quoted(method)}; choose one of {', '.join(METHODS)}.")
    edges = _edges(document["edges"], "edges")
    directed = document.get("directed", False)
    if not isinstance(directed, bool):
        raise InputError(f"The field directed is {quoted(directed)}; give true or false.")
    barred = {
        frozenset(edge) if not directed else edge
        for edge in _edges(document.get("no_checkpoint", []), "no_checkpoint")
    }
    keys = [edge if directed else frozenset(edge) for edge in edges]
    missing = [edge for edge in barred if edge not in keys]
    if missing:
        raise InputError(
            f"The field no_checkpoint names {' and '.join(sorted(missing[0]))}, which is no edge; check it."
        )
    network = make_network(edges, directed=directed, guardable=[key not in barred for key in keys])
    targets = document["targets"]
    if not isinstance(targets, Mapping):
        raise InputError('The field "targets" must be an object {node: payoff}.')
    sources = document["sources"]
    if not isinstance(sources, list):
        raise InputError('The field "sources" must be a list of nodes.')
    game = make_game(
        network,
        [str(name) for name in sources],
        {str(name): _number(value, f"payoff of target {name!r}") for name, value in targets.items()},
        checkpoints=_whole(document["checkpoints"]),
        capture=_number(document.get("capture_payoff", 0.0), "capture_payoff"),
        detection=_number(document.get("detection", 1.0), "detection"),
    )
    return game, str(method)


def _edges(value: Any, field: str) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        raise InputError(f'The field "{field}" must be a list of pairs of nodes.')
    for number, edge in enumerate(value, start=1):
        if not isinstance(edge, list) or len(edge) != 2:
            raise InputError(f"Entry {number} of {field} is {quoted(edge)}; give a pair of nodes.")
    return [(str(a), str(b)) for a, b in value]


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"The {field} is {quoted(value)}; give a number.")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        raise InputError(f"The field checkpoints is {quoted(value)}; give a whole number.")
    return int(value)


def solve_checkpoints(game: CheckpointGame, method: str, *, time_limit: float = 60.0) -> CheckpointPlan:
    """The plan of a game by one of :data:`METHODS`."""
    names = [game.network.nodes[int(node)] for node in game.targets]
    numbers = {
        "targets": dict(zip(names, game.payoffs.tolist(), strict=True)),
        "capture_payoff": game.capture,
        "detection": game.detection,
    }
    with within_reach(numbers, WHAT):
        return solve_exact(game, time_limit=time_limit) if method == "exact" else sampled(game, method)


def plan_document(plan: CheckpointPlan) -> dict[str, Any]:
    """A plan as plain data: the common fields, ``ranger_bound``, ``defender_utility``, ``marginals``, ``strategy``, ``best_path``."""
    network = plan.game.network
    marginals = plan.strategy.marginals(network.size)
    best = plan.approach.best
    order = np.argsort(-plan.strategy.probability, kind="stable")
    return {
        **plan.certificate.as_dict(),
        "ranger_bound": plan.ranger_bound,
        "defender_utility": plan.value,
        "marginals": [[*network.names(edge), float(marginals[edge])] for edge in range(network.size)],
        "strategy": [
            {
                "probability": float(plan.strategy.probability[k]),
                "edges": [list(network.names(edge)) for edge in plan.strategy.sets[k]],
            }
            for k in order
        ],
        "ranger_marginals": [
            [*network.names(edge), float(x)] for edge, x in enumerate(ranger(plan.game).marginals) if x > 0
        ],
        "best_path": {
            "target": network.nodes[int(plan.game.targets[best.target])],
            "stopped": best.stopped,
            "edges": [list(network.names(edge)) for edge in best.edges],
        },
    }
