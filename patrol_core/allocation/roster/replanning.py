"""A roster under other commitments, with the fewest changes; also from the duties of an earlier one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from patrol_core.allocation.roster.build import (
    FEWEST_CHANGES,
    FEWEST_GAPS_THEN_CHANGES,
    TIME_LIMIT,
    Roster,
    certificate_of,
    ground_of,
    notes_on,
    require_plan,
    task_of,
    walks_of,
)
from patrol_core.allocation.roster.rules import Commitment, RosterRules
from patrol_core.allocation.roster.shift_assignment.explain import explain
from patrol_core.allocation.roster.shift_assignment.program import (
    AssignmentTask,
    solve_nearest,
    solve_relaxed,
)
from patrol_core.allocation.roster.shifts import Spread
from patrol_core.arrays import Bools
from patrol_core.certificate import Certificate, Status
from patrol_core.errors import InputError


def replan(
    roster: Roster,
    commitments: Sequence[Commitment],
    *,
    allow_gaps: bool = False,
    time_limit: float = TIME_LIMIT,
) -> Roster:
    """The roster with the fewest changed duties under other commitments.

    Every walk keeps its zones and times; only who makes it can change.

    Args:
        roster: The earlier one.
        commitments: All of them, not just the new ones.
        allow_gaps, time_limit: As in :func:`~patrol_core.allocation.roster.build.make_roster`.

    Raises:
        InputError, InfeasibleError: As :func:`~patrol_core.allocation.roster.build.make_roster`.
    """
    started = time.perf_counter()
    wanted = [len(cell) for cell in roster.pieces]
    task = task_of(roster.spread, roster.rules, wanted, commitments)
    old = np.zeros((len(task.rules.units), *task.target.shape), dtype=bool)
    old[:, task.lead :] = roster.works[:, roster.task.lead :]
    answer, phase = solve_nearest(task, old, time_limit=time_limit), FEWEST_CHANGES
    if answer.status is Status.INFEASIBLE:
        if not allow_gaps:
            raise explain(task, time_limit=time_limit)
        # First as few open duties as possible, then, with those left out, the fewest changes.
        gaps = solve_relaxed(task, time_limit=time_limit, only_gaps=True)
        require_plan(gaps, time_limit)
        target = task.target.copy()
        for kind, _, day, shift, amount in gaps.broken:
            if kind == "cover":
                target[day, shift] -= amount
        task = replace(task, target=target)
        answer, phase = solve_nearest(task, old, time_limit=time_limit), FEWEST_GAPS_THEN_CHANGES
        if gaps.status is not Status.OPTIMAL and answer.status is Status.OPTIMAL:
            answer = replace(answer, status=gaps.status)  # fewer gaps are not ruled out
    require_plan(answer, time_limit)
    inside = slice(task.lead, None)
    changed = float(np.sum(old[:, inside] != answer.works[:, inside]))
    owners = _keep_owners(roster, task, answer.works)
    certificate = certificate_of(task, answer, changed, phase, time.perf_counter() - started, allow_gaps)
    made = replace(
        roster,
        task=task,
        works=answer.works,
        owners=owners,
        certificate=certificate,
        changes=_change_words(roster.rules, task, old, answer.works),
    )
    return replace(made, notes=notes_on(made, commitments))


def take_duties(
    spread: Spread,
    rules: RosterRules,
    points: Mapping[str, tuple[float, float]],
    duties: pd.DataFrame,
    *,
    seed: int = 1,
) -> Roster:
    """A roster read back from its duties, to be re-planned; made from the same visits, rules and seed.

    Args:
        spread, rules, points, seed: As in :func:`~patrol_core.allocation.roster.build.make_roster`.
        duties: Columns date, shift, unit (empty: nobody) and walk (number of the walk in its shift, from 1; 0
            for none), as :func:`~patrol_core.allocation.roster.tables.duty_table` has them.

    Raises:
        InputError: If the duties are of other units, dates, shifts or walks than these.
    """
    ground = ground_of(spread, points)
    pieces = walks_of(spread, ground, rules, seed)
    units = {name: place for place, name in enumerate(rules.units)}
    cells = {
        (spread.cell(c)[0].isoformat(), spread.cell(c)[1].name): c for c in range(spread.visits.shape[1])
    }
    task = task_of(spread, rules, [len(cell) for cell in pieces], ())
    works: Bools = np.zeros((len(units), *task.target.shape), dtype=bool)
    owners = [[-1] * len(cell) for cell in pieces]
    for row, (date, shift, unit, walk) in enumerate(
        duties[["date", "shift", "unit", "walk"]].itertuples(index=False), 1
    ):
        c, number = cells.get((str(date), str(shift))), int(walk)
        name = "" if pd.isna(unit) else str(unit)
        if c is None or (name and name not in units) or not 0 <= number <= len(owners[c]):
            raise InputError(
                f"Duty {row} of the earlier roster ({date}, {shift}, {name or 'nobody'}, walk {number}) is not one of this "
                "month, these units and these hours; re-plan with the same hours, units and seed."
            )
        if name:
            works[(units[name], *task.cell(c))] = True
            if number:
                owners[c][number - 1] = units[name]
    unproved = Certificate(Status.STOPPED_WITH_PLAN, 0.0, 0.0, 0.0, "read from a file", 0.0)
    return Roster(rules, spread, task, works, pieces, tuple(tuple(own) for own in owners), ground, unproved)


def _keep_owners(roster: Roster, task: AssignmentTask, works: Bools) -> tuple[tuple[int, ...], ...]:
    """Who still works keeps the walk; the walks of the others go to those who came in."""
    found = []
    for c, owners in enumerate(roster.owners):
        now = set(np.flatnonzero(works[(slice(None), *task.cell(c))]).tolist())
        spare = sorted(now - set(owners))
        found.append(tuple(o if o in now else (spare.pop(0) if spare else -1) for o in owners))
    return tuple(found)


def _change_words(rules: RosterRules, task: AssignmentTask, old: Bools, new: Bools) -> tuple[str, ...]:
    words = []
    for unit, day, shift in np.argwhere(old != new):
        if day >= task.lead:
            verb = "takes" if new[unit, day, shift] else "drops"
            duty = f"{rules.shifts[shift].name} on {task.dates[day].isoformat()}"
            words.append((day, f"{rules.units[unit]} {verb} {duty}"))
    return tuple(text for _, text in sorted(words))
