"""Checkpoint games and what is worked out of them, kept between reruns of a session by their whole content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from patrol_core.graphs.checkpoints import (
    SCHOOL_LOSSES,
    BestPaths,
    CheckpointGame,
    CheckpointPlan,
    JointStrategy,
    Marginals,
    Simplified,
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
from patrol_core.ui.memo.kept import kept

Plans = Mapping[str, tuple[JointStrategy, BestPaths]]
MOST_LABELS = 100_000
"""Labels after which a search for the table of all targets stops; the worst path has been found by then."""


@dataclass(frozen=True, eq=False)
class Start:
    """Roads with sources and targets to start from.

    Attributes
    ----------
    key
        Of the network, for what a session remembers about it.
    sources
        Names of nodes.
    losses
        Loss by target.
    about
        Where the data are from and what is invented, a sentence.
    """

    key: str
    roads: Roads
    sources: tuple[str, ...]
    losses: Mapping[str, float]
    about: str


@st.cache_resource(max_entries=2, show_spinner="Reading the streets …")
def geodanet() -> Start:
    """GeoDaNet with its schools."""
    roads, schools = geodanet_roads()
    names = [roads.network.nodes[k] for k in schools.tolist()]
    about = "Real streets and schools of the GeoDaNet example (PySAL); the losses, the sources and the threat are invented."
    sources = tuple(outermost(roads, apart=schools.tolist()))
    return Start("geodanet", roads, sources, dict(zip(names, SCHOOL_LOSSES, strict=True)), about)


@st.cache_resource(max_entries=4, show_spinner="Building the city …")
def city(rows: int, columns: int) -> Start:
    """A generated city of blocks."""
    if min(rows, columns) < 5:  # too small for four targets inside
        roads = Roads(grid_city(rows, columns), f"Generated city of {rows} by {columns} crossings")
        return Start(
            f"city-{rows}-{columns}",
            roads,
            ("0,0",),
            {f"{rows - 1},{columns - 1}": 10.0},
            "A generated city: no real place.",
        )
    roads, game = city_game(rows, columns)
    nodes = game.network.nodes
    losses = {nodes[k]: float(loss) for k, loss in zip(game.targets.tolist(), game.losses, strict=True)}
    sources = tuple(nodes[k] for k in game.sources.tolist())
    return Start(
        f"city-{rows}-{columns}", roads, sources, losses, "A generated city: no real place, no real threat."
    )


def own(files: tuple[tuple[str, bytes], ...], snap_m: float, oneway: bool, on_foot: bool) -> Start:
    """A user's network; its outermost crossings are the sources to start from, the crossing in the middle the target."""
    digest = hashlib.sha256(repr((snap_m, oneway, on_foot)).encode())
    for name, data in files:
        digest.update(name.encode())
        digest.update(data)
    key = f"own-{digest.hexdigest()[:16]}"
    found: Start = _kept(f"start-{key}", lambda: _own(key, files, snap_m, oneway, on_foot))
    return found


def _own(key: str, files: tuple[tuple[str, bytes], ...], snap_m: float, oneway: bool, on_foot: bool) -> Start:
    roads = read_roads(files, snap_m=snap_m, respect_oneway=oneway, on_foot=on_foot)
    sources, target = suggested(roads)
    return Start(
        key, roads, sources, {target: 10.0}, "Your network; sources and targets are a suggestion to change."
    )


def from_osmnx(place: str, oneway: bool, on_foot: bool) -> Start:
    """Streets of a place by OSMnx, where it is installed."""
    from patrol_core.roads import roads_from_osmnx

    key = f"osmnx-{place}-{oneway}-{on_foot}"

    def make() -> Start:
        roads = roads_from_osmnx(place, respect_oneway=oneway, on_foot=on_foot)
        sources, target = suggested(roads)
        return Start(key, roads, sources, {target: 10.0}, "Streets from OpenStreetMap contributors (ODbL).")

    found: Start = _kept(f"start-{key}", make)
    return found


def suggested(roads: Roads) -> tuple[tuple[str, ...], str]:
    """Outermost crossings as sources, and the crossing nearest the middle that all of them reach as target."""
    import numpy as np

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


def key_of(game: CheckpointGame) -> str:
    """Hash of everything that makes a game, names and places of its network included."""
    return digest_of(game)


def _kept(key: str, make: Callable[[], Any]) -> Any:
    return kept(("checkpoints", key), "", lambda _: make())


def marginals(game: CheckpointGame) -> Marginals:
    """RANGER's marginals and bound."""
    found: Marginals = _kept(f"ranger-{key_of(game)}", lambda: ranger(game))
    return found


def sample(game: CheckpointGame, method: str) -> CheckpointPlan:
    """The strategy of RANGER's marginals by one way of sampling."""
    found: CheckpointPlan = _kept(
        f"sampled-{method}-{key_of(game)}", lambda: sampled(game, method, marginals(game))
    )
    return found


def reduced(game: CheckpointGame) -> Simplified:
    """The smaller network of the same value."""
    found: Simplified = _kept(f"simple-{key_of(game)}", lambda: simplify(game))
    return found


def simpler(game: CheckpointGame) -> Plans:
    """Simpler ways to place checkpoints."""
    found: Plans = _kept(f"baselines-{key_of(game)}", lambda: baselines(game))
    return found


def best_ways(game: CheckpointGame, plan: CheckpointPlan, mark: str) -> BestPaths:
    """Best path to every target; ``mark`` tells plans of one game apart."""
    found: BestPaths = _kept(
        f"paths-{mark}-{key_of(game)}",
        lambda: best_paths(game, plan.strategy, every_target=True, most=MOST_LABELS),
    )
    return found


def simulated(game: CheckpointGame, plan: CheckpointPlan, mark: str, nights: int, seed: int) -> pd.DataFrame:
    """Intruders of three kinds over many nights."""
    found: pd.DataFrame = _kept(
        f"simulated-{mark}-{key_of(game)}-{nights}-{seed}",
        lambda: simulate(game, plan.strategy, nights=nights, seed=seed),
    )
    return found
