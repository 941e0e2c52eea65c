"""``patrol game``: one security game, from JSON to JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add ``game`` to the command line."""
    parser = commands.add_parser(
        "game",
        help="solve one security game given as JSON",
        description="Solve one security game. The JSON names the kind (zone), the values, the budget and the rules.",
    )
    parser.add_argument("file", metavar="FILE.json", help="the game; - reads stdin")
    parser.add_argument(
        "--deployments", action="store_true", help="add randomised deployments with exactly this coverage"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Solve the game of a file."""
    from patrol_core.cli.files import read_json, write_json
    from patrol_core.games.formats import solve_game_json

    result = solve_game_json(read_json(arguments.file), deployments=arguments.deployments)
    return write_json(result, arguments.out)
