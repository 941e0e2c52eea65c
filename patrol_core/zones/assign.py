"""Crimes to zones: by published LSOA code where it is a zone, otherwise by point, always in metres.

The code goes first because anonymised points sit on roads that are LSOA borders: in Westminster a plain
point-in-polygon join disagrees with the published code for 4.6 % of points. A code equal in the 2011 and 2021
vintages is the same LSOA; a code of the other vintage is no zone here, and its rows go by point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from patrol_core.areas import AreaData, Finding
from patrol_core.arrays import Ints
from patrol_core.errors import InputError
from patrol_core.files.projection import unique_points
from patrol_core.zones import grid, polygons

_CHUNK = 200_000


@dataclass(frozen=True)
class Placement:
    """Where the rows went. ``rows`` = ``placed`` + ``no_coordinates`` + ``outside``; ``placed`` = ``by_code`` + ``by_point``.

    For zone totals (no points) one row is one counted crime, and codes without zone are ``outside``.
    Where totals are rates (Columbus) one row is one zone total, and the counts sum to no row number.
    """

    rows: int
    placed: int
    by_code: int
    by_point: int
    no_coordinates: int
    outside: int
    findings: tuple[Finding, ...] = ()


def locate(zones: gpd.GeoDataFrame, x: NDArray[np.float64], y: NDArray[np.float64]) -> Ints:
    """Position of the zone of each point (metres in the CRS of ``zones``), -1 where there is none.

    Grid and hexagon zones are found by arithmetic, others by a spatial tree; a point on a common border
    goes to the zone that stands first.

    Args:
        zones: From :func:`patrol_core.zones.make_zones`.
        x, y: (n,) finite coordinates, metres in the CRS of ``zones``.
    """
    return _locate(zones, x, y)[0]


def _locate(
    zones: gpd.GeoDataFrame, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.bool_]]:
    """As :func:`locate`, and which points lie inside several zones (not on a border) because the zones overlap."""
    ux, uy, inverse = unique_points(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    several = np.zeros(len(ux), dtype=bool)
    system, cell_m = zones.attrs.get("system"), zones.attrs.get("cell_m")
    if system in ("grid", "hex") and cell_m:
        i, j = grid.cell_of(system, ux, uy, float(cell_m))
        found = zones.index.get_indexer(pd.Index(grid.cell_ids(system, i, j), dtype="str")).astype(np.int64)
    else:
        found, several = _locate_in_polygons(zones.geometry.to_numpy(), ux, uy)
    return cast(Ints, np.append(found, -1)[inverse]), np.append(several, False)[inverse]


def _locate_in_polygons(
    shapes: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.bool_]]:
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    found = np.full(len(x), len(shapes), dtype=np.int64)
    deep = np.zeros(len(x), dtype=np.int64)
    for start in range(0, len(x), _CHUNK):
        part = slice(start, start + _CHUNK)
        point, zone = tree.query(shapely.points(x[part], y[part]))  # by bounding box
        inside = shapely.intersects_xy(shapes[zone], x[part][point], y[part][point])
        point, zone = point[inside], zone[inside]
        np.minimum.at(found, point + start, zone)
        shared = np.bincount(point, minlength=1)[point] > 1
        point, zone = point[shared], zone[shared]
        within = shapely.contains_xy(shapes[zone], x[part][point], y[part][point])
        np.add.at(deep, point[within] + start, 1)
    return np.where(found == len(shapes), -1, found), deep > 1


def count_crimes(
    data: AreaData,
    zones: gpd.GeoDataFrame,
    *,
    months: Iterable[str] | None = None,
    crime_types: Iterable[str] | None = None,
) -> tuple[pd.DataFrame, Placement]:
    """Count crimes by zone, month and type.

    Args:
        data, zones: The area, and its zones from :func:`patrol_core.zones.make_zones`.
        months, crime_types: Which to count; all when None.

    Returns:
        counts, placement: Long frame of the non-zero cells: ``zone_id`` (category over all zones, in their
            order), ``month``, ``crime_type`` (str), ``count`` (int; float where totals are rates), sorted by
            zone, month, type. ``counts["count"].sum()`` equals ``placement.placed``.

    Raises:
        InputError: If a month or crime type asked for is not in the data.
    """
    table = data.crimes if data.crimes is not None else data.totals
    if table is None:
        raise InputError(f"{data.name} holds neither crimes nor counts; load data first.")
    table = _select(data, table, months, crime_types)
    if data.crimes is not None:
        zone, placement = _place_rows(data, zones, table)
        weight: NDArray[Any] = np.ones(len(table), dtype=np.int64)
    else:
        zone, placement = _place_totals(data, zones, table)
        weight = table["count"].to_numpy()
    return _count(zones, table, zone, weight), placement


def placed_points(
    data: AreaData,
    zones: gpd.GeoDataFrame,
    *,
    months: Iterable[str] | None = None,
    crime_types: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Rows that have both a point and a zone, placed as :func:`count_crimes` places them.

    Args:
        data, zones: The area, and zones made of it.
        months, crime_types: Rows wanted; all when not given.

    Returns:
        DataFrame: ``x``, ``y`` (metres in the CRS of ``data``), ``month``, ``crime_type`` (text), ``zone``
            (position among ``zones``), in the order of the data; ``attrs["without_point"]`` counts the rows in
            a zone that have none.

    Raises:
        InputError: For data without points, or a month or type that they do not have.
    """
    if data.crimes is None:
        raise InputError(
            f"{data.name} holds totals by zone and no points, so nothing finer than a zone can be drawn; "
            "load rows with coordinates for that."
        )
    table = _select(data, data.crimes, months, crime_types)
    zone, _ = _place_rows(data, zones, table)
    point = np.isfinite(table["x"].to_numpy()) & np.isfinite(table["y"].to_numpy())
    kept = (zone >= 0) & point
    frame = pd.DataFrame(
        {
            "x": table["x"].to_numpy(dtype=float)[kept],
            "y": table["y"].to_numpy(dtype=float)[kept],
            "month": table["month"].astype(str).to_numpy()[kept],
            "crime_type": table["crime_type"].astype(str).to_numpy()[kept],
            "zone": zone[kept],
        }
    )
    frame.attrs["without_point"] = int(((zone >= 0) & ~point).sum())
    return frame


def _select(
    data: AreaData, table: pd.DataFrame, months: Iterable[str] | None, crime_types: Iterable[str] | None
) -> pd.DataFrame:
    for column, wanted, present in (
        ("month", months, data.months),
        ("crime_type", crime_types, data.crime_types),
    ):
        if wanted is None:
            continue
        chosen = [str(w) for w in wanted]
        absent = [w for w in chosen if w not in present]
        if absent:
            raise InputError(
                f"{data.name} has no {column.replace('_', ' ')} {absent[0]!r}; it has {_some(present)}."
            )
        table = table[table[column].isin(chosen)]
    return table


def _some(values: tuple[str, ...]) -> str:
    return ", ".join(values) if len(values) <= 16 else f"{values[0]} to {values[-1]}"


def _code_index(data: AreaData, zones: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Polygon code -> position of its zone; empty for grid and hexagons."""
    system = zones.attrs.get("system")
    if data.polygons is None or system in ("grid", "hex"):
        return pd.Series(dtype="int64")
    own = polygons.ward_ids(data.polygons) if system == "ward" else data.polygons.index.to_series()
    return pd.Series(zones.index.get_indexer(pd.Index(own.to_numpy())), index=data.polygons.index)


def _by_code(codes: pd.Series[Any], index: pd.Series[Any]) -> Ints:
    if index.empty:
        return np.full(len(codes), -1, dtype=np.int64)
    at = index.index.get_indexer(pd.Index(codes))
    return cast(Ints, np.where(at >= 0, index.to_numpy()[at], -1))


def _place_rows(data: AreaData, zones: gpd.GeoDataFrame, rows: pd.DataFrame) -> tuple[Ints, Placement]:
    zone = _by_code(rows["lsoa_code"], _code_index(data, zones))
    coded = zone >= 0
    x, y = rows["x"].to_numpy(), rows["y"].to_numpy()
    has_point = np.isfinite(x) & np.isfinite(y)
    ask = ~coded & has_point
    zone[ask], several = _locate(zones, x[ask], y[ask])
    by_point = int((zone[ask] >= 0).sum())
    nowhere = int((~coded & ~has_point).sum())
    outside = int(ask.sum()) - by_point
    by_code = int(coded.sum())
    findings = _row_findings(len(rows), by_code, by_point, nowhere, outside) + _overlap_findings(
        len(rows), int(several.sum())
    )
    return zone, Placement(len(rows), by_code + by_point, by_code, by_point, nowhere, outside, findings)


def _row_findings(rows: int, by_code: int, by_point: int, nowhere: int, outside: int) -> tuple[Finding, ...]:
    found = []
    if nowhere:
        text = f"{nowhere:,} of {rows:,} rows {'has' if nowhere == 1 else 'have'} no coordinates (and no code of a zone) and {'is' if nowhere == 1 else 'are'} in no zone."
        found.append(Finding("warning", text, nowhere))
    if outside:
        text = f"{outside:,} of {rows:,} rows {'lies' if outside == 1 else 'lie'} outside all zones and {'is' if outside == 1 else 'are'} not counted."
        found.append(Finding("warning", text, outside))
    if by_code and by_point:
        text = (
            f"{by_point:,} rows whose LSOA code is no zone here were placed by their point, {by_code:,} "
            "by their code; points on a border may fall into the neighbouring zone."
        )
        found.append(Finding("info", text, by_point))
    return tuple(found)


def _overlap_findings(rows: int, several: int) -> tuple[Finding, ...]:
    if not several:
        return ()
    text = (
        f"{several:,} of {rows:,} rows lie in several zones, because zones overlap; each counts in the zone that stands first, so the "
        "others look calmer: give zones that do not overlap."
    )
    return (Finding("warning", text, several),)


def _place_totals(data: AreaData, zones: gpd.GeoDataFrame, totals: pd.DataFrame) -> tuple[Ints, Placement]:
    zone = _by_code(totals["zone_id"], _code_index(data, zones))
    whole = pd.api.types.is_integer_dtype(totals["count"].dtype)
    size = totals["count"].to_numpy() if whole else np.ones(len(totals), dtype=np.int64)
    rows, placed = int(size.sum()), int(size[zone >= 0].sum())
    findings: tuple[Finding, ...] = ()
    if placed < rows:
        codes = np.unique(totals["zone_id"].to_numpy(dtype=str)[zone < 0])
        crimes = totals["count"].to_numpy(dtype=float)
        text = (
            f"{len(codes):,} codes of the counts have no polygon (first {codes[0]}); their {crimes[zone < 0].sum():,.0f} crimes (of "
            f"{crimes.sum():,.0f}) are in no zone and are not counted."
        )
        findings = (Finding("warning", text, rows - placed),)
    return zone, Placement(rows, placed, placed, 0, 0, rows - placed, findings)


def _count(zones: gpd.GeoDataFrame, table: pd.DataFrame, zone: Ints, weight: NDArray[Any]) -> pd.DataFrame:
    month, months = _codes(table["month"])
    kind, kinds = _codes(table["crime_type"])
    kept = zone >= 0
    key = (zone[kept] * len(months) + month[kept]) * len(kinds) + kind[kept]
    cells, inverse = np.unique(key, return_inverse=True)
    count = np.zeros(len(cells), dtype=weight.dtype)
    np.add.at(count, inverse, weight[kept])
    rest, k = np.divmod(cells, max(1, len(kinds)))
    z, m = np.divmod(rest, max(1, len(months)))
    frame = pd.DataFrame(
        {
            "zone_id": pd.Categorical.from_codes(z.tolist(), categories=zones.index),
            "month": pd.Series(months[m], dtype="str"),
            "crime_type": pd.Series(kinds[k], dtype="str"),
            "count": count,
        }
    )
    return frame[frame["count"] != 0].reset_index(drop=True)


def _codes(column: pd.Series[Any]) -> tuple[Ints, NDArray[np.object_]]:
    """Codes into the sorted values present."""
    codes, values = pd.factorize(column, sort=False)
    texts = np.array([str(v) for v in values], dtype=object)
    order = np.argsort(texts, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes] if len(order) else codes.astype(np.int64), texts[order]
