"""The check of a shift assignment against the rules, in code that shares nothing with the models."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import numpy as np

from patrol_core.allocation.roster.rules import Duty, RosterRules, rest_between, say_duty
from patrol_core.arrays import Bools, Ints


def breaches(
    rules: RosterRules,
    dates: Sequence[dt.date],
    works: Bools,
    forbidden: set[Duty],
    fixed: set[Duty],
    *,
    lead: int = 0,
) -> list[str]:
    """Every rule that a roster breaks, as sentences by unit and date; empty when it keeps them all.

    Args:
        rules, dates: Units and shifts, and the dates of the task.
        works: (units, dates, shifts): which unit has which duty.
        forbidden, fixed: Duties that must not and must be there.
        lead: Dates before the period; their duties count for rest and rows, not for the most duties of the
            period.
    """
    found: list[str] = []
    for unit, name in enumerate(rules.units):
        duties = [Duty(unit, int(day), int(shift)) for day, shift in np.argwhere(works[unit])]
        duties.sort(key=lambda duty: rules.shifts[duty.shift].begins(dates[duty.day]))
        for before, after in itertools.pairwise(duties):
            rest = rest_between(rules, dates, before, after)
            if before.day == after.day:
                found.append(f"{name}: two duties on {dates[before.day].isoformat()}")
            elif rest < rules.rest_hours - 1e-9:
                found.append(f"{say_duty(rules, dates, after)}: only {rest:g} h of rest")
        run = 0
        for day in range(len(dates)):
            run = run + 1 if works[unit, day].any() else 0
            if run > rules.most_in_a_row:
                found.append(f"{name} on {dates[day].isoformat()}: date {run} in a row")
        inside = sum(duty.day >= lead for duty in duties)
        if rules.most_duties is not None and inside > rules.most_duties:
            found.append(f"{name}: {inside} duties")
    found += [
        f"{say_duty(rules, dates, duty)}: unavailable"
        for duty in forbidden
        if works[duty.unit, duty.day, duty.shift]
    ]
    found += [
        f"{say_duty(rules, dates, duty)}: fixed duty left out"
        for duty in fixed
        if not works[duty.unit, duty.day, duty.shift]
    ]
    return found


def unevenness(works: Bools, least: Ints, most: Ints) -> int:
    """Duties in ``works`` by which units lie outside their fair range ``least`` to ``most``, (units,) each; all units together."""
    held = works.sum(axis=(1, 2))
    return int(np.maximum(held - most, 0).sum() + np.maximum(least - held, 0).sum())
