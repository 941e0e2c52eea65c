"""Checkpoint plans as tables and as lines on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.graphs.checkpoints import CheckpointGame, JointStrategy
from patrol_core.reports.geojson import collection, feature
from patrol_core.roads import Roads, edge_lines, path_nodes

TINY = 1e-9


def schedule_table(game: CheckpointGame, nights: Sequence[tuple[int, ...]]) -> pd.DataFrame:
    """Nights that were drawn: columns ``night, checkpoint, road, from, to``, one row a checkpoint."""
    network = game.network
    rows = [
        (night, place, network.edge_ids[edge], *network.names(edge))
        for night, chosen in enumerate(nights, start=1)
        for place, edge in enumerate(chosen, start=1)
    ]
    return pd.DataFrame(rows, columns=["night", "checkpoint", "road", "from", "to"])


def marginals_table(
    game: CheckpointGame, strategy: JointStrategy, bound_marginals: Floats | None = None
) -> pd.DataFrame:
    """Chance of every road to have a checkpoint, in %: ``road, from, to, chance`` and RANGER's where given; highest first.

    Args:
        game, strategy: The network, and the plan on it.
        bound_marginals: RANGER's chances by road.
    """
    network = game.network
    chance = strategy.marginals(network.size)
    ends = [network.names(edge) for edge in range(network.size)]
    table = pd.DataFrame(
        {
            "road": list(network.edge_ids),
            "from": [a for a, _ in ends],
            "to": [b for _, b in ends],
            "chance": chance * 100.0,
        }
    )
    if bound_marginals is not None:
        table["ranger"] = bound_marginals * 100.0
    return table.sort_values("chance", ascending=False, kind="stable").reset_index(drop=True)


def paths_table(game: CheckpointGame, found: Mapping[int, tuple[tuple[int, ...], float]]) -> pd.DataFrame:
    """Best path to every target, the worst first.

    Args:
        found: Target number -> edges of the path and the chance to be stopped.

    Returns:
        DataFrame: ``target, loss`` (if reached), ``stopped`` (%), ``expected_loss, from, roads`` (how many),
            ``way``.
    """
    network = game.network
    starts = set(game.sources.tolist())
    rows = []
    for number, (edges, stopped) in found.items():
        target = int(game.targets[number])
        nodes = path_nodes(network, edges, target)
        rows.append(
            (
                network.nodes[target],
                float(game.losses[number]),
                100.0 * stopped,
                float(game.losses[number]) * (1.0 - stopped),
                network.nodes[nodes[0]] if nodes[0] in starts else "",
                len(edges),
                ", ".join(network.edge_ids[edge] for edge in edges),
            )
        )
    columns = ["target", "loss", "stopped", "expected_loss", "from", "roads", "way"]
    return (
        pd.DataFrame(rows, columns=columns)
        .sort_values("expected_loss", ascending=False, kind="stable")
        .reset_index(drop=True)
    )


def marginals_geojson(roads: Roads, game: CheckpointGame, strategy: JointStrategy) -> bytes:
    """Roads with their chance of a checkpoint as GeoJSON: EPSG:4326 where the network has a place on Earth.

    Every feature has ``road, from, to, chance`` (0 to 1) and ``can_take_checkpoint``; the member ``coordinates`` says what the
    coordinates are.

    Args:
        roads: Lines and CRS of the network.
        game, strategy: The network as a game, and the plan on it.
    """
    network = game.network
    lines = edge_lines(roads)
    if roads.crs is not None and not roads.schematic:
        lines = _in_degrees(lines, roads.crs)
        coordinates, digits = "EPSG:4326", 7
    else:
        coordinates = (
            "a scheme, not places" if roads.schematic else "metres in a plane without a place on Earth"
        )
        digits = 3
    chance = strategy.marginals(network.size)
    features = []
    for edge, line in enumerate(lines):
        start, end = network.names(edge)
        about = {
            "road": network.edge_ids[edge],
            "from": start,
            "to": end,
            "chance": float(chance[edge]),
            "can_take_checkpoint": bool(network.guardable[edge]),
        }
        drawn = {"type": "LineString", "coordinates": np.round(line, digits).tolist()}
        features.append(feature(drawn, about, id=network.edge_ids[edge]))
    return collection(features, coordinates=coordinates)


def _in_degrees(lines: Sequence[Floats], crs: str) -> list[Floats]:
    from patrol_core.files.projection import project_points

    points = np.vstack(lines)
    lon, lat = project_points(points[:, 0], points[:, 1], crs, "EPSG:4326")
    cuts = np.cumsum([len(line) for line in lines])[:-1]
    return list(np.split(np.column_stack([lon, lat]), cuts))
