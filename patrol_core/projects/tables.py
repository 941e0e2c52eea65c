"""From an area to Parquet and GeoParquet files and back, the same to the last digit, name and category."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from patrol_core.areas import AreaData, DataKind, Finding
from patrol_core.errors import InputError, SourceError
from patrol_core.files import outlines
from patrol_core.files.atomic import sync_file, why
from patrol_core.projects.record import Area, Column, Noticed, Table
from patrol_core.settings import settings
from patrol_core.sources.area import content_hash

DTYPES = frozenset({"str", "object", "bool", "int32", "int64", "float32", "float64"})
PLAIN = ("crimes", "totals", "polygons", "covariates")
"""Tables of every area; further layers are named freely."""
MOST_COLUMNS = 2_000
NUMBER = "row number"
"""Index of a table whose rows are just numbered."""


def write_area(data: AreaData, folder: Path) -> tuple[Area, tuple[Table, ...]]:
    """Write the tables of an area into a folder; what stands in the project's record of them.

    Args:
        data: Whatever it holds.
        folder: Empty.

    Raises:
        InputError: When a column holds what no open format keeps.
    """
    frames: dict[str, pd.DataFrame] = {}
    for role in PLAIN:
        frame = getattr(data, role)
        if frame is not None:
            frames[role] = frame
    tables = [_write(role, frame, folder / f"{role}.parquet") for role, frame in frames.items()]
    for number, (name, layer) in enumerate(sorted(data.extra.items())):
        tables.append(_write(name, layer, folder / f"extra-{number}.parquet"))
    return _about(data), tuple(tables)


def _about(data: AreaData) -> Area:
    """What there is beside the tables."""
    try:
        return Area(
            key=data.key,
            name=data.name,
            kind=data.kind.value,
            crs=data.crs,
            zone_systems=data.zone_systems,
            groups=tuple((str(column), label) for column, label in data.groups.items()),
            months=data.months,
            attribution=data.attribution,
            findings=tuple(
                Noticed(severity=found.severity, text=found.text, rows=found.rows, topic=found.topic)
                for found in data.findings
            ),
            content_hash=data.content_hash,
            identity=data.identity,
            unit=data.unit,
            dated=data.dated,
        )
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise InputError(
            f"These data cannot be kept as a project: their {where} is nothing that a project can hold."
        ) from error


def _write(role: str, frame: pd.DataFrame, path: Path) -> Table:
    numbered = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    index = "" if numbered else NUMBER if frame.index.name is None else str(frame.index.name)
    plain = frame if numbered else frame.rename_axis(index).reset_index()
    columns = tuple(_column(role, str(name), plain[name]) for name in plain.columns)
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else ""
    loose = plain.copy(deep=False)
    for column in columns:
        if column.dtype == "category":
            loose[column.name] = loose[column.name].astype("str")
    try:
        if geometry:
            gpd.GeoDataFrame(loose, geometry=geometry, crs=frame.crs).to_parquet(
                path, index=False, compression="zstd"
            )
        else:
            loose.to_parquet(path, index=False, compression="zstd")
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"A column of the {role} cannot be kept on disk ({error}).") from error
    sync_file(path)
    size, digest = _measure(path)
    return Table(
        role=role,
        file=path.name,
        bytes=size,
        sha256=digest,
        rows=len(frame),
        index=index,
        columns=columns,
        geometry=str(geometry),
        attrs=json.loads(json.dumps(frame.attrs)) if role == "covariates" else {},
    )


def _measure(path: Path) -> tuple[int, str]:
    """Size and sha256 of a file."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _column(role: str, name: str, values: pd.Series) -> Column:
    if isinstance(values.dtype, pd.CategoricalDtype):
        categories = values.cat.categories
        if not all(isinstance(one, str) for one in categories):
            raise InputError(
                f"The column {name} of the {role} has categories that are no texts and cannot be kept."
            )
        return Column(
            name=name,
            dtype="category",
            categories=tuple(map(str, categories)),
            ordered=bool(values.cat.ordered),
        )
    dtype = str(values.dtype)
    if dtype != "geometry" and dtype not in DTYPES:
        raise InputError(
            f"The column {name} of the {role} is of the kind {dtype} and cannot be kept on disk."
        )
    return Column(name=name, dtype=dtype)


def read_area(area: Area, tables: tuple[Table, ...], folder: Path, *, deep: bool = False) -> AreaData:
    """An area from its files.

    Args:
        area, tables: What the project's record says.
        folder: Where the files lie.
        deep: Whether the rows themselves are hashed again, as is due where somebody else wrote them.

    Raises:
        InputError: When a file is not what the record says; names it.
        SourceError: When a file cannot be read.
    """
    frames = {table.role: _read(table, folder / table.file, area.crs) for table in tables}
    extra = {role: cast("gpd.GeoDataFrame", frame) for role, frame in frames.items() if role not in PLAIN}
    data = AreaData(
        key=area.key,
        name=area.name,
        kind=DataKind(area.kind),
        crs=area.crs,
        crimes=frames.get("crimes"),
        polygons=cast("gpd.GeoDataFrame | None", frames.get("polygons")),
        totals=frames.get("totals"),
        zone_systems=area.zone_systems,
        groups=dict(area.groups),
        months=area.months,
        attribution=area.attribution,
        findings=tuple(
            Finding(cast("Literal['info', 'warning', 'error']", one.severity), one.text, one.rows, one.topic)
            for one in area.findings
        ),
        content_hash=area.content_hash,
        extra=extra,
        unit=area.unit,
        dated=area.dated,
        covariates=frames.get("covariates"),
    )
    if data.crimes is None and data.totals is None:
        raise InputError("The project holds no rows; it was damaged or changed.")
    if deep and _hash_of(data) != area.content_hash:
        raise InputError("The rows of the project are not those it was kept with; it was damaged or changed.")
    if data.identity != area.identity:
        raise InputError(
            "What the project says of its data is not what it was kept with; it was damaged or changed."
        )
    return data


def _hash_of(data: AreaData) -> str:
    try:
        return content_hash(
            crimes=data.crimes, totals=data.totals, polygons=data.polygons, covariates=data.covariates
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""  # a table lacks a column that every area has


def _read(table: Table, path: Path, crs: str) -> pd.DataFrame:
    _check(table, path)
    try:
        file = pq.ParquetFile(path)
        if file.metadata.num_rows != table.rows or file.schema_arrow.names != [
            one.name for one in table.columns
        ]:
            raise InputError(
                f"{table.file} has other rows or columns than its project says; it was damaged or changed."
            )
        content = file.read()
        content.validate(full=True)
        frame = content.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise InputError(
            f"{table.file} cannot be read ({type(error).__name__}); it was damaged or changed."
        ) from None
    for column in table.columns:
        frame[column.name] = _typed(table, column, frame[column.name])
    if table.geometry:
        frame = gpd.GeoDataFrame(frame, geometry=table.geometry, crs=crs)
    if table.index:
        frame = frame.set_index(table.index)
        frame.index.name = None if table.index == NUMBER else table.index
    frame.attrs = _checked_attrs(table.attrs)
    return cast("pd.DataFrame", frame)


def _check(table: Table, path: Path) -> None:
    """InputError unless a file is the one that was written, and its table no larger than any that is read."""
    try:
        measured = _measure(path)
    except FileNotFoundError:
        raise InputError(
            f"{table.file} is missing; the project cannot be opened: delete it and load the files again."
        ) from None
    except OSError as error:
        raise SourceError(f"{table.file} cannot be read ({why(error)}); try again.") from error
    if measured != (table.bytes, table.sha256):
        raise InputError(
            f"{table.file} is not what was kept (its digest differs): this copy of the project is damaged; take in another one, or load the files again."
        )
    if table.rows > settings().max_upload_rows or len(table.columns) > MOST_COLUMNS:
        raise InputError(
            f"{table.file} has {table.rows:,} rows; read are up to {settings().max_upload_rows:,}."
        )


def _typed(table: Table, column: Column, values: Any) -> Any:
    """A column as it was."""
    fault = InputError(
        f"The column {column.name[:40]!r} of {table.file} holds other values than its project says."
    )
    if column.name == table.geometry:
        shapes = outlines.from_wkb(table.file, values.to_numpy(dtype=object))
        outlines.check_cost(table.file, shapes)
        return shapes
    if column.dtype == "category":
        categories = pd.Index(column.categories or (), dtype="str")
        codes = categories.get_indexer(values.astype("str")) if categories.is_unique else np.array([-2])
        if len(codes) != len(values) or bool(((codes < 0) & values.notna().to_numpy()).any()):
            raise fault
        return pd.Categorical.from_codes(codes, categories=categories, ordered=column.ordered)
    if column.dtype not in DTYPES:
        raise fault
    try:
        return values if str(values.dtype) == column.dtype else values.astype(column.dtype)
    except (TypeError, ValueError):
        raise fault from None


def _checked_attrs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Labels and files by column, as covariates have them; anything else is left out."""
    return {
        str(name): dict(table)
        for name, table in given.items()
        if isinstance(table, dict) and all(isinstance(text, str) for text in table.values())
    }
