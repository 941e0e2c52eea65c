"""Counts by zone and month: a CSV to the table that an area is made from, checked.

A missing count is not a count of nothing, so nothing is left out here: an empty or odd cell and a zone that stands twice in a month
are refused with their lines.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.columns import check_column
from patrol_core.files.text_table import plain_heading, shown
from patrol_core.sources.fields import published_type, read_months, rows_text
from patrol_core.sources.zone_tables.headings import bare_codes, zone_column

MONTH_NAMES = ("month", "yearmonth", "monthyear", "date")
COUNT_NAMES = ("count", "counts", "n", "crimes", "crimecount", "value", "obsvalue")
"""Headings, plain (:func:`patrol_core.files.text_table.plain_heading`), the first the likeliest."""
_NEEDED = "it needs zone_id (or lsoa_code), month and count"


def read_counts(name: str, data: bytes) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Counts from a CSV with the columns zone_id (or lsoa_code), month, count and, where there are several, crime_type.

    Args:
        name, data: File name for messages, and its bytes.

    Returns:
        pandas.DataFrame, tuple of Finding: ``zone_id`` (str), ``month`` ("YYYY-MM"), ``count`` (>= 0), and
            ``crime_type`` (str) where the file has it, in the order of the file; and what was noticed.

    Raises:
        InputError: With line and column: a column missing or twice, a cell that is empty or cannot be read, a
            zone that stands twice in a month.
    """
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    columns = {
        "month": _column(name, header, MONTH_NAMES, "month"),
        "count": _column(name, header, COUNT_NAMES, "count"),
    }
    if any(plain_heading(column) == "crimetype" for column in header):
        columns["crime_type"] = _column(name, header, ("crimetype",), "crime_type")
    others = [column for column in header if header.count(column) == 1 and column not in columns.values()]
    wanted = [*others, *columns.values()]
    table = text_table.read_strings(name, text, wanted, blanks=text_table.BLANKS).to_pandas()
    columns["zone_id"] = _zone_column(name, header, table[others].astype("object").fillna("").astype("str"))
    table = table[list(columns.values())].set_axis(list(columns), axis=1)
    if not len(table):
        raise InputError(f"{name} has a header but 0 rows; give one row a zone and month.")
    cells = table.astype(object).where(table.notna(), "").map(str.strip)
    cells["zone_id"] = bare_codes(cells["zone_id"])
    findings = text_table.spreadsheet_limit(name, len(cells))
    heading = (cells == list(columns.values())).all(axis=1)
    cells = cells[~heading]  # the index keeps the rows of the file

    def line(row: int) -> str:
        return f"{name} line {text_table.line_of_row(text, int(cells.index[row]))}"

    def where(row: int, column: str) -> str:
        return f"{line(row)}, column {columns[column]}"

    if heading.any():
        inside = text_table.line_of_row(text, int(np.argmax(heading)))
        findings.append(Finding("info", f"{name} line {inside} repeats the heading; it was passed over."))
    for column in columns:
        _filled(cells[column], column, where)
    counts = pd.DataFrame({"zone_id": cells["zone_id"].astype("str")})
    counts["month"], found = months_of(cells["month"], lambda row: where(row, "month"))
    findings += found
    counts["count"] = _numbers(cells["count"], where)
    if "crime_type" in cells:
        counts["crime_type"] = (
            cells["crime_type"].map(lambda given: published_type(given) or given).astype("str")
        )
    refuse_repeats(counts, line)
    return counts.reset_index(drop=True), tuple(findings)


def months_of(cells: pd.Series, where: Callable[[int], str]) -> tuple[pd.Series, list[Finding]]:
    """Months as "YYYY-MM" from a column as spreadsheets and databases re-save it.

    Args:
        cells: Text.
        where: File, line and column of a row by its position, for messages.

    Raises:
        InputError: With the first cell that is no month, or could be two.
    """
    months, faults = read_months(cells.unique().tolist())
    odd = cells.isin(list(faults)).to_numpy(dtype=bool)
    if odd.any():
        at = int(np.argmax(odd))
        raise InputError(f"{where(at)}: {faults[cells.iloc[at]]}.")
    read = cells.map(months).astype("str")
    other = (read != cells).to_numpy(dtype=bool)
    if not other.any():
        return read, []
    at, number = int(np.argmax(other)), int(other.sum())
    text = (
        f"{where(at)}: months in another form than YYYY-MM in {rows_text(number)} ({shown(cells.iloc[at])} "
        f"was read as {read.iloc[at]})."
    )
    return read, [Finding("info", text, number)]


def refuse_repeats(counts: pd.DataFrame, where: Callable[[int], str]) -> None:
    """See that a zone stands once in a month (and crime type, where there is such a column).

    Args:
        counts: Columns ``zone_id``, ``month`` and perhaps ``crime_type``.
        where: File and line of a row by its position, for the message.

    Raises:
        InputError: With both lines of the first that stands twice: whether they are one count or two, the file
            does not say.
    """
    keys = [column for column in ("zone_id", "month", "crime_type") if column in counts]
    again = counts.duplicated(keys).to_numpy(dtype=bool)
    if not again.any():
        return
    at = int(np.argmax(again))
    same = (counts[keys] == counts.iloc[at][keys]).all(axis=1).to_numpy(dtype=bool)
    number = int(again.sum())
    what = "zone, month and crime type" if len(keys) == 3 else "zone and month"
    raise InputError(
        f"{where(at)}: zone {counts['zone_id'].iloc[at]} stands twice in {counts['month'].iloc[at]} (first: "
        f"{where(int(np.argmax(same)))}; {number:,} such {'row' if number == 1 else 'rows'}); give one row a {what}."
    )


def _column(name: str, header: list[str], words: tuple[str, ...], own: str) -> str:
    """The column for ``own``: the one of that name, else the one of the likeliest other name."""
    exact = [column for column in header if column == own]
    for word in (plain_heading(own), *words):
        alike = exact or [column for column in header if plain_heading(column) == word]
        if len(alike) > 1:
            raise InputError(f"{name} line 1 names the column {alike[0]} twice; remove one.")
        if alike:
            return alike[0]
    raise InputError(f"{name} line 1 has no column {own!r} (found {', '.join(header[:8])}); {_NEEDED}.")


def _zone_column(name: str, header: list[str], others: pd.DataFrame) -> str:
    """The column of zone codes, found as in tables of attributes: by its heading, else by its cells."""
    found = "zone_id" if "zone_id" in others else zone_column(others)
    if found is None:
        return _column(name, header, (), "zone_id")
    return found if found == "zone_id" else _column(name, header, (plain_heading(found),), "zone_id")


def _filled(cells: pd.Series, column: str, where: Callable[[int, str], str]) -> None:
    empty = (cells == "").to_numpy(dtype=bool)
    if empty.any():
        number = int(empty.sum())
        more = f" ({number:,} such cells)" if number > 1 else ""
        what = "write 0 where there was none" if column == "count" else "fill it"
        raise InputError(f"{where(int(np.argmax(empty)), column)}: the cell is empty{more}; {what}.")


def _numbers(cells: pd.Series, where: Callable[[int, str], str]) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    check_column(cells.tolist(), np.asarray(numbers, dtype=np.float64), lambda row: where(row, "count"))
    odd = ~(np.isfinite(numbers.to_numpy()) & (numbers.to_numpy() >= 0))
    if odd.any():
        at = int(np.argmax(odd))
        raise InputError(
            f"{where(at, 'count')}: {shown(cells.iloc[at])} is not a number of at least 0; correct it."
        )
    return numbers
