"""Rows of a file of events that cannot be used: where they stand, what is wrong, what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.areas import Finding
from patrol_core.arrays import Bools
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.sources.fields import rows_text


@dataclass(frozen=True)
class Where:
    """Tells the line of a row that is used.

    Attributes:
        name, text: The file and its content.
        rows: (n,) position in the file of each row that is used.
    """

    name: str
    text: bytes
    rows: NDArray[np.intp]

    def line(self, kept: int) -> str:
        """File and line of the k-th of these rows."""
        return f"{self.name} line {text_table.line_of_row(self.text, int(self.rows[kept]))}"

    def some(self, chosen: Bools) -> Where:
        """The same for some of these rows."""
        return Where(self.name, self.text, self.rows[chosen])


@dataclass(frozen=True, eq=False)
class Fault:
    """Rows that cannot be used for one reason: what the first of them has, and what to do."""

    rows: Bools
    what: str
    remedy: str


def left_out(where: Where, faults: Sequence[Fault], of: int) -> list[Finding]:
    """What is left out by kind; refused where it is half of the rows or more.

    Args:
        where: Lines of the rows.
        faults: By kind.
        of: Number of rows.
    """
    faults = [fault for fault in faults if fault.rows.any()]
    if not faults:
        return []
    lost = int(np.logical_or.reduce([fault.rows for fault in faults]).sum())
    findings = []
    for fault in faults:
        count = int(fault.rows.sum())
        text = f"{where.line(int(np.argmax(fault.rows)))} {fault.what}"
        if 2 * lost >= of:
            raise InputError(f"{text}{f' (and {count - 1:,} more)' if count > 1 else ''}{fault.remedy}")
        findings.append(Finding("warning", f"{text}; {rows_text(count)} of {of:,} left out for this.", count))
    return findings
