"""Whole-unit hours under group rules: a small integer programme around the continuous plan.

Floors, caps and parity of groups are not nested, so taking the best unit next can fail. Each zone may move
within a window of whole units around its continuous hours; one binary per unit, worth its marginal gain
(falling, so units are taken in order). The window is widened when no choice in it meets the rules.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from patrol_core.allocation.hours_groups import GroupRule, rule_rows
from patrol_core.allocation.hours_kkt import Floats, Ints
from patrol_core.allocation.hours_problem import HoursProblem
from patrol_core.allocation.rounding import marginal_gain
from patrol_core.errors import InfeasibleError

_TIME_LIMIT = 20.0


def round_with_rules(
    problem: HoursProblem, rules: Sequence[GroupRule], hours: Floats, unit: float, month: int
) -> Floats:
    """Whole-unit hours of one month's rows that keep bounds, budgets and group rules.

    Parameters
    ----------
    problem
        On the grid already.
    hours
        The continuous plan of all rows.
    unit
        Hours per unit.

    Raises
    ------
    InfeasibleError
        If no whole-unit plan near the continuous one meets the rules.
    """
    rows = np.flatnonzero(problem.month == month)
    low = np.rint(problem.lower[rows] / unit).astype(np.int64)
    high = np.rint(problem.upper[rows] / unit).astype(np.int64)
    centre = np.clip(np.floor(hours[rows] / unit + 1e-9).astype(np.int64), low, high)
    own = [rule for rule in rules if rule.month == month]
    for reach in (0, 2, 8):
        start, stop = np.maximum(centre - reach, low), np.minimum(centre + 1 + reach, high)
        units = _best_in_window(problem, own, rows, start, stop, unit)
        if units is not None:
            return units * unit
    raise not_in_whole_units(problem.months[month], unit)


def not_in_whole_units(label: str, unit: float, *, tolerance: float | None = None) -> InfeasibleError:
    """The error to raise where a month's group rules can be met in hours but not in units of ``unit`` hours.

    ``tolerance`` is a parity tolerance with which they can, where one is known.
    """
    works = "" if tolerance is None else f" (a parity tolerance of {tolerance:g} works)"
    return InfeasibleError(
        f"The group rules of {label} can be met in hours but not in whole steps of {unit:g} h; "
        f"loosen the rules slightly{works} or do not round.",
        rule="rounding" if tolerance is None else "parity-rounding",
        remedy=tolerance,
    )


def _best_in_window(
    problem: HoursProblem,
    rules: Sequence[GroupRule],
    rows: Ints,
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    unit: float,
) -> Floats | None:
    sizes = stop - start
    owner = np.repeat(np.arange(len(rows)), sizes)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    gain = marginal_gain(problem.weight[rows][owner], start[owner] + offset, unit)
    matrix, least, most = rule_rows(problem, rules, rows)
    base = matrix @ (start * unit)
    per_unit = matrix[:, owner] * unit
    if not len(owner):
        held = np.all((base >= least - 1e-6) & (base <= most + 1e-6))
        return start.astype(float) if held else None
    # The window's own worth is small; a millionth of the whole month's worth is what counts.
    whole = float((problem.weight[rows] * np.log1p(start * unit)).sum())
    tolerance = float(np.clip(1e-6 * whole / max(0.5 * gain.sum(), 1e-12), 1e-6, 1e-2))
    found = milp(
        -gain,
        integrality=np.ones(len(owner)),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(per_unit, least - base, most - base),
        options={"time_limit": _TIME_LIMIT, "mip_rel_gap": tolerance},
    )
    if found.x is None:
        return None
    added = np.bincount(owner, weights=np.rint(found.x), minlength=len(rows))
    return np.asarray(start + added, dtype=np.float64)
