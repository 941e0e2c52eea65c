"""Roads from OpenStreetMap: extracts (.osm.pbf, .osm), answers of Overpass (JSON), and OSMnx where it is installed.

Ways with a ``highway`` tag that can be used now; cut where ways share a node, so that bridges and tunnels stay apart from what they cross.
A PBF is read by GDAL, which hands over lines without node ids: there equal coordinates are one node.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from patrol_core.errors import InputError, SourceError
from patrol_core.files.gdal_guard import PBF_MARK, read_pbf_lines
from patrol_core.files.strict_json import load_json
from patrol_core.graphs.network import Floats
from patrol_core.graphs.road_graphml import refuse_doctype, roads_from_graph
from patrol_core.graphs.road_parts import Roads, build, counted, to_metres

MOST_WAYS = 2_000_000
"""Roads of one extract."""
NOT_A_ROAD = frozenset(
    [
        "abandoned",
        "bus_stop",
        "construction",
        "corridor",
        "crossing",
        "disused",
        "elevator",
        "emergency_bay",
        "platform",
        "proposed",
        "raceway",
        "razed",
        "rest_area",
        "services",
        "street_lamp",
        "traffic_signals",
        "via_ferrata",
    ]
)
ON_FOOT = frozenset(["footway", "path", "steps", "cycleway", "bridleway", "pedestrian"])
ATTRIBUTION = "Map data from OpenStreetMap contributors (ODbL)."
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """A way: its id, nodes in order, and tags."""

    name: str
    nodes: tuple[str, ...]
    tags: Tags


def is_road(tags: Tags, *, on_foot: bool) -> bool:
    """Whether a way can be passed: ways for feet and bicycles only where asked for."""
    kind = tags.get("highway", "")
    return (
        bool(kind)
        and kind not in NOT_A_ROAD
        and (on_foot or kind not in ON_FOOT)
        and tags.get("area") != "yes"
    )


def direction(tags: Tags) -> int:
    """1 along the way only, -1 against it only, 0 both."""
    said = tags.get("oneway", "").lower()
    if said in ("-1", "reverse"):
        return -1
    if said in ("no", "false", "0"):
        return 0
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return 1 if said in ("yes", "true", "1") or implied else 0


def roads_from_ways(
    name: str,
    places: Mapping[str, tuple[float, float]],
    ways: Sequence[Way],
    *,
    respect_oneway: bool = False,
    on_foot: bool = False,
) -> Roads:
    """Roads of ways, cut at the nodes that several share.

    Parameters
    ----------
    places
        Node -> (longitude, latitude).
    respect_oneway
        Keep one-way streets; else all are passed both ways.
    on_foot
        With footways, paths, steps and cycleways.

    Raises
    ------
    InputError
        When there is no road, or no node of any has a place.
    """
    kept = [way for way in ways if is_road(way.tags, on_foot=on_foot)]
    if not kept:
        raise InputError(
            f"{name} holds no way with a highway tag that can be used; give an extract with streets."
        )
    runs = [(way, run) for way in kept for run in _known_runs(way, places)]
    if not runs:
        raise InputError(
            f"{name}: node {kept[0].nodes[0] if kept[0].nodes else '?'} of way {kept[0].name} has no place, nor has any other; "
            "export the nodes too (Overpass: out body; >; out skel;)."
        )
    lost = sum(len(way.nodes) for way in kept) - sum(len(run) for _, run in runs)
    notes = [ATTRIBUTION]
    if lost:
        notes.append(
            f"{counted(lost, 'node', 'nodes')} of ways beyond the extract have no place; the ways end there."
        )
    pieces = list(_cut_where_shared(runs))
    index = {node: k for k, node in enumerate(dict.fromkeys(node for _, run in pieces for node in run))}
    metres, crs = to_metres(np.array([places[node] for node in index], dtype=float), name)
    ends = list(dict.fromkeys(node for _, run in pieces for node in (run[0], run[-1])))
    return build(
        name,
        [(run[0], run[-1]) for _, run in pieces],
        edge_ids=[way.name for way, _ in pieces],
        oneway=[respect_oneway and direction(way.tags) != 0 for way, _ in pieces],
        guardable=[True] * len(pieces),
        nodes=ends,
        xy=metres[[index[node] for node in ends]],
        shapes=[metres[[index[node] for node in run]] for _, run in pieces],
        crs=crs,
        notes=notes,
    )


def _known_runs(way: Way, places: Mapping[str, tuple[float, float]]) -> Iterator[tuple[str, ...]]:
    """Stretches of a way whose nodes have places, in the direction in which it may be passed."""
    nodes = way.nodes if direction(way.tags) >= 0 else way.nodes[::-1]
    run: list[str] = []
    for node in (*nodes, None):
        if node is not None and node in places:
            if not run or run[-1] != node:
                run.append(node)
            continue
        if len(run) > 1:
            yield tuple(run)
        run = []


def _cut_where_shared(runs: Sequence[tuple[Way, tuple[str, ...]]]) -> Iterator[tuple[Way, tuple[str, ...]]]:
    often = Counter(node for _, run in runs for node in run)
    for way, run in runs:
        start = 0
        for k in range(1, len(run)):
            if k == len(run) - 1 or often[run[k]] > 1:
                yield way, run[start : k + 1]
                start = k


def roads_from_overpass(name: str, data: bytes, **choices: bool) -> Roads:
    """Roads of an answer of Overpass (``[out:json]`` with ways and their nodes).

    Raises
    ------
    InputError
        When it is damaged or holds no roads.
    """
    document = load_json(data, name)
    elements = document.get("elements") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        raise InputError(f"{name} is no answer of Overpass: there is no list of elements; fetch it again.")
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    for position, element in enumerate(elements, start=1):
        try:
            kind = element["type"]
            if kind == "node":
                places[str(element["id"])] = (float(element["lon"]), float(element["lat"]))
            elif kind == "way":
                ways.append(_overpass_way(element, places))
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{name}, element {position} lacks its type, id, place or nodes; fetch it again."
            ) from None
    return roads_from_ways(name, places, ways, **choices)


def _overpass_way(element: Mapping[str, Any], places: dict[str, tuple[float, float]]) -> Way:
    """A way; its own geometry (``out geom``) gives places to its nodes."""
    nodes = tuple(str(node) for node in element["nodes"])
    for node, spot in zip(nodes, element.get("geometry") or (), strict=False):
        if spot is not None:
            places[node] = (float(spot["lon"]), float(spot["lat"]))
    tags = {str(key): str(value) for key, value in (element.get("tags") or {}).items()}
    return Way(str(element["id"]), nodes, tags)


def roads_from_osm_xml(name: str, data: bytes, **choices: bool) -> Roads:
    """Roads of an OpenStreetMap extract in XML.

    Raises
    ------
    InputError
        When it is damaged or holds no roads.
    """
    refuse_doctype(name, data)
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    try:
        for element in ET.fromstring(data):  # noqa: S314 - see the import
            if element.tag == "node" and "lon" in element.attrib and "lat" in element.attrib:
                places[element.attrib["id"]] = (float(element.attrib["lon"]), float(element.attrib["lat"]))
            elif element.tag == "way":
                tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
                nodes = tuple(node.attrib["ref"] for node in element.iter("nd"))
                ways.append(Way(element.attrib["id"], nodes, tags))
    except ET.ParseError as error:
        raise InputError(
            f"{name} line {error.position[0]}: the XML is cut off or damaged; export it again."
        ) from None
    except (KeyError, ValueError) as error:
        raise InputError(f"{name} is no sound OpenStreetMap extract ({error}); export it again.") from None
    return roads_from_ways(name, places, ways, **choices)


def roads_from_pbf(name: str, data: bytes, **choices: bool) -> Roads:
    """Roads of an OpenStreetMap extract as PBF, through GDAL.

    Raises
    ------
    InputError
        When it is damaged or holds no roads.
    """
    lines = read_pbf_lines(name, data, where="highway IS NOT NULL", most=MOST_WAYS)
    if len(lines) > MOST_WAYS:
        raise InputError(f"{name} holds more than {MOST_WAYS:,} roads; cut out your area.")
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    for way, kind, more, line in zip(
        lines["osm_id"], lines["highway"], lines["other_tags"], lines.geometry.to_numpy(), strict=True
    ):
        nodes = tuple(_node_at(point, places) for point in shapely.get_coordinates(line))
        ways.append(Way(str(way), nodes, {**_tags(more), "highway": str(kind)}))
    return roads_from_ways(name, places, ways, **choices)


def _node_at(point: Floats, places: dict[str, tuple[float, float]]) -> str:
    """The node at a place, degrees to seven decimals, as OpenStreetMap keeps them."""
    lon, lat = round(float(point[0]), 7), round(float(point[1]), 7)
    node = f"{lon:.7f} {lat:.7f}"
    places[node] = (lon, lat)
    return node


def _tags(text: Any) -> dict[str, str]:
    """GDAL's ``"key"=>"value",...`` as a table."""
    if not isinstance(text, str) or not text:
        return {}
    out = {}
    for part in text.strip('"').split('","'):
        key, _, value = part.partition('"=>"')
        out[key] = value
    return out


def roads_from_osmnx(place: str, *, respect_oneway: bool = False, on_foot: bool = False) -> Roads:
    """Roads of a named place by OSMnx, which must be installed and reach the internet.

    Raises
    ------
    InputError
        When OSMnx is not installed.
    SourceError
        When the place was not found or the service not reached.
    """
    try:
        import osmnx  # type: ignore[import-not-found]
    except ImportError:
        raise InputError(
            "OSMnx is not installed here; give an OpenStreetMap extract (.osm.pbf, .osm) or an answer of Overpass as a file instead."
        ) from None
    try:
        graph = osmnx.graph_from_place(place, network_type="all" if on_foot else "drive")
    except (OSError, ValueError) as error:
        raise SourceError(
            f"OSMnx has no streets for {place!r} ({error}); check the name and the internet."
        ) from error
    return roads_from_graph(place, graph, respect_oneway=respect_oneway)
