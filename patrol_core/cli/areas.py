"""``patrol areas``: balanced, contiguous patrol areas."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.files import write_folder
from patrol_core.cli.options import add_choices, add_place, place_and_choices
from patrol_core.cli.output import tell

DESCRIPTION = (
    "Group zones into contiguous, compact patrol areas of equal work, and compare them with the wards."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_place(parser)
    add_choices(parser, "data", "game", "hours")
    add = parser.add_argument_group("areas").add_argument
    add("--count", type=int, default=8, help="number of areas (default 8)")
    add(
        "--tolerance",
        type=float,
        default=0.1,
        help="share by which work may differ (default 0.1); where no division keeps it, the best found is given and said",
    )
    add("--work", choices=("risk", "hours"), default="risk", help="what is balanced (default risk)")
    add("--exact-up-to", type=int, default=60, help="zones up to which the programme runs (default 60)")
    add("--time-limit", type=float, default=60.0, help="seconds for the programme (default 60)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for beats.csv, areas.csv, beats.geojson, summary.json"
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Divide the zones; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.allocation.areas import make_areas
    from patrol_core.planning import beats_compared, prepare, work_of, zone_points
    from patrol_core.reports.bundles.areas import beats_files
    from patrol_core.zones import neighbours

    data, scenario = place_and_choices(arguments)
    prepared = prepare(data, scenario)
    work, unit = work_of(prepared, scenario, arguments.work)
    beats = make_areas(
        work,
        zone_points(prepared.zones),
        neighbours(prepared.zones),
        arguments.count,
        tolerance=arguments.tolerance,
        seed=scenario.seed,
        time_limit=arguments.time_limit,
        exact_up_to=arguments.exact_up_to,
    )
    compared = beats_compared(prepared, beats)
    files = beats_files(beats, prepared.zones, compared, unit, findings=prepared.findings)
    write_folder(arguments.out, files)
    tell(prepared.findings, beats.notes)
    return {
        **beats.certificate.as_dict(),
        "tolerance": beats.tolerance,
        "imbalance": beats.imbalance,
        "within_tolerance": beats.within,
        "areas": beats.figures(),
        "compared": compared,
        "work_unit": unit,
        "findings": prepared.findings,
        "notes": beats.notes,
    }
