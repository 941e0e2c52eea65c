"""Attribute tables by zone code: population, deprivation, wards, ethnic groups; and their join to polygons.

Recognised as published: IMD 2019, IoD 2025, Census 2021 extracts, mid-year populations, ONS lookups (LSOA to
ward, LSOA 2011 to LSOA 2021), and plain tables with columns such as ``zone_id``, ``population``, ``ward``.

Deprivation is ranked by the Income domain where there is one: the overall index holds a Crime domain (9.3 %),
which would make "crime against deprivation" partly circular. Quintiles are formed within the area, zones
counted equally, 1 = most deprived.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.errors import InputError
from patrol_core.sources import text_table
from patrol_core.sources.archive_files import FileLike, iter_tables
from patrol_core.sources.covariates import read_figures
from patrol_core.sources.names import plain

_CODES = (
    r"zone_id|zone",
    r"lsoa_?(?:20)?(?:11|21)_?(?:cd|code)|lsoa_code_20(?:11|21)|lsoa_20(?:11|21)_code|lsoa_?code|lsoa_?cd|lsoa",
    r"geography_code|area_code|code|geoid|gss_code",
    r"(?:oa|msoa|wd|ward|lad)_?(?:\d\d)?_?(?:cd|code)",
)
_POPULATION = (
    r"population",
    r"usual_residents|all_usual_residents|residents|pop|total_population|population_total|all_ages",
    r"(?:total_population_)?mid_(?P<year>20\d\d)(?:_population)?(?:_excluding_prisoners)?",
    r"total_population_mid_(?P<year>20\d\d).*",
    r"population_(?P<year>20\d\d)|pop_?(?P<year2>20\d\d)",
)
_WARD_NAME = r"wd\d\dnm|ward_?\d*_?(?:nm|name)|ward"
_WARD_CODE = r"wd\d\dcd|ward_?\d*_?(?:cd|code)"
_BOROUGH = r"lad\d\dnm|borough(?:_name)?|local_authority_district_name(?:_\d{4})?|lad_name|district"
#: Deprivation columns in order of preference: pattern, factor to "smaller = more deprived", basis in words.
_DEPRIVATION: tuple[tuple[str, float, str], ...] = (
    (r"income_rank(?:_where.*)?|income_domain_rank.*", 1.0, "the Income domain"),
    (r"income_score(?:_rate)?|income_domain_score.*", -1.0, "the Income domain"),
    (r"income_decile(?:_where.*)?|income_domain_decile.*", 1.0, "the Income domain"),
    (
        r"imd_?rank|index_of_multiple_deprivation_imd_rank.*|deprivation_rank",
        1.0,
        "the overall index (it holds crime)",
    ),
    (
        r"imd_?score|index_of_multiple_deprivation_imd_score.*|deprivation_score",
        -1.0,
        "the overall index (it holds crime)",
    ),
    (
        r"imd_?decile|index_of_multiple_deprivation_imd_decile.*|deprivation_decile",
        1.0,
        "the overall index (it holds crime)",
    ),
    (r"deprivation_quintile|imd_?quintile", 1.0, "the quintile given"),
)
_ETHNIC = re.compile(r"ethnic_(asian|black|mixed|other|white)\b.*|ethnic_(asian|black|mixed|other|white)_.*")
_GSS = re.compile(r"[A-Z]\d{8}")
#: Text columns that may serve as groups: most labels, most columns of one table.
_LABELS, _TEXTS = 60, 12


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
        return f"0_{last}" if last > 0 else None
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
    return None if all(_GSS.fullmatch(str(label)) for label in labels) else texts


def vintage_of(column: str) -> str:
    """``2011`` or ``2021`` when the name of a code column says so, else ""."""
    match = re.search(r"oa\D*(?:20)?(11|21)", plain(column))
    return f"20{match.group(1)}" if match else ""


def read_attributes(file: FileLike, *, code_column: str | None = None) -> pd.DataFrame:
    """Read a CSV (or csv.gz) keyed by zone code.

    Returns
    -------
    DataFrame
        Index ``zone_id`` (str); of these columns those that the file has: ``population`` (persons),
        ``deprivation_order`` (smaller = more deprived), ``ward``, ``ward_code``, ``borough`` (str),
        ``ethnic_asian`` ... ``ethnic_white`` and ``age_0_15`` ... (persons), ``group_*`` (other text columns of few
        labels, str). ``attrs`` hold ``file``, ``vintage``, ``kind``
        (``attributes`` or ``vintage lookup``: then index LSOA 2011, column ``lsoa21``, pairs may repeat),
        ``basis`` of deprivation, ``population_year``, and ``figures``: every numeric column
        (:class:`patrol_core.sources.covariates.Figures`).

    Raises
    ------
    InputError
        No code column, nothing usable beside it, a number that is none (line and column), a negative
        population (zone), a code that repeats with different figures.
    """
    name, data = _bytes(file)
    text = text_table.decode(name, data)
    header = text_table.header_of(name, text.data)
    lookup = _vintage_columns(header)
    wanted_code = code_column or find_column(header, *_CODES)
    if wanted_code is None or wanted_code not in header:
        raise InputError(
            f"{name} line 1 has no column of zone codes (found {', '.join(header[:6])}); name it LSOA21CD, "
            "LSOA11CD or zone_id."
        )
    frame = text_table.read_strings(name, text.data).to_pandas().astype("str")
    if not len(frame):
        raise InputError(f"{name} has a header but 0 rows; give a table with rows.")
    if lookup and code_column is None and find_column(header, _WARD_NAME, _WARD_CODE) is None:
        return _as_lookup(name, frame, *lookup)
    return _as_attributes(name, text.data, frame, wanted_code)


def _bytes(file: FileLike) -> tuple[str, bytes]:
    table = next((t for t in iter_tables([file]) if not t.ignored), None)
    if table is None:
        raise InputError("The file holds no table; give a CSV.")
    return table.name, table.data


def _vintage_columns(header: Sequence[str]) -> tuple[str, str] | None:
    old = find_column(header, r"lsoa_?(?:20)?11_?(?:cd|code)")
    new = find_column(header, r"lsoa_?(?:20)?21_?(?:cd|code)")
    return (old, new) if old and new else None


def _as_lookup(name: str, frame: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    out = pd.DataFrame(
        {"lsoa21": frame[new].to_numpy()}, index=pd.Index(frame[old].to_numpy(), name="zone_id")
    )
    out.attrs = {"file": name, "kind": "vintage lookup", "vintage": "2011"}
    return out


def _as_attributes(name: str, data: bytes, frame: pd.DataFrame, code: str) -> pd.DataFrame:
    header = list(frame.columns)
    rest = [c for c in header if c != code]
    out = pd.DataFrame(index=pd.Index(frame[code].str.strip().to_numpy(), name="zone_id"))
    attrs: dict[str, Any] = {"file": name, "kind": "attributes", "vintage": vintage_of(code)}
    if (out.index == "").any():
        line = text_table.line_of_row(data, int(np.flatnonzero(out.index == "")[0]))
        raise InputError(
            f"{name} line {line}, column {code}: the zone code is empty; fill it or remove the row."
        )

    def number(column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return _number(name, data, frame[column], column)

    if (population := _population_column(rest)) is not None:
        column, attrs["population_year"] = population
        out["population"] = number(column)
        check_population(name, out["population"])
    for pattern, sign, basis in _DEPRIVATION:
        if (found := find_column(rest, pattern)) is not None:
            out["deprivation_order"] = sign * number(found)
            attrs["basis"] = basis
            break
    for target, pattern in (("ward", _WARD_NAME), ("ward_code", _WARD_CODE), ("borough", _BOROUGH)):
        if (found := find_column(rest, pattern)) is not None:
            out[target] = frame[found].str.strip().to_numpy()
    for column in rest:
        if match := _ETHNIC.fullmatch(plain(column)):
            group = match.group(1) or match.group(2)
            out[f"ethnic_{group}"] = out.get(f"ethnic_{group}", 0.0) + number(column)
        elif band := age_band(column):
            out[f"age_{band}"] = out.get(f"age_{band}", 0.0) + number(column)
    _add_texts(out, frame, rest)
    figures = read_figures(name, data, frame, code, attrs["vintage"])
    if not len(out.columns) and not len(figures.frame.columns):
        raise InputError(
            f"{name} has zone codes but no column this plan uses (population, deprivation, ward, ethnic "
            "groups, or any numbers); give one that has."
        )
    out = _one_row_per_code(name, out)
    out.attrs.update(attrs, figures=figures)
    return out


def _add_texts(out: pd.DataFrame, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Text columns that nothing else uses, as ``group_*`` (in place)."""
    known = [_WARD_NAME, _WARD_CODE, _BOROUGH, *_CODES, *(pattern for pattern, _, _ in _DEPRIVATION)]
    free = [c for c in columns if not any(re.fullmatch(pattern, plain(c)) for pattern in known)]
    for column in free:
        texts = group_texts(frame[column])
        if texts is not None and sum(str(c).startswith("group_") for c in out.columns) < _TEXTS:
            out[f"group_{plain(column)}"] = texts.to_numpy()


def _population_column(columns: Sequence[str]) -> tuple[str, int] | None:
    best: tuple[int, str] | None = None
    for pattern in _POPULATION:
        for column in columns:
            if match := re.fullmatch(pattern, plain(column)):
                years = [int(g) for g in match.groupdict().values() if g]
                year = years[0] if years else (2021 if "residents" in plain(column) else 0)
                if best is None or year > best[0]:
                    best = (year, column)
        if best is not None:
            return best[1], best[0]
    return None


def _number(
    name: str, data: bytes, column: pd.Series[Any], label: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    cells = column.str.strip().str.replace(",", "", regex=False)
    values = pd.to_numeric(cells.where(cells != ""), errors="coerce").to_numpy(dtype=float)
    wrong = (np.isnan(values) & (cells != "").to_numpy(dtype=bool)) | np.isinf(values)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name} line {text_table.line_of_row(data, first)}, column {label}: {column.iloc[first]!r} is "
            "not a number; correct or empty it."
        )
    return values


def check_population(name: str, population: pd.Series[Any]) -> None:
    """Refuse negative and infinite populations, naming the zone."""
    values = population.to_numpy(dtype=float)
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        zone = population.index[int(np.flatnonzero(wrong)[0])]
        raise InputError(
            f"{name}, zone {zone}: the population is {values[wrong][0]:g}, which cannot be; correct it or "
            "leave it empty."
        )


def _one_row_per_code(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Lookups by smaller unit repeat a code: take the most frequent text. Differing figures are refused."""
    if not frame.index.has_duplicates:
        return frame
    numbers = frame.select_dtypes("number")
    varying = numbers.groupby(level=0).nunique(dropna=False).max(axis=1) if len(numbers.columns) else None
    if varying is not None and (varying > 1).any():
        zone = varying.index[varying > 1][0]
        raise InputError(
            f"{name}: the zone {zone} occurs more than once with different figures; keep one row."
        )
    parts = {}
    for column in frame.columns:
        if column in numbers:
            parts[column] = frame[column].groupby(level=0).first()
        else:
            counts = (
                frame.groupby([frame.index, column], sort=True)
                .size()
                .sort_values(ascending=False, kind="stable")
            )
            parts[column] = counts.reset_index(level=1)[column].groupby(level=0).first()
    return pd.DataFrame(parts).rename_axis("zone_id")
