"""The sidebar: place, period, crime types and weighting, chosen once for every page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from patrol_core.areas import ZONE_SYSTEMS, AreaData
from patrol_core.errors import PatrolError
from patrol_core.risk import LABEL, OWN, PATROL_GENERATED, SMOOTHINGS, WEIGHTS, entries_of, starting_weights
from patrol_core.scenario import choices
from patrol_core.ui.memo import results
from patrol_core.ui.session import state, tour
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell.controls import bound, pick, select
from patrol_core.ui.shell.navigation import NONE, PAGES

OUTLOOKS = {"recorded": "what was recorded", "forecast": "what is forecast"}
PLACE_NAMES = {
    "sample": "Sampleford (generated city)",
    "columbus": "Columbus, Ohio (1980)",
    "geodanet": "GeoDaNet street network",
}


def draw_sidebar(page: str | None) -> None:
    """Draw the choices that act on a page; none on an address of before, on the tour, or before who comes first."""
    acts = PAGES[page].acts if page is not None else NONE
    if not acts or tour.running() or (page == "start" and tour.newcomer()):
        return
    with st.sidebar:
        _place()
        try:
            data = results.area_data(state.scenario().area)
        except results.NotLoaded:
            return  # the page says so
        except PatrolError as error:
            st.error(escape(str(error)))
            return
        if "zones" in acts:
            _zones(data)
        if "period" in acts:
            _period(data)
        if "crimes" in acts:
            _crimes(data)
        if "outlook" in acts and (data.dated or state.scenario().outlook == "forecast"):
            pick("outlook", OUTLOOKS, horizontal=False)
        if "smoothing" in acts:
            select("smoothing", SMOOTHINGS, disabled=state.scenario().outlook == "forecast")
        st.button("Reset all choices", on_click=state.reset, type="tertiary", icon=":material/restart_alt:")


def _place() -> None:
    names = state.names()
    options = state.places(names)
    key = state.widget_key("area")
    st.selectbox(
        options=options,
        index=options.index(state.scenario().area),
        format_func=lambda place: PLACE_NAMES.get(place) or names.get(place) or f"{place} (not loaded)",
        **bound("area") | {"on_change": lambda: state.change_place(st.session_state[key]), "args": ()},
    )


def _zones(data: AreaData) -> None:
    options: list[str] = list(data.zone_systems)
    current = state.scenario().zones or options[0]
    st.selectbox(
        options=options,
        index=options.index(current) if current in options else 0,
        format_func=lambda system: ZONE_SYSTEMS.get(system, system),
        **bound("zones", keep=lambda value: {"zones": None if value == options[0] else value}),
    )
    if current in {"grid", "hex"}:
        size = choices()["cell_m"]
        st.number_input(
            min_value=float(size.low or 0),
            max_value=float(size.high or 1),
            value=float(state.scenario().cell_m),
            step=float(size.step or 50),
            format="%.0f",
            **bound("cell_m"),
        )


def _period(data: AreaData) -> None:
    months: list[str] = list(data.months)
    if len(months) < 2:
        return
    chosen = state.scenario()
    first = chosen.from_month if chosen.from_month in months else months[0]
    last = chosen.to_month if chosen.to_month in months else months[-1]

    def keep(ends: tuple[str, str]) -> dict[str, str]:
        start, end = ends
        return {
            "from_month": "" if start == months[0] else start,
            "to_month": "" if end == months[-1] else end,
        }

    tied = bound("from_month", key="period", keep=keep)
    tied |= {"label": "Period", "help": "First and last month used."}
    st.select_slider(options=months, value=(first, last), **tied)


def _crimes(data: AreaData) -> None:
    chosen = state.scenario()
    weightings: list[str] = [*WEIGHTS, OWN]
    if len(data.crime_types) > 1:
        st.radio(
            options=weightings,
            index=weightings.index(chosen.weighting),
            format_func=lambda name: WEIGHTS[name].label if name in WEIGHTS else LABEL,
            **bound("weighting", keep=_weigh),
        )
        if chosen.weighting == OWN:
            st.caption("Edit them on the page Risk maps, under Harm weights.")
        st.multiselect(
            options=data.crime_types,
            default=[kind for kind in chosen.crime_types if kind in data.crime_types],
            placeholder="all types",
            **bound("crime_types", keep=lambda kinds: {"crime_types": tuple(kinds)}),
        )
    if set(PATROL_GENERATED) & set(data.crime_types):
        st.toggle(value=chosen.patrol_generated, **bound("patrol_generated"))


def _weigh(weighting: str) -> dict[str, Any]:
    """Take a weighting; own weights begin as a copy of the table that was in force."""
    chosen = state.scenario()
    if weighting != OWN or chosen.own_weights:
        return {"weighting": weighting}
    types = results.area_data(chosen.area).crime_types
    before = WEIGHTS.get(chosen.weighting, WEIGHTS["count"])
    return {"weighting": OWN, "own_weights": entries_of(starting_weights(before, types))}
