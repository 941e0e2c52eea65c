"""Facilities worth guarding: files of them, their types and weights, and how many people live around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.crs import is_metric
from patrol_core.files.vector_files import read_features
from patrol_core.graphs.places.scenes.streets import DEGREES
from patrol_core.roads import count_note, number, refuse_degrees
from patrol_core.sources.fields import read_places

if TYPE_CHECKING:
    from patrol_core.roads import File

KINDS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "medical": (3.0, ("hospital", "clinic", "doctors")),
    "power": (2.5, ("plant", "substation", "generator", "transformer")),
    "water": (2.5, ("water_works", "wastewater_plant", "pumping_station", "water_tower")),
    "emergency": (2.0, ("police", "fire_station", "ambulance_station")),
    "communication": (2.0, ("communications_tower", "telephone_exchange", "data_center")),
    "judicial": (1.5, ("courthouse", "prison")),
    "government": (1.5, ("townhall",)),
    "school": (1.5, ("school", "kindergarten", "college", "university")),
    "transport": (1.5, ("station", "bus_station", "ferry_terminal")),
}
"""Weight of every kind and the types (OpenStreetMap's words) that belong to it. The weights are this project's own
judgement, made to be replaced: no source says that a hospital is worth two schools."""
WEIGHTS: Mapping[str, float] = {name: weight for weight, names in KINDS.values() for name in names}
"""Weight by type, from :data:`KINDS`."""
POLICE = frozenset({"police"})
TAGS = (
    "amenity", "power", "man_made", "emergency", "telecom", "military", "office", "railway", "public_transport", "building",
)  # fmt: skip
"""OpenStreetMap keys that may hold a type, in the order they are asked."""
COLUMNS = {
    "id": ("id", "osm_id", "@id", "feature_id"),
    "name": ("name",),
    "type": ("type", "kind", "infra_type"),
    "population": ("population", "pop"),
    "lon": ("lon", "long", "lng", "longitude"),
    "lat": ("lat", "latitude"),
    "x": ("x", "x_m", "easting"),
    "y": ("y", "y_m", "northing"),
}
_GEOMETRY_WORDS = ["multipolygon", "boundary", "site", "route", "node", "way", "relation", "Feature"]
"""Values of ``type`` that say what a shape is, not what a facility is."""
_ROW = "\0row"  # no heading can be this


def is_feature_table(header: list[str]) -> bool:
    """Whether a table with these columns is one of facilities."""
    lower = {column.lower() for column in header}
    place = [bool(lower & set(COLUMNS[own])) for own in ("lon", "lat", "x", "y")]
    return bool(lower & set(COLUMNS["type"])) and (all(place[:2]) or all(place[2:]))


def read_facilities(file: File) -> gpd.GeoDataFrame:
    """Facilities of a CSV (``id, name, type, lon, lat`` or ``x, y``; optionally ``population``) or a file of points, lines or areas.

    Of GeoJSON and other vector files, the type is the property ``type`` unless it is OpenStreetMap's "multipolygon" and the
    like, else the first of :data:`TAGS` whose value is a type with a weight.

    Returns:
        GeoDataFrame: ``id``, ``name``, ``type`` (str), optionally ``population``; geometry in the file's own
            CRS (None for x and y). ``attrs["notes"]`` counts what was left out.

    Raises:
        InputError: When a column is missing, a place is no number, or nothing is left.
    """
    name, data = file
    if name.lower().endswith((".csv", ".txt")):
        return _from_table(name, data)
    frame = read_features(name, data)
    empty = frame.geometry.isna() | frame.geometry.is_empty
    notes = count_note(empty.sum(), "feature", "features", f"of {name} without a place; left out.")
    frame = frame[~empty].reset_index(drop=True)
    if frame.empty:
        raise InputError(f"{name} holds no feature with a place; give facilities as points, lines or areas.")
    records = frame.drop(columns=frame.geometry.name).to_dict("records")
    ids = [_first(row, COLUMNS["id"]) or str(k) for k, row in enumerate(records, start=1)]
    columns: dict[str, Any] = {
        "id": ids,
        "name": [_text(row.get("name")) for row in records],
        "type": [_type(row) for row in records],
    }
    if own := next((own for own in COLUMNS["population"] if own in frame), None):
        columns["population"] = pd.to_numeric(frame[own], errors="coerce").to_numpy(dtype=float)
    out = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    out.attrs["notes"] = tuple(notes)
    return out


def _from_table(name: str, data: bytes) -> gpd.GeoDataFrame:
    text = text_table.decode(name, data).data
    header = text_table.header_of(name, text)
    lower = {column.lower(): column for column in reversed(header)}
    chosen = {own: next((lower[w] for w in words if w in lower), None) for own, words in COLUMNS.items()}
    degrees = bool(chosen["lon"] and chosen["lat"])
    if not chosen["type"] or not (degrees or (chosen["x"] and chosen["y"])):
        raise InputError(
            f"{name} lacks a column; a table of facilities has name, type and lon, lat (or x, y in metres)."
        )
    table = text_table.read_strings(name, text, blanks=text_table.BLANKS).to_pandas()
    frame = table.fillna("").astype("str")
    if frame.empty:
        raise InputError(f"{name} has a header and no rows; fill it.")
    across, up = (str(chosen[own]) for own in (("lon", "lat") if degrees else ("x", "y")))
    x, y, good, notes = read_places(
        [f"{name} row {k}" for k in range(1, len(frame) + 1)],
        frame[across].str.strip().tolist(),
        frame[up].str.strip().tolist(),
        (across, up),
        degrees=degrees,
    )
    notes += [found.text for found in text_table.spreadsheet_limit(name, len(frame))]
    if not good.any():
        raise InputError(f"{name} has no row with a place; fill {across} and {up}.")
    if degrees and chosen["x"] and chosen["y"]:
        notes.append(f"{name} has two pairs of coordinates: {across} and {up} were taken.")
    xy = np.column_stack([x, y])[good]
    rows = [row | {_ROW: k} for k, row in enumerate(frame.to_dict("records"), start=1) if good[k - 1]]
    if not degrees:
        refuse_degrees(xy, name, "name the columns lon and lat, or give metres")
    columns: dict[str, Any] = {
        own: [row[chosen[own]].strip() if chosen[own] else "" for row in rows]
        for own in ("id", "name", "type")
    }
    columns["id"] = [given or str(row[_ROW]) for row, given in zip(rows, columns["id"], strict=True)]
    if chosen["population"]:
        where = chosen["population"]
        columns["population"] = [number(row[where], f"{name} row {row[_ROW]}: {where}") for row in rows]
    out = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*xy.T), crs=DEGREES if degrees else None)
    out.attrs["notes"] = tuple(notes)
    return out


def _first(row: Mapping[str, Any], words: tuple[str, ...]) -> str:
    return next((found for word in words if (found := _text(row.get(word)))), "")


def _text(value: Any) -> str:
    return "" if value is None or value != value or isinstance(value, list | dict) else str(value).strip()


def _type(row: Mapping[str, Any]) -> str:
    given = _text(row.get("type"))
    if given and given not in _GEOMETRY_WORDS:
        return given
    tags = [found for tag in TAGS if (found := _text(row.get(tag)))]
    return next((found for found in tags if found in WEIGHTS), tags[0] if tags else "")


def in_metres(features: gpd.GeoDataFrame, crs: str | None, what: str) -> gpd.GeoDataFrame:
    """Features in the plane of the streets (``crs``, None for one without a place on Earth); lines and areas by their centroid there.

    Raises InputError when only one of both has a place on Earth, or the plane is not in metres; ``what`` names the features.
    """
    if (features.crs is None) != (crs is None):
        lacking = f"The {what} have" if features.crs is None else "The streets have"
        raise InputError(
            f"{lacking} no coordinate system, the other has one; give both in longitude and latitude."
        )
    if crs is not None:
        if not is_metric(crs):
            raise InputError("The streets are not in metres; project them to a metric coordinate system.")
        features = features.to_crs(crs)
    out: gpd.GeoDataFrame = features.set_geometry(features.geometry.centroid)
    return out


def people_around(
    points: Floats, blocks: gpd.GeoDataFrame, crs: str | None, radius_m: float | None = None
) -> Floats:
    """People by facility, shape (n,): of the block it lies in, or of all blocks that meet a circle around it.

    Raises InputError when the column is missing, a population is missing or negative, or the radius is none.

    Args:
        points, crs: Facilities in metres of ``crs``, shape (n, 2).
        blocks: Areas with a column ``population`` (>= 0), any CRS.
        radius_m: None: the containing block (on a common border the first; 0 where there is none). Else metres:
            the whole population of every block that meets the circle counts, as in the published instances.
    """
    if "population" not in blocks:
        raise InputError("The blocks have no column population; add one with the residents of each.")
    people = pd.to_numeric(blocks["population"], errors="coerce").to_numpy(dtype=float)
    bad = ~(people >= 0) | ~np.isfinite(people)
    if bad.any():
        wrong = int(np.argmax(bad))
        raise InputError(
            f"Block {blocks.index[wrong]} has the population {people[wrong]:g}; give a number >= 0."
        )
    if (blocks.crs is None) != (crs is None):
        raise InputError("Of the streets and the blocks only one has a coordinate system; give both with it.")
    shapes = (blocks if crs is None else blocks.to_crs(crs)).geometry.to_numpy()
    tree, spots = shapely.STRtree(shapes), shapely.points(points)
    out = np.zeros(len(points))
    if radius_m is None:
        which, hit = tree.query(spots, predicate="intersects")
        order = np.lexsort((-hit, which))  # of several blocks the first is written last
        out[which[order]] = people[hit[order]]
        return out
    if not 0 < radius_m < float("inf"):
        raise InputError(f"The radius is {radius_m!r}; give metres above 0.")
    which, hit = tree.query(spots, predicate="dwithin", distance=radius_m)
    np.add.at(out, which, people[hit])
    return out
