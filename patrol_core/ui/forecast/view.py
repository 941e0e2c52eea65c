"""Parts of the Forecast page: settings, who won, map and zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.figures.charts.forecast import zone_outlook
from patrol_core.planning import Prepared, known_areas, planning_surface
from patrol_core.ui.forecast import job as forecast_job
from patrol_core.ui.memo import forecast_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import controls
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.widgets import Figure, figures, here
from patrol_core.ui.shell.zone_map import Layer, chosen_zone, draw_map
from patrol_core.ui.shell.zone_panel import zone_picker
from patrol_core.words import figure as number

if TYPE_CHECKING:
    from patrol_core.risk.forecast import Forecast, ForecastSettings
    from patrol_core.scenario import Scenario

ALL = "all"
LAYERS = {"predicted": "Predicted", "width": "Uncertainty", "change": "Change against recorded"}
HISTORY = 48
"""Months of history drawn before a forecast; more would squeeze the forecast itself."""
EVERYWHERE = "All zones together"


# -- settings --------------------------------------------------------------------------------------


def settings_form(scenario: Scenario, forecast: Forecast | None) -> None:
    """Horizon, test origins and budget of the tuning, and the button that trains."""
    from patrol_core.risk.forecast import ForecastSettings

    made = forecast.settings if forecast is not None else ForecastSettings()
    with st.form("forecast_settings", border=False):
        first, second, third, fourth = st.columns(4)
        horizon = first.slider("Months ahead", 1, 12, min(made.horizon, 12), key="_fc_horizon")
        origins = second.slider(
            "Test origins",
            1,
            6,
            min(made.origins, 6),
            key="_fc_origins",
            help="At each of them every model is trained on earlier months only and judged on the months after it.",
        )
        trials = third.slider(
            "Settings to try",
            0,
            100,
            min(made.trials, 100),
            step=5,
            key="_fc_trials",
            help="How many settings of the model the tuning may try; 0 trains without tuning.",
        )
        seconds = fourth.slider(
            "Longest time for tuning (s)",
            10,
            900,
            int(made.time_limit or 120),
            step=10,
            key="_fc_seconds",
            help="Tuning stops then and keeps the best so far; the last training comes on top.",
        )
        pressed = st.form_submit_button("Train", type="primary", icon=":material/model_training:")
    job = forecast_job.SLOT.current()
    if pressed and not (job is not None and job.running):
        limit = float(seconds) if trials else None
        wanted = ForecastSettings(
            horizon=horizon, origins=origins, trials=trials, time_limit=limit, seed=scenario.seed
        )
        _start(scenario, wanted)
        st.rerun()


def _start(scenario: Scenario, wanted: ForecastSettings) -> None:
    chosen = forecast_results.recorded(scenario)
    made_from, static = forecast_results.panel(scenario)
    forecast_job.start(chosen.key, made_from, static, known_areas(chosen), wanted, area=chosen.data.key)


# -- who won ---------------------------------------------------------------------------------------


def headline(scenario: Scenario, forecast: Forecast) -> None:
    """Which model won and by how much, what comes, and how far the intervals hold; in one sentence and four figures."""
    left, right = st.columns([4, 1], vertical_alignment="center")
    rest = forecast.winner_reason.removeprefix(forecast.winner)
    name = f"**{escape(forecast.winner)}**" if rest != forecast.winner_reason else ""
    left.markdown(name + escape(rest))
    with right:
        _use_it(scenario)
    row = forecast.summary.set_index("model").T[forecast.winner]
    share = forecast.settings.flagged_area
    flagged = (
        Figure(
            f"PAI at {share:.0%} of the area",
            f"{row['pai']:,.2f}",
            help=f"Share of later crime inside the {share:.0%} of the area flagged by the forecast, over that share: "
            "1 is no better than chance.",
        )
        if "pai" in row and np.isfinite(row["pai"])
        else None
    )
    figures(
        Figure(
            "Error a zone and month",
            f"{number(row['mae'])}",
            _lead(float(row["mae_lead"]), bool(row["baseline"])),
            good="lower",
            help=f"Mean absolute error of {forecast.winner} over the test months, in {forecast.unit} (MAE).",
        ),
        flagged,
        Figure(
            "Inside the interval",
            f"{float(np.mean(forecast.interval_coverage)):.1%}",
            f"asked: {forecast.settings.coverage:.0%}",
            help="Share of zones and months whose recorded figure fell inside the interval, on months not used to set it.",
        ),
        Figure(
            f"{forecast.months_ahead[0]} to {forecast.months_ahead[-1]}",
            f"{float(forecast.predicted.sum()):,.0f}",
            help=f"All zones, all months ahead, {forecast.unit}.",
        ),
    )


def _use_it(scenario: Scenario) -> None:
    """Whether plans are made for this forecast, and the button that has them made so."""
    if scenario.outlook == "forecast":
        st.badge("Plans are made for it", icon=":material/check:", color="violet")
        return
    controls.take(
        "Plan for this forecast",
        "_fc_use",
        icon="online_prediction",
        primary=False,
        help="Plans are made for what was recorded until you say otherwise, here or in the sidebar.",
        outlook="forecast",
    )


def _lead(percent: float, baseline: bool) -> str | None:
    """How much lower the error is than that of the best other baseline, as a change."""
    if not np.isfinite(percent):
        return None
    return f"{-percent:+.1f} % against the {'next' if baseline else 'best'} baseline"


# -- map and zone ----------------------------------------------------------------------------------


def month_values(forecast: Forecast, recorded: Prepared, month: str, name: str) -> np.ndarray:
    """Values of a layer by zone: of one month ahead, or a month on average over all of them.

    Args:
        forecast, recorded: The forecast, and the data as recorded.
        month, name: A month ahead or :data:`ALL`, and a key of :data:`LAYERS`.
    """
    if month == ALL:
        surface = planning_surface(recorded.surface, forecast)
        mean, low, high = surface.mean, surface.low, surface.high
    else:
        step = forecast.months_ahead.index(month)
        mean, low, high = (
            table[:, step].astype(float) for table in (forecast.predicted, forecast.low, forecast.high)
        )
    if name == "width":
        return np.asarray(high - low)
    return np.asarray(mean - recorded.surface.mean if name == "change" else mean)


def forecast_layer(forecast: Forecast, recorded: Prepared, month: str, name: str) -> Layer:
    """A layer ready for the map; the scale of predictions is the same in every month.

    Args:
        forecast, recorded: The forecast, and the data as recorded.
        month, name: As of :func:`month_values`.
    """
    values = dict(zip(forecast.zone_ids, month_values(forecast, recorded, month, name), strict=True))
    unit = recorded.surface.unit
    when = "mean of the months ahead" if month == ALL else month
    if name == "change":
        return Layer(values, "change", f"Predicted for {when}, minus the mean recorded", unit, digits=1)
    if name == "width":
        share = forecast.settings.coverage if month != ALL else 0.9
        return Layer(values, "risk", f"Width of the {share:.0%} interval, {when}", unit, root=True, digits=1)
    return Layer(
        values, "risk", f"Predicted, {when}", unit, root=True, high=float(forecast.predicted.max()), digits=1
    )


def map_and_zone(scenario: Scenario, recorded: Prepared, forecast: Forecast) -> None:
    """Map with its switches on the left, the chosen zone (or all of them) on the right; call inside a fragment.

    Args:
        scenario, recorded, forecast: The choices, the data as recorded, the forecast.
    """
    left, right = st.columns([3, 2])
    name = here.segmented("Layer", "fc_layer", "predicted", LAYERS, into=left)
    months = {ALL: "mean of all"} | {month: month for month in forecast.months_ahead}
    month = here.steps("Month", "fc_month", ALL, months, into=right)
    wide, narrow = st.columns([3, 2])
    with wide:
        draw_map(scenario, forecast_layer(forecast, recorded, month, name), key="forecast", height=460)
    with narrow:
        zone_picker(recorded, key="forecast")
        chosen = chosen_zone(forecast.zone_ids)
        if chosen is None:
            _everywhere(scenario, recorded, forecast)
        else:
            _one_zone(scenario, recorded, forecast, chosen, month)


def _everywhere(scenario: Scenario, recorded: Prepared, forecast: Forecast) -> None:
    made_from, _ = forecast_results.panel(scenario)
    history = pd.Series(made_from.values.sum(axis=0), index=list(made_from.months)).tail(HISTORY)
    ahead = pd.DataFrame({"month": list(forecast.months_ahead), "predicted": forecast.predicted.sum(axis=0)})
    past = forecast_results.past(scenario, forecast)
    tested = pd.DataFrame({"month": past.months, "predicted": past.predicted.sum(axis=0)})
    figure = zone_outlook(history, ahead, name=EVERYWHERE, unit=recorded.surface.unit, tested=tested)
    plot(figure, key="_fc_history")
    st.caption(
        "Click a zone, or choose one above, for its own forecast, its interval, and why. Dotted: what was predicted for "
        "past months from the months before them."
    )


def _one_zone(scenario: Scenario, recorded: Prepared, forecast: Forecast, zone: str, month: str) -> None:
    made_from, _ = forecast_results.panel(scenario)
    place = forecast.zone_ids.index(zone)
    name = str(recorded.zones["name"].astype(str)[zone])
    history = pd.Series(made_from.values[place], index=list(made_from.months)).tail(HISTORY)
    ahead = pd.DataFrame(
        {
            "month": list(forecast.months_ahead),
            "predicted": forecast.predicted[place],
            "low": forecast.low[place],
            "high": forecast.high[place],
        }
    )
    past = forecast_results.past(scenario, forecast)
    tested = pd.DataFrame({"month": past.months, "predicted": past.predicted[place]})
    unit = recorded.surface.unit
    figure = zone_outlook(history, ahead, name=name, unit=unit, tested=tested)
    plot(figure, key="_fc_history")
    step = 0 if month == ALL else forecast.months_ahead.index(month)
    shown = ahead.iloc[step]
    st.write(
        f"{shown['month']}: {shown['predicted']:,.1f} {unit.removesuffix(' per month')} "
        f"({forecast.settings.coverage:.0%} interval {shown['low']:,.1f} to {shown['high']:,.1f})."
    )
    from patrol_core.risk.forecast import sentence

    st.write(escape(sentence(forecast, zone, dict(recorded.zones["name"].astype(str)))))
