"""Rules and result of the hours model: the nouns, validated once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate
from patrol_core.errors import InputError
from patrol_core.games.zone import Response

Rounding = Literal["quarter", "visit", "none", "shift"]
RoundingMethod = Literal["best", "largest-remainder"]

AREA_CLIP = (1.0, 2.0)
"""Most hours a day grow with a zone's area over the mean area, between these."""


@dataclass(frozen=True)
class HoursRules:
    """Bounds, budgets and rounding of an hours plan. Budgets are hours per month.

    Attributes:
        min_per_day, max_per_day: Least and most hours a zone can get per day, above 24 where several units can be
            there at once. The most grows with the zone's area (``area_clip``).
        ward_budget: Hours per month every ward can use, or None for no limit.
        city_budget: Hours per month all zones together can use, or None for no limit.
        rounding: ``quarter`` (multiples of 0.25 h), ``visit`` (of ``visit_minutes``), ``shift`` (of
            ``shift_hours``) or ``none``.
        shift_hours: Length of a shift in hours, for ``rounding="shift"``.
        area_clip: Zone area over the month's mean area is held between these two before it multiplies the most
            hours.
        rounding_method: ``best``: the best plan in whole units (marginal allocation, Fox 1966).
            ``largest-remainder``: the continuous plan, rounded (Hamilton's method); plans with group rules are
            always rounded the best way.
        ward_budgets: (ward, hours per month) pairs for wards whose limit is not ``ward_budget``; where several
            boroughs have a ward of one name, ``"ward (borough)"``.
        borough_budget: Hours per month every borough can use, or None for no limit; needs a column ``borough``
            in the demand.
        borough_budgets: (borough, hours per month) pairs for boroughs whose limit is not ``borough_budget``.
        visit_minutes: Length of a visit, for ``rounding="visit"``.
        least_visits: Least useful dose: a zone gets 0 or at least this many whole units in a month. Only where
            ``min_per_day`` lets a zone have nothing; see :mod:`~patrol_core.allocation.hours.dose`.

    Raises:
        InputError: If a number is missing, negative, not finite, or the least exceeds the most.
    """

    min_per_day: float = 1.0
    max_per_day: float = 2.6
    ward_budget: float | None = 3200.0
    city_budget: float | None = None
    rounding: Rounding = "quarter"
    shift_hours: float = 8.0
    area_clip: tuple[float, float] = AREA_CLIP
    rounding_method: RoundingMethod = "best"
    ward_budgets: tuple[tuple[str, float], ...] = ()
    borough_budget: float | None = None
    borough_budgets: tuple[tuple[str, float], ...] = ()
    visit_minutes: float = 15.0
    least_visits: int = 0

    def __post_init__(self) -> None:
        number("min_per_day", self.min_per_day, least=0.0)
        number("max_per_day", self.max_per_day, least=0.0, above=True)
        number("shift_hours", self.shift_hours, least=0.0, most=24.0, above=True)
        for name, value in (
            ("ward_budget", self.ward_budget),
            ("borough_budget", self.borough_budget),
            ("city_budget", self.city_budget),
        ):
            if value is not None:
                number(name, value, least=0.0)
        for kind, named in (("ward", self.ward_budgets), ("borough", self.borough_budgets)):
            for place, value in named:
                number(f"{kind}_budgets[{place!r}]", value, least=0.0)
            twice = sorted({place for place, _ in named if [p for p, _ in named].count(place) > 1})
            if twice:
                raise InputError(f"{kind}_budgets names {twice[0]!r} twice; keep one budget for it.")
        number("visit_minutes", self.visit_minutes, least=0.0, most=24 * 60.0, above=True)
        number("least_visits", self.least_visits, least=0, most=100_000)
        if self.least_visits != int(self.least_visits):
            raise InputError(f"least_visits is {self.least_visits!r}; it must be a whole number.")
        if self.least_visits > 1 and self.rounding == "none":
            raise InputError(
                "A least useful dose counts whole visits, and rounding is none; choose visit, quarter or shift."
            )
        low, high = self.area_clip
        number("area_clip[0]", low, least=0.0, above=True)
        number("area_clip[1]", high, least=low)
        if self.min_per_day > self.max_per_day * low:
            raise InputError(
                f"min_per_day is {self.min_per_day:g} h but the smallest zone can take only "
                f"{self.max_per_day * low:g} h a day (max_per_day x area_clip[0]); lower the minimum or "
                "raise the maximum."
            )
        if self.rounding not in ("quarter", "visit", "none", "shift"):
            raise InputError(f"rounding is {self.rounding!r}; choose quarter, visit, none or shift.")
        if self.rounding_method not in ("best", "largest-remainder"):
            raise InputError(
                f"rounding_method is {self.rounding_method!r}; choose best or largest-remainder."
            )

    @property
    def unit(self) -> float:
        """Smallest step of the plan in hours; 0 when hours are not rounded."""
        sizes = {"quarter": 0.25, "visit": self.visit_minutes / 60.0, "shift": self.shift_hours, "none": 0.0}
        return sizes[self.rounding]

    def as_dict(self) -> dict[str, object]:
        """The rules as plain data: with the demand and the group rules, all that a plan follows from."""
        named = {"ward_budgets": dict(self.ward_budgets), "borough_budgets": dict(self.borough_budgets)}
        return {**asdict(self), "area_clip": list(self.area_clip), **named}


@dataclass(frozen=True, eq=False)
class Plan:
    """Patrol hours per zone and month, with their proof.

    Attributes:
        frame: Rows and order of the demand: month (YYYY-MM), ward, zone_id, area_km2, risk (expected crimes in
            the month), hours (the plan, hours in the month), hours_continuous (before rounding), lower, upper
            (hours), value_of_hour (rise of the objective per further hour in this zone, at
            ``hours_continuous``).
        certificate: Proof for ``hours`` as delivered, all months together; its bound is on the best plan in
            whole units. What is not proved best within a relative gap of 1e-6 is ``stopped-with-plan``, also
            where rounding was asked to be simple.
        continuous: Proof for ``hours_continuous``: objective, dual bound, gap.
        monthly: The delivered plan's certificate for each month.
        objective_before_rounding, objective_after_rounding: ``sum risk_i ln(1 + hours_i) / ln(1 + most_i)``:
            expected crimes weighted by the share of a zone's full effect that its hours reach.
        binding: Budgets that hold the plan back, e.g. ``"2025-01 city"`` or ``"2025-01 ward Abbey Road"``.
        slack: One row per budget (city, borough, ward) and month: month, kind, name, limit, used, slack
            (hours), value_of_hour, binding, least and most (hours the zones under it must and can take).
        notes: Plain sentences about the plan a reader must not miss.
        rules: The rules it was made under.
        does: What hours do in each row of the frame, in units of ``does.hours`` hours; None: a share
            ``ln(1 + X) / ln(1 + most)`` of the demand is met.
    """

    frame: pd.DataFrame
    certificate: Certificate
    continuous: Certificate
    monthly: Mapping[str, Certificate]
    objective_before_rounding: float
    objective_after_rounding: float
    binding: tuple[str, ...]
    slack: pd.DataFrame
    notes: tuple[str, ...]
    rules: HoursRules
    does: Response | None = None

    def left(self, hours: Floats) -> Floats:
        """(rows,) demand that these hours of each row leave."""
        risk = self.frame["risk"].to_numpy(dtype=float)
        if self.does is not None:
            return np.asarray(risk * self.does.left(hours / self.does.hours), dtype=float)
        met = np.log1p(hours) / np.log1p(self.frame["upper"].to_numpy(dtype=float))
        return np.asarray(risk * np.maximum(1.0 - met, 0.0), dtype=float)

    def as_dict(self) -> dict[str, object]:
        """What the command line prints: proof, size, budgets that bind, and the rules in force with every default."""
        return {
            **self.certificate.as_dict(),
            "objective_before_rounding": float(self.objective_before_rounding),
            "objective_after_rounding": float(self.objective_after_rounding),
            "binding": list(self.binding),
            "rows": len(self.frame),
            "hours": float(self.frame["hours"].sum()),
            "rules": self.rules.as_dict(),
            "notes": list(self.notes),
        }


def number(
    name: str, value: float, *, least: float = -math.inf, most: float = math.inf, above: bool = False
) -> None:
    """Raise InputError unless the value is a finite number in range (``above``: more than ``least``).

    Args:
        name: What it is called in messages.
        most: The most that is accepted.
    """
    known: object = value  # callers pass what a file or a page gave them
    good = isinstance(known, int | float) and not isinstance(known, bool) and math.isfinite(known)
    if good and least <= value <= most and not (above and value == least):
        return
    accepted = f"above {least:g}" if above else f"{least:g} or more"
    if math.isfinite(most):
        accepted += f", {most:g} at most"
    raise InputError(f"{name} is {value!r}; it must be a number {accepted}.")
