"""Who is protected and who bears the patrols: rates per head by group, and how unequal they are.

Patrol is both a protection and a burden, so :func:`summary` always shows both: what risk stays with each
group's residents, and how much patrol they see. Group rates are sums over the group's zones per 1,000
residents of the group. Where nobody knows who lives where, a head is a zone (:data:`HEADS`): rates are per zone, and no table
speaks of residents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

Groups = Mapping[str, Sequence[str]] | Mapping[str, Mapping[str, float]]
"""Group -> zone ids, or group -> zone id -> share of the zone's residents who belong to it (0 to 1)."""

#: The screening threshold for the smallest group rate over the largest.
FOUR_FIFTHS = 0.8


@dataclass(frozen=True, slots=True)
class Head:
    """What rates are per, and what tables call it.

    Attributes:
        counted: Column of how many heads a group has.
        rate: Column of a group's rate.
        per: Heads that a rate is per.
        words: "per 1,000 residents".
        protection, burden: The two views in the column ``view``.
    """

    counted: str
    rate: str
    per: float
    words: str
    protection: str
    burden: str


HEADS: Mapping[str, Head] = {
    "residents": Head(
        "population", "per_1000", 1000.0, "per 1,000 residents",
        "protection: residual per 1,000", "burden: patrol per 1,000",
    ),
    "zones": Head(
        "zones", "per_zone", 1.0, "per zone", "protection: residual per zone", "burden: patrol per zone"
    ),
}  # fmt: skip
"""What a head can be: one of the residents, or a zone where no residents are known."""
PROTECTION, BURDEN = HEADS["residents"].protection, HEADS["residents"].burden

#: Share of the largest amount up to which two plans count as equal.
ROUNDING = 1e-7


def group_table(
    zone_ids: Sequence[str],
    population: ArrayLike,
    groups: Groups,
    amount: ArrayLike,
    *,
    head: str = "residents",
) -> pd.DataFrame:
    """Amount per 1,000 residents, or per zone, of every group.

    Args:
        zone_ids: Labels, in the order of the arrays.
        population: Residents, shape ``(n,)``; 1 for each zone where a head is a zone.
        groups: Group name to zone ids, or to zone id and share of its residents (then a group's rate is its
            members' exposure ``sum s p h / sum s p``, and population and amount are counted by share); groups
            may overlap.
        amount: What is counted per zone (residual harm, coverage, hours), shape ``(n,)``, 0 or more.
        head: What rates are per, one of :data:`HEADS`.

    Returns:
        pandas.DataFrame: group, zones (how many), population, amount, per_1000, ratio_to_overall (group's rate
            over the rate of all zones). A group without residents has no rate: NaN. Where a head is a zone:
            group, zones (counted by share), amount, per_zone, ratio_to_overall.

    Raises:
        InputError: Unknown or repeated zones, lengths that differ, negative or missing numbers, a share outside
            0..1.
    """
    counted = _head(head)
    people, amounts = _arrays(population, amount, len(zone_ids))
    overall = amounts.sum() / people.sum()
    rows = []
    for group, members in groups.items():
        inside, share = _members(zone_ids, group, members)
        heads, total = float(people[inside] @ share), float(amounts[inside] @ share)
        rate = total / heads if heads > 0 else np.nan
        ratio = rate / overall if overall > 0 else (1.0 if heads > 0 else np.nan)
        zones = heads if counted.counted == "zones" and heads != len(inside) else len(inside)
        rows.append((group, zones, heads, total, counted.per * rate, ratio))
    columns = ["group", "zones", "population", "amount", counted.rate, "ratio_to_overall"]
    table = pd.DataFrame(rows, columns=columns)
    return table if counted.counted == "population" else table.drop(columns="population")


def change(now: ArrayLike, before: ArrayLike) -> Floats:
    """``now - before``, with 0 where the difference is no more than a solver's rounding.

    Args:
        now, before: Amounts of two plans in the same unit; NaN where unknown.

    Returns:
        array: In their unit; differences of at most :data:`ROUNDING` of the largest amount are 0.
    """
    mine, theirs = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
    amounts = np.abs(np.concatenate([np.ravel(mine), np.ravel(theirs)]))
    largest = float(amounts[np.isfinite(amounts)].max(initial=0.0))
    difference = mine - theirs
    return np.where(np.abs(difference) <= ROUNDING * largest, 0.0, difference)


def min_max_ratio(rates: ArrayLike) -> float:
    """Smallest rate over largest, 0 to 1; 1 where all are 0; NaN rates are left out."""
    values = np.asarray(rates, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan")
    return 1.0 if values.max() <= 0.0 else float(values.min() / values.max())


def four_fifths(ratio: float) -> str:
    """The smallest-to-largest ratio in words, with what the threshold is and is not."""
    if not np.isfinite(ratio):
        return "no ratio: no group has a rate"
    side = "below" if ratio < FOUR_FIFTHS else "at or above"
    return (
        f"{ratio:.2f}: {side} the four-fifths screening threshold (0.80; from US employment practice, not UK "
        "law, and no finding of fairness by itself)"
    )


def summary(
    zone_ids: Sequence[str],
    population: ArrayLike,
    groups: Groups,
    coverage: ArrayLike,
    residual: ArrayLike,
    *,
    values: ArrayLike | None = None,
    head: str = "residents",
) -> pd.DataFrame:
    """Protection and burden side by side, tidy: one row per view and group.

    Args:
        zone_ids, population, groups: As in :func:`group_table`.
        coverage: Patrol per zone: coverage (units on patrol) or hours.
        residual: Harm that remains per zone.
        values: Harm per zone without patrols; adds ``need_ratio`` to the burden rows: the group's share of
            patrol over its share of harm (above 1: more patrol than its harm accounts for).
        head: What rates are per, one of :data:`HEADS`.

    Returns:
        pandas.DataFrame: the columns of :func:`group_table` with view before them, min_max_ratio (of the view,
            over its groups) and need_ratio after them (NaN in the protection view or without ``values``).
    """
    parts = []
    counted = _head(head)
    for view, amount in ((counted.protection, residual), (counted.burden, coverage)):
        table = group_table(zone_ids, population, groups, amount, head=head)
        table.insert(0, "view", view)
        table["min_max_ratio"] = min_max_ratio(table[counted.rate].to_numpy(dtype=float))
        table["need_ratio"] = np.nan
        if view == counted.burden and values is not None:
            harm = group_table(zone_ids, population, groups, values)["amount"].to_numpy(dtype=float)
            table["need_ratio"] = _share_ratio(table["amount"].to_numpy(dtype=float), harm, amount, values)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def lorenz(amount: ArrayLike, population: ArrayLike, *, rank: ArrayLike | None = None) -> pd.DataFrame:
    """Lorenz curve of the amount per head, or the concentration curve when ``rank`` orders the zones.

    Args:
        population: (n,) residents.

    Returns:
        pandas.DataFrame: population_share, amount_share, both cumulative from 0 to 1; the first row is (0, 0).
    """
    amounts = np.asarray(amount, dtype=np.float64)
    people, amounts = _arrays(population, amounts, len(amounts))
    lived = people > 0
    people, amounts = people[lived], amounts[lived]
    key = amounts / people if rank is None else np.asarray(rank, dtype=np.float64)[lived]
    order = np.argsort(key, kind="stable")
    total = amounts.sum() if amounts.sum() > 0 else 1.0
    x = np.concatenate([[0.0], np.cumsum(people[order]) / people.sum()])
    y = np.concatenate([[0.0], np.cumsum(amounts[order]) / total])
    return pd.DataFrame({"population_share": x, "amount_share": y if amounts.sum() > 0 else x})


def _share_ratio(amount: Floats, harm: Floats, all_amount: ArrayLike, all_harm: ArrayLike) -> Floats:
    total, total_harm = float(np.sum(all_amount)), float(np.sum(all_harm))
    if total <= 0 or total_harm <= 0:
        return np.full(len(amount), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (amount / total) / (harm / total_harm)
    return np.where(harm > 0, ratio, np.nan)


def _head(name: str) -> Head:
    if name not in HEADS:
        raise InputError(f"head = {name!r}: accepted are {' and '.join(HEADS)}.")
    return HEADS[name]


def _arrays(population: ArrayLike, amount: ArrayLike, length: int) -> tuple[Floats, Floats]:
    people, amounts = np.asarray(population, dtype=np.float64), np.asarray(amount, dtype=np.float64)
    for name, values in (("population", people), ("amount", amounts)):
        if values.shape != (length,):
            raise InputError(f"{name} has shape {values.shape} for {length} zones; give one number per zone.")
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(bad):
            raise InputError(
                f"{name} is {values[bad[0]]} in zone number {bad[0] + 1} ({len(bad)} such zones); fairness per "
                "head needs a number of 0 or more in every zone."
            )
    if length == 0 or people.sum() <= 0:
        raise InputError("Nobody lives in any zone, so nothing can be said per head; add populations.")
    return people, amounts


def _members(
    zone_ids: Sequence[str], group: str, members: Sequence[str] | Mapping[str, float]
) -> tuple[list[int], Floats]:
    """Positions of a group's zones and the share of each that counts."""
    inside = _positions(zone_ids, group, list(members))
    if not isinstance(members, Mapping):
        return inside, np.ones(len(inside))
    share = np.array([float(value) for value in members.values()])
    bad = np.flatnonzero(~((share >= 0) & (share <= 1)))
    if len(bad):
        zone = list(members)[bad[0]]
        raise InputError(
            f"Group {group!r} has the share {share[bad[0]]} of zone {zone!r}; a share of residents is from 0 to 1."
        )
    return inside, share


def _positions(zone_ids: Sequence[str], group: str, members: Sequence[str]) -> list[int]:
    known = {zone: i for i, zone in enumerate(zone_ids)}
    unknown = [zone for zone in members if zone not in known]
    if unknown:
        raise InputError(f"Group {group!r} holds zone {unknown[0]!r}, which is not among the zones.")
    if len(set(members)) != len(members):
        raise InputError(f"Group {group!r} names a zone twice.")
    return [known[zone] for zone in members]
