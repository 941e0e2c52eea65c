"""Words of other makers in tables of roads: one-way, bridges and levels, lists of ids.

============================  =======================================================================
maker                         one-way
============================  =======================================================================
OpenStreetMap, OSMnx          yes, true, 1; -1, reverse; no, false, 0; reversible, alternating
Geofabrik, HERE               F along the line, T against it, B both
TomTom                        FT along, TF against, N closed both ways, empty both
Ordnance Survey               inDirection, inOppositeDirection, bothDirections
============================  =======================================================================

A column is read as a whole, since one letter means different things: N is ``no`` beside Y, and closed beside FT and TF; capital F and T
alone are Geofabrik's (which writes bridges F and T for no and yes, too), as are small ones beside b; without it, small ones are a
database's false and true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.roads.parts import NO, YES, count_note

ONEWAY = ("oneway", "one_way", "one-way", "directionality", "dir_travel", "direction_of_travel")
"""Columns that say in which direction a street is passed, in lower case."""
LEVELS = ("layer", "bridge", "tunnel", "structure")
"""Columns that say on which level a street lies, in lower case."""
ALONG = frozenset({*YES, "ft", "forward", "forwards", "along", "indirection", "oneway"}) - {"t"}
AGAINST = frozenset({"-1", "tf", "reverse", "reversed", "backward", "backwards", "against", "inoppositedirection"})  # fmt: skip
BOTH = frozenset({*NO, "b", "both", "bothdirections", "bothways", "twoway", "bidirectional"}) - {"f"}
BY_TURNS = frozenset({"reversible", "alternating"})
"""Streets whose direction changes with the hour or a signal: passed both ways."""
CLOSED = 2
"""Mark of a street that nobody may pass, beside 1 (along), -1 (against) and 0 (both ways)."""
_MADE = re.compile(r"^(?:frozenset|set|list|tuple|array)\s*(?=[(\[{])")


@dataclass(frozen=True, eq=False)
class Directions:
    """How the streets of a table are passed.

    Attributes:
        way: Of every row 1 along the line, -1 against it, 0 both ways, :data:`CLOSED` not at all.
        notes: What had to be understood, a sentence each.
    """

    way: Ints
    notes: tuple[str, ...]


def plain(value: object) -> str:
    """A cell as a small word: no spaces, underscores or hyphens between letters, whole numbers without a point; empty for nothing."""
    if value is None or value != value:
        return ""
    text = str(value).strip().casefold()
    try:
        return f"{float(text):g}"
    except ValueError:
        return re.sub(r"(?<=\w)[\s_-]+(?=\w)", "", text)


def listed(value: object) -> tuple[str, ...]:
    """The entries of a list, in any spelling: a list or set, ``[1, 2]``, ``{'1', '2'}``, ``(1, 2)``, ``1;2``; else the value alone."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        rows = [str(part) for part in value]
    elif value is None or value != value:
        return ()
    else:
        text = _MADE.sub("", str(value).strip(), count=1)
        wrapped = text[:1] in ("(", "[", "{") and text[-1:] in (")", "]", "}")
        rows = re.split(r"[;,|]", text.strip("()[]{} ")) if wrapped else re.split(r"[;|]", text)
        if len(rows) == 1:
            numbers = re.split(r"[\s,]+", rows[0].strip())
            rows = numbers if all(re.fullmatch(r"-?\d+", part) for part in numbers) else rows
    cleaned = (part.strip().strip("'\"").strip() for part in rows)
    return tuple(re.sub(r"^(-?\d+)\.0+$", r"\1", part) for part in cleaned if part)


def first_listed(value: Any, default: str) -> str:
    """The first entry where a cell is a list, the cell itself where it is one word, ``default`` where it is empty."""
    found = listed(value)
    merged = not isinstance(value, str) or value.strip()[:1] in ("[", "(", "{")
    return default if not found else found[0] if merged else value


def directions(values: Sequence[object], where: Callable[[int], str]) -> Directions:
    """How streets are passed, of a whole column.

    Raises InputError when a cell is none of the words of this module.

    Args:
        values: Cells of the column, one a street.
        where: Words for the cell of a row (from 0), for messages.
    """
    words = [_one_word(value) for value in values]
    used = set(words)
    letters = {str(value).strip() for value in values} & {"F", "T", "B"}
    geofabrik = (bool(letters) or "b" in used) and used <= {
        *"ftbn",
        "",
    }  # false and true have no third letter
    closing = geofabrik or bool(used & {"ft", "tf"})
    way = np.zeros(len(words), dtype=np.int64)
    for k, word in enumerate(words):
        found = {"f": 1, "t": -1}.get(word, 0) if geofabrik else word_direction(word)
        if found is None:
            raise InputError(
                f"{where(k)} is {values[k]!r}; write yes, no or -1 (against the line), or as Geofabrik (F, T, B), TomTom (FT, TF, N) "
                "and Ordnance Survey (inDirection) do."
            )
        way[k] = CLOSED if closing and word == "n" else found
    truths = not geofabrik and ("t" in used or bool(letters)) and used <= {*"ftn", "", *YES, *NO}
    return Directions(way, tuple(_notes(words, way, geofabrik=geofabrik, truths=truths)))


def _one_word(value: object) -> str:
    """The word of a cell; of a list whose entries agree, theirs."""
    parts = {plain(part) for part in listed(value)}
    return parts.pop() if len(parts) == 1 else plain(value)


def _notes(words: Sequence[str], way: Ints, *, geofabrik: bool, truths: bool) -> Iterable[str]:
    if geofabrik:
        yield (
            "One-way is written F, T and B: read as Geofabrik's along the line, against it, and both; write yes and no where it means "
            "otherwise."
        )
    if truths:
        yield "One-way is written f and t: read as false and true; write F, T and B where it means along, against and both."
    turns = sum(word in BY_TURNS for word in words)
    changes = "street changes its direction", "streets change their direction"
    yield from count_note(turns, *changes, "with time; passed both ways here.")
    yield from count_note(
        (way == CLOSED).sum(), "street is", "streets are", "closed both ways (N) and left out."
    )


def word_direction(word: str) -> int | None:
    """1 along, -1 against, 0 both ways, None where a word (:func:`plain`) is not known."""
    if word in AGAINST:
        return -1
    if word in ALONG or word == "t":
        return 1
    return 0 if word in BOTH or word in BY_TURNS or word == "f" else None


def is_set(value: object) -> bool:
    """Whether a tag such as ``bridge`` says anything but no: ``viaduct`` is a bridge as ``yes`` and ``T`` are."""
    parts = listed(value)
    return any(plain(part) not in NO for part in parts)


def levels(rows: int, columns: dict[str, Sequence[object]]) -> tuple[Floats, list[str]]:
    """Level of every street: its layer, else 1 for a bridge and -1 for a tunnel.

    Args:
        rows: How many streets.
        columns: Cells by heading in lower case; ``layer``, ``bridge``, ``tunnel`` and ``structure`` (Ordnance
            Survey) are read. A layer of 0 does not bring a bridge down: tables write 0 where nobody said
            anything.

    Returns:
        tuple: Levels, shape (rows,), and a sentence where layers cannot be read.
    """
    found = np.zeros(rows)
    structure = [str(cell).casefold() for cell in columns.get("structure", [""] * rows)]
    for word, level in (("bridge", 1.0), ("tunnel", -1.0)):
        marked: Bools = np.array([word in cell for cell in structure], dtype=bool)
        if word in columns:
            marked |= np.array([is_set(cell) for cell in columns[word]], dtype=bool)
        found[marked] = level
    strange = 0
    for k, value in enumerate(columns.get("layer", ())):
        text = plain(value)
        try:
            layer = float(text or 0)
        except ValueError:
            layer = np.nan
        strange += not np.isfinite(layer)
        if np.isfinite(layer) and layer:
            found[k] = layer
    rest = "no number; the streets count as on the ground, or by bridge and tunnel."
    return found, count_note(strange, "layer is", "layers are", rest)
