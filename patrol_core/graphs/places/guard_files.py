"""Published instances of the GUARD paper: JSON of the kinds ``gsg`` (green, that is wildlife) and ``isg`` (infrastructure).

Such a file has nodes with ``id``, ``lat``, ``lon``, pairs of ids as edges, targets with ``node`` and ``score``, and bases by node. The
ids stay as they are; in general-sum games nearness to the escape line or point counts as in
:mod:`patrol_core.graphs.places.wildlife`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.patrol import CORRECTED, NodeId
from patrol_core.graphs.places.scenes.assemble import ValueWords, take_mode, target_values
from patrol_core.graphs.places.scenes.parts import key_of, proximity
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import DEGREES, SceneGraph, on_plane
from patrol_core.roads import to_metres

KINDS = {"gsg": "green", "isg": "infrastructure"}
NEEDED = ("bbox", "nodes", "edges", "targets", "home_base_nodes", "home_bases")
ACCEPTED = (
    *("kind", *NEEDED, "waiting_allowed", "escape_line", "escape_point", "infra_weights"),
    *("park", "area", "clusters", "rows", "columns", "cell_km"),
)
ATTRIBUTION = {
    "gsg": "Instance of the GUARD repository (no licence stated); observations: Movebank, Elephant Research (MacAllister and Loomis).",
    "isg": "Instance of the GUARD repository (no licence stated); streets and facilities: OpenStreetMap contributors (ODbL).",
}


def is_guard(document: Any) -> bool:
    """Whether a parsed JSON is a published instance."""
    return isinstance(document, Mapping) and document.get("kind") in KINDS and "home_base_nodes" in document


def guard_scene(
    document: Mapping[str, Any],
    name: str = "The instance",
    *,
    general_sum: bool = False,
    alpha: float = 1.0,
    attacker_value_factor: float = 1.0,
    defender_value_factor: float = 1.0,
    mode: str = CORRECTED,
    moves: int = 8,
) -> PatrolScene:
    """A published instance as a scene, places in longitude and latitude.

    Raises InputError when a key is missing or unknown, an entry is malformed, or a node is not among the nodes.

    Args:
        document: The parsed JSON.
        name: Of the file, for messages.
        general_sum: Whether the attacker gets values of its own by nearness to the file's escape line or point.
        alpha, attacker_value_factor, defender_value_factor, mode, moves: As in
            :class:`~patrol_core.graphs.places.scenes.assemble.ValueWords`.
    """
    mode = take_mode({"mode": mode})
    kind = _kind_of(document, name)
    graph, scores, bases, way_out = _contents(document, name)
    near = None
    notes = []
    if general_sum and way_out is not None and scores:
        near = _nearness(graph.xy[[graph.ids.index(node) for node in scores]], way_out, mode)
        unit = "metres" if mode == CORRECTED else "degrees, as published"
        notes.append(f"Nearness to the way out was measured in {unit}.")
    words: ValueWords = {"alpha": alpha, "defender_value_factor": defender_value_factor}
    words["attacker_value_factor"] = attacker_value_factor if general_sum else defender_value_factor
    values, gained = target_values(scores, near, words)
    if general_sum and gained is None:
        gained = dict(values)
    place = str(document.get("park") or document.get("area") or "published place")[:80]
    if {"clusters", "rows", "columns"} <= set(document):
        place += f", {document['clusters']!s:.9} clusters, {document['rows']!s:.9} by {document['columns']!s:.9} cells"
    content = (
        sorted(scores.items()),
        list(graph.edges),
        graph.xy,
        list(bases.values()),
        gained,
        float(defender_value_factor),
    )
    return PatrolScene(
        key=f"guard-{kind}-{key_of(*content)}",
        title=place,
        about=f"Published {KINDS[kind]} instance of the GUARD paper: {len(graph.ids)} nodes, {len(scores)} targets.",
        family=KINDS[kind],
        generated=False,
        node_ids=graph.ids,
        edges=graph.edges,
        xy=graph.xy,
        crs=DEGREES,
        values=values,
        attacker_values=gained,
        bases=bases,
        unit="animals" if kind == "gsg" else "weight of facilities",
        defaults={
            "moves": moves,
            "waiting": document.get("waiting_allowed", True) is not False,
        },
        attribution=ATTRIBUTION[kind],
        notes=tuple(notes),
    )


def _kind_of(document: Mapping[str, Any], name: str) -> str:
    """The kind of an instance, its fields checked."""
    kind = document.get("kind")
    if kind not in KINDS:
        raise InputError(
            f"{name} has the kind {kind!r}; published instances are of kind {' or '.join(KINDS)}."
        )
    for key in NEEDED:
        if key not in document:
            raise InputError(f"{name} has no field {key!r}; a published instance needs {', '.join(NEEDED)}.")
    for key in document:
        if key not in ACCEPTED:
            raise InputError(
                f"{name} has an unknown field {key!r}; take it out (known: {', '.join(ACCEPTED)})."
            )
    check_sizes(document, name)
    return str(kind)


def _contents(
    document: Mapping[str, Any], name: str
) -> tuple[SceneGraph, dict[NodeId, float], dict[str, NodeId], Floats | None]:
    """Graph, scores by node, bases by name, and the way out (longitude, latitude) where there is one."""
    try:
        ids = [_id(node["id"]) for node in document["nodes"]]
        xy = np.array([[_real(node["lon"]), _real(node["lat"])] for node in document["nodes"]])
        edges = [(_id(a), _id(b)) for a, b in document["edges"]]
        scores = {_id(target["node"]): _real(target["score"]) for target in document["targets"]}
        places = [_id(node) for node in document["home_base_nodes"]]
        titles = [str(base["name"]) for base in document["home_bases"]]
        way_out = _way_out(document)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        lacking = f"{error} is missing in an entry" if isinstance(error, KeyError) else f"{error!s:.80}"
        raise InputError(f"{name} is malformed ({lacking}); compare it with a published instance.") from None
    _check(name, ids, edges, scores, places, titles, len(document["targets"]))
    on_plane(xy, DEGREES, "nodes")
    bases = dict(zip(titles, places, strict=True))
    return SceneGraph(tuple(ids), tuple(edges), xy, DEGREES), scores, bases, way_out


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{quoted(value)} is no number")
    return float(value)


def _id(value: Any) -> NodeId:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{quoted(value)} is no node id")
    return value


def _check(
    name: str,
    ids: list[NodeId],
    edges: list[tuple[NodeId, NodeId]],
    scores: Mapping[NodeId, float],
    places: list[NodeId],
    titles: list[str],
    targets: int,
) -> None:
    known = set(ids)
    if len(known) < len(ids):
        raise InputError(f"{name} names a node twice; give each node once.")
    if len(scores) < targets:
        raise InputError(f"{name} names a target twice; give each target once.")
    named = [
        *((end, "an edge") for edge in edges for end in edge),
        *((t, "a target") for t in scores),
        *((b, "a base") for b in places),
    ]
    lost = next(((node, what) for node, what in named if node not in known), None)
    if lost is not None:
        raise InputError(
            f"{name}: {lost[1]} is at node {lost[0]!r}, which is not among the nodes; add it there."
        )
    if len(titles) != len(places) or len(set(titles)) < len(titles):
        raise InputError(
            f"{name} has {len(places)} base nodes and {len(set(titles))} different names of bases; give each node one."
        )
    bad = next(((node, score) for node, score in scores.items() if not 0 <= score < float("inf")), None)
    if bad is not None:
        raise InputError(f"{name}: target {bad[0]!r} has the score {bad[1]!r}; give a finite number >= 0.")


def _way_out(document: Mapping[str, Any]) -> Floats | None:
    """Ends of the escape line, or the escape point, in longitude and latitude; None where there is neither."""
    given = document.get("escape_line") or (
        [document["escape_point"]] if document.get("escape_point") else None
    )
    if given is None:
        return None
    return np.array([[_real(spot["lon"]), _real(spot["lat"])] for spot in given])


def _nearness(spots: Floats, way_out: Floats, mode: str) -> Floats:
    every = np.concatenate([spots, way_out])
    if mode == CORRECTED:
        every = to_metres(every, "The instance")[0]
    here, there = every[: len(spots)], every[len(spots) :]
    out = shapely.LineString(there) if len(there) > 1 else shapely.Point(there[0])
    return proximity(np.asarray(shapely.distance(shapely.points(here), out), dtype=float))
