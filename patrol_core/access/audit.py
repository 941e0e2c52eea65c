"""The audit log: what was brought in, taken out and deleted, by whom; lines are only ever added, and each rests on the one before.

A line of JSON an entry. ``hash`` is the sha256 of the entry's other fields, among them ``before``, the hash of the entry before it: who
changes, removes or moves a line breaks the chain, and :meth:`AuditLog.verify` says where. What was cut off the end shows only against a
hash that was noted elsewhere, which is why the last one is shown. No contents, names or coordinates are in it: a user's id, an
action, and the id of what it was done to.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import HeldFile, sync_folder, why
from patrol_core.files.strict_json import load_json

FIRST = "0" * 64
"""What the first entry rests on."""
PATIENCE_S = 5.0
_LONGEST = 16_384
"""Bytes of a line; read back from the end when one is added."""


@dataclass(frozen=True)
class Entry:
    """One thing that was done.

    Attributes:
        at: When, UTC, ISO 8601.
        user: Id of the person; "" without sign-in.
        action: ``upload``, ``export``, ``delete``, ``adopt``, ...
        what: Id of the project or data, or kind of file.
        before, hash: The chain; both sha256, hexadecimal.
    """

    at: str
    user: str
    action: str
    what: str
    before: str
    hash: str

    def line(self) -> bytes:
        """As it stands in the log."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True).encode() + b"\n"


class AuditLog:
    """A log in a file that is only ever added to; several threads and processes may add at once.

    Args:
        path: Made when the first entry is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, user: str, action: str, what: str) -> Entry:
        """Add an entry and wait until the disk has it.

        Args:
            user, action, what: See :class:`Entry`; cut to 200 characters each.

        Raises:
            SourceError: When it cannot be written; what was to be recorded must then not happen.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                fresh = not self.path.exists()
                with self.path.open("ab+") as file:
                    self._mend(file.fileno())
                    entry = _entry(user[:200], action[:200], what[:200], self._last())
                    file.write(entry.line())
                    file.flush()
                    os.fsync(file.fileno())
                if fresh:
                    sync_folder(self.path.parent)
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"The audit log {self.path} could not be written ({why(error)}), and nothing is done without it: free some space "
                "or mend its folder."
            ) from error
        return entry

    def entries(self) -> list[Entry]:
        """All entries, the oldest first.

        Raises:
            InputError: When a line is not an entry; names it.
        """
        return [_read(number, line) for number, line in enumerate(self._lines(), start=1)]

    def verify(self) -> str:
        """What is wrong with the chain, in a sentence; "" where nothing is."""
        before = FIRST
        for number, line in enumerate(self._lines(), start=1):
            try:
                entry = _read(number, line)
            except InputError as error:
                return str(error)
            if entry.before != before:
                return f"Line {number} of the audit log does not follow from the line before it: a line was changed, removed or moved."
            if entry.hash != _hash(entry.at, entry.user, entry.action, entry.what, entry.before):
                return f"Line {number} of the audit log was changed after it was written."
            before = entry.hash
        return ""

    def _lines(self) -> list[bytes]:
        with suppress(FileNotFoundError):
            return [line for line in self.path.read_bytes().split(b"\n") if line]
        return []

    def _last(self) -> str:
        """Hash of the last entry."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST))
            lines = [line for line in file.read().split(b"\n") if line]
        return _read(0, lines[-1]).hash if lines else FIRST

    def _mend(self, file: int) -> None:
        """Cut off half a line that a killed writer left: what it was to record did not happen."""
        size = os.fstat(file).st_size
        with self.path.open("rb") as whole:
            whole.seek(max(0, size - _LONGEST))
            tail = whole.read()
        if tail and not tail.endswith(b"\n"):
            os.ftruncate(file, size - len(tail.rpartition(b"\n")[2]))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        held = HeldFile(self.path.with_suffix(".lock"))
        end = time.monotonic() + PATIENCE_S
        while not held.take():
            if time.monotonic() > end:
                raise SourceError(f"The audit log {self.path} is held by another program; try again.")
            time.sleep(0.01)
        try:
            yield
        finally:
            held.release()


def _entry(user: str, action: str, what: str, before: str) -> Entry:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Entry(at, user, action, what, before, _hash(at, user, action, what, before))


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(number: int, line: bytes) -> Entry:
    """An entry from its line."""
    try:
        plain = load_json(line, "The line", most_bytes=_LONGEST)
        if not (isinstance(plain, dict) and all(isinstance(value, str) for value in plain.values())):
            raise TypeError
        return Entry(**plain)
    except (InputError, TypeError):
        raise InputError(
            f"Line {number} of the audit log is no entry: it was changed, or damaged by the disk."
        ) from None
