"""Travel times between places: straight with a detour factor, or along a network of streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

DETOUR = 1.3
"""Way over straight distance in a town, where there is no network; an assumption."""
SNAP_M = 0.5
"""Ends of streets within this many metres are one crossing."""


def straight_times(x: Floats, y: Floats, *, speed_kmh: float, detour: float = DETOUR) -> Floats:
    """Hours between places in metres, straight distance times ``detour`` at a speed.

    Args:
        x, y: Places in metres, (n,) each.
        speed_kmh: How fast units move.
        detour: Way over straight distance, at least 1.

    Raises:
        InputError: When the speed or the detour is not above 0.
    """
    _check_speed(speed_kmh)
    if not detour >= 1:
        raise InputError(f"The detour factor is {detour:g}; give 1 or more.")
    distance = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    return np.asarray(distance * detour / 1000.0 / speed_kmh)


def street_times(streets: gpd.GeoDataFrame, x: Floats, y: Floats, *, speed_kmh: float) -> Floats:
    """Hours between places along streets; each place stands at its nearest crossing.

    Args:
        speed_kmh: How fast units move.
        streets: Lines in a metric CRS, cut at crossings; walked or driven both ways.
        x, y: Places in the same CRS, metres.

    Returns:
        array: Shape (n, n); infinite where the streets do not connect.

    Raises:
        InputError: When the CRS is in degrees, a street is no line, there is none, or the speed is not above 0.
    """
    _check_speed(speed_kmh)
    crossings, first, second, length = street_graph(streets)
    size = len(crossings)
    graph = coo_array((length, (first, second)), shape=(size, size)).tocsr()
    nearest = cKDTree(crossings).query(np.column_stack([x, y]))[1]
    distance = dijkstra(graph, directed=False, indices=nearest)[:, nearest]
    return np.asarray(distance / 1000.0 / speed_kmh)


def street_graph(streets: gpd.GeoDataFrame) -> tuple[Floats, np.ndarray, np.ndarray, Floats]:
    """Crossings (k, 2), and both ends and the length in metres of every street; of twin streets the shortest.

    Raises:
        InputError: As :func:`street_times`.
    """
    if not len(streets):
        raise InputError("There is no street; give lines.")
    if streets.crs is not None and streets.crs.is_geographic:
        raise InputError(
            "The streets are in degrees; convert them to a metric CRS, such as EPSG:27700, before times are measured."
        )
    lines = streets.geometry.to_numpy()
    if not (shapely.get_type_id(lines) == 1).all():
        wrong = int(np.argmax(shapely.get_type_id(lines) != 1))
        raise InputError(f"Street {streets.index[wrong]} is a {lines[wrong].geom_type}; give simple lines.")
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)])
    cells, number = np.unique(np.round(ends / SNAP_M).astype(np.int64), axis=0, return_inverse=True)
    number = number.ravel()
    first, second = number[: len(lines)], number[len(lines) :]
    crossings = np.zeros((len(cells), 2))
    crossings[number] = ends
    length = shapely.length(lines)
    low, high = np.minimum(first, second), np.maximum(first, second)
    keep = low != high
    order = np.lexsort((length[keep], high[keep], low[keep]))
    pairs = np.column_stack([low[keep], high[keep]])[order]
    once = np.ones(len(pairs), dtype=bool)
    once[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return crossings, pairs[once, 0], pairs[once, 1], length[keep][order][once]


def _check_speed(speed_kmh: float) -> None:
    if not (np.isfinite(speed_kmh) and speed_kmh > 0):
        raise InputError(f"The speed is {speed_kmh:g} km/h; give a number above 0.")
