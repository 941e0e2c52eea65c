"""Exact water-filling for hours with nested budgets: wards, boroughs, the city, or any of them.

One budget. Maximise ``sum c_i ln(1 + X_i)`` with ``lower <= X <= upper`` and ``sum X <= B``. The KKT
conditions give ``X_i(m) = clip(c_i / m - 1, lower_i, upper_i)`` for one multiplier ``m >= 0``. The sum
falls as ``m`` grows and changes form only where a zone meets a bound, at ``c_i / (1 + upper_i)`` and
``c_i / (1 + lower_i)``. Those 2n breakpoints are sorted once; between two of them the sum is
``fixed + C / m - free``, so ``m`` comes out in closed form: no iteration and no tolerance.

Nested levels. With a ward multiplier ``w`` and a city multiplier ``m`` the zone sees ``max(w, m)``, where ``w``
solves the ward alone. As ``X_i`` falls with the multiplier, ``X_i(max(w, m)) = min(X_i(w), X_i(m))``: the
city pass is the same problem with the ward pass's answer as upper bound. Two passes are exact, and a borough
between ward and city is one pass more.

All months and wards are solved at once: a "pool" is one month-and-ward (first pass), one month-and-borough, or one
month (last).
Source: Zipkin (1980), Simple ranking methods for allocation of one resource; Patriksson (2008), A survey on
the continuous nonlinear resource allocation problem; the nested case is a polymatroid (Federgruen &
Groenevelt 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats, Indices


@dataclass(frozen=True, eq=False)
class WaterLevel:
    """Answer of :func:`nested_water_fill`.

    Attributes:
        hours: Optimal hours per row, shape ``(rows,)``.
        ward: Multiplier of each ward budget beyond the city's, shape ``(ward pools,)``: objective per hour.
        city: Multiplier of each city budget, shape ``(months,)``: objective per hour.
        borough: Multiplier of each borough budget beyond the city's, shape ``(borough pools,)``; empty without
            boroughs.
    """

    hours: Floats
    ward: Floats
    city: Floats
    borough: Floats


def pool_sums(values: Floats, pool: Indices, pools: int) -> Floats:
    """Sum of ``values`` in each pool, shape ``(pools,)``."""
    return np.bincount(pool, weights=values, minlength=pools).astype(np.float64)


def respond(weight: Floats, lower: Floats, upper: Floats, price: Floats) -> Floats:
    """Best hours of every row at a price per hour: ``clip(weight / price - 1, lower, upper)``.

    At price 0 a row with weight takes its upper bound. A row without weight takes its lower bound at any
    price: an hour there adds nothing.
    """
    with np.errstate(over="ignore"):  # a denormal price asks for endless hours; the bound answers
        wanted = np.where(price > 0.0, weight / np.where(price > 0.0, price, 1.0) - 1.0, np.inf)
    return np.where(weight > 0.0, np.clip(wanted, lower, upper), lower)


def water_fill(
    weight: Floats, lower: Floats, upper: Floats, pool: Indices, budget: Floats
) -> tuple[Floats, Floats]:
    """Optimal hours and multiplier of every pool under one budget each.

    Args:
        weight, lower, upper: ``c_i >= 0`` and bounds in hours, shape ``(rows,)``; ``0 <= lower <= upper``.
        pool: Pool number of each row, ``0 .. len(budget) - 1``.
        budget: Hours per pool, ``inf`` for none; at least the sum of ``lower`` in the pool.

    Returns:
        tuple: Hours per row; multiplier per pool, the smallest that keeps the budget, so it is the worth of one
            *more* hour (0 where the budget does not bind).
    """
    pools = len(budget)
    full = np.where(weight > 0.0, upper, lower)
    price = np.zeros(pools)
    tight = pool_sums(full, pool, pools) > budget
    if tight.any():
        rows = np.flatnonzero(tight[pool] & (weight > 0.0))
        price = _exact_price(weight, lower, upper, pool, budget, rows, tight)
    hours = respond(weight, lower, upper, price[pool])
    return _remove_float_excess(hours, lower, pool, budget), price


def nested_water_fill(
    weight: Floats,
    lower: Floats,
    upper: Floats,
    *,
    ward_pool: Indices,
    ward_budget: Floats,
    month_pool: Indices,
    city_budget: Floats,
    borough_pool: Indices | None = None,
    borough_budget: Floats | None = None,
) -> WaterLevel:
    """Exact optimum under ward budgets inside borough budgets inside city budgets (module docstring).

    ``ward_pool`` numbers month-and-ward pools, ``borough_pool`` month-and-borough pools (None: no boroughs),
    ``month_pool`` numbers months; budgets are hours, ``inf`` for none.

    Args:
        weight: Demand over the logarithm of the most hours, per row.
        lower: Least hours per row.
        upper: Most hours per row.
        ward_budget: Hours by ward pool, ``inf`` for none.
        city_budget: Hours by month, ``inf`` for none.
        borough_budget: Hours by borough pool, ``inf`` for none.
    """
    held, ward_price = water_fill(weight, lower, upper, ward_pool, ward_budget)
    borough_price = np.zeros(0)
    if borough_pool is not None and borough_budget is not None:
        held, borough_price = water_fill(weight, lower, held, borough_pool, borough_budget)
    hours, city_price = water_fill(weight, lower, held, month_pool, city_budget)
    month_of_ward = np.zeros(len(ward_budget), dtype=np.intp)
    month_of_ward[ward_pool] = month_pool
    above = city_price[month_of_ward]
    if borough_pool is not None and borough_budget is not None:
        borough_of_ward = np.zeros(len(ward_budget), dtype=np.intp)
        borough_of_ward[ward_pool] = borough_pool
        above = np.maximum(above, borough_price[borough_of_ward])
        month_of_borough = np.zeros(len(borough_budget), dtype=np.intp)
        month_of_borough[borough_pool] = month_pool
        borough_price = np.maximum(borough_price - city_price[month_of_borough], 0.0)
    extra = np.maximum(ward_price - above, 0.0)
    return WaterLevel(hours=hours, ward=extra, city=city_price, borough=borough_price)


def _exact_price(
    weight: Floats,
    lower: Floats,
    upper: Floats,
    pool: Indices,
    budget: Floats,
    rows: Indices,
    tight: NDArray[np.bool_],
) -> Floats:
    """Multiplier of every tight pool from the breakpoints of its rows."""
    bracket = _segment(weight, lower, upper, pool, budget, rows)
    pools = len(budget)
    c, low, up, own = weight[rows], lower[rows], upper[rows], pool[rows]
    leaves_lower, leaves_upper = c / (1.0 + low), c / (1.0 + up)
    at_lower = leaves_lower <= bracket[own]
    at_upper = ~at_lower & (leaves_upper > bracket[own])
    free = ~at_lower & ~at_upper
    idle = np.flatnonzero(weight == 0.0)
    fixed = pool_sums(np.where(at_lower, low, np.where(at_upper, up, 0.0)), own, pools)
    fixed += pool_sums(lower[idle], pool[idle], pools)
    total = pool_sums(np.where(free, c, 0.0), own, pools)
    count = pool_sums(free.astype(np.float64), own, pools)
    left = budget - fixed + count
    solved = np.where((count > 0) & (left > 0), total / np.where(left > 0, left, 1.0), bracket)
    # The level never leaves its segment but by rounding; max() keeps "smallest that keeps the budget".
    return np.where(tight, np.maximum(solved, bracket), 0.0)


def _segment(
    weight: Floats, lower: Floats, upper: Floats, pool: Indices, budget: Floats, rows: Indices
) -> Floats:
    """Largest breakpoint of each pool at which the sum still exceeds the budget (0 where none does)."""
    pools = len(budget)
    c, low, up, own = weight[rows], lower[rows], upper[rows], pool[rows]
    point = np.concatenate([c / (1.0 + up), c / (1.0 + low)])
    owner = np.concatenate([own, own])
    # Just above its upper breakpoint a row starts to follow c/m - 1; above its lower one it rests.
    d_fixed = np.concatenate([-up, low])
    d_total = np.concatenate([c, -c])
    d_count = np.concatenate([np.ones(len(rows)), -np.ones(len(rows))])
    order = np.lexsort((point, owner))
    point, owner = point[order], owner[order]
    full = np.where(weight > 0.0, upper, lower)
    start = pool_sums(full, pool, pools)
    first = np.searchsorted(owner, np.arange(pools), side="left")
    fixed, total, count = (_running(delta[order], owner, first) for delta in (d_fixed, d_total, d_count))
    sums = start[owner] + fixed + total / point - count
    above = sums > budget[owner]
    bracket = np.zeros(pools)
    np.maximum.at(bracket, owner[above], point[above])
    return bracket


def _running(delta: Floats, owner: Indices, first: Indices) -> Floats:
    """Running sum of ``delta`` that restarts with every pool."""
    total = np.concatenate([[0.0], np.cumsum(delta)])
    running: Floats = total[1:] - total[first[owner]]
    return running


def _remove_float_excess(hours: Floats, lower: Floats, pool: Indices, budget: Floats) -> Floats:
    """Take the last bits by which a pool passes its budget out of the rows that can give."""
    pools = len(budget)
    excess = pool_sums(hours, pool, pools) - budget
    over = excess > 0.0
    if not over.any():
        return hours
    room = np.where(over[pool], hours - lower, 0.0)
    share = np.where(over, excess, 0.0) / np.maximum(pool_sums(room, pool, pools), np.finfo(float).tiny)
    less: Floats = np.maximum(hours - room * np.minimum(share[pool], 1.0), lower)
    return less
