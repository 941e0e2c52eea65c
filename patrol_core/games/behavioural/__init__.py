"""Behavioural."""

from __future__ import annotations

from patrol_core.games.behavioural.attackers import QuantalResponse, parse_attacker
from patrol_core.games.behavioural.fit import Fit, fit_lambda, fit_suqr
from patrol_core.games.behavioural.past_incidents import read_incidents
from patrol_core.games.behavioural.result import BehaviouralStrategy
from patrol_core.games.behavioural.solve import rationality_path, solve_behavioural

__all__ = [
    "BehaviouralStrategy",
    "Fit",
    "QuantalResponse",
    "fit_lambda",
    "fit_suqr",
    "parse_attacker",
    "rationality_path",
    "read_incidents",
    "solve_behavioural",
]
