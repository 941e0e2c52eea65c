"""Commitments, shifts and earlier duties from files and flags."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from patrol_core.allocation.profile import ShiftType
from patrol_core.allocation.roster_rules import Commitment, Kind
from patrol_core.errors import InputError, SourceError


def read_commitments(source: str | Path | tuple[str, bytes]) -> tuple[Commitment, ...]:
    """Absences and fixed duties from a CSV with the columns unit, date (YYYY-MM-DD), kind, shift.

    kind is ``unavailable`` or ``duty``; shift may be empty for ``unavailable``.

    Raises
    ------
    SourceError, InputError
        The file cannot be read, or a value cannot be used; names file and line.
    """
    name, rows = _rows(source, ("unit", "date", "kind"))
    return tuple(commitment_of(row, f"{name}, line {line}") for line, row in enumerate(rows, 2))


def commitment_of(row: Mapping[str, object], where: str) -> Commitment:
    """One commitment from named values.

    Raises
    ------
    InputError
        For a value that cannot be used; starts with ``where``.
    """
    unit, kind = str(row.get("unit") or "").strip(), str(row.get("kind") or "").strip().lower()
    if not unit:
        raise InputError(f"{where}: the unit is empty; name it.")
    if kind not in ("unavailable", "duty"):
        raise InputError(f"{where}: kind is {row.get('kind')!r}; write unavailable or duty.")
    given = row.get("date")
    try:
        date = given if isinstance(given, dt.date) else dt.date.fromisoformat(str(given).strip()[:10])
    except ValueError:
        raise InputError(f"{where}: date is {given!r}; write it as YYYY-MM-DD.") from None
    if isinstance(date, dt.datetime):
        date = date.date()
    shift = row.get("shift")
    text = "" if shift is None or shift != shift else str(shift).strip()
    return Commitment(unit, date, cast(Kind, kind), text)


def read_duties(source: str | Path | tuple[str, bytes]) -> pd.DataFrame:
    """Duties of an earlier roster: date, shift, unit, walk, from its ``duties.csv``.

    Raises
    ------
    SourceError, InputError
        As :func:`read_commitments`.
    """
    name, rows = _rows(source, ("date", "shift", "unit", "walk"))
    for line, row in enumerate(rows, 2):
        if not str(row["walk"]).isdigit():
            raise InputError(f"{name}, line {line}: walk is {row['walk']!r}; it must be a whole number.")
    frame = pd.DataFrame(rows)[["date", "shift", "unit", "walk"]]
    frame["walk"] = frame["walk"].astype(int)
    return frame


def parse_shifts(text: str) -> tuple[ShiftType, ...]:
    """Shifts from ``early=06:00+8,late=14:00+8``: name, start and hours.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    shifts = []
    for part in text.split(","):
        name, _, times = part.partition("=")
        start, _, hours = times.partition("+")
        try:
            shifts.append(ShiftType(name.strip(), start.strip(), float(hours or 8.0)))
        except ValueError as error:
            said = f" ({error})" if isinstance(error, InputError) else ""
            raise InputError(
                f"Shift {part.strip()!r} cannot be read{said}; write name=HH:MM+hours, e.g. early=06:00+8."
            ) from None
    return tuple(shifts)


def parse_available(text: str, shifts: Sequence[ShiftType]) -> tuple[int, ...]:
    """Most units at once by shift from ``early=4,late=6,night=4``, in the order of the shifts.

    Raises
    ------
    InputError
        If a shift is missing, unknown or its number is no whole number of 0 or more.
    """
    given = {}
    for part in text.split(","):
        name, _, count = part.partition("=")
        if not count.strip().isdigit():
            raise InputError(f"{part.strip()!r} cannot be read; write shift=units, e.g. early=4.")
        given[name.strip()] = int(count)
    names = [shift.name for shift in shifts]
    if set(given) != set(names):
        raise InputError(f"Give the units available of every shift: {', '.join(f'{n}=…' for n in names)}.")
    return tuple(given[name] for name in names)


def _rows(source: str | Path | tuple[str, bytes], needed: Sequence[str]) -> tuple[str, list[dict[str, str]]]:
    if isinstance(source, tuple):
        name, data = source
    else:
        name = Path(source).name
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise SourceError(
                f"{source} could not be read ({error.strerror or error}); check the path."
            ) from error
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{name} is not a UTF-8 CSV table; save it as 'CSV UTF-8'.") from None
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise InputError(
            f"{name}, line 1: column {missing[0]} is missing; the table needs {', '.join(needed)}."
        )
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"{name}, line {line}: the row has another number of values than the header.")
    return name, rows
