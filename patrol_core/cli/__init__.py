"""The command line: the same product without a browser.

Results go to stdout as one JSON object, progress and faults to stderr. Exit codes: 0 done, 2 bad input,
3 infeasible, 4 a source that could not be read. No traceback is shown for a fault of the input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from patrol_core.areas import Finding
from patrol_core.cli import (
    areas as beats,
)
from patrol_core.cli import (
    checkpoints,
    convert_pickle,
    event,
    feedback,
    forecast,
    game,
    hours,
    matrix,
    near_repeat,
    plan,
    risk,
    roster,
    schema,
)
from patrol_core.cli.patrol import (
    game as patrol_game,
)
from patrol_core.cli.patrol import (
    instance as patrol_instance,
)
from patrol_core.cli.store import (
    export,
    fetch,
    importing,
    sources,
)
from patrol_core.errors import InputError, PatrolError, SourceError
from patrol_core.files.atomic import why
from patrol_core.reports.plain import to_json_bytes

COMMANDS = (
    plan,
    risk,
    forecast,
    near_repeat,
    game,
    hours,
    roster,
    beats,
    event,
    checkpoints,
    patrol_game,
    patrol_instance,
    matrix,
    convert_pickle,
    schema,
    feedback,
    fetch,
    importing,
    sources,
    export,
)


class _Parser(argparse.ArgumentParser):
    """A parser whose faults are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}. See `{self.prog} --help`.")

    def print_help(self, file: Any = None) -> None:
        if file is None:
            _print(self.format_help().encode())
        else:
            super().print_help(file)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, one subcommand a module."""
    parser = _Parser(
        prog="patrol",
        description="Plan patrols on open crime data: who is protected, at what price, and how sure we are.",
        epilog="Exit codes: 0 done, 2 bad input, 3 infeasible, 4 a file or source that cannot be read.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for module in COMMANDS:
        module.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        chosen = build_parser().parse_args(arguments)
        result = chosen.run(chosen)
        if result is not None:
            _print(to_json_bytes(result))
    except PatrolError as error:
        say(_one_line(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("Stopped; nothing was written.")
        return 130
    return 0


def _print(content: bytes) -> None:
    """Write to stdout as UTF-8, whatever the terminal's own encoding is.

    Raises
    ------
    SourceError
        When stdout cannot take it all: closed, or a file on a full disk.
    """
    raw = getattr(sys.stdout, "buffer", None)
    try:
        if raw is None:
            sys.stdout.write(content.decode())
        else:
            raw.write(content)
            raw.flush()
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        _let_go(sys.stdout)
    except (OSError, AttributeError) as error:  # AttributeError: closed before Python started
        _let_go(sys.stdout)
        reason = why(error) if isinstance(error, OSError) else "it is closed"
        raise SourceError(
            f"The result could not be written to stdout: {reason}; free some space or write it elsewhere."
        ) from error


def _let_go(stream: TextIO | None) -> None:
    """Send what a stream still holds to nowhere, so that the end of the process does not fail on it again."""
    if stream is not None:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())


def say(text: str) -> None:
    """Write one line to stderr; where that cannot be written, the exit code has to speak."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        _let_go(sys.stderr)
    except AttributeError:  # closed before Python started
        return


def tell(findings: Iterable[Finding]) -> None:
    """Say warnings and errors about the data on stderr; every command that reads data does, and has all findings in its result.

    Parameters
    ----------
    findings
        As they come with the data; those that change nothing ("info") stand in the result alone.
    """
    for finding in findings:
        if finding.severity != "info":
            say(f"{finding.severity}: {finding.text}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
