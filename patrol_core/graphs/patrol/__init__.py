"""Patrol games on a graph: how units should walk when those who attack know how likely each walk is."""

from __future__ import annotations

from patrol_core.graphs.patrol.baselines import (
    NOBODY,
    ONE_ROUTE,
    WANDERING,
    simpler_plans,
)
from patrol_core.graphs.patrol.documents import DROP, KEEP, MOST_UNITS, REFUSE, PatrolGameDocument
from patrol_core.graphs.patrol.formats import (
    drawn_documents,
    game_document,
    game_from,
    load_game,
    read_patrol_game,
    solution_document,
)
from patrol_core.graphs.patrol.full_matrix import columns_of, matrix_of, rows_of
from patrol_core.graphs.patrol.game import (
    COMPATIBLE,
    CORRECTED,
    DEFAULT_PENALTY,
    NORMAL,
    SCHEDULE,
    GraphGame,
    MovingAttacker,
    NodeId,
    Unit,
)
from patrol_core.graphs.patrol.input import checked, make_graph_game
from patrol_core.graphs.patrol.moving.lists import action_counts
from patrol_core.graphs.patrol.reach import NEVER, moves_from
from patrol_core.graphs.patrol.size import estimate
from patrol_core.graphs.patrol.solution import GameSize, GraphSolution, JointPatrol, Walk
from patrol_core.graphs.patrol.solve import METHODS, solve_graph_game
from patrol_core.graphs.patrol.verify import covered_by, moves_of

__all__ = [
    "COMPATIBLE",
    "CORRECTED",
    "DEFAULT_PENALTY",
    "DROP",
    "KEEP",
    "METHODS",
    "MOST_UNITS",
    "NEVER",
    "NOBODY",
    "NORMAL",
    "ONE_ROUTE",
    "REFUSE",
    "SCHEDULE",
    "WANDERING",
    "GameSize",
    "GraphGame",
    "GraphSolution",
    "JointPatrol",
    "MovingAttacker",
    "NodeId",
    "PatrolGameDocument",
    "Unit",
    "Walk",
    "action_counts",
    "checked",
    "columns_of",
    "covered_by",
    "drawn_documents",
    "estimate",
    "game_document",
    "game_from",
    "load_game",
    "make_graph_game",
    "matrix_of",
    "moves_from",
    "moves_of",
    "read_patrol_game",
    "rows_of",
    "simpler_plans",
    "solution_document",
    "solve_graph_game",
]
