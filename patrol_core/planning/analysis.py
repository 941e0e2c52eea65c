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

from patrol_core import zones as zoning
from patrol_core.allocation.areas import Beats
from patrol_core.allocation.areas import measure as measure_areas
from patrol_core.allocation.deployments import Deployments, decompose
from patrol_core.allocation.hours import HoursRules, Plan, binding_city_budget, solve_hours
from patrol_core.areas import AreaData, Finding
from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.evaluation import baselines
from patrol_core.fairness import groups as grouping
from patrol_core.fairness import measures
from patrol_core.games.documents import Uncertainty, solve_for
from patrol_core.games.rules import FAIRNESS, Cap, Fairness, Floor, Rule, fairness_rule
from patrol_core.games.zone import Strategy, ZoneGame, ZoneGameModel, solve_zone_game
from patrol_core.planning.planning_surface import (
    forecast_for,
    outlook_demand,
    outlook_surface,
    outlook_words,
)
from patrol_core.risk import (
    OWN,
    WEIGHTS,
    HarmTable,
    Kind,
    RiskSurface,
    build_surface,
    crime_types_in_risk,
    monthly_demand,
    own_table,
)
from patrol_core.risk.static import default_columns
from patrol_core.scenario import Scenario
from patrol_core.zones import UNKNOWN

if TYPE_CHECKING:
    import geopandas as gpd

    from patrol_core.risk.forecast import Forecast, Panel


WARD = "ward"
NO_WARD = "all zones"
BOROUGH, NO_BOROUGH = "borough", "no borough"
"""Ward of a zone that has none, in the hours plan."""
THE_PLAN = "The plan"
MOST_KNOWN = 0.5
"""Share of zones that must have covariates for a forecast to use them; other zone systems have none."""
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
    key
        Stands for all of this: the complete content of the data, the data choices, and the forecast.
    forecast
        What ``surface`` is made of where the plan is for the months ahead; None where it is for those recorded.
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
    # A forecast has its own way to borrow strength; it is made from what was recorded.
    smoothing = scenario.smoothing if scenario.outlook == "recorded" else "none"
    surface = build_surface(
        counts,
        ids,
        months,
        weights=harm_table(scenario),
        crime_types=types,
        count_unit=data.value_unit(),
        smoothing=smoothing,
        neighbours=zoning.neighbours(zones) if smoothing == "neighbours" else None,
    )
    if not data.dated:
        surface = replace(surface, unit=data.value_unit())
    population, head, about_heads = _heads(zones)
    group_by = _group_column(data, zones, scenario.group_by)
    groups, about_groups = _groups(zones, group_by, population)
    about_data = [found for found in data.findings if found.topic != "place"]
    findings = [*about_data, *placement.findings, *about_heads, *about_groups]
    findings += _about_smoothing(surface, scenario)
    snap = zoning.snap_point_warning(data, zones)
    if snap is not None:
        findings.append(snap)
    order = {"error": 0, "warning": 1, "info": 2}
    unique = {finding.text: finding for finding in findings}
    chosen = Prepared(
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
        key=hashlib.sha256(f"{data.identity}{scenario.key('data')}".encode()).hexdigest(),
    )
    return _looking_ahead(chosen, scenario) if scenario.outlook == "forecast" else chosen


def panel_of_months(
    prepared: Prepared, scenario: Scenario, months: tuple[str, ...] | None = None
) -> tuple[Panel, pd.DataFrame | None]:
    """What a forecast is made from: weighted crime by zone and month, and what is known of the zones.

    Parameters
    ----------
    months
        Use these only; all the scenario's by default.

    Raises
    ------
    InputError
        When the data have no dates, or a month is missing among those chosen.
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


def _looking_ahead(recorded: Prepared, scenario: Scenario) -> Prepared:
    """The same with the months ahead, as forecast, in place of those recorded."""
    panel, static = panel_of_months(recorded, scenario)
    forecast = forecast_for(panel, static, area_km2=known_areas(recorded))
    said = (Finding("info", outlook_words(forecast)), Finding("info", forecast.winner_reason))
    return replace(
        recorded,
        surface=outlook_surface(recorded.surface, forecast),
        forecast=forecast,
        findings=(*recorded.findings, *said),
        key=hashlib.sha256(f"{recorded.key}{forecast.digest}".encode()).hexdigest(),
    )


def surface_as_of(
    prepared: Prepared, scenario: Scenario, months: tuple[str, ...], *, ahead: int
) -> RiskSurface:
    """Risk as it would have stood when only these months were known: recorded, or the ``ahead`` months as forecast.

    Nothing of later months enters: the forecast is made anew, with its models chosen on these months alone.

    Raises
    ------
    InputError
        When these months are too few for a forecast.
    """
    surface = surface_of(
        prepared, scenario, months, smoothing=scenario.smoothing if scenario.outlook == "recorded" else "none"
    )
    if scenario.outlook == "recorded":
        return surface
    from patrol_core.risk.forecast import ForecastSettings, make_forecast

    panel, static = panel_of_months(prepared, scenario, months)
    asked = ForecastSettings(horizon=ahead)
    forecast = make_forecast(panel, static=static, area_km2=known_areas(prepared), settings=asked)
    return outlook_surface(surface, forecast)


def surface_of(
    prepared: Prepared,
    scenario: Scenario,
    months: tuple[str, ...],
    *,
    smoothing: Kind,
    weights: HarmTable | None = None,
) -> RiskSurface:
    """Risk of some of the prepared months, by the scenario's weights or others, smoothed or as recorded.

    Raises
    ------
    InputError
        When the weights lack a type that counts.
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


def harm_table(scenario: Scenario) -> HarmTable:
    """What one crime of each type counts for in a scenario: a published table, or the user's own.

    Raises
    ------
    InputError
        When own weights are asked for and none are given.
    """
    return own_table(scenario.own_weights) if scenario.weighting == OWN else WEIGHTS[scenario.weighting]


def _about_smoothing(surface: RiskSurface, scenario: Scenario) -> tuple[Finding, ...]:
    if surface.smoothing is not None:
        return tuple(Finding("info", text) for text in (surface.smoothing.words(), *surface.smoothing.notes))
    if scenario.smoothing != "none":
        text = "Smoothing is not used where the plan is for the forecast, which rests on what was recorded."
        return (Finding("info", text),)
    return ()


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


def _heads(zones: gpd.GeoDataFrame) -> tuple[Floats, str, tuple[Finding, ...]]:
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
    if data.polygons is not None:
        weighted = grouping.weighted_columns(list(data.polygons.columns))
        offered |= {key: grouping.WEIGHTED[key] for key in weighted}
    return offered


def _group_column(data: AreaData, zones: gpd.GeoDataFrame, wanted: str) -> str:
    offered = group_columns(data)
    if not wanted:
        return next((column for column in offered if column in zones), "")
    known = wanted in zones or wanted in grouping.weighted_columns(list(zones.columns))
    if wanted not in offered or not known:
        raise InputError(
            f"{data.name} has no groups named {wanted!r}; it offers {', '.join(offered) or 'none'}. Choose one of them."
        )
    return wanted


def _groups(
    zones: gpd.GeoDataFrame, column: str, population: Floats
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
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
                f"Nobody lives in {', '.join(empty)}; fairness rules leave these groups out.",
                len(empty),
            )
        )
    return groups, tuple(findings)


def constraints_of(prepared: Prepared, scenario: Scenario) -> tuple[Rule, ...]:
    """Side constraints that the sliders of a scenario stand for.

    Raises
    ------
    InputError
        When a fairness rule is asked of data without groups.
    """
    rules: list[Rule] = []
    if scenario.floor > 0:
        rules.append(Floor(scenario.floor))
    if scenario.cap < 1:
        rules.append(Cap(scenario.cap))
    rules += _group_limits(prepared, scenario)
    if scenario.fairness is not None:
        if not prepared.groups:
            raise InputError(
                f"{prepared.data.name} has no groups to be fair between; switch the fairness rule off."
            )
        rules.append(_fairness(scenario, scenario.fairness_rule, scenario.fairness))
    return tuple(rules)


def _fairness(scenario: Scenario, name: str, tolerance: float) -> Fairness:
    """The fairness rule of a scenario, or the one of this name at its tolerance."""
    return fairness_rule(name, tolerance).with_ends(scenario.share_least, scenario.share_most)


def _group_limits(prepared: Prepared, scenario: Scenario) -> list[Rule]:
    """Least and most units on patrol of groups."""
    least, most = scenario.group_levels()
    unknown = [group for group in (*least, *most) if group not in prepared.groups]
    if unknown:
        raise InputError(
            f"A least or most patrol names the group {unknown[0]!r}; the groups here are "
            f"{', '.join(list(prepared.groups)[:12]) or 'none'}. Choose one of them, or take the level away."
        )
    floors: list[Rule] = [Floor(level, group=group) for group, level in least.items()]
    return [*floors, *(Cap(level, group=group) for group, level in most.items())]


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
    harm = dict(zip(surface.crime_types, surface.by_type().T, strict=True))
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
            parity=None if _has_ends(scenario) else scenario.fairness,
            floor=scenario.floor if scenario.floor > 0 else None,
        )

    def model(self, scenario: Scenario) -> ZoneGameModel:
        """The kept model whose budget, parity and floor levels can be moved."""
        key = (
            scenario.effectiveness,
            scenario.fairness_rule if scenario.fairness is not None else None,
            (scenario.fairness, scenario.share_least, scenario.share_most) if _has_ends(scenario) else None,
            scenario.floor > 0,
            (scenario.cap, scenario.group_floor, scenario.group_cap),
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


def _has_ends(scenario: Scenario) -> bool:
    """Whether the ends of a band are given, which a tolerance would move."""
    return scenario.share_least is not None or scenario.share_most is not None


def coverage_table(strategy: Strategy, values: Floats) -> pd.DataFrame:
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


@dataclass(frozen=True, eq=False)
class Amounts:
    """What a plan gives and leaves in each zone, of the game or of the hours: what fairness is about.

    Attributes
    ----------
    burden, residual, values
        (n,) patrol, harm left, and harm without patrols, in the order of the zones.
    burden_unit, residual_unit
        Their units.
    """

    burden: Floats
    residual: Floats
    values: Floats
    burden_unit: str
    residual_unit: str


def game_amounts(prepared: Prepared, coverage: Floats, residual: Floats) -> Amounts:
    """Units on patrol at once and harm left of a coverage plan."""
    unit = prepared.surface.unit
    return Amounts(coverage, residual, prepared.surface.mean, "units on patrol at once", unit)


def hours_amounts(prepared: Prepared, plan: Plan, hours: Floats | None = None) -> Amounts:
    """Hours and demand left per month, means over the months of the plan.

    Demand left is ``r (1 - ln(1 + X) / ln(1 + X most))``: what the model says that hours did not meet; hours beyond a
    zone's most meet no more.

    Parameters
    ----------
    hours
        Other hours for the rows of the plan, such as those of a simple rule; the plan's own by default.
    """
    frame = plan.frame
    given = frame["hours"].to_numpy(dtype=float) if hours is None else hours
    met = np.log1p(given) / np.log1p(frame["upper"].to_numpy(dtype=float))
    rows = pd.DataFrame(
        {
            "zone_id": frame["zone_id"].astype(str).to_numpy(),
            "hours": given,
            "left": frame["risk"].to_numpy(dtype=float) * np.maximum(1.0 - met, 0.0),
            "risk": frame["risk"].to_numpy(dtype=float),
        }
    )
    sums = rows.groupby("zone_id").sum().reindex(list(prepared.zone_ids))
    mean = sums.fillna(0.0).to_numpy(dtype=float).T / frame["month"].nunique()
    return Amounts(mean[0], mean[1], mean[2], "h per month", prepared.surface.unit)


def fairness_views(prepared: Prepared, strategy: Strategy) -> pd.DataFrame:
    """``fairness.csv``: protection and burden of every group, side by side, in tidy form."""
    return amounts_views(prepared, game_amounts(prepared, strategy.coverage, strategy.residual))


def hours_views(prepared: Prepared, plan: Plan) -> pd.DataFrame:
    """``fairness_hours.csv``: the same of the hours plan."""
    return amounts_views(prepared, hours_amounts(prepared, plan))


def amounts_views(prepared: Prepared, amounts: Amounts) -> pd.DataFrame:
    """Protection and burden of every group, side by side, in tidy form."""
    views = measures.summary(
        prepared.zone_ids,
        prepared.population,
        prepared.membership,
        coverage=amounts.burden,
        residual=amounts.residual,
        values=amounts.values,
    )
    burden = views["view"] == measures.BURDEN
    views.insert(4, "unit", np.where(burden, amounts.burden_unit, amounts.residual_unit))
    return views


def deployments_of(strategy: Strategy) -> Deployments:
    """Randomised deployments with exactly the plan's coverage."""
    return decompose(strategy.zone_ids, strategy.coverage)


def hours_demand(prepared: Prepared, scenario: Scenario) -> pd.DataFrame:
    """Demand of the coming months: month, ward, zone_id, area_km2, risk; one row a month and zone."""
    if prepared.forecast is not None:
        demand = outlook_demand(prepared.forecast, scenario.horizon)
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
    boroughs = _boroughs(zones)
    if boroughs is not None:
        frame["borough"] = frame["zone_id"].astype(str).map(boroughs)
    frame.attrs["method"] = method
    return frame


def _boroughs(zones: gpd.GeoDataFrame) -> pd.Series | None:
    """Borough of every zone, where the data know any."""
    if BOROUGH not in zones:
        return None
    named = zones[BOROUGH].astype("object").where(zones[BOROUGH].notna(), "").astype(str)
    unknown = named.isin(["", UNKNOWN])
    return None if unknown.all() else named.where(~unknown, NO_BOROUGH)


def last_year_of(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame) -> tuple[Floats, str]:
    """Crimes of the same month a year before every row of the demand, weighted as the scenario says, and what they are.

    Where the data have no such month, the mean month of their last year stands for it.
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


def work_of(prepared: Prepared, scenario: Scenario, kind: str) -> tuple[dict[str, float], str]:
    """What patrol areas balance: expected ``risk`` a month, or planned ``hours`` of the first month; and its unit.

    Raises
    ------
    InputError
        For another kind.
    """
    if kind == "risk":
        return dict(
            zip(prepared.zone_ids, prepared.surface.mean.tolist(), strict=True)
        ), prepared.surface.unit
    if kind != "hours":
        raise InputError(f"Work cannot be {kind!r}; choose risk or hours.")
    frame = solve_hours_plan(prepared, scenario).frame
    first = frame[frame["month"].astype(str) == frame["month"].astype(str).min()]
    return dict(zip(first["zone_id"].astype(str), first["hours"].astype(float), strict=True)), "h per month"


def beats_compared(prepared: Prepared, areas: Beats) -> pd.DataFrame:
    """The patrol areas beside the wards there are: grouping, areas, imbalance, in_pieces, spread_km2, largest_work.

    ``imbalance`` is the largest departure from the mean work (share of it), ``in_pieces`` counts areas not in one piece.
    """
    by_zone = areas.by_zone()
    groupings = {"Patrol areas": [by_zone[zone] for zone in areas.graph.zone_ids]}
    wards = prepared.zones[WARD].astype(str)
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
    ward_budgets, borough_budgets = scenario.own_budgets()
    rules = HoursRules(
        min_per_day=scenario.min_per_day,
        max_per_day=scenario.max_per_day,
        ward_budget=scenario.ward_hours if has_wards else None,
        city_budget=scenario.city_hours,
        rounding=scenario.rounding,
        visit_minutes=scenario.visit_minutes,
        least_visits=scenario.least_visits,
        ward_budgets=ward_budgets,
        borough_budget=scenario.borough_hours if "borough" in demand else None,
        borough_budgets=borough_budgets,
    )
    if scenario.city_hours is None:
        return replace(rules, city_budget=binding_city_budget(demand, rules))
    return rules


def hours_rule(name: str) -> str:
    """Name of the rule on hours per head that stands for a scenario's fairness rule.

    Max-min shares and proportionality are held as such. Parity within d stands for the others: what is left of risk is
    curved in the hours,
    and of a mean difference parity within d is a stricter form (it keeps the mean difference at most d).

    Parameters
    ----------
    name
        The scenario's ``fairness_rule``.
    """
    return FAIRNESS[name].hours


def hours_rule_words(name: str) -> str:
    """A sentence where hours keep another rule than the scenario's, else ""."""
    kept = hours_rule(name)
    if kept == name:
        return ""
    what = "max-min shares" if kept == "max-min" else "parity"
    return f"Hours know no rule {name!r}: they keep {what} of hours per head in its place, at the same level."


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
    plan = solve_hours(
        demand,
        rules,
        constraints=(_fairness(scenario, hours_rule(scenario.fairness_rule), scenario.fairness),),
        groups=prepared.groups,
        population=population,
    )
    said = hours_rule_words(scenario.fairness_rule)
    return replace(plan, notes=(said, *plan.notes)) if said else plan


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
