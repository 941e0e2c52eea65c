"""Attribute tables by zone code: population, deprivation, wards, ethnic groups; and their join to polygons.

Recognised as published: the English indices of 2010 to 2025, the Welsh index, census tables of 2011 and 2021 (bulk
files, extracts, queries of Nomis, custom data sets of one row an observation), mid-year populations, ONS lookups (LSOA to
ward, LSOA 2011 to LSOA 2021), and plain tables with columns such as ``zone_id``, ``population``, ``ward``. What was made
of a table, and what was not understood, is told.

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
    read_figures,
)

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

#: Longest name of a group, characters.
_LONGEST_LABEL = 1_000
_CODES = (
    r"zone_?id|zone|zone_?code",
    r"lsoa_?(?:20)?(?:11|21)_?(?:cd|code)|lsoa_code_20(?:11|21)|lsoa_20(?:11|21)_code|lsoa_?code|lsoa_?cd|lsoa",
    r"mnemonic|lower_layer_super_output_areas_code",
    r"geography_code|area_?codes?|code|geoid|geo_?code|gss_?code|ons_?code",
    r"(?:oa|msoa|wd|ward|lad)_?(?:\d\d)?_?(?:cd|code)",
)
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
_WARD_NAME = r"wd\d\dnm|ward_?\d*_?(?:nm|name)|ward"
_WARD_CODE = r"wd\d\dcd|ward_?\d*_?(?:cd|code)"
_BOROUGH = r"lad\d\dnm|borough(?:_name)?|local_authority_district_name(?:_\d{4})?|lad_name|district|local_authority_name(?:_eng)?"
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
_OFFICIAL = re.compile(
    r"(?:asian_asian_british|black_black_british|black_african_caribbean|mixed_or_multiple_ethnic|mixed_multiple_ethnic|other_ethnic_group).*|white(?:_.*)?"
)
_GSS = re.compile(r"[A-Z]\d{8}")
_CODE_AND_NAME = r"^\s*([A-Z]\d{8})\s*[:–-]\s*.*$"
_MEASURES = re.compile(r"\s*;\s*measures\s*:\s*value\s*$", re.IGNORECASE)
_TITLE = re.compile(r"^\W*(?:TS|KS|QS|LC|DC|RM)\d+\w*\s*-\s*(.+?)\W*$")
_OBSERVATION = r"observation|obs_value"
#: Text columns that may serve as groups: most labels, most columns of one table.
_LABELS, _TEXTS = 60, 12
#: Share of cells that must be codes for a column to be taken as the zones' codes.
_MOSTLY = 0.9
_NAMES_OF_ZONES = re.compile(
    r"^date$|^year$|^geography|(?:^|_)(?:code|name|cd|nm)$|output_area|^mnemonic$|^observation$|^obs_value$"
)


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


def read_attributes(file: FileLike, *, code_column: str | None = None) -> pd.DataFrame:
    """Read a CSV (or csv.gz) keyed by zone code.

    Parameters
    ----------
    file
        Path or (name, bytes).
    code_column
        Column of the zone codes; found by its heading or its cells when not given.

    Returns
    -------
    DataFrame
        Index ``zone_id`` (str); of these columns those that the file has: ``population`` (persons),
        ``deprivation_order`` (smaller = more deprived), ``ward``, ``ward_code``, ``borough`` (str),
        ``ethnic_asian`` ... ``ethnic_white`` and ``age_0_15`` ... (persons), ``group_*`` (other text columns of few
        labels, str). ``attrs`` hold ``file``, ``vintage``, ``kind``
        (``attributes`` or ``vintage lookup``: then index LSOA 2011, column ``lsoa21``, pairs may repeat),
        ``basis`` of deprivation, ``population_year``, ``figures``: every numeric column
        (:class:`patrol_core.sources.zone_tables.covariates.Figures`), and ``notes``: findings made while reading.

    Raises
    ------
    InputError
        No code column, nothing usable beside it, a column in which more than one cell of ten is no number (line and
        column), a negative population (zone), a code that repeats with different figures.
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
    lookup = _vintage_columns(list(frame.columns))
    if lookup and code_column is None and find_column(list(frame.columns), _WARD_NAME, _WARD_CODE) is None:
        return _as_lookup(name, frame, *lookup)
    notes = text_table.spreadsheet_limit(name, len(frame))
    code = code_column or _code_column(f"{name} line {text_table.heading_line(data)}", frame, notes)
    vintage = vintage_of(code) or next((v for c in frame.columns if (v := vintage_of(str(c)))), "")
    frame[code] = bare_codes(frame[code])
    frame = _one_column_a_label(name, _with_topics(frame, code, above), code)
    attrs = {"file": name, "kind": "attributes", "vintage": vintage}
    out = _as_attributes(data, frame, code, attrs, notes)
    if (found := _population_column([str(c) for c in frame.columns if c != code])) is not None:
        column, year = found
        out.attrs["population_year"] = (
            year or _year_of(frame, above) or (2021 if "residents" in plain(column) else 0)
        )
    return out


def zone_column(frame: pd.DataFrame) -> str | None:
    """Column of zone codes of any table: named for it, else by its cells, codes of the statistical offices; None where neither tells.

    Parameters
    ----------
    frame
        Cells as text.
    """
    columns = [str(c) for c in frame.columns]
    if (named := find_column(columns, _CODES[0])) is not None:
        return named
    codes = {c: bare_codes(frame[c]) for c in columns}
    coded = [c for c in columns if codes[c].str.fullmatch(_GSS).mean() >= _MOSTLY]
    if (named := find_column(coded or columns, *_CODES)) is not None:
        return named
    return max(coded, key=lambda c: codes[c].nunique()) if coded else None


def bare_codes(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Codes without spaces around them, and without the name that Nomis writes behind (``E01000001 : Place``)."""
    return cells.str.replace(_CODE_AND_NAME, r"\1", regex=True).str.strip()


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


def _with_topics(frame: pd.DataFrame, code: str, above: Sequence[str]) -> pd.DataFrame:
    """Headings with their topic in front, as bulk files have them, where it stands in a title above the table or in the words."""
    headings = {str(c): _MEASURES.sub("", str(c)) for c in frame.columns}
    topic = next((match.group(1) for line in above if (match := _TITLE.match(line))), "")
    groups = {g for c in headings if _OFFICIAL.fullmatch(plain(c)) and (g := plain(c).split("_")[0])}
    if not topic and len(groups) >= 3:
        topic = "Ethnic group"
    if topic:
        named = _NAMES_OF_ZONES
        headings = {
            c: h if c == code or named.search(plain(c)) or h.startswith(f"{topic}:") else f"{topic}: {h}"
            for c, h in headings.items()
        }
    headings[code] = code
    return frame.set_axis([headings[str(c)] for c in frame.columns], axis=1)


def _one_column_a_label(name: str, frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """A table of one row an observation (zone, label, count) as one row a zone; any other table as it is.

    Raises
    ------
    InputError
        If the labels are of more than one classification.
    """
    value = find_column([str(c) for c in frame.columns], _OBSERVATION)
    if value is None or not frame[code].duplicated().any():
        return frame
    measure = find_column([str(c) for c in frame.columns], r"measures_name")
    if measure is not None:
        frame = frame[frame[measure].str.strip().str.lower().isin(["value", ""])]
    within = frame.groupby(code).nunique().max()
    skip = (code, value, measure)
    kinds = [
        str(c)
        for c in frame.columns
        if c not in skip
        and within[c] > 1
        and group_texts(frame[c]) is not None
        and not plain(str(c)).endswith("_code")
    ]
    if len(kinds) != 1:
        listed = f" by {', '.join(kinds)}" if kinds else ""
        raise InputError(
            f"{name} holds several counts for each zone{listed}; give a table of one classification, such as ethnic group alone."
        )
    topic = re.sub(r"\s*\(\d+ categories\).*$", "", kinds[0])
    topic = "Ethnic group" if re.match(r"c20\d\d_eth", plain(topic)) else topic
    topic = "Age" if re.match(r"c20\d\d_age|age", plain(topic)) else topic
    labels = topic + ": " + frame[kinds[0]].str.strip()
    if frame.assign(label=labels).duplicated([code, "label"]).any():
        raise InputError(f"{name} gives a zone the same {topic} more than once; keep one row for each.")
    wide = frame.assign(label=labels).pivot(index=code, columns="label", values=value).fillna("")
    return wide.reset_index().rename_axis(columns=None)


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
        return _number(name, data, frame[column], column, notes)

    if (population := _population_column(rest)) is not None:
        out["population"] = number(population[0])
        check_population(name, out["population"])
    welsh = find_column(rest, r"wimd.*") is not None
    for pattern, sign, basis in _DEPRIVATION + (_WELSH if welsh else ()):
        if (found := find_column(rest, pattern)) is not None:
            out["deprivation_order"] = sign * number(found)
            attrs["basis"] = basis
            break
    for target, pattern in (("ward", _WARD_NAME), ("ward_code", _WARD_CODE), ("borough", _BOROUGH)):
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
    return Finding(
        "warning",
        f"{name}: no column was recognised as residents, deprivation, wards or groups of people (found "
        f"{', '.join(found[:4])}); its figures are used for explaining risk only. Name a column population, income_rank, ward "
        "or ethnic_asian to use it otherwise.",
        len(found),
    )


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
        notes.append(
            Finding(
                "info",
                f"{name}: columns that count parts of an ethnic group with a column of its own are not added to it ({len(left):,}, first "
                f"{left[0]}).",
                len(left),
            )
        )
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
    known = [_WARD_NAME, _WARD_CODE, _BOROUGH, *_CODES, *(pattern for pattern, _, _ in _DEPRIVATION)]
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


def _number(name: str, data: bytes, column: pd.Series[Any], label: str, notes: list[Finding]) -> FloatArray:
    """Numbers of a column, NaN where blank or suppressed; the odd cell that is none is noted, a column of them refused."""
    check_sizes(column, lambda row: f"{name} line {text_table.line_of_row(data, row)}, column {label}")
    values, wrong = numbers(column)
    if values is not None and not wrong.size:
        return values
    if values is None:
        cells = column.str.strip()
        if not (cells != "").any():
            return np.full(len(column), np.nan)
        wrong = np.flatnonzero(not_numbers(column))
    first = int(wrong[0])
    where = f"{name} line {text_table.line_of_row(data, first)}, column {label}: {text_table.shown(column.iloc[first])} is not a number"
    if values is None:
        raise InputError(f"{where}; correct or empty it.")
    more = f", nor are {wrong.size - 1:,} more cells" if wrong.size > 1 else ""
    notes.append(Finding("warning", f"{where}{more}; taken as unknown.", int(wrong.size)))
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
