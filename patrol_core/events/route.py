"""A route as organisers give it: GPX, KML, GeoJSON, GeoPackage or zipped Shapefile, as one line in the order it is run.

The order of points is never changed: a road that is run out and back counts twice, laps count each time, and a route may cross itself.
Where a file holds several lines they are joined end to start in the file's order; any other order or direction is a guess and is said.
"""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.crs import is_true_metric
from patrol_core.files.strict_json import load_json
from patrol_core.files.xml_files import is_xml, local, read_xml

if TYPE_CHECKING:
    import geopandas as gpd

KINDS = "GPX, KML, GeoJSON, GeoPackage or a zipped Shapefile"
SNAP_M = 1.0
"""Ends within this many metres meet."""
GAP_M, PAUSE_M = 100.0, 2000.0
"""Longest gap that is bridged straight: between lines, and between the segments of one track, whose order is certain."""
MOST_POINTS = 500_000
MOST_BYTES = 100 * 2**20
MOST_PARTS = 5_000
GEOMETRIES = frozenset(
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)
LINE, COLLECTION = 1, 7
DEEPEST = 20


@dataclass(frozen=True, eq=False)
class Route:
    """A route that was read.

    Attributes
    ----------
    line
        One line from start to finish, in a CRS whose lengths are metres.
    notes
        What was left out, bridged or guessed, a sentence each.
    """

    line: gpd.GeoSeries
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Parts:
    """Lines of a file in its order: points (k, 2) in ``crs``; what they are called, the longest gap, and whether they may be turned round."""

    points: list[Floats]
    crs: Any
    word: str
    gap_m: float
    free: bool
    notes: tuple[str, ...] = ()


def read_route(name: str, data: bytes) -> gpd.GeoSeries:
    """The line of :func:`load_route`, without its notes.

    Parameters
    ----------
    name
        Of the file, for messages.
    data
        Its content.

    Raises
    ------
    InputError
        As :func:`load_route`.
    """
    return load_route(name, data).line


def load_route(name: str, data: bytes) -> Route:
    """A route from a file.

    Parameters
    ----------
    name
        Of the file, for messages.
    data
        Its content: GPX (tracks, else routes, else waypoints in their order), KML (lines and tracks), or lines as GeoJSON (a collection, a
        feature or a bare geometry), GeoPackage or zipped Shapefile.

    Raises
    ------
    InputError
        When the file is of another kind, damaged or too large, holds no line, several that do not join, a place that is not on Earth, or a
        route without length.
    """
    if not data.strip():
        raise InputError(f"{name} is empty; export the route again.")
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} is larger than {MOST_BYTES >> 20} MiB; give the route alone.")
    found = _parts(name, data)
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


def _parts(name: str, data: bytes) -> _Parts:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if is_xml(data) or (wide and b"<" in data[:6]):
        root = read_xml(name, data)
        kind = local(root.tag)
        if kind == "gpx":
            return _gpx(name, root)
        if kind == "kml":
            return _kml(name, root)
        raise InputError(f"{name} is XML of the kind {kind[:30]!r}; give the route as {KINDS}.")
    if name.lower().endswith(".kmz"):
        raise InputError(f"{name} is a KMZ; unzip it and give the .kml that is in it.")
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] != b"{" and data[:2] != b"PK" and data[:16] != b"SQLite format 3\x00":
        raise InputError(f"{name} is no route that can be read; give {KINDS}.")
    return _features(name, _as_collection(name, data))


# ---------------------------------------------------------------- GPX and KML


def _gpx(name: str, root: ET.Element) -> _Parts:
    tracks = [
        segments
        for track in _named(root, "trk")
        if (segments := [s for part in _named(track, "trkseg") if len(s := _marks(name, part, "trkpt")) > 1])
    ]
    routes = [points for one in _named(root, "rte") if len(points := _marks(name, one, "rtept")) > 1]
    if tracks:
        notes = _beside(routes=len(routes))
        several = len(tracks) > 1
        word, gap = ("tracks", GAP_M) if several else ("segments", PAUSE_M)
        return _Parts([segment for track in tracks for segment in track], 4326, word, gap, False, notes)
    if routes:
        return _Parts(routes, 4326, "routes", GAP_M, False)
    waypoints = _marks(name, root, "wpt")
    if len(waypoints) < 2:
        raise InputError(f"{name} holds no track and no route; export the route as a track.")
    note = f"The file holds {len(waypoints):,} waypoints and no track: they are joined straight in the order of the file."
    return _Parts([waypoints], 4326, "waypoints", GAP_M, False, (note,))


def _beside(*, routes: int) -> tuple[str, ...]:
    if not routes:
        return ()
    return (
        f"The track is used; {routes:,} planned {'route' if routes == 1 else 'routes'} beside it left out.",
    )


def _named(parent: ET.Element, word: str) -> Iterator[ET.Element]:
    return (child for child in parent if local(child.tag) == word)


def _marks(name: str, parent: ET.Element, word: str) -> Floats:
    """Longitude and latitude of the points of that name, in order, shape (k, 2)."""
    rows = []
    for number, mark in enumerate(_named(parent, word), start=1):
        try:
            rows.append((float(mark.attrib["lon"]), float(mark.attrib["lat"])))
        except (KeyError, ValueError):
            raise InputError(
                f"{name}: {word} {number} has no lon and lat that are numbers; export it again."
            ) from None
    return np.array(rows, dtype=float).reshape(-1, 2)


def _kml(name: str, root: ET.Element) -> _Parts:
    """Lines and tracks of a KML in the order of the document; outlines of areas are no lines."""
    points = []
    for element in root.iter():
        kind = local(element.tag)
        if kind == "linestring":
            text = next((part.text or "" for part in _named(element, "coordinates")), "")
            rows = [spot.split(",")[:2] for spot in text.split()]
        elif kind == "track":
            rows = [(part.text or "").split()[:2] for part in _named(element, "coord")]
        else:
            continue
        try:
            found = np.array([(float(lon), float(lat)) for lon, lat in rows], dtype=float).reshape(-1, 2)
        except ValueError:
            raise InputError(
                f"{name}: a line has coordinates that are no pairs of numbers; export it again."
            ) from None
        if len(found) > 1:
            points.append(found)
    return _Parts(points, 4326, "lines", GAP_M, True)


# ---------------------------------------------------------------- tables of features


def _features(name: str, data: bytes) -> _Parts:
    from patrol_core.files.vector_files import read_features

    table = read_features(name, data, lines=True)
    points: list[Floats] = []
    other = empty = 0
    for number, shape in enumerate(table.geometry, start=1):
        if shape is None or shape.is_empty:
            empty += 1
            continue
        for part in _lines_of(shape):
            if part is None:
                other += 1
                continue
            found = shapely.get_coordinates(part)
            if not np.isfinite(found).all():
                raise InputError(
                    f"{name}, feature {number} has coordinates that are no numbers; draw it again."
                )
            if len(found) > 1:
                points.append(found)
            else:
                empty += 1
    if points and table.crs is None:
        raise InputError(
            f"{name} states no coordinate system; save it as GeoJSON in degrees or with its CRS."
        )
    notes = []
    if other:
        notes.append(
            f"{other:,} {'shape that is no line was' if other == 1 else 'shapes that are no lines were'} left out."
        )
    if empty:
        notes.append(f"{empty:,} empty {'feature was' if empty == 1 else 'features were'} left out.")
    return _Parts(points, table.crs, "lines", GAP_M, True, tuple(notes))


def _lines_of(shape: Any, depth: int = 0) -> Iterator[Any]:
    """Lines of a shape in order, collections opened; None for every part that is no line."""
    if shape.geom_type == "LineString":
        yield shape
    elif shape.geom_type in ("MultiLineString", "GeometryCollection") and depth < DEEPEST:
        for part in shapely.get_parts(shape):
            yield from _lines_of(part, depth + 1)
    else:
        yield None


def _as_collection(name: str, data: bytes) -> bytes:
    """A bare GeoJSON geometry or feature as a collection; anything else as it is."""
    if data[:2] == b"PK" or data[:6] == b"SQLite":
        return data
    found = load_json(data, name, most_bytes=MOST_BYTES)
    if not isinstance(found, dict) or "features" in found:
        return data
    if "geometry" in found:
        feature = found
    elif found.get("type") in GEOMETRIES:
        feature = {"type": "Feature", "properties": {}, "geometry": found}
    else:
        return data
    whole = {"type": "FeatureCollection", "features": [feature]}
    if "crs" in found:
        whole["crs"] = found["crs"]
    return json.dumps(whole).encode()


# ---------------------------------------------------------------- one line


def _metres(name: str, found: _Parts) -> tuple[list[Floats], Any]:
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


def _joined(name: str, parts: list[Floats], found: _Parts) -> tuple[Floats, list[str]]:
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
