"""Patrol hours of the coming months: their demand, the rules of a scenario, and the plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patrol_core.allocation.hours import AREA_CLIP, HoursRules
from patrol_core.arrays import Floats
from patrol_core.planning.groups import NO_WARD, boroughs_of, wards_of
from patrol_core.planning.planner import least_units
from patrol_core.planning.prepared import Prepared, harm_table
from patrol_core.planning.surface import forecast_demand
from patrol_core.risk import monthly_demand
from patrol_core.scenario import Scenario


def hours_demand(prepared: Prepared, scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months: month, ward, zone_id, area_km2, risk; one row a month and zone."""
    if prepared.forecast is not None:
        demand = forecast_demand(prepared.forecast, scenario.horizon)
    else:
        demand = monthly_demand(
            prepared.counts,
            prepared.zone_ids,
            prepared.months,
            horizon=scenario.horizon,
            weights=harm_table(scenario),
            crime_types=prepared.crime_types,
            level=None if prepared.surface.smoothing is None else prepared.surface.mean,
        )
    zones = prepared.zones
    method = demand.attrs.get("method", "")
    areas = zones["area_km2"].astype(float)
    if areas.isna().all():
        areas, method = (
            areas.fillna(1.0),
            f"{method}; areas are unknown, so every zone counts as equally large",
        )
    if not prepared.data.dated:
        method = "the data have no dates, so every month ahead has the same demand"
    wards = wards_of(zones)
    if (wards == NO_WARD).all():
        method = f"{method.rstrip('.')}; wards are unknown, so no ward budget applies."
    frame = pd.DataFrame(
        {
            "month": demand["Month"].to_numpy(),
            "ward": demand["zone_id"].map(wards).to_numpy(),
            "zone_id": demand["zone_id"].to_numpy(),
            "area_km2": demand["zone_id"].astype(str).map(areas).to_numpy(),
            "risk": demand["risk"].to_numpy(),
        }
    )
    boroughs = boroughs_of(zones)
    if boroughs is not None:
        frame["borough"] = frame["zone_id"].astype(str).map(boroughs)
    frame.attrs["method"] = method
    return frame


def last_year_of(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame) -> tuple[Floats, str]:
    """Crimes of the same month a year before every row of the demand, weighted as the scenario says, and what they are.

    Where the data have no such month, the mean month of their last year stands for it.

    Args:
        prepared, scenario: Recorded crime and its weights.
        demand: Of :func:`hours_demand`.
    """
    table = harm_table(scenario)
    counts = prepared.counts
    chosen = counts[counts["crime_type"].astype(str).isin(prepared.crime_types)]
    kinds = chosen["crime_type"].astype(str)
    weight = kinds.map({kind: table.weights.get(kind, table.default or 0.0) for kind in set(kinds)}).astype(
        float
    )
    harm = (chosen["count"].astype(float) * weight).groupby(
        [chosen["zone_id"].astype(str), chosen["month"].astype(str)], observed=True
    )
    by_cell = harm.sum()
    recent = prepared.months[-12:]
    in_recent = by_cell[by_cell.index.get_level_values(1).isin(recent)]
    mean = in_recent.groupby(level=0).sum() / max(len(recent), 1)
    earlier = [f"{int(month[:4]) - 1}{month[4:]}" for month in demand["month"].astype(str)]
    known = set(prepared.months)
    zones = demand["zone_id"].astype(str).tolist()
    cells, means = by_cell.to_dict(), mean.to_dict()
    values = [
        cells.get((zone, month), 0.0) if month in known else means.get(zone, 0.0)
        for zone, month in zip(zones, earlier, strict=True)
    ]
    absent = sorted(set(earlier) - known)
    about = "the same month a year before"
    if absent:
        about += f"; where that is not in the data ({absent[0]}{', …' if len(absent) > 1 else ''}), the mean of the last {len(recent)} months"
    return np.array(values, dtype=float), about


def hours_rules(demand: pd.DataFrame, scenario: Scenario) -> HoursRules:
    """The rules of a scenario in hours: bounds a day, budgets a month, rounding.

    A ward budget is for wards: where no zone has one, it would hold the whole area to the hours of one ward.
    """
    has_wards = bool((demand["ward"] != NO_WARD).any())
    ward_budgets, borough_budgets = scenario.own_budgets()
    several = max(scenario.budget, 1.0) if scenario.response == "several" else 1.0
    return HoursRules(
        min_per_day=least_units(scenario) * scenario.hours_a_day,
        max_per_day=several * scenario.hours_a_day if scenario.max_per_day is None else scenario.max_per_day,
        area_clip=(1.0, 1.0) if scenario.max_per_day is None else AREA_CLIP,
        ward_budget=scenario.ward_hours if has_wards else None,
        city_budget=scenario.hours_of_resource,
        rounding=scenario.rounding,
        visit_minutes=scenario.visit_minutes,
        least_visits=scenario.least_visits,
        ward_budgets=ward_budgets,
        borough_budget=scenario.borough_hours if "borough" in demand else None,
        borough_budgets=borough_budgets,
    )
