r"""Which unit works which shift: an integer programme (Pyomo, HiGHS) over one period.

Binary y_{uds}: unit u starts shift s on date d. T_ds units are asked for.

.. math:: \min \; \sum_u (o_u + b_u) \quad\text{s.t.}

* ``cover``:  sum_u y_uds = T_ds
* ``rest``:   at every start time t, sum of y_u over duties with ``start <= t < end + rest`` is at most 1. These sets
  are cliques of an interval graph, so for one unit alone the relaxation is whole.
* ``one_a_day``, ``row`` (at most K dates in any K + 1), ``most`` (duties in the period)
* ``fair``:   ``least_u - b_u <= sum y_u <= most_u + o_u``, the unit's fair share of all duties by its available dates

The objective, duties outside their fair range, is at least 0, so 0 is proof. Three uses of the same rows:
a new roster (above); re-planning, which minimises the duties that change from an earlier roster (Hamming distance)
under hard rules; and, where the rules cannot be met, the fewest breaches that make them possible.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patrol_core.allocation.roster.rules import Duty, RosterRules
from patrol_core.arrays import Bools, Ints
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.solvers import LOCK, HighsSession, Outcome, pyo

Key = tuple[int, int, int]
Group = tuple[str, tuple[Key, ...], int]


@dataclass(frozen=True, eq=False)
class AssignmentTask:
    """What is asked: which units, wanted in every shift, with forbidden and fixed duties.

    Attributes:
        target: (dates, shifts) units wanted; rows of ``lead`` dates before the period are not asked for.
        lead: Dates before the period, on which only fixed (that is, past) duties count.
    """

    rules: RosterRules
    dates: tuple[dt.date, ...]
    target: Ints
    forbidden: frozenset[Duty]
    fixed: frozenset[Duty]
    lead: int = 0

    def cell(self, c: int) -> tuple[int, int]:
        """Day and kind of shift number ``c`` of the period."""
        day, shift = divmod(c, len(self.rules.shifts))
        return self.lead + day, shift

    def may(self, unit: int, day: int, shift: int) -> bool:
        """Whether a duty (``unit``, ``day``, ``shift`` by number) is open."""
        duty = Duty(unit, day, shift)
        return duty in self.fixed if day < self.lead else duty not in self.forbidden

    def keys(self, *, forbidden_too: bool = False) -> list[Key]:
        """All duties open to some unit; with ``forbidden_too`` also those it is unavailable for."""
        units, shifts = range(len(self.rules.units)), range(len(self.rules.shifts))
        return [
            (u, d, s)
            for u in units
            for d in range(len(self.dates))
            for s in shifts
            if (self.target[d, s] > 0 or Duty(u, d, s) in self.fixed)
            and (self.may(u, d, s) or (forbidden_too and d >= self.lead))
        ]

    def fair_range(self) -> tuple[Ints, Ints]:
        """Least and most duties of every unit by its share of the available dates."""
        days = range(self.lead, len(self.dates))
        shifts = range(len(self.rules.shifts))
        units = range(len(self.rules.units))
        open_days = np.array([sum(any(self.may(u, d, s) for s in shifts) for d in days) for u in units])
        total = int(self.target[self.lead :].sum())
        share = total * open_days / max(int(open_days.sum()), 1)
        share = np.minimum(share, self.rules.most_duties if self.rules.most_duties is not None else np.inf)
        return np.floor(share + 1e-9).astype(np.int64), np.ceil(share - 1e-9).astype(np.int64)


@dataclass(frozen=True, eq=False)
class AssignmentAnswer:
    """What the programme found.

    Attributes:
        works: (units, dates, shifts); all False without a plan.
        objective, bound: Of the programme that was solved.
        broken: Names of rules broken and by how much, where breaches were allowed: (kind, unit or -1, day,
            shift or -1, amount).
    """

    status: Status
    works: Bools
    objective: float
    bound: float
    broken: tuple[tuple[str, int, int, int, int], ...] = ()


def solve_fair(task: AssignmentTask, *, time_limit: float, start: Bools | None = None) -> AssignmentAnswer:
    """A roster that keeps all rules of a ``task``, duties shared as evenly as they allow.

    It is sought for ``time_limit`` seconds, from the roster ``start`` where there is one.
    """
    least, most = task.fair_range()

    def goal(model: Any, y: Any) -> Any:
        units = range(len(task.rules.units))
        model.over = pyo.Var(units, bounds=(0, None))
        model.below = pyo.Var(units, bounds=(0, None))
        model.fair = pyo.ConstraintList()
        for u in units:
            own = pyo.quicksum(y[key] for key in y if key[0] == u and key[1] >= task.lead)
            model.fair.add(own - model.over[u] <= int(most[u]))
            model.fair.add(own + model.below[u] >= int(least[u]))
        return pyo.quicksum(model.over[u] + model.below[u] for u in units)

    return _solve(task, goal, time_limit=time_limit, start=start)


def solve_nearest(task: AssignmentTask, old: Bools, *, time_limit: float) -> AssignmentAnswer:
    """The roster of a ``task`` with the fewest changes from ``old`` (duties dropped plus added); ``time_limit`` in seconds."""

    def goal(_: Any, y: Any) -> Any:
        inside = [key for key in y if key[1] >= task.lead]  # what is past is no change
        lost = int(old.sum()) - sum(bool(old[key]) for key in inside)
        return lost + pyo.quicksum((1 - y[key]) if old[key] else y[key] for key in inside)

    return _solve(task, goal, time_limit=time_limit, start=None, empty=float(old.sum()))


def solve_relaxed(task: AssignmentTask, *, time_limit: float, only_gaps: bool = False) -> AssignmentAnswer:
    """The fewest breaches with which a roster of a ``task`` is possible; ``time_limit`` in seconds.

    ``only_gaps`` lets nothing give but the number of units on duty.
    """
    return _solve(task, None, time_limit=time_limit, start=None, soft="gaps" if only_gaps else "all")


def conflict_groups(task: AssignmentTask, keys: Sequence[Key]) -> list[Group]:
    """Sets of duties of which a unit may have only so many: (rule, duties, most)."""
    rules, groups = task.rules, []
    own: dict[int, list[Key]] = {}
    for key in keys:
        own.setdefault(key[0], []).append(key)
    begins, until = {}, {}
    for d, date in enumerate(task.dates):
        for s, shift in enumerate(rules.shifts):
            begins[d, s] = shift.begins(date)
            until[d, s] = shift.ends(date) + dt.timedelta(hours=rules.rest_hours)
    for mine in own.values():
        by_day: dict[int, list[Key]] = {}
        for key in mine:
            by_day.setdefault(key[1], []).append(key)
        for key in mine:
            start = begins[key[1:]]
            near = [other for day in range(key[1] - 3, key[1] + 1) for other in by_day.get(day, [])]
            clique = tuple(o for o in near if begins[o[1:]] <= start < until[o[1:]])
            if len(clique) > 1:
                groups.append(("rest", clique, 1))
        groups += [("one-a-day", tuple(keys_), 1) for keys_ in by_day.values() if len(keys_) > 1]
        span = rules.most_in_a_row + 1
        for first in range(len(task.dates) - span + 1):
            window = tuple(key for day in range(first, first + span) for key in by_day.get(day, []))
            if len({key[1] for key in window}) == span:
                groups.append(("row", window, rules.most_in_a_row))
        inside = tuple(key for key in mine if key[1] >= task.lead)
        if rules.most_duties is not None and inside:
            groups.append(("most", inside, rules.most_duties))
    return groups


def _solve(
    task: AssignmentTask,
    goal: Callable[[Any, Any], Any] | None,
    *,
    time_limit: float,
    start: Bools | None,
    soft: str = "",
    empty: float = 0.0,
) -> AssignmentAnswer:
    keys = task.keys(forbidden_too=soft == "all")
    if not soft and _lacks_units(task, keys):
        return AssignmentAnswer(Status.INFEASIBLE, _nobody(task), float("nan"), float("nan"))
    groups = conflict_groups(task, keys)
    # A past duty is a fact; one that no rule ties to the period has no place in the programme.
    tied = {key for _, members, _ in groups for key in members}
    keys = [key for key in keys if key[1] >= task.lead or key in tied]
    if not keys:
        return AssignmentAnswer(Status.OPTIMAL, _nobody(task), empty, empty)
    with LOCK:
        model = pyo.ConcreteModel("duty roster")
        model.y = pyo.Var(keys, domain=pyo.Binary)
        for duty in task.fixed:
            if (key := (duty.unit, duty.day, duty.shift)) in model.y:
                model.y[key].setlb(1)
        slack: dict[tuple[str, int, int, int], Any] = {}
        _cover(model, task, keys, slack if soft else None)
        _conflicts(model, groups, slack if soft == "all" else None)
        slack |= {("unavailable", *key): model.y[key] for key in keys if not task.may(*key)}
        if goal is not None:
            expression = goal(model, model.y)
        else:
            # A hole in a shift costs a hair more than a rule of one unit: the rule is what can be waived.
            hair = 1e-3 if soft == "all" else 0.0
            cost = {key: 1.0 + (hair if key[0] == "cover" else 0.0) for key in slack}
            expression = pyo.quicksum(cost[key] * variable for key, variable in slack.items())
        model.goal = pyo.Objective(expr=expression)
        session = HighsSession(model, time_limit=time_limit, tolerance=1e-7, mip_gap=0.0)
        if start is not None:
            _give_start(session, model, keys, start)
        outcome = session.solve()
        return _read(task, session, model, keys, outcome, slack)


def _nobody(task: AssignmentTask) -> Bools:
    """A roster without any duty but those that are past."""
    works: Bools = np.zeros((len(task.rules.units), len(task.dates), len(task.rules.shifts)), dtype=bool)
    for duty in task.fixed:
        works[duty.unit, duty.day, duty.shift] = duty.day < task.lead
    return works


def _lacks_units(task: AssignmentTask, keys: Sequence[Key]) -> bool:
    """Whether some shift is open to fewer units than it takes."""
    able = np.zeros_like(task.target)
    for _, day, shift in keys:
        able[day, shift] += 1
    return bool(np.any(able[task.lead :] < task.target[task.lead :]))


def _cover(model: Any, task: AssignmentTask, keys: Sequence[Key], slack: dict[Any, Any] | None) -> None:
    by_cell: dict[tuple[int, int], list[Key]] = {}
    for key in keys:
        by_cell.setdefault(key[1:], []).append(key)
    cells = [
        (d, s)
        for d in range(task.lead, len(task.dates))
        for s in range(len(task.rules.shifts))
        if task.target[d, s] > 0 or (d, s) in by_cell
    ]
    if slack is not None:
        model.short = pyo.Var(cells, bounds=(0, None))
        slack |= {("cover", -1, d, s): model.short[d, s] for d, s in cells}

    def row(_: Any, d: int, s: int) -> Any:
        able = pyo.quicksum(model.y[key] for key in by_cell.get((d, s), []))
        if slack is not None:
            able += model.short[d, s]
        return able == int(task.target[d, s])

    model.cover = pyo.Constraint(cells, rule=row)


def _conflicts(model: Any, groups: Sequence[Group], slack: dict[Any, Any] | None) -> None:
    numbers = range(len(groups))
    if slack is None:
        model.conflict = pyo.Constraint(
            numbers, rule=lambda m, g: pyo.quicksum(m.y[key] for key in groups[g][1]) <= groups[g][2]
        )
        return
    # One date is one date: two duties on it are no relaxation that anyone could work.
    model.excess = pyo.Var(numbers, domain=pyo.NonNegativeIntegers)
    for g, (kind, members, _) in enumerate(groups):
        if kind == "one-a-day":
            model.excess[g].setub(0)
            continue
        unit, day, shift = max(members, key=lambda key: key[1:])
        slack[kind, unit, day, 1000 * g + shift] = model.excess[g]
    model.conflict = pyo.Constraint(
        numbers,
        rule=lambda m, g: pyo.quicksum(m.y[key] for key in groups[g][1]) - m.excess[g] <= groups[g][2],
    )


def _give_start(session: HighsSession, model: Any, keys: Sequence[Key], start: Bools) -> None:
    """Hand HiGHS a roster to begin with; it completes the other columns itself."""
    columns = session.columns_of(model.y[key] for key in keys)
    values = np.array([float(start[key]) for key in keys])
    session.start_at(values, columns)


def _read(
    task: AssignmentTask,
    session: HighsSession,
    model: Any,
    keys: Sequence[Key],
    outcome: Outcome,
    slack: dict[tuple[str, int, int, int], Any],
) -> AssignmentAnswer:
    works = _nobody(task)
    if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
        if outcome.status in (Status.FAILED, Status.UNBOUNDED):
            raise SolverError(
                f"The duty roster ended as {outcome.status}; try again with a longer time limit."
            )
        return AssignmentAnswer(outcome.status, works, float("nan"), outcome.bound)
    values = session.values(outcome, [model.y[key] for key in keys])
    for key, value in zip(keys, values, strict=True):
        works[key] = value > 0.5
    broken = []
    for (kind, unit, day, shift), variable in slack.items():
        amount = round(float(session.values(outcome, [variable])[0]))
        if amount:
            broken.append((kind, unit, day, shift % 1000, amount))
    broken.sort(key=lambda found: (found[2], found[0], found[1]))
    return AssignmentAnswer(outcome.status, works, outcome.objective, outcome.bound, tuple(broken))
