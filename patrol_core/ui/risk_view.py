"""Layers of the risk page: totals, per area, per head, and how sure we are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.analysis import Prepared
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.surface import RiskSurface, build_surface
from patrol_core.scenario import Scenario
from patrol_core.ui.map_view import Layer

FloatArray = NDArray[np.float64]
ALL = "whole period"


@dataclass(frozen=True)
class RiskLayer:
    """One way to look at risk: title, unit suffix, values, and whether the data allow it."""

    title: str
    suffix: str
    values: Callable[[Prepared, RiskSurface], FloatArray]
    possible: Callable[[Prepared], bool]


def _per_km2(prepared: Prepared, surface: RiskSurface) -> FloatArray:
    return surface.per_km2(prepared.zones["area_km2"].to_numpy(dtype=float))


def _per_1000(prepared: Prepared, surface: RiskSurface) -> FloatArray:
    return surface.per_1000(prepared.zones["population"].to_numpy(dtype=float))


def _has(column: str) -> Callable[[Prepared], bool]:
    return lambda prepared: bool(np.isfinite(prepared.zones[column].to_numpy(dtype=float)).any())


LAYERS = {
    "total": RiskLayer("Total", "", lambda _, surface: surface.mean, lambda _: True),
    "area": RiskLayer("Per km²", " per km²", _per_km2, _has("area_km2")),
    "head": RiskLayer("Per 1,000 residents", " per 1,000 residents", _per_1000, _has("population")),
    "width": RiskLayer(
        "Uncertainty",
        ", width of the 90 % interval",
        lambda _, surface: surface.high - surface.low,
        lambda _: True,
    ),
}


def month_surface(scenario: Scenario, prepared: Prepared, month: str) -> RiskSurface:
    """Risk of one month, or of the whole period."""
    if month == ALL:
        return prepared.surface
    mine = prepared.counts[prepared.counts["month"].astype(str) == month]
    return build_surface(
        mine,
        prepared.zone_ids,
        (month,),
        weights=WEIGHTS[scenario.weighting],
        crime_types=prepared.crime_types,
        count_unit=prepared.data.value_unit(),
    )


def risk_layer_of(prepared: Prepared, surface: RiskSurface, name: str) -> Layer:
    """A layer ready for the map."""
    layer = LAYERS[name]
    values = layer.values(prepared, surface)
    return Layer(
        dict(zip(prepared.zone_ids, values, strict=True)),
        "risk",
        layer.title,
        surface.unit + layer.suffix,
        root=True,
        digits=2,
    )


def risk_table(prepared: Prepared, surface: RiskSurface) -> pd.DataFrame:
    """Risk of every zone, highest first."""
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": prepared.zones["name"].astype(str).to_numpy(),
            "mean": surface.mean,
            "low": surface.low,
            "high": surface.high,
            "per_km2": _per_km2(prepared, surface),
            "per_1000": _per_1000(prepared, surface),
        }
    )
    return table.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


def risk_units(surface: RiskSurface) -> dict[str, str]:
    """Unit of every column of the risk table."""
    unit = surface.unit
    return {
        "mean": unit,
        "low": f"{unit}, 5 %",
        "high": f"{unit}, 95 %",
        "per_km2": f"{unit} per km²",
        "per_1000": f"{unit} per 1,000 residents",
    }
