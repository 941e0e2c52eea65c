"""Zone polygons from GeoJSON, GeoPackage or zipped Shapefile, checked and in metres.

Opening untrusted files: :mod:`patrol_core.files.vector_files`. Attribute tables:
:mod:`patrol_core.sources.zone_tables.attributes`; joining them: :mod:`patrol_core.sources.zone_tables.attach`.
"""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from patrol_core.areas import UK_CRS, Finding
from patrol_core.errors import InputError
from patrol_core.files import outlines
from patrol_core.files.archives import FileLike
from patrol_core.files.crs import is_true_metric
from patrol_core.files.text_table import plain, shown
from patrol_core.files.vector_files import load_bytes, read_features
from patrol_core.sources.fields import without_population
from patrol_core.sources.zone_tables.attributes import check_population
from patrol_core.sources.zone_tables.fit import gap_findings, overlap_findings
from patrol_core.sources.zone_tables.headings import (
    WARD_CODE,
    WARD_NAME,
    find_column,
    group_texts,
    vintage_of,
)
from patrol_core.sources.zone_tables.ids import other_ids, zone_ids

#: Most crossings that are mended in one file, before it is called damaged.
MAX_MENDED_CROSSINGS = 5_000
#: A self-crossing polygon is mended only if that changes its area by no more than this share.
MEND_TOLERANCE = 0.001
#: Longest name, ward or other text of a zone, characters.
LONGEST_TEXT = 1_000

_NAME = (
    r"name",
    r"(?:lsoa|msoa|wd|ward|lad|oa)_?\d*_?(?:nm|name)",
    r"zone_name|area_name|beat_name|label|title",
)
_BOROUGH = r"lad\d\dnm|borough(?:_name)?|district"
_POPULATION = r"population|usual_residents|residents|pop|total_population|population_total"


def read_polygons(
    file: FileLike, *, id_column: str | None = None, name_column: str | None = None
) -> gpd.GeoDataFrame:
    """Read zone polygons.

    Args:
        file: Path or (name, bytes): GeoJSON, GeoPackage, or a zip holding one Shapefile, GeoJSON or GeoPackage.
        id_column, name_column: Columns to use; recognised when not given, the ids by heading (LSOA21CD,
            LSOA11CD, WD24CD, zone_id ...) or by cells (:mod:`patrol_core.sources.zone_tables.ids`).

    Returns:
        GeoDataFrame: Indexed by ``zone_id`` (str); ``name``, ``ward`` (str, "" if none), ``population``
            (persons, NaN unknown), ``ward_code`` and ``borough`` where the file has them, ``geometry`` in
            EPSG:27700 (in the UTM zone of the place when it is not in the UK). ``attrs["findings"]`` holds what
            was noticed, ``attrs["vintage"]`` 2011 or 2021 when the id column says so, ``attrs["other_ids"]``
            the other columns that could name the zones.

    Raises:
        InputError: No CRS, degrees out of range or swapped, no polygons, empty or self-crossing geometry,
            repeated ids, negative population, damaged or unsafe file; the message names file and feature.
        SourceError: If the path cannot be read.
    """
    name, data = load_bytes(file)
    return zones_of(name, read_features(name, data), id_column=id_column, name_column=name_column)


def zones_of(
    name: str,
    raw: gpd.GeoDataFrame,
    *,
    id_column: str | None = None,
    name_column: str | None = None,
    plane: bool = False,
) -> gpd.GeoDataFrame:
    """Features as zones, as :func:`read_polygons` says.

    Args:
        name: Of their file, for messages.
        raw: Features as read.
        id_column, name_column: As of :func:`read_polygons`.
        plane: Whether they lie in a plane without a place on Earth, which stays as it is.

    Raises:
        InputError: As :func:`read_polygons`.
    """
    if not len(raw):
        raise InputError(f"{name} holds 0 features; give a file with zone polygons.")
    findings: list[Finding] = []
    ids, id_source = zone_ids(name, raw, id_column, findings)
    others = other_ids(raw, id_source)
    raw.index = ids
    raw = _check_geometry(name, raw, findings)
    if not plane:
        _check_crs(name, raw)
    out = _attributes(name, raw, name_column, findings)
    metric = None if plane else _metric_crs(name, out)
    out = out.to_crs(metric) if metric is not None else out
    if not np.isfinite(out.total_bounds).all():
        raise InputError(
            f"{name}: some coordinates cannot be expressed in metres; check its coordinate reference system."
        )
    findings += [*overlap_findings(name, out), *gap_findings(name, out)]
    out.attrs = {"findings": tuple(findings), "vintage": vintage_of(id_source), "other_ids": others}
    return out


def _check_crs(name: str, raw: gpd.GeoDataFrame) -> None:
    if raw.crs is None or not (raw.crs.is_geographic or raw.crs.is_projected):
        raise InputError(
            f"{name} states no coordinate reference system; save it with one (EPSG:27700 for British "
            "National Grid, EPSG:4326 for longitude and latitude)."
        )
    if not raw.crs.is_geographic:
        return
    west, south, east, north = raw.total_bounds
    if west < -180.001 or east > 180.001 or south < -90.001 or north > 90.001:
        raise InputError(
            f"{name}: the coordinates (such as {west:.6g}, {south:.6g}) are no degrees though the file says "
            "or implies longitude and latitude; state the coordinate reference system, EPSG:27700 for "
            "British National Grid."
        )
    if west > 49 and east < 62 and south > -9 and north < 3:  # longitude where latitude belongs
        raise InputError(
            f"{name}: longitude and latitude are swapped (such as {west:.3f}, {south:.3f}); write longitude "
            "first."
        )


def _check_geometry(name: str, raw: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    shapes = raw.geometry
    empty = (shapes.isna() | shapes.is_empty).to_numpy()
    if empty.any():
        zone = raw.index[int(np.flatnonzero(empty)[0])]
        raise InputError(
            f"{name}, zone {zone}: its geometry is empty ({int(empty.sum())} in all); draw or remove it."
        )
    raw = _areas_only(name, raw, findings)
    return _mend(name, raw, findings)


def _areas_only(name: str, raw: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    """Zones as polygons: of a collection its polygons, as repairs of geometry leave lines and points beside them."""
    shapes = raw.geometry.to_numpy().copy()
    mixed = shapely.get_type_id(shapes) == 7
    for at in np.flatnonzero(mixed).tolist():
        area = outlines.areal_part(shapes[at])
        if not area.is_empty:
            shapes[at] = area
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not areal.all():
        at = int(np.flatnonzero(~areal)[0])
        raise InputError(
            f"{name}, zone {raw.index[at]}: it is a {shapes[at].geom_type}, not a polygon; give zone polygons."
        )
    if mixed.any():
        count = int(mixed.sum())
        text = (
            f"{name}: {count:,} {'zone is a collection' if count == 1 else 'zones are collections'} of polygons with lines or "
            f"points (first {raw.index[int(np.flatnonzero(mixed)[0])]}); the polygons are used, the rest is left out."
        )
        findings.append(Finding("warning", text, count))
    return raw.set_geometry(gpd.GeoSeries(shapes, index=raw.index, crs=raw.crs))


def _mend(name: str, raw: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    shapes = shapely.force_2d(raw.geometry.to_numpy())
    mended, crossings = 0, 0
    for at in np.flatnonzero(~shapely.is_valid(shapes)):
        where = f"{name}, zone {raw.index[at]} (feature {at + 1})"
        crossed = outlines.crossings(shapes[at : at + 1], most=outlines.MAX_CROSSINGS)
        crossings += crossed
        if crossings > MAX_MENDED_CROSSINGS:
            raise InputError(
                f"{where}: too many outlines up to here cross themselves; run a geometry repair."
            )
        try:
            better = outlines.mended(shapes[at], crossed=crossed)
        except outlines.Tangled:
            raise InputError(
                f"{where}: its outline crosses itself in more than {outlines.MAX_CROSSINGS:,} places; redraw it or run a geometry "
                "repair."
            ) from None
        before, after = shapely.area(shapes[at]), shapely.area(better)
        if not after > 0 or abs(after - before) > MEND_TOLERANCE * after:
            reason = shapely.is_valid_reason(shapes[at]).replace("[", " at (").replace("]", ")")
            raise InputError(
                f"{where}: its outline crosses itself or is otherwise invalid ({reason}); redraw it or run a geometry repair."
            )
        shapes[at] = better
        mended += 1
    if mended:
        text = (
            f"{name}: {mended} polygons were slightly invalid and were mended; no area changed by more "
            f"than {MEND_TOLERANCE:.1%}."
        )
        findings.append(Finding("info", text, mended))
    return raw.set_geometry(gpd.GeoSeries(shapes, index=raw.index, crs=raw.crs))


def _attributes(
    name: str, raw: gpd.GeoDataFrame, name_column: str | None, findings: list[Finding]
) -> gpd.GeoDataFrame:
    columns = [str(c) for c in raw.columns if c != raw.geometry.name]
    if name_column is not None and name_column not in columns:
        raise InputError(
            f"{name} has no column {name_column!r} (found {', '.join(columns[:8])}); choose one of these."
        )
    label = name_column or find_column(columns, *_NAME)
    out = gpd.GeoDataFrame(geometry=raw.geometry, crs=raw.crs)
    out["name"] = (
        _texts(raw[label], name).where(lambda s: s != "", raw.index.to_series())
        if label
        else raw.index.to_numpy()
    )
    ward = find_column(columns, WARD_NAME)
    out["ward"] = _texts(raw[ward], name) if ward else ""
    out["population"] = _population(name, raw, columns, findings)
    for target, pattern in (("ward_code", WARD_CODE), ("borough", _BOROUGH)):
        if (found := find_column(columns, pattern)) is not None:
            out[target] = _texts(raw[found], name)
    for column in columns:
        if plain(column) == "deprivation_quintile":
            out["deprivation_quintile"] = _texts(raw[column], name).where(lambda s: s != "", "Unknown")
        elif _is_free(column, label) and (texts := group_texts(raw[column])) is not None:
            out[f"group_{plain(column)}"] = texts
    return out[[c for c in out.columns if c != "geometry"] + ["geometry"]]


def _is_free(column: str, label: str | None) -> bool:
    """Whether a property may serve as groups: it is neither the name nor a ward, district or code of theirs."""
    taken = (WARD_NAME, WARD_CODE, _BOROUGH, _POPULATION)
    return column != label and not any(re.fullmatch(pattern, plain(column)) for pattern in taken)


def _texts(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    texts = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    long = texts.str.len().to_numpy() > LONGEST_TEXT
    if long.any():
        at = int(np.flatnonzero(long)[0])
        raise InputError(
            f"{name}, feature {at + 1}, column {column.name}: {len(texts.iloc[at]):,} characters, and a name or number has at most "
            f"{LONGEST_TEXT:,}; shorten it."
        )
    return texts


def _population(
    name: str, raw: gpd.GeoDataFrame, columns: list[str], findings: list[Finding]
) -> pd.Series[Any]:
    column = find_column(columns, *_POPULATION.split("|"))
    if column is None:
        return pd.Series(np.nan, index=raw.index)
    texts = _texts(raw[column], name)
    values = pd.to_numeric(texts.where(texts != ""), errors="coerce").astype(float)
    wrong = (values.isna() & (texts != "")).to_numpy(dtype=bool)
    if wrong.any():
        zone = raw.index[int(np.flatnonzero(wrong)[0])]
        raise InputError(
            f"{name}, zone {zone}, column {column}: {shown(texts[zone])} is not a number; correct or empty it."
        )
    check_population(name, values)
    missing = int(values.isna().sum())
    if missing:
        words = without_population(missing, len(values), values.index[values.isna()][0])
        findings.append(Finding("warning", f"{name}: {words}.", missing, topic="place"))
    return values


def _metric_crs(name: str, frame: gpd.GeoDataFrame) -> Any:
    """British National Grid within the UK, else the UTM zone of the place; near a pole the file's own, where that is in metres."""
    degrees = gpd.GeoSeries([shapely.box(*frame.total_bounds)], crs=frame.crs).to_crs(4326).total_bounds
    west, south, east, north = degrees
    if west >= -9.5 and east <= 3 and south >= 49 and north <= 62:
        return UK_CRS
    try:
        return frame.estimate_utm_crs()
    except (RuntimeError, ValueError):  # also where the box cannot be expressed in degrees
        if is_true_metric(frame.crs.to_wkt()):
            return frame.crs
    raise InputError(f"{name} lies where no UTM zone is (near a pole); give it in a metric CRS.")
