"""Zones of an area in the system that was asked for."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from patrol_core.areas import ZONE_SYSTEMS, AreaData
from patrol_core.arrays import Ints
from patrol_core.errors import InputError
from patrol_core.files.crs import is_metric
from patrol_core.files.projection import unique_points
from patrol_core.zones import grid, polygons

#: Share of a cell that a polygon must cover to count as meeting it.
_TOUCH = 1e-9
#: Most vertices looked at when cells are cut from polygons (some ten million a second).
_MAX_WORK = 500_000_000


def make_zones(data: AreaData, system: str, *, cell_m: float = 500.0) -> gpd.GeoDataFrame:
    """Make the zones of ``data`` in ``system``.

    Args:
        data: The area.
        system: One of ``data.zone_systems``: ``lsoa``/``own`` (the polygons), ``ward`` (dissolved), ``grid``,
            ``hex``.
        cell_m: Side of a square, or distance between opposite sides of a hexagon, in metres.

    Returns:
        GeoDataFrame: Index ``zone_id`` (str, unique), CRS = ``data.crs``; ``name``, ``ward`` (str),
            ``population`` (persons, NaN unknown), ``area_km2`` (NaN where the unit of the plane is unknown),
            one text column per group of ``data.groups``, ``share_*`` columns where the polygons have them,
            ``geometry``. ``attrs``: ``system``, ``cell_m`` (None unless grid or hex), ``notes`` (sentences).

            Grid and hexagons: cells that hold a crime or meet a polygon (or, without polygons, a street of
            the area). They are not clipped: ``area_km2`` is that of the whole cell. Population is
            apportioned by the share of each polygon's ground that lies in the cell; group and ward are
            those of most residents, of most ground where populations are unknown; a cell that no polygon
            meets has population NaN and group "Unknown".

    Raises:
        InputError: If the area does not offer the system, or the cells would be too many.
    """
    if system not in data.zone_systems:
        offered = ", ".join(data.zone_systems)
        known = "" if system in ZONE_SYSTEMS else " is unknown and"
        raise InputError(
            f"The zone system {system!r}{known} is not offered by {data.name}; choose one of {offered}."
        )
    if system in ("grid", "hex"):
        return _make_cells(data, "grid" if system == "grid" else "hex", grid.check_cell(cell_m))
    zones = polygons.as_wards(data) if system == "ward" else polygons.as_zones(data)
    notes = []
    if system == "ward" and polygons.NO_WARD in zones.index:
        count = int((polygons.ward_ids(polygons.required(data)) == polygons.NO_WARD).sum())
        notes.append(f"{count:,} polygons have no ward and form the zone '{polygons.NO_WARD}'.")
    return _labelled(zones, system, None, notes)


def _labelled(
    zones: gpd.GeoDataFrame, system: str, cell_m: float | None, notes: list[str]
) -> gpd.GeoDataFrame:
    zones.index = pd.Index(zones.index.astype("str"), name="zone_id")
    zones.attrs = {"system": system, "cell_m": cell_m, "notes": notes}
    return zones


def _make_cells(data: AreaData, kind: grid.Kind, cell_m: float) -> gpd.GeoDataFrame:
    if not is_metric(data.crs):
        raise InputError(f"{data.name} has no metric coordinates; a grid in metres cannot be laid over it.")
    i, j = _kept_cells(data, kind, cell_m)
    if not len(i):
        raise InputError(
            f"{data.name} has no point and no polygon to lay a grid over; choose another zone system."
        )
    shapes = grid.shapes(kind, i, j, cell_m)
    frame = pd.DataFrame(index=pd.Index(grid.cell_ids(kind, i, j), dtype="str", name="zone_id"))
    word = "Square" if kind == "grid" else "Hexagon"
    frame["name"] = [f"{word} {a} / {b}" for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    frame["ward"] = ""
    frame["population"] = np.nan
    frame["area_km2"] = shapely.area(shapes) / 1e6
    for group in data.groups:
        frame[group] = polygons.UNKNOWN
    zones = gpd.GeoDataFrame(frame, geometry=shapes, crs=data.crs)
    notes = ["Cells at the edge are whole: they reach beyond the area; only its crimes and residents count."]
    if data.polygons is not None:
        _apportion(zones, data)
    return _labelled(zones, kind, cell_m, notes)


def _kept_cells(data: AreaData, kind: grid.Kind, cell_m: float) -> tuple[Ints, Ints]:
    """Cells with a crime or meeting a polygon (without polygons: a street), from south-west to north-east."""
    found = []
    if data.crimes is not None:
        x, y, _ = unique_points(data.crimes["x"].to_numpy(), data.crimes["y"].to_numpy())
        found.append(np.stack(grid.cell_of(kind, x, y, cell_m), axis=1))
    ground = data.polygons if data.polygons is not None else data.extra.get("streets")
    if ground is not None and len(ground):
        box = tuple(float(v) for v in ground.total_bounds)
        i, j = grid.cells_in_box(kind, (box[0], box[1], box[2], box[3]), cell_m)
        tree = shapely.STRtree(grid.shapes(kind, i, j, cell_m))
        shapes = ground.geometry.to_numpy()
        areal = data.polygons is not None
        hits = (
            np.unique(tree.query(shapes, predicate="intersects")[1])
            if not areal
            else _overlapping(tree, shapes, cell_m)
        )
        found.append(np.stack([i[hits], j[hits]], axis=1))
    cells = np.unique(np.concatenate(found), axis=0) if found else np.empty((0, 2), dtype=np.int64)
    cells = cells[np.lexsort((cells[:, 0], cells[:, 1]))]
    if len(cells) > grid.MAX_CELLS:
        raise grid.too_many(len(cells), cell_m, len(cells) * cell_m**2 / 1e6)
    return cells[:, 0], cells[:, 1]


def _overlapping(tree: shapely.STRtree, shapes: Any, cell_m: float) -> Ints:
    """Cells that share ground (not just an edge) with a polygon."""
    polygon, cell = tree.query(shapes, predicate="intersects")
    inside = tree.query(shapes, predicate="contains")[1]
    sure = np.unique(inside)
    rest = ~np.isin(cell, sure)
    _check_work(shapes, polygon[rest])
    shared = shapely.area(shapely.intersection(shapes[polygon[rest]], tree.geometries[cell[rest]]))
    return np.union1d(sure, cell[rest][shared > _TOUCH * cell_m**2])


def _check_work(shapes: Any, asked: Ints) -> None:
    """Refuse cuts of cells from polygons that would take minutes: every cut looks at all vertices of its polygon."""
    work = int(shapely.get_num_coordinates(shapes)[asked].sum())
    if work > _MAX_WORK:
        raise InputError(
            f"The polygons have too many vertices for cells this small ({work:,} to look at); choose larger cells or generalised "
            "boundaries."
        )


def _apportion(zones: gpd.GeoDataFrame, data: AreaData) -> None:
    """Give the cells population, groups, shares and ward from the polygons beneath (in place)."""
    source = polygons.as_zones(data)
    shapes, cells = source.geometry.to_numpy(), zones.geometry.to_numpy()
    cell, polygon = shapely.STRtree(shapes).query(cells, predicate="intersects")
    _check_work(shapes, polygon)
    ground = shapely.area(shapely.intersection(cells[cell], shapes[polygon]))
    kept = ground > 0
    cell, polygon, ground = cell[kept], polygon[kept], ground[kept]
    residents = source["population"].to_numpy()[polygon] * ground / shapely.area(shapes)[polygon]
    ids = pd.Series(zones.index.to_numpy()[cell])
    population = pd.Series(residents).groupby(ids.to_numpy()).agg(lambda v: v.sum(skipna=False))
    zones["population"] = population.reindex(zones.index)
    weight = pd.Series(residents if np.isfinite(residents).all() and residents.sum() > 0 else ground)
    for group in data.groups:
        texts = pd.Series(source[group].to_numpy()[polygon])
        zones[group] = polygons.majority(texts, weight, ids).reindex(zones.index).fillna(polygons.UNKNOWN)
    wards = pd.Series(source["ward"].to_numpy()[polygon])
    zones["ward"] = polygons.majority(wards, weight, ids).reindex(zones.index).fillna("")
    for share in polygons.share_columns(source):
        values = source[share].to_numpy()[polygon]
        known = weight.where(np.isfinite(values), 0.0)
        top = (pd.Series(np.nan_to_num(values)) * known).groupby(ids.to_numpy()).sum()
        bottom = known.groupby(ids.to_numpy()).sum()
        zones[share] = (top / bottom.where(bottom > 0)).reindex(zones.index)
