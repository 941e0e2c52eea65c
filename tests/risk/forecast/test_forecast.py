"""The whole: nothing leaks, the winner is what the rule says, and bad input is refused in words."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.risk.forecast import (
    MODELS,
    Forecast,
    ForecastSettings,
    Panel,
    key_of,
    make_forecast,
    panel_of,
)
from patrol_core.risk.forecast.learners import DEFAULTS
from patrol_core.risk.forecast.panel import months_from
from patrol_core.risk.forecast.scores import choose
from patrol_core.risk.harm import WEIGHTS
from patrol_core.sources.sample.embedded import load_area
from tests.risk.forecast.made import forecast, panel, static

ALL = tuple(MODELS)


def _altered(of: Panel, first: int) -> Panel:
    """The same panel with other figures from month number ``first`` on."""
    values = of.values.copy()
    values[:, first:] = np.random.default_rng(9).poisson(30, values[:, first:].shape)
    return Panel(of.zone_ids, of.months, values, of.unit)


def test_shapes_and_order():
    made = forecast(*ALL)
    assert made.predicted.shape == made.low.shape == made.high.shape == (24, 4)
    assert made.months_ahead == ("2023-04", "2023-05", "2023-06", "2023-07")
    assert (made.low <= made.predicted).all()
    assert (made.predicted <= made.high).all()
    assert (made.low >= 0).all()
    assert made.folds.origins == ("2022-07", "2022-11")
    assert made.folds.months[1] == ("2022-12", "2023-01", "2023-02", "2023-03")
    assert (made.folds.actual[1] == panel().values[:, -4:]).all()
    assert set(made.folds.by_model) == set(MODELS.values())
    assert (made.folds.predicted == made.folds.by_model[made.winner]).all()
    assert len(made.interval_coverage) == 4
    assert len(made.scores) == len(MODELS) * 2
    assert made.winner == choose(made.summary)[0]
    assert made.winner in made.winner_reason


def test_scores_are_those_of_the_folds():
    made = forecast(*ALL)
    rows = made.scores.set_index(["model", "origin"])
    for name, cube in made.folds.by_model.items():
        for place, origin in enumerate(made.folds.origins):
            assert rows.loc[(name, origin), "mae"] == pytest.approx(
                np.abs(cube[place] - made.folds.actual[place]).mean(), rel=1e-5
            )


def test_the_months_judged_do_not_change_what_was_predicted_for_them():
    of = panel()
    settings = ForecastSettings(horizon=4, origins=2, trials=2)
    made, other = (
        make_forecast(each, static=static(of), settings=settings) for each in (of, _altered(of, 44))
    )
    for name, cube in made.folds.by_model.items():
        assert (cube == other.folds.by_model[name]).all(), name
    assert made.trials.drop(columns="seconds").equals(other.trials.drop(columns="seconds"))
    assert (made.folds.actual[1] != other.folds.actual[1]).any()


def test_tuning_ends_before_the_first_test_origin():
    of = panel()
    settings = ForecastSettings(horizon=4, origins=2, trials=2, models=("xgboost", "mean"))
    made, other, third = (
        make_forecast(each, settings=settings) for each in (of, _altered(of, 40), _altered(of, 39))
    )
    assert made.trials["value"].equals(other.trials["value"])
    assert not made.trials["value"].equals(third.trials["value"])


def test_overlapping_origins_do_not_leak_into_tuning_either():
    of = panel(months=26)  # origins 12, 13, 14: the tuning origin's horizon would reach beyond the first test
    settings = ForecastSettings(horizon=12, origins=2, trials=2, models=("xgboost", "mean"))
    made, other = (make_forecast(each, settings=settings) for each in (of, _altered(of, 13)))
    assert made.trials["value"].equals(other.trials["value"])


def test_the_same_input_gives_the_same_forecast_and_key():
    of = panel()
    settings = ForecastSettings(horizon=3, origins=1)
    first, second = (make_forecast(of, static=static(of), settings=settings) for _ in range(2))
    assert (first.predicted == second.predicted).all()
    assert first.data_hash == second.data_hash
    keys = {
        key_of(of, None, settings),
        key_of(of, static(of), settings),
        key_of(of, None, replace(settings, seed=2)),
        key_of(_altered(of, 47), None, settings),
    }
    assert len(keys) == 4
    assert key_of(of, static(of), settings) == key_of(panel(), static(of), settings)


def test_progress_rises_to_one():
    heard: list[tuple[float, str]] = []
    make_forecast(
        panel(), settings=ForecastSettings(horizon=3, trials=3), progress=lambda *words: heard.append(words)
    )
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert sum("settings tried" in words for _, words in heard) == 3
    assert any("2 of 3 settings tried, error" in words for _, words in heard)


def test_a_stop_before_the_first_trial_still_makes_a_forecast():
    cancel = threading.Event()
    cancel.set()
    made = make_forecast(panel(), settings=ForecastSettings(horizon=3, trials=9), cancel=cancel)
    assert made.tree_settings == dict(DEFAULTS)
    assert any("stopped with 0 of 9 settings tried" in note for note in made.notes)
    assert np.isfinite(made.predicted).all()


def test_two_years_are_enough_and_what_is_missing_is_said():
    made = make_forecast(panel(months=24), settings=ForecastSettings(trials=3))
    assert made.folds.origins == ("2020-03",)
    said = " ".join(made.notes)
    assert "room for 1 test origin, not 3" in said
    assert "too few months to tune" in said
    assert "one half of the zones" in said
    assert 0.8 < made.interval_coverage.mean() < 0.97


def test_too_few_months_are_refused_with_what_would_do():
    with pytest.raises(InputError, match=r"needs at least 24 months .*there are 18; ask for at most 6"):
        make_forecast(panel(months=18))
    assert make_forecast(panel(months=18), settings=ForecastSettings(horizon=6)).predicted.shape == (24, 6)


def test_no_crime_at_all_is_predicted_as_none():
    of = panel()
    quiet = Panel(of.zone_ids, of.months, np.zeros_like(of.values), of.unit)
    made = make_forecast(quiet, settings=ForecastSettings(horizon=3))
    assert made.predicted.max() < 1e-6
    assert any("No crime at all was recorded in the months judged" in note for note in made.notes)


def test_zones_without_crime_stay_near_nothing():
    of = panel()
    values = of.values.copy()
    values[:3] = 0.0
    made = make_forecast(Panel(of.zone_ids, of.months, values, of.unit), settings=ForecastSettings(horizon=3))
    assert made.predicted[:3].max() < 0.2
    assert np.isfinite(made.high).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"coverage": 1.0}, "cannot be asked to hold 1"),
        ({"flagged_area": 0.0}, "share of area of 0"),
        ({"trials": -1}, "-1 settings cannot be tried"),
        ({"time_limit": 0.0}, "time limit of 0 s"),
        ({"models": ("oracle",)}, "no forecast model 'oracle'; choose from together"),
        ({"models": ()}, "No forecast model is chosen"),
    ],
)
def test_settings_out_of_range(change, words):
    with pytest.raises(InputError, match=words):
        ForecastSettings(**change)


@pytest.mark.parametrize(
    ("area", "words"),
    [(np.ones(3), "3 areas for 24 zones"), (np.r_[np.ones(23), 0.0], "'Z023' is 0.0")],
)
def test_areas_that_do_not_fit(area, words):
    with pytest.raises(InputError, match=words):
        make_forecast(panel(), area_km2=area, settings=ForecastSettings(horizon=3))


def test_sample_city_without_tuning():
    data = load_area("sample")
    assert data.crimes is not None
    rows = data.crimes[data.crimes["lsoa_code"] != ""]
    counts = rows.groupby(["lsoa_code", "month", "crime_type"], observed=True).size().rename("count")
    long = counts.reset_index().rename(columns={"lsoa_code": "zone_id"})
    zones = sorted(set(long["zone_id"]))
    types = tuple(str(name) for name in long["crime_type"].unique())
    of = panel_of(long, zones, data.months, weights=WEIGHTS["count"], crime_types=types)
    made = make_forecast(of)
    _loses_to_no_baseline(made)
    assert 0.85 < made.intervals.loc[0, "inside"] < 0.95


def test_westminster_burglaries(shared_uk):
    rows = pd.read_parquet(shared_uk / "westminster_burglary_street.parquet", columns=["Month", "LSOA code"])
    rows = rows[rows["Month"].between("2011-01", "2019-12")].dropna()
    counts = rows.value_counts().rename("count").reset_index()
    counts = counts.rename(columns={"LSOA code": "zone_id", "Month": "month"}).assign(crime_type="Burglary")
    of = panel_of(
        counts,
        sorted(set(counts["zone_id"])),
        months_from("2011-01", 108),
        weights=WEIGHTS["count"],
        crime_types=("Burglary",),
    )
    made = make_forecast(of)
    assert made.folds.origins == ("2016-12", "2017-12", "2018-12")
    _loses_to_no_baseline(made)
    assert 0.85 < made.intervals.loc[0, "inside"] < 0.95
    naive = made.summary.set_index("model").loc["Seasonal naive"]
    best = made.summary.set_index("model").loc[made.winner]
    assert best["mae"] < 0.9 * naive["mae"]


def _loses_to_no_baseline(made: Forecast) -> None:
    table = made.summary.set_index("model")
    row = table.loc[made.winner]
    if not row["baseline"]:
        rivals = table[table["baseline"]]
        assert (row["mae"] <= rivals["mae"] * (1 + 1e-9)).all()
        assert (row["pai"] >= rivals["pai"] * (1 - 1e-9)).all()
    else:
        assert "baseline" in made.winner_reason
