"""How large a game may be before memory is asked for."""

from __future__ import annotations

from patrol_core.errors import InputError

#: Most bytes that the payoffs of both players may take in memory.
MOST_BYTES = 2_000_000_000


def check_size(rows: int, columns: int, players: int = 2, *, what: str = "The game") -> None:
    """Refuse a game whose payoffs would not fit.

    Raises
    ------
    InputError
        For a size below 1 x 1, or with the numbers when it is too large.
    """
    if rows < 1 or columns < 1:
        raise InputError(f"{what} has {rows} x {columns} actions: both players need at least one.")
    needed = rows * columns * players * 8
    if needed > MOST_BYTES:
        raise InputError(
            f"{what} has {rows:,} x {columns:,} actions and would take {needed / 1e9:,.1f} GB of memory; "
            f"accepted are at most {MOST_BYTES / 1e9:g} GB: give fewer actions, or merge equal ones first."
        )
