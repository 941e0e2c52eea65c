"""Where the place to patrol comes from: ready scenes, this area's risk, observations or facilities, own scene files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.areas import DataKind
from patrol_core.errors import InputError
from patrol_core.graphs.features import WEIGHTS, read_facilities
from patrol_core.graphs.graph_game import COMPATIBLE, CORRECTED, GraphGame, MovingAttacker, Unit
from patrol_core.graphs.green import CENTROID, DENSITY, green_scene
from patrol_core.graphs.infrastructure import infrastructure_scene
from patrol_core.graphs.library import LIBRARY
from patrol_core.graphs.observations import box_around, read_observations
from patrol_core.graphs.park import TITLE, generated_park
from patrol_core.graphs.patrol_scene import PatrolScene
from patrol_core.graphs.roads import read_roads
from patrol_core.graphs.scene_files import read_scene
from patrol_core.graphs.scene_parts import Pair
from patrol_core.graphs.urban import MOST_TARGETS, urban_zone_scene
from patrol_core.scenario import Scenario
from patrol_core.sources.vector_files import read_features
from patrol_core.ui import cached, cached_lab
from patrol_core.ui.frame import ready
from patrol_core.ui.lab_inputs import FIRST_UNITS, Place, remembered
from patrol_core.ui.lab_link import AREA

File = tuple[str, bytes]
FILES = "lab_files"
"""Files that were given, by what they are; they outlive the page."""
READY, BUILD, OWN = "ready", "build", "own"
SOURCES = {
    READY: "Ready scenes",
    AREA: "This area's risk",
    BUILD: "Build from data",
    OWN: "Own scene file",
}
GREEN, INFRASTRUCTURE = "green", "infrastructure"
FAMILIES = {GREEN: "Wildlife: observations", INFRASTRUCTURE: "Infrastructure: streets and facilities"}
SCORINGS = {CENTROID: "Clusters of observations", DENSITY: "Observations in each cell"}
METRES = {CORRECTED: "in metres (corrected)", COMPATIBLE: "in degrees (as published)"}


def choose_source() -> str:
    """Where the scene comes from, by its key in :data:`SOURCES`."""
    found = remembered(
        st.segmented_control,
        "Where to patrol",
        "source",
        READY,
        options=list(SOURCES),
        format_func=SOURCES.get,
    )
    return str(found or READY)


def scene_of(source: str, scenario: Scenario) -> Place | None:
    """The place to patrol; None while something is missing (which is said).

    Raises
    ------
    InputError
        When files or numbers cannot be a scene.
    """
    if source == AREA:
        return _area(scenario)
    if source == BUILD:
        family = remembered(
            st.segmented_control,
            "Built from",
            "family",
            GREEN,
            options=list(FAMILIES),
            format_func=FAMILIES.get,
        )
        found = _infrastructure() if family == INFRASTRUCTURE else _green()
        return None if found is None else Place(found, f"{family or GREEN}")
    if source == OWN:
        return _own()
    return _ready_scene()


def _ready_scene() -> Place:
    keys = list(LIBRARY)
    key = remembered(
        st.selectbox,
        "Scene",
        "scene",
        keys[0],
        options=keys,
        format_func=_title,
    )
    return Place(library_scene(str(key)), str(key))


def library_scene(key: str) -> PatrolScene:
    """A scene of the library."""
    found: PatrolScene = cached_lab.kept(f"library-{key}", LIBRARY[key].build)
    return found


def _title(key: str) -> str:
    entry = LIBRARY[key]
    generated = entry.generated and "enerated" not in entry.title
    return f"{entry.title} (generated)" if generated else entry.title


def first_game() -> GraphGame:
    """The game that the page opens with."""
    return library_scene(next(iter(LIBRARY))).game(units=FIRST_UNITS)


# -- this area --------------------------------------------------------------------------------------


def _area(scenario: Scenario) -> Place | None:
    prepared = ready(scenario)
    if prepared is None:
        return None
    one, two = st.columns(2)
    with one:
        most = remembered(
            st.slider,
            "Zones of highest risk that are targets",
            "area_targets",
            MOST_TARGETS,
            min_value=2,
            max_value=40,
        )
    with two:
        bases = remembered(st.number_input, "Bases to suggest", "area_bases", 2, min_value=1, max_value=8)
    with st.expander("Stations, and which zones are neighbours"):
        corners = remembered(st.toggle, "Zones that meet in a corner are neighbours", "area_corners", False)
        stations = _points("Stations, one a line: name, longitude, latitude", "area_stations")
    data = cached.area_data(scenario.area)
    surface = prepared.surface
    key = cached_lab.content_key(prepared.key, int(most), int(bases), bool(corners), sorted(stations.items()))

    def make() -> PatrolScene:
        return urban_zone_scene(
            prepared.zones,
            pd.Series(np.asarray(surface.mean, dtype=float), index=list(surface.zone_ids)),
            stations or None,
            most_targets=int(most),
            suggested=int(bases),
            corners=bool(corners),
            unit=surface.unit,
            title=f"Zones of {data.name}",
            about=f"{len(prepared.zones):,} zones of {data.name}; values are their risk on this dashboard ({surface.unit}).",
            generated=data.kind is DataKind.GENERATED,
            attribution=data.attribution,
        )

    return Place(cached_lab.kept(f"area-{key}", make), AREA)


# -- built from data --------------------------------------------------------------------------------


def upload(
    label: str, name: str, *, several: bool = False, kinds: Sequence[str] | None = None
) -> tuple[File, ...]:
    """Files of an uploader; they stay when the page is left."""
    given = st.file_uploader(
        label,
        accept_multiple_files=several,
        type=None if kinds is None else list(kinds),
        key=f"_lab_upload_{name}",
    )
    held: dict[str, tuple[File, ...]] = st.session_state.setdefault(FILES, {})
    if given:
        files = given if isinstance(given, list) else [given]
        held[name] = tuple((file.name, file.getvalue()) for file in files)
    return held.get(name, ())


def _points(label: str, name: str) -> dict[str, Pair]:
    """Places by name from lines of text.

    Raises
    ------
    InputError
        When a line is no name and two numbers.
    """
    text = remembered(st.text_area, label, name, "", height=80)
    return points_of(str(text or ""))


def points_of(text: str) -> dict[str, Pair]:
    """``name, longitude, latitude`` a line.

    Raises
    ------
    InputError
        When a line is something else, or a name stands twice.
    """
    out: dict[str, Pair] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.rsplit(",", 2)]
        try:
            name, lon, lat = parts[0], float(parts[1]), float(parts[2])
        except (IndexError, ValueError):
            raise InputError(
                f"Line {number} of the places is {line.strip()!r}; give a name, longitude and latitude, separated by commas."
            ) from None
        if name in out:
            raise InputError(f"The place {name!r} is given twice; name them apart.")
        out[name] = (lon, lat)
    return out


def _green() -> PatrolScene:
    files = upload(
        "Observations (CSV with animal_id, lat, lon); without a file, a generated park",
        "green",
        kinds=["csv"],
    )
    park = None if files else generated_park()
    if park is not None:
        frame, name, notes, mark = park.observations, TITLE, (), "generated"
    else:
        seen = cached_lab.kept(
            f"seen-{cached_lab.content_key(*files[0])}", lambda: read_observations(*files[0])
        )
        frame, name, notes, mark = seen.frame, seen.name, seen.notes, cached_lab.content_key(*files[0])
    around = park.bbox if park is not None else box_around(frame)
    box = tuple(
        _number(column, label, f"green_{label}_{mark}", value)
        for column, label, value in zip(
            st.columns(4), ("West", "South", "East", "North"), around, strict=True
        )
    )
    one, two, three, four = st.columns(4)
    rows = _whole(one, "Rows", "green_rows", 8, 100)
    columns = _whole(two, "Columns", "green_columns", 8, 100)
    with three:
        scoring = remembered(
            st.selectbox,
            "Score of a cell",
            "green_scoring",
            CENTROID,
            options=list(SCORINGS),
            format_func=SCORINGS.get,
        )
    clusters = _whole(four, "Clusters", "green_clusters", 10, 200) if scoring == CENTROID else 10
    first = "" if park is None else "\n".join(f"{n}, {x:.5f}, {y:.5f}" for n, (x, y) in park.bases.items())
    line_first = (
        ""
        if park is None
        else "\n".join(
            f"{n}, {x:.5f}, {y:.5f}" for n, (x, y) in zip(("Start", "End"), park.escape_line, strict=True)
        )
    )
    left, right = st.columns(2)
    with left:
        bases = points_of(
            str(
                remembered(
                    st.text_area, "Bases: name, longitude, latitude", f"green_bases_{mark}", first, height=90
                )
                or ""
            )
        )
    with right:
        line = points_of(
            str(
                remembered(
                    st.text_area,
                    "Line along which an attacker gets away: two points",
                    f"green_line_{mark}",
                    line_first,
                    height=90,
                )
                or ""
            )
        )
    if line and len(line) != 2:
        raise InputError(f"The escape line has {len(line)} points; give two, or none.")
    alpha, factor, mode = _attacker_words("green")
    ends = tuple(line.values())
    key = cached_lab.content_key(
        mark, box, rows, columns, scoring, clusters, sorted(bases.items()), ends, alpha, factor, mode
    )

    def make() -> PatrolScene:
        return green_scene(
            frame,
            (box[0], box[1], box[2], box[3]),
            rows,
            columns,
            scoring=str(scoring),
            clusters=clusters,
            bases=bases or None,
            escape_line=(ends[0], ends[1]) if ends else None,
            alpha=alpha,
            attacker_value_factor=factor,
            mode=mode,
            title=name,
            generated=park is not None,
            notes=notes,
        )

    scene: PatrolScene = cached_lab.kept(f"green-{key}", make)
    return scene


def _attacker_words(name: str) -> tuple[float, float, str]:
    """Pull of the way out, factor of the attacker's values, and how distances are measured."""
    one, two, three = st.columns(3)
    alpha = _number(one, "Pull of the way out (α)", f"{name}_alpha", 1.0, low=0.0)
    factor = _number(two, "Attacker's values, times", f"{name}_factor", 1.0, low=0.0)
    with three:
        mode = remembered(
            st.selectbox, "Distances", f"{name}_mode", CORRECTED, options=list(METRES), format_func=METRES.get
        )
    return alpha, factor, str(mode)


def _number(column: Any, label: str, name: str, value: float, *, low: float | None = None) -> float:
    with column:
        return float(
            remembered(
                st.number_input,
                label,
                name,
                float(value),
                min_value=low,
                format="%.5g" if low is not None else "%.5f",
            )
        )


def _whole(column: Any, label: str, name: str, value: int, high: int) -> int:
    with column:
        return int(remembered(st.number_input, label, name, value, min_value=1, max_value=high))


def _infrastructure() -> PatrolScene | None:
    left, middle, right = st.columns(3)
    with left:
        streets = upload(
            "Streets (GraphML, GeoJSON, GeoPackage, OSM, or CSV of edges and nodes)", "streets", several=True
        )
    with middle:
        features = upload("Facilities (GeoJSON, or CSV with name, type, lon, lat)", "features")
    with right:
        blocks = upload("People (areas with a column population; not needed)", "blocks")
    if not streets or not features:
        st.info("Give a file with streets and one with facilities.", icon=":material/upload_file:")
        return None
    found = read_facilities(features[0])
    kinds = sorted({str(kind) for kind in found["type"]})
    mark = cached_lab.content_key(*features[0])
    one, two = st.columns([2, 3])
    with one:
        table = st.data_editor(
            pd.DataFrame({"type": kinds, "weight": [float(WEIGHTS.get(kind, 0.0)) for kind in kinds]}),
            hide_index=True,
            disabled=["type"],
            key=f"_lab_weights_{mark}",
            height=220,
        )
        st.caption("Weights are this project's judgement, made to be replaced.")
    weights = {str(k): float(w) for k, w in zip(table["type"], table["weight"], strict=True) if w and w > 0}
    with two:
        a, b = st.columns(2)
        exponent = _number(a, "Exponent of people", "infra_exponent", 1.0, low=0.0)
        radius = _number(b, "People within (m); 0: of the block", "infra_radius", 0.0, low=0.0)
        bases = _points("Bases: name, longitude, latitude (none: police stations)", "infra_bases")
        out = _points("Ways out: name, longitude, latitude", "infra_out")
    alpha, factor, mode = _attacker_words("infra")
    key = cached_lab.content_key(
        streets, features, blocks, sorted(weights.items()), exponent, radius, sorted(bases.items()),
        sorted(out.items()), alpha, factor, mode,
    )  # fmt: skip

    def make() -> PatrolScene:
        return infrastructure_scene(
            read_roads(streets),
            found,
            weights=weights,
            blocks=read_features(*blocks[0]) if blocks else None,
            radius_m=radius or None,
            exponent=exponent,
            bases=bases or None,
            escape_points=out or None,
            alpha=alpha,
            attacker_value_factor=factor,
            mode=mode,
        )

    scene: PatrolScene = cached_lab.kept(f"infrastructure-{key}", make)
    return scene


def _own() -> Place | None:
    files = upload(
        "A scene, game or published instance (JSON); observations (CSV); streets, with facilities or alone",
        "own",
        several=True,
    )
    if not files:
        st.info(
            "Give a game as JSON (as the command line takes it), a scene, a published instance, or streets to choose targets on.",
            icon=":material/upload_file:",
        )
        return None
    key = cached_lab.content_key(files)
    found: Place = cached_lab.kept(f"own-{key}", lambda: own_place(read_scene(files), files[0][0], key))
    return found


def own_place(found: PatrolScene | GraphGame, name: str, key: str) -> Place:
    """A scene or a game of a file as a place.

    Parameters
    ----------
    name, key
        Of the file.
    """
    if isinstance(found, PatrolScene):
        return Place(replace(found, key=f"own-{key}"), f"own-{key}")
    ids = found.node_ids
    network = found.network
    oneway = bool(network.oneway.any())
    units = tuple(_unit_of(found, unit) for unit in found.units)
    bases = dict.fromkeys(node for unit in units for node in unit["bases"])
    fields = (
        "moves", "tau", "attackers", "force_return", "waiting", "form", "simple", "general_sum", "defender_penalty",
        "attacker_penalty", "step_cost", "normalise", "mode", "idle", "capture_radius",
    )  # fmt: skip
    defaults: dict[str, Any] = {name: getattr(found, name) for name in fields}
    if found.moving_attackers:
        defaults["moving_attackers"] = [_mover_of(found, one) for one in found.moving_attackers]
    scene = PatrolScene(
        key=f"own-{key}",
        title=name,
        about="A game from a file.",
        family="own",
        generated=False,
        node_ids=ids,
        edges=tuple(
            (ids[a], ids[b]) for a, b in zip(network.tail.tolist(), network.head.tolist(), strict=True)
        ),
        directed=oneway,
        xy=network.xy,
        values=dict(zip(found.target_ids, found.values.tolist(), strict=True)),
        attacker_values=dict(zip(found.target_ids, found.attacker_values.tolist(), strict=True)),
        bases={str(node): node for node in bases},
        defaults={**defaults, "allow_parts": True},
        notes=found.notes,
    )
    return Place(scene, f"own-{key}", units)


def _unit_of(game: GraphGame, unit: Unit) -> dict[str, Any]:
    out: dict[str, Any] = {"bases": [game.node_ids[k] for k in unit.bases], "stationary": unit.stationary}
    if unit.ends is not None:
        out["ends"] = [game.node_ids[k] for k in unit.ends]
    if unit.nodes is not None:
        out["nodes"] = [game.node_ids[k] for k in sorted(unit.nodes)]
    return out


def _mover_of(game: GraphGame, mover: MovingAttacker) -> dict[str, Any]:
    out: dict[str, Any] = {"starts": [game.node_ids[k] for k in mover.starts]}
    if mover.ends is not None:
        out["ends"] = [game.node_ids[k] for k in mover.ends]
    return out
