"""Plans for the months ahead: the forecast in the place of the record, kept, named, and never told what it must predict."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patrol_core import cli as command_line
from patrol_core.errors import InputError, SourceError
from patrol_core.planning import (
    Planner,
    game_of,
    hours_demand,
    known_areas,
    panel_of_months,
    prepare,
    summarise,
    surface_as_of,
    uncertainty_of,
)
from patrol_core.planning import forecast_store as outlook
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.risk import forecast as library
from patrol_core.risk.forecast import ForecastSettings, make_forecast
from patrol_core.scenario import make_scenario
from patrol_core.settings import settings
from patrol_core.sources.sample.embedded import load_area

AHEAD = make_scenario({"outlook": "forecast"})
RECORDED = make_scenario({})
#: Wards, so that training takes a moment only.
WARDS = make_scenario({"outlook": "forecast", "zones": "ward"})


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATROL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture
def empty_store(tmp_path, monkeypatch):
    """A store of the test's own, with nothing in it and nothing remembered."""
    monkeypatch.setattr(outlook, "forecasts_folder", lambda: tmp_path / "forecasts")
    monkeypatch.setattr(outlook, "_made", outlook.OrderedDict())
    return tmp_path / "forecasts"


@pytest.fixture(scope="module")
def city():
    return load_area("sample")


@pytest.fixture(scope="module")
def recorded(city):
    return prepare(city, RECORDED)


@pytest.fixture(scope="module")
def ahead(city):
    return prepare(city, AHEAD)


# ---------------------------------------------------------------- what the plan is made for


def test_values_are_the_mean_of_the_months_ahead(recorded, ahead):
    forecast = ahead.forecast
    assert recorded.forecast is None
    assert ahead.zone_ids == recorded.zone_ids == tuple(forecast.zone_ids)
    assert ahead.surface.mean == pytest.approx(forecast.predicted.mean(axis=1))
    assert ahead.surface.unit == recorded.surface.unit == "crimes per month"
    assert (
        ahead.surface.period
        == (forecast.months_ahead[0], forecast.months_ahead[-1])
        == ("2026-01", "2026-12")
    )
    texts = [finding.text for finding in ahead.findings]
    assert f"Plan made for the forecast of 2026-01 to 2026-12 by {forecast.winner}." in texts
    assert forecast.winner_reason in texts
    plan = Planner(ahead).solve(AHEAD)
    left = ahead.surface.mean * game_of(ahead, AHEAD).left(plan.coverage)
    assert plan.worst_case == pytest.approx(left.max())
    assert plan.worst_case != pytest.approx(Planner(recorded).solve(RECORDED).worst_case)


def test_types_add_up_to_the_forecast(ahead):
    harm = uncertainty_of(ahead, AHEAD).harm
    assert sum(harm.values()) == pytest.approx(ahead.surface.mean)


@pytest.mark.parametrize("offender", ["quantal", "regret", "types"])
def test_every_offender_can_be_planned_for(ahead, offender):
    plan = Planner(ahead).solve(AHEAD.changed(offender=offender))
    assert plan.budget_used == pytest.approx(12.0)


def test_hours_take_the_forecast_month_by_month(ahead):
    demand = hours_demand(ahead, AHEAD.changed(horizon=3))
    for step, month in enumerate(("2026-01", "2026-02", "2026-03")):
        mine = demand[demand["month"] == month].set_index("zone_id")["risk"].loc[list(ahead.zone_ids)]
        assert mine.to_numpy() == pytest.approx(ahead.forecast.predicted[:, step])
    assert ahead.forecast.winner in demand.attrs["method"]


def test_nothing_changes_for_what_was_recorded(recorded, city):
    again = prepare(city, RECORDED.changed(outlook="recorded"))
    assert again.key == recorded.key
    assert again.surface.mean.tolist() == recorded.surface.mean.tolist()
    assert AHEAD.key("data") != RECORDED.key("data")
    assert RECORDED.to_query() == {}
    assert AHEAD.to_query() == {"outlook": "forecast"}


def test_smoothing_is_said_to_be_unused(city, ahead):
    both = prepare(city, AHEAD.changed(smoothing="all"))
    assert both.surface.mean.tolist() == ahead.surface.mean.tolist()
    assert any("Smoothing is not used" in finding.text for finding in both.findings)


# ---------------------------------------------------------------- kept, and chosen


def test_a_forecast_is_made_once_and_found_again(city, empty_store, monkeypatch):
    first = prepare(city, WARDS)
    monkeypatch.setattr(library, "make_forecast", None)  # not to be called again
    outlook._made.clear()
    again = prepare(city, WARDS)
    assert again.key == first.key
    assert np.array_equal(again.forecast.predicted, first.forecast.predicted)
    assert again.forecast.winner == first.forecast.winner
    assert again.surface.draws(3, 5).tolist() == first.surface.draws(3, 5).tolist()


def test_the_forecast_trained_last_is_in_use_and_changes_the_key(city, empty_store):
    first = prepare(city, WARDS)
    before = outlook.state_of_store()
    panel, static = panel_of_months(first, WARDS)
    other = make_forecast(panel, static=static, settings=ForecastSettings(horizon=6))
    outlook.keep_forecast(panel, static, other, known_areas(first))
    assert outlook.state_of_store() != before
    outlook._made.clear()
    second = prepare(city, WARDS)
    assert second.key != first.key
    assert second.surface.period == ("2026-01", "2026-06")
    with pytest.raises(InputError, match="reaches 6 months ahead and 9 are asked for"):
        hours_demand(second, WARDS.changed(horizon=9))
    outlook.keep_forecast(panel, static, first.forecast, known_areas(first))
    assert prepare(city, WARDS).key == first.key


def test_what_cannot_be_read_is_made_anew(city, empty_store):
    first = prepare(city, WARDS)
    for path in empty_store.rglob("*"):
        if path.is_file():
            path.write_bytes(b"\0 not a forecast")
    outlook._made.clear()
    assert prepare(city, WARDS).surface.mean == pytest.approx(first.surface.mean)


def test_a_store_that_cannot_be_written_stops_no_plan(city, empty_store, monkeypatch):
    def full(*_):
        raise SourceError("No space is left; free some.")

    monkeypatch.setattr(library, "save", full)
    first = prepare(city, WARDS)
    assert not empty_store.exists()
    monkeypatch.setattr(library, "make_forecast", None)  # remembered, so not to be called again
    assert prepare(city, WARDS).forecast is first.forecast


# ---------------------------------------------------------------- no look ahead


def test_nothing_of_later_months_enters_a_forecast_as_of_then(city):
    """Later months multiplied by ten, and emptied: the surface as of then stays to the last digit."""
    chosen = prepare(city, RECORDED.changed(zones="ward"))
    then = chosen.months[:24]
    found = surface_as_of(chosen, WARDS, then, ahead=3)
    assert found.period == ("2025-01", "2025-03")
    later = ~chosen.counts["month"].astype(str).isin(then)
    assert later.any()
    louder = chosen.counts.assign(count=chosen.counts["count"] * np.where(later, 10, 1))
    for counts in (louder, chosen.counts[~later]):
        again = surface_as_of(replace(chosen, counts=counts), WARDS, then, ahead=3)
        assert again.mean.tolist() == found.mean.tolist()
        assert again.low.tolist() == found.low.tolist()
    earlier = chosen.counts.assign(count=chosen.counts["count"] * np.where(later, 1, 10))
    moved = surface_as_of(replace(chosen, counts=earlier), WARDS, then, ahead=3)
    assert moved.mean.sum() > 5 * found.mean.sum()


# ---------------------------------------------------------------- refusals are sentences


@pytest.mark.parametrize("area", ["columbus", "geodanet"])
def test_data_without_dates_are_refused_in_a_sentence(area):
    with pytest.raises(
        InputError, match="has no dates, so nothing can be forecast from it; plan for what was"
    ):
        prepare(load_area(area), AHEAD)


def test_too_few_months_are_refused_with_what_would_do(city):
    with pytest.raises(InputError, match="needs at least 24 months"):
        prepare(city, AHEAD.changed(from_month="2025-01"))


def test_a_month_missing_in_the_middle_is_named(city):
    rest = city.crimes[city.crimes["month"].astype(str) != "2024-05"]
    holed = replace(city, crimes=rest, months=tuple(month for month in city.months if month != "2024-05"))
    with pytest.raises(InputError, match="2024-05"):
        prepare(holed, AHEAD)


# ---------------------------------------------------------------- files and command line


def test_summary_and_report_say_who_won_and_by_which_scores(city, ahead):
    result = summarise(city, AHEAD, planner=Planner(ahead))
    files = plan_files(result, only=["summary.json", "report.html"])
    found = json.loads(files["summary.json"])["forecast"]
    forecast = ahead.forecast
    assert found["winner"] == forecast.winner
    assert found["reason"] == forecast.winner_reason
    assert found["months"] == ["2026-01", "2026-12"]
    assert {row["model"] for row in found["models"]} == set(forecast.summary["model"])
    assert found["interval"]["asked"] == 0.9
    page = files["report.html"].decode()
    assert f"Plan made for the forecast of 2026-01 to 2026-12 by {forecast.winner}." in page
    assert "The forecast it is made for" in page
    assert "is a seasonal average, not a forecast" not in page
    plain = plan_files(summarise(city, RECORDED), only=["summary.json", "report.html"])
    assert "forecast" not in json.loads(plain["summary.json"])
    assert "The forecast it is made for" not in plain["report.html"].decode()
    assert "is a seasonal average, not a forecast" in plain["report.html"].decode()


def test_command_line_plans_for_the_forecast(capsys, tmp_path, ahead):
    code = command_line.main(
        ["plan", "--area", "sample", "--outlook", "forecast", "--out", str(tmp_path / "plan")]
    )
    said = capsys.readouterr()
    assert code == 0, said.err
    summary = json.loads(said.out)
    assert summary["forecast"]["winner"] == ahead.forecast.winner
    assert summary["scenario"]["outlook"] == "forecast"
    coverage = pd.read_csv(tmp_path / "plan" / "coverage.csv")
    assert coverage["value"].to_numpy() == pytest.approx(ahead.surface.mean)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--area", "columbus", "--outlook", "forecast"], "no dates"),
        (["--area", "sample", "--outlook", "horoscope"], "Plan for (outlook) cannot be 'horoscope'"),
    ],
)
def test_command_line_refuses_in_one_sentence(capsys, flags, words):
    assert command_line.main(["plan", *flags]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err


def test_equal_counts_on_other_areas_are_another_forecast(city, empty_store):
    first = prepare(city, WARDS)
    panel, static = panel_of_months(first, WARDS)
    areas = known_areas(first)
    assert outlook.kept_forecast(panel, static, areas) is not None
    assert outlook.kept_forecast(panel, static, areas * 2) is None
    assert outlook.kept_forecast(panel, static, None) is None
