"""Attribute tables by zone code: population, deprivation, wards, ethnic groups.

Recognised as published: the English indices of 2010 to 2025, the Welsh index, census tables of 2011 and 2021 (bulk
files, extracts, queries of Nomis, custom data sets of one row an observation), mid-year populations, ONS lookups (LSOA to
ward, LSOA 2011 to LSOA 2021), and plain tables with columns such as ``zone_id``, ``population``, ``ward``. The notes say
what was made of a table and what was not understood.

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

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files import text_table
from patrol_core.files.archives import FileLike, iter_tables
from patrol_core.files.columns import SIZES, unfit
from patrol_core.files.text_table import plain
from patrol_core.sources.zone_tables.covariates import (
    check_sizes,
    is_measure,
    not_numbers,
    numbers,
    odd_cell,
    odd_cells,
    read_figures,
)
from patrol_core.sources.zone_tables.headings import (
    BOROUGH,
    CODES,
    WARD_CODE,
    WARD_NAME,
    age_band,
    bare_codes,
    find_column,
    group_texts,
    vintage_columns,
    vintage_of,
    zone_column,
)
from patrol_core.sources.zone_tables.layouts import one_column_a_label, with_topics

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_TOPIC = (
    r"residence_type|number_of_usual_residents.*|usual_resident_population|age|age_structure|age_by.*|sex|ethnic_group"
    r"|religion|country_of_birth|variable|population"
)
_POPULATION = (
    r"population",
    r"usual_residents|all_usual_residents|residents|pop|total_population|population_total|all_ages|all_persons|(?:total_)?persons|total_residents|resident_population|usual_resident_population|tot_?pop",
    rf"(?:(?:{_TOPIC})_)?total_all_usual_residents|(?:{_TOPIC})_(?:total|all_usual_residents|all_persons|total_population|all_categories.*)",
    r"(?:total_population_)?mid_(?P<year>20\d\d)(?:_population)?(?:_excluding_prisoners)?",
    r"total_population_mid_(?P<year>20\d\d).*",
    r"population_(?P<year>20\d\d)|pop_?(?P<year2>20\d\d)",
)
#: A column "Total" counts residents where at least two others count them by age or sex.
_BY_AGE_OR_SEX = re.compile(
    r"(?:[fm]|females?|males?)_?\d*(?:_(?:to|and|over|plus|under)_?\d*)*|(?:aged?_)?\d+_\d+"
)
_INCOME, _OVERALL = "the Income domain", "the overall index (it holds crime)"
#: What stands before an overall index' "rank", "score" or "decile".
_INDEX = r"(?:(?:imd|index_of_multiple_deprivation)(?:_imd)?(?:_?20\d\d)?(?:_imd)?|[ws]imd_?(?:20\d\d)?(?:v\d)?|deprivation)"
#: Deprivation columns in order of preference: pattern, factor to "smaller = more deprived", basis in words.
_DEPRIVATION: tuple[tuple[str, float, str], ...] = (
    (
        r"income_rank(?:_where.*)?|income_domain_rank.*|rank_of_income_score.*|simd\w*_income_domain_rank",
        1.0,
        _INCOME,
    ),
    (r"income_score(?:_rate.*)?|income_domain_score.*", -1.0, _INCOME),
    (r"income_decile(?:_where.*)?|income_domain_decile.*", 1.0, _INCOME),
    (rf"{_INDEX}_?rank(?:_where.*)?|rank_of_imd_score.*|rank_of_(?:the_)?imd.*", 1.0, _OVERALL),
    (rf"{_INDEX}_?score", -1.0, _OVERALL),
    (rf"{_INDEX}_?decile(?:_where.*)?", 1.0, _OVERALL),
    (r"deprivation_quintile|imd_?quintile", 1.0, "the quintile given"),
)
#: The Welsh index names its domains without a word more; its figures are ranks.
_WELSH: tuple[tuple[str, float, str], ...] = (
    (r"income", 1.0, _INCOME),
    (r"wimd_?20\d\d(?:_overall)?(?:_rank)?|wimd", 1.0, _OVERALL),
)
_ETHNIC = re.compile(r"ethnic(?:ity|_groups?)?_(asian|black|mixed|other|white)(?:_(.*))?")
#: The rest of a heading that names a whole ethnic group, as the censuses of 2011 and 2021 word it; any other rest names a part of it.
_WHOLE_GROUP = re.compile(
    r"|(?:(?:ethnic_groups?|(?:or_)?multiple_ethnic_groups?|(?:asian_|or_asian_)*(?:asian_)?british(?:_or)?_asian_welsh|asian_british"
    r"|black_british(?:_black_welsh)?_caribbean_or_african|african_caribbean_(?:or_)?black_british)_?)?(?:total|all(?:_.*)?)?"
)
#: Most text columns of one table that serve as groups.
_TEXTS = 12


def read_attributes(file: FileLike, *, code_column: str | None = None) -> pd.DataFrame:
    """Read a CSV (or csv.gz) keyed by zone code.

    Args:
        file: Path or (name, bytes).
        code_column: Column of the zone codes; found by its heading or its cells when not given.

    Returns:
        DataFrame: Index ``zone_id`` (str); of these columns those that the file has: ``population`` (persons),
            ``deprivation_order`` (smaller = more deprived), ``ward``, ``ward_code``, ``borough`` (str),
            ``ethnic_asian`` ... ``ethnic_white`` and ``age_0_15`` ... (persons), ``group_*`` (other text
            columns of few labels, str). ``attrs`` hold ``file``, ``vintage``, ``kind`` (``attributes`` or
            ``vintage lookup``: then index LSOA 2011, column ``lsoa21``, pairs may repeat), ``basis`` of
            deprivation, ``population_year``, ``figures``: every numeric column
            (:class:`patrol_core.sources.zone_tables.covariates.Figures`), and ``notes``: findings made while
            reading.

    Raises:
        InputError: No code column, nothing usable beside it, a column in which more than one cell of ten is no
            number (line and column), a negative population (zone), a code that repeats with different figures.
    """
    name, data = _bytes(file)
    text = text_table.decode(name, data)
    data, above = text_table.without_frame(text.data)
    frame = text_table.read_strings(name, data).to_pandas().astype("str")
    if code_column is not None and code_column not in frame:
        raise InputError(
            f"{name} has no column {code_column!r} (found {', '.join(list(frame.columns)[:8])}); choose one of these."
        )
    if not len(frame):
        raise InputError(f"{name} has a header but 0 rows; give a table with rows.")
    old, new = vintage_columns(list(frame.columns))
    if old and new and code_column is None and find_column(list(frame.columns), WARD_NAME, WARD_CODE) is None:
        return _as_lookup(name, frame, old, new)
    notes = text_table.spreadsheet_limit(name, len(frame))
    code = code_column or _code_column(f"{name} line {text_table.heading_line(data)}", frame, notes)
    vintage = vintage_of(code) or next((v for c in frame.columns if (v := vintage_of(str(c)))), "")
    frame[code] = bare_codes(frame[code])
    frame = one_column_a_label(name, with_topics(frame, code, above), code)
    attrs = {"file": name, "kind": "attributes", "vintage": vintage}
    out = _as_attributes(data, frame, code, attrs, notes)
    if (found := _population_column([str(c) for c in frame.columns if c != code])) is not None:
        column, year = found
        out.attrs["population_year"] = (
            year or _year_of(frame, above) or (2021 if "residents" in plain(column) else 0)
        )
    return out


def _code_column(where: str, frame: pd.DataFrame, notes: list[Finding]) -> str:
    """Column of zone codes: by its heading, else by its cells (codes of the statistical offices, else a first column that never repeats)."""
    if (found := zone_column(frame)) is not None:
        return found
    columns = [str(c) for c in frame.columns]
    first = columns[0]
    cells = bare_codes(frame[first])
    if len(frame) > 1 < len(columns) and cells.is_unique and (cells != "").all():
        notes.append(Finding("info", f"{where}: {first!r} is taken as the column of zone codes."))
        return first
    raise InputError(
        f"{where} has no column of zone codes (found {', '.join(columns[:6])}); name it LSOA21CD, "
        "LSOA11CD or zone_id."
    )


def _bytes(file: FileLike) -> tuple[str, bytes]:
    table = next((t for t in iter_tables([file]) if not t.ignored), None)
    if table is None:
        raise InputError("The file holds no table; give a CSV.")
    return table.name, table.data


def _as_lookup(name: str, frame: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    out = pd.DataFrame(
        {"lsoa21": frame[new].to_numpy()}, index=pd.Index(frame[old].to_numpy(), name="zone_id")
    )
    out.attrs = {"file": name, "kind": "vintage lookup", "vintage": "2011"}
    return out


def _as_attributes(
    data: bytes, frame: pd.DataFrame, code: str, attrs: dict[str, Any], notes: list[Finding]
) -> pd.DataFrame:
    name = attrs["file"]
    header = [str(c) for c in frame.columns]
    rest = [c for c in header if c != code]
    out = pd.DataFrame(index=pd.Index(frame[code].str.strip().to_numpy(), name="zone_id"))
    if (out.index == "").any():
        line = text_table.line_of_row(data, int(np.flatnonzero(out.index == "")[0]))
        raise InputError(
            f"{name} line {line}, column {code}: the zone code is empty; fill it or remove the row."
        )

    def number(column: str) -> FloatArray:
        return _number(name, data, frame[column], notes)

    if (population := _population_column(rest)) is not None:
        out["population"] = number(population[0])
        check_population(name, out["population"])
    welsh = find_column(rest, r"wimd.*") is not None
    for pattern, sign, basis in _DEPRIVATION + (_WELSH if welsh else ()):
        if (found := find_column(rest, pattern)) is not None:
            out["deprivation_order"] = sign * number(found)
            attrs["basis"] = basis
            break
    for target, pattern in (("ward", WARD_NAME), ("ward_code", WARD_CODE), ("borough", BOROUGH)):
        if (found := find_column(rest, pattern)) is not None:
            out[target] = frame[found].str.strip().to_numpy()
    for people, columns in {**_ethnic_columns(name, rest, notes), **_age_columns(rest)}.items():
        out[people] = sum((number(c) for c in columns[1:]), number(columns[0]))
    _add_texts(out, frame, rest)
    figures = read_figures(name, data, frame, code, attrs["vintage"])
    if not len(out.columns) and not len(figures.frame.columns):
        raise InputError(
            f"{name} has zone codes but no column this plan uses (population, deprivation, ward, ethnic "
            "groups, or any numbers); give one that has."
        )
    if not len(out.columns):
        notes.append(_not_understood(name, list(figures.labels.values())))
    out = _one_row_per_code(name, out)
    out.attrs.update(attrs, figures=figures, notes=tuple(notes))
    return out


def _not_understood(name: str, found: Sequence[str]) -> Finding:
    text = (
        f"{name}: no column was recognised as residents, deprivation, wards or groups of people (found "
        f"{', '.join(found[:4])}); its figures are used for explaining risk only. Name a column population, income_rank, ward "
        "or ethnic_asian to use it otherwise."
    )
    return Finding("warning", text, len(found))


def _year_of(frame: pd.DataFrame, above: Sequence[str]) -> int:
    """The one year that a column "date" or "year", or a line above the table, names; else 0."""
    column = find_column([str(c) for c in frame.columns], r"date|year")
    years = set() if column is None else set(frame[column].str.strip())
    years |= {match.group(1) for line in above if (match := re.match(r"(?i)\W*date\W+(20\d\d)\W*$", line))}
    only = years.pop() if len(years) == 1 else ""
    return int(only) if re.fullmatch(r"20\d\d", only) else 0


def _ethnic_columns(name: str, columns: Sequence[str], notes: list[Finding]) -> dict[str, list[str]]:
    """Columns that make up each broad ethnic group: the group's own, else its parts. What is left out is noted."""
    whole: dict[str, list[str]] = {}
    parts: dict[str, list[str]] = {}
    for column in columns:
        match = _ETHNIC.fullmatch(plain(column))
        if match is None or is_measure(column):
            continue
        into = whole if _WHOLE_GROUP.fullmatch(match.group(2) or "") else parts
        into.setdefault(match.group(1), []).append(column)
    left = [c for group in parts if group in whole for c in parts[group]]
    left += [c for found in whole.values() for c in found[1:]]
    if left:
        text = (
            f"{name}: columns that count parts of an ethnic group with a column of its own are not added to it ({len(left):,}, first "
            f"{left[0]})."
        )
        notes.append(Finding("info", text, len(left)))
    return {
        f"ethnic_{group}": whole[group][:1] if group in whole else parts[group]
        for group in {**parts, **whole}
    }


def _age_columns(columns: Sequence[str]) -> dict[str, list[str]]:
    """Columns that count residents of each age band."""
    found: dict[str, list[str]] = {}
    for column in columns:
        if (band := age_band(column)) and not is_measure(column):
            found.setdefault(f"age_{band}", []).append(column)
    return found


def _add_texts(out: pd.DataFrame, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Text columns that nothing else uses, as ``group_*`` (in place)."""
    known = [WARD_NAME, WARD_CODE, BOROUGH, *CODES, *(pattern for pattern, _, _ in _DEPRIVATION)]
    free = [c for c in columns if not any(re.fullmatch(pattern, plain(c)) for pattern in known)]
    for column in free:
        texts = group_texts(frame[column])
        if texts is not None and sum(str(c).startswith("group_") for c in out.columns) < _TEXTS:
            out[f"group_{plain(column)}"] = texts.to_numpy()


def _population_column(columns: Sequence[str]) -> tuple[str, int] | None:
    """Column of residents and its year (0 if its heading has none)."""
    best: tuple[int, str] | None = None
    for pattern in _POPULATION:
        for column in columns:
            if match := re.fullmatch(pattern, plain(column)):
                year = next((int(g) for g in match.groupdict().values() if g), 0)
                if best is None or year > best[0]:
                    best = (year, column)
        if best is not None:
            return best[1], best[0]
    split = [c for c in columns if age_band(c) or _BY_AGE_OR_SEX.fullmatch(plain(c))]
    total = find_column(columns, r"total|all") if len(split) >= 2 else None
    return None if total is None else (total, 0)


def _number(name: str, data: bytes, column: pd.Series[Any], notes: list[Finding]) -> FloatArray:
    """Numbers of a column, NaN where blank or suppressed; the odd cell that is none is noted, a column of them refused."""
    check_sizes(column, lambda row: f"{name} line {text_table.line_of_row(data, row)}, column {column.name}")
    values, wrong = numbers(column)
    if values is None:
        if not (column.str.strip() != "").any():
            return np.full(len(column), np.nan)
        first = int(np.flatnonzero(not_numbers(column))[0])
        raise InputError(f"{odd_cell(name, data, column, first)}; correct or empty it.")
    if wrong.size:
        notes.append(odd_cells(name, data, column, wrong))
    return values


def check_population(name: str, population: pd.Series[Any]) -> None:
    """Refuse negative populations and those that cannot be calculated with, naming the zone."""
    values = population.to_numpy(dtype=float)
    wrong = (values < 0) | unfit(values)
    if wrong.any():
        zone = population.index[int(np.flatnonzero(wrong)[0])]
        raise InputError(
            f"{name}, zone {zone}: the population is {values[wrong][0]:g}, which cannot be; correct it or "
            f"leave it empty (numbers are {SIZES})."
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
