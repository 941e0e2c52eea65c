"""The groups that fairness compares, and the heads that count in them: what the zones of an area offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from patrol_core.areas import AreaData, Finding
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.fairness import groups as grouping
from patrol_core.zones import UNKNOWN

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

WARD = "ward"
NO_WARD = "all zones"
"""Ward of a zone that has none."""
BOROUGH, NO_BOROUGH = "borough", "no borough"


def group_columns(data: AreaData) -> dict[str, str]:
    """Ways to group zones that the data offer: column -> label for people.

    Those of a census divide residents, so they are offered only where residents are known.
    """
    offered = dict(data.groups)
    if data.polygons is not None and WARD in data.polygons and (data.polygons[WARD].astype(str) != "").any():
        offered[WARD] = "Ward"
    if data.polygons is not None and data.polygons["population"].notna().any():
        weighted = grouping.weighted_columns(list(data.polygons.columns))
        offered |= {key: grouping.WEIGHTED[key] for key in weighted}
    return offered


def wards_of(zones: gpd.GeoDataFrame) -> pd.Series[str]:
    """Ward of every zone."""
    named: pd.Series[str] = zones[WARD].astype(str)
    return named.where(named != "", NO_WARD)


def boroughs_of(zones: gpd.GeoDataFrame) -> pd.Series[str] | None:
    """Borough of every zone, where the data know any."""
    if BOROUGH not in zones:
        return None
    named = zones[BOROUGH].astype("object").where(zones[BOROUGH].notna(), "").astype(str)
    unknown = named.isin(["", UNKNOWN])
    return None if unknown.all() else named.where(~unknown, NO_BOROUGH)


def heads_of(zones: gpd.GeoDataFrame) -> tuple[Floats, str, tuple[Finding, ...]]:
    """Heads of each zone, what a head is (residents, or zones where no residents are known), and what was noticed."""
    population = zones["population"].to_numpy(dtype=float)
    unknown = ~np.isfinite(population)
    if unknown.all():
        text = "The data carry no population, so figures and fairness rules of groups are per zone: each zone counts once."
        return np.ones(len(zones)), "zones", (Finding("info", text),)
    if unknown.any():
        names = ", ".join(str(zone) for zone in zones.index[unknown][:3])
        text = (
            f"{int(unknown.sum())} zones have no population ({names}{', …' if unknown.sum() > 3 else ''}): "
            "they count as having no residents in every per-head figure and fairness rule."
        )
        return (
            np.where(unknown, 0.0, population),
            "residents",
            (Finding("warning", text, int(unknown.sum())),),
        )
    return population, "residents", ()


def group_column(data: AreaData, zones: gpd.GeoDataFrame, wanted: str) -> str:
    """The column that makes the groups.

    Args:
        data, zones: What is offered, and the zones in use.
        wanted: Asked for by name; "" takes the first grouping that the zones have, or "".

    Raises:
        InputError: When the data or the zones do not have it.
    """
    offered = group_columns(data)
    if not wanted:
        return next((column for column in offered if column in zones), "")
    known = wanted in zones or wanted in grouping.weighted_columns(list(zones.columns))
    if wanted not in offered or not known:
        raise InputError(
            f"{data.name} has no groups named {wanted!r}; it offers {', '.join(offered) or 'none'}. Choose one of them."
        )
    return wanted


def groups_of(
    zones: gpd.GeoDataFrame, column: str, population: Floats
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
    """Members of each group in which anybody lives, and what was noticed.

    Args:
        zones: A column of residents divided by the census is added as the group most over-represented in each
            zone.
        column: Makes the groups; "" for none.
        population: Heads of each zone.
    """
    if not column:
        return {}, (
            Finding("info", "The data carry no groups, so fairness between groups cannot be shown or asked."),
        )
    if column in grouping.WEIGHTED:
        divided = grouping.weighted_grouping(zones, column)
        zones[column] = grouping.most_over_represented(divided, population)
    labels = zones[column].astype("object").where(zones[column].notna(), "").astype(str)
    groups: dict[str, tuple[str, ...]] = {}
    empty: list[str] = []
    for label in sorted(set(labels) - {"", UNKNOWN}):
        inside = (labels == label).to_numpy()
        if population[inside].sum() > 0:
            groups[label] = tuple(str(zone) for zone in zones.index[inside])
        else:
            empty.append(label)
    findings = [Finding("info", grouping.PEOPLE_WORDS)] if column in grouping.WEIGHTED else []
    outside = int(labels.isin(["", UNKNOWN]).sum())
    if outside:
        text = f"{outside} zones belong to no group ({column}); fairness rules leave them out."
        findings.append(Finding("warning", text, outside))
    if empty:
        findings.append(
            Finding(
                "warning",
                f"No residents are counted in {', '.join(empty)}; fairness rules leave these groups out.",
                len(empty),
            )
        )
    return groups, tuple(findings)
