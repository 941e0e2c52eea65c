r"""What the models know of a zone before a month: only months before it, and the zone's covariates.

With :math:`y_{zm}` the (weighted) crime of zone :math:`z` in month :math:`m`, features of month :math:`t` use :math:`m < t`:
the last month, means of the last 3, 6, 12 and 24 months, the same month a year before, and means in which a month's
weight halves every :math:`h` = 12 or 36 months, :math:`\sum_m 2^{-(t-1-m)/h} y_{zm} / \sum_m 2^{-(t-1-m)/h}`. Where
fewer months are known, the mean is that of the months known.

The models forecast relative to the area: :math:`\hat y_{zt} = L_t\, e^{s_{k(t)}} f(x_{zt})` with :math:`L_t` the mean
zone of the last twelve months, and the features of the zone's past divided by :math:`L_t`. So what a zone is to the area
is learnt from years in which the area stood elsewhere, and no trend of the area is continued beyond what the zones'
last months show: a level learnt from few years runs away when it is stepped twelve times.

The season :math:`s_k` of calendar month :math:`k` is the mean over the last six years known at the origin of
:math:`\ln(C_m / \bar C_m)`, with :math:`C_m` the city's total and :math:`\bar C_m` its mean over the twelve months around
(no month after the origin), centred over the year. With fewer than 24 months the mean of the calendar month over the
mean of all stands in, and with less than a year there is no season.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats

Array = NDArray[np.float32]

SPANS = (3, 6, 12, 24)
HALVES = (12, 36)
SEASON_YEARS = 6
COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "last": "last month",
        "mean3": "mean of the last 3 months",
        "mean6": "mean of the last 6 months",
        "mean12": "mean of the last 12 months",
        "mean24": "mean of the last 24 months",
        "year_ago": "same month a year before",
        "recent": "recent level, weights halving each year",
        "long": "long-run level, weights halving every 3 years",
    }
)
"""Features of the zone's own past, with the words for people."""
CITY: Mapping[str, str] = MappingProxyType({"season": "season of the whole area"})
"""Features of the whole area; the same for all zones."""
OWN = len(COUNTS)
KNOWN = OWN + len(CITY)
"""Features before the covariates."""
_WIDTHS = np.array([1, 3, 6, 12, 24, 1, 17, 52], dtype=np.float64)
"""Months that each feature of the zone rests on, about."""


def own_features(past: Floats) -> Array:
    """Features of the zones' own past for the month after the last row.

    Args:
        past: (months, zones), months ascending, at least one.

    Returns:
        array: (zones, len(COUNTS)), in the unit of ``past``.
    """
    known = len(past)
    columns = [past[-1], *(past[-span:].mean(axis=0) for span in SPANS)]
    columns.append(past[-12] if known >= 12 else past.mean(axis=0))
    for half in HALVES:
        weight = 0.5 ** (np.arange(known)[::-1] / half)
        columns.append(weight @ past / weight.sum())
    return np.column_stack(columns).astype(np.float32)


def season_of(city: Floats, first: int) -> Floats:
    """Log factor of each calendar month, (12,), January first; sums to 0.

    Args:
        city: Totals of the months known, ascending.
        first: Calendar month of the first, 0 is January.
    """
    known = len(city)
    if known < 12 or city.sum() <= 0:
        return np.zeros(12)
    start = max(0, known - 12 * SEASON_YEARS) if known >= 24 else 0
    smooth = pd.Series(city).rolling(12, center=True, min_periods=6).mean().to_numpy()
    around = smooth if known >= 24 else np.full(known, city.mean())
    tiny = 1e-3 * max(float(city.mean()), 1e-12)
    apart = np.log((city[start:] + tiny) / (around[start:] + tiny))
    calendar = (first + np.arange(start, known)) % 12
    season = np.bincount(calendar, apart, 12) / np.maximum(np.bincount(calendar, minlength=12), 1)
    return np.asarray(season - season.mean())


def logged(known: Floats, level: Floats, season: Floats) -> Floats:
    """The same features for a model linear in logarithms.

    A crime over the months that a feature rests on is added before its logarithm, so that none is not minus infinity.

    Args:
        known: (rows, OWN) features of the zones' own past, relative to ``level``.
        level, season: (rows,) mean zone, in units of the dispersion, and factor of the season.

    Returns:
        array: (rows, KNOWN).
    """
    least = 1.0 / np.maximum(2.0, _WIDTHS)
    base = level[:, None]
    return np.column_stack([np.log((known * base + least) / (base + least)), np.log(season)])
