r"""Runaway feedback in its smallest form: two places, one patrol a day, an urn (Ensign et al. 2018).

The urn begins with :math:`(a, b)` balls. Each day the patrol goes to place A with probability :math:`a / (a + b)`, else to B, finds a crime
there with that place's true rate, and each crime found puts a ball of its place into the urn. With equal rates this is Pólya's urn:
the share of patrol tends to a **random** limit that has nothing to do with crime, Beta(a, b) distributed; with different rates all
patrol ends in one place. **Corrected**, a crime found at A counts only with the probability that the patrol would have gone to B
(inverse weighting by the chance of having looked, up to a common factor), and the share tends to that of the true rates.

The distribution is exact, by going through all states.

Source: Ensign, Friedler, Neville, Scheidegger, Venkatasubramanian (2018), Runaway feedback loops in predictive policing, PMLR 81,
160-171.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

BINS = 2000
"""Shares are told apart to one part in this many for the 5 and 95 % points."""
MOST_DAYS = 1000


@dataclass(frozen=True, eq=False)
class Urn:
    """Distribution of the urn after some days.

    Attributes:
        probability: (r + 1, r + 1): of i crimes counted at A and j at B.
        share: (r + 1, r + 1): share of patrol that A then gets.
        mean, low, high: (rounds + 1,) mean and 5 and 95 % points of A's share of patrol, from the start on.
    """

    probability: Floats
    share: Floats
    mean: Floats
    low: Floats
    high: Floats


def urn(
    first: tuple[float, float], rates: tuple[float, float], rounds: int, *, corrected: bool = False
) -> Urn:
    """Exact course of the urn.

    Args:
        first: Balls of A and B at the start, above 0.
        rates: Chance that a patrol finds a crime at A and at B, 0 to 1.
        rounds: Days, 1 to 1,000.
        corrected: Whether crimes found count with the chance of not having looked there.

    Raises:
        InputError: For numbers out of range.
    """
    if not (min(first) > 0 and np.isfinite(first).all()):
        raise InputError(f"The urn begins with {first}; both numbers must be above 0.")
    if not all(0 <= rate <= 1 for rate in rates):
        raise InputError(f"The rates are {rates}; accepted are numbers from 0 to 1.")
    if not 1 <= rounds <= MOST_DAYS:
        raise InputError(f"rounds = {rounds}: accepted is a whole number from 1 to 1,000.")
    grown = np.arange(rounds + 1, dtype=float)
    a, b = first[0] + grown[:, None], first[1] + grown[None, :]
    share = a / (a + b)
    found_a, found_b = share * rates[0], (1 - share) * rates[1]
    if corrected:
        found_a, found_b = found_a * (1 - share), found_b * share
    bins = np.minimum((share * BINS).astype(np.int64), BINS - 1)
    state = np.zeros_like(share)
    state[0, 0] = 1.0
    course = [(float(share[0, 0]),) * 3]
    for day in range(1, rounds + 1):
        now = np.s_[: day + 1, : day + 1]  # no more crimes than days
        before = state[now].copy()
        to_a, to_b = before * found_a[now], before * found_b[now]
        state[now] -= to_a + to_b
        state[1 : day + 1, : day + 1] += to_a[:-1, :]
        state[: day + 1, 1 : day + 1] += to_b[:, :-1]
        course.append(_figures(state[now], share[now], bins[now]))
    mean, low, high = (np.array(column) for column in zip(*course, strict=True))
    return Urn(state, share, mean, low, high)


def _figures(state: Floats, share: Floats, bins: NDArray[np.int64]) -> tuple[float, float, float]:
    below = np.cumsum(np.bincount(bins.ravel(), weights=state.ravel(), minlength=BINS))
    low, high = ((int(np.searchsorted(below, q)) + 0.5) / BINS for q in (0.05, 0.95))
    return float((state * share).sum()), low, high
