"""A table of zones with the work in each: outlines from GeoJSON, GeoPackage or Shapefile, or as WKT in a CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import outlines, text_table
from patrol_core.files.archives import FileLike, Limits, iter_tables
from patrol_core.files.crs import crs_of
from patrol_core.files.numbers import number_of
from patrol_core.files.vector_files import load_bytes, read_features
from patrol_core.sources.zone_tables.boundaries import zones_of
from patrol_core.sources.zone_tables.headings import find_column

MOST_ZONES = 50_000
"""Zones of one table."""
_OUTLINE = re.compile(r"(?i)\s*(?:multi)?polygon\s*(?:z\s*)?[(e]")
_HEADINGS = ("geometry", "wkt", "the_geom", "geom", "shape", "outline", "polygon", "wkt_geom")
_TABLES = (".csv", ".csv.gz", ".txt", ".tsv")


@dataclass(frozen=True, eq=False)
class WorkTable:
    """Zones and their work.

    Attributes:
        zones: As of :func:`~patrol_core.sources.zone_tables.boundaries.read_polygons`; in a plane of unknown unit where the
            table states no coordinate reference system.
        work: Zone to workload, 0 or more.
        unit: What the work counts: the heading of its column.
        findings: What was noticed.
    """

    zones: gpd.GeoDataFrame
    work: dict[str, float]
    unit: str
    findings: tuple[Finding, ...]


def read_work(file: FileLike, *, id_column: str, work_column: str, crs: str | None = None) -> WorkTable:
    """Read zones with their work.

    Args:
        file: Path or (name, bytes): GeoJSON, GeoPackage, a zip of one or of a Shapefile; or a CSV (also csv.gz) with outlines as WKT.
        id_column, work_column: Columns of the zones' ids and of their work.
        crs: Coordinate reference system of a CSV, such as ``EPSG:27700``; degrees are known as such.

    Raises:
        InputError: No such column, no outlines, work that is no number of 0 or more, and all that
            :func:`~patrol_core.sources.zone_tables.boundaries.read_polygons` refuses; names file and zone.
        SourceError: If the path cannot be read.
    """
    name = file[0] if isinstance(file, tuple) else Path(file).name
    if str(name).lower().endswith(_TABLES):
        name, raw = _of_csv(file, crs)
    else:
        if crs is not None:
            raise InputError(
                f"{name} states its coordinate reference system itself; leave out the one given beside it."
            )
        name, data = load_bytes(file)
        raw = read_features(name, data)
    columns = [str(column) for column in raw.columns if column != raw.geometry.name]
    for column in (id_column, work_column):
        if column not in columns:
            raise InputError(
                f"{name} has no column {column!r} (found {', '.join(columns[:8])}); choose one of these."
            )
    if len(raw) > MOST_ZONES:
        raise InputError(f"{name} has {len(raw):,} zones; up to {MOST_ZONES:,} can be grouped into areas.")
    cells = raw[work_column].tolist()
    zones = zones_of(name, raw, id_column=id_column, plane=raw.crs is None)
    work = dict(
        zip(
            map(str, zones.index),
            (_work(name, zone, work_column, cell) for zone, cell in zip(zones.index, cells, strict=True)),
            strict=True,
        )
    )
    findings = list(zones.attrs["findings"])
    if raw.crs is None:
        text = (
            f"{name} states no coordinate reference system and its coordinates are no degrees: the unit of lengths is not known, so "
            "spread can be compared but has no unit."
        )
        findings.append(Finding("info", text))
    return WorkTable(zones, work, work_column, tuple(findings))


def _work(name: str, zone: object, column: str, cell: object) -> float:
    """Work of one zone."""
    try:
        value = number_of(str(cell).strip()) if cell is not None else np.nan
    except ValueError:
        value = np.nan
    if not (np.isfinite(value) and value >= 0):
        raise InputError(
            f"{name}, zone {zone}, column {column}: {text_table.shown('' if cell is None else cell)} is not a number of 0 or more; "
            "correct it."
        )
    return float(value)


def _of_csv(file: FileLike, crs: str | None) -> tuple[str, gpd.GeoDataFrame]:
    """Name and rows of a CSV as features with outlines."""
    most = Limits(total_bytes=2**29, entry_bytes=2**29)
    tables = [table for table in iter_tables(file, most) if not table.ignored]
    if len(tables) != 1:
        raise InputError(f"{len(tables)} tables were given where one is read; give one CSV file.")
    name, data = tables[0].name, text_table.decode(tables[0].name, tables[0].data).data
    frame = text_table.read_strings(name, data).to_pandas().astype("str")
    if not len(frame):
        raise InputError(f"{name} has a header but 0 rows; give a table with rows.")
    column = find_column([str(c) for c in frame.columns], *_HEADINGS) or next(
        (str(c) for c in frame.columns if _OUTLINE.match(frame[c].iloc[0])), None
    )
    if column is None:
        raise InputError(
            f"{name} has no column of outlines (POLYGON ((x y, …)), headed geometry or wkt), so it cannot be known which zones touch; "
            "add one, or give a GeoJSON."
        )
    shapes = np.array([_shape(name, data, row, cell) for row, cell in enumerate(frame[column])], dtype=object)
    outlines.check_cost(name, shapes)
    raw = gpd.GeoDataFrame(frame.drop(columns=column), geometry=shapes)
    return name, raw.set_crs(_system(name, raw, crs))


def _shape(name: str, data: bytes, row: int, cell: str) -> shapely.Geometry:
    """The outline in a cell; only polygons are read, which cannot be nested."""
    shape = shapely.from_wkt(cell, on_invalid="ignore") if _OUTLINE.match(cell) else None
    if shape is None:
        raise InputError(
            f"{name} line {text_table.line_of_row(data, row)}: {text_table.shown(cell)} is no outline; write POLYGON ((x y, …))."
        )
    return shape


def _system(name: str, raw: gpd.GeoDataFrame, crs: str | None) -> object:
    """The coordinate reference system: as given, longitude and latitude where the numbers can be that, else none."""
    if crs is not None:
        return crs_of(name, crs)
    west, south, east, north = raw.total_bounds
    return "EPSG:4326" if west >= -180 and east <= 180 and south >= -90 and north <= 90 else None
