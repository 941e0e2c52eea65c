"""What an hours plan says about itself: which budgets bind, how much slack is left, what to know."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patrol_core.allocation.hours.problem import HoursProblem, say
from patrol_core.allocation.hours.water_filling import pool_sums
from patrol_core.arrays import Floats, Indices
from patrol_core.words import plural


def slack_table(
    problem: HoursProblem,
    exact: Floats,
    hours: Floats,
    ward_price: Floats,
    borough_price: Floats,
    city_price: Floats,
) -> pd.DataFrame:
    """One row per budget and month, also where no limit is set (``limit`` and ``slack`` are then infinite).

    Columns: month, kind (city, borough or ward; boroughs only where the demand has them), name, limit, used, slack, least, most (hours), value_of_hour (rise
    of the objective per further hour of this budget), binding. ``used`` is of the delivered plan; whether a
    budget binds is read off the plan before rounding, which uses a binding budget to the end.

    Args:
        problem: Bounds, budgets and demand.
        exact: The plan before rounding.
        ward_price: Multiplier by ward pool; NaN where it is not known, and the budget then binds where it is used up.
        borough_price: Multiplier by borough pool.
        city_price: Multiplier by month.
    """
    levels = [
        (
            "city",
            [(month, "all zones") for month in problem.months],
            problem.month,
            problem.city_budget,
            city_price,
        ),
        ("borough", problem.boroughs, problem.borough, problem.borough_budget, borough_price),
        ("ward", problem.wards, problem.ward, problem.ward_budget, ward_price),
    ]
    tables = []
    for kind, places, pool, budget, price in levels:
        if kind == "borough" and not any(name for _, name in places):
            continue
        rows = _rows(problem, exact, hours, pool, budget, price)
        named = pd.DataFrame(
            [(month, kind, name) for month, name in places], columns=["month", "kind", "name"]
        )
        tables.append(pd.concat([named, rows], axis=1))
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["month", "kind", "name"], kind="stable", ignore_index=True)


def binding_budgets(slack: pd.DataFrame) -> tuple[str, ...]:
    """Names of the budgets that bind, by month: ``2025-01 city``, ``2025-01 borough Brent``, ``2025-01 ward Abbey Road``."""
    bound = slack[slack["binding"]]
    return tuple(
        f"{month} city" if kind == "city" else f"{month} {kind} {name}"
        for month, kind, name in zip(bound["month"], bound["kind"], bound["name"], strict=True)
    )


def plan_notes(problem: HoursProblem, slack: pd.DataFrame, *, has_rules: bool) -> tuple[str, ...]:
    """Plain sentences a reader of the plan must not miss.

    Args:
        problem: Bounds, budgets and demand.
        slack: The table of budgets.
        has_rules: Whether group rules hold.
    """
    notes = []
    if not slack["binding"].any():
        notes.append(_nothing_binds(slack, has_rules=has_rules))
    else:
        free = sorted(set(problem.months) - set(slack.loc[slack["binding"], "month"]))
        if free:
            notes.append(
                f"No budget is used up in {', '.join(free)}: there every zone with crime to expect gets its most hours."
            )
    idle = int((problem.risk == 0.0).sum())
    if idle:
        notes.append(
            f"{plural(idle, 'zone and month has', 'zones and months have')} no crime to expect: an hour there prevents nothing, so they "
            "get their least hours."
        )
    waived = int((problem.upper == 0.0).sum())
    if waived:
        notes.append(
            f"{plural(waived, 'zone and month', 'zones and months')} may get no hours at all, so the least hours do not hold there."
        )
    return tuple(notes)


def _nothing_binds(slack: pd.DataFrame, *, has_rules: bool) -> str:
    limited = slack[np.isfinite(slack["limit"])]
    if has_rules:
        return "No budget binds: only the bounds and the group rules shape this plan."
    text = "A plan in which nothing binds is no decision: every zone with demand gets its most hours."
    if len(limited):
        closest = limited.loc[limited["slack"].idxmin()]
        name = "city budget" if closest["kind"] == "city" else f"{closest['kind']} {closest['name']}"
        text += (
            f" The tightest budget ({name}, {closest['month']}) uses {say(closest['used'])} of "
            f"{say(closest['limit'])} h, {say(closest['slack'])} h to spare."
        )
    city = slack[slack["kind"] == "city"]
    return text + f" Set a city budget below {say(city['most'].min())} h a month to make it one."


def _rows(
    problem: HoursProblem, exact: Floats, hours: Floats, pool: Indices, limit: Floats, price: Floats
) -> pd.DataFrame:
    pools = len(limit)
    used, before = pool_sums(hours, pool, pools), pool_sums(exact, pool, pools)
    full = np.isfinite(limit) & (
        limit - before <= 1e-6 * np.maximum(1.0, np.where(np.isfinite(limit), limit, 1.0))
    )
    return pd.DataFrame(
        {
            "limit": limit,
            "used": used,
            "slack": limit - used,
            "least": pool_sums(problem.lower, pool, pools),
            "most": pool_sums(problem.upper, pool, pools),
            "value_of_hour": np.where(full, price, 0.0),
            "binding": full & ~(price <= 0.0),
        }
    )
