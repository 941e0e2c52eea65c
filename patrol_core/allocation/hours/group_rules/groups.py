"""Floors, caps and parity for hours: zone rules become bounds, group rules become linear rows.

Parity is on hours per head: for every group g in every month, ``(sum of X over g) / n_g`` lies within
``(1 - d, 1 + d)`` times ``(sum of all X) / (sum of all n)``. Residual parity is refused: the residual
``r (1 - a ln(1 + X))`` is convex in X, so "at most" against a share of a sum of such terms is a difference of
convex functions; the feasible set is not convex and no optimum found on it could carry a proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from patrol_core.allocation.hours.problem import HoursProblem, budget_rows
from patrol_core.allocation.hours.rules import number
from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import (
    Cap,
    Constraint,
    CoverageParity,
    Floor,
    MaxMin,
    MaxMinShare,
    MeanDifference,
    ResidualParity,
)

Groups = Mapping[str, Sequence[str]]
Population = Mapping[str, float] | pd.Series

_NO_RESIDUAL_PARITY = (
    "Residual parity cannot be asked of an hours plan: remaining risk is curved in the hours, so the rule "
    "would leave no "
    "convex problem and no proof of the best plan; use parity of hours per head, or a floor in hours."
)


@dataclass(frozen=True, slots=True)
class HoursFloor:
    """At least this many hours in every month: of one zone, of a group's sum, or (neither) of every zone."""

    at_least: float
    zone: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        number("A floor's at_least (hours)", self.at_least, least=0.0)


@dataclass(frozen=True, slots=True)
class HoursCap:
    """At most this many hours in every month: of one zone, of a group's sum, or (neither) of every zone.

    A cap of 0 on a zone takes it out of the patrols: its least hours are waived.
    """

    at_most: float
    zone: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        number("A cap's at_most (hours)", self.at_most, least=0.0)


HoursConstraint = HoursFloor | HoursCap | Constraint


@dataclass(frozen=True, eq=False)
class GroupRule:
    """One linear rule on a group of rows of one month.

    Attributes
    ----------
    name
        The rule in words, for messages.
    month
        Month number.
    rows
        Rows of the group's zones in that month.
    least, most
        Limits on the group's summed hours; ``-inf`` and ``inf`` for none.
    within
        Parity tolerance d, or None for a floor or cap.
    share
        The group's share of the month's population (parity only).
    group
        Name of the group.
    """

    name: str
    month: int
    rows: Indices
    least: float = -np.inf
    most: float = np.inf
    within: float | None = None
    share: float = 0.0
    group: str = ""


def apply_constraints(
    problem: HoursProblem,
    constraints: Sequence[HoursConstraint],
    *,
    groups: Groups | None = None,
    population: Population | None = None,
) -> tuple[HoursProblem, tuple[GroupRule, ...]]:
    """Tighten bounds by zone rules and list the group rules.

    Of the games' rules this takes CoverageParity (read as parity of hours per head), MaxMinShare (of hours per
    head: floors of the groups, :mod:`~patrol_core.allocation.hours.group_rules.max_min`), Floor and Cap on a
    group (read as hours) and a Cap of 0 on a zone; a zone's Floor or Cap in coverage (0 to 1) has no meaning
    in hours.

    Raises
    ------
    InputError
        Unknown zone or group, group without residents, missing population, or a rule that hours cannot hold
        (residual harm, mean difference, lexicographic max-min): with the reason.
    InfeasibleError
        A zone's floor above its cap or its most hours, or its cap below its least hours.
    """
    groups = groups or {}
    rows_of = _rows_by_zone(problem)
    lower, upper = problem.lower.copy(), problem.upper.copy()
    rules: list[GroupRule] = []
    shares: list[MaxMinShare] = []
    for rule in constraints:
        if isinstance(rule, CoverageParity):
            rules += _parity_rules(problem, rule.within, groups, population, rows_of)
        elif (
            isinstance(rule, ResidualParity | MeanDifference | MaxMin)
            or getattr(rule, "of", "") == "residual"
        ):
            raise InputError(_refusal(rule))
        elif isinstance(rule, MaxMinShare):
            shares.append(rule)
        elif rule.group is not None:
            rules += _limit_rules(problem, rule, _members(groups, rule.group, rows_of))
        else:
            _tighten(rule, _zone_rows(rows_of, rule.zone, len(lower)), lower, upper)
    _refuse_crossed(problem, lower, upper)
    problem = replace(problem, lower=lower, upper=upper)
    if shares:
        from patrol_core.allocation.hours.group_rules.max_min import share_floors

        parts = _group_parts(problem, groups, population, rows_of)
        rules += [floor for rule in shares for floor in share_floors(problem, rules, rule.share, parts)]
    return problem, tuple(rules)


def _refusal(rule: object) -> str:
    """Why an hours plan cannot hold this rule, and what it can hold instead."""
    if isinstance(rule, MeanDifference) and rule.of == "coverage":
        return (
            "A mean difference cannot be asked of an hours plan: its rules are intervals of each group's hours, which "
            "rounding to whole units can keep, and this one ties all groups together; parity of hours per head within d "
            "keeps the mean difference of groups that part the zones at most d."
        )
    if isinstance(rule, MaxMin) and rule.of == "coverage":
        return "Lexicographic max-min cannot be asked of an hours plan; ask for a max-min share (1 for the best)."
    return _NO_RESIDUAL_PARITY


def _tighten(rule: HoursFloor | HoursCap | Floor | Cap, rows: Indices, lower: Floats, upper: Floats) -> None:
    """Move the bounds of ``rows`` in place."""
    level = rule.at_least if isinstance(rule, HoursFloor | Floor) else rule.at_most
    if isinstance(rule, Floor | Cap) and (isinstance(rule, Floor) or level > 0):
        raise InputError(
            f"The rule '{rule.name}' is in coverage (0 to 1); an hours plan needs hours in the month: use "
            "HoursFloor or HoursCap."
        )
    if isinstance(rule, HoursFloor | Floor):
        lower[rows] = np.maximum(lower[rows], level)
    else:
        upper[rows] = np.minimum(upper[rows], level)
        if level == 0.0:
            lower[rows] = 0.0


def rule_rows(
    problem: HoursProblem, rules: Sequence[GroupRule], rows: Indices
) -> tuple[sparse.csc_array, Floats, Floats]:
    """Finite budgets and group rules over one month's rows as ``least <= matrix @ hours <= most``."""
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
            add(inside - (1.0 - rule.within) * rule.share, 0.0, np.inf)
            add(inside - (1.0 + rule.within) * rule.share, -np.inf, 0.0)
    own = np.array(lines).reshape(len(lines), len(rows))
    matrix = sparse.vstack([budgets, sparse.csr_array(own)], format="csc")
    return matrix, np.concatenate(least), np.concatenate(most)


def rule_slack(rule: GroupRule, hours: Floats, month_rows: Indices) -> float:
    """Hours by which the group is inside its rule (negative: outside)."""
    used = float(hours[rule.rows].sum())
    if rule.within is None:
        return min(used - rule.least, rule.most - used)
    target = rule.share * float(hours[month_rows].sum())
    return rule.within * target - abs(used - target)


def _rows_by_zone(problem: HoursProblem) -> dict[str, Indices]:
    positions = pd.Series(np.arange(len(problem.zone_ids)))
    found = positions.groupby(pd.Series(problem.zone_ids), sort=False).indices
    return {str(zone): np.asarray(rows, dtype=np.intp) for zone, rows in found.items()}


def _zone_rows(rows_of: dict[str, Indices], zone: str | None, rows: int) -> Indices:
    if zone is None:
        return np.arange(rows)
    if zone not in rows_of:
        raise InputError(f"A rule names zone {zone!r}, which has no row in the demand; check its spelling.")
    return rows_of[zone]


def _members(groups: Groups, group: str, rows_of: dict[str, Indices]) -> Indices:
    if group not in groups:
        known = ", ".join(list(groups)[:5]) or "none were given"
        raise InputError(f"A rule names group {group!r}, which is not among the groups ({known}).")
    unknown = [zone for zone in groups[group] if zone not in rows_of]
    if unknown:
        raise InputError(f"Group {group!r} holds zone {unknown[0]!r}, which has no row in the demand.")
    if not len(groups[group]):
        raise InputError(f"Group {group!r} has no zones; leave it out.")
    return np.unique(np.concatenate([rows_of[zone] for zone in groups[group]]))


def _limit_rules(
    problem: HoursProblem, rule: HoursFloor | HoursCap | Floor | Cap, rows: Indices
) -> list[GroupRule]:
    made = []
    for month, label in enumerate(problem.months):
        inside = rows[problem.month[rows] == month]
        if not len(inside):
            continue
        if isinstance(rule, HoursFloor | Floor):
            name = f"floor of {rule.at_least:g} h for group {rule.group} in {label}"
            made.append(GroupRule(name, month, inside, least=float(rule.at_least), group=str(rule.group)))
        else:
            name = f"cap of {rule.at_most:g} h for group {rule.group} in {label}"
            made.append(GroupRule(name, month, inside, most=float(rule.at_most), group=str(rule.group)))
    return made


def _parity_rules(
    problem: HoursProblem,
    within: float,
    groups: Groups,
    population: Population | None,
    rows_of: dict[str, Indices],
) -> list[GroupRule]:
    parts = _group_parts(problem, groups, population, rows_of)
    heads = _heads(problem, population)
    made = []
    for group, month, inside, people in parts:
        name = f"parity of hours per head within {within:g} for group {group} in {problem.months[month]}"
        share = float(people / heads[problem.month == month].sum())
        made.append(GroupRule(name, month, inside, within=float(within), share=share, group=group))
    return made


def _group_parts(
    problem: HoursProblem, groups: Groups, population: Population | None, rows_of: dict[str, Indices]
) -> list[tuple[str, int, Indices, float]]:
    """(name, month, rows, people) of every group in every month it has zones in."""
    if not groups:
        raise InputError("Parity of hours needs groups; none were given.")
    heads = _heads(problem, population)
    parts = []
    for group in groups:
        rows = _members(groups, group, rows_of)
        for month, label in enumerate(problem.months):
            inside = rows[problem.month[rows] == month]
            if not len(inside):
                continue
            people = float(heads[inside].sum())
            if people <= 0:
                raise InputError(
                    f"Group {group!r} has no residents in {label}, so hours per head mean nothing; leave it "
                    "out."
                )
            parts.append((group, month, inside, people))
    return parts


def _heads(problem: HoursProblem, population: Population | None) -> Floats:
    if population is None:
        raise InputError("Parity of hours per head needs the population of every zone; none was given.")
    people = pd.Series(population, dtype=float)
    heads: Floats = np.asarray(people.reindex(pd.Index(problem.zone_ids)), dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(heads) & (heads >= 0)))
    if len(bad):
        zone = problem.zone_ids[bad[0]]
        raise InputError(
            f"Zone {zone} has no usable population (missing or negative); parity of hours per head needs it."
        )
    return heads


def _refuse_crossed(problem: HoursProblem, lower: Floats, upper: Floats) -> None:
    crossed = np.flatnonzero(lower > upper + 1e-9)
    if not len(crossed):
        return
    row = int(crossed[np.argmax((lower - upper)[crossed])])
    raise InfeasibleError(
        f"{problem.name(row)}: its least hours ({lower[row]:g}) exceed its most ({upper[row]:g}) by "
        f"{lower[row] - upper[row]:g} h; lower the floor or the minimum per day, or raise the cap "
        f"({len(crossed)} such rows).",
        rule="floor",
        shortfall=float(lower[row] - upper[row]),
        remedy=float(upper[row]),
    )
