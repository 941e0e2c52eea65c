"""Exact hours under parity, floors and caps of groups that do not overlap: nested water-filling.

One month, disjoint groups g, total S as chosen by :mod:`~patrol_core.allocation.hours.group_rules.disjoint_groups`:

    max sum c_i ln(1 + X_i)   s.t.  lower <= X <= upper,  A_g <= H_g = sum of X over g <= B_g,  sum X = S,
    A_g = max(a_g, (1 - d) s_g S),  B_g = min(b_g, (1 + d) s_g S).

Zones inside groups inside the city are a laminar family, so the KKT conditions ask for one price m per hour
in the city and one price per group: ``q_g = m`` for a group inside its interval, ``q_g >= m`` at its upper
end, ``q_g <= m`` at its lower end. Let ``up_g`` be the price at which group g alone takes exactly B_g (0 if
it never wants more) and ``low_g`` the one at which it takes A_g. Then ``q_g = clip(m, up_g, low_g)`` and, as
hours fall with the price, ``X_i(q_g) = clip(X_i(m), X_i(low_g), X_i(up_g))``: water-filling of S with the
answers of two water-fillings per group as bounds. Three passes are exact, each in closed form
(:func:`~patrol_core.allocation.hours.water_filling.water_fill`). Zones without demand come last: they take what is
needed to reach A_g or S, in proportion to their room.

Multipliers for the certificate. The total is a variable of the true problem, so with ``alpha_g`` and
``beta_g`` for the lower and upper parity rows the worth of one more hour of city budget is
``mu = m - sum alpha_g (1 - d) s_g + sum beta_g (1 + d) s_g >= 0``. Where the rules and not the budget limit
S, the multipliers of a fixed S are not unique and those with ``mu = 0`` are taken (:func:`_limited`).
Sources: Federgruen & Groenevelt (1986), The greedy procedure for resource allocation problems; Ibaraki &
Katoh (1988), Resource allocation problems: algorithmic approaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours.group_rules.disjoint_groups import (
    Family,
    choose_total,
    group_box,
    useful_hours,
)
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.water_filling import pool_sums, water_fill
from patrol_core.arrays import Floats, Indices

_EDGE = 1e-12


@dataclass(frozen=True, eq=False)
class Prices:
    """Multipliers of one month that prove its plan, 0 or more each (objective per hour).

    Attributes:
        city: Of the city budget.
        low, high: Of the lower and upper side of every rule in the list given, shape ``(rules,)``.
    """

    city: float
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class MonthFill:
    """Best hours of one month's rows (in their order) and the prices that prove it."""

    hours: Floats
    prices: Prices


def fill_month(problem: HoursProblem, family: Family, rules: int) -> MonthFill | None:
    """Best hours of one month under the rules of its groups, or None if no plan meets them.

    Ward budgets are left out: the caller checks afterwards that the plan keeps them, which makes it the best
    plan with them too. ``rules`` is the number of rules in the list that ``family`` points into.

    Args:
        problem: Bounds, budgets and demand.
    """
    budget = float(problem.city_budget[family.month])
    chosen = choose_total(problem, family, budget)
    if chosen is None:
        return None
    total, full = chosen
    least, most = group_box(problem, family)
    low, high = ends_at(problem, family, least, most, total, full=full)
    hours, price, by_group = fill_total(problem, family, low, high, total)
    if full:  # an hour more is worth nothing; float sums alone could say otherwise
        price = 0.0
    rise, fall = _differences(problem, family, low, high, price, by_group)
    prices = split_prices(family, least, most, total, rise, fall, rules)
    city = price - _parity_part(family, prices)
    if total < budget * (1.0 - _EDGE) and city > 0.0:
        return MonthFill(hours, _limited(family, most, total, prices, city))
    return MonthFill(hours, Prices(max(city, 0.0), prices.low, prices.high))


def ends_at(
    problem: HoursProblem, family: Family, least: Floats, most: Floats, total: float, *, full: bool
) -> tuple[Floats, Floats]:
    """``A_g`` and ``B_g`` in hours; where all demand is served (``full``) its hours lie below B_g exactly.

    Args:
        problem: Bounds, budgets and demand.
        family: The month's groups.
        least: ``a_g``, least hours by group.
        most: ``b_g``, most hours by group.
        total: The month's hours.
    """
    high = np.minimum(most, family.upper_ends(total))
    if full:
        high = np.maximum(high, np.minimum(useful_hours(problem, family), most))
    low = np.minimum(np.maximum(least, family.lower_ends(total)), high)
    return low, high


def fill_total(
    problem: HoursProblem, family: Family, low: Floats, high: Floats, total: float
) -> tuple[Floats, float, tuple[Floats, Floats]]:
    """Best hours with group hours in ``[low, high]`` and ``total`` hours in all.

    Args:
        problem: Bounds, budgets and demand.
        family: The month's groups.

    Returns:
        tuple: Hours of the month's rows; the city's price m; (``up_g``, ``low_g``): the prices at which every
            group takes its upper and its lower end (module docstring).
    """
    rows, pool = family.rows, family.pool
    weight, lower, upper = problem.weight[rows], problem.lower[rows], problem.upper[rows]
    top, up_price = water_fill(weight, lower, upper, pool, high)
    bottom, low_price = water_fill(weight, lower, upper, pool, low)
    idle = weight == 0.0
    if idle.any():
        top = _top_up(top, upper, pool, high, idle)
        bottom = _top_up(bottom, upper, pool, low, idle)
    bottom = np.minimum(bottom, top)
    whole = np.zeros(len(rows), dtype=np.intp)
    hours, price = water_fill(weight, bottom, top, whole, np.array([total]))
    if idle.any():
        hours = _top_up(hours, top, whole, np.array([total]), idle)
    return hours, float(price[0]), (up_price, low_price)


def _top_up(hours: Floats, upper: Floats, pool: Indices, wanted: Floats, idle: Floats) -> Floats:
    """Raise zones without demand, in proportion to their room, until every pool has the hours wanted."""
    room = np.where(idle, upper - hours, 0.0)
    missing = np.maximum(wanted - pool_sums(hours, pool, len(wanted)), 0.0)
    space = pool_sums(room, pool, len(wanted))
    share = np.where(space > 0.0, missing / np.where(space > 0.0, space, 1.0), 0.0)
    return np.asarray(hours + room * np.minimum(share, 1.0)[pool], dtype=np.float64)


def _differences(
    problem: HoursProblem,
    family: Family,
    low: Floats,
    high: Floats,
    price: float,
    by_group: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """How far every group's price lies above the city's (at its upper end) and below it (at its lower end)."""
    up_price, low_price = by_group
    rows = family.rows
    bottom = pool_sums(problem.lower[rows], family.pool, family.size)
    top = pool_sums(problem.upper[rows], family.pool, family.size)
    # At the sum of its zones' own bounds a group needs no price of its own.
    rise = np.where(high < top * (1.0 - _EDGE), np.maximum(up_price - price, 0.0), 0.0)
    fall = np.where(low > bottom * (1.0 + _EDGE), np.maximum(price - low_price, 0.0), 0.0)
    return rise, fall


def split_prices(
    family: Family, least: Floats, most: Floats, total: float, rise: Floats, fall: Floats, rules: int
) -> Prices:
    """Give every group's price difference to the rule that makes its end: parity, or else floor or cap.

    ``city`` of the answer is not set (0).

    Args:
        family: The month's groups.
        least: ``a_g``, least hours by group.
        most: ``b_g``, most hours by group.
        total: The month's hours.
        rise: By how much each group's price is above the city's.
        fall: By how much each group's price is below the city's.
        rules: Number of rules that the multipliers are for.
    """
    prices = Prices(0.0, np.zeros(rules), np.zeros(rules))
    by_parity = _parity_is_upper(family, most, total)
    _add(prices.high, np.where(by_parity, family.parity, family.cap), rise)
    by_parity = family.lower_ends(total) > least * (1.0 + _EDGE)
    _add(prices.low, np.where(by_parity, family.parity, family.floor), fall)
    return prices


def _parity_is_upper(family: Family, most: Floats, total: float) -> NDArray[np.bool_]:
    """Groups whose upper end is parity's; on a tie it is the cap's, which moves nothing else."""
    return np.asarray(family.upper_ends(total) < most * (1.0 - _EDGE))


def _add(multipliers: Floats, rule: Indices, amount: Floats) -> None:
    known = rule >= 0
    np.add.at(multipliers, rule[known], amount[known])


def _parity_part(family: Family, prices: Prices) -> float:
    """``sum alpha_g (1 - d) s_g - sum beta_g (1 + d) s_g``: what parity makes of the city's price."""
    held = family.parity >= 0
    rule = family.parity[held]
    low = prices.low[rule] * family.low_share[held]
    return float((low - prices.high[rule] * family.high_share[held]).sum())


def _limited(family: Family, most: Floats, total: float, prices: Prices, city: float) -> Prices:
    """Multipliers with ``mu = 0`` where the rules limit the total, not the budget.

    Either a group cannot take its least share of more hours, ``(1 - d) s_g S = b_g``: raising its alpha by
    ``mu / ((1 - d) s_g)`` takes mu to 0 (its cap, if that is its b_g, takes the same). Or every group is at
    its upper end: a rise of beta by ``t = mu / (1 - sum of (1 + d) s_g over the groups at their parity end)``
    for those, of the cap's multiplier by t for groups at a cap, and zones at their most need nothing.
    """
    low, high = prices.low.copy(), prices.high.copy()
    capped = family.cap >= 0
    held = family.low_share > 0.0
    room = np.where(held, most / np.where(held, family.low_share, 1.0), np.inf)
    first = int(np.argmin(room))
    if room[first] <= total * (1.0 + 1e-9):
        extra = city / family.low_share[first]
        low[family.parity[first]] += extra
        if capped[first] and family.most[first] <= most[first]:
            high[family.cap[first]] += extra
        return Prices(0.0, low, high)
    by_parity = _parity_is_upper(family, most, total)
    slope = 1.0 - float(family.high_share[by_parity].sum())
    if slope <= 0.0:  # only float sums can say so: the bound stays true, if not tight
        return Prices(city, low, high)
    extra = city / slope
    at_cap = ~by_parity & capped & (family.most <= most)
    _add(
        high, np.where(by_parity, family.parity, np.where(at_cap, family.cap, -1)), np.full(len(most), extra)
    )
    return Prices(0.0, low, high)
