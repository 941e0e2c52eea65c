r"""The models: four baselines that repeat or average, two that learn, and the two together.

At an origin with months :math:`1..T` known, for the step :math:`h = 1..H`, with :math:`s` the season of
:mod:`~patrol_core.risk.forecast.features`:

* *Seasonal naive*: the same calendar month of the last year known.
* *12-month mean*: the mean of the last twelve months, for every step.
* *Zone level × city season*: the model of :mod:`patrol_core.risk.seasonal`, over all months known.
* *Weighted zone mean × city season*: the zone's mean with weights that halve each year, brought to the area's level of the
  last twelve months, times :math:`e^{s}`.
* *Poisson regression* and *XGBoost* (:mod:`~patrol_core.risk.forecast.learners`) on the same features and months. They step
  one month at a time, and what they predicted stands in for the months that are not known yet (recursive forecast).
* *XGBoost and Poisson regression together*: the geometric mean of the two, :math:`\sqrt{\hat y^{(1)} \hat y^{(2)}}`: the
  mean of their logarithms, so that what features add to the logarithm is the mean of what they add in each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.risk.forecast.features import COUNTS, KNOWN, OWN, own_features, season_of
from patrol_core.risk.forecast.learners import (
    DEFAULTS,
    PoissonModel,
    TreeModel,
    fit_poisson,
    fit_trees,
    poisson_features,
    tree_table,
)

if TYPE_CHECKING:
    from patrol_core.risk.forecast.covariates import Covariates
    from patrol_core.risk.forecast.panel import Panel

Array = NDArray[np.float32]

MODELS: Mapping[str, str] = MappingProxyType(
    {
        "together": "XGBoost and Poisson regression together",
        "xgboost": "XGBoost",
        "poisson": "Poisson regression",
        "weighted": "Weighted zone mean × city season",
        "level": "Zone level × city season",
        "mean": "12-month mean",
        "naive": "Seasonal naive",
    }
)
"""All models: key -> name for people."""
LEARNED = ("together", "xgboost")
"""Models with trees, which must not lose to any of the others, the baselines, to be used."""
WINDOW = 60
"""Most months to learn from; older ones say little and cost time."""
WARM = 24
"""Months before the first that is learnt from, so that its features rest on something; a third of the months where few."""
LEAST_LEVEL = 1e-9
HALF = 12
"""Months in which the weight halves in the weighted mean."""


@dataclass(frozen=True, eq=False)
class Past:
    """Months known so far, month by month, with the features made from them once.

    Attributes:
        values: (months, zones).
        first: Calendar month of the first, 0 is January.
        static: (zones, covariates).
    """

    values: Floats
    first: int
    static: Floats
    _own: dict[int, Array] = field(default_factory=dict)

    def own(self, month: int) -> Array:
        """Features of the zones' own past for month number ``month``; only months before it are used."""
        if month not in self._own:
            self._own[month] = own_features(self.values[:month])
        return self._own[month]

    def until(self, count: int) -> Past:
        """The first ``count`` months only; features already made of them are shared."""
        return Past(self.values[:count], self.first, self.static, self._own)


def past_of(panel: Panel, covariates: Covariates) -> Past:
    """The panel month by month."""
    return Past(
        np.ascontiguousarray(panel.values.T, dtype=np.float64),
        int(panel.months[0][5:]) - 1,
        covariates.values,
    )


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt at one origin, from the months before it.

    Attributes:
        origin: Months known.
        first: Calendar month of the first month, 0 is January.
        season: Log factor of each calendar month, (12,).
        scale: Dispersion that values are divided by.
        most: Largest prediction: twice the most that any zone ever had in a month.
    """

    origin: int
    first: int
    season: Floats
    scale: float
    most: float
    poisson: PoissonModel | None = None
    trees: TreeModel | None = None

    def features(self, past: Floats, static: Floats, own: Array | None = None) -> tuple[Array, float]:
        """Features of the month after the last row of ``past``, (zones, features), and the offset of that month.

        The offset is the log of the area's level times its season, in units of ``scale``.

        Args:
            past: (months, zones) values so far.
            static: (zones, covariates), one row a zone.
            own: Lags and means of the zones where they are known already.
        """
        level = max(float(past[-12:].mean()), LEAST_LEVEL)
        season = float(np.exp(self.season[(self.first + len(past)) % 12]))
        made = np.empty((past.shape[1], KNOWN + static.shape[1]), dtype=np.float32)
        made[:, :OWN] = (own_features(past) if own is None else own) / level
        made[:, OWN] = season
        made[:, KNOWN:] = static
        return made, float(np.log(level * season / self.scale))

    def step(self, features: Array, offset: float, key: str) -> Floats:
        """The prediction of one learning model from :meth:`features`, in the panel's unit.

        Args:
            features, offset: As :meth:`features` gives them.
            key: The model.
        """
        given = np.full(len(features), offset)
        if key == "poisson":
            assert self.poisson is not None
            made = self.poisson.predict(poisson_features(features, given), given)
        else:
            assert self.trees is not None
            made = self.trees.predict(features, given)
        return np.asarray(np.minimum(made * self.scale, self.most))


def begin(past: Past, origin: int) -> Learnt:
    """Season, dispersion and limit at an origin."""
    known = past.values[:origin]
    recent = known[-WARM:]
    mean = recent.mean(axis=0)
    spread = float(((recent - mean) ** 2).sum()) * len(recent) / max(len(recent) - 1, 1)
    total = float(recent.sum())
    scale = spread / total if total > 0 and spread > 0 else 1.0
    most = 2.0 * float(known.max())
    return Learnt(origin, past.first, season_of(known.sum(axis=1), past.first), scale, most)


def training_rows(past: Past, base: Learnt) -> tuple[Array, Array, Array]:
    """Features, targets (over ``scale``) and offsets of every zone in every month learnt from."""
    origin = base.origin
    warm = min(WARM, max(3, origin // 3))
    months = range(max(warm, origin - WINDOW), origin)
    zones = past.values.shape[1]
    rows = np.empty((len(months) * zones, KNOWN + past.static.shape[1]), dtype=np.float32)
    offset = np.empty(len(rows), dtype=np.float32)
    for place, month in enumerate(months):
        spot = slice(place * zones, (place + 1) * zones)
        rows[spot], offset[spot] = base.features(past.values[:month], past.static, past.own(month))
    target = past.values[months.start : origin].ravel() / base.scale
    return rows, target.astype(np.float32), offset


def learn(
    past: Past,
    origin: int,
    keys: Iterable[str],
    *,
    settings: Mapping[str, float | int] = DEFAULTS,
    seed: int = 1,
) -> Learnt:
    """Train what the models ``keys`` need, on months before ``origin`` only.

    Args:
        past: All values and covariates.
        origin: Months known.
        keys: Models.
        settings, seed: Of the trees.
    """
    base = begin(past, origin)
    wanted = set(keys)
    trees, poisson = bool(wanted & {"xgboost", "together"}), bool(wanted & {"poisson", "together"})
    if not (trees or poisson):
        return base
    rows, target, offset = training_rows(past, base)
    fitted: dict[str, Any] = {}
    if poisson:
        fitted["poisson"] = fit_poisson(
            poisson_features(rows, offset), target, offset, expected=_fall_back(rows.shape[1])
        )
    if trees:
        fitted["trees"] = fit_trees(tree_table(rows, target, offset), settings, seed=seed)
    return Learnt(base.origin, base.first, base.season, base.scale, base.most, **fitted)


def predictions(past: Past, learnt: Learnt, horizon: int, keys: Iterable[str]) -> dict[str, Array]:
    """What each model expects in the ``horizon`` months after the origin, (zones, horizon) each.

    Args:
        past, learnt: All values, and what :func:`learn` found; months after its origin are not looked at.
        horizon: Months ahead.
        keys: Models.
    """
    wanted = list(keys)
    known = past.values[: learnt.origin]
    made: dict[str, Floats] = {}
    for key in ("poisson", "xgboost"):
        if key in wanted or "together" in wanted:
            made[key] = _recursive(known, past.static, learnt, horizon, key)
    if "together" in wanted:
        made["together"] = np.sqrt(made["poisson"] * made["xgboost"])
    for key in wanted:
        if key not in made:
            made[key] = _BASELINES[key](known, learnt, horizon)
    return {key: np.asarray(made[key].T, dtype=np.float32) for key in wanted}


def _recursive(known: Floats, static: Floats, learnt: Learnt, horizon: int, key: str) -> Floats:
    months = len(known)
    line = np.empty((months + horizon, known.shape[1]))
    line[:months] = known
    for month in range(months, months + horizon):
        line[month] = learnt.step(*learnt.features(line[:month], static), key)
    return line[months:]


def _naive(known: Floats, learnt: Learnt, horizon: int) -> Floats:
    if len(known) < 12:
        return _mean(known, learnt, horizon)
    return known[[len(known) - 12 + step % 12 for step in range(horizon)]]


def _mean(known: Floats, _: Learnt, horizon: int) -> Floats:
    return np.tile(known[-12:].mean(axis=0), (horizon, 1))


def _level(known: Floats, learnt: Learnt, horizon: int) -> Floats:
    months = len(known)
    calendar = (learnt.first + np.arange(months + horizon)) % 12
    factor = np.ones(12)
    city = known.sum(axis=1)
    if len(np.unique(calendar[:months])) == 12 and city.sum() > 0:
        means = np.bincount(calendar[:months], city, 12) / np.bincount(calendar[:months], minlength=12)
        factor = means / means.mean()
    level = known.sum(axis=0) / factor[calendar[:months]].sum()
    return np.outer(factor[calendar[months:]], level)


def _weighted(known: Floats, learnt: Learnt, horizon: int) -> Floats:
    weight = 0.5 ** (np.arange(len(known))[::-1] / HALF)
    level = weight @ known / weight.sum()
    total = float(level.sum())
    level = level * (float(known[-12:].mean(axis=0).sum()) / total if total > 0 else 1.0)
    ahead = (learnt.first + len(known) + np.arange(horizon)) % 12
    return np.outer(np.exp(learnt.season[ahead]), level)


_BASELINES = {"naive": _naive, "mean": _mean, "level": _level, "weighted": _weighted}


def _fall_back(columns: int) -> Floats:
    """Coefficients that make the regression the weighted mean: 1 for the recent level."""
    made = np.zeros(columns)
    made[list(COUNTS).index("recent")] = 1.0
    return made
