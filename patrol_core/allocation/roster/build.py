"""Which unit is where and when: from visits by shift to named units over a month.

Three steps, each with its own proof or its own plain word that there is none:

1. the units every shift needs: the fewest whose walks fit the shift (:mod:`~patrol_core.allocation.roster.tours`, a
   heuristic: measured, not proved least);
2. who works which shift: an integer programme under rest, rows of dates, availability and fixed duties
   (:mod:`~patrol_core.allocation.roster.shift_assignment.program`), proved, and re-checked outside it
   (:mod:`~patrol_core.allocation.roster.shift_assignment.check`);
3. which of a shift's walks each of its units takes: by chance, or, where units have a home zone, the assignment with
   the least distance from home (exact).

:func:`replan` changes who works when with the fewest changes and leaves every walk as it was.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from patrol_core.allocation.roster.rules import Commitment, Duty, RosterRules, number_commitments
from patrol_core.allocation.roster.shift_assignment.check import breaches, unevenness
from patrol_core.allocation.roster.shift_assignment.explain import explain
from patrol_core.allocation.roster.shift_assignment.program import (
    DutyAnswer,
    DutyTask,
    solve_fair,
    solve_nearest,
    solve_relaxed,
)
from patrol_core.allocation.roster.shift_assignment.start import quick_roster
from patrol_core.allocation.roster.shifts import Spread
from patrol_core.allocation.roster.tours import Ground, Piece, make_ground, shift_pieces
from patrol_core.arrays import Bools, Ints
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.solvers import solver_name

TIME_LIMIT = 60.0
_TRIES = 4
ASSIGNMENT, PROGRAMME, FEWEST_GAPS = "assignment date by date", "integer programme", "fewest open duties"
FEWEST_CHANGES, FEWEST_GAPS_THEN_CHANGES = "fewest changes", "fewest gaps, then fewest changes"
_UNEVEN = "duties by which units lie outside their fair range, all units together; 0 is even"
_CHANGED = "duties dropped and added against the earlier roster; less is better"
_OBJECTIVE_IS = {
    ASSIGNMENT: _UNEVEN,
    PROGRAMME: _UNEVEN,
    FEWEST_GAPS: "duties that stay open; less is better",
    FEWEST_CHANGES: _CHANGED,
    FEWEST_GAPS_THEN_CHANGES: f"{_CHANGED} (among rosters with the fewest open duties)",
}
NOBODY = ""
"""Unit of a walk that no unit makes."""


@dataclass(frozen=True, eq=False)
class Roster:
    """A duty roster with the walks of every duty.

    Attributes
    ----------
    rules, spread
        What it was made from.
    task
        Dates (with ``task.lead`` dates before the period), units wanted, forbidden and fixed duties.
    works
        (units, dates of the task, shifts): which unit has which duty.
    pieces
        For every shift of the spread its walks.
    owners
        For every shift the unit's number of each walk; -1 for nobody.
    ground
        Zones and their places.
    certificate
        ``objective``: duties outside the units' fair ranges, or changes where it was re-planned; ``violation``: rules
        broken, counted outside the model.
    changes
        Duties dropped and added against the roster it was re-planned from.
    notes
        Sentences a reader must not miss.
    """

    rules: RosterRules
    spread: Spread
    task: DutyTask
    works: Bools
    pieces: tuple[tuple[Piece, ...], ...]
    owners: tuple[tuple[int, ...], ...]
    ground: Ground
    certificate: Certificate
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def gaps(self) -> int:
        """Walks that no unit makes."""
        return sum(owner < 0 for owners in self.owners for owner in owners)


def make_roster(
    spread: Spread,
    rules: RosterRules,
    points: Mapping[str, tuple[float, float]],
    *,
    commitments: Sequence[Commitment] = (),
    homes: Mapping[str, str] | None = None,
    allow_gaps: bool = False,
    seed: int = 1,
    time_limit: float = TIME_LIMIT,
) -> Roster:
    """Units by shift by zone for the period of a spread.

    Parameters
    ----------
    spread
        Visits of every zone in every shift; its kinds of shift must be those of the rules.
    points
        Zone to a point in it, metres.
    commitments
        Absences and fixed duties; fixed duties before the period count for rest and rows.
    homes
        Unit to the zone it starts from, where known.
    allow_gaps
        Leave duties open where the rules cannot all be met, instead of refusing.
    seed
        Seed of walks, times and who takes which walk.

    Raises
    ------
    InputError
        Zones without a place, unknown units, shifts or homes.
    InfeasibleError
        If not every shift can be manned: which unit, which date, which rule, and the least that would work.
    """
    started = time.perf_counter()
    if spread.shifts != rules.shifts:
        raise InputError("The visits were spread over other shifts than the rules have; use the same shifts.")
    ground = _ground_of(spread, points)
    pieces = _all_pieces(spread, ground, rules, seed)
    task = _task_of(spread, rules, [len(cell) for cell in pieces], commitments)
    answer, phase = _solve(task, seed, time_limit, allow_gaps=allow_gaps)
    owners = _owners(task, answer.works, pieces, ground, homes or {}, seed)
    least, most = task.fair_range()
    objective = float(unevenness(answer.works[:, task.lead :], least, most))
    certificate = _certificate(task, answer, objective, phase, time.perf_counter() - started, allow_gaps)
    made = Roster(rules, spread, task, answer.works, pieces, owners, ground, certificate)
    return replace(made, notes=_notes(made, commitments))


def replan(
    roster: Roster,
    commitments: Sequence[Commitment],
    *,
    allow_gaps: bool = False,
    time_limit: float = TIME_LIMIT,
) -> Roster:
    """The roster with the fewest changed duties under other commitments (all of them, not just the new ones).

    Every walk keeps its zones and times; only who makes it can change.

    Raises
    ------
    InputError, InfeasibleError
        As :func:`make_roster`.
    """
    started = time.perf_counter()
    wanted = [len(cell) for cell in roster.pieces]
    task = _task_of(roster.spread, roster.rules, wanted, commitments)
    old = _moved(roster.works, roster.task.lead, task.lead, len(task.dates))
    answer, phase = solve_nearest(task, old, time_limit=time_limit), FEWEST_CHANGES
    if answer.status is Status.INFEASIBLE:
        if not allow_gaps:
            raise explain(task, time_limit=time_limit)
        # First as few open duties as possible, then, with those left out, the fewest changes.
        gaps = solve_relaxed(task, time_limit=time_limit, only_gaps=True)
        _require(gaps, time_limit)
        task = replace(task, target=_without(task, gaps))
        answer, phase = solve_nearest(task, old, time_limit=time_limit), FEWEST_GAPS_THEN_CHANGES
        if gaps.status is not Status.OPTIMAL and answer.status is Status.OPTIMAL:
            answer = replace(answer, status=gaps.status)  # fewer gaps are not ruled out
    _require(answer, time_limit)
    inside = slice(task.lead, None)
    changed = float(np.sum(old[:, inside] != answer.works[:, inside]))
    owners = _keep_owners(roster, task, answer.works)
    certificate = _certificate(task, answer, changed, phase, time.perf_counter() - started, allow_gaps)
    made = replace(
        roster,
        task=task,
        works=answer.works,
        owners=owners,
        certificate=certificate,
        changes=_change_words(roster.rules, task, old, answer.works),
    )
    return replace(made, notes=_notes(made, commitments))


def take_duties(
    spread: Spread,
    rules: RosterRules,
    points: Mapping[str, tuple[float, float]],
    duties: pd.DataFrame,
    *,
    seed: int = 1,
) -> Roster:
    """A roster read back from its duties, to be re-planned; made from the same visits, rules and seed.

    Parameters
    ----------
    duties
        Columns date, shift, unit (empty: nobody) and walk (number of the walk in its shift, from 1; 0 for none), as
        :func:`~patrol_core.allocation.roster.tables.duty_table` has them.

    Raises
    ------
    InputError
        If the duties are of other units, dates, shifts or walks than these.
    """
    ground = _ground_of(spread, points)
    pieces = _all_pieces(spread, ground, rules, seed)
    units = {name: place for place, name in enumerate(rules.units)}
    cells = {
        (spread.cell(c)[0].isoformat(), spread.cell(c)[1].name): c for c in range(spread.visits.shape[1])
    }
    works: Bools = np.zeros((len(units), len(spread.dates), len(rules.shifts)), dtype=bool)
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
            works[units[name], c // len(rules.shifts), c % len(rules.shifts)] = True
            if number:
                owners[c][number - 1] = units[name]
    wanted = [len(cell) for cell in pieces]
    task = _task_of(spread, rules, wanted, ())
    unproved = Certificate(Status.STOPPED_WITH_PLAN, 0.0, 0.0, 0.0, "read from a file", 0.0)
    return Roster(rules, spread, task, works, pieces, tuple(tuple(own) for own in owners), ground, unproved)


def duties_wanted(
    spread: Spread, rules: RosterRules, points: Mapping[str, tuple[float, float]], *, seed: int = 1
) -> Ints:
    """(dates, shifts) units that every shift takes, without asking who they are."""
    pieces = _all_pieces(spread, _ground_of(spread, points), rules, seed)
    return np.array([len(cell) for cell in pieces], dtype=np.int64).reshape(len(spread.dates), -1)


def _ground_of(spread: Spread, points: Mapping[str, tuple[float, float]]) -> Ground:
    missing = next((zone for zone in spread.zone_ids if zone not in points), None)
    if missing is not None:
        raise InputError(f"Zone {missing} has hours but no place; give a point for every zone.")
    return make_ground({zone: points[zone] for zone in spread.zone_ids})


def _all_pieces(
    spread: Spread, ground: Ground, rules: RosterRules, seed: int
) -> tuple[tuple[Piece, ...], ...]:
    """Walks of every shift, as few as fit it; those that are too long whatever the number of units have an ``overrun``."""
    chance = np.random.default_rng([seed, 7])
    top = len(rules.units) if rules.available is None else None
    made: list[tuple[Piece, ...]] = []
    for c in range(spread.visits.shape[1]):
        _, shift = spread.cell(c)
        visits = spread.visits[:, c]
        total = int(visits.sum())
        if not total:
            made.append(())
            continue
        limit = top if top is not None else rules.available[c % len(rules.shifts)]  # type: ignore[index]
        pieces = -(-total // rules.visits_per_duty(shift, spread.visit_minutes, 0.0))
        while True:
            cut = shift_pieces(ground, visits, pieces, shift, spread.visit_minutes, rules, chance)
            late = sum(piece.overrun > 0.0 for piece in cut)
            if not late or pieces >= min(total, max(limit, 1)):
                break
            pieces += 1
        made.append(tuple(cut))
    return tuple(made)


def _notes(roster: Roster, commitments: Sequence[Commitment]) -> tuple[str, ...]:
    """What a reader of this roster must not miss."""
    notes, task = list(roster.spread.notes), roster.task
    overruns = sum(piece.overrun > 0.0 for cell in roster.pieces for piece in cell)
    if overruns:
        notes.append(
            f"{overruns} duties do not fit their shift even with one visit less on the way; they are marked."
        )
    if roster.gaps:
        notes.append(
            f"{roster.gaps} duties stay open: no unit may take them under the rules. Their visits are listed without a unit."
        )
    inside, past = set(task.dates[task.lead :]), set(task.dates[: task.lead])
    idle = sum(
        given.date not in inside and not (given.kind == "duty" and given.date in past)
        for given in commitments
    )
    if idle:
        notes.append(
            f"{idle} of {len(commitments)} commitments lie outside {task.dates[task.lead]:%Y-%m} and count for nothing here "
            "(of earlier dates only duties that rest or dates in a row can still touch are counted)."
        )
    return tuple(notes)


def _task_of(
    spread: Spread, rules: RosterRules, wanted: Sequence[int], commitments: Sequence[Commitment]
) -> DutyTask:
    """The task, with the dates before the period on which past duties still count."""
    first = spread.dates[0]
    reach = max(rules.most_in_a_row, 3)
    past = [(first - given.date).days for given in commitments if given.kind == "duty" and given.date < first]
    lead = max((days for days in past if days <= reach), default=0)
    before = tuple(first - dt.timedelta(days=days) for days in range(lead, 0, -1))
    dates = (*before, *spread.dates)
    forbidden, fixed = number_commitments(rules, dates, commitments, lead=lead)
    target = np.zeros((len(dates), len(rules.shifts)), dtype=np.int64)
    target[lead:] = np.array(wanted, dtype=np.int64).reshape(len(spread.dates), -1)
    for day in range(lead, len(dates)):
        for shift in range(len(rules.shifts)):
            # A fixed duty stands even where the hours ask for fewer units.
            target[day, shift] = max(
                target[day, shift], sum(duty.day == day and duty.shift == shift for duty in fixed)
            )
    return DutyTask(rules, dates, target, frozenset(forbidden), frozenset(fixed), lead)


def _solve(task: DutyTask, seed: int, time_limit: float, *, allow_gaps: bool) -> tuple[DutyAnswer, str]:
    quick = None
    for attempt in range(_TRIES):
        found = quick_roster(task, _TRIES * seed + attempt)
        if found is not None and unevenness(found[:, task.lead :], *task.fair_range()) == 0:
            # Nothing can be more even than even: 0 is a bound without any programme.
            return DutyAnswer(Status.OPTIMAL, found, 0.0, 0.0), ASSIGNMENT
        quick = found if found is not None else quick
    answer = solve_fair(task, time_limit=time_limit, start=quick)
    if answer.status is Status.INFEASIBLE:
        if not allow_gaps:
            raise explain(task, time_limit=time_limit)
        gaps = solve_relaxed(task, time_limit=time_limit, only_gaps=True)
        _require(gaps, time_limit)
        return gaps, FEWEST_GAPS
    _require(answer, time_limit)
    return answer, PROGRAMME


def _require(answer: DutyAnswer, time_limit: float) -> None:
    if answer.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
        raise SolverError(
            f"No roster was found in {time_limit:g} s ({answer.status}); give it longer, or plan for fewer zones or units."
        )


def _certificate(
    task: DutyTask, answer: DutyAnswer, objective: float, phase: str, seconds: float, allow_gaps: bool
) -> Certificate:
    broken = breaches(
        task.rules, task.dates, answer.works, set(task.forbidden), set(task.fixed), lead=task.lead
    )
    held = answer.works[:, task.lead :].sum(axis=0)
    short = int(np.maximum(task.target[task.lead :] - held, 0).sum())
    if broken or (short and not allow_gaps):
        raise SolverError(
            f"The roster fails its check ({(broken or [f'{short} duties open'])[0]}): a fault of the program, please report it."
        )
    # The bound of the evenness holds for the programme that was solved; with gaps that was another one.
    gaps = phase == FEWEST_GAPS
    objective = float(short) if gaps else objective
    proved = float(np.ceil(answer.bound - 1e-6)) if np.isfinite(answer.bound) else 0.0
    bound = min(max(proved, 0.0), objective) + 0.0  # never -0
    name = "assignment (Hungarian method)" if phase == ASSIGNMENT else solver_name()
    return Certificate(
        status=answer.status,
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        solver=name,
        seconds=seconds,
        phases=(phase,),
        violation=float(len(broken)),
        objective_is=_OBJECTIVE_IS[phase],
    )


def _owners(
    task: DutyTask,
    works: Bools,
    pieces: Sequence[Sequence[Piece]],
    ground: Ground,
    homes: Mapping[str, str],
    seed: int,
) -> tuple[tuple[int, ...], ...]:
    """Who takes which walk: nearest to home where homes are known, else by chance."""
    places = {zone: place for place, zone in enumerate(ground.zone_ids)}
    home = np.full(len(task.rules.units), -1)
    for unit, zone in homes.items():
        if unit not in task.rules.units or zone not in places:
            raise InputError(
                f"Home zone {zone!r} of unit {unit!r}: both must be in the roster; check their spelling."
            )
        home[task.rules.units.index(unit)] = places[zone]
    chance = np.random.default_rng([seed, 11])
    found = []
    for c, cell in enumerate(pieces):
        day, shift = task.lead + c // len(task.rules.shifts), c % len(task.rules.shifts)
        units = chance.permutation(np.flatnonzero(works[:, day, shift]))
        found.append(_deal(units, cell, ground, home))
    return tuple(found)


def _deal(
    units: NDArray[np.intp], cell: Sequence[Piece], ground: Ground, home: NDArray[np.int_]
) -> tuple[int, ...]:
    owners = np.full(len(cell), -1)
    if len(cell) and len(units):
        cost = np.zeros((len(cell), len(units)))
        for i, piece in enumerate(cell):
            middle = ground.points[piece.zones].mean(axis=0)
            known = home[units] >= 0
            away = np.hypot(*(ground.points[np.maximum(home[units], 0)] - middle).T)
            cost[i] = np.where(known, away, 0.0)
        row, column = linear_sum_assignment(cost)
        owners[row] = units[column]
    return tuple(int(owner) for owner in owners)


def _keep_owners(roster: Roster, task: DutyTask, works: Bools) -> tuple[tuple[int, ...], ...]:
    """Who still works keeps the walk; the walks of the others go to those who came in."""
    found = []
    for c, owners in enumerate(roster.owners):
        day, shift = task.lead + c // len(task.rules.shifts), c % len(task.rules.shifts)
        now = set(np.flatnonzero(works[:, day, shift]).tolist())
        spare = sorted(now - set(owners))
        found.append(tuple(o if o in now else (spare.pop(0) if spare else -1) for o in owners))
    return tuple(found)


def _without(task: DutyTask, gaps: DutyAnswer) -> Ints:
    target = task.target.copy()
    for kind, _, day, shift, amount in gaps.broken:
        if kind == "cover":
            target[day, shift] -= amount
    return target


def _moved(works: Bools, lead: int, new_lead: int, dates: int) -> Bools:
    """The roster on dates with another number of dates before the period."""
    moved: Bools = np.zeros((works.shape[0], dates, works.shape[2]), dtype=bool)
    moved[:, new_lead:] = works[:, lead:]
    return moved


def _change_words(rules: RosterRules, task: DutyTask, old: Bools, new: Bools) -> tuple[str, ...]:
    words = []
    for unit, day, shift in np.argwhere(old != new):
        if day >= task.lead:
            verb = "takes" if new[unit, day, shift] else "drops"
            words.append(
                (
                    day,
                    f"{rules.units[unit]} {verb} {rules.shifts[shift].name} on {task.dates[day].isoformat()}",
                )
            )
    return tuple(text for _, text in sorted(words))


__all__ = [
    "NOBODY",
    "Commitment",
    "Duty",
    "Roster",
    "RosterRules",
    "duties_wanted",
    "make_roster",
    "replan",
    "take_duties",
]
