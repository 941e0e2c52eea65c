"""Continuous hours to whole quarters or shifts without breaking a bound or a budget.

Two methods, both on a problem whose bounds and budgets were first moved inward to the grid
(:meth:`~patrol_core.allocation.hours.problem.HoursProblem.on_grid`), so neither can break one:

* ``best``: marginal allocation (Fox 1966, Discrete optimization via marginal analysis). The k-th unit of a
  zone is worth ``c ln((1 + (k+1)u) / (1 + ku))``, less for each further unit. Taking units in order of
  worth, skipping those whose ward or city is full, is optimal: the budgets are nested, a polymatroid
  (Federgruen & Groenevelt 1986). Only a window of units around the continuous optimum is sorted; the window
  grows until it contains the answer.
* ``largest-remainder`` (Hamilton): every zone keeps its whole units; the units left go to the largest
  remainders.

Ties go to the larger demand, then to the earlier row, so that the same input gives the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.water_filling import nested_water_fill, pool_sums
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status

Units = NDArray[np.int64]

_REACH = 1


@dataclass(frozen=True, eq=False)
class Rounded:
    """Whole-unit hours and multipliers that prove them best.

    Attributes:
        hours: Hours per row, multiples of the unit.
        ward, borough, city: Multipliers per ward pool (beyond the borough's and city's), per borough pool
            (beyond the city's) and per month, objective per hour.
    """

    hours: Floats
    ward: Floats
    borough: Floats
    city: Floats


@dataclass(frozen=True, eq=False)
class RoundedMonth:
    """Whole-unit hours of one month's rows and a proved bound on the best whole-unit plan.

    ``status`` is ``stopped-with-plan`` where plan and bound lie apart by more than a relative gap of 1e-6.
    """

    hours: Floats
    bound: float
    status: Status


def round_best(problem: HoursProblem, unit: float) -> Rounded:
    """Best plan in whole units; ``problem`` is on the grid and its least hours fit the budgets."""
    low, high = _units(problem.lower, unit), _units(problem.upper, unit)
    centre = np.floor(_fill(problem) / unit + 1e-9).astype(np.int64)
    below = np.full(len(centre), _REACH)
    above = np.full(len(centre), _REACH)
    while True:
        start = np.maximum(centre - below, low)
        stop = np.where(problem.weight > 0.0, np.minimum(centre + above + 1, high), start)
        taken, price, (ward, borough, city) = _take(problem, unit, start, stop)
        short_below, short_above = _window_is_short(problem, unit, start, stop, taken, price, low, high)
        if not (short_below.any() or short_above.any()):
            break
        below = np.where(short_below, 4 * below, below)
        above = np.where(short_above, 4 * above, above)
    hours: Floats = np.asarray((start + taken) * unit, dtype=np.float64)
    above = np.maximum(borough[problem.borough_of_ward], city[problem.month_of_ward])
    middle = np.maximum(borough - city[problem.month_of_borough], 0.0)
    return Rounded(hours, np.maximum(ward - above, 0.0), middle, city)


def round_largest_remainder(problem: HoursProblem, unit: float) -> Floats:
    """The continuous optimum of the grid problem, rounded by largest remainders."""
    return nearest_units(problem, _fill(problem), unit)


def nearest_units(problem: HoursProblem, hours: Floats, unit: float) -> Floats:
    """Given hours in whole units by largest remainders (Hamilton), no more of them a month than are given.

    Where bounds on the grid ask for more than is given, other rows lose the units that they miss least; the sum of squared
    differences is then the least that bounds and nested budgets allow.

    Args:
        problem: On the grid; its least hours fit the budgets.
        hours: Hours per row.
        unit: Hours per whole unit.
    """
    low, high = _units(problem.lower, unit), _units(problem.upper, unit)
    exact = hours / unit
    given = np.floor(pool_sums(exact, problem.month, len(problem.months)) + 1e-6)
    least = pool_sums(low.astype(float), problem.month, len(problem.months))
    reach = 0
    while True:
        start = np.clip(np.floor(exact + 1e-9).astype(np.int64) - reach, low, high)
        rooms = []
        for pool, budget in _levels(problem):
            most = np.floor(budget / unit + 1e-6)
            most = np.minimum(most, np.maximum(given, least)) if pool is problem.month else most
            rooms.append((pool, most - pool_sums(start.astype(float), pool, len(budget))))
        if all((room > -0.5).all() for _, room in rooms) or not (start > low).any():
            break
        reach = max(1, 2 * reach)
    stop = np.clip(np.ceil(exact - 1e-9).astype(np.int64), start, high)
    row = np.repeat(np.arange(len(start)), stop - start)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(stop - start) - (stop - start), stop - start)
    chosen = nested_top(row, exact[row] - start[row] - offset, problem.risk[row], tuple(rooms))
    return np.asarray((start + np.bincount(row[chosen], minlength=len(start))) * unit, dtype=np.float64)


def marginal_gain(weight: Floats, units: NDArray[np.int64], unit: float) -> Floats:
    """Worth of the unit after ``units`` whole units: ``c ln((1 + (k+1)u) / (1 + ku))``.

    Args:
        weight: Demand over the logarithm of the most hours, per row.
    """
    return np.asarray(weight * np.log1p(unit / (1.0 + units * unit)), dtype=np.float64)


def _fill(problem: HoursProblem) -> Floats:
    return nested_water_fill(
        problem.weight,
        problem.lower,
        problem.upper,
        ward_pool=problem.ward,
        ward_budget=problem.ward_budget,
        month_pool=problem.month,
        city_budget=problem.city_budget,
        borough_pool=problem.borough,
        borough_budget=problem.borough_budget,
    ).hours


def _units(hours: Floats, unit: float) -> NDArray[np.int64]:
    return np.rint(hours / unit).astype(np.int64)


def _levels(problem: HoursProblem) -> tuple[tuple[Indices, Floats], ...]:
    """Pool of every row and budgets, from the inside out."""
    return (
        (problem.ward, problem.ward_budget),
        (problem.borough, problem.borough_budget),
        (problem.month, problem.city_budget),
    )


def _take(
    problem: HoursProblem, unit: float, start: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats, tuple[Floats, ...]]:
    """Units taken beyond ``start`` in the window; price per row; worth per hour of the first unit refused per pool.

    Units go through wards, boroughs and months in turn, best first. Who is refused by a pool would be followed there
    only by worse ones, so that no pool is entered by a unit that the next one turns away for nothing.
    """
    sizes = np.maximum(stop - start, 0)
    row = np.repeat(np.arange(len(sizes)), sizes)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    gain = marginal_gain(problem.weight[row], start[row] + offset, unit)
    base = start.astype(float)
    order = np.lexsort((row, -problem.risk[row], -gain))
    row, gain = row[order], gain[order]
    refused, price = [], np.zeros(len(start))
    for pool, budget in _levels(problem):
        pools = len(budget)
        room = np.floor(budget / unit + 1e-6) - pool_sums(base, pool, pools)
        fits = rank_in_pool(pool[row], pools) < room[pool[row]]
        worth = np.zeros(pools)
        np.maximum.at(worth, pool[row[~fits]], gain[~fits] / unit)
        refused.append(worth)
        price = np.maximum(price, worth[pool])
        row, gain = row[fits], gain[fits]
    return np.bincount(row, minlength=len(sizes)).astype(np.int64), price, tuple(refused)


def _window_is_short(
    problem: HoursProblem,
    unit: float,
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    taken: NDArray[np.int64],
    price: Floats,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows whose window may cut off the answer below or above.

    Below: the last unit under the window is worth less than a unit refused elsewhere. Above: everything in
    the window was taken and the next unit is worth more than the price, or nothing was refused at all.
    """
    under = marginal_gain(problem.weight, np.maximum(start - 1, 0), unit) / unit
    short_below = (start > low) & (taken == 0) & (under < price)
    for pool, budget in _levels(problem):
        over = pool_sums(start.astype(float) * unit, pool, len(budget)) > budget
        short_below |= (start > low) & over[pool]
    next_gain = marginal_gain(problem.weight, start + taken, unit) / unit
    short_above = (problem.weight > 0.0) & (start + taken == stop) & (stop < high) & (next_gain > price)
    return short_below, short_above


def nested_top(
    rows: Indices, score: Floats, second: Floats, rooms: tuple[tuple[Indices, Floats], ...]
) -> Indices:
    """Positions (in ``rows``) of the best scores that fit their pools, given from the inside out with their room.

    Args:
        score: Worth of every candidate.
        second: Breaks ties.
        rooms: (pool of every row, room by pool) of each level.
    """
    order = np.lexsort((rows, -second, -score))
    for pool, room in rooms:
        own = pool[rows[order]]
        order = order[rank_in_pool(own, len(room)) < room[own]]
    return np.asarray(order, dtype=np.intp)


def rank_in_pool(pool: Indices, pools: int) -> Indices:
    """Rank of each entry inside its pool, in the order given, from 0."""
    order = np.argsort(pool, kind="stable")
    first = np.searchsorted(pool[order], np.arange(pools))
    rank = np.empty(len(pool), dtype=np.intp)
    rank[order] = np.arange(len(pool)) - first[pool[order]]
    return rank
