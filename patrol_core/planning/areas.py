"""What patrol areas balance, and how they stand beside the wards there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from patrol_core.allocation.areas import PatrolAreas
from patrol_core.allocation.areas import measure as measure_areas
from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files.crs import is_metric
from patrol_core.planning.groups import NO_WARD, WARD
from patrol_core.planning.planner import Planner
from patrol_core.planning.prepared import Prepared
from patrol_core.scenario import Scenario

if TYPE_CHECKING:
    import geopandas as gpd


def work_of(prepared: Prepared, scenario: Scenario, kind: str) -> tuple[dict[str, float], str]:
    """What patrol areas balance: expected ``risk`` a month, or planned ``hours`` of the mean month; and its unit.

    Args:
        prepared, scenario: The zones, and the choices of their plan.
        kind: ``risk`` or ``hours``.

    Raises:
        InputError: For another kind.
    """
    if kind == "risk":
        return dict(
            zip(prepared.zone_ids, prepared.surface.mean.tolist(), strict=True)
        ), prepared.surface.unit
    if kind != "hours":
        raise InputError(f"Work cannot be {kind!r}; choose risk or hours.")
    hours = Planner(prepared).solve(scenario).coverage * scenario.hours_per_unit
    return dict(zip(prepared.zone_ids, hours.tolist(), strict=True)), "h per month"


FEW = 0.5
"""Share of zones with work below which areas of equal work are said to be uneven otherwise."""


def work_finding(work: Mapping[str, float], kind: str) -> Finding | None:
    """That most zones weigh nothing, where so few get hours that areas of equal hours say little.

    Args:
        work, kind: As of :func:`work_of`.
    """
    some = sum(value > 0 for value in work.values())
    if kind != "hours" or some >= FEW * len(work):
        return None
    text = (
        f"Only {some:,} of {len(work):,} zones get patrol hours and the others weigh nothing, so areas of equal hours can differ "
        "much in size and crime; equal crime or harm makes better areas here."
    )
    return Finding("warning", text, len(work) - some)


def spread_unit(zones: gpd.GeoDataFrame) -> str:
    """Unit of spread: km² where lengths are known, "" in a plane of unknown unit."""
    return "km²" if zones.crs is not None and is_metric(zones.crs.to_wkt()) else ""


def beats_compared(zones: gpd.GeoDataFrame, areas: PatrolAreas) -> pd.DataFrame:
    """The patrol areas beside the wards there are: grouping, areas, imbalance, in_pieces, spread_km2, largest_work.

    ``imbalance`` is the largest departure from the mean work (share of it), ``in_pieces`` counts areas not in one piece.
    """
    by_zone = areas.by_zone()
    groupings = {"Patrol areas": [by_zone[zone] for zone in areas.graph.zone_ids]}
    wards = zones[WARD].astype(str)
    if wards.nunique() > 1:
        groupings["Wards"] = [wards[zone] or NO_WARD for zone in areas.graph.zone_ids]
    rows = []
    for name, labels in groupings.items():
        table = measure_areas(areas.graph, labels)
        rows.append(
            {
                "grouping": name,
                "areas": len(table),
                "imbalance": float((table["share_of_mean"] - 1.0).abs().max()),
                "in_pieces": int((table["pieces"] > 1).sum()),
                "spread_km2": float(table["spread_km2"].sum()),
                "largest_work": float(table["work"].max()),
            }
        )
    return pd.DataFrame(rows)


def zone_points(zones: gpd.GeoDataFrame) -> dict[str, tuple[float, float]]:
    """A point inside every zone in metres of the plane, for distances between zones."""
    inside = zones.geometry.representative_point()
    return {
        str(zone): (float(x), float(y)) for zone, x, y in zip(zones.index, inside.x, inside.y, strict=True)
    }
