"""Which column of a boundary file names its zones: by heading where that is known, else by what stands in the cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.files.text_table import plain
from patrol_core.sources.zone_tables.headings import find_column

#: Headings of published codes, the smallest areas first.
_PUBLISHED = (
    r"zone_id",
    r"lsoa_?(?:20)?(?:01|11|21)_?(?:cd|code)|lsoa_code|lsoacd|lsoa",
    r"(?:oa|msoa)_?(?:20)?(?:01|11|21)_?cd|dz_?code|datazone",
    r"(?:wd|ward)_?\d*_?(?:cd|code)",
    r"lad_?\d*_?(?:cd|code)",
)
_USUAL = r"geography_code|area_code|gss_code|geoid|code|zone|beat|id"
_COUNTER = r"fid|objectid(?:_\d+)?|ogc_fid|gid|oid|index|id_0|row"
#: Headings that speak of a code, a number or a kind of zone, the clearest first.
_LIKELY = (
    r".*(?:code|cd\d*|gss|geoid\d*)",
    r".*(?:_id|id\d*|ref|_no|_nr|_num|number|key)",
    r".*(?:zone|beat|sector|district|precinct|division|ward|lsoa|msoa|oa|tract|block|cell|grid|hex|neighbou?rhood).*",
)
_NAME_LIKE = re.compile(r".*(?:name|nm|nmw|label|title|description)")
_GSS = r"[A-Z]\d{8}"
_CODE_LIKE = r"(?=\S*\d)\S{1,40}|[A-Z]{1,6}"
#: From this share of different values a column is meant to be unique, and a repetition is a fault of the file.
_MEANT = 0.9
#: Longest id of a zone, characters.
LONGEST_ID = 200


def zone_ids(
    name: str, raw: gpd.GeoDataFrame, column: str | None, findings: list[Finding]
) -> tuple[pd.Index, str]:
    """Ids of the zones, and the column they come from ("" where they were numbered).

    Args:
        name: Of the file, for messages.
        raw: Features as read.
        column: The column to use; None: a heading of a published code, else the one column of unique codes,
            else any unique column of codes, else numbers from 1.
        findings: Takes what was noticed.

    Raises:
        InputError: When the column is not there, or has empty or repeated cells.
    """
    columns = [str(c) for c in raw.columns if c != raw.geometry.name]
    if column is not None:
        found = next((c for c in (column, *_alike(columns, column)) if c in columns), None)
        if found is None:
            raise InputError(
                f"{name} has no column {column!r} (found {', '.join(columns[:8])}); choose one of these."
            )
        return _index(name, raw, found), found
    unique = {c: texts for c in columns if (texts := unique_texts(raw[c])) is not None}
    published = [c for pattern in _PUBLISHED if (c := find_column(columns, pattern)) is not None]
    chosen = next((c for c in published if c in unique), None)
    if chosen is None or _meant(raw, published, chosen):
        meant = next((c for c in published if c not in unique and _nearly_unique(raw[c])), None)
        if meant is not None:
            return _index(name, raw, meant), meant  # says what is wrong with it
    if chosen is None:
        chosen = _by_cells(columns, unique)
        if (
            chosen is None
            and (spoilt := next(iter([*published, *_matching(columns, _USUAL)]), None)) is not None
        ):
            return _index(name, raw, spoilt), spoilt
        if chosen is not None and not re.fullmatch(f"{_USUAL}|{_COUNTER}", plain(chosen)):
            findings.append(Finding("info", f"{name}: the zone ids are those of its column {chosen!r}."))
    if chosen is None:
        text = f"{name} has no column of zone ids; zones are numbered from 1 in the order of the file."
        findings.append(Finding("info", text))
        return pd.Index([str(i + 1) for i in range(len(raw))], name="zone_id"), ""
    return _index(name, raw, chosen), chosen


def _meant(raw: gpd.GeoDataFrame, published: Sequence[str], chosen: str) -> bool:
    """Whether a heading before the chosen one was meant to name the zones."""
    return any(_nearly_unique(raw[c]) for c in published[: published.index(chosen)])


def _nearly_unique(column: pd.Series[Any]) -> bool:
    filled = column[column.notna()].astype("str")
    return bool(filled.nunique() >= _MEANT * len(column))


def _alike(columns: Sequence[str], wanted: str) -> list[str]:
    """Columns that differ from a name in letter case and signs only, where there is one."""
    alike = [c for c in columns if plain(c) == plain(wanted)]
    return alike if len(alike) == 1 else []


def _matching(columns: Sequence[str], pattern: str) -> list[str]:
    return [c for c in columns if re.fullmatch(pattern, plain(c))]


def _by_cells(columns: Sequence[str], unique: Mapping[str, pd.Series[Any]]) -> str | None:
    """The column of unique codes: as of the national statistics, of a usual or a likely heading, or of any."""
    able = [c for c in columns if c in unique]
    national = [c for c in able if bool(unique[c].str.fullmatch(_GSS).all())]
    usual = _matching(able, _USUAL)
    likely = [
        c
        for pattern in _LIKELY
        for c in _matching(able, pattern)
        if not _NAME_LIKE.fullmatch(plain(c)) and not re.fullmatch(_COUNTER, plain(c)) and _short(unique[c])
    ]
    other = [
        c
        for c in able
        if not _NAME_LIKE.fullmatch(plain(c))
        and not unique[c].str.fullmatch(r"[\d.]+").all()
        and _coded(unique[c])
    ]
    return next(iter([*national, *usual, *likely, *other, *_matching(able, _COUNTER)]), None)


def _short(texts: pd.Series[Any]) -> bool:
    return bool((texts.str.len() <= 60).all())


def _coded(texts: pd.Series[Any]) -> bool:
    return bool(texts.str.fullmatch(_CODE_LIKE).all())


def unique_texts(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """Cells of a column as ids, trimmed; None where one is empty, repeated or no whole number or text."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    if pd.api.types.is_float_dtype(column.dtype) and not (column == column.round()).all():
        return None
    if column.isna().any():
        return None
    texts = _as_texts(column)
    return None if (texts == "").any() or texts.duplicated().any() else texts


def _as_texts(column: pd.Series[Any]) -> pd.Series[Any]:
    whole = (
        pd.api.types.is_float_dtype(column.dtype)
        and (column == column.round()).all()
        and (column.abs() < 2**53).all()
    )
    texts: pd.Series[Any] = (column.astype("int64") if whole else column).astype("str").str.strip()
    return texts


def _index(name: str, raw: gpd.GeoDataFrame, column: str) -> pd.Index:
    values = raw[column]
    empty = values.isna() | (values.astype("str").str.strip() == "")
    if empty.any():
        at = int(np.flatnonzero(empty.to_numpy())[0])
        raise InputError(f"{name}, feature {at + 1}: its id (column {column}) is empty; fill it.")
    texts = _as_texts(values)
    long = texts.str.len().to_numpy() > LONGEST_ID
    if long.any():
        at = int(np.flatnonzero(long)[0])
        raise InputError(
            f"{name}, feature {at + 1}: its id (column {column}) has {len(texts.iloc[at]):,} characters, and an id has at most "
            f"{LONGEST_ID}; name another id column (--zone-id) or shorten it."
        )
    if texts.duplicated().any():
        first = texts[texts.duplicated()].iloc[0]
        raise InputError(
            f"{name}: the zone id {first!r} (column {column}) occurs {int((texts == first).sum())} times; "
            "ids must be unique: dissolve the parts into one feature or name another id column (--zone-id)."
        )
    index: pd.Index = pd.Index(texts.to_numpy(dtype=object), dtype="str", name="zone_id")
    return index


def other_ids(raw: gpd.GeoDataFrame, chosen: str) -> dict[str, list[str]]:
    """Columns that could name the zones as well, for a table that goes by another code than the file's first."""
    columns = [str(c) for c in raw.columns if c not in (raw.geometry.name, chosen)]
    return {
        c: texts.tolist()
        for c in columns[:40]
        if (texts := unique_texts(raw[c])) is not None and _short(texts)
    }


def rekeyed(
    polygons: gpd.GeoDataFrame, tables: Sequence[pd.DataFrame], findings: list[Finding]
) -> gpd.GeoDataFrame:
    """Zones under the ids that their tables go by.

    Where no code of any table is an id of a zone, but codes stand in another unique column of the boundary file, the zones take
    their ids from that column.

    Args:
        polygons: Zones whose ``attrs["other_ids"]`` hold those columns.
        tables: Attribute tables by zone code.
        findings: Takes what was done.
    """
    codes = {str(code) for table in tables for code in table.index}
    offered: Mapping[str, list[str]] = polygons.attrs.get("other_ids", {})
    if not codes or not offered or codes & set(polygons.index):
        return polygons
    met = {column: len(codes & set(texts)) for column, texts in offered.items()}
    best = max(met, key=lambda column: met[column])
    if not met[best]:
        return polygons
    out = polygons.copy()
    same_name = (out["name"].astype("str") == out.index.to_series().astype("str")).to_numpy()
    out.index = pd.Index(offered[best], dtype="str", name="zone_id")
    out["name"] = out["name"].where(~same_name, out.index.to_series())
    text = f"The zone ids are those of the column {best!r} of the boundaries, by which the tables go."
    findings.append(Finding("info", text))
    return out
