"""Zones of an area and the crimes in them: grids, hexagons, published polygons, wards."""

from __future__ import annotations

from patrol_core.zones.assign import Placement, count_crimes, locate, placed_points
from patrol_core.zones.make import make_zones
from patrol_core.zones.neighbours import neighbours
from patrol_core.zones.plane import to_lonlat
from patrol_core.zones.snap import snap_point_warning

__all__ = [
    "Placement",
    "count_crimes",
    "locate",
    "make_zones",
    "neighbours",
    "placed_points",
    "snap_point_warning",
    "to_lonlat",
]
