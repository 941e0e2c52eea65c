"""Census 2021 tables at Nomis: ids, dimensions, and which categories make which column.

Categories are recognised by name, for their numbers follow no order that could be relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Table:
    """One census table.

    Attributes:
        title: The ONS's own short name, e.g. TS054.
        dataset: Its id at Nomis.
        dimension: Name of its category dimension.
        total: Column of the table's own total.
        parts: Column to a pattern of category names (lower case); a column is the sum of the categories that
            match at the highest level at which any does.
    """

    title: str
    dataset: str
    dimension: str
    total: str
    parts: Mapping[str, str]


def _ages(low: int, high: int) -> str:
    """Pattern of the five-year bands from ``low`` to below ``high``."""
    bands = "|".join(str(age) for age in range(low, high, 5))
    first = "aged 4 years and under|" if low == 0 else ""
    return rf"{first}aged (?:{bands}) (?:to|years and over).*"


_ACTIVE = r"economically active (?:\(excluding full-time students\)|and (?:a )?full-time student)"

#: Tables asked for, by title.
TABLES: Mapping[str, Table] = MappingProxyType(
    {
        t.title: t
        for t in (
            Table("TS001", "NM_2021_1", "c2021_restype_3", "population", {}),
            Table(
                "TS007A",
                "NM_2020_1",
                "c2021_age_19",
                "age_total",
                {
                    "age_0_14": _ages(0, 15),
                    "age_15_24": _ages(15, 25),
                    "age_25_44": _ages(25, 45),
                    "age_45_64": _ages(45, 65),
                    "age_65_over": _ages(65, 90),
                },
            ),
            Table(
                "TS021",
                "NM_2041_1",
                "c2021_eth_20",
                "ethnic_total",
                {
                    "ethnic_asian": r"asian\b[^:]*",
                    "ethnic_black": r"black\b[^:]*",
                    "ethnic_mixed": r"mixed\b[^:]*",
                    "ethnic_other": r"other ethnic group",
                    "ethnic_white": r"white",
                },
            ),
            Table("TS041", "NM_2059_1", "c2021_hh_1", "households", {}),
            Table(
                "TS054",
                "NM_2072_1",
                "c2021_tenure_9",
                "tenure_total",
                {
                    "tenure_owned": r"owned",
                    "tenure_shared": r"shared ownership",
                    "tenure_social": r"social rented",
                    "tenure_private": r"private rented",
                    "tenure_rent_free": r"lives rent free",
                },
            ),
            Table(
                "TS066",
                "NM_2083_1",
                "c2021_eastat_20",
                "economic_total",
                {
                    "economic_employed": rf"{_ACTIVE}: in employment",
                    "economic_unemployed": rf"{_ACTIVE}: unemployed",
                    "economic_inactive": r"economically inactive",
                },
            ),
        )
    }
)
#: Shares made from them: name, part, whole. Names begin with ``share_``, so zones of every system carry them.
SHARES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "share_aged_under_15": ("age_0_14", "age_total"),
        "share_aged_15_24": ("age_15_24", "age_total"),
        "share_aged_65_over": ("age_65_over", "age_total"),
        "share_social_rented": ("tenure_social", "tenure_total"),
        "share_private_rented": ("tenure_private", "tenure_total"),
        "share_unemployed": ("economic_unemployed", "economic_total"),
    }
)
