"""``patrol plan``: from crime rows to a plan, its files and its report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.areas import AreaData
from patrol_core.cli.files import read_input
from patrol_core.errors import InputError
from patrol_core.risk import OWN, entries_of, known_types, parse_entries, read_weights
from patrol_core.scenario import Choice, Scenario, choices, make_scenario
from patrol_core.sources.area import area_from_crimes
from patrol_core.sources.sample import EMBEDDED, load_area

FLAGS = {name: row.flag for name, row in choices().items() if row.flag}
"""Flag of each choice; place, crime types and switches have their own form below."""


COMMON = {"seed"}
"""Choices of every command that draws."""
NULLABLE = {"fairness", "share_least", "share_most", "city_hours", "ward_hours", "borough_hours"}
"""Choices that can be switched off."""


def add_parser(commands: Any) -> None:
    """Add ``plan`` to the command line."""
    parser = commands.add_parser(
        "plan",
        help="make a patrol plan from crime data",
        description="Make a patrol plan: coverage of every zone, hours, randomised deployments, fairness, and a report.",
    )
    add_place(parser)
    add_choices(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for the files; without it only the summary is printed"
    )
    parser.set_defaults(run=run)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name the data."""
    place = parser.add_argument_group("place")
    place.add_argument("--area", help=f"embedded data: {', '.join(EMBEDDED)} (default sample)")
    place.add_argument(
        "--crimes",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=Path,
        help="police.uk archive rows as published: CSV, zip or folder; several may be given",
    )
    place.add_argument(
        "--store",
        metavar="DIR",
        nargs="?",
        const="",
        help="rows of the store inside --boundaries; DIR when it is not the usual one",
    )
    place.add_argument(
        "--lookup", metavar="CSV", type=Path, help="with --store: ONS lookup from LSOA 2011 to 2021"
    )
    place.add_argument(
        "--boundaries", metavar="FILE", type=Path, help="zones as GeoJSON, GeoPackage or zipped Shapefile"
    )
    place.add_argument(
        "--zone-id",
        metavar="COLUMN",
        help="with --boundaries: the column that names the zones (default: found by its heading or its codes)",
    )
    place.add_argument(
        "--attributes",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        help="CSV by zone code: population, deprivation, wards; several may be given",
    )


def add_choices(parser: argparse.ArgumentParser, *parts: str) -> None:
    """Add the flags of the choices of the named parts; of all parts by default."""
    chosen = parser.add_argument_group("choices")
    table = choices()
    for name, flag in FLAGS.items():
        row = table[name]
        if parts and row.part not in parts and name not in COMMON:
            continue
        chosen.add_argument(flag, dest=name, default=None, metavar=_metavar(row), help=_help(row))
    chosen.add_argument("--type", dest="crime_types", action="append", help=table["crime_types"].help)
    chosen.add_argument("--harm", action="store_true", help="weight crimes by the Cambridge Crime Harm Index")
    chosen.add_argument("--patrol-generated", action="store_true", help=table["patrol_generated"].help)
    chosen.add_argument(
        "--weight",
        dest="own_weights",
        metavar="TYPE=WEIGHT",
        action="append",
        help="what one crime of a type counts for, for every type that counts; puts own weights in force unless --weighting "
        "names another table",
    )
    chosen.add_argument(
        "--weights",
        metavar="FILE",
        type=Path,
        help="own weights as CSV: crime_type, weight; as with --weight",
    )


def _metavar(row: Choice) -> str:
    return row.unit.upper().replace(" ", "-") or row.name.upper()


def _help(row: Choice) -> str:
    default = "none" if row.default in (None, "") else str(row.default)
    return f"{row.help} (default {default})".replace("%", "%%")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the plan; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.cli import say, tell
    from patrol_core.reports.bundles.plan import make_plan_files, summarise

    scenario = scenario_of(arguments)
    data = data_of(arguments)
    check_weights(arguments, data)
    scenario = scenario.changed(area=data.key)
    result = summarise(data, scenario)
    written = make_plan_files(result, arguments.out) if arguments.out is not None else ()
    # Only now, so that a fault above stands alone on stderr.
    say(f"Planned for {data.name} ({data.kind}).")
    tell(result.prepared.findings)
    if result.hours is None:
        say(f"warning: No hours plan could be made. {result.hours_fault}")
    if written:
        say(f"Wrote {', '.join(written)} to {arguments.out}.")
    return dict(result.summary)


def scenario_of(arguments: argparse.Namespace) -> Scenario:
    """The scenario that the flags stand for."""
    values: dict[str, Any] = {
        name: getattr(arguments, name) for name in FLAGS if getattr(arguments, name, None) is not None
    }
    for name, text in values.items():
        if text in {"off", "none"} and name in NULLABLE:
            values[name] = None
    if arguments.crime_types:
        values["crime_types"] = tuple(arguments.crime_types)
    if arguments.harm:
        if values.get("weighting", "cchi") != "cchi":
            raise InputError(
                f"--harm asks for cchi, --weighting for {values['weighting']!r}; give one of them."
            )
        values["weighting"] = "cchi"
    own = _own_weights(arguments)
    if own:
        if arguments.harm:
            raise InputError(
                "--harm asks for the Cambridge index, --weight and --weights for own; give one of them."
            )
        values = {"weighting": OWN, **values, "own_weights": own}
    if arguments.patrol_generated:
        values["patrol_generated"] = True
    return make_scenario(values)


def _own_weights(arguments: argparse.Namespace) -> tuple[str, ...]:
    if arguments.weights is None:
        return tuple(arguments.own_weights or ())
    if arguments.own_weights:
        raise InputError("--weight and --weights both give own weights; give one of them.")
    return entries_of(read_weights(str(arguments.weights), read_input(str(arguments.weights))))


def check_weights(arguments: argparse.Namespace, data: AreaData) -> None:
    """See that own weights name crime types that there are; only the data tell.

    Raises
    ------
    InputError
        For a type that neither the data nor a published table have; names the line of a file.
    """
    known = known_types(data.crime_types)
    if arguments.weights is not None:
        read_weights(str(arguments.weights), read_input(str(arguments.weights)), known=known)
    for name in parse_entries(arguments.own_weights or ()):
        if name not in known:
            raise InputError(f"--weight: there is no crime type {name!r}; choose from {', '.join(known)}.")


def data_of(arguments: argparse.Namespace) -> AreaData:
    """The data that the flags name: embedded, or files."""
    from patrol_core.sources.archive import read_crimes
    from patrol_core.sources.zone_tables import read_attributes, read_polygons

    if arguments.store is not None:
        return _from_store(arguments)
    if arguments.lookup is not None:
        raise InputError("--lookup goes with --store; add --store, or give it as --attributes.")
    if not arguments.crimes:
        if arguments.boundaries or arguments.attributes or arguments.zone_id:
            raise InputError(
                "--boundaries, --zone-id and --attributes go with --crimes; add --crimes FILE, or leave them out."
            )
        return load_area("sample" if arguments.area is None else arguments.area)
    if arguments.area:
        raise InputError("--area names embedded data and --crimes brings its own; give one of them.")
    crimes, report = read_crimes(arguments.crimes)
    if arguments.zone_id and not arguments.boundaries:
        raise InputError("--zone-id names a column of --boundaries; add --boundaries FILE, or leave it out.")
    polygons = (
        read_polygons(arguments.boundaries, id_column=arguments.zone_id) if arguments.boundaries else None
    )
    attributes = [read_attributes(path) for path in arguments.attributes]
    name = (
        arguments.crimes[0].stem if len(arguments.crimes) == 1 else f"{len(arguments.crimes)} files of crimes"
    )
    return area_from_crimes(
        crimes, polygons=polygons, lookup=attributes or None, name=name, findings=report.findings
    )


def _from_store(arguments: argparse.Namespace) -> AreaData:
    """All rows of the store inside the boundaries, and in the months if those are given."""
    from patrol_core.sources.archive import read_lookup
    from patrol_core.sources.store import Store
    from patrol_core.sources.store.area import open_area
    from patrol_core.sources.zone_tables import read_attributes, read_polygons

    if arguments.crimes or arguments.area:
        raise InputError("--store brings its own rows; leave out --area and --crimes.")
    if arguments.boundaries is None:
        raise InputError("--store needs --boundaries FILE, the zones to plan for.")
    return open_area(
        Store(arguments.store or None),
        polygons=read_polygons(arguments.boundaries, id_column=arguments.zone_id),
        lookup=read_lookup(arguments.lookup) if arguments.lookup else None,
        attributes=[read_attributes(path) for path in arguments.attributes] or None,
        name=arguments.boundaries.stem,
    )
