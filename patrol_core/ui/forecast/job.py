"""Training a forecast beside the page: one job a session, with progress, and a stop that keeps the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patrol_core.errors import SourceError
from patrol_core.planning import keep_forecast
from patrol_core.ui.shell.jobs import Job, Slot

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from patrol_core.risk.forecast import Forecast, ForecastSettings, Panel

SLOT: Slot[Forecast] = Slot("forecast_job", "forecast")


def start(
    of: str,
    panel: Panel,
    static: pd.DataFrame | None,
    area_km2: ArrayLike | None,
    settings: ForecastSettings,
    *,
    area: str = "",
) -> Job[Forecast]:
    """Start training; the result is kept on disk and used from then on, by plans too.

    Args:
        of: Key of the data choices; another place shows its own job.
        panel, static, area_km2, settings: As of :func:`patrol_core.risk.forecast.make_forecast`.
        area: Key of the data, with which the forecast is deleted.
    """
    from patrol_core.risk.forecast import make_forecast

    def work(job: Job[Forecast]) -> Forecast:
        made = make_forecast(
            panel,
            static=static,
            area_km2=area_km2,
            settings=settings,
            progress=job.on_progress,
            cancel=job.cancel,
        )
        try:
            keep_forecast(panel, static, made, area_km2, of=area)
        except SourceError as error:
            job.fault = f"{error} The forecast is in use until the program ends."
        return made

    job: Job[Forecast] = Job(of)
    SLOT.start(job, work)
    return job
