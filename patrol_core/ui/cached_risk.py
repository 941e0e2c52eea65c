"""What the Risk page works out, kept between reruns and shared by all sessions; keyed as in cached_compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from patrol_core.analysis import harm_table, surface_of
from patrol_core.evaluation.sensitivity import rank_stability
from patrol_core.figures.small_maps import ZoneRaster, raster_of
from patrol_core.risk.density import (
    Density,
    Grid,
    cell_for,
    density,
    likelihood_bandwidth,
    make_grid,
    scott_bandwidth,
)
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.smoothing import Kind
from patrol_core.risk.surface import RiskSurface
from patrol_core.scenario import Scenario
from patrol_core.ui import cached
from patrol_core.ui.cached_compare import kept
from patrol_core.zones import placed_points

Floats = NDArray[np.float64]
ALL = "whole period"
TOP = 10
DRAWS, FEWER_DRAWS = 2000, 400
"""Draws behind the firmness of ranks; fewer above a thousand zones."""


def surface(scenario: Scenario, month: str, *, smoothing: Kind, weighting: str = "") -> RiskSurface:
    """Risk of a month or of the whole period; by the weights in force, or a published table."""
    chosen = cached.prepared(scenario)
    months = chosen.months if month == ALL else (month,)
    table = WEIGHTS[weighting] if weighting else harm_table(scenario)
    key = ("surface", chosen.key, month, smoothing, table.key)
    return kept(
        key,
        "Adding up crimes …",
        lambda _: surface_of(chosen, scenario, months, smoothing=smoothing, weights=table),
    )


def _zones_key(scenario: Scenario) -> tuple[object, ...]:
    return (cached.prepared(scenario).data.content_hash, scenario.zones, scenario.cell_m)


def points(scenario: Scenario) -> pd.DataFrame:
    """Points of the crimes that count, with their weight."""

    def make(_: object) -> pd.DataFrame:
        chosen = cached.prepared(scenario)
        frame = placed_points(chosen.data, chosen.zones, months=chosen.months, crime_types=chosen.crime_types)
        weight = dict(
            zip(chosen.crime_types, harm_table(scenario).weights_of(chosen.crime_types), strict=True)
        )
        frame["weight"] = frame["crime_type"].map(weight).to_numpy(dtype=float)
        return frame

    return kept(("points", cached.prepared(scenario).key), "Placing points …", make)


@dataclass(frozen=True)
class Bandwidths:
    """Bandwidths by rule, metres, and the scores behind the one by likelihood."""

    scott: float
    likelihood: float
    scores: dict[float, float]


def bandwidths(scenario: Scenario) -> Bandwidths:
    """Bandwidths that the rules give for the points of the whole period."""

    def make(_: object) -> Bandwidths:
        frame = points(scenario)
        x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
        best, scores = likelihood_bandwidth(cached.prepared(scenario).zones, x, y)
        return Bandwidths(scott_bandwidth(x, y), best, scores)

    return kept(("bandwidths", cached.prepared(scenario).key), "Choosing a bandwidth …", make)


def _grid(scenario: Scenario, cell_m: float) -> Grid:
    return kept(
        ("density-grid", *_zones_key(scenario), round(cell_m, 3)),
        "Laying a grid …",
        lambda _: make_grid(cached.prepared(scenario).zones, cell_m),
    )


def density_of(scenario: Scenario, month: str, bandwidth_m: float) -> Density:
    """Kernel density of a month or of the whole period, per month."""
    chosen = cached.prepared(scenario)

    def make(_: object) -> Density:
        grid = _grid(scenario, cell_for(bandwidth_m, chosen.zones))
        frame = points(scenario)
        if month != ALL:
            frame = frame[frame["month"] == month]
        return density(
            grid,
            frame["x"].to_numpy(),
            frame["y"].to_numpy(),
            bandwidth_m=bandwidth_m,
            weights=frame["weight"].to_numpy(),
            months=len(chosen.months) if month == ALL else 1,
        )

    return kept(("density", chosen.key, month, round(bandwidth_m, 3)), "Spreading crimes …", make)


def bandwidth(scenario: Scenario) -> float:
    """The bandwidth in use in this session: the rule's, unless one was given."""
    given = st.session_state.get("risk_bandwidth")
    rule = st.session_state.get("risk_bandwidth_rule", "likelihood")
    if rule == "own" and given:
        return float(given)
    found = bandwidths(scenario)
    return found.scott if rule == "scott" else found.likelihood


def raster(scenario: Scenario) -> ZoneRaster:
    """The zones as pixels of a small map."""
    return kept(
        ("raster", *_zones_key(scenario)),
        "Drawing zones …",
        lambda _: raster_of(cached.prepared(scenario).zones),
    )


@dataclass(frozen=True, eq=False)
class Firmness:
    """How firm ranks are: rank_stability's table by zone, and what it rests on."""

    table: pd.DataFrame
    top: int
    draws: int


def firmness(scenario: Scenario) -> Firmness:
    """How often each zone is among the ten highest over draws of the risk in force."""
    chosen = cached.prepared(scenario)
    count = len(chosen.zone_ids)
    top = min(TOP, count)
    size = DRAWS if count <= cached.SMALL else FEWER_DRAWS

    def make(_: object) -> Firmness:
        drawn = chosen.surface.draws(scenario.seed, size)
        found = rank_stability(chosen.zone_ids, chosen.surface.mean, drawn, top)
        return Firmness(found.set_index("zone_id"), top, size)

    return kept(("firmness", chosen.key, scenario.seed, size), "Ranking zones …", make)
