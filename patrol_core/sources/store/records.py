"""What the store knows of a pull and of a part; plain records, the same in SQLite, in Parquet and in an export.

A *pull* is one act of taking data: an archive file imported, or an area asked of the service. A *part* is one Parquet
file it left: the rows of one month, of one force (archive), one area (service) or one file (extract).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from patrol_core.areas import Finding

#: The two tables the store keeps.
DATASETS: tuple[str, ...] = ("crimes", "outcomes")
#: Kinds of part, the one believed most first: whole force-months; whole areas; files of unknown completeness.
KINDS: tuple[str, ...] = ("archive", "api", "extract")
OGL_URL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
#: Licence of everything police.uk publishes.
OGL = f"Open Government Licence v3.0 ({OGL_URL})"


@dataclass(frozen=True)
class Pull:
    """One act of taking data.

    Attributes:
        id: Random, the same in an export and where that is imported.
        name: For people: file name, or name of the area.
        origin: Where the data came from: path or address.
        taken_at: When, UTC, ISO 8601.
        edition: How new the data are, to compare: "YYYY-MM" or "YYYY-MM-DD"; of the same month and force the
            newest is kept.
        licence: Under which the data may be used.
        rows_read, rows_kept: Rows seen, and rows in its parts.
        polygon: Area asked for, WKB in EPSG:4326, empty for files.
        findings: What was noticed.
        details: Further provenance, such as requests sent.
    """

    id: str
    name: str
    origin: str
    taken_at: str
    edition: str
    licence: str = OGL
    rows_read: int = 0
    rows_kept: int = 0
    polygon: bytes = b""
    findings: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> Pull:
        """The same without folders of this machine, for files that may travel."""
        name = self.origin if "://" in self.origin else re.split(r"[/\\\\]", self.origin.rstrip("/\\"))[-1]
        return replace(self, origin=name)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; the polygon as hexadecimal digits."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        notes = [[f.severity, f.text, f.rows] for f in self.findings]
        return plain | {"polygon": self.polygon.hex(), "findings": notes, "details": dict(self.details)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Pull:
        """Undo :meth:`as_dict`; KeyError, TypeError or ValueError when it is not that."""
        values = {f.name: plain[f.name] for f in fields(cls)}
        _check_fields(
            values, texts=(*_TEXTS, "id", "name", "origin", "licence"), counts=("rows_read", "rows_kept")
        )
        values["polygon"] = bytes.fromhex(_text("polygon", values["polygon"], most=2**24))
        values["findings"] = tuple(_finding(*note) for note in values["findings"])
        if not isinstance(values["details"], dict):
            raise TypeError("details are no table")
        return cls(**values)


@dataclass(frozen=True)
class Part:
    """One Parquet file.

    Attributes:
        id, pull_id: Its own id, and the pull it belongs to.
        dataset: ``crimes`` or ``outcomes``.
        kind: ``archive``, ``api`` or ``extract``.
        month: "YYYY-MM" of every row in it.
        force: Force of every row of an archive part; "" otherwise.
        scope: What else tells it from others of its month: category and area, or name of the file.
        path: Where it lies, relative to the store.
        rows, bytes, sha256, crc32: What it must be to be whole.
        edition, taken_at: As of its pull.
        source, source_sha256: Label of the file or answers its rows are from, and the digest of that file.
        box: West, south, east, north, in EPSG:27700 metres, of its points and of the area asked for; None
            without either.
        state: ``whole``, or ``damaged`` once found so.
    """

    id: str
    pull_id: str
    dataset: str
    kind: str
    month: str
    force: str
    scope: str
    path: str
    rows: int
    bytes: int
    sha256: str
    crc32: int
    edition: str
    taken_at: str
    source: str = ""
    source_sha256: str = ""
    box: tuple[float, float, float, float] | None = None
    state: str = "whole"

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Parts with equal keys tell of the same thing; the newest is kept."""
        return self.dataset, self.kind, self.month, self.force, self.scope

    @property
    def age(self) -> tuple[str, str]:
        """Greater is newer."""
        return self.edition, self.taken_at

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Part:
        """Undo :meth:`as_dict`; KeyError, TypeError or ValueError when it is not that."""
        values = {f.name: plain[f.name] for f in fields(cls)}
        texts = [f.name for f in fields(cls) if f.type == "str"]
        _check_fields(values, texts=texts, counts=("rows", "bytes", "crc32"))
        box = values["box"]
        values["box"] = None if box is None else _box(box)
        return cls(**values)

    def describe(self) -> str:
        """What it holds, for a message."""
        what = self.force or self.scope or self.kind
        return f"{self.dataset} of {self.month}, {what} ({self.rows:,} rows)"


_TEXTS = ("taken_at", "edition")
#: Largest whole number that a catalogue can keep, and longest text of one field.
_MOST, _LONGEST = 2**63 - 1, 10_000


def _check_fields(values: Mapping[str, Any], *, texts: Sequence[str], counts: Sequence[str]) -> None:
    """TypeError or ValueError unless texts are texts and counts are whole numbers that can be kept."""
    for name in texts:
        _text(name, values[name])
    for name in counts:
        _count(name, values[name])


def _text(name: str, value: Any, *, most: int = _LONGEST) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    if len(value) > most or "\x00" in value:
        raise ValueError(f"{name} is no text of at most {most:,} characters")
    value.encode()  # halves of characters cannot be kept: UnicodeEncodeError is a ValueError
    return value


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is no whole number")
    if not 0 <= value <= _MOST:
        raise ValueError(f"{name} is out of range")
    return value


def _finding(severity: Any, text: Any, rows: Any) -> Finding:
    if severity not in ("info", "warning", "error"):
        raise ValueError("a finding has no severity")
    return Finding(
        severity, _text("a finding", text), None if rows is None else _count("a finding's rows", rows)
    )


def _box(given: Any) -> tuple[float, float, float, float]:
    numbers = [v for v in given if isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < _FAR]
    if len(numbers) != 4 or len(given) != 4:
        raise ValueError("box is not four numbers")
    west, south, east, north = (float(v) for v in numbers)
    return west, south, east, north


#: Metres beyond which nothing of a map lies.
_FAR = 1e9


def to_text(value: Mapping[str, Any]) -> str:
    """JSON for a column."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
