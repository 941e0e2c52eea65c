"""Groups that do not overlap, and which totals of a month they allow.

For disjoint groups every group rule is an interval for the group's hours ``H_g`` once the month's total ``S``
is known: parity within d gives ``(1 - d) s_g S <= H_g <= (1 + d) s_g S`` with ``s_g`` the group's share of
residents; floors, caps and the bounds of its zones give constants ``a_g <= H_g <= b_g``. Zones in no group
form one more group without parity. So S is possible exactly when

    (1)  (1 - d) s_g S <= b_g  and  (1 + d) s_g S >= a_g  for every g,
    (2)  f(S) = S - sum_g max((1 - d) s_g S, a_g) >= 0,   (3)  h(S) = sum_g min((1 + d) s_g S, b_g) - S >= 0.

f and h are concave and piecewise linear. f rises (its slope is at least ``1 - sum (1 - d) s_g >= 0``), so (2)
is a least total; h(0) >= 0, so (3) is a greatest one; the possible totals are an interval. Its ends are found
by Newton's method, which for a concave piecewise linear function ends after one step per piece at most.

The best total. If S < S' are both possible, every plan for S can be raised to one for S': lift each group to
``max(H_g, (1 - d) s_g S') <= H_g + (1 - d) s_g (S' - S)``, which adds at most S' - S in all and keeps the
upper ends, since those do not fall with S; then fill any group below its upper end, which (3) allows. The
objective never falls with an hour, so the greatest possible total within the city budget is best. Where that
total is more than zones with demand can use, the least total that serves them in full is just as good and
wastes nothing (:func:`choose_total`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats, Indices

#: Relative accuracy to which totals are compared and found.
_CLOSE, _CLOSER = 1e-13, 1e-14


@dataclass(frozen=True, eq=False)
class Family:
    """Disjoint groups of one month with their rules.

    Attributes:
        month: Month number.
        rows: The month's rows in the demand.
        pool: Group number of each of those rows; the last group holds the zones without one (it may be empty).
        low_share, high_share: ``(1 - d) s_g`` and ``(1 + d) s_g``; 0 and ``inf`` without parity. Shape
            ``(groups,)``.
        least, most: Floor and cap on the group's hours; 0 and ``inf`` for none.
        parity, floor, cap: Position of the rule behind each of these among all rules, -1 for none.
    """

    month: int
    rows: Indices
    pool: Indices
    low_share: Floats
    high_share: Floats
    least: Floats
    most: Floats
    parity: Indices
    floor: Indices
    cap: Indices

    @property
    def size(self) -> int:
        """Number of groups, the one of zones without a group included."""
        return len(self.least)

    def lower_ends(self, total: float) -> Floats:
        """Least hours of every group by parity when the month's total is ``total``."""
        return self.low_share * total

    def upper_ends(self, total: float) -> Floats:
        """Most hours of every group by parity when the month's total is ``total``."""
        held = np.isfinite(self.high_share)
        return np.where(held, np.where(held, self.high_share, 0.0) * total, np.inf)

    def with_tolerance(self, rules: Sequence[GroupRule], within: float) -> Family:
        """The same groups with every parity rule at tolerance ``within``."""
        bands = [rules[rule].band(within) if rule >= 0 else (0.0, np.inf) for rule in self.parity]
        low, high = np.array(bands).T
        return replace(self, low_share=low, high_share=high)


def find_family(problem: HoursProblem, rules: Sequence[GroupRule], month: int) -> Family | None:
    """The month's groups if no two of them share a zone (the same group may have several rules), else None.

    None too where a group has bands that do not lie in each other.

    Args:
        problem: Bounds, budgets and demand.
    """
    rows = np.flatnonzero(problem.month == month)
    pool = np.full(len(problem.month), -1, dtype=np.intp)
    sizes: list[int] = []
    group_of: list[tuple[int, int]] = []  # (position of the rule, its group)
    for position, rule in enumerate(rules):
        if rule.month != month:
            continue
        found = np.unique(pool[rule.rows])
        if len(found) > 1 or (found[0] >= 0 and sizes[int(found[0])] != len(rule.rows)):
            return None
        if found[0] < 0:
            pool[rule.rows] = len(sizes)
            sizes.append(len(rule.rows))
        group_of.append((position, int(pool[rule.rows[0]])))
    pool[pool < 0] = len(sizes)
    return _with_rules(month, rows, pool[rows], len(sizes) + 1, rules, group_of)


def _with_rules(
    month: int,
    rows: Indices,
    pool: Indices,
    size: int,
    rules: Sequence[GroupRule],
    group_of: Sequence[tuple[int, int]],
) -> Family | None:
    """Keep the tightest rule of every kind in every group; None where bands on its share do not lie in each other."""
    low, high = np.zeros(size), np.full(size, np.inf)
    least, most = np.zeros(size), np.full(size, np.inf)
    parity, floor, cap = (np.full(size, -1, dtype=np.intp) for _ in range(3))
    for position, group in group_of:
        rule = rules[position]
        if rule.within is not None:
            below, above = rule.band()
            if above < high[group] and below >= low[group]:
                low[group], high[group], parity[group] = below, above, position
            elif below > low[group] or above < high[group] or rule.share != rules[parity[group]].share:
                return None
        if np.isfinite(rule.least) and (floor[group] < 0 or rule.least > least[group]):
            least[group], floor[group] = rule.least, position
        if rule.most < most[group]:
            most[group], cap[group] = rule.most, position
    return Family(month, rows, pool, low, high, least, most, parity, floor, cap)


def group_box(problem: HoursProblem, family: Family) -> tuple[Floats, Floats]:
    """``a_g`` and ``b_g``: what zone bounds, floors and caps leave every group, in hours."""
    low = pool_sums(problem.lower[family.rows], family.pool, family.size)
    high = pool_sums(problem.upper[family.rows], family.pool, family.size)
    return np.maximum(low, family.least), np.minimum(high, family.most)


def useful_hours(problem: HoursProblem, family: Family) -> Floats:
    """Hours of every group at which its zones with demand have their most and the others their least."""
    rows = family.rows
    full = np.where(problem.weight[rows] > 0.0, problem.upper[rows], problem.lower[rows])
    return pool_sums(full, family.pool, family.size)


def total_range(family: Family, least: Floats, most: Floats, budget: float) -> tuple[float, float] | None:
    """Least and greatest possible total of the month in hours (module docstring), or None if there is none.

    ``least`` and ``most`` are ``a_g`` and ``b_g``; ``budget`` is the city's, ``inf`` for none.

    Args:
        family: The month's groups.
    """
    if np.any(least > most + _CLOSE * np.maximum(1.0, most)):
        return None
    held = family.low_share > 0.0
    above = np.min(most[held] / family.low_share[held], initial=np.inf)
    bounded = np.isfinite(family.high_share) & (least > 0.0)
    with np.errstate(divide="ignore"):
        below = np.max(least[bounded] / family.high_share[bounded], initial=0.0)
    low = max(_least_total(family.low_share, least), float(below))
    high = min(_greatest_total(family, most), float(above), budget)
    if not np.isfinite(low) or low > high + _CLOSE * max(1.0, high):
        return None
    return min(low, high), high


def choose_total(problem: HoursProblem, family: Family, budget: float) -> tuple[float, bool] | None:
    """The total of a best plan in hours, and whether it serves all demand in full; None if none is possible.

    Args:
        problem: Bounds, budgets and demand.
        family: The month's groups.
        budget: The city's hours in the month, ``inf`` for none.
    """
    least, most = group_box(problem, family)
    possible = total_range(family, least, most, budget)
    if possible is None:
        return None
    enough = np.maximum(least, np.minimum(useful_hours(problem, family), most))
    full = total_range(family, enough, most, budget)
    return (full[0], True) if full is not None else (possible[1], False)


def least_tolerance(
    problem: HoursProblem, rules: Sequence[GroupRule], family: Family, above: float
) -> float | None:
    """Smallest common parity tolerance the month allows, from below ``above`` on; None if none works.

    A larger tolerance never excludes a plan, so bisection finds it to the last bits.

    Args:
        problem: Bounds, budgets and demand.
        rules: Group rules of all months.
        family: The month's groups.
    """
    least, most = group_box(problem, family)
    budget = float(problem.city_budget[family.month])

    def works(within: float) -> bool:
        return total_range(family.with_tolerance(rules, within), least, most, budget) is not None

    low, high = above, max(1.0, 2.0 * above)
    while not works(high):
        low, high = high, 4.0 * high
        if high > 1e9:
            return None
    while high - low > 1e-13 * max(1.0, high):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def _least_total(share: Floats, least: Floats) -> float:
    """Smallest S with ``S >= sum max(share S, least)``, ``inf`` if there is none."""
    total = float(least.sum())
    for _ in range(len(share) + 1):
        by_share = share * total > least
        if total - float(np.where(by_share, share * total, least).sum()) >= -_CLOSER * max(1.0, total):
            return total
        slope = 1.0 - float(share[by_share].sum())
        if slope <= _CLOSE:
            return float("inf")
        total = float(least[~by_share].sum()) / slope
    return total


def _greatest_total(family: Family, most: Floats) -> float:
    """Largest S with ``sum min(share S, most) >= S``."""
    total = float(most.sum())
    for _ in range(len(most) + 1):
        ends = family.upper_ends(total)
        by_share = ends < most
        if float(np.where(by_share, ends, most).sum()) - total >= -_CLOSER * max(1.0, total):
            return total
        slope = 1.0 - float(family.high_share[by_share].sum())
        total = float(most[~by_share].sum()) / slope
    return total
