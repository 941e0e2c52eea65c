"""Single fields of tables and answers: crime types, dates, places, names."""

from __future__ import annotations

from patrol_core.sources.fields.crime_types import (
    CATEGORY_NAMES,
    CRIME_TYPES,
    NO_TYPE,
    OLD_CRIME_TYPES,
    published_type,
)
from patrol_core.sources.fields.dates import Form, Stamp, read_months, read_stamp
from patrol_core.sources.fields.named import Named
from patrol_core.sources.fields.points import (
    METRES_A_FOOT,
    MOST_METRES,
    WEB_MERCATOR,
    Pair,
    are_exchanged,
    compare_pairs,
    find_pairs,
    mercator_latitude,
    plane_of,
    read_places,
    stand_ins,
)
from patrol_core.sources.fields.wording import listed, rows_text, without_population

__all__ = [
    "CATEGORY_NAMES",
    "CRIME_TYPES",
    "METRES_A_FOOT",
    "MOST_METRES",
    "NO_TYPE",
    "OLD_CRIME_TYPES",
    "WEB_MERCATOR",
    "Form",
    "Named",
    "Pair",
    "Stamp",
    "are_exchanged",
    "compare_pairs",
    "find_pairs",
    "listed",
    "mercator_latitude",
    "plane_of",
    "published_type",
    "read_months",
    "read_places",
    "read_stamp",
    "rows_text",
    "stand_ins",
    "without_population",
]
