r"""Moving crowds as values: how many people are at each target at each moment.

A run: wave :math:`w` of :math:`N_w` people starts at :math:`\tau_w`; each keeps a pace :math:`p` (time per distance) that is
log-normal with the given mean and spread. Of a wave, the share inside a stretch :math:`[x_1, x_2)` of the route at
time :math:`t` is

.. math:: \Pr\big(x_1 \le (t - \tau_w)/p < x_2\big) = F\Big(\frac{t-\tau_w}{x_1}\Big) - F\Big(\frac{t-\tau_w}{x_2}\Big)

with :math:`F` the distribution of the pace. Before its start a wave waits in the first stretch; who has finished
stays in the last stretch for a while. Everybody is somewhere until then: the values add up to the people.

The values are exact at the grid of times and linear between. A model, not a count: give measured numbers by hand or
file where there are any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import lognorm

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Wave:
    """People who start together: ``start`` (time) and ``people``."""

    start: float
    people: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Time per unit of distance: log-normal with this mean and standard deviation."""

    mean: float
    spread: float

    def slower_than(self, pace: Floats) -> Floats:
        """Share of people whose pace is at most the given one."""
        variance = math.log1p((self.spread / self.mean) ** 2)
        scale = self.mean / math.exp(variance / 2)
        return np.asarray(lognorm.cdf(pace, s=math.sqrt(variance), scale=scale))


def running_crowd(
    marks: Sequence[float],
    waves: Sequence[Wave],
    pace: Pace,
    *,
    duration: float,
    step: float,
    stay: float = 0.0,
    weight: float = 1.0,
) -> list[Points]:
    """People in each stretch of a route over time.

    Args:
        marks: Ends of the stretches along the route from its start, ascending, the first 0; k marks make k - 1
            stretches.
        waves, pace: Who starts when, and how fast they are (time per unit of ``marks``).
        duration, step: The event runs from 0 to ``duration``; values are worked out every ``step``.
        stay: How long people stay in the last stretch after they finish.
        weight: Value of one person.

    Returns:
        list: For each stretch its ``(time, value)`` points.

    Raises:
        InputError: Marks that do not ascend from 0, no wave, a start outside the event, people below 0, a pace
            or spread not above 0.
    """
    ends = np.asarray(marks, dtype=float)
    if len(ends) < 2 or ends[0] != 0 or (np.diff(ends) <= 0).any():
        raise InputError(
            "The marks of the route must ascend from 0; give the distance at which each stretch ends."
        )
    _check_crowd(waves, pace, duration, step, stay)
    times = grid(duration, step)
    inside = np.zeros((len(ends) - 1, len(times)))
    for wave in waves:
        passed = _passed(ends[1:], times, wave, pace)  # share that is beyond each mark
        beyond = np.vstack([np.ones(len(times)), passed])
        shares = beyond[:-1] - beyond[1:]
        gone = _passed(ends[-1:], times - stay, wave, pace)[0]
        shares[-1] += passed[-1] - gone
        inside += wave.people * shares
    return [_points(times, row * weight) for row in np.maximum(inside, 0.0)]


def _check_crowd(waves: Sequence[Wave], pace: Pace, duration: float, step: float, stay: float) -> None:
    if not waves:
        raise InputError("The run has no start wave; give at least one (start and people).")
    for wave in waves:
        if not 0 <= wave.start <= duration:
            raise InputError(f"A wave starts at {wave.start:g}; the event runs from 0 to {duration:g}.")
        if not wave.people >= 0:
            raise InputError(f"The wave at {wave.start:g} has {wave.people:g} people; give 0 or more.")
    if not (pace.mean > 0 and pace.spread > 0):
        raise InputError(f"The pace is {pace.mean:g} ± {pace.spread:g}; give times above 0.")
    if not stay >= 0:
        raise InputError(f"People stay {stay:g} after the finish; give 0 or more.")
    if not 0 < step <= duration:
        raise InputError(f"The values are wanted every {step:g}; give a time above 0, up to {duration:g}.")


def _passed(marks: Floats, times: Floats, wave: Wave, pace: Pace) -> Floats:
    """Share of a wave that is beyond each mark at each time, shape (marks, times)."""
    since = np.maximum(times - wave.start, 0.0)
    return pace.slower_than(since[None, :] / np.maximum(marks, 1e-12)[:, None])


def grid(duration: float, step: float) -> Floats:
    """Times from 0 to ``duration``, ``step`` apart, both ends included."""
    count = max(1, math.ceil(duration / step - 1e-9))
    return np.asarray(np.minimum(np.arange(count + 1) * step, duration))


def _points(times: Floats, values: Floats) -> Points:
    return [(float(when), float(value)) for when, value in zip(times, values, strict=True)]


def in_and_out(
    people: float,
    *,
    opens: float,
    begins: float,
    ends: float,
    empty: float,
    duration: float,
    dwell: float = 0.25,
) -> tuple[Points, Points]:
    """A stadium: people inside, and people at the gates.

    They come evenly from ``opens`` to ``begins`` and leave evenly from ``ends`` to ``empty``; each spends ``dwell`` at the
    gates, so that flow times dwell are there at any moment.

    Args:
        people: How many come.
        opens, begins, ends, empty: When the gates open, it starts, it ends, and the last are out; ascending.
        duration: Of the event.
        dwell: How long each spends at the gates.

    Returns:
        tuple: Points of the people inside, and of the people at the gates (with jumps).

    Raises:
        InputError: When the times are not in order within the event, or people are below 0.
    """
    if not (0 <= opens < begins <= ends < empty <= duration):
        raise InputError(
            f"The times {opens:g}, {begins:g}, {ends:g}, {empty:g} must ascend between 0 and {duration:g}: "
            "gates open, start, end, last people out."
        )
    if not people >= 0 or not dwell >= 0:
        raise InputError(f"{people:g} people who spend {dwell:g} at the gates are given; give 0 or more.")
    inside = [(0.0, 0.0), (opens, 0.0), (begins, people), (ends, people), (empty, 0.0), (duration, 0.0)]
    into, out = dwell * people / (begins - opens), dwell * people / (empty - ends)
    gates = [
        (0.0, 0.0), (opens, 0.0), (opens, into), (begins, into), (begins, 0.0),
        (ends, 0.0), (ends, out), (empty, out), (empty, 0.0), (duration, 0.0),
    ]  # fmt: skip
    return inside, gates


def busy_day(people: float, *, peak: float, width: float, duration: float, step: float) -> Points:
    """A market: people rise to ``people`` at ``peak`` and fall off as a bell of standard deviation ``width``.

    Args:
        people: Most people there.
        peak, width: When they are there, and the standard deviation of the bell.
        duration, step: The event runs from 0 to ``duration``; values are worked out every ``step``.

    Raises:
        InputError: When the peak is outside the event, the width is not above 0 or people are below 0.
    """
    if not 0 <= peak <= duration or not width > 0 or not people >= 0:
        raise InputError(
            f"A peak at {peak:g} with width {width:g} and {people:g} people cannot be; the peak lies from 0 to {duration:g}, "
            "the width is above 0, people 0 or more."
        )
    times = grid(duration, step)
    return _points(times, people * np.exp(-0.5 * ((times - peak) / width) ** 2))


def thinned(points: Points, tolerance: float) -> Points:
    """Fewer points that stay within ``tolerance`` above the curve and never below it.

    Removing a point of a convex bend raises the curve there, which errs on the safe side; a point of a concave bend
    (a peak) is kept. Greedy from the left.
    """
    kept = list(points)
    k = 1
    while k < len(kept) - 1:
        (t0, v0), (t1, v1), (t2, v2) = kept[k - 1 : k + 2]
        if t2 > t0 and t1 not in (t0, t2):
            straight = v0 + (v2 - v0) * (t1 - t0) / (t2 - t0)
            if 0 <= straight - v1 <= tolerance and _all_near(points, (t0, v0), (t2, v2), tolerance):
                del kept[k]
                continue
        k += 1
    return kept


def _all_near(
    points: Points, first: tuple[float, float], last: tuple[float, float], tolerance: float
) -> bool:
    """Whether every given point between two kept ones lies at most ``tolerance`` below the line, never above."""
    (t0, v0), (t2, v2) = first, last
    slope = (v2 - v0) / (t2 - t0)
    return all(
        -1e-12 <= v0 + slope * (when - t0) - value <= tolerance for when, value in points if t0 < when < t2
    )
