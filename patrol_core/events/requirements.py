r"""How many units each target needs over time, so that no attack pays more than a level.

For a level :math:`a` the need :math:`r_i(s; a) = \min\{r : e^{-\lambda r} v_i(s) \le a\}` is a step function: it changes
where :math:`v_i(s) = a e^{\lambda k}`, which is a closed form on each linear piece, and at jumps. Every rise of a
need starts a job for one unit, every fall ends one. Which of the units at a place ends its job does not matter.

``drift`` is the speed at which a change moves when the level does, :math:`ds/da`, 0 at given points; with it the
levels at which a unit just reaches a job in time can be written down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.events.public_event import PublicEvent, ValueCurve

NEAR = 1e-11
"""Tolerance of a need in units: a value this close to a threshold is at it."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The need of one target: ``need[k]`` from ``times[k]`` to ``times[k + 1]``."""

    times: Floats
    drift: Floats
    need: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Changes:
    """Rises or falls of needs over all targets, by target and time.

    ``target``, ``time``, ``count`` (> 0) and ``drift`` have one entry a change.
    """

    target: NDArray[np.int64]
    time: Floats
    count: NDArray[np.int64]
    drift: Floats

    def __len__(self) -> int:
        return len(self.target)


def steps_of(curve: ValueCurve, level: float, decay: float) -> Steps:
    """Need of one target over time at a level above 0.

    Args:
        curve: Value of the target over time.
        level: What no attack may pay more than.
        decay: λ, how much each unit deters.
    """
    times, drift = [0.0], [0.0]
    need: list[int] = []
    for start, end, first, last in curve.segments:
        for begin, moves, units in _pieces(start, end, first, last, level, decay):
            if need and need[-1] == units:
                continue
            if need:
                times.append(begin)
                drift.append(moves)
            need.append(units)
    times.append(float(curve.times[-1]))
    drift.append(0.0)
    return Steps(np.array(times), np.array(drift), np.array(need, dtype=np.int64))


def _pieces(
    start: float, end: float, first: float, last: float, level: float, decay: float
) -> list[tuple[float, float, int]]:
    """Constant needs along one segment: begin, drift of the begin, units."""
    if first == last:
        return [(start, 0.0, _need(first, level, decay))]
    rising = last > first
    low, high = (first, last) if rising else (last, first)
    top = _need(high, level, decay)
    bottom = min(_need_above(low, level, decay), top)
    slope = (end - start) / (last - first)
    ladder = range(bottom, top + 1) if rising else range(top, bottom - 1, -1)
    pieces = []
    for units in ladder:
        # The need is entered where the value crosses the threshold of the need before it.
        entered = units - 1 if rising else units
        begins_here = units == (bottom if rising else top)
        factor = math.exp(decay * entered) * slope
        begin = start if begins_here else start + factor * level - first * slope
        pieces.append((min(max(begin, start), end), 0.0 if begins_here else factor, units))
    return pieces


def _need(value: float, level: float, decay: float) -> int:
    """Units that hold a value down to the level."""
    if value <= level:
        return 0
    return max(0, math.ceil(math.log(value / level) / decay - NEAR))


def _need_above(value: float, level: float, decay: float) -> int:
    """Units needed just above a value."""
    if value < level * (1 - NEAR):
        return 0
    return math.floor(max(0.0, math.log(value / level) / decay) + NEAR) + 1


def changes_of(event: PublicEvent, level: float, start: float = 0.0) -> tuple[Changes, Changes]:
    """Rises and falls of all needs from ``start`` on; the needs at ``start`` are rises there.

    Args:
        event: The event.
        level: What no attack may pay more than, above 0.
        start: From when on.
    """
    rises: list[tuple[int, float, int, float]] = []
    falls: list[tuple[int, float, int, float]] = []
    for target, curve in enumerate(event.curves):
        steps = steps_of(curve, level, event.decay)
        before = 0
        for k, units in enumerate(steps.need.tolist()):
            if steps.times[k + 1] <= start and start > 0:
                continue
            moment = max(float(steps.times[k]), start)
            drift = float(steps.drift[k]) if moment > start else 0.0
            if units != before:
                (rises if units > before else falls).append((target, moment, abs(units - before), drift))
            before = units
    return _table(rises), _table(falls)


def _table(rows: list[tuple[int, float, int, float]]) -> Changes:
    return Changes(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=float),
    )


def most_at_once(rises: Changes, falls: Changes) -> int:
    """Largest total need at any time: units that even instant travel cannot do without."""
    time = np.concatenate([falls.time, rises.time])
    step = np.concatenate([-falls.count, rises.count])
    order = np.lexsort((step, time))  # at one time falls first: a unit may go where it is needed next
    return int(np.cumsum(step[order]).max(initial=0))
