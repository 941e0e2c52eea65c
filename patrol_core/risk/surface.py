r"""Risk per zone and month, with the uncertainty that small counts carry.

Model (Gamma-Poisson, per zone :math:`z` and crime type :math:`t`), with :math:`N_{zt}` crimes in :math:`M`
months:

.. math::
    N_{zt} \mid \lambda_{zt} \sim \mathrm{Poisson}(M \lambda_{zt}), \qquad
    \lambda_{zt} \mid N_{zt} \sim \mathrm{Gamma}(N_{zt} + a,\ \text{rate } M), \qquad a = \tfrac{1}{2T}

with :math:`T` types, so that the prior of a zone's total is Jeffreys' (shape 1/2) however finely crime
is divided. The risk is :math:`R_z = \sum_t w_t \lambda_{zt}`.

* ``mean`` is the observed rate :math:`\sum_t w_t N_{zt} / M`, neither shrunk nor smoothed.
* ``low`` and ``high`` are the 5 % and 95 % points of :math:`R_z`. With equal weights :math:`R_z` is Gamma
  exactly; otherwise a Gamma with the same mean and variance stands for the sum (Welch-Satterthwaite; close
  where a few crimes of the heavy types were seen, rough where none was). A zone without crime gets ``low``
  0, and the interval is widened to hold the observed rate where rare, heavy types would leave it outside.
* ``draws`` are exact: a sum of independent Gamma draws, with no matching.

Smoothed (:mod:`patrol_core.risk.smoothing`) the shapes and rates are those of its posterior instead, and ``mean`` is the
posterior mean. Interval and draws are made by the same code; the interval is exact where :math:`w_t` over the rate is
the same for all types (one type, for instance), matched otherwise.

Sources: Brown, Cai and DasGupta (2003), "Interval estimation in exponential families", Statistica Sinica 13,
19-49 (Jeffreys interval); Satterthwaite (1946), Biometrics Bulletin 2, 110-114 (matched moments).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv

from patrol_core.arrays import Bools, Floats
from patrol_core.errors import InputError
from patrol_core.risk.counts import match_counts
from patrol_core.risk.harm import HarmTable
from patrol_core.risk.smoothing import Kind, Smoothing, smooth

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

#: Tail probability left out at each end of the interval.
TAIL = 0.05


@dataclass(frozen=True, eq=False)
class RiskSurface:
    """Risk of each zone, per month.

    Attributes:
        zone_ids: Zones, in the order of every array.
        mean, low, high: Observed rate (or the smoothed one) and its 5/95 % posterior interval, shape (n,), in
            ``unit``.
        unit: ``crimes per month``, ``harm days per month``, ...
        period: First and last month.
        months: Number of months observed.
        crime_types: Types that make the risk.
        counts: Crimes by zone and type over the period, shape (n, types).
        weights: Weight of one crime of each type, shape (types,).
        shapes, rates: Gamma posterior of the monthly crimes by zone and type, shape (n, types).
        smoothing: How the posterior was had from other zones; None where each zone stands alone.
    """

    zone_ids: tuple[str, ...]
    mean: Floats
    low: Floats
    high: Floats
    unit: str
    period: tuple[str, str]
    months: int
    crime_types: tuple[str, ...]
    counts: Floats
    weights: Floats
    shapes: Floats
    rates: Floats
    smoothing: Smoothing | None = None

    def by_type(self) -> Floats:
        """Expected weighted crime per month by zone and type, shape (n, types); rows add up to ``mean``."""
        crimes = self.counts / max(self.months, 1) if self.smoothing is None else self.smoothing.expected
        return np.asarray(crimes * self.weights)

    def draws(self, seed: int, size: int) -> Floats:
        """Posterior draws of the risk, shape (size, n); the same seed gives the same draws.

        Raises:
            InputError: If ``size`` is below 1.
        """
        if size < 1:
            raise InputError(f"{size} draws were asked for; ask for at least 1.")
        rng = np.random.default_rng(seed)
        scale = self.weights / self.rates
        if _alike(scale).all():
            shape = self.shapes.sum(axis=1)
            return np.asarray(rng.standard_gamma(shape, (size, len(shape))) * scale[:, 0])
        total = np.zeros((size, len(self.zone_ids)))
        for one, shape in zip(scale.T, self.shapes.T, strict=True):
            total += rng.standard_gamma(shape, total.shape) * one
        return total

    def per_km2(self, area_km2: ArrayLike) -> Floats:
        """``mean`` per square kilometre; NaN where the area is 0 or unknown."""
        return self._per(area_km2, "area")

    def per_1000(self, population: ArrayLike) -> Floats:
        """``mean`` per 1,000 residents; NaN where the population is 0 or unknown."""
        return self._per(population, "population") * 1000

    def _per(self, amount: ArrayLike, word: str) -> Floats:
        values = np.asarray(amount, dtype=float)
        if values.shape != self.mean.shape:
            raise InputError(
                f"There are {values.size} values of {word} for {self.mean.size} zones; give one per zone."
            )
        if (values < 0).any():
            zone = self.zone_ids[int(np.argmax(values < 0))]
            raise InputError(f"The {word} of zone {zone!r} is negative; correct it or leave it empty.")
        unknown = np.full_like(self.mean, np.nan)
        return np.asarray(np.divide(self.mean, values, out=unknown, where=values > 0))


def build_surface(
    counts: pd.DataFrame,
    zone_ids: Sequence[str],
    months: Sequence[str],
    *,
    weights: HarmTable,
    crime_types: Sequence[str],
    count_unit: str = "crimes",
    smoothing: Kind = "none",
    neighbours: Mapping[str, Sequence[str]] | None = None,
    exposure: ArrayLike | None = None,
) -> RiskSurface:
    """Risk per zone from counts.

    Args:
        counts: Long frame ``zone_id, month, crime_type, count`` (only non-zero rows needed).
        zone_ids: All zones, in the order wanted; zones without rows have risk 0.
        months: The months observed, "YYYY-MM", ascending; a month without rows is a month with no crime.
        weights: Harm table, e.g. ``WEIGHTS["cchi"]``.
        crime_types: Types that make the risk; rows of other types and months do not enter.
        count_unit: What one unit of ``count`` is, where it is not crimes.
        smoothing, neighbours, exposure: ``none``, or what a zone is drawn towards, see
            :func:`patrol_core.risk.smoothing.smooth`.

    Raises:
        InputError: If a zone of the counts is unknown, a label is missing or repeated, a count is negative, the
            table has no weight for a type, or neighbours or exposure do not fit the zones.
    """
    weight = weights.weights_of(crime_types)
    number = match_counts(counts, zone_ids, months, crime_types).by_zone_and_type()
    found: Smoothing | None = None
    if smoothing == "none":
        shapes, rates = number + _prior(len(weight)), np.full_like(number, float(len(months)))
        mean = number @ weight / len(months)
    else:
        found = smooth(
            number,
            zone_ids,
            len(months),
            crime_types,
            kind=smoothing,
            neighbours=neighbours,
            exposure=exposure,
        )
        shapes, rates = found.shapes, found.rates
        mean = found.expected @ weight
    low, high = _interval(shapes, rates, weight)
    if found is None:
        low[number.sum(axis=1) == 0] = 0.0
    return RiskSurface(
        zone_ids=tuple(str(zone) for zone in zone_ids),
        mean=mean,
        low=np.minimum(low, mean),
        high=np.maximum(high, mean),
        unit=f"{count_unit if weights.key == 'count' else weights.unit} per month",
        period=(months[0], months[-1]),
        months=len(months),
        crime_types=tuple(crime_types),
        counts=number,
        weights=weight,
        shapes=shapes,
        rates=rates,
        smoothing=found,
    )


def _prior(types: int) -> float:
    """Prior shape of one type: types share the 1/2 of the total."""
    return 0.5 / types


def _alike(scale: Floats) -> Bools:
    """Zones in which all types have the same scale, so that their sum is Gamma."""
    return np.asarray((scale == scale[:, :1]).all(axis=1))


def _interval(shapes: Floats, rates: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """5 % and 95 % points of the weighted sum by matched moments; exact for equal scales."""
    each = weight / rates
    mean = (shapes * each).sum(axis=1)
    variance = (shapes * each**2).sum(axis=1)
    scale = np.divide(variance, mean, out=np.zeros_like(mean), where=mean > 0)
    shape = np.divide(mean, scale, out=np.ones_like(mean), where=scale > 0)
    low, high = (np.asarray(gammaincinv(shape, tail) * scale) for tail in (TAIL, 1 - TAIL))
    return low, high
