"""Linear and mixed-integer programs: Pyomo models and arrays, both solved by HiGHS, with one vocabulary of endings.

Models whose rows people read are written in Pyomo (:class:`HighsSession`); programs that are tables already, or that are
wanted within milliseconds, are given as arrays (:func:`minimise`, :class:`ArrayLP`, :class:`MipModel`). Every run ends as one
:class:`~patrol_core.certificate.Status` in an :class:`Outcome`. Nothing outside this folder imports HiGHS or Pyomo.
"""

from __future__ import annotations

from patrol_core.solvers.arrays import NOT_RUN, ArrayLP, MipModel, Rows, Stop, linear_program, minimise
from patrol_core.solvers.highs import TIME_LIMIT, HighsProgram, Outcome, solver_name
from patrol_core.solvers.pyomo_session import LOCK, HighsSession, expressions, load_pyomo, pyo, solve_once
from patrol_core.solvers.units import unit_of

__all__ = [
    "LOCK",
    "NOT_RUN",
    "TIME_LIMIT",
    "ArrayLP",
    "HighsProgram",
    "HighsSession",
    "MipModel",
    "Outcome",
    "Rows",
    "Stop",
    "expressions",
    "linear_program",
    "load_pyomo",
    "minimise",
    "pyo",
    "solve_once",
    "solver_name",
    "unit_of",
]
