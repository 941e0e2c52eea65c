"""``patrol export``: data of the store as a zip that another machine imports."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.store.options import add_choice, add_store, months_of, store_of

DESCRIPTION = (
    "Write data of the store to a zip, with provenance and licences; `patrol import` takes it in elsewhere."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--out", metavar="ZIP", type=Path, required=True)
    add_choice(parser)
    add_store(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the zip."""
    from patrol_core.sources.store import export_store

    return export_store(
        store_of(arguments),
        arguments.out,
        months=months_of(arguments),
        force=arguments.force,
        name=arguments.name,
    )
