"""From a scenario and the data of an area to every figure shown: one path for pages, command line and exports.

``prepare`` does what depends on the data choices (zones, counts, risk); ``Planner`` solves what depends on the
sliders and keeps its models warm; tables made here are the ones that pages show and files hold, to the last digit.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core import zones as zoning
from patrol_core.allocation.deployments import Deployments, decompose
from patrol_core.allocation.hours import HoursRules, Plan, binding_city_budget, solve_hours
from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InputError
from patrol_core.evaluation import baselines
from patrol_core.fairness import measures
from patrol_core.games.constraints import Constraint, CoverageParity, Floor, ResidualParity
from patrol_core.games.offenders import Uncertainty, solve_for
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.risk.harm import WEIGHTS, crime_types_in_risk
from patrol_core.risk.seasonal import monthly_demand
from patrol_core.risk.surface import RiskSurface, build_surface
from patrol_core.scenario import Scenario
from patrol_core.zones.polygons import UNKNOWN

if TYPE_CHECKING:
    import geopandas as gpd

FloatArray = NDArray[np.float64]

PARITY: Mapping[str, type[CoverageParity] | type[ResidualParity]] = {
    "coverage-parity": CoverageParity,
    "residual-parity": ResidualParity,
}
WARD = "ward"
NO_WARD = "all zones"
"""Ward of a zone that has none, in the hours plan."""
THE_PLAN = "The plan"
MODELS_KEPT = 6
"""Warm models kept by one planner; each holds one solver instance."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the data choices of a scenario lead to, before any decision.

    Attributes
    ----------
    zones
        Patrol zones, indexed by zone_id, in the area's metric CRS.
    months, crime_types
        The months and types that count.
    counts
        Long counts: zone_id, month, crime_type, count; of all types, so that other weightings reuse them.
    surface
        Expected harm per zone and month.
    group_by, groups
        Column that makes the groups, and its members: label -> zone ids.
    population
        Residents per zone, or 1 for each zone where the data have none (see ``head``).
    head
        What a head is: ``residents`` or ``zones``.
    findings
        What was noticed, in words, most serious first.
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
    population: FloatArray
    head: str
    findings: tuple[Finding, ...]
    key: str

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Zone ids in the order of every array."""
        return self.surface.zone_ids


def prepare(data: AreaData, scenario: Scenario) -> Prepared:
    """Make zones, counts and the risk surface for a scenario.

    Raises
    ------
    InputError
        When the scenario asks for zones, months, types or groups that the data do not have.
    """
    system = scenario.zones or data.zone_systems[0]
    if system not in data.zone_systems:
        raise InputError(
            f"{data.name} has no zones of kind {system!r}; it offers {', '.join(data.zone_systems)}. Choose one of them."
        )
    zones = zoning.make_zones(data, system, cell_m=scenario.cell_m)
    months = months_between(data.months, scenario.from_month, scenario.to_month)
    types = crime_types_in_risk(
        data.crime_types, chosen=scenario.crime_types, include_patrol_generated=scenario.patrol_generated
    )
    counts, placement = zoning.count_crimes(data, zones, months=months)
    ids = tuple(str(zone) for zone in zones.index)
    surface = build_surface(
        counts,
        ids,
        months,
        weights=WEIGHTS[scenario.weighting],
        crime_types=types,
        count_unit=data.value_unit(),
    )
    if not data.dated:
        surface = replace(surface, unit=data.value_unit())
    population, head, about_heads = _heads(zones)
    group_by = _group_column(data, zones, scenario.group_by)
    groups, about_groups = _groups(zones, group_by, population)
    about_data = [found for found in data.findings if found.topic != "place"]
    findings = [*about_data, *placement.findings, *about_heads, *about_groups]
    snap = zoning.snap_point_warning(data, zones)
    if snap is not None:
        findings.append(snap)
    order = {"error": 0, "warning": 1, "info": 2}
    unique = {finding.text: finding for finding in findings}
    return Prepared(
        data=data,
        zones=zones,
        months=months,
        crime_types=types,
        counts=counts,
        placement=placement,
        surface=surface,
        group_by=group_by,
        groups=groups,
        population=population,
        head=head,
        findings=tuple(sorted(unique.values(), key=lambda finding: order[finding.severity])),
        key=hashlib.sha256(f"{data.content_hash}{scenario.key('data')}".encode()).hexdigest()[:16],
    )


def months_between(months: tuple[str, ...], first: str, last: str) -> tuple[str, ...]:
    """Months of the data from ``first`` to ``last``, both included; empty ends mean the data's own.

    Raises
    ------
    InputError
        When no month of the data lies between them.
    """
    chosen = tuple(month for month in months if (not first or month >= first) and (not last or month <= last))
    if not chosen:
        raise InputError(
            f"No month of the data lies from {first or 'the start'} to {last or 'the end'}; "
            f"the data run from {months[0]} to {months[-1]}. Choose months between them."
            if months
            else "The data have no month at all; load a file with a Month column."
        )
    return chosen


def _heads(zones: gpd.GeoDataFrame) -> tuple[FloatArray, str, tuple[Finding, ...]]:
    population = zones["population"].to_numpy(dtype=float)
    unknown = ~np.isfinite(population)
    if unknown.all():
        text = (
            "The data carry no population, so every per-head figure and fairness rule counts each zone once."
        )
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


def group_columns(data: AreaData) -> dict[str, str]:
    """Ways to group zones that the data offer: column -> label for people."""
    offered = dict(data.groups)
    if data.polygons is not None and WARD in data.polygons and (data.polygons[WARD].astype(str) != "").any():
        offered[WARD] = "Ward"
    return offered


def _group_column(data: AreaData, zones: gpd.GeoDataFrame, wanted: str) -> str:
    offered = group_columns(data)
    if not wanted:
        return next((column for column in offered if column in zones), "")
    if wanted not in offered or wanted not in zones:
        raise InputError(
            f"{data.name} has no groups named {wanted!r}; it offers {', '.join(offered) or 'none'}. Choose one of them."
        )
    return wanted


def _groups(
    zones: gpd.GeoDataFrame, column: str, population: FloatArray
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
    if not column:
        return {}, (
            Finding("info", "The data carry no groups, so fairness between groups cannot be shown or asked."),
        )
    labels = zones[column].astype("object").where(zones[column].notna(), "").astype(str)
    groups: dict[str, tuple[str, ...]] = {}
    empty: list[str] = []
    for label in sorted(set(labels) - {"", UNKNOWN}):
        inside = (labels == label).to_numpy()
        if population[inside].sum() > 0:
            groups[label] = tuple(str(zone) for zone in zones.index[inside])
        else:
            empty.append(label)
    findings = []
    outside = int(labels.isin(["", UNKNOWN]).sum())
    if outside:
        text = f"{outside} zones belong to no group ({column}); fairness rules leave them out."
        findings.append(Finding("warning", text, outside))
    if empty:
        findings.append(
            Finding(
                "warning",
                f"Nobody lives in {', '.join(empty)}; fairness rules leave these groups out.",
                len(empty),
            )
        )
    return groups, tuple(findings)


def constraints_of(prepared: Prepared, scenario: Scenario) -> tuple[Constraint, ...]:
    """Side constraints that the sliders of a scenario stand for.

    Raises
    ------
    InputError
        When a fairness rule is asked of data without groups.
    """
    rules: list[Constraint] = []
    if scenario.floor > 0:
        rules.append(Floor(scenario.floor))
    if scenario.fairness is not None:
        if not prepared.groups:
            raise InputError(
                f"{prepared.data.name} has no groups to be fair between; switch the fairness rule off."
            )
        rules.append(PARITY[scenario.fairness_rule](scenario.fairness))
    return tuple(rules)


def game_of(prepared: Prepared, scenario: Scenario) -> ZoneGame:
    """The zone game of a scenario; values are expected harm (or crimes) per zone and month."""
    return ZoneGame(
        zone_ids=prepared.zone_ids,
        values=prepared.surface.mean,
        budget=scenario.budget,
        effectiveness=scenario.effectiveness,
        population=prepared.population,
        groups=prepared.groups,
        constraints=constraints_of(prepared, scenario),
    )


def uncertainty_of(prepared: Prepared, scenario: Scenario) -> Uncertainty:
    """What offender models beyond the rational one need: intervals of the values, and harm by crime type."""
    surface = prepared.surface
    per_month = surface.counts / max(surface.months, 1)
    harm = {
        kind: per_month[:, index] * surface.weights[index] for index, kind in enumerate(surface.crime_types)
    }
    return Uncertainty(scenario.rationality, surface.low, surface.high, harm)


class Planner:
    """Solves the game of scenarios that share their data choices, keeping models warm between calls.

    Safe to share between threads: solving is serialised by the process-wide solver lock, the store of models by its own.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._models: OrderedDict[tuple[object, ...], ZoneGameModel] = OrderedDict()
        self._lock = threading.Lock()

    def solve(self, scenario: Scenario) -> Strategy:
        """The plan of a scenario.

        Raises
        ------
        InfeasibleError
            When floors and fairness cannot all be met with the budget; says what would work.
        """
        game = game_of(self.prepared, scenario)
        if scenario.offender != "rational":
            return solve_for(game, scenario.offender, uncertainty_of(self.prepared, scenario))
        if not game.coupling_rules():
            return solve_zone_game(game)
        return self.model(scenario).solve(
            budget=scenario.budget,
            parity=scenario.fairness,
            floor=scenario.floor if scenario.floor > 0 else None,
        )

    def model(self, scenario: Scenario) -> ZoneGameModel:
        """The kept model whose budget, parity and floor levels can be moved."""
        key = (
            scenario.effectiveness,
            scenario.fairness_rule if scenario.fairness is not None else None,
            scenario.floor > 0,
        )
        with self._lock:
            model = self._models.get(key)
            if model is None:
                model = ZoneGameModel(game_of(self.prepared, scenario))
                self._models[key] = model
            self._models.move_to_end(key)
            while len(self._models) > MODELS_KEPT:
                self._models.popitem(last=False)
            return model


def coverage_table(strategy: Strategy, values: FloatArray) -> pd.DataFrame:
    """``coverage.csv``: zone_id, value, coverage, residual; one row a zone, in zone order."""
    return pd.DataFrame(
        {
            "zone_id": list(strategy.zone_ids),
            "value": values,
            "coverage": strategy.coverage,
            "residual": strategy.residual,
        }
    )


def plans_compared(game: ZoneGame, strategy: Strategy) -> pd.DataFrame:
    """The plan beside uniform, proportional and greedy hot-spot patrol: the same figures for each."""
    return baselines.compare(game, {THE_PLAN: strategy.coverage})


def fairness_views(prepared: Prepared, strategy: Strategy) -> pd.DataFrame:
    """``fairness.csv``: protection and burden of every group, side by side, in tidy form."""
    views = measures.summary(
        prepared.zone_ids,
        prepared.population,
        prepared.groups,
        coverage=strategy.coverage,
        residual=strategy.residual,
        values=prepared.surface.mean,
    )
    burden = views["view"] == measures.BURDEN
    views.insert(4, "unit", np.where(burden, "units on patrol at once", prepared.surface.unit))
    return views


def deployments_of(strategy: Strategy) -> Deployments:
    """Randomised deployments with exactly the plan's coverage."""
    return decompose(strategy.zone_ids, strategy.coverage)


def hours_demand(prepared: Prepared, scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months: month, ward, zone_id, area_km2, risk; one row a month and zone."""
    demand = monthly_demand(
        prepared.counts,
        prepared.zone_ids,
        prepared.months,
        horizon=scenario.horizon,
        weights=WEIGHTS[scenario.weighting],
        crime_types=prepared.crime_types,
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
    wards = zones[WARD].astype(str).where(zones[WARD].astype(str) != "", NO_WARD)
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
    frame.attrs["method"] = method
    return frame


def hours_bounds(demand: pd.DataFrame, scenario: Scenario) -> tuple[float, float]:
    """City budgets between which the budget decides: the least that is feasible, the most that can be used.

    Hours a month; the least over all months is the largest of the months' floors, the most the smallest of their caps.
    """
    plan = solve_hours(
        demand,
        HoursRules(
            min_per_day=scenario.min_per_day,
            max_per_day=scenario.max_per_day,
            ward_budget=None,
            city_budget=None,
            rounding="none",
        ),
    )
    totals = plan.frame.groupby("month", observed=True)[["lower", "upper"]].sum()
    return float(totals["lower"].max()), float(totals["upper"].min())


def hours_rules(demand: pd.DataFrame, scenario: Scenario) -> HoursRules:
    """The rules of a scenario; an empty city budget becomes one midway between least and most, which binds.

    A ward budget is for wards: where no zone has one, it would hold the whole area to the hours of one ward.
    """
    has_wards = bool((demand["ward"] != NO_WARD).any())
    rules = HoursRules(
        min_per_day=scenario.min_per_day,
        max_per_day=scenario.max_per_day,
        ward_budget=scenario.ward_hours if has_wards else None,
        city_budget=scenario.city_hours,
        rounding=scenario.rounding,
    )
    if scenario.city_hours is None:
        return replace(rules, city_budget=binding_city_budget(demand, rules))
    return rules


def solve_hours_plan(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame | None = None) -> Plan:
    """Patrol hours of a scenario for the coming months, with its fairness rule on hours per head if there is one.

    Raises
    ------
    InfeasibleError
        When the daily least exceeds a budget, or fairness cannot be met; says what would work.
    """
    if demand is None:
        demand = hours_demand(prepared, scenario)
    rules = hours_rules(demand, scenario)
    if scenario.fairness is None or not prepared.groups:
        return solve_hours(demand, rules)
    population = dict(zip(prepared.zone_ids, prepared.population, strict=True))
    return solve_hours(
        demand,
        rules,
        constraints=(CoverageParity(scenario.fairness),),
        groups=prepared.groups,
        population=population,
    )


def allocation_table(plan: Plan) -> pd.DataFrame:
    """``allocation.csv``: Month, Ward, Zone, Risk, Hours; rows in the order of the demand."""
    frame = plan.frame
    return pd.DataFrame(
        {
            "Month": frame["month"].to_numpy(),
            "Ward": frame["ward"].to_numpy(),
            "Zone": frame["zone_id"].to_numpy(),
            "Risk": frame["risk"].to_numpy(),
            "Hours": frame["hours"].to_numpy(),
        }
    )
