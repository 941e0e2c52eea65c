"""One police.uk street table: bytes to checked columns.

Every check names file, line and column. What is wrong with the whole file is an InputError; what only
weakens a plan (unknown crime type, odd LSOA code) is kept and becomes a Finding.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.sources import text_table

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
#: The 14 crime types of today, and two of the years 2010 to 2013.
CRIME_TYPES: tuple[str, ...] = (
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)
OLD_CRIME_TYPES: tuple[str, ...] = ("Violent crime", "Public disorder and weapons")
NO_TYPE = "Not stated"
#: Box of the United Kingdom in degrees: south, north, west, east.
UK_BOX = (49.8, 61.0, -8.7, 2.0)

_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_LSOA = re.compile(r"[EW]01\d{6}|95[A-Z0-9]{6}|N\d{8}|S01\d{6}")
_PARQUET = b"PAR1"

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class StreetTable:
    """Checked columns of one file: strings as published, ``lon``/``lat`` as float (NaN where none)."""

    name: str
    columns: pa.Table
    findings: list[Finding] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.columns.num_rows)


def other_kind(header: list[str]) -> str:
    """``outcomes file`` or ``stop-and-search file`` when the header is one of those, else ""."""
    if "Outcome type" in header and "Crime type" not in header:
        return "outcomes file"
    if "Object of search" in header:
        return "stop-and-search file"
    return ""


def parse(name: str, data: bytes) -> StreetTable | str:
    """Read and check one street table (CSV or Parquet with the same columns).

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
    _check_header(name, header)
    findings = _header_findings(name, header)
    if text.recoded_line is not None:
        findings.append(
            Finding(
                "info",
                f"{name} is not UTF-8 (first seen at line {text.recoded_line}); it was read as Windows-1252, "
                "so accented place names may differ, counts do not.",
            )
        )
    table = text_table.read_strings(name, text.data, [c for c in STREET_COLUMNS if c in header])
    return _check(name, table, lambda row: f"line {text_table.line_of_row(text.data, row)}", findings)


def parse_outcomes(name: str, data: bytes) -> StreetTable:
    """Read and check one police.uk outcomes CSV.

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
    header = text_table.header_of(name, text.data)
    if missing := [c for c in OUTCOME_COLUMNS if c not in header]:
        raise InputError(
            f"{name} line 1 is not the header of a police.uk outcomes file: missing {', '.join(missing)}; give it as "
            "data.police.uk offers it."
        )
    table = text_table.read_strings(name, text.data, list(OUTCOME_COLUMNS))

    def where(row: int) -> str:
        return f"line {text_table.line_of_row(text.data, row)}"

    _check_months(name, table["Month"], where)
    lon = _degrees(name, "Longitude", table["Longitude"], where)
    lat = _degrees(name, "Latitude", table["Latitude"], where)
    lon, lat = _check_place(name, lon, lat, where)
    kept = {c: table[c] for c in OUTCOME_COLUMNS if c not in ("Longitude", "Latitude")}
    return StreetTable(name, pa.table({**kept, "lon": lon, "lat": lat}))


def _parse_parquet(name: str, data: bytes) -> StreetTable | str:
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        raise InputError(f"{name} is a damaged or cut off Parquet file; write it again.") from None
    if kind := other_kind(table.column_names):
        return kind
    _check_header(name, table.column_names)
    findings = _header_findings(name, table.column_names)
    kept = {c: _strings(table[c]) for c in STREET_COLUMNS if c in table.column_names}
    return _check(name, pa.table(kept), lambda row: f"row {row + 1}", findings)


def _strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _check_header(name: str, header: list[str]) -> None:
    missing = [c for c in NEEDED if c not in header]
    if missing:
        found = ", ".join(header[:8]) + (", …" if len(header) > 8 else "")
        raise InputError(
            f"{name} line 1 is not the header of a police.uk street file: missing {', '.join(missing)} "
            f"(found {found or 'nothing'}); give a street-level CSV as data.police.uk offers it."
        )
    twice = [c for c in STREET_COLUMNS if header.count(c) > 1]
    if twice:
        raise InputError(f"{name} line 1 names the column {twice[0]} twice; remove one.")


def _header_findings(name: str, header: list[str]) -> list[Finding]:
    absent = [c for c in STREET_COLUMNS if c not in header]
    if not absent:
        return []
    return [
        Finding("info", f"{name} lacks {', '.join(absent)}; these cells are empty, which changes no count.")
    ]


def _check(name: str, table: pa.Table, where: Callable[[int], str], findings: list[Finding]) -> StreetTable:
    columns = {
        c: table[c] if c in table.column_names else pa.array([""] * table.num_rows) for c in STREET_COLUMNS
    }
    _check_months(name, columns["Month"], where)
    lon = _degrees(name, "Longitude", columns.pop("Longitude"), where)
    lat = _degrees(name, "Latitude", columns.pop("Latitude"), where)
    lon, lat = _check_place(name, lon, lat, where)
    columns["Crime type"] = _crime_types(name, columns["Crime type"], findings)
    _check_codes(name, columns["LSOA code"], where, findings)
    return StreetTable(name, pa.table({**columns, "lon": lon, "lat": lat}), findings)


def _check_months(name: str, months: pa.ChunkedArray, where: Callable[[int], str]) -> None:
    wrong = [m for m in pc.unique(months).to_pylist() if not _MONTH.fullmatch(m)]
    if wrong:
        bad = np.asarray(pc.is_in(months, value_set=pa.array(wrong)))
        first = int(np.flatnonzero(bad)[0])
        value = months[first].as_py()
        raise InputError(
            f"{name} {where(first)}, column Month: {value!r} is not a month of the form "
            f"2024-05{_more(int(bad.sum()))}; correct it."
        )


def _degrees(
    name: str, column: str, texts: pa.ChunkedArray, where: Callable[[int], str]
) -> NDArray[np.float64]:
    """Cells as float; empty is NaN; anything that is not a number is refused."""
    trimmed = pc.utf8_trim_whitespace(texts)
    filled = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    try:
        values = np.array(pc.cast(filled, pa.float64()).to_numpy(), dtype=float)
    except pa.ArrowInvalid:
        cells = filled.to_pylist()
        first = next(i for i, v in enumerate(cells) if v is not None and not _is_number(v))
        raise InputError(
            f"{name} {where(first)}, column {column}: {cells[first]!r} is not a number; correct or empty it."
        ) from None
    odd = ~np.isfinite(values) & np.asarray(pc.is_valid(filled))
    if odd.any():
        first = int(np.flatnonzero(odd)[0])
        raise InputError(f"{name} {where(first)}, column {column}: not a finite number; correct or empty it.")
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _check_place(
    name: str, lon: NDArray[np.float64], lat: NDArray[np.float64], where: Callable[[int], str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Refuse coordinates outside the UK; (0, 0) is police.uk's way to say "no location"."""
    half = np.isnan(lon) != np.isnan(lat)
    if half.any():
        first = int(np.flatnonzero(half)[0])
        raise InputError(
            f"{name} {where(first)} has only one of Longitude and Latitude{_more(int(half.sum()))}; give "
            "both or neither."
        )
    zero = (lon == 0) & (lat == 0)
    lon, lat = np.where(zero, np.nan, lon), np.where(zero, np.nan, lat)
    outside = ~np.isnan(lon) & ~_in_uk(lon, lat)
    if outside.any():
        raise _outside(name, lon, lat, outside, where)
    return lon, lat


def _in_uk(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bools:
    south, north, west, east = UK_BOX
    inside: Bools = (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
    return inside


def _outside(
    name: str, lon: NDArray[np.float64], lat: NDArray[np.float64], bad: Bools, where: Callable[[int], str]
) -> InputError:
    first, count = int(np.flatnonzero(bad)[0]), int(bad.sum())
    at = f"{name} {where(first)}, columns Longitude and Latitude"
    point = f"longitude {lon[first]:g}, latitude {lat[first]:g}"
    if _in_uk(lat[bad], lon[bad]).all():
        return InputError(
            f"{at}: longitude and latitude are swapped in {_rows(count)} (first {point}); "
            "exchange the columns Longitude and Latitude."
        )
    if (np.abs(lon[bad]) > 180).any() or (np.abs(lat[bad]) > 90).any():
        return InputError(
            f"{at}: no degrees in {_rows(count)} (first {point}); give WGS84 degrees, not metres."
        )
    return InputError(
        f"{at}: outside the United Kingdom in {_rows(count)} (first {point}; accepted "
        f"latitude {UK_BOX[0]:g} to {UK_BOX[1]:g}, longitude {UK_BOX[2]:g} to {UK_BOX[3]:g}); correct or "
        "empty the coordinates."
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
    unknown = {t: n for t, n in counts.items() if t not in CRIME_TYPES + OLD_CRIME_TYPES + (NO_TYPE,)}
    if unknown:
        listed = ", ".join(repr(t) for t in sorted(unknown)[:5])
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
) -> None:
    odd = [c for c in pc.unique(codes).to_pylist() if c and not _LSOA.fullmatch(c)]
    if odd:
        bad = np.asarray(pc.is_in(codes, value_set=pa.array(odd)))
        first, count = int(np.flatnonzero(bad)[0]), int(bad.sum())
        findings.append(
            Finding(
                "warning",
                f"{name} {where(first)}, column LSOA code: no known form in {_rows(count)} "
                f"(first {codes[first].as_py()!r}); placed by coordinates instead.",
                count,
            )
        )


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _more(count: int) -> str:
    return "" if count <= 1 else f" (and {count - 1:,} more)"
