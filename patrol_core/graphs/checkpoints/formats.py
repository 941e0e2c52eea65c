"""Checkpoint games as JSON, and plans as plain data: the shapes of the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from patrol_core.errors import InputError
from patrol_core.files.documents import (
    MAY_HAVE_POINT,
    Document,
    Flag,
    Name,
    Number,
    Share,
    about,
    read_document,
)
from patrol_core.files.numbers import within_reach
from patrol_core.graphs.checkpoints.defender_oracle import ranger
from patrol_core.graphs.checkpoints.double_oracle import CheckpointPlan, sampled, solve_exact
from patrol_core.graphs.checkpoints.game import CheckpointGame, make_game
from patrol_core.roads import make_network

Edge = tuple[Name, Name]


class CheckpointDocument(Document):
    """Checkpoints on a network: an intruder walks from a source to a target and is stopped where a checkpoint stands."""

    model_config = about(
        "Checkpoint game",
        {"edges": [["a", "b"], ["b", "c"]], "sources": ["a"], "targets": {"c": -5}, "checkpoints": 1},
    )

    directed: Flag = Field(False, description="Whether edges are passed in the order given only.")
    edges: list[Edge] = Field(description="Pairs of nodes.")
    sources: list[Name] = Field(description="Nodes where the intruder may start.")
    targets: dict[str, Number] = Field(
        description="Node to the defender's payoff when it is reached (a loss is negative), at most capture_payoff."
    )
    capture_payoff: Number = Field(0.0, description="The defender's payoff when the intruder is stopped.")
    checkpoints: Annotated[int, Field(strict=True), MAY_HAVE_POINT] = Field(
        description="Checkpoints that can stand at once, 1 to the edges that can take one."
    )
    method: Literal["exact", "ranger+radius", "ranger+comb"] = Field(
        "exact", description="exact, or the marginals of the relaxation rounded by sampling."
    )
    detection: Share = Field(1.0, description="Chance that a checkpoint stops who passes.")
    no_checkpoint: list[Edge] = Field([], description="Edges where no checkpoint can stand.")

    def game(self) -> CheckpointGame:
        """The game.

        Raises:
            InputError: As :func:`~patrol_core.graphs.checkpoints.game.make_game`, or for an edge that there is
                not.
        """
        keys = [self._key(edge) for edge in self.edges]
        known, barred = set(keys), {self._key(edge) for edge in self.no_checkpoint}
        missing = next((edge for edge in self.no_checkpoint if self._key(edge) not in known), None)
        if missing is not None:
            raise InputError(
                f"The field no_checkpoint names {' and '.join(sorted(missing))}, which is no edge; check it."
            )
        network = make_network(
            self.edges, directed=self.directed, guardable=[key not in barred for key in keys]
        )
        return make_game(
            network,
            self.sources,
            self.targets,
            checkpoints=self.checkpoints,
            capture=self.capture_payoff,
            detection=self.detection,
        )

    def _key(self, edge: Edge) -> Edge | frozenset[str]:
        return edge if self.directed else frozenset(edge)


def read_checkpoints(text: bytes | str) -> tuple[CheckpointGame, str]:
    """A game and its method from JSON.

    Raises:
        InputError: One sentence: where the JSON breaks off, or which place holds what, and what is accepted.
    """
    document = read_document(CheckpointDocument, text)
    return document.game(), document.method


def solve_checkpoints(game: CheckpointGame, method: str, *, time_limit: float = 60.0) -> CheckpointPlan:
    """The plan of a ``game`` by a ``method`` of :class:`CheckpointDocument`; ``time_limit`` in seconds."""
    names = [game.network.nodes[int(node)] for node in game.targets]
    numbers = {
        "targets": dict(zip(names, game.payoffs.tolist(), strict=True)),
        "capture_payoff": game.capture,
        "detection": game.detection,
    }
    with within_reach(numbers, "The checkpoint game"):
        return solve_exact(game, time_limit=time_limit) if method == "exact" else sampled(game, method)


def plan_document(plan: CheckpointPlan) -> dict[str, Any]:
    """A plan as plain data: the common fields, ``ranger_bound``, ``defender_utility``, ``marginals``, ``strategy``, ``best_path``."""
    network = plan.game.network
    marginals = plan.strategy.marginals(network.size)
    best = plan.approach.best
    order = np.argsort(-plan.strategy.probability, kind="stable")
    return {
        **plan.certificate.as_dict(),
        "ranger_bound": plan.ranger_bound,
        "defender_utility": plan.value,
        "marginals": [[*network.names(edge), float(marginals[edge])] for edge in range(network.size)],
        "strategy": [
            {
                "probability": float(plan.strategy.probability[k]),
                "edges": [list(network.names(edge)) for edge in plan.strategy.sets[k]],
            }
            for k in order
        ],
        "ranger_marginals": [
            [*network.names(edge), float(x)] for edge, x in enumerate(ranger(plan.game).marginals) if x > 0
        ],
        "best_path": {
            "target": network.nodes[int(plan.game.targets[best.target])],
            "stopped": best.stopped,
            "edges": [list(network.names(edge)) for edge in best.edges],
        },
    }
