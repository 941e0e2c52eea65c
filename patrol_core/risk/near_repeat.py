r"""Near repeats: does one crime make another more likely nearby and soon after? Knox's test.

Of n events with a place and a day, every pair is put into a cell by its distance and its days apart. Bands of distance: the same
place (up to a metre), then (0, d], (d, 2d], ...; bands of time: 0 to t days, t + 1 to 2t, ..., both as the Near Repeat Calculator
has them. With :math:`N_b` pairs in distance band b and :math:`N_\tau` in time band :math:`\tau`,

.. math::
    \mathrm{E}[O_{b\tau}] = \frac{N_b N_\tau}{n (n - 1) / 2}, \qquad
    \text{ratio} = \frac{O_{b\tau}}{\mathrm{E}[O_{b\tau}]}, \qquad
    p = \frac{1 + \#\{O^{(r)}_{b\tau} \ge O_{b\tau}\}}{R + 1}

where the expectation is over all ways to hand the days out to the places (exact, so that it has no noise of its own) and
:math:`O^{(r)}` are the counts of R such shuffles, seeded. p is one-sided: more pairs than chance. The table has many cells, so q
is p adjusted for false discovery over all of them (Benjamini and Hochberg 1995).

Events that happen more in some places at some times of the year raise ratios without any contagion; the test cannot tell this
apart. Pairs beyond the largest distance are never stored, so that memory grows with near pairs only.

Around single events, K of the :math:`m_i` others within the distance fall within the days; as the days are handed out,
:math:`K \sim \mathrm{Hypergeometric}(n - 1, t_i, m_i)` with :math:`t_i` others within the days of event i, which gives its
p without simulation.

Sources: Knox (1964), "The detection of space-time interactions", Applied Statistics 13, 25-29; Ratcliffe and Rengert (2008),
"Near-repeat patterns in Philadelphia shootings", Security Journal 21, 58-76 (the bands and the 1.2 rule of thumb); Rogerson (2001),
"Monitoring point patterns for the development of space-time clusters", JRSS A 164, 87-96 (local form).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.sources.fields import MOST_METRES

if TYPE_CHECKING:
    from scipy.spatial import cKDTree


SAME_PLACE_M = 1.0
"""Distance up to which two events are at the same place."""
MOST_PAIRS = 20_000_000
"""Near pairs beyond which the test is refused; they take some 180 MB."""
NOTABLE = 1.2
"""Ratio from which a significant cell is called a near repeat (Ratcliffe and Rengert 2008)."""
LEVEL = 0.05
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Bands:
    """Bands of distance and time.

    Attributes:
        metres, distances: Width of a band of distance and how many there are (besides the same place).
        days, times: Width of a band of time and how many there are; the first has one day more, day 0.
    """

    metres: float = 100.0
    distances: int = 5
    days: int = 7
    times: int = 5

    def __post_init__(self) -> None:
        if not (np.isfinite(self.metres) and self.metres > SAME_PLACE_M):
            raise InputError(
                f"A band of {self.metres:g} m cannot be used; give more than {SAME_PLACE_M:g} m."
            )
        for name, value in (("distances", self.distances), ("days", self.days), ("times", self.times)):
            if not 1 <= value <= 1000:
                raise InputError(f"{name} = {value}: accepted is a whole number from 1 to 1000.")

    @property
    def reach(self) -> float:
        """Largest distance, m."""
        return self.metres * self.distances

    def distance_names(self) -> list[str]:
        """Names of the bands of distance, nearest first."""
        edges = [self.metres * band for band in range(self.distances + 1)]
        return [
            "same place",
            *(f"{low:,.0f} to {high:,.0f} m" for low, high in pairwise(edges)),
        ]

    def time_names(self) -> list[str]:
        """Names of the bands of time, soonest first."""
        lows = [0, *(self.days * band + 1 for band in range(1, self.times))]
        return [f"{low} to {self.days * (band + 1)} days" for band, low in enumerate(lows)]


@dataclass(frozen=True, eq=False)
class NearRepeat:
    """Knox table.

    Attributes:
        table: One row a cell: distance and days (names of the bands), observed, expected (pairs), ratio, p, q;
            ratio is NaN where nothing was expected.
        events, near_pairs: Events, and pairs within the largest distance.
        bands, permutations, seed: What was asked.
    """

    table: pd.DataFrame
    events: int
    near_pairs: int
    bands: Bands
    permutations: int
    seed: int

    def matrix(self, column: str) -> pd.DataFrame:
        """One figure with distances down and days across."""
        wide = self.table.pivot(index="distance", columns="days", values=column)
        return wide.reindex(index=self.bands.distance_names(), columns=self.bands.time_names())

    def finding(self) -> str:
        """What the table says, in a sentence."""
        found = self.table[(self.table["q"] <= LEVEL) & (self.table["ratio"] >= NOTABLE)]
        if found.empty:
            few = len(self.table) / (self.permutations + 1) > LEVEL
            more = (
                f" With {self.permutations} permutations one cell alone could not be: take more."
                if few
                else ""
            )
            return f"No cell holds at least {NOTABLE - 1:.0%} more pairs than chance at q {LEVEL:g}: no near repeats are shown.{more}"
        best = found.iloc[int(found["ratio"].to_numpy().argmax())]
        return (
            f"{len(found)} of {len(self.table)} cells hold at least {NOTABLE - 1:.0%} more pairs than chance (q at most {LEVEL:g}); "
            f"the most, {best['ratio']:.2f} times, at {best['distance']}, {best['days']} "
            f"({best['observed']:,.0f} pairs where {best['expected']:,.1f} were expected)."
        )


def knox_table(
    x: ArrayLike,
    y: ArrayLike,
    day: ArrayLike,
    *,
    bands: Bands | None = None,
    permutations: int = 999,
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> NearRepeat:
    """Knox's test for every band of distance and time.

    Args:
        x, y: (n,) places in metres.
        day: (n,) whole days, from any origin.
        bands: Bands of distance and time; 100 m and 7 days, five each, by default.
        permutations: R, from 19 to 99,999.
        seed: At least 0; the same seed gives the same p.
        on_progress: Called with (shuffles done, shuffles in all).

    Raises:
        InputError: Fewer than two events, all on one day, values that are not finite, days that are not whole,
            or more than ``MOST_PAIRS`` near pairs.
    """
    chosen = Bands() if bands is None else bands
    places, when = _checked(x, y, day)
    if not 19 <= permutations <= 99_999 or seed < 0:
        raise InputError(
            f"{permutations} permutations with seed {seed}: accepted are 19 to 99999 and a seed of at least 0."
        )
    pairs, apart = _near_pairs(places, chosen.reach)
    band = _band_of(apart, chosen)
    slot = _slots(when, chosen)
    shape = (chosen.distances + 1, chosen.times)
    observed = _count(when, pairs, band, slot, shape)
    expected = _expected(when, band, chosen)
    reached = np.zeros(shape)
    rng = np.random.default_rng(seed)
    for done in range(1, permutations + 1):
        reached += _count(rng.permutation(when), pairs, band, slot, shape) >= observed
        if on_progress is not None:
            on_progress(done, permutations)
    p = (reached + 1.0) / (permutations + 1.0)
    return NearRepeat(_table(chosen, observed, expected, p), len(when), len(band), chosen, permutations, seed)


def near_events(x: ArrayLike, y: ArrayLike, day: ArrayLike, *, metres: float, days: int) -> pd.DataFrame:
    """Events by how many others are near and soon (before or after), against chance.

    Args:
        x, y, day: As in :func:`knox_table`.
        metres, days: Up to this far and this many days apart, both included.

    Returns:
        pandas.DataFrame: One row an event, in the order given: near (others within the distance), observed (of
            these within the days), expected, p (hypergeometric, one-sided), q (adjusted for false discovery
            over the events that have a neighbour); p and q are NaN for an event with none near.

    Raises:
        InputError: As :func:`knox_table`.
    """
    from scipy.stats import false_discovery_control, hypergeom

    places, when = _checked(x, y, day)
    if not (np.isfinite(metres) and metres > 0) or days < 0:
        raise InputError(
            f"{metres:g} m and {days} days cannot be used; give more than 0 m and at least 0 days."
        )
    n = len(when)
    pairs, _ = _near_pairs(places, metres)
    soon = pairs[np.abs(when[pairs[:, 0]] - when[pairs[:, 1]]) <= days]
    near, both = (np.bincount(part.ravel(), minlength=n) for part in (pairs, soon))
    ordered = np.sort(when)
    within = (
        np.searchsorted(ordered, when + days, side="right")
        - np.searchsorted(ordered, when - days, side="left")
        - 1
    )
    p, q = np.full(n, np.nan), np.full(n, np.nan)
    some = near > 0
    p[some] = hypergeom.sf(both[some] - 1, n - 1, within[some], near[some])
    if some.any():
        q[some] = false_discovery_control(np.clip(p[some], 0.0, 1.0), method="bh")
    return pd.DataFrame({"near": near, "observed": both, "expected": near * within / (n - 1), "p": p, "q": q})


# -- checks ----------------------------------------------------------------------------------------


def _checked(x: ArrayLike, y: ArrayLike, day: ArrayLike) -> tuple[Floats, NDArray[np.int32]]:
    across, up, when = (np.asarray(values, dtype=float) for values in (x, y, day))
    if not across.shape == up.shape == when.shape or across.ndim != 1:
        raise InputError(
            f"There are {across.size} x, {up.size} y and {when.size} days; give one of each for every event."
        )
    if when.size < 2:
        raise InputError(f"There is {when.size} event, and a pair needs two; give more events.")
    for values, word in ((across, "x"), (up, "y"), (when, "day")):
        wrong = ~np.isfinite(values)
        if wrong.any():
            raise InputError(f"Event {int(np.argmax(wrong)) + 1} has no {word}; give one for every event.")
    far = (np.abs(across) > MOST_METRES) | (np.abs(up) > MOST_METRES)
    if far.any():
        at = int(np.argmax(far))
        raise InputError(
            f"Event {at + 1} lies at {across[at]:g}, {up[at]:g} m, which is no place on Earth; correct it."
        )
    if (when != np.floor(when)).any():
        place = int(np.argmax(when != np.floor(when)))
        raise InputError(f"Event {place + 1} has the day {when[place]:g}; give whole days.")
    if np.ptp(when) == 0:
        raise InputError(
            "All events are on one day, so none can follow another; give events of several days."
        )
    if np.ptp(when) > 200_000:
        raise InputError(f"The days span {np.ptp(when):,.0f} days; check them, a span is at most 200,000.")
    return np.column_stack([across, up]), (when - when.min()).astype(np.int32)


# -- pairs -----------------------------------------------------------------------------------------


def _near_pairs(places: Floats, reach: float) -> tuple[NDArray[np.int32], Floats]:
    """Pairs (P, 2) within a distance, each once, and their distances."""
    from scipy.spatial import cKDTree

    tree: cKDTree = cKDTree(places)
    number = (int(tree.count_neighbors(tree, reach)) - len(places)) // 2
    if number > MOST_PAIRS:
        raise InputError(
            f"{number:,} pairs of events are within {reach:g} m, more than the {MOST_PAIRS:,} that can be held; "
            "choose a smaller distance or a shorter period."
        )
    found: Any = tree.query_pairs(reach, output_type="ndarray")
    pairs = np.asarray(found, dtype=np.int32).reshape(-1, 2)
    pairs = pairs[
        np.argsort(pairs[:, 0], kind="stable")
    ]  # neighbours in memory, and the same order everywhere
    step = places[pairs[:, 0]] - places[pairs[:, 1]]
    return pairs, np.asarray(np.hypot(step[:, 0], step[:, 1]))


def _band_of(apart: Floats, bands: Bands) -> NDArray[np.int32]:
    band = np.ceil(apart / bands.metres)
    band = np.where(apart <= SAME_PLACE_M, 0, np.clip(band, 1, bands.distances))
    return np.asarray(band, dtype=np.int32)


def _slots(when: NDArray[np.int32], bands: Bands) -> NDArray[np.int32]:
    """Band of time by days apart; ``times`` stands for later."""
    days = np.arange(int(when.max()) + 1)
    slot = np.maximum(np.ceil(days / bands.days) - 1, 0)
    return np.asarray(np.minimum(slot, bands.times), dtype=np.int32)


def _count(
    when: NDArray[np.int32],
    pairs: NDArray[np.int32],
    band: NDArray[np.int32],
    slot: NDArray[np.int32],
    shape: tuple[int, int],
) -> Floats:
    """Pairs in each cell (distance bands, time bands)."""
    wide = shape[1] + 1
    total = np.zeros(shape[0] * wide, dtype=np.int64)
    for start in range(0, len(band), _CHUNK):
        part = slice(start, start + _CHUNK)
        gap = np.abs(when[pairs[part, 0]] - when[pairs[part, 1]])
        total += np.bincount(band[part] * wide + slot[gap], minlength=total.size)
    return np.asarray(total.reshape(shape[0], wide)[:, :-1], dtype=float)


def _expected(when: NDArray[np.int32], band: NDArray[np.int32], bands: Bands) -> Floats:
    """Exact mean over all ways to hand out the days: pairs near times the share of all pairs that are soon."""
    daily = np.bincount(when)
    n = len(when)
    soon = np.zeros(bands.times)
    for gap in range(min(bands.days * bands.times, len(daily) - 1) + 1):
        number = (daily * (daily - 1)).sum() / 2 if gap == 0 else float(daily[gap:] @ daily[:-gap])
        soon[max(-(-gap // bands.days) - 1, 0)] += number
    near = np.bincount(band, minlength=bands.distances + 1)
    return np.asarray(np.outer(near, soon) / (n * (n - 1) / 2))


def _table(bands: Bands, observed: Floats, expected: Floats, p: Floats) -> pd.DataFrame:
    from scipy.stats import false_discovery_control

    ratio = np.divide(observed, expected, out=np.full_like(observed, np.nan), where=expected > 0)
    distances, times = bands.distance_names(), bands.time_names()
    return pd.DataFrame(
        {
            "distance": np.repeat(distances, len(times)),
            "days": np.tile(times, len(distances)),
            "observed": observed.ravel(),
            "expected": expected.ravel(),
            "ratio": ratio.ravel(),
            "p": p.ravel(),
            "q": false_discovery_control(p.ravel(), method="bh"),
        }
    )
