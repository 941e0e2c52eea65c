"""Names for maps in an OpenStreetMap extract: places, railway stations, main roads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import shapely

from patrol_core.errors import InputError
from patrol_core.files.gdal.guard import is_pbf, read_pbf_lines, read_pbf_points
from patrol_core.files.xml_files import local, read_xml
from patrol_core.roads.osm import tags_of
from patrol_core.roads.parts import number
from patrol_core.sources.store import Label

PLACES = {
    "city": "city",
    "town": "town",
    "borough": "suburb",
    "suburb": "suburb",
    "quarter": "suburb",
    "village": "village",
    "hamlet": "village",
    "neighbourhood": "neighbourhood",
}
"""``place`` in OpenStreetMap, and what it is called here."""
MAIN = ("motorway", "trunk", "primary", "secondary")
"""``highway`` whose names are kept."""
MOST = 20_000
LONGEST = 80


def labels_of(name: str, data: bytes) -> list[Label]:
    """Names in an extract, each kind and name of a road once.

    Args:
        name: Of the file, for messages.
        data: A ``.osm.pbf`` or ``.osm``.

    Raises:
        InputError: When it is neither, is damaged, or too large.
    """
    found = _of_pbf(name, data) if is_pbf(data) else _of_xml(name, data)
    once: dict[tuple[str, ...], Label] = {}
    for label in found:
        place = () if label.kind == "road" else (f"{label.lon:.3f}", f"{label.lat:.3f}")
        once.setdefault((label.kind, label.text, *place), label)
    return sorted(once.values(), key=lambda label: (label.kind, label.text, label.lon, label.lat))


def kind_of(tags: Mapping[str, str]) -> str:
    """What a point with these tags is called here; "" when its name is not kept."""
    if tags.get("railway") == "station":
        return "station"
    return PLACES.get(tags.get("place", ""), "")


def _of_pbf(name: str, data: bytes) -> Iterator[Label]:
    where = 'name IS NOT NULL AND (place IS NOT NULL OR other_tags LIKE \'%"railway"=>"station"%\')'
    points = read_pbf_points(name, data, where=where, most=MOST)
    listed = ",".join(f"'{kind}'" for kind in MAIN)
    roads = read_pbf_lines(name, data, where=f"name IS NOT NULL AND highway IN ({listed})", most=10 * MOST)
    if len(points) > MOST or len(roads) > 10 * MOST:
        raise InputError(f"{name} holds more names than a map can use; cut out your area.")
    for text, place, more, point in zip(
        points["name"], points["place"], points["other_tags"], points.geometry, strict=True
    ):
        kind = kind_of({**tags_of(more), "place": str(place or "")})
        if kind:
            yield Label(_short(text), kind, float(point.x), float(point.y))
    for text, line in zip(roads["name"], roads.geometry.to_numpy(), strict=True):
        lon, lat = shapely.get_coordinates(line)[len(line.coords) // 2]
        yield Label(_short(text), "road", float(lon), float(lat))


def _of_xml(name: str, data: bytes) -> Iterator[Label]:
    places: dict[str, tuple[float, float]] = {}
    for element in read_xml(name, data):
        kind, marks = local(element.tag), element.attrib
        tags = {tag.attrib.get("k", ""): tag.attrib.get("v", "") for tag in element.iter("tag")}
        if kind == "node" and {"id", "lon", "lat"} <= set(marks):
            where = f"{name}, node {marks['id'][:40]}"
            spot = number(marks["lon"], f"{where}: lon"), number(marks["lat"], f"{where}: lat")
            places[marks["id"]] = spot
            if tags.get("name") and kind_of(tags):
                yield Label(_short(tags["name"]), kind_of(tags), *spot)
        elif kind == "way" and tags.get("name") and tags.get("highway") in MAIN:
            nodes = [ref for node in element.iter("nd") if (ref := node.attrib.get("ref", "")) in places]
            if nodes:
                yield Label(_short(tags["name"]), "road", *places[nodes[len(nodes) // 2]])


def _short(text: object) -> str:
    return " ".join(str(text).split())[:LONGEST]
