"""``patrol patrol-game``: randomised patrol routes on a graph, from JSON to JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.output import say

DESCRIPTION = (
    'Find randomised patrol routes that are best against attackers who watch. The JSON holds "graph", "timesteps" (moves), '
    '"defenders" with their bases, "targets" with values, and options; see docs/files.md.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.json", help="the game; - reads stdin")
    add("--time-limit", type=float, default=60.0, metavar="S", help="seconds to solve (60)")
    add(
        "--method",
        default="auto",
        choices=("auto", "double-oracle", "simple-lp", "eraser", "origami"),
        help="how to solve it (auto); the others are for some games only",
    )
    add(
        "--unreachable",
        choices=("keep", "drop", "refuse"),
        help="what happens with targets that no unit can cover; overrides the file (keep)",
    )
    add("--estimate", action="store_true", help="say how large the game is, and do not solve it")
    add("--draw", type=int, default=0, metavar="N", help="add joint patrols drawn for N shifts")
    add("--seed", type=int, default=1, help="seed of the draw (1)")
    add(
        "--matrix",
        metavar="FILE",
        type=Path,
        help="also write the whole matrix: .json, .npz, .h5, .nfg or .game",
    )
    add("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Solve the game of a file."""
    from patrol_core.cli.files import read_input, write_json
    from patrol_core.errors import InputError
    from patrol_core.files.numbers import within_reach
    from patrol_core.graphs.patrol import (
        drawn_documents,
        estimate,
        game_from,
        load_game,
        solution_document,
        solve_graph_game,
    )

    if not arguments.time_limit > 0:
        raise InputError(f"--time-limit is {arguments.time_limit:g}; give seconds above 0.")
    if arguments.draw < 0:
        raise InputError(f"--draw is {arguments.draw}; give 0 or more shifts.")
    if arguments.estimate and (arguments.matrix or arguments.draw):
        raise InputError(
            "--estimate solves and writes nothing more; leave out --matrix and --draw, or --estimate."
        )
    document = load_game(read_input(arguments.file))
    if arguments.unreachable:
        document["unreachable"] = arguments.unreachable
    game = game_from(document)
    for note in game.notes:
        say(note)
    if arguments.estimate:
        return write_json(estimate(game).as_dict(), arguments.out)
    if arguments.matrix:
        _write_matrix(game, arguments.matrix)
    with within_reach(document, "The game"):
        solution = solve_graph_game(game, method=arguments.method, time_limit=arguments.time_limit)
    result = solution_document(solution)
    if arguments.draw:
        result["drawn"] = drawn_documents(solution, arguments.draw, seed=arguments.seed)
    return write_json(result, arguments.out)


def _write_matrix(game: Any, path: Path) -> None:
    from patrol_core.files.atomic import write_atomic
    from patrol_core.games.matrix import export_kind, write_matrix
    from patrol_core.graphs.patrol import matrix_of

    kind = export_kind(path.name)
    write_atomic(path, write_matrix(matrix_of(game), kind))
