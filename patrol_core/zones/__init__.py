"""Zones of an area and the crimes in them: grids, hexagons, published polygons, wards."""

from __future__ import annotations

from patrol_core.zones.assign import Placement, count_crimes, locate, placed_points
from patrol_core.zones.contiguity import neighbours
from patrol_core.zones.make import make_zones
from patrol_core.zones.plane import is_located, simplified, to_degrees
from patrol_core.zones.polygons import UNKNOWN
from patrol_core.zones.snap import snap_point_warning, snap_points

__all__ = [
    "UNKNOWN",
    "Placement",
    "count_crimes",
    "is_located",
    "locate",
    "make_zones",
    "neighbours",
    "placed_points",
    "simplified",
    "snap_point_warning",
    "snap_points",
    "to_degrees",
]
