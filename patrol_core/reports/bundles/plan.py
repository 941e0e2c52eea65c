"""All files of a plan: what the command line writes and the pages hand out, made by the same code.

``summarise`` solves a scenario; ``plan_files`` turns the result into bytes; ``make_plan_files`` writes them, all or none.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patrol_core.allocation.deployments import Deployments
from patrol_core.allocation.hours import Plan
from patrol_core.areas import AreaData
from patrol_core.errors import InfeasibleError
from patrol_core.games.behavioural import BehaviouralStrategy
from patrol_core.games.documents import TypesStrategy, intervals_of
from patrol_core.games.robust import RobustStrategy
from patrol_core.games.zone import Strategy
from patrol_core.planning.analysis import (
    Planner,
    Prepared,
    allocation_table,
    coverage_table,
    deployments_of,
    fairness_views,
    game_of,
    hours_views,
    plans_compared,
    prepare,
    solve_hours_plan,
    uncertainty_of,
)
from patrol_core.reports.bundle_writer import write_bundle
from patrol_core.reports.csv import describe_columns, to_csv_bytes
from patrol_core.reports.geojson import zones_geojson
from patrol_core.reports.plain import to_json_bytes
from patrol_core.scenario import Scenario

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast

LIBRARIES = ("patrol-core", "pyomo", "highspy", "numpy", "pandas", "geopandas")
CONTRACT = {
    "coverage.csv": ("zone_id", "value", "coverage", "residual"),
    "allocation.csv": ("Month", "Ward", "Zone", "Risk", "Hours"),
    "deployments.csv": ("draw", "probability", "zone_id"),
    "intervals.csv": ("zone_id", "low", "value", "high"),
    "values_by_type.csv": ("zone_id", "crime_type", "value"),
}
"""Columns whose names other programs rely on; their units stand in ``summary.json`` under ``columns``."""

SOMETIMES = (
    "allocation.csv",
    "fairness.csv",
    "fairness_hours.csv",
    "intervals.csv",
    "values_by_type.csv",
)
"""Files that a plan without hours, without groups, or for other offenders does not have."""


@dataclass(frozen=True, eq=False)
class Result:
    """A solved scenario with everything that its files hold.

    ``hours`` is None where the hours plan is infeasible; ``hours_fault`` then says why.
    """

    scenario: Scenario
    prepared: Prepared
    strategy: Strategy
    compared: pd.DataFrame
    fairness: pd.DataFrame
    deployments: Deployments
    hours: Plan | None
    hours_fault: str
    summary: Mapping[str, Any]


def summarise(
    data: AreaData,
    scenario: Scenario,
    *,
    planner: Planner | None = None,
    strategy: Strategy | None = None,
    hours: Plan | None = None,
) -> Result:
    """Solve a scenario, game and hours.

    Parameters
    ----------
    planner, strategy, hours
        What is already at hand, so that it is not made again.

    Raises
    ------
    InfeasibleError
        When the game's rules cannot be met. An hours plan that cannot be made is noted in the summary instead.
    """
    prepared = planner.prepared if planner is not None else prepare(data, scenario)
    strategy = strategy or (planner or Planner(prepared)).solve(scenario)
    fault = ""
    if hours is None:
        try:
            hours = solve_hours_plan(prepared, scenario)
        except InfeasibleError as error:
            fault = str(error)
    compared = plans_compared(game_of(prepared, scenario), strategy)
    fairness = fairness_views(prepared, strategy) if prepared.groups else pd.DataFrame()
    summary = _summary(prepared, scenario, strategy, compared, fairness, hours, fault)
    return Result(
        scenario, prepared, strategy, compared, fairness, deployments_of(strategy), hours, fault, summary
    )


def column_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the files."""
    unit = prepared.surface.unit
    return {
        "value": unit,
        "residual": unit,
        "coverage": "share of time",
        "low": unit,
        "high": unit,
        "Risk": unit,
        "Hours": "h per month",
        "probability": "share of draws",
        "population": "residents",
        "area_km2": "km²",
    }


def comparison_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the plans compared."""
    unit = prepared.surface.unit
    return {
        "worst_case": unit,
        "expected_residual": unit,
        "budget_used": "units on patrol at once",
        "harm_covered": "share",
        "worst_vs_uniform": "%",
        "expected_vs_uniform": "%",
    }


def fairness_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the fairness table; ``amount`` is in the row's own ``unit``."""
    return {"population": prepared.head, "per_1000": f"row unit per 1,000 {prepared.head}"}


def frontier_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the price of fairness."""
    unit = prepared.surface.unit
    return {"worst_case": unit, "expected_residual": unit, "price_worst": "%", "price_expected": "%"}


def _summary(
    prepared: Prepared,
    scenario: Scenario,
    strategy: Strategy,
    compared: pd.DataFrame,
    fairness: pd.DataFrame,
    hours: Plan | None,
    fault: str,
) -> dict[str, Any]:
    data, placement = prepared.data, prepared.placement
    units = column_units(prepared)
    columns = {
        "coverage.csv": describe_columns(coverage_table(strategy, prepared.surface.mean), units),
        "deployments.csv": [
            {"name": name, "unit": units.get(name, ""), "meaning": ""} for name in CONTRACT["deployments.csv"]
        ],
    }
    if hours is not None:
        columns["allocation.csv"] = describe_columns(allocation_table(hours), units)
    if not fairness.empty:
        columns["fairness.csv"] = describe_columns(fairness, fairness_units(prepared))
        if hours is not None:
            columns["fairness_hours.csv"] = columns["fairness.csv"]
    for name, table in offender_tables(prepared, scenario).items():
        columns[name] = describe_columns(table, units)
    return {
        **strategy.certificate.as_dict(),
        "worst_case": strategy.worst_case,
        "expected_residual": strategy.expected_residual,
        "unit": prepared.surface.unit,
        "budget": scenario.budget,
        "budget_used": strategy.budget_used,
        "worth_of_one_more_unit": strategy.budget_dual,
        "attack_set": list(strategy.attack_set),
        "offender": offender_summary(scenario, strategy),
        "plans": compared.to_dict("records"),
        "fairness": fairness.to_dict("records"),
        "hours": _hours_summary(scenario, hours, fault),
        **({} if prepared.forecast is None else {"forecast": forecast_summary(prepared.forecast)}),
        "data": {
            "name": data.name,
            "kind": str(data.kind),
            "months": [prepared.months[0], prepared.months[-1]],
            "zones": len(prepared.zone_ids),
            "rows": placement.rows,
            "rows_in_zones": placement.placed,
            "rows_without_coordinates": placement.no_coordinates,
            "rows_outside_all_zones": placement.outside,
            "crime_types": list(prepared.crime_types),
            "groups": prepared.group_by,
            "hash": data.content_hash,
            "attribution": data.attribution,
            "findings": [found.as_dict() for found in prepared.findings],
        },
        "smoothing": None if prepared.surface.smoothing is None else prepared.surface.smoothing.as_dict(),
        "scenario": {**scenario.model_dump(), "hash": scenario.key()},
        "columns": columns,
        "versions": versions(),
    }


def forecast_summary(forecast: Forecast) -> dict[str, Any]:
    """What the plan is made for: who won, by which scores, from which data and settings."""
    coverage = np.asarray(forecast.interval_coverage, dtype=float)
    return {
        "winner": forecast.winner,
        "reason": forecast.winner_reason,
        "months": [forecast.months_ahead[0], forecast.months_ahead[-1]],
        "unit": f"{forecast.unit} per month",
        "models": forecast.summary.to_dict("records"),
        "interval": {"asked": forecast.settings.coverage, "measured": float(coverage.mean())},
        "settings": asdict(forecast.settings),
        "data_hash": forecast.data_hash,
        "notes": list(forecast.notes),
    }


def _hours_summary(scenario: Scenario, hours: Plan | None, fault: str) -> dict[str, Any]:
    if hours is None:
        return {"status": "infeasible", "reason": fault}
    return {**hours.as_dict(), "city_is_default": scenario.city_hours is None}


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide numbers."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def plan_files(result: Result, *, only: Collection[str] | None = None) -> dict[str, bytes]:
    """The files of a plan as bytes, by name.

    Parameters
    ----------
    only
        Names to make; all by default. ``allocation.csv`` is left out where there is no hours plan,
        ``fairness.csv`` where there are no groups, ``intervals.csv`` and ``values_by_type.csv`` where the offender
        planned against is not of that kind.
    """
    prepared, strategy = result.prepared, result.strategy
    coverage = coverage_table(strategy, prepared.surface.mean)
    makers: dict[str, Any] = {
        "coverage.csv": lambda: to_csv_bytes(coverage, contract=CONTRACT["coverage.csv"]),
        "deployments.csv": lambda: to_csv_bytes(
            result.deployments.frame(), contract=CONTRACT["deployments.csv"]
        ),
        "zones.geojson": lambda: _geojson(result, coverage),
        "summary.json": lambda: to_json_bytes(result.summary),
        "report.html": lambda: _report(result),
        "impact_record.html": lambda: _record(result, "html"),
        "impact_record.md": lambda: _record(result, "md"),
    }
    if result.hours is not None:
        plan = result.hours
        makers["allocation.csv"] = lambda: to_csv_bytes(
            allocation_table(plan), contract=CONTRACT["allocation.csv"]
        )
    if not result.fairness.empty:
        makers["fairness.csv"] = lambda: to_csv_bytes(result.fairness, fairness_units(prepared))
        if result.hours is not None:
            by_hours = hours_views(prepared, result.hours)
            makers["fairness_hours.csv"] = lambda: to_csv_bytes(by_hours, fairness_units(prepared))
    for name, table in offender_tables(prepared, result.scenario).items():
        makers[name] = partial(to_csv_bytes, table, contract=CONTRACT[name])
    return {name: make() for name, make in makers.items() if only is None or name in only}


def make_plan_files(result: Result, folder: Path) -> tuple[str, ...]:
    """Write all files of a plan into a folder, all or none; returns their names."""
    files = plan_files(result)
    write_bundle(folder, files, outdated=SOMETIMES)
    return tuple(files)


def _geojson(result: Result, coverage: pd.DataFrame) -> bytes:
    about = {
        "name": result.prepared.data.name,
        "kind": str(result.prepared.data.kind),
        "attribution": result.prepared.data.attribution,
        "scenario": result.scenario.key(),
    }
    return zones_geojson(result.prepared.zones, coverage, units=column_units(result.prepared), about=about)


def _report(result: Result) -> bytes:
    from patrol_core.reports.plan_report import report_of

    return report_of(result)


def _record(result: Result, form: str) -> bytes:
    from patrol_core.reports.impact.content import impact_record
    from patrol_core.reports.impact.record import record_html, record_markdown

    record = impact_record(result)
    return record_html(record) if form == "html" else record_markdown(record)


def offender_tables(prepared: Prepared, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """What the objective is made of beyond ``coverage.csv``, by name of the file; empty for offenders who need nothing more.

    Parameters
    ----------
    prepared
        Zones and risk.
    scenario
        Names the offender: ``regret`` has ``intervals.csv`` (zone_id, low, value, high), ``types`` has
        ``values_by_type.csv`` (zone_id, crime_type, value: the harm of each type, which adds up to the value).
    """
    zones = list(prepared.zone_ids)
    known = uncertainty_of(prepared, scenario)
    if scenario.offender == "regret":
        low, high = intervals_of(game_of(prepared, scenario), known)
        ends = {"zone_id": zones, "low": low, "value": prepared.surface.mean, "high": high}
        return {"intervals.csv": pd.DataFrame(ends)}
    if scenario.offender == "types":
        parts = [
            pd.DataFrame({"zone_id": zones, "crime_type": name, "value": harm})
            for name, harm in known.harm.items()
        ]
        return {"values_by_type.csv": pd.concat(parts, ignore_index=True)}
    return {}


def offender_summary(scenario: Scenario, strategy: Strategy) -> dict[str, Any]:
    """Who was planned against, with what it takes to work the objective out again from the files.

    Parameters
    ----------
    scenario
        Names the offender.
    strategy
        The plan against that offender: gives lambda (per unit of the values), the zone where regret is largest, or the types
        with their chances and what each does.
    """
    about: dict[str, Any] = {"model": scenario.offender}
    if isinstance(strategy, BehaviouralStrategy) and strategy.attacker is not None:
        about |= {**strategy.attacker.as_dict(), "model": scenario.offender}
    elif isinstance(strategy, RobustStrategy):
        about |= {"worst_zone": strategy.worst_zone}
    elif isinstance(strategy, TypesStrategy):
        about["types"] = [
            {"id": kind.id, "prior": kind.prior, "attack_set": list(kind.attack_set), "attacked": kind.attacked,
             "defender_utility": kind.defender_utility}
            for kind in strategy.types
        ]  # fmt: skip
    return about
