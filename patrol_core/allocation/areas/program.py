r"""Patrol areas as an integer programme, for places of moderate size: p-median with balance and contiguity.

Binary x_{ij}: zone i belongs to the area whose centre is zone j (x_{jj}: j is a centre).

.. math:: \min \sum_{ij} d_{ij}^2 x_{ij} \quad\text{s.t.}\quad \sum_j x_{ij} = 1,\; x_{ij} \le x_{jj},\; \sum_j x_{jj} = k,

* ``least``, ``most``: ``(1 - t) W / k x_jj <= sum_i w_i x_ij <= (1 + t) W / k x_jj``
* ``piece``: a part C of area j that does not touch the rest needs a neighbour: ``x_ij <= sum over v beside C of x_vj``
  for i in C; added when a solution breaks it (Oehrlein & Haunert 2017, A cutting-plane method for contiguity-constrained
  spatial aggregation).

Source: Hess, Weaver, Siegfeldt, Whelan & Zitlau (1965); compactness as squared distance to a centre is theirs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from patrol_core.allocation.areas.graph import ZoneGraph, parts
from patrol_core.allocation.areas.search import spread_of
from patrol_core.arrays import Indices
from patrol_core.certificate import Status, relative_gap
from patrol_core.solvers import LOCK, HighsSession, Outcome, pyo

_ROUNDS = 60
GAP = 1e-6
"""Relative gap below which areas are called optimal."""


@dataclass(frozen=True, eq=False)
class AreasAnswer:
    """What the programme found: area of every zone (or None), proved bound (km2), and how it ended."""

    status: Status
    area: Indices | None
    bound: float
    rounds: int


def solve_areas(
    graph: ZoneGraph, count: int, tolerance: float, *, start: Indices | None, time_limit: float
) -> AreasAnswer:
    """The most compact balanced areas, each in one piece.

    Args:
        graph: Zones; counted in their own size (:meth:`ZoneGraph.in_own_units`), since HiGHS compares with
            absolute numbers.
        count, tolerance: Number of areas, and the share by which their work may differ from the mean.
        start: Areas to begin with, in one piece each and in balance; improved or proved best.
        time_limit: Seconds; what is not closed by then is returned as stopped, with its bound.
    """
    stop = time.monotonic() + time_limit
    with LOCK:
        program = _Program(graph, count, tolerance, time_limit)
        best, number, bound = start, 0, 0.0
        best_cost = np.inf if start is None else float(spread_of(graph, start, count)[0].sum())
        while number < _ROUNDS and stop - time.monotonic() > 0.05:
            number += 1
            if best is not None:
                program.begin_with(best)
            outcome = program.session.solve(time_limit=stop - time.monotonic())
            if outcome.status is Status.INFEASIBLE:
                return AreasAnswer(Status.INFEASIBLE, None, np.inf, number)
            if np.isfinite(outcome.bound):
                bound = max(bound, outcome.bound)  # cuts only take away areas in several pieces
            if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
                break
            area, centres = program.areas(outcome)
            broken = program.cut(area, centres)
            if not broken:
                cost = float(spread_of(graph, area, count)[0].sum())
                if cost < best_cost:
                    best, best_cost = area, cost
            if best is not None and relative_gap(best_cost, min(bound, best_cost)) <= GAP:
                return AreasAnswer(Status.OPTIMAL, best, bound, number)
            if not broken:
                break
    ended = Status.STOPPED_WITH_PLAN if best is not None else Status.STOPPED_WITHOUT_PLAN
    return AreasAnswer(ended, best, bound, number)


class _Program:
    """The programme and its growing set of cuts."""

    def __init__(self, graph: ZoneGraph, count: int, tolerance: float, time_limit: float) -> None:
        self.graph, self.count, self.n = graph, count, len(graph.work)
        model = _build(graph, count, tolerance)
        self.session = HighsSession(model, time_limit=time_limit, tolerance=1e-7, mip_gap=1e-7)
        # Distances are in units of the place, not of the objective: only the relative gap may stop the search.
        self.session.set_options(mip_abs_gap=0.0, mip_feasibility_tolerance=1e-9)
        zones = range(self.n)
        self.columns = self.session.columns_of(model.x[i, j] for i in zones for j in zones)

    def begin_with(self, area: Indices) -> None:
        """Hand HiGHS areas to begin with."""
        _, centre = spread_of(self.graph, area, self.count)
        values = np.zeros((self.n, self.n))
        values[np.arange(self.n), centre[area]] = 1.0
        self.session.start_at(values.ravel(), self.columns)

    def areas(self, outcome: Outcome) -> tuple[Indices, Indices]:
        """Area of every zone and centre of every area."""
        owner = outcome.columns[self.columns].reshape(self.n, self.n).argmax(axis=1)
        centres, area = np.unique(owner, return_inverse=True)
        return area.astype(np.intp), centres.astype(np.intp)

    def cut(self, area: Indices, centres: Indices) -> int:
        """Forbid every part that is cut off from its centre; how many there are."""
        found, columns = 0, self.columns.reshape(self.n, self.n)
        for a, centre in enumerate(centres.tolist()):
            for part in parts(np.flatnonzero(area == a).tolist(), self.graph.near):
                if centre in part:
                    continue
                found += 1
                beside = sorted({j for i in part for j in self.graph.near[i]} - set(part))
                for i in part:
                    terms = {int(columns[i, centre]): 1.0}
                    terms |= {int(columns[j, centre]): -1.0 for j in beside}
                    self.session.add_row(terms, None, 0.0)
        return found


def _build(graph: ZoneGraph, count: int, tolerance: float) -> Any:
    """All of the programme but the cuts."""
    n = len(graph.work)
    square = ((graph.points[:, None, :] - graph.points[None, :, :]) ** 2).sum(axis=2)
    mean = float(graph.work.sum()) / count
    low, high = (1.0 - tolerance) * mean, (1.0 + tolerance) * mean
    work = graph.work.tolist()
    model = pyo.ConcreteModel("patrol areas")
    zones = range(n)
    model.x = pyo.Var(zones, zones, domain=pyo.Binary)
    model.one = pyo.Constraint(zones, rule=lambda m, i: pyo.quicksum(m.x[i, j] for j in zones) == 1)
    pairs = [(i, j) for i in zones for j in zones if i != j]
    model.centre = pyo.Constraint(pairs, rule=lambda m, i, j: m.x[i, j] - m.x[j, j] <= 0.0)
    model.number = pyo.Constraint(expr=pyo.quicksum(model.x[j, j] for j in zones) == count)
    model.least = pyo.Constraint(
        zones, rule=lambda m, j: pyo.quicksum(work[i] * m.x[i, j] for i in zones) - low * m.x[j, j] >= 0.0
    )
    model.most = pyo.Constraint(
        zones, rule=lambda m, j: pyo.quicksum(work[i] * m.x[i, j] for i in zones) - high * m.x[j, j] <= 0.0
    )
    model.goal = pyo.Objective(expr=pyo.quicksum(float(square[i, j]) * model.x[i, j] for i, j in pairs))
    return model
