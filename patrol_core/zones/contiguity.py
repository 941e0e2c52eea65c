"""Which zones touch (queen contiguity: a common edge or a common point), hairline gaps between drawn zones left aside."""

from __future__ import annotations

import geopandas as gpd
import shapely

from patrol_core.files.crs import is_metric
from patrol_core.sources.zone_tables import HAIRLINE_M, hairline_gaps

#: Corners of hexagons are equal only up to rounding; hexagons this close (metres) touch.
_HEX_TOLERANCE_M = 0.01


def neighbours(zones: gpd.GeoDataFrame, *, tolerance_m: float | None = None) -> dict[str, list[str]]:
    """Queen neighbours of every zone, by id, in the order of the zones; a zone without any has an empty list.

    Uses shapely's own tree, as libpysal's ``Queen`` with exact geometry does, without libpysal's import time.

    Args:
        tolerance_m: Zones at most this far apart count as touching. When None, exact contact; but hexagons get
            a centimetre, and polygons that run beside each other with hairline gaps get the width of such a gap
            (:data:`patrol_core.sources.zone_tables.fit.HAIRLINE_M`), which is reported when the boundaries are
            read.
    """
    shapes = zones.geometry.to_numpy()
    if tolerance_m is None:
        tolerance_m = _tolerance(zones)
    tree = shapely.STRtree(shapes)
    if tolerance_m > 0:
        left, right = tree.query(shapes, predicate="dwithin", distance=tolerance_m)
    else:
        left, right = tree.query(shapes, predicate="intersects")
    ids = [str(i) for i in zones.index]
    found: dict[str, list[int]] = {i: [] for i in ids}
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a != b:
            found[ids[a]].append(b)
    return {zone: [ids[b] for b in sorted(others)] for zone, others in found.items()}


def _tolerance(zones: gpd.GeoDataFrame) -> float:
    system = zones.attrs.get("system")
    if system == "hex":
        return _HEX_TOLERANCE_M
    if system == "grid" or zones.crs is None or not is_metric(zones.crs.to_wkt()):
        return 0.0
    return HAIRLINE_M if len(hairline_gaps(zones.geometry.to_numpy())) else 0.0
