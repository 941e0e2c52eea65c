"""Reading input and writing results for the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from patrol_core.errors import SourceError
from patrol_core.reports.files import write_atomic
from patrol_core.reports.plain import to_json_bytes

#: Most bytes that a command reads of one file.
MOST_INPUT = 4_000_000_000


def read_input(name: str) -> bytes:
    """The bytes of a file, or of stdin for ``-``, up to :data:`MOST_INPUT`.

    Raises
    ------
    SourceError
        When the file cannot be read, or does not end.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MOST_INPUT + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MOST_INPUT + 1)
    except (OSError, ValueError, MemoryError) as error:  # a zero byte in the name is a ValueError
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{name} cannot be read: {why}; check the path.") from error
    if len(data) > MOST_INPUT:
        raise SourceError(f"{name} is larger than {MOST_INPUT / 1e9:g} GB; give a smaller file.")
    return data


def write_json(result: dict[str, Any], out: Path | None) -> dict[str, Any] | None:
    """Write a result to a file, or hand it back for stdout."""
    if out is None:
        return result
    write_atomic(out, to_json_bytes(result))
    return None
