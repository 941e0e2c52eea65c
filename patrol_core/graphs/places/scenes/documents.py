"""Scenes as JSON of our own: what a scene file holds, field by field, and a scene as such a file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field

from patrol_core.errors import InputError
from patrol_core.files.documents import (
    Amount,
    Document,
    Flag,
    Id,
    Maybe,
    Name,
    Number,
    Text,
    about,
    document_of,
)
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places.scenes.scene import PatrolScene

FORMAT, VERSION = "patrol-scene", 1
Option = Literal[
    "moves", "tau", "attackers", "force_return", "waiting", "form", "simple", "general_sum", "defender_penalty",
    "attacker_penalty", "step_cost", "normalise", "mode", "idle", "capture_radius", "unreachable", "allow_parts",
]  # fmt: skip


def _known_crs(given: str) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(given)
    except CRSError:
        raise InputError(f"{quoted(given)} is not known; give for example EPSG:4326 or null") from None
    return given


class SceneGraph(Document):
    """The graph of a place."""

    nodes: list[Id] = Field(description="All nodes, in order.")
    edges: list[tuple[Id, Id]] = Field(description="Pairs of nodes.")
    directed: Flag = Field(False, description="Whether edges are passed in the order given only.")
    xy: list[tuple[Number, Number]] | None = Field(None, description="A place for each of nodes, in crs.")
    crs: Annotated[Text, AfterValidator(_known_crs)] | None = Field(
        None,
        description="Coordinate system of xy, for example EPSG:4326; null: metres without a place on Earth.",
    )


class SceneTarget(Document):
    """A node worth attacking."""

    node: Id = Field(description="Where it is.")
    value: Amount = Field(description="What the defender loses when it is taken.")
    attacker_value: Maybe[Amount] = Field(
        None, description="What the attacker gains; of every target, or of none."
    )
    name: Maybe[Name] = Field(None, description="What it is called.")


class SceneBase(Document):
    """A place where units may start."""

    name: Name = Field(description="What it is called, once in the scene.")
    node: Id = Field(description="Where it is.")


class SceneDocument(Document):
    """A place to patrol before it is a game: graph, targets with values, bases, and where all of that comes from."""

    model_config = about(
        "Scene",
        {
            "format": FORMAT,
            "version": VERSION,
            "graph": {"nodes": [0, 1], "edges": [[0, 1]]},
            "targets": [{"node": 1, "value": 3}],
            "bases": [{"name": "station", "node": 0}],
        },
    )

    format: Literal["patrol-scene"] = Field(description="Kind of file.")
    version: Literal[1] = Field(description="Version of the format.")
    graph: SceneGraph = Field(description="The graph.")
    targets: list[SceneTarget] = Field(description="The targets.")
    bases: Annotated[list[SceneBase], Field(min_length=1)] = Field(description="Where units may start.")
    key: Text = Field("own", description="Short name, unique by content.")
    title: Text = Field("Own place", description="Name for people.")
    about: Text = Field("", description="A sentence on where the data come from and what is invented.")
    family: Literal["green", "infrastructure", "urban", "own"] = Field("own", description="Kind of place.")
    generated: Flag = Field(False, description="Whether the place or its values are invented.")
    unit: Text = Field("", description="What a value counts, in words.")
    defaults: dict[Option, Flag | Annotated[int, Field(strict=True)] | Number | Text] = Field(
        {}, description="Options of the game that suit the place."
    )
    attribution: Text = Field("", description="Whom to name.")
    notes: list[Name] = Field([], description="What a reader must know.")


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

    Args:
        document: The parsed JSON.
        name: Of the file, for messages.

    Raises:
        InputError: When a field is missing, unknown or malformed, or names a node that there is not.
    """
    given = document_of(SceneDocument, document, name)
    graph, known = given.graph, set(given.graph.nodes)
    if len(known) < len(graph.nodes):
        raise InputError(f"{name} names a node twice; give each node once.")
    if graph.xy is not None and len(graph.xy) != len(graph.nodes):
        raise InputError(
            f"{name}: graph, xy has {len(graph.xy)} pairs for {len(graph.nodes)} nodes; give one pair a node."
        )
    named = [
        *((end, f"edge {k}") for k, edge in enumerate(graph.edges, start=1) for end in edge),
        *((target.node, f"target {k}") for k, target in enumerate(given.targets, start=1)),
        *((base.node, f"base {k}") for k, base in enumerate(given.bases, start=1)),
    ]
    lost = next(((node, where) for node, where in named if node not in known), None)
    if lost is not None:
        raise InputError(
            f"{name}, {lost[1]} names {quoted(lost[0])}, which is not among the nodes; add it there."
        )
    values, gained = _values(given.targets, name)
    bases: dict[str, NodeId] = {}
    for base in given.bases:
        if base.name in bases:
            raise InputError(f"{name} has two bases {quoted(base.name)}; name them apart.")
        bases[base.name] = base.node
    return PatrolScene(
        family=given.family,
        generated=given.generated,
        node_ids=tuple(graph.nodes),
        edges=tuple(graph.edges),
        directed=graph.directed,
        xy=None if graph.xy is None else np.array(graph.xy, dtype=float).reshape(-1, 2),
        crs=graph.crs,
        values=values,
        attacker_values=gained,
        names={target.node: target.name for target in given.targets if target.name is not None},
        bases=bases,
        defaults={str(option): value for option, value in given.defaults.items()},
        notes=tuple(given.notes),
        **{word: getattr(given, word) for word in ("key", "title", "about", "unit", "attribution")},
    )


def _values(targets: list[SceneTarget], name: str) -> tuple[dict[NodeId, float], dict[NodeId, float] | None]:
    """Values of the targets by node, and the attacker's own where the file has them."""
    values: dict[NodeId, float] = {}
    for k, target in enumerate(targets, start=1):
        if target.node in values:
            raise InputError(
                f"{name}, target {k} is node {quoted(target.node)}, which is a target already; give each once."
            )
        values[target.node] = target.value
    gained = {target.node: target.attacker_value for target in targets if target.attacker_value is not None}
    lost = next((node for node in values if gained and node not in gained), None)
    if lost is not None:
        raise InputError(f"{name}: target {lost!r} has no attacker_value; give every target one, or none.")
    return values, gained or None
