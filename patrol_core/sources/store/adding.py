"""Taking data into the store: tables to parts, and which parts they replace."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from patrol_core.sources.store.parts import PartWriter
from patrol_core.sources.store.records import Part, Pull

#: Decides, given what is to be added and what is there, which of the latter it replaces besides equal keys.
Replaces = Callable[[Part, Sequence[Part]], Sequence[Part]]


@dataclass(frozen=True)
class Added:
    """What became of new parts.

    Attributes:
        pulls: As they stand in the catalogue.
        parts: Now in the store.
        replaced: No longer in the store.
        older: Not taken, because the store has newer data for the same.
    """

    pulls: tuple[Pull, ...]
    parts: tuple[Part, ...]
    replaced: tuple[Part, ...]
    older: tuple[Part, ...]


class Adding:
    """The inside of :meth:`Store.adding`: write tables; each month, force and scope becomes one part.

    Attributes:
        pull: Replace it to say more of it (findings, rows read, polygon) before the end.
        replaces: Set it to have other parts replaced than those of equal key.
        added: What became of it; set at the end.
    """

    def __init__(self, pull: Pull, place: Path) -> None:
        self.pull, self.place = pull, place
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
        """Add rows of one month; calls with the same names go on in the same part.

        Args:
            table: The rows, columns as of :data:`patrol_core.sources.store.parts.SCHEMAS`.
            dataset, kind, month, force, scope, source, box: See
                :class:`patrol_core.sources.store.records.Part`.
        """
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

    def abandon(self) -> None:
        """Close whatever is open."""
        for writer in self._writers.values():
            with contextlib.suppress(OSError, pa.ArrowException):
                writer.abandon()


def decide(
    parts: Sequence[Part], here: Sequence[Part], replaces: Replaces | None
) -> tuple[list[Part], list[Part], list[Part]]:
    """Of new parts those to take; of the parts in the store those that go; of new parts those too old.

    Args:
        parts: New ones.
        here: Those in the store.
        replaces: Which of these go besides those of equal key.
    """
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
