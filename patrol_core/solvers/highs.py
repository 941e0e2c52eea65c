"""A program kept in HiGHS, known by row and column numbers, and one vocabulary for how a run ends.

Every run has a time limit and one thread, and its ending is mapped to :class:`~patrol_core.certificate.Status` exactly: a
time limit is never "optimal".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError

#: Seconds after which a solve is stopped, unless the caller says otherwise.
TIME_LIMIT = 60.0

_M = highspy.HighsModelStatus
_STOPPED = frozenset(
    {
        _M.kTimeLimit,
        _M.kIterationLimit,
        _M.kSolutionLimit,
        _M.kInterrupt,
        _M.kObjectiveBound,
        _M.kObjectiveTarget,
    }
)


def solver_name(method: str = "Pyomo model") -> str:
    """Name and version that go into certificates, with what was solved in brackets."""
    parts = (highspy.HIGHS_VERSION_MAJOR, highspy.HIGHS_VERSION_MINOR, highspy.HIGHS_VERSION_PATCH)
    return f"HiGHS {'.'.join(map(str, parts))} ({method})"


def status_of(model_status: highspy.HighsModelStatus, *, has_plan: bool) -> Status:
    """The exact ending of a HiGHS run.

    Args:
        model_status: What HiGHS says.
        has_plan: Whether a primal feasible point is there; it splits the endings that stopped early.

    Notes:
        ``kUnboundedOrInfeasible`` is FAILED: it says neither, and must be solved again without presolve.
    """
    if model_status in (_M.kOptimal, _M.kModelEmpty):
        return Status.OPTIMAL
    if model_status == _M.kInfeasible:
        return Status.INFEASIBLE
    if model_status == _M.kUnbounded:
        return Status.UNBOUNDED
    if model_status in _STOPPED:
        return Status.STOPPED_WITH_PLAN if has_plan else Status.STOPPED_WITHOUT_PLAN
    return Status.FAILED


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one HiGHS run returned.

    Attributes:
        status: How it ended.
        objective: Objective value in the program's own sense; NaN without a plan.
        bound: Proved bound: the optimum of an LP, the dual bound of a MIP; NaN where nothing is proved.
        seconds: Wall time of the run.
        columns: The point, one number a column; empty without a plan.
        row_duals, column_duals: Change of the minimised objective per unit of each row's or column's side;
            empty without a plan, and for a MIP.
    """

    status: Status
    objective: float
    bound: float
    seconds: float
    columns: Floats = field(repr=False)
    row_duals: Floats = field(repr=False)
    column_duals: Floats = field(repr=False)


class HighsProgram:
    """min cost . x under ``rows[0] <= matrix x <= rows[1]`` and ``columns[0] <= x <= columns[1]``, kept in HiGHS.

    Args:
        cost: (n,) coefficients of what is minimised.
        matrix: (m, n) sparse or dense.
        rows, columns: Lower and upper sides; infinite where there is none.
        whole: (n,) True where x must be whole; None for a linear program.
        offset: Constant of the objective.
        sign: -1 where the caller maximises: his objective is minus the one that is minimised.
        **options: HiGHS options, beside one thread, seed 0 and no output.
    """

    #: Held by every method; a program of its own needs none (HiGHS itself is safe, one object a thread).
    lock: AbstractContextManager[Any] = nullcontext()

    def __init__(
        self,
        cost: Floats,
        matrix: Any,
        rows: tuple[Floats, Floats],
        columns: tuple[Floats, Floats],
        *,
        whole: NDArray[np.bool_] | None = None,
        offset: float = 0.0,
        sign: float = 1.0,
        **options: Any,
    ) -> None:
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self._sign, self._mixed = sign, whole is not None
        self._presolve = options.setdefault("presolve", "choose")
        self.set_options(output_flag=False, threads=1, random_seed=0, **options)
        if self.highs.passModel(_record(cost, matrix, rows, columns, whole, offset)) == (
            highspy.HighsStatus.kError
        ):
            raise SolverError(
                "HiGHS did not accept the model: this is a fault of the program, please report it."
            )

    # -- changing -------------------------------------------------------------------------------

    def set_options(self, **options: Any) -> None:
        """HiGHS options by name."""
        with self.lock:
            for name, value in options.items():
                self.highs.setOptionValue(name, value)

    @property
    def row_count(self) -> int:
        """Number of rows, cuts included."""
        return int(self.highs.getNumRow())

    def set_bounds(self, columns: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Bounds ``lower`` and ``upper`` of these columns, one number each."""
        low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        with self.lock:
            self.highs.changeColsBounds(len(columns), columns, low, high)

    def set_costs(self, columns: NDArray[np.int32], costs: Floats) -> None:
        """Set objective coefficients of many columns, in the program's own sense."""
        with self.lock:
            self.highs.changeColsCost(len(columns), columns, self._sign * np.asarray(costs, float))

    def set_row(self, row: int, lower: float, upper: float) -> None:
        """The sides ``lower`` and ``upper`` of one ``row``, by number."""
        with self.lock:
            self.highs.changeRowBounds(row, lower, upper)

    def set_entry(self, row: int, column: int, value: float) -> None:
        """The coefficient ``value`` at one ``row`` and ``column``."""
        with self.lock:
            self.highs.changeCoeff(row, column, value)

    def add_rows(self, least: Floats, most: Floats, starts: Any, columns: Any, values: Any) -> None:
        """Add rows (cuts) all at once, since one at a time costs more than the solve; the basis is kept.

        Args:
            least, most: One number a row.
            starts: Where each row begins in ``columns`` and ``values``.
            columns, values: Column number and coefficient of every entry.
        """
        index, start = np.asarray(columns, dtype=np.int32), np.asarray(starts, dtype=np.int32)
        with self.lock:
            self.highs.addRows(
                len(start), np.asarray(least, dtype=float), np.asarray(most, dtype=float), index.size, start, index,
                np.asarray(values, dtype=float),
            )  # fmt: skip

    def add_row(self, terms: Mapping[int, float], lower: float | None, upper: float | None) -> int:
        """Add one row; the basis is kept.

        Args:
            terms: Column number to coefficient.
            lower, upper: Sides of the row, None where there is none.

        Returns:
            int: Its row number.
        """
        sides = [-np.inf if lower is None else lower], [np.inf if upper is None else upper]
        self.add_rows(np.array(sides[0]), np.array(sides[1]), [0], list(terms), list(terms.values()))
        return self.row_count - 1

    def drop_rows(self, first: int) -> None:
        """Take out the rows from number ``first`` on."""
        with self.lock:
            extra = self.row_count - first
            if extra:
                self.highs.deleteRows(extra, np.arange(first, first + extra, dtype=np.int32))

    def add_columns(self, cost: Floats, starts: Any, rows: Any, values: Any) -> None:
        """Add columns >= 0 without an upper bound; the basis is kept.

        Args:
            cost: One number a column.
            starts: Where each column begins in ``rows`` and ``values``.
            rows, values: Row number and coefficient of every entry.
        """
        index, many = np.asarray(rows, dtype=np.int32), len(cost)
        with self.lock:
            self.highs.addCols(
                many, self._sign * np.asarray(cost, float), np.zeros(many), np.full(many, np.inf), index.size,
                np.asarray(starts, dtype=np.int32), index, np.asarray(values, dtype=float),
            )  # fmt: skip

    def start_at(self, values: Floats, columns: NDArray[np.int32] | None = None) -> None:
        """A point to start an integer search from: all columns, or these, which HiGHS completes."""
        with self.lock:
            if columns is not None:
                self.highs.setSolution(len(columns), columns, np.asarray(values, dtype=float))
                return
            point = highspy.HighsSolution()
            point.col_value = values.tolist()
            self.highs.setSolution(point)

    def start_from(
        self, at_upper: NDArray[np.int32], basic: NDArray[np.int32], tight: NDArray[np.int32]
    ) -> None:
        """Give HiGHS a first basis, where a good one is known.

        Args:
            at_upper, basic: Column numbers at their upper bound and in the basis; all other columns are at
                their lower bound.
            tight: Rows that hold with equality; all other rows are basic (slack).
        """
        kind, basis = highspy.HighsBasisStatus, highspy.HighsBasis()
        columns = np.full(self.highs.getNumCol(), kind.kLower, dtype=object)
        columns[at_upper], columns[basic] = kind.kUpper, kind.kBasic
        rows = np.full(self.row_count, kind.kBasic, dtype=object)
        rows[tight] = kind.kUpper
        basis.col_status, basis.row_status = columns.tolist(), rows.tolist()
        with self.lock:
            self.highs.setBasis(basis)

    def forget(self) -> None:
        """Drop the last basis, so that the next run does not depend on what was solved before."""
        with self.lock:
            self.highs.clearSolver()

    # -- solving --------------------------------------------------------------------------------

    def run(self, seconds: float = np.inf, *, reduced: bool = True) -> Outcome:
        """Run HiGHS from its last basis; an unclear ending is settled by one cold run without presolve.

        So is a linear program that presolve calls infeasible: where rows leave no more room than the tolerance (levels that
        are attained exactly), its reductions alone can close it.

        Args:
            seconds: Time limit of this run.
            reduced: Whether the column duals are wanted; reading them takes a while in a long program.
        """
        with self.lock:
            started = time.perf_counter()
            status, info = self._ending(seconds)
            doubtful = status is Status.INFEASIBLE and self._presolve != "off" and not self._mixed
            if status is Status.FAILED or doubtful:
                self.forget()
                self.set_options(presolve="off")
                status, info = self._ending(max(seconds - (time.perf_counter() - started), 0.01))
                self.set_options(presolve=self._presolve)
            return self._read(status, info, time.perf_counter() - started, reduced=reduced)

    def _ending(self, seconds: float) -> tuple[Status, Any]:
        # HiGHS counts its limit over all runs of one object.
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime() + seconds))
        self.highs.run()
        info = self.highs.getInfo()
        has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return status_of(self.highs.getModelStatus(), has_plan=has_plan), info

    def _read(self, status: Status, info: Any, seconds: float, *, reduced: bool) -> Outcome:
        nothing, bound = np.zeros(0), float("nan")
        if self._mixed and np.isfinite(info.mip_dual_bound):
            bound = self._sign * float(info.mip_dual_bound)
        if status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
            return Outcome(status, float("nan"), bound, seconds, nothing, nothing, nothing)
        objective = self._sign * float(info.objective_function_value)
        if status is Status.OPTIMAL and np.isnan(bound):
            bound = objective
        solution = self.highs.getSolution()
        x, prices = (np.array(v, dtype=float) for v in (solution.col_value, solution.row_dual))
        costs = np.array(solution.col_dual, dtype=float) if reduced else nothing
        return Outcome(status, objective, bound, seconds, x, prices, costs)


def _record(
    cost: Floats,
    matrix: Any,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
    whole: NDArray[np.bool_] | None,
    offset: float,
) -> highspy.HighsLp:
    from scipy import sparse

    lp, by_column = highspy.HighsLp(), sparse.csc_array(matrix)
    lp.num_row_, lp.num_col_ = by_column.shape
    lp.offset_ = offset
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, *columns
    lp.row_lower_, lp.row_upper_ = rows
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = by_column.indptr, by_column.indices
    lp.a_matrix_.value_ = np.asarray(by_column.data, dtype=float)
    if whole is not None:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if one else kinds.kContinuous for one in whole]
    return lp
