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


def without_population(count: int, zones: int, first: object) -> str:
    """That zones have no population, and what follows; no file named.

    Args:
        count: How many have none.
        zones: How many zones there are.
        first: The first without.
    """
    if count == zones:
        return "no zone has a population: rates and fairness rules of groups are per zone"
    return f"{count:,} of {zones:,} zones have no population (first {first}); they count as having no residents in rates per head"
