"""Why: contributions add up to the prediction, and sentences say what the figures say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.forecast import contributions, explain, sentence
from tests.risk.forecast.made import forecast, panel

LEARN = ("xgboost", "poisson", "together")
REPEAT = ("naive", "mean", "level", "weighted")


@pytest.mark.parametrize("key", LEARN)
def test_contributions_add_up_to_the_log_of_the_first_month(key):
    made = forecast(key)
    found = explain(made)
    assert found is not None
    total = np.exp(found.base + found.parts.sum(axis=1).to_numpy())
    assert total == pytest.approx(made.predicted[:, 0], rel=1e-4)
    assert list(found.parts.columns) == list(made.feature_labels)
    assert "share of rented homes" in found.parts
    assert list(found.parts.index) == list(made.zone_ids)
    table = contributions(made)
    assert table.attrs["base"] == found.base
    assert table.equals(found.parts)


def test_values_are_what_was_recorded():
    found = explain(forecast("poisson"))
    assert found is not None
    recorded = panel().values
    assert found.values["last month"].to_numpy() == pytest.approx(recorded[:, -1], rel=1e-6)
    assert found.values["mean of the last 12 months"].to_numpy() == pytest.approx(
        recorded[:, -12:].mean(axis=1), rel=1e-6
    )


@pytest.mark.parametrize("key", LEARN)
def test_importance_is_the_mean_strength(key):
    made = forecast(key)
    strength = contributions(made).abs().mean().sort_values(ascending=False)
    assert made.importance["importance"].to_numpy() == pytest.approx(strength.to_numpy())
    assert made.importance["feature"][0] == strength.index[0]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize("key", LEARN + REPEAT)
def test_sentence_says_what_the_figures_say(key):
    made = forecast(key)
    for place, zone in enumerate(made.zone_ids):
        text = sentence(made, zone, {zone: "Old Town"})
        found = re.search(
            r"^Old Town is expected to see about ([\d.,e-]+) crimes a month from 2023-04 to 2023-07 "
            r"\(a single month mostly lies between ([\d.,e-]+) and ([\d.,e-]+)\), (.*)\.$",
            text,
        )
        assert found, text
        expected, low, high = (_number(found[number]) for number in (1, 2, 3))
        assert expected == pytest.approx(made.predicted[place].mean(), rel=0.05, abs=0.01)
        assert low <= expected <= high
        before = panel().values[place, -12:].mean()
        if "more than the" in found[4]:
            assert made.predicted[place].mean() > before
        elif "fewer than the" in found[4]:
            assert made.predicted[place].mean() < before
        else:
            assert "about as many as" in found[4] or before == 0


def test_reasons_are_the_strongest_contributions():
    made = forecast("xgboost")
    parts = contributions(made)
    zone = made.zone_ids[3]
    first = parts.loc[zone].abs().idxmax()
    factor = np.exp(parts.loc[zone, first])
    assert re.search(
        rf"moved most by (its |the )?{re.escape(first)} \([^)]*; × {factor:.2f}\)", sentence(made, zone)
    )


def test_a_baseline_says_what_it_does_and_has_no_contributions():
    made = forecast("mean")
    assert explain(made) is None
    assert contributions(made).shape == (24, 0)
    assert made.importance.empty
    text = sentence(made, made.zone_ids[0])
    assert text.startswith("Z000 is expected")
    assert text.endswith("This is the mean of its last twelve months, repeated.")
    assert "about as many as" in text
    assert "a year before" in sentence(forecast("naive"), "Z001")


def test_a_zone_that_is_not_there():
    with pytest.raises(InputError, match="no zone 'Atlantis'"):
        sentence(forecast("mean"), "Atlantis")
