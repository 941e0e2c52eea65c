"""A route as organisers give it (:mod:`patrol_core.events.route_files`) as one line in the order it is run.

The order of points is never changed: a road that is run out and back counts twice, laps count each time, and a route may cross itself.
Where a file holds several lines they are joined end to start in the file's order; any other order or direction is a guess and is said.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.events.route_files import MOST_BYTES, Parts, parts_of
from patrol_core.files.crs import is_true_metric

if TYPE_CHECKING:
    import geopandas as gpd

SNAP_M = 1.0
"""Ends within this many metres meet."""
MOST_POINTS = 500_000
MOST_PARTS = 5_000


@dataclass(frozen=True, eq=False)
class Route:
    """A route that was read.

    Attributes:
        line: One line from start to finish, in a CRS whose lengths are metres.
        notes: What was left out, bridged or guessed, a sentence each.
    """

    line: gpd.GeoSeries
    notes: tuple[str, ...] = ()


def load_route(name: str, data: bytes) -> Route:
    """A route from a file.

    Args:
        name: Of the file, for messages.
        data: Its content: GPX (tracks, else routes, else waypoints in their order), KML (lines and tracks), or
            lines as GeoJSON (a collection, a feature or a bare geometry), GeoPackage or zipped Shapefile.

    Raises:
        InputError: When the file is of another kind, damaged or too large, holds no line, several that do not
            join, a place that is not on Earth, or a route without length.
    """
    if not data.strip():
        raise InputError(f"{name} is empty; export the route again.")
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} is larger than {MOST_BYTES >> 20} MiB; give the route alone.")
    found = parts_of(name, data)
    if not found.points:
        raise InputError(f"{name} holds no line; give the route as one line.")
    if len(found.points) > MOST_PARTS or sum(map(len, found.points)) > MOST_POINTS:
        raise InputError(
            f"{name} holds {len(found.points):,} lines with {sum(map(len, found.points)):,} points; a route has at most {MOST_PARTS:,} and "
            f"{MOST_POINTS:,}: simplify it."
        )
    metric, crs = _metres(name, found)
    points, notes = _joined(name, metric, found)
    line = shapely.LineString(points)
    if not line.length >= 1:
        raise InputError(f"{name}: the route has no length; draw it again.")
    import geopandas as gpd

    return Route(gpd.GeoSeries([line], crs=crs), (*found.notes, *notes))


def _metres(name: str, found: Parts) -> tuple[list[Floats], Any]:
    """The parts in a CRS whose lengths are metres."""
    import geopandas as gpd
    from pyproj import CRS

    from patrol_core.files.projection import project_points

    crs = CRS.from_user_input(found.crs)
    if not (crs.is_geographic or crs.is_projected):
        raise InputError(
            f"{name} states a coordinate system without a place on Earth; save it as GeoJSON in degrees."
        )
    if is_true_metric(crs.to_wkt()):
        return found.points, crs
    every = np.vstack(found.points)
    if not crs.is_geographic:
        every = np.column_stack(project_points(every[:, 0], every[:, 1], crs.to_wkt(), "EPSG:4326"))
    wrong = ~((np.abs(every[:, 0]) <= 180) & (np.abs(every[:, 1]) <= 90))
    if wrong.any():
        lon, lat = np.vstack(found.points)[int(np.argmax(wrong))]
        raise InputError(
            f"{name} has a point at {lon:g}, {lat:g}, which is not on Earth in the file's coordinate system; correct it."
        )
    spots = gpd.GeoSeries(
        gpd.points_from_xy(every[:, 0], every[:, 1]), crs=4326 if not crs.is_geographic else crs
    )
    try:
        target = spots.estimate_utm_crs()
    except RuntimeError:
        raise InputError(
            f"{name} lies where no UTM zone is (near a pole); give it in a metric CRS."
        ) from None
    metric = spots.to_crs(target)
    cuts = np.cumsum([len(part) for part in found.points])[:-1]
    return np.split(np.column_stack([metric.x, metric.y]), cuts), target


def _joined(name: str, parts: list[Floats], found: Parts) -> tuple[Floats, list[str]]:
    """One line from parts, and sentences on what had to be guessed."""
    gaps = _gaps(parts)
    if gaps.max(initial=0.0) <= SNAP_M:
        return _chained(parts), []
    if found.free:
        turned, count = _turned(parts)
        if _gaps(turned).max() <= SNAP_M:
            return _chained(turned), [
                f"{_parts_were(count)} turned round so that the lines join; check where the route starts."
            ]
        merged = _merged(parts)
        if merged is not None:
            note = (
                f"The {len(parts)} lines of the file stand in no order: they were joined where their ends meet; check where the route starts "
                "and which way it runs."
            )
            return merged, [note]
        if _gaps(turned).max() <= found.gap_m < gaps.max():
            return _chained(turned), [f"{_parts_were(count)} turned round.", _bridged(_gaps(turned))]
    if gaps.max() <= found.gap_m:
        return _chained(parts), [_bridged(gaps)]
    at = int(np.argmax(gaps))
    raise InputError(
        f"{name} holds {len(parts)} {found.word} that do not join to one (numbers {at + 1} and {at + 2} are {gaps[at]:,.0f} m apart); give the "
        "route as one line."
    )


def _chained(parts: Sequence[Floats]) -> Floats:
    """All points in order, the one that two parts share once."""
    rest = (b[1:] if np.array_equal(a[-1], b[0]) else b for a, b in itertools.pairwise(parts))
    return np.vstack([parts[0], *rest])


def _parts_were(count: int) -> str:
    return f"{count} {'line was' if count == 1 else 'lines were'}"


def _bridged(gaps: Floats) -> str:
    wide = gaps[gaps > SNAP_M]
    return (
        f"{len(wide)} {'gap' if len(wide) == 1 else 'gaps'} of up to {wide.max():,.0f} m between the parts of the route "
        f"{'is' if len(wide) == 1 else 'are'} bridged straight."
    )


def _gaps(parts: Sequence[Floats]) -> Floats:
    """Metres from the end of each part to the start of the next."""
    return np.array([float(np.hypot(*(b[0] - a[-1]))) for a, b in itertools.pairwise(parts)])


def _turned(parts: list[Floats]) -> tuple[list[Floats], int]:
    """Parts in their order, each turned so that it begins nearer to where the one before ends; and how many were turned."""

    def away(spot: Floats, part: Floats) -> float:
        return float(min(np.hypot(*(part[0] - spot)), np.hypot(*(part[-1] - spot))))

    first, second = parts[0], parts[1]
    out = [first[::-1] if away(first[0], second) < away(first[-1], second) else first]
    for part in parts[1:]:
        ahead, back = (np.hypot(*(part[k] - out[-1][-1])) for k in (0, -1))
        out.append(part[::-1] if back < ahead else part)
    count = sum(not np.array_equal(a[0], b[0]) for a, b in zip(parts, out, strict=True))
    return out, count


def _merged(parts: list[Floats]) -> Floats | None:
    """The one line that all parts make where no more than two ends meet anywhere; None where they make none."""
    ends = np.vstack([part[k] for part in parts for k in (0, -1)])
    near = cKDTree(ends).query_pairs(SNAP_M, output_type="ndarray")
    graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(ends), len(ends)))
    _, label = connected_components(graph, directed=False)
    spot = {int(place): ends[k] for k, place in reversed(list(enumerate(label.tolist())))}
    pinned = [
        np.vstack([spot[int(label[2 * k])], part[1:-1], spot[int(label[2 * k + 1])]])
        for k, part in enumerate(parts)
    ]
    whole = shapely.line_merge(shapely.MultiLineString(pinned))
    if whole.geom_type != "LineString":
        return None
    points = np.asarray(shapely.get_coordinates(whole))
    if len(points) != sum(map(len, parts)) - len(parts) + 1:
        return None
    start = parts[0][0]
    if np.hypot(*(points[-1] - start)) < np.hypot(*(points[0] - start)):
        points = points[::-1]
    return points
