r"""Patrols on a graph against attackers of targets: what is given.

Time runs over the states 0, 1, ..., T; between two states a unit makes one move along an edge or waits (T = ``moves``, the
"timesteps" of the paper). Two forms:

* **normal form**: a pure strategy of the defender is one walk per unit. Target t is interdicted when the visits of all units
  together, counted over all states, reach :math:`\tau`. An attacker with A resources takes at most A targets; values add up.
  Covered targets pay nothing to either side; a move costs the defender ``step_cost`` in general-sum games.
* **schedule form**: every unit picks a schedule, a set of targets it can tour in T moves, staying :math:`\tau` states at each.
  A target is covered when some unit's schedule has it. Covered payoffs are the uncovered ones divided by a penalty factor;
  the attacker attacks exactly A targets.

Payoffs of target t, with value v and attacker's value a; in zero-sum games the attacker gains what the defender loses:

====================  ==========================  ==================
what                  normal form                 schedule form
====================  ==========================  ==================
defender, uncovered   -v                          -v
defender, covered     0                           -v / defender penalty
attacker, uncovered   a                           a
attacker, covered     0                           a / attacker penalty
====================  ==========================  ==================

Source: Krever, Cerny, Blanchard and Kroer (2025), "GUARD: Constructing realistic two-player matrix and security games for
benchmarking game-theoretic algorithms".
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from patrol_core.arrays import Bools, Floats, Ints
from patrol_core.roads import RoadNetwork

NodeId = int | str
NORMAL, SCHEDULE = "normal", "schedule"
CORRECTED, COMPATIBLE = "corrected", "compatible"
DEFAULT_PENALTY = 5.0


@dataclass(frozen=True)
class Unit:
    """One unit of the defender.

    Attributes:
        bases: Node positions where it may start, at least one. A stationary unit chooses one of them and stays.
        ends: Node positions where it may end; None: anywhere (a game with ``force_return`` overrides it).
        nodes: Node positions it is kept to (its role); None: the whole graph.
        stationary: Whether it stays where it starts.
    """

    bases: tuple[int, ...]
    ends: tuple[int, ...] | None = None
    nodes: frozenset[int] | None = None
    stationary: bool = False


@dataclass(frozen=True)
class MovingAttacker:
    """One attacker who moves as units do, takes every target it reaches, and is caught by a unit near enough at the same state.

    Attributes:
        starts: Node positions where it may start.
        ends: Node positions where it may end; None: anywhere.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class GraphGame:
    """A validated game; make it with :func:`~patrol_core.graphs.patrol.input.make_graph_game`.

    Attributes:
        network: The graph; its node names are the ids as text.
        node_ids: The ids as they were given, in the order of the nodes.
        moves: T, the number of moves; there are T + 1 states.
        units, targets: Who patrols; node positions of the n targets, shape (n,).
        values, attacker_values: Shape (n,), >= 0: what a taken target costs the defender and pays the attacker,
            in one unit.
        tau: Visits that interdict a target (normal form), states to stay (schedule form).
        attackers: A, stationary resources of the attacker.
        force_return: Whether every unit must end at its own start.
        waiting: Whether a unit may wait.
        step_cost: What one move costs the defender (general-sum games), in the unit of the values.
        normalise: Whether payoffs are reported divided by the largest absolute payoff of the game
            (:attr:`scale`).
        mode: ``corrected``: tours of schedules fit the T moves. ``compatible``: as in the published code, tours
            of two and more targets may take one move more, and every unit must pick a schedule that is not
            empty.
        idle: Schedule form: whether a unit may pick the empty schedule.
        moving_attackers, capture_radius: Attackers who move (normal form), and the moves between unit and
            attacker at which it is caught.
        unreachable: Positions (in ``targets``) of targets that no joint strategy can cover.
        notes: What a reader of a result must know about the input.
    """

    network: RoadNetwork
    node_ids: tuple[NodeId, ...]
    moves: int
    units: tuple[Unit, ...]
    targets: Ints
    values: Floats
    attacker_values: Floats
    tau: int = 1
    attackers: int = 1
    force_return: bool = True
    waiting: bool = True
    form: str = NORMAL
    simple: bool = False
    general_sum: bool = False
    defender_penalty: float = DEFAULT_PENALTY
    attacker_penalty: float = DEFAULT_PENALTY
    step_cost: float = 0.0
    normalise: bool = False
    mode: str = CORRECTED
    idle: bool = True
    moving_attackers: tuple[MovingAttacker, ...] = ()
    capture_radius: int = 0
    unreachable: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        """Number of targets n."""
        return len(self.targets)

    @property
    def target_ids(self) -> tuple[NodeId, ...]:
        """Ids of the targets."""
        return tuple(self.node_ids[k] for k in self.targets.tolist())

    @property
    def payoffs(self) -> Floats:
        """(4, n) in the unit of the values: defender uncovered, defender covered, attacker covered, attacker uncovered."""
        lost, none = -self.values, np.zeros(self.size)
        kept = none if self.form == NORMAL else lost / self.defender_penalty
        if not self.general_sum:
            return np.vstack([lost, kept, -kept, -lost])
        gained = self.attacker_values
        return np.vstack(
            [lost, kept, none if self.form == NORMAL else gained / self.attacker_penalty, gained]
        )

    @property
    def costs_matter(self) -> bool:
        """Whether moves cost something."""
        return self.general_sum and self.step_cost > 0


def allowed_nodes(game: GraphGame, unit: Unit) -> Bools:
    """Nodes a unit may be at, shape (nodes,)."""
    if unit.nodes is None:
        return np.ones(len(game.node_ids), dtype=bool)
    flags = np.zeros(len(game.node_ids), dtype=bool)
    flags[list(unit.nodes)] = True
    return flags


def moves_text(moves: int) -> str:
    """``1 move``, ``2 moves``."""
    return "1 move" if moves == 1 else f"{moves:,} moves"


def attacks_of(game: GraphGame) -> tuple[tuple[int, ...], ...]:
    """Targets of every attack by stationary attackers: in normal form sets of A out of the targets and "none", else sets of A targets."""
    choices: list[int | None] = list(range(game.size))
    if game.form == NORMAL:
        choices.append(None)
    sets = itertools.combinations(choices, game.attackers)
    return tuple(tuple(t for t in chosen if t is not None) for chosen in sets)
