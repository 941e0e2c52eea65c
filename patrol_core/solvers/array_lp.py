"""A linear program given as arrays and kept in HiGHS, with a bound that does not trust the solver.

Pyomo takes longer to build a model of a few thousand rows than HiGHS to solve it; where an algorithm of our own needs such
a program within milliseconds it is written as arrays. The bound is weak duality on those arrays: for any row multipliers y

    min c . x  >=  sum_i y_i (least_i if y_i > 0 else most_i) + sum_j min(r_j l_j, r_j u_j),   r = c - A' y
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.solvers.pyomo_session import LOCK, status_of


@dataclass(frozen=True, eq=False)
class Solved:
    """One run.

    Attributes
    ----------
    status
        How it ended.
    x
        The point; empty without one.
    bound
        Proved from the row multipliers; infinite where the program is infeasible, minus infinity where nothing is known.
    multipliers
        Of the rows; above 0 for the lower side.
    reduced
        Reduced costs: with all other columns free, moving column j up by d lifts the bound by reduced[j] d at least.
    """

    status: Status
    x: Floats
    bound: float
    multipliers: Floats
    reduced: Floats


#: What a run that never took place knows.
NOT_RUN = Solved(Status.STOPPED_WITHOUT_PLAN, np.zeros(0), -np.inf, np.zeros(0), np.zeros(0))


class Rows:
    """Rows ``least <= a . x <= most`` collected entry by entry."""

    def __init__(self) -> None:
        self.starts: list[int] = [0]
        self.columns: list[int] = []
        self.values: list[float] = []
        self.least: list[float] = []
        self.most: list[float] = []

    def add(self, columns: Sequence[int], values: Sequence[float], least: float, most: float) -> None:
        """One row."""
        self.columns += columns
        self.values += values
        self.starts.append(len(self.columns))
        self.least.append(least)
        self.most.append(most)

    def __len__(self) -> int:
        return len(self.least)

    def matrix(self, width: int) -> sparse.csr_array:
        """The rows as a sparse matrix of this many columns."""
        parts = (
            np.array(self.values, dtype=float),
            np.array(self.columns, dtype=np.int32),
            np.array(self.starts),
        )
        return sparse.csr_array(parts, shape=(len(self), width))


class ArrayLP:
    """min cost . x under rows and bounds, kept in HiGHS; bounds change and rows are added between runs.

    Parameters
    ----------
    cost, lower, upper
        One number a column; bounds must be finite, so that every multiplier proves something.
    rows
        The rows to start with.
    tolerance
        Primal and dual feasibility.
    """

    def __init__(
        self, cost: Floats, lower: Floats, upper: Floats, rows: Rows, *, tolerance: float = 1e-9
    ) -> None:
        self.cost, self.lower, self.upper = cost, lower.copy(), upper.copy()
        self.matrix = rows.matrix(cost.size)
        self.least, self.most = np.array(rows.least), np.array(rows.most)
        self._every = np.arange(cost.size, dtype=np.int32)
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 0), ("presolve", "off"),
            ("simplex_scale_strategy", 0), ("dual_simplex_cost_perturbation_multiplier", 0.0),
            ("simplex_dual_edge_weight_strategy", 1), ("primal_feasibility_tolerance", tolerance), ("dual_feasibility_tolerance", tolerance),
        ):  # fmt: skip
            self.highs.setOptionValue(name, value)
        lp = highspy.HighsLp()
        by_column = self.matrix.tocsc()
        lp.num_row_, lp.num_col_ = self.matrix.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, self.lower, self.upper
        lp.row_lower_, lp.row_upper_ = self.least, self.most
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = by_column.indptr, by_column.indices
        lp.a_matrix_.value_ = np.asarray(by_column.data, dtype=float)
        self.highs.passModel(lp)

    def add_rows(self, rows: Rows) -> None:
        """Cuts; the basis is kept."""
        count = len(rows)
        if not count:
            return
        starts = np.array(rows.starts[:-1], dtype=np.int32)
        with LOCK:
            self.highs.addRows(
                count, np.array(rows.least), np.array(rows.most), len(rows.columns), starts,
                np.array(rows.columns, dtype=np.int32), np.array(rows.values, dtype=float),
            )  # fmt: skip
        self.matrix = sparse.vstack([self.matrix, rows.matrix(self.cost.size)], format="csr")
        self.least = np.append(self.least, rows.least)
        self.most = np.append(self.most, rows.most)

    def set_bounds(self, lower: Floats, upper: Floats) -> None:
        """Bounds of every column."""
        self.lower, self.upper = lower, upper
        with LOCK:
            self.highs.changeColsBounds(self.cost.size, self._every, lower, upper)

    def solve(self, seconds: float) -> Solved:
        """Run from the last basis, within a time limit."""
        with LOCK:
            until = time.perf_counter() + seconds
            status = self._run(seconds)
            if status is Status.FAILED:
                self.highs.clearSolver()
                status = self._run(max(until - time.perf_counter(), 0.01))
            solution = self.highs.getSolution()
        if status is not Status.OPTIMAL:
            bound = -np.inf if status is not Status.INFEASIBLE else np.inf
            return Solved(status, np.zeros(0), bound, np.zeros(0), np.zeros(0))
        x = np.clip(np.array(solution.col_value, dtype=float), self.lower, self.upper)
        multipliers = np.array(solution.row_dual, dtype=float)
        bound, reduced = self.proved(multipliers)
        return Solved(status, x, bound, multipliers, reduced)

    def _run(self, seconds: float) -> Status:
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime() + max(seconds, 0.01)))
        self.highs.run()
        return status_of(self.highs.getModelStatus(), has_plan=False)

    def proved(self, multipliers: Floats) -> tuple[float, Floats]:
        """The bound of the module docstring, and r."""
        y = np.where(multipliers > 0, np.where(np.isfinite(self.least), multipliers, 0.0), multipliers)
        y = np.where((y < 0) & ~np.isfinite(self.most), 0.0, y)
        ends = np.where(y > 0, self.least, np.where(y < 0, self.most, 0.0))
        reduced = self.cost - self.matrix.T @ y
        bound = float(y @ ends) + float(np.minimum(reduced * self.lower, reduced * self.upper).sum())
        return bound, reduced
