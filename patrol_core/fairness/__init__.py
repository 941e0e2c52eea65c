"""How unequal a plan is, for whom, and what a fairer one costs."""

from __future__ import annotations

from patrol_core.fairness.frontier import Frontier, slider_levels, trace, useful_levels
from patrol_core.fairness.groups import WEIGHTED, Grouping
from patrol_core.fairness.measures import FOUR_FIFTHS, HEADS, Groups, Head, change, min_max_ratio
from patrol_core.fairness.uncertainty import People, all_measures, measures_table

__all__ = [
    "FOUR_FIFTHS",
    "HEADS",
    "WEIGHTED",
    "Frontier",
    "Grouping",
    "Groups",
    "Head",
    "People",
    "all_measures",
    "change",
    "measures_table",
    "min_max_ratio",
    "slider_levels",
    "trace",
    "useful_levels",
]
