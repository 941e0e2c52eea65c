"""Polygons the service can answer: one ring each, small enough, and together losing nothing.

The service takes one ring without holes, refuses areas with more than 10,000 crimes, and does not say
whether a point on the ring is inside. So a question here always asks for slightly more than is wanted and
the answer is cut to the polygon afterwards, by one rule for split and unsplit polygons alike: a crime is in
when its published point is inside the polygon or on its edge.

Splitting: the shape is cut along the two middle lines of its bounding box. The closed quadrants cover the shape,
each is asked with a margin of ``MARGIN`` degrees, so a point on a seam is well inside both rings and comes
back twice; the pull keeps one per API id.

Everything here is in degrees, EPSG:4326, x = longitude, y = latitude. Rings are written as the service wants them:
``lat,lng:lat,lng:…`` with six decimals, as its own points have.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from patrol_core.errors import InputError
from patrol_core.files import outlines

#: How far rings reach beyond their shape, degrees (1.1 m north-south): more than rounding moves a vertex.
MARGIN = 1e-5
#: A point this near to the polygon is on its edge, degrees: half the last published digit.
ON_EDGE = 5e-7
#: Vertices of one ring at most; 2,079 are known to work.
MAX_VERTICES = 1500
#: Longer edges get vertices between, degrees: a great circle and a straight line then agree within MARGIN.
LONGEST_EDGE = 0.02
#: Where points of the service can lie: west, south, east, north.
SERVICE_BOX = (-9.0, 49.5, 2.5, 61.5)
_METRES_PER_DEGREE = 111_320.0
_MAX_PARTS = 8


@dataclass(frozen=True, eq=False)
class Tile:
    """One question's worth of polygon.

    Attributes:
        name: Where it came from: ``1`` is the first part, ``1.3`` its third quadrant.
        shape: What has to be covered.
        ring: What to ask: a ring that covers it, as text.
    """

    name: str
    shape: BaseGeometry
    ring: str

    @property
    def key(self) -> str:
        """Digest of the ring; equal questions have equal keys."""
        return hashlib.sha256(self.ring.encode()).hexdigest()[:24]


def check_polygon(polygon: object) -> Polygon | MultiPolygon:
    """Return ``polygon`` if it can be asked for.

    Raises:
        InputError: If it is no polygon, empty, crosses itself, or lies outside the United Kingdom.
    """
    if not isinstance(polygon, Polygon | MultiPolygon):
        raise InputError(f"A pull needs a polygon in longitude and latitude; got {type(polygon).__name__}.")
    flat: Polygon | MultiPolygon = shapely.force_2d(polygon)
    if flat.is_empty or not np.isfinite(flat.bounds).all():
        raise InputError(
            "The polygon to pull is empty or holds a coordinate that is no number; draw it again."
        )
    outlines.check_cost("The polygon to pull", np.array([flat], dtype=object))
    if not flat.is_valid:
        raise InputError(
            f"The polygon to pull is not valid ({shapely.is_valid_reason(flat)}); draw it without crossings."
        )
    west, south, east, north = flat.bounds
    if not (
        SERVICE_BOX[0] <= west
        and SERVICE_BOX[1] <= south
        and east <= SERVICE_BOX[2]
        and north <= SERVICE_BOX[3]
    ):
        swapped = box(south, west, north, east).within(box(*SERVICE_BOX))
        hint = "latitude and longitude are exchanged" if swapped else "give WGS84 degrees, longitude first"
        raise InputError(
            f"The polygon to pull lies outside the United Kingdom (longitude {west:g} to {east:g}, latitude {south:g} to "
            f"{north:g}); {hint}."
        )
    return flat


def base_tiles(polygon: Polygon | MultiPolygon) -> tuple[Tile, ...]:
    """The polygon as tiles, unsplit: one for each part, or one for parts that lie close together."""
    return _tiles("", _gather(_parts(polygon)))


def split(tile: Tile, *, smallest_m: float = 50.0) -> tuple[Tile, ...]:
    """Cut a tile into the quadrants of its bounding box that hold some of it.

    Returns:
        tuple of Tile: Empty when the box is already below ``smallest_m`` (metres, longer side).
    """
    west, south, east, north = tile.shape.bounds
    if max(east - west, north - south) * _METRES_PER_DEGREE < smallest_m:
        return ()
    x, y = (west + east) / 2, (south + north) / 2
    boxes = (box(west, south, x, y), box(x, south, east, y), box(west, y, x, north), box(x, y, east, north))
    found: list[BaseGeometry] = []
    for quadrant in boxes:
        found += _gather(_parts(shapely.intersection(tile.shape, quadrant)))
    return _tiles(f"{tile.name}.", found)


def inside(polygon: BaseGeometry, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points are in the polygon or on its edge; NaN is not.

    Args:
        polygon: Longitude, latitude (EPSG:4326).
        lon, lat: (n,) degrees.
    """
    shapely.prepare(polygon)
    result = np.isfinite(lon) & np.isfinite(lat)  # GEOS raises on NaN
    result[result] = shapely.dwithin(polygon, shapely.points(lon[result], lat[result]), ON_EDGE)
    return result


def polygonal(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """The polygons in a shape as one geometry, without lines and points; an empty MultiPolygon where there are none."""
    parts = _parts(shape)
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _tiles(prefix: str, shapes: list[BaseGeometry]) -> tuple[Tile, ...]:
    return tuple(Tile(f"{prefix}{i}", s, ring_of(s)) for i, s in enumerate(shapes, start=1))


def _parts(shape: BaseGeometry) -> list[Polygon]:
    """The polygons in a shape; lines and points of a cut lie on the edge of a neighbouring quadrant."""
    return [p for p in shapely.get_parts(shapely.get_parts(shape)) if isinstance(p, Polygon) and p.area > 0]


def _gather(parts: list[Polygon]) -> list[BaseGeometry]:
    """Parts that one ring around them all serves nearly as well, as one shape."""
    if len(parts) < 2:
        return list(parts)
    together = MultiPolygon(parts)
    if len(parts) > _MAX_PARTS or together.convex_hull.area <= 3 * together.area:
        return [together]
    return list(parts)


def ring_of(shape: BaseGeometry) -> str:
    """A ring that covers the shape with a margin, simple enough to be sent, as ``lat,lng:lat,lng:…``.

    Holes are filled and separate parts wrapped in their hull: the answer is cut to the polygon afterwards.
    """
    outline = Polygon(shape.exterior) if isinstance(shape, Polygon) else shape.convex_hull
    tolerance = 0.0
    ring = _widened(outline, tolerance)
    while shapely.get_num_coordinates(ring) > MAX_VERTICES or not ring.covers(outline):
        tolerance = max(2 * tolerance, MARGIN)
        if tolerance > 1.0:
            raise InputError("The polygon to pull is too intricate to be sent; simplify it.")
        ring = _widened(outline if tolerance < 0.05 else outline.convex_hull, tolerance)
    points = shapely.get_coordinates(ring)[:-1]
    return ":".join(f"{lat:.6f},{lon:.6f}" for lon, lat in points)


def _widened(outline: Polygon, tolerance: float) -> Polygon:
    """Simplify by ``tolerance``, widen by that and the margin, round to six decimals; holes are filled."""
    simple = shapely.simplify(outline, tolerance) if tolerance else outline
    wide = shapely.buffer(simple, tolerance + MARGIN, join_style="mitre", mitre_limit=2.0)
    rounded = shapely.set_precision(shapely.segmentize(Polygon(wide.exterior), LONGEST_EDGE), 1e-6)
    # rounding can cut off a spike thinner than the grid; the caller then asks for more tolerance
    return Polygon(rounded.exterior) if isinstance(rounded, Polygon) and not rounded.is_empty else Polygon()
