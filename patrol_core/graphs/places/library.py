"""A library of places to try: made only from what ships with this project, each small enough to solve in a second or two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.graphs.places.infrastructure import infrastructure_scene
from patrol_core.graphs.places.park import TITLE, generated_park
from patrol_core.graphs.places.scenes.scene import PatrolScene
from patrol_core.graphs.places.scenes.streets import on_plane
from patrol_core.graphs.places.urban import urban_street_scene, urban_zone_scene
from patrol_core.graphs.places.wildlife import CENTROID, DENSITY, wildlife_scene
from patrol_core.graphs.places.wildlife_grid import make_grid
from patrol_core.risk import WEIGHTS, build_surface, crime_types_in_risk
from patrol_core.roads import Roads, geodanet_roads
from patrol_core.sources.sample import load_area
from patrol_core.zones import count_crimes, make_zones

LAST_MONTHS = 12


@dataclass(frozen=True)
class Entry:
    """A place of the library.

    Attributes:
        key, title, about: Its name on the command line, its name for people, and a sentence on where it comes
            from.
        family: ``green``, ``infrastructure`` or ``urban``.
        generated: Whether the place is invented.
        make: What builds it.
    """

    key: str
    title: str
    about: str
    family: str
    generated: bool
    make: Callable[[], PatrolScene]

    def build(self) -> PatrolScene:
        """The scene, under the key, title and sentence of this entry."""
        scene = self.make()
        return replace(scene, key=self.key, title=self.title, about=self.about, generated=self.generated)


def zone_risk(
    data: AreaData, system: str | None = None, *, cell_m: float = 500.0
) -> tuple[gpd.GeoDataFrame, pd.Series, str]:
    """Zones of an area, their recorded crime a month over the last year, and its unit.

    Types that patrols themselves produce (drugs, for example) are left out, as in the risk of a plan; the others count alike.

    Args:
        data: The area, with its crimes.
        system, cell_m: As in :func:`patrol_core.zones.make_zones`; the area's first system where None.

    Raises:
        InputError: When the area does not offer the system.
    """
    zones = make_zones(data, system or data.zone_systems[0], cell_m=cell_m)
    months = data.months[-LAST_MONTHS:]
    counts, _ = count_crimes(data, zones, months=months)
    ids = [str(zone) for zone in zones.index]
    types = crime_types_in_risk(data.crime_types)
    surface = build_surface(
        counts, ids, months, weights=WEIGHTS["count"], crime_types=types, count_unit=data.value_unit()
    )
    unit = surface.unit if data.dated else data.value_unit()
    return zones, pd.Series(surface.mean, index=ids), unit


def _zone_scene(area: str, system: str | None = None, **options: Any) -> PatrolScene:
    """Zones of a shipped area with their recorded crime; ``options`` of :func:`urban_zone_scene`."""
    data = load_area(area)
    zones, risk, unit = zone_risk(data, system)
    return urban_zone_scene(zones, risk, unit=unit, moves=6, attribution=data.attribution, **options)


def _geodanet_crimes() -> PatrolScene:
    data = load_area("geodanet")
    assert data.crimes is not None
    notes = ("The crimes have neither date nor type: values are crimes in the whole data.",)
    points = data.crimes[["x", "y"]].to_numpy(dtype=float)
    roads = geodanet_roads()[0]
    return urban_street_scene(roads, points, moves=20, notes=notes, attribution=data.attribution)


def _geodanet_schools() -> PatrolScene:
    data = load_area("geodanet")
    roads = geodanet_roads()[0]
    schools = data.extra["schools"]
    numbers = [str(k) for k in range(1, len(schools) + 1)]
    table = {"id": numbers, "name": [f"School {k}" for k in numbers], "type": "school"}
    features = gpd.GeoDataFrame(table, geometry=schools.geometry.to_numpy(), crs=schools.crs)
    cells = make_zones(data, "grid", cell_m=250.0)
    counts, _ = count_crimes(data, cells)
    crimes = counts.groupby("zone_id", observed=False)["count"].sum().reindex(cells.index, fill_value=0)
    blocks = gpd.GeoDataFrame(
        {"population": crimes.to_numpy(dtype=float)}, geometry=cells.geometry.to_numpy(), crs=cells.crs
    )
    notes = (
        "The population is unknown; the number of crimes in the school's square of 250 m stands in its place.",
    )
    return infrastructure_scene(
        Roads(roads.network, roads.name, roads.crs), features, blocks=blocks, suggested=2, moves=14, notes=notes,
        attribution=data.attribution,
    )  # fmt: skip


def _park(scoring: str) -> PatrolScene:
    park = generated_park()
    rows, columns = 8, 10
    scene = wildlife_scene(
        park.observations, park.bbox, rows, columns, scoring=scoring, clusters=10, bases=park.bases,
        escape_line=park.escape_line, alpha=0.5, moves=10, attribution="Generated data: no real animal or place.",
    )  # fmt: skip
    # Drawn as a plane in metres: longitude and latitude of an invented park would put it on a real map.
    grid = make_grid(park.bbox, rows, columns)
    metres = np.round(on_plane(grid.centres, grid.plane, "cells"), 3)
    kept = dict(scene.values)
    if scoring == DENSITY:
        order = sorted(kept, key=lambda cell: -kept[cell])
        kept = {cell: kept[cell] for cell in sorted(order[:20], key=str)}
    notes = scene.notes
    if left := len(scene.values) - len(kept):
        share = 1 - sum(kept.values()) / sum(scene.values.values())
        notes += (
            f"The {len(kept)} cells of highest score are targets; {left} more with {share:.0%} of all animals are left out.",
        )
    gained = None if scene.attacker_values is None else {cell: scene.attacker_values[cell] for cell in kept}
    return replace(
        scene, xy=metres, crs=None, values=kept, attacker_values=gained, names={cell: scene.names[cell] for cell in kept},
        notes=notes,
    )  # fmt: skip


_CRIME = "value is recorded crime a month in the last year, without types that patrols produce."
_PARK = "A generated park: invented animals, posts and border; targets are"
_ENTRIES = (
    Entry(
        "sampleford-zones", "Sampleford, zones", f"Zones of the generated city Sampleford; {_CRIME}",
        "urban", True, lambda: _zone_scene("sample", "lsoa", suggested=3),
    ),
    Entry(
        "sampleford-wards", "Sampleford, wards", f"Wards of the generated city Sampleford; {_CRIME}",
        "urban", True, lambda: _zone_scene("sample", "ward", most_targets=None),
    ),
    Entry(
        "columbus-zones", "Columbus, neighbourhoods", "Neighbourhoods of Columbus, Ohio, in 1980; value is burglary and vehicle theft per 1,000 households.",
        "urban", False, lambda: _zone_scene("columbus", notes=("Rates by household, not counts: their sum is no number of crimes.",)),
    ),
    Entry(
        "geodanet-crimes", "GeoDaNet, crimes on streets", "Streets and undated crimes of the GeoDaNet sample data; value is crimes at the nearest crossing.",
        "urban", False, _geodanet_crimes,
    ),
    Entry(
        "geodanet-schools", "GeoDaNet, schools", "Streets and schools of the GeoDaNet sample data, scored as infrastructure; crimes nearby stand in for residents.",
        "infrastructure", False, _geodanet_schools,
    ),
    Entry(
        "park-centroid", f"{TITLE}, herds", f"{_PARK} clusters of observations.",
        "green", True, lambda: _park(CENTROID),
    ),
    Entry(
        "park-density", f"{TITLE}, cells", f"{_PARK} the cells with most observations.",
        "green", True, lambda: _park(DENSITY),
    ),
)  # fmt: skip
LIBRARY: Mapping[str, Entry] = {entry.key: entry for entry in _ENTRIES}


def library_scene(key: str) -> PatrolScene:
    """A scene of the library.

    Raises:
        InputError: When there is no such key; the message lists them.
    """
    if key not in LIBRARY:
        raise InputError(f"There is no place {key!r} in the library; choose one of {', '.join(LIBRARY)}.")
    return LIBRARY[key].build()
