"""The ways to solve the hours model, and which one a problem takes.

* no group rule: nested water-filling, all months at once (:mod:`~patrol_core.allocation.hours.water_filling`);
* groups that do not overlap: water-filling with group bounds, month by month
  (:mod:`~patrol_core.allocation.hours.group_rules.parity`). It leaves ward budgets out; a month whose plan keeps them all
  the same is solved with them, the others take the last way;
* everything else: tangent cuts and, for whole units, an integer programme
  (:mod:`~patrol_core.allocation.hours.linear_program`, :mod:`~patrol_core.allocation.hours.rounding.rules`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.allocation.hours.check import month_rules_bound, monthly_bound, monthly_objective
from patrol_core.allocation.hours.dose import solve_dose
from patrol_core.allocation.hours.group_rules.disjoint_groups import Family, find_family
from patrol_core.allocation.hours.group_rules.explain import explain_families
from patrol_core.allocation.hours.group_rules.feasible import explain_rules, keeps_wards, require_budgets
from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.group_rules.parity import MonthFill, fill_month
from patrol_core.allocation.hours.linear_program import solve_month
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.rounding.parity import round_month
from patrol_core.allocation.hours.rounding.rules import not_in_whole_units, round_with_rules
from patrol_core.allocation.hours.rounding.totals import tolerance_in_units
from patrol_core.allocation.hours.rounding.whole_units import round_best, round_largest_remainder
from patrol_core.allocation.hours.rules import HoursRules
from patrol_core.allocation.hours.water_filling import nested_water_fill, pool_sums
from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import InputError
from patrol_core.solvers import solver_name

_WATER = "water-filling (KKT)"


@dataclass(frozen=True, eq=False)
class Solution:
    """Hours of every row with the multipliers and monthly bounds that go with them.

    Attributes:
        hours: Hours per row.
        ward, borough, city: Multipliers of the ward, borough and city budgets (objective per hour).
        bound: Proved bound per month.
        status: How each month's solve ended.
        solver, phase: For the certificate.
        families: For each month the groups by which it was solved exactly, else None.
    """

    hours: Floats
    ward: Floats
    borough: Floats
    city: Floats
    bound: Floats
    status: tuple[Status, ...]
    solver: str
    phase: str
    families: tuple[Family | None, ...] = ()

    def in_unit_of(self, size: float) -> Solution:
        """The same solution where the demand is counted in crimes ``size`` times smaller."""
        prices = {name: getattr(self, name) * size for name in ("ward", "borough", "city", "bound")}
        return replace(self, **prices)


def by_water_filling(problem: HoursProblem) -> Solution:
    """Exact plan without group rules."""
    level = nested_water_fill(
        problem.weight,
        problem.lower,
        problem.upper,
        ward_pool=problem.ward,
        ward_budget=problem.ward_budget,
        month_pool=problem.month,
        city_budget=problem.city_budget,
        borough_pool=problem.borough,
        borough_budget=problem.borough_budget,
    )
    bound = monthly_bound(problem, level.ward, level.city, level.borough)
    done = (Status.OPTIMAL,) * len(problem.months)
    return Solution(
        level.hours, level.ward, level.borough, level.city, bound, done, _WATER, "exact water-filling"
    )


def by_groups(problem: HoursProblem, rules: Sequence[GroupRule], *, exact: bool = True) -> Solution:
    """Plan under group rules; ``exact=False`` sends every month to tangent cuts.

    Args:
        problem: Bounds, budgets and demand.

    Raises:
        InfeasibleError: If the rules of some month cannot be met.
    """
    months = range(len(problem.months))
    families = [find_family(problem, rules, month) if exact else None for month in months]
    found = [None if family is None else fill_month(problem, family, len(rules)) for family in families]
    failed = [
        family for family, fill in zip(families, found, strict=True) if family is not None and fill is None
    ]
    if failed:
        raise explain_families(problem, rules, failed)
    for month in months:
        family, fill = families[month], found[month]
        if family is not None and fill is not None and not keeps_wards(problem, family.rows, fill.hours):
            families[month] = found[month] = None
    return _together(problem, rules, families, found)


def _together(
    problem: HoursProblem,
    rules: Sequence[GroupRule],
    families: Sequence[Family | None],
    found: Sequence[MonthFill | None],
) -> Solution:
    """One solution from the months solved exactly and tangent cuts for the others."""
    others = [month for month, fill in enumerate(found) if fill is None]
    start = by_water_filling(problem).hours if others else np.zeros(0)
    hours, bound = np.empty(len(problem.month)), np.empty(len(problem.months))
    ward, city = np.zeros(len(problem.wards)), np.zeros(len(problem.months))
    borough = np.zeros(len(problem.boroughs))
    status, rounds = [Status.OPTIMAL] * len(problem.months), 0
    for month, fill in enumerate(found):
        rows = np.flatnonzero(problem.month == month)
        if fill is not None:
            hours[rows], city[month] = fill.hours, fill.prices.city
            bound[month] = month_rules_bound(
                problem,
                rules,
                month,
                city=fill.prices.city,
                low=fill.prices.low,
                high=fill.prices.high,
                budget=float(problem.city_budget[month]),
            )
            continue
        answer = solve_month(problem, rules, month, start)
        if answer.status is Status.INFEASIBLE:
            raise explain_rules(problem, rules, month)
        hours[rows] = answer.hours
        bound[month], city[month], ward[answer.wards] = answer.bound, answer.city, answer.ward
        borough[answer.boroughs] = answer.borough
        status[month] = answer.status
        rounds += answer.rounds
    names, phases = [], []
    if len(others) < len(found):
        names.append(_WATER)
        phases.append("exact water-filling with group bounds")
    if others:
        names.append(solver_name())
        phases.append(f"tangent cuts ({rounds} LPs)")
    joined = ", ".join(names), ", ".join(phases)
    return Solution(hours, ward, borough, city, bound, tuple(status), *joined, families=tuple(families))


def in_whole_units(
    problem: HoursProblem, group_rules: Sequence[GroupRule], exact: Solution, rules: HoursRules
) -> Solution:
    """The delivered hours: rounded as the rules say, with the bound that fits.

    Args:
        problem: Bounds, budgets and demand.
        group_rules: Group rules of all months.
        exact: The plan before rounding.

    Raises:
        InfeasibleError: If budgets or group rules cannot be met in whole units.
    """
    unit = rules.unit
    if unit == 0.0:
        return exact
    grid = problem.on_grid(unit)
    require_budgets(grid, unit=unit)
    if rules.least_visits > 1:
        if group_rules:
            raise InputError(
                "A least useful dose and group rules cannot be asked for together; set one of them aside."
            )
        dosed = solve_dose(grid, unit, rules.least_visits)
        text = f"whole units of {unit:g} h, none or at least {rules.least_visits} (prices and filling up)"
        status = _proved(grid, dosed.hours, dosed.bound)
        return replace(exact, hours=dosed.hours, bound=dosed.bound, status=status, phase=text)
    if group_rules:
        return _groups_in_whole_units(grid, group_rules, exact, unit)
    best = round_best(grid, unit)
    bound = monthly_bound(grid, best.ward, best.city, best.borough, unit=unit)
    if rules.rounding_method == "largest-remainder":
        hours = round_largest_remainder(grid, unit)
        phase = f"whole units of {unit:g} h (largest remainder)"
        return replace(exact, hours=hours, bound=bound, status=_proved(grid, hours, bound), phase=phase)
    return replace(
        exact, hours=best.hours, bound=bound, phase=f"whole units of {unit:g} h (marginal allocation)"
    )


def _proved(grid: HoursProblem, hours: Floats, bound: Floats) -> tuple[Status, ...]:
    """Optimal in the months whose bound is met, else a plan with a proved gap: for ways that prove nothing themselves."""
    value = monthly_objective(grid, hours)
    demand = pool_sums(grid.risk, grid.month, len(grid.months))
    met = bound - value <= np.maximum(1e-9 * value, 1e-13 * demand)
    return tuple(Status.OPTIMAL if closed else Status.STOPPED_WITH_PLAN for closed in met)


def _groups_in_whole_units(
    grid: HoursProblem, rules: Sequence[GroupRule], exact: Solution, unit: float
) -> Solution:
    hours, bound, status = np.empty(len(exact.hours)), exact.bound.copy(), list(exact.status)
    ways: dict[str, None] = {}
    for month, family in enumerate(exact.families):
        rows = np.flatnonzero(grid.month == month)
        best = None if family is None else round_month(grid, rules, family, unit)
        if family is not None and best is None:
            tolerance = tolerance_in_units(grid, rules, family, unit)
            source = next((rules[rule].source for rule in family.parity if rule >= 0), None)
            raise not_in_whole_units(grid.months[month], unit, tolerance=tolerance, source=source)
        if best is not None and keeps_wards(grid, rows, best.hours):
            hours[rows], bound[month], status[month] = best.hours, best.bound, best.status
            ways["marginal allocation within groups"] = None
        else:
            found = round_with_rules(grid, rules, exact.hours, unit, month)
            hours[rows], status[month] = found.hours, found.status
            bound[month] = min(found.bound, bound[month]) if best is None else min(found.bound, best.bound)
            ways["integer programme"] = None
    phase = f"whole units of {unit:g} h ({', '.join(ways)})"
    return replace(exact, hours=hours, bound=bound, status=tuple(status), phase=phase)
