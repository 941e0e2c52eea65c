"""Untrusted files of shapes to features.

A file's kind follows from its first bytes, never from its name. GeoJSON and GeoPackage are read without GDAL; a Shapefile is read by
GDAL in a process of its own (:mod:`patrol_core.files.gdal.guard`). Sizes are capped, and shapes that nothing could be done with in
reasonable time are refused (:mod:`patrol_core.files.outlines`).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from patrol_core.errors import InputError
from patrol_core.files import archives as archive_files
from patrol_core.files import geopackage, outlines
from patrol_core.files.archives import FileLike, Limits
from patrol_core.files.crs import crs_of
from patrol_core.files.gdal import guard as gdal_guard
from patrol_core.files.reading import read_file
from patrol_core.files.strict_json import load_json

MAX_BYTES = 300 * 2**20
MAX_FEATURES = 60_000
MOST_LAYERS = 20

#: Most brackets and braces of a GeoJSON: each becomes an object many times its size.
_MAX_BRACKETS, _MAX_BRACES = 12_000_000, 2_000_000
_NUMBERS = {int, float}
_XML_KINDS = {b"<kml": "KML", b"<gpx": "GPX", b"<gml": "GML", b"<ogrvrt": "VRT"}


def load_bytes(file: FileLike) -> tuple[str, bytes]:
    """Name and bytes of a file or upload; refused when empty, too large or a folder."""
    if isinstance(file, tuple):
        name, data = file[0], bytes(file[1])
    else:
        path = Path(file)
        if path.is_dir():
            raise InputError(f"{path} is a folder; give one file (GeoJSON, GeoPackage or zipped Shapefile).")
        name, data = path.name, read_file(path, most=MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES >> 20} MiB; give a smaller or generalised one.")
    if not data.strip():
        raise InputError(f"{name} is empty; download or export it again.")
    return name, data


def read_features(
    name: str, data: bytes, *, inside_zip: bool = False, lines: bool = False
) -> gpd.GeoDataFrame:
    """Features of a boundary file as they are, with its CRS (None where it states none).

    Args:
        name: Of the file, for messages.
        data: Its bytes: GeoJSON, a GeoPackage, or a zip with one Shapefile, GeoJSON or GeoPackage.
        inside_zip: Whether it came out of a zip, where no other zip is opened.
        lines: Whether streets or a route are wanted: of several layers the only one with lines is read.

    Raises:
        InputError: If the file is none of the accepted kinds, damaged, too large or unsafe.
    """
    if geopackage.is_sqlite(data):
        frame = _read_gpkg(name, data, lines)
    elif data[:2] == b"PK" and not inside_zip:
        return _read_zip(name, data, lines)
    elif _text_head(data)[:1] in (b"{", b"["):
        frame = _read_geojson(name, data, lines)
    else:
        raise InputError(_not_read(name, data, _what(lines)))
    outlines.check_cost(name, frame.geometry.to_numpy())
    return frame


def _text_head(data: bytes) -> bytes:
    return data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()


def _not_read(name: str, data: bytes, what: str) -> str:
    """Why a file is none of the accepted kinds, and what to do."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return f"{name} is UTF-16 text; save it as GeoJSON in UTF-8."
    if name.lower().endswith((".shp", ".dbf", ".shx")):
        return (
            f"{name} is one part of a Shapefile; zip its .shp, .shx, .dbf and .prj together and give the zip."
        )
    head = _text_head(data).lower()
    kind = next((kind for mark, kind in _XML_KINDS.items() if mark in head), "")
    if kind:
        return f"{name} is {kind}, which is not GeoJSON, a GeoPackage or a zipped Shapefile; export the {what} as GeoJSON."
    return f"{name} is not GeoJSON, a GeoPackage or a zipped Shapefile; export the {what} as one of these."


def _read_geojson(name: str, data: bytes, lines: bool) -> gpd.GeoDataFrame:
    if data.count(b"[") > _MAX_BRACKETS or data.count(b"{") > _MAX_BRACES:
        raise InputError(f"{name} has more than {_MAX_BRACKETS:,} vertices; give generalised shapes.")
    document = load_json(data, name, most_bytes=MAX_BYTES)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise InputError(_no_features(name, document, _what(lines)))
    if _is_esri(document, features):
        raise InputError(_esri(name, _what(lines)))
    _check_size(name, len(features), lines)
    records, shapes = [], []
    for number, feature in enumerate(features, start=1):
        shapes.append(_shape(name, number, feature, _what(lines)))
        given = feature.get("properties")
        properties = dict(given) if isinstance(given, dict) else {}
        if feature.get("id") is not None:
            properties.setdefault("id", feature["id"])
        records.append({key: _cell(value) for key, value in properties.items() if key != "geometry"})
    return gpd.GeoDataFrame(
        pd.DataFrame(records, index=range(len(records))), geometry=shapes, crs=_geojson_crs(name, document)
    )


def _cell(value: Any) -> Any:
    """A property as one cell: lists and objects, and whole numbers beyond any column, as text."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    return value


def _no_features(name: str, document: Any, what: str) -> str:
    if isinstance(document, dict):
        if "rings" in document or "geometryType" in document or "spatialReference" in document:
            return _esri(name, what)
        if document.get("type") == "Topology":
            return f"{name} is TopoJSON; export the {what} as GeoJSON."
        if isinstance(document.get("error"), dict):
            return f"{name} is an error message of a map service instead of {what}; ask for them again."
    return f"{name} is JSON but has no list of features; give a GeoJSON FeatureCollection."


def _is_esri(document: dict[str, Any], features: list[Any]) -> bool:
    """Whether it is the JSON of Esri's services, whose features have attributes and rings or paths."""
    if document.get("type") == "FeatureCollection":
        return False
    first = next((f for f in features if isinstance(f, dict)), {})
    shape = first.get("geometry")
    own = (
        isinstance(shape, dict)
        and "coordinates" not in shape
        and {"rings", "paths", "points", "x", "curveRings"} & set(shape)
    )
    marks = "spatialReference" in document or str(document.get("geometryType", "")).startswith("esri")
    return bool(own) or "attributes" in first or marks


def _esri(name: str, what: str) -> str:
    return f"{name} is Esri JSON, not GeoJSON; ask the service for it with f=geojson, or export the {what} as GeoJSON."


def _shape(name: str, number: int, feature: Any, what: str) -> Any:
    if not isinstance(feature, dict) or "geometry" not in feature:
        raise InputError(f"{name}, feature {number}: it has no geometry member; export the file again.")
    if feature["geometry"] is None:
        return None
    if isinstance(feature["geometry"], dict) and (
        "rings" in feature["geometry"] or "paths" in feature["geometry"]
    ):
        raise InputError(_esri(name, what))
    try:
        _check_numbers(feature["geometry"])
        return shapely.geometry.shape(feature["geometry"])
    except Exception:  # shapely raises many kinds for malformed coordinates; all mean the same to the user
        raise InputError(
            f"{name}, feature {number}: its coordinates are malformed; export the file again."
        ) from None


def _check_numbers(geometry: Any) -> None:
    """TypeError unless all coordinates are numbers: the geometry library takes "1" and true for 1."""
    stack = [geometry]
    while stack:
        inner = stack.pop()
        if isinstance(inner, dict):
            stack += [inner.get("coordinates", []), *inner.get("geometries", [])]
        elif isinstance(inner, list):
            kinds = set(map(type, inner))
            if not kinds <= _NUMBERS:
                stack += inner
        else:
            raise TypeError(f"{inner!r:.40} is no coordinate")


def _geojson_crs(name: str, document: dict[str, Any]) -> CRS:
    """The ``crs`` member of older GeoJSON, else WGS84 (RFC 7946)."""
    member = document.get("crs")
    if "crs" in document and member is None:
        raise InputError(
            f"{name} says that its coordinate reference system is unknown (crs is null); state it."
        )
    if member is None:
        return CRS.from_epsg(4326)
    try:
        text = member["properties"]["name"]
    except (KeyError, TypeError):
        text = None
    return crs_of(f"{name}: its crs member", text)


def _what(lines: bool) -> str:
    return "lines" if lines else "zones"


def _read_gpkg(name: str, data: bytes, lines: bool) -> gpd.GeoDataFrame:
    layers = geopackage.layers(name, data)
    if not layers:
        raise InputError(
            f"{name} holds no layer with geometry; give one with {'lines' if lines else 'zone polygons'}."
        )
    if len(layers) == 1:
        return _read_gpkg_layer(name, data, layers[0], lines)
    if not lines:
        raise InputError(
            f"{name} holds several layers ({', '.join(layers[:4])}); export the one with the zones by itself."
        )
    if len(layers) > MOST_LAYERS:
        raise InputError(f"{name} holds {len(layers)} layers; export the one with the lines by itself.")
    frames = {layer: _read_gpkg_layer(name, data, layer, lines) for layer in layers}
    with_lines = [
        layer
        for layer, frame in frames.items()
        if frame.geometry.geom_type.isin(("LineString", "MultiLineString")).any()
    ]
    if len(with_lines) != 1:
        found = (
            f"lines in {', '.join(with_lines[:4])}"
            if with_lines
            else f"no lines in any of its layers ({', '.join(layers[:4])})"
        )
        raise InputError(f"{name} holds {found}; export the one layer with the lines by itself.")
    return frames[with_lines[0]]


def _read_gpkg_layer(name: str, data: bytes, layer: str, lines: bool) -> gpd.GeoDataFrame:
    frame = geopackage.read_layer(name, data, layer, most=MAX_FEATURES)
    _check_size(name, len(frame), lines)
    return frame


def _read_zip(name: str, data: bytes, lines: bool) -> gpd.GeoDataFrame:
    limits = Limits(total_bytes=MAX_BYTES * 2, entry_bytes=MAX_BYTES, entries=1000)
    with archive_files.open_zip(name, data, limits) as archive:
        entries = archive_files.safe_entries(name, archive, limits)
        by_end: dict[str, list[zipfile.ZipInfo]] = {}
        for entry in entries:
            by_end.setdefault(PurePosixPath(entry.filename.lower()).suffix, []).append(entry)
        kinds = {
            "Shapefile": by_end.get(".shp", []),
            "GeoJSON file": [*by_end.get(".geojson", []), *by_end.get(".json", [])],
            "GeoPackage": by_end.get(".gpkg", []),
        }
        if not any(kinds.values()):
            raise InputError(
                f"{name} holds no Shapefile (.shp), GeoJSON or GeoPackage; zip a Shapefile's .shp, .shx, .dbf and .prj together."
            )
        if kinds["Shapefile"]:  # metadata in JSON often lies beside one
            kinds = {"Shapefile": kinds["Shapefile"], "GeoPackage": kinds["GeoPackage"]}
        if sum(len(found) for found in kinds.values()) > 1:
            raise InputError(
                f"{name} holds {_counted(kinds)}, give one: zip the one with the {_what(lines)} by itself."
            )
        if kinds["Shapefile"]:
            return _read_shapefile(name, archive, kinds["Shapefile"][0].filename, entries, limits, lines)
        (only,) = (entry for found in kinds.values() for entry in found)
        label = f"{name}:{only.filename}"
        content = archive_files.read_entry(label, archive, only, archive_files.new_meter(limits))
        return read_features(label, content, inside_zip=True, lines=lines)


def _counted(kinds: Mapping[str, Sequence[object]]) -> str:
    return " and ".join(
        f"{len(found)} {kind}{'s' if len(found) > 1 else ''}" for kind, found in kinds.items() if found
    )


def _read_shapefile(
    name: str,
    archive: zipfile.ZipFile,
    shp: str,
    entries: list[zipfile.ZipInfo],
    limits: Limits,
    lines: bool,
) -> gpd.GeoDataFrame:
    stem = shp[:-4].lower()
    parts = {PurePosixPath(e.filename.lower()).suffix: e for e in entries if e.filename[:-4].lower() == stem}
    absent = [end for end in (".shx", ".dbf") if end not in parts]
    if absent:
        raise InputError(f"{name} lacks the {' and '.join(absent)} of its Shapefile; zip all parts together.")
    if ".prj" not in parts:
        raise InputError(
            f"{name} has no .prj, so its coordinate reference system is unknown; add the .prj or export as "
            "GeoJSON in EPSG:4326."
        )
    meter = archive_files.new_meter(limits)
    content = {
        end: archive_files.read_entry(f"{name}:{parts[end].filename}", archive, parts[end], meter)
        for end in gdal_guard.PARTS
        if end in parts
    }
    frame = gdal_guard.read_shapefile(name, content, most=MAX_FEATURES)
    _check_size(name, len(frame), lines)
    outlines.check_cost(name, frame.geometry.to_numpy())
    return frame


def _check_size(name: str, features: int, lines: bool) -> None:
    if features > MAX_FEATURES:
        raise InputError(
            f"{name} holds more than {MAX_FEATURES:,} features, and no more {_what(lines)} are read: cut out your area."
        )
