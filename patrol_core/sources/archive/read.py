"""police.uk archive files, exactly as published, to the ``crimes`` table.

Accepted: street CSVs, csv.gz, zips and folders as data.police.uk offers them, and Parquet with the same
columns; several at once, months and forces mixed. Outcomes and stop-and-search files are recognised and
reported as ignored.

Rows are never dropped silently. Two kinds of repetition across *files* are dropped and counted: a file
given twice (equal bytes) and a row equal in every column to a row of another file, if it has a Crime ID.
Rows without Crime ID (all anti-social behaviour) are separate incidents however equal they look, and
several offences under one ID within a file stay, as in the archive. Rows without a readable month are left out, counted and said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from patrol_core.areas import CRIME_COLUMNS, UK_CRS, Finding
from patrol_core.errors import InputError
from patrol_core.files import archives as archive_files
from patrol_core.files import text_table
from patrol_core.files.archives import FileLike, Limits
from patrol_core.files.projection import project_points
from patrol_core.files.schema import validate_crimes
from patrol_core.settings import settings
from patrol_core.sources.archive import table as archive_table
from patrol_core.sources.archive.table import StreetTable
from patrol_core.sources.fields import listed

#: Called with the share done (0..1, or -1 when unknown) and what is being done.
Progress = Callable[[float, str], None]

_NAMES = {
    "Crime ID": "crime_id",
    "Month": "month",
    "Crime type": "crime_type",
    "LSOA code": "lsoa_code",
    "LSOA name": "lsoa_name",
    "Location": "location",
    "Reported by": "force",
    "Last outcome category": "outcome",
}
_WHOLE_ROW = [*_NAMES.values(), "lon", "lat", "Falls within", "Context"]


@dataclass(frozen=True)
class ImportReport:
    """What an import read, kept and noticed.

    ``rows_read`` = ``rows_kept`` + ``duplicates_dropped`` + ``rows_left_out``. ``without_*`` count kept rows; rows are left out
    when their month cannot be read.
    """

    rows_read: int
    rows_kept: int
    files: tuple[str, ...]
    months: tuple[str, ...]
    forces: tuple[str, ...]
    without_location: int
    without_lsoa: int
    without_crime_id: int
    duplicates_dropped: int
    findings: tuple[Finding, ...]
    ignored: tuple[str, ...] = field(default=())
    rows_left_out: int = 0


@dataclass
class _Collected:
    tables: list[StreetTable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    repeated_rows: int = 0
    seen: dict[str, StreetTable] = field(default_factory=dict)


def read_crimes(
    files: FileLike | Sequence[FileLike],
    *,
    on_progress: Progress | None = None,
    limits: Limits | None = None,
) -> tuple[pd.DataFrame, ImportReport]:
    """Read police.uk street files into the ``crimes`` table (x, y in EPSG:27700 metres).

    Args:
        files: One or several of: path (csv, csv.gz, zip, parquet, folder) or upload (name, bytes).
        on_progress: Called with the share done and what is being done.
        limits: Sizes beyond which a file is refused.

    Returns:
        crimes, report: The table described in :mod:`patrol_core.areas`, rows in the order of the input.

    Raises:
        InputError: One sentence with file, line and column: not police.uk's columns, cut off, wrong encoding,
            no rows, coordinates outside the UK, bad months, unsafe or damaged zip.
        SourceError: If a path cannot be read.
    """
    tell = on_progress or (lambda _share, _text: None)
    found = _collect(files, limits, tell)
    _require_rows(files, found)
    tell(0.8, "Putting the files together")
    frame = _join(found.tables)
    rows_read = len(frame) + found.repeated_rows + sum(t.left_out for t in found.tables)
    repeated, overlap = _repeated_rows(frame)
    frame = frame[~repeated].reset_index(drop=True) if repeated.any() else frame
    tell(0.9, "Projecting points to metres")
    crimes = validate_crimes(_finish(frame))
    report = _report(crimes, found, rows_read, int(repeated.sum()), overlap)
    tell(1.0, f"{report.rows_kept:,} rows read")
    return crimes, report


def _collect(files: FileLike | Sequence[FileLike], limits: Limits | None, tell: Progress) -> _Collected:
    found = _Collected()
    most = settings().max_upload_rows
    for raw in archive_files.iter_tables(files, limits):
        if raw.ignored:
            found.ignored.append(f"{raw.name} ({raw.ignored})")
            continue
        tell(-1.0, f"Reading {raw.name}")
        digest = hashlib.sha256(raw.data).hexdigest()
        if (first := found.seen.get(digest)) is not None:
            _note_same_file(found, raw.name, first)
            continue
        parsed = archive_table.parse(raw.name, raw.data)
        if isinstance(parsed, str):
            found.ignored.append(f"{raw.name} ({parsed})")
            continue
        found.seen[digest] = parsed
        found.tables.append(parsed)
        found.findings += parsed.findings
        if sum(table.rows for table in found.tables) > most:
            raise InputError(
                f"The files hold more than {most:,} rows of crime (passed in {raw.name}), too many to hold in memory at "
                "once; give fewer months, take the files into the store, or raise PATROL_MAX_UPLOAD_ROWS."
            )
        found.findings += text_table.spreadsheet_limit(parsed.name, parsed.lines)
    return found


def _note_same_file(found: _Collected, name: str, first: StreetTable) -> None:
    found.repeated_rows += first.rows
    text = f"{name} is the same file as {first.name}; its {first.rows:,} rows are counted once."
    found.findings.append(Finding("info", text, first.rows))


def _require_rows(files: FileLike | Sequence[FileLike], found: _Collected) -> None:
    names = archive_files.names_of(files)
    if not found.tables:
        what = f" (found {found.ignored[0]})" if found.ignored else ""
        raise InputError(
            f"{names} holds no police.uk street file{what}; give files whose names end in -street.csv."
        )
    empty = [t.name for t in found.tables if not t.rows]
    if len(empty) == len(found.tables):
        raise InputError(f"{empty[0]} has a header but 0 rows; give a file with crimes in it.")
    if empty:
        few = ", ".join(empty[:3]) + (" …" if len(empty) > 3 else "")
        text = (
            f"{len(empty)} of {len(found.tables)} files have a header but no rows ({few}); their "
            "month and force count as missing."
        )
        found.findings.append(Finding("warning", text))


def _join(tables: list[StreetTable]) -> pd.DataFrame:
    table = pa.concat_tables([t.columns for t in tables])
    frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    for published, name in {**_NAMES, "Falls within": "Falls within", "Context": "Context"}.items():
        column = table[published]
        if name in ("month", "crime_type"):
            frame[name] = column.dictionary_encode().unify_dictionaries().combine_chunks().to_pandas()
        else:
            frame[name] = column.to_pandas().astype("str")
    frame["lon"], frame["lat"] = table["lon"].to_numpy(), table["lat"].to_numpy()
    files = np.repeat(np.arange(len(tables)), [t.rows for t in tables])
    labels = _unique_labels([t.name for t in tables])
    frame["source"] = pd.Categorical.from_codes(files.tolist(), categories=pd.Index(labels))
    return frame


def _unique_labels(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        labels.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return labels


def _shared_cells(frame: pd.DataFrame) -> pd.Series[bool]:
    """Rows of a (month, force) that occurs in more than one file."""
    if len(frame["source"].cat.categories) < 2:
        return pd.Series(False, index=frame.index)
    keys = frame[["month", "force"]].assign(file=frame["source"].cat.codes)
    cells = keys.drop_duplicates()
    many = cells[cells.duplicated(["month", "force"], keep=False)]
    if many.empty:
        return pd.Series(False, index=frame.index)
    wanted = pd.MultiIndex.from_frame(many[["month", "force"]].drop_duplicates())
    return pd.Series(pd.MultiIndex.from_frame(keys[["month", "force"]]).isin(wanted), index=frame.index)


def _repeated_rows(frame: pd.DataFrame) -> tuple[pd.Series[bool], list[Finding]]:
    """Mark rows with a Crime ID that stand, equal in every column, in an earlier file; and warn of doubt.

    The k-th copy within a file answers the k-th copy within the other, so what a file repeats in itself
    stays.
    """
    repeated = pd.Series(False, index=frame.index)
    shared = _shared_cells(frame)
    rows = frame[shared & (frame["crime_id"] != "")]
    matched = repeated.copy()
    if not rows.empty:
        copy = rows.groupby([*_WHOLE_ROW, "source"], observed=True, dropna=False, sort=False).cumcount()
        whole = rows[_WHOLE_ROW].assign(copy=copy)
        repeated.loc[rows.index] = whole.duplicated()
        matched.loc[rows.index] = whole.duplicated(keep=False)
    return repeated, _doubtful(frame[shared & ~matched])


def _doubtful(rows: pd.DataFrame) -> list[Finding]:
    """Warn of rows that several files of the same month and force hold and that cannot be matched."""
    rows = rows[_shared_cells(rows)] if len(rows) else rows
    if rows.empty:
        return []
    months = sorted({str(m) for m in rows["month"].unique()})
    forces = sorted(set(rows["force"]))
    text = (
        f"Several files hold rows of {listed(forces)} for {listed(months)}: rows without Crime ID, and "
        f"rows that differ in any column, cannot be told from new ones, so {len(rows):,} rows may be "
        "counted twice; give each month and force once."
    )
    return [Finding("warning", text, len(rows))]


def _finish(frame: pd.DataFrame) -> pd.DataFrame:
    x, y = project_points(frame["lon"].to_numpy(), frame["lat"].to_numpy(), "EPSG:4326", UK_CRS)
    crimes = frame.assign(x=x, y=y)
    for name in ("month", "crime_type"):
        used = crimes[name].cat.remove_unused_categories()
        crimes[name] = used.cat.reorder_categories(sorted(used.cat.categories), ordered=name == "month")
    return crimes[list(CRIME_COLUMNS)]


def _report(
    crimes: pd.DataFrame, found: _Collected, rows_read: int, repeated: int, overlap: list[Finding]
) -> ImportReport:
    nowhere = crimes["x"].isna()
    no_lsoa, no_id = crimes["lsoa_code"] == "", crimes["crime_id"] == ""
    findings = [*found.findings, *overlap]
    if repeated:
        text = f"{repeated:,} rows stand in more than one file, equal in every column; counted once."
        findings.append(Finding("info", text, repeated))
    if found.ignored:
        few = "; ".join(found.ignored[:3]) + (" …" if len(found.ignored) > 3 else "")
        words = f"{len(found.ignored)} files are not street files and were ignored: {few}."
        findings.append(Finding("info", words))
    if count := int(nowhere.sum()):
        by_code = int((nowhere & ~no_lsoa).sum())
        text = (
            f"{count:,} of {len(crimes):,} rows have no coordinates; {by_code:,} of them can be placed "
            "by LSOA code, the others are in no zone and in no plan."
        )
        findings.append(Finding("warning", text, count, topic="place"))
    return ImportReport(
        rows_read=rows_read,
        rows_kept=len(crimes),
        files=tuple(str(c) for c in crimes["source"].cat.categories),
        months=tuple(str(m) for m in crimes["month"].cat.categories),
        forces=tuple(sorted(str(f) for f in crimes["force"].unique())),
        without_location=int(nowhere.sum()),
        without_lsoa=int(no_lsoa.sum()),
        without_crime_id=int(no_id.sum()),
        duplicates_dropped=repeated + found.repeated_rows,
        findings=tuple(findings),
        ignored=tuple(found.ignored),
        rows_left_out=sum(t.left_out for t in found.tables),
    )
