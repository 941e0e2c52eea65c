"""A roster as tables: duties, visits, units, and what an observer could predict."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd

from patrol_core.allocation.roster.build import NOBODY, Roster
from patrol_core.allocation.roster.predictability import predictability
from patrol_core.allocation.roster.rules import Duty, rest_between

VISIT_COLUMNS = ("date", "shift", "unit", "order", "at", "zone_id", "minutes", "travel_minutes")
DUTY_COLUMNS = (
    "date", "shift", "starts", "ends", "unit", "walk", "visits", "zones", "travel_minutes", "overrun_minutes",
)  # fmt: skip


def visit_table(roster: Roster) -> pd.DataFrame:
    """One row a visit: date, shift, unit (empty: nobody), order, at (local time), zone_id, minutes, travel_minutes.

    Sorted by shift, unit and order. Rows are as many as the spread has visits.
    """
    spread, zones = roster.spread, np.array(roster.ground.zone_ids, dtype=object)
    parts = []
    for c, (cell, owners) in enumerate(zip(roster.pieces, roster.owners, strict=True)):
        date, shift = spread.cell(c)
        begins = np.datetime64(shift.begins(date), "m")
        for piece, owner in zip(cell, owners, strict=True):
            count = len(piece.zones)
            parts.append(
                {
                    "cell": np.full(count, c),
                    "owner": np.full(count, owner),
                    "order": np.arange(1, count + 1),
                    "at": begins + np.floor(piece.at).astype("timedelta64[m]"),
                    "zone_id": zones[piece.zones],
                    "travel_minutes": np.round(piece.travel, 1),
                }
            )
    if not parts:
        return pd.DataFrame(columns=list(VISIT_COLUMNS))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    units = np.array([*roster.rules.units, NOBODY], dtype=object)
    order = np.lexsort((joined["order"], joined["owner"], joined["cell"]))
    joined = {name: values[order] for name, values in joined.items()}
    return pd.DataFrame(
        {
            **spread.labels(joined["cell"]),
            "unit": units[joined["owner"]],
            "order": joined["order"],
            "at": np.datetime_as_string(joined["at"], unit="m"),
            "zone_id": joined["zone_id"],
            "minutes": spread.visit_minutes,
            "travel_minutes": joined["travel_minutes"],
        }
    )


def duty_table(roster: Roster) -> pd.DataFrame:
    """One row a duty: date, shift, starts, ends, unit, walk, visits, zones, travel_minutes, overrun_minutes.

    Also duties no unit takes (unit empty) and duties without a walk (a fixed duty beyond what the hours ask for).
    """
    rows = []
    spread, task = roster.spread, roster.task
    for c, (cell, owners) in enumerate(zip(roster.pieces, roster.owners, strict=True)):
        date, shift = spread.cell(c)
        idle = set(np.flatnonzero(roster.works[(slice(None), *task.cell(c))]).tolist()) - set(owners)
        head = (date.isoformat(), shift.name, shift.start, shift.end)
        walks = enumerate(zip(cell, owners, strict=True), 1)
        for walk, (piece, owner) in sorted(walks, key=lambda found: (found[1][1], found[0])):
            name = roster.rules.units[owner] if owner >= 0 else NOBODY
            visits, zones = len(piece.zones), len(set(piece.zones.tolist()))
            minutes = round(float(piece.travel.sum()), 1), round(piece.overrun, 1)
            rows.append((*head, name, walk, visits, zones, *minutes))
        rows += [(*head, roster.rules.units[unit], 0, 0, 0, 0.0, 0.0) for unit in sorted(idle)]
    return pd.DataFrame(rows, columns=list(DUTY_COLUMNS))


def unit_table(roster: Roster) -> pd.DataFrame:
    """One row a unit: unit, duties, by kind of shift, duty_hours, officer_hours, longest_row, least_rest (h), free_dates."""
    task, rules = roster.task, roster.rules
    inside = roster.works[:, task.lead :]
    frame = pd.DataFrame({"unit": list(rules.units), "duties": inside.sum(axis=(1, 2))})
    for s, shift in enumerate(rules.shifts):
        frame[shift.name] = inside[:, :, s].sum(axis=1)
    lengths = np.array([shift.hours for shift in rules.shifts])
    frame["duty_hours"] = (inside.sum(axis=1) * lengths).sum(axis=1)
    frame["officer_hours"] = frame["duty_hours"] * rules.officers
    frame["longest_row"] = [_longest_row(inside[u].any(axis=1)) for u in range(len(rules.units))]
    frame["least_rest"] = [_least_rest(roster, u) for u in range(len(rules.units))]
    frame["free_dates"] = (~inside.any(axis=2)).sum(axis=1)
    return frame


def calendar_table(roster: Roster) -> pd.DataFrame:
    """Units by dates: the name of the shift, empty when off; index ``unit``, columns ISO dates."""
    inside = roster.works[:, roster.task.lead :]
    names = np.array([*(shift.name for shift in roster.rules.shifts), ""], dtype=object)
    kind = np.where(inside.any(axis=2), inside.argmax(axis=2), len(names) - 1)
    dates = [date.isoformat() for date in roster.spread.dates]
    return pd.DataFrame(names[kind], index=pd.Index(roster.rules.units, name="unit"), columns=dates)


def zone_check(roster: Roster) -> pd.DataFrame:
    """One row a zone: zone_id, asked_hours, planned_hours (visits of the roster), open_hours (visits nobody makes)."""
    spread = roster.spread
    hours = spread.visit_minutes / 60.0
    made = np.zeros(len(spread.zone_ids))
    missed = np.zeros(len(spread.zone_ids))
    for cell, owners in zip(roster.pieces, roster.owners, strict=True):
        for piece, owner in zip(cell, owners, strict=True):
            np.add.at(made if owner >= 0 else missed, piece.zones, hours)
    return pd.DataFrame(
        {
            "zone_id": list(spread.zone_ids),
            "asked_hours": spread.asked_hours,
            "planned_hours": made,
            "open_hours": missed,
        }
    )


def foreseeable(roster: Roster, *, draws: int = 40) -> pd.DataFrame:
    """What an observer of the roster could predict, by shift and by hour, against independent draws.

    The columns of :func:`~patrol_core.allocation.roster.predictability.predictability`, with ``slot`` (``shift`` or ``hour``)
    and ``lag_is`` (the lag in words) in front.
    """
    spread = roster.spread
    kinds = len(spread.shifts)
    by_shift = predictability(
        spread.visits, spread.visits.sum(axis=0), (1, kinds, 7 * kinds), draws=draws, seed=spread.seed
    )
    hourly, share = _by_hour(roster)
    by_hour = predictability(hourly, share, (1, 2, 24, 168), draws=draws, seed=spread.seed)
    by_shift.insert(0, "slot", "shift")
    by_hour.insert(0, "slot", "hour")
    return pd.concat([by_shift, by_hour], ignore_index=True)


def travel_saved(roster: Roster) -> tuple[float, float]:
    """Hours on the way in the period, and what the same visits would take dealt to units in random order."""
    rules = roster.rules
    chance = np.random.default_rng([roster.spread.seed, 13])
    planned = random = 0.0
    for cell in roster.pieces:
        if not cell:
            continue
        planned += sum(float(piece.travel.sum()) for piece in cell)
        shuffled = chance.permutation(np.concatenate([piece.zones for piece in cell]))
        for part in np.array_split(shuffled, len(cell)):
            random += float(roster.ground.kilometres(part, rules.detour).sum()) * 60.0 / rules.speed_kmh
    return planned / 60.0, random / 60.0


def _by_hour(roster: Roster) -> tuple[np.ndarray, np.ndarray]:
    """Visits that begin in each hour of the period by zone; and the share expected: a shift's visits over its hours."""
    spread = roster.spread
    first = dt.datetime.combine(spread.dates[0], dt.time())
    hours = 24 * (len(spread.dates) + 1)
    table = np.zeros((len(spread.zone_ids), hours), dtype=np.int64)
    for c, cell in enumerate(roster.pieces):
        date, shift = spread.cell(c)
        start = (shift.begins(date) - first).total_seconds() / 3600.0
        for piece in cell:
            slot = np.minimum((start + piece.at / 60.0).astype(int), hours - 1)
            np.add.at(table, (piece.zones, slot), 1)
    return table, table.sum(axis=0) / max(int(table.sum()), 1)


def _longest_row(days: np.ndarray) -> int:
    return max((len(list(run)) for on_duty, run in itertools.groupby(days.tolist()) if on_duty), default=0)


def _least_rest(roster: Roster, unit: int) -> float:
    task, shifts = roster.task, roster.rules.shifts
    duties = [Duty(unit, int(day), int(shift)) for day, shift in np.argwhere(roster.works[unit])]
    duties.sort(key=lambda duty: shifts[duty.shift].begins(task.dates[duty.day]))
    pairs = itertools.pairwise(duties)
    return min((rest_between(roster.rules, task.dates, *pair) for pair in pairs), default=float("nan"))
