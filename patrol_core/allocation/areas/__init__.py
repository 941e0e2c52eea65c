"""Patrol areas: contiguous groups of zones with equal work."""

from __future__ import annotations

from patrol_core.allocation.areas.design import EXACT_UP_TO, NO_PROOF, PatrolAreas, make_areas, measure

__all__ = ["EXACT_UP_TO", "NO_PROOF", "PatrolAreas", "make_areas", "measure"]
