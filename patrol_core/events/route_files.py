"""The lines of a route in a file as organisers give it: GPX, KML, GeoJSON, GeoPackage or zipped Shapefile."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.strict_json import load_json
from patrol_core.files.xml_files import is_xml, local, read_xml

KINDS = "GPX, KML, GeoJSON, GeoPackage or a zipped Shapefile"
GAP_M, PAUSE_M = 100.0, 2000.0
"""Longest gap that is bridged straight: between lines, and between the segments of one track, whose order is certain."""
MOST_BYTES = 100 * 2**20
GEOMETRIES = frozenset(
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)
DEEPEST = 20


@dataclass(frozen=True, eq=False)
class Parts:
    """Lines of a file.

    Attributes:
        points: Of each line, in the order of the file, shape (k, 2), in ``crs``.
        word: What the lines are called.
        gap_m: Longest gap that is bridged, metres.
        free: Whether lines may be turned round.
        notes: What was left out, a sentence each.
    """

    points: list[Floats]
    crs: Any
    word: str
    gap_m: float
    free: bool
    notes: tuple[str, ...] = ()


def parts_of(name: str, data: bytes) -> Parts:
    """The lines of a file, as :func:`patrol_core.events.route.load_route` takes it."""
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


def _gpx(name: str, root: ET.Element) -> Parts:
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
        return Parts([segment for track in tracks for segment in track], 4326, word, gap, False, notes)
    if routes:
        return Parts(routes, 4326, "routes", GAP_M, False)
    waypoints = _marks(name, root, "wpt")
    if len(waypoints) < 2:
        raise InputError(f"{name} holds no track and no route; export the route as a track.")
    note = f"The file holds {len(waypoints):,} waypoints and no track: they are joined straight in the order of the file."
    return Parts([waypoints], 4326, "waypoints", GAP_M, False, (note,))


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


def _kml(name: str, root: ET.Element) -> Parts:
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
    return Parts(points, 4326, "lines", GAP_M, True)


# ---------------------------------------------------------------- tables of features


def _features(name: str, data: bytes) -> Parts:
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
    return Parts(points, table.crs, "lines", GAP_M, True, tuple(notes))


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
