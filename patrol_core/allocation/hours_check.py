"""Proof of an hours plan, by code that shares nothing with the solvers.

Lagrangian bound. For multipliers ``ward >= 0`` and ``city >= 0`` and a price ``p_i = ward + city`` per row,
``sum_i max_X [c_i ln(1 + X) - p_i X] + sum ward * ward budget + sum city * city budget`` is at least the best
objective (weak duality), whatever the multipliers are; at the right ones it equals it. The inner maximum is
closed-form for hours and, by concavity, one of two neighbours on the grid for whole units.
"""

from __future__ import annotations

import numpy as np

from patrol_core.allocation.hours_kkt import Floats, pool_sums
from patrol_core.allocation.hours_problem import HoursProblem


def monthly_objective(problem: HoursProblem, hours: Floats) -> Floats:
    """``sum r_i ln(1 + X_i) / ln(1 + most_i)`` per month, from demand and hours alone."""
    share = np.log1p(hours) / np.log1p(problem.most)
    return pool_sums(problem.risk * share, problem.month, len(problem.months))


def monthly_violation(problem: HoursProblem, hours: Floats) -> Floats:
    """Largest breach of a bound or a budget per month, in hours; 0 where all hold."""
    worst = np.zeros(len(problem.months))
    np.maximum.at(worst, problem.month, np.maximum(problem.lower - hours, hours - problem.upper))
    in_ward = pool_sums(hours, problem.ward, len(problem.wards)) - problem.ward_budget
    np.maximum.at(worst, problem.month_of_ward, in_ward)
    in_city = pool_sums(hours, problem.month, len(problem.months)) - problem.city_budget
    return np.maximum(worst, in_city)


def monthly_bound(problem: HoursProblem, ward: Floats, city: Floats, *, unit: float = 0.0) -> Floats:
    """Lagrangian bound per month at the given multipliers (objective per hour).

    Parameters
    ----------
    problem
        On its grid already (:meth:`HoursProblem.on_grid`) when ``unit`` is given.
    ward, city
        Multipliers per ward pool and per month, 0 or more.
    unit
        Hours per whole unit, or 0 for continuous hours.
    """
    price = ward[problem.ward] + city[problem.month]
    hours = _stationary(problem, price)
    options = [hours] if unit == 0.0 else [np.floor(hours / unit) * unit, np.ceil(hours / unit) * unit]
    inner = np.full(len(price), -np.inf)
    for option in options:
        held = np.clip(option, problem.lower, problem.upper)
        inner = np.maximum(inner, problem.weight * np.log1p(held) - price * held)
    months = len(problem.months)
    bound = pool_sums(inner, problem.month, months)
    bound += pool_sums(_times(ward, problem.ward_budget), problem.month_of_ward, months)
    return bound + _times(city, problem.city_budget)


def _stationary(problem: HoursProblem, price: Floats) -> Floats:
    """Where ``c ln(1 + X) - p X`` is largest on ``[lower, upper]``."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        free = np.where(price > 0.0, problem.weight / price - 1.0, np.inf)
    return np.clip(np.where(problem.weight > 0.0, free, problem.lower), problem.lower, problem.upper)


def _times(multiplier: Floats, budget: Floats) -> Floats:
    """Multiplier times budget with 0 x inf = 0."""
    return np.where(multiplier > 0.0, multiplier * np.where(multiplier > 0.0, budget, 0.0), 0.0)
