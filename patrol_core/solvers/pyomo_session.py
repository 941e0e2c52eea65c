"""Pyomo models solved by HiGHS: the one lock, and a session that keeps a compiled model.

A model is written in Pyomo, compiled once to the arrays HiGHS reads, and the HiGHS object is kept. A
slider then moves a mutable Param, :meth:`HighsSession.refresh` re-reads only the rows named as mutable,
and HiGHS goes on from its last basis. Pyomo's own persistent interfaces are not used, for two reasons:
they capture the output of the process, which hangs when two threads solve (Pyomo issue 3329), and their
check for changes costs more than the warm solve itself at a few thousand zones.

Pyomo's expression machinery is not thread-safe either, so :data:`LOCK` is held from setting Params to
reading the solution.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.solvers.highs import TIME_LIMIT, HighsProgram, Outcome


class _OnFirstUse:
    """Stands for a module and loads it when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


pyo: Any = _OnFirstUse("pyomo.environ")
"""``pyomo.environ``. Importing it takes longer than most plans, and a plan without rules that couple zones needs no model."""
expressions: Any = _OnFirstUse("pyomo.core.expr.numeric_expr")
"""Home of ``LinearExpression``."""
_representations: Any = _OnFirstUse("pyomo.repn")
_standard_form: Any = _OnFirstUse("pyomo.repn.plugins.standard_form")

#: Held by everything that builds, changes or solves a Pyomo model, in any thread of this process.
LOCK = threading.RLock()


def load_pyomo() -> None:
    """Load Pyomo now, for instance in the background once a page is drawn."""
    import_module("pyomo.environ")
    import_module("pyomo.repn.plugins.standard_form")


class HighsSession(HighsProgram):
    """A Pyomo model compiled once and kept in HiGHS.

    Args:
        model: A linear (or mixed-integer linear) Pyomo model with one active objective.
        mutable: Names of the constraint components that hold mutable Params; :meth:`refresh` re-reads these.
        time_limit: Seconds for one run.
        tolerance: Primal and dual feasibility tolerance (HiGHS takes 1e-10 to 1e-4).
        mip_gap: Relative gap at which a MIP may stop and be called optimal.
        presolve: Whether HiGHS may presolve a first solve. Off for a few very long rows: there presolve takes
            seconds.

    Notes:
        Hold :data:`LOCK` from changing Params to reading values. The methods take it themselves (it is
        re-entrant), so a single call is always safe.
    """

    lock = LOCK

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
            self.time_limit = time_limit
            form = _standard_form.LinearStandardFormCompiler().write(model, mixed_form=True)
            self._keep = model  # ids stay valid only while the model lives
            self._column = {id(var): j for j, var in enumerate(form.columns)}
            self._rows: dict[int, list[int]] = {}
            for i, entry in enumerate(form.rows):
                self._rows.setdefault(id(entry.constraint), []).append(i)
            self._row_sense = [entry.bound_type for entry in form.rows]
            objective = next(model.component_data_objects(pyo.Objective, active=True))
            whole = np.array([not variable.is_continuous() for variable in form.columns])
            super().__init__(
                np.asarray(form.c.todense(), dtype=float).ravel(),
                form.A,
                *_sides(form, self._row_sense),
                whole=whole if whole.any() else None,
                offset=float(form.c_offset[0]),
                sign=-1.0 if objective.sense == pyo.maximize else 1.0,
                presolve="choose" if presolve else "off",
                primal_feasibility_tolerance=tolerance,
                dual_feasibility_tolerance=tolerance,
                mip_rel_gap=mip_gap,
            )
            self._mutable = [data for name in mutable for data in _members(model.find_component(name))]
            self._terms: dict[int, set[int]] = {}
            self._limits: dict[int, tuple[float, float]] = {}
            self.refresh()

    def refresh(self) -> None:
        """Re-read the rows named as mutable after their Params changed."""
        with LOCK:
            for data in self._mutable:
                self._refresh_row(data)

    def _refresh_row(self, data: Any) -> None:
        repn = _representations.generate_standard_repn(data.body, compute_values=True)
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
            low = lower - constant if sense <= 0 and lower is not None else -np.inf
            high = upper - constant if sense >= 0 and upper is not None else np.inf
            self.highs.changeRowBounds(i, low, high)
            self._limits[i] = (low, high)

    def hold_tight(self, data: Any) -> None:
        """Make a mutable row hold with equality at its limit, until the next :meth:`refresh`."""
        for i in self._rows[id(data)]:
            low, high = self._limits[i]
            limit = high if high < np.inf else low
            self.set_row(i, limit, limit)

    def solve(self, *, time_limit: float | None = None) -> Outcome:
        """Run HiGHS from its last basis (:meth:`HighsProgram.run`), within the session's time limit or this one."""
        return self.run(time_limit or self.time_limit)

    def columns_of(self, variables: Iterable[Any]) -> NDArray[np.int32]:
        """HiGHS column numbers of Pyomo variable data, in the order given."""
        return np.fromiter((self._column[id(v)] for v in variables), dtype=np.int32)

    def rows_of(self, constraints: Iterable[Any]) -> NDArray[np.int32]:
        """HiGHS row numbers of Pyomo constraint data (first row of each), in the order given."""
        return np.fromiter((self._rows[id(c)][0] for c in constraints), dtype=np.int32)

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


def _members(component: Any) -> list[Any]:
    return [] if component is None else list(component.values())


def _sides(form: Any, senses: Sequence[int]) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Sides of the rows (=, <= or >= their right-hand side) and of the columns of Pyomo's standard form."""
    sense, right = np.asarray(senses, dtype=int), np.asarray(form.rhs, dtype=float)
    low = np.array([-np.inf if v.lb is None else v.lb for v in form.columns], dtype=float)
    high = np.array([np.inf if v.ub is None else v.ub for v in form.columns], dtype=float)
    return (np.where(sense <= 0, right, -np.inf), np.where(sense >= 0, right, np.inf)), (low, high)
