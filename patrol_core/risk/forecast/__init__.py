"""The next months of every zone: models judged on the past, the best one"s forecast, its intervals, and why."""

from __future__ import annotations

from patrol_core.risk.forecast.build import make_forecast
from patrol_core.risk.forecast.explanation import Explanation, contributions, explain, sentence
from patrol_core.risk.forecast.folds import Folds, plan_origins
from patrol_core.risk.forecast.models import MODELS
from patrol_core.risk.forecast.panel import Panel, panel_of
from patrol_core.risk.forecast.persistence import MODEL, files_of, load, predict, save
from patrol_core.risk.forecast.result import Forecast, ForecastSettings, data_hash_of, key_of
from patrol_core.risk.forecast.tables import (
    WARD_COLUMNS,
    ZONE_COLUMNS,
    ward_intervals,
    ward_table,
    zone_table,
)

__all__ = [
    "MODEL",
    "MODELS",
    "WARD_COLUMNS",
    "ZONE_COLUMNS",
    "Explanation",
    "Folds",
    "Forecast",
    "ForecastSettings",
    "Panel",
    "contributions",
    "data_hash_of",
    "explain",
    "files_of",
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
