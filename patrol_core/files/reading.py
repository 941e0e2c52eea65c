"""Files of this machine that somebody names: looked at before they are read, so that none goes on for ever or fills the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from patrol_core.errors import InputError, PatrolError, SourceError

#: Most bytes of a small table: rosters, shares, demands.
MOST_BYTES = 256_000_000
_BLOCK = 1 << 24


def read_file(path: str | Path, *, most: int = MOST_BYTES, piped: int = 0) -> bytes:
    """The bytes of a file.

    Args:
        path: Where it lies.
        most: Most bytes of a file.
        piped: Most bytes of a pipe (``<(command)`` of a shell), 0 where none is read; a device never is.

    Raises:
        SourceError: When there is none, it is a folder or a device, or cannot be read.
        InputError: When it is larger than ``most``.
    """
    try:
        about = check_file(path, most=most, piped=piped)
        limit = most if stat.S_ISREG(about.st_mode) else piped
        with Path(path).open("rb") as file:
            data = read_stream(file, most=limit, likely=about.st_size)
    except FileNotFoundError:
        raise SourceError(f"{path} cannot be read: there is no such file; check the path.") from None
    except (OSError, ValueError, MemoryError) as error:  # a zero byte in the name is a ValueError
        if isinstance(error, PatrolError):
            raise
        why = getattr(error, "strerror", None) or str(error) or "it does not fit the memory"
        raise SourceError(f"{path} cannot be read: {why}; check the path.") from None
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def read_stream(file: IO[bytes], *, most: int, likely: int = 0) -> bytes:
    """What an open file holds, a byte more than ``most`` at least where it holds more.

    Args:
        file: Opened for reading bytes.
        most: Most bytes wanted.
        likely: Its size where known, so that nothing is copied.
    """
    parts = [file.read(likely + 1)]
    held = len(parts[0])
    while held <= most and (block := file.read(_BLOCK)):
        parts.append(block)
        held += len(block)
    return b"".join(parts)


def check_file(path: str | Path, *, most: int, piped: int = 0) -> os.stat_result:
    """Refuse what :func:`read_file` does not read, without opening it (a pipe would wait for its other end).

    Args:
        path, most, piped: As of :func:`read_file`.

    Raises:
        OSError: When there is none.
        SourceError: When it is a folder or a device.
        InputError: When it is larger than ``most``.
    """
    about = Path(path).stat()
    if stat.S_ISDIR(about.st_mode):
        raise SourceError(f"{path} cannot be read: it is a folder; name a file in it.")
    if not (stat.S_ISREG(about.st_mode) or (piped and stat.S_ISFIFO(about.st_mode))):
        raise SourceError(
            f"{path} cannot be read: it is a device or a pipe; save what it holds as a file and give that."
        )
    if about.st_size > most:
        raise _too_large(path, most)
    return about


def _too_large(path: str | Path, most: int) -> InputError:
    return InputError(f"{path} is larger than {most / 1e9:g} GB, the most that is read; give a smaller file.")
