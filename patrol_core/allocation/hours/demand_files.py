"""Demand in and plan out as CSV, with the columns of the command line.

In: ``Month, Ward, LSOA_Code, area_km2, Predicted_Burglaries`` (further columns are ignored). Out:
``Month, Ward, LSOA_Code, Risk_Score, Allocation``: the same rows in the same order; Risk_Score is the demand,
Allocation the hours in the month. UTF-8; what cannot be used is refused with its line and column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from patrol_core.allocation.hours.problem import check_demand
from patrol_core.allocation.hours.rules import Plan
from patrol_core.areas import Finding
from patrol_core.errors import InputError, SourceError
from patrol_core.files.atomic import write_atomic
from patrol_core.files.columns import check_column
from patrol_core.files.reading import read_file
from patrol_core.files.strict_json import quoted
from patrol_core.files.text_table import spreadsheet_limit
from patrol_core.sources.fields import read_months

#: CSV column to column of the demand table.
INPUT_COLUMNS = {
    "Month": "month",
    "Ward": "ward",
    "LSOA_Code": "zone_id",
    "area_km2": "area_km2",
    "Predicted_Burglaries": "risk",
}
OUTPUT_COLUMNS = ("Month", "Ward", "LSOA_Code", "Risk_Score", "Allocation")
_NUMBERS = ("area_km2", "Predicted_Burglaries")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def read_demand(source: str | Path | tuple[str, bytes]) -> pd.DataFrame:
    """Demand table from a CSV file.

    Args:
        source: A path, or (name, bytes) of an uploaded file.

    Returns:
        pandas.DataFrame: Columns month (YYYY-MM), ward, zone_id, area_km2 (km2), risk (expected crimes); rows
            as in the file. ``attrs`` hold what was noticed under ``findings``: months that spreadsheets have
            re-saved, a file as long as a spreadsheet can hold.

    Raises:
        SourceError: The file cannot be read.
        InputError: Not UTF-8, no rows, a column missing, or a value that cannot be used; names line and column.
    """
    name, text = _text(source)
    header, rows, lines = _rows(name, text)
    position = _positions(name, header)
    short = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if short is not None:
        raise InputError(
            f"{name}, line {lines[short]}: {len(rows[short])} values for {len(header)} columns; the file may "
            "be cut short or a comma may stand inside a value without quotes."
        )
    columns = {own: [row[position[name]].strip() for row in rows] for name, own in INPUT_COLUMNS.items()}
    months, _ = read_months(set(columns["month"]))
    other = [row for row, cell in enumerate(columns["month"]) if months.get(cell, cell) != cell]
    columns["month"] = [months.get(cell, cell) for cell in columns["month"]]
    frame = pd.DataFrame(columns)
    for label in _NUMBERS:
        own = INPUT_COLUMNS[label]
        frame[own] = _numbers(name, label, columns[own], lines)
    check_demand(frame, where=lambda row: f"{name}, line {lines[row]}", risk_name="Predicted_Burglaries")
    found = spreadsheet_limit(name, len(frame))
    if other:
        text = f"{name}, line {lines[other[0]]}: months in another form than YYYY-MM in {len(other):,} rows were read as months."
        found.append(Finding("info", text, len(other)))
    frame.attrs["findings"] = tuple(found)
    return frame


def plan_table(plan: Plan) -> pd.DataFrame:
    """The plan with the columns of :data:`OUTPUT_COLUMNS`, rows as in the demand."""
    frame = plan.frame
    table = frame[["month", "ward", "zone_id", "risk", "hours"]].copy()
    table.columns = list(OUTPUT_COLUMNS)
    return table.reset_index(drop=True)


def write_plan(plan: Plan, path: str | Path) -> Path:
    """Write the plan as CSV; the file appears whole or not at all.

    Text that a spreadsheet would run as a formula gets a leading apostrophe. Numbers keep every digit.

    Raises:
        SourceError: The file cannot be written.
    """
    table = plan_table(plan)
    for column in ("Month", "Ward", "LSOA_Code"):
        table[column] = [_disarm(str(value)) for value in table[column]]
    target = Path(path)
    if not target.parent.is_dir():
        raise SourceError(f"{target} could not be written (no such folder); choose another place.")
    return write_atomic(target, table.to_csv(index=False, lineterminator="\n").encode())


def _text(source: str | Path | tuple[str, bytes]) -> tuple[str, str]:
    """Name and decoded text of the source."""
    if isinstance(source, tuple):
        name, data = source
    else:
        name = Path(source).name
        data = read_file(source)
    try:
        return name, data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}, line {line}: not UTF-8 text; save the table as 'CSV UTF-8' and try again."
        ) from None


def _rows(name: str, text: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows and the file line on which each row ends; empty lines at the end are left out."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, lines = [], []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error:  # in practice: longer than csv.field_size_limit()
        raise InputError(
            f"{name}, line {reader.line_num}: a cell of more than {csv.field_size_limit():,} characters; mend that row."
        ) from None
    while rows and not any(value.strip() for value in rows[-1]):
        rows.pop()
    if not rows:
        raise InputError(f"{name} is empty; it needs a header and one row per zone and month.")
    if len(rows) == 1:
        raise InputError(f"{name} has a header but no rows; give one row per zone and month.")
    return [value.strip() for value in rows[0]], rows[1:], lines[1:]


def _positions(name: str, header: Sequence[str]) -> dict[str, int]:
    """Where each needed column stands."""
    position = {}
    for column in INPUT_COLUMNS:
        count = header.count(column)
        if count > 1:
            raise InputError(f"{name}, line 1: column {column} stands there {count} times; keep one.")
        if count == 0:
            alike = [given for given in header if given.lower() == column.lower()]
            hint = f"rename {alike[0]!r} to it" if alike else f"found {', '.join(header[:8])}"
            needed = ", ".join(INPUT_COLUMNS)
            raise InputError(
                f"{name}, line 1: column {column} is missing ({hint}); the table needs {needed}."
            )
        position[column] = header.index(column)
    return position


def _numbers(name: str, label: str, values: Sequence[str], lines: Sequence[int]) -> pd.Series:
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(float)
    check_column(
        values,
        np.asarray(numbers, dtype=np.float64),
        lambda row: f"{name}, line {lines[row]}, column {label}",
    )
    bad = np.flatnonzero(~np.isfinite(numbers.to_numpy()))
    if len(bad):
        row = int(bad[0])
        shown = quoted(values[row]) if values[row] else "an empty cell"
        raise InputError(
            f"{name}, line {lines[row]}, column {label}: {shown} is not a number; write it with a decimal "
            f"point and no thousands separator ({len(bad)} such rows)."
        )
    return numbers


def _disarm(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
