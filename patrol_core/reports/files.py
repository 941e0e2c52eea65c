"""Write files so that a crash, a full disk or a failure midway leaves what was there before.

One file: :func:`patrol_core.atomic.write_atomic`. A bundle is written whole into a hidden folder first;
only when every file is complete are they moved in, and a failure while moving puts the earlier files back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from patrol_core.atomic import sync_folder, why, write_atomic, write_synced
from patrol_core.errors import InputError, SourceError

__all__ = ["write_atomic", "write_bundle"]


def write_bundle(
    folder: str | os.PathLike[str], files: Mapping[str, bytes], *, outdated: Iterable[str] = ()
) -> tuple[Path, ...]:
    """Write several files into ``folder``, all or none.

    Files of other names in the folder stay. Where the folder is new and anything fails, it is not made.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    files
        Plain file name (no folders) -> content, in the order to report.
    outdated
        Plain names of files that earlier bundles may have left and this one does not hold; they are removed,
        so that nothing of an earlier bundle is taken for part of this one.

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
    gone = [name for name in outdated if name not in files]
    _check_names([*files, *gone], target)
    made = _missing_parents(target)
    done = False
    try:
        target.mkdir(parents=True, exist_ok=True)
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


def _fill(target: Path, files: Mapping[str, bytes], gone: Iterable[str]) -> None:
    """Write ``files`` beside their places, then move them in; on failure put the earlier ones back."""
    work = target / f".writing-{secrets.token_hex(4)}"
    new, old = work / "new", work / "old"
    safe = True
    try:
        new.mkdir(parents=True)
        old.mkdir()
        for name, content in files.items():
            write_synced(new / name, content)
        safe = False
        _move_in(target, new, old, [*files, *gone])
        safe = True
        sync_folder(target)
    finally:
        if safe or not any(old.iterdir()):  # what could not be put back must not be thrown away
            shutil.rmtree(work, ignore_errors=True)


def _move_in(target: Path, new: Path, old: Path, names: Iterable[str]) -> None:
    """Move each earlier file to ``old`` and the new one, if any, to its place; undo all of it if one fails."""
    begun: list[str] = []
    fresh = {path.name for path in new.iterdir()}
    try:
        for name in names:
            begun.append(name)
            if (target / name).exists():
                (target / name).replace(old / name)
            if name in fresh:
                (new / name).replace(target / name)
    except BaseException:
        for name in begun:
            if (old / name).exists():
                (old / name).replace(target / name)
            elif name in fresh and not (new / name).exists():
                (target / name).unlink(missing_ok=True)
        raise


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
