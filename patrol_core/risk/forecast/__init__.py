"""The next months of every zone: models judged on the past, the best one's forecast, its intervals, and why."""

from patrol_core.risk.forecast.build import make_forecast
from patrol_core.risk.forecast.explain import Explanation, contributions, explain, sentence
from patrol_core.risk.forecast.folds import Folds, plan_origins
from patrol_core.risk.forecast.models import MODELS
from patrol_core.risk.forecast.panel import Panel, panel_of
from patrol_core.risk.forecast.persistence import load, predict, save
from patrol_core.risk.forecast.result import Forecast, ForecastSettings, data_hash_of, key_of
from patrol_core.risk.forecast.tables import ward_intervals, ward_table, zone_table

__all__ = [
    "MODELS",
    "Explanation",
    "Folds",
    "Forecast",
    "ForecastSettings",
    "Panel",
    "contributions",
    "data_hash_of",
    "explain",
    "key_of",
    "load",
    "make_forecast",
    "panel_of",
    "plan_origins",
    "predict",
    "save",
    "sentence",
    "ward_intervals",
    "ward_table",
    "zone_table",
]
