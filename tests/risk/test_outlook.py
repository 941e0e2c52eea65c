"""Months ahead as a risk surface and past months as predicted: by hand, against their own draws, relations, ill-formed input."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.planning import (
    forecast_words,
    month_figures,
    planning_surface,
    review_forecast,
    surprise_words,
    surprises,
)
from patrol_core.planning.surface import FLOOR, forecast_demand
from patrol_core.risk.harm import WEIGHTS
from patrol_core.risk.surface import build_surface

TYPES = ("Burglary", "Shoplifting")
CCHI = WEIGHTS["cchi"]
BURGLARY, LIFTING = CCHI.weights_of(TYPES)
RECORDED_MONTHS = ("2024-11", "2024-12")
AHEAD = ("2025-01", "2025-02")
COUNTS = pd.DataFrame(
    [
        ("a", "2024-11", "Burglary", 3.0),
        ("a", "2024-12", "Shoplifting", 3.0),
        ("b", "2024-12", "Burglary", 1.0),
    ],
    columns=["zone_id", "month", "crime_type", "count"],
)


def recorded(ids=("a", "b", "c"), weights=CCHI):
    return build_surface(COUNTS, ids, RECORDED_MONTHS, weights=weights, crime_types=TYPES)


def folds(actual, predicted, *, low=None, high=None, months=(("2024-11", "2024-12"),)):
    predicted = np.asarray(predicted, dtype=float)
    return SimpleNamespace(
        months=months,
        actual=np.asarray(actual, dtype=float),
        predicted=predicted,
        low=predicted - 1.0 if low is None else np.asarray(low, dtype=float),
        high=predicted + 1.0 if high is None else np.asarray(high, dtype=float),
    )


def forecast(predicted, past, *, ids=("a", "b", "c"), months=AHEAD):
    return SimpleNamespace(
        zone_ids=tuple(ids),
        months_ahead=tuple(months),
        predicted=np.asarray(predicted, dtype=float),
        unit="harm days",
        winner="Poisson regression",
        folds=past,
    )


PREDICTED = [[10.0, 14.0], [4.0, 2.0], [1.0, 1.0]]
PAST = folds([[[9.0, 15.0], [3.0, 3.0], [0.0, 2.0]]], [[[12.0, 12.0], [3.0, 3.0], [1.0, 1.0]]])


def many(rng, zones=120, origins=3):
    """A city large enough for classes of level, whose errors grow with the level."""
    level = rng.gamma(2.0, 10.0, (zones, 1))
    predicted = np.repeat(level, 2, axis=1)
    past = np.repeat(predicted[None], origins, axis=0)
    actual = np.maximum(past + rng.normal(0.0, 1.0, past.shape) * np.sqrt(past), 0.0)
    ids = [f"z{n}" for n in range(zones)]
    months = tuple(("2024-11", "2024-12") for _ in range(origins))
    return forecast(predicted, folds(actual, past, months=months), ids=ids), ids


# ---------------------------------------------------------------- the surface


def test_a_case_worked_by_hand():
    surface = planning_surface(recorded(), forecast(PREDICTED, PAST))
    assert surface.mean.tolist() == [12.0, 3.0, 1.0]
    assert (surface.period, surface.months, surface.unit) == (AHEAD, 2, recorded().unit)
    # Means of the test months: 12, 3, 1 recorded and 12, 3, 1 predicted: no error was seen, so there is no width.
    assert surface.low.tolist() == surface.high.tolist() == surface.mean.tolist()
    off = folds([[[13.0, 15.0], [3.0, 3.0], [1.0, 1.0]]], [[[12.0, 12.0], [3.0, 3.0], [1.0, 1.0]]])
    surface = planning_surface(recorded(), forecast(PREDICTED, off))
    floor = FLOOR * 16 / 3
    error = 2.0 / np.sqrt(12.0 + floor)  # of three errors the 95 % point is the largest
    assert surface.high[1] == pytest.approx(3.0 + np.sqrt(3.0 + floor) * error)
    assert surface.low.tolist() == surface.mean.tolist()


def test_types_share_the_forecast_as_they_were_recorded():
    surface = planning_surface(recorded(), forecast(PREDICTED, PAST))
    harm = surface.counts * surface.weights / surface.months
    assert harm.sum(axis=1) == pytest.approx(surface.mean)
    assert harm[0, 0] / harm[0].sum() == pytest.approx(BURGLARY / (BURGLARY + LIFTING))
    assert harm[1].tolist() == pytest.approx([3.0, 0.0])
    everywhere = 4 * BURGLARY / (4 * BURGLARY + 3 * LIFTING)
    assert harm[2, 0] == pytest.approx(everywhere)  # zone c had no crime: as in all zones


@settings(max_examples=15, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_draws_lie_outside_the_interval_as_often_as_it_says(seed):
    ahead, ids = many(np.random.default_rng(seed))
    frame = pd.DataFrame([(ids[0], "2024-12", "Burglary", 2.0)], columns=list(COUNTS.columns))
    base = build_surface(frame, ids, RECORDED_MONTHS, weights=WEIGHTS["count"], crime_types=TYPES)
    surface = planning_surface(base, ahead)
    drawn = surface.draws(seed, 2000)
    assert (drawn >= 0).all()
    assert (surface.low <= surface.mean).all()
    assert (surface.mean <= surface.high).all()
    wide = surface.low > 0
    assert (drawn < surface.low)[:, wide].mean() == pytest.approx(0.05, abs=0.01)
    assert (drawn > surface.high).mean() == pytest.approx(0.05, abs=0.01)
    assert np.array_equal(drawn, surface.draws(seed, 2000))
    assert not np.array_equal(drawn, surface.draws(seed + 1, 2000))


def test_interval_holds_what_comes_as_often_as_it_says():
    """Months never seen, from the same law, fall inside in nine of ten zones, at low and at high level alike."""
    inside, high = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        ahead, ids = many(rng)
        frame = pd.DataFrame([(ids[0], "2024-12", "Burglary", 2.0)], columns=list(COUNTS.columns))
        base = build_surface(frame, ids, RECORDED_MONTHS, weights=WEIGHTS["count"], crime_types=TYPES)
        surface = planning_surface(base, ahead)
        noise = rng.normal(0.0, 1.0, ahead.predicted.shape) * np.sqrt(ahead.predicted)
        came = np.maximum(ahead.predicted + noise, 0.0).mean(axis=1)
        held = (came >= surface.low) & (came <= surface.high)
        top = surface.mean > np.median(surface.mean)
        inside.append(held[~top].mean())
        high.append(held[top].mean())
    assert 0.87 < np.mean(inside) < 0.93
    assert 0.87 < np.mean(high) < 0.93


def test_no_crime_at_all_is_no_risk():
    nothing = np.zeros((3, 2))
    surface = planning_surface(recorded(), forecast(nothing, folds(nothing[None], nothing[None])))
    assert surface.mean.tolist() == surface.low.tolist() == surface.high.tolist() == [0.0, 0.0, 0.0]
    assert surface.draws(1, 3).tolist() == np.zeros((3, 3)).tolist()


def test_other_zones_and_no_draws_are_refused():
    ahead = forecast(PREDICTED, PAST, ids=("a", "b", "d"))
    with pytest.raises(InputError, match="same zones"):
        planning_surface(recorded(), ahead)
    with pytest.raises(InputError, match="same zones"):
        planning_surface(recorded(("b", "a", "c")), forecast(PREDICTED, PAST))
    with pytest.raises(InputError, match="at least 1"):
        planning_surface(recorded(), forecast(PREDICTED, PAST)).draws(1, 0)


# ---------------------------------------------------------------- month by month


def test_demand_is_the_forecast_month_by_month():
    demand = forecast_demand(forecast(PREDICTED, PAST), 2)
    assert demand["Month"].tolist() == ["2025-01"] * 3 + ["2025-02"] * 3
    assert demand["zone_id"].tolist() == ["a", "b", "c"] * 2
    assert demand["risk"].tolist() == [10.0, 4.0, 1.0, 14.0, 2.0, 1.0]
    assert "Poisson regression" in demand.attrs["method"]
    assert forecast_demand(forecast(PREDICTED, PAST), 1)["risk"].tolist() == [10.0, 4.0, 1.0]
    with pytest.raises(InputError, match="reaches 2 months ahead and 3 are asked for"):
        forecast_demand(forecast(PREDICTED, PAST), 3)


def test_words_name_months_and_model():
    assert forecast_words(forecast(PREDICTED, PAST)) == (
        "Plan made for the forecast of 2025-01 to 2025-02 by Poisson regression."
    )
    one = forecast([[1.0]] * 3, PAST, months=("2025-01",))
    assert "of 2025-01 by" in forecast_words(one)


# ---------------------------------------------------------------- past months as predicted


TWO = folds(
    [[[1.0, 2.0], [10.0, 20.0]], [[2.0, 3.0], [20.0, 30.0]]],
    [[[1.5, 9.0], [11.0, 99.0]], [[2.5, 3.5], [12.0, 31.0]]],
    months=(("2024-10", "2024-11"), ("2024-11", "2024-12")),
)


def looked_back():
    return review_forecast(forecast([[1.0, 1.0]] * 2, TWO, ids=("a", "b")))


def test_each_past_month_is_shown_once_as_the_latest_origin_predicted_it():
    past = looked_back()
    assert past.months == ("2024-10", "2024-11", "2024-12")
    assert past.lead == (1, 1, 2)
    assert past.predicted.tolist() == [
        [1.5, 2.5, 3.5],
        [11.0, 12.0, 31.0],
    ]  # never the 9 and 99 of two months before
    assert past.actual.tolist() == [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]


def test_figures_of_a_month_by_hand():
    found = month_figures(looked_back(), "2024-11")
    assert (found.actual, found.predicted) == (22.0, 14.5)
    assert found.mae == pytest.approx((0.5 + 8.0) / 2)
    assert found.inside == 0.5


def test_surprises_are_the_zones_outside_and_nothing_else():
    past = looked_back()
    (one,) = surprises(past, "2024-11")
    assert (one.zone, one.actual, one.predicted, one.outside) == ("b", 20.0, 12.0, 7.0)
    assert surprises(past, "2024-10") == ()
    words = surprise_words(one, {"b": "Back Lane"}, unit="crimes")
    assert words == "Back Lane: 20 crimes, 8 more than predicted (12.0; expected between 11.0 and 13.0)."
