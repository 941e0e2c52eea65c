"""``patrol beats``: balanced, contiguous patrol areas."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.plan import add_choices, add_place, check_weights, data_of, scenario_of


def add_parser(commands: Any) -> None:
    """Add ``beats`` to the command line."""
    parser = commands.add_parser(
        "beats",
        help="contiguous patrol areas with equal work",
        description="Group zones into contiguous, compact patrol areas of equal work, and compare them with the wards.",
    )
    add_place(parser)
    add_choices(parser, "data", "hours")
    own = parser.add_argument_group("areas")
    own.add_argument("--count", type=int, default=8, help="number of areas (default 8)")
    own.add_argument(
        "--tolerance", type=float, default=0.1, help="share by which work may differ (default 0.1)"
    )
    own.add_argument(
        "--work", choices=("risk", "hours"), default="risk", help="what is balanced (default risk)"
    )
    own.add_argument(
        "--exact-up-to", type=int, default=60, help="zones up to which the programme runs (default 60)"
    )
    own.add_argument("--time-limit", type=float, default=60.0, help="seconds for the programme (default 60)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for beats.csv, areas.csv, beats.geojson, summary.json"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Divide the zones; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.allocation.areas import make_areas
    from patrol_core.cli import say, tell
    from patrol_core.planning.analysis import beats_compared, prepare, work_of, zone_points
    from patrol_core.reports.bundle_writer import write_bundle
    from patrol_core.reports.bundles.areas import beats_files
    from patrol_core.zones import neighbours

    scenario = scenario_of(arguments)
    data = data_of(arguments)
    check_weights(arguments, data)
    prepared = prepare(data, scenario.changed(area=data.key))
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
    if arguments.out is not None:
        write_bundle(arguments.out, files)
        say(f"Wrote {', '.join(files)} to {arguments.out}.")
    tell(prepared.findings)
    for note in beats.notes:
        say(f"note: {note}")
    return {
        **beats.certificate.as_dict(),
        "areas": beats.figures().to_dict("records"),
        "compared": compared.to_dict("records"),
        "work_unit": unit,
        "findings": [noticed.as_dict() for noticed in prepared.findings],
        "notes": list(beats.notes),
    }
