"""Small dense programs given as arrays and solved once by HiGHS.

A matrix game is already a table of coefficients; writing it as a Pyomo model would take longer than solving it. Every program has a HiGHS object
of its own, so threads need no lock (unlike Pyomo), and a long integer program holds nobody up. For programs
that change between runs see :mod:`patrol_core.solvers.array_lp`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.solvers.pyomo_session import TIME_LIMIT, status_of

Stop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Answer:
    """One run.

    Attributes
    ----------
    status
        How it ended.
    x
        The point; empty without one.
    row_dual
        Change of the minimised cost per unit of each row's side; empty for integer programs.
    bound
        Lower bound on the minimised cost that HiGHS proves (integer programs); minus infinity where nothing is known.
    """

    status: Status
    x: Floats
    row_dual: Floats
    bound: float


def minimise(
    cost: Floats,
    matrix: Any,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
    *,
    integer: NDArray[np.bool_] | None = None,
    start: Floats | None = None,
    time_limit: float = TIME_LIMIT,
    mip_gap: float = 1e-9,
    stop: Stop | None = None,
) -> Answer:
    """Least cost . x under ``rows[0] <= matrix x <= rows[1]`` and ``columns[0] <= x <= columns[1]``.

    Parameters
    ----------
    cost
        (n,) coefficients.
    matrix
        (m, n) dense or sparse.
    rows, columns
        Lower and upper sides; infinite where there is none.
    integer
        (n,) True where x must be whole.
    start
        A point to start an integer program from.
    time_limit
        Seconds.
    mip_gap
        Relative gap at which an integer program of order 1 may end, down to costs of a thousandth.
    stop
        Asked while an integer program runs; True ends it.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("time_limit", max(float(time_limit), 0.01)),
        ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9), ("mip_rel_gap", mip_gap),
        ("mip_abs_gap", 1e-3 * mip_gap), ("mip_feasibility_tolerance", 1e-9),
        ("presolve", "off" if integer is None else "choose"),
    ):  # fmt: skip
        highs.setOptionValue(name, value)
    highs.passModel(_program(cost, matrix, rows, columns, integer))
    if start is not None:
        point = highspy.HighsSolution()
        point.col_value = start.tolist()
        highs.setSolution(point)
    if stop is not None:
        asks = highs.cbSimplexInterrupt if integer is None else highs.cbMipInterrupt
        asks.subscribe(lambda event: event.interrupt() if stop() else None)
    highs.run()
    return _read(highs, integer is not None)


def _read(highs: Any, whole: bool) -> Answer:
    info, solution = highs.getInfo(), highs.getSolution()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    status = status_of(highs.getModelStatus(), has_plan=feasible)
    x = np.array(solution.col_value, dtype=float) if feasible else np.zeros(0)
    bound = float(info.mip_dual_bound) if whole else -np.inf
    dual = np.zeros(0) if whole or not feasible else np.array(solution.row_dual, dtype=float)
    return Answer(status, x, dual, bound)


def _program(
    cost: Floats,
    matrix: Any,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
    integer: NDArray[np.bool_] | None,
) -> highspy.HighsLp:
    from scipy import sparse

    lp, by_column = highspy.HighsLp(), sparse.csc_array(matrix)
    lp.num_row_, lp.num_col_ = by_column.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, *columns
    lp.row_lower_, lp.row_upper_ = rows
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = by_column.indptr, by_column.indices
    lp.a_matrix_.value_ = np.asarray(by_column.data, dtype=float)
    if integer is not None:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in integer]
    return lp
