"""Names on a map: wards of the zones, and places, stations and main roads where the data know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np

from patrol_core.sources.store import Label
from patrol_core.zones import UNKNOWN

KINDS = ("city", "town", "suburb", "ward", "village", "station", "neighbourhood", "road")
"""What is named (wards beside the kinds of the store), in the order in which names make way for each other."""
MOST = 400
LONGEST = 40


def ward_labels(zones: gpd.GeoDataFrame) -> list[Label]:
    """The name of every ward in the zone nearest to its middle; none where wards have no names, or are the zones.

    Args:
        zones: In EPSG:4326 or a plane; column ``ward``.
    """
    wards = zones["ward"].astype(str).to_numpy() if "ward" in zones else np.array([])
    names = [name for name in dict.fromkeys(wards) if name and name != UNKNOWN]
    if len(names) < 2 or len(names) > MOST:
        return []
    spots = zones.geometry.representative_point()
    xy = np.column_stack([spots.x, spots.y])
    out = []
    for name in names:
        mine = xy[wards == name]
        x, y = mine[np.argmin(((mine - mine.mean(axis=0)) ** 2).sum(axis=1))]
        out.append(Label(name, "ward", float(x), float(y)))
    return out


def packed(
    labels: Iterable[Label], bounds: Sequence[float] | None = None
) -> list[tuple[str, str, float, float]]:
    """Labels as the map's script takes them, most important first.

    Args:
        labels: Of any kinds.
        bounds: West, south, east, north; names beyond are left out.
    """
    inside = [
        one
        for one in labels
        if bounds is None or (bounds[0] <= one.lon <= bounds[2] and bounds[1] <= one.lat <= bounds[3])
    ]
    rank = {kind: place for place, kind in enumerate(KINDS)}
    inside.sort(key=lambda one: rank.get(one.kind, len(KINDS)))
    return [(one.text[:LONGEST], one.kind, round(one.lon, 6), round(one.lat, 6)) for one in inside[:MOST]]
