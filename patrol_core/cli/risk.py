"""``patrol risk``: what is known of every zone's risk, as files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.plan import add_choices, add_place, check_weights, data_of, scenario_of

SOMETIMES = ("hotspots.csv", "accuracy.csv", "static_score.csv")
"""Files that some data do not allow."""


def add_parser(commands: Any) -> None:
    """Add ``risk`` to the command line."""
    parser = commands.add_parser(
        "risk",
        help="risk of every zone, with intervals, smoothing and density",
        description="Risk of every zone: recorded and smoothed, with intervals, per km² and per head, kernel density, "
        "and where the data allow it hot spots, the accuracy of maps on later months, and a static score.",
    )
    add_place(parser)
    add_choices(parser, "data")
    parser.add_argument(
        "--bandwidth",
        default="likelihood",
        metavar="METRES",
        help="of the kernel density: metres, or a rule: likelihood (places left out; the default) or scott",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for the files; without it only the summary is printed"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Work out the risk; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.cli import say, tell
    from patrol_core.reports.bundle_writer import write_bundle
    from patrol_core.reports.bundles.risk import bandwidth_of, risk_files
    from patrol_core.reports.plain import to_json_bytes

    scenario = scenario_of(arguments)
    bandwidth_of(arguments.bandwidth)
    data = data_of(arguments)
    check_weights(arguments, data)
    found = risk_files(data, scenario.changed(area=data.key), bandwidth=arguments.bandwidth)
    if arguments.out is not None:
        files = {**found.files, "summary.json": to_json_bytes(found.summary)}
        write_bundle(arguments.out, files, outdated=SOMETIMES)
        say(f"Wrote {', '.join(files)} to {arguments.out}.")
    tell(found.findings)
    for name, reason in found.summary["left_out"].items():
        say(f"left out: {name}. {reason}")
    return found.summary
