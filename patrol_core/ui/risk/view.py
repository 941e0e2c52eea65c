"""Layers of the risk page: count, harm, per area, per head, smoothed, density, and how sure we are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.figures.charts.risk import top_zones
from patrol_core.files.crs import is_metric
from patrol_core.planning import Prepared, harm_table
from patrol_core.risk import LEAST, WEIGHTS, Kind, RiskSurface
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import risk_results
from patrol_core.ui.memo.risk_results import ALL
from patrol_core.ui.risk.density import density_detail, density_settings
from patrol_core.ui.risk.hotspots import hotspot_detail, hotspot_layer, hotspot_settings
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.zone_map import Layer, chosen_zone


@dataclass(frozen=True)
class RiskLayer:
    """One way to look at risk.

    Attributes:
        title, help: For people.
        values: Values by zone and their unit.
        possible: Whether the data and choices allow it.
        settings, detail: What can be set above the map, and what is told below it.
        monthly: Whether it can be of one month; the others are of the whole period.
    """

    title: str
    help: str
    values: Callable[[Scenario, Prepared, str], tuple[Floats, str]]
    possible: Callable[[Scenario, Prepared], bool]
    settings: Callable[[Scenario, Prepared], None] | None = None
    detail: Callable[[Scenario, Prepared], None] | None = None
    monthly: bool = True


def _plan(scenario: Scenario, prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = month_surface(scenario, prepared, month)
    return surface.mean, surface.unit


def _count(scenario: Scenario, _prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = risk_results.surface(scenario, month, smoothing="none", weighting="count")
    return surface.mean, surface.unit


def _harm(scenario: Scenario, _prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = risk_results.surface(
        scenario, month, smoothing="none", weighting="cchi" if scenario.weighting == "count" else ""
    )
    return surface.mean, surface.unit


def _per_km2(scenario: Scenario, prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = month_surface(scenario, prepared, month)
    return surface.per_km2(prepared.zones["area_km2"].to_numpy(dtype=float)), f"{surface.unit} per km²"


def _per_1000(scenario: Scenario, prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = month_surface(scenario, prepared, month)
    people = prepared.zones["population"].to_numpy(dtype=float)
    return surface.per_1000(people), f"{surface.unit} per 1,000 residents"


def smoothing_shown(scenario: Scenario) -> Kind:
    """How the smoothed layer smooths: as chosen, or towards all zones."""
    return "all" if scenario.smoothing == "none" else scenario.smoothing


def _smoothed(scenario: Scenario, _prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = risk_results.surface(scenario, month, smoothing=smoothing_shown(scenario))
    return surface.mean, surface.unit


def _density(scenario: Scenario, prepared: Prepared, month: str) -> tuple[Floats, str]:
    wide = risk_results.bandwidth(scenario)
    found = risk_results.density_of(scenario, month, wide)
    return found.zone_means(), f"{prepared.surface.unit} per km², bandwidth {wide:,.0f} m"


def _width(scenario: Scenario, prepared: Prepared, month: str) -> tuple[Floats, str]:
    surface = month_surface(scenario, prepared, month)
    return surface.high - surface.low, f"{surface.unit}, width of the 90 % interval"


def _always(_scenario: Scenario, _prepared: Prepared) -> bool:
    return True


def _has(column: str) -> Callable[[Scenario, Prepared], bool]:
    """Data whose zones have a figure of this name."""
    return lambda _, prepared: (
        column in prepared.zones and bool(np.isfinite(prepared.zones[column].to_numpy(dtype=float)).any())
    )


def _apart(_scenario: Scenario, prepared: Prepared) -> bool:
    return prepared.surface.smoothing is not None or prepared.forecast is not None


def _weighable(scenario: Scenario, prepared: Prepared) -> bool:
    table = WEIGHTS["cchi"] if scenario.weighting == "count" else harm_table(scenario)
    try:
        table.weights_of(prepared.crime_types)
    except InputError:
        return False
    return len(prepared.crime_types) > 1 or scenario.weighting != "count"


def _neighbourly(_scenario: Scenario, prepared: Prepared) -> bool:
    return len(prepared.zone_ids) >= LEAST


def _pointed(_scenario: Scenario, prepared: Prepared) -> bool:
    return prepared.data.crimes is not None and is_metric(prepared.data.crs)


LAYERS = {
    "plan": RiskLayer("As plans use it", "Smoothed or forecast, as chosen in the sidebar.", _plan, _apart),
    "count": RiskLayer("Count", "Every recorded crime once.", _count, _always),
    "harm": RiskLayer(
        "Harm", "Weighted by the table in force, else by the Cambridge index.", _harm, _weighable
    ),
    "area": RiskLayer("Per km²", "Risk over the zone's ground.", _per_km2, _has("area_km2")),
    "head": RiskLayer(
        "Per 1,000 residents", "Risk over the zone's residents.", _per_1000, _has("population")
    ),
    "smoothed": RiskLayer(
        "Smoothed", "Drawn towards other zones, the more the fewer crimes.", _smoothed, _always
    ),
    "density": RiskLayer(
        "Density",
        "Kernel density of the published points.",
        _density,
        _pointed,
        density_settings,
        density_detail,
    ),
    "width": RiskLayer("Uncertainty", "Width of the 90 % interval.", _width, _always),
    "hot": RiskLayer(
        "Hot spots",
        "Zones whose surroundings hold more than chance would place there.",
        _plan,
        _neighbourly,
        hotspot_settings,
        hotspot_detail,
        monthly=False,
    ),
}


def first_layer(scenario: Scenario, offered: list[str]) -> str:
    """What the page opens with: what plans use."""
    if "plan" in offered:
        return "plan"
    return "harm" if scenario.weighting != "count" and "harm" in offered else "count"


def month_surface(scenario: Scenario, prepared: Prepared, month: str) -> RiskSurface:
    """Risk in force of one month, or of the whole period.

    Args:
        scenario, prepared: The choices and their data.
        month: A month, or :data:`ALL`.
    """
    return (
        prepared.surface
        if month == ALL
        else risk_results.surface(scenario, month, smoothing=scenario.smoothing)
    )


def risk_layer_of(scenario: Scenario, prepared: Prepared, name: str, month: str) -> Layer:
    """A layer ready for the map.

    Args:
        scenario, prepared: The choices and their data.
        name, month: A key of :data:`LAYERS`, and a month or :data:`ALL`.
    """
    if name == "hot":
        return hotspot_layer(scenario, prepared)
    layer = LAYERS[name]
    values, unit = layer.values(scenario, prepared, month)
    by_zone = dict(zip(prepared.zone_ids, values, strict=True))
    return Layer(by_zone, "risk", layer.title, unit, root=True, digits=2)


def risk_table(prepared: Prepared, surface: RiskSurface) -> pd.DataFrame:
    """Risk of every zone, highest first."""
    table = pd.DataFrame(
        {
            "zone_id": list(prepared.zone_ids),
            "name": prepared.zones["name"].astype(str).to_numpy(),
            "mean": surface.mean,
            "low": surface.low,
            "high": surface.high,
            "per_km2": surface.per_km2(prepared.zones["area_km2"].to_numpy(dtype=float)),
            "per_1000": surface.per_1000(prepared.zones["population"].to_numpy(dtype=float)),
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


def highest_zones(scenario: Scenario, prepared: Prepared, month: str) -> None:
    """The highest zones of a month as a chart, all zones as a table.

    Args:
        scenario, prepared: The choices and their data.
        month: The month, or :data:`ALL`.
    """
    surface = month_surface(scenario, prepared, month)
    table = risk_table(prepared, surface)
    chart, listing = st.columns([2, 3])
    with chart:
        plot(top_zones(table.head(12), unit=surface.unit), key="_top_zones")
        share = float(table["mean"].head(10).sum() / max(table["mean"].sum(), 1e-300))
        st.write(f"The ten highest of {len(table):,} zones hold {share:.0%} of the risk.")
    with listing:
        tables.table(table, name="risk", height=420, units=risk_units(surface))


def rank_firmness(scenario: Scenario, prepared: Prepared) -> None:
    """How firm the rank of the chosen zone is, in a sentence."""
    zone = chosen_zone(prepared.zone_ids)
    if zone is None or len(prepared.zone_ids) < 2:
        return
    found = risk_results.firmness(scenario)
    row = found.table.loc[zone]
    st.write(
        f"In {row['in_top']:.0f} % of {found.draws:,} draws of what chance could have made of the same risk, it is among the "
        f"{found.top} highest zones; its rank lies between {row['rank_low']:.0f} and {row['rank_high']:.0f} (90 %)."
    )
    if prepared.surface.smoothing is not None:
        place = prepared.zone_ids.index(zone)
        recorded = risk_results.surface(scenario, ALL, smoothing="none")
        st.caption(
            f"Recorded {recorded.mean[place]:,.2f}, smoothed {prepared.surface.mean[place]:,.2f} {recorded.unit}."
        )
