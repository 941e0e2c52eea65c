"""A user's own events with days and true places."""

from __future__ import annotations

from patrol_core.sources.own_events.dated_points import DatedPoints, read_dated_points
from patrol_core.sources.own_events.days import MONTH_ONLY

__all__ = ["MONTH_ONLY", "DatedPoints", "read_dated_points"]
