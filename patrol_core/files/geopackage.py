"""GeoPackages without GDAL: the rows of one ordinary table, out of a database that is not trusted.

A GeoPackage is a SQLite database, and a database can hold programs: views, triggers, virtual tables, computed columns. GDAL runs
them, and its SQLite can open other files. Here the schema is looked at first, and what is no plain table is refused; then single
columns of single tables are read, nothing else being permitted, within a time.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.files.crs import crs_of

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

SQLITE = b"SQLite format 3\x00"
SECONDS = 30.0
#: Most tables, indices and triggers, and most columns of one table.
MOST_OBJECTS, MOST_COLUMNS = 5_000, 500

_IDS = (b"GPKG", b"GP10", b"GP11", b"GP12")
_SLACK = 2**20
#: Bytes of the envelope before the WKB, by the three bits that say its kind.
_ENVELOPE = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_RTREE = re.compile(
    r"\s*CREATE\s+VIRTUAL\s+TABLE\s+[\"'`\[]?(?P<name>rtree_\w+)[\"'`\]]?\s+USING\s+rtree\s*\(\s*\w+(?:\s*,\s*\w+){4}\s*\)\s*;?\s*",
    re.IGNORECASE,
)
_TABLE = re.compile(r"\s*CREATE\s+TABLE\b", re.IGNORECASE)
#: Triggers of the standard and of GDAL, QGIS and ArcGIS: they keep the index of a layer, its count and its metadata true when
#: somebody writes. Nothing is written here, so none of them runs.
_TRIGGER = re.compile(
    r"(?:rtree|gpkg|trigger_(?:insert|delete)_feature_count|ST|fgti|fgtu|gii|giu|gid)_.*",
    re.IGNORECASE | re.DOTALL,
)


def is_sqlite(data: bytes) -> bool:
    """Whether bytes are a SQLite database by their mark."""
    return data[:16] == SQLITE


def layers(name: str, data: bytes) -> list[str]:
    """Names of the layers with geometry, in the order of the file; InputError as of :func:`read_layer`."""
    with _opened(name, data) as (base, _):
        return [str(row[0]) for row in base]


def read_layer(name: str, data: bytes, layer: str, *, most: int) -> gpd.GeoDataFrame:
    """All features of one layer.

    Args:
        name: Of the file, for messages.
        data: Its bytes.
        layer: One of :func:`layers`.
        most: Most features to read; one more than this is returned where there are more.

    Returns:
        GeoDataFrame: The columns of the table but its row number, in their order, and the geometry in the CRS
            of the layer (None where it states none).

    Raises:
        InputError: When it is no GeoPackage, is damaged, holds views, triggers of its own, virtual tables or
            computed columns, or takes too long.
    """
    import geopandas as gpd
    import pandas as pd

    with _opened(name, data) as (found, connection):
        table = {str(row[0]): row for row in found}[layer]
        geometry, system = str(table[1]), table[2]
        columns = _columns(name, connection, layer)
        crs = _crs(name, connection, system)
        wanted = [c for c, key in columns if not key and c != geometry]
        if geometry not in dict(columns):
            raise _damaged(name)
        rows = _select(name, connection, [geometry, *wanted], layer, most + 1, 2 * len(data) + _SLACK)
    shapes = outlines.from_wkb(name, [_wkb(name, number, row[0]) for number, row in enumerate(rows, start=1)])
    values = {
        column: pd.Series([_cell(row[k]) for row in rows])
        for k, column in enumerate(wanted, start=1)
        if column != "geometry"
    }
    return gpd.GeoDataFrame(pd.DataFrame(values, index=range(len(rows))), geometry=shapes, crs=crs)


@contextmanager
def _opened(name: str, data: bytes) -> Iterator[tuple[Sequence[Any], sqlite3.Connection]]:
    """The layers (table, geometry column, srs id) and the connection, after the schema has been judged."""
    if not is_sqlite(data) or data[68:72] not in _IDS:
        raise InputError(f"{name} is a database but not a GeoPackage; export the layer as GeoPackage.")
    with tempfile.TemporaryDirectory(prefix="patrol-") as folder:
        path = Path(folder, "layer.gpkg")
        path.write_bytes(data)
        end = time.monotonic() + SECONDS
        try:
            uri = f"{path.as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
                connection.set_progress_handler(lambda: int(time.monotonic() > end), 20_000)
                _distrust(connection, len(data))
                _judge(name, connection)
                found = _layers(name, connection)
                yield found, connection
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeDecodeError, MemoryError):
            if time.monotonic() > end:
                raise InputError(f"{name} takes too long to read; export its layer by itself.") from None
            raise _damaged(name) from None


def _distrust(connection: sqlite3.Connection, size: int) -> None:
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(False)
    for pragma in (
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "mmap_size=0",
        "query_only=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, size + _SLACK),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 200_000),
        (sqlite3.SQLITE_LIMIT_COLUMN, 2_000),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    ):
        connection.setlimit(limit, most)


def _judge(name: str, connection: sqlite3.Connection) -> None:
    """Refuse a schema that holds more than tables, indices and what the standard writes beside them."""
    schema = connection.execute(
        f"SELECT type, name, sql FROM sqlite_master LIMIT {MOST_OBJECTS + 1}"  # noqa: S608 - a number of ours
    ).fetchall()
    if len(schema) > MOST_OBJECTS:
        raise InputError(f"{name} holds more than {MOST_OBJECTS:,} tables; export its layer by itself.")
    for kind, title, sql in schema:
        text = sql if isinstance(sql, str) else ""
        plain = (
            kind == "index"
            or (kind == "table" and (_TABLE.match(text) or _is_rtree(str(title), text)))
            or (kind == "trigger" and _TRIGGER.fullmatch(str(title)))
        )
        if not plain:
            what = "virtual table" if kind == "table" else str(kind)
            raise InputError(
                f"{name} holds a {what} ({str(title)[:40]!r}), which can run more than a map needs; it was refused: export the "
                "layer by itself as a new GeoPackage or as GeoJSON."
            )


def _is_rtree(title: str, sql: str) -> bool:
    found = _RTREE.fullmatch(sql)
    return found is not None and found["name"].lower() == title.lower()


def _layers(name: str, connection: sqlite3.Connection) -> list[Any]:
    ordinary = {
        str(row[0]).lower(): str(row[0])
        for row in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if _TABLE.match(row[1] or "")
    }
    for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"):
        if table in ordinary:
            _columns(name, connection, table)
        elif table != "gpkg_spatial_ref_sys":
            return []
    found = connection.execute(
        "SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns g JOIN gpkg_contents c "
        "ON lower(c.table_name) = lower(g.table_name) WHERE c.data_type = 'features' ORDER BY c.rowid LIMIT 1000"
    ).fetchall()
    out = []
    for table, column, system in found:
        if str(table).lower() not in ordinary or not isinstance(column, str):
            raise _damaged(name)
        out.append((ordinary[str(table).lower()], column, system))
    return out


def _columns(name: str, connection: sqlite3.Connection, table: str) -> list[tuple[str, bool]]:
    """Columns of an ordinary table and whether each is its row number; InputError where one is computed."""
    rows = connection.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
    computed = next((str(row[1]) for row in rows if row[6]), None)
    if computed is not None:
        raise InputError(
            f"{name}: the column {computed[:40]!r} of {table[:40]!r} is computed by the database; it was refused: export the layer "
            "anew."
        )
    if not 0 < len(rows) <= MOST_COLUMNS:
        raise InputError(
            f"{name}: {table[:40]!r} has {len(rows):,} columns; at most {MOST_COLUMNS} are read."
        )
    keys = [row for row in rows if row[5]]
    lone = len(keys) == 1 and str(keys[0][2]).upper() == "INTEGER"
    return [(str(row[1]), bool(lone and row[5])) for row in rows]


def _select(
    name: str,
    connection: sqlite3.Connection,
    columns: Sequence[str],
    table: str,
    most: int,
    most_bytes: int,
) -> list[Any]:
    """Rows of an ordinary table in the order of the file, with nothing permitted but to read this table.

    A damaged database can point many rows at the same pages: more bytes than the file can hold are refused.
    """

    def permitted(action: int, first: str | None, *_: object) -> int:
        fine = action == sqlite3.SQLITE_SELECT or (action == sqlite3.SQLITE_READ and first == table)
        return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY

    named = ", ".join(_quoted(c) for c in columns)
    connection.set_authorizer(permitted)
    rows, held = [], 0
    try:
        query = f"SELECT {named} FROM {_quoted(table)} NOT INDEXED LIMIT {int(most)}"  # noqa: S608 - quoted
        for row in connection.execute(query):
            held += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
            if held > most_bytes:
                raise _damaged(name)
            rows.append(row)
        return rows
    finally:
        connection.set_authorizer(None)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _crs(name: str, connection: sqlite3.Connection, system: object) -> CRS | None:
    if not isinstance(system, int) or system in (0, -1):
        return None
    row = connection.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (system,),
    ).fetchone()
    if row is None:
        return None
    organisation, code, definition = row
    if isinstance(organisation, str) and organisation.upper() == "EPSG" and isinstance(code, int):
        return crs_of(name, f"EPSG:{code}")
    if not isinstance(definition, str) or definition.strip().lower() in ("", "undefined"):
        return None
    return crs_of(name, definition)


def _wkb(name: str, number: int, blob: object) -> bytes | None:
    """The WKB of a geometry of a GeoPackage; None where there is none."""
    if blob is None:
        return None
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise InputError(f"{name}, feature {number}: its geometry is damaged; export the file again.")
    flags = blob[3]
    size = _ENVELOPE.get(flags >> 1 & 7)
    if size is None or flags & 0x20:
        raise InputError(
            f"{name}, feature {number}: its geometry is of a kind that is not read; export it as GeoJSON."
        )
    if flags & 0x10 and len(blob) < 8 + size + 5:
        return None
    return blob[8 + size :]


def _cell(value: object) -> object:
    return None if isinstance(value, bytes) else value


def _damaged(name: str) -> InputError:
    return InputError(f"{name} is damaged or cut off and cannot be read; export it again.")
