"""An event on a map: targets with places, streets, the clock; and the ways a user can make one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import ArrayLike

from patrol_core.errors import InputError
from patrol_core.events.crowd import Pace, Points, Wave, running_crowd, thinned
from patrol_core.events.public_event import PublicEvent, make_event
from patrol_core.events.travel_times import straight_times

if TYPE_CHECKING:
    import geopandas as gpd

CIRCLE_M = 500.0
"""Radius on which targets without places are drawn."""
MOST_STRETCHES = 60
THINNED = 0.002
"""Share of the largest value by which a curve may be raised to spare points."""


@dataclass(frozen=True, eq=False)
class Scene:
    """An event with what a map needs.

    Attributes:
        key, title: Name for programs and for people.
        event: Times in hours.
        places: Indexed by target: geometry (points or lines) in a metric CRS.
        streets: Lines in the same CRS; may be empty.
        note: Where it comes from, in one sentence; says so where anything is generated.
        speed_kmh: How fast units move, as used for the travel times; 0 where the times were given.
        clock: Time of day at 0, in hours.
        unit: What values count.
        schematic: True where the places are not known and targets stand on a circle.
    """

    key: str
    title: str
    event: PublicEvent
    places: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    note: str
    speed_kmh: float
    clock: float
    unit: str = "people"
    schematic: bool = False

    def with_event(self, event: PublicEvent) -> Scene:
        """The same scene with other units, values or times."""
        return replace(self, event=event)


def stretches(route: shapely.LineString, count: int) -> tuple[list[float], list[shapely.LineString]]:
    """Marks (km, count + 1) and lines of equal stretches of a route in metres."""
    from shapely.ops import substring

    marks = np.linspace(0.0, route.length, count + 1)
    return (marks / 1000.0).tolist(), [substring(route, a, b) for a, b in itertools.pairwise(marks)]


def run_on_route(
    route: gpd.GeoSeries,
    *,
    count: int,
    waves: Sequence[Wave],
    pace: Pace,
    duration: float,
    stay: float,
    resources: int,
    decay: float,
    speed_kmh: float,
    clock: float,
    title: str = "Run on your route",
    notes: Sequence[str] = (),
) -> Scene:
    """A run on a user's route: values by stretch from start waves and a pace distribution.

    Units travel straight with the usual detour (:data:`patrol_core.events.travel_times.DETOUR`).

    Args:
        route: One line in metres, in the order it is run (:func:`patrol_core.events.route.load_route`).
        count: Stretches of equal length, 1 to :data:`MOST_STRETCHES`; each is a target.
        waves, pace, stay: Who starts when, hours per km, and hours at the finish
            (:func:`~patrol_core.events.crowd.running_crowd`).
        duration: Hours of the event.
        resources, decay: Units at hand, and λ.
        speed_kmh: How fast units move.
        clock: Time of day at 0, hours.
        title: Of the scene.
        notes: What was noticed when the route was read; goes into the scene's note.

    Raises:
        InputError: As :func:`~patrol_core.events.crowd.running_crowd`, or when ``count`` is out of range.
    """
    import geopandas as gpd

    if not 1 <= count <= MOST_STRETCHES:
        raise InputError(f"{count} stretches were asked for; choose 1 to {MOST_STRETCHES}.")
    line = route.iloc[0]
    marks, lines = stretches(line, count)
    crowd = running_crowd(marks, waves, pace, duration=duration, step=min(0.1, duration / 20), stay=stay)
    most = max(value for points in crowd for _, value in points)
    names = _stretch_names(marks)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    event = make_event(
        [(name, thinned(points, THINNED * most)) for name, points in zip(names, crowd, strict=True)],
        duration=duration,
        resources=resources,
        decay=decay,
        travel=straight_times(middle[:, 0], middle[:, 1], speed_kmh=speed_kmh),
    )
    places = gpd.GeoDataFrame(index=names, geometry=lines, crs=route.crs)
    note = " ".join(
        ["Your route; the crowd is modelled from the waves and the pace you gave, not counted.", *notes]
    )
    return Scene("route", title, event, places, no_streets(route.crs), note, speed_kmh, clock)


def _stretch_names(marks: Sequence[float]) -> list[str]:
    """Names by the marks in km, with as many decimals as it takes to tell them apart."""
    for decimals in (1, 2, 3):
        names = [f"km {a:.{decimals}f} to {b:.{decimals}f}" for a, b in itertools.pairwise(marks)]
        if len(set(names)) == len(names):
            return names
    return [f"Stretch {k}" for k in range(1, len(marks))]


def scene_of_values(
    values: Mapping[str, Points],
    *,
    duration: float,
    resources: int,
    decay: float,
    travel: ArrayLike,
    clock: float = 0.0,
    places: gpd.GeoDataFrame | None = None,
    speed_kmh: float = 0.0,
    title: str = "Your own event",
    unit: str = "people",
) -> Scene:
    """A scene from values by hand; without places the targets are drawn on a circle.

    Args:
        values, duration, resources, decay, travel: As of :func:`~patrol_core.events.public_event.make_event`.
        clock, places, speed_kmh, title, unit: As of :func:`scene_of_event`.

    Raises:
        InputError: As :func:`~patrol_core.events.public_event.make_event`, or when places and targets do not
            have the same names.
    """
    event = make_event(values, duration=duration, resources=resources, decay=decay, travel=travel)
    return scene_of_event(event, clock=clock, places=places, speed_kmh=speed_kmh, title=title, unit=unit)


def scene_of_event(
    event: PublicEvent,
    *,
    clock: float = 0.0,
    places: gpd.GeoDataFrame | None = None,
    speed_kmh: float = 0.0,
    title: str = "Your own event",
    unit: str = "people",
) -> Scene:
    """A scene around an event that is there already.

    Args:
        event: The event.
        clock: Time of day at 0, hours.
        places: Indexed by target, geometry in a metric CRS.
        speed_kmh: How fast units move; 0 where travel times are given.
        title, unit: What it is called, and what values count.
    """
    if places is None:
        drawn = circle(event.ids)
    else:
        strange = set(places.index) ^ set(event.ids)
        if strange:
            raise InputError(f"Target {sorted(strange)[0]!r} has either no place or no values; give both.")
        drawn = places.loc[list(event.ids)]
    note = "Values and times as you gave them." + (
        " Places are not known, so the targets stand on a circle." if places is None else ""
    )
    return Scene(
        "own", title, event, drawn, no_streets(drawn.crs), note, speed_kmh, clock, unit, places is None
    )


def clock(hours: float, begins: float = 0.0) -> str:
    """A time of day, ``14:05``, rounded to the minute.

    Args:
        hours: After the event's begin.
        begins: Time of day of the begin, in hours.
    """
    minutes = round((hours + begins) * 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def circle(ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Targets on a circle, clockwise from the top, in a plane without a place on Earth."""
    import geopandas as gpd

    turn = 2 * np.pi * np.arange(len(ids)) / max(len(ids), 1)
    points = shapely.points(CIRCLE_M * np.sin(turn), CIRCLE_M * np.cos(turn))
    return gpd.GeoDataFrame(index=list(ids), geometry=points)


def no_streets(crs: object) -> gpd.GeoDataFrame:
    """An empty table of lines."""
    import geopandas as gpd

    return gpd.GeoDataFrame(geometry=gpd.GeoSeries([], dtype="geometry"), crs=crs)
