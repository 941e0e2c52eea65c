r"""What a plan is made for when it is made for a forecast: the months ahead as one risk surface, and month by month.

A forecast (:mod:`patrol_core.risk.forecast`) is kept on disk under the hash of its data and settings; a plan takes the
one trained last for the same data, or has one made without tuning.

The surface of a forecast with predictions :math:`\hat y_{zh}`, months ahead :math:`h = 1..H`:

* ``mean`` is :math:`m_z = \frac1H \sum_h \hat y_{zh}`, weighted crime a month.
* The error of such a mean was seen at the test origins, whose months the model had not met:
  :math:`e_{oz} = (\bar y_{oz} - \hat m_{oz}) / \sqrt{\hat m_{oz} + c}`, with :math:`c` one twentieth of the average zone.
  Zones of like level share their errors (split conformal prediction within classes of predicted level): ``low`` and
  ``high`` are :math:`m_z + \sqrt{m_z + c}` times the 5 % and 95 % points of the errors of the zone's class, not below 0.
* ``draws`` take an error of the zone's class at random, zone by zone, so that 5 % of them lie below ``low`` and 5 %
  above ``high``. Unlike the draws of recorded risk they hold the chance in what will be recorded, too.

A month's own interval is the forecast's; that of a mean is narrower than the mean of theirs, since chance evens out, and
wider than chance alone, since a model that errs in one month mostly errs the same way in the next.

Sources: Vovk, Gammerman and Shafer (2005), "Algorithmic Learning in a Random World" (conformal prediction, classes of
section 4.5); Lei et al. (2018), JASA 113, 1094-1111 (split conformal with scaled errors).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk import TAIL, RiskSurface

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast

CLASSES = 5
"""Most classes of level that have errors of their own."""
LEAST_ERRORS = 60
"""Fewest errors of a class; with fewer its 5 % and 95 % points would rest on two or three zones."""
RANKS: Literal["weibull"] = "weibull"
"""Points at k / (n + 1): of n errors and one more, the next lies below the k-th with exactly that chance."""
FLOOR = 0.05
"""Share of the average zone that is added below the root, so that zones without crime have an interval."""


@dataclass(frozen=True, eq=False)
class PlanningSurface(RiskSurface):
    """Risk of the months ahead: ``period``, ``months`` and ``counts`` are those of the forecast.

    Attributes:
        errors: Scaled errors at the test origins, by class of level, each ascending.
        classes: Class of each zone, shape (n,).
        scale: What an error is multiplied with, shape (n,).
    """

    errors: tuple[Floats, ...] = ()
    classes: NDArray[np.intp] | None = None
    scale: Floats | None = None

    def draws(self, seed: int, size: int) -> Floats:
        """Draws of what the mean month ahead may bring, shape (size, n); the same seed gives the same draws.

        Raises:
            InputError: If ``size`` is below 1.
        """
        if size < 1:
            raise InputError(f"{size} draws were asked for; ask for at least 1.")
        assert self.classes is not None
        assert self.scale is not None
        rng = np.random.default_rng(seed)
        spot = rng.random((size, len(self.zone_ids)))
        error = np.empty_like(spot)
        for place, pool in enumerate(self.errors):
            mine = self.classes == place
            error[:, mine] = np.quantile(pool, spot[:, mine], method=RANKS)
        return np.maximum(self.mean + self.scale * error, 0.0)


def planning_surface(recorded: RiskSurface, forecast: Forecast) -> PlanningSurface:
    """The mean month ahead in place of the mean month recorded.

    Args:
        recorded: Surface of the months that the forecast was made from; its unit, types and zones stay. Crimes
            by type are the predicted ones, divided among types as they were recorded in the zone (in all zones
            where it had none).

    Raises:
        InputError: When surface and forecast are not of the same zones.
    """
    _same_zones(recorded, forecast)
    mean = np.asarray(forecast.predicted, dtype=float).mean(axis=1)
    errors, classes, scale = _errors(forecast, mean)
    low, high = (
        np.array([np.quantile(pool, tail, method=RANKS) for pool in errors])[classes]
        for tail in (TAIL, 1.0 - TAIL)
    )
    horizon = len(forecast.months_ahead)
    values: dict[str, Any] = {field.name: getattr(recorded, field.name) for field in fields(RiskSurface)}
    values |= {
        "mean": mean,
        "low": np.clip(mean + scale * low, 0.0, mean),
        "high": np.maximum(mean + scale * high, mean),
        "period": (forecast.months_ahead[0], forecast.months_ahead[-1]),
        "months": horizon,
        "counts": _by_type(recorded, mean * horizon),
    }
    return PlanningSurface(**values, errors=errors, classes=classes, scale=scale)


def forecast_demand(forecast: Forecast, horizon: int) -> pd.DataFrame:
    """Expected risk of each zone in each of the first ``horizon`` months ahead.

    Returns:
        DataFrame: As :func:`patrol_core.risk.seasonal.monthly_demand`: ``Month``, ``zone_id``, ``risk``;
            ``attrs["method"]``.

    Raises:
        InputError: When the forecast does not reach so far.
    """
    reach = len(forecast.months_ahead)
    if horizon > reach:
        raise InputError(
            f"The forecast reaches {reach} months ahead and {horizon} are asked for; train it with a longer horizon, "
            "or plan fewer months ahead."
        )
    demand = pd.DataFrame(
        {
            "Month": np.repeat(forecast.months_ahead[:horizon], len(forecast.zone_ids)),
            "zone_id": np.tile(np.asarray(forecast.zone_ids, dtype=object), horizon),
            "risk": forecast.predicted[:, :horizon].T.ravel().astype(float),
        }
    )
    demand.attrs["method"] = f"Forecast by {forecast.winner}, month by month"
    demand.attrs["unit"] = f"{forecast.unit} per month"
    return demand


def forecast_words(forecast: Forecast) -> str:
    """What the plan is made for, as a sentence."""
    first, last = forecast.months_ahead[0], forecast.months_ahead[-1]
    period = first if first == last else f"{first} to {last}"
    return f"Plan made for the forecast of {period} by {forecast.winner}."


def _same_zones(recorded: RiskSurface, forecast: Forecast) -> None:
    if tuple(recorded.zone_ids) != tuple(forecast.zone_ids):
        odd = next(iter(set(recorded.zone_ids) ^ set(forecast.zone_ids)), "their order")
        raise InputError(f"Forecast and risk are not of the same zones: {odd!r}; make the forecast again.")


def _errors(forecast: Forecast, mean: Floats) -> tuple[tuple[Floats, ...], NDArray[np.intp], Floats]:
    """Scaled errors by class of level, the class of each zone now, and what to multiply with."""
    actual, predicted = (
        np.asarray(table, dtype=float).mean(axis=2)
        for table in (forecast.folds.actual, forecast.folds.predicted)
    )
    floor = FLOOR * float(mean.mean())
    scaled = (actual - predicted) / np.sqrt(np.maximum(predicted, 0.0) + floor) if floor > 0 else actual * 0.0
    level, error = predicted.ravel(), scaled.ravel()
    count = int(np.clip(len(level) // LEAST_ERRORS, 1, CLASSES))
    edges = np.unique(np.quantile(level, np.arange(1, count) / count)) if count > 1 else np.empty(0)
    then = np.searchsorted(edges, level, side="right")
    pools = tuple(np.sort(error[then == place]) for place in range(len(edges) + 1))
    pools = tuple(pool if len(pool) else np.sort(error) for pool in pools)
    return pools, np.searchsorted(edges, mean, side="right"), np.sqrt(np.maximum(mean, 0.0) + floor)


def _by_type(recorded: RiskSurface, total: Floats) -> Floats:
    """Crimes by zone and type whose weighted sum is ``total``, in the shares recorded."""
    harm = recorded.counts * recorded.weights
    everywhere = harm.sum(axis=0)
    if everywhere.sum() <= 0:
        return np.zeros_like(harm)
    own = harm.sum(axis=1, keepdims=True)
    share = np.where(own > 0, harm / np.where(own > 0, own, 1.0), everywhere / everywhere.sum())
    weight = np.where(recorded.weights > 0, recorded.weights, 1.0)
    return np.asarray(total[:, None] * share / weight, dtype=float)
