"""Small panels with a known law, for the tests of forecasts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from patrol_core.risk.forecast import Forecast, ForecastSettings, Panel, make_forecast
from patrol_core.risk.forecast.panel import months_from


def panel(zones: int = 24, months: int = 48, *, seed: int = 5, unit: str = "crimes") -> Panel:
    """Poisson counts: zones of lasting level, a season, no trend."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(0.8, 4.0, zones)[:, None]
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(months) / 12)
    names = tuple(f"Z{place:03d}" for place in range(zones))
    values = rng.poisson(level * season).astype(float)
    return Panel(names, tuple(months_from("2019-04", months)), values, unit)


def static(of: Panel, *, seed: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"houses": rng.normal(size=len(of.zone_ids)), "rent": rng.normal(size=len(of.zone_ids))},
        index=list(of.zone_ids),
    )
    table.attrs["labels"] = {"rent": "share of rented homes"}
    return table


@lru_cache(maxsize=8)
def forecast(*models: str, horizon: int = 4, trials: int = 0) -> Forecast:
    """A forecast of :func:`panel` by some models only."""
    made_from = panel()
    settings = ForecastSettings(horizon=horizon, origins=2, trials=trials, models=models)
    return make_forecast(
        made_from,
        static=static(made_from),
        area_km2=np.linspace(0.2, 2.0, len(made_from.zone_ids)),
        settings=settings,
    )
