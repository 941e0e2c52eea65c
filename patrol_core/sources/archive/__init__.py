"""police.uk archive files of any size, and the LSOA codes of two censuses."""

from __future__ import annotations

from patrol_core.sources.archive.bulk_stream import Block, BulkTable, Container
from patrol_core.sources.archive.lsoa_crosswalk import Lookup, RecodeReport, read_lookup, recode
from patrol_core.sources.archive.read import read_crimes
from patrol_core.sources.archive.table import STREET_COLUMNS, StreetTable

__all__ = [
    "STREET_COLUMNS",
    "Block",
    "BulkTable",
    "Container",
    "Lookup",
    "RecodeReport",
    "StreetTable",
    "read_crimes",
    "read_lookup",
    "recode",
]
