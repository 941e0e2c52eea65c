"""A plan for an event: first places, moves, who is where, and what an attacker could gain, re-checked by itself."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate
from patrol_core.errors import InputError, SolverError
from patrol_core.events.public_event import PublicEvent

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

    Attributes:
        worst: The highest expected loss of any attack.
        target, time: Where and when.
        frame: ``time, worst, target``: both ends of every interval between changes, by time.
        units: Units at each target per interval, shape (intervals, targets); ``starts`` are the begins.
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

    Attributes:
        event: What was planned for.
        placement: Units at each target at ``start``.
        transfers: Moves by time.
        exposure: Re-computed from placement and transfers alone.
        certificate: Objective (the exposure), proved lower bound, seconds.
        start: 0, or the moment a re-plan begins.
        on_the_way: At a re-plan: units under way at ``start``, as (target, arrives).
        method: In words.
        bottleneck: Why no plan can do better: (target, from, to, units) to be held, no two of which one unit
            can hold.
        names: Names of the units, in the order of ``placement`` and then of ``on_the_way``; ``Unit 1`` and so
            on where empty.
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

    Args:
        event: The event.
        placement, transfers: Units at each target at ``start``, and the moves.
        start: When it begins.
        on_the_way: Units under way then, as (target, arrives).

    Raises:
        InputError: When a target is unknown, more units leave than stand there, or a move takes less than its
            travel time.
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


@dataclass(frozen=True, slots=True)
class _Leg:
    """One unit standing at a target, or on its way there from ``origin`` (empty when it was under way at the start)."""

    unit: int
    target: str
    begins: float
    ends: float
    state: str
    origin: str = ""
    needed: float = 0.0


def itineraries(plan: EventPlan) -> pd.DataFrame:
    """Who is where: ``unit, target, begins, ends, state`` (``stands`` or ``travels``), by unit and time.

    Who leaves is whoever has stood there longest. A move that takes no time is a row that begins and ends at once.

    Args:
        plan: Any plan, also one from the middle of an event on.

    Raises:
        SolverError: When a move has no unit to make it; the plan would be inconsistent.
    """
    import pandas as pd

    names = _unit_names(plan)
    rows = [
        (names[leg.unit - 1], leg.target, leg.begins, leg.ends, leg.state)
        for _, mine in _legs(plan)
        for leg in mine
    ]
    return pd.DataFrame(rows, columns=["unit", "target", "begins", "ends", "state"])


def _unit_names(plan: EventPlan) -> Sequence[str]:
    count = sum(plan.placement.values()) + len(plan.on_the_way)
    return plan.names or tuple(f"Unit {k}" for k in range(1, count + 1))


def _legs(plan: EventPlan) -> list[tuple[int, list[_Leg]]]:
    """Of every unit its legs in the order in which they are made."""
    here: dict[str, list[tuple[float, int]]] = defaultdict(list)
    legs: dict[int, list[_Leg]] = {}
    for name, count in plan.placement.items():
        for _ in range(count):
            unit = len(legs) + 1
            legs[unit] = []
            here[name].append((plan.start, unit))
    pending: list[tuple[float, str, int]] = []
    for name, when in plan.on_the_way:
        unit = len(legs) + 1
        legs[unit] = [_Leg(unit, name, plan.start, when, "travels")]
        pending.append((when, name, unit))
    ordered = sorted(plan.transfers, key=lambda row: (row.departs, row.origin, row.target))
    for now, moves in itertools.groupby(ordered, key=lambda row: row.departs):
        waiting = list(moves)
        while waiting:
            pending = _arrive(pending, here, now)
            # Of moves at one moment one may need the units that another brings in no time.
            ready = next((move for move in waiting if len(here[move.origin]) >= move.count), None)
            if ready is None:
                raise SolverError(
                    f"No unit is at {waiting[0].origin!r} at {now:g} to move: this is a fault of the program, please report it."
                )
            waiting.remove(ready)
            here[ready.origin].sort()
            for since, unit in here[ready.origin][: ready.count]:
                legs[unit] += [
                    _Leg(unit, ready.origin, since, now, "stands"),
                    _Leg(unit, ready.target, now, ready.arrives, "travels", ready.origin, ready.needed),
                ]
                pending.append((ready.arrives, ready.target, unit))
            del here[ready.origin][: ready.count]
    _arrive(pending, here, np.inf)
    for name, standing in here.items():
        for since, unit in standing:
            legs[unit].append(_Leg(unit, name, since, plan.event.duration, "stands"))
    return list(legs.items())


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


ORDER_COLUMNS = ("unit", "from", "to", "leaves", "latest", "arrives", "needed")


def _move(names: Sequence[str], leg: _Leg) -> tuple[str, str, str, float, float, float, float]:
    due = leg.needed
    latest = leg.begins + max(due - leg.ends, 0.0)
    return names[leg.unit - 1], leg.origin, leg.target, leg.begins, latest, leg.ends, due


def unit_orders(plan: EventPlan) -> pd.DataFrame:
    """Orders of all units: a row for every move of a unit, and one for every unit that makes none.

    Args:
        plan: Any plan.

    Returns:
        DataFrame: ``unit, from, to, leaves, latest, arrives, needed``, then ``order`` (``move``, ``stand``, or
            ``on its way`` for a unit that was under way when the plan begins and goes no further),
            ``stands_from`` and ``stands_until`` (at ``to``, after the move). Of who stands, ``from`` and ``to``
            are the same and the times of a move are empty. Moves by time of leaving, then the units that stand.
    """
    import pandas as pd

    names = _unit_names(plan)
    moves: list[tuple[object, ...]] = []
    others: list[tuple[object, ...]] = []
    none = float("nan")
    for unit, mine in _legs(plan):
        moved = False
        for leg, after in zip(mine, [*mine[1:], None], strict=True):
            if leg.state == "travels" and leg.origin:
                until = plan.event.duration if after is None else after.ends
                moves.append((*_move(names, leg), "move", leg.ends, until))
                moved = True
        if not moved:
            last, word = mine[-1], "on its way" if len(mine) > 1 else "stand"
            origin = "" if len(mine) > 1 else last.target
            arrives = mine[0].ends if len(mine) > 1 else none
            others.append(
                (
                    names[unit - 1],
                    origin,
                    last.target,
                    none,
                    none,
                    arrives,
                    none,
                    word,
                    last.begins,
                    last.ends,
                )
            )
    columns = [*ORDER_COLUMNS, "order", "stands_from", "stands_until"]
    moves.sort(key=lambda row: row[3])  # type: ignore[arg-type, return-value]
    return pd.DataFrame([*moves, *others], columns=columns)
