"""Flags that the commands on the store share, and progress on stderr."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.output import say
from patrol_core.errors import InputError

if TYPE_CHECKING:
    from patrol_core.sources.store import Part, Pull, Store


def add_store(parser: Any) -> None:
    """Add ``--store DIR``."""
    add = parser.add_argument
    add("--store", metavar="DIR", type=Path, help="folder of the store (default: cache in the data folder)")


def add_choice(parser: Any) -> None:
    """Add flags that choose some of the data."""
    add = parser.add_argument
    add("--name", metavar="NAME", help="only this area or imported file")
    add("--force", metavar="FORCE", help='only this force, e.g. "Metropolitan Police Service"')
    add("--month", metavar="YYYY-MM", action="append", help="only this month; may be repeated")


def store_of(arguments: argparse.Namespace) -> Store:
    """The store the flags name; says what was mended while opening it."""
    from patrol_core.sources.store import Store

    store = Store(arguments.store)
    for note in store.notes:
        say(f"warning: {note}")
    return store


def month_of(flag: str, text: str) -> str:
    """``text`` if it is a month; InputError naming the flag otherwise."""
    import re

    from patrol_core.files.schema import MONTH_PATTERN

    if not re.fullmatch(MONTH_PATTERN, text):
        raise InputError(f"{flag} cannot be {text!r}: give a month of the form 2024-05.")
    return text


def months_of(arguments: argparse.Namespace) -> list[str] | None:
    """Months of ``--month``, checked."""
    return [month_of("--month", m) for m in arguments.month] if arguments.month else None


def progress(every_s: float = 0.5) -> Callable[[float, str], None]:
    """Tell share and words on stderr, not more often than that."""
    last = [0.0]

    def tell(share: float, text: str) -> None:
        now = time.monotonic()
        if now - last[0] >= every_s or share >= 1.0:
            last[0] = now
            say(f"{max(0.0, share):4.0%} {text}")

    return tell


def describe(pull: Pull, parts: list[Part]) -> dict[str, Any]:
    """A pull and what is left of it, for JSON."""
    months = sorted({p.month for p in parts})
    return {
        "name": pull.name,
        "origin": pull.origin,
        "taken_at": pull.taken_at,
        "edition": pull.edition,
        "licence": pull.licence,
        "rows_read": pull.rows_read,
        "rows": sum(p.rows for p in parts if p.state == "whole"),
        "bytes": sum(p.bytes for p in parts if p.state == "whole"),
        "kinds": sorted({p.kind for p in parts}),
        "datasets": sorted({p.dataset for p in parts}),
        "months": [months[0], months[-1]] if months else [],
        "forces": sorted({p.force for p in parts if p.force}),
        "damaged": [p.describe() for p in parts if p.state != "whole"],
        "findings": pull.findings,
    }
