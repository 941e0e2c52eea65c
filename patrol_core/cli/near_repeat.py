"""``patrol near-repeat``: Knox's test on own events with days and places."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.files import read_input


def add_parser(commands: Any) -> None:
    """Add ``near-repeat`` to the command line."""
    parser = commands.add_parser(
        "near-repeat",
        help="test whether crimes are followed by others nearby and soon (Knox)",
        description="Test whether crimes are followed by others nearby and soon (Knox). FILE is a CSV of your own events with a date "
        "(a day) and x and y in metres, or longitude and latitude; police.uk rows have months and snapped points only and are refused.",
    )
    parser.add_argument("file", metavar="FILE.csv", help="own events; - reads standard input")
    parser.add_argument(
        "--distance", metavar="METRES", type=float, default=100.0, help="width of a band of distance (100)"
    )
    parser.add_argument("--bands", metavar="N", type=int, default=5, help="bands of distance (5)")
    parser.add_argument("--days", metavar="DAYS", type=int, default=7, help="width of a band of time (7)")
    parser.add_argument("--periods", metavar="N", type=int, default=5, help="bands of time (5)")
    parser.add_argument(
        "--permutations", metavar="R", type=int, default=999, help="shuffles of the days (999)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the shuffles (1)")
    parser.add_argument(
        "--dates",
        choices=("day-first", "month-first"),
        help="order of dates like 03/04/2024 where the file does not tell",
    )
    parser.add_argument("--out", metavar="TABLE.csv", type=Path, help="write the table here, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read the events and test every band."""
    from patrol_core.cli import tell
    from patrol_core.reports.bundle_writer import write_atomic
    from patrol_core.reports.csv import to_csv_bytes
    from patrol_core.risk import Bands, knox_table
    from patrol_core.sources.own_events import read_dated_points

    bands = Bands(arguments.distance, arguments.bands, arguments.days, arguments.periods)
    order = None if arguments.dates is None else arguments.dates == "day-first"
    events = read_dated_points(
        "standard input" if arguments.file == "-" else Path(arguments.file).name,
        read_input(arguments.file),
        day_first=order,
    )
    found = knox_table(
        events.x,
        events.y,
        events.day,
        bands=bands,
        permutations=arguments.permutations,
        seed=arguments.seed,
    )
    tell(events.findings)
    if arguments.out is not None:
        units = {"observed": "pairs", "expected": "pairs", "ratio": "observed over expected"}
        write_atomic(arguments.out, to_csv_bytes(found.table, units))
    first, last = events.period
    return {
        "events": found.events,
        "from": first,
        "to": last,
        "near_pairs": found.near_pairs,
        "permutations": found.permutations,
        "seed": found.seed,
        "finding": found.finding(),
        "findings": [noticed.as_dict() for noticed in events.findings],
        "cells": found.table.to_dict(orient="records"),
        **({"table": str(arguments.out)} if arguments.out is not None else {}),
    }
