"""Features and the season, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from patrol_core.risk.forecast.features import COUNTS, own_features, season_of

NAMES = list(COUNTS)


def test_features_of_a_zone_by_hand():
    past = np.arange(1.0, 31.0)[:, None]  # 1 .. 30
    made = dict(zip(NAMES, own_features(past)[0], strict=True))
    assert made["last"] == 30
    assert made["mean3"] == 29
    assert made["mean6"] == 27.5
    assert made["mean12"] == 24.5
    assert made["mean24"] == 18.5
    assert made["year_ago"] == 19
    weight = 0.5 ** (np.arange(30)[::-1] / 12)
    assert made["recent"] == pytest.approx((weight * np.arange(1, 31)).sum() / weight.sum())
    assert made["recent"] > made["long"] > 15.5


def test_weights_halve_in_twelve_months():
    past = np.zeros((13, 1))
    past[12] = 1.0
    last = own_features(past)[0, NAMES.index("recent")]
    past[12], past[0] = 0.0, 1.0
    assert own_features(past)[0, NAMES.index("recent")] == pytest.approx(last / 2, rel=1e-6)


def test_short_history_takes_the_mean_of_what_is_known():
    made = dict(zip(NAMES, own_features(np.array([[4.0], [8.0]]))[0], strict=True))
    assert made["mean3"] == made["mean24"] == made["year_ago"] == 6.0


def test_season_is_found_under_a_trend():
    months = np.arange(96)
    law = 0.3 * np.cos(2 * np.pi * months / 12)
    city = 1000 * np.exp(-0.004 * months + law)
    made = season_of(city, 0)
    assert made.sum() == pytest.approx(0, abs=1e-9)
    assert np.abs(made - law[:12]).max() < 0.035
    assert np.allclose(np.roll(season_of(city, 3), -3), made)


def test_no_season_without_a_year_and_without_crime():
    assert not season_of(np.array([5.0, 9.0, 1.0]), 4).any()
    assert not season_of(np.zeros(40), 0).any()
