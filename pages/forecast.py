"""Forecast: what the next months will bring, and why the model thinks so."""

from __future__ import annotations

import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.ui.forecast import job as forecast_job
from patrol_core.ui.forecast.tabs import draw_tabs
from patrol_core.ui.forecast.view import headline, map_and_zone, settings_form
from patrol_core.ui.memo import forecast_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import frame

scenario = frame.begin("forecast")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
    recorded = forecast_results.recorded(scenario)
    job = forecast_job.SLOT.current(recorded.key)
    running = job is not None and job.running
    forecast, fault = None, ""
    try:
        forecast = forecast_results.at_once(scenario)
    except PatrolError as error:
        fault = str(error)
    if fault:
        st.info(escape(fault), icon=":material/event_busy:")
    else:
        with st.expander("Train it anew", expanded=forecast is None, icon=":material/model_training:"):
            settings_form(scenario, forecast)
        if job is not None:
            forecast_job.SLOT.show(running=running)
    if forecast is None and not fault:
        st.info(
            "These data are large, so nothing is forecast until you press *Train*. Without settings to try, a city of a few "
            "thousand zones takes about a minute.",
            icon=":material/hourglass_empty:",
        )
    if forecast is not None:
        headline(scenario, forecast)

        @st.fragment
        def outlook() -> None:
            """Map, zone and tabs."""
            with frame.guarded():
                map_and_zone(scenario, recorded, forecast)
                draw_tabs(scenario, recorded, forecast)

        outlook()
    frame.next_step("plan", "See where patrols should be, under which assumption.")
