"""A harm table of the user's own: crime type and weight, as entries of a scenario, as CSV, as a table of weights.

An entry is text, ``Burglary=222``; entries are kept in the order of their types and in one way of writing a number, so
that the same table has the same hash and the same link however it was made.

The CSV has the columns ``crime_type`` and ``weight`` (further columns are ignored), one line a type. A weight of 0
leaves the type out of the risk; a type in use without a line is an error, since nobody can tell what was meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from patrol_core.errors import InputError
from patrol_core.files.columns import is_lost
from patrol_core.files.strict_json import quoted
from patrol_core.risk.harm import FORMER_NAMES, WEIGHTS, HarmTable

OWN = "own"
LABEL = "Own weights"
COLUMNS = ("crime_type", "weight")
LARGEST = 1e9
"""Largest weight accepted; the published tables end below 10,000."""


def known_types(more: Iterable[str] = ()) -> tuple[str, ...]:
    """Crime types a table may name: those of the published tables, their former names, and ``more``."""
    published = {name for table in WEIGHTS.values() for name in table.weights}
    return tuple(sorted({*published, *FORMER_NAMES, *map(str, more)}))


def entries_of(weights: Mapping[str, float]) -> tuple[str, ...]:
    """A table as entries ``Type=weight``, in the order of the types."""
    return tuple(f"{name}={_text(weight)}" for name, weight in sorted(weights.items()))


def parse_entries(entries: Iterable[str]) -> dict[str, float]:
    """Type -> weight of entries ``Type=weight``.

    Raises:
        InputError: If an entry is not of that form, a type stands twice, or a weight is not a number of 0 or
            more.
    """
    found: dict[str, float] = {}
    for entry in entries:
        name, sign, text = str(entry).rpartition("=")
        name = name.strip()
        if not sign or not name or "|" in name:
            raise InputError(
                f"The weight {entry!r} is not of the form Type=weight; write it like 'Burglary=222'."
            )
        if name in found:
            raise InputError(f"The crime type {name!r} has two weights; give it one.")
        found[name] = _weight(text, f"The weight of {name!r}")
    return found


def starting_weights(table: HarmTable, types: Iterable[str]) -> dict[str, float]:
    """A published table as the beginning of an own one: a weight for every type, 1 where the table has none."""
    found = {}
    for kind in types:
        try:
            found[kind] = float(table.weights_of([kind])[0])
        except InputError:
            found[kind] = 1.0
    return found


def custom_table(entries: Iterable[str]) -> HarmTable:
    """The table of a scenario's own weights.

    Raises:
        InputError: As :func:`parse_entries`; or if there is no entry, or every weight is 0.
    """
    weights = parse_entries(entries)
    if not weights:
        raise InputError(
            "Own weights are asked for and none are given; give a table of them, or weight by count."
        )
    if not any(weights.values()):
        raise InputError(
            "Every own weight is 0, so no crime would count; give at least one type a weight above 0."
        )
    return HarmTable(
        key=OWN,
        label="Own table",
        unit="own weight",
        source="Given by the user; nothing vouches for it but who gave it.",
        weights=MappingProxyType(weights),
        notes=("One unit is whatever the weights were meant in.",),
    )


def read_weights(
    name: str, content: bytes, *, known: Iterable[str] | None = None, needed: Iterable[str] = ()
) -> dict[str, float]:
    """Type -> weight from a CSV file.

    Args:
        name: File name, for messages.
        content: The file.
        known: Types that may be named; any when None.
        needed: Types that must be.

    Raises:
        InputError: For a file that is no such table; names the line.
    """
    from patrol_core.files.text_table import decode, header_of, line_of_row, read_strings

    text = decode(name, content).data
    header = header_of(name, text)
    absent = [column for column in COLUMNS if column not in header]
    if absent:
        raise InputError(
            f"{name} has no column {absent[0]!r}; it has {', '.join(header)}. Give the columns {' and '.join(COLUMNS)}."
        )
    table = read_strings(name, text, COLUMNS)
    allowed = None if known is None else frozenset(known)
    found: dict[str, float] = {}
    lines: dict[str, int] = {}
    cells = zip(*(table[column].to_pylist() for column in COLUMNS), strict=True)
    for row, (written, weight) in enumerate(cells):
        kind, line = written.strip(), line_of_row(text, row)
        if not kind or "|" in kind:
            raise InputError(f"{name}, line {line}: {kind!r} is no crime type; write one like 'Burglary'.")
        if kind in found:
            raise InputError(
                f"{name}, line {line}: {kind!r} stood in line {lines[kind]} already; give each type once."
            )
        if allowed is not None and kind not in allowed:
            raise InputError(
                f"{name}, line {line}: there is no crime type {kind!r}; choose from {', '.join(sorted(allowed))}."
            )
        found[kind], lines[kind] = _weight(weight, f"{name}, line {line}: the weight of {kind!r}"), line
    missing = [kind for kind in needed if kind not in found and FORMER_NAMES.get(kind) not in found]
    if missing:
        raise InputError(
            f"{name} has no weight for {', '.join(missing)}; add a line for each (0 leaves a type out)."
        )
    custom_table(entries_of(found))
    return found


def _weight(text: str, what: str) -> float:
    if not text.strip():
        raise InputError(f"{what} is missing; give a number of at least 0.")
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if is_lost(text, weight):
        raise InputError(
            f"{what} is {quoted(text.strip())}, too {'large' if weight else 'near 0'} to be told; give a number of at least 0."
        )
    if not math.isfinite(weight):
        raise InputError(f"{what} is {quoted(text.strip())}, not a number; give a number of at least 0.")
    if weight < 0:
        raise InputError(f"{what} is {text.strip():.60}, below 0; give a number of at least 0.")
    if weight > LARGEST:
        raise InputError(f"{what} is {text.strip():.60}; give a number up to {LARGEST:,.0f}.")
    return weight + 0.0  # -0 is 0


def _text(weight: float) -> str:
    short = format(weight, "g")
    return short if float(short) == weight else repr(float(weight))
