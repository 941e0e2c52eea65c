r"""A public event: targets whose value changes over time, units that must travel to move.

Target :math:`i` has a value :math:`v_i(s) \ge 0` at time :math:`s \in [0, T]`, linear between given points, with
jumps where two points share a time. An attack on a target where :math:`q` of the :math:`m` units stand succeeds
with probability :math:`e^{-\lambda q}`; a unit on its way protects nothing, and moving from :math:`i` to :math:`j`
takes :math:`d_{ij}`. The attacker may strike anywhere at any moment, so the planner minimises

.. math:: \max_{i,\,s}\; e^{-\lambda q_i(s)}\, v_i(s)

over the first placement and all moves. At a jump both one-sided values count, each against the units that stand
there on its side.

Source: Yin, An and Jain (2014), "Game-theoretic resource allocation for protecting large public events", AAAI.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.numbers import check_sizes

LEAST_DECAY = 1e-6
MOST_DECAY = 100.0
MOST_UNITS = 10_000
INSTANT = 1e-12
"""Share of the duration below which two times are one."""


@dataclass(frozen=True, eq=False)
class ValueCurve:
    """A value over time, linear between points.

    Attributes:
        times: Shape (k,), not decreasing; two equal times are a jump.
        values: Shape (k,), 0 or more.
    """

    times: Floats
    values: Floats

    @property
    def peak(self) -> float:
        """The highest value."""
        return float(self.values.max())

    @cached_property
    def segments(self) -> tuple[tuple[float, float, float, float], ...]:
        """Pieces of positive length: start, end, value at start, value at end."""
        times, values = self.times.tolist(), self.values.tolist()
        return tuple(
            (times[k], times[k + 1], values[k], values[k + 1])
            for k in range(len(times) - 1)
            if times[k + 1] > times[k]
        )

    def at(self, when: ArrayLike) -> Floats:
        """Value at each time; at a jump the higher of the two sides."""
        moments = np.atleast_1d(np.asarray(when, dtype=float))
        found = np.zeros(len(moments))
        for start, end, first, last in self.segments:
            inside = (moments >= start) & (moments <= end)
            share = (moments[inside] - start) / (end - start)
            found[inside] = np.maximum(found[inside], first + share * (last - first))
        return found


@dataclass(frozen=True, eq=False)
class PublicEvent:
    """A validated event.

    Attributes:
        ids: Names of the targets, in the order of every array.
        curves: Value of each target over time.
        duration: T, in the unit of all times (hours, say).
        resources: m, units at hand.
        decay: λ > 0: each unit at a target multiplies the attacker's chance there by e^-λ.
        travel: Shortest travel times, shape (n, n), diagonal 0; infinite where there is no way.
    """

    ids: tuple[str, ...]
    curves: tuple[ValueCurve, ...]
    duration: float
    resources: int
    decay: float
    travel: Floats

    @property
    def peaks(self) -> Floats:
        """Highest value of each target."""
        return np.array([curve.peak for curve in self.curves])

    def success(self, units: int) -> float:
        """Chance that an attack on a target with so many units succeeds."""
        return math.exp(-self.decay * units)

    def with_resources(self, resources: int) -> PublicEvent:
        """The same event with another number of units."""
        return replace(self, resources=check_resources(resources))

    def with_travel(self, travel: ArrayLike) -> PublicEvent:
        """The same event with other travel times."""
        return replace(self, travel=check_travel(travel, self.ids))


def make_event(
    values: Mapping[str, Sequence[tuple[float, float]]] | Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    duration: float,
    resources: int,
    decay: float,
    travel: ArrayLike,
) -> PublicEvent:
    """Make an event from points.

    Args:
        values: Target name -> ``(time, value)`` points from time 0 to ``duration``; pairs of name and points
            are taken too.
        duration, resources, decay: As in :class:`PublicEvent`.
        travel: Direct travel times, shape (n, n); shortest ways over other targets are taken where they are
            quicker.

    Raises:
        InputError: With the target's name: times that are negative, unsorted or do not reach both ends, values
            that are negative or no numbers, names given twice; a travel matrix of the wrong size or with
            negative times; ``decay`` or ``resources`` out of range.
    """
    pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
    if not pairs:
        raise InputError("The event has no target; give at least one.")
    names = [str(name) for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise InputError(f"The target {twice!r} is given twice; give each target its own name.")
    if not (math.isfinite(duration) and duration > 0):
        raise InputError(f"The duration is {duration:g}; give a time above 0.")
    if not (math.isfinite(decay) and LEAST_DECAY <= decay <= MOST_DECAY):
        raise InputError(
            f"lambda is {decay:g}; give a number above 0 ({LEAST_DECAY:g} to {MOST_DECAY:g}): how much each unit deters."
        )
    check_sizes(
        {
            "duration": duration,
            "targets": {name: points for name, (_, points) in zip(names, pairs, strict=True)},
        },
        "The event",
    )
    curves = tuple(curve_of(name, points, duration) for name, (_, points) in zip(names, pairs, strict=True))
    ids = tuple(names)
    return PublicEvent(
        ids, curves, float(duration), check_resources(resources), float(decay), check_travel(travel, ids)
    )


def check_resources(resources: int) -> int:
    """A number of units that can be used."""
    if isinstance(resources, bool) or int(resources) != resources or not 1 <= resources <= MOST_UNITS:
        raise InputError(f"The number of units is {resources}; give a whole number from 1 to {MOST_UNITS:,}.")
    return int(resources)


def curve_of(name: str, points: Sequence[tuple[float, float]], duration: float) -> ValueCurve:
    """The value curve of one target from its points; every fault names the target.

    Args:
        name: Of the target, for messages.
        points: (time, value) from time 0 to ``duration``.
        duration: Of the event.
    """
    table = np.array([tuple(point) for point in points], dtype=float)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] != 2:
        raise InputError(f"Target {name!r}: give its value as at least two points [time, value].")
    times, values = table[:, 0].copy(), table[:, 1].copy()
    if not np.isfinite(table).all():
        raise InputError(f"Target {name!r}: a time or value is missing or not a number; fill it in.")
    if times[0] < 0:
        raise InputError(
            f"Target {name!r}: the time {times[0]:g} is negative; times run from 0 to {duration:g}."
        )
    if (np.diff(times) < 0).any():
        late = int(np.argmax(np.diff(times) < 0))
        raise InputError(
            f"Target {name!r}: the time {times[late + 1]:g} comes after {times[late]:g}; sort the points by time."
        )
    if (values < 0).any():
        raise InputError(
            f"Target {name!r}: the value {values[values < 0][0]:g} at time {times[values < 0][0]:g} is negative; give 0 or more."
        )
    near = 1e-9 * duration
    if abs(times[0]) > near or abs(times[-1] - duration) > near:
        raise InputError(
            f"Target {name!r}: its value is given from {times[0]:g} to {times[-1]:g}, but the event runs from 0 to "
            f"{duration:g}; give a point at both ends."
        )
    times[0], times[-1] = 0.0, duration
    # A rise within less time than doubles can tell apart in this event is a jump: both its ends count either way.
    for k in range(1, len(times)):
        if times[k] - times[k - 1] < INSTANT * duration:
            times[k] = times[k - 1]
    times[times > (1 - INSTANT) * duration] = duration
    if not (np.diff(times) > 0).any():
        raise InputError(
            f"Target {name!r}: all its points share one time; give a value at 0 and at {duration:g}."
        )
    return ValueCurve(times, values)


def check_travel(travel: ArrayLike, ids: Sequence[str]) -> Floats:
    """Shortest travel times from direct ones.

    Raises:
        InputError: When the matrix is not n by n, or a time is negative or missing (both targets are named).
    """
    try:
        direct = np.array(travel, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The travel times are no table of numbers; give {len(ids)} rows of {len(ids)}."
        ) from error
    if direct.shape != (len(ids), len(ids)):
        shape = " by ".join(str(size) for size in direct.shape) or "a single number"
        raise InputError(
            f"The travel times are {shape}, but there are {len(ids)} targets; give {len(ids)} rows of {len(ids)}."
        )
    wrong = np.isnan(direct) | (direct < 0)
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise InputError(
            f"The travel time from {ids[i]!r} to {ids[j]!r} is {direct[i, j]:g}; give 0 or more."
        )
    return closure(direct)


def closure(direct: Floats) -> Floats:
    """Shortest times over any stops (Floyd and Warshall)."""
    shortest = direct.copy()
    np.fill_diagonal(shortest, 0.0)
    for k in range(len(shortest)):
        np.minimum(shortest, shortest[:, [k]] + shortest[[k], :], out=shortest)
    return shortest
