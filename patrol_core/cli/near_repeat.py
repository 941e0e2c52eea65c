"""``patrol near-repeat``: Knox's test on own events with days and places."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.files import read_input
from patrol_core.cli.output import tell

DESCRIPTION = (
    "Test whether crimes are followed by others nearby and soon (Knox). FILE is a CSV of your own events with a date "
    "(a day) and x and y in metres, or longitude and latitude; police.uk rows have months and snapped points only and are refused."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.csv", help="own events; - reads standard input")
    add("--distance", metavar="METRES", type=float, default=100.0, help="width of a band of distance (100)")
    add("--bands", metavar="N", type=int, default=5, help="bands of distance (5)")
    add("--days", metavar="DAYS", type=int, default=7, help="width of a band of time (7)")
    add("--periods", metavar="N", type=int, default=5, help="bands of time (5)")
    add("--permutations", metavar="R", type=int, default=999, help="shuffles of the days (999)")
    add("--seed", type=int, default=1, help="seed of the shuffles (1)")
    add(
        "--dates",
        choices=("day-first", "month-first"),
        help="order of dates like 03/04/2024 where the file does not tell",
    )
    add("--out", metavar="TABLE.csv", type=Path, help="write the table here, too")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read the events and test every band."""
    from patrol_core.files.atomic import write_atomic
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
        events.x, events.y, events.day, bands=bands, permutations=arguments.permutations, seed=arguments.seed
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
        "findings": events.findings,
        "cells": found.table.to_dict(orient="records"),
        **({"table": str(arguments.out)} if arguments.out is not None else {}),
    }
