"""``patrol event``: where to stand and when to move at one public event, from JSON to JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DESCRIPTION = (
    "Plan a public event: first places and moves that keep the worst attack at any moment as small as can be. "
    'The JSON holds "duration", "resources", "lambda", "travel_time" and "targets" with their values over time.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("file", metavar="FILE.json", help="the event; - reads stdin")
    add(
        "--method",
        choices=("exact", "no-travel"),
        default="exact",
        help="exact, or as if moving took no time (a lower bound)",
    )
    add("--compare", action="store_true", help="add the worst case of simpler plans on the same event")
    add(
        "--orders",
        metavar="FILE.csv",
        type=Path,
        help="write the orders: one row a unit and move, and one for each unit that stands throughout",
    )
    add("--out", metavar="FILE", type=Path, help="write the result there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Plan the event of a file."""
    from patrol_core.cli.files import read_input, write_json
    from patrol_core.events import comparison, plan_document, read_event, solve_event, unit_orders
    from patrol_core.files.atomic import write_atomic
    from patrol_core.reports.csv import to_csv_bytes

    plan = solve_event(read_event(read_input(arguments.file)), method=arguments.method)
    result = plan_document(plan)
    if arguments.compare:
        table = comparison(plan).astype(object)
        result["compared"] = table.where(table.notna(), None).to_dict("records")
    if arguments.orders is not None:
        write_atomic(arguments.orders, to_csv_bytes(unit_orders(plan)))
    return write_json(result, arguments.out)
