"""Zones with their results as GeoJSON (RFC 7946: EPSG:4326, longitude first, rings anticlockwise)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from patrol_core.errors import InputError
from patrol_core.planning import describe_columns
from patrol_core.reports.plain import to_json_bytes
from patrol_core.zones import to_degrees


def zones_geojson(
    zones: gpd.GeoDataFrame,
    results: pd.DataFrame | None = None,
    *,
    units: Mapping[str, str] | None = None,
    about: Mapping[str, Any] | None = None,
    digits: int = 7,
) -> bytes:
    """Zones and, joined to them by label, their results.

    Args:
        zones: Indexed by zone_id, in any CRS. Data without a place on Earth (no CRS, or a local plane) keep
            their coordinates, and the member ``coordinates`` of the file says so.
        results: Indexed by zone_id, or with a column ``zone_id``; exactly the zones of ``zones``, in any order.
        units: Column -> unit; written to the member ``columns``, since property names are kept as they are.
        about: Further members of the file, e.g. ``{"attribution": ..., "scenario": ...}``.
        digits: Decimals of a degree kept; 7 is about a centimetre.

    Returns:
        bytes: A FeatureCollection; each feature has ``id``, the property ``zone_id`` and its other columns as
            plain numbers, strings or null.

    Raises:
        InputError: If zones and results are not the same labels, a column stands in both, or a zone has no
            geometry.
    """
    table = pd.DataFrame(zones.drop(columns=zones.geometry.name))
    if results is not None:
        table = _joined(table, results)
    shapes, planar = to_degrees(zones, digits=digits)
    names = [str(name) for name in table.columns]
    features = [
        feature(shape.__geo_interface__, {"zone_id": zone, **dict(zip(names, row, strict=True))}, id=zone)
        for zone, row, shape in zip(
            _ids(zones), table.itertuples(index=False, name=None), shapes, strict=True
        )
    ]
    return collection(
        features,
        **(about or {}),
        coordinates="plane without a place on Earth" if planar else "EPSG:4326",
        columns=describe_columns(table, units or {}),
    )


def feature(geometry: Mapping[str, Any], properties: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """A feature, with further members such as its ``id``."""
    return {"type": "Feature", **members, "properties": properties, "geometry": geometry}


def collection(features: Sequence[Mapping[str, Any]], **members: Any) -> bytes:
    """Features as a file, with further members before them."""
    return to_json_bytes({"type": "FeatureCollection", **members, "features": features}, indent=None)


def _joined(table: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    if "zone_id" in results.columns:
        results = results.set_index("zone_id")
    if results.index.has_duplicates:
        twice = results.index[results.index.duplicated()][0]
        raise InputError(f"Zone {twice} has more than one row of results; give each zone one row.")
    odd = table.index.symmetric_difference(results.index)
    if len(odd):
        where = "the zones" if odd[0] in table.index else "the results"
        raise InputError(f"Zone {odd[0]} is only in {where}; zones and results must be the same.")
    both = table.columns.intersection(results.columns)
    if len(both):
        raise InputError(f"Column {both[0]} is in the zones and in the results; drop or rename one of them.")
    return table.join(results)


def _ids(zones: gpd.GeoDataFrame) -> list[str]:
    return [str(zone) for zone in zones.index]
