"""Proof of an hours plan, by code that shares nothing with the solvers.

Lagrangian bound. For multipliers ``ward, borough, city >= 0`` and a price ``p_i = ward + borough + city`` per row,
``sum_i max_X [c_i ln(1 + X) - p_i X] + sum of every multiplier times its budget`` is at least the best
objective (weak duality), whatever the multipliers are; at the right ones it equals it. The inner maximum is
closed-form for hours and, by concavity, one of two neighbours on the grid for whole units.

Group rules add a multiplier per side. For ``low * (H - a S) >= 0`` and ``high * (b S - H) >= 0`` with S the month's total
and (a, b) the group's band, zones inside the group pay ``high - low`` more and every zone pays
``low a - high b``; floors and caps add ``- low * floor`` and ``+ high * cap`` to the bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats, Indices


def monthly_objective(problem: HoursProblem, hours: Floats) -> Floats:
    """``sum r_i ln(1 + X_i) / ln(1 + most_i)`` per month, from demand and hours alone."""
    share = np.log1p(hours) / np.log1p(problem.most)
    return pool_sums(problem.risk * share, problem.month, len(problem.months))


def last_bits(bound: float, value: float, demand: float) -> float:
    """The bound, or the plan's own value where the two differ only by the last bits of sums over all ``demand``.

    Both are sums of terms up to the size of the demand, so that a plan worth nothing can have a bound of 1e-16; a gap
    relative to nothing would call that no proof. A bound below a feasible plan's value is such a remainder as well.
    """
    return max(bound, value) if bound - value > 1e-13 * demand else value


def monthly_violation(problem: HoursProblem, hours: Floats) -> Floats:
    """Largest breach of a bound or a budget per month, in hours; 0 where all hold."""
    worst = np.zeros(len(problem.months))
    np.maximum.at(worst, problem.month, np.maximum(problem.lower - hours, hours - problem.upper))
    in_ward = pool_sums(hours, problem.ward, len(problem.wards)) - problem.ward_budget
    np.maximum.at(worst, problem.month_of_ward, in_ward)
    in_borough = pool_sums(hours, problem.borough, len(problem.boroughs)) - problem.borough_budget
    np.maximum.at(worst, problem.month_of_borough, in_borough)
    in_city = pool_sums(hours, problem.month, len(problem.months)) - problem.city_budget
    return np.maximum(worst, in_city)


def monthly_bound(
    problem: HoursProblem, ward: Floats, city: Floats, borough: Floats | None = None, *, unit: float = 0.0
) -> Floats:
    """Lagrangian bound per month at the given multipliers (objective per hour).

    Args:
        problem: On its grid already (:meth:`HoursProblem.on_grid`) when ``unit`` is given.
        ward, city, borough: Multipliers per ward pool, per month and per borough pool, 0 or more.
        unit: Hours per whole unit, or 0 for continuous hours.
    """
    rows = np.arange(len(problem.month))
    middle = np.zeros(len(problem.boroughs)) if borough is None else borough
    price = ward[problem.ward] + middle[problem.borough] + city[problem.month]
    inner = _inner(problem, rows, price, unit)
    months = len(problem.months)
    bound = pool_sums(inner, problem.month, months)
    bound += pool_sums(_times(middle, problem.borough_budget), problem.month_of_borough, months)
    bound += pool_sums(_times(ward, problem.ward_budget), problem.month_of_ward, months)
    return bound + _times(city, problem.city_budget)


def month_rules_bound(
    problem: HoursProblem,
    rules: Sequence[GroupRule],
    month: int,
    *,
    city: float,
    low: Floats,
    high: Floats,
    budget: float,
    unit: float = 0.0,
) -> float:
    """Lagrangian bound of one month under group rules (groups may overlap), ward budgets left out.

    Args:
        problem, unit: As :func:`monthly_bound`.
        rules: All group rules; only those of ``month`` count.
        city: Multiplier of the month's total, 0 or more.
        low, high: Multipliers of the lower and upper side of every rule, 0 or more, shape ``(rules,)``.
        budget: Most hours in the month.
    """
    # A multiplier below 0 would prove nothing.
    city, low, high = max(city, 0.0), np.maximum(low, 0.0), np.maximum(high, 0.0)
    extra, constant = np.zeros(len(problem.month)), city * budget if city > 0.0 else 0.0
    everyone = city
    for rule, below, above in zip(rules, low, high, strict=True):
        if rule.month != month:
            continue
        extra[rule.rows] += above - below
        if rule.within is not None:
            least, most = rule.band()
            everyone += below * least - above * most
        else:
            constant += above * rule.most if above > 0.0 else 0.0
            constant -= below * rule.least if below > 0.0 else 0.0
    rows = np.flatnonzero(problem.month == month)
    return float(_inner(problem, rows, everyone + extra[rows], unit).sum()) + constant


def fixed_total_bound(
    problem: HoursProblem,
    rows: Indices,
    pool: Indices,
    *,
    total: float,
    city: float,
    low: Floats,
    high: Floats,
    group: Floats,
    unit: float,
) -> float:
    """Lagrangian bound over whole-unit plans of exactly ``total`` hours with group hours in ``[low, high]``.

    Args:
        problem: On its grid.
        rows, pool: The month's rows and the number of the group of each.
        city: Price of an hour in the month, of any sign, as the total is fixed.
        group: Price of an hour in every group; what it is above the city's price is the multiplier of the upper
            end of the group's hours, what it is below that of the lower end.
    """
    rise, fall = np.maximum(group - city, 0.0), np.maximum(city - group, 0.0)
    inner = _inner(problem, rows, (city + rise - fall)[pool], unit)
    return float(inner.sum()) + city * total + float((rise * high - fall * low).sum())


def _inner(problem: HoursProblem, rows: Indices, price: Floats, unit: float) -> Floats:
    """``max of c ln(1 + X) - p X`` over ``[lower, upper]`` (on the grid where ``unit`` is given), per row."""
    weight, lower, upper = problem.weight[rows], problem.lower[rows], problem.upper[rows]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        free = np.where(price > 0.0, weight / price - 1.0, np.inf)
    # Without demand only the sign of the price counts.
    free = np.where((weight > 0.0) | (price < 0.0), free, lower)
    hours = np.clip(free, lower, upper)
    options = [hours] if unit == 0.0 else [np.floor(hours / unit) * unit, np.ceil(hours / unit) * unit]
    inner = np.full(len(price), -np.inf)
    for option in options:
        held = np.clip(option, lower, upper)
        inner = np.maximum(inner, weight * np.log1p(held) - price * held)
    return inner


def _times(multiplier: Floats, budget: Floats) -> Floats:
    """Multiplier times budget with 0 x inf = 0."""
    return np.where(multiplier > 0.0, multiplier * np.where(multiplier > 0.0, budget, 0.0), 0.0)
