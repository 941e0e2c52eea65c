r"""Demand of the months ahead: the zone's own level times the city's season.

With crimes :math:`c_{zm}` (weighted) of zone :math:`z` in month :math:`m`, calendar month :math:`k(m)` and
city total :math:`C_m`:

.. math::
    f_k = \frac{\text{mean of } C_m \text{ over } k(m)=k}{\text{mean of these means}}, \qquad
    \ell_z = \frac{\sum_m c_{zm}}{\sum_m f_{k(m)}}, \qquad
    \text{risk}_{zh} = \ell_z f_{k(h)}

The level divides by the factors of the months seen, so that a period that is not whole years does not carry
its season into the level. No trend: a forecast that must beat this one is a later step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.errors import InputError
from patrol_core.risk.counts import match_counts
from patrol_core.risk.harm import HarmTable

LONGEST_HORIZON = 36


def monthly_demand(
    counts: pd.DataFrame,
    zone_ids: Sequence[str],
    months: Sequence[str],
    *,
    horizon: int = 6,
    weights: HarmTable,
    crime_types: Sequence[str],
    level: ArrayLike | None = None,
) -> pd.DataFrame:
    """Expected risk of each zone in each of the ``horizon`` months after the last.

    Args:
        counts, zone_ids, months, weights, crime_types: As in :func:`patrol_core.risk.surface.build_surface`.
        horizon: Months ahead, 1 to 36.
        level: Risk of each zone in a mean month of those observed, where it is not what was recorded (a
            smoothed surface's ``mean``); the season stays the city's.

    Returns:
        DataFrame: ``Month`` ("YYYY-MM"), ``zone_id``, ``risk`` (per month), by month, then in the order of
            ``zone_ids``. ``attrs["method"]`` says how it was made, ``attrs["unit"]`` the unit of ``risk`` and
            ``attrs["factors"]`` the factor of each calendar month ("01".."12").

    Raises:
        InputError: As :func:`~patrol_core.risk.surface.build_surface`, or if ``horizon`` is out of range.
    """
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise InputError(f"A horizon of {horizon} months was asked for; choose 1 to {LONGEST_HORIZON}.")
    weight = weights.weights_of(crime_types)
    matched = match_counts(counts, zone_ids, months, crime_types)
    city = matched.by_month_and_type() @ weight
    calendar = np.array([int(month[5:]) - 1 for month in months])
    factors, method = _factors(city, calendar)
    seen = matched.by_zone_and_type() @ weight
    if level is not None:
        seen = np.asarray(level, dtype=float) * len(months)
        if seen.shape != (len(zone_ids),):
            raise InputError(f"There are {seen.size} levels for {len(zone_ids)} zones; give one per zone.")
    usual = seen / factors[calendar].sum()
    ahead = [str(pd.Period(months[-1], "M") + step) for step in range(1, horizon + 1)]
    season = factors[[int(month[5:]) - 1 for month in ahead]]
    demand = pd.DataFrame(
        {
            "Month": np.repeat(ahead, len(zone_ids)),
            "zone_id": np.tile(np.asarray([str(zone) for zone in zone_ids], dtype=object), horizon),
            "risk": np.outer(season, usual).ravel(),
        }
    )
    demand.attrs["method"] = method
    demand.attrs["unit"] = f"{weights.unit} per month"
    demand.attrs["factors"] = {f"{k + 1:02d}": float(f) for k, f in enumerate(factors)}
    return demand


def _factors(city: np.ndarray, calendar: np.ndarray) -> tuple[np.ndarray, str]:
    """Factor of each calendar month (12,) and the method in words."""
    flat = np.ones(12)
    if len(city) < 12 or len(np.unique(calendar)) < 12:
        return flat, (
            f"Average month of the {len(city)} observed; a season needs every calendar month at least once, "
            "so every month ahead is alike."
        )
    if city.sum() == 0:
        return flat, "No crime was observed, so the demand is 0 in every month ahead."
    means = np.bincount(calendar, weights=city, minlength=12) / np.bincount(calendar, minlength=12)
    return means / means.mean(), (
        f"Seasonal average of {len(city)} months: each zone's monthly level times the city's factor for the "
        "calendar month; no trend."
    )
