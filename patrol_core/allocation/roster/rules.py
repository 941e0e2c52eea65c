"""Rules of work and commitments of patrol units: the nouns of a roster, checked once, and what clashes by itself."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from patrol_core.allocation.hours import number
from patrol_core.allocation.roster.profile import EARLY_LATE_NIGHT, ShiftType
from patrol_core.errors import InfeasibleError, InputError

MOST_UNITS = 10_000
"""Most units of a roster."""
Kind = Literal["unavailable", "duty"]


@dataclass(frozen=True)
class Commitment:
    """Something fixed for one unit on one date.

    Attributes:
        unit: Name of the unit.
        date: The date; a shift belongs to the date on which it starts.
        kind: ``unavailable``: no duty may start then. ``duty``: it works then, whatever else is planned.
        shift: Which shift; empty with ``unavailable`` means the whole date.
    """

    unit: str
    date: dt.date
    kind: Kind = "unavailable"
    shift: str = ""


@dataclass(frozen=True)
class RosterRules:
    """Units and their rules of work.

    Attributes:
        units: Names of the units; a unit is one patrol of ``officers`` officers.
        shifts: Kinds of shift.
        officers: Officers in a unit; officer-hours are unit-hours times this.
        rest_hours: Least hours between the end of a duty and the start of the next.
        most_in_a_row: Most dates in a row with a duty.
        most_duties: Most duties of a unit in the period, or None.
        available: Most units on duty at once by kind of shift, in the order of ``shifts``; None for all units.
        overhead_hours: Hours of a shift without patrol: briefing, breaks, reports.
        speed_kmh: Speed between zones.
        detour: Road distance over straight distance.

    Raises:
        InputError: Naming the rule, its value and what is accepted.
    """

    units: tuple[str, ...]
    shifts: tuple[ShiftType, ...] = EARLY_LATE_NIGHT
    officers: int = 2
    rest_hours: float = 11.0
    most_in_a_row: int = 6
    most_duties: int | None = None
    available: tuple[int, ...] | None = None
    overhead_hours: float = 1.5
    speed_kmh: float = 20.0
    detour: float = 1.3

    def __post_init__(self) -> None:
        if not self.units or any(not name.strip() for name in self.units):
            raise InputError("Name at least one unit, and give every unit a name.")
        if len(set(self.units)) < len(self.units):
            twice = next(name for name in self.units if self.units.count(name) > 1)
            raise InputError(f"Unit {twice!r} is named twice; give every unit its own name.")
        names = [shift.name for shift in self.shifts]
        if not names or len(set(names)) < len(names):
            raise InputError("Give at least one shift, and every shift its own name.")
        number("officers", self.officers, least=1, most=100)
        number("rest_hours", self.rest_hours, least=0.0, most=48.0)
        number("most_in_a_row", self.most_in_a_row, least=1, most=366)
        number("overhead_hours", self.overhead_hours, least=0.0, most=24.0)
        number("speed_kmh", self.speed_kmh, least=0.0, most=300.0, above=True)
        number("detour", self.detour, least=1.0, most=10.0)
        if self.most_duties is not None:
            number("most_duties", self.most_duties, least=0, most=366)
        if self.available is not None:
            if len(self.available) != len(self.shifts) or min(self.available) < 0:
                raise InputError(
                    f"available needs one whole number of 0 or more for each of the {len(self.shifts)} shifts."
                )
            if max(self.available) > len(self.units):
                raise InputError(
                    f"available asks for {max(self.available)} units at once, but there are {len(self.units)}; name more units."
                )

    def visits_per_duty(self, shift: ShiftType, visit_minutes: float, hop_minutes: float) -> int:
        """Visits that fit a ``shift`` when each takes ``visit_minutes`` and one way of ``hop_minutes`` between zones.

        Raises InputError if not even one fits.
        """
        minutes = shift.minutes - 60.0 * self.overhead_hours
        fit = math.floor(minutes / (visit_minutes + hop_minutes) + 1e-9)
        if fit < 1:
            raise InputError(
                f"Shift {shift.name} leaves {minutes:g} min for patrol after {self.overhead_hours:g} h of briefing and breaks; "
                f"a visit takes {visit_minutes:g} min and {hop_minutes:.1f} min on the way. Shorten visits or overhead."
            )
        return fit


def unit_names(count: int) -> tuple[str, ...]:
    """``count`` names, ``Unit 01`` and so on, up to :data:`MOST_UNITS`."""
    if count > MOST_UNITS:
        raise InputError(f"{count:,} units were asked for; give at most {MOST_UNITS:,}.")
    digits = max(2, len(str(count)))
    return tuple(f"Unit {number_:0{digits}d}" for number_ in range(1, count + 1))


@dataclass(frozen=True)
class Duty:
    """A unit on a date in a shift, by number: unit, day and kind of shift in the rules' order."""

    unit: int
    day: int
    shift: int


def number_commitments(
    rules: RosterRules, dates: Sequence[dt.date], commitments: Sequence[Commitment], *, lead: int = 0
) -> tuple[set[Duty], set[Duty]]:
    """``commitments`` as forbidden and fixed duties on ``dates``, by the units and shifts of ``rules``; those of other dates are left out.

    ``lead`` dates lie before the period; their duties count for rest and rows, not for the most duties of the period. Raises InputError for
    a unit or shift that is not there or a duty without a shift, InfeasibleError if the fixed duties of one unit clash with each other or with
    its absences: which unit, which day, which rule.
    """
    units = {name: place for place, name in enumerate(rules.units)}
    shifts = {shift.name: place for place, shift in enumerate(rules.shifts)}
    days = {date: place for place, date in enumerate(dates)}
    forbidden: set[Duty] = set()
    fixed: set[Duty] = set()
    for row, given in enumerate(commitments, 1):
        if given.unit not in units:
            raise InputError(
                f"Commitment {row} names unit {given.unit!r}, which is not in the roster; check its spelling."
            )
        if given.shift and given.shift not in shifts:
            raise InputError(
                f"Commitment {row} of {given.unit} names shift {given.shift!r}; the shifts are {', '.join(shifts)}."
            )
        if given.kind not in ("unavailable", "duty"):
            raise InputError(
                f"Commitment {row} of {given.unit} is {given.kind!r}; write unavailable or duty."
            )
        if given.kind == "duty" and not given.shift:
            raise InputError(
                f"Commitment {row} fixes a duty of {given.unit} without a shift; name the shift."
            )
        if given.date not in days:
            continue
        chosen = [shifts[given.shift]] if given.shift else list(shifts.values())
        duties = {Duty(units[given.unit], days[given.date], shift) for shift in chosen}
        (forbidden if given.kind == "unavailable" else fixed).update(duties)
    _refuse_clashes(rules, dates, forbidden, fixed, lead)
    return forbidden, fixed


def rest_between(rules: RosterRules, dates: Sequence[dt.date], first: Duty, second: Duty) -> float:
    """Hours from the end of the ``first`` duty to the start of the ``second`` by ``rules`` and ``dates``; below 0 where they overlap."""
    end = rules.shifts[first.shift].ends(dates[first.day])
    start = rules.shifts[second.shift].begins(dates[second.day])
    return (start - end).total_seconds() / 3600.0


def say_duty(rules: RosterRules, dates: Sequence[dt.date], duty: Duty) -> str:
    """A ``duty`` in the words of ``rules`` and ``dates``, for messages: ``Unit 03 on 2025-01-04 (late)``."""
    return f"{rules.units[duty.unit]} on {dates[duty.day].isoformat()} ({rules.shifts[duty.shift].name})"


def _refuse_clashes(
    rules: RosterRules, dates: Sequence[dt.date], forbidden: set[Duty], fixed: set[Duty], lead: int
) -> None:
    both = sorted(forbidden & fixed, key=lambda duty: (duty.day, duty.unit))
    if both:
        raise InfeasibleError(
            f"{say_duty(rules, dates, both[0])} has a fixed duty and is unavailable; remove one of the two.",
            rule="fixed-duty",
        )
    for unit in range(len(rules.units)):
        own = sorted(
            (duty for duty in fixed if duty.unit == unit),
            key=lambda duty: rules.shifts[duty.shift].begins(dates[duty.day]),
        )
        for before, after in itertools.pairwise(own):
            _refuse_pair(rules, dates, before, after)
        _refuse_row(rules, dates, unit, sorted({duty.day for duty in own}))
        inside = sum(duty.day >= lead for duty in own)
        if rules.most_duties is not None and inside > rules.most_duties:
            raise InfeasibleError(
                f"{rules.units[unit]} has {inside} fixed duties, more than the {rules.most_duties} a unit may have; "
                f"allow {inside} or remove some.",
                rule="most-duties",
                remedy=float(inside),
            )


def _refuse_pair(rules: RosterRules, dates: Sequence[dt.date], before: Duty, after: Duty) -> None:
    if before.day == after.day:
        raise InfeasibleError(
            f"{rules.units[before.unit]} has two fixed duties on {dates[before.day].isoformat()}; keep one a date.",
            rule="fixed-duty",
        )
    rest = rest_between(rules, dates, before, after)
    if rest < rules.rest_hours - 1e-9:
        raise InfeasibleError(
            f"The fixed duties {say_duty(rules, dates, before)} and {say_duty(rules, dates, after)} leave {rest:g} h of rest, less "
            f"than {rules.rest_hours:g} h; move one of them or accept {max(rest, 0):g} h.",
            rule="rest",
            shortfall=rules.rest_hours - rest,
            remedy=max(rest, 0.0),
        )


def _refuse_row(rules: RosterRules, dates: Sequence[dt.date], unit: int, days: Sequence[int]) -> None:
    run, start = 0, 0
    for place, day in enumerate(days):
        run, start = (run + 1, start) if place and day == days[place - 1] + 1 else (1, day)
        if run > rules.most_in_a_row:
            raise InfeasibleError(
                f"{rules.units[unit]} has fixed duties on {run} dates in a row from {dates[start].isoformat()}, more than "
                f"{rules.most_in_a_row}; remove one or allow {run}.",
                rule="most-in-a-row",
                remedy=float(run),
            )
