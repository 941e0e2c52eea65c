"""The projects of one owner on disk: ``projects/<owner>/<id>/``, each a ``project.json`` beside Parquet files.

A kill at any moment leaves the old or the new state. The files of a new project are written in a folder of their own
(``.new-…``), which is renamed to its place when all is on the disk; one that is deleted is renamed away (``.gone-…``) before its files
go. Tables never change once written, so the record alone is replaced, in one step, while the owner's lock is held. What a killed writer left is
known by its lock, and removed when the library is opened next.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from patrol_core.areas import AreaData
from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import HeldFile, remove_abandoned, sync_folder, why, write_atomic, write_synced
from patrol_core.files.documents import document_of
from patrol_core.projects.record import (
    FORMAT,
    ID,
    MANIFEST,
    MOST_BYTES,
    MOST_SCENARIOS,
    Project,
    proper_name,
    read_manifest,
)
from patrol_core.projects.tables import read_area, write_area
from patrol_core.settings import settings

OWNER = re.compile(r"[0-9a-f]{32}")
FOLDER = "projects"
NEW, GONE, LOCK, NOTE = ".new-", ".gone-", "lock", "removed.json"
PATIENCE_S = 10.0
DAY_S = 86_400.0
MOST_PROJECTS = 200
"""Of one owner; a listing stays one look."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Removed:
    """Projects that were removed because nobody had opened them for so long.

    Attributes:
        count: How many.
        days: After how many days.
    """

    count: int
    days: int


class Library:
    """The projects of one owner. Cheap to make; safe to use from several threads and processes.

    Args:
        owner: Name of the owner's folder, 32 hexadecimal digits.
        folder: Of the store; ``settings().cache_dir`` when not given.

    Raises:
        InputError: When the owner is no such name.
    """

    def __init__(self, owner: str, folder: Path | None = None) -> None:
        if not OWNER.fullmatch(owner):
            raise InputError("The owner of projects is named by 32 hexadecimal digits.")
        self.owner = owner
        self.folder = (settings().cache_dir if folder is None else folder).absolute() / FOLDER / owner

    # ---- looking ----------------------------------------------------------------------------------------

    def projects(self) -> list[Project]:
        """All that can be read, the one opened last first."""
        found = [project for _, project, _ in self._each() if project is not None]
        return sorted(found, key=lambda project: -project.opened)

    def damaged(self) -> dict[str, str]:
        """What is wrong with those that cannot be read, a sentence each, by id."""
        return {ident: fault for ident, project, fault in self._each() if project is None}

    def by_key(self, key: str) -> Project | None:
        """The project whose data a link names, the one opened last where there are several; None without."""
        return next((project for project in self.projects() if project.key == key), None)

    def get(self, ident: str) -> Project:
        """A project.

        Raises:
            InputError: When there is none of this id, or its record is damaged.
            SourceError: When it cannot be read.
        """
        path = self.path_of(ident) / MANIFEST
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(f"{MANIFEST} is larger than any record of a project.")
            text = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"There is no project {ident} here any more; it was deleted.") from None
        except OSError as error:
            raise SourceError(f"The project {ident} cannot be read ({why(error)}); try again.") from error
        project = _known(text)
        if project.id != ident:
            raise InputError(f"{MANIFEST} is of another project than its folder; it was changed.")
        return project

    def path_of(self, ident: str) -> Path:
        """The folder of a project."""
        if not ID.fullmatch(ident):
            raise InputError(f"{ident[:40]!r} is no id of a project.")
        return self.folder / ident

    # ---- keeping and opening ----------------------------------------------------------------------------

    def save(self, data: AreaData, name: str = "") -> Project:
        """Keep an area as a project; the same area again is the same project.

        Args:
            data: Uploaded, pulled, or opened from the store.
            name: For people; the data's own by default.

        Raises:
            SourceError: When it cannot be written; nothing of it is left then.
            InputError: When it holds what cannot be kept, or there are too many projects.
        """
        ident = data.identity[:16]
        with contextlib.suppress(InputError):
            there = self.get(ident)
            self._touch(ident)
            return there
        if len(self.projects()) >= MOST_PROJECTS:
            raise InputError(f"There are {MOST_PROJECTS} projects already; delete one to keep another.")
        now = time.time()

        def fill(place: Path) -> Project:
            area, tables = write_area(data, place)
            return Project(
                format=FORMAT,
                id=ident,
                name=proper_name(name or data.name or "Uploaded data"),
                created=now,
                opened=now,
                area=area,
                tables=tables,
            )

        return self.put(fill)

    def put(self, fill: Callable[[Path], Project]) -> Project:
        """Bring a project in: all of it appears at once, or, after an error, nothing.

        Args:
            fill: Writes its tables into the empty folder it is given, and returns its record.

        Raises:
            SourceError: When it cannot be written.
        """
        mark = secrets.token_hex(8)
        place = self.folder / f"{NEW}{mark}"
        held = HeldFile(self.folder / f"{NEW}{mark}.lock")
        try:
            self.folder.parent.parent.mkdir(parents=True, exist_ok=True)
            for place_of_all in (self.folder.parent, self.folder):
                place_of_all.mkdir(mode=0o700, exist_ok=True)  # for nobody else on this machine
            self.sweep()
            if not held.take():
                raise SourceError(f"{place} cannot be locked; try again.")
            place.mkdir()
            project = fill(place)
            write_synced(place / MANIFEST, project.to_json())
            sync_folder(place)
            with self._alone():
                target = self.path_of(project.id)
                if not (target / MANIFEST).exists():  # two tabs may keep the same at once
                    place.replace(target)
                    sync_folder(self.folder)
            return self.get(project.id)
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"The project could not be kept in {self.folder} ({why(error)}); it lasts until this page is closed. Free some space, or "
                "give a folder that can be written (PATROL_CACHE_DIR)."
            ) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)
            held.release()
            with contextlib.suppress(OSError):
                held.path.unlink()

    def open(self, ident: str) -> AreaData:
        """The area of a project, as it was kept.

        Raises:
            InputError: When there is no such project, or it is damaged; the sentence says how.
            SourceError: When it cannot be read.
        """
        project = self.get(ident)
        data = read_area(project.area, project.tables, self.path_of(ident))
        self._touch(ident)
        return data

    def rename(self, ident: str, name: str) -> Project:
        """Give a project another name; its data keep theirs.

        Raises:
            InputError: When the name is empty or there is no such project.
            SourceError: When it cannot be written.
        """
        proper = proper_name(name)
        return self._changed(ident, lambda _: {"name": proper})

    def save_scenarios(
        self, ident: str, scenarios: Sequence[dict[str, Any]], base: Sequence[dict[str, Any]] | None = None
    ) -> Project:
        """Keep the saved scenarios of a project.

        Args:
            ident: Of the project.
            scenarios: Plain data, each with a ``name``.
            base: As they were read, so that what another page saved or deleted since is kept too; without it these take the
                place of all.

        Raises:
            InputError: When they are too many or no plain data.
            SourceError: When they cannot be written.
        """

        def change(project: Project) -> dict[str, Any]:
            wanted = list(scenarios)
            if base is not None:
                wanted = merged_scenarios(base, wanted, project.scenarios)
            if len(wanted) > MOST_SCENARIOS:
                raise InputError(f"A project keeps {MOST_SCENARIOS} scenarios; delete one to keep another.")
            return {"scenarios": tuple(wanted)}

        return self._changed(ident, change)

    def delete(self, ident: str) -> None:
        """Delete a project for good: its folder is gone at once, its files right after.

        Raises:
            InputError: When there is none.
            SourceError: When something of it could not be removed.
        """
        target = self.path_of(ident)
        gone = self.folder / f"{GONE}{secrets.token_hex(8)}"
        try:
            with self._alone():
                target.replace(gone)
                sync_folder(self.folder)
            _known.cache_clear()
            shutil.rmtree(gone)
            sync_folder(self.folder)
        except FileNotFoundError:
            raise InputError(f"There is no project {ident} here any more; it was deleted.") from None
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"The project could not be removed from {self.folder} ({why(error)}); close what reads it, and delete it again."
            ) from error

    def sweep(self) -> None:
        """Remove what killed writers left."""
        for lock in self.folder.glob(f"{NEW}*.lock"):
            place = lock.with_suffix("")
            remove_abandoned(place, lock)
            if not place.exists():
                remove_abandoned(lock, lock)
        for place in (*self.folder.glob(f"{NEW}*"), *self.folder.glob(f"{GONE}*")):
            if place.is_dir() and not place.with_suffix(".lock").exists():
                shutil.rmtree(place, ignore_errors=True)

    # ---- inside -----------------------------------------------------------------------------------------

    def _each(self) -> Iterator[tuple[str, Project | None, str]]:
        """Id, record and fault of every project."""
        try:
            idents = sorted(path.name for path in self.folder.iterdir() if ID.fullmatch(path.name))
        except OSError:
            return
        for ident in idents:
            try:
                yield ident, self.get(ident), ""
            except (InputError, SourceError) as error:
                yield ident, None, f"The project {ident} cannot be opened: {error}"

    def _touch(self, ident: str) -> None:
        """Note that a project was opened now; what cannot be written can still be read."""
        with contextlib.suppress(SourceError, InputError):
            self._changed(ident, lambda _: {"opened": time.time()})

    def _changed(self, ident: str, change: Callable[[Project], dict[str, Any]]) -> Project:
        """Replace the record of a project in one step."""
        with self._alone():
            old = self.get(ident)
            new = document_of(
                Project, {**old.model_dump(mode="json", exclude_none=True), **change(old)}, MANIFEST
            )
            text = new.to_json()
            if len(text) > MOST_BYTES:
                raise InputError("The scenarios of this project are too many to be kept; delete some.")
            write_atomic(self.path_of(ident) / MANIFEST, text)
        return new

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the owner's lock; pages of one owner wait for each other for a moment only."""
        held = HeldFile(self.folder / LOCK)
        end = time.monotonic() + PATIENCE_S
        try:
            while not held.take():
                if time.monotonic() > end:
                    raise SourceError("Another page of yours is writing for very long; try again.")
                time.sleep(0.01)
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"The projects in {self.folder} cannot be changed ({why(error)}).") from error
        try:
            yield
        finally:
            held.release()

    # ---- retention --------------------------------------------------------------------------------------

    def expire(self, days: int, now: float) -> int:
        """Remove projects that were not opened for so many days; how many.

        Args:
            days: 0 keeps none.
            now: Seconds since 1970.
        """
        count = 0
        for ident, project, _ in list(self._each()):
            with contextlib.suppress(InputError, SourceError, OSError):
                opened = project.opened if project is not None else self.path_of(ident).stat().st_mtime
                if now - opened > days * DAY_S or days == 0:
                    self.delete(ident)
                    count += 1
        if count:
            with contextlib.suppress(SourceError):
                earlier = self._removed()
                note = {"count": count + (earlier.count if earlier else 0), "days": days}
                write_atomic(self.folder / NOTE, json.dumps(note).encode())
        return count

    def take_removed(self) -> Removed | None:
        """What was removed since the owner was told last; told once."""
        found = self._removed()
        if found is not None:
            with contextlib.suppress(OSError):
                (self.folder / NOTE).unlink()
        return found

    def _removed(self) -> Removed | None:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            plain = json.loads((self.folder / NOTE).read_bytes()[:1000])
            return Removed(int(plain["count"]), int(plain["days"]))
        return None


@lru_cache(maxsize=2 * MOST_PROJECTS)
def _known(text: bytes) -> Project:
    """A record that was read before is not read again; forgotten when anything is deleted."""
    return read_manifest(text, MANIFEST)


def merged_scenarios(
    base: Sequence[dict[str, Any]], mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Scenarios by name after two pages changed them: what either added stays, what either deleted goes, and of one changed by both mine counts.

    Args:
        base: As both read them.
        mine, theirs: As each has them now.
    """
    was, own, other = ({str(one.get("name")): one for one in given} for given in (base, mine, theirs))
    names = dict.fromkeys([*own, *other])
    kept = []
    for name in names:
        if name in own and name in other:
            kept.append(own[name] if own[name] != was.get(name) else other[name])
        elif name in own:
            if name not in was or own[name] != was[name]:
                kept.append(own[name])
        elif name not in was or other[name] != was[name]:
            kept.append(other[name])
    return kept


def owners(folder: Path | None = None) -> list[Library]:
    """The libraries of all who keep something.

    Args:
        folder: Of the store; ``settings().cache_dir`` when not given.
    """
    place = (settings().cache_dir if folder is None else folder) / FOLDER
    try:
        names = sorted(path.name for path in place.iterdir() if OWNER.fullmatch(path.name))
    except OSError:
        return []
    return [Library(name, folder) for name in names]


def remove_expired(folder: Path | None = None, *, now: float | None = None) -> int:
    """At the start of a server: what killed writers left, and projects kept longer than the settings say; how many of these.

    Args:
        folder: Of the store; ``settings().cache_dir`` when not given.
        now: Seconds since 1970; the clock's by default.
    """
    days, count = settings().keep_projects_days, 0
    for library in owners(folder):
        library.sweep()
        count += library.expire(days, time.time() if now is None else now)
    if count:
        _log.warning("%d projects that were not opened for %d days were removed.", count, days)
    return count
