"""Choices of the plan: what we have, what a patrol does, whom we plan against, and what must hold."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from patrol_core.scenario.choice import Entries, check_entries, choice, named_numbers
from patrol_core.scenario.data import DataChoices

FairnessRule = Literal[
    "coverage-parity", "residual-parity", "mean-difference", "max-min", "residual-max-min", "proportionality"
]
Offender = Literal["rational", "quantal", "types", "regret", "none"]
Response = Literal["linear", "several", "log"]
ZoneSizes = Literal["equal", "area"]

MOST_UNITS = 100_000
"""Most units that can be planned for."""
MEAN_MONTH = 365.0 / 12.0
"""Days of a month, on average: what turns units at once into hours a month."""


def _levels(value: tuple[str, ...]) -> tuple[str, ...]:
    form = '"group=level" with a level of 0 or more and no | in it'
    for entry in value:
        if "|" in entry.rpartition("=")[0]:
            raise ValueError(f"write each as {form}, not {entry!r}")
    return check_entries(value, most=1e6, form=form, twice="a group is named twice; give it one level")


Levels = Annotated[Entries, AfterValidator(_levels)]

row = partial(choice, part="game")


class GameChoices(DataChoices):
    """The parts ``data`` and ``game`` of a scenario."""

    budget: float = row(
        12.0, "budget", "--units", "Units on patrol at once", unit="units", step=0.5, ge=0, le=MOST_UNITS
    )
    """Units out at once, on average over the hours on patrol. Follows from hours a month or from officers
    where one of these is given."""
    month_hours: float | None = row(
        None, "hours", "--hours", "Patrol hours a month", unit="h per month", step=10, ge=0, le=73_000_000
    )
    """The same resource in hours: units at once times hours a day times 365 / 12 days. Empty: what the units
    make."""
    officers: float | None = row(
        None, "officers", "--officers", "Officers", unit="officers", step=1, ge=0, le=1_000_000
    )
    """The same resource in people: officers times their contracted hours, less what abstraction takes, over
    officers a unit. Empty: what the units make."""
    contract_hours: float = row(
        40.0, "contract", "--contract-hours", "Contracted hours", unit="h per week", step=0.5, gt=0, le=168
    )
    """What one officer is paid for in a week; 40 is the usual full time of police in England and Wales."""
    abstraction: float = row(0.0, "abstract", "--abstraction", "Abstraction", step=0.01, ge=0, le=0.99)
    """Share of the contracted hours that is not patrol: leave, sickness, training, court."""
    crew: float = row(1.0, "crew", "--crew", "Officers in a unit", unit="officers", step=1, ge=1, le=100)
    """Officers who make one unit: 1 on their own, 2 for double crews."""
    hours_a_day: float = row(
        24.0, "perday", "--hours-per-day", "Hours a day on patrol", unit="h per day", step=0.5, gt=0, le=24
    )
    """Hours of the day that the plan is for: 24 round the clock, 8 for one shift a day."""
    effectiveness: float = row(0.5, "effect", "--effectiveness", "Effect of a patrol", step=0.05, gt=0, le=1)
    """Share of a zone's harm that one unit prevents while it is there. An assumption, not a measurement:
    studies of hot-spot patrol find modest effects; 1 is the convention of security games and flatters every
    plan."""
    response: Response = row("several", "response", "--response", "What further units do")
    """Each further unit at once prevents the same share of what is left (several), no zone takes more than
    one (linear), or each further hour is worth less than the one before (log)."""
    zone_sizes: ZoneSizes = row("equal", "size", "--zone-sizes", "Size of zones")
    """One unit does as much in every zone (equal), or zones larger than the mean need more units for the same
    effect (area)."""
    offender: Offender = row("rational", "offender", "--offender", "Offenders")
    """Whom the plan is made against: offenders who watch perfectly (rational), who make mistakes (quantal),
    several kinds, one for each crime type (types), values known only within their intervals (regret), or
    offenders who do not react (none)."""
    rationality: float = row(
        10.0, "lambda", "--rationality", "How well offenders choose", step=1, ge=0, le=1000
    )
    """How well offenders who make mistakes find the best zone: 0 does not look, 100 hardly makes any mistake (λ
    times the highest zone's value)."""
    fairness: float | None = row(
        None, "fair", "--fairness", "Fairness: how far groups may differ", step=0.05, ge=0, le=10
    )
    """How much groups may differ: 0 is the strictest, empty is no rule. At 0.2, parity keeps every group's
    patrol (or harm left) per head within 20 % of the overall rate; mean difference lets groups differ by 20 %
    of it on average; max-min gives every group at least 80 % of the best that the worst-off can have;
    proportionality keeps every group's share of the patrols between 80 and 120 % of its share of the harm."""
    fairness_rule: FairnessRule = row("coverage-parity", "rule", "--fairness-rule", "What is shared evenly")
    """Patrol per head (coverage parity), harm left per head (residual parity), a cap on how far groups
    differ in patrol per head on average (mean difference), or the worst-off group first: patrol
    (max-min), harm left (residual max-min), or patrol in proportion to expected harm (proportionality)."""
    share_least: float | None = row(
        None, "sharemin", "--share-least", "Least of its share of the harm (a)", step=0.05, ge=0, le=1
    )
    """Least that a group's share of the patrols (or hours) may be of its share of the harm (or demand), with
    proportionality. Empty: what the fairness level allows."""
    share_most: float | None = row(
        None, "sharemax", "--share-most", "Most of its share of the harm (b)", step=0.05, ge=1, le=1000
    )
    """Most that a group's share of the patrols (or hours) may be of its share of the harm (or demand), with
    proportionality. Empty: what the fairness level allows."""
    floor: float = row(
        0.0, "floor", "--floor", "Least patrol of every zone", unit="units", step=0.01, ge=0, le=1000
    )
    """Units in every zone on average, at least: 0.1 is a tenth of the time."""
    cap: float | None = row(
        None, "cap", "--cap", "Most patrol of every zone", unit="units", step=0.01, ge=0, le=100_000
    )
    """Units in any zone on average, at most. Empty: no limit (linear: 1)."""
    group_floor: Levels = row((), "gfloor", "--group-floor", "Least patrol of groups", unit="units on patrol")
    """Units on patrol at once in a group's zones, at least: "group=level", several with | between."""
    group_cap: Levels = row((), "gcap", "--group-cap", "Most patrol of groups", unit="units on patrol")
    """Units on patrol at once in a group's zones, at most: "group=level", several with | between."""
    seed: int = row(1, "seed", "--seed", "Seed", ge=0, le=2**31 - 1)
    """Seed of the draws behind a roster."""

    def group_levels(self) -> tuple[dict[str, float], dict[str, float]]:
        """Least and most units on patrol by group."""
        return dict(named_numbers(self.group_floor)), dict(named_numbers(self.group_cap))

    @property
    def hours_per_unit(self) -> float:
        """Hours a month that one unit at once makes."""
        return self.hours_a_day * MEAN_MONTH

    @property
    def hours_of_resource(self) -> float:
        """Hours a month of all units."""
        return self.budget * self.hours_per_unit if self.month_hours is None else self.month_hours

    @property
    def officers_of_resource(self) -> float:
        """Officers whom all units take."""
        return self.budget / self._units_of_officer() if self.officers is None else self.officers

    def _units_of_officer(self) -> float:
        """Units at once that one officer makes."""
        weekly = self.contract_hours * (1.0 - self.abstraction) / self.crew
        return weekly / 7.0 / self.hours_a_day

    def _resource_in_units(self) -> float:
        """Units at once that hours or officers make; the budget itself where neither is given."""
        if self.month_hours is not None:
            return self.month_hours / self.hours_per_unit
        if self.officers is not None:
            return self.officers * self._units_of_officer()
        return self.budget
