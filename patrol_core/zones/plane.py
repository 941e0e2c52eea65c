"""The plane zones lie in: whether its unit is the metre, and how to draw it on a map."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from patrol_core.errors import InputError


def is_located(crs: str) -> bool:
    """Whether coordinates in ``crs`` can be expressed as longitude and latitude."""
    parsed = CRS.from_user_input(crs)
    return bool(parsed.is_projected or parsed.is_geographic)


def to_degrees(
    zones: gpd.GeoDataFrame, *, tolerance_m: float = 0.0, digits: int = 7
) -> tuple[gpd.GeoSeries, bool]:
    """Geometry in EPSG:4326 with rounded coordinates, and whether it is a plane (no place on Earth) instead.

    Simplified together when ``tolerance_m`` is positive (Visvalingam-Whyatt on the whole coverage, so that no
    slivers open between neighbours); zones that overlap are simplified one by one. Planes are not simplified.

    Args:
        zones: Any CRS, or none.
        tolerance_m: Of the simplification, metres; 0 for none.
        digits: Decimals of a coordinate.

    Raises:
        InputError: If a zone has no geometry.
    """
    shapes = zones.geometry
    for zone, absent in zip(zones.index, shapes.isna() | shapes.is_empty, strict=True):
        if absent:
            raise InputError(f"Zone {zone} has no geometry; give it a polygon or leave it out.")
    planar = zones.crs is None or not is_located(zones.crs.to_wkt())
    if tolerance_m > 0 and not planar:
        shapes = gpd.GeoSeries(_simplified(shapes.to_numpy(), tolerance_m), index=zones.index, crs=zones.crs)
    if not planar:
        shapes = shapes.to_crs("EPSG:4326")
    turned = shapely.orient_polygons(shapes.to_numpy())
    rounded = shapely.transform(turned, lambda points: np.round(points, digits))
    return gpd.GeoSeries(rounded, index=zones.index, crs=shapes.crs), planar


def _simplified(shapes: Any, tolerance_m: float) -> Any:
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_simplify(shapes, tolerance_m)
    return shapely.simplify(shapes, tolerance_m, preserve_topology=True)
