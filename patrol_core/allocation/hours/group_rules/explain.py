"""Why group rules of groups that do not overlap cannot be met: closed forms, no LP, all months at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.allocation.hours.group_rules.disjoint_groups import (
    Family,
    group_box,
    least_tolerance,
    total_range,
)
from patrol_core.allocation.hours.group_rules.feasible import (
    asked_parity,
    explain_rules,
    keeps_wards,
    round_up_tolerance,
    share_error,
)
from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.group_rules.parity import fill_month
from patrol_core.allocation.hours.problem import HoursProblem, say
from patrol_core.errors import InfeasibleError


def explain_families(
    problem: HoursProblem, rules: Sequence[GroupRule], failed: Sequence[Family]
) -> InfeasibleError:
    """The error to raise when the rules of some months cannot be met.

    It names the month that needs the largest parity tolerance, and that tolerance, which then works for every
    month. Floors and caps that fail by themselves, and ward budgets that need a larger tolerance still, are
    explained by :func:`~patrol_core.allocation.hours.group_rules.feasible.explain_rules`.

    Args:
        problem: Bounds, budgets and demand.
        failed: Groups of the months that fail.
    """
    needed = []
    for family in failed:
        asked = asked_parity([rule for rule in rules if rule.month == family.month])
        least = least_tolerance(problem, rules, family, asked)
        if least is None:
            return explain_rules(problem, rules, family.month)
        needed.append(least)
    worst = int(np.argmax(needed))
    for family, tolerance in zip(failed, needed, strict=True):
        looser = family.with_tolerance(rules, round_up_tolerance(tolerance))
        found = fill_month(problem, looser, len(rules))
        if found is None or not keeps_wards(problem, family.rows, found.hours):
            return explain_rules(problem, rules, family.month)
    family = failed[worst]
    own = [rule for rule in rules if rule.month == family.month]
    return share_error(
        own,
        problem.months[family.month],
        needed[worst],
        where=_tightest_group(problem, rules, family, needed[worst]),
        months=len(failed),
    )


def _tightest_group(
    problem: HoursProblem, rules: Sequence[GroupRule], family: Family, tolerance: float
) -> str:
    """The group that misses the rules asked by most hours in the least unequal plan, as a clause."""
    least, most = group_box(problem, family)
    looser = family.with_tolerance(rules, tolerance * (1.0 + 1e-9) + 1e-12)
    possible = total_range(looser, least, most, float(problem.city_budget[family.month]))
    if possible is None:
        return ""
    high, low = family.upper_ends(possible[1]), family.lower_ends(possible[1])
    over = np.where(family.parity >= 0, least - high, -np.inf)
    short = np.where(family.parity >= 0, low - most, -np.inf)
    group = int(np.argmax(np.maximum(over, short)))
    missing = float(max(over[group], short[group]))
    if not missing > 0.0:
        return ""
    rule = rules[int(family.parity[group])]
    name, allows = rule.group, rule.source.hours_limit if rule.source else ""
    if over[group] >= short[group]:
        return (
            f" (group {name} must get {say(float(least[group]))} h or more, {say(missing, up=True)} h above "
            f"what {allows} allows)"
        )
    return (
        f" (group {name} can take {say(float(most[group]))} h at most, {say(missing, up=True)} h below what "
        f"{allows} asks)"
    )
