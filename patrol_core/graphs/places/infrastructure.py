r"""Infrastructure: targets are crossings of a street graph next to facilities such as hospitals and substations.

A facility of type weight w with P people around it has the score

.. math::
    s = w \, (1 + \ln(P + 1))^k

and goes to the nearest crossing. A crossing with several facilities has the largest of their scores plus their mean. In
general-sum games the attacker values nearness to points along which one gets away: :math:`a_t = s_t f_a (1 + \alpha p_t)` with
the nearness :math:`p_t` of :mod:`patrol_core.graphs.places.wildlife`, measured straight to the nearest of the points.

Everything is measured in metres in the plane of the streets; ``compatible`` measures the way to the escape points, and from bases
to crossings, in degrees, as the published instances do.

Source: Krever, Cerny, Blanchard and Kroer (2025), "GUARD" (see :mod:`patrol_core.graphs.patrol.game`), infrastructure security
games.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import COMPATIBLE, NodeId
from patrol_core.graphs.places.features import POLICE, WEIGHTS, in_metres
from patrol_core.graphs.places.infrastructure_scores import (
    crossing_scores,
    facility_people,
    facility_scores,
    facility_weights,
)
from patrol_core.graphs.places.scenes.assemble import (
    ValueWords,
    make_scene,
    suggest_bases,
    take_mode,
    target_values,
)
from patrol_core.graphs.places.scenes.parts import factor, proximity
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import (
    DEGREES,
    Pair,
    SceneGraph,
    far_notes,
    in_degrees,
    near_crossings,
    nearest,
    on_plane,
    snapped,
    streets_of,
)
from patrol_core.roads import Roads, count_note

if TYPE_CHECKING:
    import geopandas as gpd


def infrastructure_scene(
    roads: Roads,
    features: gpd.GeoDataFrame,
    *,
    weights: Mapping[str, float] | None = None,
    other_weight: float | None = None,
    blocks: gpd.GeoDataFrame | None = None,
    radius_m: float | None = None,
    exponent: float = 1.0,
    bases: Mapping[str, Pair] | None = None,
    suggested: int = 2,
    escape_points: Mapping[str, Pair] | None = None,
    snap_limit_m: float | None = None,
    **words: Unpack[ValueWords],
) -> PatrolScene:
    """Streets and facilities as a scene.

    Args:
        roads: Streets with places in metres.
        features: Facilities: ``type`` and optionally ``id``, ``name``, ``population``; see
            :func:`patrol_core.graphs.places.features.read_facilities`.
        weights: Weight by type; :data:`patrol_core.graphs.places.features.WEIGHTS` where None.
        other_weight: Weight of every type without one; where None, such facilities are left out and counted.
        blocks, radius_m: People around a facility, see
            :func:`patrol_core.graphs.places.features.people_around`. Without blocks the column ``population``
            of the features counts, and without that nobody (scores are the weights alone; the notes say so).
        exponent: k of the score, >= 0.
        bases: (longitude, latitude) by name (x, y in a plane without a place on Earth); each is its nearest
            crossing. Where None, the facilities of type police, and where there are none, ``suggested``
            crossings near the targets.
        escape_points: Points by name; with them the attacker has values of its own.
        snap_limit_m: Facilities farther from every crossing are left out and counted; None for no limit.
        words: Keywords of :class:`~patrol_core.graphs.places.scenes.assemble.ValueWords`: ``mode``, ``alpha``,
            ``moves``, ``title``, ...

    Raises:
        InputError: When streets and facilities do not lie in the same world, or no facility is left.
    """
    mode = take_mode(words)
    streets = streets_of(roads)
    weight, known, unweighted = facility_weights(
        features, WEIGHTS if weights is None else weights, other_weight
    )
    at, far = _on_crossings(streets, features[known], weight, snap_limit_m)
    people, lonely = facility_people(at.frame, at.points, blocks, streets.crs, radius_m)
    by_position = crossing_scores(at.node, facility_scores(at.weight, people, factor(exponent, "exponent")))
    scores = {streets.ids[k]: score for k, score in by_position.items()}
    near = _nearness(streets, list(by_position), escape_points, mode) if escape_points else None
    values, gained = target_values(scores, near, words)
    if bases:
        found, said = snapped(streets, bases, "Base", degrees=mode == COMPATIBLE)
    else:
        found, said = _police_stations(streets, at)
        if not found:
            found = suggest_bases(streets, scores, suggested)
            said = ["No base was given; the crossings that lie best to the targets are suggested."]
    return make_scene(
        "infrastructure",
        streets,
        (streets.ids, streets.edges, sorted(values.items()), gained, found),
        words,
        title=roads.name,
        about=f"Streets of {roads.name}; targets are the crossings nearest to {len(at.frame)} facilities.",
        notes=[*streets.notes, *features.attrs.get("notes", ()), *unweighted, *far, *lonely, *said],
        values=values,
        attacker_values=gained,
        bases=found,
        names=_names(streets, at),
        unit="weight of facilities",
    )


@dataclass(frozen=True, eq=False)
class _Facilities:
    """Facilities in the plane of the streets: points (n, 2), position of the nearest crossing and weight of each, (n,)."""

    frame: gpd.GeoDataFrame
    points: Floats
    node: Ints
    weight: Floats

    @property
    def titles(self) -> list[str]:
        """Name of every facility; empty where it has none."""
        return self.frame["name"].astype(str).tolist() if "name" in self.frame else [""] * len(self.frame)

    @property
    def kinds(self) -> list[str]:
        """Type of every facility."""
        return [str(kind) for kind in self.frame["type"]]


def _on_crossings(
    streets: SceneGraph, features: gpd.GeoDataFrame, weight: Floats, limit: float | None
) -> tuple[_Facilities, list[str]]:
    """Facilities with their crossings, and a sentence on what lies too far off or far off."""
    placed = in_metres(features, streets.crs, "facilities")
    points = np.column_stack([placed.geometry.x, placed.geometry.y])
    node, away = near_crossings(streets, points, "facility")
    near = away <= (float("inf") if limit is None else factor(limit, "snap_limit_m"))
    if not near.any():
        raise InputError(
            f"No facility lies within {limit:g} m of a crossing; check both files or raise the limit."
        )
    rest = f"farther than {limit or 0:g} m from every crossing; left out."
    notes = count_note((~near).sum(), "facility", "facilities", rest)
    notes += far_notes(away[near], "facility is", "facilities are", "; set a limit to leave them out")
    return _Facilities(placed[near], points[near], node[near], weight[near]), notes


def _nearness(
    streets: SceneGraph, targets: list[int], escape_points: Mapping[str, Pair], mode: str
) -> Floats:
    """Nearness of crossings to the escape points, 1 for the nearest and 0 for the farthest."""
    spots, plane = streets.xy[targets], streets.crs
    if mode == COMPATIBLE:
        if streets.crs is None:
            raise InputError("Degrees need streets with a place on Earth; choose the mode corrected.")
        spots, plane = in_degrees(spots, streets.crs), DEGREES
    return proximity(nearest(on_plane(list(escape_points.values()), plane, "escape points"), spots)[1])


def _police_stations(streets: SceneGraph, at: _Facilities) -> tuple[dict[str, NodeId], list[str]]:
    """Crossings of the police stations among the facilities, by name; empty where there are none."""
    found: dict[str, NodeId] = {}
    titles = at.titles if "name" in at.frame else at.kinds
    for k, kind in enumerate(at.kinds):
        if kind in POLICE:
            name = titles[k] or "Police"
            found[name if name not in found else f"{name} ({k + 1})"] = streets.ids[int(at.node[k])]
    return found, ["No base was given; the police stations among the facilities are the bases."]


def _names(streets: SceneGraph, at: _Facilities) -> dict[NodeId, str]:
    out: dict[NodeId, list[str]] = {}
    for k, title, kind in zip(at.node.tolist(), at.titles, at.kinds, strict=True):
        out.setdefault(streets.ids[k], []).append(title or kind)
    return {name: ", ".join(dict.fromkeys(found)) for name, found in out.items()}
