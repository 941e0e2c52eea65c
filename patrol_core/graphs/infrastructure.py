r"""Infrastructure: targets are crossings of a street graph next to facilities such as hospitals and substations.

A facility of type weight w with P people around it has the score

.. math::
    s = w \, (1 + \ln(P + 1))^k

and goes to the nearest crossing. A crossing with several facilities has the largest of their scores plus their mean. In
general-sum games the attacker values nearness to points along which one gets away: :math:`a_t = s_t f_a (1 + \alpha p_t)` with
the nearness :math:`p_t` of :mod:`patrol_core.graphs.green`, measured straight to the nearest of the points.

Everything is measured in metres in the plane of the streets; ``compatible`` measures the way to the escape points, and from bases
to crossings, in degrees, as the published instances do.

Source: Krever, Cerny, Blanchard and Kroer (2025), "GUARD" (see :mod:`patrol_core.graphs.graph_game`), infrastructure security
games.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.graphs.features import POLICE, WEIGHTS, in_metres, people_around
from patrol_core.graphs.graph_game import COMPATIBLE, CORRECTED, KEEP, NodeId
from patrol_core.graphs.network import Floats, Ints
from patrol_core.graphs.patrol_scene import PatrolScene
from patrol_core.graphs.road_parts import Roads, counted
from patrol_core.graphs.scene_parts import (
    DEGREES,
    Pair,
    Streets,
    factor,
    in_degrees,
    key_of,
    nearest,
    on_plane,
    proximity,
    streets_of,
    suggested_bases,
    whole,
)

if TYPE_CHECKING:
    import geopandas as gpd

FAR_M = 250.0
"""Facilities farther than this from their crossing are counted in the notes."""


def facility_scores(weight: Floats, people: Floats, exponent: float = 1.0) -> Floats:
    """Scores w (1 + ln(P + 1))^k, shape (n,)."""
    return np.asarray(weight * (1.0 + np.log1p(people)) ** exponent, dtype=float)


def crossing_scores(node: Ints, score: Floats) -> dict[int, float]:
    """Score by crossing: of one facility its own, of several the largest plus the mean.

    Parameters
    ----------
    node, score
        Crossing and score of every facility, shape (n,).
    """
    out = {}
    for k in np.unique(node).tolist():
        mine = score[node == k]
        out[k] = float(mine[0]) if len(mine) == 1 else float(mine.max() + mine.mean())
    return out


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
        Facilities: ``type`` and optionally ``id``, ``name``, ``population``; see :func:`patrol_core.graphs.features.read_facilities`.
    weights
        Weight by type; :data:`patrol_core.graphs.features.WEIGHTS` where None.
    other_weight
        Weight of every type without one; where None, such facilities are left out and counted.
    blocks, radius_m
        People around a facility, see :func:`patrol_core.graphs.features.people_around`. Without blocks the column ``population``
        of the features counts, and without that nobody (scores are the weights alone; the notes say so).
    exponent
        k of the score, >= 0.
    bases
        (longitude, latitude) by name (x, y in a plane without a place on Earth); each is its nearest crossing. Where None,
        the facilities of type police, and where there are none, ``suggested`` crossings near the targets.
    escape_points
        Points by name; with them the attacker has values of its own.
    alpha, attacker_value_factor, defender_value_factor
        As in :func:`patrol_core.graphs.green.green_scene`.
    snap_limit_m
        Facilities farther from every crossing are left out and counted; None for no limit.
    mode, unreachable, moves, words
        As in :func:`patrol_core.graphs.green.green_scene`.

    Raises
    ------
    InputError
        When streets and facilities do not lie in the same world, or no facility is left.
    """
    if mode not in (CORRECTED, COMPATIBLE):
        raise InputError(f"mode is {mode!r}; choose {CORRECTED} or {COMPATIBLE}.")
    streets = streets_of(roads)
    notes = [*words.pop("notes", ()), *streets.notes, *features.attrs.get("notes", ())]
    weight, known, said = _weights(features, WEIGHTS if weights is None else weights, other_weight)
    notes += said
    placed = in_metres(features[known], streets.crs, "facilities")
    points = np.column_stack([placed.geometry.x, placed.geometry.y])
    node, away = nearest(streets.xy, points)
    near = away <= (float("inf") if snap_limit_m is None else factor(snap_limit_m, "snap_limit_m"))
    notes += _distance_notes(away, near, snap_limit_m)
    if not near.any():
        raise InputError(
            f"No facility lies within {snap_limit_m:g} m of a crossing; check both files or raise the limit."
        )
    placed, points, node, weight = placed[near], points[near], node[near], weight[near]
    people, said = _people(placed, points, blocks, streets.crs, radius_m)
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


def published_weights(data: bytes, name: str = "The instance") -> dict[str, float]:
    """Type weights of a published infrastructure instance (its field ``infra_weights``).

    Raises
    ------
    InputError
        When the JSON has no such table of numbers.
    """
    try:
        table = json.loads(data)["infra_weights"]
        return {str(kind): factor(weight, f"{name}: weight of {kind}") for kind, weight in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name} has no table infra_weights of type and number; give a published instance."
        ) from None


def _weights(
    features: gpd.GeoDataFrame, table: Mapping[str, float], other: float | None
) -> tuple[Floats, np.ndarray, list[str]]:
    """Weights of the facilities that stay, which those are, and what was left out."""
    if "type" not in features:
        raise InputError("The facilities have no column type; add one, for example hospital or substation.")
    kinds = [str(kind) for kind in features["type"]]
    known = np.array([kind in table for kind in kinds], dtype=bool)
    strange = sorted({kind or "(none)" for kind, ok in zip(kinds, known.tolist(), strict=True) if not ok})
    named = ", ".join(strange[:6]) + (", …" if len(strange) > 6 else "")
    notes = []
    if strange and other is None:
        notes.append(
            f"{counted(int((~known).sum()), 'facility', 'facilities')} of a type without weight ({named}); left out."
        )
    elif strange:
        notes.append(
            f"{counted(int((~known).sum()), 'facility', 'facilities')} of other types ({named}) weigh {other:g}."
        )
        known[:] = True
    if not known.any():
        raise InputError(
            f"No facility has a type with a weight (found: {named or 'nothing'}); give weights for these types."
        )
    weight = np.array(
        [
            factor(table.get(k, other or 0.0), f"The weight of {k}")
            for k, ok in zip(kinds, known, strict=True)
            if ok
        ]
    )
    return weight, known, notes


def _distance_notes(away: Floats, near: np.ndarray, limit: float | None) -> list[str]:
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


def _people(
    placed: gpd.GeoDataFrame,
    points: Floats,
    blocks: gpd.GeoDataFrame | None,
    crs: str | None,
    radius_m: float | None,
) -> tuple[Floats, list[str]]:
    if blocks is not None:
        people = people_around(points, blocks, crs, radius_m)
        none = int((people == 0).sum())
        return people, [
            f"{counted(none, 'facility has', 'facilities have')} nobody living around."
        ] if none else []
    if "population" in placed:
        people = placed["population"].to_numpy(dtype=float)
        if not (people >= 0).all():
            wrong = int(np.argmax(~(people >= 0)))
            raise InputError(
                f"Facility {placed['id'].iloc[wrong]!r} has the population {people[wrong]:g}; give a number >= 0."
            )
        return people, []
    return np.zeros(len(points)), ["No population was given: scores are the weights of the facilities alone."]


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
) -> tuple[dict[str, str], list[str]]:
    if bases:
        crs = DEGREES if mode == COMPATIBLE and streets.crs is not None else streets.crs
        crossings = in_degrees(streets.xy, streets.crs) if crs == DEGREES and streets.crs else streets.xy
        hit, _ = nearest(crossings, on_plane(list(bases.values()), crs, "bases"))
        return {name: streets.ids[k] for name, k in zip(bases, hit.tolist(), strict=True)}, []
    stations = [k for k, kind in enumerate(placed["type"].astype(str)) if kind in POLICE]
    if stations:
        titles = placed["name"].astype(str) if "name" in placed else placed["type"].astype(str)
        found: dict[str, str] = {}
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
