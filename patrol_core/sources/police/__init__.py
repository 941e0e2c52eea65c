"""The police.uk service: its lists, and crimes of an area month by month."""

from __future__ import annotations

from patrol_core.sources.police.api import PoliceApi
from patrol_core.sources.police.lists import PoliceLists
from patrol_core.sources.police.records import ALL_CRIME, BTP, category_name
from patrol_core.sources.police.report import PullReport
from patrol_core.sources.police.service import ApiSettings
from patrol_core.sources.police.tiles import check_polygon, inside, polygonal

__all__ = [
    "ALL_CRIME",
    "BTP",
    "ApiSettings",
    "PoliceApi",
    "PoliceLists",
    "PullReport",
    "category_name",
    "check_polygon",
    "inside",
    "polygonal",
]
