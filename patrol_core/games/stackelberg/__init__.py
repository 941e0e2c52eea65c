"""Security games with general payoffs: one watching attacker (strong Stackelberg equilibrium) or several types."""

from __future__ import annotations

from patrol_core.games.stackelberg.bayesian import UTILITY, solve_bayesian
from patrol_core.games.stackelberg.bayesian_game import (
    BayesianGame,
    BayesianSolution,
    OffenderType,
    TypeOutcome,
    types_from_harm,
)
from patrol_core.games.stackelberg.game import SecurityGame, StackelbergSolution, Target
from patrol_core.games.stackelberg.payoffs import FIELDS, Payoffs, respond
from patrol_core.games.stackelberg.solve import Method, solve_stackelberg

__all__ = [
    "FIELDS",
    "UTILITY",
    "BayesianGame",
    "BayesianSolution",
    "Method",
    "OffenderType",
    "Payoffs",
    "SecurityGame",
    "StackelbergSolution",
    "Target",
    "TypeOutcome",
    "respond",
    "solve_bayesian",
    "solve_stackelberg",
    "types_from_harm",
]
