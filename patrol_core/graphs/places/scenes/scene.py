"""A place to patrol before it is a game: graph, targets with values, bases, and where all of that comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.strict_json import quoted
from patrol_core.graphs.patrol import MOST_UNITS, GraphGame, NodeId, make_graph_game


@dataclass(frozen=True, eq=False)
class PatrolScene:
    """What every family of instances (green, infrastructure, urban crime, own files) hands over.

    Attributes:
        key: Short name, unique by content.
        title, about: For people: a name, and a sentence on where the data come from and what is invented.
        family: ``green``, ``infrastructure``, ``urban`` or ``own``.
        generated: Whether the place or its values are invented; wherever it is shown, it is called generated.
        node_ids, edges, directed: The graph; edges are pairs of ids.
        xy: Places of the nodes, shape (nodes, 2), in metres of ``crs``, or longitude and latitude for
            EPSG:4326; None: no places.
        crs: For example ``EPSG:27700``; None for a plane without a place on Earth.
        values, attacker_values: Value of every target by node id; the attacker's own where they differ
            (general-sum games), else None.
        bases: Node id of every base by name.
        names: Names of nodes that have one (targets, mostly).
        unit: What a value counts, in words ("crimes a month", "animals").
        defaults: Fields of :class:`~patrol_core.graphs.patrol.game.GraphGame` that suit the place: ``moves``,
            ``tau``, ...
        attribution: Whom to name.
    """

    key: str
    title: str
    about: str
    family: str
    generated: bool
    node_ids: tuple[NodeId, ...]
    edges: tuple[tuple[NodeId, NodeId], ...]
    xy: Floats | None
    values: Mapping[NodeId, float]
    bases: Mapping[str, NodeId]
    crs: str | None = None
    directed: bool = False
    attacker_values: Mapping[NodeId, float] | None = None
    names: Mapping[NodeId, str] = field(default_factory=dict)
    unit: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    attribution: str = ""
    notes: tuple[str, ...] = ()

    def game(
        self,
        *,
        units: int | Sequence[Mapping[str, Any]] = 1,
        values: Mapping[NodeId, float] | None = None,
        attacker_values: Mapping[NodeId, float] | None = None,
        **options: Any,
    ) -> GraphGame:
        """A game at this place.

        Args:
            units: How many units, each free to start at any base; or one object a unit, as in
                :func:`~patrol_core.graphs.patrol.input.make_graph_game`.
            values, attacker_values: Other values than the scene's own.
            options: Fields of :class:`~patrol_core.graphs.patrol.game.GraphGame` and of ``make_graph_game``;
                they override ``defaults``.
        """
        if isinstance(units, int):
            if units > MOST_UNITS:
                raise InputError(f"{quoted(units)} units were asked for; give at most {MOST_UNITS}.")
            units = [{"bases": list(dict.fromkeys(self.bases.values()))}] * units
        chosen = {"moves": 8, **self.defaults, **options}
        if values is None:
            values, attacker_values = self.values, attacker_values or self.attacker_values
        return make_graph_game(
            self.edges,
            units=units,
            targets=values,
            attacker_values=attacker_values,
            nodes=self.node_ids,
            directed=self.directed,
            xy=self.xy,
            **chosen,
        )
