"""Group rules of hours as linear rows: limits on a group's hours, or its share of the month's hours in a band.

Which rules make them: :mod:`~patrol_core.allocation.hours.group_rules.constraints`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from patrol_core.allocation.hours.problem import HoursProblem, budget_rows
from patrol_core.arrays import Floats, Indices
from patrol_core.games.rules import Rule

Groups = Mapping[str, Sequence[str]]
Population = Mapping[str, float] | pd.Series


@dataclass(frozen=True, eq=False)
class GroupRule:
    """One linear rule on a group of rows of one month.

    Attributes:
        name: The rule in words, for messages.
        month: Month number.
        rows: Rows of the group's zones in that month.
        least, most: Limits on the group's summed hours; ``-inf`` and ``inf`` for none.
        within: Tolerance d of a rule on the group's share of all hours, or None for a floor or cap.
        share, centre: s and (u, v): the group's hours are within ``(u - d) s`` and ``(v + d) s`` of the month's
            total. s is the group's share of the month's population, or of its demand.
        group: Name of the group.
        source: The rule behind a share: it says why shares cannot be met.
    """

    name: str
    month: int
    rows: Indices
    least: float = -np.inf
    most: float = np.inf
    within: float | None = None
    share: float = 0.0
    centre: tuple[float, float] = (1.0, 1.0)
    group: str = ""
    source: Rule | None = None

    def band(self, within: float | None = None) -> tuple[float, float]:
        """Least and most share of the month's hours, at the rule's tolerance or another."""
        d = (self.within or 0.0) if within is None else within
        low, high = self.centre
        return max(low - d, 0.0) * self.share, (high + d) * self.share


def rule_rows(
    problem: HoursProblem, rules: Sequence[GroupRule], rows: Indices
) -> tuple[sparse.csc_array, Floats, Floats]:
    """Finite budgets and group rules over one month's rows as ``least <= matrix @ hours <= most``.

    Args:
        problem: Bounds, budgets and demand.
    """
    budgets, limits = budget_rows(problem, rows)
    lines: list[Floats] = []
    least, most = [np.full(len(limits), -np.inf)], [limits]

    def add(line: Floats, low: float, high: float) -> None:
        lines.append(line)
        least.append(np.array([low]))
        most.append(np.array([high]))

    for rule in rules:
        inside = np.isin(rows, rule.rows).astype(float)
        if rule.within is None:
            add(inside, rule.least, rule.most)
        else:
            low, high = rule.band()
            add(inside - low, 0.0, np.inf)
            add(inside - high, -np.inf, 0.0)
    own = np.array(lines).reshape(len(lines), len(rows))
    matrix = sparse.vstack([budgets, sparse.csr_array(own)], format="csc")
    return matrix, np.concatenate(least), np.concatenate(most)


def rule_slack(rule: GroupRule, hours: Floats, month_rows: Indices) -> float:
    """Hours by which the group is inside its rule (negative: outside).

    Args:
        hours: Hours per row.
        month_rows: The month's rows.
    """
    used = float(hours[rule.rows].sum())
    if rule.within is None:
        return min(used - rule.least, rule.most - used)
    low, high = rule.band()
    total = float(hours[month_rows].sum())
    return min(used - low * total, high * total - used)
