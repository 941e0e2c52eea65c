"""Choices of the hours plan: budgets, daily bounds and rounding."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from patrol_core.scenario.choice import Entries, check_entries, choice, named_numbers
from patrol_core.scenario.game import GameChoices

Rounding = Literal["quarter", "visit", "none", "shift"]


def _budgets(value: tuple[str, ...]) -> tuple[str, ...]:
    form = '"name=hours" with hours of 0 or more'
    return check_entries(value, most=1e9, form=form, twice="a place is named twice; give it one budget")


Budgets = Annotated[Entries, AfterValidator(_budgets)]

row = partial(choice, part="hours")


class HoursChoices(GameChoices):
    """All parts of a scenario: ``data``, ``game`` and ``hours``."""

    horizon: int = row(
        6,
        url="horizon",
        flag="--horizon",
        label="Months ahead",
        unit="months",
        help="Months the hours plan covers.",
        ge=1,
        le=12,
    )
    city_hours: float | None = row(
        None,
        url="cityh",
        flag="--city-budget",
        label="City budget",
        unit="h per month",
        step=50,
        help="Patrol hours a month over all zones. Empty: midway between the least and the most the daily bounds allow.",
        ge=0,
        le=100_000_000,
    )
    ward_hours: float | None = row(
        3200.0,
        url="wardh",
        flag="--ward-budget",
        label="Ward budget",
        unit="h per month",
        step=50,
        help="Patrol hours a month in any one ward. Empty: no ward budget.",
        ge=0,
        le=10_000_000,
    )
    min_per_day: float = row(
        1.0,
        url="mind",
        flag="--min-per-day",
        label="Least hours a day",
        unit="h per day",
        step=0.1,
        help="Every zone gets at least this much on an average day.",
        ge=0,
        le=24,
    )
    max_per_day: float = row(
        2.6,
        url="maxd",
        flag="--max-per-day",
        label="Most hours a day",
        unit="h per day",
        step=0.1,
        help="No zone gets more than this on an average day, times 1 to 2 for larger zones.",
        gt=0,
        le=24,
    )
    rounding: Rounding = row(
        "quarter",
        url="round",
        flag="--round",
        label="Round to",
        help="Quarter hours, visits, whole shifts, or not at all.",
    )
    visit_minutes: float = row(
        15.0,
        url="visit",
        flag="--visit-minutes",
        label="Length of a visit",
        unit="min",
        step=5,
        help="What one visit of a patrol takes; about 15 minutes is what the evidence speaks of (Koper 1995).",
        ge=1,
        le=1440,
    )
    least_visits: int = row(
        0,
        url="dose",
        flag="--least-visits",
        label="Least useful dose",
        unit="whole units a month",
        help="A zone gets nothing or at least this many visits (or other whole units) a month; only where the least hours a day "
        "are 0.",
        ge=0,
        le=100_000,
    )
    borough_hours: float | None = row(
        None,
        url="boroughh",
        flag="--borough-budget",
        label="Borough budget",
        unit="h per month",
        step=50,
        help="Patrol hours a month in any one borough. Empty: no borough budget.",
        ge=0,
        le=50_000_000,
    )
    ward_table: Budgets = row(
        (),
        url="wardhs",
        flag="--ward-budgets",
        label="Budgets of single wards",
        unit="h per month",
        help='Wards with a budget of their own: "ward=hours", several with | between.',
    )
    borough_table: Budgets = row(
        (),
        url="boroughhs",
        flag="--borough-budgets",
        label="Budgets of single boroughs",
        unit="h per month",
        help='Boroughs with a budget of their own: "borough=hours", several with | between.',
    )

    def own_budgets(self) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
        """(ward, hours per month) and (borough, hours per month) pairs of places with a budget of their own."""
        return named_numbers(self.ward_table), named_numbers(self.borough_table)
