"""Census 2021 from Nomis, by LSOA of 2021, as an attribute table for :func:`patrol_core.sources.zone_tables.attach.attach_attributes`.

Tables used: TS001 residents, TS007A age, TS021 ethnic group, TS041 households, TS054 tenure, TS066 economic activity.

Nomis gives no more than 25,000 cells an answer without saying so, an empty answer for a misspelt question, and
numbers its categories in no obvious order. So every answer carries the count of all its cells and is read on until
that is reached; codes and cells must be those asked for, once each; and categories are recognised by their names and
checked against the table's own total.

The ONS swaps records and perturbs cells, so figures of different tables differ slightly; shares are taken within one table.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.errors import InputError, SourceError
from patrol_core.sources.open_data.nomis_tables import SHARES, TABLES, Table
from patrol_core.sources.open_data.services import Asker, Unfit, agreed, nomis_settings
from patrol_core.sources.zone_tables import figures_of
from patrol_core.web import BrokenAnswer, Cache, Progress, Request, ServiceSettings

#: Licence line.
ATTRIBUTION = "Census 2021: Office for National Statistics via Nomis, Open Government Licence v3.0."
#: Cells Nomis gives in one answer to a caller without a key.
CELLS_AT_ONCE = 25_000
#: Codes in one question: longer addresses are refused.
CODES_AT_ONCE = 100
#: Parts of a table may differ from its total by this share, over the whole area.
TOLERANCE = 0.02

_CODE = re.compile(r"[EW]01\d{6}")


@dataclass(frozen=True)
class _Page:
    rows: tuple[tuple[str, str, str, float], ...]  # area, category code, category name, value
    total: int

    def __len__(self) -> int:
        return len(self.rows)


class Nomis:
    """The census service, asked through one paced client a call.

    Args:
        settings: Address and limits; :func:`patrol_core.sources.open_data.services.nomis_settings` when not
            given.
        tables: Tables to use instead of those of :data:`TABLES`, by title.
        cache: Where answers are cached between runs.
        cells: Cells to ask for at a time.
    """

    def __init__(
        self,
        settings: ServiceSettings | None = None,
        *,
        tables: Mapping[str, Table] | None = None,
        cache: Cache | None = None,
        cells: int = CELLS_AT_ONCE,
    ) -> None:
        self.settings = settings or nomis_settings()
        self.tables = {**TABLES, **(tables or {})}
        self._cache, self._cells = cache, cells

    def census(
        self,
        codes: Sequence[str],
        *,
        titles: Sequence[str] = tuple(TABLES),
        on_progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> pd.DataFrame:
        """Census figures of LSOAs of 2021.

        Args:
            codes: LSOA 2021 codes.
            titles: Tables to ask for; ``TS001`` gives the population.
            on_progress: Called with the share done (0 to 1) and words after each answer.
            cancel: Set it to stop.

        Returns:
            DataFrame: Index ``zone_id`` (sorted codes). Persons: ``population``, ``age_*``, ``ethnic_asian,
                _black, _mixed, _other, _white``, ``economic_*``; ``households`` and ``tenure_*``; the shares of
                :data:`SHARES` (0..1, NaN where nobody lives). ``attrs`` as
                :func:`patrol_core.sources.zone_tables.attributes.read_attributes` sets them, and ``answers``
                (provenance).

        Raises:
            InputError: If a code is none of an LSOA.
            SourceError: If Nomis cannot be reached, answers wrongly, or does not know one of the areas.
        """
        known = sorted(set(codes))
        for code in known:
            if not _CODE.fullmatch(code):
                raise InputError(
                    f"{code!r} is no LSOA code of England or Wales; give codes such as E01004734."
                )
        if not known:
            raise InputError("Census figures need at least one LSOA code.")
        chunks = [known[i : i + CODES_AT_ONCE] for i in range(0, len(known), CODES_AT_ONCE)]
        out = pd.DataFrame(index=pd.Index(known, dtype="str", name="zone_id"))
        done, steps = 0, len(chunks) * len(titles)
        with Asker(self.settings, cache=self._cache, cancel=cancel) as asker:
            for title in titles:
                table = self.tables[title]
                rows: list[tuple[str, str, str, float]] = []
                for chunk in chunks:
                    rows += self._rows(asker, table, chunk)
                    done += 1
                    if on_progress is not None:
                        on_progress(done / steps, f"Census table {title}: {done} of {steps} answers")
                out = out.join(_columns(table, rows, known))
            answers = tuple(asker.answers)
        out = _with_shares(out)
        out.attrs = {
            "file": "Census 2021 (Nomis)",
            "kind": "attributes",
            "vintage": "2021",
            "population_year": 2021,
            "answers": answers,
        }
        out.attrs["figures"] = figures_of(out)
        return out

    def _rows(self, asker: Asker, table: Table, codes: Sequence[str]) -> list[tuple[str, str, str, float]]:
        """All cells of a table for some areas; asked once more where answers do not fit together."""
        return agreed(
            lambda fresh: self._pages(asker, table, codes, fresh),
            lambda reason: (
                f"Nomis, table {table.title}: {reason}; nothing was used. Try again later, or give a census file "
                "instead."
            ),
        )

    def _pages(
        self, asker: Asker, table: Table, codes: Sequence[str], fresh: bool
    ) -> list[tuple[str, str, str, float]]:
        rows: list[tuple[str, str, str, float]] = []
        total = 0
        while True:
            question, kind = self._question(table, codes, len(rows)), f"census-{table.title.lower()}"
            page = asker.ask(question, lambda body: _parse(body, table), kind=kind, fresh=fresh)
            rows += page.rows
            total = max(total, page.total)
            if not page.rows or len(rows) >= total:
                break
        if reason := _misfit(rows, total, codes):
            raise Unfit(reason)
        return rows

    def _question(self, table: Table, codes: Sequence[str], offset: int) -> Request:
        dimension = table.dimension
        params = {
            "date": "latest",
            "geography": ",".join(codes),
            "measures": "20100",  # counts, not percentages
            "select": f"geography_code,{dimension},{dimension}_name,obs_value,record_count",
            "recordlimit": str(self._cells),
            "recordoffset": str(offset),
        }
        return Request(f"dataset/{table.dataset}.data.csv", tuple(params.items()))


def _parse(body: bytes, table: Table) -> _Page:
    """One answer; BrokenAnswer where it is cut short or a page of words, SourceError where columns are wrong."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise BrokenAnswer(f"not text ({err.reason})") from None
    if text.lstrip()[:1] in ("<", "{"):
        raise BrokenAnswer("a page instead of a table")
    if not text.strip():
        return _Page((), 0)
    if not text.endswith("\n"):
        raise BrokenAnswer("the last line is cut short")
    lines = list(csv.reader(io.StringIO(text)))
    header = [h.strip().upper() for h in lines[0]]
    dimension = table.dimension.upper()
    needed = ("GEOGRAPHY_CODE", dimension, f"{dimension}_NAME", "OBS_VALUE", "RECORD_COUNT")
    missing = [n for n in needed if n not in header]
    if missing:
        raise SourceError(
            f"Nomis, table {table.title}: the answer has no column {missing[0]} (found {', '.join(header[:6])}); the service "
            "has changed. Give a census file instead."
        )
    at = [header.index(n) for n in needed]
    rows, total = [], 0
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise BrokenAnswer(f"line {number} is cut short")
        area, category, name, value, count = (line[i].strip() for i in at)
        figure, total = _number(value, table, number), int(_number(count, table, number))
        rows.append((area, category, name, figure))
    return _Page(tuple(rows), total)


def _number(text: str, table: Table, line: int) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise SourceError(
            f"Nomis, table {table.title}, line {line}: {text!r} is no count; nothing of this answer was used."
        )
    return float(text)


def _misfit(rows: Sequence[tuple[str, str, str, float]], total: int, codes: Sequence[str]) -> str:
    """What is wrong with all cells together, "" if nothing is."""
    if not rows:
        return f"it has no figures for {codes[0]} and {len(codes) - 1:,} more areas, or the table has another name now"
    if len(rows) != total:
        return f"it counts {total:,} cells and gives {len(rows):,}"
    cells = {(area, category) for area, category, _, _ in rows}
    if len(cells) != len(rows):
        return "a cell came twice"
    if strange := sorted({area for area, _ in cells} - set(codes)):
        return f"it gives figures of {strange[0]}, which was not asked for"
    if lacking := sorted(set(codes) - {area for area, _ in cells}):
        return f"it has no figures for {len(lacking):,} areas (first {lacking[0]}), which may be of another vintage"
    if len(cells) != len(codes) * len({category for _, category in cells}):
        return "some areas have fewer categories than others"
    return ""


def _columns(table: Table, rows: Sequence[tuple[str, str, str, float]], codes: Sequence[str]) -> pd.DataFrame:
    """Cells to the columns of a table, checked against its total."""
    frame = pd.DataFrame(rows, columns=["area", "category", "name", "value"])
    wide = frame.pivot(index="area", columns="category", values="value").reindex(list(codes))
    names = {str(c): _plain(str(n)) for c, n in zip(frame["category"], frame["name"], strict=True)}
    total = [c for c, n in names.items() if n.startswith(("total", "all "))] or (
        list(names) if len(names) == 1 else []
    )
    if len(total) != 1:
        raise _unknown(table, "total", names)
    out = pd.DataFrame({table.total: wide[total[0]]})
    for column, pattern in table.parts.items():
        cells = _cells(names, pattern)
        if not cells:
            raise _unknown(table, column, names)
        out[column] = wide[cells].sum(axis=1)
    if table.parts:
        whole, parts = float(out[table.total].sum()), float(out[list(table.parts)].to_numpy().sum())
        if abs(parts - whole) > TOLERANCE * max(whole, 1.0) + 20:
            raise SourceError(
                f"Nomis, table {table.title}: its categories add up to {parts:,.0f}, its total is {whole:,.0f}; they are not "
                "those this program knows. Give a census file instead."
            )
    return out.astype(float)


def _plain(name: str) -> str:
    """A category name in lower case, colons and spaces in one form."""
    return re.sub(r"\s*:\s*", ": ", re.sub(r"\s+", " ", name.strip().lower()))


def _cells(names: Mapping[str, str], pattern: str) -> list[str]:
    """Categories that match by themselves, or their parts where only these are given; each branch for itself."""
    branches: dict[str, dict[str, int]] = {}
    for category, name in names.items():
        if match := re.fullmatch(rf"({pattern})(?:: .*)?", name):
            branches.setdefault(match.group(1), {})[category] = name.count(": ")
    return [c for found in branches.values() for c, level in found.items() if level == min(found.values())]


def _unknown(table: Table, column: str, names: Mapping[str, str]) -> SourceError:
    listed = "; ".join(list(names.values())[:4])
    return SourceError(
        f"Nomis, table {table.title}: none of its categories is the one for {column} (found {listed}); the table has changed. "
        "Give a census file instead."
    )


def _with_shares(out: pd.DataFrame) -> pd.DataFrame:
    """Add the shares; drop totals that only served as wholes."""
    for share, (part, whole) in SHARES.items():
        if part in out and whole in out:
            out[share] = np.divide(out[part], out[whole].where(out[whole] > 0))
    return out.drop(columns=[c for c in ("age_total", "ethnic_total", "tenure_total") if c in out])
