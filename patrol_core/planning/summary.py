"""A scenario solved: plan, comparison, fairness, hours, deployments, and the summary with its provenance."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from patrol_core.allocation.deployments import Deployments
from patrol_core.allocation.hours import Plan
from patrol_core.areas import AreaData, Finding
from patrol_core.errors import InfeasibleError
from patrol_core.games.behavioural import BehaviouralStrategy
from patrol_core.games.documents import TypesStrategy
from patrol_core.games.robust import RobustStrategy
from patrol_core.games.zone import Strategy
from patrol_core.planning.months import solve_hours_plan
from patrol_core.planning.planner import Planner, drawn_findings, game_of, size_findings
from patrol_core.planning.preparation import prepare
from patrol_core.planning.prepared import Prepared
from patrol_core.planning.tables import (
    CONTRACT,
    column_units,
    deployments_of,
    describe_columns,
    fairness_units,
    fairness_views,
    offender_tables,
    plans_compared,
)
from patrol_core.planning.words import (
    Worth,
    assumption_words,
    binds,
    headline,
    patrolled,
    resource_faces,
    worth,
)
from patrol_core.scenario import Scenario

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast

LIBRARIES = ("patrol-core", "pyomo", "highspy", "numpy", "pandas", "geopandas")


@dataclass(frozen=True, eq=False)
class Result:
    """A solved scenario with everything that its files hold.

    ``hours`` is None where no plan by month keeps the rules in whole steps; ``hours_fault`` then says why.
    """

    scenario: Scenario
    planner: Planner
    strategy: Strategy
    compared: pd.DataFrame
    fairness: pd.DataFrame
    hours: Plan | None
    hours_fault: str

    @property
    def prepared(self) -> Prepared:
        """The data as the scenario takes them."""
        return self.planner.prepared

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed in the data, and what the choices make of it, most serious first."""
        drawn = drawn_findings(self.prepared, self.scenario, self.strategy)
        return (*self.prepared.findings, *size_findings(self.prepared, self.scenario), *drawn)

    @cached_property
    def headline(self) -> str:
        """The plan in one sentence, with its assumption."""
        return headline(self.prepared, self.scenario, self.strategy)

    @cached_property
    def worth(self) -> Worth:
        """What one more unit and one more hour would be worth."""
        return worth(self.planner, self.scenario, self.strategy)

    @cached_property
    def deployments(self) -> Deployments:
        """Randomised deployments with exactly the plan's coverage."""
        return deployments_of(self.strategy)

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """``summary.json``: figures and what they rest on, as plain data."""
        return _summary(self)


def summarise(
    data: AreaData,
    scenario: Scenario,
    *,
    planner: Planner | None = None,
    strategy: Strategy | None = None,
    hours: Plan | None = None,
) -> Result:
    """Solve a scenario: the plan of the mean month, and month by month.

    Args:
        data, scenario: What to plan for, and how.
        planner, strategy, hours: What is already at hand, so that it is not made again.

    Raises:
        InfeasibleError: When the rules cannot be met. A plan by month that cannot be made in whole steps is noted
            in the summary instead.
    """
    planner = planner or Planner(prepare(data, scenario))
    prepared = planner.prepared
    strategy = strategy or planner.solve(scenario)
    fault = ""
    if hours is None:
        try:
            hours = solve_hours_plan(prepared, scenario)
        except InfeasibleError as error:
            fault = str(error)
    compared = plans_compared(game_of(prepared, scenario), strategy)
    fairness = fairness_views(prepared, strategy) if prepared.groups else pd.DataFrame()
    return Result(scenario, planner, strategy, compared, fairness, hours, fault)


def _summary(result: Result) -> dict[str, Any]:
    prepared, scenario, strategy = result.prepared, result.scenario, result.strategy
    fairness, hours = result.fairness, result.hours
    data, placement = prepared.data, prepared.placement
    values, more = prepared.surface.mean, result.worth
    return {
        **strategy.certificate.as_dict(),
        "headline": result.headline,
        "assumption": assumption_words(scenario),
        "effectiveness": scenario.effectiveness,
        "response": scenario.response,
        "resource": resource_faces(scenario),
        "without_patrol": {"worst_case": float(values.max()), "expected_residual": float(values.sum())},
        "worst_case": strategy.worst_case,
        "expected_residual": strategy.expected_residual,
        "unit": prepared.surface.unit,
        "budget": scenario.budget,
        "budget_used": strategy.budget_used,
        "worth_of_one_more_unit": more.unit,
        "worth": {"of": more.of, "unit": more.unit, "hour": more.hour},
        "zones_patrolled": patrolled(strategy.coverage),
        "binds": list(binds(prepared, scenario, strategy)),
        "attack_set": list(strategy.attack_set),
        "offender": _offender_summary(scenario, strategy),
        "plans": result.compared.to_dict("records"),
        "fairness": fairness.to_dict("records"),
        "hours": hours.as_dict()
        if hours is not None
        else {"status": "infeasible", "reason": result.hours_fault},
        **({} if prepared.forecast is None else {"forecast": _forecast_summary(prepared.forecast)}),
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
            "findings": [found.as_dict() for found in result.findings],
        },
        "smoothing": None if prepared.surface.smoothing is None else prepared.surface.smoothing.as_dict(),
        "scenario": {**scenario.model_dump(), "hash": scenario.key()},
        "columns": _columns(result),
        "versions": versions(),
    }


def _columns(result: Result) -> dict[str, list[dict[str, str]]]:
    """Every column of the tables among the files, with its unit."""
    prepared, fairness, hours = result.prepared, result.fairness, result.hours
    units = column_units(prepared)
    columns = {
        "coverage.csv": describe_columns(CONTRACT["coverage.csv"], units),
        "deployments.csv": describe_columns(CONTRACT["deployments.csv"], units),
    }
    if hours is not None:
        columns["allocation.csv"] = describe_columns(CONTRACT["allocation.csv"], units)
    if not fairness.empty:
        columns["fairness.csv"] = describe_columns(fairness, fairness_units(prepared))
        if hours is not None:
            columns["fairness_hours.csv"] = columns["fairness.csv"]
    for name, table in offender_tables(prepared, result.scenario).items():
        columns[name] = describe_columns(table, units)
    return columns


def _forecast_summary(forecast: Forecast) -> dict[str, Any]:
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


def _offender_summary(scenario: Scenario, strategy: Strategy) -> dict[str, Any]:
    """Who was planned against, with what it takes to work the objective out again from the files.

    Lambda is per unit of the values.
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
