r"""Tuning of the trees with Optuna, at origins before every test origin, with a budget and a way to stop.

A trial trains on the months before the tuning origin and forecasts the whole horizon recursively, as it will be used. Its
value is the mean Poisson deviance, :math:`2 (y \ln (y / \hat y) - y + \\hat y)`, which is least for the true mean; the
absolute error would favour medians, which are 0 in sparse zones and do not add up. The first trial is the settings without
tuning, so that the best is never worse than those.

Source: Akiba et al. (2019), "Optuna: a next-generation hyperparameter optimization framework", KDD, 2623-2631.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.risk.forecast.learners import DEFAULTS, fit_trees, tree_table
from patrol_core.risk.forecast.models import Learnt, Past, begin, predictions, training_rows

Settings = Mapping[str, float | int]
OnTrial = Callable[[int, float, float], None]

COLUMNS: Mapping[str, str] = MappingProxyType(
    {"number": "int64", "value": "float64", "params": "object", "seconds": "float64"}
)
"""Columns of the table of trials, with their types."""
RANGES: Mapping[str, tuple[float, float, bool]] = MappingProxyType(
    {
        "rounds": (100, 500, False),
        "max_depth": (2, 7, False),
        "eta": (0.02, 0.15, True),
        "min_child_weight": (5.0, 500.0, True),
        "subsample": (0.4, 1.0, False),
        "colsample_bytree": (0.3, 1.0, False),
        "reg_lambda": (0.1, 30.0, True),
    }
)
"""Least, most, and whether the scale is logarithmic."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """What tuning found.

    Attributes:
        settings: The best settings; those without tuning where no trial was finished.
        trials: ``number``, ``value`` (mean Poisson deviance, lower is better), ``params``, ``seconds``;
            finished trials only.
        ended: Why it ended: ``trials``, ``time`` or ``stopped``.
    """

    settings: Settings
    trials: pd.DataFrame
    ended: str


def deviance(actual: NDArray[np.floating], predicted: NDArray[np.floating]) -> float:
    """Mean Poisson deviance."""
    happened = np.asarray(actual, dtype=float)
    forecasts = np.maximum(np.asarray(predicted, dtype=float), 1e-9)
    ratio = np.where(happened > 0, happened / forecasts, 1.0)
    return float(2 * (happened * np.log(ratio) - happened + forecasts).mean())


def trials_table(rows: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """The table of trials; of none by default."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(dict(COLUMNS))


def tune(
    past: Past,
    origins: tuple[int, ...],
    horizon: int,
    *,
    trials: int,
    time_limit: float | None = None,
    seed: int = 1,
    on_trial: OnTrial | None = None,
    cancel: threading.Event | None = None,
) -> Tuned:
    """Search settings of the trees.

    Args:
        past: All values and covariates.
        origins: Origins to judge at; months up to the last of them plus ``horizon`` are used and no later ones.
        trials, time_limit: Budget: settings to try, and seconds after which it ends, in the middle of a trial
            too.
        seed: Of the search and of the trees.
        on_trial: Called after each trial with its number from 1, its value and the best so far.
        cancel: Ends the search when set; the best so far is kept.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(dict(DEFAULTS))
    end = time.monotonic() + (float("inf") if time_limit is None else time_limit)
    places = [_Place.of(past, origin, horizon) for origin in origins]
    rows: list[dict[str, Any]] = []

    def over() -> bool:
        return (cancel is not None and cancel.is_set()) or time.monotonic() > end

    for number in range(1, trials + 1):
        if over():
            break
        begun = time.monotonic()
        trial = study.ask()
        params = {name: _suggest(trial, name) for name in RANGES}
        value = _value(past, places, horizon, params, seed, over)
        if value is None:
            break
        study.tell(trial, value)
        rows.append({"number": number, "value": value, "params": params, "seconds": time.monotonic() - begun})
        if on_trial is not None:
            on_trial(number, value, float(study.best_value))
    table = trials_table(rows)
    best = min(rows, key=lambda row: float(row["value"]))["params"] if rows else dict(DEFAULTS)
    stopped = cancel is not None and cancel.is_set()
    ended = "trials" if len(rows) == trials else "stopped" if stopped else "time"
    return Tuned(best, table, ended)


@dataclass(frozen=True, eq=False)
class _Place:
    """One origin with its training rows, made once for all trials."""

    base: Learnt
    table: Any
    actual: NDArray[np.float64]

    @classmethod
    def of(cls, past: Past, origin: int, horizon: int) -> _Place:
        base = begin(past, origin)
        return cls(base, tree_table(*training_rows(past, base)), past.values[origin : origin + horizon].T)


def _suggest(trial: Any, name: str) -> float | int:
    least, most, log = RANGES[name]
    if isinstance(DEFAULTS[name], int):
        return int(trial.suggest_int(name, int(least), int(most)))
    return float(trial.suggest_float(name, least, most, log=log))


def _value(
    past: Past, places: list[_Place], horizon: int, params: Settings, seed: int, over: Callable[[], bool]
) -> float | None:
    """Mean over origins, in units of the dispersion; None where it was stopped on the way."""
    values = []
    for place in places:
        trees = fit_trees(place.table, params, seed=seed, after_round=over)
        if over():
            return None
        base = place.base
        learnt = Learnt(base.origin, base.first, base.season, base.scale, base.most, trees=trees)
        made = predictions(past, learnt, horizon, ("xgboost",))["xgboost"]
        values.append(deviance(place.actual / base.scale, made / base.scale))
    return float(np.mean(values))
