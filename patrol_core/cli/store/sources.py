"""``patrol sources``: what is in the store, whether it is whole, and clearing it."""

from __future__ import annotations

import argparse
from typing import Any

from patrol_core.cli.output import say
from patrol_core.cli.store.options import add_choice, add_store, describe, months_of, store_of
from patrol_core.errors import InputError

DESCRIPTION = "List what is in the store: what, from where, when, rows, licence, size."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("--check", action="store_true", help="read every file and set damaged ones aside")
    add("--clear", action="store_true", help="delete what the choice below names; --all for everything")
    add("--all", action="store_true", help="with --clear: everything, kept answers as well")
    add("--dataset", choices=("crimes", "outcomes"), help="only this data set")
    add_choice(parser)
    add_store(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """List, after checking or clearing."""
    store = store_of(arguments)
    choice = {
        "dataset": arguments.dataset,
        "name": arguments.name,
        "force": arguments.force,
        "months": months_of(arguments),
    }
    if arguments.clear:
        if any(choice.values()) == arguments.all:
            raise InputError("--clear needs a choice (--name, --force, --month, --dataset), or --all.")
        gone = store.clear(**choice, answers=arguments.all)
        say(f"Deleted {sum(p.rows for p in gone):,} rows in {len(gone)} files.")
    if arguments.check:
        for part in store.check():
            say(f"error: damaged and set aside: {part.describe()}")
    parts = store.parts()
    if not arguments.clear:
        wanted = {p.id for p in store.pulls() if arguments.name in (None, p.name)}
        parts = [
            p
            for p in parts
            if p.pull_id in wanted
            and arguments.dataset in (None, p.dataset)
            and arguments.force in (None, p.force)
            and (choice["months"] is None or p.month in choice["months"])
        ]
    size = store.size()
    listed = [(pull, [p for p in parts if p.pull_id == pull.id]) for pull in store.pulls()]
    return {
        "store": str(store.folder),
        "bytes": {"tables": size.tables, "answers": size.answers, "quarantine": size.quarantine},
        "rows": sum(p.rows for p in parts if p.state == "whole"),
        "sources": [describe(pull, own) for pull, own in listed if own],
    }
