"""Did it turn out as forecast? Months as recorded beside months as predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import PatrolError
from patrol_core.figures.charts.forecast import predicted_totals
from patrol_core.planning import ForecastReview, month_figures, surprise_words, surprises
from patrol_core.ui.memo import forecast_results
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.charts import plot
from patrol_core.ui.shell.frame import page_link
from patrol_core.ui.shell.navigation import PAGES
from patrol_core.ui.shell.widgets import Figure, figures, here
from patrol_core.ui.shell.zone_map import Layer, draw_map

if TYPE_CHECKING:
    from patrol_core.planning import Prepared
    from patrol_core.scenario import Scenario

HEADING = "Did it turn out as forecast? Recorded beside predicted, month by month"
SIDES = {"both": "Recorded and predicted", "error": "Where the errors are"}
SURPRISES = 5


def look_back(scenario: Scenario) -> None:
    """The section; what it shows is worked out when it is opened."""
    section = st.expander(HEADING, icon=":material/history:", key="_look_back", on_change="rerun")
    if not section.open:
        return
    with section:
        try:
            forecast = forecast_results.at_once(scenario)
        except PatrolError as error:
            st.info(escape(str(error)), icon=":material/event_busy:")
            return
        if forecast is None:
            st.write("These data are large, so a forecast is made only when you ask for it.")
            page_link("forecast", PAGES["forecast"][1])
            return
        _months(scenario, forecast_results.recorded(scenario), forecast_results.past(scenario, forecast))


@st.fragment
def _months(scenario: Scenario, recorded: Prepared, past: ForecastReview) -> None:
    left, right = st.columns([3, 2])
    month = here.steps("Month", "past_month", past.months[-1], past.months, into=left)
    side = here.segmented("Maps", "past_side", "both", SIDES, into=right)
    unit = recorded.surface.unit
    _figures(past, month, unit)
    if side == "error":
        draw_map(scenario, error_layer(past, month, unit), key="start-error", height=420)
    else:
        actual, predicted = past_layers(past, month, unit)
        left, right = st.columns(2)
        with left:
            st.header("Recorded", anchor=False)
            draw_map(scenario, actual, key="start-actual", height=380)
        with right:
            st.header("Predicted", anchor=False)
            draw_map(scenario, predicted, key="start-predicted", height=380)
    wide, narrow = st.columns([3, 2])
    with wide:
        totals = pd.DataFrame(
            {"month": past.months, "actual": past.actual.sum(axis=0), "predicted": past.predicted.sum(axis=0)}
        )
        figure = predicted_totals(totals, unit=unit, chosen=month)
        plot(figure, key="_past_totals")
    with narrow:
        _surprises(recorded, past, month, unit)


def _figures(past: ForecastReview, month: str, unit: str) -> None:
    found = month_figures(past, month)
    lead = past.lead[past.months.index(month)]
    away = (found.actual - found.predicted) / found.predicted if found.predicted > 0 else 0.0
    came = f"{abs(away):.0%} {'more' if away > 0 else 'fewer'} came"
    figures(
        Figure(f"Recorded in {month}", f"{found.actual:,.0f}", help=f"All zones, {unit}."),
        Figure(
            "Predicted",
            f"{found.predicted:,.0f}",
            came if found.predicted > 0 else None,
            help=f"By {past.model}, from the months up to {lead} month{'s' if lead > 1 else ''} before.",
        ),
        Figure("Error a zone", f"{found.mae:,.2f}", help=f"Mean absolute error over zones, {unit} (MAE)."),
        Figure("Zones inside their interval", f"{found.inside:.0%}"),
    )


def past_layers(past: ForecastReview, month: str, unit: str) -> tuple[Layer, Layer]:
    """Recorded and predicted on one scale, the same in every month.

    Args:
        past, month: Past months, and the one shown.
        unit: Of the values.
    """
    place = past.months.index(month)
    high = float(max(past.actual.max(), past.predicted.max()))
    recorded, predicted = (
        Layer(
            dict(zip(past.zone_ids, table[:, place], strict=True)),
            "risk",
            f"{word} {month}",
            unit,
            root=True,
            high=high,
            digits=1,
        )
        for word, table in (("Recorded in", past.actual), ("Predicted for", past.predicted))
    )
    return recorded, predicted


def error_layer(past: ForecastReview, month: str, unit: str) -> Layer:
    """Recorded minus predicted, on one scale for all months.

    Args:
        past, month: Past months, and the one shown.
        unit: Of the values.
    """
    error = past.actual - past.predicted
    reach = float(np.abs(error).max()) or 1.0
    values = dict(zip(past.zone_ids, error[:, past.months.index(month)], strict=True))
    return Layer(
        values, "change", f"Recorded minus predicted, {month}", unit, low=-reach, high=reach, digits=1
    )


def _surprises(recorded: Prepared, past: ForecastReview, month: str, unit: str) -> None:
    last = month == past.months[-1]
    st.markdown(f"**{'Last month’s surprises' if last else f'Surprises of {month}'}**")
    found = surprises(past, month, most=SURPRISES)
    if not found:
        st.write("No zone fell outside its interval.")
    names = dict(recorded.zones["name"].astype(str))
    for one in found:
        words = surprise_words(one, names, unit=unit.removesuffix(" per month"))
        st.markdown(f"- {escape(words)}")
    lead = past.lead[past.months.index(month)]
    st.caption(
        f"Forecast by {escape(past.model)} {lead} month{'s' if lead > 1 else ''} ahead, knowing nothing later; some zones "
        "outside are no surprise: the interval is made to miss about one in ten."
    )
