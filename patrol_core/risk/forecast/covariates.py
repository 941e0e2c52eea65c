"""What is known of the zones besides crime: checked, and columns that say nothing left out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.forecast.panel import few

COLLINEAR = 1e-6
"""Share of a column's variance that must be its own, not a sum of the columns before it."""


@dataclass(frozen=True, eq=False)
class Covariates:
    """Covariates in the order of the zones.

    Attributes:
        names, labels: Columns used, for programs and for people.
        values: (zones, columns); what is unknown holds the column's median.
        notes: What was left out or filled, in words.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...]


def covariates_of(static: pd.DataFrame | None, zone_ids: Sequence[str]) -> Covariates:
    """Match covariates to zones.

    Args:
        static: Index zone id, numeric columns; ``attrs["labels"]`` may hold column -> words.

    Raises:
        InputError: If a column is not of numbers, a value is infinite, a zone is there twice, or hardly any
            zone has covariates (codes of another year, say).
    """
    if static is None or static.shape[1] == 0:
        return Covariates((), (), np.empty((len(zone_ids), 0)), ())
    notes: list[str] = []
    others = sorted(set(static.index.map(str)) - set(zone_ids))
    if others:
        notes.append(f"Covariates of {len(others)} zones that are not forecast are not used ({few(others)}).")
    table = _met(static, zone_ids)
    _say_missing(table, notes)
    kept: list[str] = []
    columns: list[Floats] = []
    left: dict[str, list[str]] = {}
    for name in table.columns:
        column = table[name].to_numpy(dtype=float)
        if np.isnan(column).all():
            left.setdefault("unknown in every zone", []).append(str(name))
            continue
        column = np.where(np.isnan(column), np.nanmedian(column), column)
        reason = _says_nothing(column, columns)
        if reason:
            left.setdefault(reason, []).append(str(name))
            continue
        kept.append(str(name))
        columns.append(column)
    notes += [f"Covariates left out, being {reason}: {', '.join(names)}." for reason, names in left.items()]
    words = static.attrs.get("labels", {})
    labels = tuple(str(words.get(name, name.replace("_", " "))) for name in kept)
    values = np.column_stack(columns) if columns else np.empty((len(zone_ids), 0))
    return Covariates(tuple(kept), labels, values, tuple(notes))


def digest_of(static: pd.DataFrame | None) -> str:
    """sha256 (hex) of the covariates and their labels; the same whatever the order of rows."""
    if static is None or static.shape[1] == 0:
        return ""
    table = static.copy()
    table.index = table.index.map(str)
    table = table.sort_index(kind="stable")
    digest = hashlib.sha256("\0".join((*table.index, "", *map(str, table.columns))).encode())
    words = static.attrs.get("labels", {})
    for name in table.columns:
        digest.update(f"{words.get(name, '')}\0".encode())  # shown, where a forecast is explained
        digest.update("\0".join(map(repr, table[name].tolist())).encode())
    return digest.hexdigest()


def _met(static: pd.DataFrame, zone_ids: Sequence[str]) -> pd.DataFrame:
    table = static.copy()
    table.index = table.index.map(str)
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise InputError(f"The covariates name the zone {twice!r} twice; give each zone once.")
    there = pd.Index(list(zone_ids)).isin(table.index)
    if there.mean() < 0.5:
        lost = [zone for zone, known in zip(zone_ids, there, strict=True) if not known]
        raise InputError(
            f"Covariates are missing for {len(lost)} of {len(zone_ids)} zones ({few(lost)}), likely for zones of another "
            "year; give covariates of these zones, or none."
        )
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise InputError(f"The covariate {name!r} holds text; give numbers, or leave the column out.")
        if np.isinf(table[name].to_numpy(dtype=float, na_value=np.nan)).any():
            raise InputError(f"The covariate {name!r} holds an infinite value; correct it or leave it empty.")
    return table.reindex(list(zone_ids)).astype(float)


def _say_missing(table: pd.DataFrame, notes: list[str]) -> None:
    lost = [str(zone) for zone in table.index[table.isna().all(axis=1)]]
    if lost:
        one = len(lost) == 1
        notes.append(
            f"{len(lost)} {'zone has' if one else 'zones have'} no covariates ({few(lost)}); the median of the others "
            "stands in."
        )
    rest = table.loc[~table.isna().all(axis=1)]
    for name in rest.columns[rest.isna().any()]:
        zones = [str(zone) for zone in rest.index[rest[name].isna()]]
        if len(zones) < len(rest):
            notes.append(
                f"The covariate {name} is unknown in {len(zones)} zones ({few(zones)}); its median stands in."
            )


def _says_nothing(column: Floats, before: Sequence[Floats]) -> str:
    """Why a column adds nothing to the columns before it, or ""."""
    centred = column - column.mean()
    size = float(centred @ centred)
    if size <= 1e-12 * max(float(column @ column), 1e-300):
        return "the same in every zone"
    if before:
        others = np.column_stack(before)
        others = (others - others.mean(axis=0)) / others.std(axis=0)
        answer = np.linalg.lstsq(others, centred, rcond=None)[0]
        rest = centred - others @ answer
        if float(rest @ rest) < COLLINEAR * size:
            return "sums of covariates before them (collinear)"
    return ""
