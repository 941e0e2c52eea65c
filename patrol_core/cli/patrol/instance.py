"""``patrol patrol-instance``: a patrol game from a place, as the JSON that ``patrol patrol-game`` solves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.output import say

DESCRIPTION = "Make a patrol game as JSON for `patrol patrol-game`. Places are longitude and latitude."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    families = parser.add_subparsers(
        dest="family", metavar="FAMILY", required=True, parser_class=type(parser)
    )
    _green(families.add_parser("green", help="a park with observations of animals, as a grid"))
    _infrastructure(families.add_parser("infrastructure", help="streets with facilities such as hospitals"))
    _urban(families.add_parser("urban", help="zones or streets of an embedded area with its crime"))
    library = families.add_parser(
        "library", help="a place that ships with the program; without a name, the list of them"
    )
    library.add_argument("key", nargs="?", metavar="KEY", help="name of the place")
    file = families.add_parser("file", help="a scene or a published instance given as a file")
    file.add_argument(
        "files", nargs="+", metavar="FILE", help="scene JSON, published instance, or roads with facilities"
    )
    file.add_argument(
        "--alpha",
        type=float,
        default=1.0,
        help="published instances: how much nearness to the way out adds (1)",
    )
    for one in (library, file):
        _game(one)


def _green(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "file",
        metavar="FILE.csv",
        help="observations: animal_id, lat, lon (or Movebank's names); - reads stdin",
    )
    add(
        "--box",
        nargs=4,
        type=float,
        metavar=("W", "S", "E", "N"),
        help="degrees; around all observations without it",
    )
    add("--rows", type=int, default=8, help="rows of cells (8)")
    add("--columns", type=int, default=8, help="columns of cells (8)")
    add(
        "--scoring",
        choices=("centroid", "density"),
        default="centroid",
        help="how cells are scored (centroid)",
    )
    add("--clusters", type=int, default=10, help="clusters of k-means (10)")
    add("--seed", type=int, default=42, help="seed of k-means (42)")
    add(
        "--escape-line",
        nargs=4,
        type=float,
        metavar=("LON1", "LAT1", "LON2", "LAT2"),
        help="line along which one gets away",
    )
    _shared(parser)


def _infrastructure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--roads", nargs="+", required=True, metavar="FILE", help="road file, or CSV of edges and of nodes")
    add("--features", required=True, metavar="FILE", help="facilities: CSV name, type, lon, lat, or GeoJSON")
    add("--weights", metavar="FILE.json", help="type weights of a published instance (infra_weights)")
    add("--other-weight", type=float, metavar="W", help="weight of types without one (they are left out)")
    add("--blocks", metavar="FILE", help="areas with a column population")
    add(
        "--radius",
        type=float,
        metavar="M",
        help="metres; all blocks that meet the circle count (the containing one)",
    )
    add("--exponent", type=float, default=1.0, help="k of (1 + ln(population + 1))^k (1)")
    add(
        "--snap-limit", type=float, metavar="M", help="leave out facilities farther than this from a crossing"
    )
    add("--respect-oneway", action="store_true", help="keep one-way streets one-way")
    add(
        "--escape",
        nargs=3,
        action="append",
        metavar=("NAME", "LON", "LAT"),
        help="point at which one gets away; may be repeated",
    )
    _shared(parser)


def _urban(parser: argparse.ArgumentParser) -> None:
    from patrol_core.sources.sample import EMBEDDED

    add = parser.add_argument
    add("--area", choices=tuple(EMBEDDED), default="sample", help="embedded area (sample)")
    add("--zones", metavar="SYSTEM", help="zone system; `streets` for crossings where the area has streets")
    add("--cell-m", type=float, default=500.0, metavar="M", help="size of grid cells and hexagons (500)")
    add("--most-targets", type=int, default=12, metavar="N", help="targets of highest risk (12)")
    add("--suggest", type=int, default=2, metavar="N", help="bases to suggest where none is given (2)")
    add("--base", **_BASE)
    _game(parser)


_BASE: dict[str, Any] = {
    "nargs": 3, "action": "append", "metavar": ("NAME", "LON", "LAT"), "help": "a base; may be repeated",
}  # fmt: skip


def _shared(parser: argparse.ArgumentParser) -> None:
    """Options of both families with attackers of their own values."""
    add = parser.add_argument
    add("--base", **_BASE)
    add("--alpha", type=float, default=1.0, help="how much nearness to the way out adds for the attacker (1)")
    add("--attacker-factor", type=float, default=1.0, metavar="F", help="factor of the attacker's values (1)")
    add("--defender-factor", type=float, default=1.0, metavar="F", help="factor of the defender's values (1)")
    _game(parser)


def _game(parser: argparse.ArgumentParser) -> None:
    """Options of the game itself; without one, what suits the place."""
    add = parser.add_argument_group("game").add_argument
    add("--moves", type=int, metavar="T", help="moves of a unit (what suits the place)")
    add("--units", type=int, default=1, metavar="D", help="units, each free to start at any base (1)")
    add("--tau", type=int, help="visits that interdict a target, or states to stay (1)")
    add("--attackers", type=int, metavar="A", help="resources of the attacker (1)")
    add("--form", choices=("normal", "schedule"), help="form of the game (normal)")
    add("--simple", action="store_true", help="schedules of one target only")
    add(
        "--sum",
        choices=("zero", "general"),
        default="zero",
        help="whether the attacker has own values (zero)",
    )
    add("--no-return", action="store_true", help="units may end anywhere")
    add("--defender-penalty", type=float, metavar="P", help="divides the defender's loss of a covered target")
    add("--attacker-penalty", type=float, metavar="P", help="divides the attacker's gain of a covered target")
    add("--step-cost", type=float, metavar="C", help="cost of a move in general-sum games (0)")
    add("--normalise", action="store_true", help="divide payoffs by the largest")
    add(
        "--mode",
        choices=("corrected", "compatible"),
        default="corrected",
        help="compatible counts as the published code (corrected)",
    )
    add(
        "--unreachable",
        choices=("keep", "drop", "refuse"),
        help="what happens to targets that no unit can cover (keep)",
    )
    add(
        "--random-values",
        type=int,
        metavar="SEED",
        help="draw the values at random between lowest and highest",
    )
    add("--scene", metavar="FILE", type=Path, help="write the place itself there as well")
    add("--out", metavar="FILE", type=Path, help="write the game there instead of stdout")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Make the place and the game, and write them; what was left out goes to stderr."""
    from patrol_core.cli.files import write_json
    from patrol_core.cli.patrol.places import make_scene
    from patrol_core.errors import InputError
    from patrol_core.graphs.patrol import game_document
    from patrol_core.graphs.places import scene_document

    if arguments.family == "library" and arguments.key is None:
        return _list(arguments)
    scene = make_scene(arguments)
    if arguments.random_values is not None:
        from patrol_core.graphs.places import random_values

        scene = random_values(scene, arguments.random_values, general_sum=arguments.sum == "general")
    if arguments.units < 1:
        raise InputError(f"--units is {arguments.units}; give at least 1.")
    game = scene.game(units=arguments.units, **_options(arguments))
    document = game_document(game, crs=scene.crs)
    for note in dict.fromkeys((*scene.notes, *game.notes)):
        say(note)
    if arguments.scene is not None:
        write_json(scene_document(scene), arguments.scene)
    return write_json(document, arguments.out)


GIVEN = (
    "moves",
    "tau",
    "attackers",
    "form",
    "defender_penalty",
    "attacker_penalty",
    "step_cost",
    "unreachable",
)
"""Flags of the game that are handed on only where they were given."""


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {name: value for name in GIVEN if (value := getattr(arguments, name)) is not None}
    if arguments.normalise:
        given["normalise"] = True
    if arguments.no_return:
        given["force_return"] = False
    own_values = arguments.sum == "general"
    return {**given, "simple": arguments.simple, "general_sum": own_values, "mode": arguments.mode}


def _list(arguments: argparse.Namespace) -> dict[str, Any] | None:
    from patrol_core.cli.files import write_json
    from patrol_core.graphs.places import LIBRARY

    shown = ("key", "title", "about", "family", "generated")
    rows = [{name: getattr(entry, name) for name in shown} for entry in LIBRARY.values()]
    return write_json({"places": rows}, arguments.out)
