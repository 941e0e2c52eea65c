"""``patrol risk``: what is known of every zone's risk, as files."""

from __future__ import annotations

import argparse
from typing import Any

from patrol_core.cli.files import write_folder
from patrol_core.cli.options import add_choices, add_folder, add_place, place_and_choices, scenario_of
from patrol_core.cli.output import say, tell

SOMETIMES = ("hotspots.csv", "accuracy.csv", "static_score.csv")
"""Files that some data do not allow."""


DESCRIPTION = (
    "Risk of every zone: recorded and smoothed, with intervals, per km² and per head, kernel density, "
    "and where the data allow it hot spots, the accuracy of maps on later months, and a static score."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_place(parser)
    add_choices(parser, "data")
    parser.add_argument(
        "--bandwidth",
        default="likelihood",
        metavar="METRES",
        help="of the kernel density: metres, or a rule: likelihood (places left out; the default) or scott",
    )
    add_folder(parser)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Work out the risk; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.reports.bundles.risk import bandwidth_of, risk_files
    from patrol_core.reports.plain import to_json_bytes

    scenario = scenario_of(arguments)
    bandwidth_of(arguments.bandwidth)
    data, scenario = place_and_choices(arguments, scenario)
    found = risk_files(data, scenario, bandwidth=arguments.bandwidth)
    files = {**found.files, "summary.json": to_json_bytes(found.summary)}
    write_folder(arguments.out, files, outdated=SOMETIMES)
    tell(found.findings)
    for name, reason in found.summary["left_out"].items():
        say(f"left out: {name}. {reason}")
    return found.summary
