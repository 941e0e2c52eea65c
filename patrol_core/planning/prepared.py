"""What the data choices of a scenario lead to, before any decision: zones, counts, risk, groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patrol_core import zones as zoning
from patrol_core.areas import AreaData, Finding
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.fairness import groups as grouping
from patrol_core.fairness import measures
from patrol_core.games.rules import Fairness, fairness_rule
from patrol_core.planning.groups import group_columns
from patrol_core.risk import OWN, WEIGHTS, HarmTable, Kind, RiskSurface, build_surface, custom_table
from patrol_core.risk.static import default_columns
from patrol_core.scenario import Scenario

if TYPE_CHECKING:
    import geopandas as gpd

    from patrol_core.risk.forecast import Forecast, Panel

MOST_KNOWN = 0.5
"""Share of zones that must have covariates for a forecast to use them; other zone systems have none."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the data choices of a scenario lead to, before any decision.

    Attributes:
        zones: Patrol zones, indexed by zone_id, in the area's metric CRS.
        months, crime_types: The months and types that count.
        counts: Long counts: zone_id, month, crime_type, count; of all types, so that other weightings reuse
            them.
        surface: Expected harm per zone and month.
        group_by, groups: Column that makes the groups, and its members: label -> zone ids.
        population: Residents per zone, or 1 for each zone where the data have none (see ``head``).
        head: What a head is: ``residents`` or ``zones``.
        findings: What was noticed, in words, most serious first.
        key: Stands for all of this: the complete content of the data, the data choices, and the forecast.
        forecast: What ``surface`` is made of where the plan is for the months ahead; None where it is for those
            recorded.
    """

    data: AreaData
    zones: gpd.GeoDataFrame
    months: tuple[str, ...]
    crime_types: tuple[str, ...]
    counts: pd.DataFrame
    placement: zoning.Placement
    surface: RiskSurface
    group_by: str
    groups: Mapping[str, tuple[str, ...]]
    population: Floats
    head: str
    findings: tuple[Finding, ...]
    key: str
    forecast: Forecast | None = None

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Zone ids in the order of every array."""
        return self.surface.zone_ids

    @property
    def names(self) -> dict[str, str]:
        """What each zone is called, by its code."""
        return dict(zip(self.zone_ids, self.zones["name"].astype(str), strict=True))

    @property
    def grouping(self) -> grouping.Grouping | None:
        """Who belongs to which group: whole zones, or residents divided by the census; None without groups."""
        if not self.groups:
            return None
        if self.group_by in grouping.WEIGHTED:
            return grouping.weighted_grouping(self.zones, self.group_by)
        labels = self.zones[self.group_by].astype("object").astype(str)
        kept = labels.where(labels.isin(list(self.groups)), "")
        return grouping.zone_grouping(
            kept.tolist(), key=self.group_by, label=group_columns(self.data)[self.group_by]
        )

    @property
    def membership(self) -> measures.Groups:
        """Groups as tables count them: zones, or the share of each zone's residents."""
        if self.groups and self.group_by in grouping.WEIGHTED:
            return grouping.weighted_grouping(self.zones, self.group_by).as_shares(self.zone_ids)
        return self.groups


def harm_table(scenario: Scenario) -> HarmTable:
    """What one crime of each type counts for in a scenario: a published table, or the user's own.

    Raises:
        InputError: When own weights are asked for and none are given.
    """
    return custom_table(scenario.own_weights) if scenario.weighting == OWN else WEIGHTS[scenario.weighting]


def surface_of(
    prepared: Prepared,
    scenario: Scenario,
    months: tuple[str, ...],
    *,
    smoothing: Kind,
    weights: HarmTable | None = None,
) -> RiskSurface:
    """Risk of some of the prepared months, by the scenario's weights or others, smoothed or as recorded.

    Args:
        prepared, scenario, months: Counts, their weights, and which months of them.
        smoothing: ``none``, or towards the rate of ``all`` zones or of ``neighbours``.
        weights: In place of the scenario's.

    Raises:
        InputError: When the weights lack a type that counts.
    """
    surface = build_surface(
        prepared.counts,
        prepared.zone_ids,
        months,
        weights=harm_table(scenario) if weights is None else weights,
        crime_types=prepared.crime_types,
        count_unit=prepared.data.value_unit(),
        smoothing=smoothing,
        neighbours=zoning.neighbours(prepared.zones) if smoothing == "neighbours" else None,
    )
    return surface if prepared.data.dated else replace(surface, unit=prepared.data.value_unit())


def panel_of_months(
    prepared: Prepared, scenario: Scenario, months: tuple[str, ...] | None = None
) -> tuple[Panel, pd.DataFrame | None]:
    """What a forecast is made from: weighted crime by zone and month, and what is known of the zones.

    Args:
        prepared, scenario: Counts and their weights.
        months: Use these only; all the scenario's by default.

    Raises:
        InputError: When the data have no dates, or a month is missing among those chosen.
    """
    from patrol_core.risk.forecast import panel_of

    if not prepared.data.dated:
        raise InputError(
            f"{prepared.data.name} has no dates, so nothing can be forecast from it; plan for what was recorded."
        )
    panel = panel_of(
        prepared.counts,
        prepared.zone_ids,
        prepared.months if months is None else months,
        weights=harm_table(scenario),
        crime_types=prepared.crime_types,
    )
    known = prepared.data.covariates
    if known is None or pd.Index(prepared.zone_ids).isin(known.index.astype(str)).mean() < MOST_KNOWN:
        return panel, None
    # Neither crime counted elsewhere nor protected characteristics: the same default set as the static score.
    columns = list(default_columns(known))
    return panel, known[columns] if columns else None


def known_areas(prepared: Prepared) -> Floats | None:
    """Area of each zone in square kilometres; None where not all are known and above 0."""
    area = prepared.zones["area_km2"].to_numpy(dtype=float)
    return area if bool((np.isfinite(area) & (area > 0)).all()) else None


def fairness_of(scenario: Scenario, name: str, tolerance: float) -> Fairness:
    """The fairness rule of this name at a tolerance, with the ends of its band where the scenario gives them.

    Args:
        scenario: Gives ``share_least`` and ``share_most``.
        name, tolerance: Of the rule; 0 is the strictest.
    """
    return fairness_rule(name, tolerance).with_ends(scenario.share_least, scenario.share_most)
