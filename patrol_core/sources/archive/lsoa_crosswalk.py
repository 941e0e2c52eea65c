"""LSOA codes of two censuses to one.

police.uk published 2011 codes until early 2022, 2021 codes from June 2023, and a mix between, so a series per LSOA
breaks where one was split or merged. The ONS exact-fit lookup pairs 2011 with 2021 codes and says in CHGIND how
they relate: U unchanged, S split into several, M merged into one, X neither.

Each row goes one way, the first that fits:

========================  ===========================================================================
``blank``                 no code; stays without
``target``                a code of the wanted census already (unchanged LSOAs among them)
``lookup``                the lookup has one successor (merged LSOAs; renamed ones)
``same_point``            several successors: the one that rows of the wanted census have at exactly this point
``by_point``              several successors: the one whose polygon holds the point, else the nearest of them
``ambiguous``             several successors, but no point or no polygons; keeps its code
``unknown``               the lookup does not have the code; keeps it
========================  ===========================================================================

Points are snap points on roads, which often are borders: of rows placed by polygon some 5 % fall into the
neighbouring successor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from patrol_core.areas import UK_CRS, Finding
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.archives import FileLike, iter_tables
from patrol_core.files.text_table import plain
from patrol_core.sources.zone_tables import vintage_columns

Vintage = Literal["2011", "2021"]
#: How a row was treated, in the order tried.
WAYS: tuple[str, ...] = (
    "blank",
    "target",
    "lookup",
    "same_point",
    "by_point",
    "ambiguous",
    "unknown",
)
#: A successor further away than this cannot be where the point belongs, metres.
FURTHEST_M = 2_000.0


@dataclass(frozen=True)
class RecodeReport:
    """How many rows went which way; ``sum(ways.values())`` = ``rows``.

    Attributes:
        to: The census whose codes were wanted.
        changes: Rows with a code of the other census by CHGIND ("U", "S", "M", "X").
    """

    to: str
    rows: int
    ways: Mapping[str, int]
    changes: Mapping[str, int]

    @property
    def recoded(self) -> int:
        """Rows whose code changed."""
        return self.ways["lookup"] + self.ways["same_point"] + self.ways["by_point"]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The report in words."""
        found = []
        if self.recoded:
            w = self.ways
            text = (
                f"{self.recoded:,} of {self.rows:,} rows had LSOA codes of another census and were recoded to {self.to}: "
                f"{w['lookup']:,} by the ONS lookup, {w['same_point']:,} by the code other rows have at the same point, "
                f"{w['by_point']:,} by polygon (about one in twenty of these may belong to the neighbouring LSOA)."
            )
            found.append(Finding("info", text, self.recoded))
        if count := self.ways["ambiguous"]:
            text = (
                f"{count:,} rows have the code of an LSOA that was split and could not be told apart (no point or no "
                "polygons); they are placed by their point, or not at all."
            )
            found.append(Finding("warning", text, count))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Lookup:
    """The ONS exact-fit lookup.

    Attributes:
        pairs: Columns ``2011``, ``2021``, ``change``; one row a pair.
    """

    pairs: pd.DataFrame

    def successors(self, to: Vintage) -> pd.Series[Any]:
        """Code of the other census -> tuple of codes of census ``to``."""
        other = "2011" if to == "2021" else "2021"
        return self.pairs.groupby(other, sort=True)[to].agg(tuple)

    def codes(self, vintage: Vintage) -> set[str]:
        """All codes of a census."""
        return set(self.pairs[vintage])

    def related(self, codes: set[str]) -> set[str]:
        """``codes`` and those of the other census that overlap them."""
        hit = self.pairs["2011"].isin(codes) | self.pairs["2021"].isin(codes)
        return codes | set(self.pairs.loc[hit, "2011"]) | set(self.pairs.loc[hit, "2021"])

    def vintage_of(self, codes: set[str]) -> Vintage | None:
        """The census most of ``codes`` are of (2021 when they are of both alike); None when of neither."""
        old, new = len(codes & self.codes("2011")), len(codes & self.codes("2021"))
        return None if not old + new else "2011" if old > new else "2021"


def make_lookup(old: Any, new: Any, change: Any = None) -> Lookup:
    """A lookup from aligned columns.

    Args:
        old, new: Codes of 2011 and of 2021.
        change: CHGIND; derived from the pairs when not given.
    """
    pairs = pd.DataFrame({"2011": np.asarray(old, dtype=object), "2021": np.asarray(new, dtype=object)})
    pairs = pairs.astype("str").apply(lambda c: c.str.strip())
    if change is None:
        split = pairs.groupby("2011")["2021"].transform("nunique") > 1
        merged = pairs.groupby("2021")["2011"].transform("nunique") > 1
        pairs["change"] = np.select([split & merged, split, merged], ["X", "S", "M"], "U")
    else:
        pairs["change"] = pd.Series(np.asarray(change, dtype=object)).astype("str").str.strip()
    return Lookup(pairs.drop_duplicates(["2011", "2021"]).reset_index(drop=True))


def read_lookup(file: FileLike) -> Lookup:
    """Read the ONS lookup "LSOA (2011) to LSOA (2021) exact fit" as published (CSV).

    Raises:
        InputError: If the columns LSOA11CD and LSOA21CD are not there, or a code is empty.
    """
    table = next((t for t in iter_tables([file]) if not t.ignored), None)
    if table is None:
        raise InputError("The file holds no table; give the ONS lookup as CSV.")
    text = text_table.decode(table.name, table.data)
    header = text_table.header_of(table.name, text.data)
    old, new = vintage_columns(header)
    if old is None or new is None:
        raise InputError(
            f"{table.name} line 1 lacks LSOA11CD or LSOA21CD (found {', '.join(header[:6])}); give the ONS lookup from LSOA "
            "2011 to LSOA 2021."
        )
    frame = text_table.read_strings(table.name, text.data).to_pandas()
    for column in (old, new):
        empty = (frame[column].astype("str").str.strip() == "").to_numpy(dtype=bool)
        if empty.any():
            line = text_table.line_of_row(text.data, int(np.flatnonzero(empty)[0]))
            raise InputError(f"{table.name} line {line}, column {column}: the code is empty; fill it.")
    change = next((c for c in header if plain(c) in ("chgind", "change_indicator")), None)
    return make_lookup(frame[old], frame[new], frame[change] if change else None)


def recode(
    crimes: pd.DataFrame,
    lookup: Lookup,
    *,
    to: Vintage = "2021",
    polygons: gpd.GeoDataFrame | None = None,
) -> tuple[pd.DataFrame, RecodeReport]:
    """Bring the LSOA codes of rows to one census.

    Args:
        crimes: With ``lsoa_code`` (str, "" if none) and ``x``, ``y`` (EPSG:27700 metres, NaN if none); other
            columns pass.
        lookup: See :func:`read_lookup`.
        to: The census wanted.
        polygons: LSOAs of that census indexed by code, any CRS; without them codes that split are resolved by
            other rows only.

    Returns:
        crimes, report: The same rows in the same order; ``lsoa_code`` changed where it could be, ``lsoa_name``
            emptied there.
    """
    inverse, found = pd.factorize(crimes["lsoa_code"])
    codes = np.asarray(found, dtype=object)
    kind = _kinds(codes, lookup, to)
    way = kind["way"].to_numpy()[inverse]
    result = kind["code"].to_numpy()[inverse]
    open_rows = np.flatnonzero(way == "ambiguous")
    if len(open_rows):
        points = crimes[["x", "y"]].to_numpy(dtype=float)
        successors = kind["successors"].to_numpy()[inverse[open_rows]]
        known = _codes_at_points(points, result, way == "target")
        chosen, how = _choose(points[open_rows], successors, known, polygons)
        result[open_rows] = np.where(how == "ambiguous", result[open_rows], chosen)
        way[open_rows] = how
    changed = np.isin(way, ["lookup", "same_point", "by_point"])
    out = crimes.assign(lsoa_code=pd.Series(result, index=crimes.index).astype("str"))
    if "lsoa_name" in out:
        out["lsoa_name"] = out["lsoa_name"].mask(changed, "")
    counts = pd.Series(way).value_counts()
    changes = pd.Series(kind["change"].to_numpy()[inverse][way != "blank"]).value_counts()
    return out, RecodeReport(
        to,
        len(crimes),
        {w: int(counts.get(w, 0)) for w in WAYS},
        {str(c): int(n) for c, n in changes.items() if str(c)},
    )


def _kinds(codes: NDArray[np.object_], lookup: Lookup, to: Vintage) -> pd.DataFrame:
    """For each distinct code: the way, the code it gets (so far), its successors, its CHGIND."""
    target = lookup.codes(to)
    successors = lookup.successors(to)
    other = "2011" if to == "2021" else "2021"
    change = lookup.pairs.drop_duplicates(other).set_index(other)["change"]
    rows: list[tuple[str, str, tuple[str, ...], str]] = []
    for code in codes:
        if not code:
            rows.append(("blank", "", (), ""))
        elif code in target:
            rows.append(("target", code, (), ""))
        elif code in successors.index:
            found = successors[code]
            mark = str(change[code])
            rows.append(
                ("lookup", found[0], found, mark) if len(found) == 1 else ("ambiguous", code, found, mark)
            )
        else:
            rows.append(("unknown", code, (), ""))
    frame = pd.DataFrame(index=range(len(rows)))
    for i, name in enumerate(("way", "code", "successors", "change")):
        column = np.empty(len(rows), dtype=object)
        column[:] = [row[i] for row in rows]
        frame[name] = pd.Series(column, dtype=object)
    return frame


def _codes_at_points(
    points: NDArray[np.float64], codes: NDArray[np.object_], target: NDArray[np.bool_]
) -> dict[tuple[float, float], set[str]]:
    """Codes of the wanted census that rows have at each point."""
    has = target & np.isfinite(points).all(axis=1)
    frame = pd.DataFrame({"x": points[has, 0], "y": points[has, 1], "code": codes[has]}).drop_duplicates()
    found: dict[tuple[float, float], set[str]] = {}
    for x, y, code in frame.itertuples(index=False):
        found.setdefault((x, y), set()).add(code)
    return found


def _choose(
    points: NDArray[np.float64],
    successors: NDArray[np.object_],
    known: Mapping[tuple[float, float], set[str]],
    polygons: gpd.GeoDataFrame | None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """One successor for each row, and by what; the same for rows of equal point and successors."""
    shapes = None if polygons is None else polygons.to_crs(UK_CRS).geometry
    decided: dict[tuple[float, float, tuple[str, ...]], tuple[str, str]] = {}
    code = np.empty(len(points), dtype=object)
    how = np.empty(len(points), dtype=object)
    for i, ((x, y), found) in enumerate(zip(points, successors, strict=True)):
        if not np.isfinite(x + y):
            code[i], how[i] = "", "ambiguous"
            continue
        key = (float(x), float(y), found)
        if key not in decided:
            decided[key] = _one_point(key, known, shapes)
        code[i], how[i] = decided[key]
    return code, how


def _one_point(
    key: tuple[float, float, tuple[str, ...]],
    known: Mapping[tuple[float, float], set[str]],
    shapes: gpd.GeoSeries | None,
) -> tuple[str, str]:
    x, y, successors = key
    seen = known.get((x, y), set()) & set(successors)
    if len(seen) == 1:
        return seen.pop(), "same_point"
    if shapes is None:
        return "", "ambiguous"
    there = [c for c in successors if c in shapes.index]
    if not there:
        return "", "ambiguous"
    distances = shapely.distance(shapes.loc[there].to_numpy(), shapely.Point(x, y))
    nearest = int(np.argmin(distances))
    if len(there) < len(successors) and distances[nearest] > 0:
        return "", "ambiguous"  # the nearest may be one whose polygon is not given
    return (there[nearest], "by_point") if distances[nearest] <= FURTHEST_M else ("", "ambiguous")
