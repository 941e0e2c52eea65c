"""Offenders who err: quantal response and SUQR, fitted to data and planned against."""

from __future__ import annotations

from patrol_core.games.behavioural.attackers import SUQR, QuantalResponse
from patrol_core.games.behavioural.fit import Fit, fit_lambda, fit_suqr
from patrol_core.games.behavioural.past_incidents import read_incidents
from patrol_core.games.behavioural.result import BehaviouralStrategy
from patrol_core.games.behavioural.solve import (
    attack_probability,
    expected_loss,
    rationality_path,
    solve_behavioural,
)

__all__ = [
    "SUQR",
    "BehaviouralStrategy",
    "Fit",
    "QuantalResponse",
    "attack_probability",
    "expected_loss",
    "fit_lambda",
    "fit_suqr",
    "rationality_path",
    "read_incidents",
    "solve_behavioural",
]
