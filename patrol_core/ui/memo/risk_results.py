"""What the Risk page works out, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
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
from patrol_core.ui.memo import results
from patrol_core.ui.memo.results import of_data, of_zones
from patrol_core.zones import placed_points

ALL = "whole period"
TOP = 10
DRAWS, FEWER_DRAWS = 2000, 400
"""Draws behind the firmness of ranks; fewer above a thousand zones."""


@of_data(words="Adding up crimes …")
def surface(scenario: Scenario, month: str, *, smoothing: Kind, weighting: str = "") -> RiskSurface:
    """Risk of a month or of the whole period; by the weights in force, or a published table.

    Args:
        scenario, month: The choices, and the month or :data:`ALL`.
        smoothing, weighting: How it is smoothed, and the published table, if any.
    """
    chosen = results.prepared(scenario)
    months = chosen.months if month == ALL else (month,)
    table = WEIGHTS[weighting] if weighting else harm_table(scenario)
    return surface_of(chosen, scenario, months, smoothing=smoothing, weights=table)


@of_data(words="Placing points …")
def points(scenario: Scenario) -> pd.DataFrame:
    """Points of the crimes that count, with their weight."""
    chosen = results.prepared(scenario)
    frame = placed_points(chosen.data, chosen.zones, months=chosen.months, crime_types=chosen.crime_types)
    weights = harm_table(scenario).weights_of(chosen.crime_types)
    weight = dict(zip(chosen.crime_types, weights, strict=True))
    frame["weight"] = frame["crime_type"].map(weight).to_numpy(dtype=float)
    return frame


@dataclass(frozen=True)
class Bandwidths:
    """Bandwidths by rule, metres, and the scores behind the one by likelihood."""

    scott: float
    likelihood: float
    scores: dict[float, float]


@of_data(words="Choosing a bandwidth …")
def bandwidths(scenario: Scenario) -> Bandwidths:
    """Bandwidths that the rules give for the points of the whole period."""
    frame = points(scenario)
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    best, scores = likelihood_bandwidth(results.prepared(scenario).zones, x, y)
    return Bandwidths(scott_bandwidth(x, y), best, scores)


@of_zones(words="Laying a grid …")
def _grid(zones: gpd.GeoDataFrame, cell_m: float) -> Grid:
    return make_grid(zones, cell_m)


@of_data(words="Spreading crimes …")
def density_of(scenario: Scenario, month: str, bandwidth_m: float) -> Density:
    """Kernel density of a month or of the whole period, per month.

    Args:
        scenario, month: The choices, and the month or :data:`ALL`.
        bandwidth_m: Standard deviation of the kernel, metres.
    """
    chosen = results.prepared(scenario)
    frame = points(scenario)
    if month != ALL:
        frame = frame[frame["month"] == month]
    return density(
        _grid(scenario, cell_for(bandwidth_m, chosen.zones)),
        frame["x"].to_numpy(),
        frame["y"].to_numpy(),
        bandwidth_m=bandwidth_m,
        weights=frame["weight"].to_numpy(),
        months=len(chosen.months) if month == ALL else 1,
    )


def bandwidth(scenario: Scenario) -> float:
    """The bandwidth in use in this session: the rule's, unless one was given."""
    given = st.session_state.get("risk_bandwidth")
    rule = st.session_state.get("risk_bandwidth_rule", "likelihood")
    if rule == "own" and given:
        return float(given)
    found = bandwidths(scenario)
    return found.scott if rule == "scott" else found.likelihood


@of_zones(words="Drawing zones …")
def raster(zones: gpd.GeoDataFrame) -> ZoneRaster:
    """The zones as pixels of a small map."""
    return raster_of(zones)


@dataclass(frozen=True, eq=False)
class Firmness:
    """How firm ranks are: rank_stability's table by zone, and what it rests on."""

    table: pd.DataFrame
    top: int
    draws: int


@of_data(reads=("seed",), words="Ranking zones …")
def firmness(scenario: Scenario) -> Firmness:
    """How often each zone is among the ten highest over draws of the risk in force."""
    chosen = results.prepared(scenario)
    top = min(TOP, len(chosen.zone_ids))
    size = DRAWS if len(chosen.zone_ids) <= results.SMALL else FEWER_DRAWS
    drawn = chosen.surface.draws(scenario.seed, size)
    found = rank_stability(chosen.zone_ids, chosen.surface.mean, drawn, top)
    return Firmness(found.set_index("zone_id"), top, size)
