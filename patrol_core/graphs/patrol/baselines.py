"""Simpler ways to patrol a graph, to see what a plan is worth: one route, routes of equal chance, wandering, nobody."""

from __future__ import annotations

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.graphs.patrol.game import NORMAL, GraphGame, Unit, allowed_nodes
from patrol_core.graphs.patrol.reach import moves_home
from patrol_core.graphs.patrol.solution import GraphSolution
from patrol_core.graphs.patrol.verify import covered_by, moves_of

ONE_ROUTE = "the plan's best single route"
EVEN_ROUTES = "the plan's routes, equally often"
WANDERING = "units that wander at random"
NOBODY = "no patrol"
NIGHTS = 1000
"""Nights of wandering that are simulated."""


def answered(game: GraphGame, coverage: Floats, moves: float = 0.0) -> tuple[float, float, Ints]:
    """Payoffs of defender and attacker when the attacker answers best, in the unit of the values.

    Among targets that are equally good for the attacker it takes those that are better for the defender.

    Args:
        game: The game.
        coverage: Chance of every target, shape (n,).
        moves: Expected moves of all units, which cost in general-sum games.

    Returns:
        float, float, Ints: The payoffs, and the targets that are attacked.
    """
    lost, kept, gained_covered, gained = game.payoffs
    attacker = coverage * gained_covered + (1.0 - coverage) * gained
    defender = coverage * kept + (1.0 - coverage) * lost
    grid = np.round(attacker / (float(np.abs(attacker).max(initial=0.0)) or 1.0), 9)
    chosen = np.lexsort((-defender, -grid))[: game.attackers]
    return float(defender[chosen].sum()) - game.step_cost * moves, float(attacker[chosen].sum()), chosen


def simpler_plans(solution: GraphSolution, *, seed: int = 1) -> dict[str, float]:
    """The defender's payoff under simpler plans by name, in the unit of ``solution.value``.

    Empty for games with attackers who move: coverage alone does not say what they gain.
    """
    game = solution.game
    if game.moving_attackers:
        return {}
    rows = [
        (covered_by(game, patrol.walks, patrol.schedules).astype(float), moves_of(patrol.walks))
        for patrol in solution.patrols
    ]
    every = np.mean([row for row, _ in rows], axis=0)
    found = {
        ONE_ROUTE: max(answered(game, row, moves)[0] for row, moves in rows),
        EVEN_ROUTES: answered(game, every, float(np.mean([moves for _, moves in rows])))[0],
        NOBODY: answered(game, np.zeros(game.size))[0],
    }
    if game.form == NORMAL:
        found[WANDERING] = answered(game, *wandering(game, seed=seed))[0]
    return {name: value / solution.scale for name, value in found.items()}


def wandering(game: GraphGame, *, nights: int = NIGHTS, seed: int = 1) -> tuple[Floats, float]:
    """Coverage (n,) and moves a night of units that take any allowed step with equal chance, and are back in time where asked.

    Args:
        game: The game, in normal form.
        nights, seed: How many nights are simulated, and the seed of their steps.
    """
    draw = np.random.default_rng(seed)
    counts = np.zeros((nights, len(game.node_ids)), dtype=np.int64)
    moves = 0.0
    for unit in game.units:
        states = _wander(game, unit, nights, draw)
        for column in states:
            counts[np.arange(nights), column] += 1
        moves += float((states[1:] != states[:-1]).sum()) / nights
    return (counts[:, game.targets] >= game.tau).mean(axis=0), moves


def _wander(game: GraphGame, unit: Unit, nights: int, draw: np.random.Generator) -> Ints:
    """Walks of one unit, shape (T + 1, nights)."""
    allowed = allowed_nodes(game, unit)
    homes = {base: moves_home(game, unit, base) for base in unit.bases}
    usable = [base for base in unit.bases if homes[base][base] <= game.moves] or list(unit.bases)
    states = np.empty((game.moves + 1, nights), dtype=np.int64)
    states[0] = draw.choice(usable, size=nights)
    for step in range(game.moves):
        left = game.moves - step - 1
        for base in usable:
            mine = states[0] == base
            for node in np.unique(states[step][mine]).tolist():
                here = mine & (states[step] == node)
                free = [k for k in _steps(game, unit, allowed, node) if homes[base][k] <= left]
                states[step + 1][here] = draw.choice(free or [node], size=int(here.sum()))
    return states


def _steps(game: GraphGame, unit: Unit, allowed: Bools, node: int) -> list[int]:
    """Where a unit may be one state later."""
    if unit.stationary:
        return [node]
    ways = sorted({other for other, _ in game.network.ways[node] if allowed[other]})
    return ways + ([node] if game.waiting or not ways else [])
