"""From a panel to a forecast: origins, tuning, every model on the same folds, the winner trained on all months."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.risk.forecast.covariates import covariates_of
from patrol_core.risk.forecast.features import CITY, COUNTS, OWN
from patrol_core.risk.forecast.folds import Folds, Origins, plan_origins
from patrol_core.risk.forecast.intervals import coverage_table, past_intervals, set_widths
from patrol_core.risk.forecast.learners import DEFAULTS
from patrol_core.risk.forecast.models import MODELS, Learnt, Past, learn, past_of, predictions
from patrol_core.risk.forecast.panel import Panel, months_from
from patrol_core.risk.forecast.result import Forecast, ForecastSettings, data_hash_of
from patrol_core.risk.forecast.scores import choose, reason_of, score_table, summarise
from patrol_core.risk.forecast.tune import trials_table, tune

Array = NDArray[np.float32]
Progress = Callable[[float, str], None]


def make_forecast(
    panel: Panel,
    *,
    static: pd.DataFrame | None = None,
    area_km2: ArrayLike | None = None,
    settings: ForecastSettings | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Forecast:
    """Judge every model on the past, train the best on all months, and forecast.

    Args:
        panel: What was recorded, zones by months.
        static: Covariates, index zone id. They must not have been made from the crime to be predicted.
        area_km2: Area of each zone, for PAI; without it every zone counts the same.
        progress: Called with a share from 0 to 1 and words.
        cancel: Ends the tuning when set, with the best so far; the rest is finished.

    Raises:
        InputError: For too few months, settings out of range, or covariates that do not fit; the sentence says
            what would do.
    """
    began = time.monotonic()
    asked = settings or ForecastSettings()
    tell = progress or _silent
    origins = plan_origins(len(panel.months), horizon=asked.horizon, origins=asked.origins)
    covariates = covariates_of(static, panel.zone_ids)
    past = past_of(panel, covariates)
    notes = [*panel.notes, *covariates.notes, *origins.notes]
    area = _area(area_km2, panel, notes)
    tree_settings, trials = _tuned(past, origins, asked, tell, cancel, notes)
    rounds = len(origins.earlier) + len(origins.tests) + 1
    steps = _shares(0.05 if asked.trials == 0 else 0.75, 0.95, rounds, tell)
    everything = _judged(past, origins, asked, tree_settings, steps)
    folds, scores, summary, winner, reason = _compared(panel, origins, asked, everything, area)
    next(steps)
    key = next(key for key, name in MODELS.items() if name == winner)
    tell(0.95, f"Training {winner} on all {len(panel.months)} months")
    learnt = learn(past, len(panel.months), (key,), settings=tree_settings, seed=asked.seed)
    predicted = predictions(past, learnt, asked.horizon, (key,))[key]
    widths = set_widths(
        np.concatenate([folds.earlier_actual, folds.actual]),
        np.concatenate([folds.earlier_predicted, folds.predicted]),
        asked.coverage,
    )
    low, high = widths.interval(predicted)
    table = coverage_table(folds.actual, folds.predicted, folds.low, folds.high, folds.origins)
    notes += _about(folds, origins)
    made = Forecast(
        zone_ids=panel.zone_ids,
        months_ahead=tuple(months_from(panel.months[-1], asked.horizon + 1)[1:]),
        predicted=predicted,
        low=low,
        high=high,
        unit=panel.unit,
        winner=winner,
        winner_reason=reason,
        scores=scores,
        summary=summary,
        interval_coverage=table.loc[table["by"] == "step", "inside"].to_numpy(dtype=float),
        intervals=table,
        folds=folds,
        trials=trials,
        importance=pd.DataFrame({"feature": [], "importance": []}),
        features=_known_before(past, learnt),
        level=float(past.values[-12:].mean()),
        feature_names=(*COUNTS, *CITY, *covariates.names),
        feature_labels=(*COUNTS.values(), *CITY.values(), *covariates.labels),
        learnt=learnt,
        recent=past.values[-12:].mean(axis=0),
        settings=asked,
        data_hash=data_hash_of(panel, static),
        tree_settings=dict(tree_settings),
        seconds=0.0,
        notes=tuple(notes),
    )
    from patrol_core.risk.forecast.explanation import importance_of

    done = replace(made, importance=importance_of(made), seconds=time.monotonic() - began)
    tell(1.0, "Done")
    return done


# -- parts -------------------------------------------------------------------------------------------


def _silent(*_: object) -> None:
    """Nobody listens."""


def _area(area_km2: ArrayLike | None, panel: Panel, notes: list[str]) -> Floats:
    if area_km2 is None:
        notes.append("No areas are known, so PAI flags a share of zones in place of a share of area.")
        return np.ones(len(panel.zone_ids))
    area = np.asarray(area_km2, dtype=float)
    if area.shape != (len(panel.zone_ids),):
        raise InputError(f"There are {area.size} areas for {len(panel.zone_ids)} zones; give one per zone.")
    wrong = ~(np.isfinite(area) & (area > 0))
    if wrong.any():
        zone = panel.zone_ids[int(np.argmax(wrong))]
        raise InputError(f"The area of zone {zone!r} is {area[wrong][0]}; give square kilometres above 0.")
    return area


def _shares(start: float, end: float, rounds: int, tell: Progress) -> Iterator[None]:
    """Tells how far the folds are, one step a round."""
    for number in range(rounds):
        share = start + (end - start) * number / rounds
        words = f"Origin {number + 1} of {rounds - 1}" if number < rounds - 1 else "Comparing the models"
        tell(share, words)
        yield


def _tuned(
    past: Past,
    origins: Origins,
    asked: ForecastSettings,
    tell: Progress,
    cancel: threading.Event | None,
    notes: list[str],
) -> tuple[Mapping[str, float | int], pd.DataFrame]:
    """Settings of the trees; tuning ends before the first test origin."""
    nothing = trials_table()
    if asked.trials == 0 or not set(asked.models) & {"xgboost", "together"}:
        return DEFAULTS, nothing
    if not origins.earlier:
        notes.append(
            "There are too few months to tune before the test origins, so the settings are those without tuning."
        )
        return DEFAULTS, nothing
    cut = origins.earlier[-1]
    horizon = min(asked.horizon, origins.tests[0] - cut)  # no month after the first test origin is looked at
    tell(0.02, "Tuning")

    def on_trial(number: int, value: float, best: float) -> None:
        share = 0.05 + 0.7 * number / asked.trials
        tell(share, f"Tuning: {number} of {asked.trials} settings tried, error {value:.4g}, best {best:.4g}")

    found = tune(
        past,
        (cut,),
        horizon,
        trials=asked.trials,
        time_limit=asked.time_limit,
        seed=asked.seed,
        on_trial=on_trial,
        cancel=cancel,
    )
    if found.ended != "trials":
        why = "stopped" if found.ended == "stopped" else f"ended after {asked.time_limit:g} s"
        notes.append(
            f"Tuning was {why} with {len(found.trials)} of {asked.trials} settings tried; the best of them "
            f"{'is used' if len(found.trials) else 'would be used, so it is the one without tuning'}."
        )
    return found.settings, found.trials


@dataclass(frozen=True, eq=False)
class _Judged:
    """What every model predicted, by key, and the seconds of training and forecasting at one origin."""

    actual: list[Array]
    by_model: dict[str, list[Array]]
    seconds: float


def _judged(
    past: Past,
    origins: Origins,
    asked: ForecastSettings,
    tree_settings: Mapping[str, float | int],
    steps: Iterator[None],
) -> _Judged:
    actual: list[Array] = []
    by_model: dict[str, list[Array]] = {key: [] for key in asked.models}
    began = time.monotonic()
    cuts = (*origins.earlier, *origins.tests)
    for cut in cuts:
        next(steps)
        known = past.until(cut)  # what comes later is not there to leak
        learnt = learn(known, cut, asked.models, settings=tree_settings, seed=asked.seed)
        for key, made in predictions(known, learnt, asked.horizon, asked.models).items():
            by_model[key].append(made)
        actual.append(past.values[cut : cut + asked.horizon].T.astype(np.float32))
    return _Judged(actual, by_model, (time.monotonic() - began) / len(cuts))


def _compared(
    panel: Panel, origins: Origins, asked: ForecastSettings, judged: _Judged, area: Floats
) -> tuple[Folds, pd.DataFrame, pd.DataFrame, str, str]:
    """Scores of all models at the test origins, the winner, and its folds with intervals."""
    before = len(origins.earlier)
    names = [panel.months[cut - 1] for cut in origins.tests]
    tests = {key: made[before:] for key, made in judged.by_model.items()}
    scores = score_table(judged.actual[before:], tests, names, area, asked.flagged_area)
    summary = summarise(scores)
    winner, case = choose(summary)
    reason = reason_of(
        summary,
        winner,
        case,
        origins=len(names),
        horizon=asked.horizon,
        unit=panel.unit,
        share=asked.flagged_area,
    )
    key = next(key for key, name in MODELS.items() if name == winner)
    shape = (0, len(panel.zone_ids), asked.horizon)
    earlier = (
        np.stack([np.empty(shape[1:], np.float32), *judged.actual[:before]])[1:],
        np.stack([np.empty(shape[1:], np.float32), *judged.by_model[key][:before]])[1:],
    )
    actual, predicted = np.stack(judged.actual[before:]), np.stack(tests[key])
    low, high = past_intervals(earlier, (actual, predicted), asked.coverage, seed=asked.seed)
    folds = Folds(
        origins=tuple(names),
        months=tuple(tuple(panel.months[cut : cut + asked.horizon]) for cut in origins.tests),
        actual=actual,
        predicted=predicted,
        low=low,
        high=high,
        by_model={MODELS[name]: np.stack(made) for name, made in tests.items()},
        earlier_actual=earlier[0],
        earlier_predicted=earlier[1],
    )
    return folds, scores, summary, winner, reason


def _about(folds: Folds, origins: Origins) -> list[str]:
    """What a reader must know of the folds."""
    tested = ", ".join(folds.origins)
    said = [
        f"Judged at the test origins {tested} (last month known), each with models trained on months up to it only."
    ]
    if not origins.earlier:
        said.append(
            "There is no origin before the first test, so its intervals were set on one half of the zones and measured on "
            "the other."
        )
    if folds.actual.sum() == 0:
        said.append("No crime at all was recorded in the months judged, so the scores tell nothing.")
    return said


def _known_before(past: Past, learnt: Learnt) -> Array:
    """Features before the first month ahead, in the panel's unit."""
    known, _ = learnt.features(past.values, past.static)
    known[:, :OWN] = past.own(learnt.origin)
    return known
