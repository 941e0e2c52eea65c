"""What an observer of past patrols could predict, against draws by pure chance.

Take the visits of each zone along time (by shift, or by hour). The yardstick is the independent draw: every visit of
the zone falls on a time of its own, drawn with the shares by which demand lies over time, none knowing of another.
Nothing can be predicted in it but those shares. Three figures compare a roster with many such draws:

* ``autocorrelation`` at a lag: of the visits' departure from their expectation, all zones together. 0 is no memory;
  a patrol that comes at the same time every day shows at the lag of a day.
* ``conditional entropy``: bits of uncertainty about whether a zone is visited in a slot, once one knows whether it was
  in the slot before; zones weighted alike, plug-in estimate (Shannon 1948). Less than by chance means a pattern.
* ``best guess``: share of slots in which guessing from the slot before is right.

The plug-in figures are biased in small samples, but equally so for the draws they are held against.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError


def predictability(
    visits: ArrayLike, share: ArrayLike, lags: Sequence[int], *, draws: int = 40, seed: int = 1
) -> pd.DataFrame:
    """Memory of a roster against independent draws.

    Raises InputError if the shapes do not fit, or there are no visits.

    Args:
        visits: (zones, slots) visits that begin in each slot of time.
        share: (slots,) share of all visits that is expected in each slot; need not sum to 1.
        lags: Numbers of slots at which to measure memory; those not below the number of slots are left out.
        draws, seed: Independent draws to compare with, and their seed.

    Returns:
        pandas.DataFrame: measure, roster, chance (mean of the draws), chance_low, chance_high (5th and 95th
            percentile), reading (``as by chance``, ``more regular`` or ``less regular``).
    """
    table, expected = np.asarray(visits, dtype=np.int64), np.asarray(share, dtype=float)
    if table.ndim != 2 or table.shape[1] != len(expected) or len(expected) < 2:
        raise InputError(
            f"visits has shape {table.shape} for {len(expected)} slots; give one share a slot, two at least."
        )
    if table.sum() == 0 or expected.sum() <= 0.0:
        raise InputError("The roster has no visits, so nothing can be foreseen; make a roster first.")
    table = table[table.sum(axis=1) > 0]
    expected = expected / expected.sum()
    steps = [lag for lag in lags if 0 < lag < len(expected)]
    own = _figures(table, expected, steps)
    chance = np.random.default_rng(seed)
    sums = table.sum(axis=1)
    drawn = np.array(
        [_figures(chance.multinomial(sums, expected), expected, steps) for _ in range(draws)], dtype=float
    )
    low, high = np.percentile(drawn, [5, 95], axis=0)
    names = [*(f"autocorrelation, lag {lag}" for lag in steps), "conditional entropy [bits]", "best guess"]
    above, below = own > high, own < low
    above[-2], below[-2] = below[-2], above[-2]  # less entropy is more regular
    reading = np.select([above, below], ["more regular", "less regular"], "as by chance").tolist()
    return pd.DataFrame(
        {
            "measure": names,
            "roster": own,
            "chance": drawn.mean(axis=0),
            "chance_low": low,
            "chance_high": high,
            "reading": reading,
        }
    )


def _figures(table: Ints, expected: Floats, lags: Sequence[int]) -> Floats:
    away = table - table.sum(axis=1, keepdims=True) * expected
    power = float((away**2).sum())
    memory = [float((away[:, :-lag] * away[:, lag:]).sum()) / power if power > 0 else 0.0 for lag in lags]
    return np.array([*memory, *_one_step(table > 0)])


def _one_step(seen: NDArray[np.bool_]) -> tuple[float, float]:
    """Entropy of a slot given the one before, and how often the better guess is right; mean over zones."""
    before, after = seen[:, :-1], seen[:, 1:]
    count = np.stack(
        [
            np.stack([(before == a).astype(int) * (after == b) for b in (False, True)]).sum(axis=2)
            for a in (False, True)
        ]
    ).astype(float)  # (before, after, zones)
    total = count.sum(axis=(0, 1))
    given = count.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(count > 0, count * np.log2(count / given), 0.0)
    entropy = -terms.sum(axis=(0, 1)) / total
    guess = count.max(axis=1).sum(axis=0) / total
    return float(entropy.mean()), float(guess.mean())
