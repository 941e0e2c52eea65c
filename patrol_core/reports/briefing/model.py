"""The briefing as nouns: figures that are written once, tables, sections, and the whole that every format draws."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patrol_core.figures.maps.printed import Printed
from patrol_core.words import figure, percent

MOST_TITLE, MOST_AUTHOR, MOST_NOTES = 120, 120, 2000
"""Characters of what a person may type."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What a person may add: a title in place of the usual one, who hands it out, and notes."""

    title: str = ""
    author: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure: as it is, as it is written everywhere, and its unit."""

    value: float | int | None
    shown: str
    unit: str = ""


class Figures:
    """Every figure of a briefing under its key: written once, drawn by all formats, read back by tests."""

    def __init__(self) -> None:
        self.held: dict[str, Shown] = {}

    def number(self, key: str, value: float, unit: str = "", digits: int = 3) -> str:
        """Keep a number and say it.

        Args:
            key, value: Its name and itself; not a number is said as "–".
            unit, digits: Its unit, and significant digits.
        """
        return self._keep(key, value, figure(float(value), digits), unit)

    def count(self, key: str, value: int) -> str:
        """Keep a whole number and say it."""
        self.held[key] = Shown(int(value), f"{value:,}")
        return self.held[key].shown

    def share(self, key: str, share: float) -> str:
        """Keep a share from 0 to 1 and say it in per cent: whole, in tenths below 10 %."""
        if not math.isfinite(share):
            return self._keep(key, share, "–", "share")
        if 0 < abs(share) < 0.0005:
            return self._keep(key, share, "<0.1 %", "share")
        return self._keep(key, share, percent(share, 0 if abs(share) >= 0.0995 or share == 0 else 1), "share")

    def change(self, key: str, share: float) -> str:
        """Keep a change as a share, negative where less is left, and say it in whole per cent with its sign."""
        if not math.isfinite(share):
            return self._keep(key, share, "–", "share")
        whole = round(100 * share)
        return self._keep(key, share, f"{whole:+,} %" if whole else "0 %", "share")

    def _keep(self, key: str, value: float, shown: str, unit: str) -> str:
        self.held[key] = Shown(float(value) if math.isfinite(value) else None, shown, unit)
        return shown


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that is read first: what, how much, and what stands beside it."""

    label: str
    shown: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: ``numeric`` says which columns hold figures; ``marked`` is the row that stands out, or None."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    marked: int | None = None

    def widths(self) -> list[float]:
        """Shares of the width for the columns, by their longest texts; a heading may break between words."""
        least = 14 if len(self.headings) <= 4 else 4
        wanted = []
        for head, cells in zip(self.headings, zip(*self.rows, strict=True), strict=True):
            words = max((len(word) for word in head.split()), default=0)
            wanted.append(
                max(least, words + 2, len(head) // 2 + 2, min(max(map(len, cells), default=0), 40) + 1)
            )
        return [one / sum(wanted) for one in wanted]


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading: sentences, a table, points, in this order; ``annex`` puts it behind the two pages."""

    key: str
    title: str
    text: Sequence[str] = ()
    grid: Grid | None = None
    points: Sequence[str] = ()
    annex: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Briefing:
    """Everything that the four formats draw; they compute nothing.

    Attributes:
        title, strip, warning: Heading; place, period, kind and age of the data; what must not be missed, or "".
        headline, assumption: The plan in one sentence, and what it rests on.
        tiles: The figures read first.
        author, notes: Of the :class:`Cover`, fit to be shown.
        sections: In order.
        map, map_alt, map_note: The map, what it shows in words, and the line below it.
        figures: Every figure by key.
        said: Sentences and names that other parts of the program wrote or that were given, by key; what numbers are in them are
            theirs.
        made: Day that the age of the data counts from; the only date in the files.
    """

    title: str
    strip: str
    warning: str
    headline: str
    assumption: str
    tiles: Sequence[Tile]
    author: str
    notes: Sequence[str]
    sections: Sequence[Section]
    map: Printed
    map_alt: str
    map_note: str
    figures: Mapping[str, Shown]
    said: Mapping[str, str]
    made: dt.date
    language: str = field(default="en-GB")

    def section(self, key: str) -> Section | None:
        """The section of a key, where there is one."""
        return next((one for one in self.sections if one.key == key), None)

    def as_dict(self) -> dict[str, Any]:
        """What ``summary.json`` says of it."""
        return {"made": self.made, "figures": dict(self.figures), "said": dict(self.said)}
