r"""Empirical Bayes: what a zone's own few crimes cannot say, the other zones do.

Model, one crime type at a time, with :math:`N_z` crimes of zone :math:`z` in :math:`M` months and exposure
:math:`E_z = M s_z` (:math:`s_z = 1` where zones are taken alike; else residents, ground, ... over their mean):

.. math::
    N_z \mid \lambda_z \sim \mathrm{Poisson}(E_z \lambda_z), \qquad
    \lambda_z \sim \mathrm{Gamma}(a_z,\ \text{rate } a_z / m_z), \qquad
    \lambda_z \mid N_z \sim \mathrm{Gamma}(a_z + N_z,\ \text{rate } a_z / m_z + E_z)

The risk per month is :math:`s_z \lambda_z`; its posterior mean lies between the zone's own rate and :math:`m_z`, nearer to
:math:`m_z` the less was observed.

* ``all``: one prior for the whole area. :math:`a` and :math:`m` maximise the marginal likelihood, in which :math:`N_z` is
  negative binomial with size :math:`a` and mean :math:`E_z m`. With equal exposure :math:`m` is the mean rate, and the
  smoothed risk of all zones together is the observed one.
* ``neighbours``: the prior mean of each zone comes from its neighbours :math:`\partial z`, the zone itself left out,

  .. math:: m_z = \frac{a + \sum_{j \in \partial z} N_j}{a / m + \sum_{j \in \partial z} E_j}

  (their pooled rate, itself held to the area's :math:`m` so that it is never 0), and one shape for all zones maximises the
  product of the negative binomial probabilities of :math:`N_z` given its neighbours. Marshall (1991) pools over
  neighbours in the same way, but counts the zone itself among them and takes the variance from moments of each
  neighbourhood, which half a dozen counts determine poorly. A zone without neighbours keeps the prior of the whole area.

Where counts vary no more than chance alone would (the likelihood rises up to :math:`a = \infty`) all zones are alike: each
gets the pooled rate, with :math:`\mathrm{Gamma}(\sum N, \sum E)` for what is not known of it; with neighbours, the pooled
rate of zone and neighbours. A type without crime has expected risk 0 everywhere; its interval and draws are those of
:math:`\mathrm{Gamma}(1 / 2T, \sum E)`, with :math:`T` types.

The prior is taken as known once it is fitted, as everywhere in empirical Bayes, so with few zones intervals are somewhat
narrow. Draws are made zone by zone.

Sources: Clayton and Kaldor (1987), "Empirical Bayes estimates of age-standardized relative risks for use in disease
mapping", Biometrics 43, 671-681 (the model and its likelihood); Marshall (1991), "Mapping disease and mortality rates
using empirical Bayes estimators", Applied Statistics 40, 283-294 (neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from patrol_core.errors import InputError
from patrol_core.words import first_few, plural

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from patrol_core.arrays import Floats

Kind = Literal["none", "all", "neighbours"]
SMOOTHINGS: Mapping[str, str] = {
    "none": "as recorded",
    "all": "smoothed towards all zones",
    "neighbours": "smoothed towards neighbours",
}
"""What can be chosen, in words."""
_LOG_SHAPE = (-18.0, 23.0)
"""Ends of the search for log a."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Prior of one crime type.

    Attributes:
        crime_type: Its name.
        mean: Rate per month of a zone of average exposure, m.
        shape: a; infinite where zones do not differ by more than chance.
        local_shape: Shape of the zones' own priors around their neighbours' rate; NaN without neighbours.
        log_likelihood: Marginal log likelihood at its maximum.
    """

    crime_type: str
    mean: float
    shape: float
    local_shape: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class Smoothing:
    """Posterior of every zone and type.

    Attributes:
        kind: ``all`` or ``neighbours``.
        shapes, rates: Gamma posterior of the monthly crimes, shape (n, types).
        expected: Crimes per month, shape (n, types): the posterior mean, 0 for types without crime.
        priors: One a type.
        notes: What a reader must know of this fit, as sentences.
    """

    kind: Kind
    shapes: Floats
    rates: Floats
    expected: Floats
    priors: tuple[Prior, ...]
    notes: tuple[str, ...]

    def words(self) -> str:
        """What was done, as one sentence."""
        towards = "of all zones" if self.kind == "all" else "of its neighbours"
        return (
            f"Each zone's rate is drawn towards that {towards}, the more the fewer crimes were recorded "
            "(empirical Bayes, Gamma-Poisson per crime type)."
        )

    def as_dict(self) -> dict[str, Any]:
        """The fit as plain data; None stands for a number that is infinite (zones alike) or was not asked for."""
        priors = [
            {
                name: value if isinstance(value, str) or np.isfinite(value) else None
                for name, value in asdict(prior).items()
            }
            for prior in self.priors
        ]
        return {"towards": self.kind, "words": self.words(), "priors": priors, "notes": list(self.notes)}


def smooth(
    number: Floats,
    zone_ids: Sequence[str],
    months: int,
    crime_types: Sequence[str],
    *,
    kind: Kind,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    exposure: ArrayLike | None = None,
) -> Smoothing:
    """Posterior of the monthly crimes of every zone and type.

    Args:
        number: Crimes by zone and type over all months, shape (n, types).
        zone_ids, months, crime_types: Labels of the rows, length of the period, and labels of the columns.
        kind: What a zone is drawn towards: ``all`` zones or its ``neighbours``.
        neighbours: Zone -> its neighbours; needed for ``neighbours``.
        exposure: One amount >= 0 a zone (residents, km²); all zones alike by default.

    Raises:
        InputError: For an exposure that does not fit the zones, crime where it is 0, or neighbours that are no
            zones.
    """
    relative = _relative(exposure, zone_ids, number)
    exposed = months * relative
    near = _matrix(neighbours, zone_ids) if kind == "neighbours" else None
    lone = np.zeros(len(zone_ids), dtype=bool) if near is None else near.sum(axis=1) == 0
    shapes, rates, priors = np.empty_like(number), np.empty_like(number), []
    for index, name in enumerate(crime_types):
        count = number[:, index]
        mean, shape, likelihood = fit_prior(count, exposed)
        local: float = np.nan
        one: tuple[Any, Any]
        if mean == 0:
            one = 0.5 / len(crime_types), exposed.sum()
        elif np.isinf(shape):
            one = count.sum(), exposed.sum()
        elif near is None:
            one = shape + count, shape / mean + exposed
        else:
            pooled = near @ count, near @ exposed
            local, own, rate = _local(count, exposed, pooled, mean, shape)
            one = np.where(lone, shape + count, own), np.where(lone, shape / mean + exposed, rate)
        shapes[:, index], rates[:, index] = one
        priors.append(Prior(str(name), mean, shape, local, likelihood))
    there = relative[:, None] > 0
    # From rates per exposure to rates per month; a zone without exposure has no crime and no risk.
    rates = np.divide(rates, relative[:, None], out=np.ones_like(rates), where=there)
    shapes = np.where(there, shapes, 0.0)
    known = number.sum(axis=0) > 0
    islands = [str(zone) for zone, alone in zip(zone_ids, lone, strict=True) if alone]
    return Smoothing(
        kind=kind,
        shapes=shapes,
        rates=rates,
        expected=np.where(known, shapes / rates, 0.0),
        priors=tuple(priors),
        notes=_notes(priors, islands, len(zone_ids)),
    )


def fit_prior(count: Floats, exposed: Floats) -> tuple[float, float, float]:
    """Mean and shape of the prior by maximum marginal likelihood, and the log likelihood there.

    The shape is infinite where counts vary no more than chance, the mean 0 where there is no crime.
    """
    if not count.sum():
        return 0.0, np.inf, 0.0
    count, exposed, times = _distinct(count, exposed)
    mean = float(times @ count / (times @ exposed))
    poisson = _log_likelihood(count, exposed * mean, times, np.inf)
    if times @ ((count - exposed * mean) ** 2 - count) <= 0:  # slope of the likelihood at a = infinity
        return mean, np.inf, poisson
    alike = bool((exposed == exposed[0]).all())

    def best_mean(shape: float) -> float:
        return mean if alike else _mean_given(count, exposed, times, shape, mean)

    def loss(log_shape: float) -> float:
        shape = float(np.exp(log_shape))
        return -_log_likelihood(count, exposed * best_mean(shape), times, shape)

    shape = float(np.exp(_minimum(loss)))
    mean = best_mean(shape)
    return mean, shape, _log_likelihood(count, exposed * mean, times, shape)


def _local(
    count: Floats, exposed: Floats, pooled: tuple[Floats, Floats], mean: float, shape: float
) -> tuple[float, Floats, Floats]:
    """Shape of the priors around the neighbours' rates, and the posterior's shapes and rates."""
    crimes, time = pooled
    centre = (shape + crimes) / (shape / mean + time)
    expected = centre * exposed
    if ((count - expected) ** 2 - count).sum() <= 0:
        return np.inf, shape + crimes + count, shape / mean + time + exposed
    ones = np.ones_like(count)
    own = float(np.exp(_minimum(lambda log: -_log_likelihood(count, expected, ones, float(np.exp(log))))))
    return own, own + count, own / centre + exposed


def _minimum(loss: Callable[[float], float]) -> float:
    """Least point of a smooth function of log a: a grid first, since with unequal exposure it may have two dips."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(*_LOG_SHAPE, 42)
    place = int(np.argmin([loss(value) for value in grid]))
    ends = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
    return float(minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-9}).x)


def _mean_given(count: Floats, exposed: Floats, times: Floats, shape: float, start: float) -> float:
    """Mean that is best for a shape; its slope falls all the way, so there is one."""
    from scipy.optimize import brentq

    def slope(log_mean: float) -> float:
        expected = exposed * np.exp(log_mean)
        return float(times @ ((count - expected) * shape / (shape + expected)))

    low = high = float(np.log(start))
    while slope(low) < 0:
        low -= 1.0
    while slope(high) > 0:
        high += 1.0
    return float(np.exp(brentq(slope, low, high, xtol=1e-13) if low < high else low))


def _log_likelihood(count: Floats, expected: Floats, times: Floats, shape: float) -> float:
    """Negative binomial (Poisson at an infinite shape), summed over zones."""
    if np.isinf(shape):
        each = xlogy(count, expected) - expected - gammaln(count + 1)
    else:
        # log Γ(N + a) - log Γ(a) loses all digits for a large a; there Stirling's form of it is exact enough.
        rising = (
            gammaln(count + shape) - gammaln(shape) - count * np.log(shape)
            if shape < 1e5
            else (shape + count - 0.5) * np.log1p(count / shape) - count
        )
        each = rising - gammaln(count + 1) + xlogy(count, expected) - xlog1py(count + shape, expected / shape)
    return float(times @ each)


def _distinct(count: Floats, exposed: Floats) -> tuple[Floats, Floats, Floats]:
    """Different pairs of count and exposure, and how often each occurs; zones without exposure say nothing."""
    there = exposed > 0
    pairs, times = np.unique(np.stack([count[there], exposed[there]]), axis=1, return_counts=True)
    return pairs[0], pairs[1], times.astype(float)


def _relative(exposure: ArrayLike | None, zone_ids: Sequence[str], number: Floats) -> Floats:
    if exposure is None:
        return np.ones(len(zone_ids))
    values = np.asarray(exposure, dtype=float)
    if values.shape != (len(zone_ids),):
        raise InputError(f"There are {values.size} exposures for {len(zone_ids)} zones; give one per zone.")
    wrong = ~(np.isfinite(values) & (values >= 0)) | ((values == 0) & (number.sum(axis=1) > 0))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InputError(
            f"The exposure of zone {zone_ids[place]!r} is {values[place]:g}, with {number[place].sum():g} crimes; "
            "give a number above 0, or smooth without exposure."
        )
    if not values.sum():
        raise InputError(
            "The exposure of every zone is 0; give residents or ground, or smooth without exposure."
        )
    return np.asarray(values / values.mean())


def _matrix(neighbours: Mapping[str, Sequence[str]] | None, zone_ids: Sequence[str]) -> Any:
    """Sparse 0/1 matrix of who is whose neighbour, in the order of the zones."""
    from scipy.sparse import csr_array

    if neighbours is None:
        raise InputError(
            "Smoothing towards neighbours needs the neighbours of every zone; give them, or use 'all'."
        )
    place = {str(zone): index for index, zone in enumerate(zone_ids)}
    pairs = [(zone, str(other)) for zone in place for other in neighbours.get(zone, ())]
    odd = next((other for _, other in pairs if other not in place), None)
    if odd is not None:
        raise InputError(
            f"The neighbours name the zone {odd!r}, which is not among the zones; use these zones'."
        )
    rows, columns = ([place[pair[side]] for pair in pairs] for side in (0, 1))
    return csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(place), len(place)))


def _notes(priors: Sequence[Prior], islands: Sequence[str], zones: int) -> tuple[str, ...]:
    notes = []
    tight = [prior.crime_type for prior in priors if prior.mean > 0 and np.isinf(prior.shape)]
    if zones == 1:
        notes.append("There is one zone, so there is nothing to smooth towards; its own rate stays.")
    elif tight:
        notes.append(
            f"{first_few(tight)}: the zones differ by no more than chance, so all of them get the mean of all."
        )
    never = [prior.crime_type for prior in priors if prior.mean == 0]
    if never:
        notes.append(f"{first_few(never)}: no crime was recorded, so there is none to smooth.")
    if islands:
        notes.append(
            f"{plural(len(islands), 'zone touches', 'zones touch')} no other ({first_few(islands)}), so they are smoothed towards the whole area."
        )
    return tuple(notes)
