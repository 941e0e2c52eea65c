"""Flags that several commands share, and what they mean: place, choices, results."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.files import read_input
from patrol_core.errors import InputError
from patrol_core.scenario import (
    Choice,
    Scenario,
    ScenarioDocument,
    choices,
    make_scenario,
    read_scenarios,
)

if TYPE_CHECKING:
    from patrol_core.areas import AreaData

FLAGS = {name: row.flag for name, row in choices().items() if row.flag}
"""Flag of each choice; place, crime types and switches have their own form below."""
COMMON = {"seed"}
"""Choices of every command that draws."""
NULLABLE = {name for name, row in choices().items() if row.default is None}
"""Choices that can be switched off."""
ALIASES = {"budget": ("--budget",), "month_hours": ("--city-budget",)}
"""Other spellings of a flag."""


class _OneSpelling(argparse.Action):
    """Takes a value, and refuses a second one by another spelling of the flag, which would quietly win."""

    said = ""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the value."""
        spelled = option_string or ""
        if getattr(namespace, self.dest, None) is not None and self.said != spelled:
            raise InputError(f"{self.said} and {spelled} both say the same choice; give one of them.")
        self.said = spelled
        setattr(namespace, self.dest, values)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name the data."""
    from patrol_core.sources.sample import EMBEDDED

    add = parser.add_argument_group("place").add_argument
    add("--area", help=f"embedded data: {', '.join(EMBEDDED)} (default sample)")
    add(
        "--crimes",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=Path,
        help="police.uk archive rows as published: CSV, zip or folder; several may be given",
    )
    add(
        "--store",
        metavar="DIR",
        nargs="?",
        const="",
        help="rows of the store inside --boundaries; DIR when it is not the usual one",
    )
    add("--lookup", metavar="CSV", type=Path, help="with --store: ONS lookup from LSOA 2011 to 2021")
    add("--boundaries", metavar="FILE", type=Path, help="zones as GeoJSON, GeoPackage or zipped Shapefile")
    add(
        "--zone-id",
        metavar="COLUMN",
        help="with --boundaries: the column that names the zones (default: found by its heading or its codes)",
    )
    add(
        "--attributes",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        help="CSV by zone code: population, deprivation, wards; several may be given",
    )


def add_choices(parser: argparse.ArgumentParser, *parts: str, taken: Collection[str] = ()) -> None:
    """Add the flags of the choices of the named parts; of all parts by default.

    Args:
        parser, parts: Of the command.
        taken: Flags that the command has for something else; a choice without another spelling is left out.
    """
    add = parser.add_argument_group("choices").add_argument
    table = choices()
    add(
        "--scenario",
        dest="scenario_file",
        metavar="FILE",
        type=Path,
        help="choices from a file, as the pages hand it out; further flags win over it",
    )
    add("--scenario-name", metavar="NAME", help="which scenario of the file, where it holds several")
    for name, flag in FLAGS.items():
        row = table[name]
        if parts and row.part not in parts and name not in COMMON:
            continue
        spelled = [one for one in (flag, *ALIASES.get(name, ())) if one not in taken]
        if spelled:
            add(
                *spelled, dest=name, default=None, metavar=_metavar(row), help=_help(row), action=_OneSpelling
            )
    add("--type", dest="crime_types", action="append", help=table["crime_types"].help)
    add("--harm", action="store_true", help="weight crimes by the Cambridge Crime Harm Index")
    add("--patrol-generated", action="store_true", help=table["patrol_generated"].help)
    add(
        "--weight",
        dest="own_weights",
        metavar="TYPE=WEIGHT",
        action="append",
        help="what one crime of a type counts for, for every type that counts; puts own weights in force unless --weighting "
        "names another table",
    )
    add(
        "--weights",
        metavar="FILE",
        type=Path,
        help="own weights as CSV: crime_type, weight; as with --weight",
    )


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add ``--out DIR``."""
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for the files; without it only the summary is printed"
    )


def _metavar(row: Choice) -> str:
    return row.unit.upper().replace(" ", "-") or row.name.upper()


def _help(row: Choice) -> str:
    default = "none" if row.default in (None, "") else str(row.default)
    return f"{row.help} (default {default})".replace("%", "%%")


def place_and_choices(
    arguments: argparse.Namespace,
    scenario: Scenario | None = None,
    *,
    data: Callable[[argparse.Namespace], AreaData] | None = None,
) -> tuple[AreaData, Scenario]:
    """The data and the scenario that the flags stand for, once both are known to fit.

    Args:
        arguments: Of the command.
        scenario: Where it was read already.
        data: Reads the data; :func:`data_of` by default.
    """
    chosen = scenario_of(arguments) if scenario is None else scenario
    document = _document(arguments)
    if document is not None:
        _place_of(arguments, document)
    area = (data or data_of)(arguments)
    check_weights(arguments, area)
    if document is None:
        return area, chosen.changed(area=area.key)
    from patrol_core.planning import for_data

    changed, said = for_data(document, area)
    arguments.notes += said
    on_line = _values_on_line(arguments)
    return area, chosen.changed(**{name: value for name, value in changed.items() if name not in on_line})


def scenario_of(arguments: argparse.Namespace) -> Scenario:
    """The scenario that ``--scenario`` and the flags stand for; what flags change of the file is noted."""
    values, document = _values_on_line(arguments), _document(arguments)
    if document is None:
        return make_scenario(values)
    before = document.scenario
    after = before.changed(**values)
    for name in values:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            said = f"{choices()[name].label} is {_shown(new)} by the command line; the scenario says {_shown(old)}."
            arguments.notes.append(said)
    return after


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def _document(arguments: argparse.Namespace) -> ScenarioDocument | None:
    """The scenario of the file of ``--scenario``, read once; None without."""
    if arguments.scenario_file is None:
        if arguments.scenario_name is not None:
            raise InputError("--scenario-name names one of the scenarios of a file; add --scenario FILE.")
        return None
    read: ScenarioDocument | None = getattr(arguments, "scenario_read", None)
    if read is None:
        path, wanted = arguments.scenario_file, arguments.scenario_name
        found, arguments.notes = read_scenarios(read_input(path), str(path)), []
        held = {one.name: one for one in found[0]}
        if wanted is None and len(held) > 1:
            raise InputError(
                f"{path} holds {len(held)} scenarios ({', '.join(held)}); say which with --scenario-name NAME."
            )
        if wanted is not None and wanted not in held:
            raise InputError(
                f"{path} holds no scenario named {wanted!r}; it holds {', '.join(held) or 'one without a name'}."
            )
        read = found[0][0] if wanted is None else held[wanted]
        arguments.scenario_read, arguments.notes = read, [*found[1]]
    return read


def _place_of(arguments: argparse.Namespace, document: ScenarioDocument) -> None:
    """Take the place from the scenario where the line names none."""
    from patrol_core.sources.sample import EMBEDDED

    if arguments.area or arguments.crimes or arguments.store is not None:
        return
    area = document.scenario.area
    if area not in EMBEDDED:
        raise InputError(
            f"{arguments.scenario_file} was made for {document.data.name or area}, which does not come with the program; "
            "give its files with --crimes or --store, or other data with --area."
        )
    arguments.area = area


def _values_on_line(arguments: argparse.Namespace) -> dict[str, Any]:
    """The choices that the flags name."""
    values: dict[str, Any] = {
        name: getattr(arguments, name) for name in FLAGS if getattr(arguments, name, None) is not None
    }
    for name, text in values.items():
        if text in {"off", "none"} and name in NULLABLE:
            values[name] = None
    said = [FLAGS[name] for name in ("budget", "month_hours", "officers") if values.get(name) is not None]
    if len(said) > 1:
        raise InputError(f"{' and '.join(said)} both say what there is; give one of them.")
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
        from patrol_core.risk import OWN

        if arguments.harm:
            raise InputError(
                "--harm asks for the Cambridge index, --weight and --weights for own; give one of them."
            )
        values = {"weighting": OWN, **values, "own_weights": own}
    if arguments.patrol_generated:
        values["patrol_generated"] = True
    return values


def _own_weights(arguments: argparse.Namespace) -> tuple[str, ...]:
    if arguments.weights is None:
        return tuple(arguments.own_weights or ())
    if arguments.own_weights:
        raise InputError("--weight and --weights both give own weights; give one of them.")
    from patrol_core.risk import entries_of, read_weights

    return entries_of(read_weights(str(arguments.weights), read_input(arguments.weights)))


def check_weights(arguments: argparse.Namespace, data: AreaData) -> None:
    """See that own weights name crime types that there are; only the data tell.

    Raises:
        InputError: For a type that neither the data nor a published table have; names the line of a file.
    """
    from patrol_core.risk import known_types, parse_entries, read_weights

    known = known_types(data.crime_types)
    if arguments.weights is not None:
        read_weights(str(arguments.weights), read_input(arguments.weights), known=known)
    for name in parse_entries(arguments.own_weights or ()):
        if name not in known:
            raise InputError(f"--weight: there is no crime type {name!r}; choose from {', '.join(known)}.")


def data_of(arguments: argparse.Namespace) -> AreaData:
    """The data that the flags name: embedded, or files."""
    from patrol_core.api import area_from_files
    from patrol_core.sources.sample import load_area

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
    if arguments.zone_id and not arguments.boundaries:
        raise InputError("--zone-id names a column of --boundaries; add --boundaries FILE, or leave it out.")
    return area_from_files(
        arguments.crimes,
        boundaries=arguments.boundaries,
        zone_id=arguments.zone_id,
        attributes=arguments.attributes,
    )


def _from_store(arguments: argparse.Namespace) -> AreaData:
    """All rows of the store inside the boundaries, and in the months if those are given."""
    from patrol_core.api import area_from_store

    if arguments.crimes or arguments.area:
        raise InputError("--store brings its own rows; leave out --area and --crimes.")
    if arguments.boundaries is None:
        raise InputError("--store needs --boundaries FILE, the zones to plan for.")
    return area_from_store(
        arguments.store or None,
        arguments.boundaries,
        zone_id=arguments.zone_id,
        attributes=arguments.attributes,
        lookup=arguments.lookup,
    )
