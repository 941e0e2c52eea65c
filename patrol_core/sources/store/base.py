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

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import HeldFile, sync_folder, why
from patrol_core.settings import settings
from patrol_core.sources.store.adding import Added, Adding, Replaces, decide
from patrol_core.sources.store.catalogue import NAME, Catalogue, DamagedCatalogue, Writing, alone
from patrol_core.sources.store.mending import is_there, litter, make_catalogue, moved_aside, sweep
from patrol_core.sources.store.parts import faults_of
from patrol_core.sources.store.records import DATASETS, OGL, Part, Pull

T = TypeVar("T")


class DamagedData(SourceError):
    """Stored files that are not whole; ``parts`` names them. They have been set aside."""

    def __init__(self, message: str, parts: Sequence[Part]) -> None:
        super().__init__(message)
        self.parts = tuple(parts)


@dataclass(frozen=True)
class Size:
    """Bytes on disk: tables, cached answers of the service, files set aside."""

    tables: int
    answers: int
    quarantine: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.tables + self.answers + self.quarantine


class Store:
    """A folder of data. Cheap to make; safe to use from several threads and processes.

    Args:
        folder: Made when missing; ``settings().cache_dir`` when not given.

    Attributes:
        notes: What was put right while opening, in sentences.
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
        """Folder of the cached answers of the service, from which a stopped pull goes on."""
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

        Args:
            name, origin, edition, licence: See :class:`patrol_core.sources.store.records.Pull`.
        """
        taken_at = datetime.now(UTC).isoformat(timespec="microseconds")
        pull = Pull(uuid.uuid4().hex, name, origin, taken_at, edition, licence)
        with self.staging() as place:
            adding = Adding(pull, place)
            try:
                yield adding
                adding.close_parts()
                adding.added = self.commit([adding.pull], adding.parts, place, replaces=adding.replaces)
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
            sweep(self.folder, writing.parts())
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

        Args:
            pulls: To which the parts belong.
            parts: Their files lie in ``place`` under their ids.
            replaces: Which parts go besides those of equal key.
        """
        with self._changing() as writing:
            sweep(self.folder, writing.parts())
            here = writing.parts()
            taken, gone, older = decide(parts, here, replaces)
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

        Args:
            dataset: ``crimes`` or ``outcomes``.
            name: Of a pull: name of an area or of an imported file.
            force, months: Of archive parts, and of any.
            answers: Also cached answers of the service, and files set aside.

        Returns:
            tuple of Part: What was deleted.
        """
        if dataset is not None and dataset not in DATASETS:
            raise InputError(f"There is no data set {dataset!r}; choose one of {', '.join(DATASETS)}.")
        wanted = {pull.id for pull in self.pulls() if pull.name == name}
        if name is not None and not wanted:
            raise InputError(f"Nothing named {name!r} was ever stored; see the list of sources.")
        with self._changing() as writing:
            sweep(self.folder, writing.parts())
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

        Args:
            parts: Which to look at; all when not given.
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

        Raises:
            DamagedData: Naming those that are not whole, and what to do.
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
                    moved_aside([self.path_of(part)], self.quarantine)

    # ---- inside -----------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Check the catalogue, sweep up after kills; make the catalogue anew where it is missing or damaged."""
        try:
            if is_there(self.catalogue):
                self.catalogue.check()
                if litter(self.folder, self.catalogue.parts()):
                    with self._changing() as writing:
                        sweep(self.folder, writing.parts())
                return
        except DamagedCatalogue:
            pass
        with alone(self.folder / "catalogue.lock"):
            self.notes += make_catalogue(self.folder, self.catalogue, self.quarantine)

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

    def _remove(self, parts: Sequence[Part]) -> None:
        """Delete files that are out of the catalogue; one that is open elsewhere (Windows) is swept up later."""
        for part in parts:
            with contextlib.suppress(OSError):
                self.path_of(part).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.path_of(part).parent.rmdir()


def _bytes_in(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else 0
