"""What a patrol game in JSON holds, field by field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from patrol_core.files.documents import (
    MAY_HAVE_POINT,
    Amount,
    Document,
    Flag,
    Id,
    Maybe,
    Number,
    Text,
    about,
)
from patrol_core.graphs.patrol.game import DEFAULT_PENALTY

KEEP, DROP, REFUSE = "keep", "drop", "refuse"
"""What may happen with targets that nobody can cover."""
MOST_UNITS = 50
MOST_TAU = 64
MOST_MOVES = 2000
Ids = Annotated[list[Id], Field(min_length=1)]
Penalty = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1)]


class UnitDocument(Document):
    """One unit of the defender."""

    bases: Ids = Field(description="Nodes where it may start.")
    ends: Ids | None = Field(
        None, description="Nodes where it may end, anywhere by default; without return only."
    )
    nodes: Ids | None = Field(None, description="The part of the graph it is kept to; all of it by default.")
    stationary: Flag = Field(False, description="Whether it stays where it starts.")


class MoverDocument(Document):
    """An attacker who moves as units do."""

    starts: Ids = Field(description="Nodes where it may start.")
    ends: Ids | None = Field(None, description="Nodes where it may end; anywhere by default.")


class GraphDocument(Document):
    """The graph that units move on."""

    nodes: list[Id] = Field([], description="All nodes, in order; those of the edges by default.")
    edges: list[tuple[Id, Id]] = Field(description="Pairs of nodes.")
    directed: Flag = Field(False, description="Whether edges are passed in the order given only.")
    xy: list[tuple[Number, Number]] | None = Field(
        None, description="A place for each of nodes: metres, or longitude and latitude."
    )
    crs: Maybe[Text] = Field(None, description="Coordinate system of xy, for example EPSG:27700.")
    allow_parts: Flag = Field(False, description="Whether the graph may fall into parts.")


class TargetDocument(Document):
    """A node worth attacking."""

    node: Id = Field(description="Where it is.")
    value: Amount = Field(description="What the defender loses when it is taken.")
    attacker_value: Maybe[Amount] = Field(
        None, description="What the attacker gains, in general-sum games; the value by default."
    )


class PatrolGameDocument(Document):
    """A patrol game on a graph: units move and wait on walks, and attackers who know how likely each is choose targets."""

    model_config = about(
        "Patrol game",
        {
            "graph": {"edges": [[0, 1], [1, 2]]},
            "timesteps": 4,
            "defenders": [{"bases": [0]}],
            "targets": [{"node": 2, "value": 3}],
        },
    )

    graph: GraphDocument = Field(description="The graph.")
    timesteps: Annotated[int, Field(strict=True, ge=1, le=MOST_MOVES), MAY_HAVE_POINT] = Field(
        description="Moves T; a unit is at T + 1 states, and one move may stand for a longer time."
    )
    defenders: list[UnitDocument] = Field(description=f"The units, at most {MOST_UNITS}.")
    force_return: Flag = Field(
        True, description="Whether every unit ends where it started; goes before their ends."
    )
    tau: Annotated[int, Field(strict=True, ge=1, le=MOST_TAU), MAY_HAVE_POINT] = Field(
        1, description="Visits that interdict a target (normal form), or states to stay (schedule form)."
    )
    attackers: Maybe[Annotated[int, Field(strict=True, ge=0), MAY_HAVE_POINT]] = Field(
        None, description="Resources of the attacker, 1 by default, 0 with moving attackers."
    )
    form: Literal["normal", "schedule"] = Field(
        "normal", description="Walks, or sets of targets that a walk visits."
    )
    simple: Flag = Field(False, description="Schedule form: schedules of at most one target.")
    sum: Literal["zero", "general"] = Field(
        "zero", description="Whether the attacker gains what the defender loses, or has values of its own."
    )
    targets: list[TargetDocument] = Field(description="The targets.")
    defender_penalty: Penalty = Field(
        DEFAULT_PENALTY,
        description="Schedule form: what a covered target costs the defender is divided by this.",
    )
    attacker_penalty: Penalty = Field(
        DEFAULT_PENALTY,
        description="Schedule form, general-sum: what a covered target pays the attacker is divided by this.",
    )
    step_cost: Amount = Field(
        0.0, description="Of one move, in the unit of the values; in general-sum games."
    )
    normalise: Flag = Field(False, description="Whether payoffs are divided by the largest.")
    mode: Literal["corrected", "compatible"] = Field(
        "corrected", description="compatible counts as the published code does."
    )
    waiting: Flag = Field(True, description="Whether units and moving attackers may wait.")
    idle: Maybe[Flag] = Field(
        None,
        description="Schedule form: whether a unit may pick the empty schedule; true by default, false if compatible.",
    )
    unreachable: Literal["keep", "drop", "refuse"] = Field(
        "keep", description="What happens with targets that no unit can cover."
    )
    moving_attackers: list[MoverDocument] = Field([], description="Attackers who move (normal form).")
    capture_radius: Annotated[int, Field(strict=True, ge=0), MAY_HAVE_POINT] = Field(
        0, description="Moves from a unit to a moving attacker within which it is caught."
    )
    title: Text = Field("", description="For people; not used.")
