r"""The best placement and moves for an event, proved.

Whether a level :math:`a` can be held is a flow (:mod:`patrol_core.events.flow`), monotone in :math:`a`. The answer
changes only at finitely many levels, all in closed form:

* a given value over :math:`e^{\lambda k}` (a need appears or ends at a given point), and
* levels at which a unit just arrives in time, :math:`s_f(a) + d_{ij} = t_r(a)`, both sides linear in :math:`a`.

So bisection brackets the best level, and the critical levels inside the bracket finish it exactly. The bound of the
certificate is the highest level that was tested and could not be held.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.events import flow
from patrol_core.events.plan import EventPlan, Transfer, expose
from patrol_core.events.public_event import PublicEvent
from patrol_core.events.requirements import Changes, changes_of, most_at_once

CLOSE = 1e-9
"""Relative width of the bracket at which critical levels are looked for."""
EDGE = 1e-12
"""A critical level is tested this much above itself, on its feasible side."""
NEAR_TIME = 1e-11
"""Share of the duration by which a unit may be late and still count as in time."""
OBJECTIVE_IS = "highest expected loss of any attack at any moment, in the unit of the values; lower is better"
PAIRS = 4_000_000
"""Pairs of changes compared at once when critical levels are looked for."""


def solve_event(event: PublicEvent, *, method: str = "exact") -> EventPlan:
    """The plan with the least worst case.

    Args:
        method: ``exact``, or ``no-travel``: as if moving took no time (a lower bound on the exact value, with a
            plan that only teleporting units could follow).

    Raises:
        InputError: When the method is neither.
    """
    if method not in ("exact", "no-travel"):
        raise InputError(f"There is no method {method!r}; choose exact or no-travel.")
    started = time.perf_counter()
    if method == "no-travel":
        event = event.with_travel(np.zeros_like(event.travel))
    near = NEAR_TIME * event.duration
    static, _ = static_placement(event)
    placed = expose(event, static, ())
    if placed.worst <= 0:
        return _finish(event, static, (), 0.0, started, method)

    def holds_without_travel(level: float) -> bool:
        return most_at_once(*changes_of(event, level)) <= event.resources

    def holds(level: float) -> bool:
        rises, falls = changes_of(event, level)
        if most_at_once(rises, falls) > event.resources:
            return False
        network = flow.hand_over(rises, falls, event.travel, near)
        return network.jobs - flow.most_handed_on(network) <= event.resources

    least = max(
        float(event.peaks.max()) * event.success(event.resources), placed.worst * 1e-300, np.finfo(float).tiny
    )
    instant = event.with_travel(np.zeros_like(event.travel))
    level, bound = least_level(instant, holds_without_travel, least, placed.worst)
    if event.travel.any():
        level, bound = least_level(event, holds, level, placed.worst)
    rises, falls = changes_of(event, level * (1 + EDGE))
    network = flow.hand_over(rises, falls, event.travel, near)
    arcs, taken = flow.fewest_moves(network, event.resources)
    placement, transfers = _plan_of(event, network, arcs, taken, near)
    why = _bottleneck(event, bound, near) if bound < level or bound > least else ()
    return _finish(event, placement, transfers, bound, started, method, why)


def least_level(
    event: PublicEvent,
    holds: Callable[[float], bool],
    low: float,
    high: float,
    start: float = 0.0,
    supply: Sequence[tuple[int, float]] = (),
) -> tuple[float, float]:
    """The least level that holds, and the highest tested one that does not (or ``low``, the proved floor).

    ``high`` is known to hold. ``supply`` adds fixed (target, time) at which units become free, for critical levels.

    Args:
        event: The event.
        holds: Whether a level can be held.
        low, high: Proved floor, and a level that holds.
        start: From when on.
        supply: Fixed (target, time) at which units become free, for critical levels.
    """
    if high <= low or holds(low * (1 + EDGE)):
        return low, low
    floor, ceiling = low, high
    while ceiling > floor * (1 + CLOSE):
        middle = math.sqrt(floor) * math.sqrt(ceiling)
        if not floor < middle < ceiling:
            break
        if holds(middle):
            ceiling = middle
        else:
            floor = middle
    inside = [level for level in critical_levels(event, ceiling, floor, start, supply) if level > floor]
    return _smallest(inside, holds, ceiling), floor


def _smallest(levels: list[float], holds: Callable[[float], bool], known: float) -> float:
    """The smallest of sorted levels that holds, or ``known`` where none does."""
    first, last = 0, len(levels)
    while first < last:
        middle = (first + last) // 2
        if holds(levels[middle] * (1 + EDGE)):
            last = middle
        else:
            first = middle + 1
    return min(levels[first], known) if first < len(levels) else known


def critical_levels(
    event: PublicEvent, high: float, low: float, start: float = 0.0, supply: Sequence[tuple[int, float]] = ()
) -> list[float]:
    """Levels in [low, high] at which what can be held may change, ascending.

    Args:
        event: The event.
        high, low: The range of levels.
        start, supply: As of :func:`least_level`.
    """
    values = np.unique(np.concatenate([curve.values for curve in event.curves]))
    values = np.unique(np.concatenate([values, *(curve.at(start) for curve in event.curves)]))
    powers = np.exp(-event.decay * np.arange(event.resources + 1))
    given = np.outer(values[values > 0], powers).ravel()
    found = [given]
    rises, falls = changes_of(event, high, start)
    free = Changes(
        np.concatenate([falls.target, np.array([t for t, _ in supply], dtype=np.int64)]),
        np.concatenate([falls.time, np.array([when for _, when in supply], dtype=float)]),
        np.concatenate([falls.count, np.ones(len(supply), dtype=np.int64)]),
        np.concatenate([falls.drift, np.zeros(len(supply))]),
    )
    rows = max(1, PAIRS // max(len(rises), 1))
    for begin in range(0, len(free), rows):
        part = slice(begin, begin + rows)
        way = event.travel[np.ix_(free.target[part], rises.target)]
        late = free.time[part, None] + way - rises.time[None, :]
        speed = free.drift[part, None] - rises.drift[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            level = high - late / speed
        found.append(level[np.isfinite(level) & (speed != 0)])
    everything = np.concatenate(found)
    slack = 4 * np.finfo(float).eps * high
    everything = everything[(everything >= low - slack) & (everything <= high + slack)]
    return [float(level) for level in np.unique(everything)]


def _plan_of(
    event: PublicEvent, network: flow.HandOver, arcs: np.ndarray, taken: np.ndarray, near: float
) -> tuple[dict[str, int], tuple[Transfer, ...]]:
    """First places and moves of a flow; units that are not needed reinforce where the plan is weakest."""
    placement = dict.fromkeys(event.ids, 0)
    for target, count, handed in zip(network.rises.target, network.rises.count, taken, strict=True):
        placement[event.ids[int(target)]] += int(count - handed)
    transfers = moves_of(event, network, arcs, near)
    for _ in range(event.resources - sum(placement.values())):
        placement[expose(event, placement, transfers).target] += 1
    return placement, transfers


def moves_of(
    event: PublicEvent, network: flow.HandOver, arcs: np.ndarray, near: float
) -> tuple[Transfer, ...]:
    """Moves of a flow by time.

    Args:
        event: The event.
        network, arcs: The network of a level, and the flow on its arcs.
        near: How late a unit may be and count as in time.
    """
    moves = []
    for arc in np.flatnonzero(arcs):
        fall, rise = int(network.fall[arc]), int(network.rise[arc])
        origin, target = int(network.falls.target[fall]), int(network.rises.target[rise])
        if origin == target:
            continue
        departs, needed = float(network.falls.time[fall]), float(network.rises.time[rise])
        arrives = departs + float(event.travel[origin, target])
        if needed < arrives <= needed + 2 * near:
            arrives = needed
        moves.append(Transfer(event.ids[origin], event.ids[target], departs, arrives, int(arcs[arc]), needed))
    return tuple(sorted(moves, key=lambda move: (move.departs, move.origin, move.target)))


def _bottleneck(event: PublicEvent, level: float, near: float) -> tuple[tuple[str, float, float, int], ...]:
    """Jobs at a level that cannot be held, no two of which one unit can do: more than there are units."""
    rises, falls = changes_of(event, level)
    network = flow.hand_over(rises, falls, event.travel, near)
    if not len(falls):
        return tuple(
            (event.ids[int(t)], float(when), event.duration, int(count))
            for t, when, count in zip(rises.target, rises.time, rises.count, strict=True)
        )
    held, unreached = flow.blocked_cut(network)
    blocked = set(held.tolist())
    rows = []
    for target in range(len(event.ids)):
        rows += _held_at(event, network, target, blocked, set(unreached.tolist()))
    return tuple(rows)


def _held_at(
    event: PublicEvent, network: flow.HandOver, target: int, late: set[int], unreached: set[int]
) -> list[tuple[str, float, float, int]]:
    """Time and number of the jobs of one target that end too late to be handed on and start too early to be taken."""
    rises = [k for k in np.flatnonzero(network.rises.target == target).tolist() if k in unreached]
    falls = [k for k in np.flatnonzero(network.falls.target == target).tolist() if k in late]
    starts = sum(int(network.rises.count[k]) for k in rises)
    over = [
        int(network.falls.count[k])
        for k in np.flatnonzero(network.falls.target == target).tolist()
        if k not in late
    ]
    units = starts - sum(over)
    if units <= 0:
        return []
    begin = max(float(network.rises.time[k]) for k in rises)
    end = min((float(network.falls.time[k]) for k in falls), default=event.duration)
    return [(event.ids[target], min(begin, end), max(begin, end), units)]


def _finish(
    event: PublicEvent,
    placement: Mapping[str, int],
    transfers: tuple[Transfer, ...],
    bound: float,
    started: float,
    method: str,
    bottleneck: tuple[tuple[str, float, float, int], ...] = (),
) -> EventPlan:
    found = expose(event, placement, transfers)
    bound = min(bound, found.worst)
    words = "minimum flow on changes of need" + (", no travel time" if method == "no-travel" else "")
    certificate = Certificate(
        Status.OPTIMAL,
        found.worst,
        bound,
        relative_gap(found.worst, bound, float(event.peaks.max())),
        words,
        time.perf_counter() - started,
        phases=("bisection", "critical levels", "fewest moves"),
        objective_is=OBJECTIVE_IS,
    )
    return EventPlan(event, dict(placement), transfers, found, certificate, words, bottleneck=bottleneck)


# -- plans without the clock --------------------------------------------------------------------------


def static_placement(event: PublicEvent) -> tuple[dict[str, int], float]:
    """The best placement when nobody may move, and its worst case.

    Each unit goes where the loss is highest. That is exact: to hold a level, target i needs a number of units that
    depends on its peak alone, and the rule fills these needs from the highest level down.
    """
    order = {name: k for k, name in enumerate(event.ids)}
    heap = [(-float(peak), order[name], name) for name, peak in zip(event.ids, event.peaks, strict=True)]
    heapq.heapify(heap)
    placement = dict.fromkeys(event.ids, 0)
    for _ in range(event.resources):
        loss, rank, name = heap[0]
        placement[name] += 1
        heapq.heapreplace(heap, (loss * event.success(1), rank, name))
    return placement, -heap[0][0]


def uniform_placement(event: PublicEvent) -> dict[str, int]:
    """Units shared out evenly, what is over in the order of the targets' peaks."""
    each, over = divmod(event.resources, len(event.ids))
    placement = dict.fromkeys(event.ids, each)
    for k in sorted(range(len(event.ids)), key=lambda k: (-float(event.peaks[k]), k))[:over]:
        placement[event.ids[k]] += 1
    return placement
