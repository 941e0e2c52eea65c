"""Zones and their tables: boundaries, attributes, counts, covariates, joined by zone code."""

from __future__ import annotations

from patrol_core.sources.zone_tables.attach import (
    attach_attributes,
    attach_covariates,
    quintiles,
    with_age_shares,
    with_distinct_wards,
)
from patrol_core.sources.zone_tables.attributes import read_attributes
from patrol_core.sources.zone_tables.boundaries import read_polygons
from patrol_core.sources.zone_tables.counts import read_counts, refuse_repeats
from patrol_core.sources.zone_tables.covariates import figures_of, join_figures, label_of
from patrol_core.sources.zone_tables.fit import HAIRLINE_M, hairline_gaps
from patrol_core.sources.zone_tables.headings import vintage_columns
from patrol_core.sources.zone_tables.ids import rekeyed
from patrol_core.sources.zone_tables.work_table import read_work

__all__ = [
    "HAIRLINE_M",
    "attach_attributes",
    "attach_covariates",
    "figures_of",
    "hairline_gaps",
    "join_figures",
    "label_of",
    "quintiles",
    "read_attributes",
    "read_counts",
    "read_polygons",
    "read_work",
    "refuse_repeats",
    "rekeyed",
    "vintage_columns",
    "with_age_shares",
    "with_distinct_wards",
]
