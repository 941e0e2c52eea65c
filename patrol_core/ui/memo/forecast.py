"""Forecasts and what is worked out from them, kept between reruns as in :mod:`patrol_core.ui.memo.cached`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
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
from patrol_core.ui.memo import cached
from patrol_core.ui.memo.cached import Made, derived
from patrol_core.ui.memo.kept import Progress

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Explanation, Forecast, Panel

SMALL = 30_000
"""Zones times months up to which a forecast without tuning is made without being asked."""


def recorded(scenario: Scenario) -> Prepared:
    """Data choices as recorded, neither smoothed nor forecast, whatever the plan is made for."""
    return cached.prepared(_as_recorded(scenario))


def _as_recorded(scenario: Scenario) -> Scenario:
    return scenario.changed(outlook="recorded", smoothing="none")


def panel(scenario: Scenario) -> tuple[Panel, pd.DataFrame | None]:
    """What a forecast is made from.

    Raises
    ------
    InputError
        For data without dates, or with a month missing in the middle.
    """
    return derived(
        "panel",
        _as_recorded(scenario),
        lambda known, _: panel_of_months(cached.prepared(known), known),
        words="Adding up months …",
    )


def at_hand(scenario: Scenario) -> Forecast | None:
    """The forecast in use for these data, if there is one."""
    return kept_forecast(*panel(scenario), known_areas(recorded(scenario)))


def small(scenario: Scenario) -> bool:
    """Whether a forecast without tuning takes a few seconds only."""
    made_from, _ = panel(scenario)
    return bool(made_from.values.size <= SMALL)


def at_once(scenario: Scenario) -> Forecast | None:
    """The forecast in use, or one made now without tuning; None where that would keep a reader waiting.

    Raises
    ------
    InputError
        When the data do not allow a forecast.
    """
    found = at_hand(scenario)
    if found is not None or not small(scenario):
        return found

    def make(known: Scenario, _: Progress) -> Forecast:
        made_from, static = panel(known)
        return forecast_for(made_from, static, area_km2=known_areas(cached.prepared(known)))

    return derived("forecast", _as_recorded(scenario), make, words="Forecasting, without tuning …")


def _of_forecast(
    name: str,
    scenario: Scenario,
    forecast: Forecast,
    make: Callable[[], Made],
    *,
    words: str,
    also: Hashable = (),
) -> Made:
    """What follows from a forecast of a scenario's data."""
    return derived(name, _as_recorded(scenario), lambda *_: make(), also=(forecast.digest, also), words=words)


def past(scenario: Scenario, forecast: Forecast) -> ForecastReview:
    """Past months as the winner foretold them."""
    return _of_forecast("past", scenario, forecast, lambda: review_forecast(forecast), words="Looking back …")


def explanation(scenario: Scenario, forecast: Forecast) -> Explanation | None:
    """Contributions of every feature in every zone; None where the winner has no features."""
    from patrol_core.risk.forecast import explain

    return _of_forecast("why", scenario, forecast, lambda: explain(forecast), words="Asking the model why …")


def runner_up(scenario: Scenario, forecast: Forecast) -> Forecast:
    """The best model that learns, where a baseline won: trained to be asked why, not to plan by."""
    from patrol_core.risk.forecast import MODELS, make_forecast

    rows = forecast.summary
    name = str(rows.loc[~rows["baseline"].astype(bool), "model"].iloc[0])
    models = tuple(key for key, label in MODELS.items() if label == name)
    asked = replace(forecast.settings, models=models, origins=1, trials=0, time_limit=None)
    chosen = recorded(scenario)
    made_from, static = panel(scenario)
    return _of_forecast(
        "runner-up",
        scenario,
        forecast,
        lambda: make_forecast(made_from, static=static, area_km2=known_areas(chosen), settings=asked),
        also=name,
        words=f"Training {name} …",
    )


def wards(
    scenario: Scenario, forecast: Forecast, ward_of: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Wards with their intervals, and how far such intervals held."""
    from patrol_core.risk.forecast import ward_intervals

    return _of_forecast(
        "wards",
        scenario,
        forecast,
        lambda: ward_intervals(forecast, ward_of),
        also=tuple(ward_of.items()),
        words="Adding up wards …",
    )


def why(forecast: Forecast, zone: str, names: Mapping[str, str]) -> str:
    """The plain sentence about a zone."""
    from patrol_core.risk.forecast import sentence

    return sentence(forecast, zone, names)
