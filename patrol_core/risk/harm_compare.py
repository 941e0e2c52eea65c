r"""How the ranking of zones moves from one harm table to another.

Risk of zone :math:`z` by table :math:`k` is :math:`\sum_t w_{kt} N_{zt} / M`, of the same crimes. Zones are ranked by
it (1 = highest, ties share the mean rank), and two tables are compared by Spearman's rank correlation, Pearson's
correlation of these ranks: 1 is the same order, 0 no relation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patrol_core.errors import InputError

if TYPE_CHECKING:
    from patrol_core.risk.harm import HarmTable
    from patrol_core.risk.surface import RiskSurface


def risk_by_table(
    surface: RiskSurface, tables: Mapping[str, HarmTable]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Recorded risk per month of every zone by every table that has a weight for each type.

    Returns:
        risk, left_out: Index zone_id, one column a table; and why a table could not be used, by name.
    """
    columns, left_out = {}, {}
    for name, table in tables.items():
        try:
            columns[name] = surface.counts @ table.weights_of(surface.crime_types) / max(surface.months, 1)
        except InputError as error:
            left_out[name] = str(error)
    index = pd.Index(surface.zone_ids, name="zone_id")
    return pd.DataFrame(columns, index=index), left_out


def ranks_of(risk: pd.DataFrame) -> pd.DataFrame:
    """Rank of every zone by every table; 1 is the highest, ties share the mean rank."""
    return risk.rank(ascending=False, method="average")


def rank_correlation(risk: pd.DataFrame) -> pd.DataFrame:
    """Spearman's rank correlation of every two tables; NaN where a table tells no zones apart."""
    ranks = ranks_of(risk)
    table = ranks.corr()
    flat = ranks.std(ddof=0) == 0
    table.loc[flat, :] = np.nan
    table.loc[:, flat] = np.nan
    return table


def movers(risk: pd.DataFrame, first: str, second: str, names: Sequence[str], most: int = 12) -> pd.DataFrame:
    """Zones whose rank moves furthest from one table to the other.

    Args:
        first, second: Columns of ``risk``.
        names: Name of every zone, in the order of ``risk``.
        most: Rows returned.

    Returns:
        DataFrame: zone_id, name, rank_before, rank_after, places (positive: up the list); furthest first, then
            highest first.
    """
    ranks = ranks_of(risk)
    frame = pd.DataFrame(
        {
            "zone_id": risk.index.astype(str),
            "name": list(names),
            "rank_before": ranks[first].to_numpy(),
            "rank_after": ranks[second].to_numpy(),
        }
    )
    frame["places"] = frame["rank_before"] - frame["rank_after"]
    best = frame[["rank_before", "rank_after"]].min(axis=1)
    order = np.lexsort((best.to_numpy(), -frame["places"].abs().to_numpy()))
    return frame.iloc[order[:most]].reset_index(drop=True)
