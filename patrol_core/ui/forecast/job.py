"""Training a forecast in the background: one job a session, with progress, and a stop that keeps the best so far."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from patrol_core.errors import PatrolError, SourceError
from patrol_core.planning import keep_forecast
from patrol_core.ui.session.escaping import escape

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from patrol_core.risk.forecast import Forecast, ForecastSettings, Panel

JOB = "forecast_job"


@dataclass
class ForecastJob:
    """A training under way or ended.

    Attributes
    ----------
    of
        Key of the data choices it was started for; another place shows its own.
    """

    of: str
    words: str = "Starting …"
    share: float = 0.0
    fault: str = ""
    result: Forecast | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is still at work."""
        return self.thread is not None and self.thread.is_alive()

    def tell(self, share: float, words: str) -> None:
        """Note how far the training is."""
        self.share, self.words = min(max(share, 0.0), 1.0), words


def start(
    of: str, panel: Panel, static: pd.DataFrame | None, area_km2: ArrayLike | None, settings: ForecastSettings
) -> ForecastJob:
    """Start training; the result is kept on disk and used from then on, by plans too."""
    from patrol_core.risk.forecast import make_forecast

    job = ForecastJob(of)

    def work() -> None:
        try:
            job.result = make_forecast(
                panel,
                static=static,
                area_km2=area_km2,
                settings=settings,
                progress=job.tell,
                cancel=job.cancel,
            )
            keep_forecast(panel, static, job.result, area_km2)
        except SourceError as error:
            job.fault = f"{error} The forecast is in use until the program ends."
        except PatrolError as error:
            job.fault = str(error)

    job.thread = threading.Thread(target=work, name="forecast", daemon=True)
    job.thread.start()
    return job


def current_job(of: str) -> ForecastJob | None:
    """The session's job for these data choices."""
    job: ForecastJob | None = st.session_state.get(JOB)
    return job if job is not None and job.of == of else None


def busy() -> bool:
    """Whether this session trains anything, for whatever place."""
    job: ForecastJob | None = st.session_state.get(JOB)
    return job is not None and job.running


def progress(job: ForecastJob, *, running: bool) -> None:
    """How far the training is, and the way to stop it; once it has ended, why it failed if it did.

    Parameters
    ----------
    running
        Whether it was at work when this page began to draw; if it has ended since, the page is drawn again.
    """
    if running:
        _bar()
    elif job.fault:
        st.error(escape(job.fault), icon=":material/error:")


@st.fragment(run_every=1.0)
def _bar() -> None:
    """Drawn every second while the job is at work only; its end draws the whole page again."""
    job: ForecastJob | None = st.session_state.get(JOB)
    if job is None or not job.running:
        st.rerun()
    st.progress(job.share, escape(job.words))
    st.button(
        "Stop and keep the best so far",
        on_click=job.cancel.set,
        icon=":material/stop_circle:",
        disabled=job.cancel.is_set(),
    )
