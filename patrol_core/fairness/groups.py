r"""Who belongs to which group: whole zones, or the residents of a zone divided between groups.

Zones are not people. Where a census counts the residents of each zone by ethnic group or age, membership is a share
:math:`s_{gi} \in [0, 1]` of the residents :math:`p_i`, and a group's exposure to an amount :math:`a_i` (patrol, harm left) is

.. math::
    E_g = \frac{\sum_i p_{gi} h_i}{\sum_i p_{gi}}, \qquad p_{gi} = s_{gi} p_i, \quad h_i = a_i / p_i

so each group counts the zones as its members live in them. With whole zones (:math:`s_{gi}` 0 or 1) it is the plain rate per
head. Exposure says what the streets around people's homes get; it says nothing about how any person is treated, nor
about those who work or pass there.

Rules of the models need groups of whole zones. For divided residents a zone counts for the group that is most
over-represented there, that is of the largest location quotient :math:`s_{gi} / (\sum_i s_{gi} p_i / \sum_i p_i)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats

Shares = Mapping[str, Mapping[str, float]]

ETHNIC = ("asian", "black", "mixed", "other", "white")
ETHNICITY, AGE = "ethnic_group", "age_band"
WEIGHTED: Mapping[str, str] = {
    ETHNICITY: "Ethnic group (residents of each zone, census)",
    AGE: "Age (residents of each zone, census)",
}
"""Groupings of people rather than zones: key -> label."""
PEOPLE_WORDS = (
    "Groups divide the residents of each zone by census counts, so figures say what the places where a group lives get, "
    "not how any person is treated; rules count each zone for the group that is most over-represented there."
)
_AGE = "share_age_"
_NOT_KNOWN = {"", "Unknown"}


@dataclass(frozen=True, eq=False)
class Grouping:
    """One way to divide residents.

    Attributes:
        key, label: Column or key, and words for people.
        names: Groups, in the order of tables.
        share: (G, n) share of each zone's residents that belongs to the group, 0 to 1.
        weighted: True where residents of a zone are divided between groups.
    """

    key: str
    label: str
    names: tuple[str, ...]
    share: Floats
    weighted: bool

    def rates(self, amount: ArrayLike, population: ArrayLike) -> Floats:
        """Amount per 1,000 members of each group.

        Args:
            amount: (..., n) per zone.
            population: (n,) residents.

        Returns:
            ndarray: (..., G); NaN for a group without members.
        """
        heads = self.share @ np.asarray(population, dtype=np.float64)
        total = np.asarray(amount, dtype=np.float64) @ self.share.T
        unknown = np.full(total.shape, np.nan)
        return 1000.0 * np.asarray(np.divide(total, heads, out=unknown, where=heads > 0), dtype=np.float64)

    def as_shares(self, zone_ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Group -> zone -> share of the residents, zones without members left out."""
        return {
            name: {str(zone): float(share) for zone, share in zip(zone_ids, row, strict=True) if share > 0}
            for name, row in zip(self.names, self.share, strict=True)
        }


def weighted_columns(columns: Sequence[object]) -> dict[str, dict[str, str]]:
    """Groupings of people that a table of zones offers: key -> column -> name of the group."""
    names = [str(column) for column in columns]
    ethnic = {f"share_{group}": group.capitalize() for group in ETHNIC if f"share_{group}" in names}
    ages = {name: _age_words(name) for name in names if name.startswith(_AGE)}
    ages = dict(sorted(ages.items(), key=lambda item: int(item[0].removeprefix(_AGE).split("_")[0])))
    return {key: found for key, found in ((ETHNICITY, ethnic), (AGE, ages)) if len(found) > 1}


def _age_words(column: str) -> str:
    low, _, high = column.removeprefix(_AGE).partition("_")
    return f"{low} and over" if high == "over" else f"{low} to {high}"


def weighted_grouping(zones: pd.DataFrame, key: str) -> Grouping:
    """Residents divided by the ``share_*`` columns of the zones; a zone of unknown shares belongs to no group."""
    columns = weighted_columns(list(zones.columns))[key]
    share = zones[list(columns)].to_numpy(dtype=float).T
    known = np.isfinite(share).all(axis=0)
    clean = np.where(known, np.clip(share, 0.0, 1.0), 0.0)
    return Grouping(key, WEIGHTED[key], tuple(columns.values()), clean, weighted=True)


def zone_grouping(labels: Sequence[object], *, key: str, label: str) -> Grouping:
    """Whole zones by their label; empty and "Unknown" labels belong to no group.

    Args:
        key: Column or key.
    """
    texts = np.asarray(["" if given is None or given != given else str(given) for given in labels])
    names = tuple(sorted(set(texts.tolist()) - _NOT_KNOWN))
    share = np.array([texts == name for name in names], dtype=float).reshape(len(names), len(texts))
    return Grouping(key, label, names, share, weighted=False)


def most_over_represented(grouping: Grouping, population: ArrayLike) -> NDArray[np.str_]:
    """(n,) name of the group of the largest location quotient in each zone; "" where nobody's group is known."""
    people = np.asarray(population, dtype=np.float64)
    whole = float(people.sum())
    overall = grouping.share @ people / whole if whole > 0 else grouping.share.mean(axis=1)
    quotient = np.divide(
        grouping.share, overall[:, None], out=np.zeros_like(grouping.share), where=overall[:, None] > 0
    )
    names = np.asarray([*grouping.names, ""])
    return np.asarray(names[np.where(quotient.max(axis=0) > 0, quotient.argmax(axis=0), len(grouping.names))])


def deprivation_rank(zones: pd.DataFrame) -> Floats | None:
    """(n,) fifth of deprivation, 1 = most deprived, NaN unknown; None where the zones do not tell."""
    for column in ("deprivation_quintile", "income_quintile"):
        if column in zones:
            rank = pd.to_numeric(zones[column].astype("object").astype(str), errors="coerce").to_numpy(
                dtype=float
            )
            if np.isfinite(rank).sum() >= 2:
                return np.asarray(rank, dtype=np.float64)
    return None
