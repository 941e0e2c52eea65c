"""Tables and polygons put together to one area, and the defects that show over the whole."""

from __future__ import annotations

from patrol_core.sources.area.assemble import OGL, area_from_counts, area_from_crimes, content_hash, is_lsoa
from patrol_core.sources.area.quality import completeness, month_range

__all__ = [
    "OGL",
    "area_from_counts",
    "area_from_crimes",
    "completeness",
    "content_hash",
    "is_lsoa",
    "month_range",
]
