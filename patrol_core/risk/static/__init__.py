"""Static score: what a zone's lasting features say of its crime rate, by least squares."""

from __future__ import annotations

from patrol_core.risk.static.area import Per, default_per, default_types, exposures, reading, score_area, why_not
from patrol_core.risk.static.columns import caution, default_columns
from patrol_core.risk.static.score import StaticScore, TABLE_COLUMNS

__all__ = ["Per", "StaticScore", "TABLE_COLUMNS", "caution", "default_columns", "default_per", "default_types", "exposures", "reading", "score_area", "why_not"]
