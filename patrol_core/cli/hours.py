"""``patrol hours``: patrol hours with diminishing returns, from a demand table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from patrol_core.cli.output import tell
from patrol_core.errors import InputError
from patrol_core.files.numbers import LARGEST
from patrol_core.files.strict_json import quoted

DESCRIPTION = (
    "Divide patrol hours over zones and months so that the most harm is met, with diminishing returns."
)

HOURS_OF_A_DAY = 24.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add(
        "demand",
        metavar="DEMAND.csv",
        type=Path,
        help="Month, Ward, LSOA_Code, area_km2, Predicted_Burglaries",
    )
    add(
        "--ward-budget",
        default="3200",
        metavar="HOURS",
        help="hours a month in any ward, or none (default 3200)",
    )
    add("--city-budget", default="none", metavar="HOURS", help="hours a month over all zones (default none)")
    add("--min-per-day", default="1", metavar="HOURS", help="least hours a day in a zone (default 1)")
    add("--max-per-day", default="2.6", metavar="HOURS", help="most hours a day in a zone (default 2.6)")
    add("--round", default="quarter", choices=("quarter", "none", "shift"), help="default quarter")
    add("--out", metavar="PLAN.csv", type=Path, help="the plan; rows in the order of the demand")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Solve the hours of a demand table."""
    from patrol_core.allocation.hours import HoursRules, read_demand, solve_hours, write_plan

    rules = HoursRules(
        ward_budget=number("--ward-budget", arguments.ward_budget),
        city_budget=number("--city-budget", arguments.city_budget),
        min_per_day=number("--min-per-day", arguments.min_per_day) or 0.0,
        max_per_day=_needed("--max-per-day", arguments.max_per_day),
        rounding=arguments.round,
    )
    demand = read_demand(arguments.demand)
    plan = solve_hours(demand, rules)
    if arguments.out is not None:
        write_plan(plan, arguments.out)
    findings = demand.attrs.get("findings", ())
    tell(findings)
    return plan.as_dict() | {"findings": findings}


def number(flag: str, text: str) -> float | None:
    """A number of hours, or None for ``none``.

    Raises:
        InputError: Naming the flag, the value and what is accepted.
    """
    if text.lower() in {"none", "off", ""}:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= LARGEST:
        raise InputError(f"{flag} cannot be {quoted(text)}: give hours as a number of 0 or more, or none.")
    return value


def _needed(flag: str, text: str) -> float:
    value = number(flag, text)
    if value is None or value > HOURS_OF_A_DAY:
        raise InputError(f"{flag} cannot be {text!r}: give hours as a number from 0 to {HOURS_OF_A_DAY:g}.")
    return value
