"""Areas."""

from __future__ import annotations

from patrol_core.allocation.areas.design import EXACT_UP_TO, NO_PROOF, Beats, make_beats, measure

__all__ = ["EXACT_UP_TO", "NO_PROOF", "Beats", "make_beats", "measure"]
