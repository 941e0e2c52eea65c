"""``patrol convert-pickle``: a GUARD .pkl turned into a file that is safe to read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add ``convert-pickle`` to the command line."""
    parser = commands.add_parser(
        "convert-pickle",
        help="turn a GUARD .pkl into a game file that is safe to read",
        description=(
            "A pickle can name any program function to be called when it is loaded, so no other command reads one. This one admits only numbers, "
            "texts, containers and numpy arrays of numbers and refuses everything else by name; a hostile file can still exhaust memory. "
            "Convert only files from people you trust."
        ),
    )
    parser.add_argument("file", metavar="FILE.pkl", help="the pickle; - reads stdin")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        required=True,
        help="what to write: .npz, .json, .h5, .nfg or .game",
    )
    parser.add_argument(
        "--i-trust-this-file", action="store_true", help="say that you know where the file comes from"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Convert one file."""
    from patrol_core.cli.files import read_input
    from patrol_core.errors import InputError
    from patrol_core.games.matrix import RISK, export_kind, read_pickle, write_matrix
    from patrol_core.reports.bundle_writer import write_atomic

    if not arguments.i_trust_this_file:
        raise InputError(f"{RISK} Add --i-trust-this-file to go on.")
    kind = export_kind(arguments.out.name)
    game = read_pickle(read_input(arguments.file))
    write_atomic(arguments.out, write_matrix(game, kind))
    return {
        "written": str(arguments.out),
        "rows": game.shape[0],
        "columns": game.shape[1],
        "zero_sum": game.zero_sum,
    }
