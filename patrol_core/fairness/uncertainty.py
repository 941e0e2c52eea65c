"""Measures of inequality with their uncertainty.

Two seeded ways, named with every interval:

* **zones**: zones are drawn with replacement (Efron 1979, Ann. Statist. 7, 1-26), as if the city were a sample of zones.
  A zone drawn k times counts k times its residents.
* **draws**: the plan stays, harm is drawn anew from what small counts allow, so that only the harm left moves. The
  patrol itself is what was decided and has no such chance in it.

Intervals are the 5 and 95 % points; formulas as in :mod:`~patrol_core.fairness.indices`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.fairness import indices
from patrol_core.fairness.groups import Grouping
from patrol_core.fairness.measures import min_max_ratio

LOW, HIGH = 0.05, 0.95
REPLICATES = 300
MEASURES = (
    "gini",
    "theil",
    "theil_between",
    "theil_within",
    "atkinson",
    "hoover",
    "min_max_ratio",
    "concentration",
)


@dataclass(frozen=True, eq=False)
class People:
    """Who the measures are about.

    Attributes:
        population: (n,) residents; zones without any carry no weight.
        grouping: Groups of the ratio and of the Theil split, or None.
        rank: (n,) deprivation, 1 = most deprived, NaN unknown, or None.
        aversion: Atkinson's epsilon, above 0.
    """

    population: Floats
    grouping: Grouping | None = None
    rank: Floats | None = None
    aversion: float = 0.5

    def __post_init__(self) -> None:
        if not self.aversion > 0:
            raise InputError(f"Atkinson's aversion is {self.aversion!r}; accepted is a number above 0.")
        if not np.asarray(self.population).sum() > 0:
            raise InputError("Nobody lives in any zone, so nothing can be said per head; add populations.")


def all_measures(amount: ArrayLike, people: People, times: Floats | None = None) -> dict[str, float]:
    """Every measure of one amount; NaN where its input is not known.

    Args:
        amount: (n,) per zone.
        people: Residents, groups, rank, aversion.
        times: (n,) how often each zone counts; once by default.
    """
    amounts = np.asarray(amount, dtype=np.float64)
    weight = people.population * (1.0 if times is None else times)
    lived = weight > 0
    rate = np.divide(amounts, people.population, out=np.zeros_like(amounts), where=people.population > 0)
    h, p = rate[lived], weight[lived]
    found = dict.fromkeys(MEASURES, float("nan"))
    found["gini"], found["theil"] = indices.gini(h, p), indices.theil(h, p)
    found["atkinson"], found["hoover"] = indices.atkinson(h, p, people.aversion), indices.hoover(h, p)
    if people.grouping is not None:
        found["min_max_ratio"] = min_max_ratio(people.grouping.rates(rate * weight, weight))
        found["theil_between"], found["theil_within"] = _theil_split(people.grouping, h, p, lived)
    if people.rank is not None:
        ranked = lived & np.isfinite(people.rank)
        if ranked.any():
            found["concentration"] = indices.concentration(rate[ranked], weight[ranked], people.rank[ranked])
    return found


def _theil_split(grouping: Grouping, rate: Floats, weight: Floats, lived: np.ndarray) -> tuple[float, float]:
    """Between and within, each group's part of a zone counted as people of the zone's rate.

    Residents of no group are one more group, so that the two add up to the whole.
    """
    inside = grouping.share[:, lived]
    share = np.vstack([inside, np.maximum(1.0 - inside.sum(axis=0), 0.0)])
    heads = share @ weight
    counted = heads > 0
    means = np.asarray((share @ (rate * weight))[counted] / heads[counted], dtype=np.float64)
    between = indices.theil(means, heads[counted])
    return between, max(indices.theil(rate, weight) - between, 0.0)


def zone_intervals(
    amount: ArrayLike, people: People, *, seed: int, replicates: int = REPLICATES
) -> dict[str, tuple[float, float]]:
    """5 and 95 % points of every measure over zones drawn with replacement.

    Args:
        amount: (n,) per zone.
        people: Residents, groups, rank, aversion.
        seed: Of the draws.

    Raises:
        InputError: For fewer than 2 replicates.
    """
    _check(replicates)
    rng = np.random.default_rng(seed)
    count = len(people.population)
    rows: list[dict[str, float]] = []
    while len(rows) < replicates:
        times = rng.multinomial(count, np.full(count, 1.0 / count)).astype(np.float64)
        if (people.population * times).sum() > 0:  # a draw of uninhabited zones alone says nothing
            rows.append(all_measures(amount, people, times))
    return _points(pd.DataFrame(rows))


def draw_intervals(amounts: ArrayLike, people: People) -> dict[str, tuple[float, float]]:
    """5 and 95 % points of every measure over (S, n) draws of the amount."""
    table = np.asarray(amounts, dtype=np.float64)
    _check(len(table))
    return _points(pd.DataFrame([all_measures(row, people) for row in table]))


def measures_table(
    residual: ArrayLike,
    burden: ArrayLike,
    people: People,
    *,
    seed: int,
    residual_draws: ArrayLike | None = None,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Every measure of both views with its intervals.

    Args:
        residual, burden: (n,) harm left and patrol per zone.
        residual_draws: (S, n) harm left if the harm were another draw, the plan being fixed.
        people: Residents, groups, rank, aversion.
        seed: Of the draws.
        replicates: How many draws of zones.

    Returns:
        pandas.DataFrame: measure, protection, protection_zones_low and _high, protection_draws_low and _high
            (NaN without draws), burden, burden_zones_low and _high.
    """
    stated = {"protection": all_measures(residual, people), "burden": all_measures(burden, people)}
    ranges = {
        "protection_zones": zone_intervals(residual, people, seed=seed, replicates=replicates),
        "burden_zones": zone_intervals(burden, people, seed=seed, replicates=replicates),
    }
    if residual_draws is not None:
        ranges["protection_draws"] = draw_intervals(residual_draws, people)
    nothing = (float("nan"), float("nan"))
    rows = []
    for measure in MEASURES:
        row: dict[str, object] = {"measure": measure, "protection": stated["protection"][measure]}
        for name in ("protection_zones", "protection_draws", "burden_zones"):
            if name == "burden_zones":
                row["burden"] = stated["burden"][measure]
            row[f"{name}_low"], row[f"{name}_high"] = ranges.get(name, {}).get(measure, nothing)
        rows.append(row)
    return pd.DataFrame(rows)


def _points(frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
    found = {}
    for measure in MEASURES:
        values = frame[measure].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        low, high = np.quantile(values, [LOW, HIGH]) if len(values) else (np.nan, np.nan)
        found[measure] = (float(low), float(high))
    return found


def _check(replicates: int) -> None:
    if replicates < 2:
        raise InputError(f"An interval needs at least 2 replicates; {replicates} were asked for.")
