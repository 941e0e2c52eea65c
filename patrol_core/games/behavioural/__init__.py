"""Behavioural."""

from __future__ import annotations

from patrol_core.games.behavioural.attackers import SUQR, QuantalResponse
from patrol_core.games.behavioural.fit import Fit, fit_lambda, fit_suqr
from patrol_core.games.behavioural.result import BehaviouralStrategy
from patrol_core.games.behavioural.solve import rationality_path, solve_behavioural

__all__ = [
    "SUQR",
    "BehaviouralStrategy",
    "Fit",
    "QuantalResponse",
    "fit_lambda",
    "fit_suqr",
    "rationality_path",
    "solve_behavioural",
]
