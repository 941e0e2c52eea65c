"""Lorenz and concentration curves of an amount per head.

The Lorenz curve orders zones by their own rate, least first; the concentration curve by a rank, most disadvantaged
first, zones of one rank together (their order would be arbitrary). Twice the area between curve and diagonal is the
Gini, or the concentration index of :mod:`~patrol_core.fairness.indices`: above the diagonal the amount goes mostly to
the most disadvantaged, and the index is negative.

Sources: Lorenz (1905), Publ. Amer. Statist. Assoc. 9, 209-219; Kakwani, Wagstaff & van Doorslaer (1997), J. Econometrics 77.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.fairness.measures import lorenz

MOST_POINTS = 400
"""Points drawn of one curve; a curve of 5,000 zones looks the same with them."""


def lorenz_curve(amount: ArrayLike, population: ArrayLike) -> pd.DataFrame:
    """Cumulative shares of people and amount, zones of the least rate first.

    Returns:
        pandas.DataFrame: population_share, amount_share, from (0, 0) to (1, 1).
    """
    return lorenz(amount, population)


def concentration_curve(amount: ArrayLike, population: ArrayLike, rank: ArrayLike) -> pd.DataFrame:
    """Cumulative shares of people and amount, most disadvantaged first; zones of one rank are one step.

    Args:
        rank: (n,) small = most disadvantaged; zones of unknown rank (NaN) are left out.
        population: (n,) residents.

    Returns:
        pandas.DataFrame: population_share, amount_share, from (0, 0) to (1, 1).

    Raises:
        InputError: When no zone has a rank.
    """
    order = np.asarray(rank, dtype=np.float64)
    known = np.isfinite(order)
    if not known.any():
        raise InputError("No zone has a rank, so there is no concentration curve; give deprivation by zone.")
    steps, place = np.unique(order[known], return_inverse=True)
    people = np.bincount(place, weights=np.asarray(population, dtype=np.float64)[known], minlength=len(steps))
    amounts = np.bincount(place, weights=np.asarray(amount, dtype=np.float64)[known], minlength=len(steps))
    return lorenz(amounts, people, rank=steps)


def thinned(curve: pd.DataFrame, most: int = MOST_POINTS) -> tuple[Floats, Floats]:
    """Points of a curve to draw: all, or ``most`` of them evenly along the people."""
    x = curve["population_share"].to_numpy(dtype=np.float64)
    y = curve["amount_share"].to_numpy(dtype=np.float64)
    if len(x) <= most:
        return x, y
    at = np.linspace(0.0, 1.0, most)
    return at, np.asarray(np.interp(at, x, y), dtype=np.float64)
