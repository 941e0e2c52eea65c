"""``patrol roster``: named units by shift and zone for a month, from the plan of that month."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patrol_core.cli.options import add_choices, add_place, place_and_choices
from patrol_core.cli.output import say, tell

if TYPE_CHECKING:
    from patrol_core.allocation.hours import Plan
    from patrol_core.allocation.roster import Roster
    from patrol_core.planning import Prepared
    from patrol_core.scenario import Scenario

DESCRIPTION = (
    "Make the patrol plan, spread its hours over shifts at random, and plan which unit works when and visits which "
    "zones, under rest and availability."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_place(parser)
    add_choices(parser, "data", "game", "hours", taken=("--units", "--officers"))
    add = parser.add_argument_group("roster").add_argument
    add("--month", help="YYYY-MM of the plan (default its first month)")
    add("--in", dest="places", metavar="WARD", action="append", default=[], help="only this ward or borough")
    add(
        "--units",
        type=_whole,
        help="how many units are named in the roster (default: the fewest that can do it); what there is stands in --hours or --budget",
    )
    add(
        "--officers",
        dest="in_unit",
        type=_whole,
        default=2,
        help="officers in a unit of the roster (default 2); not how many there are, as in plan",
    )
    add("--officer-hours", action="store_true", help="the plan's hours count officers, not units")
    add(
        "--shifts",
        default="early=06:00+8,late=14:00+8,night=22:00+8",
        help="name=HH:MM+hours, with commas between",
    )
    add("--available", help="most units on duty at once: early=4,late=6,night=4")
    add("--profile", default="flat", help="demand over the week: CSV (weekday, hour, share), flat or evening")
    add("--rest", type=float, default=11.0, help="least hours between duties (default 11)")
    add("--most-in-a-row", type=_whole, default=6, help="most dates with a duty in a row (default 6)")
    add("--most-duties", type=_whole, help="most duties of a unit in the month")
    add("--commitments", metavar="CSV", type=Path, help="unit, date, kind (unavailable or duty), shift")
    add("--keep", metavar="DUTIES.csv", type=Path, help="earlier roster to change as little as possible")
    add("--leave-gaps", action="store_true", help="leave duties open rather than refuse")
    add("--time-limit", type=float, default=60.0, help="seconds for the programme (default 60)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder for the files")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Plan the roster; writes the files when ``--out`` is given and returns the summary."""
    from patrol_core.allocation.hours import plan_table
    from patrol_core.planning import prepare, solve_hours_plan
    from patrol_core.reports.bundle_writer import write_bundle
    from patrol_core.reports.bundles.roster import CONTRACT, roster_files, roster_summary
    from patrol_core.reports.csv import to_csv_bytes
    from patrol_core.reports.plain import to_json_bytes

    data, scenario = place_and_choices(arguments)
    prepared = prepare(data, scenario)
    plan = solve_hours_plan(prepared, scenario)
    month = arguments.month or str(plan.frame["month"].astype(str).min())
    roster = _roster(arguments, scenario, prepared, plan, month)
    summary = {**roster_summary(roster), "hours_rules": plan.rules.as_dict(), "findings": prepared.findings}
    names = {str(zone): str(name) for zone, name in prepared.zones["name"].items()}
    if arguments.out is not None:
        made = roster_files(
            roster,
            names,
            title=f"Patrol roster, {data.name}, {month}",
            identity=f"{prepared.key}|{scenario.key()}|{month}",
        )
        files = {name: make() for name, make in made.items()}
        files["allocation_halfyear.csv"] = to_csv_bytes(
            plan_table(plan), contract=CONTRACT["allocation_halfyear.csv"]
        )
        files["summary.json"] = to_json_bytes(summary)
        write_bundle(arguments.out, files)
        say(f"Wrote {len(files)} files to {arguments.out}.")
    tell(prepared.findings, roster.notes)
    return summary


def _roster(
    arguments: argparse.Namespace, scenario: Scenario, prepared: Prepared, plan: Plan, month: str
) -> Roster:
    """Hours of the month spread over shifts, and units for them: an earlier roster changed, or a new one."""
    from patrol_core.allocation import roster as rostering
    from patrol_core.planning import zone_points

    points = zone_points(prepared.zones)
    officers = arguments.in_unit if arguments.officer_hours else 1
    hours = rostering.month_hours(plan.frame, month, wards=arguments.places, officers=officers)
    profile = _profile(arguments.profile)
    rules = _rules(arguments, 1)
    commitments = rostering.read_commitments(arguments.commitments) if arguments.commitments else ()
    spread = rostering.spread_hours(
        hours,
        month,
        profile=profile,
        shifts=rules.shifts,
        visit_minutes=scenario.visit_minutes,
        most_visits=_most_visits(rules, points, hours, scenario.visit_minutes),
        seed=scenario.seed,
    )
    rules = _rules(arguments, arguments.units or _fewest(arguments, spread, points, scenario.seed))
    how = {"allow_gaps": arguments.leave_gaps, "time_limit": arguments.time_limit}
    if arguments.keep is not None:
        duties = rostering.read_duties(arguments.keep)
        old = rostering.take_duties(spread, rules, points, duties, seed=scenario.seed)
        return rostering.replan(old, commitments, **how)
    return rostering.make_roster(spread, rules, points, commitments=commitments, seed=scenario.seed, **how)


def _rules(arguments: argparse.Namespace, units: int) -> Any:
    from patrol_core.allocation.roster import RosterRules, parse_available, parse_shifts, unit_names

    shifts = parse_shifts(arguments.shifts)
    available = parse_available(arguments.available, shifts) if arguments.available else None
    if available is not None:
        units = max(units, *available)
    return RosterRules(
        unit_names(units),
        shifts,
        officers=arguments.in_unit,
        rest_hours=arguments.rest,
        most_in_a_row=arguments.most_in_a_row,
        most_duties=arguments.most_duties,
        available=available,
    )


def _profile(text: str) -> Any:
    from patrol_core.allocation.roster import FLAT, evening_profile, read_profile

    if text == "flat":
        return FLAT
    return evening_profile() if text == "evening" else read_profile(Path(text))


def _most_visits(
    rules: Any, points: dict[str, tuple[float, float]], hours: dict[str, float], visit_minutes: float
) -> tuple[int, ...] | None:
    """Visits that the units available can make by kind of shift, or None without a limit."""
    from patrol_core.allocation.roster import make_ground

    if rules.available is None:
        return None
    hop = make_ground({zone: points[zone] for zone in hours}).hop_minutes(rules)
    return tuple(
        count * rules.visits_per_duty(shift, visit_minutes, hop)
        for count, shift in zip(rules.available, rules.shifts, strict=True)
    )


def _fewest(
    arguments: argparse.Namespace, spread: Any, points: dict[str, tuple[float, float]], seed: int
) -> int:
    """The fewest units that can man the shifts; commitments may take more."""
    from patrol_core.allocation.roster import MOST_UNITS, duties_wanted, units_needed

    many = _rules(arguments, MOST_UNITS)
    wanted = duties_wanted(spread, many, points, seed=seed)
    return max(units_needed(many, spread.dates, wanted), 1)


def _whole(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
