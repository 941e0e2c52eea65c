"""Baselines by hand and against the seasonal model; nothing that comes later changes a forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.risk.forecast.covariates import covariates_of
from patrol_core.risk.forecast.models import MODELS, Past, begin, learn, past_of, predictions, training_rows
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.seasonal import monthly_demand
from tests.risk.forecast.made import panel, static

NOTHING = covariates_of(None, [f"Z{place:03d}" for place in range(24)])


def _past() -> Past:
    made = panel()
    return past_of(made, covariates_of(static(made), made.zone_ids))


def _one(key: str, past: Past, origin: int, horizon: int) -> np.ndarray:
    return predictions(past, learn(past, origin, (key,)), horizon, (key,))[key]


def test_seasonal_naive_repeats_the_last_year():
    past = _past()
    made = _one("naive", past, 40, 14)
    assert (made[:, :12] == past.values[28:40].T).all()
    assert (made[:, 12:] == made[:, :2]).all()


def test_twelve_month_mean():
    past = _past()
    made = _one("mean", past, 40, 3)
    assert made == pytest.approx(np.repeat(past.values[28:40].mean(axis=0)[:, None], 3, axis=1))


def test_level_times_season_is_the_seasonal_model():
    of = panel()
    counts = pd.DataFrame(
        {
            "zone_id": np.repeat(of.zone_ids, len(of.months)),
            "month": np.tile(of.months, len(of.zone_ids)),
            "crime_type": "Burglary",
            "count": of.values.ravel(),
        }
    )
    other = monthly_demand(
        counts, of.zone_ids, of.months, horizon=12, weights=WEIGHTS["count"], crime_types=("Burglary",)
    )
    made = _one("level", past_of(of, NOTHING), 48, 12)
    assert made.T.ravel() == pytest.approx(other["risk"].to_numpy(), rel=1e-6)


def test_weighted_mean_keeps_the_level_of_the_last_year():
    past = _past()
    learnt = begin(past, 48)
    made = predictions(past, learnt, 12, ("weighted",))["weighted"]
    plain = made / np.exp(learnt.season[(past.first + 48 + np.arange(12)) % 12])
    assert plain.sum(axis=0) == pytest.approx(np.full(12, past.values[36:48].mean(axis=0).sum()), rel=1e-5)


def test_together_is_the_geometric_mean():
    past = _past()
    learnt = learn(past, 40, ("together",))
    made = predictions(past, learnt, 6, ("together", "xgboost", "poisson"))
    assert made["together"] == pytest.approx(np.sqrt(made["xgboost"] * made["poisson"]), rel=1e-5)


def test_forecasts_are_recursive():
    past = _past()
    learnt = learn(past, 40, ("poisson",))
    made = predictions(past, learnt, 2, ("poisson",))["poisson"]
    longer = np.vstack([past.values[:40], made[:, 0]])
    second = learnt.step(*learnt.features(longer, past.static), "poisson")
    assert made[:, 1] == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize("key", list(MODELS))
def test_nothing_that_comes_later_changes_a_forecast(key):
    past = _past()
    scrambled = past.values.copy()
    scrambled[30:] = np.random.default_rng(0).poisson(40, scrambled[30:].shape)
    other = Past(scrambled, past.first, past.static)
    assert (_one(key, past, 30, 6) == _one(key, other, 30, 6)).all()
    assert (_one(key, past, 42, 6) != _one(key, other, 42, 6)).any()


def test_training_rows_stop_at_the_origin_and_see_only_months_before_their_own():
    past = _past()
    rows, target, _ = training_rows(past, begin(past, 36))
    zones = past.values.shape[1]
    scale = begin(past, 36).scale
    assert target[-zones:] * scale == pytest.approx(past.values[35], rel=1e-5)
    level = past.values[23:35].mean()
    assert rows[-zones:, 0] * level == pytest.approx(past.values[34], rel=1e-5)  # last month before


def test_the_unit_of_values_does_not_matter():
    past = _past()
    heavy = Past(past.values * 219.0, past.first, past.static)
    for key in ("poisson", "xgboost"):
        assert _one(key, heavy, 40, 5) == pytest.approx(219 * _one(key, past, 40, 5), rel=2e-3)


def test_no_crime_at_all():
    past = Past(np.zeros((30, 5)), 0, np.empty((5, 0)))
    for key in MODELS:
        assert np.abs(_one(key, past, 24, 6)).max() < 1e-6
