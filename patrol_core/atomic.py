"""Write a file so that a crash, a full disk or a failure midway leaves what was there before; and locks between processes.

A file is written under a temporary name in its own folder, flushed to the disk, and renamed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
from pathlib import Path
from typing import IO, Any

from patrol_core.errors import InputError, SourceError


def write_atomic(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write one file: afterwards it holds all of ``content``, or, on failure, what it held before.

    Parameters
    ----------
    path
        Where to write. Its folder is made if need be; a symbolic link keeps pointing to the file.
    content
        The whole content.

    Returns
    -------
    Path
        The file written, links resolved.

    Raises
    ------
    InputError
        If ``path`` is a folder.
    SourceError
        If the file cannot be written; the message says why and what was left as it was.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a file to write.")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_synced(temporary, content)
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise SourceError(
            f"Could not write {target}: {why(error)}; choose another place or free some space. "
            "Any earlier file of that name is unchanged."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def write_synced(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Wait until the disk has a file that another library wrote."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows cannot open folders, and there it is not needed."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def why(error: OSError) -> str:
    """The reason of a failure, for the middle of a sentence."""
    return (error.strerror or str(error) or type(error).__name__).lower()


class HeldFile:
    """A file this process holds; the system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    path
        Made when missing. Do not delete it while others may try to hold it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Hold the file if nobody else does; whether it is held now."""
        file = self.path.open("ab")
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: IO[bytes]) -> None:
    """Lock for this process alone or raise OSError, without waiting."""
    system: Any
    if os.name == "nt":
        system = importlib.import_module("msvcrt")
        file.seek(0)
        system.locking(file.fileno(), system.LK_NBLCK, 1)
    else:
        system = importlib.import_module("fcntl")
        system.flock(file.fileno(), system.LOCK_EX | system.LOCK_NB)
