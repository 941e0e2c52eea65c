"""Inequality of an amount per head, weighted by population.

With p_i residents in zone i (P in all), h_i = amount_i / p_i and mean h = sum p_i h_i / P:

* Gini ``sum_ij p_i p_j |h_i - h_j| / (2 P^2 h)``
* Theil T ``sum p_i/P (h_i/h) ln(h_i/h)``, with 0 ln 0 = 0; between groups the same on group means, within
  the rest
* Atkinson ``1 - (sum p_i/P h_i^(1-eps))^(1/(1-eps)) / h``; eps = 1: geometric mean; 1 if eps >= 1 and
  someone gets 0
* Hoover ``sum p_i |h_i - h| / (2 P h)``: the share of the amount that would have to move
* concentration index ``2 cov_p(h_i, R_i) / h``, R_i the fractional rank (most disadvantaged first, ties share
  their middle): below 0 the amount goes mostly to the most disadvantaged, above 0 to the least

All are what the unweighted measure gives when every resident is one observation; PySAL's `inequality` has
only the unweighted forms, which the tests compare with. Zones without residents
carry no weight. If nobody gets anything, everybody gets the same: all measures are 0.

Sources: Cowell (2011), Measuring Inequality; Kakwani, Wagstaff & van Doorslaer (1997) for the concentration
index.
"""

from __future__ import annotations

import numpy as np

from patrol_core.arrays import Floats


def gini(rate: Floats, weight: Floats) -> float:
    """Population-weighted Gini of a rate per head; 0 is equal, towards 1 all with one."""
    order = np.argsort(rate, kind="stable")
    p, h = weight[order] / weight.sum(), rate[order]
    mean = float(p @ h)
    if mean <= 0.0:
        return 0.0
    below = np.cumsum(p) - p
    # sum_ij p_i p_j |h_i - h_j| / 2 = sum_i p_i h_i (weight below - weight above)
    return max(float((p * h * (2.0 * below + p - 1.0)).sum()) / mean, 0.0)


def theil(rate: Floats, weight: Floats) -> float:
    """Population-weighted Theil T of a rate per head (nats)."""
    p = weight / weight.sum()
    mean = float(p @ rate)
    if mean <= 0.0:
        return 0.0
    share = rate / mean
    logs = np.log(np.where(share > 0.0, share, 1.0))
    return max(float((p * share * logs).sum()), 0.0)


def atkinson(rate: Floats, weight: Floats, epsilon: float) -> float:
    """Population-weighted Atkinson index at inequality aversion ``epsilon`` > 0.

    Args:
        rate: (n,) per head.
        weight: (n,) residents.
    """
    p = weight / weight.sum()
    mean = float(p @ rate)
    if mean <= 0.0:
        return 0.0
    counted = p > 0.0
    share = rate[counted] / mean
    if epsilon >= 1.0 and (share <= 0.0).any():
        return 1.0
    if epsilon == 1.0:
        equal = float(np.exp(p[counted] @ np.log(share)))
    else:
        equal = float((p[counted] @ share ** (1.0 - epsilon)) ** (1.0 / (1.0 - epsilon)))
    return max(1.0 - equal, 0.0)


def hoover(rate: Floats, weight: Floats) -> float:
    """Share of the amount that would have to move for equal rates (Hoover, Schutz, Pietra)."""
    p = weight / weight.sum()
    mean = float(p @ rate)
    return 0.0 if mean <= 0.0 else float((p * np.abs(rate - mean)).sum() / (2.0 * mean))


def concentration(rate: Floats, weight: Floats, rank: Floats) -> float:
    """Concentration index against ``rank`` (most disadvantaged first), -1 to 1.

    Args:
        rate: (n,) per head.
        weight: (n,) residents.
    """
    p = weight / weight.sum()
    mean = float(p @ rate)
    if mean <= 0.0:
        return 0.0
    position = fractional_rank(rank, weight)
    return float(2.0 * (p * (rate - mean) * (position - 0.5)).sum() / mean)


def fractional_rank(rank: Floats, weight: Floats) -> Floats:
    """Middle of each zone's place in the population ordered by ``rank``, 0 to 1; ties share theirs."""
    _, tied = np.unique(rank, return_inverse=True)
    people = np.bincount(tied, weights=weight)
    middle = (np.cumsum(people) - people / 2.0) / people.sum()
    return np.asarray(middle[tied], dtype=np.float64)
