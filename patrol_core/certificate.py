"""The certificate every solved result carries.

``objective`` is recomputed from the returned strategy by code that does not share the model;
``bound`` is what the solver (or a closed-form argument) proves; their distance is ``gap``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a solve ended; a time limit is never called optimal."""

    OPTIMAL = "optimal"
    STOPPED_WITH_PLAN = "stopped-with-plan"
    STOPPED_WITHOUT_PLAN = "stopped-without-plan"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that goes with a result.

    Attributes
    ----------
    status
        How the solve ended.
    objective
        Objective of the returned strategy, recomputed outside the model.
    bound
        Proved bound on the best possible objective (same unit).
    gap
        ``|objective - bound| / max(1, |objective|)``.
    solver
        Method and version, e.g. ``water-filling`` or ``HiGHS 1.15.1 (Pyomo appsi)``.
    seconds
        Wall time of the solve.
    phases
        Which optimisation phases ran, in order.
    violation
        Largest violation of any constraint, re-checked outside the model.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    solver: str
    seconds: float
    phases: tuple[str, ...] = ()
    violation: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """The common fields of cli.md, as plain data."""
        return {
            "status": str(self.status),
            "objective": float(self.objective),
            "bound": float(self.bound),
            "gap": float(self.gap),
            "solver": self.solver,
            "seconds": float(self.seconds),
            "phases": list(self.phases),
            "violation": float(self.violation),
        }


def relative_gap(objective: float, bound: float) -> float:
    """Distance between objective and proved bound, relative to ``max(1, |objective|)``."""
    return abs(objective - bound) / max(1.0, abs(objective))
