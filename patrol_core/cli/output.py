"""What a command says: results on stdout, progress and faults on stderr, each also where the stream is full or closed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from patrol_core.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from patrol_core.areas import Finding


def print_bytes(content: bytes) -> None:
    """Write to stdout as UTF-8, whatever the terminal's own encoding is.

    Raises:
        SourceError: When stdout cannot take it all: closed, or a file on a full disk.
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
        from patrol_core.files.atomic import why

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


def tell(findings: Iterable[Finding], notes: Iterable[str] = ()) -> None:
    """Say warnings and errors about the data, and notes on the result; findings of severity ``info`` stand in the result alone."""
    for finding in findings:
        if finding.severity != "info":
            say(f"{finding.severity}: {finding.text}")
    for note in notes:
        say(f"note: {note}")
