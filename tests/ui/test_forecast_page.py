"""The Forecast page and the Overview's look back without a browser: figures are the library's, refusals are sentences."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from patrol_core.evaluation.sensitivity import monthly_values
from patrol_core.games.zone.game import solve_zone_game
from patrol_core.planning import (
    THE_PLAN,
    game_of,
    known_areas,
    month_figures,
    panel_of_months,
    prepare,
    review_forecast,
    surface_as_of,
    surprises,
)
from patrol_core.risk.forecast import ForecastSettings, make_forecast
from patrol_core.risk.harm import WEIGHTS
from patrol_core.scenario import make_scenario
from patrol_core.sources.sample.embedded import EMBEDDED, load_area
from patrol_core.ui.forecast import job as forecast_job
from patrol_core.ui.forecast.tabs import TABS, ward_of
from patrol_core.ui.memo.compare_results import FORECASTS
from patrol_core.ui.shell.jobs import Job
from patrol_core.ui.shell.navigation import PAGES, root
from patrol_core.ui.start.look_back import SURPRISES, error_layer, past_layers

PAGE = str(root() / PAGES["forecast"][0])
START = str(root() / PAGES["start"][0])
WARDS = {"zones": "ward"}


@cache
def made(zones: str | None = "ward"):
    """What the page shows for the sample, straight from the library."""
    prepared = prepare(load_area("sample"), make_scenario({"zones": zones}))
    panel, static = panel_of_months(prepared, make_scenario({}))
    return prepared, make_forecast(panel, static=static, area_km2=known_areas(prepared))


def opened(page: str = PAGE, *, tab: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(page, default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    if tab:
        app.session_state["_forecast_tabs"] = tab
    app.run()
    no_fault(app)
    return app


def no_fault(app: AppTest) -> None:
    assert not app.exception, app.exception
    assert not app.error, [error.value for error in app.error]


def labelled(widgets, label: str):
    found = [widget for widget in widgets if widget.label == label]
    assert len(found) == 1, f"{len(found)} widgets are labelled {label!r}"
    return found[0]


def metric(app: AppTest, start: str) -> str:
    found = [one.value for one in app.metric if one.label.startswith(start)]
    assert len(found) == 1, f"{len(found)} metrics start with {start!r}"
    return str(found[0])


def text_of(app: AppTest) -> str:
    return " ".join(one.value for one in (*app.markdown, *app.caption, *app.info)).translate({92: "", 42: ""})


# ---------------------------------------------------------------- the page


def test_small_data_have_a_forecast_at_once_and_its_figures_are_the_librarys():
    app = opened(**WARDS)
    _, forecast = made()
    row = forecast.summary.set_index("model").loc[forecast.winner]
    assert forecast.winner_reason in text_of(app)
    assert metric(app, "Error a zone and month") == f"{row['mae']:,.3g}"
    assert metric(app, "2026-01 to 2026-12") == f"{forecast.predicted.sum():,.0f}"
    measured = float(np.mean(forecast.interval_coverage))
    assert metric(app, "Inside the interval") == f"{measured:.1%}"


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens(tab):
    app = opened(tab=tab, **WARDS)
    assert len(app.dataframe) >= (1 if tab in {"Models", "Table"} else 0)


def test_table_of_models_marks_the_winner_on_the_same_folds():
    app = opened(tab="Models", **WARDS)
    _, forecast = made()
    shown = app.dataframe[0].value
    assert [name for name in shown["model"] if name.startswith("★")] == [f"★ {forecast.winner}"]
    assert shown["mae"].to_numpy() == pytest.approx(forecast.summary["mae"].to_numpy())


def test_ward_table_is_the_sum_of_zones():
    app = opened(tab="Table")
    prepared, forecast = made(None)
    wards, zones = (frame.value for frame in app.dataframe[:2])
    assert list(wards.columns) == ["Month", "Ward", "Predicted", "Low", "High"]
    assert wards["Predicted"].sum() == pytest.approx(forecast.predicted.sum())
    ward = ward_of(prepared)
    first = wards.iloc[0]
    inside = [place for place, zone in enumerate(forecast.zone_ids) if ward[zone] == first["Ward"]]
    step = forecast.months_ahead.index(first["Month"])
    assert first["Predicted"] == pytest.approx(forecast.predicted[inside, step].sum())
    assert len(zones) == forecast.predicted.size


def test_chosen_zone_has_its_sentence_and_month():
    app = opened(**WARDS)
    _, forecast = made()
    zone = forecast.zone_ids[3]
    labelled(app.selectbox, "Zone").set_value(zone).run()
    labelled(app.select_slider, "Month").set_value("2026-05").run()
    no_fault(app)
    step = forecast.months_ahead.index("2026-05")
    assert f"2026-05: {forecast.predicted[3, step]:,.1f} crimes" in text_of(app)


@pytest.mark.parametrize("area", [area for area in EMBEDDED if area != "sample"])
def test_data_without_dates_get_a_sentence(area):
    app = opened(area=area)
    assert "no dates, so nothing can be forecast" in app.info[0].value.replace("\\", "")
    assert not app.metric


def test_too_few_months_get_a_sentence():
    app = opened(**{"from": "2025-06"})
    assert "needs at least 24 months" in text_of(app)


def test_plan_for_it_is_one_button_and_back_is_one_too():
    app = opened(**WARDS)
    labelled(app.main.button, "Plan for this forecast").click().run()
    no_fault(app)
    assert dict(app.query_params) == {"zones": "ward", "outlook": "forecast"}
    assert any("Planned for the forecast of 2026-01 to 2026-12" in text.value for text in app.markdown)
    labelled(app.sidebar.radio, "Plan for").set_value("recorded").run()
    assert dict(app.query_params) == {"zones": "ward"}


def test_link_that_cannot_be_served_has_a_button_back():
    app = AppTest.from_file(START, default_timeout=60)
    app.query_params["area"], app.query_params["outlook"] = "columbus", "forecast"
    app.run()
    assert not app.exception
    assert "no dates" in app.error[0].value
    labelled(app.main.button, "Plan for what was recorded").click().run()
    no_fault(app)
    assert dict(app.query_params) == {"area": "columbus"}


# ---------------------------------------------------------------- training


def trained(job: Job) -> Job:
    assert job.thread is not None
    job.thread.join(120)
    assert not job.running
    return job


def ward_job(**wanted) -> Job:
    prepared, _ = made()
    panel, static = panel_of_months(prepared, make_scenario({}))
    return forecast_job.start(prepared.key, panel, static, known_areas(prepared), ForecastSettings(**wanted))


def test_a_job_tells_how_far_it_is_and_keeps_its_result():
    job = trained(ward_job(horizon=3, trials=2))
    assert job.fault == ""
    assert job.result is not None
    assert len(job.result.trials) == 2
    assert job.share > 0
    app = opened(tab="How it was computed", **WARDS)
    assert "Horizon 3 months" in text_of(app)
    trained(ward_job())  # back to the plain one, which other tests look at


def test_stop_keeps_the_best_so_far():
    job = ward_job(horizon=3, trials=1000)
    end = time.monotonic() + 60
    while job.share < 0.02 and job.running and time.monotonic() < end:
        time.sleep(0.02)
    job.cancel.set()
    trained(job)
    assert job.fault == ""
    assert job.result is not None
    assert len(job.result.trials) < 1000
    trained(ward_job())


def test_what_cannot_be_trained_ends_in_a_sentence():
    prepared, _ = made()
    panel, _ = panel_of_months(prepared, make_scenario({}), prepared.months[:20])
    job = trained(forecast_job.start(prepared.key, panel, None, None, ForecastSettings()))
    assert job.result is None
    assert "needs at least" in job.fault


def test_train_button_starts_a_job_and_the_page_shows_its_result():
    app = opened(**WARDS)
    labelled(app.slider, "Test origins").set_value(1)
    labelled(app.main.button, "Train").click().run()
    job = app.session_state[forecast_job.SLOT.name]
    trained(job)
    app.run()
    no_fault(app)
    app.session_state["_forecast_tabs"] = "How it was computed"
    app.run()
    assert "1 test origin" in text_of(app)
    trained(ward_job())


# ---------------------------------------------------------------- plans for the forecast, judged


def test_backtest_makes_the_forecast_anew_at_every_origin():
    app = AppTest.from_file(str(root() / PAGES["compare"][0]), default_timeout=120)
    app.query_params["zones"], app.query_params["outlook"] = "ward", "forecast"
    app.session_state["_compare_tabs"] = "Months it has not seen"
    app.run()
    no_fault(app)
    assert "At each origin the forecast is made anew" in text_of(app)
    every = next(frame.value for frame in app.dataframe if "trained_to" in frame.value)
    mine = every[every["plan"] == THE_PLAN]
    assert 2 <= len(mine) <= FORECASTS
    assert (mine["trained_to"] < mine["judged_from"]).all()
    recorded = make_scenario({"zones": "ward"})
    chosen = prepare(load_area("sample"), recorded)
    for _, row in mine.iterrows():
        then = tuple(month for month in chosen.months if month <= row["trained_to"])
        values = surface_as_of(chosen, recorded.changed(outlook="forecast"), then, ahead=1).mean
        game = game_of(chosen, recorded).replace(values=values)
        plan = solve_zone_game(game)
        came = monthly_values(
            chosen.counts,
            chosen.zone_ids,
            chosen.months,
            weights=WEIGHTS["count"],
            crime_types=chosen.crime_types,
        )[:, chosen.months.index(row["judged_from"])]
        assert row["worst_case"] == pytest.approx((came * game.left(plan.coverage)).max())


# ---------------------------------------------------------------- looking back


def look_back(**query: str) -> AppTest:
    app = AppTest.from_file(START, default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    app.session_state["_look_back"] = True
    app.run()
    no_fault(app)
    return app


def test_start_works_nothing_out_until_it_is_opened(monkeypatch):
    monkeypatch.setattr("patrol_core.ui.start.look_back.forecast_results.at_once", None)
    app = opened(START, **WARDS)
    assert not [one for one in app.metric if one.label == "Predicted"]


def test_look_back_shows_months_as_they_were_predicted():
    app = look_back(**WARDS)
    _, forecast = made()
    past = review_forecast(forecast)
    for month in (past.months[-1], past.months[2]):
        labelled(app.select_slider, "Month").set_value(month).run()
        no_fault(app)
        found = month_figures(past, month)
        assert metric(app, f"Recorded in {month}") == f"{found.actual:,.0f}"
        assert metric(app, "Predicted") == f"{found.predicted:,.0f}"
        assert metric(app, "Error a zone") == f"{found.mae:,.2f}"
        said = text_of(app)
        for one in surprises(past, month, most=SURPRISES):
            assert f"{one.actual:,.0f} crimes" in said


@pytest.mark.parametrize("area", [area for area in EMBEDDED if area != "sample"])
def test_look_back_needs_dates(area):
    assert "no dates" in look_back(area=area).info[0].value


def test_layers_share_one_scale_over_months_and_sides():
    _, forecast = made()
    past = review_forecast(forecast)
    both = [past_layers(past, month, "crimes per month") for month in past.months]
    assert len({layer.high for pair in both for layer in pair}) == 1
    top = max(past.actual.max(), past.predicted.max())
    assert both[0][0].high == pytest.approx(top)
    layer = error_layer(past, past.months[0], "crimes per month")
    assert layer.low == -layer.high
    zone = past.zone_ids[0]
    assert layer.values[zone] == pytest.approx(past.actual[0, 0] - past.predicted[0, 0])
