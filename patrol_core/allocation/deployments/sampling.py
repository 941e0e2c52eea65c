"""From coverage to deployments people can walk: comb sampling of marginals (models.md sections 6 and 14).

A zone of coverage x_t, units there on average, gets floor(x_t) units for certain. Lay the parts that are left, each
below 1, end to end on a line of length L, draw u uniformly from [0, 1) and give one unit more to every zone that one of the
points u, u + 1, u + 2, ... falls on. Zone t then has floor(x_t) or ceil(x_t) units, x_t on average, and a draw has floor(L) or
ceil(L) units beyond the certain ones: exactly B in all when sum x = B is a whole number. What is drawn changes only where u
passes the fractional part of a boundary between zones, so listing these at most n breakpoints turns the marginals
into an explicit mixed strategy that can be exported and audited.

Harm left that is a straight line between whole numbers of units (``linear`` and ``several`` of
:mod:`patrol_core.games.zone.response`) is on average over the draws what the plan promises; ``log`` counts the hours of a month,
which its draws add up to.

Source: Tsai, Yin, Kwak, Kempe, Kiekintveld & Tambe 2010 (comb sampling); systematic sampling, Madow 1949.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

#: A total this close to a whole number counts as that number (solver tolerance), and coverage this far below 0 or
#: above a whole number of units as that number.
_TOLERANCE = 1e-9

#: Breakpoints of u are told apart to this many decimals; marginals stay right to 1e-12.
_DECIMALS = 13

#: Most units a zone can have: with more, the parts beyond a whole number would be lost to rounding.
_MOST = 1_000_000


@dataclass(frozen=True, eq=False)
class Deployments:
    """A mixed strategy: pure deployments and how often each is used.

    Attributes:
        probability: (k,) above 0, sum 1; k is at most n + 1.
        sets: The k deployments, each the zones patrolled together, in the order of the game.
        units: Likewise, how many units each of these zones has, 1 or more.
    """

    probability: Floats
    sets: tuple[tuple[str, ...], ...]
    units: tuple[tuple[int, ...], ...]

    def marginals(self, zone_ids: Sequence[str]) -> Floats:
        """(n,) units on average in each zone, in the order of ``zone_ids``.

        Raises InputError if a deployment holds a zone that is not in ``zone_ids``.
        """
        position = {zone: i for i, zone in enumerate(zone_ids)}
        result = np.zeros(len(position))
        for _, probability, zones, units in self._draws():
            for zone, count in zip(zones, units, strict=True):
                if zone not in position:
                    raise InputError(
                        f"The deployments hold zone {zone!r}, which is not among the zones asked for."
                    )
                result[position[zone]] += probability * count
        return result

    def frame(self) -> pd.DataFrame:
        """One row a zone of a deployment: draw (from 1), probability, zone_id, units; an empty draw has no rows."""
        rows = [
            (draw, probability, zone, count)
            for draw, probability, zones, units in self._draws()
            for zone, count in zip(zones, units, strict=True)
        ]
        return pd.DataFrame(rows, columns=["draw", "probability", "zone_id", "units"])

    def records(self) -> list[dict[str, object]]:
        """``[{"probability": p, "zones": [...]}, ...]``, the JSON of the command line.

        Where some zone is ever sent more than one unit, each deployment also has ``"units": {zone: count}``.
        """
        several = any(count > 1 for units in self.units for count in units)
        return [
            {"probability": probability, "zones": list(zones)}
            | ({"units": dict(zip(zones, units, strict=True))} if several else {})
            for _, probability, zones, units in self._draws()
        ]

    def _draws(self) -> Iterator[tuple[int, float, tuple[str, ...], tuple[int, ...]]]:
        numbers = range(1, len(self.sets) + 1)
        return zip(numbers, self.probability.tolist(), self.sets, self.units, strict=True)


def decompose(zone_ids: Sequence[str], coverage: ArrayLike) -> Deployments:
    """Explicit mixed strategy with exactly these marginals.

    Args:
        zone_ids: n unique labels.
        coverage: (n,) x_t >= 0, units on average (1e-9 beyond a whole number counts as it). Coverage of 0 is
            never drawn, of 1 or more always.

    Returns:
        Deployments: At most n + 1; zone t has floor(x_t) or ceil(x_t) units in each, and each has floor(sum x) or
            ceil(sum x) units. A sum within 1e-9 of a whole number is that number; the marginals are then
            reproduced to that same 1e-9, otherwise to 1e-12.

    Raises:
        InputError: For labels and coverage of different length, repeated labels, or coverage that is no
            number >= 0.
    """
    ids = tuple(zone_ids)
    x = _checked_coverage(ids, coverage)
    certain = np.floor(x).astype(np.int64)
    rest = x - certain
    partial = np.flatnonzero(rest)
    if rest[partial].sum() <= _TOLERANCE:
        partial = partial[:0]
    taken, widths = _teeth(*_boundaries(rest[partial]))
    always = np.flatnonzero(certain)
    sets, units = [], []
    for zones in taken:
        one_more = partial[zones]
        present = np.union1d(always, one_more)
        count = certain[present]
        count[np.searchsorted(present, one_more)] += 1
        sets.append(tuple(ids[i] for i in present.tolist()))
        units.append(tuple(count.tolist()))
    return Deployments(widths / widths.sum(), tuple(sets), tuple(units))


def _boundaries(x: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Ends of the zones on the line, as whole and fractional part; (m,) each.

    The two parts are carried apart, so rounding does not grow with the length of the line. A total within
    1e-9 of a whole number is brought onto it, every length changed by the same factor.
    """
    total = math.fsum(x.tolist())
    exact = round(total)
    closes = exact > 0 and abs(total - exact) <= _TOLERANCE
    lengths = np.minimum(x * (exact / total), 1 - 1e-13) if closes else x
    whole, fraction = np.zeros(x.size, dtype=np.intp), np.zeros(x.size)
    carried, position = 0, 0.0
    for i, length in enumerate(lengths.tolist()):
        position += length
        if position >= 1.0:
            carried, position = carried + 1, position - 1.0
        whole[i], fraction[i] = carried, position
    fraction = np.round(fraction, _DECIMALS)
    whole, fraction = whole + (fraction >= 1.0), np.where(fraction >= 1.0, 0.0, fraction)
    if closes:
        whole[-1], fraction[-1] = exact, 0.0
    return whole, fraction


def _teeth(whole: NDArray[np.intp], fraction: Floats) -> tuple[list[NDArray[np.intp]], Floats]:
    """Zones under the points u, u + 1, ... for every interval of u, and the intervals' widths.

    As u grows, tooth k moves to the next zone where it meets a boundary k + fraction: one step a boundary.
    """
    cuts = np.unique(np.append(fraction, 0.0))
    teeth = int(whole[-1]) + 1 if whole.size else 0
    passed = np.searchsorted(whole, np.arange(teeth))  # boundaries before tooth k at u = 0
    under = np.where(passed < whole.size, passed, -1)  # -1: past the end of the line
    order = np.argsort(fraction, kind="stable")
    steps = np.searchsorted(fraction[order], cuts, side="right")
    taken, done = [], 0
    for step in steps.tolist():
        for boundary in order[done:step].tolist():
            under[whole[boundary]] = boundary + 1 if boundary + 1 < whole.size else -1
        done = step
        taken.append(under[under >= 0].copy())
    return taken, np.diff(np.append(cuts, 1.0))


def _checked_coverage(ids: tuple[str, ...], coverage: ArrayLike) -> Floats:
    if len(set(ids)) != len(ids):
        raise InputError("zone_ids repeats a label: deployments need unique zone ids.")
    try:
        x = np.array(coverage, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "coverage holds something that is not a number: accepted are numbers >= 0."
        ) from None
    if x.shape != (len(ids),):
        raise InputError(f"coverage has shape {x.shape} for {len(ids)} zones: give one number a zone.")
    bad = ~((x >= -_TOLERANCE) & (x <= _MOST))
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"coverage of zone {ids[i]!r} is {x[i]!s}: accepted are numbers of units from 0 to {_MOST:,}."
        )
    x = np.maximum(x, 0.0)
    whole = np.round(x)
    # below 1e-13 the breakpoints tell nothing apart
    is_whole = (np.abs(x - whole) < 1e-13) | ((x > whole) & (x <= whole + _TOLERANCE) & (whole >= 1))
    return np.asarray(np.where(is_whole, whole, x), dtype=float)


def draw_roster(deployments: Deployments, shifts: Sequence[str], seed: int) -> pd.DataFrame:
    """One independent draw a shift.

    Args:
        deployments: The mixed strategy.
        shifts: Unique names of the shifts, in order.
        seed: Same seed, deployments and number of shifts give the same roster, whatever the machine.

    Returns:
        pandas.DataFrame: shift, draw (number of the deployment, from 1), zone_id, units; one row a zone
            patrolled. ``attrs`` holds ``seed``, and ``shifts`` (also those whose draw is empty).
    """
    names = list(shifts)
    if len(set(names)) != len(names):
        raise InputError("shifts repeats a name: every shift needs its own.")
    given: Any = seed
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise InputError(f"seed = {seed!r}: accepted is a whole number >= 0.")
    points = np.random.default_rng(seed).random(len(names))
    edges = np.cumsum(deployments.probability)
    chosen = np.minimum(np.searchsorted(edges, points, side="right"), len(deployments.sets) - 1)
    rows = [
        (name, int(k) + 1, zone, count)
        for name, k in zip(names, chosen, strict=True)
        for zone, count in zip(deployments.sets[int(k)], deployments.units[int(k)], strict=True)
    ]
    roster = pd.DataFrame(rows, columns=["shift", "draw", "zone_id", "units"])
    roster.attrs.update(seed=seed, shifts=names)
    return roster


def audit(roster: pd.DataFrame, coverage: Mapping[str, float], *, shifts: int | None = None) -> pd.DataFrame:
    """Realised against target coverage of a roster.

    Args:
        roster: From :func:`draw_roster`; or any frame with shift and zone_id, then one unit a zone.
        coverage: Zone label to target x_t (units on average), for all zones.
        shifts: How many shifts were drawn; by default read from the roster (``attrs``, else the shifts it
            names).

    Returns:
        pandas.DataFrame: zone_id, target, realised (units on average over the shifts), difference, and
            standard_error of the realised mean under the target, sqrt(f (1 - f) / shifts) with f the part of x
            beyond a whole number: about 2 of these is chance.

    Raises:
        InputError: If the roster is for no shift at all, or names a zone that has no target.
    """
    drawn = roster.attrs.get("shifts", roster["shift"].unique())
    total = len(drawn) if shifts is None else shifts
    if total < 1:
        raise InputError("The roster has no shifts: draw at least one before auditing it.")
    unknown = set(roster["zone_id"]) - set(coverage)
    if unknown:
        raise InputError(f"The roster holds zone {min(unknown)!r}, which has no target coverage.")
    target = np.array(list(coverage.values()), dtype=float)
    once = roster.drop_duplicates(["shift", "zone_id"])
    sent = once["units"] if "units" in once else pd.Series(1, index=once.index)
    seen = sent.groupby(once["zone_id"]).sum()
    realised = seen.reindex(list(coverage), fill_value=0).to_numpy(dtype=float) / total
    part = target - np.floor(target)
    error = np.sqrt(part * (1 - part) / total)
    columns = {
        "target": target,
        "realised": realised,
        "difference": realised - target,
        "standard_error": error,
    }
    return pd.DataFrame({"zone_id": list(coverage), **columns})
