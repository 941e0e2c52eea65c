"""Deployments: coverage as sets of zones to patrol together, drawn by chance."""

from __future__ import annotations

from patrol_core.allocation.deployments.controlled_rounding import round_table
from patrol_core.allocation.deployments.sampling import Deployments, audit, decompose, draw_roster

__all__ = ["Deployments", "audit", "decompose", "draw_roster", "round_table"]
