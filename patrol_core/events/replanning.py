"""From the middle of an event on: a unit drops out, more come, or a road closes.

Units stand where the plan has them at that moment, or are under way; nobody can be placed anew. The same flow decides
what level can be held, with every unit as one that becomes free where it stands, so the answer is as exact as before.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.events import flow
from patrol_core.events.plan import EventPlan, Transfer, expose, itineraries
from patrol_core.events.public_event import PublicEvent
from patrol_core.events.requirements import Changes, changes_of
from patrol_core.events.solve import EDGE, NEAR_TIME, OBJECTIVE_IS, least_level, moves_of


@dataclass(frozen=True, eq=False)
class State:
    """Where units are at a moment.

    Attributes:
        time: The moment.
        standing: Unit -> target.
        on_the_way: Unit -> (target, arrives).
    """

    time: float
    standing: Mapping[str, str]
    on_the_way: Mapping[str, tuple[str, float]]

    def without(self, unit: str) -> State:
        """The state after a unit drops out.

        Raises:
            InputError: When there is no such unit.
        """
        if unit not in self.standing and unit not in self.on_the_way:
            known = ", ".join(sorted([*self.standing, *self.on_the_way], key=by_number))
            raise InputError(f"There is no unit {unit!r} at {self.time:g}; choose from {known}.")
        return State(
            self.time,
            {name: place for name, place in self.standing.items() if name != unit},
            {name: place for name, place in self.on_the_way.items() if name != unit},
        )


def by_number(name: str) -> tuple[int, str]:
    """Key that sorts ``Unit 2`` before ``Unit 10``."""
    digits = "".join(mark for mark in name if mark.isdigit())
    return (int(digits) if digits else 0, name)


def state_at(plan: EventPlan, moment: float) -> State:
    """Where the plan has its units at a moment.

    Raises:
        InputError: When the moment is outside the plan.
    """
    if not plan.start <= moment < plan.event.duration:
        raise InputError(
            f"The moment {moment:g} is outside the plan; choose one from {plan.start:g} to before {plan.event.duration:g}."
        )
    who = itineraries(plan)
    now = who[(who["begins"] <= moment) & (who["ends"] > moment)].drop_duplicates("unit", keep="last")
    standing, moving = now[now["state"] == "stands"], now[now["state"] == "travels"]
    return State(
        moment,
        dict(zip(standing["unit"], standing["target"], strict=True)),
        {
            unit: (target, ends)
            for unit, target, ends in zip(moving["unit"], moving["target"], moving["ends"], strict=True)
        },
    )


def closed(
    event: PublicEvent, roads: Sequence[tuple[str, str]], direct: ArrayLike | None = None
) -> PublicEvent:
    """The event with the direct ways between pairs of targets shut, both ways.

    Args:
        roads: Pairs of targets.
        direct: Direct travel times before any detour; the event's own when not given. Where targets are joined
            over a shut way only, pass the direct times of the road network, so that the detour is known.

    Raises:
        InputError: When a pair names an unknown target.
    """
    table = np.array(event.travel if direct is None else direct, dtype=float)
    for pair in roads:
        for name in pair:
            if name not in event.ids:
                raise InputError(
                    f"The closed way names {name!r}, which is no target; choose from {', '.join(event.ids)}."
                )
        i, j = (event.ids.index(name) for name in pair)
        table[i, j] = table[j, i] = np.inf
    return event.with_travel(table)


def replan(event: PublicEvent, state: State) -> EventPlan:
    """The best moves from a state on, proved.

    Args:
        event: With the travel times that hold from now on.

    Raises:
        InputError: When no unit is left, or the moment is outside the event.
    """
    started = time.perf_counter()
    if not 0 <= state.time < event.duration:
        raise InputError(
            f"The moment {state.time:g} is outside the event, which runs from 0 to {event.duration:g}."
        )
    free = [(event.ids.index(place), state.time) for place in state.standing.values()]
    free += [(event.ids.index(place), max(when, state.time)) for place, when in state.on_the_way.values()]
    if not free:
        raise InputError("No unit is left; a plan needs at least one.")
    event = event.with_resources(len(free))
    near = NEAR_TIME * event.duration
    placement = dict.fromkeys(event.ids, 0) | dict(Counter(state.standing.values()))
    on_the_way = tuple(state.on_the_way.values())
    rank = {name: k for k, name in enumerate(event.ids)}
    names = (*sorted(state.standing, key=lambda unit: rank[state.standing[unit]]), *state.on_the_way)
    stay = expose(event, placement, (), start=state.time, on_the_way=on_the_way)

    def network_at(level: float) -> flow.HandOver:
        rises, falls = changes_of(event, level, state.time)
        return flow.hand_over(rises, _with_supply(falls, free), event.travel, near)

    def holds(level: float) -> bool:
        network = network_at(level)
        return flow.most_handed_on(network) >= network.jobs

    least = max(stay.worst * 1e-300, np.finfo(float).tiny)
    least = max(least, max(_from(event, state.time)) * event.success(len(free)))
    transfers: tuple[Transfer, ...] = ()
    bound = min(stay.worst, least)
    if stay.worst > 0:
        level, bound = least_level(event, holds, least, stay.worst, state.time, free)
        network = network_at(level * (1 + EDGE))
        arcs, _ = flow.fewest_moves(network, len(free), extra=False)
        transfers = moves_of(event, network, arcs, near)
    found = expose(event, placement, transfers, start=state.time, on_the_way=on_the_way)
    bound = min(bound, found.worst)
    certificate = Certificate(
        Status.OPTIMAL,
        found.worst,
        bound,
        relative_gap(found.worst, bound, float(event.peaks.max())),
        "minimum flow on changes of need, from the present state",
        time.perf_counter() - started,
        phases=("bisection", "critical levels", "fewest moves"),
        objective_is=OBJECTIVE_IS.replace("any moment", "any moment from now on"),
    )
    return EventPlan(
        event,
        placement,
        transfers,
        found,
        certificate,
        certificate.solver,
        start=state.time,
        on_the_way=on_the_way,
        names=names,
    )


def _from(event: PublicEvent, start: float) -> list[float]:
    """Highest value of each target from a moment on."""
    return [
        max(float(curve.values[curve.times > start].max(initial=0.0)), _after(curve.segments, start))
        for curve in event.curves
    ]


def _after(segments: Sequence[tuple[float, float, float, float]], start: float) -> float:
    """Value just after a moment."""
    for begin, end, first, last in segments:
        if begin <= start < end:
            return first + (last - first) * (start - begin) / (end - begin)
    return 0.0


def _with_supply(falls: Changes, supply: Sequence[tuple[int, float]]) -> Changes:
    counts = Counter(supply)
    keys = sorted(counts)
    return Changes(
        np.concatenate([falls.target, np.array([target for target, _ in keys], dtype=np.int64)]),
        np.concatenate([falls.time, np.array([when for _, when in keys], dtype=float)]),
        np.concatenate([falls.count, np.array([counts[key] for key in keys], dtype=np.int64)]),
        np.concatenate([falls.drift, np.zeros(len(keys))]),
    )
