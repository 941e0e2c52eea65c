"""The program of a commitment, kept in HiGHS: columns come, attack sets change, the basis stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.solvers import HighsProgram

PENALTY = 1e4
"""Price of breaking a row of the attackers, in payoff scales; only while columns that keep it are not there yet."""


@dataclass(frozen=True, eq=False)
class Point:
    """One optimum.

    Attributes:
        value: Of the defender, without the penalty.
        broken: How far the attackers' rows are broken.
        level: w.
        coverage: (n,) c.
        mix: Chances of the columns.
        weights, floor: (n,) what covering each target is worth, and the worth a new column must beat.
    """

    value: float
    broken: float
    level: float
    coverage: Floats
    mix: Floats
    weights: Floats
    floor: float


class CommitmentLP:
    """max of the defender's payoff for an attack set; see :mod:`patrol_core.graphs.patrol.coverage.commitment`.

    Args:
        payoffs: (4, n): defender uncovered, covered, attacker covered, uncovered, all divided by one scale.
        move_cost: Of one move, in the same unit.
        at_most: Whether c may be less than what the columns cover.
    """

    def __init__(self, payoffs: Floats, move_cost: float, *, at_most: bool) -> None:
        self.lost, self.kept, self.held, self.gained = payoffs
        self.count = payoffs.shape[1]
        self.move_cost = move_cost
        self.columns: list[Column] = []
        self.by_level = False
        self.base = 0.0
        n = self.count
        # Columns: c (n), w, slack. Rows: cover (n), attackers (n), one.
        eye, none = np.eye(n), np.zeros((n, 1))
        matrix = np.vstack(
            [
                np.hstack([eye, none, none]),
                np.hstack([np.diag(self.held - self.gained), none - 1.0, none]),
                np.zeros((1, n + 2)),
            ]
        )
        low, high = self._levels
        free = np.full(n, np.inf)
        self.program = HighsProgram(
            np.append(np.zeros(n + 1), PENALTY),
            matrix,
            (
                np.concatenate([-free if at_most else np.zeros(n), -free, [1.0]]),
                np.concatenate([np.zeros(n), free, [1.0]]),
            ),
            (np.concatenate([np.zeros(n), [low, 0.0]]), np.concatenate([np.ones(n), [high, np.inf]])),
            presolve="off",
            primal_feasibility_tolerance=1e-9,
            dual_feasibility_tolerance=1e-9,
        )

    @property
    def _levels(self) -> tuple[float, float]:
        """Bounds of w that never bind."""
        return float(min(self.held.min(), 0.0)) - 1.0, float(self.gained.max()) + 1.0

    def add(self, columns: Sequence[Column]) -> None:
        """More joint strategies."""
        if not columns:
            return
        starts: list[int] = []
        index: list[int] = []
        values: list[float] = []
        for column in columns:
            starts.append(len(index))
            inside = np.flatnonzero(column.coverage).tolist()
            index += [*inside, 2 * self.count]
            values += [-float(column.coverage[t]) for t in inside] + [1.0]
        self.columns += columns
        self.program.add_columns(self._costs(columns), starts, index, values)

    def _costs(self, columns: Sequence[Column]) -> Floats:
        return np.array([0.0 if self.by_level else self.move_cost * column.moves for column in columns])

    def minimise_level(self, *, on: bool) -> None:
        """Minimise w alone, whatever moves cost; or go back to the defender's payoff."""
        self.by_level = on
        first = self.count + 2
        self.program.set_costs(np.array([self.count], dtype=np.int32), np.array([float(on)]))
        if self.columns:
            numbers = np.arange(first, first + len(self.columns), dtype=np.int32)
            self.program.set_costs(numbers, self._costs(self.columns))

    def lead_to(self, inside: Sequence[int], outside: Sequence[int], *, nothing: bool = False) -> None:
        """Set the attack set: targets ``inside``, targets ``outside``; others are not decided. ``nothing``: w = 0."""
        n = self.count
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        low[list(inside)] = -self.gained[list(inside)]
        high[list(outside)] = -self.gained[list(outside)]
        cost = np.zeros(n)
        cost[list(inside)] = -(self.kept - self.lost)[list(inside)]
        self.program.set_costs(np.arange(n, dtype=np.int32), cost)
        for t in range(n):
            self.program.set_row(n + t, float(low[t]), float(high[t]))
            # The slack helps whichever side the row has.
            slack = 1.0 if np.isfinite(low[t]) else -1.0 if np.isfinite(high[t]) else 0.0
            self.program.set_entry(n + t, n + 1, slack)
        bottom, top = (0.0, 0.0) if nothing else self._levels
        self.program.set_bounds(np.array([n], dtype=np.int32), np.array([bottom]), np.array([top]))
        self.base = float(self.lost[list(inside)].sum())

    def solve(self, seconds: float) -> Point | None:
        """The optimum over the columns there are; None when the time passed."""
        n = self.count
        found = self.program.run(max(seconds, 0.01))
        if found.status is not Status.OPTIMAL:
            return None
        x, duals = found.columns, found.row_duals
        broken = max(float(x[n + 1]), 0.0)
        value = self.base - (found.objective - PENALTY * broken)
        return Point(
            value,
            broken,
            float(x[n]),
            np.clip(x[:n], 0.0, 1.0),
            np.maximum(x[n + 2 :], 0.0),
            -duals[:n],
            -float(duals[2 * n]),
        )
