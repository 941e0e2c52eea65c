"""Scenes as JSON of our own.

A scene file::

    {"format": "patrol-scene", "version": 1, "key": "…", "title": "…", "about": "…", "family": "green", "generated": true,
     "graph": {"nodes": [0, 1, …], "edges": [[0, 1], …], "directed": false, "xy": [[x, y], …], "crs": "EPSG:4326"},
     "targets": [{"node": 4, "value": 3.2, "attacker_value": 2.9, "name": "…"}, …], "bases": [{"name": "…", "node": 3}, …],
     "unit": "animals", "defaults": {"moves": 8}, "attribution": "…", "notes": ["…"]}

``xy`` and ``crs`` may be null or absent; ``crs`` null with ``xy`` is a plane in metres without a place on Earth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places.scenes.scene import PatrolScene

FORMAT, VERSION = "patrol-scene", 1
FORM = (
    '{"format": "patrol-scene", "version": 1, "graph": {"nodes": [0, 1], "edges": [[0, 1]]}, '
    '"targets": [{"node": 1, "value": 3}], "bases": [{"name": "station", "node": 0}]}'
)
"""The form that messages show."""
FAMILIES = ("green", "infrastructure", "urban", "own")
NEEDED = ("format", "version", "graph", "targets", "bases")
ACCEPTED = (
    *NEEDED,
    "key",
    "title",
    "about",
    "family",
    "generated",
    "unit",
    "defaults",
    "attribution",
    "notes",
)
_TEXTS = {"key": "own", "title": "Own place", "about": "", "unit": "", "attribution": ""}
DEFAULTS = (
    "moves", "tau", "attackers", "force_return", "waiting", "form", "simple", "general_sum", "defender_penalty",
    "attacker_penalty", "step_cost", "normalise", "mode", "idle", "capture_radius", "unreachable", "allow_parts",
)  # fmt: skip
"""Fields that ``defaults`` may hold."""


def scene_document(scene: PatrolScene) -> dict[str, Any]:
    """A scene as plain data (see the module); :func:`scene_from` reads it back to the last digit."""
    targets: list[dict[str, Any]] = []
    for node, value in scene.values.items():
        row: dict[str, Any] = {"node": node, "value": value}
        if scene.attacker_values is not None:
            row["attacker_value"] = scene.attacker_values[node]
        if node in scene.names:
            row["name"] = scene.names[node]
        targets.append(row)
    return {
        "format": FORMAT,
        "version": VERSION,
        "key": scene.key,
        "title": scene.title,
        "about": scene.about,
        "family": scene.family,
        "generated": scene.generated,
        "graph": {
            "nodes": list(scene.node_ids),
            "edges": [list(edge) for edge in scene.edges],
            "directed": scene.directed,
            "xy": None if scene.xy is None else scene.xy.tolist(),
            "crs": scene.crs,
        },
        "targets": targets,
        "bases": [{"name": name, "node": node} for name, node in scene.bases.items()],
        "unit": scene.unit,
        "defaults": dict(scene.defaults),
        "attribution": scene.attribution,
        "notes": list(scene.notes),
    }


def scene_from(document: Any, name: str = "The scene") -> PatrolScene:
    """A scene from plain data.

    Parameters
    ----------
    document
        The parsed JSON.
    name
        Of the file, for messages.

    Raises
    ------
    InputError
        When a field is missing, unknown or malformed, or names a node that there is not.
    """
    _keys(document, name, NEEDED, ACCEPTED)
    check_sizes(document, name)
    if document["format"] != FORMAT or document["version"] != VERSION:
        raise InputError(
            f"{name} is format {quoted(document['format'])}, version {quoted(document['version'])}; this program reads {FORMAT}, {VERSION}."
        )
    graph = document["graph"]
    _keys(graph, f"{name}, graph", ("nodes", "edges"), ("nodes", "edges", "directed", "xy", "crs"))
    ids = [
        _node(node, f"{name}, node {k}")
        for k, node in enumerate(_list(graph["nodes"], f"{name}, nodes"), start=1)
    ]
    known = set(ids)
    if len(known) < len(ids):
        raise InputError(f"{name} names a node twice; give each node once.")
    edges = []
    for k, edge in enumerate(_list(graph["edges"], f"{name}, edges"), start=1):
        if not isinstance(edge, list) or len(edge) != 2:
            raise InputError(f"{name}, edge {k} is {quoted(edge)}; give two nodes.")
        edges.append(
            (_among(edge[0], known, f"{name}, edge {k}"), _among(edge[1], known, f"{name}, edge {k}"))
        )
    texts = {word: document.get(word, usual) for word, usual in _TEXTS.items()}
    for word, value in texts.items():
        if not isinstance(value, str):
            raise InputError(f"{name}: {word} is {quoted(value)}; give a text.")
    family = document.get("family", "own")
    if family not in FAMILIES:
        raise InputError(f"{name}: family is {quoted(family)}; choose one of {', '.join(FAMILIES)}.")
    values, gained, names = _targets(document["targets"], known, name)
    return PatrolScene(
        family=family,
        generated=_flag(document.get("generated", False), f"{name}: generated"),
        node_ids=tuple(ids),
        edges=tuple(edges),
        directed=_flag(graph.get("directed", False), f"{name}: directed"),
        xy=_xy(graph.get("xy"), len(ids), name),
        crs=_crs(graph.get("crs"), name),
        values=values,
        attacker_values=gained,
        names=names,
        bases=_bases(document["bases"], known, name),
        defaults=_defaults(document.get("defaults", {}), name),
        notes=tuple(str(note) for note in _list(document.get("notes", []), f"{name}, notes")),
        **texts,
    )


def _keys(document: Any, where: str, needed: Sequence[str], accepted: Sequence[str]) -> None:
    if not isinstance(document, Mapping):
        raise InputError(f"{where} is no JSON object; give one with {', '.join(needed)}.")
    for key in needed:
        if key not in document:
            raise InputError(f"{where} has no field {quoted(key)}; it needs {', '.join(needed)}.")
    for key in document:
        if key not in accepted:
            raise InputError(
                f"{where} has an unknown field {quoted(key)}; the fields are {', '.join(accepted)}."
            )


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{where} is {type(value).__name__}; give a list.")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where} is {quoted(value)}; give true or false.")
    return value


def _node(value: Any, where: str) -> NodeId:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(f"{where} is {quoted(value)}; give a whole number or a text.")
    return value


def _among(value: Any, known: set[NodeId], where: str) -> NodeId:
    node = _node(value, where)
    if node not in known:
        raise InputError(f"{where} names {quoted(node)}, which is not among the nodes; add it there.")
    return node


def _amount(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise InputError(f"{where} is {quoted(value)}; give a finite number >= 0.")
    return float(value)


def _targets(
    given: Any, known: set[NodeId], name: str
) -> tuple[dict[NodeId, float], dict[NodeId, float] | None, dict[NodeId, str]]:
    values: dict[NodeId, float] = {}
    gained: dict[NodeId, float] = {}
    names: dict[NodeId, str] = {}
    for k, row in enumerate(_list(given, f"{name}, targets"), start=1):
        where = f"{name}, target {k}"
        _keys(row, where, ("node", "value"), ("node", "value", "attacker_value", "name"))
        node = _among(row["node"], known, where)
        if node in values:
            raise InputError(f"{where} is node {quoted(node)}, which is a target already; give each once.")
        values[node] = _amount(row["value"], f"{where}: value")
        if "attacker_value" in row:
            gained[node] = _amount(row["attacker_value"], f"{where}: attacker_value")
        if "name" in row:
            names[node] = str(row["name"])
    if gained and len(gained) < len(values):
        lost = next(node for node in values if node not in gained)
        raise InputError(f"{name}: target {lost!r} has no attacker_value; give every target one, or none.")
    return values, gained or None, names


def _bases(given: Any, known: set[NodeId], name: str) -> dict[str, NodeId]:
    bases: dict[str, NodeId] = {}
    for k, row in enumerate(_list(given, f"{name}, bases"), start=1):
        _keys(row, f"{name}, base {k}", ("name", "node"), ("name", "node"))
        title = str(row["name"])
        if title in bases:
            raise InputError(f"{name} has two bases {quoted(title)}; name them apart.")
        bases[title] = _among(row["node"], known, f"{name}, base {k}")
    if not bases:
        raise InputError(f"{name} has no base; give at least one.")
    return bases


def _xy(given: Any, count: int, name: str) -> Floats | None:
    if given is None:
        return None
    try:
        table = np.array(given, dtype=float)
    except (TypeError, ValueError):
        table = np.zeros(0)
    if table.shape != (count, 2) or not np.isfinite(table).all():
        raise InputError(f"{name}: xy is no list of {count} pairs of finite numbers; give one pair a node.")
    return table


def _crs(given: Any, name: str) -> str | None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if given is None:
        return None
    try:
        CRS.from_user_input(given if isinstance(given, str) else "")
    except CRSError:
        raise InputError(
            f"{name}: crs is {quoted(given)}, which is not known; give for example EPSG:4326 or null."
        ) from None
    return str(given)


def _defaults(given: Any, name: str) -> dict[str, Any]:
    _keys(given, f"{name}, defaults", (), DEFAULTS)
    for key, value in given.items():
        if not isinstance(value, bool | int | float | str):
            raise InputError(
                f"{name}, defaults: {key} is {quoted(value)}; give a number, a text, true or false."
            )
    return dict(given)
