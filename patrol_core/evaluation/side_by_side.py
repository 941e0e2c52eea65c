"""Scenarios side by side: figures of both currencies with their differences, and who gains and who loses.

A difference is the other scenario's minus the reference's. What cannot be compared has no number and a sentence: harm in
other units not at all, single zones and groups only on the same zones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patrol_core.arrays import Floats
from patrol_core.fairness import Groups, change
from patrol_core.words import figure, percent

PATROLLED = 1e-9
"""Units above which a zone counts as patrolled."""


@dataclass(frozen=True, eq=False)
class Standing:
    """How the plan of one scenario stands.

    Attributes:
        data: Stands for the content of the data, and their name.
        unit: Of harm, a month.
        zone_ids, zone_names: The zones.
        units: (n,) units on patrol on average.
        before, left: (n,) harm without patrol, and under the plan.
        parts: Kind of part of the city (``Ward``, ...) to its parts, as zones or as shares of their residents.
        assumption: What the figures rest on, in words.
        hours_per_unit: Hours a month that one unit makes.
    """

    data: tuple[str, str]
    unit: str
    zone_ids: tuple[str, ...]
    zone_names: tuple[str, ...]
    units: Floats
    before: Floats
    left: Floats
    parts: Mapping[str, Groups]
    assumption: str
    hours_per_unit: float

    @property
    def worst_case(self) -> float:
        """Most harm left in any one zone."""
        return float(self.left.max(initial=0.0))

    @property
    def total(self) -> float:
        """Harm left in all zones together."""
        return float(self.left.sum())


def same_unit(one: Standing, other: Standing) -> bool:
    """Whether harm is counted alike, so that there is a difference at all."""
    return one.unit == other.unit


def same_zones(one: Standing, other: Standing) -> bool:
    """Whether single zones can be compared: harm counted alike on the same zones of the same data."""
    return same_unit(one, other) and one.zone_ids == other.zone_ids and one.zone_names == other.zone_names


def figures_beside(standings: Mapping[str, Standing], reference: str) -> pd.DataFrame:
    """Both currencies of every scenario, and how they differ from the reference's.

    Args:
        standings: By name.
        reference: One of them.

    Returns:
        DataFrame: A row a scenario: ``scenario``, ``units`` on patrol, ``worst_case``, ``worst_change``, ``total``,
        ``total_change``, ``prevented`` (share of the harm without patrol, %), ``prevented_change`` (percentage points), ``before``
        (harm without patrol), ``zones_patrolled``, ``hours`` a month, ``unit`` of harm. Changes are NaN where harm is counted in
        another unit.
    """
    base = standings[reference]
    rows = []
    for name, one in standings.items():
        alike = same_unit(base, one)
        rows.append(
            {
                "scenario": name,
                "units": float(one.units.sum()),
                "worst_case": one.worst_case,
                "worst_change": _difference(one.worst_case, base.worst_case, alike),
                "total": one.total,
                "total_change": _difference(one.total, base.total, alike),
                "prevented": _prevented(one),
                "prevented_change": _difference(_prevented(one), _prevented(base), True),
                "before": float(one.before.sum()),
                "zones_patrolled": int((one.units > PATROLLED).sum()),
                "hours": float(one.units.sum() * one.hours_per_unit),
                "unit": one.unit,
            }
        )
    return pd.DataFrame(rows)


def _prevented(one: Standing) -> float:
    """Share of the harm without patrol that the plan prevents, %."""
    before = float(one.before.sum())
    return 100.0 * (1.0 - one.total / before) if before > 0 else 0.0


def _difference(now: float, base: float, alike: bool) -> float:
    return float(change(now, base)) if alike else np.nan


def zone_changes(reference: Standing, other: Standing) -> pd.DataFrame:
    """Units and harm left of every zone under both, and what changes.

    Args:
        reference, other: On the same zones.

    Returns:
        DataFrame: ``zone_id``, ``name``, ``units_reference``, ``units_other``, ``units_change``, ``left_reference``, ``left_other``,
        ``left_change``; empty where the zones are not the same.
    """
    if not same_zones(reference, other):
        return pd.DataFrame(
            columns=["zone_id", "name", *_pairs(np.empty(0), np.empty(0), np.empty(0), np.empty(0))]
        )
    pairs = _pairs(reference.units, other.units, reference.left, other.left)
    return pd.DataFrame({"zone_id": list(reference.zone_ids), "name": list(reference.zone_names), **pairs})


def _pairs(units: Floats, other_units: Floats, left: Floats, other_left: Floats) -> dict[str, Floats]:
    return {
        "units_reference": units,
        "units_other": other_units,
        "units_change": change(other_units, units),
        "left_reference": left,
        "left_other": other_left,
        "left_change": change(other_left, left),
    }


def part_changes(reference: Standing, other: Standing) -> pd.DataFrame:
    """The same of every group and ward, the most relieved first; a gain is less harm left.

    Args:
        reference, other: On the same zones.

    Returns:
        DataFrame: ``kind``, ``part``, and the columns of :func:`zone_changes` from ``units_reference`` on; empty where the
        zones are not the same.
    """
    if not same_zones(reference, other):
        return pd.DataFrame(columns=["kind", "part", *list(zone_changes(reference, other).columns[2:])])
    rows = []
    for kind, parts in reference.parts.items():
        if kind not in other.parts:
            continue
        for part, members in parts.items():
            share = _shares(members, reference.zone_ids)
            sums = [
                np.array([float(share @ values)])
                for values in (reference.units, other.units, reference.left, other.left)
            ]
            rows.append({"kind": kind, "part": part, **{k: v[0] for k, v in _pairs(*sums).items()}})
    table = pd.DataFrame(rows, columns=["kind", "part", *_pairs(*([np.empty(0)] * 4))])
    return table.sort_values(["kind", "left_change", "part"], kind="stable", ignore_index=True)


def _shares(members: object, zone_ids: tuple[str, ...]) -> Floats:
    """(n,) share of each zone that belongs to a part."""
    if isinstance(members, Mapping):
        return np.array([float(members.get(zone, 0.0)) for zone in zone_ids])
    held = set(members)  # type: ignore[call-overload]
    return np.array([float(zone in held) for zone in zone_ids])


def cautions(names: tuple[str, str], reference: Standing, other: Standing) -> tuple[str, ...]:
    """What keeps two scenarios from being compared, or makes their difference more than one of plans, in sentences.

    Args:
        names: Of both.
        reference, other: How they stand.
    """
    base, name = names
    said = []
    if reference.data != other.data:
        said.append(
            f"{name} is planned on other data ({other.data[1]}) than {base} ({reference.data[1]}): differences are of the data too."
        )
    if not same_unit(reference, other):
        said.append(
            f"{name} counts harm in {other.unit}, {base} in {reference.unit}: there is no difference of harm between them, only of shares."
        )
        return tuple(said)
    if not same_zones(reference, other):
        said.append(
            f"{name} has other zones than {base}: only sums compare, not single zones, groups or the worst zone."
        )
    before, now = float(reference.before.sum()), float(other.before.sum())
    if reference.data == other.data and not np.isclose(before, now, rtol=1e-9):
        said.append(
            f"Without patrol {name} expects {figure(now)} {other.unit}, {base} {figure(before)}: differences are of what is expected too."
        )
    if reference.assumption != other.assumption:
        said.append(
            f"{name} assumes another effect ({other.assumption}) than {base} ({reference.assumption}): the differences in harm left are of "
            "the assumption as much as of the plan."
        )
    return tuple(said)


def gain_words(names: tuple[str, str], changes: pd.DataFrame, unit: str) -> str:
    """Who gains and who loses, in one sentence, from changes of zones.

    Args:
        names: Of the reference and the other.
        changes: Of :func:`zone_changes`.
        unit: Of harm.
    """
    moved = changes["left_change"].to_numpy(dtype=float)
    less, more = moved[moved < 0], moved[moved > 0]
    if not less.size and not more.size:
        return f"{names[1]} leaves every zone what {names[0]} leaves it."
    total = float(moved.sum())
    before = float(changes["left_reference"].sum())
    share = f", {percent(abs(total) / before)} {'less' if total < 0 else 'more'}" if before > 0 else ""
    return (
        f"Under {names[1]}, {less.size} of {len(moved)} zones have less harm left than under {names[0]} ({figure(-float(less.sum()))} "
        f"{unit} in all) and {more.size} have more ({figure(float(more.sum()))}); together {figure(abs(total))} "
        f"{'less' if total < 0 else 'more'}{share}."
    )
