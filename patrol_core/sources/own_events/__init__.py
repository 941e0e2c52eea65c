"""Own events."""

from __future__ import annotations

from patrol_core.sources.own_events.dated_points import MONTH_ONLY, DatedPoints, read_dated_points

__all__ = ["MONTH_ONLY", "DatedPoints", "read_dated_points"]
