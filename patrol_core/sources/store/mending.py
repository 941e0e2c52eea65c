"""Putting a store right: litter of killed writers, and a catalogue made anew from the Parquet files."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patrol_core.files.atomic import HeldFile, sync_folder
from patrol_core.sources.fields import listed
from patrol_core.sources.store.adding import decide
from patrol_core.sources.store.catalogue import NAME, Catalogue, DamagedCatalogue
from patrol_core.sources.store.parts import read_about
from patrol_core.sources.store.records import DATASETS, Part, Pull


def litter(folder: Path, parts: Sequence[Part]) -> list[Path]:
    """Files that are in their places but not in the catalogue."""
    known = {p.path for p in parts}
    files = (f for name in DATASETS for f in (folder / name).glob("*/*"))
    return [f for f in files if f.relative_to(folder).as_posix() not in known]


def sweep(folder: Path, parts: Sequence[Part]) -> None:
    """Remove what kills left: litter and abandoned staging. The catalogue's write lock must be held."""
    for file in litter(folder, parts):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
    for lock in (folder / "staging").glob("*.lock"):
        held = HeldFile(lock)
        if held.take():
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            held.release()
            with contextlib.suppress(OSError):
                lock.unlink()


def is_there(catalogue: Catalogue) -> bool:
    """Whether the file of a catalogue exists and is not empty."""
    return catalogue.path.exists() and catalogue.path.stat().st_size > 0


def make_catalogue(folder: Path, catalogue: Catalogue, quarantine: Path) -> list[str]:
    """Make a catalogue that is missing or damaged, from what the files say of themselves.

    Args:
        folder: The store.
        catalogue: To be made; nobody else may be making it.
        quarantine: Where damaged files go.

    Returns:
        list of str: What was put right, in sentences.
    """
    fault = ""
    if is_there(catalogue):
        try:
            catalogue.check()
            return []  # another process made it while this one waited
        except DamagedCatalogue as error:
            fault = str(error)
    files = [f for name in DATASETS for f in sorted((folder / name).glob("*/*.parquet"))]
    moved_aside([folder / f"{NAME}{end}" for end in ("", "-wal", "-shm")], quarantine)
    # Filled before it takes its place: files that are not in the catalogue count as litter.
    fresh = Catalogue(folder / f"fresh-{secrets.token_hex(4)}.sqlite")
    fresh.create()
    notes = []
    if files or fault:
        taken, bad = _rebuild(folder, fresh, files)
        moved_aside(bad, quarantine)
        lost = (
            f" {len(bad)} files could not be read and were set aside: {listed([f.name for f in bad], 3)}."
            if bad
            else ""
        )
        fault = fault or f"{catalogue.path} was missing."
        notes = [
            f"{fault} It was made anew from the {taken} files of the store; see that nothing is missing.{lost}"
        ]
    fresh.path.replace(catalogue.path)
    sync_folder(folder)
    return notes


def _rebuild(folder: Path, fresh: Catalogue, files: Sequence[Path]) -> tuple[int, list[Path]]:
    """Enter what the files say of themselves; how many were entered, and those that cannot be read."""
    pulls: dict[str, Pull] = {}
    parts: list[Part] = []
    bad: list[Path] = []
    for file in files:
        try:
            pull, part = read_about(file)
        except ValueError:
            bad.append(file)
            continue
        pulls[pull.id] = pull
        parts.append(replace(part, path=file.relative_to(folder).as_posix()))
    with fresh.writing() as writing:
        taken, _, _ = decide(sorted(parts, key=lambda p: p.age), [], None)
        for pull in pulls.values():
            rows = sum(p.rows for p in taken if p.pull_id == pull.id)
            writing.put_pull(replace(pull, rows_kept=rows))
        for part in taken:
            writing.put_part(part)
    return len(taken), bad


def moved_aside(names: Sequence[Path], folder: Path) -> None:
    """Move those files that exist into ``folder`` under names that say when."""
    mark = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    for path in names:
        if path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.replace(folder / f"{mark}-{path.name}")
