"""Risk per zone: harm weights, the risk surface, the season."""

from __future__ import annotations

from patrol_core.risk.bandwidth import likelihood_bandwidth, scott_bandwidth
from patrol_core.risk.counts import match_counts
from patrol_core.risk.custom_weights import (
    LABEL,
    OWN,
    custom_table,
    entries_of,
    known_types,
    parse_entries,
    read_weights,
    starting_weights,
)
from patrol_core.risk.harm import PATROL_GENERATED, WEIGHTS, HarmTable, crime_types_in_risk
from patrol_core.risk.harm_compare import movers, rank_correlation, ranks_of, risk_by_table
from patrol_core.risk.hotspots import (
    CLASSES,
    COLD,
    HOT,
    ISLAND,
    LEAST,
    PERMUTATIONS,
    UNKNOWN,
    HotSpots,
    Method,
    find_hotspots,
    gi_star,
)
from patrol_core.risk.kernel_density import (
    Density,
    Grid,
    cell_for,
    density,
    make_grid,
)
from patrol_core.risk.near_repeat import LEVEL, Bands, NearRepeat, knox_table, near_events
from patrol_core.risk.predictive_accuracy import SHARES, accuracy, flagged_part, hit_rate, hit_rate_curve, pai
from patrol_core.risk.seasonal import monthly_demand
from patrol_core.risk.slicing import CHANGE, SLICES, By, Slices, slices
from patrol_core.risk.smoothing import SMOOTHINGS, Kind, Smoothing, smooth
from patrol_core.risk.surface import TAIL, RiskSurface, build_surface

__all__ = [
    "CHANGE",
    "CLASSES",
    "COLD",
    "HOT",
    "ISLAND",
    "LABEL",
    "LEAST",
    "LEVEL",
    "OWN",
    "PATROL_GENERATED",
    "PERMUTATIONS",
    "SHARES",
    "SLICES",
    "SMOOTHINGS",
    "TAIL",
    "UNKNOWN",
    "WEIGHTS",
    "Bands",
    "By",
    "Density",
    "Grid",
    "HarmTable",
    "HotSpots",
    "Kind",
    "Method",
    "NearRepeat",
    "RiskSurface",
    "Slices",
    "Smoothing",
    "accuracy",
    "build_surface",
    "cell_for",
    "crime_types_in_risk",
    "custom_table",
    "density",
    "entries_of",
    "find_hotspots",
    "flagged_part",
    "gi_star",
    "hit_rate",
    "hit_rate_curve",
    "known_types",
    "knox_table",
    "likelihood_bandwidth",
    "make_grid",
    "match_counts",
    "monthly_demand",
    "movers",
    "near_events",
    "pai",
    "parse_entries",
    "rank_correlation",
    "ranks_of",
    "read_weights",
    "risk_by_table",
    "scott_bandwidth",
    "slices",
    "smooth",
    "starting_weights",
]
