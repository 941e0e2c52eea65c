"""Rules."""

from __future__ import annotations

from patrol_core.games.rules.budgets import (
    FAIRNESS,
    Cap,
    Constraint,
    CoverageParity,
    Fairness,
    Floor,
    ResidualParity,
    constraint_as_dict,
    fairness_rule,
    parse_constraints,
    tolerance_of,
    with_tolerance,
)
from patrol_core.games.rules.fairness import MaxMin, MaxMinShare, MeanDifference, Of

__all__ = [
    "FAIRNESS",
    "Cap",
    "Constraint",
    "CoverageParity",
    "Fairness",
    "Floor",
    "MaxMin",
    "MaxMinShare",
    "MeanDifference",
    "Of",
    "ResidualParity",
    "constraint_as_dict",
    "fairness_rule",
    "parse_constraints",
    "tolerance_of",
    "with_tolerance",
]
