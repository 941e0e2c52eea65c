"""Programs given as arrays, for those that take longer to build in Pyomo than to solve.

* :func:`minimise` solves one program once, tightly; :func:`linear_program` does so with HiGHS's own tolerances and presolve;
* :class:`ArrayLP` keeps a linear program, with bounds that move and cuts that are added, and proves its bound itself;
* :class:`MipModel` collects a whole-number program entry by entry and solves it for one objective after another.

Every program has a HiGHS object of its own, so threads need no lock (unlike Pyomo), and a long search holds nobody up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.solvers.highs import TIME_LIMIT, HighsProgram, Outcome

Stop = Callable[[], bool]

_NONE = np.zeros(0)

#: What a run that never took place knows.
NOT_RUN = Outcome(Status.STOPPED_WITHOUT_PLAN, float("nan"), -np.inf, 0.0, _NONE, _NONE, _NONE)

#: Seconds any run gets, so that a limit that is just over ends as "stopped".
_LEAST_S = 0.01


class Rows:
    """Rows ``least <= a . x <= most`` collected entry by entry."""

    def __init__(self) -> None:
        self.starts: list[int] = [0]
        self.columns: list[int] = []
        self.values: list[float] = []
        self.least: list[float] = []
        self.most: list[float] = []

    def add(self, columns: Sequence[int], values: Sequence[float], least: float, most: float) -> None:
        """One row.

        Args:
            columns, values: Column number and coefficient of every entry.
            least, most: Its sides; infinite where there is none.
        """
        self.columns += columns
        self.values += values
        self.starts.append(len(self.columns))
        self.least.append(least)
        self.most.append(most)

    def __len__(self) -> int:
        return len(self.least)

    @property
    def sides(self) -> tuple[Floats, Floats]:
        """(m,) least and most."""
        return np.array(self.least, dtype=float), np.array(self.most, dtype=float)

    def matrix(self, width: int) -> Any:
        """The rows as a sparse matrix of this many columns."""
        from scipy import sparse

        parts = (
            np.array(self.values, dtype=float),
            np.array(self.columns, dtype=np.int32),
            np.array(self.starts),
        )
        return sparse.csr_array(parts, shape=(len(self), width))


def minimise(
    cost: Floats,
    matrix: Any,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
    *,
    whole: NDArray[np.bool_] | None = None,
    start: Floats | None = None,
    time_limit: float = TIME_LIMIT,
    mip_gap: float = 1e-9,
    stop: Stop | None = None,
) -> Outcome:
    """Least cost . x under ``rows[0] <= matrix x <= rows[1]`` and ``columns[0] <= x <= columns[1]``.

    Args:
        cost: (n,) coefficients.
        matrix: (m, n) dense or sparse.
        rows, columns: Lower and upper sides; infinite where there is none.
        whole: (n,) True where x must be whole.
        start: A point to start an integer program from.
        time_limit: Seconds.
        mip_gap: Relative gap at which an integer program of order 1 may end, down to costs of a thousandth.
        stop: Called while the program runs; True ends it.
    """
    program = HighsProgram(
        cost, matrix, rows, columns, whole=whole, presolve="off" if whole is None else "choose",
        primal_feasibility_tolerance=1e-9, dual_feasibility_tolerance=1e-9, mip_rel_gap=mip_gap, mip_abs_gap=1e-3 * mip_gap,
        mip_feasibility_tolerance=1e-9,
    )  # fmt: skip
    if start is not None:
        program.start_at(start)
    if stop is not None:
        highs = program.highs
        asks = highs.cbSimplexInterrupt if whole is None else highs.cbMipInterrupt
        asks.subscribe(lambda event: event.interrupt() if stop() else None)
    return program.run(max(float(time_limit), _LEAST_S))


def linear_program(
    cost: Floats,
    matrix: Any,
    most: Floats,
    *,
    least: Floats | float = -np.inf,
    lower: Floats | float = 0.0,
    upper: Floats | float = np.inf,
) -> Outcome:
    """Least cost . x as in :func:`minimise`, with HiGHS's own tolerances and presolve, and no time limit.

    Args:
        cost, matrix: (n,) coefficients, and (m, n) dense or sparse.
        least, most, lower, upper: Sides of the rows and bounds of the columns; numbers stand for all.
    """
    rows = np.broadcast_to(np.asarray(least, dtype=float), most.shape), most
    columns = tuple(np.broadcast_to(np.asarray(side, dtype=float), cost.shape) for side in (lower, upper))
    return HighsProgram(cost, matrix, rows, (columns[0], columns[1])).run()


class ArrayLP:
    """min cost . x under rows and bounds, kept in HiGHS; bounds change and rows are added between runs.

    The bound of a run does not trust the solver. It is weak duality on the arrays: for any row multipliers y

        min  c . x  >=  sum_i y_i (least_i if y_i > 0 else most_i) + sum_j min(r_j l_j, r_j u_j),   r = c - A' y

    Args:
        cost, lower, upper: One number a column; bounds must be finite, so that every multiplier proves
            something.
        rows: The rows to start with.
        tolerance: Primal and dual feasibility.
    """

    def __init__(
        self, cost: Floats, lower: Floats, upper: Floats, rows: Rows, *, tolerance: float = 1e-9
    ) -> None:
        self.cost, self.lower, self.upper = cost, lower.copy(), upper.copy()
        self.matrix = rows.matrix(cost.size)
        self.least, self.most = rows.sides
        self._every = np.arange(cost.size, dtype=np.int32)
        self._program = HighsProgram(
            cost, self.matrix, (self.least, self.most), (self.lower, self.upper), presolve="off", simplex_scale_strategy=0,
            dual_simplex_cost_perturbation_multiplier=0.0, simplex_dual_edge_weight_strategy=1,
            primal_feasibility_tolerance=tolerance, dual_feasibility_tolerance=tolerance,
        )  # fmt: skip

    def add_rows(self, rows: Rows) -> None:
        """Cuts; the basis is kept."""
        from scipy import sparse

        if not len(rows):
            return
        least, most = rows.sides
        self._program.add_rows(least, most, rows.starts[:-1], rows.columns, rows.values)
        self.matrix = sparse.vstack([self.matrix, rows.matrix(self.cost.size)], format="csr")
        self.least, self.most = np.append(self.least, least), np.append(self.most, most)

    def set_bounds(self, lower: Floats, upper: Floats) -> None:
        """Bounds of every column."""
        self.lower, self.upper = lower, upper
        self._program.set_bounds(self._every, lower, upper)

    def solve(self, seconds: float) -> Outcome:
        """Run from the last basis, within a time limit.

        ``bound`` is the proved one: infinite where the program is infeasible, minus infinity where nothing is known.
        ``column_duals`` are r: with all other columns free, moving column j up by d lifts the bound by r_j d at least.
        """
        found = self._program.run(max(seconds, _LEAST_S), reduced=False)
        if found.status is not Status.OPTIMAL:
            return replace(found, bound=np.inf if found.status is Status.INFEASIBLE else -np.inf)
        bound, reduced = self.proved(found.row_duals)
        x = np.clip(found.columns, self.lower, self.upper)
        return replace(found, columns=x, bound=bound, column_duals=reduced)

    def proved(self, multipliers: Floats) -> tuple[float, Floats]:
        """The bound that row multipliers prove, and r."""
        y = np.where(multipliers > 0, np.where(np.isfinite(self.least), multipliers, 0.0), multipliers)
        y = np.where((y < 0) & ~np.isfinite(self.most), 0.0, y)
        ends = np.where(y > 0, self.least, np.where(y < 0, self.most, 0.0))
        reduced = self.cost - self.matrix.T @ y
        bound = float(y @ ends) + float(np.minimum(reduced * self.lower, reduced * self.upper).sum())
        return bound, reduced


class MipModel:
    """max worth . x under rows, x whole and >= 0; the objective may be changed between runs.

    Args:
        gap: Relative gap at which a run may end.
    """

    def __init__(self, *, gap: float = 1e-9) -> None:
        self.gap = gap
        self.upper: list[float] = []
        self.rows = Rows()
        self._program: HighsProgram | None = None

    def column(self, upper: float) -> int:
        """A new column up to ``upper``; its number."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def maximise(self, worth: Floats, seconds: float) -> Outcome:
        """Run with this objective, shape (columns,); a bound that is not known is infinite."""
        count = len(self.upper)
        if self._program is None:
            bounds = np.zeros(count), np.array(self.upper, dtype=float)
            self._program = HighsProgram(
                np.zeros(count), self.rows.matrix(count), self.rows.sides, bounds, whole=np.ones(count, dtype=bool),
                sign=-1.0, mip_rel_gap=self.gap, mip_abs_gap=1e-10,
            )  # fmt: skip
        self._program.set_costs(np.arange(count, dtype=np.int32), worth)
        found = self._program.run(max(seconds, _LEAST_S))
        return found if np.isfinite(found.bound) else replace(found, bound=np.inf)
