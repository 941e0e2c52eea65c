"""From the data of an area and the data choices of a scenario to zones, counts, risk and groups."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from patrol_core import zones as zoning
from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InputError
from patrol_core.planning.forecast_store import forecast_for
from patrol_core.planning.groups import group_column, groups_of, heads_of
from patrol_core.planning.prepared import Prepared, harm_table, known_areas, panel_of_months, surface_of
from patrol_core.planning.surface import forecast_words, planning_surface
from patrol_core.risk import RiskSurface, build_surface, crime_types_in_risk
from patrol_core.scenario import Scenario


def prepare(data: AreaData, scenario: Scenario) -> Prepared:
    """Make zones, counts and the risk surface for a scenario.

    Raises:
        InputError: When the scenario asks for zones, months, types or groups that the data do not have.
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
    population, head, about_heads = heads_of(zones)
    group_by = group_column(data, zones, scenario.group_by)
    groups, about_groups = groups_of(zones, group_by, population)
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


def months_between(months: tuple[str, ...], first: str, last: str) -> tuple[str, ...]:
    """Months of the data from ``first`` to ``last``, both included; empty ends mean the data's own.

    Args:
        months: Of the data, ascending.
        first, last: ``YYYY-MM``, or empty.

    Raises:
        InputError: When no month of the data lies between them.
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


def _about_smoothing(surface: RiskSurface, scenario: Scenario) -> tuple[Finding, ...]:
    if surface.smoothing is not None:
        return tuple(Finding("info", text) for text in (surface.smoothing.words(), *surface.smoothing.notes))
    if scenario.smoothing != "none":
        text = "Smoothing is not used where the plan is for the forecast, which rests on what was recorded."
        return (Finding("info", text),)
    return ()


def _looking_ahead(recorded: Prepared, scenario: Scenario) -> Prepared:
    """The same with the months ahead, as forecast, in place of those recorded."""
    panel, static = panel_of_months(recorded, scenario)
    forecast = forecast_for(panel, static, area_km2=known_areas(recorded), of=recorded.data.key)
    said = (Finding("info", forecast_words(forecast)), Finding("info", forecast.winner_reason))
    return replace(
        recorded,
        surface=planning_surface(recorded.surface, forecast),
        forecast=forecast,
        findings=(*recorded.findings, *said),
        key=hashlib.sha256(f"{recorded.key}{forecast.digest}".encode()).hexdigest(),
    )


def surface_as_of(
    prepared: Prepared, scenario: Scenario, months: tuple[str, ...], *, ahead: int
) -> RiskSurface:
    """Risk as it would have stood when only these months were known: recorded, or the ``ahead`` months as forecast.

    Nothing of later months enters: the forecast is made anew, with its models chosen on these months alone.

    Args:
        prepared, scenario: Recorded crime, and what is planned for.
        months: Those known.
        ahead: Number of months to forecast.

    Raises:
        InputError: When these months are too few for a forecast.
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
    return planning_surface(surface, forecast)
