"""Published polygons as zones: as they are (LSOA, own), or dissolved to wards."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.files.columns import unfit

NO_WARD = "no-ward"
UNKNOWN = "Unknown"


def share_columns(polygons: gpd.GeoDataFrame) -> list[str]:
    """Numeric columns that are shares of the residents (0..1), named ``share_*``."""
    return [str(c) for c in polygons.columns if str(c).startswith("share_")]


def as_zones(data: AreaData) -> gpd.GeoDataFrame:
    """The polygons of an area as zones, in their own order."""
    polygons = required(data)
    columns: dict[str, Any] = {
        "name": _text(polygons, "name"),
        "ward": _text(polygons, "ward"),
        "population": _population(polygons),
        "area_km2": _area(polygons, data),
    }
    for group in data.groups:
        columns[group] = group_column(polygons, group)
    for share in share_columns(polygons):
        columns[share] = polygons[share].astype(float)
    return gpd.GeoDataFrame(columns, geometry=polygons.geometry, index=polygons.index, crs=polygons.crs)


def required(data: AreaData) -> gpd.GeoDataFrame:
    """Polygons of the area; InputError when it has none."""
    if data.polygons is None:
        raise InputError(f"{data.name} has no zone polygons; add a boundary file or choose a grid.")
    return data.polygons


def ward_ids(polygons: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Ward id of each polygon: its code, else its name, else ``no-ward``."""
    names = _text(polygons, "ward")
    codes = _text(polygons, "ward_code") if "ward_code" in polygons else names
    return codes.where(codes != "", names).where(lambda s: s != "", NO_WARD).rename("zone_id")


def as_wards(data: AreaData) -> gpd.GeoDataFrame:
    """Polygons dissolved by ward, sorted by id.

    Population adds up (unknown when any part is unknown); groups are those of most residents (of most
    area where populations are unknown); shares are averaged over residents. Polygons without ward
    become one zone ``no-ward``.
    """
    zones = as_zones(data)
    polygons = required(data)
    ids = ward_ids(polygons)
    ward = _text(polygons, "ward").where(lambda s: s != "", "No ward")
    parts = zones.groupby(ids, sort=True)
    out = pd.DataFrame(index=pd.Index(sorted(ids.unique()), dtype="str", name="zone_id"))
    names = ward.groupby(ids).first().reindex(out.index)
    out["name"] = _distinct(names)
    out["ward"] = names.where(out.index != NO_WARD, "")
    out["population"] = (
        parts["population"].sum(min_count=1).where(parts["population"].count() == parts.size(), np.nan)
    )
    out["area_km2"] = parts["area_km2"].sum(min_count=1)
    weight = _weights(zones)
    for group in data.groups:
        out[group] = majority(zones[group], weight, ids).reindex(out.index)
    for share in share_columns(zones):
        known = weight.where(zones[share].notna(), 0.0)
        total = (zones[share].fillna(0.0) * known).groupby(ids).sum()
        out[share] = (total / known.groupby(ids).sum().where(lambda s: s > 0)).reindex(out.index)
    geometry = [shapely.union_all(parts.get_group(i).geometry.to_numpy()) for i in out.index]
    return gpd.GeoDataFrame(out, geometry=geometry, crs=zones.crs)


def majority(groups: pd.Series[Any], weight: pd.Series[Any], by: pd.Series[Any]) -> pd.Series[Any]:
    """Group with the largest weight per ``by``; ties go to the first in alphabetical order.

    Args:
        groups, weight, by: One a row: its group, its weight, and what the rows are put together by.
    """
    frame = pd.DataFrame({"by": by.to_numpy(), "group": groups.to_numpy(), "weight": weight.to_numpy()})
    sums = frame.groupby(["by", "group"], sort=True, observed=True)["weight"].sum().reset_index()
    sums = sums.sort_values(["by", "weight"], ascending=[True, False], kind="stable")
    first: pd.Series[Any] = sums.drop_duplicates("by").set_index("by")["group"].astype("str")
    return first


def group_column(polygons: gpd.GeoDataFrame, group: str) -> pd.Series[Any]:
    """A group column as text, gaps as "Unknown"."""
    if group not in polygons:
        raise InputError(f"The polygons lack the group column {group!r}; this area cannot be grouped by it.")
    texts = _text(polygons, group)
    return texts.where(texts != "", UNKNOWN)


def _weights(zones: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Residents where every zone has them known and some live there, else ground area."""
    population: pd.Series[Any] = zones["population"]
    if population.notna().all() and float(population.sum()) > 0:
        return population
    return pd.Series(shapely.area(zones.geometry.to_numpy()), index=zones.index)


def _distinct(names: pd.Series[Any]) -> pd.Series[Any]:
    """Ward names; the id is added where two wards share a name."""
    twice = names.duplicated(keep=False)
    return names.where(~twice, names + " (" + names.index.to_series() + ")")


def _text(polygons: gpd.GeoDataFrame, column: str) -> pd.Series[Any]:
    if column not in polygons:
        return pd.Series("", index=polygons.index, dtype="str")
    values = polygons[column]
    texts: pd.Series[Any] = values.astype("object").where(values.notna(), "").astype("str")
    return texts


def _population(polygons: gpd.GeoDataFrame) -> pd.Series[Any]:
    if "population" not in polygons:
        return pd.Series(np.nan, index=polygons.index)
    values: pd.Series[Any] = pd.to_numeric(polygons["population"], errors="coerce").astype(float)
    wrong = (values < 0) | unfit(values.to_numpy())
    if wrong.any():
        zone = values.index[wrong][0]
        what = "negative" if values[zone] < 0 else "too large, or too near 0"
        raise InputError(
            f"The population of zone {zone} is {what} ({values[zone]:g}); correct it or leave it empty."
        )
    return values


def _area(polygons: gpd.GeoDataFrame, data: AreaData) -> pd.Series[Any]:
    """km2 of each polygon; NaN where the plane has no known unit."""
    from patrol_core.files.crs import is_metric

    if not is_metric(data.crs):
        return pd.Series(np.nan, index=polygons.index)
    return pd.Series(shapely.area(polygons.geometry.to_numpy()) / 1e6, index=polygons.index)
