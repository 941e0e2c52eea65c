"""Open services beside police.uk: boundaries of the ONS, census tables of Nomis."""

from __future__ import annotations

from patrol_core.sources.open_data.nomis import Nomis
from patrol_core.sources.open_data.ons_geography import Kind, OnsGeography, answers_of

__all__ = ["Kind", "Nomis", "OnsGeography", "answers_of"]
