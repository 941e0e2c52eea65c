"""The tables that pages show and files hold, to the last digit, and the units of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.allocation.deployments import Deployments, decompose
from patrol_core.allocation.hours import Plan
from patrol_core.arrays import Floats
from patrol_core.evaluation import Standing, baselines
from patrol_core.fairness import HEADS, measures
from patrol_core.games.documents import intervals_of
from patrol_core.games.zone import Strategy, ZoneGame
from patrol_core.planning.groups import wards_of
from patrol_core.planning.planner import game_of, uncertainty_of
from patrol_core.planning.prepared import Prepared
from patrol_core.scenario import Scenario

THE_PLAN = "The plan"
CONTRACT = {
    "coverage.csv": ("zone_id", "value", "coverage", "residual", "name", "units", "hours"),
    "allocation.csv": ("Month", "Ward", "Zone", "Risk", "Hours", "name", "units"),
    "deployments.csv": ("draw", "probability", "zone_id", "units", "name"),
    "intervals.csv": ("zone_id", "low", "value", "high"),
    "values_by_type.csv": ("zone_id", "crime_type", "value"),
}
"""Columns whose names other programs rely on; their units stand in ``summary.json`` under ``columns``."""


def coverage_table(strategy: Strategy, values: Floats) -> pd.DataFrame:
    """The first columns of ``coverage.csv``: zone_id, value, coverage, residual; one row a zone, in zone order."""
    return pd.DataFrame(
        {
            "zone_id": list(strategy.zone_ids),
            "value": values,
            "coverage": strategy.coverage,
            "residual": strategy.residual,
        }
    )


def zone_table(prepared: Prepared, scenario: Scenario, strategy: Strategy) -> pd.DataFrame:
    """``coverage.csv`` whole: zone_id, value, coverage, residual, name, units (there at once, on average), hours (a month).

    Args:
        prepared, scenario, strategy: Names of zones, what hours one unit makes, and the plan.
    """
    table = coverage_table(strategy, prepared.surface.mean)
    return table.assign(
        name=prepared.zones["name"].astype(str).to_numpy(),
        units=strategy.coverage,
        hours=strategy.coverage * scenario.hours_per_unit,
    )


def standing_of(prepared: Prepared, scenario: Scenario, strategy: Strategy, assumption: str) -> Standing:
    """How a scenario's plan stands, for comparing it with others: by zone, by ward, and by the group in use.

    Args:
        prepared, scenario, strategy: The data, the choices, their plan.
        assumption: What its figures rest on, in words.
    """
    zones = prepared.zones
    parts: dict[str, measures.Groups] = {}
    grouping = prepared.grouping
    if grouping is not None:
        parts[grouping.label] = prepared.membership
    wards = wards_of(zones)
    if wards.nunique() > 1 and (grouping is None or grouping.label != "Ward"):
        parts["Ward"] = {
            str(ward): [str(zone) for zone in zones.index[wards == ward]] for ward in sorted(set(wards))
        }
    return Standing(
        data=(prepared.data.content_hash, prepared.data.name),
        unit=prepared.surface.unit,
        zone_ids=prepared.zone_ids,
        zone_names=tuple(zones["name"].astype(str)),
        units=strategy.coverage,
        before=prepared.surface.mean,
        left=strategy.residual,
        parts=parts,
        assumption=assumption,
        hours_per_unit=scenario.hours_per_unit,
    )


def allocation_table(plan: Plan) -> pd.DataFrame:
    """``allocation.csv``: Month, Ward, Zone, Risk, Hours, name, units; rows in the order of the demand.

    Args:
        plan: Of :func:`~patrol_core.planning.months.solve_hours_plan`, which knows names and what hours make one unit.
    """
    frame = plan.frame
    per_unit = np.nan if plan.does is None else plan.does.hours
    return pd.DataFrame(
        {
            "Month": frame["month"].to_numpy(),
            "Ward": frame["ward"].to_numpy(),
            "Zone": frame["zone_id"].to_numpy(),
            "Risk": frame["risk"].to_numpy(),
            "Hours": frame["hours"].to_numpy(),
            "name": frame["name"].to_numpy(),
            "units": frame["hours"].to_numpy(dtype=float) / per_unit,
        }
    )


def plans_compared(game: ZoneGame, strategy: Strategy) -> pd.DataFrame:
    """The plan beside uniform, proportional and greedy hot-spot patrol: the same figures for each."""
    return baselines.compare(game, {THE_PLAN: strategy.coverage})


@dataclass(frozen=True, eq=False)
class Amounts:
    """What a plan gives and leaves in each zone, of the game or of the hours: what fairness is about.

    Attributes:
        burden, residual, values: (n,) patrol, harm left, and harm without patrols, in the order of the zones.
        burden_unit, residual_unit: Their units.
    """

    burden: Floats
    residual: Floats
    values: Floats
    burden_unit: str
    residual_unit: str


def game_amounts(prepared: Prepared, coverage: Floats, residual: Floats) -> Amounts:
    """Units on patrol at once and harm left of a coverage plan.

    Args:
        prepared: The zones.
        coverage, residual: Of the plan, in the order of the zones.
    """
    unit = prepared.surface.unit
    return Amounts(coverage, residual, prepared.surface.mean, "units on patrol at once", unit)


def hours_amounts(prepared: Prepared, plan: Plan, hours: Floats | None = None) -> Amounts:
    """Hours and demand left per month, means over the months of the plan.

    Demand left is what the model says that hours did not prevent.

    Args:
        prepared, plan: The zones, and their hours plan.
        hours: Other hours for the rows of the plan, such as those of a simple rule; the plan's own by default.
    """
    frame = plan.frame
    given = frame["hours"].to_numpy(dtype=float) if hours is None else hours
    rows = pd.DataFrame(
        {
            "zone_id": frame["zone_id"].astype(str).to_numpy(),
            "hours": given,
            "left": plan.left(given),
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


def amounts_views(
    prepared: Prepared, amounts: Amounts, groups: measures.Groups | None = None
) -> pd.DataFrame:
    """Protection and burden of every group, side by side, in tidy form.

    Args:
        prepared, amounts: Zones with their residents, and what each gets.
        groups: Other groups than the scenario's.
    """
    views = measures.summary(
        prepared.zone_ids,
        prepared.population,
        prepared.membership if groups is None else groups,
        coverage=amounts.burden,
        residual=amounts.residual,
        values=amounts.values,
        head=prepared.head,
    )
    burden = views["view"] == HEADS[prepared.head].burden
    unit = np.where(burden, amounts.burden_unit, amounts.residual_unit)
    views.insert(list(views.columns).index("amount"), "unit", unit)
    return views


def deployments_of(strategy: Strategy) -> Deployments:
    """Randomised deployments with exactly the plan's coverage."""
    return decompose(strategy.zone_ids, strategy.coverage)


def deployment_table(prepared: Prepared, deployments: Deployments) -> pd.DataFrame:
    """``deployments.csv``: draw, probability, zone_id, units, name; one row a zone of a deployment."""
    names = dict(zip(prepared.zone_ids, prepared.zones["name"].astype(str), strict=True))
    frame = deployments.frame()
    return frame.assign(name=frame["zone_id"].map(names).astype(object))


def offender_tables(prepared: Prepared, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """What the objective is made of beyond ``coverage.csv``, by name of the file; empty for offenders who need nothing more.

    Args:
        prepared: Zones and risk.
        scenario: Names the offender: ``regret`` has ``intervals.csv`` (zone_id, low, value, high), ``types``
            has ``values_by_type.csv`` (zone_id, crime_type, value: the harm of each type, which adds up to the
            value).
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


def column_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the files."""
    unit = prepared.surface.unit
    return dict.fromkeys(("value", "residual", "low", "high", "Risk"), unit) | {
        "coverage": "units on average",
        "units": "units on patrol at once",
        "hours": "h per month",
        "Hours": "h per month",
        "probability": "share of draws",
        "population": prepared.head,
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
    head = HEADS[prepared.head]
    return {"population": prepared.head, head.rate: f"row unit {head.words}"}


def frontier_units(prepared: Prepared) -> dict[str, str]:
    """Unit of every column of the price of fairness."""
    unit = prepared.surface.unit
    return {"worst_case": unit, "expected_residual": unit, "price_worst": "%", "price_expected": "%"}


def describe_columns(columns: Iterable[object], units: Mapping[str, str]) -> list[dict[str, str]]:
    """Name, unit and meaning of each column of a table, for the ``columns`` part of ``summary.json``.

    A column without unit says ``""``; that is right for ids, names and months.
    """
    return [{"name": str(name), "unit": units.get(str(name), ""), "meaning": ""} for name in columns]
