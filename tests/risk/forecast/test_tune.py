"""Tuning: budget, stop, and months that it must not see."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from patrol_core.risk.forecast.covariates import covariates_of
from patrol_core.risk.forecast.learners import DEFAULTS
from patrol_core.risk.forecast.models import Past, past_of
from patrol_core.risk.forecast.tune import RANGES, deviance, tune
from tests.risk.forecast.made import panel


def _past() -> Past:
    made = panel()
    return past_of(made, covariates_of(None, made.zone_ids))


def test_deviance_by_hand():
    assert deviance(np.array([2.0, 0.0]), np.array([2.0, 3.0])) == pytest.approx(3.0)
    assert deviance(np.array([2.0]), np.array([1.0])) == pytest.approx(2 * (2 * np.log(2) - 1))


def test_trials_are_counted_told_and_repeatable():
    heard: list[tuple[int, float, float]] = []
    made = tune(_past(), (30,), 6, trials=4, on_trial=lambda *words: heard.append(words))
    assert made.ended == "trials"
    assert made.trials["number"].tolist() == [1, 2, 3, 4]
    assert [row[0] for row in heard] == [1, 2, 3, 4]
    assert [row[2] for row in heard] == np.minimum.accumulate(made.trials["value"]).tolist()
    assert made.trials["params"][0] == dict(DEFAULTS)
    best = int(made.trials["value"].idxmin())
    assert made.settings == made.trials["params"][best]
    for params in made.trials["params"]:
        for name, (least, most, _) in RANGES.items():
            assert least <= params[name] <= most
    again = tune(_past(), (30,), 6, trials=4)
    assert again.trials["value"].tolist() == made.trials["value"].tolist()
    assert tune(_past(), (30,), 6, trials=4, seed=2).trials["params"][2] != made.trials["params"][2]


def test_a_stop_keeps_the_best_so_far():
    cancel = threading.Event()

    def told(number: int, value: float, best: float) -> None:
        if number == 2:
            cancel.set()

    made = tune(_past(), (30,), 6, trials=50, on_trial=told, cancel=cancel)
    assert made.ended == "stopped"
    assert len(made.trials) == 2
    assert made.settings == made.trials["params"][int(made.trials["value"].idxmin())]


def test_no_time_leaves_the_settings_without_tuning():
    made = tune(_past(), (30,), 6, trials=5, time_limit=1e-9)
    assert made.ended == "time"
    assert made.trials.empty
    assert made.settings == dict(DEFAULTS)


def test_months_after_the_horizon_of_the_tuning_origin_do_not_matter():
    past = _past()
    later = past.values.copy()
    later[36:] += 90.0
    made = tune(past, (30,), 6, trials=2)
    assert (
        tune(Past(later, past.first, past.static), (30,), 6, trials=2)
        .trials["value"]
        .equals(made.trials["value"])
    )
    later[35] += 90.0
    assert (
        not tune(Past(later, past.first, past.static), (30,), 6, trials=2)
        .trials["value"]
        .equals(made.trials["value"])
    )
