r"""Max-min shares of hours: every group at least a share of the best least hours per head, month by month.

    m = max over plans of the month of  min over groups g of  (sum of X over g) / n_g

under bounds, budgets and the other group rules; one LP a month (variables X and m). The rule then reads, group by group,
sum of X over g >= share m n_g: a floor, so every method that holds floors of groups holds it, in whole units too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from patrol_core.allocation.hours.group_rules.groups import GroupRule, rule_rows
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.solvers import linear_program

#: The level is taken this much lower, relatively: at the very best rounding would decide whether a plan is left.
_SLACK = 1e-9


def share_floors(
    problem: HoursProblem,
    rules: Sequence[GroupRule],
    share: float,
    groups: Sequence[tuple[str, int, Indices, float]],
) -> list[GroupRule]:
    """Floors of the groups in every month.

    Args:
        problem, rules: Bounds, budgets and the other group rules.
        share: From 0 to 1.
        groups: (name, month, its rows in that month, its people) of every group.
    """
    found: list[GroupRule] = []
    for month, label in enumerate(problem.months):
        own = [part for part in groups if part[1] == month]
        if not own or not share > 0:
            continue
        best = best_least_rate(problem, [rule for rule in rules if rule.month == month], month, own)
        if best is None:
            continue  # the other rules conflict: the solve says which and by how much
        for name, _, rows, people in own:
            words = f"max-min share of {share:g} of hours per head for group {name} in {label}"
            least = share * best * people * (1 - _SLACK)
            found.append(GroupRule(words, month, rows, least=least, group=name))
    return found


def best_least_rate(
    problem: HoursProblem,
    rules: Sequence[GroupRule],
    month: int,
    groups: Sequence[tuple[str, int, Indices, float]],
) -> float | None:
    """The best least hours per head of any group in a month; None where no plan meets the rules.

    Args:
        problem: Bounds, budgets and demand.
        groups: (name, month, its rows, its people) of every group.
    """
    rows = np.flatnonzero(problem.month == month)
    matrix, least, most = rule_rows(problem, rules, rows)
    low, high = np.isfinite(least), np.isfinite(most)
    people = np.array([part[3] for part in groups])
    inside = np.array([np.isin(rows, part[2]).astype(float) for part in groups])
    unit = float(people.sum()) / len(rows)  # m in hours per average zone: numbers near 1
    lines = matrix.tocsr()
    stacked = sparse.vstack(
        [
            sparse.hstack([-lines[np.flatnonzero(low)], sparse.csr_array((int(low.sum()), 1))]),
            sparse.hstack([lines[np.flatnonzero(high)], sparse.csr_array((int(high.sum()), 1))]),
            sparse.hstack([sparse.csr_array(-inside), sparse.csr_array(people[:, None] / unit)]),
        ],
        format="csr",
    )
    right: Floats = np.concatenate([-least[low], most[high], np.zeros(len(groups))])
    lower, upper = problem.lower[rows], problem.upper[rows]
    cost = np.append(np.zeros(len(rows)), -1.0)
    found = linear_program(cost, stacked, right, lower=np.append(lower, 0.0), upper=np.append(upper, np.inf))
    if found.status is Status.INFEASIBLE:
        return None
    if found.status is not Status.OPTIMAL:
        raise SolverError(f"The max-min rate of {problem.months[month]} ended with: {found.status}")
    reached = (inside @ np.clip(found.columns[:-1], lower, upper)) / people
    return float(reached.min())
