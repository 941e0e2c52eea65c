"""``patrol matrix``: a two-player game given as a matrix, from a file to strategies."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SOLVERS = ("nash", "sse", "rm", "rm+", "prm+", "double-oracle")


DESCRIPTION = (
    "Solve a two-player game in normal form: .json, .npz, .h5, Gambit's .nfg or GAMUT's .game. The JSON holds "
    '"row" and "column", one list of payoffs a row; without "column" the game is zero-sum and the row player maximises. '
    "sse lets the row player commit first; rm, rm+ and prm+ are averages of regret matching."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE", help="the game; - reads stdin")
    add("--solve", choices=SOLVERS, default="nash", help="how (nash)")
    add("--support", type=int, metavar="K", help="at most K rows may be played (nash, zero-sum)")
    add("--time-limit", type=float, default=60.0, metavar="S", help="seconds (60)")
    add("--gap", type=float, default=1e-6, metavar="G", help="relative gap at which to stop (1e-6)")
    add(
        "--iterations", type=int, default=100_000, metavar="N", help="most rounds of regret matching (100000)"
    )
    add(
        "--averaging",
        type=int,
        choices=(0, 1, 2),
        default=2,
        help="regret matching weighs rounds equally, linearly or quadratically (2)",
    )
    add(
        "--alternate",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="in regret matching the column player sees the row player's new strategy (on)",
    )
    add(
        "--export",
        metavar="FILE.ext",
        type=Path,
        help="also write the game as .json, .npz, .h5, .nfg or .game",
    )
    add("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Solve the game of a file."""
    from patrol_core.cli.files import read_input, write_json
    from patrol_core.files.atomic import write_atomic
    from patrol_core.files.numbers import within_reach
    from patrol_core.games.matrix import export_kind, read_matrix, solve_matrix, write_matrix

    kind = None if arguments.export is None else export_kind(arguments.export.name)
    game = read_matrix(arguments.file, read_input(arguments.file))
    with within_reach({"row": game.row, "column": game.column}, "The game"):
        found = solve_matrix(
            game,
            arguments.solve,
            support=arguments.support,
            time_limit=arguments.time_limit,
            gap=arguments.gap,
            iterations=arguments.iterations,
            averaging=arguments.averaging,
            alternation=arguments.alternate,
        )
    if kind is not None:
        write_atomic(arguments.export, write_matrix(game, kind))
    return write_json(found.as_dict(), arguments.out)
