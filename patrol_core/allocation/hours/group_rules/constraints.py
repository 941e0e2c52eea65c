"""Floors, caps and fairness rules for hours: zone rules become bounds, group rules become linear rows.

A rule says itself what it asks of hours (:meth:`~patrol_core.games.rules.rule.Rule.hours_form`): limits in hours, a band
around a share of the month's hours (parity of hours per head: ``(sum of X over g) / n_g`` within ``(1 - d, 1 + d)`` times
``(sum of all X) / (sum of all n)``; proportionality: the same with demand in place of people), or a share of the best least
hours per head. Rules on residual harm are refused: the residual ``r (1 - a ln(1 + X))`` is convex in X, so "at most"
against a share of a sum of such terms is a difference of convex functions; the feasible set is not convex and no optimum
found on it could carry a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patrol_core.allocation.hours.group_rules.groups import GroupRule, Groups, Population
from patrol_core.allocation.hours.group_rules.max_min import share_floors
from patrol_core.allocation.hours.problem import HoursProblem
from patrol_core.allocation.hours.rules import number
from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InfeasibleError, InputError
from patrol_core.games.rules import HoursForm, Rule


@dataclass(frozen=True, slots=True)
class HoursFloor:
    """At least this many hours in every month: of one zone, of a group's sum, or (neither) of every zone."""

    at_least: float
    zone: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        number("A floor's at_least (hours)", self.at_least, least=0.0)

    def hours_form(self) -> HoursForm:
        """At least."""
        return HoursForm(f"floor of {self.at_least:g} h", self.zone, self.group, least=float(self.at_least))


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

    def hours_form(self) -> HoursForm:
        """At most."""
        return HoursForm(f"cap of {self.at_most:g} h", self.zone, self.group, most=float(self.at_most))


HoursConstraint = HoursFloor | HoursCap | Rule


def apply_constraints(
    problem: HoursProblem,
    constraints: Sequence[HoursConstraint],
    *,
    groups: Groups | None = None,
    population: Population | None = None,
) -> tuple[HoursProblem, tuple[GroupRule, ...]]:
    """Tighten bounds by zone rules and list the group rules.

    Args:
        problem: Bounds, budgets and demand.
        constraints: Floors and caps in hours, and rules of games that hours can hold; a game's floor or cap of
            a group is read as hours, one of a zone in coverage (0 to 1) has no meaning in hours but for a cap
            of 0.
        groups, population: Zone labels by group and residents by zone, where rules need them.

    Raises:
        InputError: Unknown zone or group, group without residents, missing population, or a rule that hours
            cannot hold (residual harm, mean difference, lexicographic max-min): with the reason.
        InfeasibleError: A zone's floor above its cap or its most hours, or its cap below its least hours.
    """
    groups = groups or {}
    rows_of = _rows_by_zone(problem)
    lower, upper = problem.lower.copy(), problem.upper.copy()
    rules: list[GroupRule] = []
    of_best: list[float] = []
    for form in [rule.hours_form() for rule in constraints]:
        if form.share_of:
            rules += _share_rules(problem, form, groups, population, rows_of)
        elif form.of_best is not None:
            of_best.append(form.of_best)
        elif form.group is not None:
            rules += _limit_rules(problem, form, _members(groups, form.group, rows_of))
        else:
            _tighten(form, _zone_rows(rows_of, form.zone, len(lower)), lower, upper)
    _refuse_crossed(problem, lower, upper)
    problem = replace(problem, lower=lower, upper=upper)
    if of_best:
        parts = _group_parts(problem, groups, _heads(problem, groups, population), rows_of)
        rules += [floor for share in of_best for floor in share_floors(problem, rules, share, parts)]
    return problem, tuple(rules)


def _tighten(form: HoursForm, rows: Indices, lower: Floats, upper: Floats) -> None:
    """Move the bounds of ``rows`` in place."""
    lower[rows] = np.maximum(lower[rows], form.least)
    upper[rows] = np.minimum(upper[rows], form.most)
    if form.most == 0.0:
        lower[rows] = 0.0


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


def _limit_rules(problem: HoursProblem, form: HoursForm, rows: Indices) -> list[GroupRule]:
    made = []
    for month, label in enumerate(problem.months):
        inside = rows[problem.month[rows] == month]
        if len(inside):
            name = f"{form.words} for group {form.group} in {label}"
            made.append(GroupRule(name, month, inside, form.least, form.most, group=str(form.group)))
    return made


def _share_rules(
    problem: HoursProblem,
    form: HoursForm,
    groups: Groups,
    population: Population | None,
    rows_of: dict[str, Indices],
) -> list[GroupRule]:
    """Shares of people or demand, group by group and month by month; a month without demand asks for nothing."""
    people = form.share_of == "people"
    sizes = _heads(problem, groups, population) if people else problem.risk
    made = []
    for group, month, inside, size in _group_parts(problem, groups, sizes, rows_of, people=people):
        whole = float(sizes[problem.month == month].sum())
        if not whole > 0:
            continue
        name = f"{form.words} for group {group} in {problem.months[month]}"
        made.append(
            GroupRule(
                name,
                month,
                inside,
                within=float(form.within),
                share=size / whole,
                centre=form.centre,
                group=group,
                source=form.rule,
            )
        )
    return made


def _group_parts(
    problem: HoursProblem,
    groups: Groups,
    sizes: Floats,
    rows_of: dict[str, Indices],
    *,
    people: bool = True,
) -> list[tuple[str, int, Indices, float]]:
    """(name, month, rows, people or demand) of every group in every month it has zones in."""
    if not groups:
        raise InputError("Hours in proportion to demand need groups; none were given.")
    parts = []
    for group in groups:
        rows = _members(groups, group, rows_of)
        for month, label in enumerate(problem.months):
            inside = rows[problem.month[rows] == month]
            if not len(inside):
                continue
            size = float(sizes[inside].sum())
            if people and size <= 0:
                raise InputError(
                    f"Group {group!r} has no residents in {label}, so hours per head mean nothing; leave it "
                    "out."
                )
            parts.append((group, month, inside, size))
    return parts


def _heads(problem: HoursProblem, groups: Groups, population: Population | None) -> Floats:
    if not groups:
        raise InputError("Parity of hours needs groups; none were given.")
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
