"""The table of commands, and the one parser that is filled by the module of the command that was named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from patrol_core.cli.output import print_bytes, say
from patrol_core.errors import InputError, PatrolError


class Command(NamedTuple):
    """One command: its name, the line that help says of it, the module below ``patrol_core.cli`` that runs it, other names.

    The module has a ``DESCRIPTION``, ``add_arguments(parser)``, and ``run(arguments)``, whose result is printed as JSON
    unless it is None.
    """

    name: str
    help: str
    module: str
    aliases: tuple[str, ...] = ()


COMMANDS = (
    Command("plan", "make a patrol plan from crime data", "plan"),
    Command("briefing", "hand a plan out: PDF, DOCX, PPTX, HTML, maps and one zip", "briefing"),
    Command("risk", "risk of every zone, with intervals, smoothing and density", "risk"),
    Command(
        "forecast", "the months ahead of every zone and ward, with intervals and honest scores", "forecast"
    ),
    Command(
        "near-repeat", "test whether crimes are followed by others nearby and soon (Knox)", "near_repeat"
    ),
    Command("game", "solve one security game given as JSON", "games.game"),
    Command("hours", "divide patrol hours over zones and months", "hours"),
    Command("roster", "named units by shift and zone for a month", "roster"),
    Command("areas", "contiguous patrol areas with equal work", "areas", ("beats",)),
    Command("event", "plan placement and moves for a public event given as JSON", "games.event"),
    Command(
        "checkpoints", "place randomised checkpoints on a road network given as JSON", "games.checkpoints"
    ),
    Command("patrol-game", "solve a patrol game on a graph given as JSON", "patrol.game"),
    Command(
        "patrol-instance",
        "make a patrol game on a graph from animals, infrastructure, crime, or a place of the library",
        "patrol.instance",
    ),
    Command("matrix", "solve a two-player game given as a matrix", "games.matrix"),
    Command(
        "convert-pickle", "turn a GUARD .pkl into a game file that is safe to read", "games.convert_pickle"
    ),
    Command("schema", "what a JSON document may hold", "schema"),
    Command("feedback", "simulate a plan that feeds on its own records", "feedback"),
    Command("fetch", "pull crimes of an area from data.police.uk into the store", "store.fetch"),
    Command("import", "take police.uk files into the store", "store.importing"),
    Command("sources", "list, check or clear what is in the store", "store.sources"),
    Command("export", "write data of the store to a zip, with provenance and licences", "store.export"),
)


class Parser(argparse.ArgumentParser):
    """A parser whose faults are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise InputError(f"{message}. See `{self.prog} --help`.")

    def print_help(self, file: Any = None) -> None:
        """Write the help, as UTF-8 where it goes to stdout."""
        if file is None:
            print_bytes(self.format_help().encode())
        else:
            super().print_help(file)


def build_parser(only: str | None = None) -> Parser:
    """The command line.

    Args:
        only: Load the module of this command alone; the others are known by name and help. None loads all of
            them.
    """
    parser = Parser(
        prog="patrol",
        description="Plan patrols on open crime data: who is protected, at what price, and how sure we are.",
        epilog="Exit codes: 0 done, 2 bad input, 3 infeasible, 4 a file or source that cannot be read.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for command in COMMANDS:
        own = commands.add_parser(command.name, aliases=command.aliases, help=command.help)
        if only in (None, command.name, *command.aliases):
            module = import_module(f"patrol_core.cli.{command.module}")
            own.description = module.DESCRIPTION
            own.set_defaults(run=module.run)
            module.add_arguments(own)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        # The whole command line has no flag with a value, so the first word that is no flag names the command.
        named = next((word for word in given if not word.startswith("-")), "")
        chosen = build_parser(named).parse_args(given)
        result = chosen.run(chosen)
        for note in getattr(chosen, "notes", ()):  # only now, so that a fault stands alone on stderr
            say(f"note: {note}")
        if result is not None:
            from patrol_core.reports.plain import to_json_bytes

            print_bytes(to_json_bytes(result))
    except PatrolError as error:
        say(" ".join(str(error).split()))
        return error.exit_code
    except KeyboardInterrupt:
        say("Stopped; nothing was written.")
        return 130
    return 0
