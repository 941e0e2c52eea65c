"""Patrol scenes, games and what is worked out of them, kept between reruns by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import streamlit as st

from patrol_core.figures.patrol_map import Ground, ground_of
from patrol_core.games.matrix import MatrixGame
from patrol_core.graphs.full_matrix import matrix_of
from patrol_core.graphs.graph_game import GraphGame, Unit
from patrol_core.graphs.graph_size import GameSize, estimate
from patrol_core.graphs.graph_solution import GraphSolution
from patrol_core.graphs.network import make_network
from patrol_core.graphs.patrol_baselines import simpler_plans
from patrol_core.graphs.patrol_scene import PatrolScene


def content_key(*parts: Any) -> str:
    """Hash of bytes and plain values."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\x00")
    return digest.hexdigest()[:20]


def files_key(files: Sequence[tuple[str, bytes]]) -> str:
    """Hash of files with their names."""
    return content_key(*(part for name, data in files for part in (name, data)))


@st.cache_resource(max_entries=128, show_spinner=False)
def _kept(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


def kept(key: str, make: Callable[[], Any]) -> Any:
    """What ``make`` gives, made once a key."""
    return _kept(key, make)


def key_of(game: GraphGame) -> str:
    """Hash of everything that makes a game."""
    network = game.network
    arrays = (network.tail, network.head, network.oneway, game.targets, game.values, game.attacker_values)
    apart = {"network", "targets", "values", "attacker_values", "units"}
    rest = [(one.name, getattr(game, one.name)) for one in fields(game) if one.name not in apart]
    return content_key(
        *(array.tobytes() for array in arrays), network.nodes, [_plain(u) for u in game.units], rest
    )


def _plain(unit: Unit) -> tuple[Any, ...]:
    inside = None if unit.nodes is None else tuple(sorted(unit.nodes))
    return unit.bases, unit.ends, inside, unit.stationary


def matrix_key(game: MatrixGame) -> str:
    """Hash of the payoffs of a matrix game."""
    column = b"" if game.column is None else np.ascontiguousarray(game.column).tobytes()
    return content_key(np.ascontiguousarray(game.row).tobytes(), column, game.shape)


def size_of(game: GraphGame) -> GameSize:
    """How large the game is, written out and as it is solved."""
    found: GameSize = kept(f"size-{key_of(game)}", lambda: estimate(game))
    return found


def simpler(solution: GraphSolution, mark: str) -> dict[str, float]:
    """The defender's payoff under simpler plans; ``mark`` tells plans of one game apart."""
    found: dict[str, float] = kept(f"simpler-{mark}-{key_of(solution.game)}", lambda: simpler_plans(solution))
    return found


def matrix(game: GraphGame) -> MatrixGame:
    """The game written out.

    Raises
    ------
    InputError
        When it is too large, with its numbers.
    """
    found: MatrixGame = kept(f"matrix-{key_of(game)}", lambda: matrix_of(game))
    return found


def ground(scene: PatrolScene) -> Ground:
    """How the scene is drawn."""

    def make() -> Ground:
        network = make_network(scene.edges, directed=scene.directed, nodes=list(scene.node_ids), xy=scene.xy)
        return ground_of(
            network, crs=scene.crs, names={str(node): name for node, name in scene.names.items()}
        )

    found: Ground = kept(f"ground-{scene.key}-{content_key(sorted(scene.names.items(), key=str))}", make)
    return found
