"""Checkpoint games and what is worked out of them, kept between reruns of a session by their whole content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patrol_core.graphs.checkpoints import (
    SCHOOL_LOSSES,
    BestPaths,
    CheckpointGame,
    CheckpointPlan,
    JointStrategy,
    baselines,
    best_paths,
    city_game,
    ranger,
    sampled,
    simplify,
    simulate,
)
from patrol_core.roads import Roads, geodanet_roads, grid_city, outermost, read_roads
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.memo.kept import of_content

MOST_LABELS = 100_000
"""Labels after which a search for the table of all targets stops; the worst path has been found by then."""


@dataclass(frozen=True, eq=False)
class Start:
    """Roads with sources and targets to start from.

    Attributes:
        key: Of the network, for what a session remembers about it.
        sources: Names of nodes.
        losses: Loss by target.
        about: Where the data are from and what is invented, a sentence.
    """

    key: str
    roads: Roads
    sources: tuple[str, ...]
    losses: Mapping[str, float]
    about: str


@of_content(words="Reading the streets …", shared=True)
def geodanet() -> Start:
    """GeoDaNet with its schools."""
    roads, schools = geodanet_roads()
    names = [roads.network.nodes[k] for k in schools.tolist()]
    about = "Real streets and schools of the GeoDaNet example (PySAL); the losses, the sources and the threat are invented."
    sources = tuple(outermost(roads, apart=schools.tolist()))
    return Start("geodanet", roads, sources, dict(zip(names, SCHOOL_LOSSES, strict=True)), about)


@of_content(words="Building the city …", shared=True)
def city(rows: int, columns: int) -> Start:
    """A generated city of blocks."""
    key = f"city-{rows}-{columns}"
    if min(rows, columns) < 5:  # too small for four targets inside
        roads = Roads(grid_city(rows, columns), f"Generated city of {rows} by {columns} crossings")
        losses = {f"{rows - 1},{columns - 1}": 10.0}
        return Start(key, roads, ("0,0",), losses, "A generated city: no real place.")
    roads, game = city_game(rows, columns)
    nodes = game.network.nodes
    losses = {nodes[k]: float(loss) for k, loss in zip(game.targets.tolist(), game.losses, strict=True)}
    sources = tuple(nodes[k] for k in game.sources.tolist())
    return Start(key, roads, sources, losses, "A generated city: no real place, no real threat.")


@of_content()
def own(files: tuple[tuple[str, bytes], ...], snap_m: float, oneway: bool, on_foot: bool) -> Start:
    """A user's network; its outermost crossings are the sources to start from, the crossing in the middle the target.

    Args:
        files: Names and contents.
        snap_m: Ends of lines within so many metres are one crossing.
        oneway, on_foot: Whether one-way streets are respected, and whether ways for people on foot are taken.
    """
    roads = read_roads(files, snap_m=snap_m, respect_oneway=oneway, on_foot=on_foot)
    key = digest_of(list(files), snap_m, oneway, on_foot)[:16]
    return _started(f"own-{key}", roads, "Your network; sources and targets are a suggestion to change.")


@of_content()
def from_osmnx(place: str, oneway: bool, on_foot: bool) -> Start:
    """Streets of a place by OSMnx, where it is installed.

    Args:
        place: A name that OpenStreetMap knows.
        oneway, on_foot: As of :func:`own`.
    """
    from patrol_core.roads import roads_from_osmnx

    roads = roads_from_osmnx(place, respect_oneway=oneway, on_foot=on_foot)
    key = f"osmnx-{place}-{oneway}-{on_foot}"
    return _started(key, roads, "Streets from OpenStreetMap contributors (ODbL).")


def _started(key: str, roads: Roads, about: str) -> Start:
    sources, target = suggested(roads)
    return Start(key, roads, sources, {target: 10.0}, about)


def suggested(roads: Roads) -> tuple[tuple[str, ...], str]:
    """Outermost crossings as sources, and the crossing nearest the middle that all of them reach as target."""
    network = roads.network
    corners = outermost(roads)
    seen = network.reached([network.place[name] for name in corners])
    for name in corners:
        seen[network.place[name]] = False
    xy = roads.drawn_xy
    away = np.where(seen, np.hypot(*(xy - xy.mean(axis=0)).T), np.inf)
    if not seen.any():  # a triangle: every node is a corner
        return tuple(corners[:1]), corners[-1]
    return tuple(corners), network.nodes[int(np.argmin(away))]


marginals = of_content()(ranger)
reduced = of_content()(simplify)
simpler = of_content()(baselines)
simulated = of_content()(simulate)


@of_content()
def sample(game: CheckpointGame, method: str) -> CheckpointPlan:
    """The strategy of RANGER's marginals by one way of sampling."""
    return sampled(game, method, marginals(game))


@of_content(words="Looking for the best path to every target …")
def best_ways(game: CheckpointGame, strategy: JointStrategy) -> BestPaths:
    """Best path to every target against a strategy."""
    return best_paths(game, strategy, every_target=True, most=MOST_LABELS)
