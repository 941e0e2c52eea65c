"""Write a file so that a crash, a full disk or a failure midway leaves what was there before; and locks between processes.

A file is written under a temporary name in its own folder, flushed to the disk, and renamed.
"""

from __future__ import annotations

import contextlib
import glob
import importlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from patrol_core.errors import InputError, SourceError


def write_atomic(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write one file: afterwards it holds all of ``content``, or, on failure, what it held before.

    Args:
        path: Where to write. Its folder is made if need be; a symbolic link keeps pointing to the file. A
            device or a pipe is written to as it is.
        content: The whole content.

    Returns:
        Path: The file written, links resolved.

    Raises:
        InputError: If ``path`` is a folder.
        SourceError: If the file cannot be written; the message says why and what was left as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():  # an OSError itself where the name is too long
            raise InputError(f"{target} is a folder; name a file to write.")
        with replacing(target) as temporary:
            temporary.write_bytes(content)
            sync_file(temporary)
    except OSError as error:
        raise SourceError(
            f"Could not write {target}: {why(error)}; choose another place or free some space. "
            "Any earlier file of that name is unchanged."
        ) from error
    return target


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file that takes the place of ``target`` when the block ends well, and goes away when it does not.

    Temporary files of earlier writers that were killed are removed first.

    Args:
        target: The file to write, links resolved. Its folder is made if need be.

    Yields:
        Path: An empty file in the same folder, held by this process; write to it and :func:`sync_file` it. A
            device or a pipe is itself what is written to: nothing may take its place.
    """
    if target.exists() and not target.is_file():
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for stale in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        remove_abandoned(stale, stale)
    held = _temporary_of(target)
    try:
        yield held.path
        if os.name == "nt":  # Windows renames no open file
            held.release()
        held.path.replace(target)
        sync_folder(target.parent)
    finally:
        held.release()
        with contextlib.suppress(OSError):
            held.path.unlink()


def _temporary_of(target: Path) -> HeldFile:
    """A new file beside ``target`` that this process holds."""
    while True:
        held = HeldFile(target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp"))
        if held.take():
            return held


def remove_abandoned(place: Path, lock: Path) -> None:
    """Remove a temporary file or folder if the process that made it is gone.

    Args:
        place: What to remove.
        lock: The file that its maker holds as a :class:`HeldFile` as long as it lives.
    """
    held = HeldFile(lock)
    with contextlib.suppress(OSError):
        if not held.take():
            return
        try:
            if os.name == "nt":  # Windows deletes no open file
                held.release()
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink()
        finally:
            held.release()


def write_synced(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Wait until the disk has a file that another library wrote; a device or a pipe has none."""
    if not path.is_file():
        return
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

    Args:
        path: Made when missing. Do not delete it while others may try to hold it.
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
        if not self._is_there(
            file
        ):  # removed by another between opening and locking: that lock would hold nothing
            file.close()
            return False
        self._file = file
        return True

    def _is_there(self, file: IO[bytes]) -> bool:
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        return False

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
        # Windows keeps others from reading and writing what is locked: lock a byte far beyond the end.
        file.seek(0x7FFF0000)
        system.locking(file.fileno(), system.LK_NBLCK, 1)
    else:
        system = importlib.import_module("fcntl")
        system.flock(file.fileno(), system.LOCK_EX | system.LOCK_NB)
