"""Checkpoints on road networks against an intruder who knows the habits: game, exact plan, simpler plans, simulation."""

from __future__ import annotations

from patrol_core.graphs.checkpoints.defender_oracle import Marginals, ranger
from patrol_core.graphs.checkpoints.double_oracle import CLOSE, CheckpointPlan, sampled
from patrol_core.graphs.checkpoints.examples import SCHOOL_LOSSES, city_game
from patrol_core.graphs.checkpoints.formats import (
    CheckpointDocument,
    plan_document,
    read_checkpoints,
    solve_checkpoints,
)
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy, make_game
from patrol_core.graphs.checkpoints.intruder import BestPaths, best_paths
from patrol_core.graphs.checkpoints.sampling import check_draw, draw
from patrol_core.graphs.checkpoints.simple_plans import COMB, CUT, ENTRANCES, EXITS, RADIUS, baselines
from patrol_core.graphs.checkpoints.simplification import (
    Simplified,
    rules_in_words,
    simplify,
    solve_simplified,
)
from patrol_core.graphs.checkpoints.simulation import simulate

__all__ = [
    "CLOSE",
    "COMB",
    "CUT",
    "ENTRANCES",
    "EXITS",
    "RADIUS",
    "SCHOOL_LOSSES",
    "BestPaths",
    "CheckpointDocument",
    "CheckpointGame",
    "CheckpointPlan",
    "JointStrategy",
    "Marginals",
    "Simplified",
    "baselines",
    "best_paths",
    "check_draw",
    "city_game",
    "draw",
    "make_game",
    "plan_document",
    "ranger",
    "read_checkpoints",
    "rules_in_words",
    "sampled",
    "simplify",
    "simulate",
    "solve_checkpoints",
    "solve_simplified",
]
