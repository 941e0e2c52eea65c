"""Urban crime: zones or crossings of a police area as targets, their risk as value, stations as bases.

* Zones: a unit moves between zones that share a border line (not only a corner); parts that do not touch are joined by their
  nearest pair and the notes say so. The value of a zone is its risk.
* Streets: nodes are crossings; a crime counts at the nearest crossing.

Only the ``most_targets`` highest values are targets, since a game over all of them has more in it than a shift can patrol; the
notes say how many are left out and how much of the total they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places.scenes.assemble import SceneWords, make_scene, suggest_bases
from patrol_core.graphs.places.scenes.parts import highest, joined
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import (
    Pair,
    SceneGraph,
    far_notes,
    near_crossings,
    on_plane,
    snapped,
    streets_of,
)
from patrol_core.roads import Roads, count_note, counted
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
    **words: Unpack[SceneWords],
) -> PatrolScene:
    """Zones as a scene.

    Args:
        zones: Index zone_id, from :func:`patrol_core.zones.make_zones`; ``name`` gives the words.
        risk: Risk by zone id, >= 0; exactly the zones of ``zones``, in any order.
        stations: (longitude, latitude) by name (x, y in a plane without a place on Earth): the zone it lies in,
            else the nearest. Where None, ``suggested`` zones that lie best to the targets.
        most_targets, suggested: How many zones of highest risk are targets (None: all with risk), and how many
            bases are suggested.
        corners: Whether zones that meet in a corner only are neighbours too.
        unit: What the risk counts.
        words: Keywords of :class:`~patrol_core.graphs.places.scenes.assemble.SceneWords`; 6 moves where it has
            none.

    Raises:
        InputError: When zones and risk do not name the same zones, a risk is negative or missing, or none is
            above 0.
    """
    ids = [str(zone) for zone in zones.index]
    kept, left = highest(_labelled(ids, risk), most_targets, "zones")
    graph = _zone_graph(zones, ids, corners=corners)
    notes = [*graph.notes, *([left] if left else [])]
    if stations:
        bases, said = _zones_of(zones, graph, stations)
    else:
        bases = suggest_bases(graph, kept, suggested)
        said = ["No station was given; the zones that lie best to the targets are suggested as bases."]
    names = zones["name"].astype(str).tolist() if "name" in zones else ids
    return make_scene(
        "urban",
        graph,
        (graph.ids, graph.edges, graph.xy, sorted(kept.items()), bases),
        words,
        title="Urban zones",
        about=f"{len(ids)} zones; targets are the {len(kept)} of highest risk.",
        notes=[*notes, *said],
        moves=6,
        values=kept,
        bases=bases,
        names={zone: name for zone, name in zip(ids, names, strict=True) if name},
        unit=unit,
    )


def urban_street_scene(
    roads: Roads,
    points: Floats,
    stations: Mapping[str, Pair] | None = None,
    *,
    weights: Floats | None = None,
    most_targets: int | None = MOST_TARGETS,
    suggested: int = 2,
    unit: str = "crimes",
    **words: Unpack[SceneWords],
) -> PatrolScene:
    """Streets and crimes as a scene.

    Args:
        roads: Streets with places in metres.
        points: Crimes in the plane of the streets, shape (n, 2); rows with NaN are left out and counted.
        stations: (longitude, latitude) by name (x, y in a plane without a place on Earth); each is its nearest
            crossing. Where None, ``suggested`` crossings that lie best to the targets.
        weights: What each crime counts, shape (n,), >= 0; 1 where None.
        most_targets, suggested, unit, words: As in :func:`urban_zone_scene`, but 8 moves.

    Raises:
        InputError: When the table has another shape, a weight is negative, or no crime has a place.
    """
    streets = streets_of(roads)
    table = np.asarray(points, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2:
        raise InputError(f"The crimes have the shape {table.shape}; give one row of x and y each.")
    load = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=float)
    if load.shape != (len(table),) or not (load >= 0).all() or not np.isfinite(load).all():
        raise InputError(f"There are {len(table)} crimes; give each one finite weight >= 0.")
    here = np.isfinite(table).all(axis=1)
    if not here.any():
        raise InputError("No crime has a place; give x and y in metres of the streets' plane.")
    rest = f"of {len(table):,} without a place; left out."
    notes = [*streets.notes, *count_note((~here).sum(), "crime", "crimes", rest)]
    node, away = near_crossings(streets, table[here], "crime")
    notes += far_notes(away, "crime is", "crimes are")
    sums = np.bincount(node, weights=load[here], minlength=len(streets.ids))
    kept, left = highest(
        dict(zip(map(str, streets.ids), sums.tolist(), strict=True)), most_targets, "crossings"
    )
    notes += [left] if left else []
    if stations:
        bases, said = snapped(streets, stations, "Station")
    else:
        bases = suggest_bases(streets, kept, suggested)
        said = ["No station was given; the crossings that lie best to the targets are suggested as bases."]
    return make_scene(
        "urban",
        streets,
        (streets.ids, streets.edges, streets.xy, sorted(kept.items()), bases),
        words,
        title=roads.name,
        about=f"Streets of {roads.name}; targets are the {len(kept)} crossings with most {unit}.",
        notes=[*notes, *said],
        values=kept,
        bases=bases,
        unit=unit,
    )


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


def _zone_graph(zones: gpd.GeoDataFrame, ids: Sequence[str], *, corners: bool) -> SceneGraph:
    """Zones that share a border as a graph in one piece; its notes say what was joined without a border."""
    middle = zones.geometry.representative_point()
    xy = np.column_stack([middle.x, middle.y])
    place = {zone: k for k, zone in enumerate(ids)}
    pairs = [
        (place[a], place[b]) for a, near in neighbours(zones).items() for b in near if place[a] < place[b]
    ]
    if pairs and not corners and zones.attrs.get("system") != "hex":  # hexagons never meet in a corner only
        shapes = zones.geometry.to_numpy()
        ends = np.array(pairs)
        shared = shapely.length(shapely.intersection(shapes[ends[:, 0]], shapes[ends[:, 1]]))
        pairs = [pair for pair, long in zip(pairs, shared.tolist(), strict=True) if long > 0]
    added = joined(pairs, xy)
    notes = []
    if added:
        many = counted(len(added), "pair of zones that do", "pairs of zones that do")
        first = f"{ids[added[0][0]]} and {ids[added[0][1]]}"
        notes.append(f"{many} not touch joined as neighbours, so that all can be reached (first: {first}).")
    crs = zones.crs.to_string() if zones.crs is not None and is_located(zones.crs.to_wkt()) else None
    edges = tuple((ids[a], ids[b]) for a, b in [*pairs, *added])
    return SceneGraph(tuple(ids), edges, xy, crs, notes=tuple(notes))


def _zones_of(
    zones: gpd.GeoDataFrame, graph: SceneGraph, stations: Mapping[str, Pair]
) -> tuple[dict[str, NodeId], list[str]]:
    """The zone each station lies in, else the nearest; and a sentence on the latter."""
    points = on_plane(list(stations.values()), graph.crs, "stations")
    at = locate(zones, points[:, 0], points[:, 1])
    notes = []
    for k, name in enumerate(stations):
        if at[k] < 0:
            at[k] = int(np.argmin(shapely.distance(zones.geometry.to_numpy(), shapely.Point(points[k]))))
            notes.append(f"Station {name} lies in no zone; zone {graph.ids[at[k]]} is nearest.")
    return {name: graph.ids[zone] for name, zone in zip(stations, at.tolist(), strict=True)}, notes
