"""Places by name, code, drawing or file, and everything the open services have of one."""

from __future__ import annotations

from patrol_core.sources.places.pull import pull_place
from patrol_core.sources.places.search import KNOWN_GAPS, PRESETS, choose, drawn

__all__ = ["KNOWN_GAPS", "PRESETS", "choose", "drawn", "pull_place"]
