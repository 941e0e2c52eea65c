"""Patrol scenes, games and what is worked out of them, kept between reruns of a session by their whole content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from patrol_core.figures.maps.patrol import Ground, ground_of
from patrol_core.games.matrix import MatrixGame
from patrol_core.graphs.patrol import GameSize, GraphGame, GraphSolution, estimate, matrix_of, simpler_plans
from patrol_core.graphs.places import PatrolScene
from patrol_core.roads import make_network
from patrol_core.ui.memo import kept as memo
from patrol_core.ui.memo.content import digest_of


def files_key(files: Sequence[tuple[str, bytes]]) -> str:
    """Hash of files with their names."""
    return digest_of(list(files))


def kept(key: str, make: Callable[[], Any]) -> Any:
    """What ``make`` gives, made once a key in a session."""
    return memo.kept(("lab", key), "", lambda _: make())


def key_of(game: GraphGame) -> str:
    """Hash of everything that makes a game, names and places of its network included."""
    return digest_of(game)


def matrix_key(game: MatrixGame) -> str:
    """Hash of the payoffs of a matrix game."""
    return digest_of(game)


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

    content = digest_of(scene.edges, scene.directed, scene.node_ids, scene.xy, scene.crs, scene.names)
    found: Ground = kept(f"ground-{content}", make)
    return found
