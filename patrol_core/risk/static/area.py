"""A static score from the data of an area: which crime, per what, on which covariates.

By default burglary where the data have it (else the types that count in the risk), per 1,000 **households** a year where the count of
households is known and only burglary is asked for, else per 1,000 residents. Zones must be those that the covariates describe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.risk.static.score import Exposure, StaticScore, static_score, zone_counts

if TYPE_CHECKING:
    import geopandas as gpd

Per = Literal["households", "residents", "rate"]

BURGLARY = ("Burglary",)
HOW_TO_GIVE = (
    "Add CSVs by zone code (Index of Deprivation, census tables, house prices): on the Data page under “About the zones”, on the "
    "command line with --attributes."
)
_HOUSEHOLDS = ("households", "all_households", "total_households")


def why_not(data: AreaData, zone_ids: Sequence[str]) -> str:
    """Why these zones can have no static score, in a sentence; "" if they can."""
    if data.covariates is None or not len(data.covariates.columns):
        return f"{data.name} says nothing about its zones besides crime, so there is nothing to explain crime by. {HOW_TO_GIVE}"
    known = set(data.covariates.index.astype("str"))
    if not known & {str(zone) for zone in zone_ids}:
        return f"The covariates of {data.name} describe its published zones, not these; choose LSOA or own polygons as zones."
    return ""


def exposures(data: AreaData, population: pd.Series) -> tuple[Per, ...]:
    """What crime can be counted against, the best for burglary first."""
    if " per " in data.value_unit():
        return ("rate",)
    found: list[Per] = []
    if _households(data) is not None:
        found.append("households")
    if bool((population > 0).any()):
        found.append("residents")
    return tuple(found)


def default_types(all_types: Sequence[str], in_risk: Sequence[str]) -> tuple[str, ...]:
    """Burglary where there is any, else the types that count in the risk."""
    return BURGLARY if BURGLARY[0] in all_types else tuple(in_risk)


def default_per(offered: Sequence[Per], crime_types: Sequence[str]) -> Per:
    """Households for burglary alone, residents for all else, as far as they are known."""
    if not offered:
        raise InputError(
            "Neither residents nor households of the zones are known, so there is no rate to explain; add a census table."
        )
    wanted: Per = "households" if tuple(crime_types) == BURGLARY else "residents"
    return wanted if wanted in offered else offered[0]


def score_area(
    data: AreaData,
    zones: gpd.GeoDataFrame,
    counts: pd.DataFrame,
    months: Sequence[str],
    *,
    crime_types: Sequence[str],
    per: Per | None = None,
    columns: Sequence[str] | None = None,
    vif_limit: float | None = None,
    neighbours: Mapping[str, Sequence[str]] | None = None,
) -> StaticScore:
    """Static score of the zones of an area.

    Args:
        data: The area: covariates, years of the counts.
        zones: Patrol zones, indexed by zone_id, with ``population``.
        counts: Long counts of these zones: zone_id, month, crime_type, count.
        months: Months the counts are of.
        crime_types: Types to explain.
        per: ``households``, ``residents`` or ``rate`` (the counts are rates); by the rule of
            :func:`default_per` when not given.
        columns, vif_limit, neighbours: See :func:`patrol_core.risk.static.score.static_score`.

    Raises:
        InputError: Without covariates or exposure, and as ``static_score`` does.
    """
    ids = tuple(str(zone) for zone in zones.index)
    reason = why_not(data, ids)
    if reason or data.covariates is None:
        raise InputError(reason)
    unknown = [t for t in crime_types if t not in data.crime_types]
    if unknown or not crime_types:
        raise InputError(
            f"The data have no crime type {unknown[0]!r}; choose from {', '.join(data.crime_types)}."
            if unknown
            else "Choose at least one crime type to explain."
        )
    chosen = per or default_per(exposures(data, zones["population"]), crime_types)
    return static_score(
        ids,
        zone_counts(counts, ids, crime_types),
        _exposure(data, zones, months, chosen),
        data.covariates,
        columns=columns,
        vif_limit=vif_limit,
        neighbours=neighbours,
    )


def _exposure(data: AreaData, zones: gpd.GeoDataFrame, months: Sequence[str], per: Per) -> Exposure:
    if per == "rate":
        return Exposure(None, data.value_unit(), 1.0)
    years = max(len(months), 1) / 12.0 if data.dated else 1.0
    if per == "residents":
        return Exposure(zones["population"].to_numpy(dtype=float), "residents", years)
    households = _households(data)
    if households is None:
        raise InputError(
            "The number of households is not known; choose residents, or add a census table with it."
        )
    return Exposure(
        np.asarray(households.reindex(zones.index.astype("str")), dtype=float), "households", years
    )


def _households(data: AreaData) -> pd.Series | None:
    table = data.covariates
    name = next((c for c in _HOUSEHOLDS if table is not None and c in table), None)
    if table is None or name is None:
        return None
    return table[name].set_axis(table.index.astype("str"))


def reading(score: StaticScore, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What the coefficients say, one sentence each, the strongest first; those not distinguishable from zero last, together.

    A share is read at 10 points more, an amount at 10 % of its mean more, a figure that can be negative at one standard deviation.
    """
    sentences: list[str] = []
    unclear: list[str] = []
    table = score.coefficients.iloc[1:]
    order = table["coefficient"].abs().sort_values(ascending=False, kind="stable").index
    for _, row in table.loc[order].iterrows():
        term = str(row["term"])
        label = labels.get(term, term)
        if not row["p"] < 0.05:
            unclear.append(label)
            continue
        step, words = _step(score.design[term], float(row["mean"]), float(row["sd"]))
        change = [
            100.0 * float(np.expm1(row[end] / row["sd"] * step)) for end in ("coefficient", "low", "high")
        ]
        more = "more" if change[0] >= 0 else "less"
        ends = sorted(abs(c) for c in change[1:])
        sentences.append(
            f"Zones with {words} {label} have on average {abs(change[0]):.1f} % {more} crime per 1,000, all other covariates alike "
            f"(95 % interval {ends[0]:.1f} to {ends[1]:.1f} %)."
        )
    if unclear:
        sentences.append(f"Not told from no association here: {', '.join(unclear)}.")
    return tuple(sentences)


def _step(values: pd.Series, mean: float, sd: float) -> tuple[float, str]:
    known = values.dropna()
    if bool(known.between(0, 1).all()):
        return 0.1, "10 points more of"
    if bool((known >= 0).all()) and mean > 0:
        return 0.1 * mean, "10 % more"
    return sd, "one standard deviation more of"
