"""Reading input and writing results for the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from patrol_core.cli.output import say
from patrol_core.errors import InputError, SourceError

#: Most bytes that a command reads of one file.
MOST_INPUT = 4_000_000_000
#: Most bytes of the standard input, whose size is not known before.
MOST_PIPED = 1_000_000_000


def read_input(name: str | Path) -> bytes:
    """The bytes of a file or pipe, or of the standard input for ``-``.

    Raises:
        SourceError: When the file cannot be read, or is a folder or a device.
        InputError: When it is larger than :data:`MOST_INPUT` (:data:`MOST_PIPED`).
    """
    from patrol_core.files.reading import read_file, read_stream

    if str(name) != "-":
        return read_file(name, most=MOST_INPUT, piped=MOST_PIPED)
    try:
        data = read_stream(sys.stdin.buffer, most=MOST_PIPED)
    except (OSError, ValueError, MemoryError) as error:
        raise SourceError(f"The standard input cannot be read: {error}; give a file.") from error
    if len(data) > MOST_PIPED:
        raise InputError(f"The standard input holds more than {MOST_PIPED / 1e9:g} GB; give a file.")
    return data


def write_json(result: dict[str, Any], out: Path | None) -> dict[str, Any] | None:
    """Write a result to a file, or hand it back for stdout."""
    from patrol_core.files.atomic import write_atomic
    from patrol_core.reports.plain import to_json_bytes

    if out is None:
        return result
    write_atomic(out, to_json_bytes(result))
    return None


def write_folder(folder: Path | None, files: Mapping[str, bytes], *, outdated: Iterable[str] = ()) -> None:
    """Write the files of a result, all or none, and say so; nothing without ``--out``.

    Args:
        folder: Of ``--out``.
        files: Content by name.
        outdated: Names of files that earlier results may have left there; removed.
    """
    from patrol_core.reports.bundle_writer import write_bundle

    if folder is not None:
        write_bundle(folder, files, outdated=outdated)
        say(f"Wrote {', '.join(files)} to {folder}.")
