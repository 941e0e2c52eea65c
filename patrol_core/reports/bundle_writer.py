"""Write files so that a crash, a full disk or a failure midway leaves what was there before.

One file: :func:`patrol_core.files.atomic.write_atomic`. A bundle is written whole into a hidden folder first. Where
two folders can be exchanged in one step, it then takes the place of the old one: even a kill leaves all of the earlier
files or all of the new ones. Elsewhere (other systems, a folder that holds folders, the folder one stands in) every
earlier file is moved out before the first new one is moved in: a kill between leaves files missing, never two plans
mixed, and the next bundle for that folder first finishes or undoes what was left.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import HeldFile, remove_abandoned, sync_folder, why, write_synced

_WORK = ".writing-"
_LOCK, _OUT = "lock", "moved-out"


def write_bundle(
    folder: str | os.PathLike[str], files: Mapping[str, bytes], *, outdated: Iterable[str] = ()
) -> tuple[Path, ...]:
    """Write several files into ``folder``, all or none.

    Files of other names in the folder stay. Where the folder is new and anything fails, it is not made.

    Args:
        folder: Where to write; made if need be.
        files: Plain file name (no folders) -> content, in the order to report.
        outdated: Plain names of files that earlier bundles may have left and this one does not hold; they are
            removed, so that nothing of an earlier bundle is taken for part of this one.

    Returns:
        tuple of Path: The files written, in the order given.

    Raises:
        InputError: If ``folder`` is a file or a name is not a plain file name.
        SourceError: If anything cannot be written; earlier files are as they were.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder to write to.")
    gone = [name for name in outdated if name not in files]
    _check_names([*files, *gone], target)
    made = _missing_parents(target)
    done = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _mend(target)
        if not _exchange_in(target, files, gone):
            target.mkdir(exist_ok=True)
            _fill(target, files, gone)
        done = True
    except OSError as error:
        raise SourceError(
            f"Could not write the results to {target}: {why(error)}; choose another folder or free some "
            "space. Earlier files there are unchanged."
        ) from error
    finally:
        if not done:
            _remove_empty(made)
    return tuple(target / name for name in files)


@contextlib.contextmanager
def _staging(parent: Path, start: str) -> Iterator[Path]:
    """A hidden folder with the folders ``new`` and ``old``, held by this process; kept only if ``old`` still holds files."""
    held = None
    while held is None or not _taken(held):
        work = parent / f"{start}{secrets.token_hex(4)}"
        work.mkdir()
        held = HeldFile(work / _LOCK)
    old = work / "old"
    try:
        (work / "new").mkdir()
        old.mkdir()
        yield work
    finally:
        held.release()
        if not old.exists() or not any(old.iterdir()):  # what could not be put back must not be thrown away
            shutil.rmtree(work, ignore_errors=True)


def _taken(held: HeldFile) -> bool:
    """Whether this process holds the file now; not where somebody removed its folder meanwhile."""
    try:
        return held.take()
    except FileNotFoundError:
        return False


def _mend(target: Path) -> None:
    """Finish or undo what a writer that was killed left in ``target``, and remove its hidden folders."""
    for work in target.glob(f"{_WORK}*"):
        held = HeldFile(work / _LOCK)
        if not _taken(held):
            continue
        held.release()
        for path in sorted((work / ("new" if (work / _OUT).exists() else "old")).glob("*")):
            path.replace(target / path.name)
        remove_abandoned(work, work / _LOCK)
    for start in target.parent.glob(f".{glob.escape(target.name)}{_WORK}*"):
        remove_abandoned(start, start / _LOCK)


# -- the new folder in the place of the old one -------------------------------------------------------------


def _exchange_in(target: Path, files: Mapping[str, bytes], gone: Sequence[str]) -> bool:
    """Put a folder with the new files, and with whatever else ``target`` holds, in its place in one step.

    Returns:
        bool: False where the folder or the system does not allow it; then nothing was changed.
    """
    there = target.exists()
    exchange = _exchange()
    if there and (exchange is None or not _exchangeable(target)):
        return False
    with contextlib.ExitStack() as stack:
        try:
            work = stack.enter_context(_staging(target.parent, f".{target.name}{_WORK}"))
        except OSError:  # a parent where nobody may write
            return False
        new, ours = work / "new", {*files, *gone}
        for name, content in files.items():
            write_synced(new / name, content)
        if exchange is None or not there:
            new.replace(target)
        else:
            try:
                others = [path.name for path in target.iterdir() if path.name not in ours]
                for name in others:
                    os.link(target / name, new / name)
                new.chmod(target.stat().st_mode & 0o7777)
                exchange(new, target)
            except OSError:  # a file system without links or without exchange
                return False
            for path in new.iterdir():  # what somebody put there meanwhile
                if path.name not in ours and path.name not in others:
                    path.replace(target / path.name)
        sync_folder(target.parent)
    return True


def _exchangeable(folder: Path) -> bool:
    """Whether only plain files would move with the folder, and nobody here stands in it."""
    if folder.is_mount() or Path.cwd().is_relative_to(folder):
        return False
    with os.scandir(folder) as entries:
        return all(entry.is_file(follow_symlinks=False) for entry in entries)


def _exchange() -> Callable[[Path, Path], None] | None:
    """What exchanges two folders in one step, or None where the system has no such call."""
    function = (
        getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    )
    if function is None:
        return None

    def exchange(one: Path, other: Path) -> None:
        here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        if function(here, os.fsencode(one), here, os.fsencode(other), swap) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return exchange


# -- file by file -------------------------------------------------------------------------------------------


def _fill(target: Path, files: Mapping[str, bytes], gone: Sequence[str]) -> None:
    """Write ``files`` beside their places, then move the earlier ones out and the new ones in; undo all of it if one fails."""
    with _staging(target, _WORK) as work:
        new, old = work / "new", work / "old"
        for name, content in files.items():
            write_synced(new / name, content)
        try:
            for name in [*files, *gone]:
                if (target / name).exists():
                    (target / name).replace(old / name)
            write_synced(work / _OUT, b"")
            for name in files:
                (new / name).replace(target / name)
        except BaseException:
            (work / _OUT).unlink(missing_ok=True)
            for name in files:
                if not (new / name).exists():
                    (target / name).unlink(missing_ok=True)
            for path in old.iterdir():
                path.replace(target / path.name)
            raise
        sync_folder(target)
        shutil.rmtree(old)


def _check_names(files: Iterable[str], target: Path) -> None:
    for name in files:
        if not name or name in {".", ".."} or any(mark in name for mark in "/\\:\0"):
            raise InputError(f"{name!r} is not a plain file name; results go directly into the folder.")
        if (target / name).is_dir():
            raise InputError(f"{target / name} is a folder where a file must go; move it away.")


def _missing_parents(folder: Path) -> tuple[Path, ...]:
    """Folders that do not exist yet, innermost first."""
    return tuple(place for place in (folder, *folder.parents) if not place.exists())


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
