"""Can the rules be met at all? If not: which one fails, where, by how much, and what would work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from patrol_core.allocation.hours.group_rules.groups import GroupRule
from patrol_core.allocation.hours.problem import HoursProblem, budget_rows, say
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import InfeasibleError, SolverError
from patrol_core.solvers import linear_program


def require_budgets(problem: HoursProblem, *, unit: float = 0.0) -> None:
    """Raise unless the least hours fit every ward and city budget.

    Raises:
        InfeasibleError: Names the worst ward (or month), the shortfall in hours, and as ``remedy`` the smallest
            budget that works for every ward (or month).
    """
    note = f" counted in steps of {unit:g} h" if unit else ""
    for kind, pool, budget, places in (
        ("ward", problem.ward, problem.ward_budget, problem.wards),
        ("borough", problem.borough, problem.borough_budget, problem.boroughs),
        ("city", problem.month, problem.city_budget, tuple((month, "") for month in problem.months)),
    ):
        need = pool_sums(problem.lower, pool, len(places))
        failing = need - budget > _tolerance(budget)
        if not failing.any():
            continue
        worst, count = int(np.argmax(np.where(failing, need - budget, -np.inf))), int(failing.sum())
        smallest, (month, name) = float(need[failing].max()), places[worst]
        if kind == "city":
            smallest = float(need.max())
            place = f"City budget in {month}"
            others = f" ({say(smallest, up=True)} h works for every month)" if smallest > need[worst] else ""
        else:
            place = f"{kind.capitalize()} {name} in {month}"
            works = f" ({count} {kind}-months fail; {say(smallest, up=True)} h works for all)"
            others = works if count > 1 else ""
        place += f": the least hours of its {int((pool == worst).sum())} zones"
        raise _short(place, kind, float(need[worst]), float(budget[worst]), smallest, note, others)


def keeps_wards(problem: HoursProblem, rows: Indices, hours: Floats) -> bool:
    """Whether the hours of these rows keep the budget of every ward and borough they lie in.

    Args:
        problem: Bounds, budgets and demand.
    """
    used = pool_sums(hours, problem.ward[rows], len(problem.wards))
    in_borough = pool_sums(hours, problem.borough[rows], len(problem.boroughs))
    return bool(
        np.all(used <= problem.ward_budget + _tolerance(problem.ward_budget))
        and np.all(in_borough <= problem.borough_budget + _tolerance(problem.borough_budget))
    )


def _short(
    place: str, kind: str, need: float, budget: float, smallest: float, note: str, others: str
) -> InfeasibleError:
    return InfeasibleError(
        f"{place} add to {say(need, up=True)} h{note}, {say(need - budget, up=True)} h more than the {kind} "
        f"budget of {say(budget)} h; raise the {kind} budget to {say(need, up=True)} h or lower the minimum "
        f"per day{others}.",
        rule=f"{kind}-budget",
        shortfall=need - budget,
        remedy=smallest,
    )


def explain_rules(problem: HoursProblem, rules: Sequence[GroupRule], month: int) -> InfeasibleError:
    """Why the group rules of one month cannot be met, as an error to raise.

    First the floors and caps alone, each allowed to fail at a cost: the one that fails most is named with its
    shortfall. If they can be met, parity is what fails: the smallest tolerance that works comes from one LP
    in shares of the total hours, in which parity is linear in d.

    Args:
        problem: Bounds, budgets and demand.
    """
    own = [rule for rule in rules if rule.month == month]
    limits = [rule for rule in own if rule.within is None]
    shortfalls = _elastic(problem, limits, month)
    if len(shortfalls) and shortfalls.max() > 1e-6:
        worst = int(np.argmax(shortfalls))
        rule = limits[worst]
        side = "floor" if np.isfinite(rule.least) else "cap"
        sign = -1.0 if side == "floor" else 1.0
        level = (rule.least if side == "floor" else rule.most) + sign * float(shortfalls[worst])
        return InfeasibleError(
            f"The {rule.name} cannot be met: bounds and budgets leave it {shortfalls[worst]:.6g} h short; "
            f"a {side} of {level:.6g} h works.",
            rule=side,
            shortfall=float(shortfalls[worst]),
            remedy=level,
        )
    least = _least_parity(problem, own, month)
    label = problem.months[month]
    if least is None:
        return InfeasibleError(
            f"The group rules of {label} contradict each other; leave one out.", rule="groups"
        )
    return share_error(own, label, least)


def asked_parity(rules: Sequence[GroupRule]) -> float:
    """The tightest tolerance among the rules on shares; 0 if none is set."""
    return min((rule.within for rule in rules if rule.within is not None), default=0.0)


def round_up_tolerance(least: float) -> float:
    """A tolerance to name in a message: the least that works, rounded up to four decimals."""
    return float(np.ceil(least * 1e4 - 1e-6) / 1e4)


def share_error(
    rules: Sequence[GroupRule], label: str, least: float, *, where: str = "", months: int = 1
) -> InfeasibleError:
    """Shares of hours that cannot be met, as an error to raise.

    Args:
        rules: The group rules of the month.
        label: The month in which most tolerance is needed.
        least: The smallest tolerance that works.
        where: What it fails on, as a clause to add, if known.
        months: In how many months it fails.
    """
    rule = min((r for r in rules if r.within is not None), key=lambda r: r.within or 0.0)
    assert rule.source is not None  # a rule on shares comes from one
    works = round_up_tolerance(least)
    others = f" for all {months} months in which it fails" if months > 1 else ""
    return InfeasibleError(
        f"{rule.source.hours_asked()} cannot be met in {label}: the bounds of the zones force a difference of "
        f"{least:.4g}{where}; {rule.source.hours_work(works)}{others}.",
        rule=rule.source.kind,
        shortfall=least - (rule.within or 0.0),
        remedy=works,
        slider=rule.source.slider,
    )


def _tolerance(budget: Floats) -> Floats:
    return 1e-9 * np.maximum(1.0, np.where(np.isfinite(budget), budget, 1.0))


def _membership(rows: Indices, rules: Sequence[GroupRule]) -> Floats:
    return np.array([np.isin(rows, rule.rows).astype(float) for rule in rules]).reshape(len(rules), len(rows))


def _elastic(problem: HoursProblem, limits: Sequence[GroupRule], month: int) -> Floats:
    """Least total shortfall of floors and caps in hours, per rule."""
    if not limits:
        return np.zeros(0)
    rows = np.flatnonzero(problem.month == month)
    budgets, room = budget_rows(problem, rows)
    inside = _membership(rows, limits)
    sign = np.array([-1.0 if np.isfinite(rule.least) else 1.0 for rule in limits])
    right = np.array([-rule.least if np.isfinite(rule.least) else rule.most for rule in limits])
    matrix = sparse.vstack(
        [
            sparse.hstack([budgets, sparse.csr_array((budgets.shape[0], len(limits)))]),
            sparse.hstack([sparse.csr_array(sign[:, None] * inside), -sparse.eye_array(len(limits))]),
        ]
    )
    cost = np.concatenate([np.zeros(len(rows)), np.ones(len(limits))])
    found = linear_program(
        cost,
        matrix,
        np.concatenate([room, right]),
        lower=np.append(problem.lower[rows], np.zeros(len(limits))),
        upper=np.append(problem.upper[rows], np.full(len(limits), np.inf)),
    )
    if found.status is not Status.OPTIMAL:
        raise SolverError(f"The check of floors in {problem.months[month]} ended with: {found.status}")
    return np.asarray(found.columns[len(rows) :], dtype=np.float64)


def _least_parity(problem: HoursProblem, rules: Sequence[GroupRule], month: int) -> float | None:
    """Smallest common d at which the month's parity rules fit its bounds, budgets, floors and caps.

    Variables: shares ``y = X / T`` of the total T, ``s = 1 / T`` and d; every rule is linear in them.
    """
    rows = np.flatnonzero(problem.month == month)
    budgets, room = budget_rows(problem, rows)
    unit, none = sparse.eye_array(len(rows)), np.zeros(len(rows))
    # Blocks of (shares, column of s, column of d) <= right-hand side.
    blocks = [
        (unit, -problem.upper[rows], none),
        (-unit, problem.lower[rows], none),
        (budgets, -room, 0.0 * room),
    ]
    right = [none, none, 0.0 * room]
    for rule, inside in zip(rules, _membership(rows, rules), strict=True):
        line = sparse.csr_array(inside[None, :])
        if rule.within is not None:
            share = np.array([rule.share])
            low, high = rule.centre
            blocks += [(line, np.zeros(1), -share), (-line, np.zeros(1), -share)]
            right += [high * share, -low * share]
        if np.isfinite(rule.least):
            blocks.append((-line, np.array([rule.least]), np.zeros(1)))
            right.append(np.zeros(1))
        if np.isfinite(rule.most):
            blocks.append((line, np.array([-rule.most]), np.zeros(1)))
            right.append(np.zeros(1))
    stacked = [
        sparse.hstack([shares, sparse.csr_array(s[:, None]), sparse.csr_array(d[:, None])])
        for shares, s, d in blocks
    ]
    total = np.concatenate([np.ones(len(rows)), [0.0, 0.0]])
    most = np.concatenate([*right, [1.0]])
    found = linear_program(
        np.concatenate([none, [0.0, 1.0]]),
        sparse.vstack([*stacked, sparse.csr_array(total[None, :])]),
        most,
        least=np.append(np.full(most.size - 1, -np.inf), 1.0),
    )
    return float(found.columns[-1]) if found.status is Status.OPTIMAL else None
