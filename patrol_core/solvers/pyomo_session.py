"""One place where Pyomo models are solved, and one vocabulary for how a solve ends.

A model is written in Pyomo, compiled once to the arrays HiGHS reads, and the HiGHS object is kept. A
slider then moves a mutable Param, :meth:`HighsSession.refresh` re-reads only the rows named as mutable,
and HiGHS goes on from its last basis. Pyomo's own persistent interfaces are not used, for two reasons:
they capture the output of the process, which hangs when two threads solve (Pyomo issue 3329), and their
check for changes costs more than the warm solve itself at a few thousand zones.

Pyomo's expression machinery is not thread-safe either, so :data:`LOCK` is held from setting Params to
reading the solution. Every solve has a time limit and one thread, and its ending is mapped to
:class:`~patrol_core.certificate.Status` exactly: a time limit is never "optimal".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.solvers.modelling import pyo, representations, standard_form

#: Held by everything that builds, changes or solves a Pyomo model, in any thread of this process.
LOCK = threading.RLock()

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


def solver_name() -> str:
    """Name and version that go into certificates."""
    return f"HiGHS {_new_highs().version()} (Pyomo model)"


def status_of(model_status: highspy.HighsModelStatus, *, has_plan: bool) -> Status:
    """The exact ending of a HiGHS run.

    Parameters
    ----------
    model_status
        What HiGHS says.
    has_plan
        Whether a primal feasible point is there; it splits the endings that stopped early.

    Notes
    -----
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

    Attributes
    ----------
    status
        How it ended.
    objective
        Objective value in the model's own sense; NaN without a plan.
    bound
        Proved bound: the optimum of an LP, the dual bound of a MIP; NaN where nothing is proved.
    seconds
        Wall time of the run.
    columns, row_duals, column_duals
        Raw HiGHS vectors (duals of the minimised objective); read them through :meth:`HighsSession.values` and :meth:`HighsSession.duals`.
    """

    status: Status
    objective: float
    bound: float
    seconds: float
    columns: Floats = field(repr=False)
    row_duals: Floats = field(repr=False)
    column_duals: Floats = field(repr=False)


class HighsSession:
    """A Pyomo model compiled once and kept in HiGHS.

    Parameters
    ----------
    model
        A linear (or mixed-integer linear) Pyomo model with one active objective.
    mutable
        Names of the constraint components that hold mutable Params; :meth:`refresh` re-reads these.
    time_limit
        Seconds for one run.
    tolerance
        Primal and dual feasibility tolerance (HiGHS takes 1e-10 to 1e-4).
    mip_gap
        Relative gap at which a MIP may stop and be called optimal.
    presolve
        Whether HiGHS may presolve a first solve. Off for a few very long rows: there presolve takes seconds.

    Notes
    -----
    Hold :data:`LOCK` from changing Params to reading values. The methods take it themselves (it is
    re-entrant), so a single call is always safe.
    """

    def __init__(
        self,
        model: pyo.ConcreteModel,
        *,
        mutable: Sequence[str] = (),
        time_limit: float = TIME_LIMIT,
        tolerance: float = 1e-9,
        mip_gap: float = 1e-6,
        presolve: bool = True,
    ) -> None:
        with LOCK:
            self._compile(model)
            self._presolve = "choose" if presolve else "off"
            self._options(time_limit, tolerance, mip_gap)
            self._mutable = [data for name in mutable for data in _members(model.find_component(name))]
            self._terms: dict[int, set[int]] = {}
            self._limits: dict[int, tuple[float, float]] = {}
            self.refresh()

    # -- compiling ------------------------------------------------------------------------------

    def _compile(self, model: pyo.ConcreteModel) -> None:
        """Hand Pyomo's standard form to HiGHS and remember which row and column is what."""
        form = standard_form.LinearStandardFormCompiler().write(model, mixed_form=True)
        self._column = {id(var): j for j, var in enumerate(form.columns)}
        self._keep = model  # ids stay valid only while the model lives
        self._rows: dict[int, list[int]] = {}
        for i, entry in enumerate(form.rows):
            self._rows.setdefault(id(entry.constraint), []).append(i)
        objective = next(model.component_data_objects(pyo.Objective, active=True))
        self._sign = -1.0 if objective.sense == pyo.maximize else 1.0
        self._row_sense = [entry.bound_type for entry in form.rows]
        lp = _arrays_to_lp(form, self._row_sense)
        self._whole = len(lp.integrality_) > 0
        self.highs = _new_highs()
        self.highs.setOptionValue("output_flag", False)
        if self.highs.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverError(
                "HiGHS did not accept the model: this is a fault of the program, please report it."
            )

    def _options(self, time_limit: float, tolerance: float, mip_gap: float) -> None:
        self.time_limit = time_limit
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("presolve", self._presolve)
        self.highs.setOptionValue("primal_feasibility_tolerance", tolerance)
        self.highs.setOptionValue("dual_feasibility_tolerance", tolerance)
        self.highs.setOptionValue("mip_rel_gap", mip_gap)
        self.highs.setOptionValue("random_seed", 0)

    # -- changing -------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Re-read the rows named as mutable after their Params changed."""
        with LOCK:
            for data in self._mutable:
                self._refresh_row(data)

    def _refresh_row(self, data: Any) -> None:
        repn = representations.generate_standard_repn(data.body, compute_values=True)
        terms = zip(repn.linear_vars, repn.linear_coefs, strict=True)
        found = {self._column[id(variable)]: float(coefficient) for variable, coefficient in terms}
        seen = self._terms.setdefault(id(data), set())
        seen.update(found)
        lower, upper = pyo.value(data.lower), pyo.value(data.upper)
        constant = float(repn.constant or 0.0)
        for i in self._rows[id(data)]:
            for j in seen:  # a coefficient that became 0 has left the expression, not the row
                self.highs.changeCoeff(i, j, found.get(j, 0.0))
            sense = self._row_sense[i]
            low = lower - constant if sense <= 0 and lower is not None else -highspy.kHighsInf
            high = upper - constant if sense >= 0 and upper is not None else highspy.kHighsInf
            self.highs.changeRowBounds(i, low, high)
            self._limits[i] = (low, high)

    def hold_tight(self, data: Any) -> None:
        """Make a mutable row hold with equality at its limit, until the next :meth:`refresh`."""
        with LOCK:
            for i in self._rows[id(data)]:
                low, high = self._limits[i]
                limit = high if high < highspy.kHighsInf else low
                self.highs.changeRowBounds(i, limit, limit)

    def columns_of(self, variables: Iterable[Any]) -> NDArray[np.int32]:
        """HiGHS column numbers of Pyomo variable data, in the order given."""
        return np.fromiter((self._column[id(v)] for v in variables), dtype=np.int32)

    def rows_of(self, constraints: Iterable[Any]) -> NDArray[np.int32]:
        """HiGHS row numbers of Pyomo constraint data (first row of each), in the order given."""
        return np.fromiter((self._rows[id(c)][0] for c in constraints), dtype=np.int32)

    def set_bounds(self, columns: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Set bounds of many columns at once, past Pyomo: thousands of Params would cost more than the solve."""
        low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        with LOCK:
            self.highs.changeColsBounds(len(columns), columns, low, high)

    def set_costs(self, columns: NDArray[np.int32], costs: Floats) -> None:
        """Set objective coefficients of many columns, in the model's own sense."""
        with LOCK:
            self.highs.changeColsCost(len(columns), columns, self._sign * np.asarray(costs, float))

    def add_row(self, terms: Mapping[int, float], lower: float | None, upper: float | None) -> int:
        """Add one row (a cut) by column number; the basis is kept. Returns its row number."""
        with LOCK:
            index = np.fromiter(terms.keys(), dtype=np.int32, count=len(terms))
            value = np.fromiter(terms.values(), dtype=float, count=len(terms))
            low = -highspy.kHighsInf if lower is None else lower
            high = highspy.kHighsInf if upper is None else upper
            self.highs.addRow(low, high, len(index), index, value)
            return int(self.highs.getNumRow()) - 1

    def start_from(
        self, at_upper: NDArray[np.int32], basic: NDArray[np.int32], tight: NDArray[np.int32]
    ) -> None:
        """Give HiGHS a first basis, where a good one is known.

        Parameters
        ----------
        at_upper, basic
            Column numbers at their upper bound and in the basis; all other columns are at their lower bound.
        tight
            Rows that hold with equality; all other rows are basic (slack).
        """
        kind, basis = highspy.HighsBasisStatus, highspy.HighsBasis()
        columns = np.full(self.highs.getNumCol(), kind.kLower, dtype=object)
        columns[at_upper], columns[basic] = kind.kUpper, kind.kBasic
        rows = np.full(self.highs.getNumRow(), kind.kBasic, dtype=object)
        rows[tight] = kind.kUpper
        basis.col_status, basis.row_status = columns.tolist(), rows.tolist()
        with LOCK:
            self.highs.setBasis(basis)

    # -- solving --------------------------------------------------------------------------------

    def solve(self, *, time_limit: float | None = None) -> Outcome:
        """Run HiGHS from its last basis; an unclear ending is settled by one cold run without presolve.

        So is a linear program that presolve calls infeasible: where rows leave no more room than the tolerance (levels that
        are attained exactly), its reductions alone can close it.
        """
        with LOCK:
            started = time.perf_counter()
            status = self._run(time_limit or self.time_limit)
            doubtful = status is Status.INFEASIBLE and self._presolve != "off" and not self._whole
            if status is Status.FAILED or doubtful:
                self.highs.clearSolver()
                self.highs.setOptionValue("presolve", "off")
                status = self._run(time_limit or self.time_limit)
                self.highs.setOptionValue("presolve", self._presolve)
            return self._read(status, time.perf_counter() - started)

    def _run(self, limit: float) -> Status:
        # HiGHS counts its limit over all runs of one object.
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime() + limit))
        self.highs.run()
        found = self.highs.getInfo().primal_solution_status
        has_plan = found == highspy.SolutionStatus.kSolutionStatusFeasible
        return status_of(self.highs.getModelStatus(), has_plan=has_plan)

    def _read(self, status: Status, seconds: float) -> Outcome:
        info, solution = self.highs.getInfo(), self.highs.getSolution()
        objective = bound = float("nan")
        if status in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
            objective = self._sign * float(info.objective_function_value)
        if status is Status.OPTIMAL:
            bound = objective
        if self.highs.getLp().integrality_ and np.isfinite(info.mip_dual_bound):
            bound = self._sign * float(info.mip_dual_bound)
        vectors = (solution.col_value, solution.row_dual, solution.col_dual)
        columns, row_duals, column_duals = (np.array(vector, dtype=float) for vector in vectors)
        return Outcome(status, objective, bound, seconds, columns, row_duals, column_duals)

    def values(self, outcome: Outcome, variables: Iterable[Any]) -> Floats:
        """Values of Pyomo variable data, in the order given."""
        return outcome.columns[self.columns_of(variables)]

    def duals(self, outcome: Outcome, constraints: Iterable[Any]) -> Floats:
        """Change of the (minimised) objective per unit of each right-hand side; one number a constraint."""
        return np.array([outcome.row_duals[self._rows[id(c)]].sum() for c in constraints])


def solve_once(model: pyo.ConcreteModel, *, time_limit: float = TIME_LIMIT) -> tuple[HighsSession, Outcome]:
    """Compile and solve a model that is not kept. Check ``Outcome.status`` before reading anything."""
    with LOCK:
        session = HighsSession(model, time_limit=time_limit)
        return session, session.solve()


def _new_highs() -> Any:
    """An empty HiGHS object (highspy ships no type hints)."""
    return highspy.Highs()  # type: ignore[no-untyped-call]


def _members(component: Any) -> list[Any]:
    return [] if component is None else list(component.values())


def _arrays_to_lp(form: Any, senses: Sequence[int]) -> highspy.HighsLp:
    """HiGHS's own record from Pyomo's standard form (rows are =, <= or >= their right-hand side)."""
    infinity = highspy.kHighsInf
    sense, rhs = np.asarray(senses, dtype=int), np.asarray(form.rhs, dtype=float)
    matrix, lp = form.A.tocsc(), highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.asarray(form.c.todense(), dtype=float).ravel()
    lp.offset_ = float(form.c_offset[0])
    lp.col_lower_ = np.array([-infinity if v.lb is None else v.lb for v in form.columns], dtype=float)
    lp.col_upper_ = np.array([infinity if v.ub is None else v.ub for v in form.columns], dtype=float)
    lp.row_lower_ = np.where(sense <= 0, rhs, -infinity)
    lp.row_upper_ = np.where(sense >= 0, rhs, infinity)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = np.asarray(matrix.data, dtype=float)
    if any(not v.is_continuous() for v in form.columns):
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kContinuous if v.is_continuous() else kinds.kInteger for v in form.columns]
    return lp
