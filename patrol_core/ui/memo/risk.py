"""What the Risk page works out, kept between reruns as in :mod:`patrol_core.ui.memo.cached`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from patrol_core.evaluation import rank_stability
from patrol_core.figures.maps.small import ZoneRaster, raster_of
from patrol_core.planning import harm_table, surface_of
from patrol_core.risk import (
    WEIGHTS,
    Density,
    Grid,
    Kind,
    RiskSurface,
    cell_for,
    density,
    likelihood_bandwidth,
    make_grid,
    scott_bandwidth,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import cached
from patrol_core.ui.memo.cached import derived, of_zones
from patrol_core.ui.memo.kept import Progress
from patrol_core.zones import placed_points

ALL = "whole period"
TOP = 10
DRAWS, FEWER_DRAWS = 2000, 400
"""Draws behind the firmness of ranks; fewer above a thousand zones."""


def surface(scenario: Scenario, month: str, *, smoothing: Kind, weighting: str = "") -> RiskSurface:
    """Risk of a month or of the whole period; by the weights in force, or a published table."""

    def make(known: Scenario, _: Progress) -> RiskSurface:
        chosen = cached.prepared(known)
        months = chosen.months if month == ALL else (month,)
        table = WEIGHTS[weighting] if weighting else harm_table(known)
        return surface_of(chosen, known, months, smoothing=smoothing, weights=table)

    also = (month, smoothing, weighting)
    return derived("surface", scenario, make, also=also, words="Adding up crimes …")


def points(scenario: Scenario) -> pd.DataFrame:
    """Points of the crimes that count, with their weight."""

    def make(known: Scenario, _: Progress) -> pd.DataFrame:
        chosen = cached.prepared(known)
        frame = placed_points(chosen.data, chosen.zones, months=chosen.months, crime_types=chosen.crime_types)
        weight = dict(zip(chosen.crime_types, harm_table(known).weights_of(chosen.crime_types), strict=True))
        frame["weight"] = frame["crime_type"].map(weight).to_numpy(dtype=float)
        return frame

    return derived("points", scenario, make, words="Placing points …")


@dataclass(frozen=True)
class Bandwidths:
    """Bandwidths by rule, metres, and the scores behind the one by likelihood."""

    scott: float
    likelihood: float
    scores: dict[float, float]


def bandwidths(scenario: Scenario) -> Bandwidths:
    """Bandwidths that the rules give for the points of the whole period."""

    def make(known: Scenario, _: Progress) -> Bandwidths:
        frame = points(known)
        x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
        best, scores = likelihood_bandwidth(cached.prepared(known).zones, x, y)
        return Bandwidths(scott_bandwidth(x, y), best, scores)

    return derived("bandwidths", scenario, make, words="Choosing a bandwidth …")


def _grid(scenario: Scenario, cell_m: float) -> Grid:
    return of_zones(
        "density-grid",
        scenario,
        lambda chosen: make_grid(chosen.zones, cell_m),
        also=round(cell_m, 3),
        words="Laying a grid …",
    )


def density_of(scenario: Scenario, month: str, bandwidth_m: float) -> Density:
    """Kernel density of a month or of the whole period, per month."""

    def make(known: Scenario, _: Progress) -> Density:
        chosen = cached.prepared(known)
        grid = _grid(known, cell_for(bandwidth_m, chosen.zones))
        frame = points(known)
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

    also = (month, round(bandwidth_m, 3))
    return derived("density", scenario, make, also=also, words="Spreading crimes …")


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
    return of_zones("raster", scenario, lambda chosen: raster_of(chosen.zones), words="Drawing zones …")


@dataclass(frozen=True, eq=False)
class Firmness:
    """How firm ranks are: rank_stability's table by zone, and what it rests on."""

    table: pd.DataFrame
    top: int
    draws: int


def firmness(scenario: Scenario) -> Firmness:
    """How often each zone is among the ten highest over draws of the risk in force."""

    def make(known: Scenario, _: Progress) -> Firmness:
        chosen = cached.prepared(known)
        count = len(chosen.zone_ids)
        top = min(TOP, count)
        size = DRAWS if count <= cached.SMALL else FEWER_DRAWS
        drawn = chosen.surface.draws(known.seed, size)
        found = rank_stability(chosen.zone_ids, chosen.surface.mean, drawn, top)
        return Firmness(found.set_index("zone_id"), top, size)

    return derived("firmness", scenario, make, reads=("seed",), words="Ranking zones …")
