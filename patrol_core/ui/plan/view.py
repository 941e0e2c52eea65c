"""The plan as figures and layers, the same wherever it is shown."""

from __future__ import annotations

import pandas as pd

from patrol_core.evaluation import UNIFORM
from patrol_core.games.behavioural import BehaviouralStrategy
from patrol_core.games.documents import TypesStrategy
from patrol_core.games.robust import RobustStrategy
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared
from patrol_core.ui.shell.widgets import Figure, against, figures
from patrol_core.ui.shell.zone_map import Layer


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
    """Share of time each zone is covered."""
    values = dict(zip(strategy.zone_ids, strategy.coverage * 100.0, strict=True))
    return Layer(values, "patrol", "Covered", "% of the time", low=0.0, high=100.0, digits=1)


def residual_layer(prepared: Prepared, strategy: Strategy) -> Layer:
    """Harm left in each zone under the plan, on the scale of the harm before it."""
    values = dict(zip(strategy.zone_ids, strategy.residual, strict=True))
    return Layer(
        values,
        "risk",
        "Left under the plan",
        prepared.surface.unit,
        root=True,
        high=float(prepared.surface.mean.max()),
        digits=1,
    )


def plan_metrics(prepared: Prepared, strategy: Strategy, compared: pd.DataFrame) -> None:
    """Four figures of the plan, each against uniform patrol.

    Args:
        prepared, strategy: The data, and the plan.
        compared: The plan beside simple ones, by ``plan``.
    """
    rows = compared.set_index("plan")
    unit = prepared.surface.unit
    covered = int((strategy.coverage > 1e-9).sum())
    dual = strategy.budget_dual
    figures(
        Figure(
            f"Worst zone ({unit})",
            f"{strategy.worst_case:,.1f}",
            against(strategy.worst_case, float(rows["worst_case"][UNIFORM]), "against uniform patrol"),
            good="lower",
            help="Harm an offender who watches the patrols can still expect in the best zone left to them.",
        ),
        Figure(
            f"All zones ({unit})",
            f"{strategy.expected_residual:,.0f}",
            against(
                strategy.expected_residual,
                float(rows["expected_residual"][UNIFORM]),
                "against uniform patrol",
            ),
            good="lower",
            help="Harm left over all zones if offenders do not react.",
        ),
        Figure(
            "Zones that get patrols",
            f"{covered:,} of {len(strategy.zone_ids):,}",
            help="Zones covered some of the time.",
        ),
        Figure(
            "Worth of one more unit",
            "–" if dual is None else f"{dual:,.2f}",
            help=f"Fall of the worst case ({unit}) per further unit.",
        ),
    )


def offender_words(prepared: Prepared, strategy: Strategy) -> str:
    """What the offenders planned for can expect, where they are not the ones who watch perfectly."""
    unit = prepared.surface.unit
    if isinstance(strategy, BehaviouralStrategy):
        return (
            f"Offenders who err like this get {strategy.value:,.2f} {unit} on average; no plan under these rules "
            f"leaves them less than {strategy.lower:,.2f} (proved)."
        )
    if isinstance(strategy, RobustStrategy):
        return (
            f"Whatever the values are within their 90 % intervals, the worst case is at most {strategy.value:,.2f} {unit} "
            "above that of the plan one would have made knowing them."
        )
    if isinstance(strategy, TypesStrategy):
        busiest = max(strategy.types, key=lambda kind: kind.prior)
        return (
            f"All kinds together can expect {strategy.value:,.2f} {unit}; the largest, {busiest.id} "
            f"({busiest.prior:.0%} of harm), would go to {busiest.attacked}."
        )
    return ""
