"""The program of a commitment, kept in HiGHS: columns come, attack sets change, the basis stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.graphs.patrol.coverage.joint import Column
from patrol_core.solvers.pyomo_session import status_of

PENALTY = 1e4
"""Price of breaking a row of the attackers, in payoff scales; only while columns that keep it are not there yet."""


@dataclass(frozen=True, eq=False)
class Point:
    """One optimum.

    Attributes
    ----------
    value
        Of the defender, without the penalty.
    broken
        How far the attackers' rows are broken.
    level
        w.
    coverage
        (n,) c.
    mix
        Chances of the columns.
    weights, floor
        (n,) what covering each target is worth, and the worth a new column must beat.
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

    Parameters
    ----------
    payoffs
        (4, n): defender uncovered, covered, attacker covered, uncovered, all divided by one scale.
    move_cost
        Of one move, in the same unit.
    at_most
        Whether c may be less than what the columns cover.
    """

    def __init__(self, payoffs: Floats, move_cost: float, *, at_most: bool) -> None:
        self.lost, self.kept, self.held, self.gained = payoffs
        self.count = payoffs.shape[1]
        self.move_cost = move_cost
        self.columns: list[Column] = []
        self.by_level = False
        self.base = 0.0
        n = self.count
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 0), ("presolve", "off"),
            ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9),
        ):  # fmt: skip
            self.highs.setOptionValue(name, value)
        # Columns: c (n), w, slack. Rows: cover (n), attackers (n), one.
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n + 2, 2 * n + 1
        lp.col_cost_ = np.append(np.zeros(n + 1), PENALTY)
        low = float(min(self.held.min(), 0.0)) - 1.0
        lp.col_lower_ = np.concatenate([np.zeros(n), [low, 0.0]])
        lp.col_upper_ = np.concatenate([np.ones(n), [float(self.gained.max()) + 1.0, highspy.kHighsInf]])
        lp.row_lower_ = np.concatenate([np.full(n, -np.inf if at_most else 0.0), np.full(n, -np.inf), [1.0]])
        lp.row_upper_ = np.concatenate([np.zeros(n), np.full(n, np.inf), [1.0]])
        slope = self.held - self.gained
        starts: list[int] = [0]
        index: list[int] = []
        values: list[float] = []
        for t in range(n):
            index += [t, n + t]
            values += [1.0, float(slope[t])]
            starts.append(len(index))
        index += list(range(n, 2 * n))
        values += [-1.0] * n
        starts.append(len(index))
        starts.append(len(index))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(values)
        self.highs.passModel(lp)

    def add(self, columns: Sequence[Column]) -> None:
        """More joint strategies."""
        n = self.count
        starts: list[int] = []
        index: list[int] = []
        values: list[float] = []
        cost: list[float] = []
        for column in columns:
            starts.append(len(index))
            inside = np.flatnonzero(column.coverage).tolist()
            index += [*inside, 2 * n]
            values += [-float(column.coverage[t]) for t in inside] + [1.0]
            cost.append(0.0 if self.by_level else self.move_cost * column.moves)
        if not cost:
            return
        self.columns += columns
        many = len(cost)
        self.highs.addCols(
            many, np.array(cost), np.zeros(many), np.full(many, highspy.kHighsInf), len(index),
            np.array(starts, dtype=np.int32), np.array(index, dtype=np.int32), np.array(values),
        )  # fmt: skip

    def minimise_level(self, *, on: bool) -> None:
        """Minimise w alone, whatever moves cost; or go back to the defender's payoff."""
        self.by_level = on
        first, many = self.count + 2, len(self.columns)
        cost = np.array([0.0 if on else self.move_cost * column.moves for column in self.columns])
        self.highs.changeColCost(self.count, float(on))
        if many:
            self.highs.changeColsCost(many, np.arange(first, first + many, dtype=np.int32), cost)

    def lead_to(self, inside: Sequence[int], outside: Sequence[int], *, nothing: bool = False) -> None:
        """Set the attack set: targets in it, targets not in it; others are not decided. ``nothing``: w = 0."""
        n = self.count
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        low[list(inside)] = -self.gained[list(inside)]
        high[list(outside)] = -self.gained[list(outside)]
        cost = np.zeros(n)
        cost[list(inside)] = -(self.kept - self.lost)[list(inside)]
        top = 0.0 if nothing else float(self.gained.max()) + 1.0
        bottom = 0.0 if nothing else float(min(self.held.min(), 0.0)) - 1.0
        rows = np.arange(n, 2 * n, dtype=np.int32)
        self.highs.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
        for t, row in enumerate(rows.tolist()):
            self.highs.changeRowBounds(row, float(low[t]), float(high[t]))
            # The slack helps whichever side the row has.
            self.highs.changeCoeff(
                row, n + 1, 1.0 if np.isfinite(low[t]) else -1.0 if np.isfinite(high[t]) else 0.0
            )
        self.highs.changeColBounds(n, bottom, top)
        self.base = float(self.lost[list(inside)].sum())

    def solve(self, seconds: float) -> Point | None:
        """The optimum over the columns there are; None when the time passed."""
        n = self.count
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime() + max(seconds, 0.01)))
        self.highs.run()
        status = status_of(self.highs.getModelStatus(), has_plan=False)
        if status is Status.FAILED:
            self.highs.clearSolver()
            self.highs.run()
            status = status_of(self.highs.getModelStatus(), has_plan=False)
        if status is not Status.OPTIMAL:
            return None
        solution = self.highs.getSolution()
        x = np.array(solution.col_value, dtype=float)
        duals = np.array(solution.row_dual, dtype=float)
        objective = float(self.highs.getInfo().objective_function_value)
        broken = max(float(x[n + 1]), 0.0)
        value = self.base - (objective - PENALTY * broken)
        return Point(
            value,
            broken,
            float(x[n]),
            np.clip(x[:n], 0.0, 1.0),
            np.maximum(x[n + 2 :], 0.0),
            -duals[:n],
            -float(duals[2 * n]),
        )
