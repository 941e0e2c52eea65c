"""Which zones touch (queen contiguity: a common edge or a common point)."""

from __future__ import annotations

import geopandas as gpd
import shapely

#: Corners of hexagons are equal only up to rounding; hexagons this close (metres) touch.
_HEX_TOLERANCE_M = 0.01


def neighbours(zones: gpd.GeoDataFrame, *, tolerance_m: float | None = None) -> dict[str, list[str]]:
    """Queen neighbours of every zone, by id, in the order of the zones; a zone without any has an empty list.

    Uses shapely's own tree, as libpysal's ``Queen`` with exact geometry does, without libpysal's import time.

    Parameters
    ----------
    tolerance_m
        Zones at most this far apart count as touching (for generalised boundaries with gaps). Exact
        contact when None, except that hexagons get a centimetre.
    """
    if tolerance_m is None:
        tolerance_m = _HEX_TOLERANCE_M if zones.attrs.get("system") == "hex" else 0.0
    shapes = zones.geometry.to_numpy()
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
