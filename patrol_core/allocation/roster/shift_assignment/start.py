"""A quick shift assignment, date by date: a start for the programme, and often already the best there is.

Each date's shifts are dealt by an assignment problem (Hungarian method): a unit may take a shift if it is available,
rested and not at the end of its row, also with a view to its next fixed duty; those with fewest duties so far go
first, and who had a kind of shift the day before keeps it. Nothing is looked ahead but fixed duties, so it may fail
where the programme finds a roster; then it says so by returning None.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from patrol_core.allocation.roster.shift_assignment.program import AssignmentTask
from patrol_core.arrays import Bools

_NEVER = 1e6


def quick_roster(task: AssignmentTask, seed: int) -> Bools | None:
    """A roster that keeps all rules, or None where this way finds none."""
    rules, dates = task.rules, task.dates
    units, shifts = len(rules.units), len(rules.shifts)
    works: NDArray[np.bool_] = np.zeros((units, len(dates), shifts), dtype=bool)
    for duty in task.fixed:
        works[duty.unit, duty.day, duty.shift] = True
    chance = np.random.default_rng(seed)
    least, most = task.fair_range()
    worth = 2.0 / np.maximum(least + most, 1)
    for day in range(task.lead, len(dates)):
        slots = _open_slots(task, works, day)
        if not slots:
            continue
        done = works[:, task.lead :].sum(axis=(1, 2)) * worth * len(dates)
        cost = np.full((units, len(slots)), _NEVER)
        for u in range(units):
            if works[u, day].any():
                continue
            for kind in set(slots):
                if _can(task, works, u, day, kind):
                    before = np.flatnonzero(works[u, day - 1]) if day else np.zeros(0, dtype=np.intp)
                    same = 0.0 if not len(before) or before[0] == kind else 1.5
                    cost[u, [i for i, s in enumerate(slots) if s == kind]] = done[u] + same
        cost += chance.random((units, 1)) * 0.5
        row, column = linear_sum_assignment(cost)
        if len(row) < len(slots) or np.any(cost[row, column] >= _NEVER):
            return None
        for u, slot in zip(row.tolist(), column.tolist(), strict=True):
            works[u, day, slots[slot]] = True
    return works


def _open_slots(task: AssignmentTask, works: Bools, day: int) -> list[int]:
    held = works[:, day].sum(axis=0)
    return [s for s, want in enumerate(task.target[day]) for _ in range(int(want) - int(held[s]))]


def _can(task: AssignmentTask, works: Bools, unit: int, day: int, shift: int) -> bool:
    """Whether a unit may take a duty beside what it has, earlier and fixed later."""
    rules, dates = task.rules, task.dates
    if not task.may(unit, day, shift):
        return False
    if rules.most_duties is not None and works[unit, task.lead :].sum() >= rules.most_duties:
        return False
    rest = dt.timedelta(hours=rules.rest_hours)
    begins, ends = rules.shifts[shift].begins(dates[day]), rules.shifts[shift].ends(dates[day])
    for other in range(max(day - 3, 0), min(day + 4, len(dates))):
        for kind in np.flatnonzero(works[unit, other]).tolist():
            if other == day:
                return False
            theirs = rules.shifts[kind]
            early, late = (
                (theirs.ends(dates[other]), begins) if other < day else (ends, theirs.begins(dates[other]))
            )
            if late - early < rest:
                return False
    return _run_with(works[unit].any(axis=1), day) <= rules.most_in_a_row


def _run_with(days: NDArray[np.bool_], day: int) -> int:
    """Dates in a row with a duty once this date has one."""
    first, last = day, day
    while first and days[first - 1]:
        first -= 1
    while last + 1 < len(days) and days[last + 1]:
        last += 1
    return last - first + 1
