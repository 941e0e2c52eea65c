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
from typing import TYPE_CHECKING, Any

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import CORRECTED, KEEP, NodeId
from patrol_core.graphs.patrol.game import COMPATIBLE
from patrol_core.graphs.places.features import POLICE, WEIGHTS, in_metres
from patrol_core.graphs.places.infrastructure_scores import (
    crossing_scores,
    facility_people,
    facility_scores,
    facility_weights,
)
from patrol_core.graphs.places.scenes.parts import factor, key_of, proximity, suggested_bases, whole
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import (
    DEGREES,
    FAR_M,
    Pair,
    Streets,
    check_near,
    in_degrees,
    nearest,
    on_plane,
    snapped,
    streets_of,
)
from patrol_core.roads import Roads, counted

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
    alpha: float = 1.0,
    attacker_value_factor: float = 1.0,
    defender_value_factor: float = 1.0,
    snap_limit_m: float | None = None,
    mode: str = CORRECTED,
    unreachable: str = KEEP,
    moves: int = 8,
    **words: Any,
) -> PatrolScene:
    """Streets and facilities as a scene.

    Parameters
    ----------
    roads
        Streets with places in metres.
    features
        Facilities: ``type`` and optionally ``id``, ``name``, ``population``; see :func:`patrol_core.graphs.places.features.read_facilities`.
    weights
        Weight by type; :data:`patrol_core.graphs.places.features.WEIGHTS` where None.
    other_weight
        Weight of every type without one; where None, such facilities are left out and counted.
    blocks, radius_m
        People around a facility, see :func:`patrol_core.graphs.places.features.people_around`. Without blocks the column ``population``
        of the features counts, and without that nobody (scores are the weights alone; the notes say so).
    exponent
        k of the score, >= 0.
    bases
        (longitude, latitude) by name (x, y in a plane without a place on Earth); each is its nearest crossing. Where None,
        the facilities of type police, and where there are none, ``suggested`` crossings near the targets.
    escape_points
        Points by name; with them the attacker has values of its own.
    alpha, attacker_value_factor, defender_value_factor
        As in :func:`patrol_core.graphs.places.wildlife.green_scene`; the attacker also has values of its own where the factors differ.
    snap_limit_m
        Facilities farther from every crossing are left out and counted; None for no limit.
    mode, unreachable, moves, words
        As in :func:`patrol_core.graphs.places.wildlife.green_scene`.

    Raises
    ------
    InputError
        When streets and facilities do not lie in the same world, or no facility is left.
    """
    if mode not in (CORRECTED, COMPATIBLE):
        raise InputError(f"mode is {mode!r}; choose {CORRECTED} or {COMPATIBLE}.")
    streets = streets_of(roads)
    notes = [*words.pop("notes", ()), *streets.notes, *features.attrs.get("notes", ())]
    weight, known, said = facility_weights(features, WEIGHTS if weights is None else weights, other_weight)
    notes += said
    placed = in_metres(features[known], streets.crs, "facilities")
    points = np.column_stack([placed.geometry.x, placed.geometry.y])
    node, away = nearest(streets.xy, points)
    check_near(away, "facility")
    near = away <= (float("inf") if snap_limit_m is None else factor(snap_limit_m, "snap_limit_m"))
    notes += _distance_notes(away, near, snap_limit_m)
    if not near.any():
        raise InputError(
            f"No facility lies within {snap_limit_m:g} m of a crossing; check both files or raise the limit."
        )
    placed, points, node, weight = placed[near], points[near], node[near], weight[near]
    people, said = facility_people(placed, points, blocks, streets.crs, radius_m)
    notes += said
    scores = crossing_scores(node, facility_scores(weight, people, factor(exponent, "exponent")))
    times = factor(defender_value_factor, "defender_value_factor")
    values: dict[NodeId, float] = {streets.ids[k]: score * times for k, score in scores.items()}
    gained: dict[NodeId, float] | None = None
    if escape_points or attacker_value_factor != defender_value_factor:
        more = factor(attacker_value_factor, "attacker_value_factor")
        lure = np.ones(len(scores))
        if escape_points:
            lure += factor(alpha, "alpha") * _nearness(streets, list(scores), escape_points, mode)
        gained = {
            streets.ids[k]: s * more * extra
            for (k, s), extra in zip(scores.items(), lure.tolist(), strict=True)
        }
    found, said = _bases(streets, placed, node, scores, bases, suggested, mode)
    words.setdefault("title", roads.name)
    words.setdefault(
        "about", f"Streets of {roads.name}; targets are the crossings nearest to {len(placed)} facilities."
    )
    words.setdefault("generated", False)
    key = key_of(streets.ids, streets.edges, sorted(values.items()), gained, found, words["title"])
    words.setdefault("key", f"infrastructure-{key}")
    words["defaults"] = {"moves": moves, "unreachable": unreachable, **words.get("defaults", {})}
    return PatrolScene(
        family="infrastructure",
        node_ids=streets.ids,
        edges=streets.edges,
        directed=streets.directed,
        xy=streets.xy,
        crs=streets.crs,
        values=values,
        attacker_values=gained,
        bases=found,
        names=_names(streets, placed, node),
        unit="weight of facilities",
        notes=(*notes, *said),
        **words,
    )


def _distance_notes(away: Floats, near: Bools, limit: float | None) -> list[str]:
    notes = []
    if not near.all():
        notes.append(
            f"{counted(int((~near).sum()), 'facility', 'facilities')} farther than {limit:g} m from every crossing; left out."
        )
    far = int((away[near] > FAR_M).sum())
    if far:
        notes.append(
            f"{counted(far, 'facility is', 'facilities are')} more than {FAR_M:g} m from the nearest crossing "
            f"(at most {away[near].max():,.0f} m); set a limit to leave them out."
        )
    return notes


def _nearness(streets: Streets, targets: list[int], escape_points: Mapping[str, Pair], mode: str) -> Floats:
    spots = streets.xy[targets]
    if mode == COMPATIBLE:
        if streets.crs is None:
            raise InputError("Degrees need streets with a place on Earth; choose the mode corrected.")
        spots, out = (
            in_degrees(spots, streets.crs),
            on_plane(list(escape_points.values()), DEGREES, "escape points"),
        )
    else:
        out = on_plane(list(escape_points.values()), streets.crs, "escape points")
    return proximity(nearest(out, spots)[1])


def _bases(
    streets: Streets,
    placed: gpd.GeoDataFrame,
    node: Ints,
    scores: Mapping[int, float],
    bases: Mapping[str, Pair] | None,
    suggested: int,
    mode: str,
) -> tuple[dict[str, NodeId], list[str]]:
    if bases:
        return snapped(streets, bases, "Base", degrees=mode == COMPATIBLE)
    stations = [k for k, kind in enumerate(placed["type"].astype(str)) if kind in POLICE]
    if stations:
        titles = placed["name"].astype(str) if "name" in placed else placed["type"].astype(str)
        found: dict[str, NodeId] = {}
        for k in stations:
            name = titles.iloc[k] or "Police"
            found[name if name not in found else f"{name} ({k + 1})"] = streets.ids[int(node[k])]
        return found, ["No base was given; the police stations among the facilities are the bases."]
    whole(suggested, "suggested")
    weight = np.array(list(scores.values()))
    chosen = suggested_bases(streets.xy, np.array(list(scores), dtype=np.int64), weight, suggested)
    return {f"Suggested base {n}": streets.ids[k] for n, k in enumerate(chosen, start=1)}, [
        "No base was given; the crossings that lie best to the targets are suggested."
    ]


def _names(streets: Streets, placed: gpd.GeoDataFrame, node: Ints) -> dict[NodeId, str]:
    titles = placed["name"].astype(str).tolist() if "name" in placed else [""] * len(placed)
    out: dict[NodeId, list[str]] = {}
    for k, title, kind in zip(node.tolist(), titles, placed["type"].astype(str), strict=True):
        out.setdefault(streets.ids[k], []).append(title or kind)
    return {name: ", ".join(dict.fromkeys(found)) for name, found in out.items()}
