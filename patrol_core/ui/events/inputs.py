"""How a user makes an event: shipped examples, a run on an own route, values by hand, a file, a drawing."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.events import (
    Pace,
    Scene,
    Wave,
    busy_day,
    in_and_out,
    load_route,
    read_event,
    run_on_route,
    scene_of_event,
    scene_of_values,
    straight_times,
    values_from_table,
)
from patrol_core.figures.maps.drawing import drawing_map
from patrol_core.files.strict_json import load_json
from patrol_core.ui.memo import events_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.widgets import Remembered, upload
from patrol_core.ui.shell.zone_map import show_map, static_url

ask = Remembered("event_choices", "_event_")
"""What the page was last set to."""
DRAWN = "event_drawn"
SOURCES = {
    "marathon": "City marathon (generated)",
    "festival": "Street festival (generated)",
    "route": "A run on your own route",
    "hand": "Values by hand",
    "file": "A JSON file",
}
DRAWN_TARGETS = "drawn"
TEMPLATES = {
    DRAWN_TARGETS: "Targets drawn on a map",
    "stadium": "Stadium, in and out",
    "market": "Market day",
    "empty": "Two targets to start from",
}
DRAW_AT = (-0.24, 51.48, -0.02, 51.55)
"""West, south, east, north of the map to draw on (central London)."""


def choose_scene() -> Scene | None:
    """The event of the page, or None while something is missing (which is said).

    Raises:
        InputError: When what was given cannot be an event.
    """
    source = ask.segmented("Event", "source", "marathon", SOURCES)
    resources, decay = _units(source)
    if source == "route":
        return _own_run(resources, decay)
    if source == "hand":
        return _by_hand(resources, decay)
    if source == "file":
        return _file(resources, decay)
    scene = events_results.shipped(source)
    return scene.with_event(replace(scene.event.with_resources(resources), decay=decay))


def _units(source: str) -> tuple[int, float]:
    left, right = st.columns(2)
    resources = ask.slider(
        "Units",
        f"units_{source}",
        {"marathon": 10, "festival": 6}.get(source, 4),
        1,
        60,
        into=left,
        help="How many units can stand or move at once.",
    )
    words = "Chance that an attack succeeds where one unit stands; each further unit multiplies it by the same share again."
    held = ask.percent(
        "An attack against one unit succeeds", f"held_{source}", 50, 5, 95, into=right, help=words
    )
    return resources, float(-np.log(held))


def _own_run(resources: int, decay: float) -> Scene | None:
    left, right = st.columns([3, 2])
    with left:
        words = "Route: one line (GPX, KML, GeoJSON, GeoPackage, zipped Shapefile)"
        upload(words, st.session_state, DRAWN, key="_event_route")
        with st.expander("Or draw it on a map", expanded=False):
            _draw("polyline")
    with right:
        waves = st.data_editor(
            pd.DataFrame({"start (h)": [0.25, 0.5], "people": [2000, 3000]}),
            num_rows="dynamic",
            key="_event_waves",
            hide_index=True,
        )
    one, two, three, four = st.columns(4)
    duration = ask.number("Duration (h)", "run_hours", 4.0, 0.5, 48.0, into=one)
    count = ask.whole("Stretches", "run_parts", 10, 1, 60, into=one)
    mean = ask.number("Mean pace (min/km)", "run_pace", 6.2, 1.0, 30.0, into=two)
    spread = ask.number("Spread (min/km)", "run_spread", 1.0, 0.1, 10.0, into=two)
    speed = ask.number("Units move at (km/h)", "run_speed", 15.0, 1.0, 80.0, into=three)
    stay = ask.number("People stay at the finish (h)", "run_stay", 0.5, 0.0, 12.0, into=three)
    begins = ask.number("Begins at (hour of day)", "run_clock", 9.0, 0.0, 23.75, into=four)
    route = st.session_state.get(DRAWN)
    if not route:
        st.info("Give the route of the run as a file, or draw it.", icon=":material/route:")
        return None
    read = load_route(*route[0])
    for note in read.notes:
        st.info(escape(note), icon=":material/info:")
    return run_on_route(
        read.line,
        count=count,
        waves=_waves(waves),
        pace=Pace(mean / 60.0, spread / 60.0),
        duration=duration,
        stay=stay,
        resources=resources,
        decay=decay,
        speed_kmh=speed,
        clock=begins,
        notes=read.notes,
    )


def _waves(table: pd.DataFrame) -> list[Wave]:
    rows = table.dropna(how="all")
    if rows.isna().any(axis=None):
        raise InputError("A start wave has no start or no number of people; fill both or remove the row.")
    return [Wave(float(start), float(people)) for start, people in rows.itertuples(index=False)]


def _draw(kind: str) -> None:
    kept = show_map(
        drawing_map(static_url=static_url(), bounds=DRAW_AT, basemap=False, tools=(kind,)),
        key=f"event-draw-{kind}",
        height=380,
        hears="all_drawings",
    )
    shapes = (kept or {}).get("all_drawings")
    if shapes:
        name = DRAWN if kind == "polyline" else f"{DRAWN}_{kind}"
        text = json.dumps({"type": "FeatureCollection", "features": shapes})
        st.session_state[name] = (("drawn.geojson", text.encode()),)


def _by_hand(resources: int, decay: float) -> Scene | None:
    one, two, three = st.columns(3)
    template = ask.select("Start from", "template", "stadium", TEMPLATES, into=one)
    begins = ask.number("Begins at (hour of day)", "hand_clock", 12.0, 0.0, 23.75, into=two)
    speed = ask.number("Units move at (km/h)", "hand_speed", 5.0, 0.5, 80.0, into=three)
    if template == DRAWN_TARGETS:
        marks = _drawn_targets()
        if marks is None:
            st.info(
                "Draw at least one target: choose the pin and click where it stands.",
                icon=":material/pin_drop:",
            )
            return None
        values, places = marks
        template = f"{template}_{len(places)}"  # another mark starts the tables anew
    else:
        values, places = _template(template)
    left, right = st.columns(2)
    with left:
        st.caption(
            "Invented numbers to start from: replace them. Value of each target over time, in hours from the start; linear between, a jump is two rows at one time."
        )
        table = st.data_editor(
            values, num_rows="dynamic", key=f"_event_values_{template}", hide_index=True, height=330
        )
    with right:
        st.caption(
            "Where targets stand, in metres; ways are straight times 1.3. Or give travel times in minutes below."
        )
        where = st.data_editor(
            places, num_rows="dynamic", key=f"_event_places_{template}", hide_index=True, height=220
        )
    points = values_from_table(table.dropna(how="all"))
    if not points:
        st.info("Give at least one target with its values.", icon=":material/edit:")
        return None
    spots = _spots(where.dropna(how="all"), list(points))
    duration = max(when for rows in points.values() for when, _ in rows)
    hours = straight_times(spots.geometry.x.to_numpy(), spots.geometry.y.to_numpy(), speed_kmh=speed)
    with st.expander("Travel times in minutes"):
        start = pd.DataFrame(np.round(hours * 60, 1), index=list(points), columns=list(points))
        given = st.data_editor(start, key=f"_event_travel_{template}_{hash(tuple(hours.ravel().tolist()))}")
    changed = not given.equals(start)
    travel = given.to_numpy(dtype=float) / 60.0 if changed else hours
    return scene_of_values(
        points,
        duration=duration,
        resources=resources,
        decay=decay,
        travel=travel,
        clock=begins,
        places=spots,
        speed_kmh=0.0 if changed else speed,
    )


def _drawn_targets() -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Values and places of targets marked on a map, or None while there is none; metres from the most westerly and southerly."""
    _draw("marker")
    kept = st.session_state.get(f"{DRAWN}_marker")
    if kept is None:
        return None
    shapes = gpd.GeoDataFrame.from_features(load_json(kept[0][1], "The drawing")["features"], crs=4326)
    shapes = shapes[shapes.geom_type == "Point"]
    metric = shapes.to_crs(shapes.estimate_utm_crs())
    east, north = metric.geometry.x.to_numpy(), metric.geometry.y.to_numpy()
    names = [f"Target {k + 1}" for k in range(len(metric))]
    places = pd.DataFrame(
        {
            "target": names,
            "east (m)": (east - east.min()).round(1),
            "north (m)": (north - north.min()).round(1),
        }
    )
    rows = [(name, when, 100.0) for name in names for when in (0.0, 4.0)]
    return pd.DataFrame(rows, columns=["target", "time", "value"]), places


def _spots(table: pd.DataFrame, names: list[str]) -> gpd.GeoDataFrame:
    """Places by target, in a plane of metres.

    Raises:
        InputError: When a target has no place, two, or one without numbers.
    """
    known = table["target"].astype(str).str.strip()
    for name in names:
        rows = table[known == name]
        if len(rows) != 1:
            count = "no place" if not len(rows) else f"{len(rows)} places"
            raise InputError(f"Target {name!r} has {count}; give it one row in the table of places.")
        if rows[["east (m)", "north (m)"]].isna().any(axis=None):
            raise InputError(f"The place of target {name!r} is not complete; give metres east and north.")
    rows = table.assign(name=known).drop_duplicates("name").set_index("name").loc[names]
    points = gpd.points_from_xy(rows["east (m)"].astype(float), rows["north (m)"].astype(float))
    return gpd.GeoDataFrame(index=names, geometry=points)


def _template(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values and places to start from."""
    if name == "stadium":
        inside, gates = in_and_out(20_000, opens=0.5, begins=2.0, ends=4.0, empty=5.0, duration=6.0)
        crowd = {
            "Stands": inside,
            "Gates": gates,
            "Station": [(t, 0.6 * v) for t, v in gates],
            "Car park": [(0.0, 500.0), (1.0, 3000.0), (4.0, 3000.0), (5.5, 200.0), (6.0, 200.0)],
        }
        places = [("Stands", 0, 0), ("Gates", 120, 0), ("Station", 900, 200), ("Car park", -500, -300)]
    elif name == "market":
        crowd = {
            "Market hall": busy_day(900, peak=3.0, width=1.5, duration=8.0, step=1.0),
            "Street stalls": busy_day(1200, peak=4.5, width=1.8, duration=8.0, step=1.0),
            "Bus stop": busy_day(300, peak=6.0, width=1.0, duration=8.0, step=1.0),
        }
        places = [("Market hall", 0, 0), ("Street stalls", 250, 80), ("Bus stop", 400, -150)]
    else:
        crowd = {"A": [(0.0, 100.0), (4.0, 10.0)], "B": [(0.0, 10.0), (4.0, 100.0)]}
        places = [("A", 0, 0), ("B", 1000, 0)]
    rows = [(target, round(t, 3), round(v, 1)) for target, points in crowd.items() for t, v in points]
    return (
        pd.DataFrame(rows, columns=["target", "time", "value"]).astype({"time": float, "value": float}),
        pd.DataFrame(places, columns=["target", "east (m)", "north (m)"]).astype(
            {"east (m)": float, "north (m)": float}
        ),
    )


def _file(resources: int, decay: float) -> Scene | None:
    words = "Event (JSON, as the command `patrol event` takes it)"
    kept = upload(words, st.session_state, f"{DRAWN}_file", key="_event_file")
    if not kept:
        st.info(
            'Give a JSON file with "duration", "resources", "lambda", "travel_time" and "targets".',
            icon=":material/upload_file:",
        )
        return None
    event = read_event(kept[0][1])
    own = st.toggle(
        f"Use the file's own {event.resources} units and λ = {event.decay:g}",
        value=True,
        key="_event_file_own",
    )
    if not own:
        event = replace(event.with_resources(resources), decay=decay)
    return scene_of_event(event, title="Your event file", unit="units of value")
