"""What the headings and cells of a table of zones mean: codes, wards, ages, groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from patrol_core.files.text_table import plain

#: Longest name of a group, characters.
_LONGEST_LABEL = 1_000
#: Most labels of a text column that serves as groups.
_LABELS = 60
CODES = (
    r"zone_?id|zone|zone_?code",
    r"lsoa_?(?:20)?(?:11|21)_?(?:cd|code)|lsoa_code_20(?:11|21)|lsoa_20(?:11|21)_code|lsoa_?code|lsoa_?cd|lsoa",
    r"mnemonic|lower_layer_super_output_areas_code",
    r"geography_code|area_?codes?|code|geoid|geo_?code|gss_?code|ons_?code",
    r"(?:oa|msoa|wd|ward|lad)_?(?:\d\d)?_?(?:cd|code)",
)
WARD_NAME = r"wd\d\dnm|ward_?\d*_?(?:nm|name)|ward"
WARD_CODE = r"wd\d\dcd|ward_?\d*_?(?:cd|code)"
BOROUGH = r"lad\d\dnm|borough(?:_name)?|local_authority_district_name(?:_\d{4})?|lad_name|district|local_authority_name(?:_eng)?"
_GSS = re.compile(r"[A-Z]\d{8}")
_CODE_AND_NAME = r"^\s*([A-Z]\d{8})\s*[:–-]\s*.*$"
#: Share of cells that must be codes for a column to be taken as the zones' codes.
_MOSTLY = 0.9


def find_column(columns: Sequence[str], *patterns: str) -> str | None:
    """First column whose plain name matches a pattern in full; earlier patterns go first."""
    for pattern in patterns:
        for column in columns:
            if re.fullmatch(pattern, plain(column)):
                return column
    return None


def age_band(column: str) -> str | None:
    """``0_15`` or ``65_over`` for a column that counts residents of an age band, else None.

    >>> age_band("age_aged_15_years_and_under"), age_band("Age 16 to 64"), age_band("age_65_and_over"), age_band("age_total")
    ('0_15', '16_64', '65_over', None)
    >>> age_band("Age: Age 15"), age_band("Age: Aged under 1 year")
    ('15_15', '0_0')
    """
    name = plain(column)
    if not name.startswith("age"):
        return None
    ages = re.findall(r"\d+", name)
    if len(ages) == 2 and int(ages[0]) < int(ages[1]):
        return f"{int(ages[0])}_{int(ages[1])}"
    if len(ages) == 1 and re.search(r"over|plus|older", name):
        return f"{int(ages[0])}_over"
    if len(ages) == 1 and re.search(r"under|below|younger", name):
        last = int(ages[0]) - (0 if re.search(r"and_under|or_under|and_younger", name) else 1)
        return f"0_{last}" if last >= 0 else None
    if match := re.fullmatch(r"age_(?:age_|aged_)+(\d{1,3})(?:_years?)?", name):  # a single year of age
        return f"{int(match.group(1))}_{int(match.group(1))}"
    return None


def group_texts(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """A text column that can serve as groups, trimmed; None where its cells are numbers, codes, or nearly all differ."""
    texts = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    given = texts[texts != ""]
    labels = given.unique()
    if not 2 <= len(labels) <= min(_LABELS, len(given) // 2):
        return None
    if pd.to_numeric(pd.Series(labels), errors="coerce").notna().any():
        return None
    if any(len(str(label)) > _LONGEST_LABEL for label in labels):
        return None
    return None if all(_GSS.fullmatch(str(label)) for label in labels) else texts


def vintage_of(column: str) -> str:
    """``2011`` or ``2021`` when the name of a code column says so, else ""."""
    match = re.search(r"oa\D*(?:20)?(11|21)|20(?P<year>11|21)_super_output", plain(column))
    return f"20{match.group(1) or match.group('year')}" if match else ""


def vintage_columns(header: Sequence[str]) -> tuple[str | None, str | None]:
    """Columns with LSOA codes of 2011 and of 2021."""
    old = find_column(header, r"lsoa_?(?:20)?11_?(?:cd|code)")
    return old, find_column(header, r"lsoa_?(?:20)?21_?(?:cd|code)")


def zone_column(frame: pd.DataFrame) -> str | None:
    """Column of zone codes of any table: named for it, else by its cells, codes of the statistical offices; None where neither tells.

    Args:
        frame: Cells as text.
    """
    columns = [str(c) for c in frame.columns]
    if (named := find_column(columns, CODES[0])) is not None:
        return named
    codes = {c: bare_codes(frame[c]) for c in columns}
    coded = [c for c in columns if codes[c].str.fullmatch(_GSS).mean() >= _MOSTLY]
    if (named := find_column(coded or columns, *CODES)) is not None:
        return named
    return max(coded, key=lambda c: codes[c].nunique()) if coded else None


def bare_codes(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Codes without spaces around them, and without the name that Nomis writes behind (``E01000001 : Place``)."""
    return cells.str.replace(_CODE_AND_NAME, r"\1", regex=True).str.strip()
