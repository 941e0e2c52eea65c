"""The front door of patrol places: files of any accepted kind, told apart by what is in them.

=====================================================  ==============================================================
file                                                   becomes
=====================================================  ==============================================================
scene JSON (:mod:`patrol_core.graphs.places.scenes.documents`)      the scene
``patrol patrol-game`` JSON                            a :class:`~patrol_core.graphs.patrol.game.GraphGame`
published instance JSON (``kind`` gsg or isg)          its scene (:mod:`patrol_core.graphs.places.guard_files`)
CSV of observations (animal, lat, lon)                 a wildlife scene (:mod:`patrol_core.graphs.places.wildlife`)
roads (one file, or CSV of edges and of nodes)         with facilities an infrastructure scene; alone streets without targets
facilities (CSV, or GeoJSON and the like)              scored at the nearest crossing (:mod:`patrol_core.graphs.places.infrastructure`)
areas with a column ``population``                     the people around the facilities
=====================================================  ==============================================================
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np

from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.documents import form_of
from patrol_core.files.strict_json import load_json, shown
from patrol_core.files.vector_files import load_bytes, read_features
from patrol_core.graphs.patrol import GraphGame, PatrolGameDocument, read_patrol_game
from patrol_core.graphs.places.features import is_feature_table, read_facilities
from patrol_core.graphs.places.guard_files import guard_scene, is_guard
from patrol_core.graphs.places.infrastructure import infrastructure_scene
from patrol_core.graphs.places.observations import is_observations, read_observations
from patrol_core.graphs.places.scenes.documents import FORMAT, SceneDocument, scene_from
from patrol_core.graphs.places.scenes.parts import key_of
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import streets_of
from patrol_core.graphs.places.wildlife import wildlife_scene
from patrol_core.roads import EDGE_WORDS, NODE_WORDS, File, Roads, counted, read_roads

SCENE, GAME, GUARD, OBSERVATIONS, ROADS, FEATURES, BLOCKS = (
    "scene", "game", "guard", "observations", "roads", "features", "blocks",
)  # fmt: skip
_COLLECTION = re.compile(rb'"type"\s*:\s*"FeatureCollection"')
_ELEMENTS = re.compile(rb'"elements"\s*:\s*\[')
ALONE = {
    SCENE: "a scene",
    GAME: "a game",
    GUARD: "a published instance",
    OBSERVATIONS: "a table of observations",
}


def read_scene(
    files: Sequence[File], *, respect_oneway: bool = False, **options: Any
) -> PatrolScene | GraphGame:
    """A place, or a game, from files of any accepted kind.

    Args:
        files: (name, content): one file, or roads with facilities and areas of population.
        respect_oneway: Roads: keep one-way streets one-way.
        options: Of the family's own function: :func:`~patrol_core.graphs.places.wildlife.wildlife_scene`
            (``bbox``, ``rows``, ...), :func:`~patrol_core.graphs.places.infrastructure.infrastructure_scene`
            (``weights``, ``radius_m``, ...) or :func:`~patrol_core.graphs.places.guard_files.guard_scene`.

    Raises:
        InputError: One sentence: which file, what is wrong, what to do.
    """
    if not files:
        raise InputError("No file was given; give a scene, a game, observations, or roads with facilities.")
    loaded = [load_bytes(file) for file in files]
    kinds = [kind_of(file) for file in loaded]
    for (name, _), kind in zip(loaded, kinds, strict=True):
        if kind in ALONE and len(loaded) > 1:
            raise InputError(f"{name} is {ALONE[kind]}, which stands alone; give it without the other files.")
    (name, data), kind = loaded[0], kinds[0]
    if kind == SCENE:
        return scene_from(load_json(data, name), name)
    if kind == GUARD:
        return guard_scene(load_json(data, name), name, **options)
    if kind == GAME:
        return read_patrol_game(data)
    if kind == OBSERVATIONS:
        seen = read_observations(name, data)
        return wildlife_scene(seen.frame, notes=seen.notes, title=options.pop("title", name), **options)
    of = {
        want: [file for file, kind in zip(loaded, kinds, strict=True) if kind == want]
        for want in (ROADS, FEATURES, BLOCKS)
    }
    return _on_roads(of[ROADS], of[FEATURES], of[BLOCKS], respect_oneway, options)


def kind_of(file: File) -> str:
    """What a file holds: one of the kinds of this module; anything not known otherwise is taken for roads."""
    name, data = file
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[") or name.lower().endswith(".json"):
        return _json_kind(name, data)
    if name.lower().endswith((".csv", ".txt")):
        header = text_table.header_of(name, text_table.decode(name, data).data)
        if is_observations(header):
            return OBSERVATIONS
        return FEATURES if is_feature_table(header) else ROADS
    if data[:16] == b"SQLite format 3\x00" or data[:2] == b"PK":
        return _vector_kind(read_features(name, data, lines=True))
    return ROADS


def _json_kind(name: str, data: bytes) -> str:
    head = data[:5000]
    if _COLLECTION.search(head):
        return _vector_kind(read_features(name, data))
    if _ELEMENTS.search(head):
        return ROADS
    document = load_json(data, name)
    if not isinstance(document, dict):
        raise InputError(
            f"{name} is {shown(document)}; give a scene, {form_of(SceneDocument)}, or a patrol game, {form_of(PatrolGameDocument)}."
        )
    if is_guard(document):
        return GUARD
    if document.get("format") == FORMAT:
        return SCENE
    if "graph" in document:
        return GAME
    if isinstance(document.get("features"), list):
        return _vector_kind(read_features(name, data))
    if isinstance(document.get("elements"), list):
        return ROADS
    raise InputError(
        f"{name} is JSON of no known kind; give a scene ({form_of(SceneDocument)}), a patrol game, a published instance, Overpass JSON or GeoJSON."
    )


def _vector_kind(frame: gpd.GeoDataFrame) -> str:
    shapes = set(frame.geometry.dropna().geom_type)
    if shapes and shapes <= {"Polygon", "MultiPolygon"} and "population" in frame and "type" not in frame:
        return BLOCKS
    lines = shapes <= {"LineString", "MultiLineString"}
    streets = lines and ("highway" in frame or not ({"type", "amenity", "power"} & set(frame)))
    return ROADS if streets else FEATURES


def read_street_files(files: Sequence[File], *, respect_oneway: bool = False) -> Roads:
    """Roads of any kind :func:`patrol_core.roads.read.read_roads` takes; of CSV, columns that say nothing are left out and named."""
    notes: list[str] = []
    plain = [
        _known_columns(file, notes) if file[0].lower().endswith((".csv", ".txt")) else file for file in files
    ]
    roads = read_roads(plain, respect_oneway=respect_oneway)
    return Roads(roads.network, roads.name, roads.crs, (*roads.notes, *notes))


def _known_columns(file: File, notes: list[str]) -> File:
    name, data = file
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    lower = {column.lower() for column in header}
    is_edges = bool(lower & set(EDGE_WORDS["from"])) and bool(lower & set(EDGE_WORDS["to"]))
    words = {word for group in (EDGE_WORDS if is_edges else NODE_WORDS).values() for word in group}
    keep = [k for k, column in enumerate(header) if column.lower() in words]
    if len(keep) in (0, len(header)):
        return file
    rest = ", ".join(column for k, column in enumerate(header) if k not in keep)
    notes.append(f"{name}: {counted(len(header) - len(keep), 'column is', 'columns are')} not used ({rest}).")
    text_table.read_strings(name, text)  # names the line of a row that is too short or too long
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in csv.reader(io.StringIO(text.decode("utf-8"), newline="")):
        writer.writerow([row[k] for k in keep] if row else [])
    return name, out.getvalue().encode()


def _on_roads(
    road_files: list[File],
    feature_files: list[File],
    block_files: list[File],
    respect_oneway: bool,
    options: dict[str, Any],
) -> PatrolScene:
    if not road_files:
        raise InputError(f"{(feature_files or block_files)[0][0]} was given without roads; add a road file.")
    if len(feature_files) > 1 or len(block_files) > 1:
        several = (feature_files if len(feature_files) > 1 else block_files)[1][0]
        raise InputError(
            f"{several} is a second file of its kind; give one of facilities and at most one of areas."
        )
    roads = read_street_files(road_files, respect_oneway=respect_oneway)
    if feature_files:
        if block_files:
            options = {**options, "blocks": read_features(*block_files[0])}
        return infrastructure_scene(roads, read_facilities(feature_files[0]), **options)
    if block_files:
        raise InputError(f"{block_files[0][0]} holds areas without facilities; add a file of facilities.")
    return street_scene(roads, **options)


def street_scene(roads: Roads, *, moves: int = 8) -> PatrolScene:
    """Streets without targets: a place where targets are yet to be chosen; the base is the crossing in the middle.

    Raises:
        InputError: When the network has no places.
    """
    streets = streets_of(roads)
    middle = int(np.argmin(((streets.xy - streets.xy.mean(axis=0)) ** 2).sum(axis=1)))
    return PatrolScene(
        key=f"streets-{key_of(streets.ids, streets.edges, streets.xy)}",
        title=roads.name,
        about=f"Streets of {roads.name}: {len(streets.ids):,} crossings, no targets yet.",
        family="own",
        generated=False,
        node_ids=streets.ids,
        edges=streets.edges,
        directed=streets.directed,
        xy=streets.xy,
        crs=streets.crs,
        values={},
        bases={"Middle": streets.ids[middle]},
        defaults={"moves": moves},
        notes=(*streets.notes, "No base was given; the crossing in the middle stands for one."),
    )
