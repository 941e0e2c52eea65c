"""Two-player games as matrices: equilibria, commitments, learning dynamics, small supports, and files of five formats."""

from __future__ import annotations

from patrol_core.games.matrix.formats import FORMATS, MatrixDocument, export_kind, read_matrix, write_matrix
from patrol_core.games.matrix.game import GAME_KINDS, MatrixGame, MatrixSolution, random_game, random_like
from patrol_core.games.matrix.nash import equilibrium
from patrol_core.games.matrix.oracle import OracleRun, Response, double_oracle
from patrol_core.games.matrix.own_units import OwnUnits
from patrol_core.games.matrix.pickle_convert import RISK, read_pickle
from patrol_core.games.matrix.solve import results_table, solve_matrix
from patrol_core.games.matrix.stackelberg import solve_sse
from patrol_core.games.matrix.support_bound import solve_support

__all__ = [
    "FORMATS",
    "GAME_KINDS",
    "RISK",
    "MatrixDocument",
    "MatrixGame",
    "MatrixSolution",
    "OracleRun",
    "OwnUnits",
    "Response",
    "double_oracle",
    "equilibrium",
    "export_kind",
    "random_game",
    "random_like",
    "read_matrix",
    "read_pickle",
    "results_table",
    "solve_matrix",
    "solve_sse",
    "solve_support",
    "write_matrix",
]
