"""Choices of the plan month by month: budgets of places, daily bounds and rounding."""

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

    horizon: int = row(6, "horizon", "--horizon", "Months ahead", unit="months", ge=1, le=12)
    """Months that hours are planned for."""
    ward_hours: float | None = row(
        None, "wardh", "--ward-budget", "Ward budget", unit="h per month", step=50, ge=0, le=10_000_000
    )
    """Patrol hours a month in any one ward. Empty: no ward budget."""
    min_per_day: float = row(
        0.0, "mind", "--min-per-day", "Least hours a day", unit="h per day", step=0.1, ge=0, le=24
    )
    """Every zone gets at least this much on an average day: the least patrol in hours."""
    max_per_day: float | None = row(
        None, "maxd", "--max-per-day", "Most hours a day", unit="h per day", step=0.1, gt=0, le=2400
    )
    """No zone gets more than this on an average day, times 1 to 2 for larger zones. Empty: no limit."""
    rounding: Rounding = row("quarter", "round", "--round", "Round to")
    """Quarter hours, visits, whole shifts, or not at all."""
    visit_minutes: float = row(
        15.0, "visit", "--visit-minutes", "Length of a visit", unit="min", step=5, ge=1, le=1440
    )
    """What one visit of a patrol takes; about 15 minutes is what the evidence speaks of (Koper 1995)."""
    least_visits: int = row(
        0, "dose", "--least-visits", "Least useful dose", unit="whole units a month", ge=0, le=100_000
    )
    """A zone gets nothing or at least this many visits (or other whole units) a month; only where the
    least hours a day are 0."""
    borough_hours: float | None = row(
        None,
        "boroughh",
        "--borough-budget",
        "Borough budget",
        unit="h per month",
        step=50,
        ge=0,
        le=50_000_000,
    )
    """Patrol hours a month in any one borough. Empty: no borough budget."""
    ward_table: Budgets = row((), "wardhs", "--ward-budgets", "Budgets of single wards", unit="h per month")
    """Wards with a budget of their own: "ward=hours", several with | between."""
    borough_table: Budgets = row(
        (), "boroughhs", "--borough-budgets", "Budgets of single boroughs", unit="h per month"
    )
    """Boroughs with a budget of their own: "borough=hours", several with | between."""

    def own_budgets(self) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
        """(ward, hours per month) and (borough, hours per month) pairs of places with a budget of their own."""
        return named_numbers(self.ward_table), named_numbers(self.borough_table)
