"""Urban crime: zones or crossings of a police area as targets, their risk as value, stations as bases.

* Zones: a unit moves between zones that share a border line (not only a corner); parts that do not touch are joined by their
  nearest pair and the notes say so. The value of a zone is its risk.
* Streets: nodes are crossings; a crime counts at the nearest crossing.

Only the ``most_targets`` highest values are targets, since a game over all of them has more in it than a shift can patrol; the
notes say how many are left out and how much of the total they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import KEEP, NodeId
from patrol_core.graphs.places.scenes.parts import highest, joined, key_of, suggested_bases, whole
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import (
    FAR_M,
    Pair,
    check_near,
    nearest,
    on_plane,
    snapped,
    streets_of,
)
from patrol_core.roads import Roads, counted
from patrol_core.zones import is_located, locate, neighbours

if TYPE_CHECKING:
    import geopandas as gpd

MOST_TARGETS = 12


def urban_zone_scene(
    zones: gpd.GeoDataFrame,
    risk: pd.Series[Any],
    stations: Mapping[str, Pair] | None = None,
    *,
    most_targets: int | None = MOST_TARGETS,
    suggested: int = 2,
    corners: bool = False,
    unit: str = "crimes per month",
    unreachable: str = KEEP,
    moves: int = 6,
    **words: Any,
) -> PatrolScene:
    """Zones as a scene.

    Parameters
    ----------
    zones
        Index zone_id, from :func:`patrol_core.zones.make_zones`; ``name`` gives the words.
    risk
        Risk by zone id, >= 0; exactly the zones of ``zones``, in any order.
    stations
        (longitude, latitude) by name (x, y in a plane without a place on Earth): the zone it lies in, else the nearest.
        Where None, ``suggested`` zones that lie best to the targets.
    most_targets
        How many zones of highest risk are targets; None for all with risk.
    corners
        Whether zones that meet in a corner only are neighbours too.
    unit
        What the risk counts.
    unreachable, moves, words
        As in :func:`patrol_core.graphs.places.wildlife.green_scene`.

    Raises
    ------
    InputError
        When zones and risk do not name the same zones, a risk is negative or missing, or none is above 0.
    """
    ids = [str(zone) for zone in zones.index]
    values = _labelled(ids, risk)
    notes = list(words.pop("notes", ()))
    middle = zones.geometry.representative_point()
    xy = np.column_stack([middle.x, middle.y])
    pairs, said = _borders(zones, ids, xy, corners=corners)
    kept, left = highest(values, most_targets, "zones")
    notes += [*said, *([left] if left else [])]
    crs = zones.crs.to_string() if zones.crs is not None and is_located(zones.crs.to_wkt()) else None
    place: dict[NodeId, int] = {zone: k for k, zone in enumerate(ids)}
    if stations:
        points = on_plane(list(stations.values()), crs, "stations")
        at = locate(zones, points[:, 0], points[:, 1])
        outside = [name for name, zone in zip(stations, at.tolist(), strict=True) if zone < 0]
        for name in outside:
            k = list(stations).index(name)
            at[k] = int(np.argmin(shapely.distance(zones.geometry.to_numpy(), shapely.Point(points[k]))))
            notes.append(f"Station {name} lies in no zone; zone {ids[at[k]]} is nearest.")
        bases: dict[str, NodeId] = {name: ids[zone] for name, zone in zip(stations, at.tolist(), strict=True)}
    else:
        bases = _suggested(ids, xy, place, kept, suggested)
        notes.append("No station was given; the zones that lie best to the targets are suggested as bases.")
    words.setdefault("title", "Urban zones")
    words.setdefault("about", f"{len(ids)} zones; targets are the {len(kept)} of highest risk.")
    names = zones["name"].astype(str).tolist() if "name" in zones else ids
    return _scene(
        words, ids, [(ids[a], ids[b]) for a, b in pairs], xy, crs, kept, bases,
        defaults={"moves": moves, "unreachable": unreachable}, notes=notes, unit=unit,
        names={zone: name for zone, name in zip(ids, names, strict=True) if name},
    )  # fmt: skip


def urban_street_scene(
    roads: Roads,
    points: Floats,
    stations: Mapping[str, Pair] | None = None,
    *,
    weights: Floats | None = None,
    most_targets: int | None = MOST_TARGETS,
    suggested: int = 2,
    unit: str = "crimes",
    unreachable: str = KEEP,
    moves: int = 8,
    **words: Any,
) -> PatrolScene:
    """Streets and crimes as a scene.

    Parameters
    ----------
    roads
        Streets with places in metres.
    points
        Crimes in the plane of the streets, shape (n, 2); rows with NaN are left out and counted.
    stations
        (longitude, latitude) by name (x, y in a plane without a place on Earth); each is its nearest crossing. Where None,
        ``suggested`` crossings that lie best to the targets.
    weights
        What each crime counts, shape (n,), >= 0; 1 where None.
    most_targets, unit, unreachable, moves, words
        As in :func:`urban_zone_scene`.

    Raises
    ------
    InputError
        When the table has another shape, a weight is negative, or no crime has a place.
    """
    streets = streets_of(roads)
    table = np.asarray(points, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2:
        raise InputError(f"The crimes have the shape {table.shape}; give one row of x and y each.")
    load = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=float)
    if load.shape != (len(table),) or not (load >= 0).all() or not np.isfinite(load).all():
        raise InputError(f"There are {len(table)} crimes; give each one finite weight >= 0.")
    notes = [*words.pop("notes", ()), *streets.notes]
    here = np.isfinite(table).all(axis=1)
    if not here.any():
        raise InputError("No crime has a place; give x and y in metres of the streets' plane.")
    if not here.all():
        notes.append(
            f"{counted(int((~here).sum()), 'crime', 'crimes')} of {len(table):,} without a place; left out."
        )
    node, away = nearest(streets.xy, table[here])
    check_near(away, "crime")
    far = int((away > FAR_M).sum())
    if far:
        notes.append(
            f"{counted(far, 'crime is', 'crimes are')} more than {FAR_M:g} m from the nearest crossing (at most {away.max():,.0f} m)."
        )
    sums = np.bincount(node, weights=load[here], minlength=len(streets.ids))
    kept, left = highest(dict(zip(streets.ids, sums.tolist(), strict=True)), most_targets, "crossings")
    notes += [left] if left else []
    place: dict[NodeId, int] = {name: k for k, name in enumerate(streets.ids)}
    if stations:
        bases, said = snapped(streets, stations, "Station")
        notes += said
    else:
        bases = _suggested(list(streets.ids), streets.xy, place, kept, suggested)
        notes.append(
            "No station was given; the crossings that lie best to the targets are suggested as bases."
        )
    words.setdefault("title", roads.name)
    words.setdefault(
        "about", f"Streets of {roads.name}; targets are the {len(kept)} crossings with most {unit}."
    )
    return _scene(
        words, streets.ids, streets.edges, streets.xy, streets.crs, kept, bases,
        defaults={"moves": moves, "unreachable": unreachable}, notes=notes, unit=unit, names={}, directed=streets.directed,
    )  # fmt: skip


def _labelled(ids: Sequence[str], risk: pd.Series[Any]) -> dict[str, float]:
    """Risk by zone in the order of the zones."""
    table = risk.copy()
    table.index = table.index.astype(str)
    if table.index.has_duplicates:
        raise InputError(f"Zone {table.index[table.index.duplicated()][0]!r} has two risks; give one.")
    absent = [zone for zone in ids if zone not in table.index]
    if absent:
        raise InputError(
            f"{counted(len(absent), 'zone has', 'zones have')} no risk (first: {absent[0]!r}); give every zone one."
        )
    extra = [zone for zone in table.index if zone not in set(ids)]
    if extra:
        raise InputError(
            f"There is a risk for {extra[0]!r}, which is no zone; give the risk of these zones only."
        )
    found = table.reindex(list(ids)).to_numpy(dtype=float)
    bad = ~(found >= 0) | ~np.isfinite(found)
    if bad.any():
        k = int(np.argmax(bad))
        raise InputError(f"Zone {ids[k]!r} has the risk {found[k]:g}; give a finite number >= 0.")
    return dict(zip(ids, found.tolist(), strict=True))


def _borders(
    zones: gpd.GeoDataFrame, ids: Sequence[str], xy: Floats, *, corners: bool
) -> tuple[list[tuple[int, int]], list[str]]:
    """Pairs of zones that share a border, and what was joined without one."""
    place: dict[NodeId, int] = {zone: k for k, zone in enumerate(ids)}
    touch = neighbours(zones)
    pairs = [(place[a], place[b]) for a, others in touch.items() for b in others if place[a] < place[b]]
    if pairs and not corners and zones.attrs.get("system") != "hex":  # hexagons never meet in a corner only
        shapes = zones.geometry.to_numpy()
        ends = np.array(pairs)
        shared = shapely.length(shapely.intersection(shapes[ends[:, 0]], shapes[ends[:, 1]]))
        pairs = [pair for pair, long in zip(pairs, shared.tolist(), strict=True) if long > 0]
    added = joined(pairs, xy)
    if not added:
        return pairs, []
    many = counted(len(added), "pair of zones that do", "pairs of zones that do")
    first = f"{ids[added[0][0]]} and {ids[added[0][1]]}"
    note = f"{many} not touch joined as neighbours, so that all can be reached (first: {first})."
    return [*pairs, *added], [note]


def _suggested(
    ids: Sequence[str], xy: Floats, place: Mapping[NodeId, int], kept: Mapping[NodeId, float], count: int
) -> dict[str, NodeId]:
    whole(count, "suggested")
    demand = np.array([place[name] for name in kept], dtype=np.int64)
    chosen = suggested_bases(xy, demand, np.array(list(kept.values())), count)
    return {f"Suggested base {n}": ids[k] for n, k in enumerate(chosen, start=1)}


def _scene(
    words: dict[str, Any],
    ids: Sequence[str],
    edges: Sequence[tuple[str, str]],
    xy: Floats,
    crs: str | None,
    values: Mapping[NodeId, float],
    bases: Mapping[str, NodeId],
    *,
    defaults: Mapping[str, Any],
    notes: Sequence[str],
    **more: Any,
) -> PatrolScene:
    words.setdefault("generated", False)
    words["defaults"] = {**defaults, **words.get("defaults", {})}
    words.setdefault(
        "key", f"urban-{key_of(tuple(ids), tuple(edges), xy, sorted(values.items()), bases, words['title'])}"
    )
    return PatrolScene(
        family="urban",
        node_ids=tuple(ids),
        edges=tuple(edges),
        xy=xy,
        crs=crs,
        values=values,
        bases=dict(bases),
        notes=tuple(notes),
        **words,
        **more,
    )
