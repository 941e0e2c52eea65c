"""police.uk files of any size into the store: street and outcomes files, zips of all forces, plain CSVs.

A file named as data.police.uk names it, with one month and one force in it, is an *archive* part: complete for its
force and month, so that of several editions the newest is kept whole and rows need not be compared. Any other
file is an *extract*: it is kept beside, and where archive parts or a pull of the area tell of the same month and force,
those are believed. A container (zip, folder, file) comes in whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patrol_core.areas import UK_CRS
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.archives import FileLike, Limits
from patrol_core.files.projection import project_points
from patrol_core.sources.archive import Block, BulkTable, Container, StreetTable, bulk_stream
from patrol_core.sources.archive import table as archive_table
from patrol_core.sources.area import quality
from patrol_core.sources.store.adding import Adding
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.import_report import BulkReport, ImportCounts, report_of, sum_of
from patrol_core.sources.store.parts import SCHEMAS
from patrol_core.web import Progress

Marks = NDArray[np.uint64]

_CRIMES = {
    "crime_id": "Crime ID",
    "month": "Month",
    "crime_type": "Crime type",
    "lsoa_code": "LSOA code",
    "lsoa_name": "LSOA name",
    "location": "Location",
    "force": "Reported by",
    "outcome": "Last outcome category",
}
_OUTCOMES = {
    "crime_id": "Crime ID",
    "month": "Month",
    "outcome": "Outcome type",
    "lsoa_code": "LSOA code",
    "force": "Reported by",
}


def import_files(
    store: Store,
    files: FileLike | Sequence[FileLike],
    *,
    edition: str | None = None,
    on_progress: Progress | None = None,
    limits: Limits | None = None,
) -> BulkReport:
    """Take police.uk files into the store.

    Args:
        store: Where they go.
        files: One or several of: path to a zip, folder, CSV, csv.gz or Parquet; (name, bytes) of an upload.
        edition: How new the data are, "YYYY-MM" or "YYYY-MM-DD"; read from the files when not given. Give it to
            put an older file in the place of a newer one.
        on_progress: Called with the share done (0 to 1) and the file being read, before each block.
        limits: Sizes beyond which a file is refused.

    Raises:
        InputError, SourceError: One sentence with file, line and column. Containers before the one at fault are
            in the store, it is not.
    """
    tell = on_progress or (lambda _share, _text: None)
    reports = []
    for container in bulk_stream.containers(files, limits or bulk_stream.BULK_LIMITS):
        reports.append(_import_one(store, container, edition, tell))
    if not reports:
        raise InputError("No file was given; give police.uk files to import.")
    return reports[0] if len(reports) == 1 else sum_of(reports)


def _import_one(store: Store, container: Container, edition: str | None, tell: Progress) -> BulkReport:
    store.check()  # what is damaged must not count as being there
    known = {(p.source_sha256, p.scope) for p in store.parts() if p.state == "whole" and p.source_sha256}
    counts = ImportCounts()
    chosen = edition or container.edition or datetime.now(UTC).strftime("%Y-%m")
    with store.adding(container.name, container.origin, edition=chosen) as adding:
        for table in container.tables:
            if table.ignored:
                counts.ignored.append(f"{table.label} ({table.ignored})")
                continue
            _import_table(adding, table, known, counts, lambda label: tell(_share(counts, container), label))
        if not counts.files and not counts.same:
            what = f" (found {counts.ignored[0]})" if counts.ignored else ""
            raise InputError(
                f"{container.name} holds no police.uk street or outcomes file{what}; give files as data.police.uk offers."
            )
        if counts.files and not counts.rows:
            raise InputError(f"{counts.files[0]} has a header but 0 rows; give files with crimes in them.")
        adding.pull = replace(
            adding.pull, rows_read=counts.rows, findings=counts.findings(), details=counts.details()
        )
    assert adding.added is not None
    tell(1.0, f"{counts.rows:,} rows of {container.name}")
    return report_of(counts, adding.added)


def _share(counts: ImportCounts, container: Container) -> float:
    return min(1.0, counts.bytes_done / max(1, container.size))


def _import_table(
    adding: Adding,
    table: BulkTable,
    known: set[tuple[str, str]],
    counts: ImportCounts,
    tell: Callable[[str], None],
) -> None:
    """Read one table block by block; its parts end with it."""
    digest = hashlib.sha256()
    reader: _Reader | None = None
    for block in table.blocks:
        digest.update(block.data)
        if reader is None:
            if block.last and _same(digest.hexdigest(), table, known):
                counts.same.append(table.label)
                return
            reader = _Reader(adding, table)
            counts.files.append(table.label)
        tell(f"Reading {table.label}")
        reader.take(block, counts)
        counts.bytes_done += len(block.data)
    if reader is not None:
        reader.end(digest.hexdigest(), counts)


def _same(digest: str, table: BulkTable, known: set[tuple[str, str]]) -> bool:
    scope = "" if table.official else table.stem
    return (digest, scope) in known or (digest, table.stem) in known


class _Reader:
    """Blocks of one table to parts."""

    def __init__(self, adding: Adding, table: BulkTable) -> None:
        self._adding, self._table = adding, table
        self._dataset = "crimes"
        self._single: tuple[str, str] | None = None  # month and force of an archive file
        self._first = True
        self._begun = len(adding.parts)
        self._heading = b""  # of the rows to come, where the file repeats its heading in another order
        self._lines = 0
        self._marks: list[Marks] = []  # of the rows with a Crime ID, to count those that repeat

    def take(self, block: Block, counts: ImportCounts) -> None:
        parsed = self._parse(block)
        for finding in parsed.findings:
            counts.note(finding)
        rows = self._columns(parsed)
        counts.rows += rows.num_rows + parsed.left_out
        counts.left_out += parsed.left_out
        self._lines += parsed.lines
        if self._dataset == "crimes":
            counts.nowhere += int(np.isnan(parsed.columns["lon"].to_numpy()).sum())
            counts.no_lsoa += _blank(rows["lsoa_code"])
            counts.no_id += _blank(rows["crime_id"])
            self._marks.append(_marks(rows))
        if not rows.num_rows:
            return
        if self._first:
            self._single = self._one_month_and_force(rows)
            self._first = False
        if self._single:
            self._write_archive(rows)
        else:
            self._write_extract(rows)

    def end(self, digest: str, counts: ImportCounts) -> None:
        """Close this table's parts, so that memory holds one table's writers only."""
        for finding in text_table.spreadsheet_limit(self._table.label, self._lines):
            counts.note(finding)
        self._count_repeats(counts)
        self._adding.close_parts()
        for i in range(self._begun, len(self._adding.parts)):
            self._adding.parts[i] = replace(self._adding.parts[i], source_sha256=digest)

    def _count_repeats(self, counts: ImportCounts) -> None:
        if not self._marks:
            return
        marks = np.concatenate(self._marks)
        whole, but_outcome = (len(marks) - len(np.unique(marks[:, k])) for k in (0, 1))
        self._marks = []
        for words, count in ((quality.EQUAL, whole), (quality.BUT_OUTCOME, but_outcome - whole)):
            if count:
                before, first = counts.repeats.get(words, (0, self._table.label))
                counts.repeats[words] = (before + count, first)

    def _parse(self, block: Block) -> StreetTable:
        data = block.data
        if self._heading:
            data = self._heading + data[data.index(b"\n") + 1 :]
        try:
            parsed = self._parse_block(data, block.lines)
        except InputError:
            if not block.lines or data[:4] == b"PAR1":
                raise
            # The same again with as many empty lines as came before, so that the line in the message is right.
            end = data.index(b"\n") + 1
            return self._parse_block(data[:end] + b"\n" * block.lines + data[end:], 0)
        self._heading = parsed.heading or self._heading
        return parsed

    def _parse_block(self, data: bytes, lines: int) -> StreetTable:
        label = self._table.label
        if self._first or self._dataset == "crimes":
            parsed = archive_table.parse(label, data, lines_before=lines)
            if not isinstance(parsed, str):
                return parsed
            if parsed != "outcomes file" or not self._first:
                raise InputError(
                    f"{label} is a {parsed}, or holds one; give street and outcomes files apart."
                )
            self._dataset = "outcomes"
        return archive_table.parse_outcomes(label, data, lines_before=lines)

    def _columns(self, parsed: StreetTable) -> pa.Table:
        names = _CRIMES if self._dataset == "crimes" else _OUTCOMES
        lon, lat = parsed.columns["lon"].to_numpy(), parsed.columns["lat"].to_numpy()
        x, y = project_points(lon, lat, "EPSG:4326", UK_CRS)
        columns = {name: parsed.columns[published] for name, published in names.items()}
        source = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(len(lon), dtype=np.int8)), [self._table.stem]
        )
        numbers = {"lon": lon, "lat": lat, "x": x, "y": y}
        missing = {k: pc.if_else(pc.is_nan(pa.array(v)), None, pa.array(v)) for k, v in numbers.items()}
        table = pa.table({**columns, **missing, "source": source.cast(pa.string())})
        return table.select(SCHEMAS[self._dataset].names)

    def _one_month_and_force(self, rows: pa.Table) -> tuple[str, str] | None:
        official = self._table.official
        if official is None:
            return None
        months, forces = pc.unique(rows["month"]).to_pylist(), pc.unique(rows["force"]).to_pylist()
        if months != [official[0]] or len(forces) != 1 or not forces[0]:
            return None
        return months[0], forces[0]

    def _write_archive(self, rows: pa.Table) -> None:
        assert self._single is not None
        month, force = self._single
        if self._one_month_and_force(rows) != self._single:
            raise InputError(
                f"{self._table.label} begins with rows of {month}, {force}, and has others later; rename it, so that it is not "
                "taken for a file of one month and force."
            )
        self._adding.write(rows, self._dataset, "archive", month, force=force, source=self._table.stem)

    def _write_extract(self, rows: pa.Table) -> None:
        months = rows["month"].combine_chunks().dictionary_encode()
        for code, month in enumerate(months.dictionary.to_pylist()):
            chosen = rows.filter(pc.equal(months.indices, code))
            stem = self._table.stem
            self._adding.write(chosen, self._dataset, "extract", month, scope=stem, source=stem)


def _marks(rows: pa.Table) -> Marks:
    """(n, 2) of rows with a Crime ID: one number for all that a row says, one for all but its outcome."""
    rows = rows.filter(pc.not_equal(rows["crime_id"], ""))
    said = [c for c in rows.column_names if c not in ("x", "y", "source", "outcome")]
    frame = rows.select([*said, "outcome"]).to_pandas()
    but_outcome = pd.util.hash_pandas_object(frame[said], index=False).to_numpy()
    whole = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return np.column_stack([whole, but_outcome])


def _blank(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.equal(column, "")).as_py() or 0)
