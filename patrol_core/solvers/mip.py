"""A mixed-integer program as arrays in HiGHS, for programs that take longer to build in Pyomo than to solve.

Every model has a HiGHS object of its own, so threads need no lock, and a long search holds nobody up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.solvers.array_lp import Rows
from patrol_core.solvers.pyomo_session import status_of


@dataclass(frozen=True, eq=False)
class MipOutcome:
    """How a run ended.

    Attributes
    ----------
    status
        Its ending.
    x
        The point, empty without one.
    bound
        Proved for the maximum.
    """

    status: Status
    x: Floats
    bound: float


class MipModel:
    """max worth . x under rows and bounds; some columns are whole numbers. The objective may be changed between runs."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.rows = Rows()
        self._highs: highspy.Highs | None = None

    def column(self, lower: float, upper: float, *, whole: bool = False) -> int:
        """A new column; its number."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.lower) - 1

    def row(self, columns: Sequence[int], values: Sequence[float], least: float, most: float) -> None:
        """``least <= values . x <= most``."""
        self.rows.add(columns, values, least, most)

    def maximise(self, worth: Floats, seconds: float, *, gap: float = 1e-9) -> MipOutcome:
        """Run with this objective, shape (columns,)."""
        highs = self._compiled()
        count = len(self.lower)
        highs.changeColsCost(count, np.arange(count, dtype=np.int32), -worth)
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("mip_abs_gap", 1e-10)
        highs.setOptionValue("time_limit", float(highs.getRunTime() + max(seconds, 0.05)))
        highs.run()
        info = highs.getInfo()
        found = info.primal_solution_status == 2
        status = status_of(highs.getModelStatus(), has_plan=found)
        x = np.array(highs.getSolution().col_value, dtype=float) if found else np.zeros(0)
        bound = -float(info.mip_dual_bound)
        return MipOutcome(status, x, bound)

    def _compiled(self) -> highspy.Highs:
        if self._highs is not None:
            return self._highs
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            highs.setOptionValue(name, value)
        by_column = self.rows.matrix(len(self.lower)).tocsc()
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = len(self.rows), len(self.lower)
        lp.col_cost_ = np.zeros(len(self.lower))
        lp.col_lower_, lp.col_upper_ = np.array(self.lower), np.array(self.upper)
        lp.row_lower_, lp.row_upper_ = np.array(self.rows.least), np.array(self.rows.most)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = by_column.indptr, by_column.indices
        lp.a_matrix_.value_ = np.asarray(by_column.data, dtype=float)
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in self.whole]
        highs.passModel(lp)
        self._highs = highs
        return highs
