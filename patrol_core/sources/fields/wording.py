"""Lists and counts of rows in words, for messages."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 4, *, mark: str = ", ") -> str:
    """The first few of many names: "a, b and 3 more".

    Args:
        names: All of them.
        most: How many to name.
        mark: What stands between two.
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return mark.join(names[:most]) + more


def rows_text(count: int) -> str:
    """A number of rows in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
