"""Zone."""

from __future__ import annotations

from patrol_core.games.zone.certificates import (
    MAX_GAP,
    MAX_VIOLATION,
    figures,
    least_curved,
    residuals,
    row_violation,
)
from patrol_core.games.zone.classes import Reach, ZoneClasses, classes_of
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved.filling import free_level, lowest_curved_level, spend_best_first, units_for
from patrol_core.games.zone.game import Evaluation, evaluate_coverage, solve_zone_game
from patrol_core.games.zone.linear_program import ZoneGameModel
from patrol_core.games.zone.max_min import attainable
from patrol_core.games.zone.model import build_model, side_constraints
from patrol_core.games.zone.response import SHAPES, Response, Shape
from patrol_core.games.zone.solve import Strategy, ZoneGame
from patrol_core.games.zone.water_filling import lowest_level, spend_rest

__all__ = [
    "MAX_GAP",
    "MAX_VIOLATION",
    "SHAPES",
    "Evaluation",
    "Reach",
    "Response",
    "Shape",
    "Strategy",
    "ZoneClasses",
    "ZoneGame",
    "ZoneGameModel",
    "attainable",
    "build_model",
    "classes_of",
    "evaluate_coverage",
    "explain_conflict",
    "figures",
    "free_level",
    "least_curved",
    "lowest_curved_level",
    "lowest_level",
    "residuals",
    "row_violation",
    "side_constraints",
    "solve_zone_game",
    "spend_best_first",
    "spend_rest",
    "units_for",
]
