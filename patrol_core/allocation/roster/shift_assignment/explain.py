"""Why there is no shift assignment: which unit, which date, which rule, and the least that would work."""

from __future__ import annotations

import numpy as np

from patrol_core.allocation.roster.shift_assignment.program import AssignmentTask, solve_relaxed
from patrol_core.allocation.roster.shift_assignment.units import units_needed
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError

_MOST_SHOWN = 4


def explain(task: AssignmentTask, *, time_limit: float) -> InfeasibleError:
    """The error to raise for a task that has no roster.

    First whether units without any commitment would be enough; if not, how many are. Otherwise the fewest breaches of
    rules that make a roster possible, by name.
    """
    rules, period = task.rules, task.dates[task.lead :]
    target = task.target[task.lead :]
    at_once = _more_at_once(task)
    if at_once is not None:
        return at_once
    needed = units_needed(rules, period, target, time_limit=time_limit)
    if needed > len(rules.units):
        return InfeasibleError(
            f"The shifts take {int(target.sum())} duties, which {len(rules.units)} units cannot work with {rules.rest_hours:g} h of rest "
            f"and at most {rules.most_in_a_row} dates in a row; {needed} units can. Name {needed - len(rules.units)} more, lower the "
            "hours, or leave duties open.",
            rule="units",
            shortfall=float(needed - len(rules.units)),
            remedy=float(needed),
        )
    found = solve_relaxed(task, time_limit=time_limit)
    if found.status is not Status.OPTIMAL or not found.broken:
        return InfeasibleError(
            "The commitments leave no roster; remove some of them or leave duties open.", rule="roster"
        )
    words = [_breach(task, breach) for breach in found.broken]
    more = f", and {len(words) - _MOST_SHOWN} more" if len(words) > _MOST_SHOWN else ""
    kind = found.broken[0][0]
    total = sum(breach[4] for breach in found.broken)
    return InfeasibleError(
        f"Not every shift can be manned under the rules. The least that would have to give ({total} "
        f"{'breach' if total == 1 else 'breaches'}): {'; '.join(words[:_MOST_SHOWN])}{more}. Change one of the commitments there, "
        "name more units, or leave duties open.",
        rule={"rest": "rest", "row": "most-in-a-row", "cover": "units"}.get(kind, kind),
        shortfall=float(total),
    )


def _more_at_once(task: AssignmentTask) -> InfeasibleError | None:
    """A date whose shifts together ask for more units than there are, each unit working once a date."""
    by_date = task.target[task.lead :].sum(axis=1)
    worst = int(np.argmax(by_date))
    units = len(task.rules.units)
    if int(by_date[worst]) <= units:
        return None
    date = task.dates[task.lead + worst].isoformat()
    return InfeasibleError(
        f"The shifts of {date} ask for {int(by_date[worst])} units, and there are {units}, each with one duty a date; name "
        f"{int(by_date[worst]) - units} more units or lower the hours.",
        rule="units",
        shortfall=float(int(by_date[worst]) - units),
        remedy=float(by_date[worst]),
    )


def _breach(task: AssignmentTask, breach: tuple[str, int, int, int, int]) -> str:
    kind, unit, day, shift, amount = breach
    rules = task.rules
    date, name = task.dates[day].isoformat(), rules.shifts[shift].name
    if kind == "cover":
        return f"{name} of {date} is {amount} {'unit' if amount == 1 else 'units'} short"
    who = rules.units[unit]
    if kind == "unavailable":
        return f"{who} works {name} on {date} although unavailable"
    if kind == "rest":
        return f"{who} has less than {rules.rest_hours:g} h of rest before {name} on {date}"
    if kind == "row":
        return f"{who} works more than {rules.most_in_a_row} dates in a row up to {date}"
    return f"{who} works {amount} more than {rules.most_duties} duties"
