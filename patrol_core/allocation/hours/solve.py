"""Patrol hours with diminishing returns: the front door.

Model in :mod:`~patrol_core.allocation.hours.problem`; the ways to solve it, and which one a problem takes, in
:mod:`~patrol_core.allocation.hours.paths`; proof in :mod:`~patrol_core.allocation.hours.check`.

>>> import pandas as pd
>>> demand = pd.DataFrame({"month": ["2025-01"] * 2, "ward": ["A", "A"], "zone_id": ["z1", "z2"],
...                        "area_km2": [1.0, 1.0], "risk": [10.0, 5.0]})
>>> plan = solve_hours(demand, HoursRules(city_budget=100.0))
>>> plan.frame["hours"].tolist()
[67.0, 33.0]
>>> plan.binding
('2025-01 city',)
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.allocation.hours.check import last_bits, monthly_objective, monthly_violation
from patrol_core.allocation.hours.group_rules.constraints import (
    HoursCap,
    HoursConstraint,
    HoursFloor,
    apply_constraints,
)
from patrol_core.allocation.hours.group_rules.feasible import require_budgets
from patrol_core.allocation.hours.group_rules.groups import GroupRule, Groups, Population, rule_slack
from patrol_core.allocation.hours.paths import Solution, by_groups, by_water_filling, in_whole_units
from patrol_core.allocation.hours.problem import HoursProblem, build_problem
from patrol_core.allocation.hours.report import binding_budgets, plan_notes, slack_table
from patrol_core.allocation.hours.rules import HoursRules, Plan
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError

__all__ = ["HoursCap", "HoursFloor", "HoursRules", "Plan", "binding_city_budget", "solve_hours"]

Method = Literal["auto", "kkt", "lp"]

OBJECTIVE_IS = (
    "demand (in the unit of the risk column) times the share of a zone's full effect that its hours reach, summed over zones "
    "and months; more is better"
)

#: The published defaults; with them no budget binds (see the plan's notes).
DEFAULT_RULES = HoursRules()


def solve_hours(
    demand: pd.DataFrame,
    rules: HoursRules = DEFAULT_RULES,
    *,
    constraints: Sequence[HoursConstraint] = (),
    groups: Groups | None = None,
    population: Population | None = None,
    method: Method = "auto",
) -> Plan:
    """Best hours per zone and month under bounds, budgets and group rules.

    Args:
        demand: One row per zone and month: month (YYYY-MM), ward, zone_id, area_km2 (km2), risk (expected
            crimes, 0 or more); optionally borough, in which wards lie.
        rules: Bounds, budgets (hours per month) and rounding.
        constraints: HoursFloor, HoursCap (hours in the month; zone, group or all) and CoverageParity (hours per
            head of every group within 1 +- d of the overall rate).
        groups: Group name to zone ids; groups may overlap.
        population: Residents by zone id; needed for parity.
        method: ``kkt``: exact water-filling (no group rules). ``lp``: tangent cuts and, for whole units under
            group rules, an integer programme. ``auto``: exact wherever it applies, also for groups that do not
            overlap.

    Raises:
        InputError: Bad demand, unknown zone or group, residual parity, or ``kkt`` with group rules.
        InfeasibleError: Rules that cannot all be met, with the shortfall and the least change that works.
    """
    started = time.perf_counter()
    if method not in ("auto", "kkt", "lp"):
        raise InputError(f"method is {method!r}; choose auto, kkt or lp.")
    problem, group_rules = apply_constraints(
        build_problem(demand, rules), constraints, groups=groups, population=population
    )
    if method == "kkt" and group_rules:
        raise InputError("Water-filling by method kkt holds no group rules; choose method auto or lp.")
    require_budgets(problem)
    size = problem.size
    counted = problem.in_unit_of(size)
    if group_rules or method == "lp":
        exact = by_groups(counted, group_rules, exact=method != "lp")
    else:
        exact = by_water_filling(counted)
    final = in_whole_units(counted, group_rules, exact, rules)
    rounded = final is not exact
    exact = exact.in_unit_of(size)
    final = final.in_unit_of(size) if rounded else exact
    return _assemble(demand, problem, group_rules, exact, final, rules, time.perf_counter() - started)


def binding_city_budget(
    demand: pd.DataFrame, rules: HoursRules = DEFAULT_RULES, *, share: float = 0.5
) -> float:
    """A city budget in whole hours that binds in every month where one can: a start for a slider.

    It lies ``share`` of the way from the least hours of the fullest month to the most hours of the emptiest
    one.

    Args:
        demand: The demand table.
        rules: Group rules of all months.
    """
    problem = build_problem(demand, replace(rules, city_budget=None))
    require_budgets(problem)
    least = float(pool_sums(problem.lower, problem.month, len(problem.months)).max())
    free = by_water_filling(problem).hours
    most = float(pool_sums(free, problem.month, len(problem.months)).min())
    return float(max(np.ceil(least), np.floor(least + share * (most - least))))


def _assemble(
    demand: pd.DataFrame,
    problem: HoursProblem,
    group_rules: Sequence[GroupRule],
    exact: Solution,
    final: Solution,
    rules: HoursRules,
    seconds: float,
) -> Plan:
    phases = (exact.phase,) if final is exact else (exact.phase, final.phase)
    slack = slack_table(problem, exact.hours, final.hours, exact.ward, exact.borough, exact.city)
    months = {
        label: _certificate(problem, group_rules, final, [number], phases, seconds)
        for number, label in enumerate(problem.months)
    }
    everything = list(range(len(problem.months)))
    whole = _certificate(problem, group_rules, final, everything, phases, seconds)
    continuous = _certificate(problem, group_rules, exact, everything, phases[:1], seconds)
    columns = ["month", "ward", "zone_id", "area_km2", "risk"]
    frame = demand.loc[:, [*columns, *(["borough"] if "borough" in demand.columns else [])]].assign(
        hours=final.hours,
        hours_continuous=exact.hours,
        lower=problem.lower,
        upper=problem.upper,
        value_of_hour=problem.weight / (1.0 + exact.hours),
    )
    return Plan(
        frame=frame,
        certificate=whole,
        continuous=continuous,
        monthly=months,
        objective_before_rounding=continuous.objective,
        objective_after_rounding=whole.objective,
        binding=binding_budgets(slack),
        slack=slack,
        notes=(*plan_notes(problem, slack, has_rules=bool(group_rules)), *_unproved(whole)),
        rules=rules,
    )


def _unproved(proof: Certificate) -> tuple[str, ...]:
    """Said wherever the plan is not proved best."""
    if proof.status is Status.OPTIMAL:
        return ()
    return (
        f"This plan is not proved best in whole steps: a better one can meet at most {proof.gap:.2g} (as a share) more demand.",
    )


def _certificate(
    problem: HoursProblem,
    group_rules: Sequence[GroupRule],
    solution: Solution,
    months: Sequence[int],
    phases: tuple[str, ...],
    seconds: float,
) -> Certificate:
    """Proof for some months together; objective and violation are recomputed from hours alone."""
    chosen = list(months)
    objective = float(monthly_objective(problem, solution.hours)[chosen].sum())
    bound = float(solution.bound[chosen].sum())
    # A bound a hair below a feasible plan's objective is the last bits of a float sum; more shows in the gap.
    if objective - bound <= 1e-9 * objective:
        bound = last_bits(bound, objective, float(problem.risk[np.isin(problem.month, chosen)].sum()))
    violation = float(monthly_violation(problem, solution.hours)[chosen].max())
    for rule in group_rules:
        if rule.month in chosen:
            violation = max(
                violation, -rule_slack(rule, solution.hours, np.flatnonzero(problem.month == rule.month))
            )
    stopped = [solution.status[month] for month in chosen if solution.status[month] is not Status.OPTIMAL]
    return Certificate(
        status=stopped[0] if stopped else Status.OPTIMAL,
        objective=objective,
        bound=bound,
        # A sum of gains cannot cancel, so the bound is its size; only an objective of nothing is measured by it.
        gap=relative_gap(objective, bound, bound),
        solver=solution.solver,
        seconds=seconds,
        phases=phases,
        violation=max(violation, 0.0),
        objective_is=OBJECTIVE_IS,
    )
