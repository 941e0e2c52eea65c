"""A plan for an event: first places, moves, who is where, and what an attacker could gain, re-checked by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.certificate import Certificate
from patrol_core.errors import InputError, SolverError
from patrol_core.events.public_event import Floats, PublicEvent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Transfer:
    """One move of ``count`` units.

    ``departs`` is the earliest moment they are free, ``arrives`` their arrival if they leave then, ``needed`` the
    moment they must be there: they may leave as late as ``needed`` less the travel time.
    """

    origin: str
    target: str
    departs: float
    arrives: float
    count: int
    needed: float


@dataclass(frozen=True, eq=False)
class Exposure:
    """What an attacker could gain over time.

    Attributes
    ----------
    worst
        The highest expected loss of any attack.
    target, time
        Where and when.
    frame
        ``time, worst, target``: both ends of every interval between changes, by time.
    units
        Units at each target per interval, shape (intervals, targets); ``starts`` are the begins.
    """

    worst: float
    target: str
    time: float
    frame: pd.DataFrame
    starts: Floats
    units: np.ndarray


@dataclass(frozen=True, eq=False)
class EventPlan:
    """Placement and moves.

    Attributes
    ----------
    event
        What was planned for.
    placement
        Units at each target at ``start``.
    transfers
        Moves by time.
    exposure
        Re-computed from placement and transfers alone.
    certificate
        Objective (the exposure), proved lower bound, seconds.
    start
        0, or the moment a re-plan begins.
    on_the_way
        At a re-plan: units under way at ``start``, as (target, arrives).
    method
        In words.
    bottleneck
        Why no plan can do better: (target, from, to, units) to be held, no two of which one unit can hold.
    names
        Names of the units, in the order of ``placement`` and then of ``on_the_way``; ``Unit 1`` and so on where empty.
    """

    event: PublicEvent
    placement: Mapping[str, int]
    transfers: tuple[Transfer, ...]
    exposure: Exposure
    certificate: Certificate
    method: str
    start: float = 0.0
    on_the_way: tuple[tuple[str, float], ...] = ()
    bottleneck: tuple[tuple[str, float, float, int], ...] = field(default=())
    names: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The minimised worst case."""
        return self.exposure.worst

    @property
    def moves(self) -> int:
        """How many units travel, counted once a move."""
        return sum(move.count for move in self.transfers)


def expose(
    event: PublicEvent,
    placement: Mapping[str, int],
    transfers: Sequence[Transfer],
    *,
    start: float = 0.0,
    on_the_way: Sequence[tuple[str, float]] = (),
) -> Exposure:
    """What an attacker could gain against placement and moves; shares nothing with the solver.

    Raises
    ------
    InputError
        When a target is unknown, more units leave than stand there, or a move takes less than its travel time.
    """
    import pandas as pd

    place = {name: k for k, name in enumerate(event.ids)}
    _check(event, place, placement, transfers)
    steps: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for name, count in placement.items():
        steps[place[name]].append((start, int(count)))
    for name, when in on_the_way:
        steps[place[name]].append((max(when, start), 1))
    for move in transfers:
        steps[place[move.origin]].append((move.departs, -move.count))
        steps[place[move.target]].append((move.arrives, move.count))
    stops = {start, event.duration}
    stops |= {float(when) for curve in event.curves for when in curve.times if start < when < event.duration}
    stops |= {when for changes in steps.values() for when, _ in changes if start < when < event.duration}
    cuts = np.array(sorted(stops))
    units = np.zeros((len(cuts) - 1, len(event.ids)), dtype=np.int64)
    loss = np.zeros((len(cuts) - 1, len(event.ids), 2))
    for k, curve in enumerate(event.curves):
        for when, change in steps[k]:
            units[cuts[:-1] >= when, k] += change
        loss[:, k] = _ends(curve.segments, cuts) * np.exp(-event.decay * units[:, k])[:, None]
    if (units < 0).any():
        when, k = (int(v) for v in np.argwhere(units < 0)[0])
        raise InputError(
            f"More units leave {event.ids[k]!r} at {cuts[when]:g} than stand there; correct the moves."
        )
    worst = loss.max(axis=1)
    who = loss.argmax(axis=1)
    flat = worst.ravel()
    at = int(flat.argmax())
    frame = pd.DataFrame(
        {
            "time": np.column_stack([cuts[:-1], cuts[1:]]).ravel(),
            "worst": flat,
            "target": np.asarray(event.ids, dtype=object)[who.ravel()],
        }
    )
    return Exposure(
        float(flat[at]),
        str(frame["target"].iloc[at]),
        float(frame["time"].iloc[at]),
        frame,
        cuts[:-1],
        units,
    )


def _ends(segments: tuple[tuple[float, float, float, float], ...], cuts: Floats) -> Floats:
    """One-sided values at both ends of every interval between cuts, shape (intervals, 2)."""
    starts = np.array([piece[0] for piece in segments])
    middle = (cuts[:-1] + cuts[1:]) / 2
    mine = np.array(segments)[np.searchsorted(starts, middle, side="right") - 1]
    slope = (mine[:, 3] - mine[:, 2]) / (mine[:, 1] - mine[:, 0])
    ends = np.column_stack([cuts[:-1], cuts[1:]])
    # From the nearer end, so that a point given is met exactly.
    forward = mine[:, [2]] + slope[:, None] * (ends - mine[:, [0]])
    backward = mine[:, [3]] - slope[:, None] * (mine[:, [1]] - ends)
    near_start = (ends - mine[:, [0]]) <= (mine[:, [1]] - ends)
    return np.asarray(np.maximum(np.where(near_start, forward, backward), 0.0))


def _check(
    event: PublicEvent, place: Mapping[str, int], placement: Mapping[str, int], transfers: Sequence[Transfer]
) -> None:
    named = [*placement, *(name for move in transfers for name in (move.origin, move.target))]
    for name in named:
        if name not in place:
            raise InputError(
                f"The plan names {name!r}, which is no target; choose from {', '.join(event.ids)}."
            )
    near = 1e-9 * event.duration
    for move in transfers:
        least = event.travel[place[move.origin], place[move.target]]
        if move.arrives - move.departs < least - near:
            raise InputError(
                f"The move from {move.origin!r} to {move.target!r} at {move.departs:g} takes "
                f"{move.arrives - move.departs:g}, but the way takes {least:g}; let it arrive later."
            )


def itineraries(plan: EventPlan) -> pd.DataFrame:
    """Who is where: ``unit, target, begins, ends, state`` (``stands`` or ``travels``), by unit and time.

    Who leaves is whoever has stood there longest.

    Raises
    ------
    SolverError
        When a move has no unit to make it; the plan would be inconsistent.
    """
    import pandas as pd

    here: dict[str, list[tuple[float, int]]] = defaultdict(list)
    rows: list[tuple[int, str, float, float, str]] = []
    number = 0
    for name, count in plan.placement.items():
        for _ in range(count):
            number += 1
            here[name].append((plan.start, number))
    pending: list[tuple[float, str, int]] = []
    for name, when in plan.on_the_way:
        number += 1
        rows.append((number, name, plan.start, when, "travels"))
        pending.append((when, name, number))
    for move in sorted(plan.transfers, key=lambda row: (row.departs, row.origin, row.target)):
        pending = _arrive(pending, here, move.departs)
        standing = here[move.origin]
        if len(standing) < move.count:
            raise SolverError(
                f"No unit is at {move.origin!r} at {move.departs:g} to move: this is a fault of the program, please report it."
            )
        standing.sort()
        for _ in range(move.count):
            since, unit = standing.pop(0)
            rows.append((unit, move.origin, since, move.departs, "stands"))
            rows.append((unit, move.target, move.departs, move.arrives, "travels"))
            pending.append((move.arrives, move.target, unit))
    _arrive(pending, here, np.inf)
    for name, standing in here.items():
        rows += [(unit, name, since, plan.event.duration, "stands") for since, unit in standing]
    table = pd.DataFrame(rows, columns=["unit", "target", "begins", "ends", "state"])
    table = table[(table["ends"] > table["begins"]) | (table["state"] == "stands")]
    table = table.sort_values(["unit", "begins", "ends"], kind="stable").reset_index(drop=True)
    names = plan.names or tuple(f"Unit {k}" for k in range(1, number + 1))
    table["unit"] = [names[k - 1] for k in table["unit"]]
    return table


def _arrive(
    pending: list[tuple[float, str, int]], here: dict[str, list[tuple[float, int]]], until: float
) -> list[tuple[float, str, int]]:
    left = []
    for when, name, unit in sorted(pending):
        if when <= until:
            here[name].append((when, unit))
        else:
            left.append((when, name, unit))
    return left


def transfer_orders(plan: EventPlan) -> pd.DataFrame:
    """Orders, one row a unit and move: ``unit, from, to, leaves, latest, arrives, needed`` by time of leaving."""
    import pandas as pd

    who = itineraries(plan)
    moving = who[who["state"] == "travels"]
    needed = {(move.origin, move.target, move.departs, move.arrives): move.needed for move in plan.transfers}
    rows = []
    for unit, target, begins, ends in moving[["unit", "target", "begins", "ends"]].itertuples(index=False):
        before = who[(who["unit"] == unit) & (who["ends"] == begins) & (who["state"] == "stands")]
        if before.empty:  # on its way already when the plan begins: no new order
            continue
        origin = str(before["target"].iloc[-1])
        due = needed.get((origin, target, begins, ends), ends)
        rows.append((unit, origin, target, begins, begins + max(due - ends, 0.0), ends, due))
    table = pd.DataFrame(rows, columns=["unit", "from", "to", "leaves", "latest", "arrives", "needed"])
    return table.sort_values(["leaves", "unit"], kind="stable").reset_index(drop=True)
