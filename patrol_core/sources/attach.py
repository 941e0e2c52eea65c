"""Attribute tables to polygons: joined by zone code, never by position, and every miss is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from patrol_core.areas import Finding
from patrol_core.errors import InputError

UNKNOWN = "Unknown"


def attach_attributes(
    polygons: gpd.GeoDataFrame, tables: pd.DataFrame | Sequence[pd.DataFrame]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Join attribute tables to polygons by zone code.

    A figure the polygons already have stays. Of several populations the latest year wins. If a
    2011-2021 lookup is among the tables, tables of the other vintage are carried over: figures that add
    up (persons) are divided equally among the successors of a split LSOA and summed over the parts of a
    merged one, the others are averaged.

    Returns
    -------
    polygons, findings
        A copy with ``population``, ``ward``, ``ward_code``, ``borough``, ``deprivation_order``,
        ``deprivation_quintile``, ``share_*`` (0..1 of the residents) and ``largest_ethnic_group`` where
        the tables have them.

    Raises
    ------
    InputError
        If no code of a table is among the polygons.
    """
    given = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
    lookups = [t for t in given if t.attrs.get("kind") == "vintage lookup"]
    vintage = _polygon_vintage(polygons, lookups)
    out, findings = polygons.copy(), []
    by_year = sorted(
        (t for t in given if t.attrs.get("kind") != "vintage lookup"),
        key=lambda t: -int(t.attrs.get("population_year", 0)),
    )
    for given_table in by_year:
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


def _mixed_population(
    before: pd.Series[Any] | None, out: gpd.GeoDataFrame, table: pd.DataFrame
) -> list[Finding]:
    """Say so when a table only fills the gaps another population left."""
    if before is None or "population" not in table or not before.notna().any():
        return []
    filled = int((before.isna() & out["population"].notna()).sum())
    if not filled:
        return []
    return [
        Finding(
            "warning",
            f"{filled:,} of {len(out):,} zones have their population from "
            f"{table.attrs.get('file', 'another table')}, the others from another year or file; rates per "
            "head mix the two.",
            filled,
        )
    ]


def _basis(table: pd.DataFrame) -> Finding:
    return Finding(
        "info",
        f"Deprivation quintiles are formed within this area from {table.attrs.get('basis', 'the rank')} of "
        f"{table.attrs.get('file', 'the table')} (1 = most deprived).",
    )


def _polygon_vintage(polygons: gpd.GeoDataFrame, lookups: list[pd.DataFrame]) -> str:
    if lookups:
        pairs = lookups[0]
        old, new = polygons.index.isin(pairs.index).mean(), polygons.index.isin(pairs["lsoa21"]).mean()
        if old != new:
            return "2011" if old > new else "2021"
    return str(polygons.attrs.get("vintage", ""))


def _to_vintage(
    table: pd.DataFrame, vintage: str, lookups: list[pd.DataFrame]
) -> tuple[pd.DataFrame, list[Finding]]:
    own = table.attrs.get("vintage", "")
    if not lookups or not own or not vintage or own == vintage:
        return table, []
    pairs = lookups[0].reset_index().rename(columns={"zone_id": "2011", "lsoa21": "2021"})[[own, vintage]]
    pairs = pairs.drop_duplicates()
    share = 1.0 / pairs.groupby(own)[own].transform("size")
    merged = pairs.assign(share=share).merge(table, left_on=own, right_index=True)
    parts = {}
    for column in table.columns:
        if column == "population" or column.startswith("ethnic_"):
            values = merged[column] * merged["share"]
            parts[column] = values.groupby(merged[vintage]).sum(min_count=1)
        elif pd.api.types.is_numeric_dtype(table[column].dtype):
            parts[column] = merged[column].groupby(merged[vintage]).mean()
        else:
            parts[column] = merged[column].groupby(merged[vintage]).first()
    out = pd.DataFrame(parts).rename_axis("zone_id")
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
    return [
        Finding(
            "warning",
            f"{file} has no row for {missing:,} of {len(out):,} zones (first {out.index[~known][0]}){why}; "
            "their figures from it are unknown and rates or groups leave them out.",
            missing,
        )
    ]


def _is_text(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype)


def _derive(out: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    if "deprivation_order" in out and "deprivation_quintile" not in out:
        out["deprivation_quintile"] = quintiles(out["deprivation_order"])
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
    if "population" in out and (count := int(out["population"].isna().sum())):
        findings.append(
            Finding(
                "warning",
                f"{count:,} of {len(out):,} zones have no population (first "
                f"{out.index[out['population'].isna()][0]}); rates per head and fairness per head leave them "
                "out.",
                count,
                topic="place",
            )
        )
    return out


def quintiles(order: pd.Series[Any]) -> pd.Series[Any]:
    """Quintile "1" (smallest fifth of ``order``) to "5"; ties share a quintile; missing is "Unknown"."""
    known = order.notna()
    share = (order.rank(method="average") - 0.5) / max(1, int(known.sum()))
    fifth = np.clip(np.floor(share.fillna(0.0) * 5).astype(int) + 1, 1, 5).astype(str)
    return pd.Series(np.where(known, fifth, UNKNOWN), index=order.index, dtype="str")
