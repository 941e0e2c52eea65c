"""The files of patrol areas: zones with their area, the areas, and both as a map layer."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from patrol_core.allocation.areas import PatrolAreas
from patrol_core.areas import Finding
from patrol_core.planning import spread_unit
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.geojson import zones_geojson
from patrol_core.reports.plain import to_json_bytes


def beats_files(
    beats: PatrolAreas,
    zones: gpd.GeoDataFrame,
    compared: pd.DataFrame,
    unit: str,
    *,
    findings: Sequence[Finding] = (),
) -> dict[str, bytes]:
    """``beats.csv`` (zone_id, zone_name, ward, beat, work), ``areas.csv``, ``beats.geojson``, ``summary.json``.

    Args:
        zones: The zones by id, with name, ward and geometry.
        compared: The areas beside other groupings.
        unit: Unit of the work.
        findings: What was noticed in the data.
    """
    own = beats.frame()
    own.insert(1, "zone_name", zones["name"].astype(str).reindex(own["zone_id"]).to_numpy())
    own.insert(2, "ward", zones["ward"].astype(str).reindex(own["zone_id"]).to_numpy())
    units = {"work": unit, "spread_km2": spread_unit(zones)}
    summary = {
        **beats.certificate.as_dict(),
        "work_unit": unit,
        "tolerance": beats.tolerance,
        "imbalance": beats.imbalance,
        "within_tolerance": beats.within,
        "tolerance_impossible": beats.impossible,
        "compared": compared.to_dict("records"),
        "findings": [noticed.as_dict() for noticed in findings],
        "notes": list(beats.notes),
    }
    layer = zones_geojson(zones[["geometry"]], own, units=units)
    return {
        "beats.csv": to_csv_bytes(own, units, contract=("zone_id", "beat")),
        "areas.csv": to_csv_bytes(beats.figures(), units, contract=("beat",)),
        "beats.geojson": layer,
        "summary.json": to_json_bytes(summary),
    }
