r"""Intervals whose coverage does not rest on a model being right: split conformal prediction, scaled.

Errors at earlier origins, of months the model had not seen, are scaled: for a zone and month with prediction
:math:`\hat y` and actual :math:`y`, at step :math:`h`,

.. math::
    e = \frac{|y - \hat y|}{g_h \sqrt{\hat y + c}}, \qquad g_h = 1 + b\,(h - 1),\ b \ge 0

with :math:`c` a twentieth of the mean prediction, and :math:`b` the growth of the errors with the step (least squares on
the mean scaled error by step). Zones and months are put into up to ten classes of like prediction, and :math:`q` is the
:math:`\lceil (n + 1)\,\text{coverage} \rceil`-th smallest error of a class with :math:`n` errors. The interval is
:math:`\hat y \pm q\, g_h \sqrt{\hat y + c}`, cut at 0. Since the lower end of a sparse zone is 0 anyway, its
misses all lie above, and the class's own :math:`q` takes that into account.

Errors of one month are alike across zones, so the guarantee of the theory (exchangeable errors) holds only in part;
that is why the coverage is measured, each test origin with intervals set at the origins before it.

Sources: Lei et al. (2018), "Distribution-free predictive inference for regression", JASA 113, 1094-1111; Vovk, Gammerman
and Shafer (2005), "Algorithmic Learning in a Random World", section 4.5 (classes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.words import figure

Array = NDArray[np.float32]

CLASSES = 10
LEAST_ERRORS = 200
"""Fewest errors of a class."""
FLOOR = 0.05


@dataclass(frozen=True, eq=False)
class Widths:
    """What sets the width of intervals.

    Attributes:
        edges: Predictions that part the classes, ascending, (classes - 1,).
        quantiles: Scaled error of each class that the asked share stays below, (classes,).
        growth: Growth of errors with each further step, >= 0.
        floor: What is added to the prediction below the root.
    """

    edges: Floats
    quantiles: Floats
    growth: float
    floor: float

    def interval(self, predicted: NDArray[np.floating]) -> tuple[Array, Array]:
        """Lower and upper end for predictions (..., horizon)."""
        made = np.asarray(predicted, dtype=float)
        width = (
            _scale(made, self.growth, self.floor)
            * self.quantiles[np.searchsorted(self.edges, made, side="right")]
        )
        return np.maximum(made - width, 0.0).astype(np.float32), (made + width).astype(np.float32)


def set_widths(actual: NDArray[np.floating], predicted: NDArray[np.floating], coverage: float) -> Widths:
    """Widths from errors, both arrays (..., horizon).

    Args:
        actual, predicted: (..., horizon) what came and what was predicted.
        coverage: Share of errors that the interval shall hold.
    """
    happened, forecasts = np.asarray(actual, dtype=float), np.asarray(predicted, dtype=float)
    floor = max(FLOOR * float(forecasts.mean()), 1e-9)
    plain = np.abs(happened - forecasts) / _scale(forecasts, 0.0, floor)
    growth = _growth(plain)
    error = (plain / (1 + growth * np.arange(plain.shape[-1]))).ravel()
    level = forecasts.ravel()
    count = int(np.clip(error.size // LEAST_ERRORS, 1, CLASSES))
    edges = np.unique(np.quantile(level, np.arange(1, count) / count)) if count > 1 else np.empty(0)
    group = np.searchsorted(edges, level, side="right")
    quantiles = np.array(
        [
            _quantile(mine if (mine := error[group == place]).size else error, coverage)
            for place in range(len(edges) + 1)
        ]
    )
    return Widths(edges, quantiles, growth, floor)


def _scale(forecasts: Floats, growth: float, floor: float) -> Floats:
    step = 1 + growth * np.arange(forecasts.shape[-1])
    return np.asarray(step * np.sqrt(np.maximum(forecasts, 0.0) + floor))


def _growth(scaled: Floats) -> float:
    horizon = scaled.shape[-1]
    mean = scaled.reshape(-1, horizon).mean(axis=0)
    if horizon < 3 or mean.mean() <= 0:
        return 0.0
    slope, start = np.polyfit(np.arange(horizon), mean, 1)
    return float(np.clip(slope / start, 0.0, 0.5)) if start > 0 else 0.0


def _quantile(errors: Floats, coverage: float) -> float:
    """Smallest error that at least the asked share of new ones stays below, were they drawn alike."""
    place = int(np.ceil((errors.size + 1) * coverage))
    return float(np.sort(errors)[min(place, errors.size) - 1])


def past_intervals(
    earlier: tuple[NDArray[np.floating], NDArray[np.floating]],
    tests: tuple[NDArray[np.floating], NDArray[np.floating]],
    coverage: float,
    *,
    seed: int = 1,
) -> tuple[Array, Array]:
    """Intervals at the test origins, each set by errors at the origins before it.

    Where no origin lies before the first test, its zones are halved at random, and each half's intervals are set by the
    errors of the other.

    Args:
        earlier, tests: Actual and predicted, (origins, zones, horizon).
        coverage: Share of errors that an interval shall hold.
        seed: Of the halving.
    """
    actual, predicted = tests
    before, forecasts = earlier
    low, high = np.empty(predicted.shape, np.float32), np.empty(predicted.shape, np.float32)
    for place in range(len(predicted)):
        known = np.concatenate([before.reshape(-1, *actual.shape[1:]), actual[:place]])
        said = np.concatenate([forecasts.reshape(-1, *actual.shape[1:]), predicted[:place]])
        if len(known):
            low[place], high[place] = set_widths(known, said, coverage).interval(predicted[place])
            continue
        half = np.random.default_rng(seed).permutation(actual.shape[1]) % 2 == 0
        for mine in (half, ~half):
            other = ~mine if (~mine).any() else mine
            widths = set_widths(actual[place][other], predicted[place][other], coverage)
            low[place][mine], high[place][mine] = widths.interval(predicted[place][mine])
    return low, high


def coverage_table(
    actual: NDArray[np.floating],
    predicted: NDArray[np.floating],
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    origins: Sequence[str],
) -> pd.DataFrame:
    """Share inside the interval: over all, by step, by origin, and by class of predicted size.

    Args:
        actual, predicted, low, high: (origins, zones, horizon).
        origins: Name of each origin.

    Returns:
        DataFrame: ``by`` (all, step, origin, predicted), ``label``, ``inside`` (share), ``width`` (mean),
            ``number``.
    """
    inside = (actual >= low) & (actual <= high)
    width = high - low
    rows = [_row("all", "all", inside, width)]
    steps = predicted.shape[-1]
    rows += [_row("step", str(step + 1), inside[..., step], width[..., step]) for step in range(steps)]
    rows += [_row("origin", name, inside[place], width[place]) for place, name in enumerate(origins)]
    edges = np.unique(np.quantile(predicted, [0.0, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0]))
    for place in range(len(edges) - 1):
        last = place == len(edges) - 2
        mine = (predicted >= edges[place]) & (
            (predicted <= edges[-1]) if last else (predicted < edges[place + 1])
        )
        if mine.any():
            label = f"{figure(edges[place])} to {figure(edges[place + 1])}"
            rows.append(_row("predicted", label, inside[mine], width[mine]))
    return pd.DataFrame(rows)


def _row(by: str, label: str, inside: NDArray[np.bool_], width: NDArray[np.floating]) -> dict[str, object]:
    return {
        "by": by,
        "label": label,
        "inside": float(inside.mean()),
        "width": float(width.mean()),
        "number": int(inside.size),
    }
