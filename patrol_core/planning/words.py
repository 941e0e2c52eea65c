"""What a plan says of itself, made from its numbers: assumption, headline, what decides, worth of more, sensitivity to the effect.

No figure stands without the assumption it rests on: pages, reports and files take their words from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InfeasibleError
from patrol_core.evaluation import baselines
from patrol_core.games.rules import (
    BUDGET,
    FAIRNESS,
    PairRow,
    coupling_rows,
    rule_label,
)
from patrol_core.games.zone import Strategy, ZoneGame
from patrol_core.planning.planner import Planner, game_of
from patrol_core.planning.prepared import Prepared, harm_table
from patrol_core.scenario import Scenario, choices
from patrol_core.words import figure, first_few, percent, plural

PATROLLED = 1e-9
"""Units above which a zone counts as patrolled."""
EFFECTS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 10))
"""Effects at which :func:`sensitivity_to_effect` makes the plan again."""
_AT = 1e-7
"""Share of a limit within which it counts as reached."""
_SHARES = {1.0: "all", 0.75: "three quarters", 0.5: "half", 0.25: "a quarter", 0.2: "a fifth", 0.1: "a tenth"}
OPPONENTS = {
    "rational": "",
    "none": " against offenders who do not react",
    "quantal": " against offenders who make mistakes",
    "types": " against offenders of each crime type",
    "regret": " for values known only within their intervals",
}
"""Whom a plan is made against, after the units in its headline; offenders who watch perfectly are the rule."""
OBJECTIVES = {
    "rational": "worst zone",
    "none": "all zones together",
    "quantal": "loss to offenders who make mistakes",
    "types": "loss to all kinds of offenders together",
    "regret": "largest regret",
}
"""What the plan makes as small as it can be, by offender."""


def share_words(share: float) -> str:
    """A share as people say it: ``half``, ``30 %``."""
    return _SHARES.get(share, f"{figure(100 * share)} %")


def assumption_words(scenario: Scenario) -> str:
    """What a patrol is taken to do, as a clause that stands beside every figure.

    >>> from patrol_core.scenario import make_scenario
    >>> assumption_words(make_scenario({}))
    'each unit prevents half of the harm where it stands (assumed); a second unit half of the rest'
    """
    share = share_words(scenario.effectiveness)
    words = {
        "linear": f"each unit prevents {share} of the harm where it stands (assumed); no zone takes more than one",
        "several": f"each unit prevents {share} of the harm where it stands (assumed); a second unit {share} of the rest",
        "log": f"the most patrol a zone can take prevents {share} of its harm (assumed); each further hour is worth less than the "
        "one before",
    }[scenario.response]
    return f"{words}; larger zones need more units for the same" if scenario.zone_sizes == "area" else words


def further_words(scenario: Scenario) -> str:
    """What further units in a zone are taken to do, in few words."""
    return {
        "linear": "No zone takes more than one unit.",
        "several": f"A second unit in a zone: {share_words(scenario.effectiveness)} of the rest.",
        "log": "Each further hour does less than the one before.",
    }[scenario.response]


def counting_words(scenario: Scenario, prepared: Prepared) -> str:
    """What counts and how, in few words: the choices of crime types, weighting and smoothing."""
    counted, known = len(prepared.crime_types), len(prepared.data.crime_types)
    types = plural(known, "crime type") if counted == known else f"{counted:,} of {known:,} crime types"
    how = (
        "each crime counts 1"
        if scenario.weighting == "count"
        else f"weighted by {harm_table(scenario).label}"
    )
    smoothed = scenario.smoothing != "none" and scenario.outlook == "recorded"
    return f"{types}, {how}{', smoothed' if smoothed else ''}"


def resource_faces(scenario: Scenario) -> dict[str, float]:
    """What there is, in all its faces: units at once, hours a month and hours a day on patrol; officers where they were given."""
    faces = {
        "units": scenario.budget,
        "hours_per_month": scenario.hours_of_resource,
        "hours_a_day": scenario.hours_a_day,
    }
    if scenario.officers is None:
        return faces
    names = ("officers", "contract_hours", "abstraction", "crew")
    return faces | {name: float(getattr(scenario, name)) for name in names}


def resource_words(scenario: Scenario) -> str:
    """What there is, the way it was said: ``12 units``, ``8,760 hours a month (12 units at once)``."""
    units = _units(scenario.budget)
    if scenario.month_hours is not None:
        return f"{figure(scenario.month_hours, 6)} hours a month ({units} at once)"
    if scenario.officers is not None:
        return f"{figure(scenario.officers, 6)} officers ({units} at once)"
    return units


def _units(units: float) -> str:
    return f"{figure(units)} unit{'' if units == 1 else 's'}"


def patrolled(coverage: Floats) -> int:
    """How many zones get patrols."""
    return int((coverage > PATROLLED).sum())


def headline(prepared: Prepared, scenario: Scenario, strategy: Strategy) -> str:
    """The plan in one sentence, with its assumption, in both currencies.

    Args:
        prepared, scenario, strategy: The data, the choices and the plan.
    """
    values = prepared.surface.mean
    unit = prepared.surface.unit.replace(" per month", " a month")
    given, count = resource_words(scenario), len(values)
    if not values.any():
        return f"{given}: no crime is expected in any zone, so there is nothing that a patrol could prevent."
    before, after = float(values.max()), strategy.worst_case
    if patrolled(strategy.coverage) == 0:
        whose = "the zone" if count == 1 else "the worst zone"
        return (
            f"No zone gets patrols ({given}): {whose} keeps {figure(before)} {unit} and nothing is prevented."
        )
    spare = scenario.budget - strategy.budget_used
    if spare > 1e-6 * max(scenario.budget, 1.0):
        given += f", of which {figure(strategy.budget_used)} can be used"
    share = share_words(scenario.effectiveness)
    if scenario.response == "log":
        bounded = scenario.cap is not None or scenario.max_per_day is not None
        most = "most patrol a zone can take" + (
            "" if bounded or scenario.zone_sizes == "area" else " (one unit)"
        )
        assumed = f"assuming the {most} prevents {share} of its harm"
    else:
        each = "each" if given == _units(scenario.budget) else "each unit"
        assumed = f"assuming {each} prevents {share} of the harm where it stands"
    whole, left = float(values.sum()), strategy.expected_residual
    less = f"{_percent(1.0 - left / whole)} less in all"
    if scenario.offender == "none":
        less += f" ({figure(whole)} to {figure(left)} {unit})"
    worst = f"{'the only' if count == 1 else 'worst'} zone {figure(before)} to {figure(after)} {unit}"
    figures: tuple[str, ...] = (less, worst) if scenario.offender == "none" else (worst, less)
    parts = figures[:1] if count == 1 and scenario.offender != "none" else figures
    if count > 1:
        some = patrolled(strategy.coverage)
        parts += (f"{f'all {count:,}' if some == count else f'{some:,} of {count:,}'} zones get patrols",)
    return f"{given}{OPPONENTS[scenario.offender]}, {assumed}: {'; '.join(parts)}."


def _percent(share: float) -> str:
    """A share in whole per cent; in tenths below 10 %."""
    return percent(share, 0 if abs(share) >= 0.0995 else 1)


# -- worth of more ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """What more would be worth, by solving again: never an estimate from one side of a kink.

    Attributes:
        unit, hour: Fall of the objective for one more unit at once, and for one more hour a month; NaN where it is less than
            what the two plans' proofs leave open.
        of: What falls, in words.
    """

    unit: float
    hour: float
    of: str


def worth(planner: Planner, scenario: Scenario, strategy: Strategy | None = None) -> Worth:
    """Worth of one more unit and of one more hour a month: the objective with and without.

    Args:
        planner, scenario: Of the plan.
        strategy: The plan, where it is at hand.
    """
    plan = strategy or planner.solve(scenario)
    now = _objective(scenario, plan)

    def fall(more: float) -> float:
        units = min(scenario.budget + more, choices()["budget"].high or math.inf)
        other = planner.solve(scenario.changed(budget=units))
        found = _objective(scenario, other)
        if abs(now - found) <= 1e-9 * abs(now):
            return 0.0
        unsure = sum(abs(one.certificate.objective - one.certificate.bound) for one in (plan, other))
        return math.nan if abs(now - found) <= unsure else now - found

    return Worth(fall(1.0), fall(1.0 / scenario.hours_per_unit), OBJECTIVES[scenario.offender])


def _objective(scenario: Scenario, strategy: Strategy) -> float:
    """What the plan makes small: worst case, total, or expected loss, by offender."""
    if scenario.offender == "none":
        return strategy.expected_residual
    return strategy.worst_case if scenario.offender == "rational" else abs(strategy.certificate.objective)


# -- what decides -----------------------------------------------------------------------------------


def binds(prepared: Prepared, scenario: Scenario, strategy: Strategy) -> tuple[str, ...]:
    """What holds the plan back, in words: budget, floors, caps, groups and places.

    Args:
        prepared, scenario, strategy: The data, the choices and the plan.
    """
    game = game_of(prepared, scenario)
    x = strategy.coverage
    lower, upper = game.bounds()
    found = [_about_budget(scenario, strategy)]
    held = int(((lower > 0) & (x <= lower + _AT)).sum())
    if held:
        found.append(f"{plural(held, 'zone gets', 'zones get')} no more than the least patrol")
    full = int(((x >= upper * (1 - _AT)) & (upper > 0) & (upper < scenario.budget * (1 - _AT))).sum())
    if full:
        found.append(f"{plural(full, 'zone gets', 'zones get')} the most patrol that a zone can take")
    found += _rules_reached(game, x, scenario, prepared.head)
    return tuple(text for text in found if text)


def _about_budget(scenario: Scenario, strategy: Strategy) -> str:
    if scenario.budget <= 0:
        return "the budget: there are no units"
    if scenario.budget - strategy.budget_used > 1e-6 * max(scenario.budget, 1.0):
        return f"not the budget: {figure(strategy.budget_used)} of {_units(scenario.budget)} are all that can be used"
    if strategy.budget_dual == 0.0 and scenario.offender == "rational":
        return "not the budget: more units would lower the total, but not the worst zone"
    return "the budget: all units are used"


def _rules_reached(game: ZoneGame, x: Floats, scenario: Scenario, head: str) -> list[str]:
    """Rules over several zones that a plan just keeps, each with where; budgets of places of one kind together."""
    amounts = np.append(x, 1 - game.left(x)) if game.curved else x
    places: dict[str, list[str]] = {}
    rules: dict[tuple[int, str], list[str]] = {}
    for key, row in coupling_rows(game).items():
        value = float(row.coefficients @ amounts[: row.coefficients.size])
        if key == BUDGET or isinstance(row, PairRow) or row.limit - value > _AT * max(1.0, abs(row.limit)):
            continue
        rule = game.constraints[key[0]]
        if rule.place_kind:
            places.setdefault(rule.place_kind, []).append(key[1])
        else:
            rules.setdefault((key[0], key[2]), []).append(key[1])
    said = [
        f"the budget of {what} {names[0]}"
        if len(names) == 1
        else f"the budgets of the {what}s {first_few(names)}"
        for what, names in places.items()
    ]
    fair: dict[int, list[str]] = {}
    for (i, side), names in rules.items():
        if game.constraints[i].slider == "parity":
            fair.setdefault(i, []).extend(names)
        else:
            whom = [name for name in names if name]
            said.append(f"the {side} patrol of {first_few(whom)}" if whom else game.constraints[i].name)
    return said + [_fairness_words(names, scenario, head) for names in fair.values()]


def _fairness_words(names: list[str], scenario: Scenario, head: str) -> str:
    whom = list(dict.fromkeys(name for name in names if name))
    about = FAIRNESS[scenario.fairness_rule]
    level = (
        "between its ends"
        if scenario.fairness is None or (scenario.share_least, scenario.share_most) != (None, None)
        else about.at(scenario.fairness)
    )
    where = f", reached in {'group' if len(whom) == 1 else 'groups'} {first_few(whom)}" if whom else ""
    return f"fairness ({rule_label(scenario.fairness_rule, head).lower()}, {level}{where})"


# -- sensitivity ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How plan and figures move with the assumed effect.

    Attributes:
        frame: One row an effect: effect, worst_case, expected_residual (unit of the values; the plan made for that
            effect, judged with it), worst_vs_uniform, expected_vs_uniform (%; negative is better), zones_covered,
            units_moved (units in other zones than in the plan at the chosen effect); NaN where no plan keeps the rules.
        always: Zones patrolled whatever the effect, those of the table and the chosen one.
    """

    frame: pd.DataFrame
    always: tuple[str, ...]


def sensitivity_to_effect(planner: Planner, scenario: Scenario) -> Sensitivity:
    """The plan made again for effects from 0.1 to 0.9, every other choice as it is."""
    chosen = planner.solve(scenario).coverage
    rows, always = [], chosen > PATROLLED
    figures = ("worst_case", "expected_residual", "worst_vs_uniform", "expected_vs_uniform")
    for effect in EFFECTS:
        other = scenario.changed(effectiveness=effect)
        row: dict[str, float] = {"effect": effect}
        try:
            plan = planner.solve(other)
        except InfeasibleError:
            rows.append(row)
            continue
        judged = baselines.compare(game_of(planner.prepared, other), {"": plan.coverage}).iloc[0]
        row |= {name: float(judged[name]) for name in figures}
        row["zones_covered"] = patrolled(plan.coverage)
        row["units_moved"] = 0.5 * float(np.abs(plan.coverage - chosen).sum())
        always &= plan.coverage > PATROLLED
        rows.append(row)
    columns = ["effect", *figures, "zones_covered", "units_moved"]
    kept = tuple(zone for zone, stays in zip(planner.prepared.zone_ids, always, strict=True) if stays)
    return Sensitivity(pd.DataFrame(rows, columns=columns), kept)
