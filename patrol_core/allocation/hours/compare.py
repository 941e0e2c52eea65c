"""Hours the way they are divided without optimisation, at the same cost, judged by the same measure.

Every way but the last uses the hours of the plan it is held against (or as many as its rule can place), in the same whole
units (largest remainders), and keeps the zones' bounds and the nested budgets:

* ``Equal hours``: the same for every zone;
* ``Proportional to crime``: to the forecast demand of the month;
* ``Proportional to last year``: to the crimes of the same month a year before;
* ``Rounding up``: the best continuous hours, each zone rounded up to the next whole unit. It meets more demand than the
  plan because it spends more than there is; by how much stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.allocation.hours.check import monthly_objective, monthly_violation
from patrol_core.allocation.hours.problem import HoursProblem, build_problem, up_to
from patrol_core.allocation.hours.rounding.whole_units import nearest_units
from patrol_core.allocation.hours.solve import Plan
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError

PLAN = "This plan"
EQUAL, CRIME, LAST_YEAR, CEILING = (
    "Equal hours",
    "Proportional to crime",
    "Proportional to last year",
    "Rounding up",
)
_STEPS = 100


def compare_hours(
    plan: Plan, *, last_year: ArrayLike | None = None
) -> tuple[pd.DataFrame, Mapping[str, Floats]]:
    """The plan beside the simple ways, and the hours of each.

    Args:
        last_year: Crimes of a year before for every row of the plan, 0 or more; without them that way is left
            out.

    Returns:
        tuple: A table, one row a way: way, demand_met (by the plan's response), share_of_demand (of all demand),
            against_plan (%), worst_left (demand left in the worst zone of any month), hours, overspent (hours above the city, borough and ward budgets together),
            worst_budget (hours above one budget), moved (hours in other zones than in the plan: half the sum of
            differences). And way -> hours per row.

    Raises:
        InputError: If ``last_year`` does not fit the plan's rows.
    """
    problem = build_problem(plan.frame, plan.rules)
    # Floors and caps set by rules tightened the plan's own bounds.
    problem = replace(
        problem, lower=plan.frame["lower"].to_numpy(float), upper=plan.frame["upper"].to_numpy(float)
    )
    own, unit = plan.frame["hours"].to_numpy(float), plan.rules.unit
    grid = problem.on_grid(unit) if unit else problem

    def shared(weight: Floats) -> Floats:
        hours = in_proportion(grid, weight, own)
        return nearest_units(grid, hours, unit) if unit else hours

    ways = {PLAN: own, EQUAL: shared(np.ones(len(own))), CRIME: shared(problem.risk)}
    if last_year is not None:
        weight = np.asarray(last_year, dtype=float)
        if weight.shape != own.shape or not np.all(np.isfinite(weight)) or np.any(weight < 0.0):
            raise InputError(
                f"last_year needs {len(own)} numbers of 0 or more, one for each row of the plan."
            )
        ways[LAST_YEAR] = shared(weight)
    ways[CEILING] = round_up(plan)
    rows = [_row(name, hours, problem, plan) for name, hours in ways.items()]
    return pd.DataFrame(rows), ways


def in_proportion(problem: HoursProblem, weight: Floats, spent: Floats) -> Floats:
    """Hours proportional to a weight between the zones' bounds, using what ``spent`` uses a month where budgets allow.

    ``clip(k w_i, lower_i, upper_i)`` with the largest k that keeps the ward, then the borough, then the month.

    Args:
        problem: Bounds, budgets and demand.
    """
    total = pool_sums(spent, problem.month, len(problem.months))
    # A zone without weight still takes its least; a hair of weight lets it take more when all others are full.
    share = np.maximum(weight / max(float(weight.max(initial=0.0)), 1e-300), 1e-9)
    hours = np.full(len(share), np.inf)
    for pool, budget in (
        (problem.ward, problem.ward_budget),
        (problem.borough, problem.borough_budget),
        (problem.month, np.minimum(total, problem.city_budget)),
    ):
        hours = np.minimum(hours, _largest(problem, share, pool, budget))
    return np.asarray(np.clip(hours, problem.lower, problem.upper), dtype=np.float64)


def round_up(plan: Plan) -> Floats:
    """The continuous hours, every zone rounded up to a whole unit (quarter hours where the plan is not rounded)."""
    return up_to(plan.frame["hours_continuous"].to_numpy(float), plan.rules.unit or 0.25)


def _largest(problem: HoursProblem, share: Floats, pool: Indices, budget: Floats) -> Floats:
    """``clip(k share)`` with the largest k of each pool under its budget, by bisection on the logarithm of k."""
    pools = len(budget)
    low: Floats = np.full(pools, -30.0)
    high: Floats = np.full(pools, 45.0)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        hours = np.asarray(
            np.clip(np.exp(middle)[pool] * share, problem.lower, problem.upper), dtype=np.float64
        )
        fits = pool_sums(hours, pool, pools) <= budget
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.asarray(np.clip(np.exp(low)[pool] * share, problem.lower, problem.upper), dtype=np.float64)


def _row(name: str, hours: Floats, problem: HoursProblem, plan: Plan) -> dict[str, object]:
    own = plan.frame["hours"].to_numpy(float)
    met, base = _met(hours, problem, plan), _met(own, problem, plan)
    over = _over(problem, hours)
    return {
        "way": name,
        "demand_met": met,
        "share_of_demand": met / max(float(problem.risk.sum()), 1e-300),
        "against_plan": 100.0 * (met / base - 1.0) if base > 0 else float("nan"),
        "worst_left": float(plan.left(hours).max()),
        "hours": float(hours.sum()),
        "overspent": over,
        "worst_budget": float(max(monthly_violation(_unbounded(problem), hours).max(), 0.0)),
        "moved": 0.5 * float(np.abs(hours - own).sum()),
    }


def _met(hours: Floats, problem: HoursProblem, plan: Plan) -> float:
    """Demand that hours meet: what the plan's response prevents, or a share of each zone's most where it has none."""
    if plan.does is None:
        return float(monthly_objective(problem, hours).sum())
    return float((problem.risk - plan.left(hours)).sum())


def _over(problem: HoursProblem, hours: Floats) -> float:
    """Hours above the budgets, each counted once: at the level where most is over."""
    levels = (
        (problem.ward, problem.ward_budget),
        (problem.borough, problem.borough_budget),
        (problem.month, problem.city_budget),
    )
    over = [np.maximum(pool_sums(hours, pool, len(budget)) - budget, 0.0).sum() for pool, budget in levels]
    most = float(max(over))
    return most if most > 1e-6 else 0.0


def _unbounded(problem: HoursProblem) -> HoursProblem:
    """The problem without the zones' bounds, so that only budgets can be broken."""
    count = len(problem.lower)
    return replace(problem, lower=np.zeros(count), upper=np.full(count, np.inf))
