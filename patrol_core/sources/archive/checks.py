"""Columns of a police.uk table, checked: months, places, crime types, codes, blanks.

Each function takes a column as text and gives it as it is used; what it changes, empties or leaves out goes to ``findings``, with the
line of the first such row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patrol_core.areas import Finding
from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.files.text_table import shown
from patrol_core.sources.fields import (
    CRIME_TYPES,
    NO_TYPE,
    OLD_CRIME_TYPES,
    published_type,
    read_months,
    rows_text,
)

#: Box of the United Kingdom in degrees: south, north, west, east.
UK_BOX = (49.8, 61.0, -8.7, 2.0)
#: The false origin of the British National Grid, longitude and latitude, and how near to it a point stands for no place.
FALSE_ORIGIN, _ORIGIN_WIDTH = (-7.55716, 49.76681), 0.002
MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_LSOA = re.compile(r"[EW]01\d{6}|95[A-Z0-9]{6}|N\d{8}|S01\d{6}")
#: Of so many rows one must have an odd place before places are a fault of the file, where few rows have any.
_SOME = 10


def filled(
    name: str, columns: dict[str, pa.ChunkedArray], findings: list[Finding]
) -> dict[str, pa.ChunkedArray]:
    """Columns with "" for null, as cells written NA or the like are read.

    Args:
        name: Of the file, for messages.
        columns: By heading, as text.
        findings: Takes what was noticed.
    """
    blank = {c: column.null_count for c, column in columns.items() if column.null_count}
    if not blank:
        return columns
    total = sum(blank.values())
    text = f"{name}: {total:,} cells hold NA, NULL or the like ({', '.join(blank)}); they were read as blank."
    findings.append(Finding("info", text, total))
    return {c: pc.fill_null(column, "") if c in blank else column for c, column in columns.items()}


def read_month_column(
    name: str, months: pa.ChunkedArray, where: Callable[[int], str], findings: list[Finding]
) -> tuple[pa.ChunkedArray, Bools | None]:
    """Months as YYYY-MM, and which rows have one; None where all do.

    Args:
        name, where, findings: File, line of a row, and what takes the notes.
        months: Cells as text.
    """
    cells = [m for m in pc.unique(months).to_pylist() if not MONTH.fullmatch(m)]
    if not cells:
        return months, None
    read, faults = read_months(cells)
    if read:
        other = np.asarray(pc.is_in(months, value_set=pa.array(list(read))))
        first, count = int(np.argmax(other)), int(other.sum())
        cell = months[first].as_py()
        words = (
            f"{name} {where(first)}, column Month: months in another form than YYYY-MM in {rows_text(count)} "
            f"({shown(cell)} was read as {read[cell]})."
        )
        findings.append(Finding("info", words, count))
        months = _mapped(months, read)
    if not faults:
        return months, None
    odd = np.asarray(pc.is_in(months, value_set=pa.array(list(faults))))
    first, count = int(np.argmax(odd)), int(odd.sum())
    what, _, remedy = faults[months[first].as_py()].partition("; ")
    text = f"{name} {where(first)}, column Month: {what}{_more(count)}"
    if _too_many(count, len(odd)):
        raise InputError(f"{text}; {remedy}.")
    findings.append(Finding("warning", f"{text}; {rows_text(count)} of {len(odd):,} left out.", count))
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


def read_places(
    name: str,
    longitudes: pa.ChunkedArray,
    latitudes: pa.ChunkedArray,
    where: Callable[[int], str],
    findings: list[Finding],
) -> tuple[Floats, Floats]:
    """Degrees, NaN where no place is given; what is no place in the UK is emptied and said, or refused if it is most of the file.

    (0, 0) is police.uk's way to say "no location", and the false origin of the National Grid is that of programs that have
    turned easting 0 and northing 0 to degrees.

    Args:
        name, where, findings: File, line of a row, and what takes the notes.
        longitudes, latitudes: Cells as text, WGS84 degrees.
    """
    lon, lat = _degrees(longitudes), _degrees(latitudes)
    origin = (np.abs(lon - FALSE_ORIGIN[0]) < _ORIGIN_WIDTH) & (np.abs(lat - FALSE_ORIGIN[1]) < _ORIGIN_WIDTH)
    if count := int(origin.sum()):
        text = (
            f"{name} {where(int(np.argmax(origin)))}: the false origin of the National Grid (easting 0, northing 0) in "
            f"{rows_text(count)}; it stands for no place and counts as none."
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
        if _too_many(int(odd.sum()), int(given.sum())) and _SOME * int(odd.sum()) >= len(lon):
            raise InputError(f"{text}; correct or empty the coordinates.")
        words = f"{text}; not used, so these count as without coordinates."
        findings.append(Finding("warning", words, count))
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
        return f"{where}longitude and latitude are swapped in {rows_text(len(lon))} (first {point}; exchange the columns)"
    if (np.abs(lon) > 180).any() or (np.abs(lat) > 90).any():
        return f"{where}no degrees in {rows_text(len(lon))} (first {point}; WGS84 degrees are wanted, not metres)"
    return (
        f"{where}outside the United Kingdom in {rows_text(len(lon))} (first {point}; accepted "
        f"latitude {UK_BOX[0]:g} to {UK_BOX[1]:g}, longitude {UK_BOX[2]:g} to {UK_BOX[3]:g})"
    )


def read_crime_types(name: str, types: pa.ChunkedArray, findings: list[Finding]) -> pa.ChunkedArray:
    """Crime types under their published names; a blank one is ``Not stated``, an unknown one stays and is said.

    Args:
        name, findings: File, and what takes the notes.
        types: Cells as text.
    """
    types = pc.utf8_trim_whitespace(types)
    counts = {row["values"]: row["counts"] for row in pc.value_counts(types).to_pylist()}
    blank = counts.pop("", 0)
    if blank:
        types = pc.if_else(pc.equal(types, ""), NO_TYPE, types)
        text = f"{name}: no crime type in {rows_text(blank)}; kept as {NO_TYPE!r}, without harm weight."
        findings.append(Finding("warning", text, blank))
    known = (*CRIME_TYPES, *OLD_CRIME_TYPES, NO_TYPE)
    renamed = {t: published_type(t) for t in counts if t not in known and published_type(t)}
    if renamed:
        types = _mapped(types, renamed)
        total = sum(counts[t] for t in renamed)
        first = min(renamed)
        text = (
            f"{name}: crime types written in another way in {rows_text(total)} ({shown(first)} for {renamed[first]!r}); they "
            "count as these."
        )
        findings.append(Finding("info", text, total))
    unknown = {t: n for t, n in counts.items() if t not in known and t not in renamed}
    if unknown:
        listed = ", ".join(shown(t) for t in sorted(unknown)[:5])
        total = sum(unknown.values())
        text = (
            f"{name}: a crime type police.uk does not use in {rows_text(total)} ({listed}); kept and counted, "
            "but without harm weight."
        )
        findings.append(Finding("warning", text, total))
    return types


def read_codes(
    name: str, codes: pa.ChunkedArray, where: Callable[[int], str], findings: list[Finding]
) -> pa.ChunkedArray:
    """Codes of small areas; one of no known form stays, places nothing, and is said with the line of the first.

    Args:
        name, where, findings: File, line of a row, and what takes the notes.
        codes: Cells as text.
    """
    odd = [c for c in pc.unique(codes).to_pylist() if c and not _LSOA.fullmatch(c)]
    if mended := {c: c.strip().upper() for c in odd if _LSOA.fullmatch(c.strip().upper()) or not c.strip()}:
        codes = _mapped(codes, mended)
        odd = [c for c in odd if c not in mended]
    if odd:
        bad = np.asarray(pc.is_in(codes, value_set=pa.array(odd)))
        first, count = int(np.flatnonzero(bad)[0]), int(bad.sum())
        text = (
            f"{name} {where(first)}, column LSOA code: no known form in {rows_text(count)} "
            f"(first {shown(codes[first].as_py())}); placed by coordinates instead."
        )
        findings.append(Finding("warning", text, count))
    return codes


def _more(count: int) -> str:
    return "" if count <= 1 else f" (and {count - 1:,} more)"
