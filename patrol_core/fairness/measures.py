"""Who is protected and who bears the patrols: rates per head by group, and how unequal they are.

Patrol is both a protection and a burden, so :func:`summary` always shows both: what risk stays with each
group's residents, and how much patrol they see. Group rates are sums over the group's zones per 1,000
residents of the group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

Groups = Mapping[str, Sequence[str]] | Mapping[str, Mapping[str, float]]
"""Group -> zone ids, or group -> zone id -> share of the zone's residents who belong to it (0 to 1)."""

#: The screening threshold for the smallest group rate over the largest.
FOUR_FIFTHS = 0.8
PROTECTION = "protection: residual per 1,000"
BURDEN = "burden: patrol per 1,000"

#: Share of the largest amount up to which two plans count as equal.
ROUNDING = 1e-7


def group_table(
    zone_ids: Sequence[str], population: ArrayLike, groups: Groups, amount: ArrayLike
) -> pd.DataFrame:
    """Amount per 1,000 residents of every group.

    Args:
        zone_ids: Labels, in the order of the arrays.
        population: Residents, shape ``(n,)``.
        groups: Group name to zone ids, or to zone id and share of its residents (then a group's rate is its
            members' exposure ``sum s p h / sum s p``, and population and amount are counted by share); groups
            may overlap.
        amount: What is counted per zone (residual harm, coverage, hours), shape ``(n,)``, 0 or more.

    Returns:
        pandas.DataFrame: group, zones (how many), population, amount, per_1000, ratio_to_overall (group's rate
            over the rate of all zones). A group without residents has no rate: NaN.

    Raises:
        InputError: Unknown or repeated zones, lengths that differ, negative or missing numbers, a share outside
            0..1.
    """
    people, amounts = _arrays(population, amount, len(zone_ids))
    overall = amounts.sum() / people.sum()
    rows = []
    for group, members in groups.items():
        inside, share = _members(zone_ids, group, members)
        heads, total = float(people[inside] @ share), float(amounts[inside] @ share)
        rate = total / heads if heads > 0 else np.nan
        ratio = rate / overall if overall > 0 else (1.0 if heads > 0 else np.nan)
        rows.append((group, len(inside), heads, total, 1000.0 * rate, ratio))
    columns = ["group", "zones", "population", "amount", "per_1000", "ratio_to_overall"]
    return pd.DataFrame(rows, columns=columns)


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
        return "no ratio: fewer than one group has residents"
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
) -> pd.DataFrame:
    """Protection and burden side by side, tidy: one row per view and group.

    Args:
        zone_ids, population, groups: As in :func:`group_table`.
        coverage: Patrol per zone: coverage (units on patrol) or hours.
        residual: Harm that remains per zone.
        values: Harm per zone without patrols; adds ``need_ratio`` to the burden rows: the group's share of
            patrol over its share of harm (above 1: more patrol than its harm accounts for).

    Returns:
        pandas.DataFrame: view, group, zones, population, amount, per_1000, ratio_to_overall, min_max_ratio (of
            the view, over its groups), need_ratio (NaN in the protection view or without ``values``).
    """
    parts = []
    for view, amount in ((PROTECTION, residual), (BURDEN, coverage)):
        table = group_table(zone_ids, population, groups, amount)
        table.insert(0, "view", view)
        table["min_max_ratio"] = min_max_ratio(table["per_1000"].to_numpy(dtype=float))
        table["need_ratio"] = np.nan
        if view == BURDEN and values is not None:
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
