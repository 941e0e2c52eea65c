"""Commitments, shifts and earlier duties from files and flags."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from patrol_core.allocation.roster.profile import ShiftType
from patrol_core.allocation.roster.rules import MOST_UNITS, Commitment, Kind
from patrol_core.errors import InputError
from patrol_core.files.numbers import number_of, whole_of
from patrol_core.files.reading import read_file
from patrol_core.files.strict_json import quoted


def read_commitments(source: str | Path | tuple[str, bytes]) -> tuple[Commitment, ...]:
    """Absences and fixed duties from a CSV with the columns unit, date (YYYY-MM-DD), kind, shift.

    kind is ``unavailable`` or ``duty``; shift may be empty for ``unavailable``.

    Raises:
        SourceError, InputError: The file cannot be read, or a value cannot be used; names file and line.
    """
    name, rows = _rows(source, ("unit", "date", "kind"))
    return tuple(commitment_of(row, f"{name}, line {line}") for line, row in enumerate(rows, 2))


def commitment_of(row: Mapping[str, object], where: str) -> Commitment:
    """One commitment from named values.

    Raises:
        InputError: For a value that cannot be used; starts with ``where``.
    """
    unit, kind = str(row.get("unit") or "").strip(), str(row.get("kind") or "").strip().lower()
    if not unit:
        raise InputError(f"{where}: the unit is empty; name it.")
    if kind not in ("unavailable", "duty"):
        raise InputError(f"{where}: kind is {quoted(row.get('kind'))}; write unavailable or duty.")
    given = row.get("date")
    try:
        date = given if isinstance(given, dt.date) else dt.date.fromisoformat(str(given).strip()[:10])
    except ValueError:
        raise InputError(f"{where}: date is {quoted(given)}; write it as YYYY-MM-DD.") from None
    if isinstance(date, dt.datetime):
        date = date.date()
    shift = row.get("shift")
    text = "" if shift is None or shift != shift else str(shift).strip()
    return Commitment(unit, date, cast(Kind, kind), text)


def read_duties(source: str | Path | tuple[str, bytes]) -> pd.DataFrame:
    """Duties of an earlier roster: date, shift, unit, walk, from its ``duties.csv``.

    Raises:
        SourceError, InputError: As :func:`read_commitments`.
    """
    name, rows = _rows(source, ("date", "shift", "unit", "walk"))
    for line, row in enumerate(rows, 2):
        try:
            row["walk"] = str(whole_of(row["walk"], MOST_UNITS))
        except ValueError as error:
            raise InputError(
                f"{name}, line {line}: walk is {quoted(row['walk'])}, which {error}; give the walk's number."
            ) from None
    if not rows:
        raise InputError(
            f"{name} has a header but no duties; give the duties.csv of the earlier roster, whole."
        )
    frame = pd.DataFrame(rows)[["date", "shift", "unit", "walk"]]
    frame["walk"] = frame["walk"].astype(int)
    return frame


def parse_shifts(text: str) -> tuple[ShiftType, ...]:
    """Shifts from ``early=06:00+8,late=14:00+8``: name, start and hours.

    Raises:
        InputError: If it cannot be read.
    """
    shifts = []
    for part in text.split(","):
        name, _, times = part.partition("=")
        start, _, hours = times.partition("+")
        try:
            shifts.append(ShiftType(name.strip(), start.strip(), number_of(hours or "8")))
        except ValueError as error:
            said = f" ({error})" if isinstance(error, InputError) else ""
            raise InputError(
                f"Shift {quoted(part.strip())} cannot be read{said}; write name=HH:MM+hours, e.g. early=06:00+8."
            ) from None
    return tuple(shifts)


def parse_available(text: str, shifts: Sequence[ShiftType]) -> tuple[int, ...]:
    """Most units at once by shift from ``early=4,late=6,night=4``, in the order of the shifts.

    Raises:
        InputError: If a shift is missing, unknown or its number is no whole number of 0 or more.
    """
    given = {}
    for part in text.split(","):
        name, _, count = part.partition("=")
        try:
            given[name.strip()] = whole_of(count, MOST_UNITS)
        except ValueError:
            raise InputError(
                f"{quoted(part.strip())} cannot be read; write shift=units, e.g. early=4, with up to {MOST_UNITS:,} units."
            ) from None
    names = [shift.name for shift in shifts]
    if set(given) != set(names):
        raise InputError(f"Give the units available of every shift: {', '.join(f'{n}=…' for n in names)}.")
    return tuple(given[name] for name in names)


def _rows(source: str | Path | tuple[str, bytes], needed: Sequence[str]) -> tuple[str, list[dict[str, str]]]:
    if isinstance(source, tuple):
        name, data = source
    else:
        name = Path(source).name
        data = read_file(source)
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        rows = list(reader)
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {at}: not UTF-8 text; save the table as 'CSV UTF-8'.") from None
    except csv.Error:  # in practice: longer than csv.field_size_limit()
        raise InputError(
            f"{name}, line {reader.reader.line_num}: a cell of more than {csv.field_size_limit():,} characters; mend that row."
        ) from None
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise InputError(
            f"{name}, line 1: column {missing[0]} is missing; the table needs {', '.join(needed)}."
        )
    twice = [column for column in needed if list(reader.fieldnames or []).count(column) > 1]
    if twice:
        raise InputError(f"{name}, line 1: column {twice[0]} stands there twice; keep one.")
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"{name}, line {line}: the row has another number of values than the header.")
    return name, rows
