"""Scores counted by hand, and the rule of choice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patrol_core.risk.forecast.models import LEARNED, MODELS
from patrol_core.risk.forecast.scores import choose, reason_of, score, summarise


def test_scores_by_hand():
    actual = np.array([[2.0, 0.0], [4.0, 2.0]])
    predicted = np.array([[1.0, 1.0], [4.0, 4.0]])
    made = score(actual, predicted, [1.0, 1.0], 0.5)
    assert made["mae"] == 1.0
    assert made["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert made["r2"] == pytest.approx(1 - 6 / 8)
    assert made["mape"] == pytest.approx(100 * (0.5 + 0 + 1) / 3)
    assert made["zeros_left_out"] == 25.0
    assert made["bias"] == 0.5
    assert made["pai"] == pytest.approx(np.mean([(4 / 6) / 0.5, (2 / 2) / 0.5]))
    assert made["pai_total"] == pytest.approx((6 / 8) / 0.5)
    assert made["hit_rate"] == pytest.approx(75.0)
    assert made["mae_total"] == 1.0  # 2 against 2, and 8 against 6


def test_no_crime_has_no_shares():
    made = score(np.zeros((3, 2)), np.ones((3, 2)), np.ones(3), 0.2)
    assert made["mae"] == 1.0
    assert made["zeros_left_out"] == 100.0
    assert np.isnan([made["mape"], made["pai"], made["r2"]]).all()


def _summary(**figures: tuple[float, float]) -> pd.DataFrame:
    rows = [
        {"model": MODELS[key], "origin": "2024-01", "mae": mae, "pai": pai}
        for key, (mae, pai) in figures.items()
    ]
    names = ["rmse", "r2", "mape", "zeros_left_out", "pai_total", "hit_rate", "bias"]
    names += ["mae_total", "rmse_total", "r2_total"]
    return summarise(pd.DataFrame(rows).assign(**dict.fromkeys(names, 0.0)))


def test_leads_are_over_the_best_baseline():
    made = _summary(xgboost=(0.9, 5.5), mean=(1.0, 5.0), naive=(2.0, 4.0)).set_index("model")
    assert made.loc["XGBoost", "mae_lead"] == pytest.approx(10)
    assert made.loc["XGBoost", "pai_lead"] == pytest.approx(10)
    assert made.loc["12-month mean", "mae_lead"] == pytest.approx(50)
    assert made.loc["Seasonal naive", "pai_lead"] == pytest.approx(-20)
    assert made["baseline"].tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("figures", "winner", "case"),
    [
        ({"xgboost": (0.9, 5.5), "mean": (1.0, 5.0)}, "xgboost", "learned"),
        ({"xgboost": (0.9, 5.5), "together": (0.8, 5.4), "mean": (1.0, 5.0)}, "together", "learned"),
        ({"xgboost": (0.9, 4.9), "mean": (1.0, 5.0), "naive": (1.2, 4.0)}, "mean", "baseline"),
        ({"xgboost": (1.1, 5.5), "mean": (1.0, 5.0)}, "mean", "baseline"),
        ({"xgboost": (1.0, 5.0), "mean": (1.0, 5.0)}, "xgboost", "learned"),
        ({"xgboost": (0.5, 4.0), "mean": (1.0, 5.0), "poisson": (0.9, 4.9)}, "poisson", "split"),
        ({"xgboost": (0.5, 4.0), "mean": (1.0, 5.0), "poisson": (0.9, 4.996)}, "poisson", "alike"),
        ({"xgboost": (0.5, 4.0), "mean": (1.0, 5.0), "poisson": (0.9, 4.994)}, "poisson", "split"),
        ({"xgboost": (0.9, np.nan), "mean": (1.0, np.nan)}, "xgboost", "learned"),
        ({"xgboost": (0.9, 5.0)}, "xgboost", "learned"),
    ],
)
def test_rule_of_choice(figures, winner, case):
    summary = _summary(**figures)
    assert choose(summary) == (MODELS[winner], case)
    if case == "learned":  # what the rule promises
        table = summary.set_index("model")
        rivals = table[table["baseline"]]
        assert (table.loc[MODELS[winner], "mae"] <= rivals["mae"]).all()


def test_reason_says_by_how_much_and_against_whom():
    summary = _summary(xgboost=(0.9, 5.5), mean=(1.0, 5.0), poisson=(1.1, 5.4))
    text = reason_of(summary, "XGBoost", "learned", origins=3, horizon=12, unit="crimes", share=0.05)
    assert text.startswith("XGBoost is used: over 3 test origins of 12 months it loses to no baseline")
    assert "10 % lower than the best baseline in error (12-month mean)" in text
    assert "1.9 % higher than the best in PAI (Poisson regression)" in text
    summary = _summary(xgboost=(1.9, 5.5), mean=(1.0, 5.0))
    text = reason_of(summary, "12-month mean", "baseline", origins=1, horizon=1, unit="crimes", share=0.05)
    assert text.startswith("12-month mean, a baseline, is used: over 1 test origin of 1 month")
    assert "nothing says whether it is any good" in reason_of(
        _summary(xgboost=(1.9, 5.5)), "XGBoost", "learned", origins=1, horizon=1, unit="crimes", share=0.05
    )


def test_models_that_must_earn_their_place():
    assert set(LEARNED) < set(MODELS)
