r"""The two models that learn: a Poisson regression in logarithms, and gradient-boosted trees with Poisson loss.

Both forecast relative to the area (:mod:`~patrol_core.risk.forecast.features`): the logarithm of the area's level times
its season is a given offset :math:`o_i`. Poisson regression:
:math:`\ln \mu_i = o_i + \beta_0 + x_i^\top \beta`, standardised features, by Newton's method on

.. math::
    \sum_i (\mu_i - y_i \ln \mu_i) + \frac{\alpha}{2} \lVert \beta - \beta^* \rVert^2

where :math:`\beta^*` is 1 (before standardising) for the log of the zone's recent level and 0 for all else: with few data the
regression is the weighted zone mean times the city season, with many the ridge is not felt. Trees: XGBoost, objective
``count:poisson``, histograms.

Both see values divided by a dispersion :math:`\phi` (quasi-Poisson), so that harm days and crimes are learnt alike.

Sources: McCullagh and Nelder (1989), "Generalized Linear Models", ch. 6 and 9; Chen and Guestrin (2016), "XGBoost: a
scalable tree boosting system", KDD, 785-794.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.forecast.features import KNOWN, OWN, logged

Array = NDArray[np.float32]

RIDGE = 30.0
"""Weight of the prior, in rows with one crime each: coefficients of standardised features lie within about a fifth."""
LEAST_MEAN = 1e-6
"""Mean of the target from below, where there is no crime at all."""
MOST_LOG = 20.0
DEFAULTS: Mapping[str, float | int] = MappingProxyType(
    {
        "rounds": 300,
        "max_depth": 4,
        "eta": 0.05,
        "min_child_weight": 200.0,
        "subsample": 0.7,
        "colsample_bytree": 0.6,
        "reg_lambda": 5.0,
    }
)
"""Settings of the trees without tuning."""
BINS = 64
BLOCK = 65_536
FEW_ROWS = 100_000
"""Rows up to which one thread is used: handing work over costs more than it saves, above all on a busy machine."""


@dataclass(frozen=True, eq=False)
class PoissonModel:
    """A fitted Poisson regression, in standardised features.

    Attributes:
        intercept, coefficients: In log units; of features with mean 0 and deviation 1.
        centre, spread: Mean and deviation of every feature while training.
    """

    intercept: float
    coefficients: Floats
    centre: Floats
    spread: Floats

    def parts(self, features: Floats) -> Floats:
        """What every feature adds to the log prediction, against its mean, (rows, features)."""
        return np.asarray((features - self.centre) / self.spread * self.coefficients)

    def predict(self, features: Floats, offset: NDArray[np.floating]) -> Floats:
        """Expected value of every row."""
        weight = self.coefficients / self.spread
        log = offset + self.intercept - float(self.centre @ weight) + features @ weight
        return np.exp(np.minimum(log, MOST_LOG))


def fit_poisson(
    features: Floats,
    target: NDArray[Any],
    offset: NDArray[np.floating],
    *,
    expected: Floats | None = None,
    ridge: float = RIDGE,
    most: int = 60,
) -> PoissonModel:
    """Fit by Newton's method, halving steps that do not help.

    Args:
        features: (rows, columns), all known.
        target: (rows,), >= 0.
        offset: (rows,), added to the log prediction as it is.
        expected: (columns,) coefficients to fall back on, before standardising; 0 where not given.
        ridge: Penalty on the square of the coefficients.
        most: Steps at most.
    """
    centre = features.mean(axis=0)
    spread = features.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    design = np.column_stack([np.ones(len(features)), (features - centre) / spread])
    wanted, given = np.asarray(target, dtype=float), np.asarray(offset, dtype=float)
    penalty = np.full(design.shape[1], ridge / len(wanted))
    penalty[0] = 0.0
    prior = np.zeros(design.shape[1])
    prior[1:] = 0.0 if expected is None else expected * spread
    beta = prior.copy()
    start = np.exp(np.minimum(given + design @ prior, MOST_LOG)).mean()
    beta[0] = np.log(max(float(wanted.mean()), LEAST_MEAN) / max(float(start), LEAST_MEAN))
    if wanted.sum() <= 0:
        return PoissonModel(float(beta[0]), beta[1:], centre, spread)
    loss, mean = _loss(design, wanted, given, beta, (prior, penalty))
    for _ in range(most):
        slope = design.T @ (mean - wanted) / len(wanted) + penalty * (beta - prior)
        bend = _weighted_square(design, mean) / len(wanted) + np.diag(penalty + 1e-12)
        step = np.linalg.solve(bend, slope)
        if float(slope @ step) < 1e-12:
            break
        size = 1.0
        while size > 1e-6:
            tried = beta - size * step
            new, mean_new = _loss(design, wanted, given, tried, (prior, penalty))
            if new <= loss:
                break
            size /= 2
        else:
            break
        beta, loss, mean = tried, new, mean_new
    return PoissonModel(float(beta[0]), beta[1:], centre, spread)


def _loss(
    design: Floats, wanted: Floats, offset: Floats, beta: Floats, ridge: tuple[Floats, Floats]
) -> tuple[float, Floats]:
    """What is minimised, over the number of rows, and the means."""
    log = np.clip(offset + design @ beta, -30.0, MOST_LOG)
    mean = np.exp(log)
    prior, penalty = ridge
    return float((mean - wanted * log).mean() + 0.5 * (penalty * (beta - prior)) @ (beta - prior)), mean


def _weighted_square(design: Floats, weight: Floats) -> Floats:
    """``design.T @ diag(weight) @ design``, block by block, so that no second table as large is made."""
    total = np.zeros((design.shape[1], design.shape[1]))
    for start in range(0, len(design), BLOCK):
        part = design[start : start + BLOCK]
        total += part.T @ (part * weight[start : start + BLOCK, None])
    return total


@dataclass(frozen=True, eq=False)
class TreeModel:
    """Fitted trees.

    Attributes:
        booster: XGBoost's model.
        start: Log of what they start from, over the offset.
    """

    booster: Any
    start: float

    def predict(self, features: Array, offset: NDArray[np.floating]) -> Floats:
        """Expected value of every row."""
        given = np.asarray(offset + self.start, dtype=np.float32)
        return np.asarray(self.booster.inplace_predict(features, base_margin=given), dtype=float)

    def parts(self, features: Array, offset: NDArray[np.floating]) -> Floats:
        """Exact Shapley values of the trees in log units, (rows, features + 1); the last column is the base with offset."""
        xgboost = _xgboost()
        table = xgboost.DMatrix(features, base_margin=np.asarray(offset + self.start, dtype=np.float32))
        return np.asarray(self.booster.predict(table, pred_contribs=True), dtype=float)

    def to_bytes(self) -> bytes:
        """The model as XGBoost's JSON."""
        return bytes(self.booster.save_raw(raw_format="json"))

    @classmethod
    def from_bytes(cls, content: bytes, start: float) -> TreeModel:
        """A model kept before.

        Raises:
            InputError: If the bytes are no model.
        """
        xgboost = _xgboost()
        booster = xgboost.Booster()
        try:
            booster.load_model(bytearray(content))
        except (xgboost.core.XGBoostError, ValueError) as error:
            raise InputError("The kept model cannot be read; make the forecast again.") from error
        booster.set_param({"nthread": 1})
        return cls(booster, start)


@dataclass(frozen=True, eq=False)
class TreeTable:
    """Training rows as XGBoost's binned table; made once, used by many trials."""

    matrix: Any
    start: float


def tree_table(features: Array, target: NDArray[Any], offset: NDArray[np.floating]) -> TreeTable:
    """Training rows for the trees, which start from the target's mean.

    Args:
        features, target, offset: As of :func:`fit_poisson`.
    """
    xgboost = _xgboost()
    above, below = float(np.mean(target)), float(np.exp(np.asarray(offset, dtype=float)).mean())
    start = float(np.log(max(above, LEAST_MEAN) / max(below, LEAST_MEAN)))
    matrix = xgboost.QuantileDMatrix(
        features,
        np.asarray(target, dtype=np.float32),
        base_margin=np.asarray(offset + start, dtype=np.float32),
        max_bin=BINS,
        nthread=_threads(len(features)),
    )
    return TreeTable(matrix, start)


def fit_trees(
    table: TreeTable,
    settings: Mapping[str, float | int],
    *,
    seed: int,
    cancel: threading.Event | None = None,
    after_round: Callable[[], bool] | None = None,
) -> TreeModel:
    """Train trees on a table of :func:`tree_table`; ``cancel`` or ``after_round`` returning True stops between rounds.

    Args:
        table: Training rows from :func:`tree_table`.
        settings, seed: Settings of the trees by name, and seed of their random choices.
        cancel, after_round: An event that is set, or a function that returns True, ends the training between
            rounds.
    """
    xgboost = _xgboost()

    base: Any = xgboost.callback.TrainingCallback

    class Stop(base):  # type: ignore[misc]
        def after_iteration(self, *_: Any, **__: Any) -> bool:
            asked = cancel is not None and cancel.is_set()
            return asked or (after_round is not None and after_round())

    chosen: dict[str, Any] = {name: value for name, value in settings.items() if name != "rounds"}
    chosen |= {
        "objective": "count:poisson",
        "tree_method": "hist",
        "max_bin": BINS,
        "max_delta_step": 0.7,
        "seed": seed,
        "nthread": _threads(table.matrix.num_row()),
        "verbosity": 0,
    }
    booster = xgboost.train(chosen, table.matrix, int(settings["rounds"]), callbacks=[Stop()])
    return TreeModel(booster, table.start)


def _xgboost() -> Any:
    """The library, whose threads sleep while they wait for each other; spinning, they starve on a busy machine."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import xgboost

    return xgboost


def _threads(rows: int) -> int:
    return 1 if rows <= FEW_ROWS else min(os.cpu_count() or 1, 8)


def poisson_features(features: Array, offset: NDArray[np.floating]) -> Floats:
    """Features as the regression sees them: logarithms of what was recorded, covariates as they are."""
    own, season = features[:, :OWN].astype(np.float64), features[:, OWN].astype(np.float64)
    level = np.exp(np.asarray(offset, dtype=float)) / season
    return np.column_stack([logged(own, level, season), features[:, KNOWN:].astype(np.float64)])
