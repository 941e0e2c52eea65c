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

    Attributes:
        status: How the solve ended.
        objective: Objective of the returned strategy, recomputed outside the model.
        bound: Proved bound on the best possible objective (same unit).
        gap: Distance of objective and bound relative to the objective's own size (:func:`relative_gap`).
        solver: Method and version, e.g. ``water-filling`` or ``HiGHS 1.15.1 (Pyomo appsi)``.
        seconds: Wall time of the solve.
        phases: Which optimisation phases ran, in order.
        violation: Largest violation of any constraint, re-checked outside the model.
        objective_is: What the objective counts, in words, with its unit and which way is better.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    solver: str
    seconds: float
    phases: tuple[str, ...] = ()
    violation: float = 0.0
    objective_is: str = ""

    @property
    def absolute_gap(self) -> float:
        """Distance of objective and bound, in the objective's own unit."""
        return abs(self.objective - self.bound)

    def as_dict(self) -> dict[str, object]:
        """The common fields of cli.md, as plain data."""
        return {
            "status": str(self.status),
            "objective": float(self.objective),
            "objective_is": self.objective_is,
            "bound": float(self.bound),
            "gap": float(self.gap),
            "absolute_gap": float(self.absolute_gap),
            "solver": self.solver,
            "seconds": float(self.seconds),
            "phases": list(self.phases),
            "violation": float(self.violation),
        }


def relative_gap(objective: float, bound: float, scale: float = 0.0) -> float:
    """Distance of an objective and its proved bound, relative to the objective's own size.

    Args:
        objective, bound: In the same unit.
        scale: Size of the data the objective is made of, in its unit: the largest value, or the spread of the
            payoffs. An objective that cancels to nearly nothing is measured by a thousandth of it, since no
            arithmetic can tell such an objective from 0 more closely.

    Returns:
        float: ``|objective - bound| / max(|objective|, scale / 1000)``: 0 where they are equal, infinite where
            an objective of 0 misses its bound and no scale is known. Multiplying all three by one number
            changes nothing.
    """
    distance = abs(objective - bound)
    if distance == 0.0:
        return 0.0
    size = max(abs(objective), abs(scale) * 1e-3)
    return distance / size if size > 0.0 else float("inf")
