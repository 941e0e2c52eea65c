"""All actions of both sides of a game with moving attackers, and what each pair of them comes to."""

from __future__ import annotations

import math

import numpy as np

from patrol_core.arrays import Bools, Ints
from patrol_core.errors import InputError
from patrol_core.graphs.patrol.game import GraphGame, MovingAttacker, Unit, attacks_of
from patrol_core.graphs.patrol.reach import moves_from
from patrol_core.graphs.patrol.solution import Walk
from patrol_core.graphs.patrol.walks import all_picks, count_walks, list_walks

MOST_ACTIONS = 400_000
"""Joint walks of one side that are listed."""
_NEVER = 1 << 20


class Lists:
    """All actions of both sides of a game with moving attackers.

    Attributes:
        units, movers: Walks of every unit and of every moving attacker.
        rows: (R, units) walk of each unit.
        columns: (C, moving attackers + 1) walk of each attacker, and the position of the stationary attack in
            ``taken``.
    """

    def __init__(self, game: GraphGame) -> None:
        self.game = game
        rows, columns = action_counts(game)
        for count, who in ((rows, "defender has"), (columns, "attacker has")):
            if count > MOST_ACTIONS:
                raise InputError(
                    f"The {who} {count:,} joint walks, more than the {MOST_ACTIONS:,} that can be listed with moving attackers: "
                    "give fewer moves, units or attackers."
                )
        listed: dict[Unit | MovingAttacker, Ints] = {}
        movers: list[Unit | MovingAttacker] = [*game.units, *game.moving_attackers]
        for mover in movers:
            if mover not in listed:
                listed[mover] = list_walks(game, mover)
        self.units = [listed[unit] for unit in game.units]
        self.movers = [listed[mover] for mover in game.moving_attackers]
        self.taken = attacks_of(game)
        self.rows = all_picks([len(walks) for walks in self.units])
        self.columns = all_picks([*(len(walks) for walks in self.movers), len(self.taken)])
        self.near = near_nodes(game)
        self.first = [_first_visits(game, walks) for walks in self.movers]
        visits = [
            np.stack([(walks == node).sum(axis=1) for node in game.targets], axis=1) for walks in self.units
        ]
        self.visits = visits
        self.moves = [(walks[:, 1:] != walks[:, :-1]).sum(axis=1) for walks in self.units]

    def row_walks(self, row: int) -> tuple[Walk, ...]:
        """One walk a unit."""
        return tuple(tuple(walks[k].tolist()) for walks, k in zip(self.units, self.rows[row], strict=True))

    def row_moves(self) -> Ints:
        """(R,) moves of all units."""
        total = np.zeros(len(self.rows), dtype=np.int64)
        for moves, picks in zip(self.moves, self.rows.T, strict=True):
            total += moves[picks]
        return total

    def taken_by_row(self, row: int) -> Bools:
        """(C, n) targets that every attack takes against a joint walk."""
        chosen = self.rows[row]
        watched = np.zeros((self.game.moves + 1, len(self.near)), dtype=bool)
        for walks, k in zip(self.units, chosen, strict=True):
            watched |= self.near[:, walks[k]].T
        out = np.zeros((len(self.columns), self.game.size), dtype=bool)
        for number, (walks, first) in enumerate(zip(self.movers, self.first, strict=True)):
            caught = _first_true(watched[np.arange(self.game.moves + 1), walks])
            out |= (first < caught[:, None])[self.columns[:, number]]
        visits = sum(table[k] for table, k in zip(self.visits, chosen, strict=True))
        return out | self._stationary(np.asarray(visits) < self.game.tau)[self.columns[:, -1]]

    def taken_by_column(self, column: int) -> Bools:
        """(R, n) targets that an attack takes against every joint walk."""
        chosen = self.columns[column]
        out = np.zeros((len(self.rows), self.game.size), dtype=bool)
        for number, (walks, first) in enumerate(zip(self.movers, self.first, strict=True)):
            walk = walks[chosen[number]]
            watched = self.near[walk]
            caught = np.full(len(self.rows), _NEVER)
            for unit, picks in zip(self.units, self.rows.T, strict=True):
                caught = np.minimum(caught, _first_true(watched[np.arange(len(walk)), unit])[picks])
            out |= first[chosen[number]][None, :] < caught[:, None]
        attack = list(self.taken[chosen[-1]])
        if attack:
            visits = np.zeros((len(self.rows), self.game.size), dtype=np.int64)
            for table, picks in zip(self.visits, self.rows.T, strict=True):
                visits += table[picks]
            out[:, attack] |= visits[:, attack] < self.game.tau
        return out

    def _stationary(self, open_: Bools) -> Bools:
        out = np.zeros((len(self.taken), self.game.size), dtype=bool)
        for number, attack in enumerate(self.taken):
            out[number, list(attack)] = open_[list(attack)]
        return out


def action_counts(game: GraphGame) -> tuple[int, int]:
    """Numbers of joint actions of defender and attacker, exactly."""
    rows = math.prod(count_walks(game, unit) for unit in game.units)
    columns = math.prod(count_walks(game, mover) for mover in game.moving_attackers)
    still = math.comb(game.size + 1, game.attackers) if game.attackers else 1
    return rows, columns * still


def near_nodes(game: GraphGame) -> Bools:
    """(nodes, nodes): whether an attacker at the first node is caught by a unit at the second, which must be able to get there in time."""
    every = np.ones(len(game.node_ids), dtype=bool)
    return moves_from(game.network, every, range(len(every)), back=True) <= game.capture_radius


def _first_visits(game: GraphGame, walks: Ints) -> Ints:
    """(walks, n) the first state at which each target is reached; a large number where it is not."""
    out = np.full((len(walks), game.size), _NEVER)
    for t, node in enumerate(game.targets.tolist()):
        out[:, t] = _first_true(walks == node)
    return out


def _first_true(flags: Bools) -> Ints:
    """Position of the first True of every row; a large number without one."""
    return np.where(flags.any(axis=1), flags.argmax(axis=1), _NEVER)
