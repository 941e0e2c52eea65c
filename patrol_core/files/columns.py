"""Numbers in the columns of a table: one rule for residents, counts, deprivation and whatever else a table of zones holds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.files.numbers import LARGEST
from patrol_core.files.strict_json import quoted

#: Smallest size of a number that is not 0; below, its products are lost.
SMALLEST = 1e-100
SIZES = f"0, or from {SMALLEST:g} to {LARGEST:g} in size"
"""What numbers are taken, for the end of a message."""

_DECIMAL = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def unfit(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers are too large, or too near 0, to be calculated with.

    Args:
        values: Any shape, any unit; NaN where there is none, which is no fault.
    """
    size = np.abs(values)
    return np.asarray((size > LARGEST) | ((size > 0) & (size < SMALLEST)), dtype=np.bool_)


def is_lost(cell: str, value: float) -> bool:
    """Whether a cell holds a number that no double can: read as 0, as infinite or as none.

    Args:
        cell: Text as it stands in the table.
        value: What was read from it.
    """
    match = _DECIMAL.fullmatch(cell.strip())
    return match is not None and re.search(r"[1-9]", match[1]) is not None and not 0 < abs(value) < math.inf


def check_column(cells: Sequence[str], values: NDArray[np.float64], where: Callable[[int], str]) -> None:
    """Refuse the first number of a column that is not what its cell says, or cannot be calculated with.

    Args:
        cells: (n,) texts as they stand in the table.
        values: (n,) what was read from them, any unit: NaN where no number, infinite or 0 where a double cannot
            hold it.
        where: File, line and column of a row by its position, for the message.

    Raises:
        InputError: Beyond 1e100, or not 0 and below 1e-100; with the place.
    """
    odd = unfit(values)
    known: dict[str, bool] = {}  # a table holds thousands of cells of a plain 0
    for row in np.flatnonzero((values == 0) | ~np.isfinite(values)).tolist():
        if cells[row] not in known:
            known[cells[row]] = is_lost(cells[row], float(values[row]))
        odd[row] = known[cells[row]]
    if not odd.any():
        return
    first = int(np.argmax(odd))
    what = "near 0" if abs(values[first]) <= 1 else "large"
    raise InputError(
        f"{where(first)}: {quoted(cells[first])} is too {what} to be calculated with; numbers are {SIZES}."
    )
