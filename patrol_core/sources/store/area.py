"""An area out of the store: the rows inside, each once, with their outcomes, as ``AreaData``.

A row belongs to the area by its LSOA code where the zones have LSOA codes and its code is of their census (recoded with
the lookup when there is one), otherwise by its point. Points are snap points on roads, so the code goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from patrol_core.areas import CRIME_COLUMNS, UK_CRS, AreaData, DataKind, Finding
from patrol_core.errors import InputError
from patrol_core.files.projection import unique_points
from patrol_core.sources.archive import Lookup, RecodeReport, recode
from patrol_core.sources.area import area_from_crimes, is_lsoa
from patrol_core.sources.store.base import Store
from patrol_core.sources.store.read import Wanted, believe, last_outcomes, read_rows
from patrol_core.sources.store.records import Part

#: How far beyond the zones points are read, metres: snap points of a zone's code can lie just outside it.
AROUND_M = 250.0


@dataclass(frozen=True)
class Rows:
    """Crimes of an area and where they are from.

    Attributes:
        crimes: The ``crimes`` table.
        parts: Parts of the store with rows in it.
        findings: What was left out, joined and recoded.
        recoding: How LSOA codes were brought to the zones' census; None without a lookup or LSOAs.
    """

    crimes: pd.DataFrame
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]
    recoding: RecodeReport | None


def open_area(
    store: Store,
    *,
    polygons: gpd.GeoDataFrame | None = None,
    within: BaseGeometry | None = None,
    months: Sequence[str] | None = None,
    forces: Sequence[str] | None = None,
    lookup: Lookup | None = None,
    attributes: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
    name: str = "Stored data",
    outcomes: bool = True,
) -> AreaData:
    """Everything the store has of an area.

    Args:
        store: Where the data are.
        polygons: Zones as of :func:`patrol_core.sources.zone_tables.boundaries.read_polygons`; rows inside them
            are taken.
        within: Boundary in longitude and latitude (EPSG:4326) instead, or to cut the rows further.
        months: "YYYY-MM"; all when not given.
        forces: Names as reported, e.g. "Metropolitan Police Service"; all when not given.
        lookup: ONS lookup between 2011 and 2021 LSOAs
            (:func:`patrol_core.sources.archive.lsoa_crosswalk.read_lookup`): codes are brought to the census of
            the polygons.
        attributes: Tables of figures by zone code, joined to the polygons.
        name: For people.
        outcomes: Whether to join the last outcome of stored outcomes files by Crime ID.

    Raises:
        InputError: When the store has no row there.
        DamagedData: When a file needed is not what was written; it names it and says what to do.
    """
    rows = area_rows(
        store,
        polygons=polygons,
        within=within,
        months=months,
        forces=forces,
        lookup=lookup,
        outcomes=outcomes,
    )
    data = area_from_crimes(
        rows.crimes, polygons=polygons, lookup=attributes, name=name, findings=rows.findings, attribution=None
    )
    return replace(data, key=f"store-{data.content_hash[:8]}", kind=DataKind.PUBLISHED)


def area_rows(
    store: Store,
    *,
    polygons: gpd.GeoDataFrame | None = None,
    within: BaseGeometry | None = None,
    months: Sequence[str] | None = None,
    forces: Sequence[str] | None = None,
    lookup: Lookup | None = None,
    outcomes: bool = True,
) -> Rows:
    """The rows of :func:`open_area`, without zones.

    Args:
        store, polygons, within, months, forces, lookup, outcomes: As of :func:`open_area`.
    """
    zones = None if polygons is None else polygons.to_crs(UK_CRS)
    boundary = None if within is None else gpd.GeoSeries([within], crs=4326).to_crs(UK_CRS).iloc[0]
    wanted = _wanted(zones, boundary, months, forces, lookup)
    rows, parts = read_rows(store, wanted)
    if not len(rows):
        raise InputError(_nothing(store, wanted))
    findings: list[Finding] = []
    rows, report = _recoded(rows, zones, lookup)
    if report is not None:
        findings += report.findings
    inside = _inside(rows, zones, lookup) & _in_shape(rows, boundary)
    believed, notes = believe(rows, parts, store, inside)
    findings += notes
    kept = rows[inside & believed].reset_index(drop=True)
    if not len(kept):
        raise InputError(_nothing(store, wanted))
    if outcomes:
        kept, notes = _with_outcomes(store, kept, wanted)
        findings += notes
    used = tuple(parts[i] for i in sorted(kept["part"].unique()))
    for column in ("month", "crime_type", "source"):
        kept[column] = kept[column].cat.remove_unused_categories()
    return Rows(kept[list(CRIME_COLUMNS)], used, tuple(findings), report)


def _wanted(
    zones: gpd.GeoDataFrame | None,
    boundary: BaseGeometry | None,
    months: Sequence[str] | None,
    forces: Sequence[str] | None,
    lookup: Lookup | None,
) -> Wanted:
    box = None
    boxes = [tuple(z.total_bounds) for z in (zones,) if z is not None]
    boxes += [boundary.bounds] if boundary is not None else []
    if boxes:
        west, south = max(b[0] for b in boxes) - AROUND_M, max(b[1] for b in boxes) - AROUND_M
        east, north = min(b[2] for b in boxes) + AROUND_M, min(b[3] for b in boxes) + AROUND_M
        box = (float(west), float(south), float(east), float(north))
    codes = {str(i) for i in zones.index} if zones is not None and is_lsoa(zones.index) else set()
    if lookup is not None and codes:
        codes = lookup.related(codes)
    return Wanted(
        box,
        frozenset(codes),
        None if months is None else frozenset(months),
        None if forces is None else frozenset(forces),
    )


def _nothing(store: Store, wanted: Wanted) -> str:
    months = sorted({p.month for p in store.parts("crimes")})
    if not months:
        return f"The store {store.folder} is empty; fetch an area or import police.uk files first."
    span = f"it holds {months[0]} to {months[-1]}" if wanted.months else "of other places it has some"
    return f"The store has no row of this area and these months ({span}); fetch the area or import files that cover it."


def _recoded(
    rows: pd.DataFrame, zones: gpd.GeoDataFrame | None, lookup: Lookup | None
) -> tuple[pd.DataFrame, RecodeReport | None]:
    if lookup is None or zones is None:
        return rows, None
    vintage = lookup.vintage_of({str(i) for i in zones.index})
    if vintage is None:
        return rows, None
    return recode(rows, lookup, to=vintage, polygons=zones)


def _inside(rows: pd.DataFrame, zones: gpd.GeoDataFrame | None, lookup: Lookup | None) -> NDArray[np.bool_]:
    """Rows of the zones: by code, and by point where the code says nothing."""
    if zones is None:
        return np.ones(len(rows), dtype=bool)
    inverse, found = pd.factorize(rows["lsoa_code"])
    codes = np.asarray(found, dtype=object)
    ours = np.isin(codes, zones.index.to_numpy(dtype=object))[inverse]
    elsewhere = np.zeros(len(rows), dtype=bool)
    vintage = lookup.vintage_of(set(map(str, zones.index))) if lookup is not None else None
    if lookup is not None and vintage is not None:
        elsewhere = np.isin(codes, sorted(lookup.codes(vintage)))[inverse] & ~ours
    ask = ~ours & ~elsewhere
    ours[ask] = _at_points(rows[ask], shapely.union_all(zones.geometry.to_numpy()) if ask.any() else None)
    return ours


def _in_shape(rows: pd.DataFrame, shape: BaseGeometry | None) -> NDArray[np.bool_]:
    return np.ones(len(rows), dtype=bool) if shape is None else _at_points(rows, shape)


def _at_points(rows: pd.DataFrame, shape: BaseGeometry | None) -> NDArray[np.bool_]:
    """Rows whose point is in the shape or on its edge; each point asked once."""
    x, y, inverse = unique_points(rows["x"].to_numpy(), rows["y"].to_numpy())
    if shape is None or not len(x):
        return np.zeros(len(rows), dtype=bool)
    shapely.prepare(shape)
    hit = np.append(
        shapely.intersects_xy(shape, x, y), False
    )  # index -1, a row without point, reads the last
    return np.asarray(hit[inverse], dtype=bool)


def _with_outcomes(store: Store, rows: pd.DataFrame, wanted: Wanted) -> tuple[pd.DataFrame, list[Finding]]:
    last = last_outcomes(store, wanted)
    if not len(last):
        return rows, []
    joined = rows["crime_id"].map(last)
    has = joined.notna() & (rows["crime_id"] != "")
    if not has.any():
        return rows, []
    filled = int((has & (rows["outcome"] == "")).sum())
    out = rows.assign(outcome=rows["outcome"].mask(has, joined).astype("str"))
    text = f"{int(has.sum()):,} rows have their outcome from outcomes files, joined by Crime ID ({filled:,} had none before)."
    return out, [Finding("info", text, int(has.sum()))]
