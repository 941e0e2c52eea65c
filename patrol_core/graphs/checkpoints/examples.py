"""Checkpoint games that ship: the streets of GeoDaNet, and a generated city."""

from __future__ import annotations

from patrol_core.graphs.checkpoints.game import CheckpointGame, make_game
from patrol_core.roads import Roads, geodanet_roads, grid_city, outermost

SCHOOL_LOSSES = (10.0, 4.0, 8.0, 5.0, 7.0, 9.0, 3.0, 6.0)
"""Invented losses of the eight schools of GeoDaNet."""


def geodanet_game(checkpoints: int = 3, detection: float = 1.0) -> tuple[Roads, CheckpointGame]:
    """Checkpoints before the schools of GeoDaNet, entered at its outermost crossings; losses are invented."""
    roads, schools = geodanet_roads()
    targets = {roads.network.nodes[k]: -loss for k, loss in zip(schools.tolist(), SCHOOL_LOSSES, strict=True)}
    sources = outermost(roads, apart=schools.tolist())
    return roads, make_game(roads.network, sources, targets, checkpoints=checkpoints, detection=detection)


def city_game(
    rows: int = 12, columns: int = 12, checkpoints: int = 3, detection: float = 1.0
) -> tuple[Roads, CheckpointGame]:
    """A generated city of blocks, entered at the middles of its four sides; four targets inside.

    Args:
        rows, columns: Crossings from south to north and from west to east.
        checkpoints, detection: As in :func:`~patrol_core.graphs.checkpoints.game.make_game`.
    """
    network = grid_city(rows, columns)
    places = ((1 / 3, 1 / 3, 8.0), (1 / 3, 2 / 3, 5.0), (2 / 3, 1 / 3, 4.0), (0.6, 0.6, 10.0))
    targets = {f"{int(a * (rows - 1))},{int(b * (columns - 1))}": -loss for a, b, loss in places}
    sides = [f"{r},{columns // 2}" for r in (0, rows - 1)] + [f"{rows // 2},{c}" for c in (0, columns - 1)]
    roads = Roads(network, f"Generated city of {rows} by {columns} crossings")
    return roads, make_game(network, sides, targets, checkpoints=checkpoints, detection=detection)
