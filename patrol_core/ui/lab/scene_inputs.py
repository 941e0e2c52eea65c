"""Where the place to patrol comes from: ready scenes, this area's risk, observations or facilities, own scene files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.areas import DataKind
from patrol_core.graphs.patrol import GraphGame, MovingAttacker, Unit
from patrol_core.graphs.places import LIBRARY, MOST_TARGETS, PatrolScene, read_scene, urban_zone_scene
from patrol_core.scenario import Scenario
from patrol_core.ui.lab.build_inputs import File, green, infrastructure, places, street_crimes, upload
from patrol_core.ui.lab.link import AREA, ask
from patrol_core.ui.lab.picks import FIRST_UNITS, Place
from patrol_core.ui.memo import results
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.memo.kept import of_content
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.shell.frame import ready

READY, BUILD, OWN = "ready", "build", "own"
SOURCES = {READY: "Ready scenes", AREA: "This area's risk", BUILD: "Build from data", OWN: "Own scene file"}
GREEN, INFRASTRUCTURE, STREETS = "green", "infrastructure", "streets"
FAMILIES = {GREEN: "Wildlife", INFRASTRUCTURE: "Infrastructure", STREETS: "Crimes on streets"}


def choose_source() -> str:
    """Where the scene comes from, by its key in :data:`SOURCES`."""
    return ask.segmented("Where to patrol", "source", READY, SOURCES)


def scene_of(source: str, scenario: Scenario) -> Place | None:
    """The place to patrol; None while something is missing (which is said).

    Raises:
        InputError: When files or numbers cannot be a scene.
    """
    if source == AREA:
        return _area(scenario)
    if source == BUILD:
        family = ask.segmented("Built from", "family", GREEN, FAMILIES)
        found = _built(family, scenario)
        return None if found is None else Place(found, family)
    if source == OWN:
        return _own()
    return _ready_scene()


def _built(family: str, scenario: Scenario) -> PatrolScene | None:
    if family == STREETS:
        return street_crimes(scenario)
    return infrastructure() if family == INFRASTRUCTURE else green()


def _ready_scene() -> Place:
    keys = list(LIBRARY)
    key = ask.select("Scene", "scene", keys[0], keys, format_func=_title)
    return Place(library_scene(str(key)), str(key))


@of_content(shared=True)
def library_scene(key: str) -> PatrolScene:
    """A scene of the library."""
    return LIBRARY[key].build()


def _title(key: str) -> str:
    entry = LIBRARY[key]
    generated = entry.generated and "enerated" not in entry.title
    return f"{entry.title} (generated)" if generated else entry.title


def first_game() -> GraphGame:
    """The game that the page opens with."""
    return library_scene(next(iter(LIBRARY))).game(units=FIRST_UNITS)


# -- this area --------------------------------------------------------------------------------------


def _area(scenario: Scenario) -> Place | None:
    if ready(scenario) is None:
        return None
    one, two = st.columns(2)
    most = ask.slider("Zones of highest risk that are targets", "area_targets", MOST_TARGETS, 2, 40, into=one)
    bases = ask.whole("Bases to suggest", "area_bases", 2, 1, 8, into=two)
    with st.expander("Stations, and which zones are neighbours"):
        corners = ask.toggle("Zones that meet in a corner are neighbours", "area_corners", False)
        stations = places("Stations, one a line: name, longitude, latitude", "area_stations")
    return Place(_area_scene(scenario, most, bases, corners, stations), AREA)


@of_data(own=True)
def _area_scene(
    scenario: Scenario, most: int, bases: int, corners: bool, stations: dict[str, tuple[float, float]]
) -> PatrolScene:
    prepared = results.prepared(scenario)
    data, surface = prepared.data, prepared.surface
    return urban_zone_scene(
        prepared.zones,
        pd.Series(np.asarray(surface.mean, dtype=float), index=list(surface.zone_ids)),
        stations or None,
        most_targets=most,
        suggested=bases,
        corners=corners,
        unit=surface.unit,
        title=f"Zones of {data.name}",
        about=f"{len(prepared.zones):,} zones of {data.name}; values are their risk on this dashboard ({surface.unit}).",
        generated=data.kind is DataKind.GENERATED,
        attribution=data.attribution,
    )


# -- own files --------------------------------------------------------------------------------------


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
    return _read_place(files)


@of_content()
def _read_place(files: tuple[File, ...]) -> Place:
    return own_place(read_scene(files), files[0][0], digest_of(files))


def own_place(found: PatrolScene | GraphGame, name: str, key: str) -> Place:
    """A scene or a game of a file as a place.

    Args:
        found: What the file holds.
        name, key: Of the file.
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
