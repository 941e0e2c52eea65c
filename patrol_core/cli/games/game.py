"""``patrol game``: one security game, from JSON to JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = "Solve one security game. The JSON names the kind (zone), the values, the budget and the rules."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.json", help="the game; - reads stdin")
    add("--deployments", action="store_true", help="add randomised deployments with exactly this coverage")
    add("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Solve the game of a file."""
    from patrol_core.allocation.deployments import decompose
    from patrol_core.cli.files import read_input, write_json
    from patrol_core.files.strict_json import load_json
    from patrol_core.games.documents import solve_game

    document = load_json(read_input(arguments.file), "The game")
    result = solve_game(document, decompose=decompose if arguments.deployments else None)
    return write_json(result, arguments.out)
