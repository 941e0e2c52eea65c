"""Roads from OpenStreetMap: extracts (.osm.pbf, .osm), answers of Overpass (JSON), and OSMnx where it is installed.

Ways with a ``highway`` tag that can be used now; cut where ways share a node, so that bridges and tunnels stay apart from what they cross.
A PBF is read by GDAL, which hands over lines without node ids: there equal coordinates are one node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError, SourceError
from patrol_core.files.gdal.guard import read_pbf_lines
from patrol_core.files.strict_json import load_json
from patrol_core.files.xml_files import local, read_xml
from patrol_core.roads.flags import BY_TURNS, plain, word_direction
from patrol_core.roads.graphml import roads_from_graph
from patrol_core.roads.parts import Roads, build, count_note, number, to_metres

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
    passable = bool(kind) and kind not in NOT_A_ROAD and (on_foot or kind not in ON_FOOT)
    return passable and tags.get("area") != "yes"


def direction(tags: Tags) -> int:
    """1 along the way only, -1 against it only, 0 both; where nothing that is known is said, roundabouts and motorways run along."""
    found = word_direction(word) if (word := plain(tags.get("oneway"))) else None
    if found is None or word in BY_TURNS:
        implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
        return int(implied)
    return found


def roads_from_ways(
    name: str,
    places: Mapping[str, tuple[float, float]],
    ways: Sequence[Way],
    *,
    respect_oneway: bool = False,
    on_foot: bool = False,
    more_notes: Sequence[str] = (),
) -> Roads:
    """Roads of ways, cut at the nodes that several share.

    Raises InputError when there is no road, no two nodes beside each other have places, or a way stands twice with different
    nodes.

    Args:
        name: Of the file, for messages.
        places, ways: Node -> (longitude, latitude), and the ways between them.
        respect_oneway: Keep one-way streets; else all are passed both ways.
        on_foot: With footways, paths, steps and cycleways.
        more_notes: What was noticed before, a sentence each.
    """
    kept, twice = _once(name, [way for way in ways if is_road(way.tags, on_foot=on_foot)])
    if not kept:
        raise InputError(
            f"{name} holds no way with a highway tag that can be used; give an extract with streets."
        )
    runs = [(way, run) for way in kept for run in _known_runs(way, places)]
    if not runs:
        raise InputError(_no_run(name, kept, places))
    lost = sum(len(way.nodes) for way in kept) - sum(len(run) for _, run in runs)
    notes = [ATTRIBUTION, *more_notes]
    notes += count_note(twice, "way that stands", "ways that stand", "twice in the file taken once.")
    if respect_oneway:
        notes += _strange_directions(kept)
    notes += count_note(
        lost, "node", "nodes", "of ways beyond the extract have no place; the ways end there."
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


def _once(name: str, ways: Sequence[Way]) -> tuple[list[Way], int]:
    """Ways by their ids, each once, and how many more there were: answers that were joined repeat them."""
    found: dict[str, Way] = {}
    for way in ways:
        first = found.setdefault(way.name, way)
        if first.nodes != way.nodes:
            raise InputError(
                f"{name} holds way {way.name[:40]} twice with different nodes, as of two editions; export it again from one."
            )
    return list(found.values()), len(ways) - len(found)


def _no_run(name: str, ways: Sequence[Way], places: Mapping[str, tuple[float, float]]) -> str:
    """Why not one stretch of a way can be drawn."""
    lost = next(((node, way) for way in ways for node in way.nodes if node not in places), None)
    if lost is None:
        return f"{name}: no way has two different nodes; export it again."
    node, way = lost
    return (
        f"{name}: node {node[:40]} of way {way.name[:40]} has no place, and no way has places for two nodes in a row; export the nodes "
        "too (Overpass: out body; >; out skel;)."
    )


def _strange_directions(ways: Sequence[Way]) -> Iterator[str]:
    """Sentences on directions that change with time and on words that are not known."""
    words = [plain(way.tags.get("oneway")) for way in ways]
    turns = sum(word in BY_TURNS for word in words)
    changes = "way changes its direction", "ways change their direction"
    yield from count_note(turns, *changes, "with time; passed both ways here.")
    strange = [word for word in words if word and word_direction(word) is None]
    named = ", ".join(sorted(set(strange))[:3])[:60]
    rest = f"a oneway that is not known ({named}); passed both ways here."
    yield from count_note(len(strange), "way has", "ways have", rest)


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


def roads_from_overpass(name: str, data: bytes, **choices: Any) -> Roads:
    """Roads of an answer of Overpass (``[out:json]`` with ways and their nodes), or of OpenStreetMap's own interface.

    ``name`` and ``data`` are those of the file, ``choices`` the ``respect_oneway`` and ``on_foot`` of :func:`roads_from_ways`. Raises InputError
    when it is damaged, was cut off by the server, or holds no roads.
    """
    document = load_json(data, name)
    elements = document.get("elements") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        raise InputError(f"{name} is no answer of Overpass: there is no list of elements; fetch it again.")
    _refuse_remark(name, document.get("remark"))
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    gone = 0
    for position, element in enumerate(elements, start=1):
        where = f"{name}, element {position}"
        try:
            kind = element["type"]
            if kind not in ("node", "way"):
                continue
            if _deleted(element):
                gone += kind == "way"
            elif kind == "node":
                places[_ref(element["id"])] = _place(element["lon"], element["lat"], where)
            else:
                ways.append(_overpass_way(element, places, where))
        except InputError:
            raise
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{where} lacks its type, id, place or nodes; fetch it again.") from None
    return roads_from_ways(name, places, ways, more_notes=_gone_note(gone), **choices)


def _refuse_remark(name: str, remark: Any) -> None:
    """Stop at an answer that the server broke off: it says so in a remark and still looks whole."""
    if remark is None or not str(remark).strip():
        return
    words = " ".join(str(remark).split())[:120].rstrip(". ")
    raise InputError(
        f"{name}: Overpass did not finish this answer ({words}), so streets are missing; ask for a smaller area or a longer timeout and "
        "fetch it again."
    )


def _deleted(marks: Mapping[str, Any]) -> bool:
    """Whether an editor or the server marks an element as one that is no longer there."""
    return (
        plain(marks.get("action")) == "delete"
        or plain(marks.get("visible")) in ("false", "0", "no")
        or plain(marks.get("deleted")) in ("true", "1", "yes")
    )


def _gone_note(count: int) -> list[str]:
    return count_note(count, "way that is", "ways that are", "marked as deleted left out.")


def _ref(given: Any) -> str:
    """The id of an element as text."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise TypeError(f"an id is {given!r}")
    return str(given)


def _place(lon: Any, lat: Any, where: str) -> tuple[float, float]:
    return number(lon, f"{where}: lon"), number(lat, f"{where}: lat")


def _overpass_way(element: Mapping[str, Any], places: dict[str, tuple[float, float]], where: str) -> Way:
    """A way; its own geometry (``out geom``) gives places to its nodes."""
    if not isinstance(element["nodes"], list):
        raise TypeError("nodes are no list")
    nodes = tuple(_ref(node) for node in element["nodes"])
    for node, spot in zip(nodes, element.get("geometry") or (), strict=False):
        if spot is not None:
            places[node] = _place(spot["lon"], spot["lat"], where)
    tags = {} if element.get("tags") is None else element["tags"]
    if not isinstance(tags, Mapping) or any(isinstance(value, list | dict) for value in tags.values()):
        raise InputError(f"{where}: its tags are no table of words; fetch it again.")
    return Way(
        _ref(element["id"]), nodes, {str(key): str(value) for key, value in tags.items() if value is not None}
    )


def roads_from_osm_xml(name: str, data: bytes, **choices: Any) -> Roads:
    """Roads of an OpenStreetMap extract in XML; ``name``, ``data``, ``choices`` and errors as in :func:`roads_from_overpass`."""
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    gone = 0
    try:
        for element in read_xml(name, data):
            kind, marks = local(element.tag), element.attrib
            if kind == "remark":
                _refuse_remark(name, element.text)
            elif kind in ("node", "way") and _deleted(marks):
                gone += kind == "way"
            elif kind == "node" and "lon" in marks and "lat" in marks:
                where = f"{name}, node {marks.get('id')}"
                places[marks["id"]] = _place(marks["lon"], marks["lat"], where)
            elif kind == "way":
                tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
                nodes = tuple(node.attrib["ref"] for node in element.iter("nd"))
                ways.append(Way(marks["id"], nodes, tags))
    except KeyError as error:
        raise InputError(f"{name} is no sound OpenStreetMap extract ({error}); export it again.") from None
    return roads_from_ways(name, places, ways, more_notes=_gone_note(gone), **choices)


def roads_from_pbf(name: str, data: bytes, **choices: Any) -> Roads:
    """Roads of an OpenStreetMap extract as PBF, through GDAL; ``name``, ``data``, ``choices`` as in :func:`roads_from_overpass`."""
    lines = read_pbf_lines(name, data, where="highway IS NOT NULL", most=MOST_WAYS)
    if len(lines) > MOST_WAYS:
        raise InputError(f"{name} holds more than {MOST_WAYS:,} roads; cut out your area.")
    places: dict[str, tuple[float, float]] = {}
    ways: list[Way] = []
    for way, kind, more, line in zip(
        lines["osm_id"], lines["highway"], lines["other_tags"], lines.geometry.to_numpy(), strict=True
    ):
        nodes = tuple(_node_at(point, places) for point in shapely.get_coordinates(line))
        ways.append(Way(str(way), nodes, {**tags_of(more), "highway": str(kind)}))
    return roads_from_ways(name, places, ways, **choices)


def _node_at(point: Floats, places: dict[str, tuple[float, float]]) -> str:
    """The node at a place, degrees to seven decimals, as OpenStreetMap keeps them."""
    lon, lat = round(float(point[0]), 7), round(float(point[1]), 7)
    node = f"{lon:.7f} {lat:.7f}"
    places[node] = (lon, lat)
    return node


def tags_of(text: Any) -> dict[str, str]:
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

    Args:
        place: Its name, as OpenStreetMap's geocoder takes it.
        respect_oneway, on_foot: As in :func:`~patrol_core.roads.read.read_roads`.

    Raises:
        InputError: When OSMnx is not installed.
        SourceError: When the place was not found or the service not reached.
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
