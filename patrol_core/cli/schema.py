"""``patrol schema``: what the documents of the other commands may hold, as JSON schemas made from what reads them."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

#: Kind of document to the command that reads it, and to the room and name of its model, which is loaded when it is asked for.
KINDS: dict[str, tuple[str, str, str]] = {
    "scenario": ("patrol plan --scenario FILE", "patrol_core.scenario", "ScenarioDocument"),
    "game": ("patrol game FILE", "patrol_core.games.documents", "GameDocument"),
    "matrix": ("patrol matrix FILE", "patrol_core.games.matrix", "MatrixDocument"),
    "checkpoints": ("patrol checkpoints FILE", "patrol_core.graphs.checkpoints", "CheckpointDocument"),
    "event": ("patrol event FILE", "patrol_core.events", "EventDocument"),
    "patrol-game": ("patrol patrol-game FILE", "patrol_core.graphs.patrol", "PatrolGameDocument"),
    "scene": ("patrol patrol-instance file FILE", "patrol_core.graphs.places", "SceneDocument"),
}


DESCRIPTION = "Print the JSON schema of a kind of document."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "kind", nargs="?", choices=list(KINDS), help="kind of document; without it the kinds are listed"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Print one schema, or what kinds there are."""
    from patrol_core.cli.files import write_json
    from patrol_core.files.documents import schema_of

    if arguments.kind is None:
        return write_json(
            {"kinds": {kind: command for kind, (command, _, _) in KINDS.items()}}, arguments.out
        )
    return write_json(schema_of(model_of(arguments.kind)), arguments.out)


def model_of(kind: str) -> Any:
    """The model of a kind of document."""
    _, room, name = KINDS[kind]
    return getattr(import_module(room), name)
