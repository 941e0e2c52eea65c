"""``patrol areas``: balanced, contiguous patrol areas."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.files import write_folder
from patrol_core.cli.options import add_choices, add_place, place_and_choices, scenario_of
from patrol_core.cli.output import tell
from patrol_core.errors import InputError
from patrol_core.scenario import choices

if TYPE_CHECKING:
    import geopandas as gpd

    from patrol_core.areas import Finding

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
    add(
        "--work",
        metavar="risk|hours|COLUMN",
        default="risk",
        help="what is balanced (default risk); with --file the column of the work",
    )
    own = parser.add_argument_group("zones of your own, in place of a place's").add_argument
    own(
        "--file",
        metavar="FILE",
        type=Path,
        help="zones and their work: GeoJSON, GeoPackage, zipped Shapefile, or CSV with outlines as WKT (POLYGON ((x y, …)))",
    )
    own("--id", metavar="COLUMN", help="with --file: the column that names the zones")
    own(
        "--crs",
        metavar="CODE",
        help="with a CSV: its coordinate reference system, e.g. EPSG:27700 (degrees are known)",
    )
    add("--exact-up-to", type=int, default=60, help="zones up to which the programme runs (default 60)")
    add("--time-limit", type=float, default=60.0, help="seconds for the programme (default 60)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for beats.csv, areas.csv, beats.geojson, summary.json"
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Divide the zones; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.allocation.areas import make_areas
    from patrol_core.planning import beats_compared, zone_points
    from patrol_core.reports.bundles.areas import beats_files
    from patrol_core.zones import neighbours

    zones, work, unit, findings, seed = (_of_place if arguments.file is None else _of_file)(arguments)
    beats = make_areas(
        work,
        zone_points(zones),
        neighbours(zones),
        arguments.count,
        tolerance=arguments.tolerance,
        seed=seed,
        time_limit=arguments.time_limit,
        exact_up_to=arguments.exact_up_to,
    )
    compared = beats_compared(zones, beats)
    files = beats_files(beats, zones, compared, unit, findings=findings)
    write_folder(arguments.out, files)
    tell(findings, beats.notes)
    return {
        **beats.certificate.as_dict(),
        "tolerance": beats.tolerance,
        "imbalance": beats.imbalance,
        "within_tolerance": beats.within,
        "tolerance_impossible": beats.impossible,
        "areas": beats.figures(),
        "compared": compared,
        "work_unit": unit,
        "findings": findings,
        "notes": beats.notes,
    }


_Zones = tuple["gpd.GeoDataFrame", dict[str, float], str, tuple["Finding", ...], int]
"""Zones, their work and its unit, what was noticed, and the seed."""


def _of_place(arguments: argparse.Namespace) -> _Zones:
    """Zones of a place, with their risk or the hours of its plan."""
    from patrol_core.planning import prepare, work_finding, work_of

    for flag in ("id", "crs"):
        if getattr(arguments, flag) is not None:
            raise InputError(f"--{flag} goes with --file; add --file FILE, or leave it out.")
    data, scenario = place_and_choices(arguments)
    prepared = prepare(data, scenario)
    work, unit = work_of(prepared, scenario, arguments.work)
    noticed = work_finding(work, arguments.work)
    findings = (*prepared.findings, *([noticed] if noticed else []))
    return prepared.zones, work, unit, findings, scenario.seed


def _of_file(arguments: argparse.Namespace) -> _Zones:
    """Zones and work of a table."""
    from patrol_core.sources.zone_tables import read_work

    if arguments.id is None or arguments.work == "risk":
        raise InputError(
            "--file needs --id COLUMN and --work COLUMN: the columns of the zones' ids and of their work"
            " (a column called 'risk' must be renamed: that word stands for the risk of an area's data)."
        )
    for flag in ("area", "crimes", "store", "lookup", "boundaries", "zone_id", "attributes"):
        if getattr(arguments, flag):
            raise InputError(
                f"--file brings its own zones and --{flag.replace('_', '-')} names others; give one of them."
            )
    scenario = scenario_of(arguments)
    made = sorted(set(scenario.to_query()) - {choices()["seed"].url})
    if made:
        names = {row.url: row.flag or row.name for row in choices().values()}
        raise InputError(f"{names[made[0]]} is a choice of a plan, and --file has none; leave it out.")
    found = read_work(arguments.file, id_column=arguments.id, work_column=arguments.work, crs=arguments.crs)
    return found.zones, found.work, found.unit, found.findings, scenario.seed
