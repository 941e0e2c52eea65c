"""The plane zones lie in: whether its unit is the metre, and how to draw it on a map."""

from __future__ import annotations

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
        shapes = simplified(shapes, tolerance_m)
    if not planar:
        shapes = shapes.to_crs("EPSG:4326")
    turned = shapely.orient_polygons(shapes.to_numpy())
    rounded = shapely.transform(turned, lambda points: np.round(points, digits))
    return gpd.GeoSeries(rounded, index=zones.index, crs=shapes.crs), planar


def simplified(shapes: gpd.GeoSeries, tolerance: float) -> gpd.GeoSeries:
    """Shapes with fewer vertices, together where they form a coverage, so that shared borders stay shared.

    Args:
        shapes, tolerance: Polygons, and the tolerance in the unit of their CRS.
    """
    drawn = shapes.to_numpy()
    if shapely.coverage_is_valid(drawn):
        fewer = shapely.coverage_simplify(drawn, tolerance)
    else:
        fewer = shapely.simplify(drawn, tolerance, preserve_topology=True)
    return gpd.GeoSeries(fewer, index=shapes.index, crs=shapes.crs)
