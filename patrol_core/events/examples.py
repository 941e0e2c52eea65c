"""Two events to try: a marathon over generated streets, and a festival on a real street network.

Both crowds are generated: no real event, no counted people. The streets of the marathon are generated as well, over
the generated city; the festival uses the street network GeoDaNet that ships with PySAL, its venues being the schools
of that data set and two crossings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import shapely

from patrol_core.arrays import Floats
from patrol_core.events.crowd import Pace, Points, Wave, busy_day, in_and_out, running_crowd
from patrol_core.events.public_event import make_event
from patrol_core.events.scene import Scene, stretches
from patrol_core.events.travel_times import street_graph, street_times

if TYPE_CHECKING:
    import geopandas as gpd

MARATHON_KM = 42.195
STRETCHES = 14
SEED = 20260426
CELL_M = 450.0
SHAKE_M = 60.0


def generated_streets(
    bounds: tuple[float, float, float, float], crs: str, *, seed: int = SEED
) -> gpd.GeoDataFrame:
    """A shaken lattice of streets over a rectangle (metres), cut at crossings; the same seed gives the same streets.

    Args:
        bounds, crs: West, south, east and north in metres, and their coordinate system.
    """
    import geopandas as gpd

    west, south, east, north = bounds
    across, up = (max(2, round((b - a) / CELL_M)) for a, b in ((west, east), (south, north)))
    nodes = _lattice(bounds, across, up, seed)
    lines = []
    for row in range(up + 1):
        for column in range(across + 1):
            if column < across:
                lines.append(shapely.LineString([nodes[row, column], nodes[row, column + 1]]))
            if row < up:
                lines.append(shapely.LineString([nodes[row, column], nodes[row + 1, column]]))
    return gpd.GeoDataFrame({"street_id": range(1, len(lines) + 1)}, geometry=lines, crs=crs)


def _lattice(bounds: tuple[float, float, float, float], across: int, up: int, seed: int) -> Floats:
    west, south, east, north = bounds
    shake = np.random.default_rng(seed).uniform(-SHAKE_M, SHAKE_M, (up + 1, across + 1, 2))
    x, y = np.meshgrid(np.linspace(west, east, across + 1), np.linspace(south, north, up + 1))
    return np.asarray(np.stack([x, y], axis=-1) + shake)


def marathon_route(bounds: tuple[float, float, float, float], *, seed: int = SEED) -> shapely.LineString:
    """A way of 42.195 km along the generated streets, street by street in long bends."""
    west, south, east, north = bounds
    across, up = (max(2, round((b - a) / CELL_M)) for a, b in ((west, east), (south, north)))
    nodes = _lattice(bounds, across, up, seed)
    way = []
    for turn, row in enumerate(
        range(0, up + 1, 2)
    ):  # every second street, so that the run sees the whole city
        columns = list(range(across + 1)) if turn % 2 == 0 else list(range(across, -1, -1))
        way += [nodes[row, column] for column in columns]
        if row + 2 <= up:
            way.append(nodes[row + 1, columns[-1]])
    line = shapely.LineString(way)
    whole = MARATHON_KM * 1000.0
    if line.length < whole:  # a small city: the bends are run up and down again
        way += way[-2::-1]
        line = shapely.LineString(way)
    return _up_to(line, min(whole, line.length))


def _up_to(line: shapely.LineString, length: float) -> shapely.LineString:
    """The first ``length`` metres of a line."""
    points = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    last = int(np.searchsorted(along, length, side="left"))
    share = (length - along[last - 1]) / (along[last] - along[last - 1])
    end = points[last - 1] + share * (points[last] - points[last - 1])
    return shapely.LineString([*points[:last], end])


def marathon(resources: int = 10, decay: float = 0.7) -> Scene:
    """A city marathon on the generated city: 18,000 runners in three waves, seven hours."""
    import geopandas as gpd

    from patrol_core.sources.sample import load_area

    data = load_area("sample")
    assert data.polygons is not None
    west, south, east, north = (float(v) for v in data.polygons.total_bounds)
    bounds = (west, south, east, north)
    streets = generated_streets(bounds, data.crs)
    marks, lines = stretches(marathon_route(bounds), STRETCHES)
    crowd = running_crowd(
        marks,
        [Wave(0.25, 5000), Wave(0.5, 7000), Wave(0.75, 6000)],
        Pace(mean=6.2 / 60, spread=1.0 / 60),
        duration=7.0,
        step=0.25,
        stay=0.75,
    )
    names = [f"km {a:.0f} to {b:.0f}" for a, b in itertools.pairwise(marks)]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    event = make_event(
        list(zip(names, crowd, strict=True)),
        duration=7.0,
        resources=resources,
        decay=decay,
        travel=street_times(streets, middle[:, 0], middle[:, 1], speed_kmh=15.0),
    )
    places = gpd.GeoDataFrame(index=names, geometry=lines, crs=data.crs)
    note = (
        "A generated marathon over generated streets of the generated city: no real event, no counted people."
    )
    return Scene("marathon", "City marathon (generated)", event, places, streets, note, 15.0, 9.0)


def festival(resources: int = 6, decay: float = 0.7) -> Scene:
    """A street festival on the GeoDaNet network: stages, market, gates, ten hours."""
    import geopandas as gpd

    from patrol_core.sources.sample import load_area

    data = load_area("geodanet")
    streets, schools = data.extra["streets"], data.extra["schools"]
    venues = shapely.get_coordinates(schools.geometry.to_numpy())
    crossings, *_ = street_graph(streets)
    middle = venues.mean(axis=0)
    gates = [
        crossings[np.argmax(crossings @ side)] for side in (np.array([1.0, 1.0]), np.array([-1.0, -1.0]))
    ]
    points = np.vstack([venues, gates])
    crowd = _festival_crowd()
    names = list(crowd)
    order = np.argsort(np.hypot(*(venues - middle).T), kind="stable")  # the main stage in the middle
    points = np.vstack([venues[order], gates])
    event = make_event(
        crowd,
        duration=10.0,
        resources=resources,
        decay=decay,
        travel=street_times(streets, points[:, 0], points[:, 1], speed_kmh=4.0),
    )
    places = gpd.GeoDataFrame(index=names, geometry=shapely.points(points), crs=data.crs)
    note = (
        "A generated festival on the streets of the GeoDaNet example network (PySAL): real streets, an invented event, "
        "no counted people."
    )
    return Scene("festival", "Street festival (generated)", event, places, streets, note, 4.0, 12.0)


def _festival_crowd() -> dict[str, Points]:
    hours = 10.0
    concert, into = in_and_out(3000, opens=6.0, begins=7.0, ends=9.0, empty=9.75, duration=hours)
    arena, _ = in_and_out(900, opens=1.0, begins=2.0, ends=4.0, empty=4.5, duration=hours)
    half = [(when, value / 2) for when, value in into]
    return {
        "Main stage": concert,
        "Dance stage": busy_day(800, peak=5.0, width=1.5, duration=hours, step=0.5),
        "Food market": busy_day(1200, peak=3.5, width=1.8, duration=hours, step=0.5),
        "Arena": arena,
        "Children's park": busy_day(500, peak=2.0, width=1.2, duration=hours, step=0.5),
        "Beer garden": busy_day(700, peak=6.5, width=1.4, duration=hours, step=0.5),
        "Craft fair": busy_day(400, peak=3.0, width=2.0, duration=hours, step=0.5),
        "Car park": [(0.0, 150.0), (1.5, 400.0), (8.5, 400.0), (9.5, 600.0), (10.0, 200.0)],
        "North gate": half,
        "South gate": [(when, value / 2 + 60) for when, value in into],
    }


SCENES: Mapping[str, Callable[[], Scene]] = {"marathon": marathon, "festival": festival}
"""The shipped events by key."""
