"""The sidebar: place, period, crime types and weighting, chosen once for every page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from patrol_core.areas import ZONE_SYSTEMS, AreaData
from patrol_core.errors import PatrolError
from patrol_core.risk import LABEL, OWN, PATROL_GENERATED, SMOOTHINGS, WEIGHTS, entries_of, starting_weights
from patrol_core.scenario import choices
from patrol_core.ui.memo import cached
from patrol_core.ui.session import state
from patrol_core.ui.session.escaping import escape

OUTLOOKS = {"recorded": "what was recorded", "forecast": "what is forecast"}
PLACE_NAMES = {
    "sample": "Sampleford (generated city)",
    "columbus": "Columbus, Ohio, 1980 (published)",
    "geodanet": "GeoDaNet street network (published)",
}


def _change(**values: Any) -> None:
    state.change(**values)


def draw_sidebar() -> None:
    """Draw the choices that hold everywhere."""
    with st.sidebar:
        _place()
        try:
            data = cached.area_data(state.scenario().area)
        except cached.NotLoaded:
            return  # the page says so
        except PatrolError as error:
            st.error(escape(str(error)))
            return
        _zones(data)
        _period(data)
        _crimes(data)
        _outlook(data)
        _smoothing()
        st.button("Reset all choices", on_click=state.reset, type="tertiary", icon=":material/restart_alt:")


def _place() -> None:
    key = state.widget_key("area")
    options = state.places()
    st.selectbox(
        choices()["area"].label,
        options,
        index=options.index(state.scenario().area),
        key=key,
        help=choices()["area"].help,
        format_func=_place_name,
        on_change=lambda: state.change_place(st.session_state[key]),
    )


def _place_name(key: str) -> str:
    uploaded = state.uploads().get(key)
    return uploaded.name if uploaded is not None else PLACE_NAMES.get(key, f"{key} (not loaded)")


def _zones(data: AreaData) -> None:
    row = choices()["zones"]
    key = state.widget_key("zones")
    options: list[str] = list(data.zone_systems)
    current = state.scenario().zones or options[0]
    st.selectbox(
        row.label,
        options,
        index=options.index(current) if current in options else 0,
        key=key,
        help=row.help,
        format_func=lambda system: ZONE_SYSTEMS.get(system, system),
        on_change=lambda: _change(
            zones=None if st.session_state[key] == options[0] else st.session_state[key]
        ),
    )
    if current in {"grid", "hex"}:
        size = choices()["cell_m"]
        size_key = state.widget_key("cell_m")
        st.number_input(
            f"{size.label} ({size.unit})",
            min_value=float(size.low or 0),
            max_value=float(size.high or 1),
            value=float(state.scenario().cell_m),
            step=float(size.step or 50),
            key=size_key,
            help=size.help,
            format="%.0f",
            on_change=lambda: _change(cell_m=st.session_state[size_key]),
        )


def _period(data: AreaData) -> None:
    months: list[str] = list(data.months)
    if len(months) < 2:
        return
    chosen = state.scenario()
    first = chosen.from_month if chosen.from_month in months else months[0]
    last = chosen.to_month if chosen.to_month in months else months[-1]
    key = state.widget_key("period")

    def keep() -> None:
        start, end = st.session_state[key]
        state.change(
            from_month="" if start == months[0] else start, to_month="" if end == months[-1] else end
        )

    st.select_slider(
        "Period", months, value=(first, last), key=key, on_change=keep, help="First and last month used."
    )


def _crimes(data: AreaData) -> None:
    chosen = state.scenario()
    weight_key = state.widget_key("weighting")
    row = choices()["weighting"]
    weightings: list[str] = [*WEIGHTS, OWN]
    if len(data.crime_types) > 1:
        st.radio(
            row.label,
            weightings,
            index=weightings.index(chosen.weighting),
            key=weight_key,
            help=row.help,
            format_func=lambda name: WEIGHTS[name].label if name in WEIGHTS else LABEL,
            on_change=lambda: _weigh(st.session_state[weight_key]),
        )
        if chosen.weighting == OWN:
            st.caption("Edit them on the page Risk maps, under Harm weights.")
        types_key = state.widget_key("crime_types")
        st.multiselect(
            choices()["crime_types"].label,
            data.crime_types,
            key=types_key,
            help=choices()["crime_types"].help,
            default=[kind for kind in chosen.crime_types if kind in data.crime_types],
            placeholder="all types",
            on_change=lambda: _change(crime_types=tuple(st.session_state[types_key])),
        )
    if set(PATROL_GENERATED) & set(data.crime_types):
        switch_key = state.widget_key("patrol_generated")
        switch = choices()["patrol_generated"]
        st.toggle(
            switch.label,
            value=chosen.patrol_generated,
            key=switch_key,
            help=switch.help,
            on_change=lambda: _change(patrol_generated=st.session_state[switch_key]),
        )


def _weigh(weighting: str) -> None:
    """Take a weighting; own weights begin as a copy of the table that was in force."""
    chosen = state.scenario()
    if weighting != OWN or chosen.own_weights:
        _change(weighting=weighting)
        return
    types = cached.area_data(chosen.area).crime_types
    before = WEIGHTS.get(chosen.weighting, WEIGHTS["count"])
    _change(weighting=OWN, own_weights=entries_of(starting_weights(before, types)))


def _smoothing() -> None:
    """As recorded, or drawn towards other zones."""
    row = choices()["smoothing"]
    key = state.widget_key("smoothing")
    options = list(SMOOTHINGS)
    st.selectbox(
        row.label,
        options,
        index=options.index(state.scenario().smoothing),
        key=key,
        help=row.help,
        format_func=SMOOTHINGS.__getitem__,
        disabled=state.scenario().outlook == "forecast",
        on_change=lambda: _change(smoothing=st.session_state[key]),
    )


def _outlook(data: AreaData) -> None:
    """Months recorded or months ahead; not offered where nothing can be forecast."""
    current = state.scenario().outlook
    if not data.dated and current == "recorded":
        return
    row = choices()["outlook"]
    key = state.widget_key("outlook")
    options = list(OUTLOOKS)
    st.radio(
        row.label,
        options,
        index=options.index(current),
        key=key,
        help=row.help,
        format_func=OUTLOOKS.__getitem__,
        on_change=lambda: _change(outlook=st.session_state[key]),
    )
