"""Untrusted boundary files to features, with as little of GDAL as possible.

GDAL picks its reader by content, and some readers open other files or the network. So a file's kind is
told here by its first bytes, GeoJSON is read without GDAL, a GeoPackage must be a SQLite file that says
it is one, a Shapefile's parts are copied under fixed names, and sizes are capped.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from patrol_core.errors import InputError
from patrol_core.sources import archive_files
from patrol_core.sources.archive_files import FileLike, Limits

MAX_BYTES = 300 * 2**20
MAX_FEATURES = 60_000
MOST_LAYERS = 20

_SQLITE = b"SQLite format 3\x00"
_GPKG_IDS = (b"GPKG", b"GP10", b"GP11", b"GP12")


def load_bytes(file: FileLike) -> tuple[str, bytes]:
    """Name and bytes of a file or upload; refused when empty, too large or a folder."""
    if isinstance(file, tuple):
        name, data = file[0], bytes(file[1])
    else:
        path = Path(file)
        if path.is_dir():
            raise InputError(
                f"{path} is a folder; give one boundary file (GeoJSON, GeoPackage or zipped Shapefile)."
            )
        name, data = path.name, archive_files.read_path(path)
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES >> 20} MiB; give generalised boundaries.")
    if not data.strip():
        raise InputError(f"{name} is empty; download or export it again.")
    return name, data


def read_features(
    name: str, data: bytes, *, inside_zip: bool = False, lines: bool = False
) -> gpd.GeoDataFrame:
    """Features of a boundary file as they are, with its CRS (None where it states none).

    Parameters
    ----------
    name
        Of the file, for messages.
    data
        Its content.
    inside_zip
        Whether it comes out of a zip, in which no other is opened.
    lines
        Whether streets or a route are wanted: of several layers the only one with lines is read.

    Raises
    ------
    InputError
        If the file is none of the accepted kinds, damaged, too large or unsafe.
    """
    if data[:16] == _SQLITE:
        return _read_gpkg(name, data, lines=lines)
    if data[:2] == b"PK" and not inside_zip:
        return _read_zip(name, data, lines=lines)
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if head == b"{":
        return _read_geojson(name, data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{name} is UTF-16 text; save it as GeoJSON in UTF-8.")
    if name.lower().endswith((".shp", ".dbf", ".shx")):
        raise InputError(
            f"{name} is one part of a Shapefile; zip its .shp, .shx, .dbf and .prj together and give the zip."
        )
    raise InputError(
        f"{name} is not GeoJSON, a GeoPackage or a zipped Shapefile; export the {_what(lines)} as one of these."
    )


def _read_geojson(name: str, data: bytes) -> gpd.GeoDataFrame:
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except json.JSONDecodeError as err:
        raise InputError(
            f"{name} line {err.lineno}: the GeoJSON is cut off or damaged ({err.msg}); export it again."
        ) from None
    except (ValueError, RecursionError):
        raise InputError(f"{name} is not UTF-8 GeoJSON; export it again.") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise InputError(f"{name} is JSON but has no list of features; give a GeoJSON FeatureCollection.")
    _check_size(name, len(features))
    records, shapes = [], []
    for number, feature in enumerate(features, start=1):
        shapes.append(_shape(name, number, feature))
        given = feature.get("properties")
        properties = dict(given) if isinstance(given, dict) else {}
        if feature.get("id") is not None:
            properties.setdefault("id", feature["id"])
        records.append(properties)
    return gpd.GeoDataFrame(pd.DataFrame(records), geometry=shapes, crs=_geojson_crs(name, document))


def _no_constant(word: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise json.JSONDecodeError(f"{word} is no number", word, 0)


def _shape(name: str, number: int, feature: Any) -> Any:
    if not isinstance(feature, dict) or "geometry" not in feature:
        raise InputError(f"{name}, feature {number}: it has no geometry member; export the file again.")
    if feature["geometry"] is None:
        return None
    try:
        return shapely.geometry.shape(feature["geometry"])
    except Exception:  # shapely raises many kinds for malformed coordinates; all mean the same to the user
        raise InputError(
            f"{name}, feature {number}: its coordinates are malformed; export the file again."
        ) from None


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
        crs = CRS.from_user_input(member["properties"]["name"])
    except (CRSError, KeyError, TypeError):
        raise InputError(
            f"{name}: its crs member names no known coordinate reference system; export it as EPSG:4326."
        ) from None
    return CRS.from_epsg(4326) if crs.to_authority() == ("OGC", "CRS84") else crs


def _what(lines: bool) -> str:
    return "lines" if lines else "zones"


def _read_gpkg(name: str, data: bytes, *, lines: bool) -> gpd.GeoDataFrame:
    if data[68:72] not in _GPKG_IDS:
        raise InputError(
            f"{name} is a database but not a GeoPackage; export the {_what(lines)} as GeoPackage."
        )
    with tempfile.TemporaryDirectory(prefix="patrol-") as folder:
        path = Path(folder, "layer.gpkg")
        path.write_bytes(data)
        return _read_layer(name, path, lines=lines)


def _read_layer(name: str, path: Path, *, lines: bool) -> gpd.GeoDataFrame:
    try:
        layers = [str(row[0]) for row in pyogrio.list_layers(path) if row[1] is not None]

        def read(layer: str) -> gpd.GeoDataFrame:
            _check_size(name, int(pyogrio.read_info(path, layer=layer)["features"]), lines=lines)
            return pyogrio.read_dataframe(path, layer=layer)

        return _one_layer(name, layers, read, lines=lines)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        UnicodeDecodeError,
    ):
        raise InputError(f"{name} is damaged or cut off and cannot be read; export it again.") from None


def _one_layer(
    name: str, layers: Sequence[str], read: Callable[[str], gpd.GeoDataFrame], *, lines: bool
) -> gpd.GeoDataFrame:
    """The layer of a file that is wanted: the only one, or of several the only one with lines."""
    if not layers:
        raise InputError(
            f"{name} holds no layer with geometry; give one with {'lines' if lines else 'zone polygons'}."
        )
    if len(layers) == 1:
        return read(layers[0])
    shown = ", ".join(layers[:4])
    if not lines:
        raise InputError(f"{name} holds several layers ({shown}); export the one with the zones by itself.")
    if len(layers) > MOST_LAYERS:
        raise InputError(f"{name} holds {len(layers)} layers; export the one with the lines by itself.")
    with_lines = {}
    for layer in layers:
        frame = read(layer)
        if frame.geometry.geom_type.isin(("LineString", "MultiLineString")).any():
            with_lines[layer] = frame
    if len(with_lines) != 1:
        found = (
            f"lines in {', '.join(list(with_lines)[:4])}"
            if with_lines
            else f"no lines in any of its layers ({shown})"
        )
        raise InputError(f"{name} holds {found}; export the one layer with the lines by itself.")
    return next(iter(with_lines.values()))


def _read_zip(name: str, data: bytes, *, lines: bool) -> gpd.GeoDataFrame:
    limits = Limits(total_bytes=MAX_BYTES * 2, entry_bytes=MAX_BYTES, entries=1000)
    with archive_files.open_zip(name, data, limits) as archive:
        entries = archive_files.safe_entries(name, archive, limits)
        by_end: dict[str, list[zipfile.ZipInfo]] = {}
        for entry in entries:
            by_end.setdefault(PurePosixPath(entry.filename.lower()).suffix, []).append(entry)
        shapes = by_end.get(".shp", [])
        if not shapes:
            plain_files = [*by_end.get(".geojson", []), *by_end.get(".json", []), *by_end.get(".gpkg", [])]
            if len(plain_files) != 1:
                raise InputError(
                    f"{name} holds no Shapefile (.shp); zip its .shp, .shx, .dbf and .prj together."
                )
            label = f"{name}:{plain_files[0].filename}"
            content = archive_files.read_entry(
                label, archive, plain_files[0], archive_files.new_meter(limits)
            )
            return read_features(label, content, inside_zip=True, lines=lines)
        if len(shapes) > 1:
            raise InputError(
                f"{name} holds {len(shapes)} Shapefiles; zip the one with the {_what(lines)} by itself."
            )
        return _read_shapefile(name, archive, shapes[0].filename, entries, limits, lines=lines)


def _read_shapefile(
    name: str,
    archive: zipfile.ZipFile,
    shp: str,
    entries: list[zipfile.ZipInfo],
    limits: Limits,
    *,
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
    with tempfile.TemporaryDirectory(prefix="patrol-") as folder:
        for end in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            if end in parts:
                content = archive_files.read_entry(
                    f"{name}:{parts[end].filename}", archive, parts[end], meter
                )
                Path(folder, f"layer{end}").write_bytes(content)
        return _read_layer(name, Path(folder, "layer.shp"), lines=lines)


def _check_size(name: str, features: int, *, lines: bool = False) -> None:
    if features > MAX_FEATURES:
        raise InputError(
            f"{name} holds {features:,} features; at most {MAX_FEATURES:,} {_what(lines)} are read: cut out your area."
        )
