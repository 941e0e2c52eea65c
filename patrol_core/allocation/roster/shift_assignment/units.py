r"""The least number of units that can man the shifts of a period, when units are alike.

A unit's month is a walk through states: off, or on shift s for the k-th date in a row. Units that are alike need no
names, so only the number of them on each step counts: whole flow f on the graph of states, date by date,

.. math:: \min \sum_b f_{0b} \quad\text{s.t. flow is kept in every state, and the flow into shift } s \text{ on date } d = T_{ds}.

Steps that break the rest between two dates or the longest row are left out. Its size does not depend on the number
of units. The answer is exact for rests that reach no further than the next date, and a lower bound otherwise.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from patrol_core.allocation.roster.rules import Duty, RosterRules, rest_between
from patrol_core.arrays import Ints
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.solvers import LOCK, HighsSession, pyo

State = tuple[int, int]
_OFF: State = (-1, 0)


def units_needed(
    rules: RosterRules, dates: Sequence[dt.date], target: Ints, *, time_limit: float = 20.0
) -> int:
    """Least number of units that can man every shift under rest and longest row (``rules.units`` is not read).

    Args:
        rules, dates: Shifts, rest and rows; and the dates of the period.
        target: (dates, shifts) units wanted.
        time_limit: Seconds.

    Raises:
        SolverError: If the programme ends without an answer in time.
    """
    wanted = np.asarray(target, dtype=np.int64)
    if not wanted.sum():
        return 0
    shifts, days = range(len(rules.shifts)), range(len(dates))
    states = [_OFF, *((s, k) for s in shifts for k in range(1, rules.most_in_a_row + 1))]
    steps = _steps(rules, dates, states)
    with LOCK:
        model = pyo.ConcreteModel("units needed")
        first = [b for b in states if b == _OFF or b[1] == 1]
        model.start = pyo.Var(range(len(first)), domain=pyo.NonNegativeIntegers)
        model.flow = pyo.Var(range(len(dates) - 1), range(len(steps)), domain=pyo.NonNegativeIntegers)
        into: dict[tuple[int, State], list[Any]] = {(0, b): [model.start[i]] for i, b in enumerate(first)}
        out: dict[tuple[int, State], list[Any]] = {}
        for d in days[:-1]:
            for number, (a, b) in enumerate(steps):
                into.setdefault((d + 1, b), []).append(model.flow[d, number])
                out.setdefault((d, a), []).append(model.flow[d, number])
        model.kept = pyo.ConstraintList()
        for d in days[:-1]:
            for state in states:
                arriving, leaving = into.get((d, state), []), out.get((d, state), [])
                if arriving or leaving:
                    model.kept.add(pyo.quicksum(arriving) - pyo.quicksum(leaving) == 0)
        model.cover = pyo.ConstraintList()
        for d in days:
            for s in shifts:
                on = [v for k in range(1, rules.most_in_a_row + 1) for v in into.get((d, (s, k)), [])]
                model.cover.add(pyo.quicksum(on) == int(wanted[d, s]))
        model.goal = pyo.Objective(expr=pyo.quicksum(model.start[i] for i in range(len(first))))
        outcome = HighsSession(model, time_limit=time_limit, tolerance=1e-7, mip_gap=0.0).solve()
    if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
        raise SolverError(f"The number of units needed could not be found in {time_limit:g} s.")
    least = round(outcome.objective) if outcome.status is Status.OPTIMAL else math.ceil(outcome.bound - 1e-6)
    most = rules.most_duties
    return least if not most else max(least, math.ceil(int(wanted.sum()) / most))


def _steps(
    rules: RosterRules, dates: Sequence[dt.date], states: Sequence[State]
) -> list[tuple[State, State]]:
    """Steps from one date's state to the next's that keep rest and row."""
    week = [dates[0], dates[0] + dt.timedelta(days=1)]

    def may_follow(a: State, b: State) -> bool:
        if b == _OFF or a == _OFF:
            return b[1] <= 1
        rest = rest_between(rules, week, Duty(0, 0, a[0]), Duty(0, 1, b[0]))
        return b[1] == a[1] + 1 and rest >= rules.rest_hours - 1e-9

    return [(a, b) for a in states for b in states if may_follow(a, b)]
