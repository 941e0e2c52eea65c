"""Forecasts and what is worked out from them, kept between reruns as in :mod:`patrol_core.ui.memo.results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from patrol_core.planning import (
    ForecastReview,
    Prepared,
    forecast_for,
    kept_forecast,
    known_areas,
    panel_of_months,
    review_forecast,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.results import of_data

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Explanation, Forecast, Panel

SMALL = 30_000
"""Zones times months up to which a forecast without tuning is made without being asked."""


def recorded(scenario: Scenario) -> Prepared:
    """Data choices as recorded, neither smoothed nor forecast, whatever the plan is made for."""
    return results.prepared(_as_recorded(scenario))


def _as_recorded(scenario: Scenario) -> Scenario:
    return scenario.changed(outlook="recorded", smoothing="none")


@of_data(words="Adding up months …", anchor=_as_recorded)
def panel(scenario: Scenario) -> tuple[Panel, pd.DataFrame | None]:
    """What a forecast is made from.

    Raises:
        InputError: For data without dates, or with a month missing in the middle.
    """
    return panel_of_months(results.prepared(scenario), scenario)


def at_hand(scenario: Scenario) -> Forecast | None:
    """The forecast in use for these data, if there is one."""
    return kept_forecast(*panel(scenario), known_areas(recorded(scenario)))


def small(scenario: Scenario) -> bool:
    """Whether a forecast without tuning takes a few seconds only."""
    made_from, _ = panel(scenario)
    return bool(made_from.values.size <= SMALL)


def at_once(scenario: Scenario) -> Forecast | None:
    """The forecast in use, or one made now without tuning; None where that would keep a reader waiting.

    Raises:
        InputError: When the data do not allow a forecast.
    """
    found = at_hand(scenario)
    return _untuned(scenario) if found is None and small(scenario) else found


@of_data(words="Forecasting, without tuning …", anchor=_as_recorded)
def _untuned(scenario: Scenario) -> Forecast:
    made_from, static = panel(scenario)
    chosen = results.prepared(scenario)
    return forecast_for(made_from, static, area_km2=known_areas(chosen), of=chosen.data.key)


@of_data(words="Looking back …", anchor=_as_recorded)
def past(scenario: Scenario, forecast: Forecast) -> ForecastReview:
    """Past months as the winner predicted them."""
    return review_forecast(forecast)


@of_data(words="Asking the model why …", anchor=_as_recorded)
def explanation(scenario: Scenario, forecast: Forecast) -> Explanation | None:
    """Contributions of every feature in every zone; None where the winner has no features."""
    from patrol_core.risk.forecast import explain

    return explain(forecast)


def runner_up_name(forecast: Forecast) -> str:
    """The best model that learns."""
    rows = forecast.summary
    return str(rows.loc[~rows["baseline"].astype(bool), "model"].iloc[0])


@of_data(words=lambda forecast: f"Training {runner_up_name(forecast)} …", anchor=_as_recorded)
def runner_up(scenario: Scenario, forecast: Forecast) -> Forecast:
    """The best model that learns, where a baseline won: trained to be asked why, not to plan by."""
    from patrol_core.risk.forecast import MODELS, make_forecast

    name = runner_up_name(forecast)
    models = tuple(key for key, label in MODELS.items() if label == name)
    asked = replace(forecast.settings, models=models, origins=1, trials=0, time_limit=None)
    made_from, static = panel(scenario)
    area = known_areas(results.prepared(scenario))
    return make_forecast(made_from, static=static, area_km2=area, settings=asked)


@of_data(words="Adding up wards …", anchor=_as_recorded)
def wards(
    scenario: Scenario, forecast: Forecast, ward_of: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Wards with their intervals, and how far such intervals held.

    Args:
        scenario, forecast: The choices, and the forecast for them.
        ward_of: Ward by zone.
    """
    from patrol_core.risk.forecast import ward_intervals

    return ward_intervals(forecast, ward_of)
