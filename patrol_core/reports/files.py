"""Write files so that a crash, a full disk or a failure midway leaves what was there before.

A file is written under a temporary name in its own folder, flushed to the disk, and renamed. A bundle
is written whole into a hidden folder first; only when every file is complete are they moved in, and a
failure while moving puts the earlier files back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

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
        _write_synced(temporary, content)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise SourceError(
            f"Could not write {target}: {_why(error)}; choose another place or free some space. "
            "Any earlier file of that name is unchanged."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def write_bundle(folder: str | os.PathLike[str], files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write several files into ``folder``, all or none.

    Files of other names in the folder stay. Where the folder is new and anything fails, it is not made.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    files
        Plain file name (no folders) -> content, in the order to report.

    Returns
    -------
    tuple of Path
        The files written, in the order given.

    Raises
    ------
    InputError
        If ``folder`` is a file or a name is not a plain file name.
    SourceError
        If anything cannot be written; earlier files are as they were.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder to write to.")
    _check_names(files, target)
    made = _missing_parents(target)
    done = False
    try:
        target.mkdir(parents=True, exist_ok=True)
        _fill(target, files)
        done = True
    except OSError as error:
        raise SourceError(
            f"Could not write the results to {target}: {_why(error)}; choose another folder or free some "
            "space. Earlier files there are unchanged."
        ) from error
    finally:
        if not done:
            _remove_empty(made)
    return tuple(target / name for name in files)


def _fill(target: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` beside their places, then move them in; on failure put the earlier ones back."""
    work = target / f".writing-{secrets.token_hex(4)}"
    new, old = work / "new", work / "old"
    safe = True
    try:
        new.mkdir(parents=True)
        old.mkdir()
        for name, content in files.items():
            _write_synced(new / name, content)
        safe = False
        _move_in(target, new, old, files)
        safe = True
        _sync_folder(target)
    finally:
        if safe or not any(old.iterdir()):  # what could not be put back must not be thrown away
            shutil.rmtree(work, ignore_errors=True)


def _move_in(target: Path, new: Path, old: Path, names: Iterable[str]) -> None:
    """Move each earlier file to ``old`` and the new one to its place; undo all of it if one fails."""
    begun: list[str] = []
    try:
        for name in names:
            begun.append(name)
            if (target / name).exists():
                (target / name).replace(old / name)
            (new / name).replace(target / name)
    except BaseException:
        for name in begun:
            if (old / name).exists():
                (old / name).replace(target / name)
            elif not (new / name).exists():
                (target / name).unlink(missing_ok=True)
        raise


def _check_names(files: Mapping[str, bytes], target: Path) -> None:
    for name in files:
        if not name or name in {".", ".."} or any(mark in name for mark in "/\\:\0"):
            raise InputError(f"{name!r} is not a plain file name; results go directly into the folder.")
        if (target / name).is_dir():
            raise InputError(f"{target / name} is a folder where a file must go; move it away.")


def _write_synced(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows cannot open folders, and there it is not needed."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _missing_parents(folder: Path) -> tuple[Path, ...]:
    """Folders that do not exist yet, innermost first."""
    return tuple(place for place in (folder, *folder.parents) if not place.exists())


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _why(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
