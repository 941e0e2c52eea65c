"""``patrol plan``: from crime rows to a plan, its files and its report."""

from __future__ import annotations

import argparse
from typing import Any

from patrol_core.cli.options import add_choices, add_folder, add_place, place_and_choices
from patrol_core.cli.output import say, tell

DESCRIPTION = (
    "Make a patrol plan: units and hours of every zone, randomised deployments, fairness, and a report."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add place, choices and the folder of the files."""
    add_place(parser)
    add_choices(parser)
    add_folder(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the plan; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.planning import summarise
    from patrol_core.reports.bundles.plan import make_plan_files

    data, scenario = place_and_choices(arguments)
    result = summarise(data, scenario)
    written = make_plan_files(result, arguments.out) if arguments.out is not None else ()
    # Only now, so that a fault above stands alone on stderr.
    say(f"Planned for {data.name} ({data.kind}).")
    say(result.headline)
    tell(result.findings)
    if result.hours is None:
        say(f"warning: No plan by month could be made. {result.hours_fault}")
    if written:
        say(f"Wrote {', '.join(written)} to {arguments.out}.")
    return dict(result.summary)
