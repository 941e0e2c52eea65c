"""From hours a month to patrol visits of every zone in every shift, whole numbers whose sums are kept.

A zone's hours are counted in visits (15 minutes unless said otherwise: Koper 1995, after which longer stays add
little). With n_i visits of zone i in the month and share p_c of the demand profile in shift c,

1. the total N is divided over the shifts: nearest to ``N p_c``, whole, at most what the units available can make
   (the rest goes to the other shifts in proportion to their shares);
2. the table zones x shifts is drawn at random by :mod:`~patrol_core.allocation.deployments.controlled_rounding`: each zone gets
   exactly its n_i, each shift exactly its total, each cell the floor or ceiling of its fair share, and on average
   exactly that share. Each shift is thus a randomised deployment whose marginals are the hours.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patrol_core.allocation.deployments import round_table
from patrol_core.allocation.hours import number, say
from patrol_core.allocation.roster.profile import (
    EARLY_LATE_NIGHT,
    FLAT,
    Profile,
    ShiftType,
    cell_shares,
    dates_of,
)
from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InfeasibleError, InputError

VISIT_MINUTES = 15.0
"""Length of a visit unless the user says otherwise."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Visits of every zone in every shift of a period.

    Attributes:
        zone_ids: n zones, in the order of the hours.
        dates, shifts: Dates and kinds of shift; shift ``c`` is ``shifts[c % len(shifts)]`` on ``dates[c //
            len(shifts)]``.
        visits: (n, shifts in all) whole numbers.
        visit_minutes: Length of a visit.
        asked_hours: (n,) hours as they were given; ``visits`` hold them to the nearest whole visit in sum.
        share: (shifts in all,) share of the demand by the profile, sum 1.
        profile: Where the profile comes from.
        seed: Seed of the draw.
        notes: Sentences a reader must not miss.
    """

    zone_ids: tuple[str, ...]
    dates: tuple[dt.date, ...]
    shifts: tuple[ShiftType, ...]
    visits: Ints
    visit_minutes: float
    asked_hours: Floats
    share: Floats
    profile: str
    seed: int
    notes: tuple[str, ...] = ()

    def cell(self, c: int) -> tuple[dt.date, ShiftType]:
        """Date and kind of shift number ``c``."""
        return self.dates[c // len(self.shifts)], self.shifts[c % len(self.shifts)]

    def labels(self, cells: Ints) -> dict[str, Any]:
        """Columns ``date`` (ISO) and ``shift`` (name) of shifts by number."""
        dates = np.array([date.isoformat() for date in self.dates], dtype=object)
        names = np.array([shift.name for shift in self.shifts], dtype=object)
        return {"date": dates[cells // len(names)], "shift": names[cells % len(names)]}

    def totals(self) -> pd.DataFrame:
        """One row a shift: date, shift, visits, unit_hours, share_of_demand, share_of_visits."""
        sums = self.visits.sum(axis=0)
        return pd.DataFrame(
            {
                **self.labels(np.arange(len(sums))),
                "visits": sums,
                "unit_hours": sums * self.visit_minutes / 60.0,
                "share_of_demand": self.share,
                "share_of_visits": sums / max(int(sums.sum()), 1),
            }
        )

    def frame(self) -> pd.DataFrame:
        """One row a zone and shift with visits: date, shift, zone_id, visits, unit_hours."""
        zone, cell = np.nonzero(self.visits)
        order = np.lexsort((zone, cell))
        zone, cell = zone[order], cell[order]
        held = self.visits[zone, cell]
        return pd.DataFrame(
            {
                **self.labels(cell),
                "zone_id": np.array(self.zone_ids, dtype=object)[zone],
                "visits": held,
                "unit_hours": held * self.visit_minutes / 60.0,
            }
        )


def spread_hours(
    hours: Mapping[str, float],
    month: str,
    *,
    profile: Profile = FLAT,
    shifts: Sequence[ShiftType] = EARLY_LATE_NIGHT,
    visit_minutes: float = VISIT_MINUTES,
    most_visits: Sequence[int] | None = None,
    seed: int = 1,
) -> Spread:
    """Visits of every zone in every shift of a month.

    Args:
        hours: Zone to unit-hours in the month (hours one patrol, of however many officers, is there).
        month: ``YYYY-MM``.
        profile, shifts: How demand lies over the week, and the kinds of shift.
        visit_minutes: Length of a visit.
        most_visits: For every kind of shift, the most visits that all units together can make in one such
            shift.
        seed: Seed of the draw.

    Raises:
        InputError: No zones, bad hours, or a visit length that cannot be used.
        InfeasibleError: More visits than the units available can make; says by how much.
    """
    number("visit_minutes", visit_minutes, least=0.0, most=24 * 60.0, above=True)
    dates, kinds = dates_of(month), tuple(shifts)
    asked = _checked(hours)
    per_zone, notes = _whole_visits(asked, visit_minutes)
    share, uncovered = cell_shares(profile, kinds, dates)
    if uncovered > 1e-9:
        notes.append(f"{uncovered:.1%} of the demand lies in hours that no shift covers; it shapes no shift.")
    total = int(per_zone.sum())
    most = _capacity(most_visits, len(kinds), len(dates), total)
    per_shift, moved = _shift_totals(total, share, most, month, visit_minutes)
    if moved:
        notes.append(
            f"{moved:,} visits ({say(moved * visit_minutes / 60.0)} h) were moved to other shifts, because the units available "
            "cannot make them in the shifts that the profile asks for."
        )
    visits = round_table(per_zone, per_shift, seed)
    return Spread(
        tuple(hours), dates, kinds, visits, visit_minutes, asked, share, profile.source, seed, tuple(notes)
    )


def month_hours(
    frame: pd.DataFrame, month: str, *, wards: Sequence[str] = (), officers: int = 1
) -> dict[str, float]:
    """Zone to unit-hours in a month of an hours plan.

    Args:
        frame: Columns month, ward, zone_id, hours.
        wards: Wards (or boroughs, where the frame has them) to keep; all by default.
        officers: By how many officers to divide, where the plan's hours count officers and a unit has several.

    Raises:
        InputError: For a month or ward that is not in the plan, or wards that get no hours.
    """
    months = sorted(set(frame["month"].astype(str)))
    if month not in months:
        raise InputError(f"The plan has no month {month!r}; it has {', '.join(months)}.")
    own = frame[frame["month"].astype(str) == month]
    if wards:
        places = own[[column for column in ("ward", "borough") if column in own]].astype(str)
        unknown = next((ward for ward in wards if not (places == ward).any(axis=None)), None)
        if unknown is not None:
            raise InputError(f"The plan has no ward or borough {unknown!r}; check its spelling.")
        own = own[places.isin(wards).any(axis=1)]
        if not own["hours"].astype(float).gt(0).any():
            raise InputError(
                f"The plan gives no hours to {', '.join(wards)} in {month}; choose another ward, or ask for a least patrol of every zone."
            )
    return {
        str(zone): float(hours) / officers for zone, hours in zip(own["zone_id"], own["hours"], strict=True)
    }


def _checked(hours: Mapping[str, float]) -> Floats:
    if not hours:
        raise InputError("No zone has hours to spread; give at least one zone.")
    asked = np.array(list(hours.values()), dtype=float)
    bad = np.flatnonzero(~(np.isfinite(asked) & (asked >= 0.0)))
    if len(bad):
        zone = list(hours)[int(bad[0])]
        raise InputError(f"Hours of zone {zone} are {asked[bad[0]]!s}; give a number of 0 or more.")
    return asked


def _whole_visits(asked: Floats, visit_minutes: float) -> tuple[Ints, list[str]]:
    """Whole visits by zone: the nearest total, dealt by largest remainders."""
    exact = asked * 60.0 / visit_minutes
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = int(np.floor(math.fsum(exact.tolist()) + 0.5 - 1e-9)) - int(whole.sum())
    off = np.maximum(exact - whole, 0.0)
    notes = []
    if off.max() > 1e-6:
        notes.append(
            f"The hours of {int((off > 1e-6).sum())} zones are no whole number of visits of {visit_minutes:g} min; they were rounded "
            "by largest remainders and the total kept to the nearest visit."
        )
        whole[np.argsort(-off, kind="stable")[: max(left, 0)]] += 1
    return whole, notes


def _capacity(most: Sequence[int] | None, kinds: int, days: int, total: int) -> Ints:
    if most is None:
        return np.full(kinds * days, total, dtype=np.int64)
    if len(most) != kinds or any(value < 0 for value in most):
        raise InputError(f"Give the most visits of each of the {kinds} kinds of shift, 0 or more.")
    return np.tile(np.asarray(most, dtype=np.int64), days)


def _shift_totals(
    total: int, share: Floats, most: Ints, month: str, visit_minutes: float
) -> tuple[Ints, int]:
    """Whole visits by shift, nearest to the profile under the capacities; and how many had to move."""
    if int(most.sum()) < total:
        short = (total - int(most.sum())) * visit_minutes / 60.0
        raise InfeasibleError(
            f"The hours of {month} take {say(total * visit_minutes / 60.0)} unit-hours of visits, {say(short, up=True)} h more than "
            "the units available can make in all shifts; make more units available or lower the hours.",
            rule="units-available",
            shortfall=short,
        )
    wanted = _largest_remainder(total * share, total, most)
    free = _largest_remainder(total * share, total, np.full(len(share), total, dtype=np.int64))
    return wanted, int(np.maximum(free - most, 0).sum())


def _largest_remainder(exact: Floats, total: int, most: Ints) -> Ints:
    """Whole numbers near ``exact`` scaled to the total, none above ``most``."""
    scaled = _capped(exact, float(total), most.astype(float))
    whole = np.minimum(np.floor(scaled + 1e-9).astype(np.int64), most)
    order = np.argsort(-(scaled - whole), kind="stable")
    left = total - int(whole.sum())
    while left > 0:
        open_cells = order[whole[order] < most[order]][:left]
        whole[open_cells] += 1
        left -= len(open_cells)
    return whole


def _capped(weight: Floats, total: float, most: Floats) -> Floats:
    """``min(most, k weight)`` with the k that uses the total; what weights cannot take goes evenly to the rest."""
    free, held = np.ones(len(weight), dtype=bool), np.zeros(len(weight))
    while True:
        left = total - float(held[~free].sum())
        base = weight[free].sum()
        if base <= 0.0:
            room = np.where(free, most, 0.0)
            held[free] = room[free] * (left / room.sum()) if room.sum() > 0.0 else 0.0
            return held
        held[free] = weight[free] * (left / base)
        over = free & (held > most + 1e-12)
        if not over.any():
            return held
        held[over] = most[over]
        free &= ~over
