"""Games as documents, and the models of offenders that a plan can be made for."""

from __future__ import annotations

from patrol_core.games.documents.models import GameDocument
from patrol_core.games.documents.offender_kinds import (
    OFFENDERS,
    Uncertainty,
    intervals_of,
    solve_for,
    takes_minutes,
)
from patrol_core.games.documents.security_games import solve_game
from patrol_core.games.documents.types_plan import TypesStrategy

__all__ = [
    "OFFENDERS",
    "GameDocument",
    "TypesStrategy",
    "Uncertainty",
    "intervals_of",
    "solve_for",
    "solve_game",
    "takes_minutes",
]
