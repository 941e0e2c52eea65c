"""The plane zones lie in: whether its unit is the metre, and how to draw it on a map."""

from __future__ import annotations

import geopandas as gpd
from pyproj import CRS
from shapely.affinity import affine_transform

#: Side, in degrees, of the box into which a plane of unknown place is drawn around (0, 0).
_DRAWN_DEGREES = 0.2


def is_located(crs: str) -> bool:
    """Whether coordinates in ``crs`` can be expressed as longitude and latitude."""
    parsed = CRS.from_user_input(crs)
    return bool(parsed.is_projected or parsed.is_geographic)


def to_lonlat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Geometry in EPSG:4326, for drawing only.

    A local plane of unknown place (Columbus) keeps its shape: it is scaled into a small box around
    longitude 0, latitude 0, where a degree is the same length both ways. Show no basemap under it.
    """
    if frame.crs is None or is_located(frame.crs.to_wkt()):
        return frame.to_crs(4326) if frame.crs is not None else frame
    west, south, east, north = frame.total_bounds
    scale = _DRAWN_DEGREES / max(east - west, north - south)
    shift = (-scale * (west + east) / 2, -scale * (south + north) / 2)
    moved = frame.geometry.map(lambda g: affine_transform(g, [scale, 0.0, 0.0, scale, *shift]))
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index).set_crs(4326, allow_override=True))
