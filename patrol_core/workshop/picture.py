"""What a workshop sees of a plan: a picture of figures in plain words, never the rows behind them."""

from __future__ import annotations

import math

from patrol_core.fairness import min_max_ratio
from patrol_core.figures.maps.zones import MapAsset
from patrol_core.games.zone import Strategy
from patrol_core.planning import Prepared, assumption_words, headline, patrolled
from patrol_core.scenario import Scenario
from patrol_core.words import figure, of_heads, percent
from patrol_core.workshop.room import Layer, Screen

KINDS = {"generated": "Generated data: no real place, no real crime. "}
"""What is said of data that are not of a real place."""


def screen_of(
    prepared: Prepared, scenario: Scenario, strategy: Strategy, *, question: str, asset: MapAsset | None
) -> Screen:
    """A plan as everybody in the room sees it: before and after, in words and on the map.

    Args:
        prepared, scenario, strategy: The data, the choices and the plan.
        question: What is being asked of the room.
        asset: Shapes of the zones; None without a map.
    """
    unit = prepared.surface.unit.replace(" per month", " a month")
    before, after = prepared.surface.mean, strategy.residual
    count, assumed = len(prepared.zone_ids), assumption_words(scenario)
    rows = [
        ("Worst zone", figure(float(before.max())), figure(strategy.worst_case)),
        ("All zones", figure(float(before.sum())), figure(strategy.expected_residual)),
        ("Zones with patrols", "0", f"{patrolled(strategy.coverage):,} of {count:,}"),
    ]
    ratio = lowest_share(prepared, strategy)
    if ratio is not None:
        words = of_heads("Lowest group's patrol per head", prepared.head)
        rows.append((words, "–", f"{percent(ratio, 0)} of the highest"))
    return Screen(
        question,
        headline(prepared, scenario, strategy),
        tuple(rows),
        unit,
        asset,
        _layer("Without patrols", unit, prepared, before.tolist(), asset),
        _layer("With this plan", unit, prepared, after.tolist(), asset),
        float(before.max()),
        f"{KINDS.get(prepared.data.kind.value, '')}{assumed[:1].upper()}{assumed[1:]}.",
    )


def _layer(
    label: str, unit: str, prepared: Prepared, values: list[float], asset: MapAsset | None
) -> Layer | None:
    if asset is None:
        return None
    by_zone = dict(zip(prepared.zone_ids, values, strict=True))
    shown = tuple(by_zone[zone] for zone in asset.zone_ids)
    # Four digits: more is neither seen nor known, and the picture stays small.
    return Layer(
        label, unit, tuple(float(f"{value:.4g}") if math.isfinite(value) else None for value in shown)
    )


def lowest_share(prepared: Prepared, strategy: Strategy) -> float | None:
    """Patrol per head of the lowest group as a share of the highest; None without groups or without patrol."""
    grouping = prepared.grouping
    if grouping is None:
        return None
    rates = grouping.rates(strategy.coverage, prepared.population)
    ratio = min_max_ratio(rates)
    return ratio if math.isfinite(ratio) else None


EVEN = {
    "coverage-parity": "patrol per head",
    "residual-parity": "harm left per head",
    "mean-difference": "patrol per head",
    "proportionality": "patrol for its harm",
}
"""What rules with a band around the overall rate keep even."""


def rule_words(scenario: Scenario, head: str) -> str:
    """The fairness rule in force, for people who never heard of one.

    Args:
        scenario: Has the rule and its level.
        head: What a head is: ``residents`` or ``zones``.
    """
    level, rule = scenario.fairness, scenario.fairness_rule
    if level is None:
        return "no rule"
    if rule not in EVEN:
        return (
            "the worst-off group first"
            if level == 0
            else f"the worst-off group at {percent(1 - level, 0)} of its best"
        )
    even = of_heads(EVEN[rule], head)
    return (
        f"the same {even} for all groups"
        if level == 0
        else f"{even} of every group within {percent(level, 0)} of the city's"
    )


def option_words(letter: str, prepared: Prepared, scenario: Scenario, strategy: Strategy) -> str:
    """A plan as an option of a vote.

    Args:
        letter: What it is called.
        prepared, scenario, strategy: The data, the choices and the plan.

    Returns:
        str: Such as ``A, no rule: worst zone 103, all zones 3,498; lowest group has 9 % of the highest``.
    """
    rule = rule_words(scenario, prepared.head)
    text = f"{letter}, {rule}: worst zone {figure(strategy.worst_case)}, all zones {figure(strategy.expected_residual)}"
    ratio = lowest_share(prepared, strategy)
    return text if ratio is None else f"{text}; lowest group has {percent(ratio, 0)} of the highest"
