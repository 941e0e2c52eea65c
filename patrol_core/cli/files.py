"""Reading input and writing results for the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from patrol_core.errors import SourceError
from patrol_core.reports.files import write_atomic
from patrol_core.reports.plain import to_json_bytes


def read_input(name: str) -> bytes:
    """The bytes of a file, or of stdin for ``-``.

    Raises
    ------
    SourceError
        When the file cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}; check the path.") from error


def write_json(result: dict[str, Any], out: Path | None) -> dict[str, Any] | None:
    """Write a result to a file, or hand it back for stdout."""
    if out is None:
        return result
    write_atomic(out, to_json_bytes(result))
    return None
