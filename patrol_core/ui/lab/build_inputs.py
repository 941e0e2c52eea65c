"""Scenes that a user builds of data: observations of animals, streets with facilities, or crimes on streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.areas import AreaData, DataKind
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.numbers import number_of
from patrol_core.files.projection import project_points
from patrol_core.files.vector_files import read_features
from patrol_core.graphs.patrol import COMPATIBLE, CORRECTED
from patrol_core.graphs.places import (
    CENTROID,
    DENSITY,
    MOST_TARGETS,
    TITLE,
    WEIGHTS,
    Box,
    PatrolScene,
    box_around,
    generated_park,
    infrastructure_scene,
    read_facilities,
    read_observations,
    read_street_files,
    urban_street_scene,
    wildlife_scene,
)
from patrol_core.roads import geodanet_roads
from patrol_core.scenario import Scenario
from patrol_core.ui.lab.link import ask
from patrol_core.ui.memo import results
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.memo.kept import of_content
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import widgets
from patrol_core.ui.shell.frame import ready

File = tuple[str, bytes]
Pair = tuple[float, float]
FILES = "lab_files"
"""Files that were given, by what they are; they outlive the page."""
SCORINGS = {CENTROID: "Clusters", DENSITY: "Observations"}
METRES = {CORRECTED: "in metres", COMPATIBLE: "in degrees, as published"}


def upload(
    label: str, name: str, *, several: bool = False, kinds: Sequence[str] | None = None
) -> tuple[File, ...]:
    """Files of an uploader; they stay when the page is left.

    Args:
        label, name: For people, and for the session.
        several, kinds: Whether several are taken, and the endings of names; any by default.
    """
    held: dict[str, tuple[File, ...]] = st.session_state.setdefault(FILES, {})
    return widgets.upload(label, held, name, key=f"_lab_upload_{name}", several=several, kinds=kinds)


def places(label: str, name: str, first: str = "") -> dict[str, Pair]:
    """Places by name from lines of text.

    Args:
        label, name: For people, and for the session.
        first: The text to begin with.

    Raises:
        InputError: When a line is no name and two numbers.
    """
    return points_of(str(ask.draw("text_area", label, name, first, st, height=90) or ""))


def points_of(text: str) -> dict[str, Pair]:
    """``name, longitude, latitude`` a line.

    Raises:
        InputError: When a line is something else, or a name stands twice.
    """
    out: dict[str, Pair] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.rsplit(",", 2)]
        try:
            name, lon, lat = parts[0], number_of(parts[1]), number_of(parts[2])
        except (IndexError, ValueError):
            raise InputError(
                f"Line {number} of the places is {line.strip()!r}; give a name, longitude and latitude, separated by commas."
            ) from None
        if name in out:
            raise InputError(f"The place {name!r} is given twice; name them apart.")
        out[name] = (lon, lat)
    return out


def lines_of(points: dict[str, Pair]) -> str:
    """The text that :func:`points_of` reads."""
    return "\n".join(f"{name}, {x:.5f}, {y:.5f}" for name, (x, y) in points.items())


# -- wildlife ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Seen:
    """Observations to start from, and what goes with them."""

    frame: pd.DataFrame
    name: str
    mark: str
    around: Box
    notes: tuple[str, ...] = ()
    bases: str = ""
    line: str = ""
    generated: bool = False


def green() -> PatrolScene:
    """A park of observations; without a file a generated one.

    Raises:
        InputError: When the file or a number cannot be used.
    """
    seen = _observations()
    one, two, three, four = st.columns(4)
    rows = ask.whole("Rows", "green_rows", 8, 1, 100, into=one)
    columns = ask.whole("Columns", "green_columns", 8, 1, 100, into=two)
    scoring = ask.select("Scores by", "green_scoring", CENTROID, SCORINGS, into=three)
    clusters = ask.whole("Clusters", "green_clusters", 10, 1, 200, into=four) if scoring == CENTROID else 10
    with st.expander("Box, bases, and the way out of an attacker"):
        west, south, east, north = (
            _number(column, label, f"green_{label}_{seen.mark}", value)
            for column, label, value in zip(
                st.columns(4), ("West", "South", "East", "North"), seen.around, strict=True
            )
        )
        bases = places("Bases, one a line: name, longitude, latitude", f"green_bases_{seen.mark}", seen.bases)
        line = places(
            "Line along which an attacker gets away: two points", f"green_line_{seen.mark}", seen.line
        )
        if line and len(line) != 2:
            raise InputError(f"The escape line has {len(line)} points; give two, or none.")
        alpha, factor, mode = _attacker_words("green")
    ends = tuple(line.values())
    return _green(
        seen.frame,
        (west, south, east, north),
        rows,
        columns,
        scoring=scoring,
        clusters=clusters,
        bases=bases or None,
        escape_line=(ends[0], ends[1]) if ends else None,
        alpha=alpha,
        attacker_value_factor=factor,
        mode=mode,
        title=seen.name,
        generated=seen.generated,
        notes=seen.notes,
    )


_green = of_content()(wildlife_scene)
_park = of_content(shared=True)(generated_park)
_seen = of_content()(read_observations)


def _observations() -> _Seen:
    files = upload(
        "Observations (CSV with animal_id, lat, lon); without a file, a generated park",
        "green",
        kinds=["csv"],
    )
    if not files:
        park = _park()
        line = dict(zip(("Start", "End"), park.escape_line, strict=True))
        return _Seen(
            park.observations,
            TITLE,
            "generated",
            park.bbox,
            (),
            lines_of(park.bases),
            lines_of(line),
            generated=True,
        )
    found = _seen(*files[0])
    return _Seen(found.frame, found.name, digest_of(files), box_around(found.frame), found.notes)


def _attacker_words(name: str) -> tuple[float, float, str]:
    """Pull of the way out, factor of the attacker's values, and how distances are measured."""
    one, two, three = st.columns(3)
    alpha = _number(one, "Pull of the way out (α)", f"{name}_alpha", 1.0, low=0.0)
    factor = _number(two, "Attacker's values, times", f"{name}_factor", 1.0, low=0.0)
    mode = ask.select("Distances", f"{name}_mode", CORRECTED, METRES, into=three)
    return alpha, factor, str(mode)


def _number(column: Any, label: str, name: str, value: float, *, low: float | None = None) -> float:
    with column:
        return ask.number(label, name, float(value), low, format="%.5g" if low is not None else "%.5f")


# -- infrastructure ---------------------------------------------------------------------------------


def infrastructure() -> PatrolScene | None:
    """Streets with facilities; None while a file is missing (which is said).

    Raises:
        InputError: When a file or a number cannot be used.
    """
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
    one, two = st.columns([2, 3])
    with one:
        table = st.data_editor(
            pd.DataFrame({"type": kinds, "weight": [float(WEIGHTS.get(kind, 0.0)) for kind in kinds]}),
            hide_index=True,
            disabled=["type"],
            key=f"_lab_weights_{digest_of(features)}",
            height=220,
            column_config={
                "type": st.column_config.TextColumn("Kind of place"),
                "weight": st.column_config.NumberColumn("Weight", min_value=0.0),
            },
        )
        st.caption("Weights are this project's judgement, made to be replaced.")
    weights = {str(k): float(w) for k, w in zip(table["type"], table["weight"], strict=True) if w and w > 0}
    with two:
        a, b = st.columns(2)
        exponent = _number(a, "Exponent of people", "infra_exponent", 1.0, low=0.0)
        radius = _number(b, "People within (m); 0: of the block", "infra_radius", 0.0, low=0.0)
        bases = places("Bases: name, longitude, latitude (none: police stations)", "infra_bases")
        out = places("Ways out: name, longitude, latitude", "infra_out")
    alpha, factor, mode = _attacker_words("infra")
    return _infrastructure(
        streets,
        features[0],
        blocks,
        weights=weights,
        radius_m=radius or None,
        exponent=exponent,
        bases=bases or None,
        escape_points=out or None,
        alpha=alpha,
        attacker_value_factor=factor,
        mode=mode,
    )


@of_content()
def _infrastructure(
    streets: tuple[File, ...], facilities: File, blocks: tuple[File, ...], **options: Any
) -> PatrolScene:
    people = read_features(*blocks[0]) if blocks else None
    return infrastructure_scene(
        read_street_files(streets), read_facilities(facilities), blocks=people, **options
    )


# -- crimes on streets ------------------------------------------------------------------------------


def street_crimes(scenario: Scenario) -> PatrolScene | None:
    """Recorded crimes of the place on the left, at the crossings of streets; None while something is missing (which is said).

    Raises:
        InputError: When the place has no points, or the streets cannot be read.
    """
    data = results.area_data(scenario.area)
    if data.crimes is None:
        raise InputError(
            f"{data.name} has no places of crimes, only totals by zone; choose another place on the left."
        )
    own = scenario.area == "geodanet"
    files = upload(
        "Streets (GraphML, GeoJSON, GeoPackage, OSM, or CSV of edges and nodes)"
        + ("; without a file, those of the place" if own else ""),
        "crime_streets",
        several=True,
    )
    if not files and not own:
        st.info(f"Give a file with streets of {escape(data.name)}.", icon=":material/upload_file:")
        return None
    if ready(scenario) is None:
        return None
    one, two = st.columns(2)
    most = ask.whole("Crossings that are targets", "street_targets", MOST_TARGETS, 1, 60, into=one)
    bases = ask.whole("Bases to suggest", "street_bases", 2, 1, 8, into=two)
    stations = places("Stations, one a line: name, longitude, latitude", "street_stations")
    return _streets(scenario, files, most, bases, stations)


@of_data(own=True)
def _streets(
    scenario: Scenario, files: tuple[File, ...], most: int, bases: int, stations: dict[str, Pair]
) -> PatrolScene:
    prepared = results.prepared(scenario)
    data = prepared.data
    roads = read_street_files(files) if files else geodanet_roads()[0]
    return urban_street_scene(
        roads,
        crime_points(data, prepared.months, prepared.crime_types, roads.crs),
        stations or None,
        most_targets=most,
        suggested=bases,
        unit=data.unit,
        title=f"Crimes of {data.name} on streets",
        about=f"Values are the crimes of the period at the nearest crossing; streets: {roads.name}.",
        generated=data.kind is DataKind.GENERATED,
        attribution=data.attribution,
    )


def crime_points(data: AreaData, months: Sequence[str], types: Sequence[str], crs: str | None) -> Floats:
    """Places of the crimes that count, in the plane of the streets, shape (n, 2).

    Args:
        data: The rows.
        months, types: What counts: "YYYY-MM", and crime types.
        crs: Of the streets; None where they have no place on Earth.

    Raises:
        InputError: When streets have no place on Earth and the crimes have, or none counts.
    """
    assert data.crimes is not None
    rows = data.crimes
    rows = rows[rows["month"].isin(list(months)) & rows["crime_type"].isin(list(types))]
    if rows.empty:
        raise InputError("No crime counts in this period and with these types; change them on the left.")
    if crs is None:
        raise InputError(
            "The streets have no place on Earth, the crimes have; give streets with longitude and latitude."
        )
    x, y = rows["x"].to_numpy(dtype=float), rows["y"].to_numpy(dtype=float)
    return np.column_stack(project_points(x, y, data.crs, crs))
