"""``patrol convert-pickle``: a GUARD .pkl turned into a file that is safe to read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = (
    "A pickle can name any program function to be called when it is loaded, so no other command reads one. This one admits only numbers, "
    "texts, containers and numpy arrays of numbers and refuses everything else by name; a hostile file can still exhaust memory. "
    "Convert only files from people you trust."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.pkl", help="the pickle; - reads stdin")
    add(
        "--out",
        metavar="FILE",
        type=Path,
        required=True,
        help="what to write: .npz, .json, .h5, .nfg or .game",
    )
    add("--i-trust-this-file", action="store_true", help="say that you know where the file comes from")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Convert one file."""
    from patrol_core.cli.files import read_input
    from patrol_core.errors import InputError
    from patrol_core.files.atomic import write_atomic
    from patrol_core.games.matrix import RISK, export_kind, read_pickle, write_matrix

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
