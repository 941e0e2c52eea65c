r"""The defender's best answer where labels are too many: walks as flows through time, in one integer program.

Units that are alike and start at the same base are one flow :math:`f \in \mathbb{Z}_{\ge 0}` over the states (node, time); an arc is a move, a
wait, or (schedule form with :math:`\tau > 1`) a stay of :math:`\tau` states that tours a target:

.. math::
    \max \sum_t w_t y_t - c \sum_a m_a f_a \;\text{ s.t. flow is kept},\; \text{out of the bases} = \text{units},\;
    \tau y_t \le v_t(f),\; y \in \{0, 1\}

v counts the visits (or tours) of a target. A weight below 0 holds y up from below. The bound of the integer program is a proved bound on
every joint strategy, so column generation on top of it always knows its gap.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.errors import InputError, SolverError
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.graphs.patrol.coverage.pricing import Priced
from patrol_core.graphs.patrol.game import COMPATIBLE, NORMAL, SCHEDULE, GraphGame, Unit, allowed_nodes
from patrol_core.graphs.patrol.reach import arcs_of, moves_from, moves_home
from patrol_core.graphs.patrol.solution import Walk
from patrol_core.graphs.patrol.verify import moves_of, visits_of
from patrol_core.solvers import MipModel

_SECONDS = 20.0
"""The longest that one program may take before its bound is used as it stands."""
MOST_ARCS = 200_000
"""Arcs over time that one integer program may have."""


def arcs_over_time(game: GraphGame) -> int:
    """How many arcs the flows of a game have at most."""
    ways = len(game.network.arcs[0]) + len(game.node_ids)
    return (
        game.moves * ways * sum(len(unit.bases) for unit in dict.fromkeys(game.units) if not unit.stationary)
    )


def check_arcs(game: GraphGame) -> None:
    """Refuse a game whose program would be too large.

    Raises:
        InputError: With the number of arcs.
    """
    count = arcs_over_time(game)
    if count > MOST_ARCS:
        raise InputError(
            f"The game is too large: units have too many different coverages to list, and walks one by one would take {count:,} arcs over "
            f"time, more than the {MOST_ARCS:,} that can be searched. Give fewer moves or targets, a smaller tau, or a smaller graph."
        )


@dataclass(eq=False)
class _Flow:
    """Units of one kind from one base.

    Attributes:
        away, home: Moves from the base and to where the unit may end, shape (nodes,).
        arcs: Column -> (from node, time, to node, time, target toured or -1).
        out: Columns that leave the base at time 0.
    """

    unit: Unit
    base: int
    away: Ints
    home: Ints
    arcs: dict[int, tuple[int, int, int, int, int]] = field(default_factory=dict)
    out: list[int] = field(default_factory=list)


class WalkPricer:
    """See the module docstring."""

    def __init__(self, game: GraphGame) -> None:
        check_arcs(game)
        self.game = game
        self.by_tour = game.form == SCHEDULE
        self.horizon = game.moves + (1 if self.by_tour and game.mode == COMPATIBLE else 0)
        self.spot = {int(node): t for t, node in enumerate(game.targets.tolist())}
        self.model = MipModel(gap=1e-7)
        self.moves: dict[int, float] = {}
        self.visits: list[dict[int, float]] = [defaultdict(float) for _ in range(game.size)]
        self.kinds = list(dict.fromkeys(game.units))
        self.flows = {unit: [self._flow(unit, base) for base in unit.bases] for unit in self.kinds}
        for unit in self.kinds:
            columns = [column for flow in self.flows[unit] for column in flow.out]
            same = sum(other == unit for other in game.units)
            self.model.rows.add(columns, [1.0] * len(columns), same, same)
        self.cover = [self._cover(t) for t in range(game.size)]
        self.what = "walks one by one, by integer programs over time"
        self.counts = {"arcs over time": len(self.moves)}

    # -- building -------------------------------------------------------------------------------------

    def _flow(self, unit: Unit, base: int) -> _Flow:
        game = self.game
        allowed = allowed_nodes(game, unit)
        home = moves_home(game, unit, base)
        away = moves_from(game.network, allowed, [base])[0]
        flow = _Flow(unit, base, away, home)
        if unit.stationary:
            self._stand(flow)
            return flow
        tail, head = arcs_of(game.network, allowed)
        touched: dict[tuple[int, int], list[list[int]]] = defaultdict(lambda: [[], []])
        for now in range(self.horizon):
            ways = [(a, b, 1) for a, b in zip(tail.tolist(), head.tolist(), strict=True)]
            if game.waiting or self.by_tour:
                ways += [(a, a, 0) for a in np.flatnonzero(allowed).tolist()]
            for a, b, move in ways:
                if away[a] <= now and home[b] <= self.horizon - now - 1:
                    self._arc(flow, touched, (a, now, b, now + 1, -1), move)
            self._stays(flow, touched, away <= now, now)
        for (node, time), (into, leaving) in touched.items():
            if (node, time) == (base, 0):
                flow.out = leaving
            elif time < self.horizon:
                self.model.rows.add([*into, *leaving], [1.0] * len(into) + [-1.0] * len(leaving), 0.0, 0.0)
        here = self.spot.get(base)
        if here is not None and self._counts_visit(flow, here):
            for column in flow.out:
                self.visits[here][column] += 1.0
        return flow

    def _arc(
        self,
        flow: _Flow,
        touched: dict[tuple[int, int], list[list[int]]],
        arc: tuple[int, int, int, int, int],
        move: int,
    ) -> int:
        column = self.model.column(float(len(self.game.units)))
        flow.arcs[column] = arc
        self.moves[column] = float(move)
        touched[arc[0], arc[1]][1].append(column)
        touched[arc[2], arc[3]][0].append(column)
        there = self.spot.get(arc[2])
        if there is not None and self._counts_visit(flow, there):
            self.visits[there][column] += 1.0
        return column

    def _counts_visit(self, flow: _Flow, target: int) -> bool:
        """Whether being there counts: always in normal form; in schedule form only where a tour takes one state."""
        return not self.by_tour or (self.game.tau == 1 and self._alone(flow, target))

    def _stays(
        self,
        flow: _Flow,
        touched: dict[tuple[int, int], list[list[int]]],
        there: Bools,
        now: int,
    ) -> None:
        """Schedule form with tau > 1: tours of targets that begin at a time."""
        stay = self.game.tau - 1
        if not self.by_tour or stay == 0:
            return
        for node, t in self.spot.items():
            if there[node] and now + stay + flow.home[node] <= self.horizon and self._alone(flow, t):
                column = self._arc(flow, touched, (node, now, node, now + stay, t), 0)
                self.visits[t][column] += 1.0

    def _alone(self, flow: _Flow, target: int) -> bool:
        """In ``compatible`` games a tour is made of targets that can be toured alone within T moves."""
        node = int(self.game.targets[target])
        return int(flow.away[node]) + self.game.tau - 1 + int(flow.home[node]) <= self.game.moves

    def _stand(self, flow: _Flow) -> None:
        column = self.model.column(float(len(self.game.units)))
        flow.out = [column]
        self.moves[column] = 0.0
        for t in np.flatnonzero(self.game.targets == flow.base).tolist():
            self.visits[t][column] += float(self.game.tau)

    def _cover(self, t: int) -> int:
        tau = 1.0 if self.by_tour else float(self.game.tau)
        y = self.model.column(1.0)
        columns, values = list(self.visits[t]), list(self.visits[t].values())
        self.model.rows.add([*columns, y], [*values, -tau], 0.0, np.inf)
        if not self.by_tour:
            most = float(len(self.game.units) * (self.game.moves + 1))
            self.model.rows.add([*columns, y], [*values, -most], -np.inf, tau - 1.0)
        return y

    # -- answering ------------------------------------------------------------------------------------

    def answer(self, weights: Floats, price: float, seconds: float) -> Priced:
        """See :class:`~patrol_core.graphs.patrol.coverage.pricing.Pricer`: the best for ``weights`` and ``price`` within ``seconds``."""
        worth = np.zeros(len(self.model.upper))
        for column, move in self.moves.items():
            worth[column] = -price * move
        worth[self.cover] = weights
        found = self.model.maximise(worth, min(seconds, _SECONDS))
        if not found.columns.size:
            raise SolverError(
                "No joint walk was found in the time: give more seconds, or make the game smaller."
            )
        best = self._column(found.columns)
        value = float(best.coverage @ weights) - price * best.moves
        return Priced(value, max(found.bound, value), (best,))

    def _column(self, x: Floats) -> Column:
        chosen = {t for t in range(self.game.size) if x[self.cover[t]] > 0.5}
        walks: dict[Unit, list[tuple[Walk, tuple[int, ...]]]] = {}
        for unit in self.kinds:
            walks[unit] = [way for flow in self.flows[unit] for way in self._ways(flow, x)]
        order = {unit: iter(found) for unit, found in walks.items()}
        rows = [next(order[unit]) for unit in self.game.units]
        joint = tuple(walk for walk, _ in rows)
        schedules = tuple(tuple(t for t in toured if t in chosen) for _, toured in rows)
        coverage = np.zeros(self.game.size)
        if self.game.form == NORMAL:
            coverage[visits_of(self.game, joint) >= self.game.tau] = 1.0
        else:
            coverage[[t for schedule in schedules for t in schedule]] = 1.0
        return Column(coverage, moves_of(joint), (joint, schedules), lambda: (joint, schedules))

    def _ways(self, flow: _Flow, x: Floats) -> list[tuple[Walk, tuple[int, ...]]]:
        """Walks that a flow is made of, each with the targets it tours."""
        if flow.unit.stationary:
            times = round(float(x[flow.out[0]]))
            toured = tuple(np.flatnonzero(self.game.targets == flow.base).tolist())
            return [((flow.base,) * (self.game.moves + 1), toured)] * times
        left = {column: round(float(x[column])) for column in flow.arcs if x[column] > 0.5}
        leaving: dict[tuple[int, int], list[int]] = defaultdict(list)
        for column in left:
            leaving[flow.arcs[column][:2]].append(column)
        found = []
        for _ in range(sum(left.get(column, 0) for column in flow.out)):
            found.append(self._way(flow, left, leaving))
        return found

    def _way(
        self, flow: _Flow, left: dict[int, int], leaving: dict[tuple[int, int], list[int]]
    ) -> tuple[Walk, tuple[int, ...]]:
        walk, toured = [flow.base], []
        node, time = flow.base, 0
        while time < self.horizon:
            column = next(k for k in leaving[node, time] if left[k] > 0)
            left[column] -= 1
            _, _, node, after, target = flow.arcs[column]
            if target >= 0:
                toured.append(target)
            walk += [node] * (after - time)
            time = after
        if self.by_tour and self.game.tau == 1:
            toured = [
                t for t in range(self.game.size) if int(self.game.targets[t]) in walk and self._alone(flow, t)
            ]
        return tuple(walk), tuple(dict.fromkeys(toured))
