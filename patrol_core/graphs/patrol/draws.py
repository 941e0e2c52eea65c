"""Joint patrols drawn from a mixed strategy: what units walk on real shifts."""

from __future__ import annotations

from typing import Any

import numpy as np

from patrol_core.graphs.checkpoints import check_draw
from patrol_core.graphs.patrol.solution import GraphSolution, JointPatrol


def draw_patrols(solution: GraphSolution, shifts: int, *, seed: int) -> list[JointPatrol]:
    """One joint patrol a shift, independent, with the chances of the strategy; the same seed gives the same patrols.

    Raises
    ------
    InputError
        When ``shifts`` or ``seed`` is below 0, or there are too many shifts.
    """
    check_draw(shifts, seed, "shifts")
    chances = np.array([patrol.probability for patrol in solution.patrols])
    picks = np.random.default_rng(seed).choice(len(chances), size=shifts, p=chances / chances.sum())
    return [solution.patrols[k] for k in picks.tolist()]


def drawn_documents(solution: GraphSolution, shifts: int, *, seed: int) -> list[list[list[Any]]]:
    """The drawn patrols as node ids: by shift, by unit, by state."""
    ids = solution.game.node_ids
    return [
        [[ids[k] for k in walk] for walk in patrol.walks]
        for patrol in draw_patrols(solution, shifts, seed=seed)
    ]
