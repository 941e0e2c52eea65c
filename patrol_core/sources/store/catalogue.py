"""The SQLite catalogue of the store: pulls and parts, in one small database that readers and one writer share (WAL).

What stands here counts; a Parquet file that does not stand here is litter. Every change is one transaction, so a
kill leaves the catalogue before or after it. A connection lasts one operation.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from patrol_core.errors import SourceError
from patrol_core.files.atomic import HeldFile
from patrol_core.files.strict_json import load_json
from patrol_core.sources.store.records import Part, Pull, to_text

NAME = "catalogue.sqlite"
VERSION = 1
#: How long an operation waits for another process's, seconds.
WAIT_S = 60.0

_TABLES = """
CREATE TABLE IF NOT EXISTS pulls (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, taken_at TEXT NOT NULL, edition TEXT NOT NULL,
    licence TEXT NOT NULL, rows_read INTEGER NOT NULL, rows_kept INTEGER NOT NULL, record TEXT NOT NULL,
    seal TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
    id TEXT PRIMARY KEY, pull_id TEXT NOT NULL REFERENCES pulls(id), dataset TEXT NOT NULL, kind TEXT NOT NULL,
    month TEXT NOT NULL, force TEXT NOT NULL, scope TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, crc32 INTEGER NOT NULL,
    edition TEXT NOT NULL, taken_at TEXT NOT NULL, source TEXT NOT NULL, source_sha256 TEXT NOT NULL,
    box TEXT NOT NULL, state TEXT NOT NULL, seal TEXT NOT NULL, UNIQUE (dataset, kind, month, force, scope));
"""
#: Primary result codes of SQLite that tell of the disk, the rights or another process, not of the contents.
_CIRCUMSTANCES = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_DECODING = 0  # Python's own complaint about text that is not UTF-8 has no code
_PART_FIELDS = tuple(f.name for f in fields(Part))


class DamagedCatalogue(SourceError):
    """The catalogue is no SQLite database any more, or not whole."""


class Catalogue:
    """The catalogue file of one store.

    Args:
        path: Of the database; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    # ---- opening ----------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the tables where there are none."""
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")

    def check(self) -> None:
        """Read the whole database.

        Raises:
            DamagedCatalogue: When it is not whole.
            SourceError: When a newer version of this program wrote it.
        """
        with self._open() as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = {r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
            if found == "ok" and version <= VERSION and {"pulls", "parts"} <= tables:
                _parts(connection)
        if version > VERSION:
            raise SourceError(
                f"{self.path} was written by a newer version of this program (format {version}); update it."
            )
        if found != "ok" or not {"pulls", "parts"} <= tables:
            raise DamagedCatalogue(f"{self.path} is damaged ({found}).")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous=FULL")
                yield connection
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", _DECODING) & 0xFF not in _CIRCUMSTANCES:
                raise DamagedCatalogue(f"{self.path} is damaged ({error}).") from error
            raise SourceError(
                f"The catalogue {self.path} cannot be used ({error}); check the folder, or try again."
            ) from error
        except sqlite3.DatabaseError as error:
            raise DamagedCatalogue(f"{self.path} is damaged ({error}).") from error

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction that holds the store's write lock; an error inside leaves all as it was."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    # ---- reading ----------------------------------------------------------------------------------------

    def parts(self) -> list[Part]:
        """All parts there are now, by data set, month, force and scope."""
        with self._open() as connection:
            return _parts(connection)

    def pulls(self) -> list[Pull]:
        """All pulls ever made, the newest first."""
        with self._open() as connection:
            rows = connection.execute("SELECT record, seal FROM pulls ORDER BY taken_at DESC, id").fetchall()
            return [
                Pull.from_dict(load_json(_sealed(record, seal), "A pull of the store"))
                for record, seal in rows
            ]


class Writing:
    """The inside of a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def parts(self) -> list[Part]:
        """All parts, as this transaction sees them."""
        return _parts(self._connection)

    def put_pull(self, pull: Pull) -> None:
        """Add a pull, or write it anew."""
        record = to_text(pull.as_dict())
        values = (pull.name, pull.origin, pull.taken_at, pull.edition, pull.licence)
        self._connection.execute(
            "INSERT OR REPLACE INTO pulls VALUES (?,?,?,?,?,?,?,?,?,?)",
            (pull.id, *values, pull.rows_read, pull.rows_kept, record, _seal(record)),
        )

    def put_part(self, part: Part) -> None:
        """Add a part; its key must be free."""
        plain = part.as_dict() | {"box": json.dumps(part.box)}
        marks = ",".join("?" * (len(_PART_FIELDS) + 1))
        self._connection.execute(
            f"INSERT INTO parts ({','.join(_PART_FIELDS)}, seal) VALUES ({marks})",  # noqa: S608 (our own names)
            [*(plain[name] for name in _PART_FIELDS), _seal(to_text(plain))],
        )

    def drop_part(self, part_id: str) -> None:
        """Take a part out."""
        self._connection.execute("DELETE FROM parts WHERE id=?", (part_id,))

    def mark_damaged(self, part: Part) -> None:
        """Say of a part that its file is not whole."""
        self.drop_part(part.id)
        self.put_part(replace(part, state="damaged"))


def _parts(connection: sqlite3.Connection) -> list[Part]:
    rows = connection.execute(
        f"SELECT {','.join(_PART_FIELDS)}, seal FROM parts ORDER BY dataset, month, force, scope, id"  # noqa: S608
    ).fetchall()
    return [_part(dict(zip(_PART_FIELDS, row[:-1], strict=True)), row[-1]) for row in rows]


def _part(plain: dict[str, Any], seal: str) -> Part:
    if any(isinstance(value, bytes) for value in plain.values()):  # a changed kind of cell
        raise sqlite3.DatabaseError("an entry is not what was written")
    _sealed(to_text(plain), seal)
    return Part.from_dict(plain | {"box": load_json(plain["box"], "A part of the store")})


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sealed(text: object, seal: str) -> str:
    """``text`` if it is what was sealed: SQLite notices torn pages, but not a changed letter."""
    if not isinstance(text, str) or _seal(text) != seal:
        raise sqlite3.DatabaseError("an entry is not what was written")
    return text


@contextmanager
def alone(lock: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold a lock file that only one process has at a time; SourceError when that takes too long."""
    held = HeldFile(lock)
    until = time.monotonic() + wait_s
    while not held.take():
        if time.monotonic() > until:
            raise SourceError(f"Another process has been busy with {lock.parent} too long; end it or wait.")
        time.sleep(0.02)
    try:
        yield
    finally:
        held.release()
