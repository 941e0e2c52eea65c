"""Police."""

from __future__ import annotations

from patrol_core.sources.police.api import PoliceApi
from patrol_core.sources.police.lists import PoliceLists
from patrol_core.sources.police.pull import Answer
from patrol_core.sources.police.records import ALL_CRIME, BTP, Named, category_name
from patrol_core.sources.police.report import PullReport
from patrol_core.sources.police.tiles import check_polygon, inside

__all__ = [
    "ALL_CRIME",
    "BTP",
    "Answer",
    "Named",
    "PoliceApi",
    "PoliceLists",
    "PullReport",
    "category_name",
    "check_polygon",
    "inside",
]
