"""The store: everything pulled or imported, on disk, as Parquet files under one SQLite catalogue.

A kill at any moment leaves the old or the new state. New files are written in a folder of their own
(``staging/``); then, in one transaction of the catalogue, they are renamed to their places and entered, and what
they replace is taken out. Files are renamed only while the catalogue's write lock is held, so whoever holds it knows
that a file that is in place but not in the catalogue was left by a kill, and removes it. Several processes
may read and write at once; they wait for each other only for the moment of the transaction.

Files are never changed once written. Each is known by size, check sum and digest; one that is not what was written is
moved to ``quarantine/``, stays in the catalogue as damaged, and is named until its data are taken anew.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import HeldFile, sync_folder, why
from patrol_core.settings import settings
from patrol_core.sources.store.catalogue import NAME, Catalogue, DamagedCatalogue, Writing, alone, moved_aside
from patrol_core.sources.store.parts import PartWriter, faults_of, read_about
from patrol_core.sources.store.records import DATASETS, OGL, Part, Pull

T = TypeVar("T")
#: Decides, given what is to be added and what is there, which of the latter it replaces besides equal keys.
Replaces = Callable[[Part, Sequence[Part]], Sequence[Part]]


class DamagedData(SourceError):
    """Stored files that are not whole; ``parts`` names them. They have been set aside."""

    def __init__(self, message: str, parts: Sequence[Part]) -> None:
        super().__init__(message)
        self.parts = tuple(parts)


@dataclass(frozen=True)
class Added:
    """What became of new parts.

    Attributes
    ----------
    pulls
        As they stand in the catalogue.
    parts
        Now in the store.
    replaced
        No longer in the store.
    older
        Not taken, because the store has newer data for the same.
    """

    pulls: tuple[Pull, ...]
    parts: tuple[Part, ...]
    replaced: tuple[Part, ...]
    older: tuple[Part, ...]


@dataclass(frozen=True)
class Size:
    """Bytes on disk: tables, kept answers of the service, files set aside."""

    tables: int
    answers: int
    quarantine: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.tables + self.answers + self.quarantine


class Store:
    """A folder of data. Cheap to make; safe to use from several threads and processes.

    Parameters
    ----------
    folder
        Made when missing; ``settings().cache_dir`` when not given.

    Attributes
    ----------
    notes
        What was put right while opening, in sentences.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(settings().cache_dir if folder is None else folder).absolute()
        self.notes: list[str] = []
        try:
            for name in ("staging", *DATASETS):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError(
                f"The folder of the store {self.folder} cannot be made ({why(error)}); choose another."
            ) from error
        self.catalogue = Catalogue(self.folder / NAME)
        self._open()

    # ---- looking ----------------------------------------------------------------------------------------

    def parts(self, dataset: str | None = None) -> list[Part]:
        """Parts in the store, damaged ones among them."""
        return [p for p in self._read(self.catalogue.parts) if dataset in (None, p.dataset)]

    def pulls(self) -> list[Pull]:
        """Every pull and import there was, the newest first, whether or not its data are still here."""
        return self._read(self.catalogue.pulls)

    def size(self) -> Size:
        """How much room the store takes."""
        tables = sum(p.bytes for p in self.parts() if p.state == "whole")
        return Size(tables, _bytes_in(self.answers), _bytes_in(self.quarantine))

    @property
    def answers(self) -> Path:
        """Folder of the kept answers of the service, from which a stopped pull goes on."""
        return self.folder / "answers"

    @property
    def quarantine(self) -> Path:
        """Folder of damaged files."""
        return self.folder / "quarantine"

    def path_of(self, part: Part) -> Path:
        """Where its file lies."""
        return self.folder / part.path

    # ---- adding -----------------------------------------------------------------------------------------

    @contextmanager
    def adding(self, name: str, origin: str, *, edition: str, licence: str = OGL) -> Iterator[Adding]:
        """Take data in: everything written inside appears at once at the end, or, after an error, nothing.

        Parameters
        ----------
        name, origin, edition, licence
            See :class:`patrol_core.sources.store.records.Pull`.
        """
        taken_at = datetime.now(UTC).isoformat(timespec="microseconds")
        pull = Pull(uuid.uuid4().hex, name, origin, taken_at, edition, licence)
        with self.staging() as place:
            adding = Adding(self, pull, place)
            try:
                yield adding
                adding.added = self.commit([adding.finish()], adding.parts, place, replaces=adding.replaces)
            except BaseException as error:
                adding.abandon()
                if isinstance(error, OSError) and not isinstance(error, SourceError):
                    raise self._cannot(error) from error
                raise

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for files that are to come in; it goes away afterwards, also after a kill."""
        place = self.folder / "staging" / secrets.token_hex(8)
        held = HeldFile(place.with_suffix(".lock"))
        with self._changing() as writing:
            self._sweep(writing)
            place.mkdir()
            if not held.take():  # its name is random, so nobody else can know it
                raise SourceError(f"The folder {place} cannot be locked; try again.")
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            held.release()
            with contextlib.suppress(OSError):
                held.path.unlink()

    def commit(
        self, pulls: Sequence[Pull], parts: Sequence[Part], place: Path, *, replaces: Replaces | None = None
    ) -> Added:
        """Bring files from a staging folder into the store, all or none.

        Parameters
        ----------
        pulls
            To which the parts belong.
        parts
            Their files lie in ``place`` under their ids.
        replaces
            Which parts go besides those of equal key.
        """
        with self._changing() as writing:
            self._sweep(writing)
            here = writing.parts()
            taken, gone, older = _decide(parts, here, replaces)
            for part in gone:
                writing.drop_part(part.id)
            kept = [replace(p, rows_kept=sum(t.rows for t in taken if t.pull_id == p.id)) for p in pulls]
            for pull in kept:
                if len(kept) == 1 or pull.rows_kept:
                    writing.put_pull(pull)
            for part in taken:
                target = self.path_of(part)
                target.parent.mkdir(parents=True, exist_ok=True)
                (place / f"{part.id}.parquet").replace(target)
                writing.put_part(part)
            for folder in {self.path_of(p).parent for p in taken}:
                sync_folder(folder)
                sync_folder(folder.parent)
        places = {p.path for p in taken}
        self._remove([p for p in gone if p.path not in places])
        return Added(tuple(kept), tuple(taken), tuple(gone), tuple(older))

    # ---- clearing and mending ---------------------------------------------------------------------------

    def clear(
        self,
        *,
        dataset: str | None = None,
        name: str | None = None,
        force: str | None = None,
        months: Sequence[str] | None = None,
        answers: bool = False,
    ) -> tuple[Part, ...]:
        """Delete data; without arguments all data, with several those that meet each.

        Parameters
        ----------
        dataset
            ``crimes`` or ``outcomes``.
        name
            Of a pull: name of an area or of an imported file.
        force, months
            Of archive parts, and of any.
        answers
            Also kept answers of the service, and files set aside.

        Returns
        -------
        tuple of Part
            What was deleted.
        """
        if dataset is not None and dataset not in DATASETS:
            raise InputError(f"There is no data set {dataset!r}; choose one of {', '.join(DATASETS)}.")
        wanted = {pull.id for pull in self.pulls() if pull.name == name}
        if name is not None and not wanted:
            raise InputError(f"Nothing named {name!r} was ever stored; see the list of sources.")
        with self._changing() as writing:
            self._sweep(writing)
            gone = [
                p
                for p in writing.parts()
                if dataset in (None, p.dataset)
                and (name is None or p.pull_id in wanted)
                and force in (None, p.force)
                and (months is None or p.month in set(months))
            ]
            for part in gone:
                writing.drop_part(part.id)
        self._remove(gone)
        if answers:
            shutil.rmtree(self.answers, ignore_errors=True)
            shutil.rmtree(self.quarantine, ignore_errors=True)
        return tuple(gone)

    def check(self, parts: Sequence[Part] | None = None) -> tuple[Part, ...]:
        """Find damaged files, set them aside, and return the parts that are damaged now.

        Parameters
        ----------
        parts
            Which to look at; all when not given.
        """
        looked = self.parts() if parts is None else list(parts)
        whole = [p for p in looked if p.state == "whole"]
        faults = faults_of(self.folder, whole)
        if faults:
            self._set_aside([p for p in whole if p.id in faults])
        bad = set(faults) | {p.id for p in looked if p.state != "whole"}
        return tuple(p for p in self.parts() if p.id in bad and p.state != "whole") if bad else ()

    def require_whole(self, parts: Sequence[Part]) -> bool:
        """Whether all of ``parts`` are still in the store and whole; False when some were replaced meanwhile.

        Raises
        ------
        DamagedData
            Naming those that are not whole, and what to do.
        """
        faults = faults_of(self.folder, [p for p in parts if p.state == "whole"])
        if not faults and all(p.state == "whole" for p in parts):
            return True
        damaged = self.check(parts)
        if damaged:
            raise DamagedData(self._words(damaged), damaged)
        return False

    def _words(self, damaged: Sequence[Part]) -> str:
        names = "; ".join(p.describe() for p in damaged[:3])
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        pulls = {p.id: p for p in self.pulls()}
        first = pulls.get(damaged[0].pull_id)
        again = f"take {first.name!r} ({first.origin}) in again" if first else "take them in again"
        return (
            f"{len(damaged)} stored {'file is' if len(damaged) == 1 else 'files are'} damaged and set aside in "
            f"{self.quarantine}: {names}{more}; {again}, or clear them."
        )

    def _set_aside(self, parts: Sequence[Part]) -> None:
        with self._changing() as writing:
            here = {p.id for p in writing.parts() if p.state == "whole"}
            for part in parts:
                if part.id in here:  # another process may have replaced or mended it meanwhile
                    writing.mark_damaged(part)
                    moved_aside([self.path_of(part)], self.quarantine, _now())

    # ---- inside -----------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Make, check, or make anew the catalogue."""
        try:
            if self.catalogue.path.exists() and self.catalogue.path.stat().st_size:
                self.catalogue.check()
                if self._litter(self.catalogue.parts()):
                    with self._changing() as writing:
                        self._sweep(writing)
                return
        except DamagedCatalogue:
            pass
        with alone(self.folder / "catalogue.lock"):
            self._make_catalogue()

    def _make_catalogue(self) -> None:
        fault = ""
        if self.catalogue.path.exists() and self.catalogue.path.stat().st_size:
            try:
                self.catalogue.check()
                return  # another process made it while this one waited
            except DamagedCatalogue as error:
                fault = str(error)
        files = [f for name in DATASETS for f in sorted((self.folder / name).glob("*/*.parquet"))]
        moved_aside([self.folder / f"{NAME}{end}" for end in ("", "-wal", "-shm")], self.quarantine, _now())
        # Filled before it takes its place: files that are not in the catalogue count as litter.
        fresh = Catalogue(self.folder / f"fresh-{secrets.token_hex(4)}.sqlite")
        fresh.create()
        if files or fault:
            self._rebuild(fresh, files, fault or f"{self.catalogue.path} was missing.")
        fresh.path.replace(self.catalogue.path)
        sync_folder(self.folder)

    def _rebuild(self, fresh: Catalogue, files: Sequence[Path], fault: str) -> None:
        """Enter what the files say of themselves; what cannot be read is set aside."""
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
            parts.append(replace(part, path=file.relative_to(self.folder).as_posix()))
        with fresh.writing() as writing:
            taken, _, _ = _decide(sorted(parts, key=lambda p: p.age), [], None)
            for pull in pulls.values():
                rows = sum(p.rows for p in taken if p.pull_id == pull.id)
                writing.put_pull(replace(pull, rows_kept=rows))
            for part in taken:
                writing.put_part(part)
        moved_aside(bad, self.quarantine, _now())
        lost = f" {len(bad)} files could not be read and were set aside: {_named(bad)}." if bad else ""
        self.notes.append(
            f"{fault} It was made anew from the {len(taken)} files of the store; see that nothing is missing.{lost}"
        )

    def _read(self, ask: Callable[[], T]) -> T:
        """Ask the catalogue; if it turns out damaged, make it anew and ask again."""
        try:
            return ask()
        except DamagedCatalogue:
            self._open()
            return ask()

    @contextmanager
    def _changing(self) -> Iterator[Writing]:
        try:
            with self.catalogue.writing() as writing:
                yield writing
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise self._cannot(error) from error

    def _cannot(self, error: OSError) -> SourceError:
        return SourceError(
            f"The store {self.folder} could not be changed ({why(error)}); free some space or choose another folder. "
            "What it held is unchanged."
        )

    def _sweep(self, writing: Writing) -> None:
        """Remove what kills left: files that are in place but not in the catalogue, and abandoned staging."""
        for file in self._litter(writing.parts()):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        for lock in (self.folder / "staging").glob("*.lock"):
            held = HeldFile(lock)
            if held.take():
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                held.release()
                with contextlib.suppress(OSError):
                    lock.unlink()

    def _litter(self, parts: Sequence[Part]) -> list[Path]:
        known = {p.path for p in parts}
        files = (f for name in DATASETS for f in (self.folder / name).glob("*/*"))
        return [f for f in files if f.relative_to(self.folder).as_posix() not in known]

    def _remove(self, parts: Sequence[Part]) -> None:
        """Delete files that are out of the catalogue; one that is open elsewhere (Windows) is swept up later."""
        for part in parts:
            with contextlib.suppress(OSError):
                self.path_of(part).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.path_of(part).parent.rmdir()


class Adding:
    """The inside of :meth:`Store.adding`: write tables; each month, force and scope becomes one part.

    Attributes
    ----------
    pull
        Replace it to say more of it (findings, rows read, polygon) before the end.
    replaces
        Set it to have other parts replaced than those of equal key.
    added
        What became of it; set at the end.
    """

    def __init__(self, store: Store, pull: Pull, place: Path) -> None:
        self.store, self.pull, self.place = store, pull, place
        self.replaces: Replaces | None = None
        self.parts: list[Part] = []
        self.added: Added | None = None
        self._writers: dict[tuple[str, ...], PartWriter] = {}

    def write(
        self,
        table: pa.Table,
        dataset: str,
        kind: str,
        month: str,
        *,
        force: str = "",
        scope: str = "",
        source: str = "",
        box: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Add rows of one month; calls with the same names go on in the same part."""
        key = (dataset, kind, month, force, scope)
        if key not in self._writers:
            part = Part(
                "", self.pull.id, dataset, kind, month, force, scope, "", 0, 0, "", 0,
                self.pull.edition, self.pull.taken_at, source, "", box,
            )  # fmt: skip
            self._writers[key] = PartWriter(self.place / f"{uuid.uuid4().hex}.tmp", part)
        self._writers[key].write(table)

    def close_parts(self) -> None:
        """End the parts begun so far; what is written later begins new ones."""
        while self._writers:
            _, writer = self._writers.popitem()
            self.parts.append(writer.close(self.pull))

    def finish(self) -> Pull:
        """End all parts; the pull."""
        self.close_parts()
        return self.pull

    def abandon(self) -> None:
        """Close whatever is open."""
        for writer in self._writers.values():
            with contextlib.suppress(OSError, pa.ArrowException):
                writer.abandon()


def _decide(
    parts: Sequence[Part], here: Sequence[Part], replaces: Replaces | None
) -> tuple[list[Part], list[Part], list[Part]]:
    """Of new parts those to take and those too old; of the parts here those that go."""
    held = {p.key: p for p in here}
    taken: dict[tuple[str, ...], Part] = {}
    gone: dict[str, Part] = {}
    older: list[Part] = []
    for part in parts:
        rival = taken.get(part.key) or held.get(part.key)
        if rival is not None and (rival.age > part.age or rival.id == part.id) and rival.state == "whole":
            older.append(part)
            continue
        if part.key in taken:
            older.append(taken[part.key])
        elif rival is not None:
            gone[rival.id] = rival
        taken[part.key] = part
        for other in replaces(part, here) if replaces else ():
            gone[other.id] = other
    return list(taken.values()), list(gone.values()), older


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")


def _bytes_in(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else 0


def _named(files: Sequence[Path]) -> str:
    return ", ".join(f.name for f in files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
