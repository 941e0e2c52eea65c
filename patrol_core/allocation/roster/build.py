"""Which unit is where and when: from visits by shift to named units over a month.

Three steps, each with its own proof or its own plain word that there is none:

1. the units every shift needs: the fewest whose walks fit the shift (:mod:`~patrol_core.allocation.roster.tours`, a
   heuristic: measured, not proved least);
2. who works which shift: an integer programme under rest, rows of dates, availability and fixed duties
   (:mod:`~patrol_core.allocation.roster.shift_assignment.program`), proved, and re-checked outside it
   (:mod:`~patrol_core.allocation.roster.shift_assignment.check`);
3. which of a shift's walks each of its units takes: by chance, or, where units have a home zone, the assignment with
   the least distance from home (exact).
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from patrol_core.allocation.roster.rules import Commitment, RosterRules, number_commitments
from patrol_core.allocation.roster.shift_assignment.check import breaches, unevenness
from patrol_core.allocation.roster.shift_assignment.explain import explain
from patrol_core.allocation.roster.shift_assignment.program import (
    AssignmentAnswer,
    AssignmentTask,
    solve_fair,
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

    Attributes:
        rules, spread: What it was made from.
        task: Dates (with ``task.lead`` dates before the period), units wanted, forbidden and fixed duties.
        works: (units, dates of the task, shifts): which unit has which duty.
        pieces: For every shift of the spread its walks.
        owners: For every shift the unit's number of each walk; -1 for nobody.
        ground: Zones and their places.
        certificate: ``objective``: duties outside the units' fair ranges, or changes where it was re-planned;
            ``violation``: rules broken, counted outside the model.
        changes: Duties dropped and added against the roster it was re-planned from.
        notes: Sentences a reader must not miss.
    """

    rules: RosterRules
    spread: Spread
    task: AssignmentTask
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

    Args:
        spread, rules: Visits of every zone in every shift, and the units; both of the same kinds of shift.
        points: Zone to a point in it, metres.
        commitments: Absences and fixed duties; fixed duties before the period count for rest and rows.
        homes: Unit to the zone it starts from, where known.
        allow_gaps: Leave duties open where the rules cannot all be met, instead of refusing.
        seed: Seed of walks, times and who takes which walk.
        time_limit: Seconds for each programme.

    Raises:
        InputError: Zones without a place, unknown units, shifts or homes.
        InfeasibleError: If not every shift can be manned: which unit, which date, which rule, and the least
            that would work.
    """
    started = time.perf_counter()
    if spread.shifts != rules.shifts:
        raise InputError("The visits were spread over other shifts than the rules have; use the same shifts.")
    ground = ground_of(spread, points)
    pieces = walks_of(spread, ground, rules, seed)
    task = task_of(spread, rules, [len(cell) for cell in pieces], commitments)
    answer, phase = _solve(task, seed, time_limit, allow_gaps=allow_gaps)
    owners = _owners(task, answer.works, pieces, ground, homes or {}, seed)
    least, most = task.fair_range()
    objective = float(unevenness(answer.works[:, task.lead :], least, most))
    certificate = certificate_of(task, answer, objective, phase, time.perf_counter() - started, allow_gaps)
    made = Roster(rules, spread, task, answer.works, pieces, owners, ground, certificate)
    return replace(made, notes=notes_on(made, commitments))


def duties_wanted(
    spread: Spread, rules: RosterRules, points: Mapping[str, tuple[float, float]], *, seed: int = 1
) -> Ints:
    """(dates, shifts) units that every shift takes; ``spread``, ``rules``, ``points`` and ``seed`` as in :func:`make_roster`."""
    pieces = walks_of(spread, ground_of(spread, points), rules, seed)
    return np.array([len(cell) for cell in pieces], dtype=np.int64).reshape(len(spread.dates), -1)


def ground_of(spread: Spread, points: Mapping[str, tuple[float, float]]) -> Ground:
    """The zones of a spread at their points, with a round trip."""
    missing = next((zone for zone in spread.zone_ids if zone not in points), None)
    if missing is not None:
        raise InputError(f"Zone {missing} has hours but no place; give a point for every zone.")
    return make_ground({zone: points[zone] for zone in spread.zone_ids})


def walks_of(spread: Spread, ground: Ground, rules: RosterRules, seed: int) -> tuple[tuple[Piece, ...], ...]:
    """Walks of every shift of a ``spread`` on its ``ground``, as few as fit; what never fits the ``rules`` has an ``overrun``.

    ``seed`` draws walks and times.
    """
    chance = np.random.default_rng([seed, 7])
    most = rules.available or (len(rules.units),) * len(rules.shifts)
    made: list[tuple[Piece, ...]] = []
    for c in range(spread.visits.shape[1]):
        _, shift = spread.cell(c)
        visits = spread.visits[:, c]
        total = int(visits.sum())
        if not total:
            made.append(())
            continue
        limit = most[c % len(rules.shifts)]
        pieces = -(-total // rules.visits_per_duty(shift, spread.visit_minutes, 0.0))
        while True:
            cut = shift_pieces(ground, visits, pieces, shift, spread.visit_minutes, rules, chance)
            late = sum(piece.overrun > 0.0 for piece in cut)
            if not late or pieces >= min(total, max(limit, 1)):
                break
            pieces += 1
        made.append(tuple(cut))
    return tuple(made)


def notes_on(roster: Roster, commitments: Sequence[Commitment]) -> tuple[str, ...]:
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


def task_of(
    spread: Spread, rules: RosterRules, wanted: Sequence[int], commitments: Sequence[Commitment]
) -> AssignmentTask:
    """The task of a ``spread`` by ``rules`` with the ``wanted`` units of every shift and ``commitments``.

    It begins on the earliest date before the period whose duties still count.
    """
    first = spread.dates[0]
    reach = max(rules.most_in_a_row, 3)
    past = [(first - given.date).days for given in commitments if given.kind == "duty" and given.date < first]
    lead = max((days for days in past if days <= reach), default=0)
    before = tuple(first - dt.timedelta(days=days) for days in range(lead, 0, -1))
    dates = (*before, *spread.dates)
    forbidden, fixed = number_commitments(rules, dates, commitments, lead=lead)
    target = np.zeros((len(dates), len(rules.shifts)), dtype=np.int64)
    held = np.zeros_like(target)
    for duty in fixed:
        held[duty.day, duty.shift] += 1
    # A fixed duty stands even where the hours ask for fewer units.
    target[lead:] = np.maximum(np.reshape(wanted, (len(spread.dates), -1)), held[lead:])
    return AssignmentTask(rules, dates, target, frozenset(forbidden), frozenset(fixed), lead)


def _solve(
    task: AssignmentTask, seed: int, time_limit: float, *, allow_gaps: bool
) -> tuple[AssignmentAnswer, str]:
    quick = None
    for attempt in range(_TRIES):
        found = quick_roster(task, _TRIES * seed + attempt)
        if found is not None and unevenness(found[:, task.lead :], *task.fair_range()) == 0:
            # Nothing can be more even than even: 0 is a bound without any programme.
            return AssignmentAnswer(Status.OPTIMAL, found, 0.0, 0.0), ASSIGNMENT
        quick = found if found is not None else quick
    answer = solve_fair(task, time_limit=time_limit, start=quick)
    if answer.status is Status.INFEASIBLE:
        if not allow_gaps:
            raise explain(task, time_limit=time_limit)
        gaps = solve_relaxed(task, time_limit=time_limit, only_gaps=True)
        require_plan(gaps, time_limit)
        return gaps, FEWEST_GAPS
    require_plan(answer, time_limit)
    return answer, PROGRAMME


def require_plan(answer: AssignmentAnswer, time_limit: float) -> None:
    """Refuse an answer without a roster."""
    if answer.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
        raise SolverError(
            f"No roster was found in {time_limit:g} s ({answer.status}); give it longer, or plan for fewer zones or units."
        )


def certificate_of(
    task: AssignmentTask,
    answer: AssignmentAnswer,
    objective: float,
    phase: str,
    seconds: float,
    allow_gaps: bool,
) -> Certificate:
    """The certificate of an ``answer``, checked against its ``task`` outside the model.

    ``objective`` is that of the ``phase`` which found it after so many ``seconds``; open duties pass only with ``allow_gaps``.
    """
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
    task: AssignmentTask,
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
        units = chance.permutation(np.flatnonzero(works[(slice(None), *task.cell(c))]))
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
