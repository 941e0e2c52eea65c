"""hotspots.csv and accuracy.csv: what the core says of the same choices, to the last digit."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from patrol_core.errors import InputError
from patrol_core.evaluation.retrospective_maps import ALL_MONTHS, FORECAST
from patrol_core.planning import prepare
from patrol_core.reports.bundles.hotspots import (
    MEASURES,
    accuracy_csv,
    accuracy_of,
    forecast_map,
    held_out,
    hotspots_csv,
    hotspots_of,
    recorded_of,
)
from patrol_core.risk.hotspots import find_hotspots
from patrol_core.risk.predictive_accuracy import pai
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import neighbours


@pytest.fixture(scope="module")
def city():
    scenario = make_scenario({"weighting": "cchi"})
    return prepare(load_area("sample"), scenario), scenario


def read(content):
    return pd.read_csv(io.BytesIO(content))


def test_hotspots_are_the_cores(city):
    prepared, _ = city
    table = read(hotspots_csv(prepared, seed=4)).set_index("zone_id")
    density = prepared.surface.mean / prepared.zones["area_km2"].to_numpy()
    near = neighbours(prepared.zones)
    for method, figure in (("gi", "z"), ("moran", "i")):
        found = find_hotspots(prepared.zone_ids, density, near, method=method, seed=4)
        rows = table.loc[list(prepared.zone_ids)]
        assert rows[f"{method}_{figure}"].tolist() == pytest.approx(found.statistic.tolist())
        assert rows[f"{method}_q"].tolist() == pytest.approx(found.q.tolist())
        assert rows[f"{method}_class"].tolist() == list(found.classes)
    assert table["value [harm days per month per km²]"].loc[prepared.zone_ids[0]] == pytest.approx(density[0])
    assert table["gi_z"].is_monotonic_decreasing


def test_measures_follow_what_the_data_have(city):
    prepared, _ = city
    assert all(one.possible(prepared) for one in MEASURES.values())
    head = hotspots_of(prepared, "head", permutations=99)
    smoothed = hotspots_of(prepared, "smoothed", permutations=99)
    known = np.isfinite(head.values)
    assert np.isfinite(smoothed.values).tolist() == known.tolist()
    assert np.ptp(smoothed.values[known]) < np.ptp(head.values[known])
    columbus = prepare(load_area("columbus"), make_scenario({"area": "columbus"}))
    assert [name for name, one in MEASURES.items() if one.possible(columbus)] == ["total"]
    with pytest.raises(InputError, match="by 'area'; it offers total"):
        hotspots_of(columbus, "area")
    assert "value [crimes per 1,000 households]" in read(hotspots_csv(columbus)).columns


def test_accuracy_is_the_cores(city):
    prepared, scenario = city
    table = read(accuracy_csv(prepared, scenario, 6))
    assert table.columns[:3].tolist() == ["area_share [% of the area]", "map", "hit_rate [%]"]
    assert set(table["judged_to"]) == {prepared.months[-1]}
    assert set(table["trained_to"]) == {prepared.months[-7]}
    recorded = recorded_of(prepared, scenario)
    assert recorded.monthly.mean(axis=1) == pytest.approx(prepared.surface.mean)
    monthly = recorded.monthly
    row = table[(table["map"] == ALL_MONTHS) & (table["area_share [% of the area]"] == 5.0)].iloc[0]
    expected = pai(monthly[:, :-6].mean(axis=1), monthly[:, -6:].sum(axis=1), recorded.area_km2, 0.05)
    assert row["pai"] == pytest.approx(expected)


@dataclass
class Folds:
    origins: tuple
    months: tuple
    predicted: np.ndarray


@dataclass
class ForecastReview:
    zone_ids: tuple
    folds: Folds


def test_a_forecast_counts_only_from_origins_before_the_months_judged(city):
    prepared, scenario = city
    months, n = prepared.months, len(prepared.zone_ids)
    predicted = np.random.default_rng(1).random((2, n, 6))
    early, late = months[-13], months[-7]
    folds = Folds((early, late), (months[-12:-6], months[-6:]), predicted)
    forecast = ForecastReview(prepared.zone_ids, folds)
    recorded = recorded_of(prepared, scenario)
    found = forecast_map(forecast, recorded, 6)
    assert found.score == pytest.approx(predicted[1].mean(axis=1))
    assert forecast_map(forecast, recorded, 3).score == pytest.approx(predicted[1][:, 3:].mean(axis=1))
    assert forecast_map(forecast, recorded, 8) is None  # no origin covers all eight months
    knows = ForecastReview(prepared.zone_ids, Folds((months[-6],), (months[-6:],), predicted[:1]))
    assert forecast_map(knows, recorded, 6) is None  # its origin is one of the months judged
    others = ForecastReview(prepared.zone_ids[::-1], folds)
    assert forecast_map(others, recorded, 6) is None
    judged = accuracy_of(prepared, scenario, 6, forecast=forecast)
    assert FORECAST in judged.curves


def test_data_without_dates_are_refused():
    scenario = make_scenario({"area": "geodanet"})
    with pytest.raises(InputError, match="has no dates"):
        accuracy_of(prepare(load_area("geodanet"), scenario), scenario)


@pytest.mark.parametrize(("months", "held"), [(2, 1), (8, 2), (24, 6), (171, 6)])
def test_months_held_out_by_default(months, held):
    assert held_out(months) == held
