"""One police.uk street table: bytes to checked columns.

Every check names file, line and column. What is wrong with the whole file is an InputError. What is wrong with single rows
becomes a Finding: a cell that a row can do without (place, code, crime type) is read as blank, a row without a readable month is
left out; where half of the rows or more are so, the file is refused. Headings, months, blanks and crime types that R, spreadsheets,
databases and the service's own API write in another way are brought to the published form, which is said.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.sources import text_table
from patrol_core.sources.crime_types import CRIME_TYPES, NO_TYPE, OLD_CRIME_TYPES, published_type
from patrol_core.sources.dates import read_months
from patrol_core.sources.text_table import plain_heading, shown

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
#: Box of the United Kingdom in degrees: south, north, west, east.
UK_BOX = (49.8, 61.0, -8.7, 2.0)

_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_LSOA = re.compile(r"[EW]01\d{6}|95[A-Z0-9]{6}|N\d{8}|S01\d{6}")
_PARQUET = b"PAR1"

#: The false origin of the British National Grid, longitude and latitude, and how near to it a point stands for no place.
FALSE_ORIGIN, _ORIGIN_WIDTH = (-7.55716, 49.76681), 0.002
#: Names of columns of police.uk that make a line a heading.
_HEADING_WORDS = 5

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StreetTable:
    """Checked columns of one file: strings as published, ``lon``/``lat`` as float (NaN where none).

    Attributes
    ----------
    name
        Of the file.
    columns
        The rows that are kept.
    findings
        What was noticed.
    left_out
        Rows that are not kept because a cell they cannot do without is unreadable; said in ``findings``.
    heading
        The last heading of the text, where another one stood in its middle; b"" otherwise.
    lines
        Lines below the first heading, those left out and further headings with them.
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

    Parameters
    ----------
    name
        For messages.
    data
        Content of the file, or a block of it with the heading in front.
    lines_before
        Lines of the file that stand between the heading and this block.

    Returns
    -------
    StreetTable or str
        The table, or the kind of police.uk file it is instead (outcomes, stop-and-search).

    Raises
    ------
    InputError
        With file, line and column, in one sentence.
    """
    if data[:4] == _PARQUET:
        return _parse_parquet(name, data)
    text = text_table.decode(name, data)
    header = text_table.header_of(name, text.data)
    if kind := other_kind(header):
        return kind
    findings = []
    if text.recoded_line is not None:
        findings.append(
            Finding(
                "info",
                f"{name} is not UTF-8 (first seen at line {text.recoded_line + lines_before}); it was read as Windows-1252, "
                "so accented place names may differ, counts do not.",
            )
        )
    return _parse_text(name, text.data, _STREET, lines_before, findings)


def parse_outcomes(name: str, data: bytes, *, lines_before: int = 0) -> StreetTable:
    """Read and check one police.uk outcomes CSV.

    Parameters
    ----------
    name, data, lines_before
        As for :func:`parse`.

    Returns
    -------
    StreetTable
        Columns ``OUTCOME_COLUMNS`` without the coordinates, which are ``lon``/``lat``. ``Month`` is the outcome's.

    Raises
    ------
    InputError
        With file, line and column, in one sentence.
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
    return any(cell and not _MONTH.fullmatch(cell) and plain_heading(cell) in _PLAIN for cell in cells)


def _joined(
    name: str, parts: list[tuple[int, bytes]], layout: _Layout, lines_before: int, findings: list[Finding]
) -> StreetTable:
    """Several tables that stand one below the other in a text, each under its own heading."""
    read: list[StreetTable] = []
    others: list[str] = []
    wanted = other_kind(text_table.header_of(name, parts[0][1]))
    for before, part in parts:
        kind = other_kind(text_table.header_of(name, part))
        if kind != wanted:
            others.append(f"the {kind or 'street file'} from line {before + lines_before + 1:,}")
        else:
            read.append(_parse_part(name, part, layout, before, lines_before))
    lines = ", ".join(f"{before + lines_before + 1:,}" for before, _ in parts[1:4])
    findings.append(
        Finding(
            "info",
            f"{name} repeats the heading inside (line {lines}{', …' if len(parts) > 4 else ''}), as files do that were joined "
            f"end to end; it was read as {len(parts)} tables.",
        )
    )
    if others:
        findings.append(
            Finding("warning", f"{name}: left out what is another kind of table: {'; '.join(others)}.")
        )
    findings += dict.fromkeys(found for table in read for found in table.findings)
    columns = pa.concat_tables([table.columns for table in read])
    heading = parts[-1][1].split(b"\n", 1)[0] + b"\n"
    lines_read = sum(t.lines for t in read) + len(parts) - 1
    return StreetTable(name, columns, findings, sum(t.left_out for t in read), heading, lines_read)


def _parse_part(name: str, part: bytes, layout: _Layout, before: int, lines_before: int) -> StreetTable:
    heading, _, rows = part.partition(b"\n")
    text = heading + b"\n" * (before + 1) + rows  # so that its lines are those of the file
    findings: list[Finding] = []
    table = _read(name, text, layout, findings)
    return _check(name, table, _line_of(text, lines_before), layout, findings)


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
        findings.append(
            Finding(
                "info", f"{name} lacks {', '.join(absent)}; these cells are empty, which changes no count."
            )
        )
    other = [(own, column) for column, own in given.items() if own != column]
    if other:
        findings.append(
            Finding(
                "info",
                f"{name} has other headings than police.uk ({other[0][0]!r} for {other[0][1]!r}); they were taken for these.",
            )
        )
    return findings


def _check(
    name: str, table: pa.Table, where: Callable[[int], str], layout: _Layout, findings: list[Finding]
) -> StreetTable:
    rows = table.num_rows
    columns = {
        c: table[c] if c in table.column_names else pa.chunked_array([[""] * rows], pa.string())
        for c in layout.columns
    }
    columns = _filled(name, columns, findings)
    columns["Month"], kept = _read_months(name, columns["Month"], where, findings)
    lon, lat = _read_places(name, columns.pop("Longitude"), columns.pop("Latitude"), where, findings)
    if "Crime type" in columns:
        columns["Crime type"] = _crime_types(name, columns["Crime type"], findings)
    columns["LSOA code"] = _check_codes(name, columns["LSOA code"], where, findings)
    checked = pa.table({**columns, "lon": lon, "lat": lat})
    if kept is None:
        return StreetTable(name, checked, findings, lines=rows)
    return StreetTable(name, checked.filter(pa.array(kept)), findings, int((~kept).sum()), lines=rows)


def _filled(
    name: str, columns: dict[str, pa.ChunkedArray], findings: list[Finding]
) -> dict[str, pa.ChunkedArray]:
    """Columns with "" for null, and how many cells were written NA or the like."""
    blank = {c: column.null_count for c, column in columns.items() if column.null_count}
    if not blank:
        return columns
    total = sum(blank.values())
    findings.append(
        Finding(
            "info",
            f"{name}: {total:,} cells hold NA, NULL or the like ({', '.join(blank)}); they were read as blank.",
            total,
        )
    )
    return {c: pc.fill_null(column, "") if c in blank else column for c, column in columns.items()}


def _read_months(
    name: str, months: pa.ChunkedArray, where: Callable[[int], str], findings: list[Finding]
) -> tuple[pa.ChunkedArray, Bools | None]:
    """Months as YYYY-MM, and which rows have one; None where all do."""
    cells = [m for m in pc.unique(months).to_pylist() if not _MONTH.fullmatch(m)]
    if not cells:
        return months, None
    read, faults = read_months(cells)
    if read:
        other = np.asarray(pc.is_in(months, value_set=pa.array(list(read))))
        first, count = int(np.argmax(other)), int(other.sum())
        cell = months[first].as_py()
        findings.append(
            Finding(
                "info",
                f"{name} {where(first)}, column Month: months in another form than 2024-05 in {_rows(count)} "
                f"({shown(cell)} was read as {read[cell]}).",
                count,
            )
        )
        months = _mapped(months, read)
    if not faults:
        return months, None
    odd = np.asarray(pc.is_in(months, value_set=pa.array(list(faults))))
    first, count = int(np.argmax(odd)), int(odd.sum())
    what, _, remedy = faults[months[first].as_py()].partition("; ")
    text = f"{name} {where(first)}, column Month: {what}{_more(count)}"
    if _too_many(count, len(odd)):
        raise InputError(f"{text}; {remedy}.")
    findings.append(Finding("warning", f"{text}; {_rows(count)} of {len(odd):,} left out.", count))
    return months, ~odd


def _mapped(column: pa.ChunkedArray, to: Mapping[str, str]) -> pa.ChunkedArray:
    """A column of few distinct cells with some of these replaced."""
    coded = column.combine_chunks().dictionary_encode()
    values = pa.array([to.get(cell, cell) for cell in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([values.take(coded.indices)])


def _too_many(odd: int, of: int) -> bool:
    """Whether so many rows are odd that the file, not the rows, is at fault: half or more."""
    return 2 * odd >= of


def _degrees(texts: pa.ChunkedArray) -> Floats:
    """Cells as float: empty is NaN, what is no finite number infinity."""
    trimmed = pc.utf8_trim_whitespace(texts)
    filled = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    try:
        values = np.array(pc.cast(filled, pa.float64()).to_numpy(), dtype=float)
    except pa.ArrowInvalid:
        values = np.array([np.nan if v is None else _number(v) for v in filled.to_pylist()], dtype=float)
    odd = ~np.isfinite(values) & np.asarray(pc.is_valid(filled))
    return np.where(odd, np.inf, values) if odd.any() else values


def _number(text: str) -> float:
    try:
        return np.inf if "_" in text else float(text)
    except ValueError:
        return np.inf


def _read_places(
    name: str,
    longitudes: pa.ChunkedArray,
    latitudes: pa.ChunkedArray,
    where: Callable[[int], str],
    findings: list[Finding],
) -> tuple[Floats, Floats]:
    """Degrees, NaN where no place is given; what is no place in the UK is emptied and said, or refused if it is most of the file.

    (0, 0) is police.uk's way to say "no location", and the false origin of the National Grid is that of programs that have
    turned easting 0 and northing 0 to degrees.
    """
    lon, lat = _degrees(longitudes), _degrees(latitudes)
    origin = (np.abs(lon - FALSE_ORIGIN[0]) < _ORIGIN_WIDTH) & (np.abs(lat - FALSE_ORIGIN[1]) < _ORIGIN_WIDTH)
    if count := int(origin.sum()):
        text = (
            f"{name} {where(int(np.argmax(origin)))}: the false origin of the National Grid (easting 0, northing 0) in "
            f"{_rows(count)}; it stands for no place and counts as none."
        )
        findings.append(Finding("info", text, count))
    nowhere = ((lon == 0) & (lat == 0)) | origin
    lon, lat = np.where(nowhere, np.nan, lon), np.where(nowhere, np.nan, lat)
    given = ~(np.isnan(lon) & np.isnan(lat))
    no_number = np.isinf(lon) | np.isinf(lat)
    half = given & ~no_number & (np.isnan(lon) | np.isnan(lat))
    outside = given & ~no_number & ~half & ~_in_uk(lon, lat)
    odd = no_number | half | outside
    if not odd.any():
        return lon, lat
    for mask, say in ((no_number, _no_number), (half, _half), (outside, _outside)):
        if not (count := int(mask.sum())):
            continue
        cells = [column[int(np.argmax(mask))].as_py() for column in (longitudes, latitudes)]
        text = f"{name} {where(int(np.argmax(mask)))}{say(lon[mask], lat[mask], cells)}"
        if _too_many(int(odd.sum()), int(given.sum())):
            raise InputError(f"{text}; correct or empty the coordinates.")
        findings.append(
            Finding("warning", f"{text}; not used, so these count as without coordinates.", count)
        )
    return np.where(odd, np.nan, lon), np.where(odd, np.nan, lat)


def _in_uk(lon: Floats, lat: Floats) -> Bools:
    south, north, west, east = UK_BOX
    inside: Bools = (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
    return inside


def _no_number(lon: Floats, lat: Floats, cells: list[str]) -> str:
    column, cell = ("Longitude", cells[0]) if np.isinf(lon[0]) else ("Latitude", cells[1])
    return f", column {column}: {shown(cell)} is not a number of degrees{_more(len(lat))}"


def _half(lon: Floats, _lat: Floats, _cells: list[str]) -> str:
    return f" has only one of Longitude and Latitude{_more(len(lon))}"


def _outside(lon: Floats, lat: Floats, _cells: list[str]) -> str:
    """What is wrong with degrees that are none of the UK."""
    point = f"longitude {lon[0]:g}, latitude {lat[0]:g}"
    where = ", columns Longitude and Latitude: "
    if _in_uk(lat, lon).all():
        return f"{where}longitude and latitude are swapped in {_rows(len(lon))} (first {point}; exchange the columns)"
    if (np.abs(lon) > 180).any() or (np.abs(lat) > 90).any():
        return f"{where}no degrees in {_rows(len(lon))} (first {point}; WGS84 degrees are wanted, not metres)"
    return (
        f"{where}outside the United Kingdom in {_rows(len(lon))} (first {point}; accepted "
        f"latitude {UK_BOX[0]:g} to {UK_BOX[1]:g}, longitude {UK_BOX[2]:g} to {UK_BOX[3]:g})"
    )


def _crime_types(name: str, types: pa.ChunkedArray, findings: list[Finding]) -> pa.ChunkedArray:
    types = pc.utf8_trim_whitespace(types)
    counts = {row["values"]: row["counts"] for row in pc.value_counts(types).to_pylist()}
    blank = counts.pop("", 0)
    if blank:
        types = pc.if_else(pc.equal(types, ""), NO_TYPE, types)
        findings.append(
            Finding(
                "warning",
                f"{name}: no crime type in {_rows(blank)}; kept as {NO_TYPE!r}, without harm weight.",
                blank,
            )
        )
    known = (*CRIME_TYPES, *OLD_CRIME_TYPES, NO_TYPE)
    renamed = {t: published_type(t) for t in counts if t not in known and published_type(t)}
    if renamed:
        types = _mapped(types, renamed)
        total = sum(counts[t] for t in renamed)
        first = min(renamed)
        findings.append(
            Finding(
                "info",
                f"{name}: crime types written in another way in {_rows(total)} ({shown(first)} for {renamed[first]!r}); they "
                "count as these.",
                total,
            )
        )
    unknown = {t: n for t, n in counts.items() if t not in known and t not in renamed}
    if unknown:
        listed = ", ".join(shown(t) for t in sorted(unknown)[:5])
        total = sum(unknown.values())
        findings.append(
            Finding(
                "warning",
                f"{name}: a crime type police.uk does not use in {_rows(total)} ({listed}); kept and counted, "
                "but without harm weight.",
                total,
            )
        )
    return types


def _check_codes(
    name: str, codes: pa.ChunkedArray, where: Callable[[int], str], findings: list[Finding]
) -> pa.ChunkedArray:
    odd = [c for c in pc.unique(codes).to_pylist() if c and not _LSOA.fullmatch(c)]
    if mended := {c: c.strip().upper() for c in odd if _LSOA.fullmatch(c.strip().upper()) or not c.strip()}:
        codes = _mapped(codes, mended)
        odd = [c for c in odd if c not in mended]
    if odd:
        bad = np.asarray(pc.is_in(codes, value_set=pa.array(odd)))
        first, count = int(np.flatnonzero(bad)[0]), int(bad.sum())
        findings.append(
            Finding(
                "warning",
                f"{name} {where(first)}, column LSOA code: no known form in {_rows(count)} "
                f"(first {shown(codes[first].as_py())}); placed by coordinates instead.",
                count,
            )
        )
    return codes


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _more(count: int) -> str:
    return "" if count <= 1 else f" (and {count - 1:,} more)"
