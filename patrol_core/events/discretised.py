r"""The same event on a grid of times, as a mixed-integer program: what arbitrary time steps cost.

Time is cut into steps of equal length; units stand or travel for whole steps, a way takes
:math:`\lceil d_{ij} / \Delta \rceil` steps, and a target's value in a step is its highest there. With
:math:`w = \ln` of the level,

.. math::
    \min w \quad\text{s.t.}\quad w \ge \ln \bar v_{ik} - \lambda q_{ik}, \qquad
    q_{i0} = p_i - \sum_j y_{ij0}, \quad
    q_{ik} = q_{i,k-1} + \sum_j y_{ji,k-\delta_{ji}} - \sum_j y_{ijk}, \quad \sum_i p_i = m

with whole numbers :math:`q, y \ge 0`, :math:`p` the first placement and :math:`y_{ijk}` the units that leave i for j at
the begin of step k. Every plan on the grid is a plan in continuous time, so the value is never below the exact one.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError, SolverError
from patrol_core.events.plan import EventPlan, Transfer, expose
from patrol_core.events.public_event import PublicEvent, ValueCurve
from patrol_core.solvers import LOCK, HighsSession, pyo

MOST_STEPS = 400
MOST_VARIABLES = 120_000
OBJECTIVE_IS = "highest expected loss of any attack, each value counted at its highest within a time step, in the unit of the values; lower is better"
DIGITS = 12
LEAST_LOG = 1e-12
"""Values below this share of the highest count as this, so that their logarithm is finite."""


@dataclass(frozen=True, eq=False)
class _Grid:
    """Cuts between steps, highest values (targets, steps) as shares of ``scale``, ways in steps."""

    cuts: Floats
    top: Floats
    way: dict[tuple[int, int], int]
    scale: float


def solve_discretised(event: PublicEvent, steps: int, *, time_limit: float = 60.0) -> EventPlan:
    """The best plan on a grid of ``steps`` equal steps.

    Args:
        event: The event.
        steps: Steps of the grid, 1 to :data:`MOST_STEPS`.
        time_limit: Seconds.

    Raises:
        InputError: When the grid is too fine for memory (the numbers are named) or ``steps`` is out of range.
        SolverError: When no plan was found within the time limit (seconds).
    """
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"{steps} time steps were asked for; choose 1 to {MOST_STEPS}.")
    grid = _grid(event, steps)
    size = steps * (len(event.ids) + len(grid.way))
    if size > MOST_VARIABLES:
        raise InputError(
            f"{steps} steps and {len(event.ids)} targets need {size:,} variables, above {MOST_VARIABLES:,}; take fewer steps."
        )
    started = time.perf_counter()
    with LOCK:
        model = _model(event, grid)
        session = HighsSession(model, time_limit=time_limit, mip_gap=1e-9)
        outcome = session.solve()
        if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
            raise SolverError(
                f"The discretised program found no plan in {time_limit:g} s; take fewer steps or more time."
            )
        first = np.rint(session.values(outcome, model.first.values())).astype(int)
        keys = list(model.leave)
        leaving = np.rint(session.values(outcome, model.leave.values())).astype(int)
    placement = dict(zip(event.ids, first.tolist(), strict=True))
    transfers = _transfers(event, grid, keys, leaving)
    found = expose(event, placement, transfers)
    # Inside a step the value is below its highest, so the bound of the program is one on grid plans as counted there.
    counted = grid.scale * math.exp(outcome.objective)
    bound = min(grid.scale * math.exp(outcome.bound), counted)
    words = f"HiGHS (Pyomo model), {steps} time steps"
    certificate = Certificate(
        outcome.status,
        counted,
        bound,
        relative_gap(counted, bound, grid.scale),
        words,
        time.perf_counter() - started,
        objective_is=OBJECTIVE_IS,
    )
    return EventPlan(event, placement, transfers, found, certificate, words)


def _grid(event: PublicEvent, steps: int) -> _Grid:
    cuts = np.linspace(0.0, event.duration, steps + 1)
    top = np.array([[_highest(curve, cuts[k], cuts[k + 1]) for k in range(steps)] for curve in event.curves])
    length = event.duration / steps
    way = {}
    for i in range(len(event.ids)):
        for j in range(len(event.ids)):
            if i != j and math.isfinite(event.travel[i, j]):
                delay = math.ceil(event.travel[i, j] / length - 1e-9)
                if delay < steps:
                    way[i, j] = delay
    # As shares of the highest value, so that what the solver sees is the same in any unit.
    scale = float(top.max()) or 1.0
    return _Grid(cuts, np.maximum(top / scale, LEAST_LOG), way, scale)


def _highest(curve: ValueCurve, begin: float, end: float) -> float:
    """Supremum of a curve inside an open interval."""
    best = 0.0
    for start, stop, first, last in curve.segments:
        low, high = max(begin, start), min(end, stop)
        if high > low:
            slope = (last - first) / (stop - start)
            best = max(best, first + slope * (low - start), first + slope * (high - start))
    return best


def _model(event: PublicEvent, grid: _Grid) -> Any:
    places, times = range(len(event.ids)), range(len(grid.cuts) - 1)
    model = pyo.ConcreteModel()
    model.level = pyo.Var()
    model.first = pyo.Var(places, domain=pyo.NonNegativeIntegers, bounds=(0, event.resources))
    model.here = pyo.Var(places, times, domain=pyo.NonNegativeIntegers, bounds=(0, event.resources))
    model.leave = pyo.Var(
        [(i, j, k) for (i, j), delay in grid.way.items() for k in times if k >= 1 and k + delay < len(times)],
        domain=pyo.NonNegativeIntegers,
        bounds=(0, event.resources),
    )
    leaving: dict[tuple[int, int], list[Any]] = {}
    coming: dict[tuple[int, int], list[Any]] = {}
    for i, j, k in model.leave:
        leaving.setdefault((i, k), []).append(model.leave[i, j, k])
        coming.setdefault((j, k + grid.way[i, j]), []).append(model.leave[i, j, k])
    model.units = pyo.Constraint(expr=pyo.quicksum(model.first.values()) == event.resources)
    model.held = pyo.Constraint(
        places,
        times,
        rule=lambda m, i, k: (
            m.here[i, k]
            == (m.first[i] if k == 0 else m.here[i, k - 1])
            + pyo.quicksum(coming.get((i, k), []))
            - pyo.quicksum(leaving.get((i, k), []))
        ),
    )
    model.safe = pyo.Constraint(
        places,
        times,
        # Rounded, so that the last bit of a share, which changes with the unit, does not choose between equal plans.
        rule=lambda m, i, k: m.level + event.decay * m.here[i, k] >= round(math.log(grid.top[i, k]), DIGITS),
    )
    model.objective = pyo.Objective(expr=model.level)
    return model


def _transfers(
    event: PublicEvent, grid: _Grid, keys: list[tuple[int, int, int]], leaving: np.ndarray
) -> tuple[Transfer, ...]:
    moves = []
    for (i, j, k), count in zip(keys, leaving.tolist(), strict=True):
        if count:
            departs, arrives = float(grid.cuts[k]), float(grid.cuts[k + grid.way[i, j]])
            moves.append(Transfer(event.ids[i], event.ids[j], departs, arrives, count, arrives))
    return tuple(sorted(moves, key=lambda move: (move.departs, move.origin, move.target)))
