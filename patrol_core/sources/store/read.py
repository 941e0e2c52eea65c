"""Rows out of the store: DuckDB in memory over the Parquet files, and which rows to believe where several tell the same.

For one month, the first that applies:

1. rows of *archive* parts, complete for their force;
2. rows of a *pull* of the service: not where the archive has the row's force (for rows without force: where it
   has any territorial force with a row in the area), nor where a newer pull of the same month covers the point;
3. rows of *extracts*: not where the archive has their force, nor in the area of a pull of that month; a row with
   Crime ID that an earlier extract has, equal in every column, counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from patrol_core.areas import CRIME_COLUMNS, Finding
from patrol_core.errors import SourceError
from patrol_core.sources.police import ALL_CRIME, BTP, category_name, inside
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.records import Part

Box = tuple[float, float, float, float]
_CATEGORIES = ("month", "crime_type", "source")
_TRIES = 5


@dataclass(frozen=True)
class Wanted:
    """Which rows: in a box (EPSG:27700 metres), or of some LSOA codes; all when there is no box.

    ``months`` names the months; ``since`` is the first of an open end.
    """

    box: Box | None = None
    codes: frozenset[str] = frozenset()
    months: frozenset[str] | None = None
    forces: frozenset[str] | None = None
    since: str = ""

    def concerns(self, part: Part) -> bool:
        """Whether a part may hold such rows."""
        if part.month < self.since or (self.months is not None and part.month not in self.months):
            return False
        if self.forces is not None and part.kind == "archive" and part.force not in self.forces:
            return False
        if self.box is None or part.box is None:
            return True
        west, south, east, north = self.box
        return part.box[0] <= east and part.box[2] >= west and part.box[1] <= north and part.box[3] >= south


def read_rows(store: Store, wanted: Wanted, dataset: str = "crimes") -> tuple[pd.DataFrame, list[Part]]:
    """All rows of the parts concerned, nothing left out yet, with a column ``part`` (position in the parts).

    Args:
        store: Where they are.
        wanted: Which rows.
        dataset: ``crimes`` or ``outcomes``.

    Raises:
        DamagedData: When one of the files is not what was written.
    """
    for _ in range(_TRIES):
        parts = [p for p in store.parts(dataset) if wanted.concerns(p)]
        if not store.require_whole(parts):
            continue  # some were replaced by another process meanwhile
        try:
            return _query(store, parts, wanted, dataset), parts
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            if not store.check(parts) and all(store.path_of(p).exists() for p in parts):
                raise SourceError(
                    f"The store {store.folder} cannot be read ({error}); check the folder."
                ) from error
    raise SourceError(f"The store {store.folder} keeps changing; try again when no import is running.")


def _columns(dataset: str) -> list[str]:
    return list(CRIME_COLUMNS) if dataset == "crimes" else ["crime_id", "month", "outcome"]


def _query(store: Store, parts: Sequence[Part], wanted: Wanted, dataset: str) -> pd.DataFrame:
    """Rows in the order of the parts; those without coordinates, found by their code, come last."""
    columns = _columns(dataset)
    if not parts:
        return _to_frame(
            pa.table({c: pa.array([], pa.string()) for c in columns}), np.zeros(0, dtype=np.int64)
        )
    paths = [str(store.path_of(p)) for p in parts]
    query = f"SELECT {', '.join(columns)}, file_index AS part FROM read_parquet(?) WHERE "  # noqa: S608 (our own)
    with _engine().cursor() as session:
        tables = [
            session.sql(query + condition, params=[paths, *values]).to_arrow_table()
            for condition, values in _conditions(wanted)
        ]
    table = pa.concat_tables(tables)
    return _to_frame(table.drop_columns("part"), table["part"].to_numpy().astype(np.int64))


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    """One database in memory for the process; each question has a cursor of its own, so threads may ask at once."""
    return duckdb.connect(":memory:")


def _conditions(wanted: Wanted) -> list[tuple[str, list[Any]]]:
    """One query by point and one by code: each alone lets DuckDB skip most of the files."""
    force, forces = "", []
    if wanted.forces is not None:
        force, forces = " AND list_contains(?, force)", [sorted(wanted.forces)]
    if wanted.box is None:
        return [("TRUE" + force, forces)]
    west, south, east, north = wanted.box
    queries = [("x BETWEEN ? AND ? AND y BETWEEN ? AND ?" + force, [west, east, south, north, *forces])]
    if wanted.codes:
        queries.append(("x IS NULL AND list_contains(?, lsoa_code)" + force, [sorted(wanted.codes), *forces]))
    return queries


def _to_frame(table: pa.Table, part: NDArray[np.int64]) -> pd.DataFrame:
    frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    for name in table.column_names:
        column = table[name]
        if name in _CATEGORIES:
            encoded = column.combine_chunks().dictionary_encode().to_pandas()
            ordered = sorted(encoded.cat.categories)
            frame[name] = encoded.cat.set_categories(ordered, ordered=name == "month")
        elif pa.types.is_floating(column.type):
            frame[name] = column.to_numpy()
        else:
            frame[name] = column.to_pandas().astype("str")
    for name in ("lon", "lat", "x", "y"):
        if name in frame and not len(frame):
            frame[name] = frame[name].astype(float)
    frame["part"] = part
    return frame


def believe(
    rows: pd.DataFrame, parts: Sequence[Part], store: Store, within: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Which rows count; see the module docstring.

    Args:
        rows, parts: From :func:`read_rows`.
        store: They are from; it knows the areas of pulls.
        within: Which rows lie in the area.
    """
    keep = np.ones(len(rows), dtype=bool)
    if not _several_tell(parts):
        return keep, []
    kind = np.array([p.kind for p in parts], dtype=object)
    row_part = rows["part"].to_numpy()
    row_kind = kind[row_part]
    polygons = {p.id: p.polygon for p in store.pulls() if p.polygon}
    month, force = rows["month"].astype("str").to_numpy(dtype=object), rows["force"].to_numpy(dtype=object)
    archive = {(p.month, p.force) for p in parts if p.kind == "archive"}
    in_archive = np.array([key in archive for key in zip(month, force, strict=True)], dtype=bool)
    here = within & (row_kind == "archive") & (force != BTP)
    local = sorted(set(month[here]))
    unnamed = (row_kind == "api") & (force == "") & np.isin(month, local)
    covered = _covered(rows, parts, row_part, row_kind, month, polygons)
    keep &= (row_kind == "archive") | ~(in_archive | unnamed | covered)
    repeated = keep & _repeats(rows, row_kind)
    keep &= ~repeated
    left = within & ~keep & ~repeated
    return keep, _words(left, row_kind, within & repeated, keep & within, rows)


def _several_tell(parts: Sequence[Part]) -> bool:
    """Whether parts of one month can tell the same; archive parts of different forces cannot."""
    months: dict[str, list[str]] = {}
    for part in parts:
        months.setdefault(part.month, []).append(part.kind)
    return any(len(kinds) > 1 and set(kinds) != {"archive"} for kinds in months.values())


def _covered(
    rows: pd.DataFrame,
    parts: Sequence[Part],
    row_part: NDArray[np.int64],
    row_kind: NDArray[Any],
    month: NDArray[Any],
    polygons: dict[str, bytes],
) -> NDArray[np.bool_]:
    """Rows in the area of a pull of their month that is believed more: of any for extracts, of a newer one for pulls."""
    covered = np.zeros(len(rows), dtype=bool)
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    for at, part in enumerate(parts):
        shape = polygons.get(part.pull_id, b"")
        if part.kind != "api" or not shape:
            continue
        older = np.array([p.age < part.age for p in parts], dtype=bool)[row_part]
        rival = (row_kind == "extract") | ((row_kind == "api") & older)
        if (slug := part.scope.split(" ")[0]) != ALL_CRIME:
            rival &= (rows["crime_type"] == category_name(slug)).to_numpy(dtype=bool)
        rival &= (month == part.month) & (row_part != at) & ~covered
        if rival.any():
            area: BaseGeometry = shapely.from_wkb(shape)
            covered[rival] = inside(area, lon[rival], lat[rival])
    return covered


def _repeats(rows: pd.DataFrame, row_kind: NDArray[Any]) -> NDArray[np.bool_]:
    """Extract rows with Crime ID that an earlier extract has, equal in every column.

    The k-th copy within one file answers the k-th within the other; what a file repeats in itself stays.
    """
    repeated = np.zeros(len(rows), dtype=bool)
    chosen = (row_kind == "extract") & (rows["crime_id"] != "").to_numpy(dtype=bool)
    if not chosen.any() or rows.loc[chosen, "source"].nunique() < 2:
        return repeated
    columns = [c for c in CRIME_COLUMNS if c not in ("x", "y", "source")]
    part = rows.loc[chosen, [*columns, "source"]]
    copy = part.groupby([*columns, "source"], observed=True, dropna=False, sort=False).cumcount()
    repeated[chosen] = part[columns].assign(copy=copy).duplicated().to_numpy()
    return repeated


def _words(
    left: NDArray[np.bool_],
    row_kind: NDArray[Any],
    repeated: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    rows: pd.DataFrame,
) -> list[Finding]:
    found = []
    for kind, text in (
        (
            "api",
            "rows pulled from the service were left out, because archive files or a newer pull tell of the same month",
        ),
        (
            "extract",
            "rows of imported extracts were left out, because archive files or a pull tell of the same month",
        ),
    ):
        if count := int((left & (row_kind == kind)).sum()):
            found.append(Finding("info", f"{count:,} {text} and place; nothing is counted twice.", count))
    if count := int(repeated.sum()):
        words = f"{count:,} rows stand in several extracts, equal in every column; counted once."
        found.append(Finding("info", words, count))
    extract = rows[kept & (row_kind == "extract")]
    sources = extract.groupby(["month", "force"], observed=True)["source"].nunique()
    doubtful = sources[sources > 1]
    if len(doubtful):
        words = (
            f"Several extracts hold rows of the same month and force ({len(doubtful)} such months); rows without Crime ID "
            "and rows that differ cannot be told from new ones and may be counted twice."
        )
        found.append(Finding("warning", words))
    return found


def last_outcomes(store: Store, wanted: Wanted) -> pd.Series[Any]:
    """Crime ID -> its last outcome by month (of one month: the last in the file)."""
    since = min(wanted.months, default="") if wanted.months is not None else ""
    reading = Wanted(wanted.box, wanted.codes, since=since)  # outcomes come later, also from other forces
    rows, _ = read_rows(store, reading, "outcomes")
    rows = rows[rows["crime_id"] != ""]
    ordered = rows.sort_values("month", kind="stable")
    return ordered.drop_duplicates("crime_id", keep="last").set_index("crime_id")["outcome"]
