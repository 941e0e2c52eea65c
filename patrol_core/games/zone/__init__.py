"""Zone."""

from __future__ import annotations

from patrol_core.games.zone.certificates import (
    BUDGET,
    MAX_GAP,
    MAX_VIOLATION,
    coupling_rows,
    figures,
    residuals,
    row_violation,
)
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.fair_rows import CapRow, PairRow, Row, RowKey, excess, priced
from patrol_core.games.zone.game import Evaluation, evaluate_coverage, solve_zone_game
from patrol_core.games.zone.linear_program import ZoneGameModel
from patrol_core.games.zone.model import build_model, side_constraints
from patrol_core.games.zone.solve import Strategy, ZoneGame
from patrol_core.games.zone.water_filling import lowest_level, spend_rest
from patrol_core.games.zone.zone_classes import Atoms, Reach, atoms_of

__all__ = [
    "BUDGET",
    "MAX_GAP",
    "MAX_VIOLATION",
    "Atoms",
    "CapRow",
    "Evaluation",
    "PairRow",
    "Reach",
    "Row",
    "RowKey",
    "Strategy",
    "ZoneGame",
    "ZoneGameModel",
    "atoms_of",
    "build_model",
    "coupling_rows",
    "evaluate_coverage",
    "excess",
    "explain_conflict",
    "figures",
    "lowest_level",
    "priced",
    "residuals",
    "row_violation",
    "side_constraints",
    "solve_zone_game",
    "spend_rest",
]
