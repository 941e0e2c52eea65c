"""One police.uk street table: bytes to checked columns.

Every check names file, line and column. What is wrong with the whole file is an InputError. What is wrong with single rows
becomes a Finding: a cell that a row can do without (place, code, crime type) is read as blank, a row without a readable month is
left out; where half of the rows or more are so, the file is refused. Headings, months, blanks and crime types that R, spreadsheets,
databases and the service's own API write in another way are brought to the published form, which is said.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.text_table import plain_heading
from patrol_core.sources.archive.checks import (
    MONTH,
    filled,
    read_codes,
    read_crime_types,
    read_month_column,
    read_places,
)

#: The columns of a police.uk street file, as published.
STREET_COLUMNS: tuple[str, ...] = (
    "Crime ID",
    "Month",
    "Reported by",
    "Falls within",
    "Longitude",
    "Latitude",
    "Location",
    "LSOA code",
    "LSOA name",
    "Crime type",
    "Last outcome category",
    "Context",
)
#: Without these a street file cannot be used; the others may be absent and are then empty.
NEEDED: tuple[str, ...] = (
    "Crime ID",
    "Month",
    "Reported by",
    "Longitude",
    "Latitude",
    "LSOA code",
    "Crime type",
)
#: The columns used of a police.uk outcomes file.
OUTCOME_COLUMNS: tuple[str, ...] = (
    "Crime ID",
    "Month",
    "Reported by",
    "Longitude",
    "Latitude",
    "LSOA code",
    "Outcome type",
)
_PARQUET = b"PAR1"

#: Names of columns of police.uk that make a line a heading.
_HEADING_WORDS = 5


@dataclass(frozen=True)
class StreetTable:
    """Checked columns of one file: strings as published, ``lon``/``lat`` as float (NaN where none).

    Attributes:
        name: Of the file.
        columns: The rows that are kept.
        findings: What was noticed.
        left_out: Rows that are not kept because a cell they cannot do without is unreadable; said in
            ``findings``.
        heading: The last heading of the text, where another one stood in its middle; b"" otherwise.
        lines: Lines below the first heading, those left out and further headings with them.
    """

    name: str
    columns: pa.Table
    findings: list[Finding] = field(default_factory=list)
    left_out: int = 0
    heading: bytes = b""
    lines: int = 0

    @property
    def rows(self) -> int:
        """Number of rows kept."""
        return int(self.columns.num_rows)


@dataclass(frozen=True)
class _Layout:
    """What tells one kind of police.uk file: its columns, and those it cannot do without."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    told_by: str
    advice: str


_STREET = _Layout(STREET_COLUMNS, NEEDED, "street", "give a street-level CSV as data.police.uk offers it")
_OUTCOMES = _Layout(OUTCOME_COLUMNS, OUTCOME_COLUMNS, "outcomes", "give it as data.police.uk offers it")
_PLAIN = {plain_heading(c) for c in (*STREET_COLUMNS, "Outcome type", "Object of search")}


def other_kind(header: list[str]) -> str:
    """``outcomes file`` or ``stop-and-search file`` when the header is one of those, else ""."""
    plain = {plain_heading(column) for column in header}
    if plain_heading("Outcome type") in plain and plain_heading("Crime type") not in plain:
        return "outcomes file"
    if plain_heading("Object of search") in plain:
        return "stop-and-search file"
    return ""


def parse(name: str, data: bytes, *, lines_before: int = 0) -> StreetTable | str:
    """Read and check one street table (CSV or Parquet with the same columns).

    Args:
        name: For messages.
        data: Content of the file, or a block of it with the heading in front.
        lines_before: Lines of the file that stand between the heading and this block.

    Returns:
        StreetTable or str: The table, or the kind of police.uk file it is instead (outcomes, stop-and-search).

    Raises:
        InputError: With file, line and column, in one sentence.
    """
    if data[:4] == _PARQUET:
        return _parse_parquet(name, data)
    text = text_table.decode(name, data)
    header = text_table.header_of(name, text.data)
    if kind := other_kind(header):
        return kind
    findings = []
    if text.recoded_line is not None:
        words = (
            f"{name} is not UTF-8 (first seen at line {text.recoded_line + lines_before}); it was read as Windows-1252, "
            "so accented place names may differ, counts do not."
        )
        findings.append(Finding("info", words))
    return _parse_text(name, text.data, _STREET, lines_before, findings)


def parse_outcomes(name: str, data: bytes, *, lines_before: int = 0) -> StreetTable:
    """Read and check one police.uk outcomes CSV.

    Args:
        name, data, lines_before: As for :func:`parse`.

    Returns:
        StreetTable: Columns ``OUTCOME_COLUMNS`` without the coordinates, which are ``lon``/``lat``. ``Month``
            is the outcome's.

    Raises:
        InputError: With file, line and column, in one sentence.
    """
    text = text_table.decode(name, data)
    return _parse_text(name, text.data, _OUTCOMES, lines_before, [])


# -- CSV: one table, or several joined end to end ----------------------------------------------------


def _parse_text(
    name: str, text: bytes, layout: _Layout, lines_before: int, findings: list[Finding]
) -> StreetTable:
    try:
        table = _read(name, text, layout, findings)
    except InputError:  # perhaps because another heading, of another width, stands further down
        parts = _parts(text)
        if len(parts) == 1:
            raise
        return _joined(name, parts, layout, lines_before, findings)
    if _holds_heading(table["Month"]) and len(parts := _parts(text)) > 1:
        return _joined(name, parts, layout, lines_before, findings)
    return _check(name, table, _line_of(text, lines_before), layout, findings)


def _read(name: str, text: bytes, layout: _Layout, findings: list[Finding]) -> pa.Table:
    """The columns of the layout under their published names; blanks other than "" are null."""
    header = text_table.header_of(name, text)
    given = _known_columns(name, header, layout)
    table = text_table.read_strings(name, text, list(given.values()), blanks=text_table.BLANKS)
    findings += _header_findings(name, given, layout)
    return table.rename_columns(list(given))


def _line_of(text: bytes, lines_before: int) -> Callable[[int], str]:
    return lambda row: f"line {text_table.line_of_row(text, row) + lines_before}"


def _parts(text: bytes) -> list[tuple[int, bytes]]:
    """The text, cut where a heading of police.uk stands in its middle."""

    def is_heading(cells: list[str]) -> bool:
        return sum(plain_heading(cell) in _PLAIN for cell in cells) >= _HEADING_WORDS

    return text_table.parts_at_headings(text, b"month", is_heading)


def _holds_heading(months: pa.ChunkedArray) -> bool:
    cells = pc.unique(months).to_pylist()
    return any(cell and not MONTH.fullmatch(cell) and plain_heading(cell) in _PLAIN for cell in cells)


def _joined(
    name: str, parts: list[tuple[int, bytes]], layout: _Layout, lines_before: int, findings: list[Finding]
) -> StreetTable:
    """Several tables that stand one below the other in a text, each under its own heading."""
    read: list[StreetTable] = []
    others: list[str] = []
    wanted = other_kind(text_table.header_of(name, parts[0][1]))
    for before, part in _of_one_heading(parts):
        kind = other_kind(text_table.header_of(name, part))
        if kind != wanted:
            others.append(f"the {kind or 'street file'} from line {before + lines_before + 1:,}")
        else:
            read.append(_parse_part(name, part, layout, before, lines_before))
    lines = ", ".join(f"{before + lines_before + 1:,}" for before, _ in parts[1:4])
    text = (
        f"{name} repeats the heading inside (line {lines}{', …' if len(parts) > 4 else ''}), as files do that were joined "
        f"end to end; it was read as {len(parts):,} tables."
    )
    findings.append(Finding("info", text))
    if others:
        listed = "; ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        findings.append(Finding("warning", f"{name}: left out what is another kind of table: {listed}."))
    findings += dict.fromkeys(found for table in read for found in table.findings)
    columns = pa.concat_tables([table.columns for table in read])
    heading = parts[-1][1].split(b"\n", 1)[0] + b"\n"
    lines_read = sum(t.lines for t in read) + len(parts) - 1
    return StreetTable(name, columns, findings, sum(t.left_out for t in read), heading, lines_read)


def _of_one_heading(parts: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The parts, those in a row with the same heading as one, an empty line in the place of the headings left out."""
    runs: list[tuple[int, list[bytes]]] = []
    last = b""
    for before, part in parts:
        heading, _, rows = part.partition(b"\n")
        if runs and heading.strip() == last:
            runs[-1][1].extend((b"\n", rows))
        else:
            runs.append((before, [part]))
        last = heading.strip()
    return [(before, b"".join(pieces)) for before, pieces in runs]


def _parse_part(name: str, part: bytes, layout: _Layout, before: int, lines_before: int) -> StreetTable:
    findings: list[Finding] = []
    try:
        table = _read(name, part, layout, findings)
    except (
        InputError
    ):  # once more with as many empty lines as came before, so that its message has the line of the file
        heading, _, rows = part.partition(b"\n")
        table = _read(name, heading + b"\n" * (before + 1) + rows, layout, findings)
    return _check(name, table, _line_of(part, before + lines_before), layout, findings)


# -- Parquet -----------------------------------------------------------------------------------------


def _parse_parquet(name: str, data: bytes) -> StreetTable | str:
    try:
        table = pq.read_table(io.BytesIO(data))
        header = list(table.column_names)
        if kind := other_kind(header):
            return kind
        given = _known_columns(name, header, _STREET)
        kept = {published: _strings(table[own]) for published, own in given.items()}
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise InputError(f"{name} is a damaged or cut off Parquet file; write it again.") from None
    findings = _header_findings(name, given, _STREET)
    return _check(name, pa.table(kept), lambda row: f"row {row + 1}", _STREET, findings)


def _strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    text = pc.fill_null(pc.cast(column, pa.string()), "")
    text.validate(full=True)  # that it is UTF-8
    return pc.if_else(pc.is_in(text, pa.array(text_table.BLANKS)), None, text)


# -- checks ------------------------------------------------------------------------------------------


def _known_columns(name: str, header: list[str], layout: _Layout) -> dict[str, str]:
    """Published name of a column -> its name in this file, as R, databases or hands have rewritten it."""
    given: dict[str, str] = {}
    for column in layout.columns:
        alike = [h for h in header if plain_heading(h) == plain_heading(column)]
        named = [h for h in alike if h == column] or alike
        if len(named) > 1:
            raise InputError(f"{name} line 1 names the column {column} twice; remove one.")
        if named:
            given[column] = named[0]
    missing = [c for c in layout.needed if c not in given]
    if missing:
        found = ", ".join(header[:8]) + (", …" if len(header) > 8 else "")
        raise InputError(
            f"{name} line 1 is not the header of a police.uk {layout.told_by} file: missing {', '.join(missing)} "
            f"(found {found or 'nothing'}); {layout.advice}."
        )
    return given


def _header_findings(name: str, given: Mapping[str, str], layout: _Layout) -> list[Finding]:
    findings = []
    absent = [c for c in layout.columns if c not in given]
    if absent:
        text = f"{name} lacks {', '.join(absent)}; these cells are empty, which changes no count."
        findings.append(Finding("info", text))
    other = [(own, column) for column, own in given.items() if own != column]
    if other:
        text = f"{name} has other headings than police.uk ({other[0][0]!r} for {other[0][1]!r}); they were taken for these."
        findings.append(Finding("info", text))
    return findings


def _check(
    name: str, table: pa.Table, where: Callable[[int], str], layout: _Layout, findings: list[Finding]
) -> StreetTable:
    rows = table.num_rows
    columns = {
        c: table[c] if c in table.column_names else pa.chunked_array([[""] * rows], pa.string())
        for c in layout.columns
    }
    columns = filled(name, columns, findings)
    columns["Month"], kept = read_month_column(name, columns["Month"], where, findings)
    lon, lat = read_places(name, columns.pop("Longitude"), columns.pop("Latitude"), where, findings)
    if "Crime type" in columns:
        columns["Crime type"] = read_crime_types(name, columns["Crime type"], findings)
    columns["LSOA code"] = read_codes(name, columns["LSOA code"], where, findings)
    checked = pa.table({**columns, "lon": lon, "lat": lat})
    if kept is None:
        return StreetTable(name, checked, findings, lines=rows)
    return StreetTable(name, checked.filter(pa.array(kept)), findings, int((~kept).sum()), lines=rows)
