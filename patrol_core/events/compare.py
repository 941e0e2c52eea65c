"""The plan beside simpler ones on the same event, and what one more unit would buy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.errors import InputError
from patrol_core.events.plan import EventPlan, Exposure, Transfer, expose
from patrol_core.events.public_event import PublicEvent, make_event
from patrol_core.events.solve import solve_event, static_placement, uniform_placement

if TYPE_CHECKING:
    import pandas as pd

THE_PLAN = "The plan"
UNIFORM = "Shared evenly"
STATIC = "Best fixed places"
NO_TRAVEL = "If moving took no time"


def alternatives(event: PublicEvent, *, every: float | None = None) -> dict[str, Exposure]:
    """Exposure of units shared out evenly, of the best fixed placement and of re-planning at set times.

    Args:
        every: Time between re-plans; left out when None.
    """
    found = {
        UNIFORM: expose(event, uniform_placement(event), ()),
        STATIC: expose(event, static_placement(event)[0], ()),
    }
    if every is not None:
        placement, moves = replan_every(event, every)
        found[f"Re-planned every {every:g}"] = expose(event, placement, moves)
    return found


def comparison(plan: EventPlan, *, every: float | None = None) -> pd.DataFrame:
    """Worst case of the plan and of each alternative: ``plan, worst_case, against_plan, where, when, moves``."""
    import pandas as pd

    rows: list[tuple[str, Exposure, float]] = [(THE_PLAN, plan.exposure, plan.moves)]
    rows += [(name, found, np.nan) for name, found in alternatives(plan.event, every=every).items()]
    instant = solve_event(plan.event, method="no-travel")
    rows.append((NO_TRAVEL, instant.exposure, instant.moves))
    worst = plan.value
    return pd.DataFrame(
        [
            (
                name,
                found.worst,
                found.worst / worst - 1 if worst > 0 else 0.0,
                found.target,
                found.time,
                moves,
            )
            for name, found, moves in rows
        ],
        columns=["plan", "worst_case", "against_plan", "where", "when", "moves"],
    )


def replan_every(event: PublicEvent, every: float) -> tuple[dict[str, int], tuple[Transfer, ...]]:
    """Units moved at set times only, each time to the places best for the next stretch alone.

    What a control room does that looks at the map every quarter of an hour: no move before it is due.

    Raises:
        InputError: When ``every`` is not above 0 or above the duration.
    """
    if not 0 < every <= event.duration:
        raise InputError(
            f"Units are re-planned every {every:g}; give a time above 0, up to {event.duration:g}."
        )
    stops = np.arange(0.0, event.duration * (1 - 1e-12), every)
    placement, _ = static_placement(_stretch(event, 0.0, every))
    now = dict(placement)
    moves: list[Transfer] = []
    under_way: list[tuple[float, str]] = []
    for begin in stops[1:]:
        for when, name in [row for row in under_way if row[0] <= begin]:
            now[name] += 1
            under_way.remove((when, name))
        wanted, _ = static_placement(_stretch(event, float(begin), every).with_resources(event.resources))
        going = [name for _, name in under_way]
        for move in _nearest(event, now, {k: wanted[k] - going.count(k) for k in wanted}, float(begin)):
            now[move.origin] -= move.count
            under_way += [(move.arrives, move.target)] * move.count
            moves.append(move)
    return placement, tuple(moves)


def _stretch(event: PublicEvent, begin: float, length: float) -> PublicEvent:
    """The event as flat values: the highest of each target in the stretch."""
    end = min(begin + length, event.duration)
    peaks = {}
    for name, curve in zip(event.ids, event.curves, strict=True):
        inside = curve.times[(curve.times >= begin) & (curve.times <= end)]
        moments = np.concatenate([[begin, end], inside])
        peaks[name] = [(0.0, float(curve.at(moments).max())), (1.0, float(curve.at(moments).max()))]
    return make_event(peaks, duration=1.0, resources=event.resources, decay=event.decay, travel=event.travel)


def _nearest(event: PublicEvent, now: dict[str, int], wanted: dict[str, int], when: float) -> list[Transfer]:
    """Units from where there are too many to where there are too few, shortest ways first."""
    over = {name: now[name] - max(wanted[name], 0) for name in event.ids if now[name] > max(wanted[name], 0)}
    under = {name: wanted[name] - now[name] for name in event.ids if wanted[name] > now[name]}
    place = {name: k for k, name in enumerate(event.ids)}
    ways = sorted((float(event.travel[place[a], place[b]]), a, b) for a in over for b in under)
    moves = []
    for way, origin, target in ways:
        count = min(over[origin], under[target])
        if count and np.isfinite(way) and when + way < event.duration:
            over[origin] -= count
            under[target] -= count
            moves.append(Transfer(origin, target, when, when + way, count, when + way))
    return moves


def worth_of_units(event: PublicEvent, counts: Sequence[int]) -> pd.DataFrame:
    """Worst case over the number of units: ``units, worst_case, no_travel, fixed_places, moves``."""
    import pandas as pd

    rows = []
    for count in counts:
        mine = event.with_resources(count)
        plan = solve_event(mine)
        rows.append(
            (
                count,
                plan.value,
                solve_event(mine, method="no-travel").value,
                static_placement(mine)[1],
                plan.moves,
            )
        )
    return pd.DataFrame(rows, columns=["units", "worst_case", "no_travel", "fixed_places", "moves"])
