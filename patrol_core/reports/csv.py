"""CSV that spreadsheets, people and programs read alike.

UTF-8 without byte-order mark, comma, one line feed a row, ISO dates, months as ``YYYY-MM``, numbers with as
many digits as they need to come back the same (Python's ``repr``), empty for missing.

Units stand in the header, ``population [residents]``, except for columns whose names are fixed by the command
line's contract; their units go into ``summary.json`` by :func:`patrol_core.planning.describe_columns`.

A text cell, header or index name that a spreadsheet would run as a formula gets a leading apostrophe
(CWE-1236). Numbers are not text: ``-3`` stays ``-3``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.errors import InputError
from patrol_core.reports.plain import iso

_RUNS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"  # the last four: full-width = + - @, run by some spreadsheets
_BLANKS = " \u00a0\u200b\ufeff"
"""What a spreadsheet may trim before it looks at a cell."""


def disarm(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it.

    Starts (after blanks) with ``= + - @``, tab, CR, LF or NUL: gets a leading apostrophe.
    """
    core = text.lstrip(_BLANKS)
    return f"'{text}" if core and core[0] in _RUNS else text


def header(column: object, unit: str | None = None) -> str:
    """A column's heading: its name, with the unit in square brackets where there is one."""
    return disarm(f"{column} [{unit}]" if unit else f"{column}")


def to_csv_bytes(
    frame: pd.DataFrame,
    units: Mapping[str, str] | None = None,
    *,
    contract: Collection[str] = (),
    index: bool = False,
) -> bytes:
    """Write a table as CSV.

    Args:
        frame: The table, rows in the order to write. A geometry column is refused.
        units: Column (or index) name -> unit, put into the header as ``name [unit]``.
        contract: Columns whose heading must be exactly their name, unit or not. All of them must be there.
        index: Write the index too, as first column(s); it must be named.

    Returns:
        bytes: UTF-8.

    Raises:
        InputError: If a contract column is missing, two headings are equal, the index has no name, or there is
            geometry.
    """
    if index:
        if any(name is None for name in frame.index.names):
            raise InputError("The index of a table to write has no name; name it or write without index.")
        frame = frame.reset_index()
    missing = [name for name in contract if name not in frame.columns]
    if missing:
        raise InputError(f"The table to write lacks the column(s) {', '.join(missing)}.")
    units = units or {}
    headings = [header(name, None if name in contract else units.get(str(name))) for name in frame.columns]
    if len(set(headings)) < len(headings):
        twice = sorted({name for name in headings if headings.count(name) > 1})
        raise InputError(f"Two columns of the table to write have the same heading: {', '.join(twice)}.")
    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    lines = [_line(headings), *(_line(row) for row in zip(*columns, strict=True))]
    return "".join(lines).encode()


def _cells(column: pd.Series[Any]) -> list[str]:
    """The column as text: numbers as ``repr``, missing empty, dates ISO, text disarmed."""
    if str(column.dtype) == "geometry":
        raise InputError(f"Column {column.name} is geometry; write it as GeoJSON.")
    return [_cell(value) for value in column.tolist()]


def _cell(value: object) -> str:
    if isinstance(value, str):
        return disarm(value)
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (int, float)):
        return repr(value)
    return iso(value) if isinstance(value, dt.date) else disarm(str(value))


def _line(cells: Sequence[str]) -> str:
    """One row. Python's own writer leaves a bare CR unquoted, and readers take it for the end of the row."""
    if list(cells) == [""]:
        return '""\n'  # an empty line would be skipped
    return ",".join(_quoted(cell) for cell in cells) + "\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell
