"""From coverage to deployments people can walk: comb sampling of marginals (models.md section 6).

Lay the coverages x_1, ..., x_n end to end on a line of length sum x, draw u uniformly from [0, 1) and take
every zone that one of the points u, u + 1, u + 2, ... falls on. Zone t is taken with probability exactly x_t,
and a draw has floor(sum x) or ceil(sum x) zones: exactly B when sum x = B is a whole number. The set taken
changes only where u passes the fractional part of a boundary between zones, so listing these at most n
breakpoints turns the marginals into an explicit mixed strategy that can be exported and audited.

Source: Tsai, Yin, Kwak, Kempe, Kiekintveld & Tambe 2010 (comb sampling); systematic sampling, Madow 1949.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

#: A total this close to a whole number counts as that number (solver tolerance), and coverage this far
#: outside [0, 1] as the bound.
_TOLERANCE = 1e-9

#: Breakpoints of u are told apart to this many decimals; marginals stay right to 1e-12.
_DECIMALS = 13


@dataclass(frozen=True, eq=False)
class Deployments:
    """A mixed strategy: pure deployments and how often each is used.

    Attributes:
        probability: (k,) above 0, sum 1; k is at most n + 1.
        sets: The k deployments, each the zones patrolled together, in the order of the game.
    """

    probability: Floats
    sets: tuple[tuple[str, ...], ...]

    def marginals(self, zone_ids: Sequence[str]) -> Floats:
        """(n,) probability that each zone is patrolled, in the order of ``zone_ids``.

        Raises InputError if a deployment holds a zone that is not in ``zone_ids``.
        """
        position = {zone: i for i, zone in enumerate(zone_ids)}
        result = np.zeros(len(position))
        for probability, zones in zip(self.probability.tolist(), self.sets, strict=True):
            for zone in zones:
                if zone not in position:
                    raise InputError(
                        f"The deployments hold zone {zone!r}, which is not among the zones asked for."
                    )
                result[position[zone]] += probability
        return result

    def frame(self) -> pd.DataFrame:
        """One row a zone of a deployment: draw (from 1), probability, zone_id; an empty draw has no rows."""
        pairs = zip(self.probability.tolist(), self.sets, strict=True)
        rows = [
            (draw, probability, zone) for draw, (probability, zones) in enumerate(pairs, 1) for zone in zones
        ]
        return pd.DataFrame(rows, columns=["draw", "probability", "zone_id"])

    def records(self) -> list[dict[str, object]]:
        """``[{"probability": p, "zones": [...]}, ...]``, the JSON of the command line."""
        return [
            {"probability": probability, "zones": list(zones)}
            for probability, zones in zip(self.probability.tolist(), self.sets, strict=True)
        ]


def decompose(zone_ids: Sequence[str], coverage: ArrayLike) -> Deployments:
    """Explicit mixed strategy with exactly these marginals.

    Args:
        zone_ids: n unique labels.
        coverage: (n,) x_t in [0, 1] (1e-9 beyond is put on the bound). Coverage of 0 is never drawn, of 1
            always.

    Returns:
        Deployments: At most n + 1 sets; each has floor(sum x) or ceil(sum x) zones. A sum within 1e-9 of a
            whole number is that number; the marginals are then reproduced to that same 1e-9, otherwise to
            1e-12.

    Raises:
        InputError: For labels and coverage of different length, repeated labels, or coverage outside [0, 1].
    """
    ids = tuple(zone_ids)
    x = _checked_coverage(ids, coverage)
    always = np.flatnonzero(x >= 1.0)
    partial = np.flatnonzero((x > 0.0) & (x < 1.0))
    if x[partial].sum() <= _TOLERANCE:
        partial = partial[:0]
    whole, fraction = _boundaries(x[partial])
    taken, widths = _teeth(whole, fraction)
    sets = tuple(
        tuple(ids[i] for i in np.sort(np.concatenate([always, partial[zones]])).tolist()) for zones in taken
    )
    return Deployments(widths / widths.sum(), sets)


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
            "coverage holds something that is not a number: accepted are numbers from 0 to 1."
        ) from None
    if x.shape != (len(ids),):
        raise InputError(f"coverage has shape {x.shape} for {len(ids)} zones: give one number a zone.")
    bad = ~((x >= -_TOLERANCE) & (x <= 1 + _TOLERANCE))
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise InputError(f"coverage of zone {ids[i]!r} is {x[i]!s}: accepted are numbers from 0 to 1.")
    x = np.asarray(np.clip(x, 0.0, 1.0), dtype=float)
    x[x < 1e-13] = 0.0  # below what the breakpoints tell apart
    x[x > 1 - 1e-13] = 1.0
    return x


def draw_roster(deployments: Deployments, shifts: Sequence[str], seed: int) -> pd.DataFrame:
    """One independent draw a shift.

    Args:
        deployments: The mixed strategy.
        shifts: Unique names of the shifts, in order.
        seed: Same seed, deployments and number of shifts give the same roster, whatever the machine.

    Returns:
        pandas.DataFrame: shift, draw (number of the deployment, from 1), zone_id; one row a zone patrolled.
            ``attrs`` holds ``seed``, and ``shifts`` (also those whose draw is empty).
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
        (name, int(k) + 1, zone)
        for name, k in zip(names, chosen, strict=True)
        for zone in deployments.sets[int(k)]
    ]
    roster = pd.DataFrame(rows, columns=["shift", "draw", "zone_id"])
    roster.attrs.update(seed=seed, shifts=names)
    return roster


def audit(roster: pd.DataFrame, coverage: Mapping[str, float], *, shifts: int | None = None) -> pd.DataFrame:
    """Realised against target coverage of a roster.

    Args:
        roster: From :func:`draw_roster`; or any frame with shift and zone_id.
        coverage: Zone label to target x_t, for all zones.
        shifts: How many shifts were drawn; by default read from the roster (``attrs``, else the shifts it
            names).

    Returns:
        pandas.DataFrame: zone_id, target, realised (share of the shifts), difference, and standard_error of the
            realised share under the target, sqrt(x (1 - x) / shifts): about 2 of these is chance.

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
    seen = roster.groupby("zone_id")["shift"].nunique()
    realised = seen.reindex(list(coverage), fill_value=0).to_numpy(dtype=float) / total
    error = np.sqrt(np.clip(target * (1 - target), 0.0, None) / total)
    columns = {
        "target": target,
        "realised": realised,
        "difference": realised - target,
        "standard_error": error,
    }
    return pd.DataFrame({"zone_id": list(coverage), **columns})
