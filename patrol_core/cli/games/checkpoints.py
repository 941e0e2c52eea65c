"""``patrol checkpoints``: where to put randomised checkpoints on a network, from JSON to JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = (
    "Place checkpoints so that an intruder who knows the habits does least harm. The JSON holds "
    '"edges", "sources", "targets" {node: payoff}, "checkpoints", and optionally "directed", "capture_payoff", '
    '"detection", "no_checkpoint" and "method".'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.json", help="the game; - reads stdin")
    add("--time-limit", type=float, default=60.0, metavar="S", help="seconds for the exact value (60)")
    add("--draw", type=int, default=0, metavar="N", help="add deployments drawn for N nights")
    add("--seed", type=int, default=1, help="seed of the draw (1)")
    add("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Solve the game of a file."""
    from patrol_core.cli.files import read_input, write_json
    from patrol_core.errors import InputError
    from patrol_core.graphs.checkpoints import draw, plan_document, read_checkpoints, solve_checkpoints

    if not arguments.time_limit > 0:
        raise InputError(f"--time-limit is {arguments.time_limit:g}; give seconds above 0.")
    if arguments.draw < 0:
        raise InputError(f"--draw is {arguments.draw}; give 0 or more nights.")
    game, method = read_checkpoints(read_input(arguments.file))
    plan = solve_checkpoints(game, method, time_limit=arguments.time_limit)
    result = plan_document(plan)
    if arguments.draw:
        nights = draw(plan.strategy, arguments.draw, seed=arguments.seed)
        result["drawn"] = [[list(game.network.names(edge)) for edge in night] for night in nights]
    return write_json(result, arguments.out)
