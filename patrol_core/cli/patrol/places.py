"""Places for ``patrol patrol-instance``: from the arguments of a family to a scene."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patrol_core.graphs.places import PatrolScene

Pair = tuple[float, float]


def make_scene(arguments: argparse.Namespace) -> PatrolScene:
    """The place that the arguments of a family describe; what they mean is said where they are added."""
    if arguments.family == "library":
        from patrol_core.graphs.places import library_scene

        return library_scene(arguments.key)
    if arguments.family == "file":
        return _from_files(arguments)
    return {"green": _green_scene, "infrastructure": _infrastructure_scene, "urban": _urban_scene}[
        arguments.family
    ](arguments)


def _file(name: str) -> tuple[str, bytes]:
    from patrol_core.cli.files import read_input

    return ("stdin.csv" if name == "-" else Path(name).name), read_input(name)


def _points(given: Sequence[Sequence[str]] | None, option: str) -> dict[str, Pair] | None:
    from patrol_core.errors import InputError
    from patrol_core.files.numbers import number_of

    if not given:
        return None
    out: dict[str, Pair] = {}
    for name, lon, lat in given:
        if name in out:
            raise InputError(f"{option} {name} is given twice; name them apart.")
        try:
            out[name] = (number_of(lon), number_of(lat))
        except ValueError:
            raise InputError(
                f"{option} {name} has the place {lon} {lat}; give longitude and latitude as numbers."
            ) from None
    return out


def _attacker(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "bases": _points(arguments.base, "--base"),
        "alpha": arguments.alpha,
        "attacker_value_factor": arguments.attacker_factor,
        "defender_value_factor": arguments.defender_factor,
        "mode": arguments.mode,
    }


def _green_scene(arguments: argparse.Namespace) -> PatrolScene:
    from patrol_core.graphs.places import read_observations, wildlife_scene

    name, data = _file(arguments.file)
    seen = read_observations(name, data)
    line = arguments.escape_line
    return wildlife_scene(
        seen.frame,
        None if arguments.box is None else tuple(arguments.box),
        arguments.rows,
        arguments.columns,
        scoring=arguments.scoring,
        clusters=arguments.clusters,
        seed=arguments.seed,
        escape_line=None if line is None else ((line[0], line[1]), (line[2], line[3])),
        title=name,
        notes=seen.notes,
        **_attacker(arguments),
    )


def _infrastructure_scene(arguments: argparse.Namespace) -> PatrolScene:
    from patrol_core.files.vector_files import read_features
    from patrol_core.graphs.places import (
        infrastructure_scene,
        published_weights,
        read_facilities,
        read_street_files,
    )

    roads = read_street_files(
        [_file(name) for name in arguments.roads], respect_oneway=arguments.respect_oneway
    )
    return infrastructure_scene(
        roads,
        read_facilities(_file(arguments.features)),
        weights=None
        if arguments.weights is None
        else published_weights(_file(arguments.weights)[1], arguments.weights),
        other_weight=arguments.other_weight,
        blocks=None if arguments.blocks is None else read_features(*_file(arguments.blocks)),
        radius_m=arguments.radius,
        exponent=arguments.exponent,
        snap_limit_m=arguments.snap_limit,
        escape_points=_points(arguments.escape, "--escape"),
        **_attacker(arguments),
    )


def _urban_scene(arguments: argparse.Namespace) -> PatrolScene:
    from patrol_core.errors import InputError
    from patrol_core.graphs.places import urban_street_scene, urban_zone_scene, zone_risk
    from patrol_core.roads import network_from_lines
    from patrol_core.sources.sample import load_area

    data = load_area(arguments.area)
    words = {
        "generated": data.kind == "generated",
        "attribution": data.attribution,
        "most_targets": arguments.most_targets,
        "suggested": arguments.suggest,
    }
    stations = _points(arguments.base, "--base")
    if arguments.zones == "streets":
        if "streets" not in data.extra or data.crimes is None:
            raise InputError(
                f"{data.name} has no streets with crimes; choose zones ({', '.join(data.zone_systems)})."
            )
        roads = network_from_lines(data.extra["streets"], name=data.name)
        return urban_street_scene(roads, data.crimes[["x", "y"]].to_numpy(dtype=float), stations, **words)
    zones, risk, unit = zone_risk(data, arguments.zones, cell_m=arguments.cell_m)
    return urban_zone_scene(zones, risk, stations, unit=unit, title=data.name, **words)


def _from_files(arguments: argparse.Namespace) -> PatrolScene:
    from patrol_core.errors import InputError
    from patrol_core.graphs.patrol import GraphGame
    from patrol_core.graphs.places import GUARD, kind_of, read_scene

    files = [_file(name) for name in arguments.files]
    options: dict[str, Any] = {}
    if kind_of(files[0]) == GUARD:
        options = {
            "general_sum": arguments.sum == "general",
            "mode": arguments.mode,
            "alpha": arguments.alpha,
        }
    found = read_scene(files, **options)
    if isinstance(found, GraphGame):
        raise InputError(f"{arguments.files[0]} is a game already; give it to `patrol patrol-game`.")
    return found
