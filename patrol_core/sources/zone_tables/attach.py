"""Attribute tables to polygons: joined by zone code, never by position; every miss is reported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.errors import InputError
from patrol_core.sources.fields import without_population
from patrol_core.sources.zone_tables.covariates import figures_of, join_figures, successors, vintage_by_codes
from patrol_core.sources.zone_tables.headings import age_band

UNKNOWN = "Unknown"


def attach_attributes(
    polygons: gpd.GeoDataFrame, tables: pd.DataFrame | Sequence[pd.DataFrame]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Join attribute tables to polygons by zone code.

    A figure the polygons already have stays. Of several populations the latest year wins. If a
    2011-2021 lookup is among the tables, tables of the other vintage are carried over: figures that add
    up (persons) are divided equally among the successors of a split LSOA and summed over the parts of a
    merged one, the others are averaged.

    Returns:
        polygons, findings: A copy with ``population``, ``ward``, ``ward_code``, ``borough``,
            ``deprivation_order``, ``deprivation_quintile``, ``share_*`` (0..1 of the residents, by ethnic group
            and ``share_age_*``), ``largest_ethnic_group`` and ``group_*`` (other text columns) where the tables
            have them.

    Raises:
        InputError: If no code of a table is among the polygons.
    """
    given, lookups = _apart(tables)
    vintage = _polygon_vintage(polygons, lookups)
    out, findings = polygons.copy(), []
    for given_table in sorted(given, key=lambda t: -int(t.attrs.get("population_year", 0))):
        findings += given_table.attrs.get("notes", ())
        before = out["population"].copy() if "population" in out else None
        table, note = _to_vintage(given_table, vintage, lookups)
        findings += note
        if "deprivation_order" in table and not {"deprivation_order", "deprivation_quintile"} & set(
            out.columns
        ):
            findings.append(_basis(table))
        findings += _join_one(out, table)
        findings += _mixed_population(before, out, table)
    return _derive(out, findings), findings


def with_distinct_wards(polygons: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    """Names of wards made unique: wards of one name in several places get their borough, else their code, behind it.

    Names are what budgets, rosters, tables and groups know a ward by.

    Args:
        polygons: With ``ward``; told apart by ``ward_code``, else by ``borough``. Where neither differs they
            are one ward.
        findings: What was renamed is added here.
    """
    if "ward" not in polygons:
        return polygons
    blank = pd.Series("", index=polygons.index)
    texts = {
        c: polygons[c].fillna("").astype("str") if c in polygons else blank
        for c in ("ward", "ward_code", "borough")
    }
    frame = pd.DataFrame(texts)
    own = frame["ward_code"].where(frame["ward_code"] != "", frame["borough"])
    known = frame.assign(own=own)[(frame["ward"] != "") & (own != "")]
    several = known.groupby("ward")["own"].nunique()
    names = set(several.index[several > 1])
    rows = known[known["ward"].isin(names)]
    if rows.empty:
        return polygons
    pairs = rows.drop_duplicates(["ward", "own"])
    clear = (pairs["borough"] != "") & ~pairs.duplicated(["ward", "borough"], keep=False)
    by_borough = clear.groupby(pairs["ward"]).all()
    behind = rows["borough"].where(rows["ward"].map(by_borough).astype(bool), rows["own"])
    out = polygons.copy()
    out.loc[rows.index, "ward"] = rows["ward"] + " (" + behind + ")"
    text = f"{len(names):,} names of wards stand for several wards (first {min(names)}); each is told apart by its borough or code."
    findings.append(Finding("info", text, len(names)))
    return out


def attach_covariates(
    polygons: gpd.GeoDataFrame, tables: pd.DataFrame | Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Every numeric column of attribute tables for the zones of ``polygons``, by code.

    Returns:
        covariates, findings: Index as of ``polygons``; NaN where unknown; ``attrs``: ``labels`` and ``files``
            by column. None without any figure. Zones that a table lacks are named by :func:`attach_attributes`.
    """
    given, lookups = _apart(tables)
    vintage = _polygon_vintage(polygons, lookups)
    figures = [figures_of(t) for t in given]
    return join_figures(polygons.index, figures, lookup=lookups[0] if lookups else None, vintage=vintage)


def _apart(tables: pd.DataFrame | Sequence[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Tables of figures, and lookups between vintages."""
    given = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
    kinds = [table.attrs.get("kind") == "vintage lookup" for table in given]
    pairs = list(zip(given, kinds, strict=True))
    return [t for t, lookup in pairs if not lookup], [t for t, lookup in pairs if lookup]


def _mixed_population(
    before: pd.Series[Any] | None, out: gpd.GeoDataFrame, table: pd.DataFrame
) -> list[Finding]:
    """Say so when a table only fills the gaps another population left."""
    if before is None or "population" not in table or not before.notna().any():
        return []
    filled = int((before.isna() & out["population"].notna()).sum())
    if not filled:
        return []
    text = (
        f"{filled:,} of {len(out):,} zones have their population from "
        f"{table.attrs.get('file', 'another table')}, the others from another year or file; rates per "
        "head mix the two."
    )
    return [Finding("warning", text, filled)]


def _basis(table: pd.DataFrame) -> Finding:
    text = (
        f"Deprivation quintiles are formed within this area from {table.attrs.get('basis', 'the rank')} of "
        f"{table.attrs.get('file', 'the table')} (1 = most deprived)."
    )
    return Finding("info", text)


def _polygon_vintage(polygons: gpd.GeoDataFrame, lookups: list[pd.DataFrame]) -> str:
    if lookups:
        found = vintage_by_codes(polygons.index, lookups[0])
        if found:
            return found
    return str(polygons.attrs.get("vintage", ""))


def _to_vintage(
    table: pd.DataFrame, vintage: str, lookups: list[pd.DataFrame]
) -> tuple[pd.DataFrame, list[Finding]]:
    own = table.attrs.get("vintage", "") or (vintage_by_codes(table.index, lookups[0]) if lookups else "")
    if not lookups or not own or not vintage or own == vintage:
        return table, []
    merged = successors(lookups[0], own, vintage).merge(table, left_on=own, right_index=True)
    parts = {}
    for column in table.columns:
        if column == "population" or column.startswith(("ethnic_", "age_")):
            values = merged[column] * merged["share"]
            parts[column] = values.groupby(merged[vintage]).sum(min_count=1)
        elif pd.api.types.is_numeric_dtype(table[column].dtype):
            parts[column] = merged[column].groupby(merged[vintage]).mean()
        else:
            parts[column] = merged[column].groupby(merged[vintage]).first()
    out = pd.DataFrame(parts, index=pd.Index(sorted(merged[vintage].unique()), name="zone_id"))
    out.attrs = {**table.attrs, "vintage": vintage}
    text = (
        f"{table.attrs.get('file', 'A table')} uses {own} LSOAs, the polygons {vintage} ones; its figures "
        "were carried over by the lookup, which is exact for unchanged LSOAs and approximate for split ones."
    )
    return out, [Finding("info", text)]


def _join_one(out: gpd.GeoDataFrame, table: pd.DataFrame) -> list[Finding]:
    """Write columns of ``table`` into ``out`` where that has no value yet; report codes that do not meet."""
    file = str(table.attrs.get("file", "The attribute table"))
    known = out.index.isin(table.index)
    if not known.any():
        raise InputError(
            f"{file}: none of its zone codes (first {table.index[0]}) is among the polygons (first "
            f"{out.index[0]}); give the table that belongs to these boundaries."
        )
    aligned = table.reindex(out.index)
    for column in table.columns:
        if column not in out:
            out[column] = aligned[column].fillna("") if _is_text(aligned[column]) else aligned[column]
        elif _is_text(table[column]):
            empty = out[column].astype("str").fillna("") == ""
            out[column] = out[column].astype("str").mask(empty, aligned[column].fillna(""))
        else:
            out[column] = out[column].astype(float).fillna(aligned[column])
    missing = int((~known).sum())
    if not missing:
        return []
    own = table.attrs.get("vintage", "")
    why = f"; it uses {own} LSOA codes, so these zones are probably of the other vintage" if own else ""
    text = (
        f"{file} has no row for {missing:,} of {len(out):,} zones (first {out.index[~known][0]}){why}; "
        "their figures from it are unknown and rates or groups leave them out."
    )
    return [Finding("warning", text, missing)]


def _is_text(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype)


def _derive(out: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    if "deprivation_order" in out and "deprivation_quintile" not in out:
        out["deprivation_quintile"] = quintiles_by_nation(out["deprivation_order"])
    counts = [c for c in out.columns if str(c).startswith("ethnic_")]
    if counts:
        total = out[counts].sum(axis=1, min_count=len(counts))
        shares = out[counts].div(total.where(total > 0), axis=0)
        for column in counts:
            out[column.replace("ethnic_", "share_")] = shares[column]
        known = shares.notna().all(axis=1)
        largest = shares.fillna(-1.0).idxmax(axis=1).str.removeprefix("ethnic_").str.capitalize()
        out["largest_ethnic_group"] = largest.where(known, UNKNOWN).astype("str")
        out = out.drop(columns=counts)
    out = with_age_shares(out, findings)
    if "population" in out and (count := int(out["population"].isna().sum())):
        words = without_population(count, len(out), out.index[out["population"].isna()][0])
        findings.append(Finding("warning", f"{words[:1].upper()}{words[1:]}.", count, topic="place"))
    return out


def with_age_shares(polygons: gpd.GeoDataFrame, findings: list[Finding] | None = None) -> gpd.GeoDataFrame:
    """Add ``share_age_0_15`` ... (0..1 of all ages counted) where the polygons count residents by age.

    Bands that overlap, or of which there is only one, cannot be shares of all residents and are left.
    """
    bands = {str(c): band for c in polygons.columns if (band := age_band(str(c))) is not None}
    if len(bands) < 2:
        return polygons
    ends = sorted(
        (int(band.split("_")[0]), 200 if band.endswith("over") else int(band.split("_")[1]))
        for band in bands.values()
    )
    if any(low <= before for (_, before), (low, _) in pairwise(ends)):
        if findings is not None:
            text = "The age bands overlap, so they are not used as groups; give bands that follow each other."
            findings.append(Finding("info", text))
        return polygons
    counts = polygons[list(bands)].astype(float)
    total = counts.sum(axis=1, min_count=len(bands))
    out = polygons.copy()
    for column, band in bands.items():
        out[f"share_age_{band}"] = counts[column] / total.where(total > 0)
    return out


def quintiles_by_nation(order: pd.Series[Any]) -> pd.Series[Any]:
    """Quintiles within each nation: ranks of England's and Wales' indices cannot be compared.

    The nation is the first letter of a zone code such as E01004734; zones with other ids are one nation.
    """
    codes = order.index.astype("str").to_series(index=order.index)
    nation = codes.str[0].where(codes.str.fullmatch(r"[EWSN]\d{8}"), "")
    if nation.nunique() < 2:
        return quintiles(order)
    parts = [quintiles(order[nation == one]) for one in sorted(nation.unique())]
    out: pd.Series[Any] = pd.concat(parts).reindex(order.index)
    return out


def quintiles(order: pd.Series[Any]) -> pd.Series[Any]:
    """Quintile "1" (smallest fifth of ``order``) to "5"; ties share a quintile; missing is "Unknown"."""
    known = order.notna()
    share = (order.rank(method="average") - 0.5) / max(1, int(known.sum()))
    fifth = np.clip(np.floor(share.fillna(0.0) * 5).astype(int) + 1, 1, 5).astype(str)
    return pd.Series(np.where(known, fifth, UNKNOWN), index=order.index, dtype="str")
