"""Checks of the data of an area, and the tables they rest on."""

from __future__ import annotations

from patrol_core.sources.quality.checks import NOT_KNOWN, SEVERITIES, Check, Severity, months_old
from patrol_core.sources.quality.rows import LOST_WARNING
from patrol_core.sources.quality.tables import crimes_of, force_months, outcome_table, place_table, rows_table

__all__ = [
    "LOST_WARNING",
    "NOT_KNOWN",
    "SEVERITIES",
    "Check",
    "Severity",
    "crimes_of",
    "force_months",
    "months_old",
    "outcome_table",
    "place_table",
    "rows_table",
]
