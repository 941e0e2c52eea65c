"""When zones are so small that snap points, not crime, decide the pattern.

Every published point is one of about 750,000 anonymised map points; all crime around it is moved there. If
most zones hold one or two such points, whether a zone is "hot" depends on which side of a border the point
fell.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from patrol_core.areas import UK_CRS, AreaData, Finding
from patrol_core.files.projection import unique_points
from patrol_core.zones.assign import locate

#: Zones with at most this many snap points are decided by them.
FEW_POINTS = 2
#: Warn when more than this share of the zones with crime hold few snap points ...
MAX_SHARE = 0.25
#: ... or when the median zone with crime holds fewer than this many.
MIN_MEDIAN = 4


@dataclass(frozen=True, slots=True)
class SnapCount:
    """Snap points per zone: of the zones with crime, how many hold few points, and the median."""

    zones_with_points: int
    zones_with_few: int
    median_points: float

    @property
    def share_few(self) -> float:
        """Share of the zones with crime that hold few points."""
        return self.zones_with_few / self.zones_with_points if self.zones_with_points else 0.0


def snap_points(data: AreaData, zones: gpd.GeoDataFrame) -> SnapCount | None:
    """Count distinct published points per zone (by position); None where there are no points or they are not anonymised.

    Snapping is police.uk's way; points of other countries (GeoDaNet) are taken as they are.
    """
    if data.crimes is None or data.crs != UK_CRS:
        return None
    x, y, _ = unique_points(data.crimes["x"].to_numpy(), data.crimes["y"].to_numpy())
    at = locate(zones, x, y)
    points = np.bincount(at[at >= 0], minlength=1)
    points = points[points > 0]
    if not len(points):
        return None
    return SnapCount(len(points), int((points <= FEW_POINTS).sum()), float(np.median(points)))


def snap_point_warning(data: AreaData, zones: gpd.GeoDataFrame) -> Finding | None:
    """A warning when snap points rather than crime decide the pattern, else None."""
    count = snap_points(data, zones)
    if count is None or (count.share_few <= MAX_SHARE and count.median_points >= MIN_MEDIAN):
        return None
    return Finding(
        "warning",
        f"Zones are too small for anonymised points: {count.zones_with_few:,} of {count.zones_with_points:,} "
        f"zones with crime hold at most {FEW_POINTS} published points (median {count.median_points:g}), so "
        "the points, not the crime, decide the pattern; choose larger zones.",
        count.zones_with_few,
    )
