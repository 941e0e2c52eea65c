"""The plan as figures, words and layers, the same wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from patrol_core.allocation.hours import Plan
from patrol_core.arrays import Floats
from patrol_core.evaluation import BASELINES, UNIFORM
from patrol_core.games.behavioural import BehaviouralStrategy
from patrol_core.games.documents import TypesStrategy
from patrol_core.games.robust import RobustStrategy
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.compare_results import game
from patrol_core.ui.shell.widgets import Figure, against, figures
from patrol_core.ui.shell.zone_map import Layer
from patrol_core.words import figure, percent

MEAN = "mean month"
SIMPLE = "Uniform patrol has the same units and keeps no other rule."
_NOTHING = 1e-6
"""Share of the highest zone below which there is nothing to compare with."""
FREE = "The plan without fairness"


@dataclass(frozen=True, eq=False)
class Amounts:
    """What is in every zone in one month, in the order of the zones.

    Attributes:
        month: The month, or the mean month.
        units, left: (n,) units on average, and harm left.
    """

    month: str
    units: Floats
    left: Floats


def amounts_of(scenario: Scenario, strategy: Strategy, month: str) -> Amounts:
    """The plan of the mean month, or of one month of the horizon as its hours were rounded.

    Args:
        scenario, strategy: The choices and their plan.
        month: One of the horizon, or the mean month.
    """
    if month == MEAN:
        return Amounts(month, strategy.coverage, strategy.residual)
    rows = of_month(results.hours(scenario), month).reindex(list(strategy.zone_ids))
    units = rows["hours"].to_numpy(dtype=float) / scenario.hours_per_unit
    return Amounts(month, units, rows["risk"].to_numpy(dtype=float) * game(scenario).left(units))


def of_month(plan: Plan, month: str) -> pd.DataFrame:
    """Rows of one month by zone_id."""
    mine = plan.frame[plan.frame["month"].astype(str) == month]
    return mine.set_index(mine["zone_id"].astype(str))


def risk_layer(prepared: Prepared) -> Layer:
    """Expected harm per zone and month."""
    surface = prepared.surface
    return Layer(
        dict(zip(prepared.zone_ids, surface.mean, strict=True)),
        "risk",
        "Expected if unopposed",
        surface.unit,
        root=True,
        digits=1,
    )


def coverage_layer(strategy: Strategy) -> Layer:
    """Units in each zone on average."""
    return units_layer(strategy.zone_ids, strategy.coverage)


def units_layer(zone_ids: Sequence[str], units: Floats, hours_per_unit: float | None = None) -> Layer:
    """Units in each zone on average, or the hours a month that they make.

    Args:
        zone_ids, units: Zones and their units.
        hours_per_unit: Hours a month of one unit, to show hours.
    """
    scale = 1.0 if hours_per_unit is None else hours_per_unit
    most = max(float(units.max(initial=0.0)), 1.0) * scale
    words = ("On patrol on average", "units") if hours_per_unit is None else ("Patrol hours", "h a month")
    values = dict(zip(zone_ids, units * scale, strict=True))
    return Layer(values, "patrol", *words, low=0.0, high=most, digits=2 if hours_per_unit is None else 0)


def residual_layer(prepared: Prepared, left: Floats) -> Layer:
    """Harm left in each zone under the plan, on the scale of the harm before it.

    Args:
        prepared, left: The zones, and what is left in them.
    """
    return Layer(
        dict(zip(prepared.zone_ids, left, strict=True)),
        "risk",
        "Left under the plan",
        prepared.surface.unit,
        root=True,
        high=float(prepared.surface.mean.max()),
        digits=1,
    )


def others(scenario: Scenario) -> list[str]:
    """Plans that the change is measured against."""
    return [*BASELINES, *([FREE] if scenario.fairness is not None else [])]


def change_layer(scenario: Scenario, found: Amounts, zone_ids: Sequence[str], other: str) -> Layer:
    """Units here minus those of another plan with the same resource.

    Args:
        scenario, found, zone_ids: The choices, their plan and its zones.
        other: One of :func:`others`.
    """
    if other == FREE:
        free = scenario.changed(fairness=None)
        units = amounts_of(free, results.strategy(free), found.month).units
    else:
        units = BASELINES[other](game(scenario))
    change = found.units - units
    reach = float(abs(change).max(initial=0.0)) or 1.0
    values = dict(zip(zone_ids, change, strict=True))
    return Layer(values, "change", f"Units more or fewer than: {other}", "units", low=-reach, high=reach)


def plan_metrics(prepared: Prepared, strategy: Strategy, compared: pd.DataFrame) -> list[Any]:
    """Both currencies of the plan, each against uniform patrol; returns the places beside them for its worth.

    Args:
        prepared, strategy: The data, and the plan.
        compared: The plan beside simple ones, by ``plan``.
    """
    rows = compared.set_index("plan")
    unit = prepared.surface.unit
    top = float(prepared.surface.mean.max())
    worst, total = float(rows["worst_case"][UNIFORM]), float(rows["expected_residual"][UNIFORM])
    return figures(
        Figure(
            f"Worst zone ({unit})",
            figure(strategy.worst_case),
            against(strategy.worst_case, worst, "against uniform patrol", least=0.005, floor=_NOTHING * top),
            good="lower",
            help=f"Harm an offender who watches the patrols can still expect in the best zone left to them. {SIMPLE}",
        ),
        Figure(
            f"All zones ({unit})",
            figure(strategy.expected_residual),
            against(
                strategy.expected_residual, total, "against uniform patrol", least=0.005, floor=_NOTHING * top
            ),
            good="lower",
            help=f"Harm left over all zones if offenders do not react. {SIMPLE}",
        ),
        None,
        None,
    )


def worth_metrics(places: Sequence[Any], scenario: Scenario, prepared: Prepared) -> None:
    """What one more unit and one more hour would prevent.

    Args:
        places: Of :func:`plan_metrics`.
        scenario, prepared: The choices and their data.
    """
    worth, unit = results.worth(scenario), prepared.surface.unit
    for place, more, value, said in (
        (places[0], "unit", worth.unit, "One unit at once more: the plan solved again, not a slope."),
        (places[1], "hour", worth.hour, "One hour a month more: the plan solved again, not a slope."),
    ):
        label = f"One more {more} prevents ({unit})"
        place.metric(label, figure(value), worth.of, delta_color="off", delta_arrow="off", help=said)


def offender_words(prepared: Prepared, strategy: Strategy) -> str:
    """What the offenders planned for can expect, where they are not the ones who watch perfectly."""
    unit = prepared.surface.unit
    if isinstance(strategy, BehaviouralStrategy):
        return (
            f"Offenders who make mistakes like this get {figure(strategy.value)} {unit} on average; no plan under these rules "
            f"leaves them less than {figure(strategy.lower)} (proved)."
        )
    if isinstance(strategy, RobustStrategy):
        return (
            f"Whatever the values are within their 90 % intervals, the worst case is at most {figure(strategy.value)} {unit} "
            "above that of the plan one would have made knowing them."
        )
    if isinstance(strategy, TypesStrategy):
        busiest = max(strategy.types, key=lambda kind: kind.prior)
        return (
            f"All kinds together can expect {figure(strategy.value)} {unit}; the largest, {busiest.id} "
            f"({percent(busiest.prior, 0)} of harm), would go to {busiest.attacked}."
        )
    return ""
