"""Past coverage and incidents by zone, from which models of offenders are fitted: the table and what it must hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table

COLUMNS = ("zone_id", "coverage", "incidents")


def read_incidents(name: str, data: bytes, zone_ids: Sequence[str]) -> tuple[Floats, Floats]:
    """(periods, n) past coverage and (periods, n) incidents from a CSV.

    Args:
        name, data: The file: columns ``zone_id``, ``coverage`` (share of the time, 0 to 1), ``incidents`` (>=
            0), and ``period`` where there are several; one row a zone and period.
        zone_ids: All zones, in the order wanted.

    Raises:
        InputError: One sentence with the line, column or zone: a column missing, a number that is none or out
            of range, a zone unknown, missing or repeated.
    """
    content = text_table.decode(name, data).data
    given = text_table.header_of(name, content)
    missing = [column for column in COLUMNS if column not in [head.lower() for head in given]]
    if missing:
        raise InputError(
            f"{name} line 1 has no column {' and no column '.join(missing)} (found {', '.join(given[:6])}); give "
            f"{', '.join(COLUMNS)}, and period where there are several."
        )
    if len({head.lower() for head in given}) < len(given):
        raise InputError(f"{name} line 1 names a column twice; give each once.")
    frame = text_table.read_strings(name, content).to_pandas().astype("str")
    frame.columns = pd.Index([head.lower() for head in given])
    if frame.empty:
        raise InputError(f"{name} has a header but 0 rows; give one row a zone and period.")

    def at(row: int) -> str:
        return f"{name} line {text_table.line_of_row(content, row)}"

    position = {zone: i for i, zone in enumerate(zone_ids)}
    zone = frame["zone_id"].str.strip()
    place = zone.map(position)
    if place.isna().any():
        row = int(np.argmax(place.isna()))
        raise InputError(f"{at(row)}: {zone.iloc[row]!r} is not a zone of this plan; use its zone ids.")
    period = frame["period"].str.strip() if "period" in frame else pd.Series("", index=frame.index)
    names = {label: i for i, label in enumerate(dict.fromkeys(period))}
    twice = pd.DataFrame({"zone": zone, "period": period}).duplicated()
    if twice.any():
        row = int(np.argmax(twice))
        hint = "give it once a period" if "period" in frame else "add a column period, or give it once"
        raise InputError(f"{at(row)}: zone {zone.iloc[row]!r} comes a second time; {hint}.")
    rows, columns = period.map(names).to_numpy(dtype=int), place.to_numpy(dtype=int)
    seen = np.zeros((len(names), len(position)), dtype=bool)
    seen[rows, columns] = True
    if not seen.all():
        i, t = (int(k) for k in np.argwhere(~seen)[0])
        where = f" in period {list(names)[i]!r}" if len(names) > 1 else ""
        raise InputError(
            f"{name} has no row for zone {zone_ids[t]!r}{where}; give every zone, with 0 if need be."
        )
    tables = []
    for column, high in (("coverage", 1.0), ("incidents", np.inf)):
        table = np.zeros(seen.shape)
        table[rows, columns] = _numbers(frame[column], column, high, at)
        tables.append(table)
    return tables[0], tables[1]


def _numbers(texts: pd.Series, column: str, high: float, at: Callable[[int], str]) -> Floats:
    numbers = pd.to_numeric(texts.str.strip(), errors="coerce").to_numpy(dtype=float)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers <= high))
    if wrong.any():
        row = int(np.argmax(wrong))
        accepted = "a share from 0 to 1" if high == 1.0 else "a number from 0"
        raise InputError(f"{at(row)}: {column} is {texts.iloc[row]!r}; give {accepted}.")
    return numbers
