"""The path that every family of instances shares: values of targets, graph, bases and notes become a scene.

A family turns its data into scores by node and a :class:`~patrol_core.graphs.places.scenes.streets.SceneGraph`, and calls in this order
:func:`target_values`, :func:`suggest_bases` where no base was given, and :func:`make_scene`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import COMPATIBLE, CORRECTED, KEEP, NodeId
from patrol_core.graphs.places.scenes.parts import factor, key_of, suggested_bases, whole
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import SceneGraph


class SceneWords(TypedDict, total=False):
    """Keywords of every family: what happens to targets out of reach, moves to offer, and fields of the scene.

    ``unreachable`` is ``keep`` (usual), ``drop`` or ``refuse``; the others are as in :class:`PatrolScene`.
    """

    unreachable: str
    moves: int
    key: str
    title: str
    about: str
    generated: bool
    attribution: str
    notes: Sequence[str]
    defaults: Mapping[str, Any]


class ValueWords(SceneWords, total=False):
    """Keywords of families whose attacker may have values of its own.

    ``alpha`` (1) says how much nearness to the way out adds to the attacker's value, >= 0. ``attacker_value_factor`` and
    ``defender_value_factor`` (1) multiply the scores, >= 0; where they differ, the attacker has values of its own without a way out as
    well. ``mode`` is ``corrected`` (metres, usual) or ``compatible`` (degrees, as the published instances).
    """

    alpha: float
    attacker_value_factor: float
    defender_value_factor: float
    mode: str


def take_mode(words: ValueWords) -> str:
    """The mode, taken out of the words and checked."""
    mode = words.pop("mode", CORRECTED)
    if mode not in (CORRECTED, COMPATIBLE):
        raise InputError(f"mode is {mode!r}; choose {CORRECTED} or {COMPATIBLE}.")
    return mode


def target_values(
    scores: Mapping[NodeId, float], near: Floats | None, words: ValueWords
) -> tuple[dict[NodeId, float], dict[NodeId, float] | None]:
    r"""The defender's value of every target, and the attacker's :math:`s_t f_a (1 + \alpha p_t)` where it has its own.

    Args:
        scores: Score :math:`s_t` by node, >= 0.
        near: Nearness :math:`p_t` to the way out, shape (targets,), 1 for the nearest; None where there is no
            way out.
        words: The family's keywords; weight and factors are taken out.
    """
    alpha, times, more = (
        words.pop("alpha", 1.0),
        words.pop("defender_value_factor", 1.0),
        words.pop("attacker_value_factor", 1.0),
    )
    values = {node: score * factor(times, "defender_value_factor") for node, score in scores.items()}
    if near is None and more == times:
        return values, None
    gain = factor(more, "attacker_value_factor")
    lure = np.ones(len(scores)) if near is None else 1.0 + factor(alpha, "alpha") * near
    return values, {
        node: score * gain * extra for (node, score), extra in zip(scores.items(), lure.tolist(), strict=True)
    }


def suggest_bases(graph: SceneGraph, scores: Mapping[NodeId, float], count: int) -> dict[str, NodeId]:
    """``count`` nodes of a ``graph`` that lie best to the targets, ``scores`` by node; named ``Suggested base 1`` and so on."""
    whole(count, "suggested")
    position = {node: k for k, node in enumerate(graph.ids)}
    demand = np.array([position[node] for node in scores], dtype=np.int64)
    chosen = suggested_bases(graph.xy, demand, np.array(list(scores.values())), count)
    return {f"Suggested base {n}": graph.ids[k] for n, k in enumerate(chosen, start=1)}


def make_scene(
    family: str,
    graph: SceneGraph,
    content: Sequence[Any],
    words: SceneWords,
    *,
    title: str,
    about: str,
    notes: Sequence[str],
    moves: int = 8,
    **fields: Any,
) -> PatrolScene:
    """A scene of a family.

    Args:
        family: One of :data:`~patrol_core.graphs.places.scenes.documents.FAMILIES`.
        graph: Nodes, edges and places.
        content: What the key is made from, together with the title.
        words: The caller's keywords; they win over what follows.
        title, about, moves: Where the words have none.
        notes: What was left out or assumed; they follow the notes in ``words``.
        fields: Other fields of the scene: ``values``, ``attacker_values``, ``bases``, ``names``, ``unit``.
    """
    title = words.get("title", title)
    defaults = {"moves": words.pop("moves", moves), "unreachable": words.pop("unreachable", KEEP)}
    fields |= {"about": about, "generated": False, "key": f"{family}-{key_of(*content, title)}", **words}
    fields |= {
        "title": title,
        "defaults": {**defaults, **words.get("defaults", {})},
        "notes": (*words.get("notes", ()), *notes),
    }
    return PatrolScene(
        family=family,
        node_ids=graph.ids,
        edges=graph.edges,
        directed=graph.directed,
        xy=graph.xy,
        crs=graph.crs,
        **fields,
    )
