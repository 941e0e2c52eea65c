"""Hours that another model decided: brought to whole steps inside their bounds and the nested budgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from patrol_core.allocation.hours.dose import nearest_doses
from patrol_core.allocation.hours.group_rules.feasible import require_budgets
from patrol_core.allocation.hours.problem import build_problem
from patrol_core.allocation.hours.report import slack_table
from patrol_core.allocation.hours.rounding.whole_units import nearest_units
from patrol_core.allocation.hours.rules import HoursRules
from patrol_core.arrays import Floats


def in_whole_steps(
    demand: pd.DataFrame, rules: HoursRules, hours: Floats, bounds: tuple[Floats, Floats], price: Floats
) -> tuple[Floats, pd.DataFrame]:
    """Given hours as they are delivered, and the budgets they use.

    Args:
        demand: One row per zone and month, as for :func:`~patrol_core.allocation.hours.solve.solve_hours`.
        rules: Budgets and rounding.
        hours: Hours per row, inside bounds and budgets.
        bounds: Least and most hours per row.
        price: Worth of one more hour by month, in their order; NaN where it is not known.

    Returns:
        tuple: Hours per row in whole steps, and one row per budget and month (columns as of ``Plan.slack``).

    Raises:
        InputError: If a zone's bounds hold no whole step.
        InfeasibleError: If the least hours do not fit the budgets in whole steps.
    """
    problem = replace(build_problem(demand, rules), lower=bounds[0], upper=bounds[1])
    final, unit = hours, rules.unit
    if unit:
        grid = problem.on_grid(unit)
        require_budgets(grid, unit=unit)
        if rules.least_visits > 1:
            final = nearest_doses(grid, hours, unit, rules.least_visits)
        else:
            final = nearest_units(grid, hours, unit)
    unknown = np.full(max(len(problem.wards), len(problem.boroughs)), np.nan)
    wards, boroughs = unknown[: len(problem.wards)], unknown[: len(problem.boroughs)]
    return final, slack_table(problem, hours, final, wards, boroughs, price)
