"""``patrol import``: police.uk files of any size, a zip of ``patrol export``, or names for maps of an OpenStreetMap extract, into the store."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from patrol_core.cli.files import read_input
from patrol_core.cli.output import say, tell
from patrol_core.cli.store.options import add_store, progress, store_of
from patrol_core.errors import InputError

DESCRIPTION = (
    "Take police.uk files into the store: archive zips, folders, street and outcomes CSVs of any size, and zips "
    "written by `patrol export`. Of a month and force the newest edition is kept. Of an OpenStreetMap extract (.osm.pbf, .osm) "
    "the names of places, stations and main roads are kept, for the maps."
)

EXTRACT = (".osm.pbf", ".osm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument(
        "--edition", metavar="YYYY-MM", help="how new the data are (default: told from the files)"
    )
    add_store(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Import every file, in the order given."""
    from patrol_core.roads import labels_of
    from patrol_core.sources.store import import_bundle, import_files, is_bundle, keep_labels

    edition = arguments.edition
    if edition is not None and not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", edition):
        raise InputError(f"--edition cannot be {edition!r}: give a month like 2024-05, or a day.")
    store = store_of(arguments)
    results: list[dict[str, Any]] = []
    for file in arguments.files:
        if file.name.lower().endswith(EXTRACT):
            labels = labels_of(file.name, read_input(file))
            keep_labels(labels, store.folder)
            results.append({"file": file.name, "names": len(labels)})
            say(f"{file.name}: {len(labels):,} names kept for maps.")
            continue
        if is_bundle(file):
            added = import_bundle(store, file)
            rows = sum(p.rows for p in added.parts)
            results.append(
                {
                    "file": file.name,
                    "rows": rows,
                    "parts": len(added.parts),
                    "replaced_parts": len(added.replaced),
                    "not_taken": len(added.older),
                }
            )
            say(f"{file.name}: {rows:,} rows taken.")
            continue
        report = import_files(store, file, edition=edition, on_progress=progress())
        tell(report.findings)
        results.append(
            {
                "file": file.name,
                "rows_read": report.rows_read,
                "rows": report.rows_kept,
                "rows_left_out": report.rows_left_out,
                "outcomes": report.outcomes,
                "files": len(report.files),
                "files_already_stored": len(report.same),
                "ignored": len(report.ignored),
                "replaced_parts": len(report.replaced),
                "not_taken": len(report.older),
                "months": [report.months[0], report.months[-1]] if report.months else [],
                "forces": list(report.forces),
                "findings": report.findings,
            }
        )
    return {"store": str(store.folder), "imported": results}
